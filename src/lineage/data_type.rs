//! Data types that are one type under several spellings, by dialect.
//!
//! Only spellings that mean the same in the dialect: a type change too many is a line to read, one too few is a break
//! that nobody saw.

mod shown;

use std::borrow::Cow;

pub(crate) use shown::{data_type, paired};

use crate::sql::dialect::Dialect;

/// A spelling, in capitals, and the one that stands for it.
type Synonym = (&'static str, &'static str);

/// Standard SQL, wherever a dialect has the words.
const STANDARD: &[Synonym] = &[
    ("CHARACTER VARYING", "VARCHAR"),
    ("CHAR VARYING", "VARCHAR"),
    ("CHARACTER", "CHAR"),
    ("DOUBLE PRECISION", "DOUBLE"),
    ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP"),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    ("TIME WITHOUT TIME ZONE", "TIME"),
    ("TIME WITH TIME ZONE", "TIMETZ"),
    ("INTEGER", "INT"),
    ("BOOL", "BOOLEAN"),
    ("DECIMAL", "NUMERIC"),
    ("DEC", "NUMERIC"),
];

const POSTGRES: &[Synonym] = &[
    ("INT2", "SMALLINT"),
    ("INT4", "INT"),
    ("INT8", "BIGINT"),
    ("FLOAT4", "REAL"),
    ("FLOAT8", "DOUBLE"),
    ("FLOAT", "DOUBLE"),
    ("SERIAL4", "SERIAL"),
    ("SERIAL8", "BIGSERIAL"),
    ("SERIAL2", "SMALLSERIAL"),
];

const SNOWFLAKE: &[Synonym] = &[
    ("INT", "NUMERIC(38,0)"),
    ("INTEGER", "NUMERIC(38,0)"),
    ("BIGINT", "NUMERIC(38,0)"),
    ("SMALLINT", "NUMERIC(38,0)"),
    ("TINYINT", "NUMERIC(38,0)"),
    ("BYTEINT", "NUMERIC(38,0)"),
    ("NUMBER", "NUMERIC"),
    ("FLOAT4", "DOUBLE"),
    ("FLOAT8", "DOUBLE"),
    ("FLOAT", "DOUBLE"),
    ("REAL", "DOUBLE"),
    ("STRING", "VARCHAR"),
    ("TEXT", "VARCHAR"),
    ("NVARCHAR", "VARCHAR"),
    ("TIMESTAMPNTZ", "TIMESTAMP_NTZ"),
    ("DATETIME", "TIMESTAMP_NTZ"),
    ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP_NTZ"),
    ("TIMESTAMPLTZ", "TIMESTAMP_LTZ"),
    ("TIMESTAMPTZ", "TIMESTAMP_TZ"),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ"),
    ("VARBINARY", "BINARY"),
];

const BIGQUERY: &[Synonym] = &[
    ("INT", "INT64"),
    ("INTEGER", "INT64"),
    ("BIGINT", "INT64"),
    ("SMALLINT", "INT64"),
    ("TINYINT", "INT64"),
    ("BYTEINT", "INT64"),
    ("BIGDECIMAL", "BIGNUMERIC"),
];

const SPARK: &[Synonym] = &[("LONG", "BIGINT"), ("SHORT", "SMALLINT"), ("BYTE", "TINYINT"), ("REAL", "FLOAT")];

const DUCKDB: &[Synonym] = &[
    ("INT1", "TINYINT"),
    ("INT2", "SMALLINT"),
    ("SHORT", "SMALLINT"),
    ("INT4", "INT"),
    ("SIGNED", "INT"),
    ("INT8", "BIGINT"),
    ("LONG", "BIGINT"),
    ("FLOAT4", "REAL"),
    ("FLOAT", "REAL"),
    ("FLOAT8", "DOUBLE"),
    ("TEXT", "VARCHAR"),
    ("STRING", "VARCHAR"),
    ("BPCHAR", "VARCHAR"),
    ("CHAR", "VARCHAR"),
    ("DATETIME", "TIMESTAMP"),
    ("LOGICAL", "BOOLEAN"),
];

const TSQL: &[Synonym] = &[("FLOAT(53)", "FLOAT"), ("DOUBLE PRECISION", "FLOAT"), ("FLOAT(24)", "REAL")];

const MYSQL: &[Synonym] = &[("BOOL", "TINYINT(1)"), ("BOOLEAN", "TINYINT(1)"), ("INT4", "INT"), ("INT8", "BIGINT")];

const ORACLE: &[Synonym] = &[("VARCHAR", "VARCHAR2")];

/// The dialect's own spellings, which count before the standard's.
fn own(dialect: Dialect) -> &'static [Synonym] {
    match dialect {
        Dialect::Postgres | Dialect::Redshift | Dialect::Generic => POSTGRES,
        Dialect::Snowflake => SNOWFLAKE,
        Dialect::BigQuery => BIGQUERY,
        Dialect::Databricks | Dialect::Spark | Dialect::Hive => SPARK,
        Dialect::DuckDb => DUCKDB,
        Dialect::Tsql => TSQL,
        Dialect::MySql => MYSQL,
        Dialect::Oracle => ORACLE,
        Dialect::Sqlite | Dialect::Trino | Dialect::ClickHouse | Dialect::Teradata => &[],
    }
}

