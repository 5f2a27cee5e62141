//! Places outside of the database that options of a statement name: buckets, folders, files.

use std::collections::BTreeSet;

use sqlparser::ast::{CreateTable, CreateTableOptions, Expr, SqlOption};

/// The place that an option of EXPORT DATA names: `uri = 'gs://…'`.
pub(super) fn of_export(option: &SqlOption) -> Option<String> {
    places(option).into_iter().next()
}

/// Where an external table keeps its rows: `LOCATION '…'`, `OPTIONS (uris = ['…', '…'])`, `OPTIONS (path '…')`.
pub(super) fn of_table(table: &CreateTable) -> Vec<String> {
    let options = match &table.table_options {
        CreateTableOptions::Options(options) | CreateTableOptions::With(options) => options.as_slice(),
        _ => &[],
    };
    let of_formats = table.hive_formats.iter().filter_map(|formats| formats.location.as_ref());
    let locations: BTreeSet<String> = table.location.iter().chain(of_formats).cloned().collect();
    locations.into_iter().chain(options.iter().flat_map(places)).collect()
}

fn places(option: &SqlOption) -> Vec<String> {
    let text = |value: &Expr| match value {
        Expr::Value(literal) => literal.value.clone().into_string(),
        _ => None,
    };
    match option {
        SqlOption::KeyValue { key, value }
            if ["uri", "uris", "path"].iter().any(|name| key.value.eq_ignore_ascii_case(name)) =>
        {
            match value {
                Expr::Array(array) => array.elem.iter().filter_map(text).collect(),
                single => text(single).into_iter().collect(),
            }
        }
        _ => Vec::new(),
    }
}
