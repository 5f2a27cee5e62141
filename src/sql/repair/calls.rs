//! What stands in a function's parentheses besides its arguments.

use sqlparser::tokenizer::Token;

use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "options-of-json-functions", dialects: &[], matters: false, edits: json_options },
    Rule { name: "keys-of-json-objects", dialects: &[], matters: false, edits: json_keys },
    Rule { name: "words-in-trim-and-translate", dialects: &[], matters: true, edits: letters },
];

/// `JSON_QUERY(x, 'lax $.a' WITHOUT WRAPPER OMIT QUOTES)`: the words behind the path become one more argument, a string.
fn json_options(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let is_call = view.any(at, &["JSON_QUERY", "JSON_VALUE", "JSON_EXISTS"]) && view.is(at + 1, "(");
        let Some(close) = view.partner(at + 1).filter(|_| is_call) else { continue };
        let mut start = at + 2;
        while start < close && !(view.is_text(start - 1) && view.any(start, OPTIONS)) {
            start = view.behind(start).max(start + 1);
        }
        if start < close {
            edits.push(Edit::replace(start, close, vec![Token::Comma, string(&view.text(start, close))]));
        }
    }
    edits
}

/// Words behind the path of a JSON function.
const OPTIONS: &[&str] =
    &["RETURNING", "WITH", "WITHOUT", "KEEP", "OMIT", "NULL", "ERROR", "EMPTY", "TRUE", "FALSE", "UNKNOWN", "DEFAULT"];

/// `TRIM(BOTH FROM x)`, `TRANSLATE(x USING LATIN_TO_UNICODE WITH ERROR)`: what becomes of letters.
fn letters(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let Some(close) = view.partner(at + 1).filter(|_| view.is(at + 1, "(")) else { continue };
        if view.is(at, "TRIM") && view.any(at + 2, &["BOTH", "LEADING", "TRAILING"]) && view.is(at + 3, "FROM") {
            edits.push(Edit::drop(at + 2, at + 4));
        } else if view.any(at, &["TRANSLATE", "TRANSLATE_CHK"])
            && let Some(using) = view.find(at + 2, &["USING"]).filter(|using| *using < close)
        {
            edits.push(Edit::drop(using, close));
        }
    }
    edits
}

/// `JSON_OBJECT('a': x, KEY 'b' VALUE y)`: keys and values become plain arguments.
fn json_keys(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let is_call = view.any(at, &["JSON_OBJECT", "JSON_OBJECTAGG"]) && view.is(at + 1, "(");
        let Some(close) = view.partner(at + 1).filter(|_| is_call) else { continue };
        let mut inner = at + 2;
        while inner < close {
            if view.is(inner, "KEY") {
                edits.push(Edit::drop(inner, inner + 1));
            } else if view.all(inner, &["FORMAT", "JSON"]) {
                edits.push(Edit::drop(inner, inner + 2));
            } else if view.any(inner, &[":", "VALUE"]) {
                edits.push(Edit::replace(inner, inner + 1, vec![Token::Comma]));
            }
            inner = view.behind(inner).max(inner + 1);
        }
    }
    edits
}
