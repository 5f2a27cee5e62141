//! Ephemeral models are part of their readers.

use super::{Shop, names, places, readers};

const EPHEMERAL: (&str, &str) = (
    "models/stg_orders.sql",
    "{{ config(materialized='ephemeral') }}\nselect id, customer_id, amount + fee as amount, ordered_at\n\
     from {{ source('raw', 'orders') }}\nwhere id > 0\n",
);

/// The shop with its orders in an ephemeral model.
fn shop() -> Shop {
    Shop::with(&[EPHEMERAL])
}

#[test]
fn an_edit_of_an_ephemeral_model_is_a_change_of_its_readers() {
    let shop = shop().write("models/stg_orders.sql", &EPHEMERAL.1.replace("amount + fee", "amount - fee"));
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"review".into(), vec!["orders"]));
    assert_eq!(report["files"][0]["path"], "models/stg_orders.sql");
    let column = &report["assets"][0]["columns"][0];
    assert_eq!((&column["name"], &column["change"]), (&"total".into(), &"lineage_changed".into()));
    assert_eq!(column["sources"]["head"], serde_json::json!(["raw.orders.amount", "raw.orders.fee"]));
    assert_eq!(column["expression"]["head"], "(raw.orders.amount - raw.orders.fee) / 100");
    assert_eq!(report["dbt_selector"], "orders");
    let page = shop.preview("markdown");
    assert!(page.contains("`orders`\n\n```diff") && page.contains("-  amount + fee AS amount"), "{page}");
}

#[test]
fn another_filter_of_an_ephemeral_model_is_another_filter_of_its_readers() {
    let report = shop().write("models/stg_orders.sql", &EPHEMERAL.1.replace("id > 0", "id > 1")).report();
    assert_eq!(names(&report["assets"]), ["orders"]);
    assert_eq!(report["assets"][0]["row_set"], serde_json::json!(["filter"]));
    assert_eq!(names(&report["downstream"]), ["customers"]);
}

#[test]
fn a_column_that_is_gone_is_told_by_the_name_of_the_ephemeral_model_when_somebody_reads_it() {
    let shop = shop().write("models/stg_orders.sql", &EPHEMERAL.1.replace(", amount + fee as amount", ""));
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    assert_eq!(readers(&report, "stg_orders", "amount"), ["models/orders.sql:1"]);
}

#[test]
fn a_removed_ephemeral_model_breaks_who_names_it_and_is_silent_when_nobody_does() {
    let report = shop().remove("models/stg_orders.sql").report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["stg_orders"]));
    assert_eq!(places(&report["assets"][0]["readers"]), ["models/orders.sql:2"]);

    let inlined = "select o.id, o.customer_id, {{ cents('(o.amount + o.fee)') }} as total\n\
                   from {{ source('raw', 'orders') }} as o\nwhere o.id > 0\n";
    let report = shop().remove("models/stg_orders.sql").write("models/orders.sql", inlined).report();
    assert_eq!(names(&report["assets"]), ["orders"]);
    assert_eq!(report["assets"][0]["columns"], serde_json::json!([]));
}

#[test]
fn what_breaks_in_an_ephemeral_model_breaks_its_readers_at_its_own_line() {
    let shop = Shop::with(&[
        ("models/stg_customers.sql", "select id, name, city\nfrom {{ source('raw', 'customers') }}\n"),
        (
            "models/cities.sql",
            "{{ config(materialized='ephemeral') }}\nselect id,\n  city\nfrom {{ ref('stg_customers') }}\n",
        ),
        ("models/people.sql", "select id, city\nfrom {{ ref('cities') }}\n"),
    ])
    .write("models/stg_customers.sql", "select id, name\nfrom {{ source('raw', 'customers') }}\n");
    let report = shop.report();
    assert_eq!(readers(&report, "stg_customers", "city"), ["models/cities.sql:3"]);
    let people = report["downstream"].as_array().expect("a list").iter().find(|row| row["name"] == "people");
    assert_eq!(people.expect("a reader of the ephemeral model")["severity"], "breaking");
}
