//! What YAML says: tests, contracts, unit tests, exposures, sources.

use serde_json::json;

use super::{Shop, names, places, readers};

const SCHEMA: (&str, &str) = (
    "models/schema.yml",
    "models:
  - name: orders
    config:
      contract:
        enforced: true
    columns:
      - name: id
        data_type: int
        data_tests:
          - unique
      - name: customer_id
        data_type: int
      - name: total
        data_type: numeric
        tests:
          - not_null
  - name: customers
    columns:
      - name: id
        tests:
          - relationships:
              arguments:
                to: ref('orders')
                field: customer_id
unit_tests:
  - name: cents_are_divided
    model: orders
    given:
      - input: ref('stg_orders')
        rows:
          - {id: 1, customer_id: 2, amount: 300}
    expect:
      rows:
        - {id: 1, total: 3}
",
);

#[test]
fn a_renamed_column_breaks_the_tests_and_the_contract_that_still_name_it() {
    let shop = Shop::with(&[SCHEMA]).write(
        "models/orders.sql",
        "select o.id, o.customer_id, {{ cents('o.amount') }} as amount\nfrom {{ ref('stg_orders') }} as o\n",
    );
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    let expected = [
        "models/schema.yml:13 contract",
        "models/schema.yml:16 test not_null",
        "models/schema.yml:34 unit test cents_are_divided",
    ];
    assert_eq!(readers(&report, "orders", "total"), expected);
    let page = shop.preview("markdown");
    assert!(page.contains("`models/schema.yml:16` (test `not_null`)"), "{page}");
    assert!(page.contains("`models/schema.yml:13` (contract)"), "{page}");
}

#[test]
fn a_removed_column_breaks_relationships_to_it_and_rows_that_give_it() {
    let shop = Shop::with(&[SCHEMA])
        .write("models/stg_orders.sql", "select id, ordered_at\nfrom {{ source('raw', 'orders') }}\n")
        .write("models/orders.sql", "select id\nfrom {{ ref('stg_orders') }}\n")
        .write("models/customers.sql", "select id, name\nfrom {{ ref('stg_customers') }}\n");
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    let expected = ["models/schema.yml:11 contract", "models/schema.yml:24 test relationships"];
    assert_eq!(readers(&report, "orders", "customer_id"), expected);
    assert_eq!(readers(&report, "stg_orders", "amount"), ["models/schema.yml:31 unit test cents_are_divided"]);
}

#[test]
fn yaml_that_follows_the_change_breaks_nothing() {
    let shop = Shop::with(&[SCHEMA])
        .write(
            "models/orders.sql",
            "select o.id, o.customer_id, {{ cents('o.amount') }} as amount\nfrom {{ ref('stg_orders') }} as o\n",
        )
        .write("models/schema.yml", &SCHEMA.1.replace("name: total", "name: amount").replace("total: 3", "amount: 3"));
    assert_eq!(shop.report()["verdict"], "review");
}

#[test]
fn a_singular_test_reads_what_it_names() {
    let test = ("tests/no_debt.sql", "select *\nfrom {{ ref('orders') }}\nwhere total < 0\n");
    let shop = Shop::with(&[test])
        .write("models/orders.sql", "select o.id, o.customer_id\nfrom {{ ref('stg_orders') }} as o\n");
    assert_eq!(readers(&shop.report(), "orders", "total"), ["tests/no_debt.sql:3"]);
}

const EXPOSURES: (&str, &str) = (
    "models/exposures.yml",
    "exposures:
  - name: weekly_kpis
    label: Weekly <b>KPIs</b>
    type: dashboard
    url: https://bi.example.com/1
    owner:
      name: Ana @everyone
    depends_on:
      - ref('customers')
  - name: finance
    type: notebook
    owner: {email: bob@example.com}
    depends_on:
      - ref('orders')
",
);

#[test]
fn exposures_come_first_with_type_and_owner() {
    let shop = Shop::with(&[EXPOSURES]).write(
        "models/stg_orders.sql",
        "select id, customer_id, amount + 1 as amount, ordered_at\nfrom {{ source('raw', 'orders') }}\nwhere id > 0\n",
    );
    let report = shop.report();
    assert_eq!(names(&report["downstream"]), ["exposure:finance", "exposure:weekly_kpis", "orders", "customers"]);
    let kpis = &report["downstream"][1];
    assert_eq!((&kpis["kind"], &kpis["severity"]), (&"exposure".into(), &"review".into()));
    assert_eq!(kpis["exposure"]["owner"], "Ana @everyone");
    assert_eq!(kpis["exposure"]["type"], "dashboard");
    let page = shop.preview("markdown");
    assert!(page.contains("exposure `Weekly <b>KPIs</b>` (dashboard, owner Ana "), "{page}");
    assert!(!page.contains("@everyone)"), "mentions are defused:\n{page}");
}

