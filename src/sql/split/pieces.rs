//! The pieces of a script, while they are found.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::sql::lexer::Spot;
use crate::sql::split::tokens::Tokens;

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its text, without the terminator.
    pub text: Cow<'a, str>,
    /// Line of its first character in the script, from 1.
    pub line: u32,
    /// Column of its first character in that line, in characters, from 1.
    pub column: u32,
    /// What it is to its script.
    pub role: Role,
    /// The names that mean no column and no asset in it.
    pub locals: Option<Arc<Locals>>,
}

/// What a piece is to its script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Role {
    /// A statement that stands for itself.
    #[default]
    Statement,
    /// A query whose rows steer the script or fill its variables: it is read, and feeds no asset.
    Reads,
    /// A query whose rows are what a table function gives.
    Result(Arc<Returned>),
    /// Runs SQL that is put together at run time.
    Dynamic,
    /// Moves no data itself: the head of a procedure, a call.
    Control,
    /// Says at the top of its script where names live from there on: USE, `SET search_path`.
    Session,
}

/// The result of a table function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Returned {
    /// The function's name, as it is written.
    pub name: String,
    /// The columns that it declares, as they are written; none where the query names them.
    pub columns: Vec<String>,
}

/// Names that live in a procedure, a function, a trigger or a script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locals {
    /// Parameters, variables, cursors and records of loops, in lower case.
    pub names: BTreeSet<String>,
    /// The table of a trigger, as it is written.
    pub trigger_table: Option<String>,
    /// What a trigger calls the rows that changed (`new`, `old`, `inserted`, `deleted`), in lower case.
    pub rows: BTreeSet<String>,
}

impl Locals {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.rows.is_empty()
    }
}

/// Names of an enclosing scope that an inner one takes over at most.
const MOST_TAKEN_OVER: usize = 500;

struct Scope {
    /// The first piece in it.
    start: usize,
    locals: Locals,
    /// The function whose body it is, where a trigger may call it.
    function: Option<String>,
}

/// A function that a trigger may call, and its pieces.
struct TriggerFunction {
    name: String,
    pieces: Range<usize>,
}

/// A trigger that calls a function.
struct Trigger {
    function: String,
    table: String,
    rows: BTreeSet<String>,
}

/// Collects pieces, and the scopes that they stand in.
pub(crate) struct Pieces<'a> {
    list: Vec<Piece<'a>>,
    scopes: Vec<Scope>,
    functions: Vec<TriggerFunction>,
    triggers: Vec<Trigger>,
}

impl Default for Pieces<'_> {
    fn default() -> Self {
        Self::with_locals(Locals::default())
    }
}

