//! Statements that put the rows of one table into another one without a query: they are read as the INSERT that would.
//!
//! Where two tables change their rows, the flow goes into the one that the statement alters.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, plain_name, word};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "append-of-a-table", dialects: &[], matters: false, edits: append },
    Rule { name: "exchange-of-a-partition", dialects: &[], matters: false, edits: exchange },
    Rule { name: "switch-of-a-partition", dialects: &[Dialect::Tsql], matters: false, edits: switch },
    Rule { name: "partition-of-another-table", dialects: &[Dialect::ClickHouse], matters: false, edits: partition },
];

/// `ALTER TABLE t APPEND FROM s` (Redshift).
fn append(view: &View<'_>) -> Vec<Edit> {
    let behind = altered(view);
    match view.all(behind, &["APPEND", "FROM"]) {
        true => fill(view, (2, behind), (behind + 2, view.behind_name(behind + 2))),
        false => Vec::new(),
    }
}

/// `ALTER TABLE t EXCHANGE PARTITION (day = '…') WITH TABLE s` (Hive, Spark, MySQL, Oracle).
fn exchange(view: &View<'_>) -> Vec<Edit> {
    let behind = altered(view);
    let with = view.find(behind + 1, &["WITH"]).filter(|with| view.is(with + 1, "TABLE"));
    match with.filter(|_| view.is(behind, "EXCHANGE") && view.any(behind + 1, &["PARTITION", "SUBPARTITION"])) {
        Some(with) => fill(view, (2, behind), (with + 2, view.behind_name(with + 2))),
        None => Vec::new(),
    }
}

/// `ALTER TABLE s SWITCH PARTITION 1 TO t` (T-SQL).
fn switch(view: &View<'_>) -> Vec<Edit> {
    let behind = altered(view);
    match view.find(behind, &["TO"]).filter(|_| view.is(behind, "SWITCH")) {
        Some(to) => fill(view, (to + 1, view.behind_name(to + 1)), (2, behind)),
        None => Vec::new(),
    }
}

/// `ALTER TABLE t REPLACE PARTITION p FROM s`, `… ATTACH PARTITION p FROM s`, `… MOVE PARTITION p TO TABLE s` (ClickHouse).
fn partition(view: &View<'_>) -> Vec<Edit> {
    let behind = altered(view);
    if !view.is(behind + 1, "PARTITION") {
        return Vec::new();
    }
    match view.word(behind).as_str() {
        "REPLACE" => from(view, behind),
        "MOVE" => {
            let to = view.find(behind, &["TO"]).filter(|to| view.is(to + 1, "TABLE"));
            to.map_or_else(Vec::new, |to| fill(view, (to + 2, view.behind_name(to + 2)), (2, behind)))
        }
        _ => Vec::new(),
    }
}

/// `ATTACH PARTITION` at `at`, which the parser reads without the table: `… p FROM s` (ClickHouse), or the table itself
/// (PostgreSQL), whose rows are rows of the whole from then on.
pub(super) fn attach(view: &View<'_>, at: usize) -> Option<Edit> {
    if altered(view) != at || !view.is(at + 1, "PARTITION") {
        return None;
    }
    let edits = match view.dialect {
        Dialect::ClickHouse => from(view, at),
        _ if view.any(view.behind_name(at + 2), &["FOR", "DEFAULT"]) => {
            fill(view, (2, at), (at + 2, view.behind_name(at + 2)))
        }
        _ => Vec::new(),
    };
    edits.into_iter().next()
}

/// `SELECT swap_partitions_between_tables('s', 'from', 'to', 't')` and the like (Vertica): functions that take tables by
/// their names, the first and the one at `target`.
pub(super) fn by_function(view: &View<'_>, at: usize) -> Option<Edit> {
    let target = match view.word(at).as_str() {
        "COPY_TABLE" => 1,
        "COPY_PARTITIONS_TO_TABLE" | "MOVE_PARTITIONS_TO_TABLE" | "SWAP_PARTITIONS_BETWEEN_TABLES" => 3,
        _ => return None,
    };
    let close = view.partner(at + 1).filter(|_| at == 1 && view.is(0, "SELECT") && view.is(2, "("))?;
    let ends = close + 1 == view.len() || view.is(close + 1, ";");
    let texts: Vec<&str> = (3..close).step_by(2).filter_map(|at| text(view.token(at))).collect();
    let (source, target) = (texts.first()?, texts.get(target)?);
    ends.then(|| Edit::replace(0, close + 1, insert(dotted(target), dotted(source))))
}

fn text(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text) => Some(text),
        _ => None,
    }
}

fn dotted(name: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for part in name.split('.') {
        if !tokens.is_empty() {
            tokens.push(Token::Period);
        }
        tokens.push(plain_name(part));
    }
    tokens
}

/// The index behind the name of the table that is altered; 0 where none is.
fn altered(view: &View<'_>) -> usize {
    let behind = view.behind_name(2);
    if view.all(0, &["ALTER", "TABLE"]) && behind > 2 { behind } else { 0 }
}

/// What the table behind FROM holds goes into the altered one, whose action starts at `action`.
fn from(view: &View<'_>, action: usize) -> Vec<Edit> {
    match view.find(action, &["FROM"]) {
        Some(from) => fill(view, (2, action), (from + 1, view.behind_name(from + 1))),
        None => Vec::new(),
    }
}

/// The whole statement as an INSERT into the first name of all of the second.
fn fill(view: &View<'_>, target: (usize, usize), source: (usize, usize)) -> Vec<Edit> {
    if target.0 >= target.1 || source.0 >= source.1 {
        return Vec::new();
    }
    let (target, source) = (view.copy(target.0, target.1), view.copy(source.0, source.1));
    vec![Edit::replace(0, view.len(), insert(target, source))]
}

fn insert(target: Vec<Token>, source: Vec<Token>) -> Vec<Token> {
    let mut tokens = vec![word("INSERT"), word("INTO")];
    tokens.extend(target);
    tokens.extend([word("SELECT"), Token::Mul, word("FROM")]);
    tokens.extend(source);
    tokens
}
