//! EXEC: of a text, where that is one string read at its place, else not known; of a procedure, a call.

use std::borrow::Cow;

use super::leaf::{Leaf, Verb};
use super::{Walker, placed};
use crate::sql::lexer::{Kind, Spot};
use crate::sql::split::cutter::Inside;
use crate::sql::split::literal::{Content, content, is_string};
use crate::sql::split::pieces::Role;
use crate::sql::split::tokens::Token;

/// What an EXEC runs.
enum Run<'a> {
    /// A text that is one string.
    Text(Token<'a>),
    /// A procedure.
    Procedure(&'a str),
    /// What is put together at run time.
    Unknown,
}

impl<'a> Walker<'a> {
    pub(super) fn exec(&mut self) {
        let first = self.cut.next();
        let run = self.run();
        self.pass_leaf(Leaf::new(Verb::Other));
        let role = match run {
            Run::Text(literal) if self.cut.open_quotes(&literal, Inside::Script) => return,
            Run::Text(_) | Run::Unknown => Role::Dynamic,
            // A change of names, which the resolver follows.
            Run::Procedure(name) if is_rename(name) => Role::Statement,
            Run::Procedure(_) => Role::Control,
        };
        self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), role);
    }

    /// `INSERT INTO t EXEC …`: the rows come from a text, from a procedure, or from what is not known.
    pub(super) fn insert_exec(&mut self, from: Spot, exec: Token<'a>) {
        let run = self.run();
        self.pass_leaf(Leaf::new(Verb::Other));
        let head = self.cut.tokens.script.get(from.offset..exec.at.offset).unwrap_or_default();
        let is_query = |literal: &Token<'a>| {
            let first = self.cut.first_word_within(literal);
            matches!(&*first, "SELECT" | "WITH") || literal.text.trim_start_matches(['\'', ' ', '\n']).starts_with('(')
        };
        let text = match &run {
            // Rows that the system gives (`DBCC …`) have no upstream.
            Run::Text(literal) if !is_query(literal) => format!("{} DEFAULT VALUES", without_columns(head)),
            Run::Text(literal) => match content(literal, self.cut.dialect()) {
                Some(Content::Range(at, end)) => {
                    placed((from, head), at, self.cut.tokens.script.get(at.offset..end).unwrap_or_default())
                }
                Some(Content::Text(text, at)) => placed((from, head), at, &text),
                None => head.to_owned(),
            },
            Run::Procedure(name) => format!("{head}SELECT * FROM {name}()"),
            Run::Unknown => format!("{} DEFAULT VALUES", without_columns(head)),
        };
        self.cut.out.add(Cow::Owned(text), from, Role::Statement);
        if matches!(run, Run::Unknown) {
            self.cut.out.push(&self.cut.tokens, (exec.at, self.cut.tokens.taken), Role::Dynamic);
        }
    }

    /// What the EXEC runs that was taken. What follows its first words is not taken.
    fn run(&mut self) -> Run<'a> {
        if self.cut.peek(0).is('(') {
            self.cut.next();
            return self.text(")");
        }
        let is_variable = self.cut.peek(0).text.starts_with('@');
        if is_variable && self.cut.peek(1).is('=') {
            self.cut.next();
            self.cut.next();
        } else if is_variable {
            // The procedure's name is put together.
            return Run::Unknown;
        }
        let name = self.cut.name().unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default().trim_matches(['[', ']', '"']).to_ascii_lowercase();
        match last.as_str() {
            "sp_executesql" => {
                if self.cut.peek(0).text.starts_with('@') && self.cut.peek(1).is('=') {
                    self.cut.next();
                    self.cut.next();
                }
                self.text(",")
            }
            "sp_msforeachdb" | "sp_msforeachtable" | "sp_ineachdb" => Run::Unknown,
            _ => Run::Procedure(name),
        }
    }

    /// The text that is run, if it is one string up to one of these signs or the end of the statement.
    fn text(&mut self, behind: &str) -> Run<'a> {
        let prefix = usize::from(self.cut.peek(0).text.eq_ignore_ascii_case("n"));
        let literal = self.cut.peek(prefix);
        let sign = self.cut.peek(prefix + 1);
        let ends = sign.ends_statement() || sign.kind == Kind::Word;
        // `EXEC ('…') AT server` speaks the server's language.
        let is_far = behind == ")" && self.cut.is(prefix + 2, "AT");
        let is_alone = sign.text == behind || (behind == "," && ends);
        if is_string(&literal, self.cut.dialect()) && is_alone && !is_far { Run::Text(literal) } else { Run::Unknown }
    }
}

/// `INSERT INTO t` of `INSERT INTO t WITH (TABLOCK) (a, b)`.
fn without_columns(head: &str) -> &str {
    let mut head = head.trim_end();
    while head.ends_with(')')
        && let Some((before, _)) = head.rsplit_once('(')
    {
        head = before.trim_end();
    }
    let hint = head.len().checked_sub(5).and_then(|at| head.split_at_checked(at));
    match hint {
        Some((before, word)) if word.trim_start().eq_ignore_ascii_case("with") => before.trim_end(),
        _ => head,
    }
}

fn is_rename(name: &str) -> bool {
    name.to_ascii_lowercase().trim_end_matches([']', '"']).ends_with("sp_rename")
}
