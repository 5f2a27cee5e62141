//! What stands in a function's parentheses besides its arguments.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, plain_name, string};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "options-of-json-functions", dialects: &[], matters: false, edits: json_options },
    Rule { name: "keys-of-json-objects", dialects: &[], matters: false, edits: json_keys },
    Rule { name: "words-in-trim-and-translate", dialects: &[], matters: true, edits: letters },
    Rule { name: "tables-as-arguments", dialects: &[], matters: true, edits: table_arguments },
    Rule { name: "methods-of-instances", dialects: &[Dialect::Snowflake], matters: false, edits: methods },
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

/// `f(input => TABLE (SELECT …) PARTITION BY a)`: a query as an argument stands in brackets of its own, and how its rows are
/// handed over is left out.
fn table_arguments(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let is_argument = view.is(at, "TABLE") && view.is(at - 1, "=>") && view.is(at + 1, "(");
        let Some(close) = view.partner(at + 1).filter(|_| is_argument) else { continue };
        if view.any(at + 2, &["SELECT", "WITH"]) {
            edits.push(Edit::insert(at + 1, vec![Token::LParen]));
            edits.push(Edit::insert(close, vec![Token::RParen]));
        }
        if view.any(close + 1, &["PARTITION", "ORDER", "PRUNE", "KEEP"]) {
            let mut end = close + 1;
            while end < view.len() && !view.any(end, &[",", ")", "COPARTITION"]) {
                end = view.behind(end).max(end + 1);
            }
            edits.push(Edit::drop(close + 1, end));
        }
    }
    edits
}

/// `model!PREDICT(x)` (Snowflake) calls a function of an instance, which is no table: one name.
fn methods(view: &View<'_>) -> Vec<Edit> {
    let is_method = |at: &usize| {
        view.is(*at, "!") && view.is_name(at - 1) && view.is_name(at + 1) && view.is(at + 2, "(") && view.touches(*at)
    };
    let name = |at: usize| plain_name(&format!("{}!{}", view.text(at - 1, at), view.text(at + 1, at + 2)));
    (1..view.len()).filter(is_method).map(|at| Edit::replace(at - 1, at + 2, vec![name(at)])).collect()
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
