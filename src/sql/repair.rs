//! Repairs of statements that the parser refuses though they hide nothing about lineage.
//!
//! A statement is repaired on its tokens, so that lines and columns stay those of the file. Each rule knows one piece of
//! real syntax and either writes it as the parser reads it, with the same meaning, or leaves out what names no table and
//! no column. Rules run in order, on refused statements only; after each one that found something the statement is
//! parsed again, and the first reading that succeeds counts. What no rule helps goes to `sql::scan`.

mod alter;
mod calls;
mod clickhouse;
mod columns;
mod create;
mod duckdb;
mod from_first;
mod hive;
mod misread;
mod moved;
mod mysql;
mod names;
mod operators;
mod oracle;
mod phrases;
mod redshift;
mod relations;
mod select_words;
mod statements;
mod table_list;
mod teradata;
mod transfers;
mod tsql;
mod types;
mod view;

use sqlparser::tokenizer::TokenWithSpan;

use crate::sql::dialect::Dialect;
pub use crate::sql::repair::clickhouse::EXPRESSION;
pub use crate::sql::repair::misread::read_right;
pub use crate::sql::repair::oracle::SYNONYM;
pub use crate::sql::repair::table_list::columns_like;
pub use crate::sql::repair::transfers::BY_NAME;
use crate::sql::repair::view::{Edit, View, apply};

/// One piece of syntax and how to read it.
#[derive(Debug)]
pub struct Rule {
    /// What it is for, for people who look for it.
    pub name: &'static str,
    /// Dialects that have the syntax; none stands for all.
    dialects: &'static [Dialect],
    /// Whether what it leaves out decides about rows or values: the text then stays part of the statement's meaning.
    matters: bool,
    edits: fn(&View<'_>) -> Vec<Edit>,
}

impl Rule {
    /// The statement with this syntax repaired; `None` where it is not there.
    fn repair(&self, view: &View<'_>) -> Option<Repaired> {
        if !self.dialects.is_empty() && !self.dialects.contains(&view.dialect) {
            return None;
        }
        let edits = (self.edits)(view);
        let left_out = if self.matters { view.left_out(&edits) } else { String::new() };
        (!edits.is_empty()).then(|| Repaired { tokens: apply(view, edits), left_out })
    }
}

/// What the first of the remaining rules that has something to repair makes of a statement; rules are taken up to it.
pub fn next_repair<'r>(
    rules: &mut impl Iterator<Item = &'r Rule>,
    tokens: &[TokenWithSpan],
    dialect: Dialect,
) -> Option<Repaired> {
    let view = View::new(tokens, dialect);
    rules.find_map(|rule| rule.repair(&view))
}

/// Whether a statement is `INSERT ALL …` or `INSERT FIRST …`.
#[must_use]
pub fn inserts_into_several(tokens: &[TokenWithSpan], dialect: Dialect) -> bool {
    let view = View::new(tokens, dialect);
    view.is(0, "INSERT") && view.any(1, &["ALL", "FIRST"])
}

/// What a rule made of a statement.
#[derive(Debug)]
pub struct Repaired {
    /// Its tokens.
    pub tokens: Vec<TokenWithSpan>,
    /// What is no longer in them and decides about rows or values.
    pub left_out: String,
}

/// Every rule, in the order in which they run: those that keep all of the text first, and of these the ones that only find
/// what the parser cannot read before those that find something in most statements.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        tsql::RULES,
        transfers::RULES,
        teradata::RULES,
        phrases::RULES,
        hive::RULES,
        mysql::RULES,
        oracle::RULES,
        redshift::RULES,
        clickhouse::RULES,
        duckdb::RULES,
        types::RULES,
        operators::RULES,
        names::RULES,
        calls::RULES,
        relations::RULES,
        statements::RULES,
        moved::RULES,
        alter::RULES,
        create::RULES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
