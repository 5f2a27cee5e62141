//! Syntax of Teradata: options behind a table's name, casts in parentheses, operators that are words, locks.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::columns::parts;
use crate::sql::repair::view::{Edit, View, word};

const TERADATA: &[Dialect] = &[Dialect::Teradata];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "short-verbs", dialects: TERADATA, matters: false, edits: short_verbs },
    Rule { name: "using-request", dialects: TERADATA, matters: false, edits: using },
    Rule { name: "locking-request", dialects: &[], matters: false, edits: locking },
    Rule { name: "options-behind-a-name", dialects: TERADATA, matters: false, edits: table_options },
    Rule {
        name: "words-as-operators",
        dialects: &[Dialect::Teradata, Dialect::MySql, Dialect::Generic],
        matters: false,
        edits: operators,
    },
    Rule { name: "values-without-their-word", dialects: TERADATA, matters: false, edits: values },
    Rule { name: "columns-that-a-function-returns", dialects: TERADATA, matters: false, edits: returned },
    Rule { name: "normalized-periods", dialects: TERADATA, matters: true, edits: normalize },
    Rule { name: "logging-of-errors", dialects: TERADATA, matters: false, edits: log_errors },
    Rule { name: "units-of-intervals", dialects: TERADATA, matters: false, edits: interval_units },
    Rule { name: "directions-in-calls", dialects: TERADATA, matters: true, edits: directions },
];

/// `SEL`, `INS`, `UPD`, `DEL`.
fn short_verbs(view: &View<'_>) -> Vec<Edit> {
    let long = |at: usize| match view.word(at).as_str() {
        "SEL" => Some("SELECT"),
        "INS" if at == 0 => Some("INSERT"),
        "UPD" if at == 0 => Some("UPDATE"),
        "DEL" if at == 0 => Some("DELETE"),
        // Branches of MERGE.
        "INS" if view.is(at.saturating_sub(1), "THEN") => Some("INSERT"),
        "UPD" if view.is(at.saturating_sub(1), "THEN") => Some("UPDATE"),
        "DEL" if view.is(at.saturating_sub(1), "THEN") => Some("DELETE"),
        _ => None,
    };
    (0..view.len()).filter_map(|at| long(at).map(|long| Edit::replace(at, at + 1, vec![word(long)]))).collect()
}

/// `USING (a INTEGER) INSERT INTO t VALUES (:a)`: which values a client hands over.
fn using(view: &View<'_>) -> Vec<Edit> {
    let verbs = ["INSERT", "INS", "SELECT", "SEL", "UPDATE", "UPD", "DELETE", "DEL", "MERGE", "LOCKING", "WITH"];
    match view.find(1, &verbs).filter(|_| view.is(0, "USING")) {
        Some(verb) => vec![Edit::drop(0, verb)],
        None => Vec::new(),
    }
}

/// `LOCKING ROW FOR ACCESS SELECT …`, `AS LOCKING TABLE t FOR ACCESS LOCK ROW IN SHARE MODE NOWAIT SELECT …`.
fn locking(view: &View<'_>) -> Vec<Edit> {
    let starts = |at: usize| at == 0 || view.any(at - 1, &["AS", "(", ")"]) || view.is_name(at - 1);
    (0..view.len())
        .filter(|at| view.any(*at, &["LOCKING", "LOCK"]) && starts(*at))
        .filter_map(|at| Some(Edit::drop(at, behind_lock(view, at)?)))
        .collect()
}

/// The index behind `LOCKING [ROW | [TABLE | VIEW | DATABASE] name] FOR level [MODE] [NOWAIT]`.
fn behind_lock(view: &View<'_>, at: usize) -> Option<usize> {
    let object = at + 1 + usize::from(view.any(at + 1, &["TABLE", "VIEW", "DATABASE"]));
    let word = view.behind_name(object);
    if word == object {
        return None;
    }
    let level = word + usize::from(view.any(word, &["FOR", "IN"]));
    let mut end =
        view.any(level, &["ACCESS", "READ", "SHARE", "WRITE", "EXCLUSIVE", "CHECKSUM", "LOAD"]).then_some(level + 1)?;
    while view.any(end, &["COMMITTED", "MODE", "NOWAIT", "OVERRIDE"]) {
        end += 1;
    }
    Some(end)
}

/// `CREATE TABLE t, NO FALLBACK, CHECKSUM = DEFAULT (…)`: how rows are kept stands in front of the columns.
fn table_options(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..7).find(|at| view.is(*at, "TABLE")).filter(|_| view.is(0, "CREATE")) else {
        return Vec::new();
    };
    let behind = view.behind_name(noun + 1);
    if behind == noun + 1 || !view.is(behind, ",") {
        return Vec::new();
    }
    let end = (behind..view.len()).find(|at| view.any(*at, &["(", "AS"])).unwrap_or(view.len());
    vec![Edit::drop(behind, end)]
}

