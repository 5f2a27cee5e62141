//! The resolver's behaviour, statement by statement: SQL in, edges out, each expectation read by eye.

mod calls;
mod names;
mod pivots;
mod precedence;
mod queries;
mod stars;
mod table_functions;

use std::collections::BTreeMap;

use super::model::{AssetKind, AssetName, LineageGraph, Read, Template};
use super::{DeclaredAsset, Side, analyze};
use crate::path::RepoPath;
use crate::source::BlobId;
use crate::sql::dialect::Dialect;
use crate::sql::template::{CatalogContent, FileAsset, FilePlace, LineMap, Prepared, TokenTarget};

pub(crate) fn prepared(path: &str, sql: &str, dialect: Dialect) -> Prepared {
    Prepared {
        path: RepoPath::new(path).expect("inside"),
        blob: BlobId("test".into()),
        sql: sql.into(),
        line_map: LineMap::default(),
        dialect,
        dialect_reason: "the test".to_owned(),
        template: Template::None,
        asset: None,
        place: FilePlace::default(),
        tokens: BTreeMap::new(),
        holes: BTreeMap::new(),
        catalog: CatalogContent::Sql(sql.into()),
        diagnostics: Vec::new(),
        partial: false,
    }
}

fn templated(sql: &str) -> LineageGraph {
    let mut file = prepared("models/m.sql", sql, Dialect::Postgres);
    let target = |name: &str| TokenTarget { asset: AssetName::from_dotted(name), kind: AssetKind::Model };
    file.asset = Some(FileAsset { name: AssetName::from_dotted("m"), kind: AssetKind::Model });
    file.tokens = BTreeMap::from([("__dbt_ref_o".to_owned(), target("o")), ("__dbt_ref_m".to_owned(), target("m"))]);
    analyze(Side { files: &[file], declared: &[] })
}

#[test]
fn tokens_stand_for_their_asset_behind_any_alias_and_a_model_does_not_feed_itself() {
    let graph = templated("select x.a, __dbt_ref_o.b from __dbt_ref_o x where x.a > (select max(a) from __dbt_ref_m)");
    assert_eq!(direct(&graph), ["o.a -> m.a", "o.b -> m.b"]);
    assert!(graph.asset_edges.iter().all(|edge| edge.upstream != edge.downstream));
    assert_eq!(direct(&templated("select __dbt_ref_o.* from __dbt_ref_o as x")), ["o.* -> m.*"]);
}

#[test]
fn holes_of_templates_are_neither_columns_nor_assets() {
    let graph = templated("select o.a, __hole_1 as h, u.c from __dbt_ref_o as o join __hole_2 as u on u.id = o.id");
    assert_eq!(direct(&graph), ["o.a -> m.a"]);
    assert!(graph.assets.keys().all(|name| !name.as_str().contains("hole")));
}

fn graph(files: &[(&str, &str)], dialect: Dialect) -> LineageGraph {
    let files: Vec<Prepared> = files.iter().map(|(path, sql)| prepared(path, sql, dialect)).collect();
    analyze(Side { files: &files, declared: &[] })
}

fn of(sql: &str, dialect: Dialect) -> LineageGraph {
    graph(&[("a.sql", sql)], dialect)
}

/// Direct edges as `up.col -> down.col`, with the subtype where it is not identity.
fn direct(graph: &LineageGraph) -> Vec<String> {
    edges(graph, true)
}

fn edges(graph: &LineageGraph, direct: bool) -> Vec<String> {
    let how = |subtype: &str| if subtype == "identity" { String::new() } else { format!(" {subtype}") };
    graph
        .column_edges
        .iter()
        .filter(|edge| edge.transformation.is_direct() == direct)
        .map(|edge| format!("{} -> {}{}", edge.upstream, edge.downstream, how(edge.transformation.subtype())))
        .collect()
}

fn columns(graph: &LineageGraph, asset: &str) -> Vec<String> {
    let asset = graph.assets.values().find(|known| known.name.as_str() == asset).expect("the asset is known");
    asset
        .columns
        .iter()
        .map(|column| {
            format!("{} {}", column.name, column.data_type.as_deref().unwrap_or_default()).trim_end().to_owned()
        })
        .collect()
}

