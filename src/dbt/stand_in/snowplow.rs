//! Macros of `snowplow_utils`. Those that write whole queries over what the warehouse holds have no stand-in.

use minijinja::Value;

use super::Asked;
use super::cross_database::type_name;
use crate::sql::dialect::Dialect;

const KNOWN: [&str; 12] = [
    "app_id_filter",
    "event_name_filter",
    "get_array_to_string",
    "get_split_to_array",
    "get_value_by_target_type",
    "is_run_with_new_events",
    "return_limits_from_model",
    "set_query_tag",
    "timestamp_add",
    "timestamp_diff",
    "type_max_string",
    "type_string",
];

/// Whether there is a stand-in for a macro.
pub(super) fn knows(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// What a macro gives.
pub(super) fn value(name: &str, asked: &Asked<'_>) -> Option<Value> {
    let text = |position, name| asked.text(position, name);
    Some(match name {
        "set_query_tag" => Value::from(""),
        // dbt prints whether the package's own tables hold new events: a constant of the run.
        "is_run_with_new_events" => Value::from("true"),
        // The bounds of a run, as constants.
        "return_limits_from_model" => Value::from(vec![Value::from("current_timestamp"); 2]),
        "get_value_by_target_type" => by_warehouse(asked),
        "type_max_string" | "type_string" => Value::from(type_name("string", asked.dialect())),
        "timestamp_diff" => {
            let (first, second) = (text(0, "first_tstamp")?, text(1, "second_tstamp")?);
            Value::from(format!("datediff('{}', {first}, {second})", text(2, "datepart")?))
        }
        "timestamp_add" => {
            let (part, interval) = (text(0, "datepart")?, text(1, "interval")?);
            Value::from(format!("dateadd('{part}', {interval}, {})", text(2, "tstamp")?))
        }
        "get_array_to_string" | "get_split_to_array" => {
            let column = text(0, if name == "get_array_to_string" { "array_column" } else { "string_column" })?;
            let function = if name == "get_array_to_string" { "array_to_string" } else { "split" };
            let separator = text(2, "delimiter").unwrap_or_else(|| ",".to_owned()).replace('\'', "''");
            Value::from(format!("{function}({}{column}, '{separator}')", qualifier(text(1, "column_prefix"))))
        }
        "app_id_filter" => filter(asked, ("app_ids", "app_id")),
        "event_name_filter" => filter(asked, ("event_names", "event_name")),
        _ => return None,
    })
}

fn qualifier(prefix: Option<String>) -> String {
    prefix.filter(|prefix| !prefix.is_empty()).map(|prefix| format!("{prefix}.")).unwrap_or_default()
}

/// The value for the project's warehouse; nothing where none is given for it.
fn by_warehouse(asked: &Asked<'_>) -> Value {
    let (position, name) = match asked.dialect() {
        Dialect::BigQuery => (0, "bigquery_val"),
        Dialect::Snowflake => (1, "snowflake_val"),
        Dialect::Redshift => (2, "redshift_val"),
        Dialect::Postgres => (3, "postgres_val"),
        Dialect::Databricks => (4, "databricks_val"),
        Dialect::Spark => (5, "spark_val"),
        _ => return Value::from(()),
    };
    asked.value(position, name).unwrap_or_else(|| Value::from(()))
}

/// A condition that a column is one of a list; true for an empty list.
fn filter(asked: &Asked<'_>, (list, column): (&str, &str)) -> Value {
    let values: Vec<String> = asked.arguments.list(0, list).iter().map(|value| format!("'{value}'")).collect();
    if values.is_empty() {
        return Value::from("true");
    }
    Value::from(format!("{column} in ({})", values.join(", ")))
}
