//! The JSON contract of a report, key by key.

use ingest_action::publish::{Publication, PublicationStatus};
use ingest_action::report::json;
use serde_json::{Value, json};

use super::scenes;

fn document() -> Value {
    let publication =
        Publication { status: PublicationStatus::Updated, url: Some("https://x.example/1".to_owned()), reason: None };
    serde_json::from_str(&json::render(&scenes::breaking(), Some(&publication)).expect("renders")).expect("is JSON")
}

#[test]
fn the_document_names_tool_sides_verdict_and_publication() {
    let document = document();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["tool"], json!({"name": "ingest-action", "version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(document["base"], "1a2b3c4d5e".repeat(4));
    assert_eq!(document["verdict"], "breaking");
    assert_eq!(document["publication"], json!({"status": "updated", "url": "https://x.example/1", "reason": null}));
    let keys: Vec<&String> = document.as_object().expect("an object").keys().collect();
    let wanted = [
        "schema_version",
        "tool",
        "base",
        "head",
        "verdict",
        "files",
        "assets",
        "downstream",
        "dbt_selector",
        "diagnostics",
        "coverage",
        "ingest",
        "publication",
    ];
    assert_eq!(keys, wanted.iter().collect::<Vec<_>>());
}

#[test]
fn a_changed_asset_tells_columns_rows_and_upstream() {
    let orders = &document()["assets"][1];
    assert_eq!(orders["name"], "shop.orders");
    assert_eq!(orders["change"], "modified");
    assert_eq!(orders["row_set"], json!(["filter", "join"]));
    assert_eq!(
        orders["row_set_clauses"][0],
        json!({"clause": "filter", "base": ["where not raw.orders.deleted"],
               "head": ["where not raw.orders.test"]})
    );
    assert_eq!(orders["read_by_position"], json!([]));
    assert_eq!(orders["confidence"], json!(null));
    assert_eq!(orders["upstream"], json!({"added": ["raw.taxes"], "removed": []}));
    assert_eq!(
        orders["columns"][0],
        json!({"name": "id", "change": "type_changed", "previous_name": null, "confidence": null,
               "type": {"base": "INT", "head": "BIGINT", "widened": true},
               "sources": {"base": ["raw.orders.id"], "head": ["raw.orders.id"]},
               "expression": {"base": null, "head": null}, "readers": []})
    );
    assert_eq!(orders["columns"][1]["previous_name"], "sum");
}

#[test]
fn downstream_diagnostics_files_and_coverage_are_told_in_the_words_of_the_contract() {
    let document = document();
    assert_eq!(
        document["downstream"][0],
        json!({"name": "marts.daily", "kind": "view", "distance": 1, "severity": "breaking", "via": ["shop.orders"],
               "columns": [{"name": "revenue", "affected_by": ["shop.orders.amount"]}],
               "readers": [{"file": "marts/daily.sql", "line": 12, "name": "amount", "what": null}],
               "owner": null, "exposure": null})
    );
    assert_eq!(
        document["diagnostics"][1],
        json!({"code": "unresolved-star", "severity": "warning", "file": "etl/load.sql", "line": 3, "column": 8,
               "message": "the columns of raw.events are not known", "preexisting": true})
    );
    assert_eq!(
        document["files"][1],
        json!({"path": "views/legacy.sql", "old_path": null, "status": "removed", "dialect": "postgres",
               "dialect_reason": "folder `postgres`", "asset_from_path": null, "template": "none", "statements": 1, "analyzed": 1})
    );
    assert_eq!(document["coverage"]["stars_unresolved"], 2);
}

#[test]
fn a_file_that_was_not_sent_is_told_with_its_reason() {
    let ingest = &document()["ingest"];
    assert_eq!(ingest["status"], "sent");
    assert_eq!(ingest["assets_added"], 1);
    assert_eq!(ingest["files"][1]["status"], "skipped");
    assert!(ingest["files"][1]["message"].as_str().expect("a reason").contains("removed"));
    let preview: Value =
        serde_json::from_str(&json::render(&scenes::laptop(), None).expect("renders")).expect("is JSON");
    assert_eq!(preview["head"], "worktree");
    assert_eq!(preview["publication"], Value::Null);
    assert_eq!(preview["ingest"]["assets_added"], 0);
}
