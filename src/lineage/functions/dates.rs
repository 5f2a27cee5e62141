//! Which functions take a part of a date as a bare word.

use crate::sql::dialect::Dialect;

const DATE_PARTS: &[&str] = &[
    "century",
    "d",
    "day",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "dd",
    "decade",
    "dow",
    "doy",
    "epoch",
    "h",
    "hh",
    "hour",
    "isodow",
    "isoweek",
    "isoyear",
    "m",
    "mi",
    "microsecond",
    "millisecond",
    "minute",
    "mm",
    "mon",
    "month",
    "ms",
    "n",
    "nanosecond",
    "ns",
    "q",
    "qq",
    "quarter",
    "s",
    "second",
    "ss",
    "us",
    "w",
    "week",
    "weekday",
    "wk",
    "ww",
    "y",
    "year",
    "yy",
    "yyyy",
];

/// Whether the word is a part of a date.
pub(crate) fn is_date_part(word: &str) -> bool {
    DATE_PARTS.contains(&word.to_lowercase().as_str())
}

/// Which argument of a function is a date part where it is a bare word (`day` in `datediff(day, a, b)`).
pub(crate) fn date_part(function: &str, dialect: Dialect, arguments: usize) -> Option<usize> {
    if dialect == Dialect::BigQuery {
        return match function {
            _ if function.ends_with("_trunc") || function == "last_day" => Some(1),
            _ if function.ends_with("_diff") => Some(2),
            "generate_date_array" | "generate_timestamp_array" => Some(3),
            _ => None,
        };
    }
    match function {
        "datediff" | "dateadd" | "timestampdiff" | "timestampadd" | "timediff" | "timeadd" | "datediff_big"
        | "date_diff" | "date_add"
            if arguments == 3 =>
        {
            Some(0)
        }
        "datepart" | "datename" | "date_part" | "date_trunc" | "datetrunc" | "date_bucket" | "extract"
        | "time_slice" => Some(0),
        "last_day" | "next_day" | "trunc" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_part_is_no_column_where_the_function_takes_one() {
        assert_eq!(date_part("datediff", Dialect::Snowflake, 3), Some(0));
        assert_eq!(date_part("datediff", Dialect::Hive, 2), None);
        assert_eq!(date_part("timestamp_trunc", Dialect::BigQuery, 2), Some(1));
        assert_eq!(date_part("coalesce", Dialect::BigQuery, 2), None);
        assert!(is_date_part("DAY") && !is_date_part("created_at"));
    }
}
