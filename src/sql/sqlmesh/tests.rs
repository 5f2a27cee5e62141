use super::*;
use crate::lineage::model::AssetKind;
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;

fn read(text: &str) -> Header {
    header(text).expect("a header")
}

fn file(path: &str) -> RepoPath {
    RepoPath::new(path).expect("inside")
}

fn plain(text: &str) -> String {
    macros(text, Some("shop.t")).sql
}

#[test]
fn a_header_names_the_model_its_kind_and_its_dialect() {
    let text = "/* orders */\n-- (\nMODEL (\n  name shop.Orders, -- the name, and more\n  kind INCREMENTAL_BY_TIME_RANGE (time_column day),\n  dialect 'snowflake, normalization_strategy = lowercase',\n  description 'a, b) c'\n) ;\nselect 1";
    let model = read(text);
    assert_eq!(text.get(model.end..), Some("\nselect 1"));
    let name = model.name(&file("a.sql"), Dialect::Postgres).expect("a name");
    assert_eq!(
        (name.as_str(), model.kind(), model.dialect()),
        ("shop.orders", AssetKind::Table, Some(Dialect::Snowflake))
    );
    let kind = |text: &str| read(text).kind();
    assert_eq!(kind("model (name a)"), AssetKind::View);
    assert_eq!(kind("MODEL(name a, kind VIEW (materialized true));"), AssetKind::MaterializedView);
    assert_eq!(kind("MODEL (name a, kind SEED (path 'a.csv'));"), AssetKind::Seed);
    assert_eq!(kind("MODEL (name a, kind EXTERNAL);"), AssetKind::Source);
    for text in
        ["select 1; MODEL (name a);", "model", "MODEL (name a", "create model (a)", "'MODEL' (a)", "MODEL_a (b)"]
    {
        assert_eq!(header(text), None, "{text}");
    }
}

#[test]
fn a_model_without_a_name_is_called_as_its_path_below_models() {
    let name = |path: &str| read("MODEL (kind FULL);").name(&file(path), Dialect::DuckDb);
    let told = |path: &str| name(path).map(|name| name.as_str().to_owned());
    assert_eq!(told("models/shop/Orders.sql").as_deref(), Some("shop.orders"));
    assert_eq!(told("dwh/models/a/b/c/d.sql").as_deref(), Some("b.c.d"));
    assert_eq!(told("models/orders.sql").as_deref(), Some("orders"));
    assert_eq!(told("sql/orders.sql"), None);
    assert_eq!(read("AUDIT (dialect duckdb);").name(&file("models/a.sql"), Dialect::DuckDb), None);
}

#[test]
fn a_seed_has_the_columns_that_its_header_gives() {
    let file = file("seeds/rates.sql");
    let text = "MODEL (name raw.rates, kind SEED (path 'r.csv'), columns (code TEXT, rate DECIMAL(10, 2)));";
    let declared = read(text).declared(Dialect::DuckDb, &file).expect("declared");
    let columns: Vec<_> = declared.columns.iter().map(|(name, kind)| (name.as_str(), kind.as_deref())).collect();
    assert_eq!(
        (declared.name.as_str(), columns),
        ("raw.rates", vec![("code", Some("TEXT")), ("rate", Some("DECIMAL(10, 2)"))])
    );
    assert_eq!(read("MODEL (name a, columns (b INT));").declared(Dialect::DuckDb, &file), None);
}

#[test]
fn the_body_keeps_its_lines() {
    let text = "MODEL (\n  name a\n); select 1;\nJINJA_QUERY_BEGIN;\nselect {{ b }}\nJINJA_END;\non_virtual_update_begin;\ngrant x;\nON_VIRTUAL_UPDATE_END;\nselect 2;\nAUDIT (name c);\nselect 3";
    let (sql, is_jinja) = body(text, &read(text));
    assert_eq!(sql, "\n\n select 1;\n\nselect {{ b }}\n\n\n\n\nselect 2;\n\n");
    assert!(is_jinja);
}

#[test]
fn macros_become_holes_and_what_is_known_is_not_told() {
    assert_eq!(plain("select @a, '@b' from @schema.t -- @c"), "select __hole_a, '@b' from __hole_schema.t -- @c");
    assert_eq!(plain("@DEF(x,\n1);\nselect @{x}_y from @this_model"), "\n;\nselect __hole_x_y from shop.t");
    assert_eq!(plain("a <@ b, a @> b, a@b, @"), "a <@ b, a @> b, a__hole_b, @");
    let found = macros("where d between @start_ds and @end_ts\nand @f(')', a)\nand @f(')', a) or @v", None);
    assert_eq!(found.unknown, [(2, "@f(')', a)".to_owned()), (3, "@v".to_owned())]);
    assert_eq!(found.holes.values().filter(|written| written.starts_with("@f")).count(), 1);
    assert_eq!(
        plain("@DEF(least, 10);\n@def(Day, '2026-01-01');\nselect @LEAST, @day, @{least}"),
        ";\n;\nselect 10, '2026-01-01', __hole_least"
    );
    assert_eq!(plain("@DEF(a, x + 1);select @a"), ";select __hole_a");
    assert_eq!(macros("select * from @this_model", None).unknown, [], "an audit's model is whichever names it");
    assert!(macros(&"@f(".repeat(50_000), None).sql.starts_with("__hole_f(__hole_f("));
}
