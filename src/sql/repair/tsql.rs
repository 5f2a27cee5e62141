//! Syntax of T-SQL: hints, short forms of DELETE and assignment, files as tables, sequences, graph columns.

mod clauses;
mod rows;
mod statements;

use sqlparser::tokenizer::Token;

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
    Rule { name: "next-value", dialects: &[], matters: false, edits: next_value },
    Rule { name: "external-table-dropped", dialects: TSQL, matters: false, edits: drop_external },
    Rule { name: "system-functions", dialects: TSQL, matters: false, edits: system_functions },
    Rule { name: "rename-object", dialects: TSQL, matters: false, edits: statements::rename },
    Rule { name: "external-table-of-a-query", dialects: TSQL, matters: false, edits: statements::external_from_query },
    Rule { name: "methods-that-assign", dialects: TSQL, matters: false, edits: statements::methods_that_assign },
    Rule { name: "hidden-columns", dialects: TSQL, matters: false, edits: statements::hidden_columns },
    Rule { name: "rows-of-a-table", dialects: TSQL, matters: true, edits: rows::of_a_table },
    Rule { name: "paths-of-rows", dialects: TSQL, matters: true, edits: rows::paths },
    Rule { name: "predictions", dialects: TSQL, matters: true, edits: rows::predictions },
    Rule { name: "signs-in-names", dialects: TSQL, matters: false, edits: rows::signs_in_names },
    Rule { name: "rollup-behind-with", dialects: TSQL, matters: true, edits: rows::rollup },
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
            // With several tables in sight, the column is one of the table that changes.
            let table = view.behind_name(1);
            if view.is(0, "UPDATE") && start + 1 == at && table > 1 && view.find(at, &["FROM"]).is_some() {
                with.extend(view.copy(1, table));
                with.push(Token::Period);
            }
            with.extend(view.copy(start, at));
            with.push(view.token(at).clone());
            edits.push(Edit::replace(at, at + 2, with));
        }
    }
    edits
}

/// `DELETE t WHERE …` is `DELETE FROM t WHERE …`; `DELETE FROM t OUTPUT … FROM u JOIN v …` is `DELETE t FROM u JOIN v
/// OUTPUT …`.
fn delete(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = (0..view.len()).find(|at| view.is(*at, "DELETE") && (*at == 0 || view.is(*at - 1, ")"))) else {
        return Vec::new();
    };
    let has_from = view.is(at + 1, "FROM");
    let name = at + 1 + usize::from(has_from);
    let behind = view.behind_name(name);
    if behind == name || view.is(name, "TOP") {
        return Vec::new();
    }
    let clauses = &["FROM", "WHERE", "OPTION"];
    let output_end = view.find(behind, clauses).unwrap_or(view.len());
    let has_output = view.is(behind, "OUTPUT");
    let source = if has_output { output_end } else { behind };
    if !view.is(source, "FROM") {
        // No other tables: the rows are those of the one that is named.
        let ends = source >= view.len() || view.any(source, &["WHERE", "OPTION", "WITH"]);
        return if ends && !has_from { vec![Edit::insert(at + 1, vec![word("FROM")])] } else { Vec::new() };
    }
    let mut edits = Vec::new();
    if has_from {
        edits.push(Edit::drop(at + 1, at + 2));
    }
    if has_output {
        edits.push(Edit::drop(behind, output_end));
        let end = view.find(source + 1, &["WHERE", "OPTION"]).unwrap_or(view.len());
        edits.push(Edit::insert(end, view.copy(behind, output_end)));
    }
    edits
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
            let name = string(&text_at(view, at + 3));
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
