//! The coarse lexer under the splitter: words, quoted things, comments, terminators, client lines.
//!
//! It never fails: an unfinished string or comment reaches to the end of the script.

mod client;
mod quote;

pub(crate) use quote::has_backslash_escapes;

use crate::sql::dialect::Dialect;

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// A line or block comment.
    Comment,
    /// The opening (`/*!50003`) or closing (`*/`) mark of a comment that MySQL executes.
    Hint,
    /// An unquoted word or number.
    Word,
    /// A string, a quoted identifier, or a dollar-quoted text.
    Quoted,
    /// The statement terminator (`;`, or what DELIMITER set).
    Terminator,
    /// A line that a client program takes for itself (`GO`, `\i`, `DELIMITER`, `!set`, `/`).
    ClientLine,
    /// Any other character.
    Symbol,
}

/// A stretch of the script.
#[derive(Debug, Clone, Copy)]
pub struct Lexeme<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
    /// Byte offset of its first character.
    pub offset: usize,
    /// Line of its first character, from 1.
    pub line: u32,
    /// Column of its first character, in characters, from 1.
    pub column: u32,
}

/// A place in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Byte offset.
    pub offset: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Walks over a script.
pub struct Lexer<'a> {
    script: &'a str,
    dialect: Dialect,
    at: Spot,
    delimiter: String,
    /// Only blanks stood on this line so far.
    line_start: bool,
    /// No statement has begun since the last terminator.
    fresh: bool,
    /// Comments that MySQL executes and that wait for their end.
    hints: usize,
    /// An inner `/*` without an end was met: comments do not nest in this script.
    flat_comments: bool,
}

impl<'a> Lexer<'a> {
    /// A lexer at the script's start.
    #[must_use]
    pub fn new(script: &'a str, dialect: Dialect) -> Self {
        Self::within(script, Spot { offset: 0, line: 1, column: 1 }, dialect)
    }

    /// A lexer that starts in the middle of a script; its positions are those of the script.
    #[must_use]
    pub fn within(script: &'a str, at: Spot, dialect: Dialect) -> Self {
        Self {
            script,
            dialect,
            at,
            delimiter: ";".to_owned(),
            line_start: at.offset == 0,
            fresh: true,
            hints: 0,
            flat_comments: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.script.get(self.at.offset..).unwrap_or_default()
    }

    /// The next lexeme; `None` at the end.
    pub fn next_lexeme(&mut self) -> Option<Lexeme<'a>> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, length) = self.measure(rest, first);
        let text = rest.get(..length).unwrap_or(rest);
        let lexeme = Lexeme { kind, text, offset: self.at.offset, line: self.at.line, column: self.at.column };
        self.advance(text, kind);
        Some(lexeme)
    }

    fn advance(&mut self, text: &str, kind: Kind) {
        self.at = after(self.at, text);
        match kind {
            Kind::Space => self.line_start = self.line_start || text.contains('\n'),
            Kind::Comment | Kind::Hint => self.line_start = false,
            Kind::ClientLine => (self.line_start, self.fresh) = (true, true),
            Kind::Terminator => (self.line_start, self.fresh) = (false, true),
            Kind::Word | Kind::Quoted | Kind::Symbol => (self.line_start, self.fresh) = (false, false),
        }
        if kind == Kind::ClientLine {
            let mut words = text.split_ascii_whitespace();
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("delimiter")) {
                self.delimiter = words.next().unwrap_or(";").to_owned();
            }
        }
    }

    /// Kind and byte length of the lexeme at the front of `rest`.
    fn measure(&mut self, rest: &str, first: char) -> (Kind, usize) {
        if first.is_whitespace() {
            return (Kind::Space, until(rest, |c| !c.is_whitespace()));
        }
        if let Some(length) = self.client_line(rest, first) {
            return (Kind::ClientLine, length);
        }
        if rest.starts_with(&self.delimiter) {
            return (Kind::Terminator, self.delimiter.len());
        }
        if first == ';' {
            // With another delimiter, a semicolon still ends the statements of a body.
            return (Kind::Terminator, 1);
        }
        match first {
            '-' if rest.starts_with("--") => (Kind::Comment, line_length(rest)),
            '#' if self.hash_comments() => (Kind::Comment, line_length(rest)),
            '/' if rest.starts_with("//") && self.dialect == Dialect::Snowflake => (Kind::Comment, line_length(rest)),
            '/' if rest.starts_with("/*!") && self.dialect == Dialect::MySql => {
                self.hints += 1;
                (Kind::Hint, 3 + until(rest.get(3..).unwrap_or_default(), |c| !c.is_ascii_digit()))
            }
            '*' if self.hints > 0 && rest.starts_with("*/") => {
                self.hints -= 1;
                (Kind::Hint, 2)
            }
            '/' if rest.starts_with("/*") => (Kind::Comment, self.block_comment(rest)),
            '\'' | '"' | '`' => (Kind::Quoted, self.quoted(rest, first)),
            '[' if self.dialect == Dialect::Tsql => (Kind::Quoted, quote::bracketed(rest)),
            '$' if self.dollar_quotes() => {
                quote::dollar_quote(rest).map_or((Kind::Symbol, 1), |length| (Kind::Quoted, length))
            }
            c if self.is_word(c) => match self.alternative_quote(rest) {
                Some(length) => (Kind::Quoted, length),
                None => (Kind::Word, self.word_length(rest)),
            },
            c => (Kind::Symbol, c.len_utf8()),
        }
    }

    fn hash_comments(&self) -> bool {
        matches!(self.dialect, Dialect::MySql | Dialect::BigQuery | Dialect::ClickHouse)
    }

    /// Characters of words. `@` and `#` stand in T-SQL's names.
    fn is_word(&self, character: char) -> bool {
        is_word(character) || (self.dialect == Dialect::Tsql && matches!(character, '@' | '#' | '$'))
    }

    /// A word, cut short where a word-like delimiter would begin in it.
    fn word_length(&self, text: &str) -> usize {
        let length = until(text, |c| !self.is_word(c) && c != '$');
        let word = text.get(..length).unwrap_or(text);
        word.find(&self.delimiter).filter(|at| *at > 0).unwrap_or(length)
    }

    /// Skips psql's inline data up to the line `\.`; the lexer stands after the statement's semicolon.
    pub fn skip_copy_data(&mut self) {
        let rest = self.rest();
        let Some(newline) = rest.find('\n') else { return };
        let data = rest.get(newline + 1..).unwrap_or_default();
        let mut length = 0;
        for line in data.split_inclusive('\n') {
            length += line.len();
            if line.trim_end() == "\\." {
                let text = rest.get(..newline + 1 + length).unwrap_or(rest);
                self.advance(text, Kind::Space);
                return;
            }
        }
    }
}

