//! Pull requests as small repositories: what is told of them, line by line.

use super::between;
use crate::impact::sketch::told;
use crate::impact::{Confidence, Impact};
use crate::sql::dialect::Dialect;

/// One script before and after, and what is told.
#[track_caller]
fn assert_told(before: &str, after: &str, expected: &[&str]) {
    let lines = told(&request(before, after));
    assert_eq!(lines, expected, "\n{}", lines.join("\n"));
}

fn request(before: &str, after: &str) -> Impact {
    between((Dialect::Postgres, &[("a.sql", before)]), &[("a.sql", after)])
}

const TABLES: &str = "create table t (a int, b int, c int); create table u (x int, y int); ";

#[test]
fn columns_that_change_places_are_no_change_for_who_reads_them_by_name() {
    let script = |columns: &str| {
        format!(
            "{TABLES} create view v as select {columns} from t; create table w as select {columns} from t; \
             create view z as select a, b from v union all select x, y from u; create view s as select * from w; \
             insert into u (x, y) select a, b from v"
        )
    };
    assert_told(&script("a, b"), &script("b, a"), &["verdict none"]);
    let declared = |columns: &str| format!("create table t ({columns}); create view v as select b, a from t");
    assert_told(&declared("a int, b text"), &declared("b text, a int"), &["verdict none"]);
}

#[test]
fn who_takes_columns_by_their_places_is_told_when_they_change() {
    for (reader, of) in [
        ("insert into u select * from v", "u"),
        ("create view z as select x, y from u union all select * from v", "z"),
        ("create view z as select * from v union all select x, y from u", "z"),
        ("create view z (one, two) as select * from v", "z"),
        ("create view z as with w (one, two) as (select * from v) select one, two from w", "z"),
    ] {
        let script = |columns: &str| format!("{TABLES} create view v as select {columns} from t; {reader}");
        let impact = request(&script("a, b"), &script("b, a"));
        let lines = told(&impact);
        assert_eq!(lines.first().map(String::as_str), Some("verdict review"), "{reader}");
        assert_eq!(lines.get(1).map(String::as_str), Some("modified v"), "{reader}\n{}", lines.join("\n"));
        let readers: Vec<&str> = impact.assets[0].read_by_position.iter().map(|name| name.as_str()).collect();
        assert_eq!(readers, [of], "{reader}");
        let reached: Vec<&str> = impact.downstream.iter().map(|reached| reached.name.as_str()).collect();
        assert_eq!(reached, [of], "{reader}");
    }
}

#[test]
fn a_table_whose_columns_change_places_is_told_to_who_copies_it() {
    let script = |columns: &str| {
        format!("create table t ({columns}); {TABLES} create table w (p int, q int); insert into w select * from t")
    };
    let script = |columns: &str| script(columns).replace("create table t (a int, b int, c int);", "");
    let expected = ["verdict review", "modified t", "review w via t p<t.b q<t.a"];
    assert_told(&script("a int, b int"), &script("b int, a int"), &expected);
}

#[test]
fn a_column_that_comes_between_others_moves_those_behind_it_for_who_counts() {
    let script = |columns: &str| {
        format!(
            "{TABLES} create table z (x int, y int, w int); create view v as select {columns} from t; \
             insert into z select * from v; create view s as select * from v"
        )
    };
    let impact = request(&script("a, b"), &script("a, c, b"));
    assert_eq!(
        told(&impact),
        ["verdict review", "modified v", "  added c", "review z via v w<v.b y<v.c", "info s via v c<v.c"]
    );
    assert_eq!(impact.assets[0].read_by_position.len(), 1);
    // At the end it moves none.
    let lines = told(&request(&script("a, b"), &script("a, b, c")));
    assert_eq!(lines.first().map(String::as_str), Some("verdict additive"), "{}", lines.join("\n"));
}

#[test]
fn one_column_too_many_for_who_counts_is_told() {
    let script =
        |columns: &str| format!("{TABLES} create view v as select {columns} from t; insert into u select * from v");
    let impact = request(&script("a, b"), &script("a, b, c"));
    assert_eq!(told(&impact), ["verdict review", "modified v", "  added c", "review u via v x<v.a y<v.b"]);
}

#[test]
fn another_order_of_the_result_moves_no_row() {
    let script = |order: &str| {
        format!(
            "{TABLES} create view v as select a, b from t {order}; create view w as select a from v; \
             create table z as select a from t {order}; create view y as select count(*) as n from z"
        )
    };
    let both = ["verdict review", "modified v ~result_order", "modified z ~result_order"];
    assert_told(&script("order by a"), &script("order by b"), &both);
    assert_told(&script(""), &script("order by b, a desc"), &both);
    assert_told(&script("order by a"), &script(""), &both);
}

