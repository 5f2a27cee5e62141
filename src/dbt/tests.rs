//! Whole projects, from the fixtures and written out, through `sql::prepare`.

use std::path::Path;

use crate::lineage::model::AssetKind;
use crate::source::{Head, SourceTree};
use crate::sql::dialect::Dialect;
use crate::sql::prepare::{PrepareOptions, PreparedSide, prepare};
use crate::sql::template::{CatalogContent, Prepared};

fn side(files: &[(&str, &str)]) -> PreparedSide {
    let tree: SourceTree<Head> = SourceTree::of(files);
    prepare(&tree, &PrepareOptions::AUTO)
}

fn read(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_str().expect("text"));
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read_to_string(entry.path()).expect("text")));
        }
    }
}

fn shop() -> PreparedSide {
    let mut files = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dbt/shop"), "", &mut files);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    side(&files)
}

fn file<'a>(side: &'a PreparedSide, name: &str) -> &'a Prepared {
    side.files.iter().find(|file| file.path.stem() == name).unwrap_or_else(|| panic!("no {name}"))
}

/// The file's SQL on one line.
fn sql(file: &Prepared) -> String {
    file.sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn catalog(file: &Prepared) -> &str {
    match &file.catalog {
        CatalogContent::Sql(sql) | CatalogContent::Query { sql, .. } => sql,
        CatalogContent::Nothing(words) => words,
    }
}

fn targets(file: &Prepared) -> Vec<(&str, &str, AssetKind)> {
    file.tokens.iter().map(|(token, target)| (token.as_str(), target.asset.as_str(), target.kind)).collect()
}

#[test]
fn the_adapter_of_the_profile_is_the_dialect() {
    let side = shop();
    assert!(side.files.iter().all(|file| file.dialect == Dialect::Snowflake));
    assert_eq!(file(&side, "orders").dialect_reason, "dbt adapter in profiles.yml");
    assert_eq!((side.unreadable.len(), side.diagnostics.len()), (0, 0));
}

#[test]
fn refs_and_sources_become_tokens_that_a_cte_cannot_shadow() {
    let side = shop();
    let customers = file(&side, "customers");
    assert!(sql(customers).starts_with("with orders as ( select * from __dbt_ref_orders ) select"));
    assert_eq!(
        targets(customers),
        [("__dbt_ref_countries", "countries", AssetKind::Seed), ("__dbt_ref_orders", "orders", AssetKind::Model)]
    );
    assert_eq!(
        targets(file(&side, "stg_payments")),
        [("__dbt_source_raw__payments", "raw.payments", AssetKind::Source)]
    );
}

#[test]
fn jinja_in_a_sql_comment_is_live() {
    let side = shop();
    let orders = file(&side, "stg_orders");
    let first = orders.sql.lines().next().expect("a line");
    assert_eq!(first, "-- Orders as they come; live Jinja in a comment is rendered, __dbt_ref_never_built too.");
    assert!(orders.tokens.contains_key("__dbt_ref_never_built"));
    assert!(!orders.partial);
}

#[test]
fn a_default_of_a_macro_may_use_the_parameters_in_front_of_it() {
    let side = side(&[
        ("dbt_project.yml", "name: p\n"),
        (
            "macros/m.sql",
            "{% macro paid(chain, events=source('raw_' + chain, 'payments')) -%}\n select v from {{ events }}{% endmacro %}",
        ),
        ("models/a.sql", "{{ paid('x') }}"),
        ("models/b.sql", "{{ paid('x', ref('a')) }}"),
    ]);
    let reads =
        |name: &str| targets(file(&side, name)).into_iter().map(|(_, asset, _)| asset.to_owned()).collect::<Vec<_>>();
    assert_eq!(reads("a"), ["raw_x.payments"]);
    assert_eq!(reads("b"), ["a"]);
    assert!(sql(file(&side, "a")).starts_with("select v from "));
}

#[test]
fn names_that_a_macro_sets_after_it_asked_the_warehouse_are_not_known_and_cost_nothing_else() {
    let limits = "{% macro limits() %}{% set found = run_query('select 1') %}{% if execute %}{{ return([1, 2]) }}{% endif %}{% endmacro %}";
    let side = side(&[
        ("dbt_project.yml", "name: p\n"),
        ("macros/limits.sql", limits),
        (
            "models/a.sql",
            "{% set low, high = limits() %}select x from {{ ref('b') }} where x between {{ low }} and {{ high }}",
        ),
        ("models/b.sql", "select x from t"),
    ]);
    let model = file(&side, "a");
    assert_eq!(sql(model), "select x from __dbt_ref_b where x between __hole_low and __hole_high");
    assert!(model.partial);
}

#[test]
fn macros_are_found_dispatched_and_may_return_lists() {
    let side = shop();
    assert!(sql(file(&side, "stg_orders")).contains("(amount_cents / 100)::number(16, 2) as amount"));
    let customers = sql(file(&side, "customers"));
    assert!(
        customers.contains("as customer_key, customer_id, region, segment, countries.name as country"),
        "{customers}"
    );
    assert!(customers.contains("md5(cast(coalesce(cast(customer_id as varchar), '')"));
}

#[test]
fn columns_come_from_a_list_in_the_project_file_and_know_their_lines() {
    let side = shop();
    let orders = file(&side, "orders");
    let text = sql(orders);
    assert!(text.contains("sum(case when method = 'cash' then amount end) as cash_amount"));
    assert!(text.contains("select orders.*, payments.card_amount, payments.cash_amount from orders"), "{text}");
    for (number, line) in (1_u32..).zip(orders.sql.lines()) {
        let original = orders.line_map.original(number);
        if line.contains("as card_amount") || line.contains("as cash_amount") {
            assert_eq!(original, 14);
        }
        if line.starts_with("left join") {
            assert_eq!(original, 27);
        }
    }
}

#[test]
fn the_branch_of_an_incremental_model_that_reads_more_is_taken() {
    let side = shop();
    let totals = file(&side, "order_totals");
    assert!(totals.tokens.contains_key("__dbt_ref_orders_snapshot"));
    assert_eq!(totals.tokens["__dbt_ref_order_totals"].asset.as_str(), "order_totals");
}

#[test]
fn the_catalog_gets_relations_as_the_warehouse_names_them() {
    let side = shop();
    assert!(catalog(file(&side, "stg_orders")).starts_with("CREATE VIEW shop_staging.stg_orders AS -- Orders"));
    assert!(catalog(file(&side, "stg_orders")).contains("from lake.landing.orders_v2\n"));
    let totals = catalog(file(&side, "order_totals"));
    assert!(totals.starts_with("CREATE TABLE shop_marts.totals AS "), "{totals}");
    assert!(
        totals.contains("from shop_marts.orders") && totals.contains("from shop_history.orders_snapshot"),
        "{totals}"
    );
    assert!(catalog(file(&side, "customers")).contains("left join countries as countries"));
    assert!(catalog(file(&side, "orders_snapshot")).starts_with("CREATE TABLE shop_history.orders_snapshot AS "));
    // A line that the catalog complains about is the same line of the rendered SQL.
    for name in ["stg_orders", "order_totals", "customers", "orders_snapshot"] {
        let model = file(&side, name);
        assert_eq!(catalog(model).lines().count(), model.sql.lines().count(), "{name}");
    }
}

#[test]
fn ephemeral_models_are_ctes_of_their_readers_on_the_first_line() {
    let side = side(&[
        ("dbt_project.yml", "name: p\n"),
        ("models/raw_a.sql", "{{ config(materialized='ephemeral') }}\nselect id, -- the key\n  x\nfrom lake.a\n"),
        ("models/b.sql", "{{ config(materialized='ephemeral') }}\nselect id from {{ ref('raw_a') }}\n"),
        ("models/c.sql", "select b.id\nfrom {{ ref('b') }} as b\njoin {{ ref('raw_a') }} as a on a.id = b.id\n"),
        ("models/d.sql", "with e as (select * from {{ ref('b') }})\nselect id from e\n"),
        ("models/open.sql", "{{ config(materialized='ephemeral') }}\nselect {{ missing('x') }} as x from lake.a\n"),
        ("models/f.sql", "select x from {{ ref('open') }}\n"),
    ]);
    let words = |name: &str| catalog(file(&side, name)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        words("c"),
        "CREATE VIEW c AS WITH __dbt__cte__raw_a AS (select id, x from lake.a), __dbt__cte__b AS (select id from \
         __dbt__cte__raw_a) select b.id from __dbt__cte__b as b join __dbt__cte__raw_a as a on a.id = b.id"
    );
    let of_c = catalog(file(&side, "c"));
    assert_eq!(of_c.lines().nth(2), Some("join __dbt__cte__raw_a as a on a.id = b.id"), "the file's third line");
    assert!(
        words("d").contains("__dbt__cte__raw_a), e as (select * from __dbt__cte__b) select id from e"),
        "{}",
        words("d")
    );
    let own_hole = words("f");
    assert!(
        own_hole.contains("__dbt__cte__open AS (select __hole_missing") && own_hole.ends_with("from __dbt__cte__open"),
        "{own_hole}"
    );
    assert_eq!(words("b"), "an ephemeral model");
}

#[test]
fn what_is_no_relation_is_not_for_the_catalog_and_says_why() {
    let side = shop();
    let words = ["stg_payments", "retired", "money", "no_negative_amounts", "is_positive", "best_day"];
    let words = words.map(|name| catalog(file(&side, name)).to_owned());
    assert_eq!(words, ["an ephemeral model", "a disabled model", "a macro", "a test", "a generic test", "an analysis"]);
    assert_eq!(file(&side, "retired").asset, None);
    assert_eq!(file(&side, "money").sql.as_ref(), "");
    assert!(file(&side, "no_negative_amounts").tokens.contains_key("__dbt_ref_orders"));
}

#[test]
fn models_and_snapshots_are_assets_by_their_dbt_names() {
    let side = shop();
    let asset = |name: &str| file(&side, name).asset.clone().map(|asset| (asset.name.to_string(), asset.kind));
    assert_eq!(asset("order_totals"), Some(("order_totals".to_owned(), AssetKind::Model)));
    assert_eq!(asset("orders_snapshot"), Some(("orders_snapshot".to_owned(), AssetKind::Snapshot)));
    let text = sql(file(&side, "orders_snapshot"));
    assert!(text.starts_with("select snapshotted.*, md5(concat("), "{text}");
    assert!(text.ends_with("from ( select * from __dbt_source_raw__orders ) snapshotted"), "{text}");
}

#[test]
fn a_hole_costs_its_expression_and_is_named_with_its_line() {
    let side = shop();
    let forecast = file(&side, "forecast");
    assert!(forecast.partial);
    // The hole's name is made of the call as it is written, arguments and their checksum included.
    let start =
        "select order_id, __hole_forecasting_predict_amount_horizon_3_ad41 as predicted, '__hole_env_var_region_";
    assert!(sql(forecast).starts_with(start));
    assert!(sql(forecast).ends_with("as region from __dbt_ref_orders where true"));
    let found: Vec<_> = forecast.diagnostics.iter().map(|found| (found.line, found.message.as_str())).collect();
    assert_eq!(found, [(3, "`forecasting.predict`: not known from the repository")]);
}

#[test]
fn seeds_and_sources_declare_columns() {
    let side = shop();
    let columns = |name: &str| {
        let asset = side.declared.iter().find(|asset| asset.name.as_str() == name).expect("declared");
        let names: Vec<_> = asset.columns.iter().map(|(name, kind)| (name.as_str(), kind.as_deref())).collect();
        (asset.complete, asset.line, format!("{names:?}"))
    };
    assert_eq!(columns("countries"), (true, 1, r#"[("code", None), ("name", None)]"#.to_owned()));
    assert_eq!(columns("raw.orders"), (false, 8, r#"[("order_id", Some("number")), ("placed_at", None)]"#.to_owned()));
}

#[test]
fn two_projects_may_have_models_of_one_name() {
    let side = side(&[
        ("a/dbt_project.yml", "name: first"),
        ("a/models/orders.sql", "select 1 as id"),
        ("a/models/x.sql", "select * from {{ ref('orders') }}"),
        ("b/dbt_project.yml", "name: second\nvars: {v: 2}"),
        ("b/models/orders.sql", "select {{ var('v') }} as id"),
        ("b/models/y.sql", "select * from {{ ref('orders') }} join {{ ref('first', 'orders') }} using (id)"),
    ]);
    let targets =
        |name: &str| targets(file(&side, name)).iter().map(|(_, asset, _)| (*asset).to_owned()).collect::<Vec<_>>();
    assert_eq!(targets("x"), ["orders"]);
    assert_eq!(targets("y"), ["orders", "second.orders"]);
    let sqls: Vec<_> = side.files.iter().filter(|file| file.path.stem() == "orders").map(sql).collect();
    assert_eq!(sqls, ["select 1 as id", "select 2 as id"]);
}

#[test]
fn versions_of_a_model_are_told_apart() {
    let side = side(&[
        ("dbt_project.yml", "name: p"),
        ("models/m.yml", "models:\n  - name: orders\n    latest_version: 1\n    versions: [{v: 1}, {v: 2}]\n"),
        ("models/orders_v1.sql", "select 1 as a"),
        ("models/orders_v2.sql", "select 2 as a"),
        ("models/x.sql", "select * from {{ ref('orders') }} join {{ ref('orders', v=2) }} using (a)"),
    ]);
    let names: Vec<_> = file(&side, "x").tokens.values().map(|target| target.asset.to_string()).collect();
    assert_eq!(names, ["orders_v1", "orders_v2"]);
}

#[test]
fn blocks_that_set_and_white_space_marks_do_what_jinja_says() {
    let side = side(&[
        ("dbt_project.yml", "name: p"),
        (
            "models/a.sql",
            "{% set cols -%}\n  a,\n  b\n{%- endset %}\nselect {{ cols }} -- x {{- ' y' }}\n  {{- ', c' }}\nfrom t",
        ),
    ]);
    assert_eq!(file(&side, "a").sql.as_ref(), "\nselect a,\n  b -- x y, c\nfrom t");
    let lines: Vec<_> = (1..=4).map(|line| file(&side, "a").line_map.original(line)).collect();
    assert_eq!(lines, [4, 5, 5, 7]);
}

#[test]
fn an_unread_project_file_is_named() {
    let side = side(&[("dbt_project.yml", "name: ["), ("models/a.sql", "select 1 as a")]);
    assert_eq!(side.diagnostics.len(), 1);
    assert!(side.diagnostics[0].message.starts_with("could not read dbt_project.yml: "));
    assert_eq!(file(&side, "a").asset, None);
}

#[test]
fn a_template_that_does_not_fit_together_still_gives_its_relations() {
    let side = side(&[
        ("dbt_project.yml", "name: p"),
        ("models/a.sql", "select * from {{ ref('b') }}\n{% endif %}{% for x in y %}"),
    ]);
    let a = file(&side, "a");
    assert_eq!(targets(a), [("__dbt_ref_b", "b", AssetKind::Model)]);
    assert!(a.partial && a.diagnostics.iter().any(|found| found.code.as_str() == "template-error"));
    assert_eq!(catalog(a), "a model that could not be rendered");
}

#[test]
fn hostile_models_end_in_a_diagnostic_and_read_nothing() {
    let bombs = [
        "select {% for i in range(10**9) %}{{ i }},{% endfor %} 1",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}select '{{ ns.x }}' as x, {{ ns.x }} as y",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}select {{ f() }} as x",
        "select {{ endless(1) }} as x",
        "select {{ 'a' * 10**10 }} as x",
        "{% include '/etc/passwd' %}select 1",
        "{% import '../../secret.sql' as s %}select {{ s.x }} as x",
        "select {{ env_var('PATH') }} as x",
        "{% set x = [] %}{% for i in range(90000) %}{% do x.extend(range(90000)) %}{% endfor %}select {{ x | length }} as x",
        "select {{ ''.__class__.__mro__[1].__subclasses__() }} as x",
        "select {{ ping() }} as x",
        "{% set x = ['aaaaaaaa'] %}{% for i in range(60) %}{% do x.append(x[-1] ~ x[-1]) %}{% endfor %}select {{ x[-1] }} as y",
        "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}select {{ ns.a }} as y",
        "{% macro f(n) %}{% call f(n + 1) %}{{ caller() }}{% endcall %}{% endmacro %}{% call f(1) %}x{% endcall %}select 1",
        "{% set a, b = range(99999) %}select {{ a }} as x, {{ b }} as y",
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}select 1 as x",
        "select {{ ('ab' * 1000000) | list | join(',' * 1000) }} as x",
        "{% set x = 'a' * 1000 %}select {{ x | replace('a', x) | replace('a', x) | replace('a', x) }} as x",
        "select {{ '%1000000000d' | format(1) }} as x",
        "{% set x = 'a' * 1000000 %}{% for i in range(20000) %}{% set y = x.split('a') %}{% endfor %}select 1 as y",
        "{% set x = range(90000) | list %}{% for i in range(20000) %}{% if -1 in x %}{% endif %}{% endfor %}select 1 as y",
    ];
    for bomb in bombs {
        let side = side(&[
            ("dbt_project.yml", "name: p"),
            ("macros/m.sql", "{% macro endless(n) %}{{ endless(n + 1) }}{% endmacro %}"),
            (
                "macros/p.sql",
                "{% macro ping() %}{{ pong() }}{{ pong() }}{% endmacro %}{% macro pong() %}{{ ping() }}{% endmacro %}",
            ),
            ("models/a.sql", bomb),
        ]);
        let a = file(&side, "a");
        assert!(a.partial && !a.diagnostics.is_empty(), "{bomb}: {}", a.sql);
        assert!(!a.sql.contains("root:") && !a.sql.contains("/usr/bin"), "{bomb}");
    }
}

#[test]
fn variables_that_hold_templates_are_rendered_once() {
    let side = side(&[
        (
            "dbt_project.yml",
            "name: p\nvars:\n  unit: \"{{ env_var('UNIT', 'day') }}\"\n  loop: \"{{ var('loop') }}\"\n",
        ),
        ("models/a.sql", "select {{ var('unit') }} as u, '{{ var('loop') }}' as l"),
    ]);
    assert_eq!(sql(file(&side, "a")), "select day as u, '{{ var('loop') }}' as l");
}

#[test]
fn a_snapshot_in_yaml_is_the_query_that_dbt_makes_of_it() {
    let text = "snapshots:\n  - name: s\n    config: {unique_key: id, strategy: timestamp, updated_at: at, hard_deletes: new_record}\n    relation: ref('a')\n  - name: t\n    relation: \"{{ var('which') }}\"\n  - name: off\n    relation: ref('a')\n    config: {enabled: false}\n";
    let side = side(&[
        ("dbt_project.yml", "name: p\nsnapshots: {p: {+unique_key: key}}\n"),
        ("models/a.sql", "select id, at from raw"),
        ("snapshots/s.yml", text),
    ]);
    let found: Vec<&Prepared> = side.files.iter().filter(|file| file.path.as_str() == "snapshots/s.yml").collect();
    let [s, t, off] = found.as_slice() else { panic!("three of {found:?}") };
    let expected = "select snapshotted.*, md5(concat(snapshotted.id, snapshotted.at)) as dbt_scd_id, snapshotted.at as \
                    dbt_updated_at, snapshotted.at as dbt_valid_from, nullif(snapshotted.at, snapshotted.at) as dbt_valid_to, \
                    'False' as dbt_is_deleted from ( select * from __dbt_ref_a ) snapshotted";
    assert_eq!((sql(s).as_str(), s.line_map.original(1), s.line_map.original(2)), (expected, 2, 4));
    assert_eq!(catalog(s), "a snapshot in YAML");
    let asset = s.asset.as_ref().map(|asset| (asset.name.as_str(), asset.kind));
    assert_eq!(asset, Some(("s", AssetKind::Snapshot)));
    assert!(sql(t).contains("concat(snapshotted.key, ") && t.partial && t.diagnostics.len() == 1, "{t:?}");
    assert_eq!(off.asset, None);
}
