//! The clauses of a head, up to where the body begins.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::Kind;
use crate::sql::procedural::Walker;
use crate::sql::procedural::routine::{Head, Noun};
use crate::sql::split::Scan;

impl<'a> Walker<'a> {
    /// Takes one clause of a head; whether the body begins behind it.
    pub(super) fn clause(&mut self, head: &mut Head<'a>) -> bool {
        let token = self.cut.peek(0);
        if token.is('(') {
            let mut scan = Scan::default();
            self.cut.pass(&mut scan);
            while scan.depth > 0 && !self.cut.tokens.is_empty() {
                self.cut.pass(&mut scan);
            }
            return false;
        }
        if head.noun == Noun::Trigger
            && let Some(begins) = self.trigger_clause(head)
        {
            return begins;
        }
        match token.word() {
            "BEGIN" | "DECLARE" => return true,
            // `AS 'file', 'symbol'`: code in C.
            "" if token.is(',') && head.quoted.is_some() => head.language = Some("c"),
            "LANGUAGE" => {
                self.cut.next();
                head.language = Some(self.cut.next().text.trim_matches(['\'', '"']));
                return false;
            }
            "RETURNS" => {
                self.returns(head);
                return false;
            }
            "RETURN" if self.returns_here(head) => {
                self.cut.next();
                self.begin_query(head);
                return false;
            }
            "AS" | "IS" => return self.as_body(head),
            "DO" | "THEN" if head.noun == Noun::Action => {
                self.cut.next();
                if matches!(self.cut.peek(0).word(), "ALSO" | "INSTEAD") {
                    self.cut.next();
                }
                return !self.cut.is(0, "NOTHING");
            }
            word if head.takes_statement && self.is_body_statement(word) => return true,
            "EXECUTE" | "CALL" | "CONTAINS" | "READS" | "MODIFIES" => drop(self.cut.next()),
            _ => {}
        }
        self.cut.next();
        false
    }

    /// Takes a clause that only triggers have; whether the body begins behind it.
    fn trigger_clause(&mut self, head: &mut Head<'a>) -> Option<bool> {
        match self.cut.peek(0).word() {
            "ON" if head.table.is_none() => {
                self.cut.next();
                head.table = self.cut.name();
            }
            "REFERENCING" => self.referencing(head),
            "FOR" => {
                self.cut.next();
                self.cut.take("EACH");
                head.takes_statement = self.cut.take("ROW") || self.cut.take("STATEMENT");
            }
            "EXECUTE" => {
                self.cut.next();
                if matches!(self.cut.peek(0).word(), "FUNCTION" | "PROCEDURE") {
                    self.cut.next();
                }
                head.called = self.cut.name();
            }
            "COMPOUND" => {
                self.cut.next();
                self.cut.next();
                return Some(self.open_package());
            }
            _ => return None,
        }
        Some(false)
    }

    /// Whether a word behind the head of a routine without BEGIN starts its only statement (MySQL, SQLite, DB2).
    fn is_body_statement(&self, word: &str) -> bool {
        !matches!(self.dialect(), Dialect::Postgres | Dialect::Redshift | Dialect::Snowflake | Dialect::Oracle)
            && matches!(
                word,
                "SELECT"
                    | "INSERT"
                    | "UPDATE"
                    | "DELETE"
                    | "MERGE"
                    | "REPLACE"
                    | "SET"
                    | "IF"
                    | "CASE"
                    | "LOOP"
                    | "WHILE"
                    | "REPEAT"
                    | "TRUNCATE"
                    | "CALL"
            )
    }

    /// `RETURNS TABLE (a int, …)`, `RETURNS SETOF t`, `RETURNS TABLE<a INT64>`.
    fn returns(&mut self, head: &mut Head<'a>) {
        self.cut.next();
        head.gives_table = matches!(self.cut.peek(0).word(), "TABLE" | "SETOF");
        if !(self.cut.next().word() == "TABLE" && self.cut.peek(0).is('(')) {
            return;
        }
        {
            self.cut.next();
            let mut depth = 1_usize;
            let mut starts = true;
            while depth > 0 && !self.cut.tokens.is_empty() {
                let token = self.cut.next();
                if starts && matches!(token.kind, Kind::Word | Kind::Quoted) {
                    head.columns.push(token.text.to_owned());
                }
                depth = if token.is('(') { depth + 1 } else { depth - usize::from(token.is(')')) };
                starts = depth == 1 && token.is(',');
            }
        }
    }

    /// Whether RETURN gives the body here. In Oracle's heads it says the type.
    fn returns_here(&mut self, head: &Head<'a>) -> bool {
        let next = self.cut.peek(1);
        match self.dialect() {
            Dialect::Oracle => false,
            Dialect::Generic => next.is('(') || matches!(next.word(), "SELECT" | "WITH" | "CASE"),
            _ => head.noun == Noun::Function,
        }
    }

    /// `REFERENCING NEW AS n OLD TABLE AS o`
    fn referencing(&mut self, head: &mut Head<'a>) {
        self.cut.next();
        while matches!(self.cut.peek(0).word(), "NEW" | "OLD") {
            self.cut.next();
            if matches!(self.cut.peek(0).word(), "ROW" | "TABLE") {
                self.cut.next();
            }
            self.cut.take("AS");
            head.rows.insert(self.cut.next().text.to_lowercase());
        }
    }

    /// Behind AS or IS; whether the body's statements begin.
    fn as_body(&mut self, head: &mut Head<'a>) -> bool {
        self.cut.next();
        let next = self.cut.peek(0);
        match next.word() {
            "BEGIN" | "DECLARE" => return true,
            // PostgreSQL's `EXECUTE AS` and the like never come here; these name code elsewhere.
            "EXTERNAL" | "LANGUAGE" => return false,
            _ => {}
        }
        if head.noun == Noun::Package {
            return self.open_package();
        }
        if head.noun == Noun::Action {
            // PostgreSQL's rules go on: `AS ON INSERT TO t DO …`.
            return next.word() != "ON";
        }
        if next.kind == Kind::Quoted {
            head.quoted = head.quoted.or(Some(next));
            self.cut.next();
            return false;
        }
        let is_prefixed = next.kind == Kind::Word && next.text.len() <= 2 && self.cut.peek(1).kind == Kind::Quoted;
        let is_macro = head.noun == Noun::Macro;
        if is_macro && self.dialect() == Dialect::Teradata && next.is('(') {
            if let Some(part) = self.cut.parentheses() {
                self.control(head);
                self.cut.open_part(part);
            }
            return false;
        }
        let is_query = next.is('(') || matches!(next.word(), "SELECT" | "WITH" | "FROM" | "TABLE");
        if is_prefixed {
            // BigQuery's `AS r'''…'''`: code in another language.
            return false;
        }
        if is_macro || (is_query && self.dialect() != Dialect::Oracle) || self.dialect() == Dialect::BigQuery {
            head.gives_table |= self.cut.take("TABLE");
            self.begin_query(head);
            return false;
        }
        if matches!(self.dialect(), Dialect::Oracle | Dialect::Generic | Dialect::Teradata | Dialect::MySql) {
            self.in_declarations = true;
            return true;
        }
        false
    }

    /// The body of a package, in which END waits for its own.
    fn open_package(&mut self) -> bool {
        self.depth += 1;
        self.in_declarations = true;
        if let Some(routine) = self.routines.last_mut() {
            routine.is_package = true;
        }
        true
    }
}