impl<'a> Pieces<'a> {
    /// All pieces, each with its locals.
    pub fn finish(mut self) -> Vec<Piece<'a>> {
        while !self.scopes.is_empty() {
            self.close_scope();
        }
        self.join_triggers();
        self.list
    }

    /// Tells the body of a function the table of the only trigger that calls it.
    fn join_triggers(&mut self) {
        for function in &self.functions {
            let mut calling = self.triggers.iter().filter(|trigger| trigger.function == function.name);
            let (Some(trigger), None) = (calling.next(), calling.next()) else { continue };
            for piece in self.list.get_mut(function.pieces.clone()).unwrap_or_default() {
                if let Some(locals) = &mut piece.locals {
                    let locals = Arc::make_mut(locals);
                    locals.trigger_table = Some(trigger.table.clone());
                    locals.rows.extend(trigger.rows.iter().cloned());
                }
            }
        }
    }

    /// Says which function the innermost scope is the body of.
    pub fn name_scope(&mut self, function: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.function = Some(last_part(function));
        }
    }

    /// Notes that a trigger on a table calls a function, and what it calls the changed rows.
    pub fn fires(&mut self, function: &str, table: &str, rows: &BTreeSet<String>) {
        let function = last_part(function);
        self.triggers.push(Trigger { function, table: table.to_owned(), rows: rows.clone() });
    }

    pub fn open_scope(&mut self) {
        self.scopes.push(Scope { start: self.list.len(), locals: Locals::default(), function: None });
    }

    pub fn close_scope(&mut self) {
        let Some(mut scope) = self.scopes.pop() else { return };
        if let Some(outer) = self.scopes.last() {
            scope.locals.names.extend(outer.locals.names.iter().take(MOST_TAKEN_OVER).cloned());
            if scope.locals.rows.is_empty() {
                scope.locals.rows.clone_from(&outer.locals.rows);
                scope.locals.trigger_table.clone_from(&outer.locals.trigger_table);
            }
        }
        if scope.locals.is_empty() {
            return;
        }
        if let Some(name) = scope.function {
            self.functions.push(TriggerFunction { name, pieces: scope.start..self.list.len() });
        }
        let locals = Arc::new(scope.locals);
        for piece in self.list.iter_mut().skip(scope.start).filter(|piece| piece.locals.is_none()) {
            piece.locals = Some(locals.clone());
        }
    }

    /// Adds a name to the innermost scope.
    pub fn declare(&mut self, name: &str) {
        let name = name.trim_matches(['"', '`', '[', ']']).to_lowercase();
        if let Some(scope) = self.scopes.last_mut().filter(|_| !name.is_empty()) {
            scope.locals.names.insert(name);
        }
    }

    /// Whether a name is known to be a local one.
    pub fn is_local(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.scopes.iter().any(|scope| scope.locals.names.contains(&name))
    }

    /// Says whose trigger the innermost scope is, and what its changed rows are called.
    pub fn trigger(&mut self, table: Option<String>, rows: BTreeSet<String>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.locals.trigger_table = table;
            scope.locals.rows = rows;
        }
    }

    /// The names of the innermost scope.
    pub fn locals(&self) -> Locals {
        self.scopes.last().map(|scope| scope.locals.clone()).unwrap_or_default()
    }

    /// Pieces that know the names of `locals`.
    pub fn with_locals(locals: Locals) -> Self {
        let scopes = vec![Scope { start: 0, locals, function: None }];
        Self { list: Vec::new(), scopes, functions: Vec::new(), triggers: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The pieces from an index on.
    pub fn since(&mut self, start: usize) -> &mut [Piece<'a>] {
        self.list.get_mut(start..).unwrap_or_default()
    }

    pub fn last_mut(&mut self) -> Option<&mut Piece<'a>> {
        self.list.last_mut()
    }

    pub fn last(&self) -> Option<&Piece<'a>> {
        self.list.last()
    }

    /// Adds the text between two places.
    pub fn push(&mut self, tokens: &Tokens<'a>, (from, end): (Spot, usize), role: Role) {
        self.push_without(tokens, (from, end), &[], role);
    }

    /// Adds the text between two places; some ranges of it are blanks to the parser.
    pub fn push_without(
        &mut self,
        tokens: &Tokens<'a>,
        (from, end): (Spot, usize),
        blanks: &[Range<usize>],
        role: Role,
    ) {
        let text = tokens.script.get(from.offset..end).unwrap_or_default().trim_end();
        let hints = tokens.hints.iter().rev().take_while(|hint| hint.start >= from.offset);
        let blanks: Vec<Range<usize>> = hints.chain(blanks).filter(|range| range.end <= end).cloned().collect();
        let text = if blanks.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(without(text, from.offset, blanks)) };
        self.add(text, from, role);
    }

    /// Adds a text of our own that starts at a place of the script.
    pub fn add(&mut self, text: Cow<'a, str>, at: Spot, role: Role) {
        if !text.trim().is_empty() {
            self.list.push(Piece { text, line: at.line, column: at.column, role, locals: None });
        }
    }

    /// Adds pieces of another text.
    pub fn extend(&mut self, pieces: impl Iterator<Item = Piece<'a>>) {
        self.list.extend(pieces);
    }
}

/// The last part of a name, in lower case and without quotes.
fn last_part(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().trim_matches('"').to_lowercase()
}

/// The text, which starts at `offset`, with blanks in the place of the ranges; lines stay where they are.
fn without(text: &str, offset: usize, mut blanks: Vec<Range<usize>>) -> String {
    blanks.sort_by_key(|range| range.start);
    let mut blanks = blanks.into_iter().peekable();
    text.char_indices()
        .map(|(at, character)| {
            while blanks.next_if(|range| range.end <= offset + at).is_some() {}
            let hidden = blanks.peek().is_some_and(|range| range.contains(&(offset + at)));
            if hidden && character != '\n' { ' ' } else { character }
        })
        .collect()
}

impl Piece<'_> {
    /// The piece of a text that itself starts at a place of the script.
    #[must_use]
    pub fn moved_to(mut self, at: Spot) -> Self {
        if self.line == 1 {
            self.column = self.column.saturating_add(at.column).saturating_sub(1);
        }
        self.line = self.line.saturating_add(at.line).saturating_sub(1);
        self
    }

    /// The piece with a text of its own.
    pub fn into_owned<'b>(self) -> Piece<'b> {
        Piece {
            text: Cow::Owned(self.text.into_owned()),
            line: self.line,
            column: self.column,
            role: self.role,
            locals: self.locals,
        }
    }
}
