//! Contracts: where they are enforced, and what dbt refuses because of them.

use serde_json::{Value, json};

use super::{Shop, names, places, readers};

const SCHEMA: (&str, &str) = (
    "models/schema.yml",
    "models:
  - name: orders
    columns:
      - name: id
        data_type: int
      - name: Customer_Id
        data_type: int
      - name: total
        data_type: numeric
",
);
const ENFORCED: &str = "{{ config(contract={'enforced': true}) }}\n";
const LIFTED: &str = "{{ config(contract={'enforced': false}) }}\n";
const PROJECT: &str = "name: shop\nprofile: shop\nmodels:\n  shop:\n    +contract: {enforced: true}\n";
const ORDERS: &str =
    "select o.id, o.customer_id, {{ cents('o.amount') }} as total\nfrom {{ ref('stg_orders') }} as o\n";

/// The project where `orders` has a contract, enforced by its YAML.
fn enforced_in_yaml() -> String {
    SCHEMA.1.replacen("    columns:", "    config: {contract: {enforced: true}}\n    columns:", 1)
}

/// What still names `total` after it was renamed.
fn of_a_rename(shop: Shop, config: &str) -> Vec<String> {
    let report = shop.write("models/orders.sql", &format!("{config}{}", ORDERS.replace("total", "amount"))).report();
    readers(&report, "orders", "total")
}

#[test]
fn a_contract_counts_wherever_it_is_enforced_and_the_most_specific_place_decides() {
    let own = |config: &str| ("models/orders.sql", format!("{config}{ORDERS}"));
    let with = |files: &[(&str, &str)], config: &str| {
        let (path, text) = own(config);
        let files: Vec<(&str, &str)> = files.iter().copied().chain([(path, text.as_str())]).collect();
        of_a_rename(Shop::with(&files), config)
    };
    let yaml = enforced_in_yaml();
    let in_yaml = ("models/schema.yml", yaml.as_str());
    let switched_off = yaml.replace("true", "false");
    let off_in_yaml = ("models/schema.yml", switched_off.as_str());
    let project = ("dbt_project.yml", PROJECT);
    assert_eq!(with(&[SCHEMA], ""), Vec::<String>::new(), "enforced nowhere");
    assert_eq!(with(&[SCHEMA], ENFORCED), ["models/schema.yml:8 contract"]);
    assert_eq!(with(&[SCHEMA, project], ""), ["models/schema.yml:8 contract"]);
    assert_eq!(with(&[in_yaml, project], LIFTED), Vec::<String>::new(), "its own config decides");
    assert_eq!(with(&[off_in_yaml, project], ""), Vec::<String>::new(), "YAML comes before the project");
    assert_eq!(with(&[off_in_yaml], ENFORCED), ["models/schema.yml:9 contract"]);
    let open = "{{ config(contract={'enforced': unknown_macro()}) }}\n";
    assert_eq!(with(&[in_yaml], open), Vec::<String>::new(), "what decides is not known");
}

#[test]
fn a_folder_switches_the_contract_off() {
    let off = format!("{PROJECT}    loose:\n      +contract: {{enforced: false}}\n");
    let files =
        [("dbt_project.yml", off.as_str()), ("models/loose/totals.sql", "select id, total from {{ ref('orders') }}\n")];
    let yaml = (
        "models/loose/totals.yml",
        "models:\n  - name: totals\n    columns:\n      - {name: id, data_type: int}\n      - {name: total, data_type: int}\n",
    );
    let edited = "select id from {{ ref('orders') }}\n";
    let verdict = |project: (&'static str, &str)| {
        let shop = Shop::with(&[files[1], yaml, project]).write("models/loose/totals.sql", edited);
        shop.report()["verdict"].clone()
    };
    assert_eq!(verdict(("dbt_project.yml", PROJECT)), "breaking");
    assert_eq!(verdict(("dbt_project.yml", &off)), "review");
}