/// `a MOD 2`, in MySQL as well; `a EQ b`, `a GE 1`, `a ** 2`, `a ^= b`, `a NOT= b`.
fn operators(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        if !ends_operand(view, at - 1) {
            continue;
        }
        let (with, length) = match view.word(at).as_str() {
            "MOD" => (Token::Mod, 1),
            _ if view.dialect != Dialect::Teradata => continue,
            "EQ" => (Token::Eq, 1),
            "NE" => (Token::Neq, 1),
            "LT" => (Token::Lt, 1),
            "LE" => (Token::LtEq, 1),
            "GT" => (Token::Gt, 1),
            "GE" => (Token::GtEq, 1),
            "NOT" if view.is(at + 1, "=") => (Token::Neq, 2),
            _ if view.all(at, &["*", "*"]) => (Token::CustomBinaryOperator("**".to_owned()), 2),
            _ if *view.token(at) == Token::Caret && view.is(at + 1, "=") => (Token::Neq, 2),
            _ => continue,
        };
        if starts_operand(view, at + length) {
            edits.push(Edit::replace(at, at + length, vec![with]));
        }
    }
    edits
}

pub(super) fn ends_operand(view: &View<'_>, at: usize) -> bool {
    let word = view.word(at);
    let is_value = view.is_name(at) && !BEFORE_OPERAND.contains(&word.as_str());
    is_value || view.is_number(at) || view.is_text(at) || view.any(at, &[")", "]"])
}

fn starts_operand(view: &View<'_>, at: usize) -> bool {
    view.is_name(at)
        || view.is_number(at)
        || view.is_text(at)
        || view.any(at, &["(", "-", ":"])
        || matches!(view.token(at), Token::Placeholder(_))
}

/// Words behind which a value begins, so that parentheses there hold a value.
const BEFORE_OPERAND: &[&str] = &[
    "ALL", "AND", "ANY", "AS", "BETWEEN", "BY", "CASE", "CAST", "DISTINCT", "ELSE", "EXISTS", "FROM", "HAVING", "IN",
    "INDEX", "INTO", "IS", "JOIN", "KEY", "LIKE", "MINUS", "NOT", "ON", "OR", "OVER", "PERIOD", "QUALIFY", "SEL",
    "SELECT", "SET", "SOME", "TABLE", "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE", "WITH",
];

/// `INSERT INTO t (1, 'a')`: a list behind which nothing stands holds values.
fn values(view: &View<'_>) -> Vec<Edit> {
    let into = 1 + usize::from(view.is(1, "INTO"));
    let open = view.behind_name(into);
    let inserts = view.any(0, &["INSERT", "INS"]) && open > into && view.is(open, "(");
    if inserts && view.behind(open) == view.len() { vec![Edit::insert(open, vec![word("VALUES")])] } else { Vec::new() }
}

/// `TABLE (f(a) RETURNS (b INTEGER, c DATE)) AS t`: its columns are named behind the alias, as in `… AS t (b, c)`.
fn returned(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let Some(close) = view.partner(at + 1).filter(|_| view.is(at, "RETURNS") && view.is(at + 1, "(")) else {
            continue;
        };
        let alias = close + 2 + usize::from(view.is(close + 2, "AS"));
        if !view.is(close + 1, ")") || !view.is_name(alias) || view.is(alias + 1, "(") {
            continue;
        }
        let mut names = Vec::new();
        for (start, _) in parts(view, at + 2, close) {
            names.push(if names.is_empty() { Token::LParen } else { Token::Comma });
            names.push(view.token(start).clone());
        }
        names.push(Token::RParen);
        edits.push(Edit::drop(at, close + 1));
        edits.push(Edit::insert(alias + 1, names));
    }
    edits
}

/// `SELECT NORMALIZE ON MEETS OR OVERLAPS a, b`: rows whose periods meet become one.
fn normalize(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in (1..view.len()).filter(|at| view.all(*at - 1, &["SELECT", "NORMALIZE"])) {
        let mut end = at + 1;
        while view.any(end, &["ON", "OR", "MEETS", "OVERLAPS"]) {
            end += 1;
        }
        edits.push(Edit::drop(at, end));
    }
    edits
}

/// `… LOGGING ALL ERRORS WITH NO LIMIT`
fn log_errors(view: &View<'_>) -> Vec<Edit> {
    let logs = |at: &usize| view.is(*at, "LOGGING") && (view.is(at + 1, "ERRORS") || view.is(at + 2, "ERRORS"));
    (1..view.len()).find(logs).map(|at| Edit::drop(at, view.len())).into_iter().collect()
}

/// `(a - b) DAY(4) TO SECOND(2)`: in which units a difference of times is told.
fn interval_units(view: &View<'_>) -> Vec<Edit> {
    const UNITS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
    let mut edits = Vec::new();
    for at in 1..view.len() {
        if !view.is(at - 1, ")") || !view.any(at, UNITS) {
            continue;
        }
        let mut end = view.behind(at + 1);
        if view.is(end, "TO") && view.any(end + 1, UNITS) {
            end = view.behind(end + 2);
        }
        edits.push(Edit::drop(at, end));
    }
    edits
}

/// `RANK(a DESC)`, `CSUM(a, b DESC)`: functions of the time before windows are told in which order they go.
fn directions(view: &View<'_>) -> Vec<Edit> {
    const FUNCTIONS: &[&str] =
        &["RANK", "CSUM", "MSUM", "MAVG", "MDIFF", "MLINREG", "QUANTILE", "PERCENT_RANK", "ROW_NUMBER"];
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let is_call = view.any(at, FUNCTIONS) && view.is(at + 1, "(");
        let (Some(close), true) = (view.partner(at + 1), is_call) else { continue };
        let direction = |at: &usize| view.any(*at, &["ASC", "DESC"]) && view.any(at + 1, &[",", ")"]);
        edits.extend((at + 2..close).filter(direction).map(|at| Edit::drop(at, at + 1)));
    }
    edits
}
