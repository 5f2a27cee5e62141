//! Functions that stand in FROM: which columns they give, and what these are made of.

use super::{check, edges, of};
use crate::sql::dialect::Dialect;

#[test]
fn elements_of_bigquery_arrays_are_values_with_fields_and_an_offset() {
    let t = "create table t (id int64, items array<struct<sku string, qty int64>>, tags array<string>);";
    let known = format!(
        "{t} create view v as select id, item.sku, qty, pos, tag from t, unnest(items) as item with offset as pos, \
         unnest(t.tags) as tag"
    );
    let bare = format!("{t} create view v as select id, sku from t, unnest(items)");
    let path = format!("{t} create view v as select id, i.sku from t, t.items as i");
    let star = format!("{t} create view v as select * from t cross join unnest(tags) as tag");
    check(
        Dialect::BigQuery,
        &[
            (&known, "id = t.id, sku = ~t.items, qty = ~t.items, pos = ~t.items, tag = ~t.tags"),
            (&bare, "id = t.id, sku = ~t.items"),
            (&path, "id = t.id, sku = ~t.items"),
            (&star, "id = t.id, items = t.items, tags = t.tags, tag = ~t.tags"),
            (
                "create view v as select id, offset, x from t, unnest(arr) as x with offset",
                "id = t.id, offset = ~t.arr, x = ~t.arr",
            ),
            (
                "create view v as select (select value.text from unnest(params) where key = 'page') as page from t",
                "page = ~t.params",
            ),
        ],
    );
}

#[test]
fn a_bare_name_of_an_unnamed_array_or_of_an_unknown_table_is_a_doubt() {
    let graph = of("create view v as select key from t, unnest(params)", Dialect::BigQuery);
    assert_eq!(super::made_of(&graph), "key");
    assert!(graph.diagnostics[0].message.contains("key (from t or unnest)"), "{:?}", graph.diagnostics);
}

#[test]
fn several_arrays_go_side_by_side_with_their_position_last() {
    check(
        Dialect::Postgres,
        &[
            ("create view v as select t.id, x, y from t, unnest(t.a, t.b) as u(x, y)", "id = t.id, x = ~t.a, y = ~t.b"),
            (
                "create view v as select u.* from t cross join lateral unnest(t.a) with ordinality as u(e, n)",
                "e = ~t.a, n = ~t.a",
            ),
            ("create view v as select t.id, e from t, unnest(t.a) as e", "id = t.id, e = ~t.a"),
        ],
    );
    check(
        Dialect::Trino,
        &[(
            "create view v as select id, e, k, x from t cross join unnest(a) as u(e) cross join unnest(m) as w(k, x)",
            "id = t.id, e = ~t.a, k = ~t.m, x = ~t.m",
        )],
    );
    check(
        Dialect::DuckDb,
        &[("create view v as select u, t.id from t, unnest(t.tags) as u", "u = ~t.tags, id = t.id")],
    );
}

#[test]
fn well_known_functions_have_their_own_columns_which_win_over_unknown_ones() {
    let t = "create table t (id int, doc variant);";
    let star = format!("{t} create view v as select * from t, lateral flatten(input => doc) f");
    check(
        Dialect::Snowflake,
        &[
            (
                &star,
                "id = t.id, doc = t.doc, seq = ~t.doc, key = ~t.doc, path = ~t.doc, index = ~t.doc, value = ~t.doc, \
                 this = ~t.doc",
            ),
            (
                "create view v as select id, value:a::int as a, index from t, lateral flatten(input => doc)",
                "id = t.id, a = ~t.doc, index = ~t.doc",
            ),
            (
                "create view v as select b.value:y as y from t, lateral flatten(doc:l) a, lateral flatten(a.value:m) b",
                "y = ~t.doc",
            ),
            ("create view v as select t.id, f.x from t, table(my_function(t.a, t.b)) f", "id = t.id, x = ~t.a ~t.b"),
        ],
    );
    check(
        Dialect::Postgres,
        &[
            (
                "create view v as select t.id, key, value from t, jsonb_each(t.doc)",
                "id = t.id, key = ~t.doc, value = ~t.doc",
            ),
            ("create view v as select n, t.a from t, generate_series(1, t.k) as n", "n = ~t.k, a = t.a"),
            (
                "create view v as select x.id, x.name from d, xmltable('/r' passing d.body columns id int, name text) x",
                "id = ~d.body, name = ~d.body",
            ),
        ],
    );
    check(
        Dialect::MySql,
        &[(
            "create view v as select j.* from t, json_table(t.doc, '$[*]' columns (a int path '$.a', \
             nested path '$.b[*]' columns (b int path '$'))) as j",
            "a = ~t.doc, b = ~t.doc",
        )],
    );
}

