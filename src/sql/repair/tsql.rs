//! Syntax of T-SQL: hints, short forms of DELETE and assignment, files as tables, sequences, graph columns.

mod clauses;

use sqlparser::tokenizer::{Token, Word};

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::tsql::clauses::{for_xml, hints, join_hints, matches, options, top, xml_namespaces};
use crate::sql::repair::view::{Edit, View, plain_name, string, word};

const TSQL: &[Dialect] = &[Dialect::Tsql];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "national-strings", dialects: TSQL, matters: false, edits: national_strings },
    Rule { name: "graph-columns", dialects: TSQL, matters: false, edits: graph_columns },
    Rule { name: "compound-assignment", dialects: TSQL, matters: false, edits: compound_assignment },
    Rule { name: "delete-without-from", dialects: TSQL, matters: false, edits: delete },
    Rule { name: "bulk-insert", dialects: TSQL, matters: false, edits: bulk_insert },
    Rule { name: "file-as-rows", dialects: TSQL, matters: false, edits: file_rows },
    Rule { name: "next-value", dialects: TSQL, matters: false, edits: next_value },
    Rule { name: "external-table-dropped", dialects: TSQL, matters: false, edits: drop_external },
    Rule { name: "system-functions", dialects: TSQL, matters: false, edits: system_functions },
    Rule { name: "query-options", dialects: TSQL, matters: false, edits: options },
    Rule { name: "xml-namespaces", dialects: TSQL, matters: false, edits: xml_namespaces },
    Rule { name: "table-hints", dialects: TSQL, matters: false, edits: hints },
    Rule { name: "join-hints", dialects: TSQL, matters: false, edits: join_hints },
    Rule { name: "top-of-a-change", dialects: TSQL, matters: true, edits: top },
    Rule { name: "graph-matches", dialects: TSQL, matters: true, edits: matches },
    Rule { name: "for-xml", dialects: TSQL, matters: true, edits: for_xml },
];

/// What may stand in `WITH (…)` behind a table, and in old scripts without the WITH.
const HINTS: &[&str] = &[
    "FORCESCAN",
    "FORCESEEK",
    "HOLDLOCK",
    "IGNORE_CONSTRAINTS",
    "IGNORE_TRIGGERS",
    "INDEX",
    "KEEPDEFAULTS",
    "KEEPIDENTITY",
    "NOEXPAND",
    "NOLOCK",
    "NOWAIT",
    "PAGLOCK",
    "READCOMMITTED",
    "READCOMMITTEDLOCK",
    "READPAST",
    "READUNCOMMITTED",
    "REPEATABLEREAD",
    "ROWLOCK",
    "SERIALIZABLE",
    "SNAPSHOT",
    "TABLOCK",
    "TABLOCKX",
    "UPDLOCK",
    "XLOCK",
];

/// Whether a token may be one that [`misread`] looks for.
pub(super) fn may_be_misread(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            word.value.starts_with('@') || HINTS.iter().any(|hint| word.value.eq_ignore_ascii_case(hint))
        }
        _ => false,
    }
}

/// `FROM t (NOLOCK)` calls no function; `SET @old = a = a + 1` assigns to `a`.
pub(super) fn misread(view: &View<'_>, at: usize) -> Option<Edit> {
    let old_hint = view.is(at, "(") && at > 0 && view.is_name(at - 1) && view.any(at + 1, HINTS);
    if old_hint && !view.is(at - 1, "WITH") && view.any(at + 2, &[")", ","]) {
        return Some(Edit::drop(at, view.behind(at)));
    }
    let Token::Word(variable) = view.token(at) else { return None };
    let behind = view.behind_name(at + 2);
    let assigns_twice = variable.value.starts_with('@')
        && at > 0
        && view.any(at - 1, &["SET", ","])
        && view.is(at + 1, "=")
        && behind > at + 2
        && view.is(behind, "=");
    (assigns_twice && view.find(0, &["UPDATE"]).is_some()).then(|| Edit::drop(at, at + 2))
}

/// `N'…'` is a string like others.
fn national_strings(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter_map(|at| match view.token(at) {
            Token::NationalStringLiteral(text) => Some(Edit::replace(at, at + 1, vec![string(text)])),
            _ => None,
        })
        .collect()
}