/// The columns of `v` in order, each with what it is made of: `a = t.a` as it is, `~t.a` computed, `+t.a` aggregated.
fn made(sql: &str, dialect: Dialect) -> String {
    made_of(&of(sql, dialect))
}

fn made_of(graph: &LineageGraph) -> String {
    let view = graph.assets.values().find(|asset| asset.name.as_str() == "v").expect("v");
    let star = super::model::ColumnName::new("*");
    let names = view.columns.iter().map(|column| &column.name).chain([&star]);
    let column = |name: &super::model::ColumnName| {
        let edges = graph.column_edges.iter().filter(|edge| {
            edge.transformation.is_direct() && edge.downstream.asset == view.name && edge.downstream.column == *name
        });
        let sources = edges.map(|edge| {
            let sign = match edge.transformation.subtype() {
                "transformation" => "~",
                "aggregation" => "+",
                _ => "",
            };
            format!("{sign}{}", edge.upstream)
        });
        let sources: Vec<String> = sources.collect();
        match (name.is_star(), sources.is_empty()) {
            (true, true) => None,
            (false, true) => Some(name.to_string()),
            (_, false) => Some(format!("{name} = {}", sources.join(" "))),
        }
    };
    names.filter_map(column).collect::<Vec<String>>().join(", ")
}

/// Checks what `v` is made of, case by case.
fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        assert_eq!(made(sql, dialect), *expected, "{dialect}: {sql}");
    }
}

fn definition(sql: &str) -> String {
    let graph = of(sql, Dialect::Postgres);
    graph.assets.values().find_map(|asset| asset.definition.as_deref().map(str::to_owned)).expect("a definition")
}

#[test]
fn values_are_identical_computed_or_aggregated() {
    let graph =
        of("create view v as select a, b + 1 as b1, sum(c) as total, 7 as seven from t group by a", Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> v.a", "t.b -> v.b1 transformation", "t.c -> v.total aggregation"]);
    assert_eq!(edges(&graph, false), ["t.a -> v.* group_by"]);
}

#[test]
fn filters_joins_and_sort_orders_steer_rows() {
    let sql = "create view v as select x.a from x left join y on x.id = y.id where y.flag order by x.d limit 3";
    assert_eq!(
        edges(&of(sql, Dialect::Postgres), false),
        ["x.d -> v.* sort", "x.id -> v.* join", "y.flag -> v.* filter", "y.id -> v.* join"]
    );
}

#[test]
fn a_condition_steers_unless_the_value_is_made_of_it() {
    let sql =
        "create view v as select case when s = 1 then a else b end as x, case when s = 1 then 'y' end as y from t";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> v.x transformation", "t.b -> v.x transformation", "t.s -> v.y transformation"]);
    assert_eq!(edges(&graph, false), ["t.s -> v.x conditional"]);
}

#[test]
fn windows_steer_and_ranks_are_made_of_them() {
    let sql = "create view v as select sum(a) over (partition by b order by c) as s, row_number() over (order by d) as n from t";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> v.s transformation", "t.d -> v.n transformation"]);
    assert_eq!(edges(&graph, false), ["t.b -> v.s window", "t.c -> v.s window"]);
}

#[test]
fn ctes_shadow_tables_and_never_appear() {
    let sql = "create view v as with orders as (select id, amount from raw.orders) select id, sum(amount) as s from orders group by 1";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["raw.orders.amount -> v.s aggregation", "raw.orders.id -> v.id"]);
    assert!(graph.assets.keys().all(|name| name.as_str() != "orders"));
}

#[test]
fn recursive_ctes_end() {
    let sql = "create view v as with recursive up as (select id, boss from staff where boss is null union all \
               select s.id, s.boss from staff s join up on s.boss = up.id) select id from up";
    assert_eq!(direct(&of(sql, Dialect::Postgres)), ["staff.id -> v.id"]);
}