#[test]
fn applied_subqueries_see_the_row_and_xml_methods_read_their_column() {
    check(
        Dialect::Tsql,
        &[
            (
                "create view v as select t.id, u.k, u.x from t cross apply (values ('a', t.a), ('b', t.b)) as u(k, x)",
                "id = t.id, k, x = t.a t.b",
            ),
            (
                "create view v as select n.c.value('@a', 'int') as a from t cross apply t.doc.nodes('/r/i') as n(c)",
                "a = ~t.doc",
            ),
            (
                "create view v as select t.id, j.name from t cross apply openjson(t.doc) with (name varchar(9)) as j",
                "id = t.id, name = ~t.doc",
            ),
            ("create view v as select value from t cross apply string_split(t.csv, ',')", "value = ~t.csv"),
        ],
    );
    let sql = "create view v as select o.total from t outer apply (select sum(a) as total from o where o.k = t.id) o";
    let graph = of(sql, Dialect::Tsql);
    assert_eq!(edges(&graph, false), ["o.k -> v.* filter", "t.id -> v.* filter"]);
}

#[test]
fn lateral_views_name_their_columns_or_have_the_usual_ones() {
    check(
        Dialect::Spark,
        &[
            ("create view v as select id, col from t lateral view explode(tags) x", "id = t.id, col = ~t.tags"),
            (
                "create view v as select id, p, e from t lateral view outer posexplode(t.tags) x as p, e",
                "id = t.id, p = ~t.tags, e = ~t.tags",
            ),
            ("create view v as select k, x from t lateral view stack(2, 'a', a, 'b', b) s as k, x", "k, x = ~t.a ~t.b"),
            (
                "create view v as select b.c from t lateral view explode(a) x as y lateral view explode(y.z) q as b",
                "c = ~t.a",
            ),
            ("create view v as select posexplode(m) as (p, e), explode(n) from t", "p = ~t.m, e = ~t.m, col = ~t.n"),
        ],
    );
}

#[test]
fn array_join_gives_elements_in_place_of_arrays_and_beside_them() {
    let t = "create table t (id Int32, tags Array(String));";
    let plain = format!("{t} create view v as select * from t array join tags");
    let named = format!("{t} create view v as select id, tag from t array join tags as tag");
    check(
        Dialect::ClickHouse,
        &[
            (&plain, "id = t.id, tags = ~t.tags"),
            (&named, "id = t.id, tag = ~t.tags"),
            (
                "create view v as select id, a, n from t left array join xs as a, arrayEnumerate(xs) as n",
                "id = t.id, a = ~t.xs, n = ~t.xs",
            ),
        ],
    );
}

#[test]
fn files_and_stages_are_read_in_place() {
    check(
        Dialect::Snowflake,
        &[(
            "create table v as select $1 as a, s.$2:x::int as b, metadata$filename as f from @lake/in (file_format => 'f') s",
            "a = path:@lake/in.$1, b = ~path:@lake/in.$2, f = path:@lake/in.metadata$filename",
        )],
    );
    check(
        Dialect::DuckDb,
        &[
            ("create table v as select a from 'in/*.parquet'", "a = path:in/*.parquet.a"),
            ("create table v as select * from read_csv('in.csv', header = true)", "* = path:in.csv.*"),
        ],
    );
    check(
        Dialect::ClickHouse,
        &[("create table v engine = Log as select a from s3('s3://b/f.csv', 'CSV')", "a = path:s3://b/f.csv.a")],
    );
}

#[test]
fn tables_may_be_named_in_a_string_and_hints_are_no_arguments() {
    check(Dialect::Snowflake, &[("create view v as select a from identifier('s.t')", "a = s.t.a")]);
    check(Dialect::Tsql, &[("create view v as select a from dbo.t (nolock)", "a = dbo.t.a")]);
}

#[test]
fn row_patterns_give_partitions_measures_and_on_demand_the_rows() {
    let table = "create table s (k varchar, d date, price int);";
    let pattern = "pattern (strt down+) define down as price < lag(price)";
    let one = format!(
        "{table} create view v as select * from s match_recognize (partition by k order by d \
         measures first(strt.d) as start_d, count(*) as n one row per match {pattern})"
    );
    let all = format!(
        "{table} create view v as select * from s match_recognize (partition by k order by d \
         measures last(down.price) as low all rows per match {pattern})"
    );
    check(
        Dialect::Snowflake,
        &[(&one, "k = s.k, start_d = +s.d, n"), (&all, "k = s.k, d = s.d, price = s.price, low = +s.price")],
    );
}
