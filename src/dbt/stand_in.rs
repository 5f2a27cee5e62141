//! Macros of `dbt` and `dbt_utils` whose result is known without their code: what they print, in the shape that matters to
//! lineage (columns read, columns made, rows kept), not byte for byte.

use minijinja::Value;

use super::objects::Arguments;
use crate::sql::dialect::Dialect;

/// Most columns that a `group_by(n)` lists.
const MOST_ORDINALS: i64 = 500;

/// Names of the cross-database macros of dbt itself; old versions of `dbt_utils` have them too.
const OF_DBT: [&str; 31] = [
    "any_value",
    "array_append",
    "array_concat",
    "array_construct",
    "bool_or",
    "cast",
    "cast_bool_to_text",
    "concat",
    "current_timestamp",
    "date",
    "date_trunc",
    "dateadd",
    "datediff",
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
    "split_part",
    "string_literal",
    "type_bigint",
    "type_boolean",
    "type_float",
    "type_int",
    "type_numeric",
];
const MORE_OF_DBT: [&str; 4] = ["type_string", "type_timestamp", "current_timestamp_in_utc", "snapshot_get_time"];
const OF_DBT_UTILS: [&str; 15] = [
    "date_spine",
    "deduplicate",
    "default__date_spine",
    "generate_series",
    "generate_surrogate_key",
    "group_by",
    "pivot",
    "safe_add",
    "safe_divide",
    "safe_subtract",
    "slugify",
    "star",
    "surrogate_key",
    "union_relations",
    "log_info",
];

/// Whether there is a stand-in for a macro of a package.
#[must_use]
pub fn knows(package: &str, name: &str) -> bool {
    let of_dbt = || OF_DBT.contains(&name) || MORE_OF_DBT.contains(&name);
    match package {
        "dbt" => of_dbt(),
        "dbt_utils" => OF_DBT_UTILS.contains(&name) || of_dbt(),
        _ => false,
    }
}

/// What a macro prints; `None` where that hangs on more than its arguments.
#[must_use]
pub fn expand(name: &str, arguments: &Arguments, dialect: Dialect) -> Option<String> {
    if let Some(kind) = name.strip_prefix("type_") {
        return Some(type_name(kind, dialect).to_owned());
    }
    if OF_DBT_UTILS.contains(&name) { of_dbt_utils(name, arguments, dialect) } else { of_dbt(name, arguments, dialect) }
}

fn type_name(kind: &str, dialect: Dialect) -> &'static str {
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
        "current_timestamp" | "current_timestamp_in_utc" | "snapshot_get_time" => "current_timestamp".to_owned(),
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

fn of_dbt_utils(name: &str, arguments: &Arguments, dialect: Dialect) -> Option<String> {
    let text = |position, name| arguments.text(position, name);
    Some(match name {
        "star" => return star(arguments, dialect),
        "generate_surrogate_key" | "surrogate_key" => surrogate_key(arguments, dialect),
        "group_by" => {
            let n = arguments.value(0, "n").and_then(|n| i64::try_from(n).ok())?.clamp(1, MOST_ORDINALS);
            format!("group by {}", (1..=n).map(|n| n.to_string()).collect::<Vec<_>>().join(","))
        }
        "safe_add" | "safe_subtract" => {
            let fields = fields(arguments, "field_list");
            let fields: Vec<String> = fields.iter().map(|field| format!("coalesce({field}, 0)")).collect();
            fields.join(if name == "safe_add" { " + " } else { " - " })
        }
        "safe_divide" => format!("( {} ) / nullif( ( {} ), 0)", text(0, "numerator")?, text(1, "denominator")?),
        "slugify" => slug(&text(0, "string")?),
        "deduplicate" => format!("select * from {}", text(0, "relation")?),
        "union_relations" => {
            let relations = arguments.list(0, "relations");
            let selects = relations.iter().map(|relation| format!("(select * from {relation})"));
            selects.collect::<Vec<_>>().join(" union all ")
        }
        "date_spine" | "default__date_spine" => {
            let (part, start) = (text(0, "datepart")?, text(1, "start_date")?);
            format!("select cast({start} as {}) as date_{}", type_name("timestamp", dialect), slug(&part))
        }
        "generate_series" => "select 1 as generated_number".to_owned(),
        "pivot" => return pivot(arguments),
        "log_info" => String::new(),
        _ => return None,
    })
}

fn fields(arguments: &Arguments, name: &str) -> Vec<String> {
    // Old versions take the fields one by one.
    let values: Vec<Value> = match arguments.positional() {
        [] => arguments.list(0, name),
        [_] => arguments.list(0, name),
        several => several.to_vec(),
    };
    values.iter().map(ToString::to_string).collect()
}

