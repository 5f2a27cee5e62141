//! Names: which spellings are one asset, what a file is by its path, and what lives for one script only.

use std::sync::Arc;

use crate::lineage::model::{AssetName, LineageGraph};
use crate::lineage::{Side, analyze, analyze_both};
use crate::path::RepoPath;
use crate::settings::DialectChoice;
use crate::source::{BlobId, Head, SourceFile, SourceTree};
use crate::sql::dialect::Dialect;
use crate::sql::ident::Defaults;
use crate::sql::prepare::{PrepareOptions, prepare};

/// The graph of files as the tool reads them.
fn read(files: &[(&str, &str)], options: &PrepareOptions<'_>) -> LineageGraph {
    let mut tree: SourceTree<Head> = SourceTree::default();
    for (path, text) in files {
        let path = RepoPath::new(path).expect("inside");
        let file = SourceFile { path: path.clone(), blob: BlobId(path.as_str().into()), content: Ok(Arc::from(*text)) };
        tree.sql.insert(path, file);
    }
    let side = prepare(&tree, options);
    analyze(Side { files: &side.files, declared: &side.declared })
}

fn in_dialect(files: &[(&str, &str)], dialect: Dialect) -> LineageGraph {
    read(files, &PrepareOptions { dialect: DialectChoice::Fixed(dialect), ..PrepareOptions::AUTO })
}

/// `upstream -> downstream`, for each asset edge.
fn edges(graph: &LineageGraph) -> Vec<String> {
    graph.asset_edges.iter().map(|edge| format!("{} -> {}", edge.upstream, edge.downstream)).collect()
}

fn assets(graph: &LineageGraph) -> Vec<&str> {
    graph.assets.keys().map(AssetName::as_str).collect()
}

#[test]
fn a_query_named_by_its_path_is_read_under_that_name_and_its_columns_are_known() {
    let files = [
        ("sql/acme-prod/shop_derived/orders_v1/query.sql", "select id, total from raw.orders"),
        ("sql/acme-prod/shop_derived/orders_v1/checks.sql", "select count(*) from shop_derived.orders_v1"),
        (
            "sql/acme-prod/shop/orders/view.sql",
            "create or replace view `acme-prod.shop.orders` as select * from `acme-prod.shop_derived.orders_v1`",
        ),
        ("sql/acme-prod/shop_derived/totals_v1/query.sql", "select sum(total) as total from shop_derived.orders_v1"),
    ];
    let graph = in_dialect(&files, Dialect::BigQuery);
    assert_eq!(
        edges(&graph),
        [
            "acme-prod.raw.orders -> acme-prod.shop_derived.orders_v1",
            "acme-prod.shop_derived.orders_v1 -> acme-prod.shop.orders",
            "acme-prod.shop_derived.orders_v1 -> acme-prod.shop_derived.totals_v1",
        ]
    );
    assert_eq!(graph.coverage.stars_unresolved, 0);
    assert_eq!(graph.assets[&AssetName::from_dotted("acme-prod.shop.orders")].columns.len(), 2);
    // What a check reads is known, and the check is no asset.
    let checks = graph.reads.iter().filter(|read| read.file.file_name() == "checks.sql");
    assert!(checks.clone().count() > 0 && checks.into_iter().all(|read| read.reader.is_none()));
}

#[test]
fn a_template_of_a_generator_makes_no_asset_of_a_name_that_is_not_known() {
    let files = [("gen/templates/v.sql", "create view {{ dataset }}.v as select a from shop.orders")];
    let graph = in_dialect(&files, Dialect::BigQuery);
    assert_eq!(assets(&graph), Vec::<&str>::new());
    assert!(graph.reads.iter().any(|read| read.asset.as_str() == "shop.orders" && read.reader.is_none()));
}

#[test]
fn names_with_and_without_the_defaults_of_the_settings_are_one_asset() {
    let defaults = Defaults { database: Some("prod".to_owned()), schema: Some("public".to_owned()) };
    let options = PrepareOptions {
        dialect: DialectChoice::Fixed(Dialect::Postgres),
        defaults: &defaults,
        ..PrepareOptions::AUTO
    };
    let files = [
        ("a.sql", "create table orders (id int)"),
        ("b.sql", "create view v as select id from public.orders"),
        ("c.sql", "create view audit.v as select id from prod.public.orders"),
    ];
    assert_eq!(
        edges(&read(&files, &options)),
        ["prod.public.orders -> prod.audit.v", "prod.public.orders -> prod.public.v"]
    );
}

