//! A statement's tokens as rules see them, and the edits that rules make.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use crate::sql::dialect::Dialect;

/// The tokens that count, blanks and comments passed over. Positions past the end hold the end of the statement.
pub(super) struct View<'t> {
    tokens: &'t [TokenWithSpan],
    /// Positions of the tokens that count.
    places: Vec<usize>,
    /// For each bracket that counts the index of its partner.
    partners: Vec<Option<usize>>,
    pub dialect: Dialect,
}

impl<'t> View<'t> {
    pub fn new(tokens: &'t [TokenWithSpan], dialect: Dialect) -> Self {
        let counts = |(place, token): (usize, &TokenWithSpan)| match token.token {
            Token::Whitespace(_) | Token::EOF => None,
            _ => Some(place),
        };
        let places: Vec<usize> = tokens.iter().enumerate().filter_map(counts).collect();
        let mut view = Self { tokens, places, partners: Vec::new(), dialect };
        view.partners = view.pair_brackets();
        view
    }

    fn pair_brackets(&self) -> Vec<Option<usize>> {
        let mut partners = vec![None; self.places.len()];
        let mut open = Vec::new();
        for at in 0..self.places.len() {
            match self.token(at) {
                Token::LParen | Token::LBracket | Token::LBrace => open.push(at),
                Token::RParen | Token::RBracket | Token::RBrace => {
                    if let Some(start) = open.pop() {
                        if let Some(slot) = partners.get_mut(start) {
                            *slot = Some(at);
                        }
                        if let Some(slot) = partners.get_mut(at) {
                            *slot = Some(start);
                        }
                    }
                }
                _ => {}
            }
        }
        partners
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn token(&self, at: usize) -> &'t Token {
        self.places.get(at).and_then(|place| self.tokens.get(*place)).map_or(&Token::EOF, |token| &token.token)
    }

    /// The token at `at` with its place in the file; `None` behind the last one.
    pub fn spanned(&self, at: usize) -> Option<TokenWithSpan> {
        self.places.get(at).and_then(|place| self.tokens.get(*place)).cloned()
    }

    /// The partner of the bracket at `at`.
    pub fn partner(&self, at: usize) -> Option<usize> {
        self.partners.get(at).copied().flatten()
    }

    /// The index behind the bracket that opens at `at` and all within; `at` itself where none opens there.
    pub fn behind(&self, at: usize) -> usize {
        match self.token(at) {
            Token::LParen | Token::LBracket | Token::LBrace => self.partner(at).map_or(at, |close| close + 1),
            _ => at,
        }
    }

    /// The unquoted word at `at` in upper case; empty where there is none.
    pub fn word(&self, at: usize) -> String {
        match self.token(at) {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    /// Whether this unquoted word or sign stands at `at`.
    pub fn is(&self, at: usize, text: &str) -> bool {
        match self.token(at) {
            Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text),
            Token::LParen => text == "(",
            Token::RParen => text == ")",
            Token::LBracket => text == "[",
            Token::RBracket => text == "]",
            Token::Comma => text == ",",
            Token::Period => text == ".",
            Token::Eq => text == "=",
            Token::Lt => text == "<",
            Token::Gt => text == ">",
            Token::Colon => text == ":",
            Token::Mul => text == "*",
            Token::Minus => text == "-",
            Token::AtSign => text == "@",
            Token::ExclamationMark => text == "!",
            Token::SemiColon => text == ";",
            Token::RArrow => text == "=>",
            _ => false,
        }
    }

    /// Whether one of these words or signs stands at `at`.
    pub fn any(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is(at, text))
    }

