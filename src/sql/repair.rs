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

use sqlparser::tokenizer::{Location, TokenWithSpan};

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

/// The rules that a statement has not been repaired by yet.
#[derive(Debug)]
pub struct Repairs {
    rules: Vec<&'static Rule>,
}

impl Repairs {
    /// Every rule for a dialect.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let serves = |rule: &&Rule| rule.dialects.is_empty() || rule.dialects.contains(&dialect);
        Self { rules: rules().filter(serves).collect() }
    }

    /// What the next rule makes of a statement that the parser refused at `stop`; `None` where no rule is left that finds
    /// something. Where it is the turn of rules that only spell anew, the one that knows what stands there comes first: a
    /// long statement is parsed once, and not once for each rule that found something harmless.
    pub fn next_repair(
        &mut self,
        tokens: &[TokenWithSpan],
        dialect: Dialect,
        stop: Option<Location>,
    ) -> Option<Repaired> {
        let view = View::new(tokens, dialect);
        let mut finds = self.rules.iter().enumerate().filter_map(|(index, rule)| {
            let edits = (rule.edits)(&view);
            (!edits.is_empty()).then_some((index, edits))
        });
        let (first, edits) = finds.next()?;
        let at = stop.map(|stop| view.at(stop)).filter(|_| self.spells_anew(first));
        let near = at.and_then(|at| {
            let is_near = |edits: &[Edit]| edits.iter().any(|edit| edit.is_near(at));
            finds
                .take_while(|(index, _)| !is_near(&edits) && self.spells_anew(*index))
                .find(|(_, edits)| is_near(edits))
        });
        let (rule, edits) = match near {
            Some((index, edits)) => (self.rules.remove(index), edits),
            None => (self.rules.drain(..=first).next_back()?, edits),
        };
        let left_out = if rule.matters { view.left_out(&edits) } else { String::new() };
        Some(Repaired { tokens: apply(&view, edits), left_out })
    }

    fn spells_anew(&self, index: usize) -> bool {
        let spellings = || names::RULES.iter().chain(operators::RULES);
        self.rules.get(index).is_some_and(|rule| spellings().any(|spelling| spelling.name == rule.name))
    }
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

/// Every rule, in the order in which they run: those that keep all of the text first.
fn rules() -> impl Iterator<Item = &'static Rule> {
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
        names::RULES,
        operators::RULES,
        types::RULES,
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
