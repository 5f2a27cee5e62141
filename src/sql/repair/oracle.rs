//! Syntax of Oracle, and of engines that took it over: orders within hierarchies and aggregates, renames.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string, word};

const ORACLE: &[Dialect] = &[Dialect::Oracle, Dialect::Generic];

/// The option by which a view says that it was written as a synonym.
pub const SYNONYM: &str = "synonym";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "order-of-siblings", dialects: &[], matters: true, edits: siblings },
    Rule { name: "first-and-last-of-a-group", dialects: &[], matters: true, edits: keep },
    Rule { name: "rename-of-a-table", dialects: &[], matters: false, edits: rename },
    Rule { name: "synonyms", dialects: &[], matters: false, edits: synonym },
    Rule { name: "prior-in-a-list", dialects: ORACLE, matters: false, edits: prior },
    Rule { name: "queries-as-values", dialects: ORACLE, matters: false, edits: queries_as_values },
    Rule { name: "labels-of-unpivot", dialects: ORACLE, matters: false, edits: unpivot_labels },
    Rule { name: "search-and-cycle", dialects: &[], matters: true, edits: search_and_cycle },
    Rule { name: "xml-namespaces-of-a-table", dialects: &[], matters: false, edits: xml_namespaces },
    Rule { name: "locks-of-a-query", dialects: &[], matters: false, edits: for_update },
    Rule { name: "overflow-of-a-list", dialects: ORACLE, matters: true, edits: overflow },
    Rule { name: "names-of-xml-attributes", dialects: &[], matters: true, edits: xml_names },
    Rule { name: "numbered-variables", dialects: ORACLE, matters: false, edits: variables },
    Rule { name: "check-of-a-query", dialects: ORACLE, matters: false, edits: check_option },
    Rule { name: "log-of-errors", dialects: ORACLE, matters: false, edits: log_errors },
];

/// `ORDER SIBLINGS BY a`
fn siblings(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.all(*at - 1, &["ORDER", "SIBLINGS"])).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `MAX(a) KEEP (DENSE_RANK LAST ORDER BY b)` takes the values of those rows that are last by `b`: `WITHIN GROUP (ORDER BY b)`.
fn keep(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.all(*at, &["KEEP", "(", "DENSE_RANK"]) && view.any(at + 3, &["FIRST", "LAST"]))
        .map(|at| Edit::replace(at, at + 4, vec![word("WITHIN"), word("GROUP"), Token::LParen]))
        .collect()
}

/// `RENAME a TO b` (Oracle), `RENAME VIEW a TO b`, `RENAME TABLE a AS b` (Teradata): `RENAME TABLE a TO b`.
fn rename(view: &View<'_>) -> Vec<Edit> {
    let name = 1 + usize::from(view.any(1, &["TABLE", "VIEW"]) && view.is_name(2) && !view.any(2, &["TO", "AS"]));
    let to = view.behind_name(name);
    if !view.is(0, "RENAME") || !view.any(to, &["TO", "AS"]) || view.behind_name(to + 1) != view.len() {
        return Vec::new();
    }
    vec![Edit::replace(1, name, vec![word("TABLE")]), Edit::replace(to, to + 1, vec![word("TO")])]
}

/// `CREATE PUBLIC SYNONYM a FOR b` is a view of all that `b` has, marked as one that counts only where `b` is a table.
fn synonym(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..6).find(|at| view.is(*at, "SYNONYM")) else { return Vec::new() };
    let mut name = noun + 1;
    while view.any(name, &["IF", "NOT", "EXISTS"]) {
        name += 1;
    }
    let behind = view.behind_name(name);
    if view.is(0, "DROP") {
        return vec![Edit::replace(1, noun + 1, vec![word("VIEW")]), Edit::drop(behind, view.len())];
    }
    let target = view.behind_name(behind + 1);
    if !view.is(0, "CREATE") || !view.is(behind, "FOR") || target == behind + 1 {
        return Vec::new();
    }
    let mark = [word("WITH"), Token::LParen, word(SYNONYM), Token::Eq, string("x"), Token::RParen, word("AS")];
    let query = [word("SELECT"), Token::Mul, word("FROM")];
    vec![
        Edit::replace(0, noun + 1, [word("CREATE"), word("OR"), word("REPLACE"), word("VIEW")].into()),
        Edit::replace(behind, behind + 1, mark.into_iter().chain(query).collect()),
        Edit::drop(target, view.len()),
    ]
}

/// `SELECT PRIOR a … CONNECT BY PRIOR a = b`: outside of CONNECT BY the grammar reads it as a call.
fn prior(view: &View<'_>) -> Vec<Edit> {
    let end = (1..view.len()).find(|at| view.any(*at, &["CONNECT", "START"])).unwrap_or(0);
    let mut edits = Vec::new();
    for at in (1..end).filter(|at| view.is(*at, "PRIOR") && view.is_name(at + 1)) {
        edits.push(Edit::insert(at + 1, vec![Token::LParen]));
        edits.push(Edit::insert(view.behind_name(at + 1), vec![Token::RParen]));
    }
    edits
}

