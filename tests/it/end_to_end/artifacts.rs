//! A dbt project with what dbt left in `target/`: compiled SQL where templates hide something, columns for stars.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::Tool;
use crate::repository::Repository;

const ORDERS: &str = "select\n  id,\n  {{ shop_tools.money('cents') }} as amount\nfrom {{ ref('stg') }}\n";
const STG: &str = "select * from {{ source('raw', 'payments') }}\n";
const SOURCES: &str = "sources:\n  - name: raw\n    tables:\n      - name: payments\n";

/// What a manifest says of a model: its name, the text that it was compiled from, and the compiled SQL.
type Node<'a> = (&'a str, &'a str, &'a str);

fn manifest(nodes: &[Node<'_>]) -> String {
    let entry = |(name, text, compiled): &Node<'_>| {
        let mut checksum = String::new();
        for byte in Sha256::digest(text.trim()) {
            write!(checksum, "{byte:02x}").expect("a String");
        }
        let node = json!({
            "resource_type": "model", "name": name, "package_name": "shop", "original_file_path": format!("models/{name}.sql"),
            "checksum": {"name": "sha256", "checksum": checksum}, "compiled_code": compiled,
            "database": "db", "schema": "s", "alias": name, "relation_name": format!("\"db\".\"s\".\"{name}\""),
            "depends_on": {"nodes": ["model.shop.stg", "source.shop.raw.payments"]}, "columns": {}, "raw_code": text,
        });
        (format!("model.shop.{name}"), node)
    };
    let version = "https://schemas.getdbt.com/dbt/manifest/v12.json";
    let sources = json!({"source.shop.raw.payments": {
        "source_name": "raw", "name": "payments", "relation_name": "\"db\".\"raw\".\"payments\""}});
    let nodes: serde_json::Map<String, Value> = nodes.iter().map(entry).collect();
    json!({"metadata": {"dbt_schema_version": version, "project_name": "shop"}, "nodes": nodes, "sources": sources})
        .to_string()
}

fn compiled(amount: &str) -> String {
    format!("select\n  id,\n  {amount} as amount\nfrom \"db\".\"s\".\"stg\"")
}

fn shop(orders: &str) -> Repository {
    let repository = Repository::new();
    repository.write("shop/dbt_project.yml", "name: shop\n");
    repository.write("shop/models/orders.sql", orders);
    repository.write("shop/models/stg.sql", STG);
    repository.write("shop/models/sources.yml", SOURCES);
    repository.write(".gitignore", "target/\n");
    repository.commit("start");
    repository
}

fn stg() -> Node<'static> {
    ("stg", STG, "select * from \"db\".\"raw\".\"payments\"")
}

/// The column edges of the graph, and its diagnostics.
fn lineage(repository: &Repository) -> (Vec<String>, Vec<String>) {
    let ended = Tool::new(["lineage", "."]).current_folder(repository.path()).run().expect_code(0);
    let graph: Value = serde_json::from_str(&ended.stdout).expect("is JSON");
    let end =
        |end: &Value| format!("{}.{}", end["asset"].as_str().expect("a name"), end["column"].as_str().expect("a name"));
    let edges = graph["column_edges"].as_array().expect("a list").iter();
    let edges = edges.map(|edge| format!("{} -> {}", end(&edge["upstream"]), end(&edge["downstream"]))).collect();
    let diagnostics = graph["diagnostics"].as_array().expect("a list").iter();
    (edges, diagnostics.map(|told| told["message"].as_str().expect("words").to_owned()).collect())
}

