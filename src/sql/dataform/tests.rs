use super::*;
use crate::lineage::model::AssetKind;
use crate::path::RepoPath;
use crate::source::{BlobId, Head, SourceFile, SourceTree};
use crate::sql::dialect::Dialect;
use std::sync::Arc;

fn tree(files: &[(&str, &str)]) -> SourceTree<Head> {
    let mut tree = SourceTree::default();
    for (path, text) in files {
        let path = RepoPath::new(path).expect("inside");
        let file = SourceFile { path: path.clone(), blob: BlobId(Arc::from(*text)), content: Ok(Arc::from(*text)) };
        let part = if is_sqlx(&path) { &mut tree.sql } else { &mut tree.support };
        part.insert(path, file);
    }
    tree
}

fn script(text: &str) -> Script {
    let others = [
        ("p/workflow_settings.yaml", "defaultProject: acme-prod\ndefaultDataset: shop\n"),
        ("p/definitions/orders.sqlx", "config { type: \"table\", schema: 'raw' }\nselect 1"),
        ("p/definitions/this.sqlx", text),
    ];
    let path = RepoPath::new("p/definitions/this.sqlx").expect("inside");
    read(text, &path, (&Names::of(&tree(&others)), Dialect::BigQuery))
}

#[test]
fn references_lead_to_what_the_files_are_called() {
    let sql = |text: &str| script(text).sql;
    assert_eq!(sql("select * from ${ref('orders')}"), "select * from `acme-prod`.raw.orders");
    assert_eq!(
        sql("from ${ref(\"raw\", \"orders\")}, ${ resolve({schema: 'a', name: `b`}) }"),
        "from `acme-prod`.raw.orders, a.b"
    );
    assert_eq!(sql("from ${ref('elsewhere')} -- ${self()}"), "from elsewhere -- `acme-prod`.shop.this");
    assert_eq!(
        sql("where ${when(incremental(),\n`a > (select max(a) from ${self()})`, ``)}\nb"),
        "where a > (select max(a) from `acme-prod`.shop.this)\n\nb"
    );
}

#[test]
fn blocks_are_read_and_keep_their_lines() {
    let text = "config {\n  type: \"incremental\", // kind: view, {\n  name: 'x'\n}\njs { const a = '}'; }\nselect ${a.b('}')} from t\npost_operations {\n  grant 1 -- it's\n  ---\n  insert into u select 2\n}\n";
    let found = script(text);
    assert_eq!(found.kind, Kind::Asset(AssetKind::Table));
    let hole = found.holes.keys().next().expect("a hole");
    assert_eq!(
        found.sql,
        format!("\n\n\n\n\nselect {hole} from t\n;\n  grant 1 -- it's\n;\n  insert into u select 2\n;\n")
    );
    assert_eq!(found.unknown, [(6, "${a.b('}')}".to_owned())]);
    let kind = |kind: &str| script(&format!("config {{ type: '{kind}' }}")).kind;
    assert_eq!(
        (kind("declaration"), kind("assertion"), kind("operations")),
        (Kind::Declaration, Kind::Assertion, Kind::Operations)
    );
    assert_eq!(script("config { type: 'view', materialized: true }").kind, Kind::Asset(AssetKind::MaterializedView));
}

#[test]
fn what_does_not_close_stays_as_it_is() {
    for text in ["config {\nselect ${a", "${`", "config { type: 'table\n}", "js {", "${when(a, b)"] {
        assert_eq!(script(text).sql.matches('\n').count(), text.matches('\n').count(), "{text}");
    }
    assert!(script(&"config {\n".repeat(100_000)).sql.starts_with("config {"));
    assert!(script(&"${when(a, `".repeat(50_000)).sql.starts_with("${when"));
}