#[test]
fn an_order_that_chooses_or_numbers_rows_moves_them() {
    let script = |query: &str, key: &str| {
        format!("{TABLES} create view v as {}; create view w as select a from v", query.replace("KEY", key))
    };
    for query in [
        "select a from t order by KEY limit 3",
        "select a from t order by KEY fetch first 3 rows only",
        "select distinct on (a) a, b from t order by a, KEY",
        "select a, row_number() over () as n from t order by KEY",
        "select a from (select a, b from t order by KEY) s limit 3",
        "with s as (select a, b from t order by KEY limit 3) select a from s",
    ] {
        let lines = told(&request(&script(query, "b"), &script(query, "c")));
        assert!(lines.iter().any(|line| line == "review w via v"), "{query}\n{}", lines.join("\n"));
    }
    let inserted = |key: &str| {
        format!("{TABLES} insert into u select a, b from t order by {key}; create view w as select x from u")
    };
    let lines = told(&request(&inserted("a"), &inserted("b")));
    assert!(lines.contains(&"review w via u".to_owned()), "{}", lines.join("\n"));
}

#[test]
fn another_order_beside_another_filter_still_moves_rows() {
    let script =
        |end: &str| format!("{TABLES} create view v as select a from t {end}; create view w as select a from v");
    assert_told(
        &script("order by a"),
        &script("where b > 1 order by b"),
        &["verdict review", "modified v ~filter ~result_order", "review w via v"],
    );
}

#[test]
fn a_clause_is_told_before_and_after() {
    let script = |end: &str| format!("{TABLES} create view v as select t.a from t {end}");
    let impact = request(&script("where b = 1 and c > 0"), &script("join u on t.a = u.x where b in (1, 2) and c > 0"));
    let told: Vec<_> = impact.assets[0]
        .row_set
        .iter()
        .map(|change| (change.clause.as_str(), change.base.join("; "), change.head.join("; ")))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        told,
        [
            ("filter", text("where t.b = 1"), text("where t.b in (1, 2)")),
            ("join", String::new(), text("join u on t.a = u.x")),
        ]
    );
}

#[test]
fn a_new_branch_of_a_union_is_one_change_of_rows_and_none_of_columns() {
    let script = |more: &str| {
        format!(
            "{TABLES} create view v as with s as (select a, b from t union all select x, y from u {more}) \
             select a, b from s; create view w as select a from v"
        )
    };
    let more = "union all select b, c from t";
    let lines = ["verdict review", "modified v ~set_operation", "review w via v"];
    assert_told(&script(""), &script(more), &lines);
    assert_told(&script(more), &script(""), &lines);
}

fn migrations(files: &[(&str, &str)], more: &[(&str, &str)]) -> Impact {
    let after: Vec<(&str, &str)> = files.iter().chain(more).copied().collect();
    between((Dialect::Postgres, files), &after)
}

const FIRST: (&str, &str) =
    ("migrations/001_init.sql", "create table t (a int, b text); create view v as select t.b from t;");

#[test]
fn a_renamed_column_is_one_row_and_taking_the_rename_back_is_one_too() {
    let first = ("migrations/001_init.sql", "create table t (a int, b text)");
    let second = ("migrations/002_rename.sql", "alter table t rename column b to c");
    let impact = migrations(&[first], &[second]);
    assert_eq!(told(&impact), ["verdict review", "modified t", "  renamed c was b"]);
    assert_eq!(impact.assets[0].columns[0].confidence, Some(Confidence::Certain));
    let back = between((Dialect::Postgres, &[first, second]), &[first]);
    assert_eq!(told(&back), ["verdict review", "modified t", "  renamed b was c"]);
}

#[test]
fn a_renamed_table_that_gets_a_column_too_is_one_renamed_table() {
    let second = ("migrations/002_rename.sql", "alter table t rename to z; alter table z add column d int;");
    let first = ("migrations/001_init.sql", "create table t (a int, b text)");
    let impact = migrations(&[first], &[second]);
    assert_eq!(told(&impact), ["verdict review", "renamed z was t", "  added d"]);
    assert_eq!(impact.assets[0].confidence, Some(Confidence::Certain));
    let back = between((Dialect::Postgres, &[first, second]), &[first]);
    assert_eq!(told(&back), ["verdict review", "renamed t was z", "  removed d"]);
}

#[test]
fn who_still_reads_the_former_name_of_a_renamed_column_breaks() {
    let report = ("reports/r.sql", "create view r as select b from t");
    let second = ("migrations/002_rename.sql", "alter table t rename column b to c");
    let first = ("migrations/001_init.sql", "create table t (a int, b text)");
    let impact = between((Dialect::Postgres, &[first, report]), &[first, second, report]);
    assert_eq!(
        told(&impact),
        [
            "verdict breaking",
            "modified t",
            "  renamed c was b !reports/r.sql:1 b",
            "breaking r via t b<t.c !reports/r.sql:1 b"
        ]
    );
}

