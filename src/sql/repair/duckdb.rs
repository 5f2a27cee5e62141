//! What only DuckDB writes: list comprehensions, PIVOT and UNPIVOT as statements, aliases in front.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, word};

const HERE: &[Dialect] = &[Dialect::DuckDb];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "list-comprehensions", dialects: HERE, matters: false, edits: comprehensions },
    Rule { name: "pivot-as-a-statement", dialects: HERE, matters: false, edits: pivots },
];

/// `[x * 2 FOR x IN list IF x > 0]` → `list_transform(list_filter(list, x -> x > 0), x -> x * 2)`.
fn comprehensions(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for open in 0..view.len() {
        let Some(close) = view.partner(open).filter(|close| view.is(open, "[") && *close > open) else { continue };
        let Some(each) = view.find(open + 1, &["FOR"]) else { continue };
        let Some(within) = view.find(each + 1, &["IN"]) else { continue };
        let condition = view.find(within + 1, &["IF"]);
        let list = view.copy(within + 1, condition.unwrap_or(close));
        let mut parameters = view.copy(each + 1, within);
        if parameters.len() > 1 {
            parameters.insert(0, Token::LParen);
            parameters.push(Token::RParen);
        }
        let lambda = |body: Vec<Token>| {
            let mut lambda = parameters.clone();
            lambda.push(Token::Arrow);
            lambda.extend(body);
            lambda
        };
        let kept = match condition {
            Some(at) => call("list_filter", list, lambda(view.copy(at + 1, close))),
            None => list,
        };
        let made = call("list_transform", kept, lambda(view.copy(open + 1, each)));
        edits.push(Edit::replace(open, close + 1, made));
    }
    edits
}

fn call(function: &str, list: Vec<Token>, lambda: Vec<Token>) -> Vec<Token> {
    let mut call = vec![word(function), Token::LParen];
    call.extend(list);
    call.push(Token::Comma);
    call.extend(lambda);
    call.push(Token::RParen);
    call
}

/// `PIVOT t ON a USING sum(b) GROUP BY c` → `SELECT * FROM t PIVOT (sum(b) FOR a IN (ANY)) GROUP BY c`;
/// `UNPIVOT t ON a, b INTO NAME n VALUE v` → `SELECT * FROM t UNPIVOT (v FOR n IN (a, b))`.
fn pivots(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let starts = at == 0 || view.any(at - 1, &["AS", "("]) || (view.is(at - 1, ")") && !view.is(at + 1, "("));
        if !starts || !view.any(at, &["PIVOT", "PIVOT_WIDER", "UNPIVOT", "PIVOT_LONGER"]) {
            continue;
        }
        let name = view.behind_name(at + 1);
        let source_end = view.behind(name);
        if source_end == at + 1 || !view.is(source_end, "ON") {
            continue;
        }
        let source = (at + 1, source_end);
        let made = if view.any(at, &["PIVOT", "PIVOT_WIDER"]) { pivot(view, source) } else { unpivot(view, source) };
        edits.extend(made.map(|(made, end)| Edit::replace(at, end, made)));
    }
    edits
}

/// The index of the first of these words behind `at`, or of the level's end.
fn up_to(view: &View<'_>, at: usize, words: &[&str]) -> usize {
    view.find(at, words).unwrap_or_else(|| view.level_end(at))
}

const TAIL: &[&str] = &["ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"];

