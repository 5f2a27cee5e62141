//! What the walkers of all dialects share: tokens in, pieces out, and queries in parentheses on the way.

use std::sync::Arc;

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Spot};
use crate::sql::split::literal::{Content, content};
use crate::sql::split::pieces::{Locals, Pieces, Returned, Role};
use crate::sql::split::tokens::{Token, Tokens};
use crate::sql::split::walk;

/// How many texts in quotes (`EXECUTE IMMEDIATE '…'`, `AS $$ … $$`) are opened inside of each other.
const DEEPEST_QUOTES: usize = 8;

/// Tokens in, pieces out.
pub(crate) struct Cutter<'a> {
    pub tokens: Tokens<'a>,
    pub out: Pieces<'a>,
    /// Texts in quotes around this one.
    pub nesting: usize,
    /// What the whole text is.
    pub inside: Inside,
    /// What the table function gives whose body the text is.
    pub returned: Option<Arc<Returned>>,
}

/// What a text is that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Statements.
    Script,
    /// The body of a procedure or a function.
    Body,
    /// The body of a function that is a value.
    Expression,
}

/// Where a scan over tokens stands.
#[derive(Default)]
pub(crate) struct Scan {
    /// Open parentheses.
    pub depth: usize,
    /// CASE expressions that wait for their END.
    pub cases: usize,
    /// The query in parentheses that the scan is in: where it starts, and at which depth.
    query: Option<(Spot, usize)>,
}

impl Scan {
    /// Whether the scan is outside of parentheses and CASE expressions.
    pub fn is_outside(&self) -> bool {
        self.depth == 0 && self.cases == 0
    }

    /// Follows parentheses and CASE expressions.
    pub fn follow(&mut self, token: &Token<'_>) {
        match token.kind {
            Kind::Symbol if token.is('(') => self.depth += 1,
            Kind::Symbol if token.is(')') => self.depth = self.depth.saturating_sub(1),
            Kind::Word => match token.word() {
                "CASE" => self.cases += 1,
                "END" => self.cases = self.cases.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
    }
}

impl<'a> Cutter<'a> {
    pub fn dialect(&self) -> Dialect {
        self.tokens.dialect
    }

    pub fn peek(&mut self, places: usize) -> Token<'a> {
        self.tokens.peek(places)
    }

    pub fn is(&mut self, places: usize, word: &str) -> bool {
        self.tokens.is(places, word)
    }

    pub fn next(&mut self) -> Token<'a> {
        self.tokens.next()
    }

    /// Takes the next token if it is this word.
    pub fn take(&mut self, word: &str) -> bool {
        let found = self.is(0, word);
        if found {
            self.next();
        }
        found
    }

