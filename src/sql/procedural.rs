//! Scripts whose statements end with semicolons, and the procedural code in them: the walker of every dialect but T-SQL.
//!
//! Where a statement can begin, control words (`BEGIN`, `IF … THEN`, `LOOP`, `EXCEPTION WHEN … THEN`, `END IF`) are passed
//! over, so that the statements of a body are found one by one, however deep they stand. Queries in conditions, cursors
//! and assignments are pieces that are read. What the code does at run time is not followed.

mod control;
mod declare;
mod leaf;
mod routine;

use crate::sql::dialect::Dialect;
use crate::sql::lexer::Kind;
use crate::sql::procedural::routine::Routine;
use crate::sql::split::{Cutter, Inside, Pieces, Role, Token};

/// Cuts a text.
pub(crate) fn walk(cut: Cutter<'_>) -> Pieces<'_> {
    let mut walker = Walker { cut, depth: 0, in_declarations: false, routines: Vec::new() };
    if walker.cut.inside == Inside::Expression {
        walker.cut.pass_until(&[]);
    }
    while !walker.cut.tokens.is_empty() {
        walker.statement();
    }
    while walker.routines.pop().is_some() {
        walker.cut.out.close_scope();
    }
    walker.cut.out
}

struct Walker<'a> {
    cut: Cutter<'a>,
    /// Depth of BEGIN, IF, LOOP, CASE … that wait for their END.
    depth: usize,
    /// Between DECLARE (or IS) and BEGIN.
    in_declarations: bool,
    /// The procedures, functions and packages around, outermost first.
    routines: Vec<Routine>,
}

impl<'a> Walker<'a> {
    /// Takes one statement, or the control words that stand where one could begin.
    fn statement(&mut self) {
        let token = self.cut.peek(0);
        match token.kind {
            Kind::Terminator | Kind::ClientLine => self.terminator(),
            Kind::Word => self.word(&token),
            Kind::Symbol if token.is('<') && self.cut.peek(1).is('<') => self.label(),
            _ => self.leaf(),
        }
    }

    fn terminator(&mut self) {
        let token = self.cut.next();
        if token.ends_batch() {
            self.depth = 0;
            self.in_declarations = false;
            while self.routines.pop().is_some() {
                self.cut.out.close_scope();
            }
        } else if self.cut.out.last().is_some_and(|piece| copies_from_stdin(&piece.text)) {
            // Data lines follow, which are no SQL.
            self.cut.tokens.skip_copy_data();
        }
        self.settle();
    }

    /// Closes the routines whose bodies have ended.
    fn settle(&mut self) {
        while let Some(routine) = self.routines.last()
            && routine.has_begun
            && routine.depth == self.depth
            && !self.in_declarations
        {
            self.in_declarations = routine.within_declarations;
            let closed = self.routines.pop();
            if let Some((start, routine)) = closed.and_then(|routine| Some((routine.result_from?, routine))) {
                self.mark_result(start, routine.returned.as_ref());
            }
            self.cut.out.close_scope();
        }
    }

    /// Whether procedural code is around, in which BEGIN opens a block and INTO fills variables.
    fn is_inside(&self) -> bool {
        self.depth > 0 || !self.routines.is_empty() || self.cut.inside != Inside::Script || self.in_declarations
    }

    /// `<<name>>`
    fn label(&mut self) {
        while !self.cut.tokens.at_end() {
            if self.cut.next().is('>') && self.cut.peek(0).is('>') {
                self.cut.next();
                return;
            }
        }
    }

    fn word(&mut self, token: &Token<'a>) {
        if self.in_declarations && !self.ends_declarations(token) {
            let in_package = self.routines.last().is_some_and(|routine| routine.is_package);
            return match token.word() {
                "BEFORE" | "AFTER" | "INSTEAD" if in_package => self.trigger_part(),
                _ => self.declaration(),
            };
        }
        if self.cut.peek(1).is(':') && self.starts_labelled(2) {
            self.cut.next();
            self.cut.next();
            return;
        }
        match token.word() {
            "BEGIN" if self.begins_block() => self.begin(),
            "DECLARE" => self.declare(),
            "END" => self.end(),
            "ELSE" => drop(self.cut.next()),
            "IF" => self.opening(&["THEN"]),
            "ELSEIF" | "ELSIF" | "ELIF" => self.condition(&["THEN"]),
            "WHEN" => self.condition(&["THEN"]),
            "EXCEPTION" if self.cut.is(1, "WHEN") => drop(self.cut.next()),
            "CASE" => self.opening(&["THEN"]),
            "WHILE" => self.opening(&["DO", "LOOP"]),
            "FOR" | "FOREACH" => self.for_loop(),
            "FORALL" => self.forall(),
            "LOOP" => self.open_block(),
            "REPEAT" if !self.cut.peek(1).is('(') => self.open_block(),
            "UNTIL" if self.is_inside() => self.until(),
            "CREATE" | "REPLACE" | "ALTER" if self.starts_routine() => self.routine(),
            "PROCEDURE" | "FUNCTION" if self.is_inside() || self.dialect() == Dialect::Oracle => self.inner_routine(),
            "WITH" if self.cut.is(2, "AS") && self.cut.is(3, "PROCEDURE") => self.anonymous_procedure(),
            "DO" => self.anonymous(),
            "USE" | "SET" | "RESET" | "DATABASE" | "ALTER" | "SELECT" if self.chooses_schema() => self.session(),
            _ => self.leaf(),
        }
    }

    /// Whether a word behind a label starts what can have one.
    fn starts_labelled(&mut self, places: usize) -> bool {
        matches!(self.cut.peek(places).word(), "BEGIN" | "LOOP" | "WHILE" | "FOR" | "REPEAT" | "IF" | "CASE")
    }

    /// PostgreSQL's `DO $$ … $$`.
    fn anonymous(&mut self) {
        let from = self.cut.next();
        let mut body = None;
        while !self.cut.tokens.at_end() {
            let token = self.cut.next();
            if token.kind == Kind::Quoted && body.is_none() {
                body = Some(token);
            }
        }
        let opened = body.is_some_and(|body| {
            self.cut.out.open_scope();
            let opened = self.cut.open_quotes(&body, Inside::Body);
            self.cut.out.close_scope();
            opened
        });
        if !opened {
            self.cut.out.push(&self.cut.tokens, (from.at, self.cut.tokens.taken), Role::Statement);
        }
    }

    fn dialect(&self) -> Dialect {
        self.cut.dialect()
    }
}

/// Whether a statement is a psql `COPY … FROM stdin`.
fn copies_from_stdin(text: &str) -> bool {
    let is_copy = text.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("copy "));
    is_copy && {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        words.windows(2).any(|pair| {
            matches!(pair, [from, stdin]
                if from.eq_ignore_ascii_case("from") && stdin.to_ascii_lowercase().starts_with("stdin"))
        })
    }
}

#[cfg(test)]
mod tests;
