//! A macro edit changes the models whose SQL it changes, and no others.

use super::{Shop, names};

#[test]
fn a_macro_edit_marks_exactly_the_models_whose_sql_it_changes() {
    let shop =
        Shop::with(&[]).write("macros/cents.sql", "{% macro cents(column) %}({{ column }} / 1000){% endmacro %}\n");
    let report = shop.report();
    assert_eq!(names(&report["assets"]), ["orders"]);
    assert_eq!(report["assets"][0]["columns"][0]["name"], "total");
    assert_eq!(report["assets"][0]["columns"][0]["change"], "lineage_changed");
}

#[test]
fn a_macro_edit_that_renders_to_the_same_sql_changes_nothing() {
    let text = "{# to euros #}\n{% macro cents(column) -%}\n  {% set by = 100 %}(  {{ column }} / {{ by }})\n{%- endmacro %}\n";
    let report = Shop::with(&[]).write("macros/cents.sql", text).report();
    assert_eq!((&report["verdict"], names(&report["assets"])), (&"none".into(), Vec::new()));
}
