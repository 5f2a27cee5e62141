//! Reading a script: statements cut, parsed, and looked through for names, one by one, so that not all of their trees are
//! there at once.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlparser::ast::{ObjectName, Statement, visit_relations};

use super::{Script, ScriptStatement, cte_names, defined_name, flatten, told_apart};
use crate::lineage::temporary;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_name;
use crate::sql::migration;
use crate::sql::parse::{Parsed, read};
use crate::sql::repair::columns_like;
use crate::sql::rows::{Insert, MoreRows, Run};
use crate::sql::scan::{Deed, Scan, Spot};
use crate::sql::session::Session;
use crate::sql::split::{Piece, Role, split};
use crate::sql::template::Prepared;

/// How large all trees together may be that are kept, in bytes of a rough estimate. The others are made again when they
/// are needed.
const MOST_KEPT: usize = 256 * 1024 * 1024;

/// The trees of all scripts that are kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    bytes: AtomicUsize,
}

impl Kept {
    /// Counts the tree of a statement; whether there is room for it.
    fn has_room(&self, text: &str) -> bool {
        // The smallest statement is a few thousand bytes.
        let tree = 6_000 + 16 * text.len();
        self.bytes.fetch_add(tree, Ordering::Relaxed) + tree <= MOST_KEPT
    }
}

impl Script {
    /// Parses a prepared file.
    pub fn read(file: &Prepared, kept: &Kept) -> Self {
        let text = if migration::is_down(&file.path) { "" } else { migration::up_part(&file.sql) };
        let mut reading =
            Reading { script: Self::default(), passing: Names::new(), session: None, dialect: file.dialect, kept };
        let pieces = split(text, file.dialect);
        let mut run = Run::default();
        for piece in &pieces {
            let stands_alone = piece.role == Role::Statement && piece.locals.is_none();
            let mut insert =
                Some(&piece.text).filter(|_| stands_alone).and_then(|text| Insert::read(text, file.dialect));
            let goes_on = run.goes_on(insert.as_ref());
            if let (true, Some(insert), Some(last)) = (goes_on, &insert, reading.script.statements.last_mut()) {
                last.more.get_or_insert_default().add(insert);
                continue;
            }
            match insert.as_mut().and_then(|insert| insert.shortened.take()) {
                None => reading.take(piece, None),
                Some((text, more)) => reading.take(&Piece { text: text.into(), ..piece.clone() }, Some(more)),
            }
        }
        reading.finish()
    }
}

struct Reading<'k> {
    script: Script,
    /// Names of temporary assets.
    passing: Names,
    /// Where names live from here on.
    session: Option<Arc<Session>>,
    dialect: Dialect,
    kept: &'k Kept,
}

impl Reading<'_> {
    fn take(&mut self, piece: &Piece<'_>, more: Option<MoreRows>) {
        if piece.role == Role::Session {
            let mut session = self.session.take().map_or_else(|| Session::new(self.dialect), Arc::unwrap_or_clone);
            session.follow(&piece.text);
            self.session = Some(Arc::new(session));
        }
        let mut parsed = read(piece, self.dialect);
        self.collect_names(&parsed);
        let mut again = None;
        if parsed.statements().is_some() && !self.kept.has_room(&piece.text) {
            parsed = Parsed::Statements(Vec::new());
            let text = piece.text.clone().into_owned().into();
            again = Some(Box::new(Piece { text, role: piece.role.clone(), locals: piece.locals.clone(), ..*piece }));
        }
        self.script.statements.push(ScriptStatement {
            parsed,
            line: piece.line,
            only_reads: piece.role == Role::Reads,
            locals: piece.locals.clone(),
            session: self.session.clone(),
            more: more.map(Box::new),
            again,
        });
    }

    fn collect_names(&mut self, parsed: &Parsed) {
        if let Parsed::Scanned(scan) = parsed {
            self.collect_scanned(scan);
        }
        let statements = parsed.statements().map(|(statements, _)| statements).unwrap_or_default();
        for statement in statements.iter().flat_map(flatten) {
            self.collect_names_of(statement);
        }
    }

    fn collect_names_of(&mut self, statement: &Statement) {
        let dialect = self.dialect;
        let created = defined_name(statement, dialect);
        let mut names = Names::new();
        if let Some(created) = created {
            let passes = temporary::is_created_by(statement);
            let created = if passes && temporary::stands_apart(dialect) { created } else { self.created(created) };
            let kept = if passes { &mut self.passing } else { &mut self.script.defines };
            kept.insert(created.clone());
            names.insert(created);
        }
        match statement {
            Statement::AlterTable(alter) => self.alters(&alter.name),
            Statement::Drop { names, .. } => names.iter().for_each(|name| self.alters(name)),
            Statement::CreateTable(table) => {
                for original in table.columns.iter().filter_map(|column| columns_like(column, dialect)) {
                    let name = self.mentioned(fold_name(&original, dialect));
                    names.extend(name);
                }
            }
            _ => {}
        }
        let mut ctes = None;
        let _ = visit_relations(statement, |relation| {
            let name = fold_name(relation, dialect);
            let mut is_cte = |name: &[String]| match name {
                [single] => ctes.get_or_insert_with(|| cte_names(statement, dialect)).contains(single),
                _ => false,
            };
            if self.session.is_none() || self.passing.contains(&name) || is_cte(&name) {
                names.insert(name);
            } else if let Some(name) = self.mentioned(name) {
                names.insert(name);
            }
            ControlFlow::<()>::Continue(())
        });
        // A temporary table is no spelling of another one.
        let lasting = names.difference(&self.passing).cloned().collect();
        self.script.apart.extend(told_apart(&lasting, statement, dialect));
        // Not `append`, which rebuilds the larger set for every statement.
        self.script.mentions.extend(names);
    }

    /// A name that is created here, as the script's session means it.
    fn created(&self, name: Vec<String>) -> Vec<String> {
        match &self.session {
            Some(session) => session.created(name),
            None => name,
        }
    }

    /// A name that is mentioned here, as the script's session means it; of several that it may mean, none, and these are
    /// kept.
    fn mentioned(&mut self, name: Vec<String>) -> Option<Vec<String>> {
        let Some(session) = &self.session else { return Some(name) };
        let mut searched = session.searched(&name);
        if searched.len() > 1 {
            self.script.searched.insert(searched);
            return None;
        }
        searched.pop()
    }

    fn alters(&mut self, name: &ObjectName) {
        let name = self.mentioned(fold_name(name, self.dialect));
        self.script.alters.extend(name);
    }

    /// Names of a scanned statement.
    fn collect_scanned(&mut self, scan: &Scan) {
        for target in &scan.targets {
            let Spot::Table(name) = &target.spot else { continue };
            let folded = fold_name(name, self.dialect);
            match target.deed {
                Deed::CreateTable | Deed::CreateView | Deed::CreateMaterializedView => {
                    let name = self.created(folded);
                    self.script.defines.insert(name);
                }
                Deed::Alter | Deed::Drop => self.alters(name),
                Deed::Fill => {
                    let name = self.mentioned(folded);
                    self.script.mentions.extend(name);
                }
            }
        }
        for spot in &scan.reads {
            if let Spot::Table(name) = spot {
                let name = self.mentioned(fold_name(name, self.dialect));
                self.script.mentions.extend(name);
            }
        }
    }

    fn finish(self) -> Script {
        let Self { mut script, passing, .. } = self;
        let Script { defines, mentions, .. } = &mut script;
        mentions.retain(|name| !defines.contains(name) && !passing.contains(name));
        script
    }
}

type Names = BTreeSet<Vec<String>>;
