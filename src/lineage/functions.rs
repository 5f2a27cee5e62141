//! What the resolver must know of functions: which aggregate, which choose, which take a word that is no column.

mod aggregates;
mod dates;

pub(crate) use dates::{date_part, is_date_part};

use crate::lineage::functions::aggregates::is_aggregate;
use crate::lineage::model::Transformation;
use crate::sql::dialect::Dialect;

/// How a function treats its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Many rows become one value.
    Aggregate,
    /// The same; the last argument decides which rows count: `sumIf(a, b > 1)`.
    AggregateIf,
    /// The first argument of the row that the second one picks: `max_by(a, b)`.
    PickBy,
    /// The first argument decides which of the others is the value.
    Conditional,
    /// `decode(a, 1, b, 2, c, d)`: the first argument and each search decide.
    Decode,
    /// `multiIf(a, b, c, d, e)`: every other argument decides, up to the last.
    MultiIf,
    /// Anything else.
    Scalar,
}

impl Role {
    /// Whether it makes one value of many rows.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Self::Aggregate | Self::AggregateIf | Self::PickBy)
    }
}

/// What one argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Value,
    Condition,
    Filter,
    Order,
}

impl Part {
    /// How it steers; `None` for a value.
    pub fn steering(self) -> Option<Transformation> {
        match self {
            Self::Value => None,
            Self::Condition => Some(Transformation::Conditional),
            Self::Filter => Some(Transformation::Filter),
            Self::Order => Some(Transformation::Sort),
        }
    }
}

/// What the argument at `index` of `count` is.
pub(crate) fn part(role: Role, index: usize, count: usize) -> Part {
    let is_last = index + 1 == count;
    match role {
        Role::Aggregate | Role::Scalar => Part::Value,
        Role::AggregateIf if is_last && count > 1 => Part::Filter,
        Role::PickBy if index == 1 => Part::Order,
        Role::Conditional if index == 0 && count > 1 => Part::Condition,
        Role::Decode if index == 0 || (index % 2 == 1 && !is_last) => Part::Condition,
        Role::MultiIf if index.is_multiple_of(2) && !is_last => Part::Condition,
        _ => Part::Value,
    }
}

/// The role of a function by its name in lower case.
pub(crate) fn role(name: &str) -> Role {
    match name {
        "if" | "iff" | "iif" | "nvl2" | "choose" | "elt" => Role::Conditional,
        "decode" | "decode_oracle" => Role::Decode,
        "multiif" => Role::MultiIf,
        "max_by" | "min_by" | "argmax" | "argmin" | "arg_max" | "arg_min" => Role::PickBy,
        // ClickHouse makes such an aggregate of any other: `sumIf`, `avgMergeIf`.
        _ if name.strip_suffix("if").is_some_and(is_aggregate) => Role::AggregateIf,
        _ if is_aggregate(name) => Role::Aggregate,
        _ => Role::Scalar,
    }
}

/// Functions that give one value for each row, always the same one for the same arguments.
const SCALARS: &[&str] = &[
    "abs",
    "ceil",
    "ceiling",
    "coalesce",
    "concat",
    "concat_ws",
    "date",
    "date_add",
    "date_diff",
    "date_part",
    "date_sub",
    "date_trunc",
    "dateadd",
    "datediff",
    "datepart",
    "decode",
    "exp",
    "floor",
    "greatest",
    "if",
    "iff",
    "ifnull",
    "iif",
    "initcap",
    "isnull",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "mod",
    "nullif",
    "nvl",
    "nvl2",
    "parse_json",
    "power",
    "regexp_replace",
    "replace",
    "right",
    "round",
    "rtrim",
    "safe_divide",
    "sign",
    "split_part",
    "sqrt",
    "strpos",
    "substr",
    "substring",
    "timestamp_trunc",
    "to_char",
    "to_date",
    "to_json_string",
    "to_timestamp",
    "trim",
    "trunc",
    "upper",
    "year",
];

