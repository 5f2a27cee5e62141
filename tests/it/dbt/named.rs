//! Relations that only a comment names.

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