/// `$node_id`, `$from_id`: columns, and not parameters.
fn graph_columns(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter_map(|at| match view.token(at) {
            Token::Placeholder(name) if name.starts_with('$') => {
                Some(Edit::replace(at, at + 1, vec![plain_name(name)]))
            }
            _ => None,
        })
        .collect()
}

/// `SET a += b` is `SET a = a + b`; in a list of variables as well.
fn compound_assignment(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut start = 0;
    for at in 1..view.len() {
        // The name that is assigned to stands behind SET, SELECT or a comma.
        if view.any(at - 1, &["SET", "SELECT", ","]) {
            start = at;
        }
        let is_operator = matches!(
            view.token(at),
            Token::Plus
                | Token::Minus
                | Token::Mul
                | Token::Div
                | Token::Mod
                | Token::Ampersand
                | Token::Pipe
                | Token::Caret
        );
        if is_operator && view.is(at + 1, "=") && view.touches(at) && view.behind_name(start) == at {
            let mut with = vec![Token::Eq];
            with.extend(view.copy(start, at));
            with.push(view.token(at).clone());
            edits.push(Edit::replace(at, at + 2, with));
        }
    }
    edits
}

/// `DELETE t WHERE …` is `DELETE FROM t WHERE …`.
fn delete(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter(|at| view.is(*at, "DELETE") && view.is_name(*at + 1) && !view.any(*at + 1, &["FROM", "TOP"]))
        .filter(|at| {
            let behind = view.behind_name(*at + 1);
            behind >= view.len() || view.any(behind, &["WHERE", "OUTPUT", "OPTION", "WITH"])
        })
        .map(|at| Edit::insert(at + 1, vec![word("FROM")]))
        .collect()
}

/// `BULK INSERT t FROM 'file' WITH (…)` and Synapse's `COPY INTO t (a 1) FROM 'file' WITH (…)` copy a file into a table.
fn bulk_insert(view: &View<'_>) -> Vec<Edit> {
    if !(view.all(0, &["BULK", "INSERT"]) || view.all(0, &["COPY", "INTO"])) {
        return Vec::new();
    }
    let name = view.behind_name(2);
    let from = view.behind(name);
    if !view.is(from, "FROM") || !view.is_text(from + 1) {
        return Vec::new();
    }
    vec![
        Edit::replace(0, 2, vec![word("COPY")]),
        Edit::drop(name, from),
        Edit::replace(from + 1, view.len(), vec![string(&text_at(view, from + 1))]),
    ]
}

/// `OPENROWSET(BULK 'file', …)` is the file.
fn file_rows(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter(|at| view.all(*at, &["OPENROWSET", "(", "BULK"]) && view.is_text(*at + 3))
        .map(|at| {
            let value = text_at(view, at + 3);
            let name =
                Token::Word(Word { value, quote_style: Some('\''), keyword: sqlparser::keywords::Keyword::NoKeyword });
            let close = view.behind(at + 1);
            let end = if view.is(close, "WITH") && view.is(close + 1, "(") { view.behind(close + 1) } else { close };
            Edit::replace(at, end, vec![name])
        })
        .collect()
}

fn text_at(view: &View<'_>, at: usize) -> String {
    match view.token(at) {
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) | Token::DoubleQuotedString(text) => {
            text.clone()
        }
        other => other.to_string(),
    }
}

/// `NEXT VALUE FOR s`: a call.
fn next_value(view: &View<'_>) -> Vec<Edit> {
    (0..view.len())
        .filter(|at| view.all(*at, &["NEXT", "VALUE", "FOR"]))
        .map(|at| {
            let call = vec![plain_name("next_value"), Token::LParen, Token::RParen];
            Edit::replace(at, view.behind_name(at + 3), call)
        })
        .collect()
}

/// `DROP EXTERNAL TABLE t`
fn drop_external(view: &View<'_>) -> Vec<Edit> {
    let drops = view.all(0, &["DROP", "EXTERNAL", "TABLE"]);
    if drops { vec![Edit::drop(1, 2)] } else { Vec::new() }
}

/// `::fn_trace(…)`: functions of the system in the notation of long ago.
fn system_functions(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| *view.token(*at) == Token::DoubleColon && view.any(*at - 1, &["FROM", "JOIN", "APPLY", ","]))
        .map(|at| Edit::drop(at, at + 1))
        .collect()
}

#[cfg(test)]
mod tests;
