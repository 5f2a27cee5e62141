//! Syntax of Redshift: approximate aggregates, MERGE of whole rows, files in dollar quotes.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string, word};

const REDSHIFT: &[Dialect] = &[Dialect::Redshift];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "approximate-aggregates", dialects: REDSHIFT, matters: true, edits: approximate },
    Rule { name: "merge-without-duplicates", dialects: REDSHIFT, matters: false, edits: remove_duplicates },
    Rule { name: "unload-in-dollar-quotes", dialects: REDSHIFT, matters: false, edits: unload },
    Rule { name: "options-of-unload", dialects: REDSHIFT, matters: false, edits: unload_options },
    Rule { name: "options-of-copy-from", dialects: REDSHIFT, matters: false, edits: copy_options },
];

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

/// `UNLOAD ($$SELECT …$$) TO '…'`: the query as a string.
fn unload(view: &View<'_>) -> Vec<Edit> {
    match view.token(2) {
        Token::DollarQuotedString(query) if view.all(0, &["UNLOAD", "("]) => {
            vec![Edit::replace(2, 3, vec![string(&query.value)])]
        }
        _ => Vec::new(),
    }
}

/// `UNLOAD ('…') TO 's3://…' KMS_KEY_ID '…' …`: how the files are written.
fn unload_options(view: &View<'_>) -> Vec<Edit> {
    let to = view.find(1, &["TO"]).filter(|to| view.is(0, "UNLOAD") && view.is_text(to + 1));
    match to.filter(|to| to + 2 < view.len()) {
        Some(to) => vec![Edit::drop(to + 2, view.len())],
        None => Vec::new(),
    }
}

/// `COPY t FROM 's3://…' READRATIO 50 …`: how the files are read.
fn copy_options(view: &View<'_>) -> Vec<Edit> {
    let from = view.find(1, &["FROM"]).filter(|from| view.is(0, "COPY") && view.is_text(from + 1));
    match from.filter(|from| from + 2 < view.len()) {
        Some(from) => vec![Edit::drop(from + 2, view.len())],
        None => Vec::new(),
    }
}
