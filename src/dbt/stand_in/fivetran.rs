//! Macros of `fivetran_utils`.
//!
//! A staging model of these packages selects the columns that it lists wherever the source has them, and null elsewhere: read
//! here as reading each column of its name, unless all columns of the source are known and it is not among them.

use minijinja::{Error, State, Value};

use super::cross_database::type_name;
use super::{Asked, items};
use crate::dbt::names::{source_relation, variable};
use crate::dbt::relation::in_quotes;
use crate::sql::dialect::Dialect;
use crate::sql::jinja::hole::is_hole;

const KNOWN: [&str; 20] = [
    "add_pass_through_columns",
    "apply_source_relation",
    "calculated_fields",
    "dummy_coalesce_value",
    "empty_variable_warning",
    "enabled_vars",
    "enabled_vars_one_true",
    "fill_pass_through_columns",
    "fill_staging_columns",
    "first_value",
    "partition_by_source_relation",
    "percentile",
    "persist_pass_through_columns",
    "pivot_json_extract",
    "remove_prefix_from_columns",
    "source_relation",
    "timestamp_add",
    "timestamp_diff",
    "union_connections",
    "union_data",
];

/// Whether there is a stand-in for a macro.
pub(super) fn knows(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// What a macro gives.
///
/// # Errors
/// What a template says that is rendered on the way.
pub(super) fn value(name: &str, asked: &Asked<'_>, state: &mut State<'_, '_>) -> Result<Option<Value>, Error> {
    let text = match name {
        "enabled_vars" | "enabled_vars_one_true" => return enabled(name, asked).map(|on| Some(Value::from(on))),
        "add_pass_through_columns" => add_columns(asked, state)?,
        "fill_pass_through_columns" => passed_through(asked, "pass_through_variable", &filled)?,
        "persist_pass_through_columns" => {
            let place = asked.text(1, "identifier").map(|place| format!("{place}.")).unwrap_or_default();
            passed_through(asked, "pass_through_variable", &|field| field.name.map(|name| format!("{place}{name}")))?
        }
        "calculated_fields" => passed_through(asked, "variable", &filled)?,
        "union_data" => union_data(asked)?,
        "union_connections" => union_connections(asked)?,
        "source_relation" | "apply_source_relation" => relation_of_source(asked)?,
        "partition_by_source_relation" => partition(asked)?,
        _ => of_arguments(name, asked),
    };
    Ok(text.map(Value::from))
}

/// What hangs on the arguments alone.
fn of_arguments(name: &str, asked: &Asked<'_>) -> Option<String> {
    let text = |position, name| asked.text(position, name);
    Some(match name {
        "fill_staging_columns" => return staging_columns(asked),
        "remove_prefix_from_columns" => return without_prefix(asked),
        "dummy_coalesce_value" => "''".to_owned(),
        "empty_variable_warning" => String::new(),
        "first_value" => {
            let (field, partition) = (text(0, "first_value_field")?, text(1, "partition_field")?);
            let (order, way) = (text(2, "order_by_field")?, text(3, "order").unwrap_or_else(|| "asc".to_owned()));
            format!("first_value({field}) over (partition by {partition} order by {order} {way})")
        }
        "percentile" => {
            let (field, partition) = (text(0, "percentile_field")?, text(1, "partition_field")?);
            format!(
                "percentile_cont({}) within group (order by {field}) over (partition by {partition})",
                text(2, "percent")?
            )
        }
        "timestamp_add" => {
            let (part, interval) = (text(0, "datepart")?, text(1, "interval")?);
            format!("dateadd('{part}', {interval}, {})", text(2, "from_timestamp")?)
        }
        "timestamp_diff" => {
            let (first, second) = (text(0, "first_date")?, text(1, "second_date")?);
            format!("datediff('{}', {first}, {second})", text(2, "datepart")?)
        }
        "pivot_json_extract" => {
            let string = text(0, "string")?;
            let column = |property: Value| {
                let path = property.to_string();
                let name = path.replace([' ', '.'], "_").to_lowercase();
                format!("json_extract({string}, '{}') as {name}", path.replace('\'', "''"))
            };
            let properties = items(&asked.value(1, "list_of_properties")?)?;
            properties.into_iter().map(column).collect::<Vec<_>>().join(",\n")
        }
        _ => return None,
    })
}

/// Whether none of the variables is false (`enabled_vars`), or one is true.
fn enabled(name: &str, asked: &Asked<'_>) -> Result<bool, Error> {
    let mut values = Vec::new();
    for of in asked.arguments.list(0, "vars") {
        values.push(variable(asked.session, &of.to_string())?.map(|value| value.to_string().to_lowercase()));
    }
    let is = |word: &str| values.iter().flatten().any(|value| value == word);
    Ok(if name == "enabled_vars" { !is("false") } else { is("true") })
}

/// A column as these packages describe it: a map, or its name alone.
struct Field {
    name: Option<String>,
    alias: Option<String>,
    sql: Option<String>,
    kind: Option<String>,
    is_quoted: bool,
}

impl Field {
    fn of(value: &Value) -> Self {
        if value.as_str().is_some() {
            let name = Some(value.to_string());
            return Self { name, alias: None, sql: None, kind: None, is_quoted: false };
        }
        let part = |key: &str| {
            let part = value.get_attr(key).ok().filter(|part| part.as_str().is_some() || is_hole(part));
            part.map(|part| part.to_string()).filter(|text| !text.is_empty())
        };
        let is_quoted = value.get_attr("quote").is_ok_and(|quote| quote.is_true() && !is_hole(&quote));
        Self { name: part("name"), alias: part("alias"), sql: part("transform_sql"), kind: part("datatype"), is_quoted }
    }

    /// The name as SQL reads it. Snowflake keeps what is read without quotes in capitals, and so do these packages.
    fn read(&self, dialect: Dialect) -> Option<String> {
        let name = self.name.as_deref()?;
        Some(match dialect {
            _ if !self.is_quoted => name.to_owned(),
            Dialect::Snowflake => in_quotes(&name.to_uppercase(), dialect),
            _ => in_quotes(name, dialect),
        })
    }

    /// What it is called where it is read.
    fn shown(&self) -> Option<&str> {
        self.alias.as_deref().or(self.name.as_deref())
    }
}

fn staging_columns(asked: &Asked<'_>) -> Option<String> {
    let wanted = items(&asked.value(1, "staging_columns")?)?;
    let held = asked.value(0, "source_columns").as_ref().and_then(items);
    let held: Option<Vec<String>> = held.map(|columns| columns.iter().map(|column| column.to_string()).collect());
    let string = type_name("string", asked.dialect());
    let column = |value: &Value| {
        let field = Field::of(value);
        let (name, read) = (field.name.as_deref()?, field.read(asked.dialect())?);
        let shown = field.alias.as_deref().unwrap_or(&read);
        let is_missing = held.as_ref().is_some_and(|held| !held.iter().any(|held| held.eq_ignore_ascii_case(name)));
        let source = if is_missing {
            format!("cast(null as {})", field.kind.as_deref().unwrap_or(string))
        } else {
            read.clone()
        };
        Some(format!("{source} as {shown}"))
    };
    let columns: Vec<String> = wanted.iter().filter_map(column).collect();
    (!columns.is_empty()).then(|| columns.join(",\n"))
}

fn without_prefix(asked: &Asked<'_>) -> Option<String> {
    let columns = items(&asked.value(0, "columns")?)?;
    let prefix = asked.text(1, "prefix").unwrap_or_default().to_lowercase();
    let left_out = asked.arguments.list(2, "exclude");
    let names = columns.iter().map(ToString::to_string);
    let kept = names.filter(|name| !left_out.iter().any(|other| other.to_string().eq_ignore_ascii_case(name)));
    let item = |name: String| match name.to_lowercase().strip_prefix(&prefix) {
        Some(rest) if !prefix.is_empty() && !rest.is_empty() => format!("{name} as {rest}"),
        _ => name,
    };
    Some(kept.map(item).collect::<Vec<_>>().join(",\n"))
}

/// Adds the columns that a variable lists to those of a staging model.
fn add_columns(asked: &Asked<'_>, state: &mut State<'_, '_>) -> Result<Option<String>, Error> {
    let (Some(list), Some(added)) = (asked.value(0, "base_columns"), asked.value(1, "pass_through_fields")) else {
        return Ok(Some(String::new()));
    };
    for value in added.try_iter()? {
        list.call_method(state, "append", &[value])?;
    }
    Ok(Some(String::new()))
}

/// An item for each column that a variable lists, each with a comma before it.
fn passed_through(
    asked: &Asked<'_>,
    parameter: &str,
    item: &dyn Fn(Field) -> Option<String>,
) -> Result<Option<String>, Error> {
    let Some(fields) = asked.variable(0, parameter)? else { return Ok(Some(String::new())) };
    let fields = fields.try_iter()?.map(|value| Field::of(&value));
    Ok(Some(fields.filter_map(item).map(|item| format!("\n, {item}")).collect()))
}

fn filled(field: Field) -> Option<String> {
    let shown = field.shown()?;
    Some(field.sql.as_ref().map_or_else(|| shown.to_owned(), |sql| format!("{sql} as {shown}")))
}

/// Whether a variable lists something.
fn lists(asked: &Asked<'_>, name: &str) -> Result<bool, Error> {
    Ok(variable(asked.session, name)?.is_some_and(|value| value.len().is_some_and(|length| length > 0)))
}

/// Whether a project reads several sources of one kind as one.
fn unites(asked: &Asked<'_>) -> Result<bool, Error> {
    let given = |name| asked.arguments.named().get(name).map(ToString::to_string);
    let schemas = given("union_schema_variable").unwrap_or_else(|| "union_schemas".to_owned());
    let databases = given("union_database_variable").unwrap_or_else(|| "union_databases".to_owned());
    Ok(lists(asked, &schemas)? || lists(asked, &databases)?)
}

fn union_data(asked: &Asked<'_>) -> Result<Option<String>, Error> {
    if unites(asked)? {
        return Ok(None);
    }
    let given = asked.variable(5, "default_variable")?.map(|relation| relation.to_string());
    let source =
        || Some(source_relation(asked.session, &asked.text(4, "default_schema")?, &asked.text(0, "table_identifier")?));
    let relation = given.or_else(|| source().map(|relation| relation.to_string()));
    Ok(relation.map(|relation| format!("select * from {relation}")))
}

fn union_connections(asked: &Asked<'_>) -> Result<Option<String>, Error> {
    let several = asked.text(0, "connection_dictionary").map(|name| lists(asked, &name)).transpose()?;
    let (Some(source), Some(table)) = (asked.text(1, "single_source_name"), asked.text(2, "single_table_name")) else {
        return Ok(None);
    };
    if several == Some(true) {
        return Ok(None);
    }
    Ok(Some(format!("select * from {}", source_relation(asked.session, &source, &table))))
}

/// The column that says which source a row is from: a constant where there is one source.
fn relation_of_source(asked: &Asked<'_>) -> Result<Option<String>, Error> {
    let package = asked.text(0, "package_name").map(|name| format!("{name}_sources"));
    let several = package.map(|name| lists(asked, &name)).transpose()?.unwrap_or(false) || unites(asked)?;
    let value = if several { "_dbt_source_relation" } else { "''" };
    Ok(Some(format!(", {value} as source_relation")))
}

/// The same column in a window, which has it where there are several sources.
fn partition(asked: &Asked<'_>) -> Result<Option<String>, Error> {
    let package = asked.text(0, "package_name").map(|name| format!("{name}_sources"));
    let several = package.map(|name| lists(asked, &name)).transpose()?.unwrap_or(false) || unites(asked)?;
    if !several {
        return Ok(Some(String::new()));
    }
    let place = asked.text(2, "alias").map(|alias| format!("{alias}.")).unwrap_or_default();
    let is_first = asked.text(1, "has_other_partitions").is_some_and(|text| text == "no");
    Ok(Some(format!("{} {place}source_relation", if is_first { "partition by" } else { "," })))
}
