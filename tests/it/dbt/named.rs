//! What is named where no value flows: relations in comments, columns in the conditions of tests.

use super::{Shop, names, places, readers};

#[test]
fn a_relation_that_only_a_comment_names_is_needed_and_gives_no_column() {
    let report = ("models/report.sql", "select id\n-- depends_on: {{ ref('customers') }}\nfrom {{ ref('orders') }}\n");
    let found = Shop::with(&[report])
        .write("models/customers.sql", "select c.id\nfrom {{ ref('stg_customers') }} as c\n")
        .report();
    assert_eq!(readers(&found, "customers", "name"), Vec::<String>::new());
    assert_eq!(found["verdict"], "review");

    let found = Shop::with(&[report]).remove("models/customers.sql").report();
    assert_eq!((&found["verdict"], names(&found["assets"])), (&"breaking".into(), vec!["customers"]));
    assert_eq!(places(&found["assets"][0]["readers"]), ["models/report.sql:2"]);
}

#[test]
fn a_relation_that_code_names_as_well_is_read_once() {
    let report = ("models/report.sql", "-- of {{ ref('customers') }}\nselect id\nfrom {{ ref('customers') }}\n");
    let found = Shop::with(&[report]).remove("models/customers.sql").report();
    assert_eq!(places(&found["assets"][0]["readers"]), ["models/report.sql:3"]);
}

const CONDITIONS: (&str, &str) = (
    "models/schema.yml",
    "models:
  - name: orders
    tests:
      - dbt_utils.expression_is_true:
          arguments:
            expression: \"round(total) + 1 > 0 and id is not null\"
    columns:
      - name: id
        tests:
          - unique:
              config: {where: \"\\\"total\\\" is not null\"}
          - not_null: {where: \"{{ total }} > 0\"}
          - not_null: {where: \"total >\"}
          - dbt_expectations.expect_column_values_to_be_between:
              min_value: 0
              row_condition: orders.total = 'total'
      - name: customer_id
        tests:
          - dbt_utils.expression_is_true: {expression: \"<> total\"}
",
);

#[test]
fn a_column_in_the_condition_of_a_test_is_read_by_it() {
    let shop = Shop::with(&[CONDITIONS]);
    let report = shop
        .write(
            "models/orders.sql",
            "select o.id, o.customer_id, {{ cents('o.amount') }} as amount\nfrom {{ ref('stg_orders') }} as o\n",
        )
        .report();
    assert_eq!(report["verdict"], "breaking");
    let expected = [
        "models/schema.yml:6 test dbt_utils.expression_is_true",
        "models/schema.yml:11 test unique",
        "models/schema.yml:16 test dbt_expectations.expect_column_values_to_be_between",
        "models/schema.yml:19 test dbt_utils.expression_is_true",
    ];
    assert_eq!(readers(&report, "orders", "total"), expected);
}
