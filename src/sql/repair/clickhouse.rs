//! What only ClickHouse writes: elements by their number, functions over a star, expressions in WITH, mutations.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, plain_name, word};

const HERE: &[Dialect] = &[Dialect::ClickHouse];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "elements-by-number", dialects: HERE, matters: false, edits: elements },
    Rule { name: "functions-over-a-star", dialects: HERE, matters: false, edits: over_star },
    Rule { name: "expressions-in-with", dialects: HERE, matters: false, edits: expressions },
    Rule { name: "using-without-parentheses", dialects: HERE, matters: false, edits: using },
    Rule { name: "global-in", dialects: HERE, matters: false, edits: global_in },
    Rule { name: "final-rows", dialects: HERE, matters: true, edits: final_rows },
    Rule { name: "limit-behind-limit-by", dialects: HERE, matters: true, edits: second_limit },
    Rule { name: "mutations", dialects: HERE, matters: false, edits: mutations },
    Rule { name: "exchange-of-tables", dialects: HERE, matters: false, edits: exchange },
];

/// The name of the only column of a CTE that stands for an expression: no SQL can write it without quotes.
pub const EXPRESSION: &str = "expression in with";

/// `location.1` → `location[1]`: the tokenizer takes the dot and the digits for a number.
fn elements(view: &View<'_>) -> Vec<Edit> {
    let element = |at: usize| {
        let Token::Number(digits, long) = view.token(at) else { return None };
        let index = digits.strip_prefix('.')?;
        let is_element = |at: usize| matches!(view.token(at), Token::Number(digits, _) if digits.starts_with('.'));
        let follows = view.is_name(at - 1) || view.any(at - 1, &[")", "]"]) || is_element(at - 1);
        let with = vec![Token::LBracket, Token::Number(index.to_owned(), *long), Token::RBracket];
        (follows && view.touches(at - 1)).then(|| Edit::replace(at, at + 1, with))
    };
    (1..view.len()).filter_map(element).collect()
}

/// `* EXCEPT (a) APPLY (f) APPLY (g)` → `g(f(COLUMNS(* EXCEPT (a))))`; `APPLY (x -> …)` → `apply(x -> …, COLUMNS(*))`.
fn over_star(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let star = view.is(at, "*") && view.any(at - 1, &["SELECT", ",", "DISTINCT"]);
        let choice = view.is(at, "COLUMNS") && view.is(at + 1, "(");
        let mut end = if star { at + 1 } else { view.behind(at + 1) };
        if !star && !choice {
            continue;
        }
        while star && view.any(end, &["EXCEPT", "REPLACE"]) {
            end = view.behind(end + 1).max(end + 2);
        }
        let start = end;
        let mut open = Vec::new();
        while view.is(end, "APPLY") {
            let (from, to, behind) = match view.partner(end + 1) {
                Some(close) => (end + 2, close, close + 1),
                None => (end + 1, end + 2, end + 2),
            };
            let is_lambda = (from..to).any(|at| *view.token(at) == Token::Arrow);
            let mut call = if is_lambda { vec![word("apply"), Token::LParen] } else { Vec::new() };
            call.extend(view.copy(from, to));
            call.push(if is_lambda { Token::Comma } else { Token::LParen });
            open.push(call);
            end = behind;
        }
        if open.is_empty() {
            continue;
        }
        let count = open.len();
        let mut head: Vec<Token> = open.into_iter().rev().flatten().collect();
        head.extend(star.then(|| [word("COLUMNS"), Token::LParen]).into_iter().flatten());
        edits.push(Edit::insert(at, head));
        edits.push(Edit::replace(start, end, vec![Token::RParen; count + usize::from(star)]));
    }
    edits
}

/// `WITH 1.2 AS vat, c AS (SELECT …) SELECT …`: an expression becomes a CTE with a column that says what it is.
fn expressions(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        if view.is(at, "WITH") && !view.any(at + 1, &["TIES", "FILL", "TOTALS", "ROLLUP", "CUBE", "RECURSIVE"]) {
            edits.extend(expressions_of(view, at + 1).unwrap_or_default());
        }
    }
    edits
}

/// The edits for the list of one WITH; `None` where it is no such list.
fn expressions_of(view: &View<'_>, start: usize) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut at = start;
    loop {
        let behind_name = view.behind(at + 1).max(at + 1);
        let end = if view.is_name(at) && view.is(behind_name, "AS") && view.is(behind_name + 1, "(") {
            view.behind(behind_name + 1)
        } else {
            let end = view.find(at, &[",", "SELECT", "INSERT"])?;
            if end < at + 3 || !view.is(end - 2, "AS") || !view.is_name(end - 1) {
                return None;
            }
            let head = vec![view.token(end - 1).clone(), word("AS"), Token::LParen, word("SELECT")];
            edits.push(Edit::insert(at, head));
            edits.push(Edit::replace(end - 2, end, vec![word("AS"), plain_name(EXPRESSION), Token::RParen]));
            end
        };
        if !view.is(end, ",") {
            return view.any(end, &["SELECT", "INSERT"]).then_some(edits);
        }
        at = end + 1;
    }
}

