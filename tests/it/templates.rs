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

const DATAFORM: [(&str, &str); 4] = [
    ("workflow_settings.yaml", "defaultProject: acme-prod\ndefaultDataset: shop\n"),
    (
        "definitions/sources.js",
        "// declare({ name: \"nothing\" })\ndeclare({\n  database: \"acme-landing\",\n  schema: \"raw\",\n  name: \"orders\",\n});\n",
    ),
    (
        "definitions/stg_orders.sqlx",
        "config {\n  type: \"view\",\n  schema: \"staging\"\n}\n\nselect id, amount, ordered_at from ${ref(\"orders\")}\n",
    ),
    (
        "definitions/daily.sqlx",
        "config { type: \"incremental\" }\n\nselect date(ordered_at) as day, sum(amount) as amount\nfrom ${ref(\"stg_orders\")}\n\
         ${when(incremental(), `where ordered_at > (select max(day) from ${self()})`)}\ngroup by 1\n",
    ),
];

#[test]
fn a_column_that_leaves_a_view_of_dataform_breaks_the_tables_that_reference_it() {
    let edit = ("definitions/stg_orders.sqlx", DATAFORM[2].1.replace("amount, ", ""));
    let report = report(&DATAFORM, (edit.0, &edit.1));
    assert_eq!(changes(&report), ["acme-prod.staging.stg_orders.amount removed"]);
    assert_eq!(downstream(&report), ["acme-prod.shop.daily breaking"]);
    let sources = &report["assets"][0]["columns"][0]["sources"]["base"];
    assert_eq!(sources[0], "acme-landing.raw.orders.amount", "JavaScript declares where the table is");
}

#[test]
fn a_table_that_javascript_declares_elsewhere_is_another_upstream() {
    let moved = DATAFORM[1].1.replace("acme-landing", "acme-lake");
    let report = report(&DATAFORM, ("definitions/sources.js", &moved));
    assert_eq!(report["verdict"], "review");
    let upstream = &report["assets"][0]["upstream"];
    assert_eq!(upstream["added"][0], "acme-lake.raw.orders");
    assert_eq!(upstream["removed"][0], "acme-landing.raw.orders");
}

#[test]
fn a_query_of_a_file_with_another_extension_is_named_without_it() {
    let query = "select day from ${ref(\"daily\")}\n";
    let files = [DATAFORM.as_slice(), &[("definitions/adhoc.sqlx", query)]].concat();
    let report = report(&files, ("definitions/adhoc.sqlx", "select day, amount from ${ref(\"daily\")}\n"));
    assert_eq!(changes(&report), ["definitions/adhoc.amount added"]);
}

const SQLRENDER: [(&str, &str); 2] = [
    (
        "sql/cohort.sql",
        "{DEFAULT @washout = 0}\nCREATE TABLE results.cohort AS\nSELECT e.person_id, e.start_date\nFROM cdm.condition_era e\n\
         {@washout != 0} ? {JOIN cdm.observation_period p ON p.person_id = e.person_id}\nWHERE e.occurrence = 1;\n",
    ),
    ("sql/report.sql", "CREATE VIEW results.report AS SELECT person_id, start_date FROM results.cohort;\n"),
];

#[test]
fn a_default_of_sqlrender_that_takes_the_other_branch_is_told_as_what_it_does() {
    let edit = SQLRENDER[0].1.replace("@washout = 0", "@washout = 30");
    let report = report(&SQLRENDER, ("sql/cohort.sql", &edit));
    assert_eq!(report["assets"][0]["name"], "results.cohort");
    assert_eq!(report["assets"][0]["row_set"][0], "join");
    assert_eq!(report["assets"][0]["upstream"]["added"][0], "cdm.observation_period");
    assert_eq!(downstream(&report), ["results.report review"]);
    assert_eq!(report["files"][0]["template"], "sqlrender");
}

#[test]
fn an_edit_within_a_branch_of_sqlrender_that_is_not_taken_changes_nothing() {
    let edit = SQLRENDER[0].1.replace("p.person_id = e.person_id", "p.person_id = e.person_id AND p.kind = 2");
    assert_eq!(report(&SQLRENDER, ("sql/cohort.sql", &edit))["verdict"], "none");
}