#[test]
fn stars_expand_through_views_and_tables_in_any_file_order() {
    let graph = graph(
        &[
            ("a_top.sql", "create view top as select * from middle"),
            ("b_middle.sql", "create view middle as select t.*, t.b * 2 as c from t"),
            ("c_table.sql", "create table t (a int, b numeric(10, 2))"),
        ],
        Dialect::Postgres,
    );
    assert_eq!(columns(&graph, "top"), ["a INT", "b NUMERIC(10,2)", "c"]);
    assert_eq!(graph.coverage.stars_unresolved, 0);
}

#[test]
fn an_unknown_star_is_counted_and_passed_on_as_a_whole() {
    let graph = of("create view v as select * from somewhere", Dialect::Postgres);
    assert_eq!(direct(&graph), ["somewhere.* -> v.*"]);
    assert_eq!(graph.coverage.stars_unresolved, 1);
    let view = graph.assets.values().find(|asset| asset.name.as_str() == "v").expect("v");
    assert!(!view.columns_complete);
}

#[test]
fn star_options_leave_out_replace_and_rename() {
    let table = "create table t (a int64, b int64, c int64);";
    let graph =
        of(&format!("{table} create view v as select * except (a) replace (b + 1 as b) from t"), Dialect::BigQuery);
    assert_eq!(direct(&graph), ["t.b -> v.b transformation", "t.c -> v.c"]);
    let graph =
        of(&format!("{table} create view v as select * exclude (b) rename (c as d) from t"), Dialect::Snowflake);
    assert_eq!(direct(&graph), ["t.a -> v.a", "t.c -> v.d"]);
}

#[test]
fn using_merges_columns_and_a_star_gives_them_once() {
    let sql = "create table x (id int, a int); create table y (id int, b int); \
               create view v as select * from x join y using (id)";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(columns(&graph, "v"), ["id INT", "a INT", "b INT"]);
    assert_eq!(edges(&graph, false), ["x.id -> v.* join", "y.id -> v.* join"]);
}

#[test]
fn set_operations_go_by_position_and_except_only_steers() {
    let sql = "create view v as select a from t union all select b from u except select c from w";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> v.a", "u.b -> v.a"]);
    assert_eq!(edges(&graph, false), ["w.c -> v.* filter"]);
}

#[test]
fn correlated_and_scalar_subqueries() {
    let sql = "create view v as select a, (select max(p.price) from p where p.id = t.id) as price from t \
               where exists (select 1 from q where q.id = t.id)";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["p.price -> v.price aggregation", "t.a -> v.a"]);
    assert_eq!(
        edges(&graph, false),
        ["p.id -> v.price filter", "q.id -> v.* filter", "t.id -> v.* filter", "t.id -> v.price filter"]
    );
    let upstream: Vec<&str> = graph.asset_edges.iter().map(|edge| edge.upstream.as_str()).collect();
    assert_eq!(upstream, ["p", "q", "t"]);
}

#[test]
fn an_unqualified_column_of_two_unknown_tables_is_not_guessed() {
    let graph = of("create view v as select c from x join y on x.id = y.id", Dialect::Postgres);
    assert_eq!(direct(&graph), Vec::<String>::new());
    assert!(
        graph.diagnostics.iter().any(|diagnostic| diagnostic.message.contains("c (from x or y)")),
        "{:?}",
        graph.diagnostics
    );
}

#[test]
fn lateral_aliases_follow_the_dialect() {
    let sql = "create view v as select a + 1 as b, b * 2 as c from t";
    assert_eq!(direct(&of(sql, Dialect::Snowflake)), ["t.a -> v.b transformation", "t.a -> v.c transformation"]);
    assert_eq!(direct(&of(sql, Dialect::Postgres)), ["t.a -> v.b transformation", "t.b -> v.c transformation"]);
}

#[test]
fn fields_of_structs_reach_the_column_that_holds_them() {
    let sql = "create view v as select e.payload.user.id as user_id, item.sku from events e, unnest(e.items) as item";
    assert_eq!(
        direct(&of(sql, Dialect::BigQuery)),
        ["events.items -> v.sku transformation", "events.payload -> v.user_id transformation"]
    );
    let sql = "create view v as select src:customer.name::string as name from raw_json";
    assert_eq!(direct(&of(sql, Dialect::Snowflake)), ["raw_json.src -> v.name transformation"]);
}

