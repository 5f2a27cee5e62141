//! Which edits of SQL are told and which are none: pairs of scripts in `tests/fixtures/edits`, and every single edit of
//! samples of several dialects.
//!
//! A file holds one sentence and cases of three lines: the dialect and, after a colon, words that are told (none in
//! the folder `none`); the script before; the script after. `\n` and `\r` in a script are line ends.

mod edits;
mod random;
mod requests;
mod rows;

use std::fs;
use std::path::PathBuf;

use super::model::{Impact, Verdict};
use super::{assess, sketch};
use crate::diagnostic::DiagnosticSeverity;
use crate::lineage::tests::prepared;
use crate::lineage::{Side, analyze, analyze_both};
use crate::sql::dialect::Dialect;

struct Case {
    place: String,
    dialect: Dialect,
    words: String,
    before: String,
    after: String,
}

/// The files of a folder, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/edits").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

/// The cases of a folder.
fn cases(folder: &str) -> Vec<Case> {
    files(folder).iter().flat_map(cases_of).collect()
}

fn cases_of(file: &PathBuf) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("readable");
    let (sentence, cases) = text.split_once("\n\n").expect("a sentence, then cases");
    assert!(sentence.starts_with("# ") && sentence.ends_with('.'), "{}", file.display());
    let script = |line: &str| line.replace("\\n", "\n").replace("\\r", "\r");
    let case = |case: &str| {
        let lines: Vec<&str> = case.trim_end().lines().collect();
        let [head, before, after] = lines.as_slice() else { panic!("{}: three lines in {case}", file.display()) };
        let (dialect, words) = head.split_once(": ").unwrap_or((head, ""));
        Case {
            place: file.file_name().expect("a name").to_string_lossy().into_owned(),
            dialect: dialect.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display())),
            words: words.to_owned(),
            before: script(before),
            after: script(after),
        }
    };
    cases.split("\n\n").map(case).collect()
}

/// The impact of an edit to the only file.
fn impact(dialect: Dialect, before: &str, after: &str) -> Impact {
    between((dialect, &[("a.sql", before)]), &[("a.sql", after)])
}

/// The impact of a change of several files.
fn between((dialect, before): (Dialect, &[(&str, &str)]), after: &[(&str, &str)]) -> Impact {
    let side =
        |files: &[(&str, &str)]| -> Vec<_> { files.iter().map(|(path, sql)| prepared(path, sql, dialect)).collect() };
    let (before, after) = (side(before), side(after));
    let (base, head) = analyze_both(Side { files: &before, declared: &[] }, Side { files: &after, declared: &[] });
    assess(&base, &head, &[])
}

/// What is not understood; a pair of scripts that are not would prove nothing.
fn refusals(dialect: Dialect, script: &str) -> Vec<String> {
    let graph = analyze(Side { files: &[prepared("a.sql", script, dialect)], declared: &[] });
    let errors = graph.diagnostics.iter().filter(|told| told.severity == DiagnosticSeverity::Error);
    errors.map(|told| format!("{}: {script}", told.message)).collect()
}

/// Cases with another impact than wanted, or with SQL that is not understood.
fn wrong(folder: &str, is_right: fn(&Case, &Impact, &[String]) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases(folder) {
        let Case { place, dialect, words, before, after } = &case;
        let impact = impact(*dialect, before, after);
        let told = sketch::told(&impact);
        let refused = [refusals(*dialect, before), refusals(*dialect, after)].concat();
        if !refused.is_empty() || !is_right(&case, &impact, &told) {
            let (told, refused) = (told.join("\n    "), refused.join("\n    "));
            wrong.push(format!("{place} {dialect} {words}\n  {before}\n  {after}\n    {told}\n    {refused}"));
        }
    }
    wrong
}

#[test]
fn edits_that_mean_nothing_are_no_change() {
    let wrong = wrong("none", |_, impact, _| impact.verdict == Verdict::None);
    assert!(wrong.is_empty(), "{} are told:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn edits_that_mean_something_are_told() {
    let wrong = wrong("told", |case, impact, told| {
        impact.verdict != Verdict::None && told.iter().any(|line| line.contains(&case.words))
    });
    assert!(wrong.is_empty(), "{} are not told:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_many_cases_of_either_kind() {
    assert!(cases("none").len() >= 100 && cases("told").len() >= 200);
}

#[test]
fn moved_split_and_reordered_files_are_no_change() {
    let views = "create view v as select a from t; create view w as select b from t";
    let none = |after: &[(&str, &str)]| {
        assert_eq!(between((Dialect::Postgres, &[("a.sql", views)]), after).verdict, Verdict::None, "{after:?}");
    };
    none(&[("b/c.sql", views)]);
    none(&[("v.sql", "create view v as select a from t"), ("w.sql", "create view w as select b from t")]);
    none(&[("0.sql", "create view w as select b from t"), ("1.sql", "create view v as select a from t")]);
}

#[test]
fn an_outer_join_that_becomes_an_inner_one_is_told_of_the_rows_and_of_no_column() {
    let script = |join: &str| {
        format!(
            "create table o (id int, total int); create table i (order_id int, cost int, food int); \
             create view v as with s as (select order_id, sum(cost) as cost, sum(food) + 1 as food from i group by 1) \
             select o.id, s.cost, s.food * 2 as food, s.food > 0 as has_food from o {join} s on o.id = s.order_id; \
             create view w as select id, cost from v"
        )
    };
    let told = impact(Dialect::Generic, &script("left join"), &script("inner join"));
    let changed: Vec<_> = told.assets.iter().map(|asset| (asset.name.as_str(), asset.columns.len())).collect();
    assert_eq!(changed, [("v", 0)]);
    assert_eq!(told.assets[0].row_set.len(), 1);
    assert_eq!(told.verdict, Verdict::Review);
    let downstream: Vec<_> = told.downstream.iter().map(|reached| reached.name.as_str()).collect();
    assert_eq!(downstream, ["w"]);
}

#[test]
fn where_statements_of_both_sides_give_a_table_two_other_names_what_it_holds_decides() {
    let start = "CREATE TABLE users (id INT);\nCREATE TABLE users_new AS SELECT id, email FROM raw;\n";
    let half = format!("{start}ALTER TABLE users RENAME TO users_old;");
    let swapped = format!("{half}\nALTER TABLE users_new RENAME TO users;\nDROP TABLE users_old;");
    let told = |before: &str, after: &str| -> Vec<String> {
        let assets = impact(Dialect::Redshift, before, after).assets;
        assets.iter().map(|asset| format!("{} {:?}", asset.name, asset.change)).collect()
    };
    assert_eq!(told(&half, &swapped), ["users Renamed", "users_old Removed"]);
    assert_eq!(told(&swapped, &half), ["users_new Renamed", "users_old Added"]);
}
