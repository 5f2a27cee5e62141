//! Syntax of Hive and Spark: scripts that rows go through, folders as targets, tables moved to and from folders.

use sqlparser::tokenizer::Token;

use crate::sql::dialect::Dialect;
use crate::sql::repair::Rule;
use crate::sql::repair::view::{Edit, View, string, word};

const HIVE: &[Dialect] = &[Dialect::Hive, Dialect::Spark, Dialect::Databricks, Dialect::Generic];

pub(super) const RULES: &[Rule] = &[
    Rule { name: "rows-of-a-script", dialects: HIVE, matters: false, edits: transform },
    Rule { name: "folder-as-target", dialects: HIVE, matters: false, edits: directory },
    Rule { name: "view-of-files", dialects: HIVE, matters: false, edits: view_of_files },
    Rule { name: "columns-behind-partition", dialects: HIVE, matters: false, edits: columns_behind_partition },
    Rule { name: "words-behind-a-target", dialects: HIVE, matters: false, edits: behind_target },
    Rule { name: "suffixes-of-numbers", dialects: HIVE, matters: false, edits: suffixes },
    Rule { name: "versions-behind-a-name", dialects: HIVE, matters: true, edits: versions },
    Rule { name: "patterns-without-case", dialects: HIVE, matters: false, edits: iregexp },
    Rule { name: "sort-behind-having", dialects: HIVE, matters: false, edits: sort },
    Rule { name: "options-of-cache", dialects: HIVE, matters: false, edits: cache_options },
    Rule { name: "export-and-import", dialects: HIVE, matters: false, edits: export },
];

/// How many tokens the copies of a script's arguments may have.
const MOST_COPIED: usize = 100_000;

/// `SELECT TRANSFORM (a, b) USING 'script' AS (x INT, y)`: what comes out of a script is made of all that goes in, so
/// `SELECT CAST(TRANSFORM(a, b, 'script') AS INT) AS x, TRANSFORM(a, b, 'script') AS y`.
fn transform(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut copied = 0;
    for at in 1..view.len() {
        let begins = view.is(at - 1, "SELECT") && view.is(at, "TRANSFORM") && view.is(at + 1, "(");
        let (Some(close), true) = (view.partner(at + 1), begins) else { continue };
        let Some(using) = view.find(close + 1, &["USING"]).filter(|using| view.is_text(using + 1)) else { continue };
        let (names, end) = outputs(view, using + 2);
        copied += names.len().saturating_mul(close - at);
        if copied > MOST_COPIED {
            return Vec::new();
        }
        let mut call = view.copy(at, close);
        call.extend([Token::Comma, view.token(using + 1).clone(), Token::RParen]);
        let mut list = Vec::new();
        for (name, kind) in names {
            if !list.is_empty() {
                list.push(Token::Comma);
            }
            match kind.as_slice() {
                [] => list.extend(call.iter().cloned()),
                kind => {
                    list.extend([word("CAST"), Token::LParen]);
                    list.extend(call.iter().cloned().chain([word("AS")]).chain(kind.iter().cloned()));
                    list.push(Token::RParen);
                }
            }
            list.extend([word("AS"), name]);
        }
        edits.push(Edit::replace(at, end, list));
    }
    edits
}

/// Clauses behind a script's output.
const BEHIND_OUTPUT: &[&str] =
    &["FROM", "WHERE", "GROUP", "HAVING", "CLUSTER", "DISTRIBUTE", "SORT", "ORDER", "LIMIT", "LATERAL", "UNION"];

/// A column that a script gives: its name, and its type where it has one.
type Output = (Token, Vec<Token>);

/// The columns that a script gives, and the index behind them; `key` and `value` where it names none.
fn outputs(view: &View<'_>, start: usize) -> (Vec<Output>, usize) {
    let mut names = Vec::new();
    let mut at = start;
    if view.is(start, "AS") {
        let in_brackets = view.is(start + 1, "(");
        at = start + 1 + usize::from(in_brackets);
        while view.is_name(at) {
            let end = view.find(at, &[","].into_iter().chain(BEHIND_OUTPUT.iter().copied()).collect::<Vec<_>>());
            let end = match in_brackets {
                true => view.find(at, &[","]).or(view.partner(start + 1)).unwrap_or(at + 1),
                false => end.unwrap_or(at + 1).min(at + 1),
            };
            names.push((view.token(at).clone(), view.copy(at + 1, end)));
            at = end;
            if !view.is(at, ",") {
                break;
            }
            at += 1;
        }
        at += usize::from(in_brackets);
    }
    if names.is_empty() {
        names.extend(["key", "value"].map(|name| (word(name), Vec::new())));
    }
    let behind = view.find(at, BEHIND_OUTPUT).or_else(|| (at..view.len()).find(|at| view.is(*at, ")")));
    (names, behind.unwrap_or(view.len()))
}