#[test]
fn pivot_and_unpivot_make_columns_of_values_and_values_of_columns() {
    let table = "create table t (id int, month varchar, amount int);";
    let sql = format!("{table} create view v as select * from t pivot (sum(amount) for month in ('jan', 'feb')) as p");
    assert_eq!(
        direct(&of(&sql, Dialect::Snowflake)),
        ["t.amount -> v.'feb' aggregation", "t.amount -> v.'jan' aggregation", "t.id -> v.id"],
        "Snowflake keeps the quotes"
    );
    let table = "create table w (id int, jan int, feb int);";
    let sql = format!("{table} create view u as select * from w unpivot (amount for month in (jan, feb))");
    assert_eq!(direct(&of(&sql, Dialect::Snowflake)), ["w.feb -> u.amount", "w.id -> u.id", "w.jan -> u.amount"]);
}

#[test]
fn insert_fills_columns_by_list_or_by_position() {
    let sql = "create table t (a int, b int); insert into t (b) select x from s; insert into t select y, z from s2";
    assert_eq!(direct(&of(sql, Dialect::Postgres)), ["s.x -> t.b", "s2.y -> t.a", "s2.z -> t.b"]);
}

#[test]
fn update_merge_and_delete_write_their_target() {
    let sql = "update t set a = s.b from s where s.id = t.id";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["s.b -> t.a"]);
    assert_eq!(edges(&graph, false), ["s.id -> t.* filter"]);
    let sql = "merge into t using (select id, v from s) b on t.id = b.id when matched then update set v = b.v \
               when not matched then insert (id, v) values (b.id, b.v)";
    assert_eq!(direct(&of(sql, Dialect::Snowflake)), ["s.id -> t.id", "s.v -> t.v"]);
    let graph = of("delete from t using s where s.id = t.id", Dialect::Postgres);
    let names: Vec<String> =
        graph.asset_edges.iter().map(|edge| format!("{} -> {}", edge.upstream, edge.downstream)).collect();
    assert_eq!(names, ["s -> t"]);
}

#[test]
fn shown_sql_names_models_and_not_what_stands_for_them() {
    let target = TokenTarget { asset: AssetName::from_dotted("stg_orders"), kind: AssetKind::Model };
    let mut file = prepared("models/orders.sql", "select id from __dbt_ref_stg_orders", Dialect::Postgres);
    file.asset = Some(FileAsset { name: AssetName::from_dotted("orders"), kind: AssetKind::Model });
    file.tokens = [("__dbt_ref_stg_orders".to_owned(), target)].into();
    let graph = analyze(Side { files: &[file], declared: &[] });
    let sql = graph.assets[&AssetName::from_dotted("orders")].sql.as_deref();
    assert_eq!(sql, Some("SELECT\n  id\nFROM\n  stg_orders"));
}

#[test]
fn migrations_run_in_order_of_their_numbers() {
    let graph = graph(
        &[
            (
                "migrations/V10__rename.sql",
                "alter table t rename column b to c; alter table t alter column a type bigint",
            ),
            ("migrations/V1__init.sql", "create table t (a int, b text, old text)"),
            ("migrations/V2__more.sql", "alter table t add column d date; alter table t drop column old"),
            ("migrations/V2__more.down.sql", "alter table t drop column d"),
        ],
        Dialect::Postgres,
    );
    assert_eq!(columns(&graph, "t"), ["a BIGINT", "c TEXT", "d DATE"]);
}

#[test]
fn a_migration_never_waits_for_a_later_one() {
    let graph = graph(
        &[
            ("migrations/1.sql", "create table t (a int); drop view if exists later"),
            ("migrations/2.sql", "alter table t add column b int; create view v as select * from later_table"),
            ("migrations/3.sql", "alter table t drop column a; create table later_table (x int)"),
        ],
        Dialect::Postgres,
    );
    assert_eq!(columns(&graph, "t"), ["b INT"]);
}