#[test]
fn a_statement_that_writes_a_name_with_and_without_a_qualifier_means_two_assets() {
    let files = [
        ("a.sql", "create view orders as select id from raw.orders"),
        ("b.sql", "insert into report select id from raw.orders"),
        ("c.sql", "insert into totals select id from orders"),
    ];
    let expected = ["orders -> totals", "raw.orders -> orders", "raw.orders -> report"];
    assert_eq!(edges(&in_dialect(&files, Dialect::Generic)), expected);
    let cte = [("a.sql", "insert into t with orders as (select id from raw.orders) select id from orders")];
    assert_eq!(edges(&in_dialect(&cte, Dialect::Generic)), ["raw.orders -> t"]);
}

#[test]
fn names_that_are_only_read_are_one_asset_under_the_longest_spelling_that_fits() {
    let files = [
        ("a.sql", "insert into x select id from orders"),
        ("b.sql", "insert into y select id from shop.orders"),
        ("c.sql", "insert into z select id from prod.shop.orders"),
    ];
    let expected = ["prod.shop.orders -> x", "prod.shop.orders -> y", "prod.shop.orders -> z"];
    assert_eq!(edges(&in_dialect(&files, Dialect::Generic)), expected);
}

#[test]
fn a_name_that_several_longer_ones_fit_is_told_with_all_of_them() {
    let files = [
        ("a.sql", "insert into x select id from orders"),
        ("b.sql", "insert into y select id from eu.orders"),
        ("c.sql", "insert into z select id from us.orders"),
    ];
    let graph = in_dialect(&files, Dialect::Generic);
    assert_eq!(edges(&graph), ["eu.orders -> y", "orders -> x", "us.orders -> z"]);
    let told: Vec<String> = graph.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["a.sql:1: orders could be eu.orders or us.orders"]);
}

#[test]
fn a_table_is_shown_with_every_qualifier_that_some_sql_writes() {
    let files = [
        ("a.sql", "create table orders (id int)"),
        ("b.sql", "create view shop.v as select * from public.orders"),
        ("c.sql", "create view shop.w as select * from orders"),
        ("d.sql", "create view shop.u as select * from archive.orders"),
    ];
    let graph = in_dialect(&files, Dialect::Postgres);
    assert_eq!(edges(&graph), ["archive.orders -> shop.u", "public.orders -> shop.v", "public.orders -> shop.w"]);
    assert_eq!(graph.coverage.stars_unresolved, 1, "the archive is another table");
}

#[test]
fn a_longer_spelling_in_a_new_file_renames_nothing() {
    let side = |files: &[(&str, &str)]| {
        let mut tree: SourceTree<Head> = SourceTree::default();
        for (path, text) in files {
            let path = RepoPath::new(path).expect("inside");
            let blob = BlobId(path.as_str().into());
            tree.sql.insert(path.clone(), SourceFile { path, blob, content: Ok(Arc::from(*text)) });
        }
        prepare(&tree, &PrepareOptions::AUTO).files
    };
    let old = ("a.sql", "create view v as select id from orders");
    let (base, head) = (side(&[old]), side(&[old, ("b.sql", "create view w as select id from shop.orders")]));
    let (base, head) = analyze_both(Side { files: &base, declared: &[] }, Side { files: &head, declared: &[] });
    assert_eq!(edges(&base), ["shop.orders -> v"]);
    assert_eq!(edges(&head), ["shop.orders -> v", "shop.orders -> w"]);
}

#[test]
fn a_temporary_table_of_one_script_says_nothing_of_a_name_in_another() {
    let files = [
        ("a.sql", "create temp table orders as select id from shop.orders; insert into x select id from orders;"),
        ("b.sql", "insert into y select id from orders"),
    ];
    assert_eq!(edges(&in_dialect(&files, Dialect::Postgres)), ["shop.orders -> x", "shop.orders -> y"]);
}
