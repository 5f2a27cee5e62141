//! Declarations: the names of variables, and the queries of cursors.

use std::borrow::Cow;

use super::Walker;
use crate::sql::dialect::Dialect;
use crate::sql::lexer::Kind;
use crate::sql::split::{Role, Scan, Token};

impl<'a> Walker<'a> {
    /// `DECLARE` of one thing, or of a section up to BEGIN.
    pub(super) fn declare(&mut self) {
        let from = self.cut.next();
        let one_by_one = match self.dialect() {
            Dialect::BigQuery | Dialect::MySql | Dialect::Databricks | Dialect::Spark | Dialect::Teradata => true,
            // A cursor of a transaction, outside of any body.
            Dialect::Postgres | Dialect::Redshift => !self.is_inside(),
            _ => false,
        };
        if matches!(self.cut.peek(0).word(), "CONTINUE" | "EXIT" | "UNDO") && self.cut.is(1, "HANDLER") {
            return self.handler();
        }
        if self.cut.is(0, "GLOBAL") {
            // DB2's `DECLARE GLOBAL TEMPORARY TABLE`
            self.cut.pass_until(&[]);
            let rest = self.cut.tokens.script.get(from.end()..self.cut.tokens.taken).unwrap_or_default();
            return self.cut.out.add(Cow::Owned(format!("CREATE {rest}")), from.at, Role::Statement);
        }
        self.in_declarations = !one_by_one;
        self.declaration();
    }

    /// `DECLARE EXIT HANDLER FOR SQLEXCEPTION …`: the statement behind the conditions.
    fn handler(&mut self) {
        self.cut.pass_until(&["FOR"]);
        while !self.cut.tokens.at_end() {
            let next = self.cut.peek(0);
            if next.word() == "BEGIN" || starts_statement(next.word()) {
                return;
            }
            self.cut.next();
        }
    }

    /// Whether a word of a section of declarations ends it: BEGIN, or a statement where none was expected.
    pub(super) fn ends_declarations(&mut self, token: &Token<'a>) -> bool {
        let word = token.word();
        let ends = match word {
            "BEGIN" => true,
            "PROCEDURE" | "FUNCTION" | "END" | "DECLARE" => return true,
            _ => starts_statement(word) && !self.routines.last().is_some_and(|routine| routine.is_package),
        };
        if ends && word != "BEGIN" {
            self.in_declarations = false;
        }
        ends
    }

    /// One declaration, up to its semicolon: its names, and the queries that it holds.
    pub(super) fn declaration(&mut self) {
        if matches!(self.cut.peek(0).word(), "TYPE" | "SUBTYPE" | "PRAGMA") {
            self.cut.pass_until(&[]);
            return;
        }
        let is_cursor = self.cut.take("CURSOR");
        while matches!(self.cut.peek(0).kind, Kind::Word | Kind::Quoted) {
            let name = self.cut.next();
            self.cut.out.declare(name.text);
            if !self.cut.peek(0).is(',') {
                break;
            }
            self.cut.next();
        }
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            let outside = scan.is_outside();
            let token = self.cut.pass(&mut scan);
            let before_query = token.word() == "FOR" || (is_cursor && matches!(token.word(), "IS" | "AS"));
            if outside && before_query {
                self.cursor_query();
            }
        }
    }

    /// What a cursor walks over: `SELECT …`, or the text or name of a statement.
    pub(super) fn cursor_query(&mut self) {
        match self.cut.peek(0).word() {
            "SELECT" | "WITH" => self.cut.query_until(&[], Role::Reads),
            "EXECUTE" => self.execute(&[]),
            _ => {}
        }
    }
}

/// Words that start a statement within procedural code.
pub(super) fn starts_statement(word: &str) -> bool {
    matches!(
        word,
        "SELECT"
            | "WITH"
            | "INSERT"
            | "UPDATE"
            | "DELETE"
            | "MERGE"
            | "REPLACE"
            | "CREATE"
            | "ALTER"
            | "DROP"
            | "TRUNCATE"
            | "CALL"
            | "SET"
            | "IF"
            | "CASE"
            | "LOOP"
            | "WHILE"
            | "FOR"
            | "REPEAT"
            | "RETURN"
            | "EXECUTE"
            | "PERFORM"
            | "LET"
            | "COMMIT"
            | "ROLLBACK"
            | "RAISE"
            | "SIGNAL"
            | "RESIGNAL"
            | "OPEN"
            | "ASSERT"
            | "COPY"
            | "EXPORT"
            | "LOAD"
            | "USE"
            | "GRANT"
            | "FETCH"
            | "CLOSE"
    )
}
