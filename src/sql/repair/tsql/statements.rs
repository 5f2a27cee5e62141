//! Statements that T-SQL spells in its own way.

use sqlparser::tokenizer::Token;

use crate::sql::repair::view::{Edit, View, word};

/// Synapse's `RENAME OBJECT a TO b`
pub(super) fn rename(view: &View<'_>) -> Vec<Edit> {
    let behind = view.behind_name(2);
    if !view.all(0, &["RENAME", "OBJECT"]) || !view.is(behind, "TO") {
        return Vec::new();
    }
    vec![Edit::replace(0, 2, vec![word("ALTER"), word("TABLE")]), Edit::insert(behind, vec![word("RENAME")])]
}

/// `CREATE EXTERNAL TABLE t WITH (LOCATION = '…') AS SELECT …`
pub(super) fn external_from_query(view: &View<'_>) -> Vec<Edit> {
    let behind = view.behind_name(3);
    let Some(query) = view.find(behind, &["AS"]).filter(|_| view.all(0, &["CREATE", "EXTERNAL", "TABLE"])) else {
        return Vec::new();
    };
    vec![Edit::drop(1, 2), Edit::drop(behind, query)]
}

/// `SET a.modify('…')`, `SET a.WRITE(b, 0, 1)`: assignments to a part of a value.
pub(super) fn methods_that_assign(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.any(*at, &["MODIFY", "WRITE"]) && view.is(*at - 1, ".") && view.is(*at + 1, "("))
        .filter(|_| view.find(0, &["SET"]).is_some())
        .map(|at| Edit::replace(at - 1, at + 1, vec![Token::Eq]))
        .collect()
}

/// `PERIOD FOR SYSTEM_TIME`'s columns may be HIDDEN.
pub(super) fn hidden_columns(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.is(*at, "HIDDEN") && view.any(*at - 1, &["START", "END"]))
        .map(|at| Edit::drop(at, at + 1))
        .collect()
}
