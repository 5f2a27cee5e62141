//! Where strings, quoted names, dollar quotes and block comments end, by dialect.

use super::{Lexer, is_word};
use crate::sql::dialect::Dialect;

impl Lexer<'_> {
    pub(super) fn dollar_quotes(&self) -> bool {
        !matches!(
            self.dialect,
            Dialect::Tsql
                | Dialect::MySql
                | Dialect::Oracle
                | Dialect::BigQuery
                | Dialect::Hive
                | Dialect::Spark
                | Dialect::Sqlite
                | Dialect::Teradata
        )
    }

    pub(super) fn block_comment(&mut self, rest: &str) -> usize {
        let nested = !self.flat_comments
            && matches!(
                self.dialect,
                Dialect::Postgres
                    | Dialect::Redshift
                    | Dialect::Tsql
                    | Dialect::DuckDb
                    | Dialect::Generic
                    | Dialect::ClickHouse
            );
        let first_end = |rest: &str| rest.get(2..).and_then(|tail| tail.find("*/")).map_or(rest.len(), |at| at + 4);
        if !nested {
            return first_end(rest);
        }
        let (mut depth, mut offset) = (1_usize, 2_usize);
        while let Some(tail) = rest.get(offset..) {
            let Some(close) = tail.find("*/") else { break };
            match tail.get(..close).and_then(|inner| inner.find("/*")) {
                Some(open) => (depth, offset) = (depth + 1, offset + open + 2),
                None => (depth, offset) = (depth - 1, offset + close + 2),
            }
            if depth == 0 {
                return offset;
            }
        }
        // An unbalanced inner `/*` must not swallow the script, nor be looked for again and again.
        self.flat_comments = true;
        first_end(rest)
    }

    pub(super) fn quoted(&self, rest: &str, quote: char) -> usize {
        let backslash = quote != '`' && (has_backslash_escapes(self.dialect) || self.follows_e());
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        if self.dialect == Dialect::BigQuery && quote != '`' && rest.starts_with(&triple) {
            return triple_quoted(rest, &triple);
        }
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
    fn follows_e(&self) -> bool {
        let before = self.script.get(..self.at.offset).unwrap_or_default();
        let mut tail = before.chars().rev();
        matches!(tail.next(), Some('e' | 'E')) && !tail.next().is_some_and(is_word)
    }

    /// Oracle's `q'[ … ]'` and `nq'! … !'` at the front of `rest`.
    pub(super) fn alternative_quote(&self, rest: &str) -> Option<usize> {
        if self.dialect != Dialect::Oracle {
            return None;
        }
        let prefix = usize::from(rest.starts_with(['n', 'N']));
        let body = rest.get(prefix..)?.strip_prefix(['q', 'Q'])?.strip_prefix('\'')?;
        let open = body.chars().next().filter(|c| !c.is_whitespace())?;
        let close: String = [closing(open), '\''].iter().collect();
        let start = prefix + 2;
        Some(body.find(&close).map_or(rest.len(), |at| start + at + close.len()))
    }
}

/// Whether a backslash hides a quote in plain strings.
pub(crate) fn has_backslash_escapes(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::MySql
            | Dialect::BigQuery
            | Dialect::Spark
            | Dialect::Databricks
            | Dialect::Hive
            | Dialect::ClickHouse
            | Dialect::Snowflake
    )
}

fn closing(open: char) -> char {
    match open {
        '[' => ']',
        '{' => '}',
        '<' => '>',
        '(' => ')',
        other => other,
    }
}

/// Length of `"""…"""`, in which a backslash hides a quote.
fn triple_quoted(rest: &str, triple: &str) -> usize {
    let mut offset = 3;
    while let Some(tail) = rest.get(offset..) {
        match (tail.find(triple), tail.find('\\')) {
            (Some(end), Some(escape)) if escape < end => {
                let hidden = tail.get(escape + 1..).and_then(|after| after.chars().next()).map_or(0, char::len_utf8);
                offset += escape + 1 + hidden;
            }
            (Some(end), _) => return offset + end + 3,
            (None, _) => break,
        }
    }
    rest.len()
}

/// Length of `[…]`, in which `]]` stands for a bracket.
pub(super) fn bracketed(rest: &str) -> usize {
    let mut offset = 1;
    while let Some(at) = rest.get(offset..).and_then(|tail| tail.find(']')) {
        offset += at + 1;
        match rest.get(offset..) {
            Some(tail) if tail.starts_with(']') => offset += 1,
            _ => return offset,
        }
    }
    rest.len()
}

/// Length of `$tag$ … $tag$` at the front, where there is one.
pub(super) fn dollar_quote(text: &str) -> Option<usize> {
    let tail = text.get(1..)?;
    let end = tail.find(|c: char| !is_word(c))?;
    let tag = tail.get(..end)?;
    if !tail.get(end..)?.starts_with('$') || tag.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let opening = text.get(..end + 2)?;
    let body = text.get(opening.len()..)?;
    Some(body.find(opening).map_or(text.len(), |at| opening.len() * 2 + at))
}
