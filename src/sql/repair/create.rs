//! CREATE TABLE and CREATE VIEW with words, options and columns that no grammar reads in full.
//!
//! What is kept: the kind, the name, the columns with their types, the table that it is made like, where external data
//! lies, and the query. What is left out says how the data is stored, not where it comes from.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::columns::{behind_type, column, is_constraint, parts};
use crate::sql::repair::view::{Edit, View, string, word};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "view-of-itself", dialects: &[], matters: false, edits: recursive },
    Rule { name: "words-of-create", dialects: &[], matters: false, edits: modifiers },
    Rule { name: "options-of-create", dialects: &[], matters: false, edits: options },
    Rule { name: "columns-of-create", dialects: &[], matters: false, edits: columns },
];

/// Where the parts of a CREATE stand.
struct Create {
    /// TABLE or VIEW.
    noun: usize,
    is_view: bool,
    /// The index behind the name.
    behind_name: usize,
    /// The index behind the list of columns; that behind the name where there is none.
    behind_columns: usize,
}

impl Create {
    fn of(view: &View<'_>) -> Option<Self> {
        if !view.any(0, &["CREATE", "REPLACE"]) {
            return None;
        }
        // MySQL writes `ALGORITHM = MERGE DEFINER = CURRENT_USER() SQL SECURITY INVOKER` in front of the noun.
        let between = |at: &usize| view.is_name(*at) || view.any(*at, &["=", "@", "(", ")"]) || view.is_text(*at);
        let noun = (1..18).take_while(between);
        let noun = noun.into_iter().find(|at| view.any(*at, &["TABLE", "VIEW"]))?;
        let mut name = noun + 1;
        while view.any(name, &["IF", "NOT", "EXISTS"]) {
            name += 1;
        }
        let behind_name = view.behind_name(name);
        if behind_name == name {
            return None;
        }
        let behind_columns = view.behind(behind_name);
        Some(Self { noun, is_view: view.is(noun, "VIEW"), behind_name, behind_columns })
    }

    /// The AS in front of the query.
    fn query(&self, view: &View<'_>) -> Option<usize> {
        let mut at = self.behind_name;
        loop {
            let found = view.find(at, &["AS"])?;
            let behind = (found + 1..found + 4).find(|at| !view.is(*at, "("))?;
            if view.any(behind, &["SELECT", "SEL", "WITH", "VALUES", "FROM", "TABLE"]) {
                return Some(found);
            }
            at = found + 1;
        }
    }
}

/// `CREATE RECURSIVE VIEW v (a) AS SELECT …` is `CREATE VIEW v (a) AS WITH RECURSIVE v (a) AS (SELECT …) SELECT * FROM v`.
fn recursive(view: &View<'_>) -> Vec<Edit> {
    let Some(create) = Create::of(view).filter(|create| create.is_view && view.is(create.noun - 1, "RECURSIVE")) else {
        return Vec::new();
    };
    let (from, to, name) = (create.noun + 1, create.behind_name, create.behind_name - 1);
    let Some(query) = create.query(view) else { return Vec::new() };
    let mut with = vec![word("WITH"), word("RECURSIVE")];
    with.extend(view.copy(name, create.behind_columns));
    with.extend([word("AS"), Token::LParen]);
    let tail = [Token::RParen, word("SELECT"), Token::Mul, word("FROM")].into_iter().chain(view.copy(name, to));
    let mut edits = vec![
        Edit::drop(create.noun - 1, create.noun),
        Edit::insert(query + 1, with),
        Edit::insert(view.len(), tail.collect()),
    ];
    // Within, it is known by its last name.
    let whole = |at: usize| (from..to).all(|place| view.token(place) == view.token(at + place - from));
    let qualified = (query..view.len()).filter(|at| from < name && whole(*at));
    edits.extend(qualified.map(|at| Edit::drop(at, at + name - from)));
    edits
}