/// Whether a function is known to give one value for each row.
pub(crate) fn is_scalar(name: &str) -> bool {
    SCALARS.binary_search(&name).is_ok()
}

/// Whether a function, called in a SELECT list, makes several rows of one.
pub(crate) fn returns_rows(name: &str) -> bool {
    let listed = [
        "unnest",
        "explode",
        "explode_outer",
        "posexplode",
        "posexplode_outer",
        "inline",
        "inline_outer",
        "stack",
        "flatten",
        "arrayjoin",
        "generate_series",
        "generate_subscripts",
        "jsonb_object_keys",
        "json_object_keys",
        "regexp_matches",
        "json_populate_recordset",
        "jsonb_populate_recordset",
        "jsonb_path_query",
    ];
    let endings = ["_to_table", "_elements", "_elements_text", "_each", "_each_text"];
    listed.contains(&name) || endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether every table has a column of the name although nothing says so.
pub(crate) fn is_hidden_column(name: &str, dialect: Dialect) -> bool {
    let hidden: &[&str] = match dialect {
        Dialect::Sqlite => &["rowid", "oid", "_rowid_"],
        Dialect::DuckDb => &["rowid"],
        Dialect::Oracle => &["rowid", "ora_rowscn"],
        Dialect::Postgres => &["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"],
        Dialect::BigQuery => &["_partitiontime", "_partitiondate", "_table_suffix", "_file_name"],
        Dialect::Snowflake => &[
            "metadata$filename",
            "metadata$file_row_number",
            "metadata$action",
            "metadata$isupdate",
            "metadata$row_id",
        ],
        Dialect::Databricks | Dialect::Spark => &["_metadata"],
        Dialect::Hive => &["input__file__name", "block__offset__inside__file"],
        Dialect::ClickHouse => &["_table", "_part", "_partition_id", "_path", "_file"],
        _ => &[],
    };
    hidden.contains(&name)
}

/// Whether a bare word that no relation has is a value of the session or the row set, and no column.
pub(crate) fn is_word_value(word: &str, dialect: Dialect) -> bool {
    match word {
        "current_date" | "current_time" | "current_timestamp" | "localtime" | "localtimestamp" | "current_user"
        | "session_user" | "current_role" | "current_catalog" | "current_schema" => true,
        "sysdate" => matches!(dialect, Dialect::Oracle | Dialect::Redshift | Dialect::Teradata | Dialect::Snowflake),
        "connect_by_isleaf" | "connect_by_iscycle" => matches!(dialect, Dialect::Oracle | Dialect::Snowflake),
        "systimestamp" | "rownum" | "level" | "uid" | "sqlcode" | "sqlerrm" => dialect == Dialect::Oracle,
        "date" | "time" | "database" | "session" | "account" => dialect == Dialect::Teradata,
        "grouping__id" => matches!(dialect, Dialect::Hive | Dialect::Spark),
        "user" => matches!(dialect, Dialect::Oracle | Dialect::Postgres | Dialect::Redshift | Dialect::Teradata),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_roles_by_name() {
        for (name, expected) in [
            ("uniqstate", Role::Aggregate),
            ("avgmergeif", Role::AggregateIf),
            ("nullif", Role::Scalar),
            ("iff", Role::Conditional),
            ("max_by", Role::PickBy),
        ] {
            assert_eq!(role(name), expected, "{name}");
        }
    }

    #[test]
    fn arguments_that_decide_are_told_from_those_that_are_taken() {
        let parts = |role, count| (0..count).map(|index| part(role, index, count)).collect::<Vec<_>>();
        let (value, condition) = (Part::Value, Part::Condition);
        assert_eq!(parts(Role::Decode, 6), [condition, condition, value, condition, value, value]);
        assert_eq!(parts(Role::Decode, 5), [condition, condition, value, condition, value]);
        assert_eq!(parts(Role::MultiIf, 5), [condition, value, condition, value, value]);
        assert_eq!(parts(Role::AggregateIf, 1), [value]);
    }
}
