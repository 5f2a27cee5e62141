//! Reading a script: statements cut, parsed, and looked through for names, one by one, so that not all of their trees are
//! there at once.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlparser::ast::{Statement, visit_relations};

use super::{Script, ScriptStatement, defined_name, flatten, told_apart};
use crate::lineage::temporary;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_name;
use crate::sql::migration;
use crate::sql::parse::{Parsed, read};
use crate::sql::rows::{Insert, MoreRows, Run};
use crate::sql::scan::{Deed, Scan, Spot};
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
        let mut reading = Reading { script: Self::default(), passing: Names::new(), dialect: file.dialect, kept };
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
    dialect: Dialect,
    kept: &'k Kept,
}

impl Reading<'_> {
    fn take(&mut self, piece: &Piece<'_>, more: Option<MoreRows>) {
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
            more: more.map(Box::new),
            again,
        });
    }

    fn collect_names(&mut self, parsed: &Parsed) {
        let Self { script: Script { defines, alters, mentions, apart, .. }, passing, dialect, .. } = self;
        let dialect = *dialect;
        if let Parsed::Scanned(scan) = parsed {
            collect_scanned(scan, dialect, (defines, alters, mentions));
        }
        let statements = parsed.statements().map(|(statements, _)| statements).unwrap_or_default();
        for statement in statements.iter().flat_map(flatten) {
            let created = defined_name(statement, dialect);
            let mut names: Names = created.iter().cloned().collect();
            let kept = if temporary::is_created_by(statement) { &mut *passing } else { &mut *defines };
            kept.extend(created);
            match statement {
                Statement::AlterTable(alter) => drop(alters.insert(fold_name(&alter.name, dialect))),
                Statement::Drop { names, .. } => alters.extend(names.iter().map(|name| fold_name(name, dialect))),
                _ => {}
            }
            let _ = visit_relations(statement, |relation| {
                names.insert(fold_name(relation, dialect));
                ControlFlow::<()>::Continue(())
            });
            // A temporary table is no spelling of another one.
            let lasting = names.difference(passing).cloned().collect();
            apart.extend(told_apart(&lasting, statement, dialect));
            // Not `append`, which rebuilds the larger set for every statement.
            mentions.extend(names);
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

/// Names of a scanned statement: created, altered, mentioned.
fn collect_scanned(scan: &Scan, dialect: Dialect, (defines, alters, mentions): (&mut Names, &mut Names, &mut Names)) {
    for target in &scan.targets {
        let Spot::Table(name) = &target.spot else { continue };
        let names = match target.deed {
            Deed::CreateTable | Deed::CreateView | Deed::CreateMaterializedView => &mut *defines,
            Deed::Alter | Deed::Drop => &mut *alters,
            Deed::Fill => &mut *mentions,
        };
        names.insert(fold_name(name, dialect));
    }
    for spot in &scan.reads {
        if let Spot::Table(name) = spot {
            mentions.insert(fold_name(name, dialect));
        }
    }
}