fn surrogate_key(arguments: &Arguments, dialect: Dialect) -> String {
    let string = type_name("string", dialect);
    let fields = fields(arguments, "field_list");
    let parts: Vec<String> = fields.iter().map(|field| format!("coalesce(cast({field} as {string}), '')")).collect();
    format!("md5(cast({} as {string}))", parts.join(" || '-' || "))
}

/// All columns of a relation. With a prefix or suffix their names hang on what the warehouse holds; so do the columns that
/// are left out where the dialect has no word for leaving out.
fn star(arguments: &Arguments, dialect: Dialect) -> Option<String> {
    if ["prefix", "suffix"].iter().any(|name| arguments.text(9, name).is_some_and(|text| !text.is_empty())) {
        return None;
    }
    let from = arguments.text(0, "from")?;
    let alias = arguments.text(1, "relation_alias").filter(|alias| !alias.is_empty()).unwrap_or(from);
    let left_out: Vec<String> = arguments.list(2, "except").iter().map(ToString::to_string).collect();
    if left_out.is_empty() {
        return Some(format!("{alias}.*"));
    }
    let word = match dialect {
        Dialect::BigQuery | Dialect::Databricks | Dialect::Spark | Dialect::ClickHouse => "except",
        Dialect::Snowflake | Dialect::DuckDb | Dialect::Redshift | Dialect::Generic | Dialect::Trino => "exclude",
        _ => return None,
    };
    Some(format!("{alias}.* {word} ({})", left_out.join(", ")))
}

fn pivot(arguments: &Arguments) -> Option<String> {
    let column = arguments.text(0, "column")?;
    let values = arguments.list(1, "values");
    if values.is_empty() {
        return None;
    }
    let given = |name, default: &str| arguments.text(99, name).unwrap_or_else(|| default.to_owned());
    let (aggregate, compare) = (given("agg", "sum"), given("cmp", "="));
    let (prefix, suffix) = (given("prefix", ""), given("suffix", ""));
    let (then, otherwise) = (given("then_value", "1"), given("else_value", "0"));
    let column = |value: &Value| {
        let text = value.to_string();
        let literal = text.replace('\'', "''");
        let name = text.replace('"', "\"\"");
        let case = format!("case when {column} {compare} '{literal}' then {then} else {otherwise} end");
        format!("{aggregate}({case}) as \"{prefix}{name}{suffix}\"")
    };
    Some(values.iter().map(column).collect::<Vec<_>>().join(",\n"))
}

fn slug(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    lower.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(name: &str, values: &[Value], dialect: Dialect) -> Option<String> {
        expand(name, &Arguments::read(values).expect("arguments"), dialect)
    }

    #[test]
    fn known_macros_print_their_shape() {
        let list = Value::from(vec!["a", "b"]);
        let key = expanded("generate_surrogate_key", std::slice::from_ref(&list), Dialect::Postgres);
        assert_eq!(
            key.as_deref(),
            Some("md5(cast(coalesce(cast(a as varchar), '') || '-' || coalesce(cast(b as varchar), '') as varchar))")
        );
        assert_eq!(expanded("group_by", &[Value::from(3)], Dialect::Postgres).as_deref(), Some("group by 1,2,3"));
        assert_eq!(
            expanded("safe_divide", &["a", "b"].map(Value::from), Dialect::Postgres).as_deref(),
            Some("( a ) / nullif( ( b ), 0)")
        );
        let pivot = expanded("pivot", &[Value::from("kind"), list], Dialect::Postgres).expect("known");
        assert!(pivot.starts_with("sum(case when kind = 'a' then 1 else 0 end) as \"a\",\n"));
    }

    #[test]
    fn a_star_leaves_out_in_the_words_of_the_dialect() {
        let arguments = [Value::from("t"), Value::from(()), Value::from(vec!["x"])];
        assert_eq!(expanded("star", &arguments, Dialect::BigQuery).as_deref(), Some("t.* except (x)"));
        assert_eq!(expanded("star", &arguments, Dialect::Snowflake).as_deref(), Some("t.* exclude (x)"));
        assert_eq!(expanded("star", &arguments, Dialect::Postgres), None);
    }

    #[test]
    fn an_endless_group_by_is_cut() {
        assert!(
            expanded("group_by", &[Value::from(10_i64.pow(12))], Dialect::Postgres)
                .is_some_and(|text| text.len() < 5_000)
        );
    }

    #[test]
    fn every_known_macro_of_dbt_expands() {
        let arguments = [Value::from(vec!["a", "b"]), Value::from("b"), Value::from("c")];
        for name in OF_DBT.iter().chain(&MORE_OF_DBT) {
            assert!(expanded(name, &arguments, Dialect::Snowflake).is_some(), "{name}");
        }
    }
}