/// `INSERT OVERWRITE DIRECTORY 'f' ROW FORMAT … SELECT …`, `INSERT OVERWRITE DIRECTORY USING csv OPTIONS (path 'f') SELECT …`:
/// how the files look is left out.
fn directory(view: &View<'_>) -> Vec<Edit> {
    let Some(insert) = view.find(0, &["INSERT"]) else { return Vec::new() };
    let Some(at) = (insert + 1..insert + 4).find(|at| view.is(*at, "DIRECTORY")) else { return Vec::new() };
    let Some(query) = view.find(at, &["SELECT", "WITH", "FROM", "VALUES", "TABLE"]) else { return Vec::new() };
    let path = match view.is_text(at + 1) {
        true => Some(at + 1),
        false => path(view, at, query),
    };
    match path.and_then(|path| text(view, path)) {
        Some(path) => vec![Edit::replace(at + 1, query, vec![string(path)])],
        None => Vec::new(),
    }
}

/// Where the value of the option `path` stands: `path 'f'`, `'path' = 'f'`.
fn path(view: &View<'_>, from: usize, to: usize) -> Option<usize> {
    let is_key =
        |at: usize| view.is(at, "PATH") || text(view, at).is_some_and(|text| text.eq_ignore_ascii_case("path"));
    let key = (from..to).find(|at| is_key(*at) && view.any(at - 1, &["(", ","]))?;
    Some(key + 1 + usize::from(view.is(key + 1, "=")))
}

fn text<'t>(view: &View<'t>, at: usize) -> Option<&'t str> {
    match view.token(at) {
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// `CREATE TEMPORARY VIEW v USING csv OPTIONS (path 'f')` is a view of the file: `… AS SELECT * FROM csv.`f``.
fn view_of_files(view: &View<'_>) -> Vec<Edit> {
    let Some(noun) = (1..6).find(|at| view.any(*at, &["VIEW", "TABLE"])).filter(|_| view.is(0, "CREATE")) else {
        return Vec::new();
    };
    let is_temporary = (1..noun).any(|at| view.any(at, &["TEMPORARY", "TEMP"]));
    let mut name = noun + 1;
    while view.any(name, &["IF", "NOT", "EXISTS"]) {
        name += 1;
    }
    let Some(using) = view.find(name, &["USING"]).filter(|_| is_temporary) else { return Vec::new() };
    let Some(path) = path(view, using, view.len()).and_then(|path| text(view, path)) else { return Vec::new() };
    let mut query = vec![word("AS"), word("SELECT"), Token::Mul, word("FROM")];
    query.extend([view.token(using + 1).clone(), Token::Period, Token::make_word(path, Some('`'))]);
    vec![Edit::replace(noun, noun + 1, vec![word("VIEW")]), Edit::replace(using, view.len(), query)]
}

/// `INSERT INTO t PARTITION (a = 1) (b, c) SELECT …`: the list of columns first, as in `INSERT INTO t (b, c) PARTITION (…)`.
fn columns_behind_partition(view: &View<'_>) -> Vec<Edit> {
    let Some(partition) = view.find(1, &["PARTITION"]).filter(|at| view.is(0, "INSERT") && view.is(at + 1, "(")) else {
        return Vec::new();
    };
    let mut list = view.behind(partition + 1);
    if view.all(list, &["IF", "NOT", "EXISTS"]) {
        list += 3;
    }
    let end = view.behind(list);
    if end == list || view.any(list + 1, &["SELECT", "WITH", "FROM", "VALUES", "("]) {
        return Vec::new();
    }
    vec![Edit::insert(partition, view.copy(list, end)), Edit::drop(list, end)]
}

/// `INSERT OVERWRITE t PARTITION (…) IF NOT EXISTS SELECT …`, Impala's `INSERT INTO t [SHUFFLE] SELECT …`.
fn behind_target(view: &View<'_>) -> Vec<Edit> {
    let end = view.find(1, &["SELECT", "WITH", "FROM", "VALUES"]).unwrap_or(view.len());
    let mut edits = Vec::new();
    for at in (2..end).filter(|_| view.is(0, "INSERT")) {
        if view.all(at, &["IF", "NOT", "EXISTS"]) {
            edits.push(Edit::drop(at, at + 3));
        } else if view.is(at, "[") && view.any(at + 1, &["SHUFFLE", "NOSHUFFLE", "CLUSTERED", "NOCLUSTERED"]) {
            edits.push(Edit::drop(at, view.behind(at)));
        }
    }
    edits
}

/// `10L`, `2.5BD`, `1Y`: a number's type; `r'\d'`: a string as it stands.
fn suffixes(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in 1..view.len() {
        let follows = view.touches(at - 1);
        if follows && view.is_number(at - 1) && view.any(at, &["L", "S", "Y", "D", "F", "BD"]) {
            edits.push(Edit::drop(at, at + 1));
        } else if follows && view.is(at - 1, "R") && view.is_text(at) {
            edits.push(Edit::drop(at - 1, at));
        }
    }
    edits
}

/// `t@v12`, `t@20240101000000000`: an earlier state of a table.
fn versions(view: &View<'_>) -> Vec<Edit> {
    let is_version = |at: usize| {
        let word = view.word(at + 1);
        view.is_number(at + 1) || word.strip_prefix('V').is_some_and(|digits| digits.parse::<u64>().is_ok())
    };
    (1..view.len())
        .filter(|at| view.is(*at, "@") && view.touches(at - 1) && view.is_name(at - 1) && is_version(*at))
        .map(|at| Edit::drop(at, at + 2))
        .collect()
}

/// `a IREGEXP b` (Impala)
fn iregexp(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.is(*at, "IREGEXP"))
        .map(|at| Edit::replace(at, at + 1, vec![word("RLIKE")]))
        .collect()
}

