//! Statements that have another spelling which the parser reads, and what stands before or behind a statement.

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, word};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "top-rows", dialects: &[Dialect::Tsql], matters: true, edits: top_rows },
    Rule { name: "on-cluster", dialects: &[Dialect::ClickHouse], matters: false, edits: on_cluster },
    Rule { name: "settings", dialects: &[Dialect::ClickHouse], matters: false, edits: settings },
    Rule { name: "delete-from-table", dialects: &[], matters: false, edits: delete_from_table },
    Rule { name: "current-of-cursor", dialects: &[], matters: true, edits: current_of },
    Rule { name: "into-variables", dialects: &[], matters: true, edits: into_variables },
    Rule { name: "drop-of-a-table", dialects: &[], matters: false, edits: drop_table },
    Rule { name: "options-of-copy", dialects: &[Dialect::Snowflake], matters: false, edits: copy_options },
    Rule { name: "search-service", dialects: &[Dialect::Snowflake], matters: false, edits: search_service },
];

/// `DELETE TOP (1000) FROM t`, `UPDATE TOP (10) PERCENT t …`.
fn top_rows(view: &View<'_>) -> Vec<Edit> {
    if !view.any(0, &["DELETE", "UPDATE", "INSERT", "MERGE"]) || !view.is(1, "TOP") || !view.is(2, "(") {
        return Vec::new();
    }
    let end = view.behind(2);
    vec![Edit::drop(1, if view.is(end, "PERCENT") { end + 1 } else { end })]
}

/// `ON CLUSTER name`: where the statement runs.
fn on_cluster(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.all(*at, &["ON", "CLUSTER"])).map(|at| Edit::drop(at, at + 3)).collect()
}

/// `SETTINGS a = 1, b = 2` behind a query, and SYNC.
fn settings(view: &View<'_>) -> Vec<Edit> {
    let starts = |at: &usize| view.is(*at, "SYNC") || (view.is(*at, "SETTINGS") && view.is(at + 2, "="));
    let ends = |at: &usize| view.any(*at, &[")", "UNION", "EXCEPT", "INTERSECT", "FORMAT", "SELECT"]);
    let mut edits = Vec::new();
    let mut at = 1;
    while let Some(start) = (at..view.len()).find(starts) {
        at = (start + 1..view.len()).find(ends).unwrap_or(view.len());
        edits.push(Edit::drop(start, at));
    }
    edits
}

/// `DELETE FROM TABLE t`.
fn delete_from_table(view: &View<'_>) -> Vec<Edit> {
    let is_word = view.all(0, &["DELETE", "FROM", "TABLE"]) && view.is_name(3);
    if is_word { vec![Edit::drop(2, 3)] } else { Vec::new() }
}

/// `WHERE CURRENT OF c`: the row at which a cursor stands.
fn current_of(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.all(*at, &["WHERE", "CURRENT", "OF"]))
        .map(|at| Edit::drop(at, view.behind_name(at + 3)))
        .collect()
}

/// `SELECT a FROM t INTO v`, `SELECT a BULK COLLECT INTO v FROM t`, `RETURNING a INTO v`: variables of a procedure.
fn into_variables(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = view.find(1, &["INTO"]) else { return Vec::new() };
    let behind_from = view.find(1, &["FROM"]).is_some_and(|from| from < at) || view.find(1, &["RETURNING"]).is_some();
    let bulk = view.is(at - 1, "COLLECT") && at > 2;
    let strict = view.is(at + 1, "STRICT");
    if !view.any(0, &["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"]) || !(behind_from || bulk || strict) {
        return Vec::new();
    }
    if view.any(0, &["INSERT"]) && at == 1 {
        return Vec::new();
    }
    let mut end = view.behind_name(at + 1 + usize::from(strict));
    while view.is(end, ",") && view.is_name(end + 1) {
        end = view.behind_name(end + 1);
    }
    vec![Edit::drop(at - usize::from(bulk) * 2, end)]
}

/// `DROP EXTERNAL TABLE t`, `DROP SNAPSHOT TABLE t`, `DROP TABLE t CASCADE CONSTRAINTS PURGE`.
fn drop_table(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..4).find(|at| view.any(*at, &["TABLE", "VIEW"])).filter(|_| view.is(0, "DROP")) else {
        return Vec::new();
    };
    let mut end = noun + 1;
    while view.any(end, &["IF", "EXISTS"]) {
        end += 1;
    }
    end = view.behind_name(end);
    while view.is(end, ",") {
        end = view.behind_name(end + 1).max(end + 1);
    }
    let keeps = usize::from(view.is(noun - 1, "MATERIALIZED"));
    vec![Edit::drop(1, noun - keeps), Edit::drop(end, view.len())]
}

/// `COPY INTO t FROM @stage …` (Snowflake): how the files are read.
fn copy_options(view: &View<'_>) -> Vec<Edit> {
    if !view.all(0, &["COPY", "INTO"]) || !view.is_name(2) {
        return Vec::new();
    }
    let Some(from) = view.find(2, &["FROM"]) else { return Vec::new() };
    let mut end = view.behind(from + 1);
    if end == from + 1 {
        end += 1;
        while end < view.len() && view.touches(end - 1) {
            end += 1;
        }
    }
    if end < view.len() { vec![Edit::drop(end, view.len())] } else { Vec::new() }
}

/// `CREATE CORTEX SEARCH SERVICE s ON a … AS SELECT …` (Snowflake): what it serves, as a view that holds its rows.
fn search_service(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..5).find(|at| view.all(*at, &["CORTEX", "SEARCH", "SERVICE"])) else { return Vec::new() };
    let mut name = noun + 3;
    while view.any(name, &["IF", "NOT", "EXISTS"]) {
        name += 1;
    }
    let behind = view.behind_name(name);
    match view.find(behind, &["AS"]).filter(|_| view.is(0, "CREATE")) {
        Some(query) => {
            let words = vec![word("MATERIALIZED"), word("VIEW")];
            vec![Edit::replace(noun, name, words), Edit::drop(behind, query)]
        }
        None => Vec::new(),
    }
}
