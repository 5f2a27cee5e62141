//! Teradata's phrases in brackets behind a value: `born (DATE, FORMAT 'YYYY-MM-DD', TITLE 'Born')`.
//!
//! A type converts the value, NAMED gives the column its name, and how a value is shown is left out. The grammar takes
//! `born (DATE)` for a call, so phrases are read before anything is parsed.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::teradata::ends_operand;
use crate::sql::repair::view::{Edit, View, word};

pub(super) const RULES: &[Rule] =
    &[Rule { name: "attributes-of-casts", dialects: &[Dialect::Teradata], matters: false, edits: cast_attributes }];

/// `x (DATE)`, `x (DECIMAL(18,2), FORMAT '…')`, `x (NAMED y)`: what stands behind a value in parentheses gives it a type,
/// a format, a title or a name.
pub(super) fn misread(view: &View<'_>, at: usize) -> Option<Edit> {
    if at == 0 || !view.is(at, "(") || !ends_operand(view, at - 1) {
        return None;
    }
    let close = view.partner(at)?;
    Some(Edit::replace(at, close + 1, attributes(view, at, close)?))
}

/// Whether a token may be one that [`misread`] looks for.
pub(super) fn may_be_misread(token: &Token) -> bool {
    let Token::Word(word) = token else { return false };
    TYPES.iter().chain(ATTRIBUTES).any(|one| word.value.eq_ignore_ascii_case(one))
}

/// Words besides types that may stand in parentheses behind a value.
const ATTRIBUTES: &[&str] = &["FORMAT", "TITLE", "NAMED", "UPPERCASE", "CASESPECIFIC", "UC", "CS"];

/// What `(type, FORMAT '…', NAMED y)` means: `::type AS y`; `None` where the parentheses hold something else.
fn attributes(view: &View<'_>, open: usize, close: usize) -> Option<Vec<Token>> {
    let (mut cast, mut name) = (Vec::new(), Vec::new());
    let mut start = open + 1;
    while start < close {
        let end = view.find(start, &[","]).unwrap_or(close).min(close);
        match view.word(start).as_str() {
            "FORMAT" | "TITLE" if view.is_text(start + 1) => {}
            "NAMED" if start + 2 == end => {
                name.push(word("AS"));
                name.extend(view.copy(start + 1, end));
            }
            "UPPERCASE" | "CASESPECIFIC" if start + 1 == end => {}
            // `f(cs)` is a call, whose argument may be called so.
            "UC" | "CS" if start + 1 == end && !view.touches(open - 1) => {}
            "NOT" if start + 2 == end && view.any(start + 1, &["CASESPECIFIC", "CS"]) => {}
            kind if TYPES.contains(&kind) => {
                // `TRIM(DATE)` is a function of today's date.
                let is_date = start + 1 == end && matches!(kind, "DATE" | "TIME");
                if view.is_text(start + 1) || (is_date && view.touches(open - 1) && view.is_name(open - 1)) {
                    return None;
                }
                cast.push(Token::DoubleColon);
                cast.extend(view.copy(start, behind_attributes(view, start, end)));
            }
            _ => return None,
        }
        start = end + 1;
    }
    cast.extend(name);
    (close > open + 1).then_some(cast)
}

/// The index behind a type, what it says of letters left out.
fn behind_attributes(view: &View<'_>, start: usize, end: usize) -> usize {
    (start..end).find(|at| view.any(*at, LETTERS) || view.is(*at, "FORMAT")).unwrap_or(end)
}

/// Words behind a type that say how letters are kept and compared.
const LETTERS: &[&str] = &["CHARACTER", "UPPERCASE", "UC", "NOT", "CASESPECIFIC", "CS", "TITLE"];

/// Words that begin a type. None of them can be the name of a column.
const TYPES: &[&str] = &[
    "BIGINT",
    "BLOB",
    "BYTE",
    "BYTEINT",
    "CHAR",
    "CLOB",
    "DATE",
    "DEC",
    "DECIMAL",
    "FLOAT",
    "INT",
    "INTEGER",
    "INTERVAL",
    "NUMBER",
    "NUMERIC",
    "REAL",
    "SMALLINT",
    "TIME",
    "TIMESTAMP",
    "VARBYTE",
    "VARCHAR",
];

/// `CAST(x AS VARCHAR(10) CHARACTER SET LATIN NOT CASESPECIFIC)`.
fn cast_attributes(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let is_cast = view.any(at, &["CAST", "TRYCAST"]) && view.is(at + 1, "(");
        let (Some(close), true) = (view.partner(at + 1), is_cast) else { continue };
        let Some(kind) = view.find(at + 2, &["AS"]) else { continue };
        if view.is(kind + 1, "FORMAT") && kind + 3 == close {
            // `CAST(x AS FORMAT '…')` only says how it is shown.
            edits.extend([Edit::drop(at, at + 1), Edit::drop(kind, close)]);
            continue;
        }
        let letters = (kind + 2..close).find(|at| view.any(*at, LETTERS));
        if let Some(start) = letters {
            let end = view.find(start, &["FORMAT"]).unwrap_or(close).min(close);
            edits.push(Edit::drop(start, end));
        }
    }
    edits
}