    /// Whether these words and signs stand there one after the other.
    pub fn all(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(offset, text)| self.is(at + offset, text))
    }

    /// Whether a word or a quoted name stands at `at`.
    pub fn is_name(&self, at: usize) -> bool {
        matches!(self.token(at), Token::Word(_))
    }

    pub fn is_text(&self, at: usize) -> bool {
        matches!(
            self.token(at),
            Token::SingleQuotedString(_)
                | Token::DoubleQuotedString(_)
                | Token::DollarQuotedString(_)
                | Token::NationalStringLiteral(_)
                | Token::EscapedStringLiteral(_)
                | Token::TripleSingleQuotedString(_)
                | Token::TripleDoubleQuotedString(_)
        )
    }

    pub fn is_number(&self, at: usize) -> bool {
        matches!(self.token(at), Token::Number(..))
    }

    /// The index behind a dotted name that starts at `at`; `at` itself where none does.
    pub fn behind_name(&self, at: usize) -> usize {
        if !self.is_name(at) {
            return at;
        }
        let mut end = at + 1;
        loop {
            let hyphenated = self.dialect == Dialect::BigQuery && self.is(end, "-") && self.touches(end - 1);
            if (self.is(end, ".") || hyphenated) && (self.is_name(end + 1) || self.is_number(end + 1)) {
                end += 2;
            } else {
                return end;
            }
        }
    }

    /// Whether no blank stands between `at` and the next token.
    pub fn touches(&self, at: usize) -> bool {
        matches!((self.places.get(at), self.places.get(at + 1)), (Some(one), Some(next)) if one + 1 == *next)
    }

    /// The first of these words and signs from `at` on that stands outside of brackets.
    pub fn find(&self, at: usize, texts: &[&str]) -> Option<usize> {
        let mut at = at;
        while at < self.len() {
            if self.any(at, texts) {
                return Some(at);
            }
            match self.token(at) {
                Token::RParen | Token::RBracket | Token::RBrace => return None,
                _ => at = self.behind(at).max(at + 1),
            }
        }
        None
    }

    /// The index of the bracket that closes the level on which `at` stands; that of the end where none does.
    pub fn level_end(&self, at: usize) -> usize {
        let mut at = at;
        while at < self.len() && !matches!(self.token(at), Token::RParen | Token::RBracket | Token::RBrace) {
            at = self.behind(at).max(at + 1);
        }
        at
    }

    /// The statement's text from `from` up to `to`, blanks made even.
    pub fn text(&self, from: usize, to: usize) -> String {
        let mut text = String::new();
        for at in from..to.min(self.len()) {
            let is_word = matches!(self.token(at), Token::Word(_) | Token::Number(..));
            let before = self.token(at.saturating_sub(1));
            let follows_word =
                at > from && matches!(before, Token::Word(_) | Token::Number(..) | Token::Comma | Token::RParen);
            if is_word && follows_word {
                text.push(' ');
            }
            text.push_str(&self.token(at).to_string());
        }
        text
    }

    /// The text that edits take away.
    pub fn left_out(&self, edits: &[Edit]) -> String {
        let texts: Vec<String> = edits.iter().map(|edit| self.text(edit.from, edit.to)).collect();
        texts.join(" ").trim().to_owned()
    }

    /// Clones of the tokens from `from` up to `to`.
    pub fn copy(&self, from: usize, to: usize) -> Vec<Token> {
        (from..to).map(|at| self.token(at).clone()).collect()
    }
}

/// Tokens `from` up to `to` give way to others.
#[derive(Debug)]
pub(super) struct Edit {
    from: usize,
    to: usize,
    with: Vec<Token>,
}

impl Edit {
    pub fn drop(from: usize, to: usize) -> Self {
        Self { from, to, with: Vec::new() }
    }

    pub fn replace(from: usize, to: usize, with: Vec<Token>) -> Self {
        Self { from, to, with }
    }

    pub fn insert(at: usize, with: Vec<Token>) -> Self {
        Self { from: at, to: at, with }
    }
}

/// The tokens after the edits. Of edits that overlap the first counts; new tokens stand where the old ones stood.
pub(super) fn apply(view: &View<'_>, mut edits: Vec<Edit>) -> Vec<TokenWithSpan> {
    edits.sort_by_key(|edit| (edit.from, edit.to));
    let mut edits = edits.into_iter().peekable();
    let mut result = Vec::with_capacity(view.tokens.len());
    let mut at = 0;
    let mut place = 0;
    while at <= view.len() {
        let mut next = at;
        while let Some(edit) = edits.next_if(|edit| edit.from <= at) {
            if edit.from < at {
                continue;
            }
            let here = view.places.get(at).copied().unwrap_or(view.tokens.len());
            result.extend(view.tokens.get(place..here).unwrap_or_default().iter().cloned());
            place = here;
            let span = view.tokens.get(here).or(view.tokens.last()).map_or_else(Span::empty, |token| token.span);
            result.extend(edit.with.into_iter().map(|token| TokenWithSpan { token, span }));
            next = next.max(edit.to.min(view.len()));
            if edit.to > at {
                break;
            }
        }
        if next > at {
            place = view.places.get(next - 1).map_or(place, |last| last + 1);
            at = next;
        } else {
            at += 1;
            let end = view.places.get(at).copied().unwrap_or(view.tokens.len());
            result.extend(view.tokens.get(place..end).unwrap_or_default().iter().cloned());
            place = end;
        }
    }
    result
}

/// A keyword.
pub(super) fn word(text: &str) -> Token {
    Token::make_word(text, None)
}

/// A word that the parser takes for nothing but a name.
pub(super) fn plain_name(text: &str) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword: Keyword::NoKeyword })
}

/// A string.
pub(super) fn string(text: &str) -> Token {
    Token::SingleQuotedString(text.to_owned())
}
