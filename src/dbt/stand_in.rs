//! Macros of well-known packages whose result is known without their code: what they print, in the shape that matters to
//! lineage (columns read, columns made, rows kept), not byte for byte.

mod cross_database;
mod dbt_utils;
mod fivetran;
mod scalar;
mod snowplow;

use std::sync::Arc;

use minijinja::{Error, State, Value};

use super::objects::Arguments;
use super::session::Session;
use crate::sql::dialect::Dialect;
use crate::sql::jinja::hole::is_hole;

/// Packages of which some macros have stand-ins.
pub const PACKAGES: [&str; 5] = ["dbt", "dbt_date", "dbt_utils", "fivetran_utils", "snowplow_utils"];

/// A call of a macro.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The rendering.
    pub session: &'a Arc<Session>,
    /// What it is called with.
    pub arguments: &'a Arguments,
}

impl Asked<'_> {
    fn dialect(&self) -> Dialect {
        self.session.setting.dialect
    }

    fn value(&self, position: usize, name: &str) -> Option<Value> {
        self.arguments.value(position, name)
    }

    fn text(&self, position: usize, name: &str) -> Option<String> {
        self.arguments.text(position, name)
    }

    /// The value of the variable that an argument names.
    fn variable(&self, position: usize, name: &str) -> Result<Option<Value>, Error> {
        let Some(name) = self.text(position, name) else { return Ok(None) };
        super::names::variable(self.session, &name)
    }
}

/// Whether there is a stand-in for a macro of a package.
#[must_use]
pub fn knows(package: &str, name: &str) -> bool {
    let is_known = match package {
        "dbt" => cross_database::knows(name),
        "dbt_utils" => dbt_utils::knows(name) || cross_database::knows(name),
        "fivetran_utils" => fivetran::knows(name),
        "snowplow_utils" => snowplow::knows(name),
        _ => false,
    };
    is_known || scalar::knows(package, name)
}

/// What a macro of a package gives; `None` where that hangs on more than what is known here.
///
/// # Errors
/// What a template says that is rendered on the way.
pub fn value(
    (package, name): (&str, &str),
    asked: &Asked<'_>,
    state: &mut State<'_, '_>,
) -> Result<Option<Value>, Error> {
    match package {
        "fivetran_utils" if fivetran::knows(name) => return fivetran::value(name, asked, state),
        "snowplow_utils" if snowplow::knows(name) => return Ok(snowplow::value(name, asked)),
        "dbt_utils" if dbt_utils::knows(name) => return Ok(dbt_utils::value(name, asked)),
        _ => {}
    }
    let scalar = || scalar::expand((package, name), asked.arguments);
    let text = cross_database::expand(name, asked.arguments, asked.dialect()).filter(|_| cross_database::knows(name));
    Ok(text.or_else(scalar).map(Value::from))
}

/// The items of a list; `None` for a hole.
fn items(value: &Value) -> Option<Vec<Value>> {
    if is_hole(value) {
        return None;
    }
    value.try_iter().ok().map(Iterator::collect)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::session::{Home, Session, Setting};
    use super::super::world::World;
    use super::*;

    fn called(package: &str, name: &str, values: &[Value], dialect: Dialect) -> Option<String> {
        let home = Home { project: 0, node: None, dialect, columns: Arc::default() };
        let setting =
            Setting::new(&Arc::new(World::default()), home, super::super::macros::Words::default(), Vec::new());
        let session = Session::new(&Arc::new(setting), false, std::collections::BTreeMap::new());
        let arguments = Arguments::read(values).expect("arguments");
        let environment = minijinja::Environment::new();
        let asked = Asked { session: &session, arguments: &arguments };
        let value = value((package, name), &asked, &mut environment.empty_state()).expect("no template");
        value.map(|value| value.to_string())
    }

    fn expanded(name: &str, values: &[Value], dialect: Dialect) -> Option<String> {
        called("dbt_utils", name, values, dialect)
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
        for name in cross_database::NAMES {
            assert!(called("dbt", name, &arguments, Dialect::Snowflake).is_some(), "{name}");
        }
    }

    #[test]
    fn scalar_macros_are_functions_of_their_arguments() {
        let called = |package, name, values: &[&str]| {
            let values: Vec<Value> = values.iter().map(|value| Value::from(*value)).collect();
            called(package, name, &values, Dialect::Snowflake)
        };
        assert_eq!(called("dbt_date", "day_name", &["d"]).as_deref(), Some("day_name(d)"));
        assert_eq!(called("dbt_date", "date_part", &["week", "d"]).as_deref(), Some("date_part(d)"));
        assert_eq!(called("dbt_date", "today", &[]).as_deref(), Some("current_timestamp"));
        assert_eq!(called("snowplow_utils", "get_value_by_target_type", &["a", "b"]).as_deref(), Some("b"));
    }
}
