//! The coarse lexer under the splitter: words, quoted things, comments, terminators, client lines.
//!
//! It never fails: an unfinished string or comment reaches to the end of the script.

use crate::sql::dialect::Dialect;

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// A line or block comment.
    Comment,
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

/// Walks over a script.
pub struct Lexer<'a> {
    script: &'a str,
    dialect: Dialect,
    offset: usize,
    line: u32,
    column: u32,
    delimiter: String,
    /// Only blanks stood on this line so far.
    line_start: bool,
}

impl<'a> Lexer<'a> {
    /// A lexer at the script's start.
    #[must_use]
    pub fn new(script: &'a str, dialect: Dialect) -> Self {
        Self { script, dialect, offset: 0, line: 1, column: 1, delimiter: ";".to_owned(), line_start: true }
    }

    fn rest(&self) -> &'a str {
        self.script.get(self.offset..).unwrap_or_default()
    }

    /// The next lexeme; `None` at the end.
    pub fn next_lexeme(&mut self) -> Option<Lexeme<'a>> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, length) = self.measure(rest, first);
        let text = rest.get(..length).unwrap_or(rest);
        let lexeme = Lexeme { kind, text, offset: self.offset, line: self.line, column: self.column };
        self.advance(text, kind);
        Some(lexeme)
    }

    fn advance(&mut self, text: &str, kind: Kind) {
        self.offset += text.len();
        let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
        if newlines > 0 {
            self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
            let last = text.rsplit('\n').next().unwrap_or_default();
            self.column = 1 + u32::try_from(last.chars().count()).unwrap_or(u32::MAX - 1);
        } else {
            self.column = self.column.saturating_add(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        }
        match kind {
            Kind::Space => self.line_start = self.line_start || newlines > 0,
            Kind::ClientLine => self.line_start = true,
            _ => self.line_start = false,
        }
        if kind == Kind::ClientLine {
            let mut words = text.split_ascii_whitespace();
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("delimiter")) {
                self.delimiter = words.next().unwrap_or(";").to_owned();
            }
        }
    }

    /// Kind and byte length of the lexeme at the front of `rest`.
    fn measure(&self, rest: &str, first: char) -> (Kind, usize) {
        if self.line_start
            && !first.is_whitespace()
            && let Some(length) = self.client_line(rest, first)
        {
            return (Kind::ClientLine, length);
        }
        if rest.starts_with(&self.delimiter) {
            return (Kind::Terminator, self.delimiter.len());
        }
        match first {
            c if c.is_whitespace() => (Kind::Space, until(rest, |c| !c.is_whitespace())),
            '-' if rest.starts_with("--") => (Kind::Comment, line_length(rest)),
            '#' if self.hash_comments() => (Kind::Comment, line_length(rest)),
            '/' if rest.starts_with("/*") => (Kind::Comment, self.block_comment(rest)),
            '\'' | '"' | '`' => (Kind::Quoted, self.quoted(rest, first)),
            '[' if self.dialect == Dialect::Tsql => (Kind::Quoted, rest.find(']').map_or(rest.len(), |at| at + 1)),
            '$' => dollar_quote(rest).map_or((Kind::Symbol, 1), |length| (Kind::Quoted, length)),
            c if is_word(c) => (Kind::Word, word_length(rest, &self.delimiter)),
            c => (Kind::Symbol, c.len_utf8()),
        }
    }

    fn hash_comments(&self) -> bool {
        matches!(self.dialect, Dialect::MySql | Dialect::BigQuery | Dialect::ClickHouse)
    }

    /// Length of a line that belongs to a client, without its newline.
    fn client_line(&self, rest: &str, first: char) -> Option<usize> {
        let line = rest.get(..line_length(rest)).unwrap_or(rest);
        let mut words = line.split_ascii_whitespace();
        let word = words.next().unwrap_or_default();
        let is_client = match first {
            '\\' => matches!(self.dialect, Dialect::Postgres | Dialect::Redshift | Dialect::Generic),
            '!' => self.dialect == Dialect::Snowflake,
            '/' => line.trim() == "/" && matches!(self.dialect, Dialect::Oracle | Dialect::Generic),
            'g' | 'G' => {
                word.eq_ignore_ascii_case("go")
                    && words.next().is_none_or(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
                    && words.next().is_none()
            }
            'd' | 'D' => word.eq_ignore_ascii_case("delimiter") && words.next().is_some(),
            'r' | 'R' | 'p' | 'P' | 's' | 'S' if self.dialect == Dialect::Oracle => {
                ["rem", "remark", "prompt", "spool", "whenever"].iter().any(|name| word.eq_ignore_ascii_case(name))
            }
            _ => false,
        };
        is_client.then_some(line.len().max(1))
    }

    fn block_comment(&self, rest: &str) -> usize {
        let nested = matches!(
            self.dialect,
            Dialect::Postgres
                | Dialect::Redshift
                | Dialect::Tsql
                | Dialect::DuckDb
                | Dialect::Generic
                | Dialect::ClickHouse
        );
        let (mut depth, mut offset) = (0_usize, 0_usize);
        while let Some(tail) = rest.get(offset..) {
            let open = tail.find("/*").filter(|_| nested || depth == 0);
            match (open, tail.find("*/")) {
                (Some(open), Some(close)) if open < close => {
                    depth += 1;
                    offset += open + 2;
                }
                (Some(open), None) if depth == 0 => {
                    depth += 1;
                    offset += open + 2;
                }
                (_, Some(close)) => {
                    depth = depth.saturating_sub(1);
                    offset += close + 2;
                    if depth == 0 {
                        return offset;
                    }
                }
                (_, None) => break,
            }
        }
        // An unbalanced inner `/*` must not swallow the script: fall back to the first end.
        rest.find("*/").map_or(rest.len(), |at| at + 2)
    }

    fn quoted(&self, rest: &str, quote: char) -> usize {
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        if self.dialect == Dialect::BigQuery && quote != '`' && rest.starts_with(&triple) {
            return rest.get(3..).and_then(|tail| tail.find(&triple)).map_or(rest.len(), |at| at + 6);
        }
        let backslash = quote != '`'
            && (self.escape_string()
                || matches!(
                    self.dialect,
                    Dialect::MySql
                        | Dialect::BigQuery
                        | Dialect::Spark
                        | Dialect::Databricks
                        | Dialect::Hive
                        | Dialect::ClickHouse
                        | Dialect::Snowflake
                ));
        let mut characters = rest.char_indices().skip(1).peekable();
        while let Some((offset, character)) = characters.next() {
            if character == '\\' && backslash {
                characters.next();
            } else if character == quote {
                if characters.peek().is_some_and(|(_, next)| *next == quote) {
                    characters.next();
                } else {
                    return offset + quote.len_utf8();
                }
            }
        }
        rest.len()
    }

    /// Whether the quote follows an `E` (PostgreSQL's escape string).
    fn escape_string(&self) -> bool {
        let before = self.script.get(..self.offset).unwrap_or_default();
        let mut tail = before.chars().rev();
        matches!(tail.next(), Some('e' | 'E')) && !tail.next().is_some_and(is_word)
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

/// A word, cut short where a word-like delimiter (`$$`, `//` are no words; `GO` is a line) would begin in it.
fn word_length(text: &str, delimiter: &str) -> usize {
    let length = until(text, |c| !is_word(c) && c != '$');
    let word = text.get(..length).unwrap_or(text);
    word.find(delimiter).filter(|at| *at > 0).unwrap_or(length)
}

/// Length of `$tag$ … $tag$` at the front, where there is one.
fn dollar_quote(text: &str) -> Option<usize> {
    let tail = text.get(1..)?;
    let end = tail.find('$')?;
    let tag = tail.get(..end)?;
    if !tag.chars().all(is_word) || tag.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let opening = text.get(..end + 2)?;
    let body = text.get(opening.len()..)?;
    Some(body.find(opening).map_or(text.len(), |at| opening.len() * 2 + at))
}
