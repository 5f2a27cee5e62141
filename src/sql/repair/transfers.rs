//! Rows that go into a table by other words than `INSERT INTO t SELECT …`: by name, in place of rows, out of files.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, plain_name, word};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "copy-into-a-table",
        dialects: &[Dialect::Databricks, Dialect::Spark, Dialect::Generic],
        matters: false,
        edits: copy_into,
    },
    Rule { name: "insert-by-name", dialects: &[], matters: false, edits: by_name },
    Rule { name: "insert-in-place-of-rows", dialects: &[], matters: true, edits: in_place_of },
    Rule {
        name: "load-of-files",
        dialects: &[Dialect::BigQuery, Dialect::Generic],
        matters: false,
        edits: load_of_files,
    },
    Rule {
        name: "options-of-a-copy",
        dialects: &[Dialect::DuckDb, Dialect::Generic],
        matters: false,
        edits: options_of_copy,
    },
];

/// The only column in the list of an INSERT that goes by name: no SQL can write it without quotes.
pub const BY_NAME: &str = "BY NAME";

fn by_name_list() -> [Token; 3] {
    [Token::LParen, plain_name(BY_NAME), Token::RParen]
}

/// Words that start a query behind INSERT.
const QUERY: &[&str] = &["SELECT", "WITH", "VALUES", "FROM", "TABLE"];

/// `COPY INTO t FROM 'path' …` → `COPY t FROM 'path'`; `COPY INTO t FROM (SELECT … FROM 'path') …` → an INSERT by name.
fn copy_into(view: &View<'_>) -> Vec<Edit> {
    let behind = view.behind_name(2);
    let from = view.find(behind, &["FROM"]).filter(|_| view.all(0, &["COPY", "INTO"]) && behind > 2);
    let Some(from) = from else { return Vec::new() };
    let Some(close) = view.partner(from + 1) else {
        let is_file = view.is_text(from + 1);
        let edits = || vec![Edit::drop(1, 2), Edit::drop(behind, from), Edit::drop(from + 2, view.len())];
        return if is_file { edits() } else { Vec::new() };
    };
    let mut edits = vec![
        Edit::replace(0, 2, vec![word("INSERT"), word("INTO")]),
        Edit::replace(behind, from + 2, by_name_list().to_vec()),
        Edit::drop(close, view.len()),
    ];
    // By which right the files are read.
    let credential = (from + 2..close).find(|at| view.all(*at, &["WITH", "("]) && view.is_text(at - 1));
    edits.extend(credential.map(|at| Edit::drop(at, view.behind(at + 1))));
    edits
}

/// `INSERT INTO t BY NAME SELECT …`, `INSERT INTO t BY POSITION SELECT …`.
fn by_name(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = view.find(1, &["BY"]).filter(|_| view.is(0, "INSERT")) else { return Vec::new() };
    match view.word(at + 1).as_str() {
        "NAME" => vec![Edit::replace(at, at + 2, by_name_list().to_vec())],
        "POSITION" => vec![Edit::drop(at, at + 2)],
        _ => Vec::new(),
    }
}

/// `INSERT INTO t REPLACE WHERE a > 1 SELECT …`, `… REPLACE USING (a) …`, `… REPLACE ON t.a = s.a …`: which rows of the
/// table go away.
fn in_place_of(view: &View<'_>) -> Vec<Edit> {
    let replace = view.find(1, &["REPLACE", "SELECT"]).filter(|at| view.is(0, "INSERT") && *at > 1);
    let Some(at) = replace.filter(|at| view.any(at + 1, &["WHERE", "USING", "ON"])) else { return Vec::new() };
    view.find(at + 2, QUERY).map(|query| Edit::drop(at, query)).into_iter().collect()
}

/// `LOAD DATA INTO t (…) FROM FILES (uris = ['…', '…'], …)` → a COPY of each, behind the CREATE of a temporary table.
fn load_of_files(view: &View<'_>) -> Vec<Edit> {
    let Some(from) = view.find(1, &["FROM"]).filter(|_| view.all(0, &["LOAD", "DATA"])) else { return Vec::new() };
    let Some(close) = view.partner(from + 2).filter(|_| view.is(from + 1, "FILES")) else { return Vec::new() };
    let name = (2..from).find(|at| !view.any(*at, &["INTO", "OVERWRITE", "TEMP", "TEMPORARY", "TABLE"]));
    let Some(name) = name else { return Vec::new() };
    let behind = view.behind_name(name);
    let Some(uris) = (from + 3..close).find(|at| view.any(*at, &["URIS", "URI"])) else { return Vec::new() };
    let end = view.behind(uris + 2).max(uris + 3);
    let mut written = Vec::new();
    if (2..name).any(|at| view.any(at, &["TEMP", "TEMPORARY"])) {
        written.extend(["CREATE", "TEMPORARY", "TABLE"].map(word));
        written.extend(view.copy(name, view.behind(behind)));
    }
    for at in (uris..end).filter(|at| view.is_text(*at)) {
        let (Token::SingleQuotedString(place) | Token::DoubleQuotedString(place)) = view.token(at) else {
            return Vec::new();
        };
        written.extend((!written.is_empty()).then_some(Token::SemiColon));
        written.push(word("COPY"));
        written.extend(view.copy(name, behind));
        written.extend([word("FROM"), Token::SingleQuotedString(place.clone())]);
    }
    if written.is_empty() || behind == name { Vec::new() } else { vec![Edit::replace(0, view.len(), written)] }
}

/// `COPY (SELECT …) TO 'file' (FORMAT parquet, COMPRESSION zstd)`: how the file is written, or read.
fn options_of_copy(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = view.find(1, &["TO", "FROM"]).filter(|at| view.is(0, "COPY") && view.is_text(at + 1)) else {
        return Vec::new();
    };
    if at + 2 < view.len() { vec![Edit::drop(at + 2, view.len())] } else { Vec::new() }
}