fn pivot(view: &View<'_>, (source, on): (usize, usize)) -> Option<(Vec<Token>, usize)> {
    let using = up_to(view, on + 1, &["USING", "GROUP", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"]);
    let group = up_to(view, using, &["GROUP", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"]);
    let end = if view.is(group, "GROUP") { up_to(view, group, TAIL) } else { group };
    let aggregates = match view.is(using, "USING") {
        true => view.copy(using + 1, group),
        false => vec![word("count"), Token::LParen, Token::Mul, Token::RParen],
    };
    let values = view.find(on + 1, &["IN"]).filter(|at| *at < using);
    let several = view.find(on + 1, &[","]).is_some_and(|at| at < using);
    let (columns, values) = match values {
        // Values of several columns: each of their pairs is a column.
        Some(_) if several => return None,
        Some(at) if view.is(at + 1, "(") => (view.copy(on + 1, at), view.copy(at + 1, using)),
        Some(at) => (view.copy(on + 1, at), any()),
        None => (view.copy(on + 1, using), any()),
    };
    let mut made = vec![word("SELECT"), Token::Mul, word("FROM")];
    if view.is(group, "GROUP") {
        // Only these columns stay.
        made.extend([Token::LParen, word("SELECT")]);
        made.extend(view.copy(group + 2, end));
        made.push(Token::Comma);
        made.extend(columns.clone());
        for column in names(view, using + 1, group) {
            made.extend([Token::Comma, column]);
        }
        made.push(word("FROM"));
        made.extend(view.copy(source, on));
        made.push(Token::RParen);
    } else {
        made.extend(view.copy(source, on));
    }
    made.extend([word("PIVOT"), Token::LParen]);
    made.extend(aggregates);
    made.push(word("FOR"));
    made.extend(several.then_some(Token::LParen));
    made.extend(columns);
    made.extend(several.then_some(Token::RParen));
    made.push(word("IN"));
    made.extend(values);
    made.push(Token::RParen);
    made.extend(view.copy(group, end));
    Some((made, end))
}

fn any() -> Vec<Token> {
    vec![Token::LParen, word("ANY"), Token::RParen]
}

/// The columns that aggregates name.
fn names(view: &View<'_>, start: usize, end: usize) -> Vec<Token> {
    const WORDS: &[&str] = &[
        "AND", "OR", "NOT", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "IS", "IN", "AS", "FILTER",
        "WHERE", "ORDER", "BY", "ASC", "DESC", "TRUE", "FALSE", "BETWEEN", "LIKE",
    ];
    let is_column = |at: &usize| {
        let named = view.is_name(*at) && !view.any(*at, WORDS) && !view.any(at + 1, &["(", "."]);
        let is_type = *view.token(at - 1) == Token::DoubleColon;
        named && !view.any(at - 1, &["AS"]) && !is_type
    };
    let mut names: Vec<Token> = Vec::new();
    for at in (start..end).filter(is_column) {
        if !names.contains(view.token(at)) {
            names.push(view.token(at).clone());
        }
    }
    names
}

fn unpivot(view: &View<'_>, (source, on): (usize, usize)) -> Option<(Vec<Token>, usize)> {
    let into = up_to(view, on + 1, &["INTO", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"]);
    // Which columns these are depends on all columns of the relation.
    if (on..into).any(|at| view.any(at, &["COLUMNS", "*"])) {
        return None;
    }
    let (name, value, end) = if view.all(into, &["INTO", "NAME"]) && view.is(into + 3, "VALUE") {
        let end = up_to(view, into + 4, TAIL);
        (view.copy(into + 2, into + 3), view.copy(into + 4, end), end)
    } else {
        (vec![word("name")], vec![word("value")], into)
    };
    let mut made = vec![word("SELECT"), Token::Mul, word("FROM")];
    made.extend(view.copy(source, on));
    made.extend([word("UNPIVOT"), Token::LParen]);
    let several = value.len() > 1;
    made.extend(several.then_some(Token::LParen));
    made.extend(value);
    made.extend(several.then_some(Token::RParen));
    made.push(word("FOR"));
    made.extend(name);
    made.extend([word("IN"), Token::LParen]);
    made.extend(view.copy(on + 1, into));
    made.extend([Token::RParen, Token::RParen]);
    Some((made, end))
}

/// What a level of brackets holds at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    List,
    Relations,
    Other,
}

/// `gross: total * 1.2` → `total * 1.2 AS gross`, `FROM o: orders` → `FROM orders AS o`: the parser takes the colon for a
/// path into JSON, which DuckDB writes otherwise.
pub(super) fn aliases_in_front(view: &View<'_>) -> Vec<Edit> {
    const ENDS: &[&str] = &[
        ",",
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "QUALIFY",
        "WINDOW",
    ];
    const JOINS: &[&str] =
        &["JOIN", "LEFT", "RIGHT", "INNER", "FULL", "CROSS", "ON", "USING", "ASOF", "NATURAL", "SEMI", "ANTI"];
    let mut levels = vec![Part::Other];
    let mut edits = Vec::new();
    for at in 0..view.len() {
        match view.token(at) {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(Part::Other),
            Token::RParen | Token::RBracket | Token::RBrace => drop(levels.pop()),
            _ => {}
        }
        let Some(part) = levels.last_mut() else { return edits };
        match view.word(at).as_str() {
            "SELECT" => *part = Part::List,
            "FROM" => *part = Part::Relations,
            "WHERE" | "GROUP" | "HAVING" | "ORDER" | "LIMIT" | "QUALIFY" | "WINDOW" => *part = Part::Other,
            _ => {}
        }
        let starts = at > 0 && view.any(at - 1, &["SELECT", "DISTINCT", ",", "FROM", "JOIN"]);
        if *part == Part::Other || !starts || !view.is_name(at) || !view.is(at + 1, ":") {
            continue;
        }
        let joins = if *part == Part::Relations { JOINS } else { &[] };
        let ends = |end: usize| view.any(end, ENDS) || view.any(end, joins);
        let mut end = at + 2;
        while end < view.len() && !ends(end) && !view.any(end, &[")", ";"]) {
            end = view.behind(end).max(end + 1);
        }
        edits.push(Edit::drop(at, at + 2));
        edits.push(Edit::insert(end, vec![word("AS"), view.token(at).clone()]));
    }
    edits
}
