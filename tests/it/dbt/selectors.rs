//! The selector that rebuilds what moved.

use super::Shop;
use crate::harness::Tool;
use crate::repository::Repository;

#[test]
fn the_selector_names_changed_models_and_goes_on_where_downstream_moves() {
    let shop = Shop::with(&[])
        .write("models/customers.sql", "select c.id, c.name\nfrom {{ ref('stg_customers') }} as c\n")
        .write(
            "models/stg_orders.sql",
            "select id, customer_id, amount, ordered_at\nfrom {{ source('raw', 'orders') }}\nwhere id > 0\n",
        );
    assert_eq!(shop.report()["dbt_selector"], "customers stg_orders+");
    let command = "dbt build -s customers stg_orders+";
    for format in ["markdown", "terminal"] {
        let page = shop.preview(format);
        assert!(page.contains(command), "{page}");
    }
}

#[test]
fn versions_and_sources_are_selected_as_dbt_names_them() {
    let shop = Shop::with(&[
        ("models/trips_v1.sql", "select 1 as id\n"),
        ("models/trips.yml", "models:\n  - name: trips\n    latest_version: 1\n    versions: [{v: 1}]\n"),
    ])
    .write("models/trips_v1.sql", "select 2 as id\n")
    .write(
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: landing\n    tables:\n      - name: orders\n      - {name: customers, identifier: people}\n",
    );
    assert_eq!(shop.report()["dbt_selector"], "source:raw.customers+ trips.v1");
}

#[test]
fn each_of_several_projects_is_told_in_a_line_of_its_own() {
    let web = "select id, day from {{ source('web', 'visits') }}\n";
    let shop = Shop::with(&[
        ("web/dbt_project.yml", "name: web\n"),
        ("web/models/sources.yml", "sources:\n  - name: web\n    tables: [{name: visits}]\n"),
        ("web/models/visits.sql", web),
        ("web/models/days.sql", "select day, count(*) as visits from {{ ref('visits') }} group by 1\n"),
        ("a b/dbt_project.yml", "name: spaced\n"),
        ("a b/models/words.sql", "select 1 as a\n"),
    ])
    .write("models/customers.sql", "select c.id, c.name\nfrom {{ ref('stg_customers') }} as c\n");
    assert_eq!(shop.report()["dbt_selector"], "--project-dir . -s customers", "which project is said even of one");
    let shop = shop
        .write("web/models/visits.sql", &web.replace("\n", " where id > 0\n"))
        .write("a b/models/words.sql", "select 2 as a\n");
    assert_eq!(shop.report()["dbt_selector"], "--project-dir . -s customers\n--project-dir web -s visits+");
    for format in ["markdown", "terminal"] {
        let page = shop.preview(format).split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
        let commands = "dbt build --project-dir . -s customers, dbt build --project-dir web -s visits+";
        assert!(page.contains(commands), "{page}");
    }
}

#[test]
fn without_a_dbt_project_there_is_nothing_to_select() {
    let repository = Repository::new();
    repository.write("views/a.sql", "create view a as select 1 as x;\n");
    repository.commit("start");
    repository.write("views/a.sql", "create view a as select 2 as x;\n");
    let tool = Tool::new(["preview", "--base", "HEAD", "--format", "json"]).current_folder(repository.path());
    let report: serde_json::Value = serde_json::from_str(&tool.run().expect_code(0).stdout).expect("is JSON");
    assert!(report["dbt_selector"].is_null() && report["verdict"] == "review");
}