/// `CAST(MULTISET(SELECT …) AS t)`, `CURSOR(SELECT …)`: the rows of a query as one value.
fn queries_as_values(view: &View<'_>) -> Vec<Edit> {
    let is_query = |at: &usize| {
        view.any(*at, &["MULTISET", "CURSOR"]) && view.is(at + 1, "(") && view.any(at + 2, &["SELECT", "WITH"])
    };
    (1..view.len()).filter(is_query).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `UNPIVOT (a FOR b IN (c AS 1, d AS '2'))`: labels that are values become names.
fn unpivot_labels(view: &View<'_>) -> Vec<Edit> {
    if !(1..view.len()).any(|at| view.is(at, "UNPIVOT")) {
        return Vec::new();
    }
    let is_label = |at: &usize| view.is(at - 1, "AS") && (view.is_number(*at) || view.is_text(*at));
    let label = |at: usize| Token::make_word(view.token(at).to_string().trim_matches('\''), Some('"'));
    (1..view.len()).filter(is_label).map(|at| Edit::replace(at, at + 1, vec![label(at)])).collect()
}

/// `WITH r (a) AS (…) SEARCH DEPTH FIRST BY a SET o CYCLE a SET c TO 1 DEFAULT 0`: in which order a recursion goes, and
/// when it ends.
fn search_and_cycle(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let searches = view.is(at, "SEARCH") && view.any(at + 1, &["DEPTH", "BREADTH"]) && view.is(at + 2, "FIRST");
        if !view.is(at - 1, ")") || !(searches || view.is(at, "CYCLE")) {
            continue;
        }
        let mut end = at;
        while view.any(end, &["SEARCH", "CYCLE"]) {
            let Some(set) = view.find(end, &["SET"]) else { return edits };
            end = set + 2;
            while view.any(end, &["TO", "DEFAULT", "USING"]) {
                end += 2;
            }
        }
        edits.push(Edit::drop(at, end));
    }
    edits
}

/// `XMLTABLE(XMLNAMESPACES(DEFAULT 'u'), '/a' PASSING x …)`
fn xml_namespaces(view: &View<'_>) -> Vec<Edit> {
    let is_there = |at: &usize| view.all(*at - 2, &["XMLTABLE", "(", "XMLNAMESPACES"]) && view.is(at + 1, "(");
    (2..view.len()).filter(is_there).map(|at| Edit::drop(at, view.behind(at + 1) + 1)).collect()
}

/// `… FOR UPDATE OF a, b WAIT 5 ORDER BY c`: which rows are locked.
fn for_update(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in (1..view.len()).filter(|at| view.all(*at, &["FOR", "UPDATE"])) {
        let mut end = at + 2;
        if view.is(end, "OF") {
            end = view.behind_name(end + 1);
            while view.is(end, ",") {
                end = view.behind_name(end + 1).max(end + 1);
            }
        }
        while view.any(end, &["NOWAIT", "WAIT", "SKIP", "LOCKED"]) || view.is(end - 1, "WAIT") && view.is_number(end) {
            end += 1;
        }
        edits.push(Edit::drop(at, end));
    }
    edits
}

/// `LISTAGG(a, ',' ON OVERFLOW TRUNCATE '…')`: what becomes of a list that is too long.
fn overflow(view: &View<'_>) -> Vec<Edit> {
    let starts = (1..view.len()).filter(|at| view.all(*at, &["ON", "OVERFLOW"]));
    starts.filter_map(|at| Some(Edit::drop(at, (at..view.len()).find(|at| view.is(*at, ")"))?))).collect()
}

/// `XMLATTRIBUTES(a AS "x", b)`, `XMLFOREST(a AS "x")`: what the values are called within a document.
fn xml_names(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 0..view.len() {
        let is_call = view.any(at, &["XMLATTRIBUTES", "XMLFOREST", "XMLCOLATTVAL"]) && view.is(at + 1, "(");
        let Some(close) = view.partner(at + 1).filter(|_| is_call) else { continue };
        let mut start = at + 2;
        while let Some(name) = view.find(start, &["AS"]).filter(|name| *name < close) {
            let end = view.find(name, &[","]).unwrap_or(close).min(close);
            edits.push(Edit::drop(name, end));
            start = end;
        }
    }
    edits
}

/// `&1`, `&&2`: values that SQL*Plus puts in.
fn variables(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < view.len() {
        let mut end = at;
        while matches!(view.token(end), Token::Ampersand | Token::Overlap) {
            end += 1;
        }
        if end > at && view.is_number(end) {
            edits.push(Edit::replace(at, end + 1, vec![Token::Placeholder(format!(":{}", view.token(end)))]));
        }
        at = end + 1;
    }
    edits
}

/// `(SELECT … WITH CHECK OPTION)`: which rows may be written through a query.
fn check_option(view: &View<'_>) -> Vec<Edit> {
    let options: [&[&str]; 2] = [&["WITH", "CHECK", "OPTION", ")"], &["WITH", "READ", "ONLY", ")"]];
    let is_option = |at: &usize| options.iter().any(|words| view.all(*at, words));
    (1..view.len()).filter(is_option).map(|at| Edit::drop(at, at + 3)).collect()
}

/// `… LOG ERRORS INTO e ('x') REJECT LIMIT UNLIMITED`: rows that are refused go to another table. What of them is not
/// known before; the table is written.
fn log_errors(view: &View<'_>) -> Vec<Edit> {
    let Some(at) = (1..view.len()).find(|at| view.all(*at, &["LOG", "ERRORS"])) else { return Vec::new() };
    let end = view.behind_name(at + 3);
    let mut with = Vec::new();
    if view.is(at + 2, "INTO") && end > at + 3 {
        with.extend([Token::SemiColon, word("INSERT"), word("INTO")]);
        with.extend(view.copy(at + 3, end));
        with.extend([word("DEFAULT"), word("VALUES")]);
    }
    vec![Edit::replace(at, view.len(), with)]
}
