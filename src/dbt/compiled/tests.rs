//! Hand-written manifests and catalogs with small trees, through `sql::prepare`.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::dbt::artifacts::{Catalog, Manifest, ProjectArtifacts};
use crate::source::{Base, Head, SourceTree};
use crate::sql::prepare::{PrepareOptions, PreparedSide, prepare, prepare_both};
use crate::sql::template::{CatalogContent, Prepared};

/// A template with a hole.
const OPEN: &str = "select {{ tools.money('x') }} as y\nfrom {{ ref('stg') }} join {{ ref('charges') }}";

/// A tree of a project at its root, with models.
fn tree<Side>(models: &[(&str, &str)]) -> SourceTree<Side> {
    let project = [("dbt_project.yml", "name: shop")];
    SourceTree::of(&[&project, models].concat())
}

/// A model's entry in a manifest, compiled from a text.
fn entry(package: &str, name: &str, (text, compiled): (&str, &str)) -> (String, Value) {
    let mut checksum = String::new();
    for byte in Sha256::digest(text.trim()) {
        write!(checksum, "{byte:02x}").expect("a String");
    }
    let node = json!({
        "name": name, "package_name": package, "original_file_path": format!("models/{name}.sql"),
        "checksum": {"name": "sha256", "checksum": checksum}, "compiled_code": compiled, "database": "db", "schema": "s",
        "alias": format!("{name}_t"), "relation_name": format!("db.s.{name}_t"),
        "depends_on": {"nodes": ["model.shop.stg", "model.pay.charges"]},
    });
    (format!("model.{package}.{name}"), node)
}

fn artifacts(root: Option<&str>, entries: &[(String, Value)], catalog: Option<&Value>) -> Vec<Arc<ProjectArtifacts>> {
    let version = "https://schemas.getdbt.com/dbt/manifest/v11.json";
    let nodes: serde_json::Map<String, Value> = entries.iter().cloned().collect();
    let manifest = json!({"metadata": {"dbt_schema_version": version, "project_name": "shop"}, "nodes": nodes});
    vec![Arc::new(ProjectArtifacts {
        root: root.map(str::to_owned),
        place: "target/manifest.json".to_owned(),
        manifest: Some(Manifest::read(manifest.to_string().as_bytes())),
        catalog: catalog.map(|catalog| Catalog::read(catalog.to_string().as_bytes())),
    })]
}

fn entries(text: &str) -> Vec<(String, Value)> {
    let compiled = "\nselect x / 100 as y\nfrom db.s.stg_t join db.s.charges_t";
    vec![
        entry("shop", "a", (text, compiled)),
        entry("shop", "stg", ("select x from t", "select x from t")),
        entry("pay", "charges", ("", "select 1")),
    ]
}

const STG: (&str, &str) = ("models/stg.sql", "select x from t");

fn file<'a>(side: &'a PreparedSide, name: &str) -> &'a Prepared {
    side.files.iter().find(|file| file.path.stem() == name).expect(name)
}

fn notes(file: &Prepared) -> Vec<&str> {
    file.diagnostics.iter().map(|told| told.message.as_str()).collect()
}

#[test]
fn compiled_sql_names_assets_and_is_sent_with_the_relations_of_the_manifest() {
    let mut tree = tree::<Head>(&[("models/a.sql", OPEN), STG]);
    tree.artifacts = artifacts(Some(""), &entries(OPEN), None);
    let side = prepare(&tree, &PrepareOptions::AUTO);
    let a = file(&side, "a");
    assert_eq!(&*a.sql, "\nselect x / 100 as y\nfrom __dbt_ref_stg join __dbt_ref_charges");
    assert!(!a.partial && a.holes.is_empty() && notes(a).len() == 1, "{a:?}");
    let sent = "CREATE VIEW db.s.a_t AS \nselect x / 100 as y\nfrom db.s.stg_t join charges";
    assert_eq!(a.catalog, CatalogContent::Sql(sent.into()));
    assert_eq!([1, 2, 3].map(|line| a.line_map.original(line)), [1, 2, 2]);
    let stg = file(&side, "stg");
    assert_eq!((&*stg.sql, notes(stg).len()), (STG.1, 0), "what is rendered whole stays");
}

#[test]
fn one_side_counts_for_both_where_they_render_to_the_same() {
    let base = tree::<Base>(&[("models/a.sql", OPEN)]);
    let mut head = tree::<Head>(&[("models/a.sql", OPEN), STG]);
    head.artifacts = artifacts(Some(""), &entries(OPEN), None);
    let (before, after) = prepare_both(&base, &head, &PrepareOptions::AUTO);
    assert_eq!(file(&before, "a").sql, file(&after, "a").sql);
    assert!(file(&before, "a").sql.contains("x / 100"));
}

#[test]
fn two_texts_are_compared_as_compiled_only_with_both_manifests() {
    let edited = OPEN.replace("'x'", "'x', 2");
    let mut base = tree::<Base>(&[("models/a.sql", OPEN), STG]);
    let mut head = tree::<Head>(&[("models/a.sql", &edited), STG]);
    head.artifacts = artifacts(Some(""), &entries(&edited), None);
    let (before, after) = prepare_both(&base, &head, &PrepareOptions::AUTO);
    assert!(file(&before, "a").partial && file(&after, "a").partial);
    assert!(notes(file(&after, "a")).iter().any(|told| told.contains("the other side has none")));
    base.artifacts = artifacts(None, &entries(OPEN), None);
    let (before, after) = prepare_both(&base, &head, &PrepareOptions::AUTO);
    assert!(!file(&before, "a").partial && !file(&after, "a").partial);
    base.artifacts = artifacts(None, &entries("select 1"), None);
    let (before, after) = prepare_both(&base, &head, &PrepareOptions::AUTO);
    assert!(file(&before, "a").partial && file(&after, "a").partial);
    assert!(notes(file(&before, "a")).iter().any(|told| told.contains("of another text")));
}

#[test]
fn a_catalog_tells_columns_of_what_the_tree_reads_and_does_not_define() {
    let mut head = tree::<Head>(&[("models/a.sql", OPEN), STG]);
    let columns = json!({"columns": {"ID": {"name": "ID", "type": "INT", "index": 1}}});
    let ids = ["model.pay.charges", "model.pay.unread", "model.shop.stg"];
    let nodes: serde_json::Map<String, Value> = ids.iter().map(|id| ((*id).to_owned(), columns.clone())).collect();
    head.artifacts = artifacts(Some(""), &[], Some(&json!({"nodes": nodes})));
    let base = tree::<Base>(&[("models/a.sql", OPEN), STG]);
    let (before, after) = prepare_both(&base, &head, &PrepareOptions::AUTO);
    for side in [before, after] {
        let told: Vec<_> = side.declared.iter().map(|asset| (asset.name.as_str(), asset.complete)).collect();
        assert_eq!(told, [("charges", true)]);
        assert_eq!(side.declared[0].columns[0].0.as_str(), "id");
    }
}
