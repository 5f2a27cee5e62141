//! Teradata's phrases in brackets behind an expression: `born (DATE, FORMAT 'YYYY-MM-DD', TITLE 'Born')`.
//!
//! A type converts the value, NAMED gives the column its name, and how a value is shown is left out.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, word};

pub(super) const RULES: &[Rule] =
    &[Rule { name: "phrases-in-brackets", dialects: &[Dialect::Teradata], matters: false, edits: phrases }];

fn phrases(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.is(*at, "(")).filter_map(|open| phrase(view, open)).collect()
}

fn phrase(view: &View<'_>, open: usize) -> Option<Edit> {
    let close = view.partner(open)?;
    let mut with = Vec::new();
    let mut shows = false;
    let mut at = open + 1;
    while at < close {
        let end = view.find(at, &[","]).unwrap_or(close).min(close);
        match view.word(at).as_str() {
            "NAMED" if at + 2 == end => {
                with.extend([word("AS"), view.token(at + 1).clone()]);
                shows = true;
            }
            "TITLE" | "FORMAT" if at + 2 == end && view.is_text(at + 1) => shows = true,
            "CASESPECIFIC" | "CS" | "UPPERCASE" | "UC" if at + 1 == end => shows = true,
            "NOT" if at + 2 == end && view.any(at + 1, &["CASESPECIFIC", "CS"]) => shows = true,
            name if is_type(name) && (at + 1 == end || view.behind(at + 1) == end) => {
                with.splice(0..0, std::iter::once(Token::DoubleColon).chain(view.copy(at, end)));
            }
            _ => return None,
        }
        at = end + 1;
    }
    // A type alone may be the argument of a function.
    shows.then(|| Edit::replace(open, close + 1, with))
}

fn is_type(name: &str) -> bool {
    matches!(
        name,
        "BIGINT"
            | "BYTEINT"
            | "CHAR"
            | "DATE"
            | "DEC"
            | "DECIMAL"
            | "FLOAT"
            | "INT"
            | "INTEGER"
            | "NUMBER"
            | "SMALLINT"
            | "TIME"
            | "TIMESTAMP"
            | "VARCHAR"
    )
}
