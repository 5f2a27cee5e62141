//! Macros of `dbt_utils`.

use minijinja::Value;

use super::Asked;
use super::cross_database::type_name;
use crate::dbt::column::{self, KnownColumn};
use crate::dbt::objects::Arguments;
use crate::dbt::relation::quoted;
use crate::sql::dialect::Dialect;

/// Most columns that a `group_by(n)` lists.
const MOST_ORDINALS: i64 = 500;

const OF_DBT_UTILS: [&str; 17] = [
    "date_spine",
    "deduplicate",
    "default__date_spine",
    "generate_series",
    "generate_surrogate_key",
    "get_filtered_columns_in_relation",
    "group_by",
    "pivot",
    "safe_add",
    "safe_divide",
    "safe_subtract",
    "slugify",
    "star",
    "surrogate_key",
    "union_relations",
    "unpivot",
    "log_info",
];

/// Whether there is a stand-in for a macro.
pub(super) fn knows(name: &str) -> bool {
    OF_DBT_UTILS.contains(&name)
}

/// What a macro gives.
pub(super) fn value(name: &str, asked: &Asked<'_>) -> Option<Value> {
    match name {
        "get_filtered_columns_in_relation" => {
            let left_out = asked.arguments.list(1, "except");
            let words = "dbt_utils.get_filtered_columns_in_relation";
            Some(column::names(asked.session, asked.value(0, "from").as_ref(), &left_out, words))
        }
        "unpivot" => unpivot(asked).map(Value::from),
        "star" => star(asked).map(Value::from),
        "union_relations" => union_relations(asked).map(Value::from),
        _ => of_dbt_utils(name, asked.arguments, asked.dialect()).map(Value::from),
    }
}

fn of_dbt_utils(name: &str, arguments: &Arguments, dialect: Dialect) -> Option<String> {
    let text = |position, name| arguments.text(position, name);
    Some(match name {
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

/// All columns of a relation. A prefix or suffix needs the columns themselves; so does leaving out where the dialect has no
/// word for it.
fn star(asked: &Asked<'_>) -> Option<String> {
    let given = |name| asked.text(9, name).filter(|text| !text.is_empty());
    let (prefix, suffix) = (given("prefix"), given("suffix"));
    let from = asked.text(0, "from")?;
    let alias = asked.text(1, "relation_alias").filter(|alias| !alias.is_empty());
    let left_out = texts(&asked.arguments.list(2, "except"));
    let word = match asked.dialect() {
        Dialect::BigQuery | Dialect::Databricks | Dialect::Spark | Dialect::ClickHouse => Some("except"),
        Dialect::Snowflake | Dialect::DuckDb | Dialect::Redshift | Dialect::Generic | Dialect::Trino => Some("exclude"),
        _ => None,
    };
    if prefix.is_none() && suffix.is_none() {
        let source = alias.as_deref().unwrap_or(&from);
        if left_out.is_empty() {
            return Some(format!("{source}.*"));
        }
        if let Some(word) = word {
            return Some(format!("{source}.* {word} ({})", left_out.join(", ")));
        }
    }
    let columns = column::known(asked.session, asked.value(0, "from").as_ref())?;
    let kept = columns.into_iter().map(|(name, _)| name).filter(|name| !contains(&left_out, name));
    let place = alias.map(|alias| format!("{alias}.")).unwrap_or_default();
    let (prefix, suffix) = (prefix.unwrap_or_default(), suffix.unwrap_or_default());
    let item = |name: String| {
        let name = quoted(&name, asked.dialect());
        if prefix.is_empty() && suffix.is_empty() {
            return format!("{place}{name}");
        }
        format!("{place}{name} as {prefix}{name}{suffix}")
    };
    Some(kept.map(item).collect::<Vec<_>>().join(",\n"))
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// A row for each column that is not kept. Where the columns are not known, the value is a hole, and what is kept is known
/// all the same.
fn unpivot(asked: &Asked<'_>) -> Option<String> {
    let relation = asked.text(0, "relation")?;
    let kept = texts(&asked.arguments.list(2, "exclude"));
    let removed = texts(&asked.arguments.list(3, "remove"));
    let string = type_name("string", asked.dialect());
    let kind = asked.text(1, "cast_to").unwrap_or_else(|| string.to_owned());
    let named = |position, name, default: &str| asked.text(position, name).unwrap_or_else(|| default.to_owned());
    let (field, value) = (named(4, "field_name", "field_name"), named(5, "value_name", "value"));
    let select = |name: &str, expression: &str| {
        let kept: String = kept.iter().map(|name| format!("{name}, ")).collect();
        format!(
            "select {kept}cast('{name}' as {string}) as {field}, cast({expression} as {kind}) as {value} from {relation}"
        )
    };
    let Some(columns) = column::known(asked.session, asked.value(0, "relation").as_ref()) else {
        let hole = asked.session.holes.value("dbt_utils.unpivot", Some("which columns become rows is not known"));
        return Some(select("", &hole.to_string()));
    };
    let turned =
        columns.iter().map(|(name, _)| name).filter(|name| !contains(&kept, name) && !contains(&removed, name));
    let selects: Vec<String> = turned.map(|name| select(name, &quoted(name, asked.dialect()))).collect();
    (!selects.is_empty()).then(|| selects.join("\nunion all\n"))
}

/// The rows of several relations, their columns matched by name where all of them are known.
fn union_relations(asked: &Asked<'_>) -> Option<String> {
    let relations = asked.arguments.list(0, "relations");
    if relations.is_empty() {
        return None;
    }
    let (included, left_out) = (texts(&asked.arguments.list(2, "include")), texts(&asked.arguments.list(3, "exclude")));
    let columns: Vec<Option<Vec<KnownColumn>>> =
        relations.iter().map(|relation| column::known(asked.session, Some(relation))).collect();
    let without_source = asked.arguments.named().get("source_column_name").is_some_and(Value::is_none);
    let source = asked.text(4, "source_column_name").unwrap_or_else(|| "_dbt_source_relation".to_owned());
    let source = if without_source { String::new() } else { format!("'' as {source}, ") };
    let Some(columns) = columns.into_iter().collect::<Option<Vec<_>>>() else {
        let selects = relations.iter().map(|relation| format!("(select {source}* from {relation})"));
        return Some(selects.collect::<Vec<_>>().join(" union all "));
    };
    let mut all: Vec<&str> = Vec::new();
    for (name, _) in columns.iter().flatten() {
        let is_taken = (included.is_empty() || contains(&included, name)) && !contains(&left_out, name);
        if is_taken && !all.contains(&name.as_str()) {
            all.push(name);
        }
    }
    let select = |(relation, own): (&Value, &Vec<KnownColumn>)| {
        let items = all.iter().map(|name| {
            let shown = quoted(name, asked.dialect());
            let has = own.iter().any(|(other, _)| other == name);
            if has { shown } else { format!("null as {shown}") }
        });
        format!("(select {source}{} from {relation})", items.collect::<Vec<_>>().join(", "))
    };
    Some(relations.iter().zip(&columns).map(select).collect::<Vec<_>>().join("\nunion all\n"))
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
