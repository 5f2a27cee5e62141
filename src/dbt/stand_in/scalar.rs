//! Macros that print one expression over their arguments: a function of them, or a moment in time.

use crate::dbt::objects::Arguments;

/// A macro of a package, the SQL function that stands for it, and the arguments that are expressions.
type Function = (&'static str, &'static str, &'static str, &'static [(usize, &'static str)]);

const FUNCTIONS: [Function; 32] = [
    ("dbt_date", "convert_timezone", "convert_timezone", &[(0, "column")]),
    ("dbt_date", "date_part", "date_part", &[(1, "date")]),
    ("dbt_date", "day_name", "day_name", &[(0, "date")]),
    ("dbt_date", "day_of_month", "day_of_month", &[(0, "date")]),
    ("dbt_date", "day_of_week", "day_of_week", &[(0, "date")]),
    ("dbt_date", "day_of_year", "day_of_year", &[(0, "date")]),
    ("dbt_date", "from_unixtimestamp", "from_unixtimestamp", &[(0, "epochs")]),
    ("dbt_date", "iso_week_end", "iso_week_end", &[(0, "date")]),
    ("dbt_date", "iso_week_of_year", "iso_week_of_year", &[(0, "date")]),
    ("dbt_date", "iso_week_start", "iso_week_start", &[(0, "date")]),
    ("dbt_date", "month_name", "month_name", &[(0, "date")]),
    ("dbt_date", "periods_since", "datediff", &[(0, "date_col")]),
    ("dbt_date", "round_timestamp", "round_timestamp", &[(0, "timestamp")]),
    ("dbt_date", "to_unixtimestamp", "to_unixtimestamp", &[(0, "timestamp")]),
    ("dbt_date", "week_end", "week_end", &[(0, "date")]),
    ("dbt_date", "week_of_year", "week_of_year", &[(0, "date")]),
    ("dbt_date", "week_start", "week_start", &[(0, "date")]),
    ("dbt_utils", "get_url_host", "get_url_host", &[(0, "field")]),
    ("dbt_utils", "get_url_parameter", "get_url_parameter", &[(0, "field")]),
    ("dbt_utils", "get_url_path", "get_url_path", &[(0, "field")]),
    ("dbt_utils", "haversine_distance", "haversine_distance", &[(0, "lat1"), (1, "lon1"), (2, "lat2"), (3, "lon2")]),
    (
        "dbt_utils",
        "width_bucket",
        "width_bucket",
        &[(0, "expr"), (1, "min_value"), (2, "max_value"), (3, "num_buckets")],
    ),
    ("fivetran_utils", "array_agg", "array_agg", &[(0, "field_to_agg")]),
    ("fivetran_utils", "ceiling", "ceiling", &[(0, "num")]),
    ("fivetran_utils", "extract_url_parameter", "get_url_parameter", &[(0, "field")]),
    ("fivetran_utils", "json_extract", "json_extract", &[(0, "string")]),
    ("fivetran_utils", "json_parse", "json_extract", &[(0, "string")]),
    ("fivetran_utils", "max_bool", "max", &[(0, "boolean_field")]),
    ("fivetran_utils", "string_agg", "string_agg", &[(0, "field_to_agg"), (1, "delimiter")]),
    ("fivetran_utils", "try_cast", "try_cast", &[(0, "field")]),
    ("snowplow_utils", "cast_to_tstamp", "to_timestamp", &[(0, "tstamp_literal")]),
    ("snowplow_utils", "to_unixtstamp", "to_unixtstamp", &[(0, "tstamp")]),
];

/// Macros that print a moment.
const MOMENTS: [(&str, &str); 14] = [
    ("dbt_date", "last_month"),
    ("dbt_date", "last_week"),
    ("dbt_date", "n_days_ago"),
    ("dbt_date", "n_days_away"),
    ("dbt_date", "n_months_ago"),
    ("dbt_date", "n_months_away"),
    ("dbt_date", "n_weeks_ago"),
    ("dbt_date", "n_weeks_away"),
    ("dbt_date", "next_month"),
    ("dbt_date", "now"),
    ("dbt_date", "today"),
    ("dbt_date", "tomorrow"),
    ("dbt_date", "yesterday"),
    ("snowplow_utils", "current_timestamp_in_utc"),
];

/// Macros that print a query of dates, with the places of the first date and of the part.
const CALENDARS: [(&str, &str); 1] = [("dbt_date", "get_base_dates")];

/// Whether a macro is one of them.
pub(super) fn knows(package: &str, name: &str) -> bool {
    MOMENTS.contains(&(package, name))
        || CALENDARS.contains(&(package, name))
        || FUNCTIONS.iter().any(|(other, macro_name, _, _)| (*other, *macro_name) == (package, name))
}

/// What a macro prints.
pub(super) fn expand(name: (&str, &str), arguments: &Arguments) -> Option<String> {
    if MOMENTS.contains(&name) {
        return Some("current_timestamp".to_owned());
    }
    if CALENDARS.contains(&name) {
        let part = arguments.text(3, "datepart").unwrap_or_else(|| "day".to_owned());
        return Some(format!("select cast(current_timestamp as timestamp) as date_{}", part.trim().to_lowercase()));
    }
    let (_, _, function, parameters) =
        FUNCTIONS.iter().find(|(package, macro_name, _, _)| (*package, *macro_name) == name)?;
    let given = parameters.iter().filter_map(|(position, name)| arguments.text(*position, name));
    let given: Vec<String> = given.filter(|text| !text.trim().is_empty()).collect();
    // Without an argument it is about today.
    Some(if given.is_empty() { "current_timestamp".to_owned() } else { format!("{function}({})", given.join(", ")) })
}
