//! `lineage`: the graph of files, folders and standard input.

use std::collections::BTreeSet;

use serde_json::Value;

use super::contract;
use crate::harness::{Ended, Tool};
use crate::repository::Repository;

fn warehouse() -> Repository {
    let repository = Repository::new();
    repository
        .write("views/a.sql", "CREATE VIEW shop.a AS\nSELECT o.id, o.amount * 2 AS double\nFROM raw.orders AS o;\n");
    repository.write("views/b.sql", "CREATE VIEW shop.b AS\nSELECT a.double\nFROM shop.a AS a;\n");
    repository.write("other/c.sql", "CREATE VIEW shop.c AS\nSELECT b.double\nFROM shop.b AS b;\n");
    repository.write("other/notes.txt", "CREATE VIEW shop.no AS SELECT 1;\n");
    repository
}

fn lineage(repository: &Repository, arguments: &[&str], stdin: &str) -> Ended {
    let tool = Tool::new(["lineage"].iter().chain(arguments)).current_folder(repository.path()).stdin(stdin);
    tool.secret("DATASCALE_TOKEN", "dsk_live_laptop_77").run()
}

fn graph(ended: &Ended) -> Value {
    let graph = serde_json::from_str(&ended.stdout).expect("is JSON");
    contract::assert_is_graph(&graph);
    graph
}

fn assets(graph: &Value) -> BTreeSet<&str> {
    graph["assets"].as_array().expect("a list").iter().filter_map(|asset| asset["name"].as_str()).collect()
}

#[test]
fn files_and_folders_are_read_together() {
    let repository = warehouse();
    let of = |arguments: &[&str]| graph(&lineage(&repository, arguments, "").expect_code(0));
    assert_eq!(assets(&of(&[])), ["raw.orders", "shop.a", "shop.b", "shop.c"].into());
    assert_eq!(assets(&of(&["views"])), ["raw.orders", "shop.a", "shop.b"].into());
    assert_eq!(assets(&of(&["views/b.sql", "other/"])), ["shop.a", "shop.b", "shop.c"].into());
}

#[test]
fn a_column_is_followed_from_file_to_file() {
    let repository = warehouse();
    let graph = graph(&lineage(&repository, &["views"], "").expect_code(0));
    let edges: Vec<String> = graph["column_edges"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|edge| {
            let end = |end: &Value| {
                format!("{}.{}", end["asset"].as_str().unwrap_or("?"), end["column"].as_str().unwrap_or("?"))
            };
            format!("{} -> {} {}", end(&edge["upstream"]), end(&edge["downstream"]), edge["transformation"]["subtype"])
        })
        .collect();
    for edge in [
        "raw.orders.id -> shop.a.id \"identity\"",
        "raw.orders.amount -> shop.a.double \"transformation\"",
        "shop.a.double -> shop.b.double \"identity\"",
    ] {
        assert!(edges.iter().any(|found| found == edge), "{edge} is not among {edges:#?}");
    }
}

#[test]
fn standard_input_is_a_file() {
    let repository = Repository::new();
    let ended =
        lineage(&repository, &["--dialect", "snowflake", "-"], "CREATE VIEW V AS SELECT T.A FROM T").expect_code(0);
    assert_eq!(assets(&graph(&ended)), ["t", "v"].into());
}

#[test]
fn columns_of_unknown_tables_can_be_given() {
    let repository = Repository::new();
    let view = "create view v as select * from t";
    let known = repository.write("schema.json", r#"{"t": ["a", "b"]}"#).display().to_string();
    for schema in [known, repository.write("schema.sql", "create table t (a int, b int);").display().to_string()] {
        let ended = lineage(&repository, &["--schema", &schema, "-"], view).expect_code(0);
        let graph = graph(&ended);
        assert_eq!(graph["column_edges"].as_array().map(Vec::len), Some(2), "{graph}");
        assert_eq!(graph["coverage"]["stars_unresolved"], 0);
    }
}

#[test]
fn mermaid_is_one_flowchart_of_all_assets() {
    let ended = lineage(&warehouse(), &["--format", "mermaid"], "").expect_code(0);
    assert!(ended.stdout.starts_with("flowchart "), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches(" --> ").count(), 3, "{}", ended.stdout);
    for name in ["raw.orders", "shop.a", "shop.b", "shop.c"] {
        assert!(ended.stdout.contains(name), "{}", ended.stdout);
    }
}

#[test]
fn openlineage_is_one_event_a_line() {
    let ended = lineage(&warehouse(), &["--format", "openlineage"], "").expect_code(0);
    let events: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(events.len(), 3, "{}", ended.stdout);
    for event in &events {
        assert!(event["eventTime"].is_string() && event["producer"].is_string(), "{event}");
        assert!(
            event["schemaURL"].as_str().is_some_and(|url| url.starts_with("https://openlineage.io/spec/")),
            "{event}"
        );
    }
}

#[test]
fn broken_sql_is_told_and_costs_only_itself() {
    let repository = warehouse();
    repository.write("views/broken.sql", "CREATE VIEW shop.fine AS SELECT 1 AS one;\nSELECT 1 FRM x y z;\n");
    let ended = lineage(&repository, &["views"], "").expect_code(0);
    let graph = graph(&ended);
    assert!(assets(&graph).contains("shop.fine"), "{graph}");
    assert_eq!(
        (graph["diagnostics"][0]["file"].as_str(), graph["diagnostics"][0]["line"].as_u64()),
        (Some("views/broken.sql"), Some(2))
    );
    let ended = lineage(&repository, &["--format", "mermaid", "views"], "").expect_code(0);
    assert!(ended.stderr.contains("views/broken.sql:2"), "{}", ended.stderr);
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let ended = lineage(&warehouse(), &["nowhere.sql"], "").expect_code(3);
    assert!(ended.stderr.contains("nowhere.sql"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}
