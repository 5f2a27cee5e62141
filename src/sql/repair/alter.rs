//! ALTER TABLE with several spellings of one action, and with options behind a column.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::no_flow::starts_action;
use crate::sql::repair::Rule;
use crate::sql::repair::columns::{behind_type, column, is_constraint, parts};
use crate::sql::repair::view::{Edit, View, plain_name, word};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "query-of-a-view", dialects: &[Dialect::ClickHouse], matters: false, edits: modify_query },
    Rule { name: "schema-of-a-table", dialects: &[], matters: false, edits: set_schema },
    Rule { name: "actions-of-alter", dialects: &[], matters: false, edits: actions },
];

/// `ALTER TABLE v MODIFY QUERY SELECT …` (ClickHouse) defines a view anew: `ALTER VIEW v AS SELECT …`.
fn modify_query(view: &View<'_>) -> Vec<Edit> {
    let behind = view.behind_name(2);
    match view.find(behind, &["MODIFY"]).filter(|at| view.all(0, &["ALTER", "TABLE"]) && view.is(at + 1, "QUERY")) {
        Some(at) => vec![Edit::replace(1, 2, vec![word("VIEW")]), Edit::replace(behind, at + 2, vec![word("AS")])],
        None => Vec::new(),
    }
}

/// `ALTER TABLE s.t SET SCHEMA other` (PostgreSQL) is `ALTER TABLE s.t RENAME TO other.t`.
fn set_schema(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..4).find(|at| view.any(*at, &["TABLE", "VIEW"])).filter(|_| view.is(0, "ALTER")) else {
        return Vec::new();
    };
    let mut name = noun + 1;
    while view.any(name, &["IF", "EXISTS", "ONLY"]) {
        name += 1;
    }
    let behind = view.behind_name(name);
    let ends = behind + 3 == view.len() || view.is(behind + 3, ";");
    if behind == name || !view.all(behind, &["SET", "SCHEMA"]) || !view.is_name(behind + 2) || !ends {
        return Vec::new();
    }
    let mut to = vec![word("RENAME"), word("TO"), view.token(behind + 2).clone(), Token::Period];
    to.push(view.token(behind - 1).clone());
    vec![Edit::replace(1, name, vec![word("TABLE")]), Edit::replace(behind, behind + 3, to)]
}

/// Every action as the parser reads it; those that change neither names nor columns are left out.
fn actions(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..4).find(|at| view.any(*at, &["TABLE", "VIEW"])).filter(|_| view.is(0, "ALTER")) else {
        return Vec::new();
    };
    let mut name = noun + 1;
    while view.any(name, &["IF", "EXISTS", "ONLY"]) {
        name += 1;
    }
    let mut start = view.behind_name(name);
    if start == name {
        return Vec::new();
    }
    if view.all(start, &["ON", "CLUSTER"]) {
        start += 3;
    }
    let mut written: Vec<Token> = Vec::new();
    let mut verb = String::new();
    for (at, end) in parts(view, start, view.len()) {
        // `ADD a int, b int`: a part without a verb of its own goes on with the one before it.
        let own = view.word(at);
        let goes_on = matches!(verb.as_str(), "ADD" | "DROP") && view.is_name(at) && !starts_action(&own);
        let first = if goes_on { at } else { at + 1 };
        if !goes_on {
            verb = own;
        }
        for action in action(view, &verb, (at, first, end)) {
            if !written.is_empty() {
                written.push(Token::Comma);
            }
            written.extend(action);
        }
    }
    if written.is_empty() {
        return Vec::new();
    }
    let mut head = vec![word("ALTER"), word("TABLE")];
    head.extend(view.copy(name, view.behind_name(name)));
    head.extend(written);
    vec![Edit::replace(0, view.len(), head)]
}

/// The actions that the tokens from `at` up to `end` stand for; behind the verb they go on at `name`.
fn action(view: &View<'_>, verb: &str, (at, mut name, end): (usize, usize, usize)) -> Vec<Vec<Token>> {
    let explicit = view.any(name, &["COLUMN", "COLUMNS"]);
    name += usize::from(explicit);
    while view.any(name, &["IF", "NOT", "EXISTS"]) {
        name += 1;
    }
    match verb {
        "ADD" => add(view, name, end),
        "DROP" => drop_columns(view, name, end),
        "RENAME" => rename(view, at, (name, end)),
        "CHANGE" => change(view, name, end),
        "ALTER" | "MODIFY" => retype(view, name, end),
        _ => Vec::new(),
    }
}

