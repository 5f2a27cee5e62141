//! What stands behind a relation's name, and between relations.

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "words-of-joins", dialects: &[], matters: true, edits: joins },
    Rule { name: "time-travel", dialects: &[], matters: true, edits: time_travel },
    Rule { name: "samples", dialects: &[], matters: true, edits: samples },
];

/// `ANY LEFT JOIN`, `GLOBAL INNER JOIN`, `LEFT SEMI JOIN`, `ASOF LEFT JOIN`, `LEFT DIRECTED JOIN`: how rows match, not which
/// tables do.
fn joins(view: &View<'_>) -> Vec<Edit> {
    const STRICT: &[&str] =
        &["ANY", "ALL", "ASOF", "SEMI", "ANTI", "GLOBAL", "LOCAL", "DIRECTED", "PASTE", "POSITIONAL"];
    let mut edits = Vec::new();
    for at in 1..view.len() {
        if !view.is(at, "JOIN") {
            continue;
        }
        let mut start = at;
        while start > 0
            && (view.any(start - 1, STRICT)
                || view.any(start - 1, &["LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL"]))
        {
            start -= 1;
        }
        let odd = (start..at).any(|at| view.any(at, STRICT))
            || (start..at).any(|index| view.is(index, "OUTER") && index + 1 < at);
        if odd {
            let kept = (start..at).filter(|at| !view.any(*at, STRICT) && !view.is(*at, "OUTER"));
            edits.push(Edit::replace(start, at, kept.map(|at| view.token(at).clone()).collect()));
        }
    }
    edits
}

/// `FOR SYSTEM_TIME AS OF x`, `FOR VERSION AS OF 3`, `VERSION AS OF 3`, `AT (TIMESTAMP => x)`, `BEFORE (…)`, `CHANGES (…)`.
fn time_travel(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 2;
    while at < view.len() {
        let end = if view.is(at, "FOR") && view.any(at + 1, PERIODS) {
            behind_period(view, at + 2)
        } else if view.all(at, &["AS", "OF"]) && view.any(at + 2, &["TIMESTAMP", "SCN", "PERIOD"]) {
            // Oracle; an alias may stand behind the brackets.
            if view.is(at + 3, "(") { view.behind(at + 3) } else { behind_period(view, at + 2) }
        } else if view.all(at, &["VERSIONS", "BETWEEN"])
            || view.any(at, &["VERSION", "TIMESTAMP", "SYSTEM"]) && view.all(at + 1, &["AS", "OF"])
        {
            behind_period(view, at + 1)
        } else if view.any(at, &["AT", "BEFORE", "CHANGES"]) && view.is(at + 1, "(") && view.is_name(at - 1) {
            view.behind(at + 1)
        } else {
            at += 1;
            continue;
        };
        edits.push(Edit::drop(at, end));
        at = end.max(at + 1);
    }
    edits
}

/// What FOR names in front of a period.
const PERIODS: &[&str] = &["SYSTEM_TIME", "VERSION", "TIMESTAMP", "PORTION", "APPLICATION_TIME", "BUSINESS_TIME"];

/// The index behind `AS OF x`, `BETWEEN x AND y`, `FROM x TO y`, `ALL`: up to an alias, a clause or a bracket.
fn behind_period(view: &View<'_>, start: usize) -> usize {
    const ENDS: &[&str] = &[
        ")", ",", "WHERE", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON", "USING", "GROUP", "ORDER", "UNION",
        "LIMIT", "QUALIFY", "HAVING", "SET", "WINDOW", "NATURAL",
    ];
    let mut at = start;
    let mut seen_value = false;
    while at < view.len() && !view.any(at, ENDS) {
        let alias = view.is(at, "AS") && !view.is(at + 1, "OF");
        if seen_value && alias {
            break;
        }
        seen_value = true;
        at = view.behind(at).max(at + 1);
    }
    at
}

const SAMPLE_ENDS: &[&str] = &[
    ")",
    ",",
    "WHERE",
    "PREWHERE",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "ORDER",
    "GROUP",
    "HAVING",
    "JOIN",
    "LEFT",
    "INNER",
    "GLOBAL",
    "ANY",
    "ARRAY",
    "SETTINGS",
];

/// `TABLESAMPLE BERNOULLI (10)`, `SAMPLE (10 ROWS) SEED (3)`, `USING SAMPLE 10%`.
fn samples(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 2;
    while at < view.len() {
        let clause = |at: usize| (at..view.len()).find(|at| view.any(*at, SAMPLE_ENDS)).unwrap_or(view.len());
        let duck = view.dialect == Dialect::DuckDb && view.is(at - 1, "USING") && view.is(at, "SAMPLE");
        let method = view.any(at + 1, &["(", "BERNOULLI", "SYSTEM", "ROW", "BLOCK"]);
        let (start, end) = if duck {
            (at - 1, clause(at))
        } else if view.is(at, "TABLESAMPLE") || (view.is(at, "SAMPLE") && method) {
            (at, behind_method(view, at + 1))
        } else if view.is(at, "SAMPLE") && (view.is_number(at + 1) || view.any(at + 1, &["WITH", "RANDOMIZED", "WHEN"]))
        {
            (at, clause(at))
        } else {
            at += 1;
            continue;
        };
        edits.push(Edit::drop(start, end));
        at = end.max(at + 1);
    }
    edits
}

fn behind_method(view: &View<'_>, start: usize) -> usize {
    let mut at = start;
    while view.any(at, &["BERNOULLI", "SYSTEM", "RESERVOIR", "ROW", "BLOCK", "(", "SEED", "REPEATABLE"]) {
        at = view.behind(at).max(at + 1);
    }
    at
}
