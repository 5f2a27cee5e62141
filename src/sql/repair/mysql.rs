//! Syntax of MySQL: several tables in one UPDATE.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string, word};

const MYSQL: &[Dialect] = &[Dialect::MySql, Dialect::Generic];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "tables-of-an-update", dialects: MYSQL, matters: false, edits: update },
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

/// `LOAD DATA LOCAL INFILE 'f' INTO TABLE t … (a, @b) SET c = …`, `IMPORT FROM CSV FILE 'f' INTO t …`, `COPY 5 RECORDS INTO t
/// FROM 'f' …`: rows of a file, as `COPY t (a, c) FROM 'f'`.
fn load(view: &View<'_>) -> Vec<Edit> {
    let records = view.is(0, "COPY") && (2..6).any(|at| view.all(at, &["RECORDS", "INTO"]));
    let loads = view.all(0, &["LOAD", "DATA"]) || view.any(0, &["IMPORT"]) || records;
    let Some(into) = view.find(1, &["INTO", "OVERWRITE"]).filter(|_| loads) else { return Vec::new() };
    let name = into + 1 + usize::from(view.is(into + 1, "TABLE"));
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
    let set = view.find(start, &["SET"]).filter(|set| !view.is(set - 1, "CHARACTER"));
    let open = view.find(start, &["("]).filter(|open| *open < set.unwrap_or(view.len()));
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
