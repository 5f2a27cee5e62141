//! A script's significant lexemes, with a look ahead of as many as are asked for.

use std::collections::VecDeque;
use std::ops::Range;

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer, Spot};

/// Bytes of the longest word that has a meaning here.
const LONGEST_WORD: usize = 16;

/// A lexeme that is neither space nor comment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub at: Spot,
    /// The word in upper case; empty for what is too long to be a keyword.
    upper: [u8; LONGEST_WORD],
    length: usize,
}

impl<'a> Token<'a> {
    fn new(kind: Kind, text: &'a str, at: Spot) -> Self {
        let mut token = Self { kind, text, at, upper: [0; LONGEST_WORD], length: 0 };
        if kind == Kind::Word
            && text.is_ascii()
            && let Some(slot) = token.upper.get_mut(..text.len())
        {
            slot.copy_from_slice(text.as_bytes());
            slot.make_ascii_uppercase();
            token.length = text.len();
        }
        token
    }

    /// The word in upper case; empty where this is no word that could be a keyword.
    pub fn word(&self) -> &str {
        self.upper.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    pub fn is(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol && self.text.starts_with(symbol)
    }

    /// Whether this is the terminator that a client set, or a line of a client: nothing goes on behind it.
    pub fn ends_batch(&self) -> bool {
        match self.kind {
            Kind::ClientLine => !self.text.starts_with('\\'),
            Kind::Terminator => self.text != ";" && !self.text.is_empty(),
            _ => false,
        }
    }

    /// Whether a statement ends here at the latest.
    pub fn ends_statement(&self) -> bool {
        matches!(self.kind, Kind::Terminator | Kind::ClientLine)
    }

    pub fn end(&self) -> usize {
        self.at.offset + self.text.len()
    }
}

/// Walks over the tokens of a script, or of a part of it.
pub(crate) struct Tokens<'a> {
    pub script: &'a str,
    pub dialect: Dialect,
    lexer: Lexer<'a>,
    ahead: VecDeque<Token<'a>>,
    /// Where the last token that was taken ends.
    pub taken: usize,
    end: Spot,
    /// Marks of comments that MySQL executes: blanks to everyone else.
    pub hints: Vec<Range<usize>>,
}

impl<'a> Tokens<'a> {
    pub fn new(script: &'a str, dialect: Dialect) -> Self {
        Self::from_lexer(script, dialect, Lexer::new(script, dialect))
    }

    /// The tokens between a spot and an end, at the positions of the whole script.
    pub fn within(script: &'a str, from: Spot, end: usize, dialect: Dialect) -> Self {
        let part = script.get(..end).unwrap_or(script);
        Self::from_lexer(part, dialect, Lexer::within(part, from, dialect))
    }

    fn from_lexer(script: &'a str, dialect: Dialect, lexer: Lexer<'a>) -> Self {
        let end = Spot { offset: script.len(), line: 1, column: 1 };
        Self { script, dialect, lexer, ahead: VecDeque::new(), taken: 0, end, hints: Vec::new() }
    }

    /// The token so many places ahead (0: the next one); behind the last one, an empty terminator.
    pub fn peek(&mut self, places: usize) -> Token<'a> {
        while self.ahead.len() <= places {
            let Some(token) = self.pull() else { return Token::new(Kind::Terminator, "", self.end) };
            self.ahead.push_back(token);
        }
        self.ahead.get(places).copied().unwrap_or(Token::new(Kind::Terminator, "", self.end))
    }

    /// Whether the token so many places ahead is this word (in upper case).
    pub fn is(&mut self, places: usize, word: &str) -> bool {
        self.peek(places).word() == word
    }

    /// Takes the next token; behind the last one, an empty terminator.
    pub fn next(&mut self) -> Token<'a> {
        let token = self.peek(0);
        self.ahead.pop_front();
        if !token.text.is_empty() {
            self.taken = token.end();
        }
        token
    }

    /// Whether there is no further token.
    pub fn is_empty(&mut self) -> bool {
        self.peek(0).text.is_empty()
    }

    /// Whether a statement ends before the next token.
    pub fn at_end(&mut self) -> bool {
        self.peek(0).ends_statement()
    }

    fn pull(&mut self) -> Option<Token<'a>> {
        loop {
            let lexeme = self.lexer.next_lexeme()?;
            match lexeme.kind {
                Kind::Space | Kind::Comment => {}
                Kind::Hint => self.hints.push(lexeme.offset..lexeme.offset + lexeme.text.len()),
                kind => {
                    let at = Spot { offset: lexeme.offset, line: lexeme.line, column: lexeme.column };
                    return Some(Token::new(kind, lexeme.text, at));
                }
            }
        }
    }

    /// Skips psql's inline data; nothing may have been looked at ahead.
    pub fn skip_copy_data(&mut self) {
        if self.ahead.is_empty() {
            self.lexer.skip_copy_data();
        }
    }
}
