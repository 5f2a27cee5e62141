//! `CREATE SNOWFLAKE.ML.FORECAST m (INPUT_DATA => SYSTEM$REFERENCE('VIEW', 'v'), …)`: an instance of a class of
//! Snowflake's, which reads the tables that it is given by reference.

use crate::sql::dialect::Dialect;
use crate::sql::scan::names::{name, name_in_string};
use crate::sql::scan::reads::Walker;
use crate::sql::scan::tokens::Kind;
use crate::sql::scan::{Deed, Spot};

/// Classes that a search path may name alone.
const CLASSES: &[&str] = &["FORECAST", "CLASSIFICATION", "ANOMALY_DETECTION", "TOP_INSIGHTS"];

impl Walker<'_> {
    /// Takes such a statement from its CREATE on; the index behind it.
    pub(super) fn instance(&mut self, create: usize) -> Option<usize> {
        if self.dialect != Dialect::Snowflake {
            return None;
        }
        let class = create + 1 + if self.is(create + 1, "OR") && self.is(create + 2, "REPLACE") { 2 } else { 0 };
        let mut named = class + 1;
        while self.is(named, ".") {
            named += 2;
        }
        let is_class = if named > class + 1 { self.is(class, "SNOWFLAKE") } else { self.is_any(class, CLASSES) };
        if !is_class {
            return None;
        }
        self.target(named, Deed::CreateTable)?;
        let end = (named..self.tokens().len()).find(|at| self.is(*at, ";")).unwrap_or(self.tokens().len());
        for at in named..end {
            self.referenced(at);
        }
        Some(end)
    }

    /// `INPUT_DATA => TABLE(v)`, `SYSTEM$REFERENCE('VIEW', 'v')`.
    fn referenced(&mut self, open: usize) {
        if !self.is(open, "(") {
            return;
        }
        if self.before_is(open, &["TABLE"]) {
            match name(self.tokens(), open + 1, self.dialect) {
                Some((table, _)) => self.read(Spot::Table(table)),
                None => self.unnamed += 1,
            }
        }
        let is_reference = open.checked_sub(1).and_then(|before| self.token(before)).is_some_and(|token| {
            let word = token.text.to_ascii_uppercase();
            word.ends_with("REFERENCE") && token.kind == Kind::Word
        });
        if is_reference {
            let given = self.token(open + 3).filter(|token| token.kind == Kind::Text && self.is(open + 2, ","));
            match given.and_then(name_in_string) {
                Some(table) => self.read(Spot::Table(table)),
                // A query, or a variable.
                None => self.unnamed += 1,
            }
        }
    }
}
