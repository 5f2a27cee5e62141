//! CREATE PROCEDURE, FUNCTION, TRIGGER, PACKAGE, TASK, EVENT, MACRO: what the head says, and where the body begins.

mod body;
mod clause;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Walker;
use crate::sql::lexer::{Kind, Spot};
use crate::sql::split::{Returned, Token};

/// How many routines are looked into inside of each other.
const DEEPEST_ROUTINES: usize = 32;

/// Something whose body is being walked over.
pub(super) struct Routine {
    /// The walker's depth around it.
    pub depth: usize,
    /// Whether its body has begun.
    pub has_begun: bool,
    pub is_package: bool,
    /// Whether it stands among declarations itself.
    pub within_declarations: bool,
    /// What it gives as a table function.
    pub returned: Option<Arc<Returned>>,
    /// Of a function whose last query is its result: the first piece of its body.
    pub result_from: Option<usize>,
}

/// What a head creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noun {
    Procedure,
    Function,
    Trigger,
    Package,
    /// A statement that is run by the clock or by an event: TASK, EVENT, ALERT, PIPE, RULE.
    Action,
    Macro,
}

/// What was read of a head.
struct Head<'a> {
    noun: Noun,
    from: Spot,
    name: &'a str,
    gives_table: bool,
    columns: Vec<String>,
    language: Option<&'a str>,
    /// A body in quotes, to be read once the language is known.
    quoted: Option<Token<'a>>,
    /// Behind FOR EACH ROW, or behind the parameters: a statement is the body.
    takes_statement: bool,
    /// Of a trigger: its table, and the function that it calls.
    table: Option<&'a str>,
    called: Option<&'a str>,
    rows: BTreeSet<String>,
    /// Whether there is a piece for it already.
    is_told: bool,
}

impl<'a> Walker<'a> {
    /// Whether the CREATE that is next creates something with a body.
    pub(super) fn starts_routine(&mut self) -> bool {
        self.routines.len() < DEEPEST_ROUTINES && self.noun().is_some()
    }

    /// What is created, and how many tokens its words take.
    fn noun(&mut self) -> Option<(Noun, usize)> {
        // ALTER gives a new body to what runs by the clock only; of the rest it changes options.
        let is_alter = self.cut.is(0, "ALTER");
        let mut at = 1;
        while at < 24 {
            let token = self.cut.peek(at);
            let next = self.cut.peek(at + 1);
            let noun = match token.word() {
                "PROCEDURE" | "PROC" => Noun::Procedure,
                "FUNCTION" => Noun::Function,
                "TRIGGER" => Noun::Trigger,
                "PACKAGE" => Noun::Package,
                "TYPE" if next.word() == "BODY" => Noun::Package,
                "TASK" | "ALERT" | "PIPE" | "RULE" => Noun::Action,
                "EVENT" if matches!(next.word(), "TRIGGER" | "TABLE") => return None,
                "EVENT" => Noun::Action,
                "MACRO" => Noun::Macro,
                "TABLE" if matches!(next.word(), "FUNCTION" | "MACRO") => {
                    at += 1;
                    continue;
                }
                "DEFINER" => {
                    // `DEFINER = user @ host`
                    at += if self.cut.peek(at + 3).is('@') { 5 } else { 3 };
                    continue;
                }
                "OR" | "REPLACE" | "ALTER" | "TEMP" | "TEMPORARY" | "SECURE" | "AGGREGATE" | "EDITIONABLE"
                | "NONEDITIONABLE" | "CONSTRAINT" | "WINDOW" | "PRIVATE" | "EXTERNAL" | "CREATE" | "PERSISTENT" => {
                    at += 1;
                    continue;
                }
                _ => return None,
            };
            let body = usize::from(matches!(next.word(), "BODY"));
            return (!is_alter || noun == Noun::Action).then_some((noun, at + 1 + body));
        }
        None
    }

    /// CREATE and what it creates, up to its body.
    pub(super) fn routine(&mut self) {
        let Some((noun, words)) = self.noun() else { return };
        let from = self.cut.peek(0).at;
        let mut gives_table = false;
        for _ in 0..words {
            gives_table |= self.cut.next().word() == "TABLE";
        }
        if self.cut.is(0, "IF") {
            self.cut.pass_until(&["EXISTS"]);
        }
        self.head((noun, gives_table), from);
    }

    /// Oracle's PROCEDURE and FUNCTION in a package or among declarations.
    pub(super) fn inner_routine(&mut self) {
        if self.routines.len() >= DEEPEST_ROUTINES {
            return self.leaf();
        }
        let first = self.cut.next();
        let noun = if first.word() == "PROCEDURE" { Noun::Procedure } else { Noun::Function };
        self.head((noun, false), first.at);
    }

    /// Snowflake's `WITH name AS PROCEDURE (…) … CALL name(…)`.
    pub(super) fn anonymous_procedure(&mut self) {
        let from = self.cut.next();
        self.cut.next();
        self.cut.next();
        self.head((Noun::Procedure, false), from.at);
    }

    /// A part of a compound trigger: `BEFORE EACH ROW IS`.
    pub(super) fn trigger_part(&mut self) {
        self.cut.pass_until(&["IS", "AS"]);
        self.open_routine(false);
        if let Some(routine) = self.routines.last_mut() {
            routine.has_begun = true;
        }
    }

    fn open_routine(&mut self, is_package: bool) {
        self.routines.push(Routine {
            depth: self.depth,
            has_begun: false,
            is_package,
            within_declarations: self.in_declarations,
            returned: None,
            result_from: None,
        });
        self.cut.out.open_scope();
    }

    fn head(&mut self, (noun, gives_table): (Noun, bool), from: Spot) {
        let name = self.cut.name().unwrap_or_default();
        self.open_routine(noun == Noun::Package);
        let mut head = Head {
            noun,
            from,
            name,
            gives_table,
            columns: Vec::new(),
            language: None,
            quoted: None,
            takes_statement: noun == Noun::Procedure,
            table: None,
            called: None,
            rows: BTreeSet::new(),
            is_told: false,
        };
        self.parameters(noun == Noun::Macro);
        while !self.cut.tokens.at_end() {
            if self.clause(&mut head) {
                self.begin_body(&mut head);
                return;
            }
        }
        self.end_head(&mut head);
    }

    /// Declares what stands first in each part of the parameters, where its type follows; macros have no types.
    fn parameters(&mut self, untyped: bool) {
        if !self.cut.peek(0).is('(') {
            return;
        }
        self.cut.next();
        let mut depth = 1_usize;
        let mut words: Vec<&'a str> = Vec::new();
        while depth > 0 && !self.cut.tokens.is_empty() {
            let token = self.cut.next();
            if token.is('(') {
                depth += 1;
            } else if token.is(')') {
                depth -= 1;
            }
            if depth == 0 || (depth == 1 && token.is(',')) {
                if let Some(name) = words.first().filter(|_| untyped || words.len() > 1) {
                    self.cut.out.declare(name);
                }
                words.clear();
            } else if depth == 1 && matches!(token.kind, Kind::Word | Kind::Quoted) {
                let is_mode = matches!(token.word(), "IN" | "OUT" | "INOUT" | "VARIADIC" | "ANY");
                if !(is_mode && words.is_empty()) {
                    words.push(token.text);
                }
            }
        }
    }
}
