//! What the resolver must know of functions: which aggregate, which choose, which take a date part for a column.

/// How a function treats its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Many rows become one value.
    Aggregate,
    /// The first argument decides which of the others is the value.
    Conditional,
    /// Anything else.
    Scalar,
}

const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "approx_percentile",
    "approx_quantiles",
    "approx_top_count",
    "array_agg",
    "array_concat_agg",
    "array_union_agg",
    "arrayagg",
    "avg",
    "avgif",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bitand_agg",
    "bitor_agg",
    "bool_and",
    "bool_or",
    "booland_agg",
    "boolor_agg",
    "checksum_agg",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_big",
    "count_if",
    "countif",
    "covar_pop",
    "covar_samp",
    "every",
    "first_value_agg",
    "group_concat",
    "grouping",
    "hll",
    "hll_count",
    "json_agg",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kurtosis",
    "listagg",
    "logical_and",
    "logical_or",
    "map_agg",
    "max",
    "max_by",
    "maxif",
    "median",
    "min",
    "min_by",
    "minif",
    "mode",
    "object_agg",
    "percentile",
    "percentile_approx",
    "percentile_cont",
    "percentile_disc",
    "quantile",
    "quantiles",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "stdev",
    "string_agg",
    "sum",
    "sumif",
    "uniq",
    "uniqexact",
    "grouparray",
    "grouparraydistinct",
    "argmax",
    "argmin",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
    "total",
];

/// The role of a function by its name in lower case.
pub(crate) fn role(name: &str) -> Role {
    if AGGREGATES.contains(&name) {
        Role::Aggregate
    } else if matches!(name, "if" | "iff" | "iif" | "nvl2") {
        Role::Conditional
    } else {
        Role::Scalar
    }
}

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

/// Whether a bare word among the arguments of this function is a date part (`day` in `datediff(day, a, b)`).
pub(crate) fn takes_date_part(function: &str, word: &str) -> bool {
    let dated = [
        "date",
        "time",
        "extract",
        "last_day",
        "next_day",
        "months_between",
        "trunc",
        "add_months",
        "generate_",
        "age",
    ];
    dated.iter().any(|part| function.contains(part)) && DATE_PARTS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_part_is_no_column() {
        assert!(takes_date_part("datediff", "DAY"));
        assert!(takes_date_part("timestamp_trunc", "month"));
        assert!(!takes_date_part("coalesce", "day"));
        assert!(!takes_date_part("date_trunc", "created_at"));
    }
}