/// The place behind a text that starts at `at`.
#[must_use]
pub fn after(at: Spot, text: &str) -> Spot {
    let offset = at.offset + text.len();
    let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if newlines == 0 {
        return Spot { offset, line: at.line, column: at.column.saturating_add(count(text)) };
    }
    let line = at.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
    let last = text.rsplit('\n').next().unwrap_or_default();
    Spot { offset, line, column: count(last).saturating_add(1) }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn until(text: &str, stop: impl Fn(char) -> bool) -> usize {
    text.find(stop).unwrap_or(text.len())
}

/// Bytes up to the line's end, the newline not counted.
fn line_length(text: &str) -> usize {
    until(text, |c| c == '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(script: &str, dialect: Dialect) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(script, dialect);
        std::iter::from_fn(|| lexer.next_lexeme())
            .filter(|lexeme| lexeme.kind != Kind::Space)
            .map(|lexeme| (lexeme.kind, lexeme.text))
            .collect()
    }

    #[test]
    fn quotes_of_each_dialect_are_one_lexeme() {
        for (script, dialect) in [
            (r"'it\'s; x'", Dialect::MySql),
            ("'''a ; 'b' '''", Dialect::BigQuery),
            ("q'[it's; x]'", Dialect::Oracle),
            ("nq'!a'b!'", Dialect::Oracle),
            ("[a]];b]", Dialect::Tsql),
            ("$x$ ; $$ $x$", Dialect::Postgres),
        ] {
            assert_eq!(kinds(script, dialect), [(Kind::Quoted, script)]);
        }
    }

    #[test]
    fn a_batch_ends_at_go_however_it_is_written() {
        for line in ["GO", "go ", "Go 5", "GO;", "GO -- next", "go 10 /* x */", "GO\r"] {
            let found = kinds(line, Dialect::Tsql);
            assert!(matches!(found.as_slice(), [(Kind::ClientLine, _)]), "{line}: {found:?}");
        }
        for line in ["GO_ON", "go left", "x GO"] {
            assert!(kinds(line, Dialect::Tsql).iter().all(|(kind, _)| *kind != Kind::ClientLine), "{line}");
        }
    }

    #[test]
    fn lines_of_clients_are_told_from_sql() {
        for (line, dialect) in [
            (":setvar Database x", Dialect::Tsql),
            (":r .\\next.sql", Dialect::Tsql),
            ("\\i it's.sql", Dialect::Postgres),
            ("!set variable_substitution=true", Dialect::Snowflake),
            ("PUT file:///tmp/*.csv @stage", Dialect::Snowflake),
            ("%python\nit's = 1\nselect", Dialect::Databricks),
            ("-- COMMAND ----------", Dialect::Databricks),
            ("PROMPT it's done", Dialect::Oracle),
            ("SET SERVEROUTPUT ON", Dialect::Oracle),
            ("@@next.sql", Dialect::Oracle),
            (".LOGON host/user", Dialect::Teradata),
        ] {
            assert_eq!(kinds(line, dialect), [(Kind::ClientLine, line)]);
        }
        let transfer = kinds("PUT file:///tmp/*.csv\n@stage;", Dialect::Snowflake);
        assert_eq!(transfer, [(Kind::ClientLine, "PUT file:///tmp/*.csv\n@stage"), (Kind::Terminator, ";")]);
        let set = kinds("UPDATE t\nSET a = 1", Dialect::Oracle);
        assert!(set.iter().all(|(kind, _)| *kind != Kind::ClientLine), "{set:?}");
    }

    #[test]
    fn what_mysql_executes_in_a_comment_is_no_comment() {
        let words: Vec<&str> = kinds("/*!50003 CREATE*/ TABLE /* x */ t", Dialect::MySql)
            .into_iter()
            .filter(|(kind, _)| *kind == Kind::Word)
            .map(|(_, text)| text)
            .collect();
        assert_eq!(words, ["CREATE", "TABLE", "t"]);
    }

    #[test]
    fn an_unbalanced_inner_comment_does_not_swallow_the_script() {
        let found = kinds("/* a /* b */ x /* c /* d */ y", Dialect::Postgres);
        let words: Vec<&str> = found.iter().filter(|(kind, _)| *kind == Kind::Word).map(|(_, text)| *text).collect();
        assert_eq!(words, ["x", "y"]);
    }
}
