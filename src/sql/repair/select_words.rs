//! Words between SELECT and its list that the grammar takes for a column: `SELECT STREAM * FROM t` is no product of two.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::sql::dialect::Dialect;
use crate::sql::repair::view::{Edit, View, word};

/// Words that the grammar knows there.
const KNOWN: &[&str] = &["ALL", "DISTINCT", "DISTINCTROW", "SELECT", "STRAIGHT_JOIN", "HIGH_PRIORITY"];

/// Whether tokens may hold such a word.
pub(super) fn may_be_there(tokens: &[TokenWithSpan], dialect: Dialect) -> bool {
    let mut before: [Option<&Token>; 3] = [None; 3];
    for token in tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_))) {
        let [third, second, first] = before;
        let selects = |token: Option<&Token>| token.is_some_and(|token| is(token, "SELECT"));
        let stands_alone = first == Some(&Token::Mul) && is(token, "FROM") && selects(third);
        if stands_alone && matches!(second, Some(Token::Word(word)) if !knows(&word.value)) {
            return true;
        }
        let own = match dialect {
            Dialect::MySql => is(token, "SQL_CACHE"),
            Dialect::Oracle => is(token, "UNIQUE") && selects(first),
            _ => false,
        };
        if own {
            return true;
        }
        before = [second, first, Some(token)];
    }
    false
}

fn is(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

fn knows(word: &str) -> bool {
    KNOWN.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// What becomes of the word at `at`.
pub(super) fn edit(view: &View<'_>, at: usize) -> Option<Edit> {
    if at == 0 || !view.is_name(at) {
        return None;
    }
    let behind_select = view.is(at - 1, "SELECT");
    match view.dialect {
        Dialect::Oracle if behind_select && view.is(at, "UNIQUE") => {
            Some(Edit::replace(at, at + 1, vec![word("DISTINCT")]))
        }
        Dialect::MySql if view.is(at, "SQL_CACHE") && !view.any(at + 1, &[",", "FROM"]) => Some(Edit::drop(at, at + 1)),
        _ if behind_select && view.all(at + 1, &["*", "FROM"]) && !view.word(at).is_empty() => {
            (!knows(&view.word(at))).then(|| Edit::drop(at, at + 1))
        }
        _ => None,
    }
}
