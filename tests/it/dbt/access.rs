//! Groups, access and owners: who may name a model, and whom to ask.

use serde_json::{Value, json};

use super::{Shop, names, places};

const GROUPS: &str = "groups:
  - name: sales
    owner: {name: Sales Team, email: sales@example.com}
  - name: people
    owner: {email: people@example.com}
";

/// The settings of the models: orders and staging belong to sales, customers to `group`.
fn schema(access: &str, group: &str) -> String {
    format!(
        "{GROUPS}models:
  - name: stg_orders
    config: {{group: sales, access: {access}}}
  - name: orders
    group: sales
    config: {{meta: {{owner: '@ana'}}}}
  - name: customers
    group: {group}
"
    )
}

const SCHEMA: &str = "models/schema.yml";
const READS_STAGING: (&str, &str) = (
    "models/customers.sql",
    "select c.id, c.name, count(*) as orders\nfrom {{ ref('stg_customers') }} as c\n\
     join {{ ref('stg_orders') }} as o\n  on o.customer_id = c.id\ngroup by 1, 2\n",
);

fn asset<'r>(report: &'r Value, name: &str) -> &'r Value {
    let assets = report["assets"].as_array().expect("assets");
    assets.iter().find(|entry| entry["name"] == name).expect("a changed asset")
}

fn reached<'r>(report: &'r Value, name: &str) -> &'r Value {
    let assets = report["downstream"].as_array().expect("a list");
    assets.iter().find(|entry| entry["name"] == name).expect("a downstream asset")
}

#[test]
fn a_model_that_becomes_private_breaks_readers_of_other_groups() {
    let shop = Shop::with(&[READS_STAGING, (SCHEMA, &schema("protected", "people"))])
        .write(SCHEMA, &schema("private", "people"));
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["stg_orders"]));
    let place = json!({"file": "models/customers.sql", "line": 3, "name": "stg_orders", "what": null});
    assert_eq!(report["assets"][0]["refused"], json!([place]));
    assert_eq!(report["assets"][0]["readers"], json!([]));
    let customers = reached(&report, "customers");
    assert_eq!((&customers["severity"], &customers["readers"]), (&"breaking".into(), &json!([place])));
    assert_eq!(names(&report["downstream"]), ["customers"]);
    let page = shop.preview("markdown");
    assert!(page.contains("`stg_orders` is open to fewer readers; dbt refuses the ref"), "{page}");
    assert!(page.contains("`models/customers.sql:3`"), "{page}");
    assert!(!page.contains("another contract"), "{page}");
}

#[test]
fn a_model_that_becomes_private_breaks_exposures_and_readers_without_a_group() {
    let exposure = "exposures:\n  - name: weekly\n    type: dashboard\n    owner: {email: bo@example.com}\n    \
                    depends_on:\n      - ref('orders')\n";
    let shop = Shop::with(&[("models/exposures.yml", exposure)]).write(
        "models/orders.sql",
        "{{ config(group='sales', access='private') }}\n\
         select o.id, o.customer_id, {{ cents('o.amount') }} as total\nfrom {{ ref('stg_orders') }} as o\n",
    );
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    let refused = places(&asset(&report, "orders")["refused"]);
    assert_eq!(refused, ["models/customers.sql:3", "models/exposures.yml:6 exposure weekly"]);
}

#[test]
fn a_new_reader_of_a_private_model_of_another_group_breaks() {
    let shop = Shop::with(&[(SCHEMA, &schema("private", "people"))]).write(READS_STAGING.0, READS_STAGING.1);
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["customers"]));
    let place = json!({"file": "models/customers.sql", "line": 3, "name": "stg_orders", "what": null});
    assert_eq!(report["assets"][0]["refused"], json!([place]));
    let page = shop.preview("markdown");
    assert!(page.contains("`customers` names a model that is not open to it"), "{page}");
    let terminal = shop.preview("terminal");
    assert!(
        terminal.contains("models/customers.sql:3") && terminal.contains("names a model that is not open to it"),
        "{terminal}"
    );

    let new = "select id from {{ ref('stg_orders') }}\n";
    let report = Shop::with(&[(SCHEMA, &schema("private", "people"))]).write("models/visits.sql", new).report();
    assert_eq!(places(&asset(&report, "visits")["refused"]), ["models/visits.sql:1"]);
}

#[test]
fn a_reader_that_goes_to_another_group_breaks() {
    let files = [READS_STAGING, (SCHEMA, &schema("private", "sales"))];
    let report = Shop::with(&files).write(SCHEMA, &schema("private", "people")).report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["customers"]));
    assert_eq!(places(&report["assets"][0]["refused"]), ["models/customers.sql:3"]);
}

#[test]
fn what_the_group_reads_itself_and_what_was_refused_before_break_nothing() {
    let open = schema("protected", "sales");
    let report = Shop::with(&[READS_STAGING, (SCHEMA, &open)]).write(SCHEMA, &schema("private", "sales")).report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"none".into(), vec![]));

    let closed = schema("private", "people");
    let other_owner = closed.replace("@ana", "@bo");
    let report = Shop::with(&[READS_STAGING, (SCHEMA, &closed)]).write(SCHEMA, &other_owner).report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"none".into(), vec![]));
}

#[test]
fn settings_of_a_folder_and_of_versions_count() {
    let project = "name: shop\nprofile: shop\nmodels:\n  shop:\n    core:\n      +group: sales\n      +access: ";
    let versions = format!(
        "{GROUPS}models:\n  - name: plans\n    group: people\n    latest_version: 2\n    versions:\n      - v: 1\n      - v: 2\n"
    );
    let read = "select id from {{ ref('facts') }}\n";
    let shop = Shop::with(&[
        ("dbt_project.yml", &format!("{project}public\n")),
        (SCHEMA, &versions),
        ("models/core/facts.sql", "select id from {{ source('raw', 'orders') }}\n"),
        ("models/core/own.sql", read),
        ("models/plans_v1.sql", read),
        ("models/plans_v2.sql", "select 1 as id\n"),
    ])
    .write("dbt_project.yml", &format!("{project}private\n"));
    let report = shop.report();
    assert_eq!(places(&asset(&report, "facts")["refused"]), ["models/plans_v1.sql:1"]);
    let filter = "select id from {{ source('raw', 'orders') }} where id > 0\n";
    let report =
        shop.write("dbt_project.yml", &format!("{project}public\n")).write("models/core/facts.sql", filter).report();
    let owner = |name: &str| reached(&report, name)["owner"].clone();
    assert_eq!((owner("own"), owner("plans_v1")), ("Sales Team".into(), "people@example.com".into()));
}

#[test]
fn owners_are_told_of_what_is_downstream() {
    let shop = Shop::with(&[(SCHEMA, &schema("public", "people"))]).write(
        "models/stg_orders.sql",
        "select id, customer_id, amount, ordered_at\nfrom {{ source('raw', 'orders') }}\nwhere id > 0\n",
    );
    let report = shop.report();
    assert_eq!(asset(&report, "stg_orders")["owner"], "Sales Team");
    assert_eq!(reached(&report, "orders")["owner"], "@ana");
    assert_eq!(reached(&report, "customers")["owner"], "people@example.com");
    let page = shop.preview("markdown");
    assert!(page.contains("`orders` (may differ, owner ") || page.contains("`orders` (owner "), "{page}");
    assert!(!page.contains("@ana") || page.contains("@\u{200b}ana") || page.contains("&#64;ana"), "{page}");
}