#[test]
fn how_sure_a_rename_is_depends_on_what_is_the_same() {
    let confidence = |before: &str, after: &str| -> Option<Confidence> {
        let impact = request(&format!("{TABLES} {before}"), &format!("{TABLES} {after}"));
        let change = &impact.assets[0];
        change.confidence.or_else(|| change.columns.first()?.confidence)
    };
    let certain = [
        ("create view v as select a as p from t", "create view v as select a as q from t"),
        ("create view v as select a as p from t", "create view w as select a as p from t"),
    ];
    let likely = [
        ("create view v as select count(*) as p from t", "create view v as select count(*) as q from t"),
        ("create view v as select a + 1 as p, b from t", "create view w as select a + 2 as p, b from t"),
    ];
    for (before, after) in certain {
        assert_eq!(confidence(before, after), Some(Confidence::Certain), "{after}");
    }
    for (before, after) in likely {
        assert_eq!(confidence(before, after), Some(Confidence::Likely), "{after}");
    }
}

#[test]
fn a_wider_type_breaks_nobody_and_a_narrower_one_does() {
    let script = |data_type: &str| format!("create table t (a {data_type}); create view v as select a from t");
    assert_told(
        &script("int"),
        &script("bigint"),
        &["verdict review", "modified t", "  type_changed a", "review v via t a<t.a"],
    );
    assert_told(
        &script("numeric(10, 2)"),
        &script("numeric(12, 2)"),
        &["verdict review", "modified t", "  type_changed a", "review v via t a<t.a"],
    );
    let narrower =
        ["verdict breaking", "modified t", "  type_changed a !a.sql:1 a", "breaking v via t a<t.a !a.sql:1 a"];
    assert_told(&script("bigint"), &script("int"), &narrower);
    assert_told(&script("varchar(20)"), &script("varchar(10)"), &narrower);
    assert_told(&script("int"), &script("text"), &narrower);
}

#[test]
fn a_reader_that_was_changed_to_read_the_name_no_more_is_not_broken() {
    let script = |table: &str, reader: &str| {
        format!("create table t ({table}); create view v as select {reader} from t; create view w as select k from v")
    };
    assert_told(
        &script("a int, b int", "a as k, b"),
        &script("a int", "a as k"),
        &["verdict review", "modified t", "  removed b", "modified v", "  removed b"],
    );
    // One that was changed and reads it still is.
    let impact = request(&script("a int, b int", "a as k, b"), &script("a int", "a as k, b + 1 as b"));
    assert_eq!(told(&impact)[0], "verdict breaking");
    // Of two readers only the one that was left alone is.
    let two = |table: &str, reader: &str| format!("{}; create view z as select b from t", script(table, reader));
    let lines = told(&request(&two("a int, b int", "a as k, b"), &two("a int", "a as k")));
    let broken: Vec<&String> = lines.iter().filter(|line| line.starts_with("breaking ")).collect();
    assert_eq!(broken, ["breaking z via t b<t.b !a.sql:1 b"]);
}

#[test]
fn distance_and_path_lead_from_the_change_to_whom_it_reaches() {
    let script = |data_type: &str| {
        format!(
            "create table t (a {data_type}, b int); create view v as select a from t; create view w as select a as k from v; \
             create view z as select k from w; create view other as select b from t"
        )
    };
    assert_told(
        &script("text"),
        &script("int"),
        &[
            "verdict breaking",
            "modified t",
            "  type_changed a !a.sql:1 a",
            "breaking v via t a<t.a !a.sql:1 a",
            "review w via t v k<t.a",
            "review z via t v w k<t.a",
        ],
    );
}

#[test]
fn a_statement_that_follows_the_rename_of_what_it_joins_by_moves_no_row() {
    let script = |column: &str| {
        format!(
            "create table site (id int); alter table site add column {column} int; \
             update site set {column} = x.id from x; create table person (id int, name text); \
             update person set name = 'x' from site where person.id = site.{column}; \
             create view v as select name from person"
        )
    };
    let lines = told(&request(&script("follower"), &script("account")));
    assert!(!lines.iter().any(|line| line.contains(" via ")), "{}", lines.join("\n"));
}

#[test]
fn a_view_of_a_migration_follows_its_table() {
    let second = (
        "migrations/002_more.sql",
        "alter table t add column d int; create or replace view v as select t.b, t.d from t;",
    );
    assert_eq!(
        told(&migrations(&[FIRST], &[second])),
        ["verdict additive", "modified t", "  added d", "modified v", "  added d"]
    );
}