#[test]
fn a_new_column_that_the_contract_leaves_out_breaks_the_model() {
    let yaml = enforced_in_yaml();
    let added = ORDERS.replace("o.id,", "o.id, o.ordered_at,");
    let shop = Shop::with(&[("models/schema.yml", &yaml)]).write("models/orders.sql", &added);
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    assert_eq!(readers(&report, "orders", "ordered_at"), ["models/schema.yml:2 contract without ordered_at"]);
    let page = shop.preview("markdown");
    assert!(page.contains("`orders.ordered_at` is new, which dbt refuses by"), "{page}");
    assert!(page.contains("`models/schema.yml:2` (contract without `ordered_at`)"), "{page}");

    let followed = format!("{yaml}      - name: ordered_at\n        data_type: date\n");
    assert_eq!(shop.write("models/schema.yml", &followed).report()["verdict"], "additive");
    let loose = Shop::with(&[SCHEMA]).write("models/orders.sql", &added);
    assert_eq!(loose.report()["verdict"], "additive", "no contract is enforced");
}

#[test]
fn a_contract_that_leaves_out_what_the_model_always_gave_breaks_it_too() {
    let yaml = enforced_in_yaml();
    let without = yaml.replace("      - name: Customer_Id\n        data_type: int\n", "");
    let shop = Shop::with(&[("models/schema.yml", &yaml)]).write("models/schema.yml", &without);
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["orders"]));
    assert_eq!(places(&report["assets"][0]["readers"]), ["models/schema.yml:2 contract without customer_id"]);
    let page = shop.preview("markdown");
    assert!(page.contains("`orders` does not keep its contract"), "{page}");

    // What was refused before is not the change's doing.
    let files = [("models/schema.yml", without.as_str())];
    let shop = Shop::with(&files).write("models/orders.sql", &ORDERS.replace("'o.amount'", "'o.amount + 1'"));
    assert_eq!(shop.report()["verdict"], "review");
    let newly =
        Shop::with(&[("models/schema.yml", &without.replace("true", "false"))]).write("models/schema.yml", &without);
    assert_eq!(newly.report()["verdict"], "breaking", "enforced now");
}

#[test]
fn a_column_from_upstream_breaks_the_contract_of_a_model_that_takes_everything() {
    let yaml = "models:\n  - name: all_customers\n    config: {contract: {enforced: true}}\n    columns:\n      - {name: id, data_type: int}\n      - {name: name, data_type: text}\n";
    let shop = Shop::with(&[
        ("models/schema.yml", yaml),
        ("models/all_customers.sql", "select * from {{ ref('stg_customers') }}\n"),
    ])
    .write("models/stg_customers.sql", "select id, name, city\nfrom {{ source('raw', 'customers') }}\n");
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["stg_customers"]));
    let row: Vec<&Value> = report["downstream"].as_array().expect("a list").iter().collect();
    assert_eq!((&row[0]["name"], &row[0]["severity"]), (&json!("all_customers"), &json!("breaking")));
    assert_eq!(places(&row[0]["readers"]), ["models/schema.yml:2 contract without city"]);
    assert!(shop.preview("markdown").contains("1 model downstream no longer keeps its contract"));
}

#[test]
fn where_columns_are_not_all_known_no_contract_is_said_to_leave_one_out() {
    let yaml = enforced_in_yaml();
    let everything =
        ORDERS.replace("o.id,", "o.id, s.*,").replace(" as o\n", " as o, {{ source('raw', 'orders') }} as s\n");
    let open = ORDERS.replace("o.id,", "o.id, o.ordered_at, {{ missing() }},");
    for edited in [everything, open] {
        let shop = Shop::with(&[("models/schema.yml", &yaml)]).write("models/orders.sql", &edited);
        let report = shop.report();
        assert_eq!(names(&report["assets"]), ["orders"]);
        assert_ne!(report["verdict"], "breaking", "{report}");
    }
}
