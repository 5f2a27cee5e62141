use super::*;
use crate::lineage::model::{AssetKind, Template};
use crate::source::Unreadable;
use crate::sql::layout::Aside;
use crate::sql::template::CatalogContent;
use proptest::prelude::*;

fn tree(files: &[(&str, &str)]) -> SourceTree<Head> {
    SourceTree::of(files)
}

const AUTO: PrepareOptions<'static> = PrepareOptions::AUTO;

fn one(text: &str) -> Prepared {
    prepare(&tree(&[("a.sql", text)]), &AUTO).files.remove(0)
}

#[test]
fn plain_files_pass_through_without_a_copy() {
    let tree = tree(&[("a.sql", "select a from t\n"), ("b.sql", "-- nothing\n")]);
    let side = prepare(&tree, &AUTO);
    let text = tree.sql.values().next().and_then(|file| file.content.as_ref().ok()).expect("text");
    assert!(Arc::ptr_eq(&side.files[0].sql, text));
    assert_eq!(side.files[0].catalog, CatalogContent::Sql(Arc::clone(text)));
    assert_eq!(side.files[1].catalog, CatalogContent::Nothing("without SQL".to_owned()));
    assert_eq!(side.files[0].template, Template::None);
}

#[test]
fn unreadable_files_are_named_and_not_lost() {
    let mut tree = tree(&[("a.sql", "select 1"), ("b.sql", "")]);
    let file = tree.sql.values_mut().nth(1).expect("two files");
    file.content = Err(Unreadable::LfsPointer);
    let side = prepare(&tree, &AUTO);
    assert_eq!((side.files.len(), side.unreadable.len()), (1, 1));
    assert!(side.unreadable[0].to_string().starts_with("b.sql: a Git LFS pointer"));
}

#[test]
fn airflow_templates_render_with_holes_for_what_the_scheduler_knows() {
    let prepared = one(
        "{% set day = ds %}\nselect '{{ ds }}' as d, {{ params.column }}\nfrom {{ params.table }}\nwhere d = '{{ macros.ds_add(ds, -1) }}'",
    );
    assert_eq!(prepared.template, Template::Jinja);
    assert_eq!(
        prepared.sql.as_ref(),
        "\nselect '__hole_ds' as d, __hole_params_column\nfrom __hole_params_table\nwhere d = '__hole_macros_ds_add_ds_1_aa65'"
    );
    let lines: Vec<_> = prepared.diagnostics.iter().map(|found| found.line).collect();
    assert_eq!(lines, [2, 3]);
    assert!(prepared.partial);
}

#[test]
fn a_loop_over_what_is_not_known_runs_once() {
    let prepared = one(
        "with\n{% for app, options in apps.items() %}\n{{ app }}_x as (select {{ options.column }} from {{ app }}.t),\n\
         {% endfor %}\nlast as (select 1)\nselect {% for c in columns %}{{ c }}{{ ',' if not loop.last }}{% endfor %}\nfrom last",
    );
    let expected = "with\n\n__hole_app_x as (select __hole_options_column from __hole_app.t),\n\nlast as (select 1)\n\
                    select __hole_c\nfrom last";
    assert_eq!(prepared.sql.as_ref(), expected);
    assert!(prepared.partial);
    let known = one("select {% for c in ['a', 'b'] %}{{ c }},{% endfor %} 1 from {{ t }}");
    assert_eq!(known.sql.as_ref(), "select a,b, 1 from __hole_t");
}

#[test]
fn what_a_generator_writes_as_a_template_is_rendered_as_well() {
    let prepared = one(
        "{{ header }}\n{% raw %}{% if is_init() %}{% endraw %}\nselect {{ a }}\n{% raw %}{% else %}{% endraw %}\nselect {% raw %}{{ b }}{% endraw %}\n{% raw %}{% endif %}{% endraw %}",
    );
    assert_eq!(prepared.sql.as_ref(), "\n\nselect __hole_b\n");
    let lines: Vec<_> = (1..=3).map(|line| prepared.line_map.original(line)).collect();
    assert_eq!(lines, [1, 4, 5]);
}

#[test]
fn a_model_of_sqlmesh_is_what_its_header_says() {
    let text = "MODEL (\n  name shop.daily,\n  kind FULL,\n  dialect bigquery\n);\n\nset x = 1;\n\
                select day, @f(a) as b from raw.t where day = @end_ds";
    let prepared = one(text);
    assert_eq!((prepared.template, prepared.dialect), (Template::SqlMesh, Dialect::BigQuery));
    assert_eq!(prepared.dialect_reason, "SQLMesh MODEL header");
    let asset = prepared.asset.as_ref().expect("an asset");
    assert_eq!((asset.name.as_str(), asset.kind), ("shop.daily", AssetKind::Table));
    let told: Vec<_> = prepared.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["a.sql:8: `@f(a)`: not known from the repository"]);
    assert!(matches!(&prepared.catalog, CatalogContent::Query { name, .. } if name == "shop.daily"));
    assert_eq!(one("AUDIT (name a);\nselect * from @this_model").place.aside, Some(Aside::Check));
    let jinja = one("MODEL (name a.b);\nJINJA_QUERY_BEGIN;\nselect {{ x }}\nfrom @y.t\nJINJA_END;");
    assert_eq!(jinja.sql.as_ref(), "\n\nselect __hole_x\nfrom __hole_y.t");
    assert_eq!(jinja.line_map.original(3), 3);
}