/// What a preview prints, on one line.
fn preview(repository: &Repository, arguments: &[&str]) -> String {
    let tool = Tool::new(["preview"].iter().chain(arguments)).current_folder(repository.path());
    tool.run().expect_code(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn compiled_sql_fills_what_a_template_leaves_open() {
    let repository = shop(ORDERS);
    let (edges, told) = lineage(&repository);
    assert!(!edges.contains(&"stg.cents -> orders.amount".to_owned()), "{edges:?}");
    assert!(told.iter().any(|told| told.contains("shop_tools.money")), "{told:?}");
    let text = manifest(&[("orders", ORDERS, &compiled("(cents / 100)")), stg()]);
    repository.write("shop/target/manifest.json", text);
    let (edges, told) = lineage(&repository);
    for edge in ["stg.cents -> orders.amount", "stg.id -> orders.id"] {
        assert!(edges.iter().any(|found| found == edge), "{edge} is not among {edges:?}");
    }
    assert!(told.iter().any(|told| told.contains("its lines are the nearest ones")), "{told:?}");
    assert!(!told.iter().any(|told| told.contains("shop_tools.money")), "{told:?}");
}

#[test]
fn artifacts_are_where_the_project_says_that_dbt_writes() {
    let repository = shop(ORDERS);
    let project = std::fs::read_to_string(repository.path().join("shop/dbt_project.yml")).expect("a project");
    repository.write("shop/dbt_project.yml", format!("{project}\ntarget-path: build/dbt\n"));
    repository
        .write("shop/build/dbt/manifest.json", manifest(&[("orders", ORDERS, &compiled("(cents / 100)")), stg()]));
    let (edges, told) = lineage(&repository);
    assert!(edges.iter().any(|found| found == "stg.cents -> orders.amount"), "{edges:?} {told:?}");
}

#[test]
fn what_was_compiled_from_another_text_is_said_and_not_used() {
    let repository = shop(ORDERS);
    let other = ORDERS.replace("cents", "dollars");
    repository.write("shop/target/manifest.json", manifest(&[("orders", &other, &compiled("dollars"))]));
    let (edges, told) = lineage(&repository);
    assert!(!edges.iter().any(|edge| edge.contains("dollars")), "{edges:?}");
    assert!(told.iter().any(|told| told.contains("of another text of this file")), "{told:?}");
    repository.write("shop/target/manifest.json", "{\"metadata\": {}}");
    let (_, told) = lineage(&repository);
    assert!(told.iter().any(|told| told.starts_with("it cannot be used: missing field")), "{told:?}");
}

#[test]
fn columns_of_a_catalog_are_those_of_a_star() {
    let repository = shop(ORDERS);
    let (edges, _) = lineage(&repository);
    assert!(!edges.iter().any(|edge| edge == "raw.payments.id -> stg.id"), "{edges:?}");
    let column = |name: &str, index: u32| json!({"name": name, "type": "INT", "index": index});
    let columns = json!({"CENTS": column("CENTS", 2), "ID": column("ID", 1)});
    let catalog = json!({"nodes": {}, "sources": {"source.shop.raw.payments": {"metadata": {}, "columns": columns}}});
    repository.write("shop/target/catalog.json", catalog.to_string());
    let (edges, _) = lineage(&repository);
    for edge in ["raw.payments.id -> stg.id", "raw.payments.cents -> stg.cents"] {
        assert!(edges.iter().any(|found| found == edge), "{edge} is not among {edges:?}");
    }
}

#[test]
fn a_manifest_of_the_head_alone_makes_no_change() {
    let repository = shop(ORDERS);
    let text = manifest(&[("orders", ORDERS, &compiled("(cents / 100)"))]);
    repository.write("shop/target/manifest.json", text);
    repository.write("shop/models/more.sql", "select id from {{ ref('orders') }}");
    let told = preview(&repository, &[]);
    assert!(told.contains("Only additions: more is new") && !told.contains("amount"), "{told}");
}

#[test]
fn compiled_sql_is_compared_with_that_of_the_base() {
    let repository = shop(ORDERS);
    let after = ORDERS.replace("'cents'", "'cents', 2").replace("id,", "id,\n  2 as two,");
    repository.write("shop/models/orders.sql", &after);
    let text = manifest(&[("orders", &after, &compiled("2 as two, round(cents / 100, 2)"))]);
    repository.write("shop/target/manifest.json", text);
    let alone = preview(&repository, &[]);
    assert!(alone.contains("the other side has none"), "{alone}");
    let before = manifest(&[("orders", ORDERS, &compiled("(cents / 100)"))]);
    let before = repository.write("shop/target/base.json", before).display().to_string();
    let both = preview(&repository, &["--base-manifest", &before]);
    assert!(both.contains("round(") && !both.contains("other side"), "{both}");
    let broken = preview(&repository, &["--base-manifest", "none.json"]);
    // It was not so before the change.
    let told = "The analysis is not complete: the manifest of the base, none.json, cannot be used";
    assert!(broken.contains(told), "{broken}");
}

#[test]
fn another_argument_of_an_unknown_macro_is_a_change_and_the_macro_is_named_once() {
    let repository = shop(ORDERS);
    let others = ORDERS.replace("money('cents')", "money('cents', 2)");
    repository.write("shop/models/orders.sql", &others);
    let told = preview(&repository, &[]);
    assert!(told.contains("orders.amount") && !told.contains("No lineage change"), "{told}");
    let twice = ORDERS.replace("as amount", "as amount, {{ shop_tools.money('tax') }} as tax");
    repository.write("shop/models/orders.sql", twice);
    let (_, told) = lineage(&repository);
    assert_eq!(told.iter().filter(|told| told.contains("shop_tools.money")).count(), 1, "{told:?}");
}
