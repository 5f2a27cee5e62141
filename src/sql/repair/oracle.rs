//! Syntax of Oracle, and of engines that took it over: orders within hierarchies and aggregates, renames.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, word};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "order-of-siblings", dialects: &[], matters: true, edits: siblings },
    Rule { name: "first-and-last-of-a-group", dialects: &[], matters: true, edits: keep },
    Rule { name: "rename-of-a-table", dialects: &[Dialect::Oracle], matters: false, edits: rename },
    Rule { name: "approximate-aggregates", dialects: &[Dialect::Redshift], matters: true, edits: approximate },
    Rule { name: "merge-without-duplicates", dialects: &[Dialect::Redshift], matters: false, edits: remove_duplicates },
];

/// `ORDER SIBLINGS BY a`
fn siblings(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.all(*at - 1, &["ORDER", "SIBLINGS"])).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `MAX(a) KEEP (DENSE_RANK LAST ORDER BY b)` takes the values of those rows that are last by `b`: `WITHIN GROUP (ORDER BY b)`.
fn keep(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.all(*at, &["KEEP", "(", "DENSE_RANK"]) && view.any(at + 3, &["FIRST", "LAST"]))
        .map(|at| Edit::replace(at, at + 4, vec![word("WITHIN"), word("GROUP"), Token::LParen]))
        .collect()
}

/// `RENAME a TO b` is `RENAME TABLE a TO b`.
fn rename(view: &View<'_>) -> Vec<Edit> {
    let renames = view.is(0, "RENAME") && view.is_name(1) && view.is(2, "TO") && view.len() == 4;
    if renames { vec![Edit::insert(1, vec![word("TABLE")])] } else { Vec::new() }
}

/// `APPROXIMATE COUNT(DISTINCT a)`
fn approximate(view: &View<'_>) -> Vec<Edit> {
    let is_call = |at: &usize| view.is(*at, "APPROXIMATE") && view.is_name(at + 1) && view.is(at + 2, "(");
    (1..view.len()).filter(is_call).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `MERGE INTO t USING s ON … REMOVE DUPLICATES` takes every column of `s`, for rows that are there and for new ones.
fn remove_duplicates(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = view.find(1, &["REMOVE"]).filter(|at| view.is(0, "MERGE") && view.is(at + 1, "DUPLICATES")) else {
        return Vec::new();
    };
    let matched = ["WHEN", "MATCHED", "THEN", "UPDATE", "SET"].map(word).into_iter().chain([Token::Mul]);
    let new = ["WHEN", "NOT", "MATCHED", "THEN", "INSERT"].map(word).into_iter().chain([Token::Mul]);
    vec![Edit::replace(at, view.len(), matched.chain(new).collect())]
}
