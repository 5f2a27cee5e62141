//! Statements that end with a semicolon, as they stand in scripts and in bodies.
//!
//! `SELECT … INTO variable` loses its INTO, PERFORM reads as SELECT, assignments and RETURN are read for the queries in
//! them; what only steers (FETCH, RAISE, EXIT) is passed over.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::Walker;
use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Spot};
use crate::sql::split::{Inside, Returned, Role, Scan, Token, is_string};

impl<'a> Walker<'a> {
    pub(super) fn leaf(&mut self) {
        let inside = self.is_inside();
        let first = self.cut.peek(0);
        match first.word() {
            "EXECUTE" => return self.execute(&[]),
            "PREPARE" => return self.prepare(),
            "RETURN" => return self.returning(),
            "PERFORM" if inside => return self.perform(),
            "OPEN" if inside => return self.open(),
            "LET" if inside || self.dialect() == Dialect::Snowflake => return self.assignment(),
            "SET" | "CALL" => return self.set(),
            "FETCH" | "CLOSE" | "RAISE" | "SIGNAL" | "RESIGNAL" | "GET" | "LEAVE" | "ITERATE" | "EXIT" | "CONTINUE"
            | "BREAK" | "NULL" | "GOTO" | "ASSERT" | "PRAGMA" | "MOVE" | "AWAIT" | "PIPE" | "UNTIL"
                if inside =>
            {
                self.cut.pass_until(&[]);
                return;
            }
            _ => {}
        }
        if inside && self.is_assignment() {
            return self.assignment();
        }
        self.plain(&first);
    }

    fn plain(&mut self, first: &Token<'a>) {
        let calls = self.dialect() == Dialect::Oracle && self.is_inside() && !is_verb(first.word());
        let mut blanks = Vec::new();
        let mut scan = Scan::default();
        let (mut returning, mut fills_variables) = (false, false);
        let (mut previous, mut file) = (*first, None);
        while !self.cut.tokens.at_end() {
            let token = self.cut.next();
            scan.follow(&token);
            if token.is(':') && self.dialect() == Dialect::Oracle && matches!(self.cut.peek(0).word(), "NEW" | "OLD") {
                // The rows of a trigger: names like others to the parser.
                blanks.push(token.at.offset..token.end());
            }
            if scan.depth > 0 {
                continue;
            }
            match token.word() {
                "RETURNING" | "RETURN" => returning = true,
                "BULK" if self.cut.is(0, "COLLECT") => blanks.push(token.at.offset..self.cut.peek(0).end()),
                "INTO" if matches!(self.cut.peek(0).word(), "OUTFILE" | "DUMPFILE") => {
                    let (target, clause) = self.outfile(&token);
                    file = Some(target);
                    blanks.push(clause);
                }
                "INTO" if returning || starts_query(first.word()) && !takes_into(previous.word()) => {
                    let variables = self.variables(&token);
                    fills_variables |= variables.is_some();
                    blanks.extend(variables);
                }
                _ => {}
            }
            previous = token;
        }
        let reads = fills_variables && starts_query(first.word());
        let role = match (calls, reads) {
            (true, _) => Role::Control,
            (_, true) => Role::Reads,
            _ => Role::Statement,
        };
        self.cut.out.push_without(&self.cut.tokens, (first.at, self.cut.tokens.taken), &blanks, role);
        if let (Some(file), Some(piece)) = (file, self.cut.out.last_mut()) {
            piece.text = Cow::Owned(format!("COPY ({}) TO {file}", piece.text));
        }
    }

    /// MySQL's `INTO OUTFILE 'file' FIELDS …`: the file, and the range of the clause.
    fn outfile(&mut self, into: &Token<'a>) -> (&'a str, Range<usize>) {
        self.cut.next();
        let file = self.cut.next();
        while !self.cut.tokens.at_end() && !self.cut.is(0, "FROM") {
            self.cut.next();
        }
        (file.text, into.at.offset..self.cut.tokens.taken)
    }

