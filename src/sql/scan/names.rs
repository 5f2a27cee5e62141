//! Reading a table's name, or the place of a file, at a position of the token list.

use sqlparser::ast::{Ident, ObjectName};
use sqlparser::tokenizer::{Location, Span};

use crate::sql::dialect::Dialect;
use crate::sql::ident::{is_never_a_name, parts_in_string};
use crate::sql::scan::Spot;
use crate::sql::scan::tokens::{Kind, Token};

/// What stands where a relation is expected.
#[derive(Debug)]
pub(super) enum Found {
    /// A name or a place, and the index behind it.
    Spot(Spot, usize),
    /// Something that names no table by itself.
    Nothing,
}

/// Reads the name of a relation.
pub(super) fn relation(tokens: &[Token<'_>], start: usize, dialect: Dialect) -> Found {
    let Some(first) = tokens.get(start) else { return Found::Nothing };
    if first.kind == Kind::Word && is_never_a_name(first.text) && !is_sign(tokens, start + 1, ".") {
        return Found::Nothing;
    }
    if let Some(named) = named_in_string(tokens, start) {
        return Found::Spot(Spot::Table(named), start + 4);
    }
    match (first.kind, first.text) {
        // An empty text is no place: it is a value of a list that was taken for a FROM clause.
        (Kind::Text, text) if !text.starts_with('$') => Some(first.unquoted())
            .filter(|place| !place.is_empty())
            .map_or(Found::Nothing, |place| Found::Spot(Spot::Outside(place), start + 1)),
        (Kind::Sign, "@") if matches!(dialect, Dialect::Snowflake | Dialect::Databricks | Dialect::Generic) => {
            stage(tokens, start)
        }
        _ => match name(tokens, start, dialect) {
            Some((name, end)) => Found::Spot(Spot::Table(name), end),
            None => Found::Nothing,
        },
    }
}

/// `IDENTIFIER('db.schema.t')`: the name in the string.
fn named_in_string(tokens: &[Token<'_>], start: usize) -> Option<ObjectName> {
    let [word, open, text, close] = tokens.get(start..start + 4)? else { return None };
    let is_name = word.is("IDENTIFIER") && open.is("(") && text.kind == Kind::Text && close.is(")");
    is_name.then(|| name_in_string(text))?
}

/// The name that a string holds.
pub(super) fn name_in_string(text: &Token<'_>) -> Option<ObjectName> {
    let parts = parts_in_string(&text.unquoted())?;
    let ident = |(value, quote_style)| Ident { value, quote_style, ..ident(text, String::new()) };
    Some(ObjectName::from(parts.into_iter().map(ident).collect::<Vec<Ident>>()))
}

/// `@stage/path/file.csv`: everything up to the next blank or bracket.
fn stage(tokens: &[Token<'_>], start: usize) -> Found {
    let mut end = start;
    let mut text = String::new();
    while let Some(token) = tokens.get(end) {
        let joined = end == start || tokens.get(end - 1).is_some_and(|before| before.touches(token));
        if !joined || matches!(token.text, "(" | ")" | "," | ";") {
            break;
        }
        text.push_str(token.text);
        end += 1;
    }
    Found::Spot(Spot::Outside(text), end)
}

/// A name with its qualifiers, and the index behind it.
pub(super) fn name(tokens: &[Token<'_>], start: usize, dialect: Dialect) -> Option<(ObjectName, usize)> {
    let mut parts = Vec::new();
    let mut at = start;
    loop {
        let (ident, next) = part(tokens, at, (dialect, parts.is_empty()))?;
        parts.push(ident);
        at = next;
        if !is_sign(tokens, at, ".") {
            return Some((ObjectName::from(parts), at));
        }
        at += 1;
        // `database..table` leaves the schema out.
        if is_sign(tokens, at, ".") {
            parts.push(Ident::new(""));
            at += 1;
        }
    }
}

/// One part of a name.
fn part(tokens: &[Token<'_>], start: usize, (dialect, is_first): (Dialect, bool)) -> Option<(Ident, usize)> {
    let token = tokens.get(start)?;
    // A temporary table of T-SQL.
    if token.text.starts_with('#') && token.kind == Kind::Sign {
        let next = tokens.get(start + 1).filter(|next| token.touches(next))?;
        let (mut ident, end) = part(tokens, start + 1, (dialect, false))?;
        if next.text != "#" || !ident.value.starts_with('#') {
            ident.value.insert(0, '#');
        }
        return Some((ident, end));
    }
    let is_number = token.text.starts_with(|c: char| c.is_ascii_digit());
    match token.kind {
        Kind::Name => Some((ident(token, token.unquoted()), start + 1)),
        Kind::Word if !(is_first && is_number) => {
            let mut text = token.text.to_owned();
            let mut end = start + 1;
            while dialect == Dialect::BigQuery && hyphenated(tokens, end) {
                text.push('-');
                text.push_str(tokens.get(end + 1)?.text);
                end += 2;
            }
            Some((ident(token, text), end))
        }
        _ => None,
    }
}

/// Whether `-word` follows without a blank: BigQuery's projects are called so.
fn hyphenated(tokens: &[Token<'_>], at: usize) -> bool {
    let (Some(before), Some(hyphen), Some(after)) =
        (at.checked_sub(1).and_then(|before| tokens.get(before)), tokens.get(at), tokens.get(at + 1))
    else {
        return false;
    };
    hyphen.text == "-" && after.kind == Kind::Word && before.touches(hyphen) && hyphen.touches(after)
}

fn ident(token: &Token<'_>, value: String) -> Ident {
    let start = Location::new(u64::from(token.line), u64::from(token.column));
    Ident { value, quote_style: token.quote(), span: Span::new(start, start) }
}

pub(super) fn is_sign(tokens: &[Token<'_>], at: usize, sign: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Sign && token.text == sign)
}
