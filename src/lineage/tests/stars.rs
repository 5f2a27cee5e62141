//! Stars: what they stand for, in which order, and what may be said behind them.

use super::{check, columns, of};
use crate::sql::dialect::Dialect;

const TWO: &str = "create table x (a int, id int, k int); create table y (b int, k int, id int);";

fn names(sql: &str, dialect: Dialect) -> String {
    let columns = columns(&of(&format!("{TWO} create view v as {sql}"), dialect), "v");
    columns.iter().map(|column| column.trim_end_matches(" INT")).collect::<Vec<_>>().join(" ")
}

#[test]
fn merged_columns_come_first_or_stay_in_their_place() {
    for (dialect, expected) in [
        (Dialect::Postgres, "id k a b"),
        (Dialect::MySql, "id k a b"),
        (Dialect::BigQuery, "id k a b"),
        (Dialect::DuckDb, "a id k b"),
        (Dialect::Sqlite, "a id k b"),
    ] {
        assert_eq!(names("select * from x join y using (id, k)", dialect), expected, "{dialect}");
    }
    assert_eq!(names("select * from x natural join y", Dialect::Postgres), "id k a b");
    assert_eq!(names("select y.*, x.a from x join y using (id)", Dialect::Postgres), "b k id a");
    let three = "select * from x join y using (id) join (select b as c, id from y) z using (id)";
    assert_eq!(names(three, Dialect::Postgres), "id a k b k c");
}

#[test]
fn a_merged_column_has_the_value_of_the_side_that_has_it() {
    for (join, expected) in [
        ("join", "id = x.id y.id"),
        ("left join", "id = x.id"),
        ("right join", "id = y.id"),
        ("full join", "id = x.id y.id"),
    ] {
        let known = format!("{TWO} create view v as select id from x {join} y using (id)");
        let unknown = format!("create view v as select id from x {join} y using (id)");
        check(Dialect::Postgres, &[(&known, expected), (&unknown, expected)]);
    }
    let open = "create view v as select * from x join y using (id)";
    check(Dialect::Snowflake, &[(open, "id = x.id y.id, * = x.* y.*")]);
}

#[test]
fn a_semi_join_gives_no_columns_of_its_right_side() {
    assert_eq!(names("select * from x left semi join y on x.id = y.id", Dialect::Spark), "a id k");
    assert_eq!(names("select * from x anti join y using (id)", Dialect::DuckDb), "a id k");
    let bare = "create view v as select id from x left semi join y on x.id = y.id";
    check(Dialect::Spark, &[(bare, "id = x.id")]);
}

#[test]
fn a_join_in_parentheses_with_an_alias_is_one_relation() {
    let sql = format!("{TWO} create view v as select j.a, j.b from (x join y using (id)) as j");
    check(Dialect::Postgres, &[(&sql, "a = x.a, b = y.b")]);
}

#[test]
fn the_fields_of_a_struct_are_its_star() {
    let known = "create table t (id int64, s struct<x int64, y string>); create view v as select id, s.* from t";
    check(
        Dialect::BigQuery,
        &[(known, "id = t.id, x = ~t.s, y = ~t.s"), ("create view v as select t.payload.* from t", "* = ~t.payload")],
    );
}

#[test]
fn columns_by_pattern_give_an_expression_for_each_that_is_chosen() {
    let t = "create table t (id int, a_x int, b_x int); create view v as select";
    for (item, expected) in [
        ("columns('_x$')", "a_x = t.a_x, b_x = t.b_x"),
        ("columns(c -> c like '%_x') + 1", "a_x = ~t.a_x, b_x = ~t.b_x"),
        ("min(columns(*))", "id = +t.id, a_x = +t.a_x, b_x = +t.b_x"),
        ("sum(columns(* exclude (id)))", "a_x = +t.a_x, b_x = +t.b_x"),
        ("columns(['id'])", "id = t.id"),
    ] {
        check(Dialect::DuckDb, &[(&format!("{t} {item} from t"), expected)]);
    }
    check(Dialect::ClickHouse, &[(&format!("{t} COLUMNS('^a'), id from t"), "a_x = t.a_x, id = t.id")]);
    let strange = of(&format!("{t} columns('(?i)X') from t"), Dialect::DuckDb);
    assert_eq!(strange.coverage.stars_unresolved, 1, "a pattern that is not understood chooses nothing for certain");
}

#[test]
fn names_before_and_behind_an_unknown_star_are_certain() {
    check(
        Dialect::Postgres,
        &[
            ("create view v (x, y, z) as select a, t.*, b from t", "x = t.a, y = ~t.*, z = t.b"),
            ("create view v (x, y) as select * from t", "x = ~t.*, y = ~t.*"),
            ("create view v as select q.x, q.y from (select b, t.* from t) as q (x, y)", "x = t.b, y = ~t.*"),
        ],
    );
}
