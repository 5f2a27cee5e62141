//! Syntax of MySQL: several tables in one UPDATE or DELETE, files that are loaded, tables as queries.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string, word};

const MYSQL: &[Dialect] = &[Dialect::MySql, Dialect::Generic];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "tables-of-an-update", dialects: MYSQL, matters: false, edits: update },
    Rule { name: "stars-of-a-delete", dialects: MYSQL, matters: false, edits: delete },
    Rule { name: "words-of-alter-view", dialects: MYSQL, matters: false, edits: alter_view },
    Rule { name: "sounds-like", dialects: MYSQL, matters: true, edits: sounds_like },
    Rule { name: "check-of-an-altered-view", dialects: MYSQL, matters: false, edits: altered_check },
    Rule { name: "directions-of-groups", dialects: MYSQL, matters: true, edits: directions },
    Rule { name: "composite-units", dialects: MYSQL, matters: true, edits: composite_units },
    Rule { name: "not-as-a-sign", dialects: MYSQL, matters: false, edits: not },
    Rule { name: "rest-of-truncate", dialects: &[], matters: false, edits: truncate },
    Rule { name: "table-as-query", dialects: &[], matters: false, edits: table_query },
    Rule { name: "load-of-a-file", dialects: &[], matters: false, edits: load },
];

/// `UPDATE a, b SET …` is `UPDATE a CROSS JOIN b SET …`.
fn update(view: &View<'_>) -> Vec<Edit> {
    let Some(set) = view.find(1, &["SET"]).filter(|_| view.is(0, "UPDATE")) else { return Vec::new() };
    let mut edits = Vec::new();
    let mut at = 1;
    while let Some(comma) = view.find(at, &[","]).filter(|comma| *comma < set) {
        edits.push(Edit::replace(comma, comma + 1, vec![word("CROSS"), word("JOIN")]));
        at = comma + 1;
    }
    edits
}

/// `DELETE FROM a.*, b.* USING …`: the tables themselves.
fn delete(view: &View<'_>) -> Vec<Edit> {
    let ends = |at: usize| view.any(at, &[",", "FROM", "USING"]);
    let is_star = |at: &usize| view.all(*at, &[".", "*"]) && ends(at + 2);
    let end = view.find(1, &["WHERE", "JOIN"]).unwrap_or(view.len());
    match view.is(0, "DELETE") {
        true => (1..end).filter(is_star).map(|at| Edit::drop(at, at + 2)).collect(),
        false => Vec::new(),
    }
}

/// `ALTER ALGORITHM = MERGE DEFINER = a@b SQL SECURITY INVOKER VIEW v AS …`
fn alter_view(view: &View<'_>) -> Vec<Edit> {
    let noun = (2..16).find(|at| view.is(*at, "VIEW"));
    match noun.filter(|_| view.is(0, "ALTER") && view.any(1, &["ALGORITHM", "DEFINER", "SQL"])) {
        Some(noun) => vec![Edit::drop(1, noun)],
        None => Vec::new(),
    }
}

/// `a SOUNDS LIKE b`
fn sounds_like(view: &View<'_>) -> Vec<Edit> {
    (1..view.len()).filter(|at| view.all(*at, &["SOUNDS", "LIKE"])).map(|at| Edit::drop(at, at + 1)).collect()
}

/// `ALTER VIEW v AS SELECT … WITH CASCADED CHECK OPTION`
fn altered_check(view: &View<'_>) -> Vec<Edit> {
    let end = view.len();
    if !view.all(0, &["ALTER", "VIEW"]) || end < 6 || !view.all(end - 2, &["CHECK", "OPTION"]) {
        return Vec::new();
    }
    let start = end - 3 - usize::from(view.any(end - 3, &["CASCADED", "LOCAL"]));
    if view.is(start, "WITH") { vec![Edit::drop(start, end)] } else { Vec::new() }
}

/// `GROUP BY a DESC` sorted, before MySQL 8.
fn directions(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for group in (1..view.len()).filter(|at| view.all(*at - 1, &["GROUP", "BY"])) {
        let end = (group..view.len()).find(|at| view.any(*at, &["HAVING", "ORDER", "LIMIT", "UNION", ";"]));
        let keys = group..end.unwrap_or(view.len());
        edits.extend(keys.filter(|at| view.any(*at, &["ASC", "DESC"])).map(|at| Edit::drop(at, at + 1)));
    }
    edits
}

/// `INTERVAL '1:30' MINUTE_SECOND`: a unit that the grammar knows, for the value has no source.
fn composite_units(view: &View<'_>) -> Vec<Edit> {
    let is_unit = |at: &usize| {
        let word = view.word(*at);
        word.split_once('_').is_some_and(|(one, other)| UNITS.contains(&one) && UNITS.contains(&other))
    };
    (2..view.len()).filter(is_unit).map(|at| Edit::replace(at, at + 1, vec![word("SECOND")])).collect()
}

