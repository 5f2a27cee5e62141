//! Operators that a dialect has and its grammar does not.

use sqlparser::tokenizer::Token;

use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "shift-operators", dialects: &[], matters: false, edits: shifts },
    Rule { name: "hole-as-a-list", dialects: &[], matters: false, edits: hole_lists },
    Rule { name: "grouped-digits", dialects: &[], matters: false, edits: grouped_digits },
];

/// `1 << 3`, `bits >> 1`: shifts, where `>>` does not close two types.
fn shifts(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut types = 0_usize;
    for at in 1..view.len() {
        let operator = match view.token(at) {
            Token::Lt if view.any(at - 1, &["ARRAY", "STRUCT", "MAP", "TABLE", "RANGE"]) => {
                types += 1;
                continue;
            }
            Token::Gt => {
                types = types.saturating_sub(1);
                continue;
            }
            Token::ShiftRight if types > 0 => {
                types = types.saturating_sub(2);
                continue;
            }
            Token::ShiftLeft => "<<",
            Token::ShiftRight => ">>",
            _ => continue,
        };
        edits.push(Edit::replace(at, at + 1, vec![Token::CustomBinaryOperator(operator.to_owned())]));
    }
    edits
}

/// `a IN {{ list }}`: what a template leaves open is a list there.
fn hole_lists(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        if let Token::Word(word) = view.token(at)
            && view.is(at - 1, "IN")
            && word.value.starts_with(HOLE_PREFIX)
        {
            edits.push(Edit::insert(at, vec![Token::LParen]));
            edits.push(Edit::insert(at + 1, vec![Token::RParen]));
        }
    }
    edits
}

/// `100_000`: digits in groups.
fn grouped_digits(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let (Token::Number(digits, long), Token::Word(word)) = (view.token(at), view.token(at + 1)) else { continue };
        let grouped = word.quote_style.is_none()
            && word.value.starts_with('_')
            && word.value.chars().all(|c| c == '_' || c.is_ascii_digit());
        if grouped && view.touches(at) {
            let whole = format!("{digits}{}", word.value.replace('_', ""));
            edits.push(Edit::replace(at, at + 2, vec![Token::Number(whole, *long)]));
        }
    }
    edits
}