/// `CREATE COLUMN TABLE`, `CREATE MULTISET VOLATILE TABLE`, `CREATE OR REFRESH STREAMING TABLE`, `CREATE LIVE VIEW`: only
/// words that matter stay. `REPLACE VIEW` is `CREATE OR REPLACE VIEW`.
fn modifiers(view: &View<'_>) -> Vec<Edit> {
    let Some(create) = Create::of(view) else { return Vec::new() };
    let has = |texts: &[&str]| (0..create.noun).any(|at| view.any(at, texts));
    let mut words = vec!["CREATE"];
    if has(&["REPLACE"]) {
        words.extend(["OR", "REPLACE"]);
    }
    if has(&["TEMP", "TEMPORARY", "VOLATILE", "PRIVATE"]) {
        words.push("TEMPORARY");
    }
    match create.is_view {
        true if has(&["MATERIALIZED"]) => words.push("MATERIALIZED"),
        // For the grammar, external tables have columns of their own.
        false if view.is(create.behind_name, "LIKE") || create.query(view).is_some() => {}
        false if has(&["EXTERNAL", "FOREIGN"]) || is_external(view, &create) => words.push("EXTERNAL"),
        false if has(&["DYNAMIC"]) && view.dialect == Dialect::Snowflake => words.push("DYNAMIC"),
        _ => {}
    }
    let same = words.len() == create.noun && words.iter().enumerate().all(|(at, word)| view.is(at, word));
    if same {
        return Vec::new();
    }
    vec![Edit::replace(0, create.noun, words.into_iter().map(word).collect())]
}

/// Oracle's `ORGANIZATION EXTERNAL (…)`.
fn is_external(view: &View<'_>, create: &Create) -> bool {
    view.find(create.behind_columns, &["ORGANIZATION"]).is_some_and(|at| view.is(at + 1, "EXTERNAL"))
}

/// `CREATE TABLE t IGNORE SELECT …`: a query without AS. `ENGINE = …`, `WITH (…)`, `DISTSTYLE ALL`, `STORED AS PARQUET`,
/// `CLUSTER BY …`, `OPTIONS (…)`, `TBLPROPERTIES (…)`: how it is stored. `LIKE t`, `CLONE t`, `LOCATION '…'`, `TO t` stay.
fn options(view: &View<'_>) -> Vec<Edit> {
    let Some(create) = Create::of(view) else { return Vec::new() };
    let query = create.query(view);
    let mut start = create.behind_columns;
    // `(LIKE t)`, `(SELECT …)`: no list of columns.
    if view.any(create.behind_name + 1, &["LIKE", "SELECT", "WITH"]) {
        start = create.behind_name;
    }
    let bare_query = view.find(start, &["SELECT"]).filter(|_| query.is_none());
    if let Some(select) = bare_query {
        return vec![Edit::replace(start, select, vec![word("AS")])];
    }
    let end = query.unwrap_or(view.len());
    let mut edits = vec![Edit::replace(start, end, kept_options(view, start, end))];
    if query.is_some() {
        edits.extend(query_tail(view, end));
    }
    if edits.len() == 1 && start == end { Vec::new() } else { edits }
}

fn kept_options(view: &View<'_>, start: usize, end: usize) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = start;
    while at < end {
        let behind = view.behind_name(at + 1);
        // `LIKE PARQUET 'file'` takes its columns from a file (Hive, Impala): they are not known.
        let like_file = view.is(at, "LIKE") && (view.is_text(at + 2) || view.is_text(at + 3));
        if at == start && view.any(at, &["LIKE", "CLONE"]) && behind > at + 1 && !like_file {
            kept.extend(view.copy(at, behind));
        } else if at == start && view.any(at, &["SHALLOW", "DEEP"]) && view.is(at + 1, "CLONE") {
            kept.extend(view.copy(at + 1, view.behind_name(at + 2)));
        } else if at == start && view.is(at, "COPY") {
            kept.push(word("CLONE"));
            kept.extend(view.copy(at + 1, behind));
        } else if at == start && view.all(at, &["PARTITION", "OF"]) {
            kept.push(word("LIKE"));
            kept.extend(view.copy(at + 2, view.behind_name(at + 2)));
        } else if at == start && view.is(at, "AS") && view.dialect == Dialect::ClickHouse && behind > at + 1 {
            kept.push(word("LIKE"));
            kept.extend(view.copy(at + 1, behind));
        } else if at == start && view.is(at, "AS") && view.dialect == Dialect::Teradata && behind > at + 1 {
            let empty = view.find(at, &["WITH"]).is_some_and(|with| view.all(with + 1, &["NO", "DATA"]));
            kept.push(word(if empty { "LIKE" } else { "CLONE" }));
            kept.extend(view.copy(at + 1, behind));
        } else if view.is(at, "TO") && view.dialect == Dialect::ClickHouse {
            kept.extend(view.copy(at, behind));
        } else if view.all(at, &["PARTITIONED", "BY"]) && view.is(at + 2, "(") {
            kept.extend(partition_columns(view, at));
        }
        at = view.behind(at).max(at + 1);
    }
    // What a query fills is not read from there.
    if end == view.len() {
        kept.extend(locations(view, start, end));
    }
    kept
}