    /// Takes the next token; a query in parentheses that ends with it is a piece that is read.
    pub fn pass(&mut self, scan: &mut Scan) -> Token<'a> {
        let token = self.next();
        if token.is(')')
            && let Some((from, depth)) = scan.query
            && depth == scan.depth
        {
            scan.query = None;
            self.push_inner((from, token.at.offset));
        }
        scan.follow(&token);
        if token.is('(') && scan.query.is_none() {
            let inner = self.peek(0);
            if self.starts_inner(&inner) {
                scan.query = Some((inner.at, scan.depth));
            }
        }
        token
    }

    fn starts_inner(&self, token: &Token<'_>) -> bool {
        match token.word() {
            "SELECT" | "WITH" => true,
            // Snowflake's `LET rows RESULTSET := (INSERT …)`, `ASYNC (UPDATE …)`.
            "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "EXECUTE" => self.dialect() == Dialect::Snowflake,
            _ => false,
        }
    }

    fn push_inner(&mut self, (from, end): (Spot, usize)) {
        let text = self.tokens.script.get(from.offset..end).unwrap_or_default();
        let is_query = ["select", "with"]
            .iter()
            .any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        self.out.push(&self.tokens, (from, end), if is_query { Role::Reads } else { Role::Statement });
    }

    /// Takes tokens up to the end of the statement, or up to a word outside of parentheses; queries on the way are read.
    /// Gives the word, which is taken as well; `None` at the end of the statement.
    pub fn pass_until(&mut self, stops: &[&str]) -> Option<Token<'a>> {
        let mut scan = Scan::default();
        while !self.tokens.at_end() {
            let outside = scan.is_outside();
            let token = self.pass(&mut scan);
            if outside && stops.contains(&token.word()) {
                return Some(token);
            }
        }
        None
    }

    /// The query that starts with the next token and ends before one of these words, or with the statement.
    pub fn query_until(&mut self, stops: &[&str], role: Role) {
        let from = self.peek(0).at;
        self.push_until(from, stops, role);
    }

    /// The text from a place up to one of these words, or to the end of the statement.
    pub fn push_until(&mut self, from: Spot, stops: &[&str], role: Role) {
        let mut scan = Scan::default();
        while !self.tokens.at_end() {
            let token = self.peek(0);
            if scan.is_outside() && stops.contains(&token.word()) {
                break;
            }
            self.next();
            scan.follow(&token);
        }
        self.out.push(&self.tokens, (from, self.tokens.taken), role);
    }

    /// Takes the parentheses that open with the next token and what they hold; gives the range within.
    pub fn parentheses(&mut self) -> Option<(Spot, usize)> {
        if !self.peek(0).is('(') {
            return None;
        }
        self.next();
        let first = self.peek(0).at;
        let mut depth = 1_usize;
        while depth > 0 && !self.tokens.is_empty() {
            let token = self.next();
            if token.is('(') {
                depth += 1;
            } else if token.is(')') {
                depth -= 1;
                if depth == 0 {
                    return Some((first, token.at.offset));
                }
            }
        }
        Some((first, self.tokens.taken))
    }

    /// A qualified name, as it is written.
    pub fn name(&mut self) -> Option<&'a str> {
        let from = self.peek(0);
        if !matches!(from.kind, Kind::Word | Kind::Quoted) {
            return None;
        }
        self.next();
        while self.peek(0).is('.') {
            self.next();
            while self.peek(0).is('.') {
                self.next();
            }
            if matches!(self.peek(0).kind, Kind::Word | Kind::Quoted) {
                self.next();
            }
        }
        self.tokens.script.get(from.at.offset..self.tokens.taken)
    }

    /// Cuts the content of a string or a dollar quote as SQL at its own place. Whether it could be opened.
    pub fn open_quotes(&mut self, token: &Token<'a>, inside: Inside) -> bool {
        if self.nesting >= DEEPEST_QUOTES {
            return false;
        }
        let Some(content) = content(token, self.dialect()) else { return false };
        let (dialect, nesting, returned) = (self.dialect(), self.nesting + 1, self.returned.clone());
        match content {
            Content::Range(from, end) => {
                let tokens = Tokens::within(self.tokens.script, from, end, dialect);
                let out = std::mem::take(&mut self.out);
                self.out = walk(Cutter { tokens, out, nesting, inside, returned });
            }
            Content::Text(text, at) => {
                let locals = if inside == Inside::Script { Locals::default() } else { self.out.locals() };
                let (tokens, out) = (Tokens::new(&text, dialect), Pieces::with_locals(locals));
                let out = walk(Cutter { tokens, out, nesting, inside, returned });
                let pieces = out.finish().into_iter().map(|piece| piece.into_owned().moved_to(at));
                self.out.extend(pieces);
            }
        }
        true
    }

    /// Cuts a part of this script on its own.
    pub fn open_part(&mut self, (from, end): (Spot, usize)) {
        if self.nesting >= DEEPEST_QUOTES {
            return self.out.push(&self.tokens, (from, end), Role::Statement);
        }
        let tokens = Tokens::within(self.tokens.script, from, end, self.dialect());
        let out = std::mem::take(&mut self.out);
        self.out = walk(Cutter { tokens, out, nesting: self.nesting + 1, inside: Inside::Body, returned: None });
    }

    /// The first word of what stands in quotes, in upper case.
    pub fn first_word_within(&self, token: &Token<'a>) -> String {
        match content(token, self.dialect()) {
            Some(Content::Range(from, end)) => {
                Tokens::within(self.tokens.script, from, end, self.dialect()).peek(0).word().to_owned()
            }
            Some(Content::Text(text, _)) => Tokens::new(&text, self.dialect()).peek(0).word().to_owned(),
            None => String::new(),
        }
    }
}
