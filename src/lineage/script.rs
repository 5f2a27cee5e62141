//! One file: cut, parsed, and looked through for the names that it defines and reads.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{ConditionalStatements, Expr, Statement, visit_relations};

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::statement::first_select;
use crate::lineage::temporary;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};
use crate::sql::migration;
use crate::sql::parse::{Parsed, Refusal, parse};
use crate::sql::procedural::{Inside, inside};
use crate::sql::split::{Piece, split};
use crate::sql::template::Prepared;

/// One statement of a script.
#[derive(Debug)]
pub(crate) struct ScriptStatement {
    pub parsed: Parsed,
    /// Its first line in the prepared SQL, from 1.
    pub line: u32,
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
}

impl Script {
    /// Parses a prepared file.
    pub fn read(file: &Prepared) -> Self {
        let text = if migration::is_down(&file.path) { "" } else { migration::up_part(&file.sql) };
        let mut script = Self::default();
        for piece in split(text, file.dialect) {
            script.take(&piece, file.dialect);
        }
        script.collect_names(file.dialect);
        script
    }

    /// Parses a piece; of procedural code that is refused as a whole, the statements inside.
    fn take(&mut self, piece: &Piece<'_>, dialect: Dialect) {
        let parsed = parse(piece, dialect);
        if let Parsed::Refused(_) = &parsed
            && let Inside::Statements(inner) = inside(piece, dialect)
        {
            let nothing = inner.is_empty();
            for piece in inner {
                self.statements.push(ScriptStatement { parsed: parse(&piece, dialect), line: piece.line });
            }
            if nothing {
                self.statements.push(ScriptStatement { parsed: Parsed::NoDataFlow, line: piece.line });
            }
            return;
        }
        self.statements.push(ScriptStatement { parsed, line: piece.line });
    }

    fn collect_names(&mut self, dialect: Dialect) {
        let (mut defines, mut alters, mut mentions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut passing = BTreeSet::new();
        for statement in &self.statements {
            let Parsed::Statements(statements) = &statement.parsed else { continue };
            for statement in statements.iter().flat_map(flatten) {
                if let Some(name) = defined_name(statement, dialect) {
                    if temporary::is_created_by(statement) {
                        passing.insert(name)
                    } else {
                        defines.insert(name)
                    };
                }
                match statement {
                    Statement::AlterTable(alter) => drop(alters.insert(fold_name(&alter.name, dialect))),
                    Statement::Drop { names, .. } => alters.extend(names.iter().map(|name| fold_name(name, dialect))),
                    _ => {}
                }
                let _ = visit_relations(statement, |relation| {
                    mentions.insert(fold_name(relation, dialect));
                    ControlFlow::<()>::Continue(())
                });
            }
        }
        mentions.retain(|name| !defines.contains(name) && !passing.contains(name));
        self.mentions = mentions;
        self.alters = alters;
        self.defines = defines;
    }

    /// Statements understood, and all.
    pub fn counts(&self) -> (usize, usize) {
        let is_unknown =
            |statement: &&ScriptStatement| matches!(statement.parsed, Parsed::Refused(_) | Parsed::Dynamic);
        let unknown = self.statements.iter().filter(is_unknown).count();
        (self.statements.len() - unknown, self.statements.len())
    }
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