#[test]
fn a_reader_sees_the_table_as_the_last_migration_leaves_it() {
    let graph = graph(
        &[
            ("jobs/load.sql", "create view v as select added from t"),
            ("migrations/1.sql", "create table t (a int)"),
            ("migrations/2.sql", "alter table t add column added int"),
        ],
        Dialect::Postgres,
    );
    assert_eq!(direct(&graph), ["t.added -> v.added"]);
}

#[test]
fn dropped_and_renamed_tables_are_gone() {
    let graph = of(
        "create table a (x int); create table s.b (y int); drop table a; alter table s.b rename to c",
        Dialect::Postgres,
    );
    let names: Vec<&str> = graph.assets.keys().map(AssetName::as_str).collect();
    assert_eq!(names, ["s.c"]);
}

#[test]
fn shorter_and_longer_spellings_are_one_asset_when_one_fits() {
    let graph = graph(
        &[
            ("a.sql", "create table shop.orders (id int)"),
            ("b.sql", "create view v as select id from orders"),
            ("c.sql", "create view w as select id from db.shop.orders"),
        ],
        Dialect::Postgres,
    );
    assert_eq!(direct(&graph), ["db.shop.orders.id -> v.id", "db.shop.orders.id -> w.id"]);
    let ambiguous = self::graph(
        &[
            ("a.sql", "create table x.t (id int); create table y.t (id int)"),
            ("b.sql", "create view v as select id from t"),
        ],
        Dialect::Postgres,
    );
    assert!(ambiguous.diagnostics.iter().any(|diagnostic| diagnostic.message == "t could be x.t or y.t"));
}

#[test]
fn copies_of_an_asset_for_several_engines_are_kept_apart() {
    let files = [
        prepared("duckdb/v.sql", "create table s.v as select a from s.t", Dialect::DuckDb),
        prepared("postgres/v.sql", "create table s.v as select b from s.t", Dialect::Postgres),
        prepared("postgres/w.sql", "create table s.w as select b from s.v", Dialect::Postgres),
    ];
    let graph = analyze(Side { files: &files, declared: &[] });
    assert_eq!(direct(&graph), ["s.t.a -> s.v@duckdb.a", "s.t.b -> s.v.b", "s.v.b -> s.w.b"]);
}

