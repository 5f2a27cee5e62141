//! Functions: which arguments are the value, which only decide.

use super::{check, edges, of};
use crate::sql::dialect::Dialect;

fn steering(item: &str, dialect: Dialect) -> String {
    edges(&of(&format!("create view v as select {item} as x from t"), dialect), false).join(", ")
}

#[test]
fn functions_that_choose_are_made_of_what_they_choose_from() {
    for (dialect, item, made, steered) in [
        (
            Dialect::Snowflake,
            "decode(a, b, c, d, e, f)",
            "x = ~t.c ~t.e ~t.f",
            "t.a -> v.x conditional, t.b -> v.x conditional, t.d -> v.x conditional",
        ),
        (
            Dialect::ClickHouse,
            "multiIf(a = 1, b, c = 1, d, e)",
            "x = ~t.b ~t.d ~t.e",
            "t.a -> v.x conditional, t.c -> v.x conditional",
        ),
        (Dialect::Tsql, "choose(a, b, c)", "x = ~t.b ~t.c", "t.a -> v.x conditional"),
        (Dialect::ClickHouse, "sumIf(a, b > 1)", "x = +t.a", "t.b -> v.x filter"),
        (Dialect::ClickHouse, "countIf(b > 1)", "x = +t.b", ""),
        (Dialect::Databricks, "max_by(a, b)", "x = +t.a", "t.b -> v.x sort"),
        (Dialect::Snowflake, "iff(a, 'y', 'n')", "x = ~t.a", ""),
    ] {
        check(dialect, &[(&format!("create view v as select {item} as x from t"), made)]);
        assert_eq!(steering(item, dialect), steered, "{dialect} {item}");
    }
}

#[test]
fn parts_of_dates_are_words_only_where_the_function_takes_one() {
    for (dialect, item, made) in [
        (Dialect::Snowflake, "datediff(day, s, d)", "x = ~t.d ~t.s"),
        (Dialect::Snowflake, "datediff('day', s, d)", "x = ~t.d ~t.s"),
        (Dialect::BigQuery, "date_diff(d, s, day)", "x = ~t.d ~t.s"),
        (Dialect::BigQuery, "date_trunc(d, month)", "x = ~t.d"),
        (Dialect::Hive, "datediff(d, s)", "x = ~t.d ~t.s"),
    ] {
        check(dialect, &[(&format!("create view v as select {item} as x from t"), made)]);
    }
}

#[test]
fn counts_over_a_window_are_steered_by_it_and_ranks_are_made_of_it() {
    let sql = "create view v as select count(*) over (partition by g) as n, rank() over w as r, sum(a) over w as s \
               from t window w as (partition by b order by c)";
    check(Dialect::Postgres, &[(sql, "n, r = ~t.b ~t.c, s = ~t.a")]);
    assert_eq!(
        edges(&of(sql, Dialect::Postgres), false),
        ["t.b -> v.s window", "t.c -> v.s window", "t.g -> v.n window"]
    );
}

#[test]
fn a_dictionary_gives_its_attribute_by_a_key() {
    let sql = "create view v as select dictGetOrDefault('db.d', 'name', toUInt64(id), other) as x from t";
    check(Dialect::ClickHouse, &[(sql, "x = ~db.d.name ~t.other")]);
    assert_eq!(edges(&of(sql, Dialect::ClickHouse), false), ["t.id -> v.x join"]);
}