#[test]
fn a_template_for_sqlrender_keeps_one_branch() {
    let prepared = one("select a\n{@x} ? {from b} : {from c\njoin d on e}");
    assert_eq!((prepared.sql.as_ref(), prepared.template), ("select a\n from c\njoin d on e ", Template::SqlRender));
    let told: Vec<_> = prepared.diagnostics.iter().map(ToString::to_string).collect();
    let expected = [
        "a.sql:2: `{@x}`: not known, the branch that reads more is taken",
        "a.sql:2: `{@x}`: not known; the branch that is not taken reads b",
    ];
    assert_eq!(told, expected);
    assert!(prepared.partial);
}

#[test]
fn braces_of_sql_are_not_jinja() {
    for text in ["select '{{1,2},{3,4}}'::int[][]", "select * from t where a like '%{%'", "select '{# x #}'"] {
        let prepared = one(text);
        assert_eq!((prepared.sql.as_ref(), prepared.template), (text, Template::None));
    }
}

#[test]
fn placeholders_are_noted_and_the_catalog_gets_the_text_as_written() {
    let prepared = one("---\nowner: me\n---\nselect a\nfrom ${schema}.t, ${other}.u");
    assert_eq!(prepared.sql.as_ref(), "\n\n\nselect a\nfrom __hole_schema.t, __hole_other.u");
    assert_eq!(prepared.template, Template::Placeholder);
    assert_eq!(
        prepared.diagnostics[0].to_string(),
        "a.sql:5: placeholder `${schema}` and 1 more: read as names of their own"
    );
    assert!(!prepared.partial);
    assert!(matches!(prepared.catalog, CatalogContent::Sql(sql) if sql.contains("${schema}")));
}

#[test]
fn a_query_that_its_path_names_is_an_asset_and_the_catalog_is_told_its_name() {
    let files = [
        ("sql/acme-prod/shop/orders_v1/checks.sql", "select 1 from shop.orders_v1"),
        ("sql/acme-prod/shop/orders_v1/query.sql", "create temp function f() as (1);\nselect f() as a, b\nfrom raw.t"),
        ("sql/acme-prod/shop/totals_v1/query.sql", "-- bigquery\n  WITH x AS (SELECT 1) SELECT * FROM x"),
    ];
    let dialect = DialectChoice::Fixed(Dialect::BigQuery);
    let side = prepare(&tree(&files), &PrepareOptions { dialect, ..AUTO });
    let names: Vec<_> = side.files.iter().map(|file| file.asset.as_ref().map(|asset| asset.name.as_str())).collect();
    assert_eq!(names, [None, Some("acme-prod.shop.orders_v1"), Some("acme-prod.shop.totals_v1")]);
    assert_eq!(side.files[1].place.pattern.as_deref(), Some("sql/{project}/{dataset}/{table}/query.sql"));
    let sent: Vec<_> = side.files.iter().map(|file| file.catalog.sql(file.dialect)).collect();
    assert_eq!(sent[0], Err("a check"));
    let wrapped = "CREATE OR REPLACE TABLE `acme-prod`.shop.orders_v1 AS select f() as a, b";
    assert_eq!(sent[1].as_deref(), Ok(&*format!("create temp function f() as (1);\n{wrapped}\nfrom raw.t")));
    let wrapped = "CREATE OR REPLACE TABLE `acme-prod`.shop.totals_v1 AS WITH x AS (SELECT 1) SELECT * FROM x";
    assert_eq!(sent[2].as_deref(), Ok(&*format!("-- bigquery\n  {wrapped}")));
    let database = side.files[1].place.defaults.database.as_deref();
    assert_eq!(database, Some("acme-prod"), "the project of its path is what it means");
}

#[test]
fn a_generators_template_is_no_asset_and_is_not_sent() {
    let prepared = prepare(&tree(&[("gen/templates/view.sql", "create view {{ dataset }}.v as select 1")]), &AUTO);
    assert_eq!(prepared.files[0].place.aside, Some(Aside::Template));
    assert_eq!(prepared.files[0].catalog, CatalogContent::Nothing("a template of a generator".to_owned()));
    let plain = prepare(&tree(&[("gen/templates/view.sql", "create view d.v as select 1")]), &AUTO);
    assert_eq!(plain.files[0].place.aside, None);
}

