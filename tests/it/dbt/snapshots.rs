//! Snapshots that only YAML declares.

use super::{Shop, names, places, readers};

const SNAPSHOTS: (&str, &str) = (
    "snapshots/all.yml",
    "snapshots:
  - name: orders_history
    relation: ref('orders')
    config:
      unique_key: id
      strategy: check
      check_cols: all
  - name: customers_history
    config: {strategy: timestamp, updated_at: changed_at, unique_key: [id]}
    relation: source('raw', 'customers')
",
);
const READER: (&str, &str) =
    ("models/history.sql", "select id, total, dbt_valid_from\nfrom {{ ref('orders_history') }}\n");

#[test]
fn a_snapshot_has_the_columns_of_its_relation() {
    let shop = Shop::with(&[SNAPSHOTS, READER]).write(
        "models/orders.sql",
        "select o.id, o.customer_id, {{ cents('o.amount') }} as amount\nfrom {{ ref('stg_orders') }} as o\n",
    );
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    assert_eq!(readers(&report, "orders", "total"), ["models/history.sql:1"]);
    assert_eq!(names(&report["downstream"]), ["history", "orders_history"]);
    assert_eq!(report["downstream"][0]["via"], serde_json::json!(["orders", "orders_history"]));
    assert_eq!(report["dbt_selector"], "orders+");
}

#[test]
fn an_edit_of_its_yaml_is_its_change() {
    let shop = Shop::with(&[SNAPSHOTS, READER])
        .write("snapshots/all.yml", &SNAPSHOTS.1.replace("ref('orders')", "ref('stg_orders')"));
    let report = shop.report();
    let history = &report["assets"][0];
    assert_eq!((&history["name"], &history["kind"]), (&"orders_history".into(), &"snapshot".into()));
    let upstream = &history["upstream"];
    assert_eq!((&upstream["added"][0], &upstream["removed"][0]), (&"stg_orders".into(), &"orders".into()));
    assert_eq!(readers(&report, "orders_history", "total"), ["models/history.sql:1"]);

    let shop = Shop::with(&[SNAPSHOTS]).write("snapshots/all.yml", &SNAPSHOTS.1.replace("changed_at", "seen_at"));
    assert_eq!(names(&shop.report()["assets"]), ["customers_history"]);

    let described = SNAPSHOTS.1.replace("  - name: customers", "    description: all of them\n  - name: customers");
    let report = Shop::with(&[SNAPSHOTS]).write("snapshots/all.yml", &described).report();
    assert_eq!(names(&report["assets"]), Vec::<&str>::new());
}

#[test]
fn one_that_is_gone_breaks_who_names_it() {
    let report = Shop::with(&[SNAPSHOTS, READER]).remove("snapshots/all.yml").report();
    assert_eq!(names(&report["assets"]), ["customers_history", "orders_history"]);
    assert_eq!(places(&report["assets"][1]["readers"]), ["models/history.sql:2"]);
}

#[test]
fn what_it_reads_breaks_at_its_line() {
    let report = Shop::with(&[SNAPSHOTS]).remove("models/orders.sql").report();
    let assets = report["assets"].as_array().expect("assets");
    let orders = assets.iter().find(|asset| asset["name"] == "orders").expect("the model is gone");
    assert_eq!(places(&orders["readers"]), ["models/customers.sql:3", "snapshots/all.yml:3"]);
}