    /// The range of `INTO a, b` where these are variables; INTO was taken.
    fn variables(&mut self, into: &Token<'a>) -> Option<Range<usize>> {
        let mut next = self.cut.peek(0);
        if next.word() == "STRICT" {
            self.cut.next();
            next = self.cut.peek(0);
        }
        let marked = next.is(':') || next.is('@');
        let always = matches!(self.dialect(), Dialect::Oracle | Dialect::MySql | Dialect::Teradata | Dialect::BigQuery);
        let are_variables = match self.dialect() {
            Dialect::Generic => marked || (self.is_inside() && self.cut.out.is_local(next.text)),
            _ => marked || always || self.is_inside(),
        };
        if !are_variables {
            return None;
        }
        loop {
            while self.cut.peek(0).is(':') || self.cut.peek(0).is('@') {
                self.cut.next();
            }
            self.cut.name();
            if self.cut.peek(0).is('[') {
                while !self.cut.tokens.at_end() && !self.cut.next().is(']') {}
            } else if self.cut.peek(0).is('(') {
                self.cut.parentheses();
            }
            if !self.cut.peek(0).is(',') {
                break;
            }
            self.cut.next();
        }
        Some(into.at.offset..self.cut.tokens.taken)
    }

    /// `SET x = (SELECT …)`, `CALL p(…) INTO x`: statements that move no data themselves, and the queries in them.
    fn set(&mut self) {
        let first = self.cut.peek(0);
        self.cut.pass_until(&[]);
        self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), Role::Control);
    }

    /// `PERFORM f(x) FROM t` reads like `SELECT f(x) FROM t`.
    fn perform(&mut self) {
        let first = self.cut.next();
        while !self.cut.tokens.at_end() {
            self.cut.next();
        }
        let rest = self.cut.tokens.script.get(first.end()..self.cut.tokens.taken).unwrap_or_default();
        self.cut.out.add(Cow::Owned(format!("SELECT {rest}")), first.at, Role::Reads);
    }

    /// `RETURN QUERY SELECT …`, `RETURN (SELECT …)`, `RETURN x`.
    fn returning(&mut self) {
        self.cut.next();
        let is_query = self.cut.take("QUERY");
        match self.cut.peek(0).word() {
            "EXECUTE" if is_query => self.execute(&[]),
            "SELECT" | "WITH" | "FROM" | "VALUES" | "TABLE" if is_query => self.result(),
            "INSERT" | "UPDATE" | "DELETE" if is_query => self.leaf(),
            "SELECT" | "WITH" | "FROM" => self.result(),
            _ => drop(self.cut.pass_until(&[])),
        }
    }

    /// The query that a function gives, up to the end of the statement.
    pub(super) fn result(&mut self) {
        let of_routine = self.routines.iter().rev().find_map(|routine| routine.returned.clone());
        let role = of_routine.or(self.cut.returned.clone()).map_or(Role::Reads, Role::Result);
        self.cut.query_until(&[], role);
    }

    /// `OPEN c FOR SELECT …`
    fn open(&mut self) {
        if self.cut.pass_until(&["FOR"]).is_some() {
            self.cut.take("NO");
            self.cut.take("SCROLL");
            let next = self.cut.peek(0);
            match next.word() {
                "SELECT" | "WITH" => self.cut.query_until(&[], Role::Reads),
                "EXECUTE" => self.execute(&[]),
                _ => self.run_text(next.at, &[]),
            }
        }
    }

    /// `EXECUTE IMMEDIATE '…'`, `EXECUTE '…' INTO x USING y`, up to the end or one of these words. Other kinds of EXECUTE
    /// run what was prepared: a statement of its own.
    pub(super) fn execute(&mut self, stops: &[&str]) {
        let first = self.cut.next();
        let immediate = self.cut.take("IMMEDIATE");
        let next = self.cut.peek(0);
        let is_text = immediate || self.in_body_language() || next.is('(') || is_string(&next, self.dialect());
        if is_text {
            return self.run_text(first.at, stops);
        }
        // Snowflake runs tasks and services by their names.
        let role = if self.dialect() == Dialect::Snowflake { Role::Control } else { Role::Statement };
        self.cut.push_until(first.at, stops, role);
    }

    /// In PL/pgSQL every EXECUTE runs a text.
    fn in_body_language(&self) -> bool {
        self.is_inside() && matches!(self.dialect(), Dialect::Postgres | Dialect::Redshift)
    }

    /// SQL as a text: read at its place where it is one string, else not known.
    fn run_text(&mut self, from: Spot, stops: &[&str]) {
        let text = self.cut.peek(0);
        let prefix = usize::from(text.kind == Kind::Word && text.text.len() == 1);
        let literal = self.cut.peek(prefix);
        let behind = self.cut.peek(prefix + 1);
        let alone = behind.ends_statement()
            || matches!(behind.word(), "INTO" | "USING" | "BULK" | "RETURNING" | "RETURN")
            || stops.contains(&behind.word());
        let is_literal = alone && is_string(&literal, self.dialect());
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            if scan.is_outside() && stops.contains(&self.cut.peek(0).word()) {
                break;
            }
            let token = self.cut.next();
            scan.follow(&token);
        }
        if !(is_literal && self.cut.open_quotes(&literal, Inside::Script)) {
            self.cut.out.push(&self.cut.tokens, (from, self.cut.tokens.taken), Role::Dynamic);
        }
    }

    /// MySQL's `PREPARE s FROM '…'`; PostgreSQL's `PREPARE s AS SELECT …`.
    fn prepare(&mut self) {
        let first = self.cut.peek(0);
        match self.cut.pass_until(&["FROM", "AS"]) {
            Some(token) if token.word() == "FROM" => self.run_text(first.at, &[]),
            Some(_) => self.cut.query_until(&[], Role::Statement),
            None => self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), Role::Control),
        }
    }

    /// Whether `name :=`, `name.field :=`, `name[1] :=` or PL/pgSQL's `name =` starts here.
    fn is_assignment(&mut self) -> bool {
        let mut at = usize::from(self.cut.peek(0).is(':'));
        if !matches!(self.cut.peek(at).kind, Kind::Word | Kind::Quoted) {
            return false;
        }
        at += 1;
        // Names, subscripts and parentheses of arrays, as far as anyone writes them.
        while at < 24 {
            let token = self.cut.peek(at);
            if token.is('.') {
                at += 2;
            } else if token.is('[') || token.is('(') {
                let close = if token.is('[') { ']' } else { ')' };
                let Some(end) = (at + 1..at + 12).find(|place| self.cut.peek(*place).is(close)) else { return false };
                at = end + 1;
            } else {
                let plain = token.is('=') && matches!(self.dialect(), Dialect::Postgres | Dialect::Redshift);
                return plain || (token.is(':') && self.cut.peek(at + 1).is('='));
            }
        }
        false
    }

    /// `x := (SELECT …)`, `x := a FROM t`, `LET c CURSOR FOR SELECT …`, `LET rows RESULTSET := (EXECUTE IMMEDIATE …)`.
    fn assignment(&mut self) {
        let first = self.cut.peek(0);
        if self.cut.take("LET") {
            let name = self.cut.peek(0).text;
            self.cut.out.declare(name);
        }
        let mut scan = Scan::default();
        let (mut value, mut has_from): (Option<Spot>, bool) = (None, false);
        let before = self.cut.out.len();
        while !self.cut.tokens.at_end() {
            let outside = scan.is_outside();
            let token = self.cut.pass(&mut scan);
            match token.word() {
                "FOR" if outside => self.cursor_query(),
                "FROM" if outside => has_from = true,
                _ if value.is_none() && token.is('=') => value = Some(self.cut.peek(0).at),
                _ => {}
            }
        }
        if let Some(value) = value.filter(|_| has_from && self.cut.out.len() == before) {
            let expression = self.cut.tokens.script.get(value.offset..self.cut.tokens.taken).unwrap_or_default();
            self.cut.out.add(Cow::Owned(format!("SELECT {expression}")), first.at, Role::Reads);
        }
    }

    /// Makes the last query of a body the result of its function: what a table function gives, or a value that is read.
    pub(super) fn mark_result(&mut self, start: usize, returned: Option<&Arc<Returned>>) {
        let last = self.cut.out.since(start).iter_mut().rev().find(|piece| {
            let text = piece.text.trim_start_matches(['(', ' ', '\n', '\t']);
            let word = text.get(..text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len()));
            let starts = |start: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(start));
            piece.role == Role::Statement && ["select", "with", "values", "from", "table"].into_iter().any(starts)
        });
        if let Some(last) = last {
            last.role = returned.map_or(Role::Reads, |returned| Role::Result(returned.clone()));
        }
    }
}

fn starts_query(word: &str) -> bool {
    matches!(word, "SELECT" | "WITH" | "FROM")
}

/// Words behind which INTO names a table.
fn takes_into(word: &str) -> bool {
    matches!(word, "INSERT" | "MERGE" | "COPY" | "IGNORE" | "OVERWRITE" | "REPLACE" | "LOAD")
}

/// Words that start SQL in PL/SQL; any other statement there is a call.
fn is_verb(word: &str) -> bool {
    super::declare::starts_statement(word)
        || matches!(word, "LOCK" | "SAVEPOINT" | "COMMENT" | "ANALYZE" | "REVOKE" | "EXPLAIN" | "PURGE" | "RENAME")
}