const UNITS: &[&str] = &["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MICROSECOND"];

/// `WHERE !a`
fn not(view: &View<'_>) -> Vec<Edit> {
    let begins = |at: usize| view.any(at - 1, &["SELECT", "WHERE", "AND", "OR", "ON", "HAVING", "WHEN", "(", ",", "="]);
    let is_not = |at: &usize| view.is(*at, "!") && begins(*at) && (view.is_name(at + 1) || view.is(at + 1, "("));
    (1..view.len()).filter(is_not).map(|at| Edit::replace(at, at + 1, vec![word("NOT")])).collect()
}

/// `TRUNCATE TABLE t DROP STORAGE` (Oracle): what becomes of the space.
fn truncate(view: &View<'_>) -> Vec<Edit> {
    let name = 1 + usize::from(view.is(1, "TABLE"));
    let end = view.behind_name(name);
    let truncates = view.is(0, "TRUNCATE") && end > name && view.any(end, &["DROP", "REUSE", "CASCADE", "PURGE"]);
    if truncates { vec![Edit::drop(end, view.len())] } else { Vec::new() }
}

/// `CREATE VIEW v AS TABLE t ORDER BY a`: a table as a query.
fn table_query(view: &View<'_>) -> Vec<Edit> {
    let begins =
        |at: usize| at == 0 || view.any(at - 1, &["AS", "(", "UNION", "ALL", "EXCEPT", "INTERSECT", "DISTINCT"]);
    (0..view.len())
        .filter(|at| view.is(*at, "TABLE") && begins(*at) && view.behind_name(at + 1) > at + 1)
        .map(|at| Edit::replace(at, at + 1, vec![word("SELECT"), Token::Mul, word("FROM")]))
        .collect()
}

/// `LOAD DATA LOCAL INFILE 'f' INTO TABLE t … (a, @b) SET c = …`, `IMPORT FROM CSV FILE 'f' INTO t …`, `COPY 5 RECORDS INTO t
/// FROM 'f' …`: rows of a file, as `COPY t (a, c) FROM 'f'`.
fn load(view: &View<'_>) -> Vec<Edit> {
    let records = view.is(0, "COPY") && (2..6).any(|at| view.all(at, &["RECORDS", "INTO"]));
    let loads = view.is(0, "LOAD") && view.any(1, &["DATA", "XML"]) || view.any(0, &["IMPORT"]) || records;
    let Some(into) = view.find(1, &["INTO", "OVERWRITE"]).filter(|_| loads) else { return Vec::new() };
    let mut name = into + 1;
    while view.any(name, &["INTO", "TABLE"]) {
        name += 1;
    }
    let behind = view.behind_name(name);
    let texts: Vec<usize> = (1..into).chain(behind..view.len()).filter(|at| view.is_text(*at)).collect();
    let file = if records { texts.iter().find(|at| view.is(**at - 1, "FROM")) } else { texts.first() };
    let (Some(file), true) = (file, behind > name) else { return Vec::new() };
    // Several files are more than COPY can name.
    if view.any(file + 1, &[","]) {
        return Vec::new();
    }
    let text = match view.token(*file) {
        Token::DoubleQuotedString(text) => string(text),
        token => token.clone(),
    };
    let mut copy = vec![word("COPY")];
    copy.extend(view.copy(name, behind));
    if view.is(0, "LOAD") {
        copy.extend(loaded_columns(view, behind));
    }
    copy.extend([word("FROM"), text]);
    vec![Edit::replace(0, view.len(), copy)]
}

/// The columns that LOAD DATA names: those of its list and those that SET assigns to. Variables are none.
fn loaded_columns(view: &View<'_>, start: usize) -> Vec<Token> {
    let mut set = view.find(start, &["SET"]);
    if let Some(at) = set.filter(|at| view.is(at - 1, "CHARACTER")) {
        set = view.find(at + 1, &["SET"]);
    }
    let mut list = start;
    if view.is(list, "PARTITION") {
        list = view.behind(list + 1);
    }
    let open = view.find(list, &["("]).filter(|open| *open < set.unwrap_or(view.len()));
    let mut columns = Vec::new();
    let listed = open.map(|open| (open + 1, view.partner(open).unwrap_or(open)));
    let assigned = set.map(|set| (set + 1, view.len()));
    for (from, end) in listed.into_iter().chain(assigned) {
        let mut at = from;
        while at < end {
            if let Token::Word(name) = view.token(at)
                && !name.value.starts_with('@')
            {
                columns.push(if columns.is_empty() { Token::LParen } else { Token::Comma });
                columns.push(view.token(at).clone());
            }
            at = view.find(at, &[","]).map_or(end, |comma| comma + 1);
        }
    }
    if !columns.is_empty() {
        columns.push(Token::RParen);
    }
    columns
}