/// `PARTITIONED BY (day DATE, shop INT)`: columns that stand in no other list, which have types; none where it only names
/// columns of the list.
fn partition_columns(view: &View<'_>, at: usize) -> Vec<Token> {
    let Some(close) = view.partner(at + 2) else { return Vec::new() };
    let mut list = view.copy(at, at + 3);
    for (index, (start, end)) in parts(view, at + 3, close).into_iter().enumerate() {
        if behind_type(view, start + 1, end) == start + 1 {
            return Vec::new();
        }
        list.extend((index > 0).then_some(Token::Comma));
        list.extend(column(view, start, end));
    }
    list.push(Token::RParen);
    list
}

/// `LOCATION '…'`, `LOCATION = '…'`, `LOCATION ('…', …)`, wherever it stands among the options.
fn locations(view: &View<'_>, start: usize, end: usize) -> Vec<Token> {
    let mut places = Vec::new();
    for at in (start..end).filter(|at| view.is(*at, "LOCATION")) {
        let mut place = at + 1 + usize::from(view.any(at + 1, &["=", "("]));
        while let Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) = view.token(place) {
            places.push(string(text));
            place += if view.is(place + 1, ",") { 2 } else { 1 };
        }
    }
    match places.as_slice() {
        [] => Vec::new(),
        [single] => vec![word("LOCATION"), single.clone()],
        several => {
            let mut options = vec![word("WITH"), Token::LParen];
            for place in several {
                if options.len() > 2 {
                    options.push(Token::Comma);
                }
                options.extend([word("path"), Token::Eq, place.clone()]);
            }
            options.push(Token::RParen);
            options
        }
    }
}

/// What stands behind the query of a CREATE: `WITH NO DATA`, `WITH CHECK OPTION`, `WITH NO SCHEMA BINDING`,
/// `DISTRIBUTED BY (…)`.
fn query_tail(view: &View<'_>, query: usize) -> Option<Edit> {
    let starts = |at: &usize| {
        let with =
            view.is(*at, "WITH") && (view.any(at + 1, &["NO", "DATA", "CHECK", "READ", "LOCAL", "CASCADED", "SCHEMA"]));
        with || (view.is(*at, "DISTRIBUTED") && view.any(at + 1, &["BY", "RANDOMLY", "REPLICATED"]))
            || (view.all(*at, &["PRIMARY", "INDEX"]))
    };
    let mut at = query;
    while let Some(found) = view.find(at, &["WITH", "DISTRIBUTED", "PRIMARY"]) {
        if starts(&found) {
            return Some(Edit::drop(found, view.len()));
        }
        at = found + 1;
    }
    None
}

/// Each column as its name and its type; keys, indexes and checks of the table left out.
fn columns(view: &View<'_>) -> Vec<Edit> {
    let Some(create) = Create::of(view) else { return Vec::new() };
    let open = create.behind_name;
    let Some(close) = view.partner(open).filter(|_| view.is(open, "(")) else { return Vec::new() };
    if view.any(open + 1, &["LIKE", "SELECT", "WITH"]) {
        return Vec::new();
    }
    let mut list = Vec::new();
    for (start, end) in parts(view, open + 1, close) {
        if !is_constraint(view, start, end) {
            if !list.is_empty() {
                list.push(Token::Comma);
            }
            list.extend(if create.is_view { view.copy(start, start + 1) } else { column(view, start, end) });
        }
    }
    if list.is_empty() {
        return vec![Edit::drop(open, close + 1)];
    }
    vec![Edit::replace(open + 1, close, list)]
}