#[test]
fn of_two_files_that_define_an_asset_both_count_and_it_is_said() {
    let one = ("a.sql", "drop table if exists v; create table v as select a from t");
    let other = ("b.sql", "drop table if exists v; create table v as select b as a from u");
    let graph = graph(&[one, other], Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> v.a", "u.b -> v.a"]);
    assert_eq!(graph.diagnostics[0].message, "v is defined here and in a.sql; both definitions count");
}

#[test]
fn a_reader_of_a_missing_column_is_found_with_its_line() {
    let graph = of("create table t (a int);\ncreate view v as\nselect a,\n  gone\nfrom t", Dialect::Postgres);
    let missing: Vec<&Read> = graph.reads.iter().filter(|read| !read.exists && read.column.is_some()).collect();
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!((missing[0].line, missing[0].asset.as_str()), (4, "t"));
    assert_eq!(missing[0].reader.as_ref().map(AssetName::as_str), Some("v"));
}

#[test]
fn a_missing_column_is_found_through_a_star_cte() {
    let sql = "create table t (a int); create view v as with s as (select * from t) select gone from s";
    let graph = of(sql, Dialect::Postgres);
    assert!(graph.reads.iter().any(|read| !read.exists && read.asset.as_str() == "t" && read.column.is_some()));
}

#[test]
fn a_broken_statement_costs_only_itself() {
    let graph = of(
        "create view a as select x from t;\ncreate view b as selec x;\ncreate view c as select y from t;",
        Dialect::Postgres,
    );
    assert_eq!(direct(&graph), ["t.x -> a.x", "t.y -> c.y"]);
    assert_eq!((graph.coverage.statements, graph.coverage.analyzed, graph.coverage.partly), (3, 2, 1));
    assert_eq!(graph.diagnostics.len(), 1);
    assert_eq!(graph.diagnostics[0].line, 2);
}

#[test]
fn sql_that_is_put_together_at_run_time_is_named() {
    let graph = of("create table t (a int);\nexecute immediate 'drop table ' || $name;", Dialect::Snowflake);
    assert_eq!(graph.diagnostics[0].code.as_str(), "dynamic-sql");
    assert_eq!((graph.diagnostics[0].line, graph.coverage.partly), (2, 1));
}

#[test]
fn pipe_syntax_is_followed_to_columns() {
    let sql = "create table t (id int, a int, b int); create table u (id int, c int); \
               create view v as from t |> where a > 1 |> join u using (id) |> extend b + c as d |> drop b \
               |> aggregate sum(d) as total group by id |> rename total as amount";
    let graph = of(sql, Dialect::BigQuery);
    assert_eq!(columns(&graph, "v"), ["id INT", "amount"]);
    assert_eq!(
        direct(&graph),
        ["t.b -> v.amount aggregation", "t.id -> v.id", "u.c -> v.amount aggregation", "u.id -> v.id"]
    );
    assert!(edges(&graph, false).contains(&"t.a -> v.* filter".to_owned()));
    assert!(graph.diagnostics.is_empty());
}

#[test]
fn formatting_comments_and_cte_names_do_not_change_the_meaning() {
    let one = definition("create view v as with a as (select id, x from t where x > 1) select a.id, (a.x) as x from a");
    let other = definition(
        "CREATE VIEW v AS -- why\nWITH renamed AS (SELECT t.id, x, y FROM t AS t WHERE x > 1)\nSELECT id, r.x FROM renamed r",
    );
    assert_eq!(one, other);
}

#[test]
fn another_filter_join_or_side_of_a_self_join_changes_the_meaning() {
    let base = definition("create view v as select a.x from t a join t b on a.id = b.up where a.x > 1");
    for changed in [
        "create view v as select a.x from t a join t b on a.id = b.up where a.x > 2",
        "create view v as select b.x from t a join t b on a.id = b.up where a.x > 1",
        "create view v as select a.x from t a left join t b on a.id = b.up where a.x > 1",
        "create view v as select distinct a.x from t a join t b on a.id = b.up where a.x > 1",
        "create view v as select a.x from (select * from t limit 5) a join t b on a.id = b.up where a.x > 1",
    ] {
        assert_ne!(base, definition(changed), "{changed}");
    }
}

#[test]
fn a_bare_select_is_a_query_named_after_its_file() {
    let graph = graph(&[("reports/weekly.sql", "select a from t; select b from t")], Dialect::Postgres);
    assert_eq!(direct(&graph), ["t.a -> reports/weekly.a", "t.b -> reports/weekly#2.b"]);
}

#[test]
fn dml_inside_of_with_is_an_effect_of_its_own() {
    let sql = "with moved as (delete from t returning *) insert into archive select * from moved; \
               with c as (select a from s) insert into u select a from c";
    let graph = of(sql, Dialect::Postgres);
    assert_eq!(direct(&graph), ["s.a -> u.a", "t.* -> archive.*"]);
}

#[test]
fn declared_columns_expand_stars() {
    let files = [prepared("a.sql", "create view v as select * from ext.t", Dialect::Postgres)];
    let declared = [DeclaredAsset {
        name: AssetName::from_dotted("ext.t"),
        kind: AssetKind::Table,
        columns: vec![(super::model::ColumnName::new("a"), None)],
        complete: true,
        file: None,
        line: 0,
    }];
    assert_eq!(direct(&analyze(Side { files: &files, declared: &declared })), ["ext.t.a -> v.a"]);
}

#[test]
fn long_chains_and_deep_nesting_end() {
    let chain = format!("create view v as select a from t where {}", vec!["x = 1"; 50_000].join(" or "));
    assert_eq!(direct(&of(&chain, Dialect::Postgres)), ["t.a -> v.a"]);
    let deep = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let graph = of(&deep, Dialect::Postgres);
    assert_eq!(graph.diagnostics.len(), 1);
    assert_eq!(graph.diagnostics[0].code.as_str(), "too-deep");
}
