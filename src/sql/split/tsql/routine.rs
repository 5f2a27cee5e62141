//! CREATE and ALTER of procedures, functions and triggers: the head, and what it says of the body.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Routine, Walker, placed};
use crate::sql::lexer::Spot;
use crate::sql::split::cutter::Scan;
use crate::sql::split::pieces::{Returned, Role};
use crate::sql::split::tokens::Token;

impl<'a> Walker<'a> {
    pub(super) fn starts_routine(&mut self) -> bool {
        let at = self.noun_at();
        matches!(self.cut.peek(at).word(), "PROC" | "PROCEDURE" | "FUNCTION" | "TRIGGER")
    }

    /// How many tokens stand in front of the noun: CREATE, or CREATE OR ALTER.
    fn noun_at(&mut self) -> usize {
        if self.cut.is(1, "OR") { 3 } else { 1 }
    }

    pub(super) fn routine(&mut self) {
        let from = self.cut.peek(0).at;
        for _ in 0..self.noun_at() {
            self.cut.next();
        }
        let noun = self.cut.next();
        let name = self.cut.name().unwrap_or_default();
        self.end_batch();
        self.routine = Some(Routine::default());
        self.cut.out.open_scope();
        let is_code = match noun.word() {
            "FUNCTION" => self.function_head((from, name)),
            "TRIGGER" => self.trigger_head(),
            _ => self.head_until_as().is_some(),
        };
        self.cut.out.push(&self.cut.tokens, (from, self.cut.tokens.taken), Role::Control);
        if !is_code || self.cut.is(0, "EXTERNAL") {
            // Code of another language: its name follows, and the batch ends.
            while !self.cut.tokens.at_end() {
                self.cut.next();
            }
        }
    }

    /// Takes tokens up to the AS in front of the body. `@parameter AS type` and `EXECUTE AS user` are no such.
    fn head_until_as(&mut self) -> Option<Token<'a>> {
        let mut scan = Scan::default();
        let mut previous: Option<Token<'a>> = None;
        while !self.cut.tokens.is_empty() && !self.cut.peek(0).ends_batch() {
            let token = self.cut.next();
            let in_clause = previous.is_some_and(|previous| {
                previous.text.starts_with('@') || matches!(previous.word(), "EXEC" | "EXECUTE")
            });
            if scan.is_outside() && token.word() == "AS" && !in_clause {
                return Some(token);
            }
            scan.follow(&token);
            previous = Some(token);
        }
        None
    }

    /// `ON table AFTER INSERT AS`: the changed rows are rows of the table.
    fn trigger_head(&mut self) -> bool {
        let table = if self.cut.take("ON") { self.cut.name() } else { None };
        let is_of_table = table.is_some_and(|table| !matches!(table.to_ascii_uppercase().as_str(), "DATABASE" | "ALL"));
        if is_of_table {
            self.cut.out.trigger(table.map(str::to_owned), ["inserted", "deleted"].map(str::to_owned).into());
        }
        self.head_until_as().is_some()
    }

    /// `(@a int) RETURNS TABLE AS`, `RETURNS @rows TABLE (…) AS`, `RETURNS int AS`, up to the body.
    fn function_head(&mut self, (from, name): (Spot, &'a str)) -> bool {
        self.cut.parentheses();
        self.cut.take("RETURNS");
        let first = self.cut.peek(0);
        let variable = first.text.starts_with('@').then_some(first);
        if variable.is_some() {
            self.cut.next();
        }
        if self.cut.take("TABLE") {
            self.gives_table((from, name), variable);
        }
        let mut scan = Scan::default();
        while !self.cut.tokens.at_end() {
            let next = self.cut.peek(0);
            if scan.is_outside() && matches!(next.word(), "BEGIN" | "RETURN" | "EXTERNAL") {
                return next.word() != "EXTERNAL";
            }
            let token = self.cut.next();
            scan.follow(&token);
        }
        false
    }

    fn gives_table(&mut self, (from, name): (Spot, &'a str), variable: Option<Token<'a>>) {
        let returned = Arc::new(Returned { name: name.to_owned(), columns: Vec::new() });
        let mut routine = Routine { returned: Some(returned), variable: None };
        let open = self.cut.peek(0).at;
        let has_columns = self.cut.parentheses().is_some();
        if let Some(variable) = variable.filter(|_| has_columns) {
            let columns = self.cut.tokens.script.get(open.offset..self.cut.tokens.taken).unwrap_or_default();
            let head = format!("CREATE TABLE {}", variable.text);
            let text = placed((variable.at, &head), open, columns);
            self.cut.out.add(Cow::Owned(text), variable.at, Role::Statement);
            routine.variable = Some((variable.text.to_owned(), from));
        }
        self.routine = Some(routine);
    }
}
