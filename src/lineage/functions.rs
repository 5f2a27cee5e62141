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
    "any",
    "any_value",
    "anyheavy",
    "anylast",
    "approx_count_distinct",
    "approx_distinct",
    "approx_most_frequent",
    "approx_percentile",
    "approx_quantile",
    "approx_quantiles",
    "approx_set",
    "approx_top_count",
    "approx_top_k",
    "approx_top_sum",
    "arbitrary",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "array_agg",
    "array_concat_agg",
    "array_union_agg",
    "array_unique_agg",
    "arrayagg",
    "avg",
    "avgif",
    "avgweighted",
    "bit_and",
    "bit_and_agg",
    "bit_or",
    "bit_or_agg",
    "bit_xor",
    "bit_xor_agg",
    "bitand_agg",
    "bitmap_construct_agg",
    "bitmap_or_agg",
    "bitor_agg",
    "bitstring_agg",
    "bitwise_and_agg",
    "bitwise_or_agg",
    "bitwise_xor_agg",
    "bool_and",
    "bool_or",
    "booland_agg",
    "boolor_agg",
    "boolxor_agg",
    "checksum",
    "checksum_agg",
    "collect",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_big",
    "count_if",
    "count_min_sketch",
    "countif",
    "covar_pop",
    "covar_samp",
    "covarpop",
    "covarsamp",
    "deltasum",
    "entropy",
    "every",
    "favg",
    "first",
    "first_value",
    "first_value_agg",
    "fsum",
    "geomean",
    "geometric_mean",
    "group_concat",
    "grouparray",
    "grouparraydistinct",
    "grouparrayinsertat",
    "grouparraymovingavg",
    "grouparraymovingsum",
    "grouparraysample",
    "groupbitand",
    "groupbitmap",
    "groupbitor",
    "groupbitxor",
    "grouping",
    "grouping_id",
    "groupuniqarray",
    "hash_agg",
    "histogram",
    "histogram_numeric",
    "hll",
    "hll_accumulate",
    "hll_combine",
    "hll_count",
    "hll_estimate",
    "hll_sketch_agg",
    "hll_union_agg",
    "json_agg",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kahan_sum",
    "kurtosis",
    "last",
    "last_value",
    "list",
    "listagg",
    "logical_and",
    "logical_or",
    "mad",
    "map_agg",
    "map_union",
    "max",
    "max_by",
    "maxif",
    "maxmap",
    "mean",
    "median",
    "min",
    "min_by",
    "minhash",
    "minif",
    "minmap",
    "mode",
    "multimap_agg",
    "numeric_histogram",
    "object_agg",
    "percentile",
    "percentile_approx",
    "percentile_cont",
    "percentile_disc",
    "product",
    "qdigest_agg",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "quantiledeterministic",
    "quantileexact",
    "quantiles",
    "quantilesexact",
    "quantilestdigest",
    "quantilestiming",
    "quantiletdigest",
    "quantiletiming",
    "range_agg",
    "reduce_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "reservoir_quantile",
    "retention",
    "sem",
    "sequencecount",
    "sequencematch",
    "set_agg",
    "set_union",
    "skewness",
    "some",
    "st_centroid_agg",
    "st_union_agg",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "stddevpop",
    "stddevsamp",
    "stdev",
    "stdevp",
    "string_agg",
    "sum",
    "sumif",
    "sumkahan",
    "summap",
    "sumwithoverflow",
    "tdigest_agg",
    "topk",
    "topkweighted",
    "total",
    "try_avg",
    "try_sum",
    "uniq",
    "uniqcombined",
    "uniqcombined64",
    "uniqexact",
    "uniqhll12",
    "uniqtheta",
    "uniqupto",
    "var",
    "var_pop",
    "var_samp",
    "variance",
    "variance_pop",
    "variance_samp",
    "varp",
    "varpop",
    "varsamp",
    "weighted_avg",
    "windowfunnel",
    "wm_concat",
    "xmlagg",
];

/// ClickHouse's endings that make an aggregate of an aggregate: `sumIf`, `uniqMergeState`, `avgOrNull`.
const COMBINATORS: &[&str] = &[
    "argmax",
    "argmin",
    "array",
    "distinct",
    "foreach",
    "if",
    "map",
    "merge",
    "ordefault",
    "ornull",
    "resample",
    "simplestate",
    "state",
];

/// Families of aggregates of which each member has a name of its own behind the dot: `hll_count.merge`.
const FAMILIES: &[&str] = &["hll_count.", "kll_quantiles."];

fn is_aggregate(name: &str) -> bool {
    let plain = |name: &str| AGGREGATES.binary_search(&name).is_ok();
    let (mut base, mut found) = (name, plain(name));
    while let Some(shorter) = COMBINATORS.iter().find_map(|ending| base.strip_suffix(ending)).filter(|_| !found) {
        base = shorter;
        found = plain(base);
    }
    found || FAMILIES.iter().any(|family| name.starts_with(family) && !name.contains("extract"))
}

/// The role of a function by its name in lower case.
pub(crate) fn role(name: &str) -> Role {
    if is_aggregate(name) {
        Role::Aggregate
    } else if matches!(name, "if" | "iff" | "iif" | "nvl2") {
        Role::Conditional
    } else {
        Role::Scalar
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
    fn aggregates_are_found_by_name_by_family_and_through_combinators() {
        assert!(AGGREGATES.is_sorted());
        for name in ["sum", "sumif", "uniqmergestate", "avgornull", "hll_count.init", "any", "countif"] {
            assert_eq!(role(name), Role::Aggregate, "{name}");
        }
        for name in ["nullif", "arraymap", "if", "hll_count.extract", "coalesce", "date"] {
            assert_ne!(role(name), Role::Aggregate, "{name}");
        }
    }

    #[test]
    fn a_date_part_is_no_column() {
        assert!(takes_date_part("datediff", "DAY"));
        assert!(takes_date_part("timestamp_trunc", "month"));
        assert!(!takes_date_part("coalesce", "day"));
        assert!(!takes_date_part("date_trunc", "created_at"));
    }
}
