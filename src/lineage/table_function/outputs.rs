//! The columns of well-known table functions.

use crate::sql::dialect::Dialect;

/// What a table function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    /// These columns, and no others.
    Known(&'static [&'static str]),
    /// These columns for the usual argument, others for another one.
    Usual(&'static [&'static str]),
    /// One column, called like the alias, else like the function.
    Single,
    /// Not known.
    Unknown,
}

impl Outputs {
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Known(names) | Self::Usual(names) => names,
            Self::Single | Self::Unknown => &[],
        }
    }
}

/// What the function of this name in lower case gives.
pub(super) fn of(function: &str, dialect: Dialect) -> Outputs {
    let function = function.rsplit('.').next().unwrap_or(function);
    match dialect {
        Dialect::Snowflake => snowflake(function),
        Dialect::Postgres | Dialect::Redshift | Dialect::DuckDb | Dialect::Generic => postgres(function),
        Dialect::Spark | Dialect::Databricks | Dialect::Hive => spark(function),
        Dialect::Tsql => match function {
            "string_split" => Outputs::Known(&["value", "ordinal"]),
            "generate_series" => Outputs::Known(&["value"]),
            "openjson" => Outputs::Known(&["key", "value", "type"]),
            _ => Outputs::Unknown,
        },
        Dialect::Oracle => Outputs::Usual(&["column_value"]),
        Dialect::ClickHouse if matches!(function, "numbers" | "numbers_mt" | "zeros") => Outputs::Known(&["number"]),
        Dialect::Sqlite => match function {
            "json_each" | "json_tree" => {
                Outputs::Known(&["key", "value", "type", "atom", "id", "parent", "fullkey", "path"])
            }
            "generate_series" => Outputs::Known(&["value"]),
            _ => Outputs::Unknown,
        },
        _ => Outputs::Unknown,
    }
}

fn snowflake(function: &str) -> Outputs {
    match function {
        "flatten" => Outputs::Known(&["seq", "key", "path", "index", "value", "this"]),
        "split_to_table" | "strtok_split_to_table" => Outputs::Known(&["seq", "index", "value"]),
        "generator" => Outputs::Known(&[]),
        _ => Outputs::Unknown,
    }
}

fn postgres(function: &str) -> Outputs {
    match function {
        "json_each" | "jsonb_each" | "json_each_text" | "jsonb_each_text" => Outputs::Known(&["key", "value"]),
        "json_array_elements" | "jsonb_array_elements" | "json_array_elements_text" | "jsonb_array_elements_text" => {
            Outputs::Usual(&["value"])
        }
        "generate_series"
        | "range"
        | "unnest"
        | "regexp_split_to_table"
        | "string_to_table"
        | "json_object_keys"
        | "jsonb_object_keys"
        | "regexp_matches"
        | "generate_subscripts"
        | "jsonb_path_query"
        | "glob" => Outputs::Single,
        _ => Outputs::Unknown,
    }
}

fn spark(function: &str) -> Outputs {
    match function {
        "explode" | "explode_outer" => Outputs::Usual(&["col"]),
        "posexplode" | "posexplode_outer" => Outputs::Usual(&["pos", "col"]),
        "range" => Outputs::Known(&["id"]),
        "json_tuple" => Outputs::Usual(&["c0", "c1", "c2", "c3"]),
        "stack" => Outputs::Usual(&["col0", "col1", "col2", "col3"]),
        _ => Outputs::Unknown,
    }
}
