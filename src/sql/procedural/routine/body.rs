//! Bodies: statements that follow, one query, or a text in quotes.

use std::sync::Arc;

use crate::sql::procedural::Walker;
use crate::sql::procedural::declare::starts_statement;
use crate::sql::procedural::routine::{Head, Noun};
use crate::sql::split::{Inside, Returned, Role, Token};

impl<'a> Walker<'a> {
    /// A body that is one query or expression, up to the end of the statement.
    pub(super) fn begin_query(&mut self, head: &mut Head<'a>) {
        self.control(head);
        let start = self.cut.out.len();
        let next = self.cut.peek(0);
        let inner = if next.is('(') { self.cut.peek(1) } else { next };
        if !matches!(inner.word(), "SELECT" | "WITH" | "FROM") {
            self.cut.pass_until(&[]);
        } else if !next.is('(') {
            self.cut.push_until(next.at, &[], Role::Statement);
        } else if let Some(part) = self.cut.parentheses() {
            self.cut.out.push(&self.cut.tokens, part, Role::Statement);
        }
        let returned = returned(head);
        self.mark_result(start, returned.as_ref());
    }

    /// The head as a piece: it creates something, and moves no data. What a procedure in another language runs is not
    /// known; a function computes a value.
    pub(super) fn control(&mut self, head: &mut Head<'a>) {
        if head.is_told {
            return;
        }
        head.is_told = true;
        let opaque = head.noun == Noun::Procedure && !is_sql(head.language);
        let role = if opaque { Role::Dynamic } else { Role::Control };
        self.cut.out.push(&self.cut.tokens, (head.from, self.cut.tokens.taken), role);
    }

    /// The body's statements begin with the next token.
    pub(super) fn begin_body(&mut self, head: &mut Head<'a>) {
        self.control(head);
        if head.noun == Noun::Trigger {
            let mut rows = head.rows.clone();
            rows.extend(["new", "old"].map(str::to_owned));
            self.cut.out.trigger(head.table.map(str::to_owned), rows);
        }
        let start = self.cut.out.len();
        let gives_last = head.noun == Noun::Function && self.cut.is(0, "BEGIN") && self.cut.is(1, "ATOMIC");
        if let Some(routine) = self.routines.last_mut() {
            routine.has_begun = true;
            routine.returned = returned(head);
            routine.result_from = gives_last.then_some(start);
        }
    }

    /// The end of a statement whose body, if it has one, stood in quotes or was one query.
    pub(super) fn end_head(&mut self, head: &mut Head<'a>) {
        self.control(head);
        if let (Some(function), Some(table)) = (head.called, head.table) {
            self.cut.out.fires(function, table, &head.rows);
        }
        if let Some(body) = head.quoted.filter(|_| is_sql(head.language)) {
            self.quoted_body(head, &body);
        }
        self.in_declarations = self.routines.pop().is_some_and(|routine| routine.within_declarations);
        self.cut.out.close_scope();
    }

    fn quoted_body(&mut self, head: &Head<'a>, body: &Token<'a>) {
        let is_plain = head.language.is_none_or(|language| language.eq_ignore_ascii_case("sql"));
        let is_function = head.noun == Noun::Function;
        let returned = returned(head);
        if is_function && !is_plain {
            // Of PL/pgSQL's trigger functions, the table is not known here.
            self.cut.out.trigger(None, ["new", "old"].map(str::to_owned).into());
            self.cut.out.name_scope(head.name);
        }
        let first = self.cut.first_word_within(body);
        let is_expression =
            is_function && is_plain && !starts_statement(&first) && !matches!(&*first, "BEGIN" | "DECLARE");
        let start = self.cut.out.len();
        let outer = std::mem::replace(&mut self.cut.returned, returned.clone());
        self.cut.open_quotes(body, if is_expression { Inside::Expression } else { Inside::Body });
        self.cut.returned = outer;
        if is_function && is_plain {
            self.mark_result(start, returned.as_ref());
        }
    }
}

/// Whether a language is SQL, or a procedural form of it.
fn is_sql(language: Option<&str>) -> bool {
    language.is_none_or(|language| {
        ["sql", "plpgsql", "plsql", "spl"].iter().any(|name| language.eq_ignore_ascii_case(name))
    })
}

/// What a table function gives.
fn returned(head: &Head<'_>) -> Option<Arc<Returned>> {
    (head.gives_table && head.noun != Noun::Procedure)
        .then(|| Arc::new(Returned { name: head.name.to_owned(), columns: head.columns.clone() }))
}
