//! Which column a bare name means where several have it: of relations, of the SELECT list, of queries around.

use super::{check, edges, made_of, of};
use crate::sql::dialect::Dialect;

#[test]
fn columns_of_the_list_and_of_tables_win_by_dialect() {
    let known = "create table t (a int, b int); create view v as select a + 1 as b, b * 2 as c from t";
    let unknown = "create view v as select a + 1 as b, b * 2 as c from t";
    for dialect in [Dialect::Snowflake, Dialect::Redshift, Dialect::Databricks, Dialect::DuckDb, Dialect::Teradata] {
        check(dialect, &[(known, "b = ~t.a, c = ~t.b"), (unknown, "b = ~t.a, c = ~t.a")]);
    }
    for dialect in [Dialect::BigQuery, Dialect::Postgres, Dialect::Tsql] {
        check(dialect, &[(known, "b = ~t.a, c = ~t.b"), (unknown, "b = ~t.a, c = ~t.b")]);
    }
    check(
        Dialect::ClickHouse,
        &[
            (known, "b = ~t.a, c = ~t.a"),
            ("create view v as select b + 1 as c, a * 2 as b from t", "c = ~t.a, b = ~t.a"),
            ("create view v as select a + 1 as a from t", "a = ~t.a"),
        ],
    );
}

#[test]
fn order_by_means_the_list_and_group_by_the_table_where_it_is_known() {
    let table = "create table t (a int, b int, c int);";
    let ordered = format!("{table} create view v as select a as b from t order by b limit 3");
    let grouped = format!("{table} create view v as select c % 2 as b, count(*) as n from t group by b");
    for dialect in [Dialect::Postgres, Dialect::BigQuery, Dialect::MySql, Dialect::Tsql, Dialect::Oracle] {
        assert_eq!(edges(&of(&ordered, dialect), false), ["t.a -> v.* sort"], "{dialect}");
    }
    assert_eq!(edges(&of(&grouped, Dialect::Postgres), false), ["t.b -> v.* group_by"]);
    let unknown = "create view v as select date(ts) as day, row_number() over (order by x) as rn from t group by day \
                   qualify rn = 1";
    assert_eq!(edges(&of(unknown, Dialect::BigQuery), false), ["t.ts -> v.* group_by", "t.x -> v.* filter"]);
}

#[test]
fn where_may_name_a_column_of_the_list_that_no_table_has() {
    let sql = "create table t (a int); create view v as select a + 1 as b from t where b > 1";
    for dialect in [Dialect::Snowflake, Dialect::DuckDb, Dialect::ClickHouse, Dialect::Sqlite] {
        assert_eq!(edges(&of(sql, dialect), false), ["t.a -> v.* filter"], "{dialect}");
    }
}

#[test]
fn a_column_that_two_known_tables_have_is_a_doubt_and_no_guess() {
    let sql = "create table x (a int, id int); create table y (a int, id int); \
               create view v as select a from x join y on x.id = y.id";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(made_of(&graph), "a");
    assert!(graph.diagnostics[0].message.contains("a (from x or y)"));
}

#[test]
fn the_name_of_a_relation_is_its_whole_row() {
    let known = "create table t (a int, b int); create view v as select to_json(x) as j from t as x";
    check(
        Dialect::Postgres,
        &[(known, "j = ~t.a ~t.b"), ("create view v as select to_json(x) as j from t x", "j = ~t.*")],
    );
    check(Dialect::BigQuery, &[("create view v as select to_json_string(x) as j from t as x", "j = ~t.*")]);
}

#[test]
fn values_of_the_session_are_no_columns() {
    check(
        Dialect::Oracle,
        &[("create view v as select a, sysdate as d, rownum as n, user as u from t", "a = t.a, d, n, u")],
    );
    check(
        Dialect::Postgres,
        &[("create view v as select current_date as d, current_user as u, a from t", "d, u, a = t.a")],
    );
}

#[test]
fn fields_and_elements_reach_their_column_and_keep_their_path() {
    check(
        Dialect::BigQuery,
        &[(
            "create view v as select t.s.a.b as x, s.a as y, arr[offset(0)].z as z, t.arr[0].q as q from t",
            "x = ~t.s, y = ~t.s, z = ~t.arr, q = ~t.arr",
        )],
    );
    let typed = "create table t (s struct<x int, y struct<z string>>); create view v as select s.y.z as z from t";
    for dialect in [Dialect::Databricks, Dialect::DuckDb] {
        let typed =
            if dialect == Dialect::DuckDb { typed.replace('<', "(").replace('>', ")") } else { typed.to_owned() };
        let graph = of(&typed, dialect);
        let z = graph.assets.values().find_map(|asset| asset.columns.iter().find(|c| c.name.as_str() == "z"));
        let z = z.expect("z");
        let data_type = z.data_type.as_deref().unwrap_or_default();
        assert!(matches!(data_type, "STRING" | "VARCHAR"), "{dialect}: {data_type}");
        assert!(z.expression.as_deref().is_some_and(|text| text.ends_with("s.y.z")), "{:?}", z.expression);
    }
}
