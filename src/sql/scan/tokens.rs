//! The words, names and signs of a statement, comments and blanks left out.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{self, Lexer};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An unquoted word or number.
    Word,
    /// A quoted identifier.
    Name,
    /// A string, or a text in dollar quotes.
    Text,
    /// Any other character.
    Sign,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub offset: usize,
    pub line: u32,
    pub column: u32,
}

impl<'a> Token<'a> {
    /// Whether it is this unquoted word, whatever its case, or this sign.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(text)
    }

    /// Whether it is one of these unquoted words.
    pub fn is_any(&self, texts: &[&str]) -> bool {
        self.kind == Kind::Word && texts.iter().any(|text| self.text.eq_ignore_ascii_case(text))
    }

    /// Whether nothing stands between it and the next one.
    pub fn touches(&self, next: &Token<'_>) -> bool {
        self.offset + self.text.len() == next.offset
    }

    /// The text between quotes, doubled quotes made one; the text itself where there are none.
    pub fn unquoted(&self) -> String {
        let mut characters = self.text.chars();
        match (self.kind, characters.next()) {
            (Kind::Name | Kind::Text, Some(open @ ('\'' | '"' | '`' | '['))) => {
                let close = if open == '[' { ']' } else { open };
                let inner = characters.as_str();
                let inner = inner.strip_suffix(close).unwrap_or(inner);
                inner.replace(&format!("{close}{close}"), &close.to_string())
            }
            _ => self.text.to_owned(),
        }
    }

    /// The quote in front of a name.
    pub fn quote(&self) -> Option<char> {
        self.text.chars().next().filter(|_| self.kind == Kind::Name)
    }
}

/// The tokens of a statement.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Vec<Token<'_>> {
    let mut lexer = Lexer::new(text, dialect);
    let mut tokens = Vec::new();
    while let Some(lexeme) = lexer.next_lexeme() {
        let kind = match lexeme.kind {
            lexer::Kind::Space | lexer::Kind::Comment | lexer::Kind::Hint | lexer::Kind::ClientLine => continue,
            lexer::Kind::Word => Kind::Word,
            lexer::Kind::Quoted if is_name(lexeme.text, dialect) => Kind::Name,
            lexer::Kind::Quoted => Kind::Text,
            lexer::Kind::Terminator | lexer::Kind::Symbol => Kind::Sign,
        };
        tokens.push(Token { kind, text: lexeme.text, offset: lexeme.offset, line: lexeme.line, column: lexeme.column });
    }
    tokens
}

/// Whether a quoted thing is an identifier: double quotes hold strings in some dialects.
fn is_name(text: &str, dialect: Dialect) -> bool {
    match text.chars().next() {
        Some('`' | '[') => true,
        Some('"') => !matches!(
            dialect,
            Dialect::BigQuery | Dialect::MySql | Dialect::Spark | Dialect::Databricks | Dialect::Hive
        ),
        _ => false,
    }
}
