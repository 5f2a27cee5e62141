//! Blocks, branches and loops: their heads are passed over, the queries in them are read.

use super::Walker;
use crate::sql::dialect::Dialect;
use crate::sql::lexer::Kind;
use crate::sql::split::{Role, Scan};

impl Walker<'_> {
    /// Whether BEGIN starts a body here, and not a transaction.
    pub(super) fn begins_block(&mut self) -> bool {
        let next = self.cut.peek(1);
        if next.ends_statement() {
            return self.is_inside();
        }
        !matches!(
            next.word(),
            "TRANSACTION"
                | "TRAN"
                | "WORK"
                | "NAME"
                | "ISOLATION"
                | "READ"
                | "DEFERRABLE"
                | "DEFERRED"
                | "IMMEDIATE"
                | "EXCLUSIVE"
                | "CONCURRENT"
        )
    }

    pub(super) fn begin(&mut self) {
        self.cut.next();
        // `BEGIN ATOMIC`, `BEGIN NOT ATOMIC`
        if self.cut.is(0, "NOT") && self.cut.is(1, "ATOMIC") {
            self.cut.next();
        }
        self.cut.take("ATOMIC");
        let starts_package = self.in_declarations
            && self.routines.last().is_some_and(|routine| routine.is_package && routine.depth + 1 == self.depth);
        self.in_declarations = false;
        if !starts_package {
            self.depth += 1;
        }
    }

    /// `END`, `END IF`, `END LOOP label`, `END name`.
    pub(super) fn end(&mut self) {
        self.cut.next();
        self.depth = self.depth.saturating_sub(1);
        self.in_declarations = false;
        if matches!(
            self.cut.peek(0).word(),
            "IF" | "LOOP"
                | "CASE"
                | "WHILE"
                | "FOR"
                | "REPEAT"
                | "WORK"
                | "TRANSACTION"
                | "BEFORE"
                | "AFTER"
                | "INSTEAD"
        ) {
            self.cut.next();
        }
        let most = if self.dialect() == Dialect::Oracle { 3 } else { 1 };
        for _ in 0..most {
            let is_name = matches!(self.cut.peek(0).kind, Kind::Word | Kind::Quoted);
            if !is_name || !(self.cut.peek(1).ends_statement() || most > 1) {
                break;
            }
            self.cut.next();
        }
        self.settle();
    }

    /// Whether a statement at the top of a script says where names live from there on.
    pub(super) fn chooses_schema(&mut self) -> bool {
        if self.is_inside() || self.cut.nesting > 0 {
            return false;
        }
        let dialect = self.dialect();
        let (first, second) = (self.cut.peek(0), self.cut.peek(1));
        match first.word() {
            "USE" => !matches!(dialect, Dialect::Postgres | Dialect::Redshift | Dialect::BigQuery | Dialect::Oracle),
            "DATABASE" => dialect == Dialect::Teradata,
            "RESET" => matches!(second.word(), "SEARCH_PATH" | "ALL"),
            "SET" => {
                let by_scope = matches!(second.word(), "SESSION" | "LOCAL" | "CURRENT" | "GLOBAL");
                let what = self.cut.peek(if by_scope { 2 } else { 1 });
                matches!(what.word(), "SEARCH_PATH" | "SCHEMA" | "CATALOG")
            }
            "ALTER" => second.word() == "SESSION" && (2..12).any(|place| self.cut.is(place, "CURRENT_SCHEMA")),
            "SELECT" => {
                let call = if self.cut.peek(2).is('.') { 3 } else { 1 };
                self.cut.is(call, "SET_CONFIG") && self.cut.peek(call + 2).text.eq_ignore_ascii_case("'search_path'")
            }
            _ => false,
        }
    }

    /// Such a statement. MySQL's client takes USE to the end of its line.
    pub(super) fn session(&mut self) {
        let from = self.cut.next();
        let by_line = from.word() == "USE" && matches!(self.dialect(), Dialect::MySql | Dialect::Generic);
        let last_line = self.cut.peek(0).at.line;
        while !(self.cut.tokens.at_end() || by_line && self.cut.peek(0).at.line > last_line) {
            self.cut.next();
        }
        self.cut.out.push(&self.cut.tokens, (from.at, self.cut.tokens.taken), Role::Session);
    }

    /// A head that opens a block, up to one of its words.
    pub(super) fn opening(&mut self, stops: &[&str]) {
        if self.pass_head(stops) {
            self.depth += 1;
        }
    }

    pub(super) fn condition(&mut self, stops: &[&str]) {
        self.pass_head(stops);
    }

    /// Passes over a head. One without its closing word is no head: it is a statement like others, or T-SQL's
    /// `IF condition statement` in a script of no known dialect.
    fn pass_head(&mut self, stops: &[&str]) -> bool {
        let from = self.cut.next();
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            if scan.is_outside() {
                let next = self.cut.peek(0);
                if stops.contains(&next.word()) {
                    self.cut.next();
                    return true;
                }
                if self.dialect() == Dialect::Generic && starts_branch(next.word()) && !self.cut.peek(1).is('(') {
                    return false;
                }
            }
            self.cut.pass(&mut scan);
        }
        self.cut.out.push(&self.cut.tokens, (from.at, self.cut.tokens.taken), Role::Statement);
        false
    }

    pub(super) fn open_block(&mut self) {
        self.cut.next();
        self.depth += 1;
    }

    /// `UNTIL condition END REPEAT`
    pub(super) fn until(&mut self) {
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            if scan.is_outside() && self.cut.is(0, "END") {
                return;
            }
            self.cut.pass(&mut scan);
        }
    }

    /// `FOR r IN SELECT … LOOP`, `FOR r IN (SELECT …) DO`, `FOR v AS c CURSOR FOR SELECT … DO`, `FOR i IN 1..10 LOOP`.
    pub(super) fn for_loop(&mut self) {
        self.cut.next();
        while matches!(self.cut.peek(0).kind, Kind::Word | Kind::Quoted) || self.cut.peek(0).is(',') {
            let token = self.cut.peek(0);
            if matches!(token.word(), "IN" | "AS" | "SLICE") {
                break;
            }
            self.cut.next();
            self.cut.out.declare(token.text);
        }
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            if scan.is_outside() {
                match self.cut.peek(0).word() {
                    "LOOP" | "DO" => {
                        self.cut.next();
                        self.depth += 1;
                        return;
                    }
                    "SELECT" | "WITH" => {
                        self.cut.query_until(&["LOOP", "DO"], Role::Reads);
                        continue;
                    }
                    "EXECUTE" => {
                        self.execute(&["LOOP", "DO"]);
                        continue;
                    }
                    _ => {}
                }
            }
            self.cut.pass(&mut scan);
        }
    }

    /// Oracle's `FORALL i IN 1 .. n INSERT …`: the statement behind the bounds.
    pub(super) fn forall(&mut self) {
        self.cut.next();
        let name = self.cut.next();
        self.cut.out.declare(name.text);
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            if scan.is_outside()
                && matches!(self.cut.peek(0).word(), "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "EXECUTE")
            {
                return;
            }
            self.cut.pass(&mut scan);
        }
    }
}

/// Words that start what a condition without THEN guards.
fn starts_branch(word: &str) -> bool {
    matches!(
        word,
        "BEGIN"
            | "DROP"
            | "INSERT"
            | "UPDATE"
            | "DELETE"
            | "CREATE"
            | "ALTER"
            | "SELECT"
            | "EXEC"
            | "EXECUTE"
            | "PRINT"
            | "RETURN"
            | "TRUNCATE"
            | "SET"
            | "RAISERROR"
    )
}