/// The type in capitals and in the spelling that stands for all that mean it: `character varying ( 20 )` →
/// `VARCHAR(20)`, `array<integer>` → `ARRAY<INT>`.
pub(crate) fn canonical(text: &str, dialect: Dialect) -> String {
    if dialect == Dialect::ClickHouse {
        // Names of types are told apart by case there.
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let upper = zone_words_together(&text.to_uppercase());
    let mut result = String::with_capacity(upper.len());
    let mut rest = upper.as_str();
    while !rest.is_empty() {
        let words = rest.find(|c: char| !is_word(c) && c != ' ').unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(words).unwrap_or((rest, ""));
        result.push_str(&spelled(run, dialect));
        let marks = after.find(|c: char| is_word(c)).unwrap_or(after.len());
        let (between, after) = after.split_at_checked(marks).unwrap_or((after, ""));
        result.extend(between.chars().filter(|c| !c.is_whitespace()));
        rest = after;
    }
    with_defaults(&result, dialect).into_owned()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// `TIMESTAMP(3) WITH TIME ZONE` → `TIMESTAMP WITH TIME ZONE(3)`.
fn zone_words_together(text: &str) -> String {
    for zone in ["WITH TIME ZONE", "WITHOUT TIME ZONE", "WITH LOCAL TIME ZONE"] {
        if let Some((before, after)) = text.split_once(zone)
            && let Some((head, arguments)) = before.trim_end().split_once('(')
        {
            return format!("{} {zone}({}{after}", head.trim_end(), arguments.trim_end());
        }
    }
    text.to_owned()
}

/// A run of words, the last of which are a type; before them may stand the name of a field.
fn spelled(run: &str, dialect: Dialect) -> String {
    let words: Vec<&str> = run.split_whitespace().collect();
    for skipped in 0..words.len() {
        let tail = words.get(skipped..).unwrap_or_default().join(" ");
        let find = |list: &[Synonym]| list.iter().find(|(spelling, _)| *spelling == tail).map(|(_, name)| *name);
        if let Some(name) = find(own(dialect)).or_else(|| find(STANDARD)) {
            let mut spelled = words.get(..skipped).unwrap_or_default().to_vec();
            spelled.push(name);
            return spelled.join(" ");
        }
    }
    words.join(" ")
}

/// What a type means that says nothing of its size.
fn with_defaults(text: &str, dialect: Dialect) -> Cow<'_, str> {
    match (dialect, text) {
        (Dialect::Snowflake, "NUMERIC") => Cow::Borrowed("NUMERIC(38,0)"),
        (Dialect::Snowflake, "CHAR") => Cow::Borrowed("VARCHAR(1)"),
        (Dialect::Tsql | Dialect::Oracle, _) => match own(dialect).iter().find(|(spelling, _)| *spelling == text) {
            Some((_, name)) => Cow::Borrowed(*name),
            None => Cow::Borrowed(text),
        },
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_type_are_one() {
        for (dialect, left, right) in [
            (Dialect::Postgres, "INT", "integer"),
            (Dialect::Postgres, "int8", "BIGINT"),
            (Dialect::Postgres, "CHARACTER VARYING(20)", "varchar ( 20 )"),
            (Dialect::Postgres, "DECIMAL(10, 2)", "NUMERIC(10,2)"),
            (Dialect::Postgres, "TIMESTAMP(3) WITH TIME ZONE", "TIMESTAMPTZ(3)"),
            (Dialect::Postgres, "DOUBLE  PRECISION", "FLOAT8"),
            (Dialect::Postgres, "integer[]", "INT []"),
            (Dialect::Snowflake, "STRING", "TEXT"),
            (Dialect::Snowflake, "INTEGER", "NUMBER(38, 0)"),
            (Dialect::Snowflake, "number", "DECIMAL(38,0)"),
            (Dialect::BigQuery, "ARRAY<STRUCT<a INTEGER, b BOOL>>", "array<struct<a INT64, b boolean>>"),
            (Dialect::Spark, "LONG", "bigint"),
            (Dialect::DuckDb, "TEXT", "VARCHAR"),
            (Dialect::Tsql, "FLOAT(53)", "double precision"),
            (Dialect::MySql, "BOOL", "TINYINT(1)"),
        ] {
            assert_eq!(canonical(left, dialect), canonical(right, dialect), "{dialect} {left} and {right}");
        }
    }

    #[test]
    fn other_types_lengths_and_precisions_are_not() {
        for (dialect, left, right) in [
            (Dialect::Postgres, "INT", "BIGINT"),
            (Dialect::Postgres, "VARCHAR(10)", "VARCHAR(20)"),
            (Dialect::Postgres, "VARCHAR", "TEXT"),
            (Dialect::Postgres, "TIMESTAMP", "TIMESTAMPTZ"),
            (Dialect::Postgres, "NUMERIC(10,2)", "NUMERIC(12,2)"),
            (Dialect::Postgres, "FLOAT4", "FLOAT8"),
            (Dialect::Tsql, "FLOAT", "REAL"),
            (Dialect::Tsql, "DATETIME", "DATETIME2"),
            (Dialect::Snowflake, "TIMESTAMP_NTZ", "TIMESTAMP_TZ"),
            (Dialect::Snowflake, "NUMBER(10,2)", "NUMBER"),
            (Dialect::ClickHouse, "Int8", "INT8"),
            (Dialect::BigQuery, "INT64", "FLOAT64"),
        ] {
            assert_ne!(canonical(left, dialect), canonical(right, dialect), "{dialect} {left} and {right}");
        }
    }
}
