//! Column definitions: which part is the name, which the type, and which only constrains.

use sqlparser::tokenizer::Token;

use crate::sql::repair::types::behind_angles;
use crate::sql::repair::view::{View, plain_name};

/// `name type …` → `name type`, the type as one word that the parser takes as it is.
pub(super) fn column(view: &View<'_>, start: usize, end: usize) -> Vec<Token> {
    let type_end = behind_type(view, start + 1, end);
    vec![view.token(start).clone(), plain_name(&view.text(start + 1, type_end))]
}

/// The parts between commas from `start` up to `close`; commas within brackets and types are none of these.
pub(super) fn parts(view: &View<'_>, start: usize, close: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut from = start;
    let mut at = start;
    while at < close {
        if view.is(at, ",") {
            parts.push((from, at));
            from = at + 1;
        }
        at = match view.token(at) {
            Token::Lt => behind_angles(view, at).unwrap_or(at + 1),
            _ => view.behind(at).max(at + 1),
        };
    }
    if from < close {
        parts.push((from, close));
    }
    parts
}

/// The index behind the type that starts at `start`; `start` where a column has none.
pub(super) fn behind_type(view: &View<'_>, start: usize, end: usize) -> usize {
    if start >= end || !view.is_name(start) || view.any(start, NO_TYPES) {
        return start;
    }
    let mut at = view.behind_name(start);
    loop {
        let next = match view.token(at) {
            Token::LParen | Token::LBracket => view.behind(at),
            Token::Lt => behind_angles(view, at).unwrap_or(at),
            _ if view.any(at, &["WITH", "WITHOUT"]) && view.any(at + 1, &["TIME", "LOCAL"]) => {
                at + 3 + usize::from(view.is(at + 1, "LOCAL"))
            }
            // `CHARACTER SET UTF8` is no `CHARACTER VARYING`.
            _ if view.any(at, TYPE_WORDS) && !view.is(at + 1, "SET") => at + 1,
            _ => at,
        };
        if next == at || next > end {
            return at.min(end);
        }
        at = next;
    }
}

/// Words that go on with a type.
const TYPE_WORDS: &[&str] =
    &["PRECISION", "VARYING", "UNSIGNED", "SIGNED", "ZEROFILL", "RAW", "LARGE", "OBJECT", "CHAR", "CHARACTER", "ARRAY"];

/// Words behind a column's name that begin something else than a type.
const NO_TYPES: &[&str] = &[
    "NOT",
    "NULL",
    "PRIMARY",
    "DEFAULT",
    "AS",
    "GENERATED",
    "CONSTRAINT",
    "UNIQUE",
    "CHECK",
    "REFERENCES",
    "COMMENT",
    "AUTO_INCREMENT",
    "COLLATE",
    "OPTIONS",
    "ENCODE",
    "MASKING",
    "TAG",
    "WITH",
    "IDENTITY",
    "CODEC",
    "TTL",
    "ALIAS",
    "MATERIALIZED",
    "EPHEMERAL",
    "INVISIBLE",
    "VISIBLE",
    "VIRTUAL",
];

/// Whether a part of the list is a key, an index or a check of the table, and no column.
pub(super) fn is_constraint(view: &View<'_>, start: usize, end: usize) -> bool {
    if start >= end || view.is(start, "(") {
        return true;
    }
    let opens = |at: usize| view.is(at, "(") && !view.is_number(at + 1);
    match view.word(start).as_str() {
        "CONSTRAINT" | "LIKE" => true,
        "PRIMARY" | "FOREIGN" => view.is(start + 1, "KEY"),
        "CHECK" | "UNIQUE" | "EXCLUDE" => {
            view.is(start + 1, "(") || view.any(start + 1, &["KEY", "INDEX", "USING", "NULLS"]) || opens(start + 2)
        }
        "KEY" | "INDEX" => {
            view.is(start + 1, "(") || opens(start + 2) || view.find(start, &["TYPE"]).is_some_and(|at| at < end)
        }
        "FULLTEXT" | "SPATIAL" => view.any(start + 1, &["KEY", "INDEX", "("]) || opens(start + 2),
        "PERIOD" => view.is(start + 1, "FOR"),
        "PROJECTION" => opens(start + 2),
        "SUPPLEMENTAL" => view.is(start + 1, "LOG"),
        _ => false,
    }
}