fn add(view: &View<'_>, name: usize, end: usize) -> Vec<Vec<Token>> {
    let one = |start: usize, end: usize| {
        // A field of a struct: the column that holds it is there already.
        let is_field = view.is(start + 1, ".");
        (!is_constraint(view, start, end) && !is_field && view.is_name(start)).then(|| {
            let mut action = vec![word("ADD"), word("COLUMN")];
            action.extend(column(view, start, end));
            let place = view.find(start + 1, &["FIRST", "AFTER"]).filter(|at| *at < end);
            action
                .extend(place.map(|at| view.copy(at, at + 1 + usize::from(view.is(at, "AFTER")))).unwrap_or_default());
            action
        })
    };
    match view.partner(name).filter(|_| view.is(name, "(")) {
        None => one(name, end).into_iter().collect(),
        Some(close) => parts(view, name + 1, close).into_iter().filter_map(|(start, end)| one(start, end)).collect(),
    }
}

fn drop_columns(view: &View<'_>, name: usize, end: usize) -> Vec<Vec<Token>> {
    let one = |at: usize| vec![word("DROP"), word("COLUMN"), view.token(at).clone()];
    match view.partner(name).filter(|_| view.is(name, "(")) {
        Some(close) => parts(view, name + 1, close).into_iter().map(|(start, _)| one(start)).collect(),
        None if is_part(view, name, end) || !view.is_name(name) || view.is(name + 1, ".") => Vec::new(),
        None => vec![one(name)],
    }
}

/// Whether DROP names a key, an index or another part of the table, and no column.
fn is_part(view: &View<'_>, name: usize, end: usize) -> bool {
    const PARTS: &[&str] = &[
        "CONSTRAINT",
        "PRIMARY",
        "FOREIGN",
        "UNIQUE",
        "CHECK",
        "INDEX",
        "KEY",
        "PARTITION",
        "PROJECTION",
        "STATISTICS",
        "CLUSTERING",
        "ROW",
        "SEARCH",
        "MASKING",
        "PERIOD",
        "SYSTEM",
        "DEFAULT",
        "NOT",
        "ALL",
    ];
    // A column may be called so: then nothing but a word of how it goes follows.
    let last = name + 1 >= end || view.any(name + 1, &["CASCADE", "RESTRICT"]);
    view.any(name, PARTS) && !last
}

fn rename(view: &View<'_>, at: usize, (name, end): (usize, usize)) -> Vec<Vec<Token>> {
    if view.any(at + 1, &["TO", "AS"]) {
        let mut action = vec![word("RENAME"), word("TO")];
        action.extend(view.copy(at + 2, end));
        return vec![action];
    }
    // MySQL needs no TO.
    let bare = at + 1 + usize::from(view.is(at + 1, "="));
    if view.dialect == Dialect::MySql && view.behind_name(bare) == end && end > bare {
        let mut action = vec![word("RENAME"), word("TO")];
        action.extend(view.copy(bare, end));
        return vec![action];
    }
    if view.is(name + 1, "TO") && view.is_name(name + 2) {
        return vec![renamed(view, name, name + 2)];
    }
    Vec::new()
}

fn renamed(view: &View<'_>, from: usize, to: usize) -> Vec<Token> {
    vec![word("RENAME"), word("COLUMN"), view.token(from).clone(), word("TO"), view.token(to).clone()]
}

/// `CHANGE [COLUMN] old new type …`
fn change(view: &View<'_>, name: usize, end: usize) -> Vec<Vec<Token>> {
    let mut actions = Vec::new();
    if view.token(name) != view.token(name + 1) {
        actions.push(renamed(view, name, name + 1));
    }
    actions.extend(retype(view, name + 1, end));
    actions
}

/// `ALTER [COLUMN] a [SET DATA] TYPE t …`, `MODIFY [COLUMN] a t …`, `MODIFY (a t, b t)`.
fn retype(view: &View<'_>, name: usize, end: usize) -> Vec<Vec<Token>> {
    let one = |start: usize, end: usize| {
        let mut at = start + 1;
        while view.any(at, &["SET", "DATA", "TYPE"]) {
            at += 1;
        }
        let type_end = behind_type(view, at, end);
        let known = type_end > at && view.is_name(start) && !view.any(at, &["DROP", "RESET", "ADD", "UNSET", "REMOVE"]);
        let kept = view.is(start + 1, "SET") && !view.any(start + 2, &["DATA", "TYPE"]);
        (known && !kept).then(|| {
            vec![
                word("ALTER"),
                word("COLUMN"),
                view.token(start).clone(),
                word("SET"),
                word("DATA"),
                word("TYPE"),
                plain_name(&view.text(at, type_end)),
            ]
        })
    };
    match view.partner(name).filter(|_| view.is(name, "(")) {
        Some(close) => parts(view, name + 1, close).into_iter().filter_map(|(start, end)| one(start, end)).collect(),
        None => one(name, end).into_iter().collect(),
    }
}
