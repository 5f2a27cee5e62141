//! One file: cut, parsed, and looked through for the names that it defines and reads.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{ConditionalStatements, Expr, Query, Statement, Visit, Visitor};

mod reading;

pub(crate) use reading::Kept;

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::statement::first_select;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};
use crate::sql::parse::{Parsed, Refusal, read};
use crate::sql::rows::MoreRows;
use crate::sql::session::Session;
use crate::sql::split::{Locals, Piece};
use crate::sql::template::Prepared;

/// One statement of a script.
#[derive(Debug)]
pub(crate) struct ScriptStatement {
    pub parsed: Parsed,
    /// Its first line in the prepared SQL, from 1.
    pub line: u32,
    /// Whether its rows steer the script or fill variables, so that they feed no asset.
    pub only_reads: bool,
    /// Names in it that are no columns and no assets.
    pub locals: Option<Arc<Locals>>,
    /// Where its names live, where the script says so.
    pub session: Option<Arc<Session>>,
    /// Rows like its own that are not parsed.
    pub more: Option<Box<MoreRows>>,
    /// What to parse again when its tree is needed, where that is not kept.
    again: Option<Box<Piece<'static>>>,
}

/// A parsed file. Depends on the prepared SQL, the dialect and whether the path says "down migration" only.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub statements: Vec<ScriptStatement>,
    /// Folded names that it creates.
    pub defines: BTreeSet<Vec<String>>,
    /// Folded names that it alters or drops.
    pub alters: BTreeSet<Vec<String>>,
    /// Folded names that it mentions and does not create (CTE names included).
    pub mentions: BTreeSet<Vec<String>>,
    /// Folded names that it mentions and that may be in one of several schemas: each by the names that are looked for.
    pub searched: BTreeSet<Vec<Vec<String>>>,
    /// Names that one statement writes with fewer and with more qualifiers: two assets.
    pub apart: BTreeSet<(Vec<String>, Vec<String>)>,
}

impl ScriptStatement {
    /// What its text is.
    pub fn tree(&self, dialect: Dialect) -> Cow<'_, Parsed> {
        match &self.again {
            Some(piece) => Cow::Owned(read(piece, dialect)),
            None => Cow::Borrowed(&self.parsed),
        }
    }
}

impl Script {
    /// How much of it was understood.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { statements: self.statements.len(), ..Counts::default() };
        for statement in &self.statements {
            match statement.parsed {
                Parsed::Statements(_) | Parsed::Repaired(..) => counts.analyzed += 1,
                Parsed::NoDataFlow => {
                    counts.analyzed += 1;
                    counts.without_data_flow += 1;
                }
                Parsed::Scanned(_) => counts.tables_only += 1,
                Parsed::Dynamic | Parsed::Refused(_) => {}
            }
            let more = statement.more.as_ref().map_or(0, |more| more.statements);
            counts.statements += more;
            counts.analyzed += more;
        }
        counts
    }
}

/// Statements of a script.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub statements: usize,
    /// Understood as a whole.
    pub analyzed: usize,
    /// Understood for tables, not for columns.
    pub tables_only: usize,
    /// Known to move no data.
    pub without_data_flow: usize,
}

/// Names of a statement that differ by their qualifiers only, the shorter first. A statement that writes `orders` as well
/// as `raw.orders` means two tables; where the shorter is a CTE, it means one.
fn told_apart(
    names: &BTreeSet<Vec<String>>,
    statement: &Statement,
    dialect: Dialect,
) -> Vec<(Vec<String>, Vec<String>)> {
    let mut pairs = Vec::new();
    for long in names.iter().filter(|name| name.len() > 1) {
        // `DELETE t FROM dbo.t`: what SQL Server means by `t`.
        let is_implied = dialect == Dialect::Tsql && long.iter().rev().nth(1).is_some_and(|schema| schema == "dbo");
        let tails = (1..long.len()).filter_map(|start| long.get(start..));
        pairs.extend(
            tails
                .filter(|tail| names.contains(*tail) && !(tail.len() == 1 && is_implied))
                .map(|tail| (tail.to_vec(), long.clone())),
        );
    }
    if !pairs.is_empty() {
        let ctes = cte_names(statement, dialect);
        pairs.retain(|(short, _)| !matches!(short.as_slice(), [single] if ctes.contains(single)));
    }
    pairs
}

/// The names of all CTEs in a statement.
fn cte_names(statement: &Statement, dialect: Dialect) -> BTreeSet<String> {
    struct Ctes(BTreeSet<String>, Dialect);
    impl Visitor for Ctes {
        type Break = ();
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
            self.0.extend(ctes.map(|cte| fold(&cte.alias.name, self.1)));
            ControlFlow::Continue(())
        }
    }
    let mut ctes = Ctes(BTreeSet::new(), dialect);
    let _ = statement.visit(&mut ctes);
    ctes.0
}

/// The diagnostic of a refused statement, at its place in the file.
pub(crate) fn refusal_diagnostic(refusal: &Refusal, file: &Prepared) -> Diagnostic {
    let code = if refusal.too_deep { DiagnosticCode::TooDeep } else { DiagnosticCode::ParseError };
    Diagnostic::new(code, DiagnosticSeverity::Error, &file.path, refusal.message.clone())
        .at(file.line_map.original(refusal.line), refusal.column)
}

/// The diagnostic of a statement that runs SQL which is put together at run time.
pub(crate) fn dynamic_diagnostic(file: &Prepared, line: u32) -> Diagnostic {
    let message = "runs SQL that is put together at run time: what it reads and writes is not known";
    Diagnostic::new(DiagnosticCode::DynamicSql, DiagnosticSeverity::Error, &file.path, message)
        .at(file.line_map.original(line), 0)
}

/// A statement, or the statements of its block.
pub(crate) fn flatten(statement: &Statement) -> Vec<&Statement> {
    let bodies: Vec<&ConditionalStatements> = match statement {
        Statement::If(block) => std::iter::once(&block.if_block)
            .chain(&block.elseif_blocks)
            .chain(&block.else_block)
            .map(|block| &block.conditional_statements)
            .collect(),
        Statement::While(block) => vec![&block.while_block.conditional_statements],
        Statement::Case(block) => {
            block.when_blocks.iter().chain(&block.else_block).map(|block| &block.conditional_statements).collect()
        }
        Statement::CreateProcedure { body, .. } => vec![body],
        Statement::StartTransaction { statements, .. } if !statements.is_empty() => {
            return statements.iter().flat_map(flatten).collect();
        }
        _ => return vec![statement],
    };
    bodies.into_iter().flat_map(|body| body.statements().iter().flat_map(flatten)).collect()
}

fn defined_name(statement: &Statement, dialect: Dialect) -> Option<Vec<String>> {
    match statement {
        Statement::CreateView(view) => Some(fold_name(&view.name, dialect)),
        Statement::CreateTable(table) => Some(fold_name(&table.name, dialect)),
        Statement::Query(query) => {
            let select = first_select(&query.body)?;
            match select.into.as_ref()?.targets.first()? {
                Expr::Identifier(ident) => Some(vec![fold(ident, dialect)]),
                Expr::CompoundIdentifier(idents) => Some(idents.iter().map(|ident| fold(ident, dialect)).collect()),
                _ => None,
            }
        }
        _ => None,
    }
}
