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
