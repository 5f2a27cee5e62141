//! The macros of dbt itself that hide the differences of warehouses.

use crate::dbt::objects::Arguments;
use crate::sql::dialect::Dialect;

/// Their names.
pub(super) const NAMES: [&str; 38] = [
    "any_value",
    "array_append",
    "array_concat",
    "array_construct",
    "bool_or",
    "cast",
    "cast_bool_to_text",
    "concat",
    "current_timestamp",
    "current_timestamp_backcompat",
    "current_timestamp_in_utc",
    "current_timestamp_in_utc_backcompat",
    "date",
    "date_trunc",
    "dateadd",
    "datediff",
    "equals",
    "escape_single_quotes",
    "except",
    "hash",
    "intersect",
    "last_day",
    "length",
    "listagg",
    "position",
    "replace",
    "right",
    "safe_cast",
    "snapshot_get_time",
    "split_part",
    "string_literal",
    "type_bigint",
    "type_boolean",
    "type_float",
    "type_int",
    "type_numeric",
    "type_string",
    "type_timestamp",
];

/// Whether a macro is one of them.
pub(super) fn knows(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What a macro prints.
pub(super) fn expand(name: &str, arguments: &Arguments, dialect: Dialect) -> Option<String> {
    if let Some(kind) = name.strip_prefix("type_") {
        return Some(type_name(kind, dialect).to_owned());
    }
    of_dbt(name, arguments, dialect)
}

/// A type in the words of a dialect.
pub(super) fn type_name(kind: &str, dialect: Dialect) -> &'static str {
    let is_bigquery = dialect == Dialect::BigQuery;
    match kind {
        "string" if matches!(dialect, Dialect::BigQuery | Dialect::Databricks | Dialect::Spark | Dialect::Hive) => {
            "string"
        }
        "string" => "varchar",
        "float" if is_bigquery => "float64",
        "float" => "float",
        "int" if is_bigquery => "int64",
        "int" => "int",
        "bigint" if is_bigquery => "int64",
        "bigint" => "bigint",
        "numeric" if is_bigquery => "numeric",
        "numeric" => "numeric(28, 6)",
        "boolean" if is_bigquery => "bool",
        "boolean" => "boolean",
        _ => "timestamp",
    }
}

/// Date parts are written as strings: an identifier would read as a column.
fn of_dbt(name: &str, arguments: &Arguments, dialect: Dialect) -> Option<String> {
    let text = |position, name| arguments.text(position, name);
    let joined = |separator: &str| {
        let items = arguments.list(0, "fields");
        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
    };
    Some(match name {
        "current_timestamp"
        | "current_timestamp_backcompat"
        | "current_timestamp_in_utc"
        | "current_timestamp_in_utc_backcompat"
        | "snapshot_get_time" => "current_timestamp".to_owned(),
        "equals" => format!("({} is not distinct from {})", text(0, "expr1")?, text(1, "expr2")?),
        "dateadd" => {
            let from = text(2, "from_date_or_timestamp")?;
            format!("dateadd('{}', {}, {from})", text(0, "datepart")?, text(1, "interval")?)
        }
        "datediff" => {
            let (first, second, part) = (text(0, "first_date")?, text(1, "second_date")?, text(2, "datepart")?);
            format!("datediff('{part}', {first}, {second})")
        }
        "date_trunc" => format!("date_trunc('{}', {})", text(0, "datepart")?, text(1, "date")?),
        "last_day" => format!("last_day({})", text(0, "date")?),
        "date" => format!("date '{}-{}-{}'", text(0, "year")?, text(1, "month")?, text(2, "day")?),
        "concat" => match dialect {
            Dialect::BigQuery | Dialect::Databricks | Dialect::Spark | Dialect::MySql => {
                format!("concat({})", joined(", "))
            }
            _ => joined(" || "),
        },
        "safe_cast" | "cast" => format!("cast({} as {})", text(0, "field")?, text(1, "type")?),
        "cast_bool_to_text" => format!("cast({} as {})", text(0, "field")?, type_name("string", dialect)),
        "hash" => format!("md5(cast({} as {}))", text(0, "field")?, type_name("string", dialect)),
        "any_value" => format!("any_value({})", text(0, "expression")?),
        "bool_or" => format!("bool_or({})", text(0, "expression")?),
        "length" => format!("length({})", text(0, "expression")?),
        "position" => format!("position({} in {})", text(0, "substring_text")?, text(1, "string_text")?),
        "replace" => format!("replace({}, {}, {})", text(0, "field")?, text(1, "old_chars")?, text(2, "new_chars")?),
        "right" => format!("right({}, {})", text(0, "string_text")?, text(1, "length_expression")?),
        "split_part" => {
            let (string, delimiter) = (text(0, "string_text")?, text(1, "delimiter_text")?);
            format!("split_part({string}, {delimiter}, {})", text(2, "part_number")?)
        }
        "listagg" => {
            format!(
                "listagg({}, {})",
                text(0, "measure")?,
                text(1, "delimiter_text").unwrap_or_else(|| "','".to_owned())
            )
        }
        "string_literal" => format!("'{}'", text(0, "value")?),
        "escape_single_quotes" => text(0, "expression")?.replace('\'', "''"),
        "except" if dialect == Dialect::BigQuery => "except distinct".to_owned(),
        "except" => "except".to_owned(),
        "intersect" if dialect == Dialect::BigQuery => "intersect distinct".to_owned(),
        "intersect" => "intersect".to_owned(),
        "array_construct" => format!("array[{}]", joined(", ")),
        "array_append" => format!("array_append({}, {})", text(0, "array")?, text(1, "new_element")?),
        "array_concat" => format!("array_cat({}, {})", text(0, "array_1")?, text(1, "array_2")?),
        _ => return None,
    })
}