#[test]
fn a_removed_model_breaks_the_exposure_that_depends_on_it() {
    let shop = Shop::with(&[EXPOSURES]).remove("models/customers.sql");
    let report = shop.report();
    assert_eq!(report["verdict"], "breaking");
    assert_eq!(places(&report["assets"][0]["readers"]), ["models/exposures.yml:9 exposure weekly_kpis"]);
    assert_eq!(report["downstream"][0]["name"], "exposure:weekly_kpis");
}

#[test]
fn an_edit_of_yaml_alone_is_a_change_when_it_changes_what_is_read() {
    let shop = Shop::with(&[EXPOSURES])
        .write("models/exposures.yml", &EXPOSURES.1.replace("ref('customers')", "ref('stg_customers')"));
    let report = shop.report();
    assert_eq!(names(&report["assets"]), ["exposure:weekly_kpis"]);
    let upstream = &report["assets"][0]["upstream"];
    assert_eq!((&upstream["added"][0], &upstream["removed"][0]), (&"stg_customers".into(), &"customers".into()));

    let renamed = Shop::with(&[]).write(
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: landing_v2\n    tables:\n      - name: orders\n      - name: customers\n",
    );
    let report = renamed.report();
    assert_eq!(names(&report["assets"]), ["raw.customers", "raw.orders"]);
    assert_eq!(report["verdict"], "review");
    assert!(renamed.preview("markdown").contains("stands for another table"), "{}", renamed.preview("markdown"));
}

#[test]
fn an_edit_of_a_contract_alone_is_a_change() {
    let shop = Shop::with(&[SCHEMA]).write("models/schema.yml", &SCHEMA.1.replace("numeric", "bigint"));
    let report = shop.report();
    assert_eq!(names(&report["assets"]), ["orders"]);
    let column = &report["assets"][0]["columns"][0];
    assert_eq!((&column["name"], &column["change"]), (&"total".into(), &"type_changed".into()));
    // The tests on it still find it.
    assert_eq!((&report["verdict"], &column["readers"]), (&"review".into(), &json!([])));

    let lifted = SCHEMA.1.replace("enforced: true", "enforced: false");
    let shop = Shop::with(&[SCHEMA]).write("models/schema.yml", &lifted);
    assert_eq!(shop.report()["verdict"], "review");
    assert!(shop.preview("markdown").contains("has another contract"), "{}", shop.preview("markdown"));
}

#[test]
fn words_about_models_are_no_change() {
    let described =
        SCHEMA.1.replace("- name: id\n        data_type", "- name: id\n        description: x\n        data_type");
    let owner = EXPOSURES.1.replace("bob@", "eve@");
    let shop =
        Shop::with(&[SCHEMA, EXPOSURES]).write("models/schema.yml", &described).write("models/exposures.yml", &owner);
    assert_eq!(shop.report()["verdict"], "none");
}

#[test]
fn a_source_that_is_declared_no_more_breaks_who_reads_it() {
    let shop = Shop::with(&[]).write(
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: landing\n    tables:\n      - name: customers\n      - name: new\n",
    );
    let report = shop.report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"breaking".into(), vec!["raw.orders"]));
    assert_eq!(places(&report["assets"][0]["readers"]), ["models/stg_orders.sql:2"]);
}

#[test]
fn exposures_are_told_by_their_names_and_counted_apart() {
    let exposures = "exposures:\n  - name: weekly\n    type: dashboard\n    depends_on: [ref('customers')]\n";
    let shop = Shop::with(&[
        ("models/exposures.yml", exposures),
        ("models/totals.sql", "select total from {{ ref('orders') }}\n"),
        ("seeds/rates.csv", "code,rate\nEUR,1\n"),
    ])
    .write("models/stg_customers.sql", "select id, upper(name) as name\nfrom {{ source('raw', 'customers') }}\n")
    .write(
        "models/customers.sql",
        "select c.id, lower(c.name) as name, count(*) as orders\nfrom {{ ref('stg_customers') }} as c\njoin \
         {{ ref('orders') }} as o on o.customer_id = c.id\ngroup by 1, 2\n",
    );
    let page = shop.preview("markdown");
    assert!(page.contains("1 exposure downstream affected"), "{page}");
    assert!(page.contains("| exposure `weekly` |\n"), "{page}");
    assert!(page.contains("\"weekly<br/>(exposure, may differ)\""), "{page}");
    assert!(!page.contains("exposure:weekly"), "{page}");
}

#[test]
fn of_a_star_over_a_source_the_file_is_named_that_would_help() {
    let shop = Shop::with(&[("models/all_orders.sql", "select * from {{ source('raw', 'orders') }}\n")])
        .write("models/all_orders.sql", "select * from {{ source('raw', 'orders') }} where id > 0\n");
    let page = shop.preview("markdown");
    assert!(page.contains("What helps: the `target/catalog.json` that `dbt docs generate` writes"), "{page}");
}
