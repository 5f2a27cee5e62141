//! Keywords in the place of names.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "keyword-behind-a-dot", dialects: &[], matters: false, edits: behind_dot },
    Rule { name: "keyword-as-qualifier", dialects: &[], matters: false, edits: before_dot },
    Rule { name: "keyword-as-column", dialects: &[], matters: false, edits: in_list },
    Rule { name: "keyword-as-bare-alias", dialects: &[], matters: false, edits: bare_alias },
    Rule { name: "keyword-as-alias", dialects: &[], matters: false, edits: alias },
];

/// The word at `at` as nothing but a name; `None` where it is one already.
fn renamed(view: &View<'_>, at: usize) -> Option<Edit> {
    match view.token(at) {
        Token::Word(word) if word.quote_style.is_none() && word.keyword != Keyword::NoKeyword => {
            let name = Word { keyword: Keyword::NoKeyword, ..word.clone() };
            Some(Edit::replace(at, at + 1, vec![Token::Word(name)]))
        }
        _ => None,
    }
}

/// `library.true(x)`, `t.from`, `schema.table`: behind a dot any word is a name.
fn behind_dot(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.is(at - 1, ".")).filter_map(|at| renamed(view, at)).collect()
}

/// `start.id`, `end.id`: before a dot as well.
fn before_dot(view: &View<'_>) -> Vec<Edit> {
    let qualifies = |at: &usize| view.is(at + 1, ".") && (view.is_name(at + 2) || view.is(at + 2, "*"));
    (0..view.len()).filter(qualifies).filter_map(|at| renamed(view, at)).collect()
}

/// `SELECT id, top, depth`: words that only the widest grammar reserves.
fn in_list(view: &View<'_>) -> Vec<Edit> {
    const NAMES: &[&str] = &[
        "CLUSTER",
        "DISTRIBUTE",
        "FETCH",
        "FORMAT",
        "LATERAL",
        "OFFSET",
        "PREWHERE",
        "QUALIFY",
        "SAMPLE",
        "SETTINGS",
        "SORT",
        "TOP",
        "VIEW",
        "WINDOW",
    ];
    let stands_alone = |at: &usize| {
        view.any(at - 1, &["SELECT", ",", "("]) && view.any(at + 1, &[",", "FROM", ")"]) && view.any(*at, NAMES)
    };
    (1..view.len()).filter(stands_alone).filter_map(|at| renamed(view, at)).collect()
}

/// `FROM t start ON …`, `JOIN t end WHERE …`.
fn bare_alias(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let alias = view.behind_name(at);
        let follows = view.any(at - 1, &["FROM", "JOIN", ","]) && alias > at;
        let ends = alias + 1 >= view.len()
            || view.any(alias + 1, &["ON", "USING", "WHERE", ",", ")", "JOIN", "LEFT", "GROUP"]);
        let clause = [
            "ON", "WHERE", "GROUP", "ORDER", "LEFT", "RIGHT", "INNER", "CROSS", "FULL", "NATURAL", "UNION", "AS",
            "USING", "ASC", "DESC", "NULLS",
        ];
        if follows && ends && !view.any(alias, &clause) {
            edits.extend(renamed(view, alias));
        }
    }
    edits
}

/// `… AS end`, `FROM t AS left`: an alias may be called as a keyword is, where a list or a clause goes on behind it.
fn alias(view: &View<'_>) -> Vec<Edit> {
    let ends = |at: usize| {
        at >= view.len()
            || view.any(at, &[",", "FROM", "WHERE", "JOIN", "LEFT", "INNER", "GROUP", "ORDER", "ON", "UNION"])
    };
    let is_alias = |at: &usize| view.is(at - 1, "AS") && ends(at + 1);
    (1..view.len()).filter(is_alias).filter_map(|at| renamed(view, at)).collect()
}