#[test]
fn a_dialect_by_path_wins_over_the_setting_and_the_text() {
    let dialects = ["bq/**=bigquery".parse().expect("a rule")];
    let files = [("bq/a.sql", "create table t (id bigserial, d jsonb)"), ("x.sql", "create table t (d jsonb)")];
    let options = PrepareOptions { dialects: &dialects, ..AUTO };
    let side = prepare(&tree(&files), &options);
    assert_eq!((side.files[0].dialect, &*side.files[0].dialect_reason), (Dialect::BigQuery, "from the setting"));
    assert_eq!(side.files[1].dialect, Dialect::Postgres);
    let fixed = PrepareOptions { dialect: DialectChoice::Fixed(Dialect::Hive), ..options };
    let side = prepare(&tree(&files), &fixed);
    assert_eq!((side.files[0].dialect, side.files[1].dialect), (Dialect::BigQuery, Dialect::Hive));
}

#[test]
fn a_template_that_does_not_render_keeps_its_lines() {
    let prepared = one("select 1\n{% endfor %}{% if x %}\nfrom {{ t }}");
    assert_eq!(prepared.sql.as_ref(), "select 1\n  \nfrom __hole_t");
    assert_eq!(prepared.diagnostics[0].code, DiagnosticCode::TemplateError);
}

#[test]
fn the_dialect_is_set_or_found_or_named_by_the_path_or_that_of_the_neighbours() {
    let files = [
        ("x/a.sql", "create table t (id bigserial, d jsonb)"),
        ("x/b.sql", "select 1"),
        ("snowflake/c.sql", "select 1"),
    ];
    let reasons = |options: &PrepareOptions<'_>| {
        let side = prepare(&tree(&files), options);
        side.files.iter().map(|file| format!("{}, {}", file.dialect, file.dialect_reason)).collect::<Vec<_>>()
    };
    assert_eq!(
        reasons(&AUTO),
        ["snowflake, folder `snowflake`", "postgres, evidence: `BIGSERIAL`", "postgres, like most SQL in `x`"]
    );
    let fixed = PrepareOptions { dialect: DialectChoice::Fixed(Dialect::Hive), ..AUTO };
    assert!(reasons(&fixed).iter().all(|reason| reason == "hive, from the setting"));
}

#[test]
fn what_one_side_gives_away_of_a_dialect_holds_for_the_other() {
    let base = SourceTree::<Base>::of(&[("a.sql", "select a from t"), ("b.sql", "select 1")]);
    let head = SourceTree::<Head>::of(&[("a.sql", "select safe_cast(a as int64) from t"), ("b.sql", "select 1")]);
    let (base, head) = prepare_both(&base, &head, &AUTO);
    for side in [base, head] {
        let dialects: Vec<_> = side.files.iter().map(|file| file.dialect).collect();
        assert_eq!(dialects, [Dialect::BigQuery; 2], "{:?}", side.files);
    }
}

/// Text with more of what templates, strings and comments are made of than chance would give.
fn hostile_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("{{ ".to_owned()),
        Just(" }}".to_owned()),
        Just("{%- ".to_owned()),
        Just(" -%}".to_owned()),
        Just("{#".to_owned()),
        Just("#}".to_owned()),
        Just("if x".to_owned()),
        Just("endif".to_owned()),
        Just("for a in b".to_owned()),
        Just("endfor".to_owned()),
        Just("macro f(x)".to_owned()),
        Just("endmacro".to_owned()),
        Just("set x = []".to_owned()),
        Just("do x.append(x)".to_owned()),
        Just("snapshot s".to_owned()),
        Just("raw".to_owned()),
        Just("endraw".to_owned()),
        Just("f(x)".to_owned()),
        Just("ref('a')".to_owned()),
        Just("source('a', \"b\")".to_owned()),
        Just("config(alias='é')".to_owned()),
        Just("is_incremental()".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("`".to_owned()),
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just("$$".to_owned()),
        Just("${a}".to_owned()),
        Just("\n".to_owned()),
        Just("---\n".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("__hole_a".to_owned()),
        Just("__dbt_ref_a".to_owned()),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(parts, 0..24).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_stops_the_preparation(text in hostile_text(), project in hostile_text(), schema in hostile_text()) {
        let files = [
            ("dbt_project.yml", "name: p"), ("models/a.sql", text.as_str()), ("macros/m.sql", text.as_str()),
            ("snapshots/s.sql", text.as_str()), ("plain/b.sql", text.as_str()),
            ("q/dbt_project.yml", project.as_str()), ("models/schema.yml", schema.as_str()),
        ];
        let tree = tree(&files);
        let side = prepare(&tree, &AUTO);
        prop_assert_eq!(side.files.len(), tree.sql.len());
        for file in &side.files {
            let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
            for line in 1..=u32::try_from(file.sql.lines().count()).unwrap_or(0) {
                prop_assert!(file.line_map.original(line) <= last + 1);
            }
        }
    }
}