/// `JOIN t USING a, b` → `JOIN t USING (a, b)`.
fn using(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in (2..view.len()).filter(|at| view.is(*at, "USING") && view.is_name(at + 1)) {
        let mut end = at + 2;
        while view.is(end, ",") && view.is_name(end + 1) {
            end += 2;
        }
        edits.push(Edit::insert(at + 1, vec![Token::LParen]));
        edits.push(Edit::insert(end, vec![Token::RParen]));
    }
    edits
}

/// `a GLOBAL IN (…)`, `a GLOBAL NOT IN (…)`: where the subquery runs.
fn global_in(view: &View<'_>) -> Vec<Edit> {
    let is_global = |at: &usize| view.is(*at, "GLOBAL") && (view.is(at + 1, "IN") || view.all(at + 1, &["NOT", "IN"]));
    (1..view.len()).filter(is_global).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `FROM t AS a FINAL`: of the rows with one key only the last.
fn final_rows(view: &View<'_>) -> Vec<Edit> {
    const BEFORE: &[&str] = &["SELECT", "WHERE", "PREWHERE", "AND", "OR", "NOT", "BY", "ON", "AS", "HAVING", "IN"];
    const BEHIND: &[&str] = &[
        ")", ",", "WHERE", "PREWHERE", "SAMPLE", "JOIN", "LEFT", "RIGHT", "INNER", "FULL", "CROSS", "ANY", "ALL",
        "ASOF", "SEMI", "ANTI", "GLOBAL", "ARRAY", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "SETTINGS", "ON",
        "USING", "FORMAT", "QUALIFY", "WINDOW",
    ];
    let is_final = |at: &usize| {
        let relation = (view.is_name(at - 1) && !view.any(at - 1, BEFORE)) || view.is(at - 1, ")");
        view.is(*at, "FINAL") && relation && (at + 1 == view.len() || view.any(at + 1, BEHIND))
    };
    (2..view.len()).filter(is_final).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `LIMIT 1 BY id LIMIT 10`: the second one.
fn second_limit(view: &View<'_>) -> Vec<Edit> {
    const ENDS: &[&str] = &["LIMIT", "UNION", "EXCEPT", "INTERSECT", "SETTINGS", "FORMAT", "SELECT"];
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let by = (at + 2..at + 6).find(|by| view.is(*by, "BY")).filter(|_| view.is(at, "LIMIT"));
        let second = by.and_then(|by| view.find(by + 1, ENDS)).filter(|second| view.is(*second, "LIMIT"));
        if let Some(second) = second {
            let end = view.find(second + 1, ENDS).unwrap_or_else(|| view.level_end(second));
            edits.push(Edit::drop(second, end));
        }
    }
    edits
}

/// `ALTER TABLE t UPDATE a = b WHERE c`, `ALTER TABLE t DELETE WHERE c`: an UPDATE, a DELETE.
fn mutations(view: &View<'_>) -> Vec<Edit> {
    let behind = view.behind_name(2);
    if !view.all(0, &["ALTER", "TABLE"]) || behind == 2 {
        return Vec::new();
    }
    let verb = if view.all(behind, &["ON", "CLUSTER"]) { behind + 3 } else { behind };
    let Some(condition) = view.find(verb, &["WHERE"]) else { return Vec::new() };
    // Where the rows lie that may change.
    let partition = view.find(verb, &["IN"]).filter(|at| view.is(at + 1, "PARTITION") && *at < condition);
    let mut edits: Vec<Edit> = partition.map(|at| Edit::drop(at, condition)).into_iter().collect();
    match view.word(verb).as_str() {
        "UPDATE" => {
            edits.push(Edit::replace(0, 2, vec![word("UPDATE")]));
            edits.push(Edit::replace(behind, verb + 1, vec![word("SET")]));
        }
        "DELETE" => {
            edits.push(Edit::replace(0, 2, vec![word("DELETE"), word("FROM")]));
            edits.push(Edit::drop(behind, verb + 1));
        }
        _ => return Vec::new(),
    }
    edits
}

/// `EXCHANGE TABLES a AND b` → `ALTER TABLE a SWAP WITH b`.
fn exchange(view: &View<'_>) -> Vec<Edit> {
    if !view.all(0, &["EXCHANGE", "TABLES"]) {
        return Vec::new();
    }
    let mut written = Vec::new();
    let mut at = 2;
    loop {
        let and = view.behind_name(at);
        let end = view.behind_name(and + 1);
        if and == at || !view.is(and, "AND") || end == and + 1 {
            return Vec::new();
        }
        written.extend([word("ALTER"), word("TABLE")]);
        written.extend(view.copy(at, and));
        written.extend([word("SWAP"), word("WITH")]);
        written.extend(view.copy(and + 1, end));
        if !view.is(end, ",") {
            return vec![Edit::replace(0, view.len(), written)];
        }
        written.push(Token::SemiColon);
        at = end + 1;
    }
}
