//! Templates other than dbt's from the outside: `preview` on small repositories of our own, edited.

use serde_json::Value;

use crate::harness::Tool;
use crate::repository::Repository;

/// The report of an edit of one file.
fn report(files: &[(&str, &str)], (path, text): (&str, &str)) -> Value {
    let repository = Repository::new();
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.commit("start");
    repository.write(path, text);
    let arguments = ["preview", "--base", "HEAD", "--format", "json"];
    let ended = Tool::new(arguments).current_folder(repository.path()).run().expect_code(0);
    serde_json::from_str(&ended.stdout).expect("is JSON")
}

/// `asset.column change` of each changed column, `asset` where none is.
fn changes(report: &Value) -> Vec<String> {
    let of_asset = |asset: &Value| {
        let name = asset["name"].as_str().expect("a name").to_owned();
        let columns = asset["columns"].as_array().expect("columns").clone();
        let told = columns.iter().map(|column| {
            let text = |key: &str| column[key].as_str().expect("a text").to_owned();
            format!("{name}.{} {}", text("name"), text("change"))
        });
        if columns.is_empty() { vec![name] } else { told.collect() }
    };
    report["assets"].as_array().expect("assets").iter().flat_map(of_asset).collect()
}

/// `asset severity` of what is downstream.
fn downstream(report: &Value) -> Vec<String> {
    let told =
        |row: &Value| format!("{} {}", row["name"].as_str().expect("a name"), row["severity"].as_str().expect("one"));
    report["downstream"].as_array().expect("rows").iter().map(told).collect()
}

const SQLMESH: [(&str, &str); 3] = [
    ("models/shop/orders.sql", "MODEL (kind FULL, dialect duckdb);\n\nSELECT id, amount, day FROM raw.orders;\n"),
    (
        "models/shop/daily.sql",
        "MODEL (\n  name shop.daily,\n  dialect duckdb\n);\n\n@DEF(least, 10);\n\nSELECT day, SUM(amount) AS amount\nFROM shop.orders\n\
         WHERE amount > @least\nGROUP BY day;\n",
    ),
    (
        "audits/positive.sql",
        "AUDIT (name positive, dialect duckdb);\nSELECT amount FROM @this_model WHERE amount < 0;\n",
    ),
];

#[test]
fn a_column_that_leaves_a_model_of_sqlmesh_breaks_the_models_that_read_it() {
    let edit = ("models/shop/orders.sql", "MODEL (kind FULL, dialect duckdb);\n\nSELECT id, day FROM raw.orders;\n");
    let report = report(&SQLMESH, edit);
    assert_eq!(changes(&report), ["shop.orders.amount removed"]);
    assert_eq!(downstream(&report), ["shop.daily breaking"]);
    let readers = &report["assets"][0]["columns"][0]["readers"];
    assert_eq!((&readers[0]["file"], &readers[0]["line"]), (&"models/shop/daily.sql".into(), &8.into()));
}

#[test]
fn headers_of_sqlmesh_that_say_the_same_otherwise_change_nothing_and_values_of_definitions_count() {
    let named = "MODEL (name shop.orders, kind FULL, dialect 'duckdb');\nselect id, amount, day\nfrom raw.orders\n";
    assert_eq!(report(&SQLMESH, ("models/shop/orders.sql", named))["verdict"], "none");
    let other = SQLMESH[1].1.replace("@DEF(least, 10)", "@DEF(least, 20)");
    let report = report(&SQLMESH, ("models/shop/daily.sql", &other));
    assert_eq!((&report["verdict"], &report["assets"][0]["row_set"][0]), (&"review".into(), &"filter".into()));
}
