//! Clauses of T-SQL that say how a statement runs, or how its result is written, and not what it reads.

use sqlparser::tokenizer::Token;

use super::HINTS;
use crate::sql::repair::view::{Edit, View, word};

/// `OPTION (RECOMPILE, MAXDOP 1)`
pub(super) fn options(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.all(*at, &["OPTION", "("])).map(|at| Edit::drop(at, view.behind(at + 1))).collect()
}

/// `WITH XMLNAMESPACES ('…' AS p), cte AS (…)`: names for XML only.
pub(super) fn xml_namespaces(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter(|at| view.all(*at, &["WITH", "XMLNAMESPACES", "("]))
        .map(|at| {
            let end = view.behind(at + 2);
            if view.is(end, ",") { Edit::drop(at + 1, end + 1) } else { Edit::drop(at, end) }
        })
        .collect()
}

/// `INSERT t WITH (TABLOCK) (a) …`, `UPDATE t WITH (ROWLOCK) SET …`
pub(super) fn hints(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.all(*at, &["WITH", "("]) && view.any(*at + 2, HINTS))
        .map(|at| Edit::drop(at, view.behind(at + 1)))
        .collect()
}

/// `INNER HASH JOIN`, `LEFT OUTER LOOP JOIN`
pub(super) fn join_hints(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| {
            view.any(*at, &["HASH", "LOOP", "MERGE", "REMOTE"])
                && view.is(*at + 1, "JOIN")
                && view.any(*at - 1, &["INNER", "LEFT", "RIGHT", "FULL", "OUTER"])
        })
        .map(|at| Edit::drop(at, at + 1))
        .collect()
}

/// `DELETE TOP (10) FROM t`, `UPDATE TOP (10) t`, `INSERT TOP (10) INTO t`, `MERGE TOP (10) t`
pub(super) fn top(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter(|at| view.any(*at, &["DELETE", "UPDATE", "INSERT", "MERGE"]) && view.all(*at + 1, &["TOP", "("]))
        .map(|at| {
            let end = view.behind(at + 2);
            let end = if view.is(end, "PERCENT") { end + 1 } else { end };
            let needs_from = view.is(at, "DELETE") && !view.is(end, "FROM");
            Edit::replace(at + 1, end, if needs_from { vec![word("FROM")] } else { Vec::new() })
        })
        .collect()
}

/// `MATCH (a-(b)->c)` of graph tables holds for some rows; `FOR PATH` and `WITHIN GROUP (GRAPH PATH)` say how.
pub(super) fn matches(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter_map(|at| {
            if view.all(at, &["MATCH", "("]) && view.any(at - 1, &["WHERE", "AND", "ON"]) {
                let always = vec![Token::Number("1".into(), false), Token::Eq, Token::Number("1".into(), false)];
                Some(Edit::replace(at, view.behind(at + 1), always))
            } else if view.all(at, &["FOR", "PATH"]) && view.is_name(at - 1) {
                Some(Edit::drop(at, at + 2))
            } else if view.all(at, &["WITHIN", "GROUP", "(", "GRAPH", "PATH"]) {
                Some(Edit::drop(at, view.behind(at + 2)))
            } else {
                None
            }
        })
        .collect()
}

/// `FOR XML PATH('x'), TYPE`, `FOR JSON AUTO`: how the rows are written down.
pub(super) fn for_xml(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.is(*at, "FOR") && view.any(*at + 1, &["XML", "JSON", "BROWSE"]))
        .map(|at| {
            let mut end = at + 2;
            while end < view.len() && !view.any(end, &[")", "OPTION", ";"]) {
                end = view.behind(end).max(end + 1);
            }
            Edit::drop(at, end)
        })
        .collect()
}
