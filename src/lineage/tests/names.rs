//! Names: which spellings are one asset, what a file is by its path, and what lives for one script only.

use std::sync::Arc;

use crate::lineage::model::{AssetName, LineageGraph};
use crate::lineage::{Side, analyze};
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
