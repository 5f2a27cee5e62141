//! VALUES, set operations, recursion, pipes: columns by position and by name.

use super::{check, edges, made_of, of};
use crate::sql::dialect::Dialect;

#[test]
fn values_without_names_have_the_names_of_the_engine() {
    for (dialect, name) in [
        (Dialect::Postgres, "column2"),
        (Dialect::Spark, "col2"),
        (Dialect::DuckDb, "col1"),
        (Dialect::MySql, "column_1"),
    ] {
        let sql = format!("create view v as select q.{name}, t.b from t join (values (1, 2)) q on true");
        let graph = of(&sql, dialect);
        assert_eq!(made_of(&graph), format!("{name}, b = t.b"), "{dialect}");
    }
}

#[test]
fn a_branch_of_unknown_columns_may_be_in_any_of_those_that_are_known() {
    check(
        Dialect::Snowflake,
        &[
            ("create view v as select a, b from x union all select * from y", "a = x.a ~y.*, b = x.b ~y.*"),
            ("create view v as select * from x union all select a, b from y", "* = x.* y.a y.b"),
            (
                "create view v as select a, b from x union all by name select b, c from y",
                "a = x.a, b = x.b y.b, c = y.c",
            ),
        ],
    );
    let except = of("create view v as select a from x except select * from y", Dialect::Postgres);
    assert_eq!((made_of(&except), edges(&except, false)), ("a = x.a".to_owned(), vec!["y.* -> v.* filter".to_owned()]));
}

#[test]
fn values_go_round_in_a_recursion() {
    let moving = "create view v as with recursive r (p, q) as (select a, b from t union all \
                  select r.q, u.c from r join u on u.id = r.p) select p, q from r";
    check(
        Dialect::Postgres,
        &[
            (moving, "p = t.a t.b u.c, q = t.b u.c"),
            (
                "create view v as with recursive r as (select id, 1 as depth from t union all \
                 select id, depth + 1 from r where depth < 9) select * from r",
                "id = t.id, depth",
            ),
        ],
    );
    assert_eq!(
        edges(&of(moving, Dialect::Postgres), false),
        ["t.a -> v.* join", "t.b -> v.* join", "u.c -> v.* join", "u.id -> v.* join"]
    );
}

#[test]
fn engines_without_the_word_know_a_recursion_by_its_own_name() {
    let recursive = "create view v as with r as (select id, up from t union all \
                     select t.id, t.up from t join r on t.up = r.id) select id from r";
    let wrapping = "create view v as with t as (select id from t) select id from t";
    for dialect in [Dialect::Tsql, Dialect::Oracle, Dialect::Snowflake] {
        let graph = of(recursive, dialect);
        assert_eq!(made_of(&graph), "id = t.id", "{dialect}");
        assert!(graph.asset_edges.iter().all(|edge| edge.upstream.as_str() == "t"), "{dialect}");
        check(dialect, &[(wrapping, "id = t.id")]);
    }
    let table = of(recursive, Dialect::Postgres);
    assert!(table.asset_edges.iter().any(|edge| edge.upstream.as_str() == "r"), "a table of that name is meant");
}

#[test]
fn each_pipe_makes_the_columns_that_the_next_one_sees() {
    let t = "create table t (id int64, k string, a int64); create table u (id int64, b int64);";
    let cases = [
        ("|> select id, a + 1 as a1", "id = t.id, a1 = ~t.a"),
        ("|> extend a * 2 as d |> set a = d |> drop k", "id = t.id, a = ~t.a, d = ~t.a"),
        ("|> rename a as b |> as q |> select q.b", "b = t.a"),
        ("|> aggregate sum(a) as s, count(*) as n group by k", "k = t.k, s = +t.a, n"),
        ("|> join u using (id) |> select id, b", "id = t.id u.id, b = u.b"),
        ("|> select id |> union all (select id from u)", "id = t.id u.id"),
        ("|> pivot (sum(a) for k in ('x', 'y'))", "id = t.id, x = +t.a, y = +t.a"),
        ("|> where a > 1 |> order by k |> limit 3 |> select id", "id = t.id"),
    ];
    for (pipes, expected) in cases {
        check(Dialect::BigQuery, &[(&format!("{t} create view v as from t {pipes}"), expected)]);
    }
    let steered = of(
        &format!("{t} create view v as from t |> where a > 1 |> order by k |> limit 3 |> select id"),
        Dialect::BigQuery,
    );
    assert_eq!(edges(&steered, false), ["t.a -> v.* filter", "t.k -> v.* sort"]);
}

#[test]
fn returned_rows_have_the_columns_of_all_relations_of_their_statement() {
    let sql = "with u as (update t set a = s.b from s where s.id = t.id returning t.id, s.c) \
               insert into v select id, c from u";
    check(Dialect::Postgres, &[(sql, "id = t.id, c = s.c")]);
}
