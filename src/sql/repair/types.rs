//! Types as one dialect writes them and the parser does not.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, plain_name, word};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "typed-literals",
        dialects: &[Dialect::BigQuery, Dialect::Generic],
        matters: false,
        edits: typed_literals,
    },
    Rule { name: "types-in-casts", dialects: &[], matters: false, edits: cast_types },
];

/// Tokens of a type.
const LONGEST_TYPE: usize = 2_000;

/// `ARRAY<STRUCT<a INT64>>[…]`, `STRUCT<a ARRAY<INT64>>(…)` → `CAST(ARRAY[…] AS ARRAY<STRUCT<a INT64>>)`.
fn typed_literals(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        if !(view.any(at, &["ARRAY", "STRUCT"]) && view.is(at + 1, "<")) {
            continue;
        }
        let Some(open) = behind_angles(view, at + 1) else { continue };
        let (Some(close), true) = (view.partner(open), view.any(open, &["[", "("])) else { continue };
        edits.push(Edit::insert(at, vec![word("CAST"), Token::LParen]));
        edits.push(Edit::drop(at + 1, open));
        let mut tail = vec![word("AS")];
        tail.extend(view.copy(at, open));
        tail.push(Token::RParen);
        edits.push(Edit::insert(close + 1, tail));
    }
    edits
}

/// The index behind the `>` that closes the `<` at `at`.
pub(super) fn behind_angles(view: &View<'_>, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for index in at..view.len().min(at + LONGEST_TYPE) {
        match view.token(index) {
            Token::Lt => depth += 1,
            Token::Gt => depth = depth.checked_sub(1)?,
            Token::ShiftRight => depth = depth.checked_sub(2)?,
            Token::LBracket | Token::SemiColon => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// `CAST(x AS ARRAY(ROW(a VARCHAR, b BIGINT)))`: a type with parts or in many words becomes one word, which the parser takes as it is.
fn cast_types(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        if !(view.any(at, &["CAST", "TRY_CAST", "SAFE_CAST"]) && view.is(at + 1, "(")) {
            continue;
        }
        let (Some(start), Some(close)) = (view.find(at + 2, &["AS"]), view.partner(at + 1)) else { continue };
        let end = view.find(start + 1, &["FORMAT", "DEFAULT", "ON"]).unwrap_or(close).min(close);
        // No real type is longer.
        if end.saturating_sub(start) > LONGEST_TYPE {
            continue;
        }
        let has_parts = (start + 1..end).any(|index| view.any(index, &["(", "<"]) && !view.is_number(index + 1));
        // `INTERVAL DAY(2) TO SECOND(6)`, `TIMESTAMP(3) WITH LOCAL TIME ZONE`
        let has_words = view.is(start + 1, "INTERVAL") || (start + 2..end).any(|index| view.is(index, "LOCAL"));
        if (has_parts || has_words) && view.is_name(start + 1) {
            edits.push(Edit::replace(start + 1, end, vec![plain_name(&view.text(start + 1, end))]));
        }
    }
    edits
}