/// `… HAVING a > 1 DISTRIBUTE BY b SORT BY c`, `… HAVING a > 1 CLUSTER BY b`: a sort order behind HAVING.
fn sort(view: &View<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let by = |at: usize| view.is(at + 1, "BY");
    for having in (1..view.len()).filter(|at| view.is(*at, "HAVING")) {
        let Some(at) = view.find(having, &["CLUSTER", "DISTRIBUTE", "SORT"]).filter(|at| by(*at)) else { continue };
        let sorts = if view.is(at, "DISTRIBUTE") { view.find(at, &["SORT"]).filter(|at| by(*at)) } else { Some(at) };
        match sorts {
            Some(sorts) => edits.push(Edit::replace(at, sorts + 1, vec![word("ORDER")])),
            None => {
                let end = view.find(at, &["LIMIT", "UNION", "WINDOW"]);
                let close = (at..view.len())
                    .find(|at| view.is(*at, ")") && view.partner(*at).is_some_and(|open| open < having));
                edits.push(Edit::drop(at, end.or(close).unwrap_or(view.len())));
            }
        }
    }
    edits
}

/// `CACHE TABLE t OPTIONS ('storageLevel' 'DISK_ONLY') SELECT …`: how it is kept is left out.
fn cache_options(view: &View<'_>) -> Vec<Edit> {
    let at = view.find(1, &["OPTIONS"]).filter(|at| view.is(0, "CACHE") && view.is(at + 1, "("));
    at.map(|at| Edit::drop(at, view.behind(at + 1))).into_iter().collect()
}

/// `EXPORT TABLE t PARTITION (…) TO 'f'`, `IMPORT EXTERNAL TABLE t FROM 'f' LOCATION 'g'`: rows go to files and come from
/// them, as in `COPY t TO 'f'`.
fn export(view: &View<'_>) -> Vec<Edit> {
    let noun = 1 + usize::from(view.is(1, "EXTERNAL"));
    let behind = view.behind_name(noun + 1);
    let direction = if view.is(0, "EXPORT") { "TO" } else { "FROM" };
    let moves = view.any(0, &["EXPORT", "IMPORT"]) && view.is(noun, "TABLE") && behind > noun + 1;
    let Some(at) = view.find(behind, &[direction]).filter(|at| moves && view.is_text(at + 1)) else {
        return Vec::new();
    };
    let Some(path) = text(view, at + 1) else { return Vec::new() };
    vec![
        Edit::replace(0, noun + 1, vec![word("COPY")]),
        Edit::replace(behind, view.len(), vec![word(direction), string(path)]),
    ]
}
