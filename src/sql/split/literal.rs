//! What stands inside of a string or a dollar quote, where that is SQL itself.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Spot, after, has_backslash_escapes};
use crate::sql::split::tokens::Token;

/// The content of a quoted text.
pub(crate) enum Content {
    /// A part of the script, from a spot to an offset.
    Range(Spot, usize),
    /// The text without its escapes, character for character at its place, and where it starts.
    Text(String, Spot),
}

/// The content of a string; `None` for quoted identifiers.
pub(crate) fn content(token: &Token<'_>, dialect: Dialect) -> Option<Content> {
    if token.kind != Kind::Quoted {
        return None;
    }
    let (opening, closing) = marks(token.text, dialect)?;
    let inner = token.text.get(opening..token.text.len().checked_sub(closing)?)?;
    let from = after(token.at, token.text.get(..opening)?);
    let quote = token.text.chars().next().filter(|_| opening == 1);
    let backslash = has_backslash_escapes(dialect);
    if let Some(quote) = quote.filter(|quote| inner.contains(*quote) || (backslash && inner.contains('\\'))) {
        return Some(Content::Text(unescaped(inner, quote, backslash), from));
    }
    Some(Content::Range(from, from.offset + inner.len()))
}

/// Whether a token is a string.
pub(crate) fn is_string(token: &Token<'_>, dialect: Dialect) -> bool {
    token.kind == Kind::Quoted && marks(token.text, dialect).is_some()
}

/// Lengths of the opening and the closing mark of a string.
fn marks(text: &str, dialect: Dialect) -> Option<(usize, usize)> {
    let double = matches!(
        dialect,
        Dialect::BigQuery | Dialect::MySql | Dialect::Databricks | Dialect::Spark | Dialect::Hive | Dialect::ClickHouse
    );
    match text.chars().next()? {
        '\'' if dialect == Dialect::BigQuery && text.starts_with("'''") => Some((3, 3)),
        '"' if dialect == Dialect::BigQuery && text.starts_with("\"\"\"") => Some((3, 3)),
        '\'' => Some((1, 1)),
        '"' => double.then_some((1, 1)),
        '$' => {
            let tag = text.get(1..)?.find('$')? + 2;
            Some((tag, tag))
        }
        'q' | 'Q' => Some((3, 2)),
        'n' | 'N' => Some((4, 2)),
        _ => None,
    }
}

/// A string's text with every character at its place: an escaped quote stays one quote and a blank, outside of the
/// string that it opens or closes.
fn unescaped(inner: &str, quote: char, backslash: bool) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    let mut is_open = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if backslash => {
                let escaped = characters.next();
                match escaped {
                    Some('\n') => text.push_str(" \n"),
                    Some(mark @ ('\'' | '"' | '`')) => push_quote(&mut text, mark, &mut is_open),
                    Some(_) => text.push_str("  "),
                    None => text.push(' '),
                }
            }
            mark if mark == quote => {
                characters.next_if_eq(&quote);
                push_quote(&mut text, mark, &mut is_open);
            }
            other => text.push(other),
        }
    }
    text
}

fn push_quote(text: &mut String, mark: char, is_open: &mut bool) {
    // A quote that is itself escaped within the inner string reads as the end of one string and the start of another:
    // the two stay together.
    let just_closed: String = [mark, ' '].iter().collect();
    if !*is_open && text.ends_with(&just_closed) {
        text.pop();
        text.push(mark);
        text.push_str("  ");
    } else if *is_open {
        text.push(mark);
        text.push(' ');
    } else {
        text.push(' ');
        text.push(mark);
    }
    *is_open = !*is_open;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_string_keeps_every_character_at_its_place() {
        for (written, read) in [
            ("select ''a'' from t", "select  'a'  from t"),
            ("''it''''s'' x", " 'it''  s'  x"),
            ("'''' y", " ''  y"),
            ("a", "a"),
        ] {
            let text = unescaped(written, '\'', false);
            assert_eq!((text.as_str(), text.chars().count()), (read, written.chars().count()), "{written}");
        }
        assert_eq!(unescaped(r"select \'a\' \n x", '\'', true), "select  'a'     x");
    }
}
