//! PIVOT and UNPIVOT: the columns that each engine makes, under the names that it gives them.

use super::{check, of};
use crate::sql::dialect::Dialect;

const LONG: &str = "create table t (id int, m varchar(9), amt int); create view v as select * from t pivot";
const WIDE: &str = "create table w (id int, a1 int, b1 int, a2 int, b2 int); create view v as select * from w unpivot";

#[test]
fn columns_of_a_pivot_are_named_as_the_engine_names_them() {
    let two = "(sum(amt) as s, count(*) as c for m in ('jan' as j, 'feb'))";
    let one = "(sum(amt) for m in ('jan', 'feb'))";
    for (dialect, pivot, expected) in [
        (Dialect::Snowflake, one, "id = t.id, 'jan' = +t.amt, 'feb' = +t.amt"),
        (Dialect::Oracle, two, "id = t.id, j_s = +t.amt, j_c, 'feb'_s = +t.amt, 'feb'_c"),
        (Dialect::BigQuery, one, "id = t.id, jan = +t.amt, feb = +t.amt"),
        (Dialect::BigQuery, two, "id = t.id, s_j = +t.amt, c_j, s_feb = +t.amt, c_feb"),
        (Dialect::Databricks, two, "id = t.id, j_s = +t.amt, j_c, feb_s = +t.amt, feb_c"),
        (Dialect::Databricks, "(sum(amt) as s for m in ('jan', 'feb' as f))", "id = t.id, jan = +t.amt, f = +t.amt"),
        (Dialect::DuckDb, one, "id = t.id, jan = +t.amt, feb = +t.amt"),
        (Dialect::DuckDb, "(sum(amt) as s for m in ('jan'))", "id = t.id, jan_s = +t.amt"),
        (Dialect::Tsql, "(sum(amt) for m in ([jan], [feb])) as p", "id = t.id, jan = +t.amt, feb = +t.amt"),
    ] {
        check(dialect, &[(&format!("{LONG} {pivot}"), expected)]);
    }
}

#[test]
fn values_that_only_the_engine_finds_give_columns_that_are_not_known() {
    let graph = of(&format!("{LONG} (sum(amt) for m in (any order by m))"), Dialect::Snowflake);
    assert_eq!(super::made_of(&graph), "id = t.id, * = +t.amt");
    assert_eq!(graph.coverage.stars_unresolved, 1);
    let named = "create view v as select p.id, p.\"'jan'\" as jan from t pivot (sum(amt) for m in (any)) as p";
    check(Dialect::Snowflake, &[(named, "id = t.id, jan = t.'jan'")]);
}

#[test]
fn columns_that_share_a_source_with_the_pivoted_one_stay() {
    let sql = "create view v as select * from (select id, m, amt, amt as again from t) pivot (sum(amt) for m in ('x'))";
    check(Dialect::BigQuery, &[(sql, "id = t.id, again = t.amt, x = +t.amt")]);
}

#[test]
fn several_unpivoted_values_go_position_by_position() {
    let pairs = "((a, b) for k in ((a1, b1) as 'one', (a2, b2) as 'two'))";
    check(Dialect::BigQuery, &[(&format!("{WIDE} {pairs}"), "id = w.id, a = w.a1 w.a2, b = w.b1 w.b2, k")]);
    check(
        Dialect::Databricks,
        &[
            (
                &format!("{WIDE} ((a, b) for k in ((a1, b1) as one, (a2, b2) as two)) as u"),
                "id = w.id, k, a = w.a1 w.a2, b = w.b1 w.b2",
            ),
            (
                &format!("{WIDE} include nulls (a for k in (a1 as one, a2))"),
                "id = w.id, b1 = w.b1, b2 = w.b2, k, a = w.a1 w.a2",
            ),
        ],
    );
    check(
        Dialect::Snowflake,
        &[(&format!("{WIDE} (a for k in (a1, a2, b1, b2))"), "id = w.id, k, a = w.a1 w.a2 w.b1 w.b2")],
    );
}
