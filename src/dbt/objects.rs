//! The values that dbt's names have: relations, macros, packages, the adapter, the target, moments in time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::column;
use super::session::Session;
use super::stand_in::{self, Asked};

/// The arguments of a call.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    positional: Vec<Value>,
    named: BTreeMap<String, Value>,
}

impl Arguments {
    /// Reads the arguments of a call.
    ///
    /// # Errors
    /// When minijinja cannot tell names from positions.
    pub fn read(values: &[Value]) -> Result<Self, Error> {
        let (positional, named): (&[Value], Kwargs) = from_args(values)?;
        let names: Vec<String> = named.args().map(str::to_owned).collect();
        let pairs = names.into_iter().map(|name| Ok((name.clone(), named.peek::<Value>(&name)?)));
        Ok(Self { positional: positional.to_vec(), named: pairs.collect::<Result<_, Error>>()? })
    }

    /// An argument by its position or its name; `None` for one that is missing or none.
    #[must_use]
    pub fn value(&self, position: usize, name: &str) -> Option<Value> {
        let given = self.named.get(name).or_else(|| self.positional.get(position))?;
        (!given.is_none() && !given.is_undefined()).then(|| given.clone())
    }

    /// An argument as text.
    #[must_use]
    pub fn text(&self, position: usize, name: &str) -> Option<String> {
        self.value(position, name).map(|value| value.to_string())
    }

    /// An argument that is a list, as its items; a text counts as a list of itself.
    #[must_use]
    pub fn list(&self, position: usize, name: &str) -> Vec<Value> {
        match self.value(position, name) {
            Some(value) if value.as_str().is_some() => vec![value],
            Some(value) => value.try_iter().map(Iterator::collect).unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// The arguments given by position.
    #[must_use]
    pub fn positional(&self) -> &[Value] {
        &self.positional
    }

    /// The arguments given by name.
    #[must_use]
    pub fn named(&self) -> &BTreeMap<String, Value> {
        &self.named
    }
}

/// What a [`Callable`] runs.
pub type Run = fn(&Arc<Session>, &mut State<'_, '_>, &[Value]) -> Result<Value, Error>;

/// A function with the session at hand.
pub struct Callable {
    session: Arc<Session>,
    run: Run,
}

impl Callable {
    /// The function as a value.
    #[must_use]
    pub fn value(session: &Arc<Session>, run: Run) -> Value {
        Value::from_object(Self { session: Arc::clone(session), run })
    }
}

impl fmt::Debug for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callable")
    }
}

impl Object for Callable {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        (self.run)(&self.session, state, args)
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A macro of a project. What it gives to `return(…)` is its value, else the text that it renders to.
#[derive(Debug)]
pub struct ProjectMacro {
    session: Arc<Session>,
    index: usize,
}

impl ProjectMacro {
    /// The macro of an index as a value.
    #[must_use]
    pub fn value(session: &Arc<Session>, index: usize) -> Value {
        Value::from_object(Self { session: Arc::clone(session), index })
    }
}

impl Object for ProjectMacro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let session = &self.session;
        let Some(reached) = session.setting.macros.get(self.index) else { return Ok(Value::UNDEFINED) };
        let definition = &reached.definition;
        let failed = session.failed.get(&self.index);
        let registered = session.captured().macro_value(self.index, reached.shared);
        let (None, Some(function)) = (failed, registered) else {
            return Ok(session.holes.value(&definition.name, failed.map(String::as_str)));
        };
        if definition.asks_warehouse && !session.setting.execute {
            session.holes.note(&definition.name, "it asks the warehouse while dbt compiles");
        }
        function.call(state, args).or_else(|error| session.captured().returned.take().ok_or(error))
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Ends the macro around it with a value.
///
/// # Errors
/// Always: that is how the macro ends. [`ProjectMacro`] takes the value.
pub fn give_back(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    session.captured().returned = Some(args.first().cloned().unwrap_or_default());
    Err(Error::new(ErrorKind::InvalidOperation, "return outside of a macro"))
}

/// A package by its name: `dbt_utils.star` is taken from it.
#[derive(Debug)]
pub struct Package {
    /// The rendering.
    pub session: Arc<Session>,
    /// The package's name.
    pub name: String,
}

impl Package {
    /// What a name means in this package: a stand-in whose result is known, else the macro where the package is checked
    /// in, else a hole.
    fn member(&self, name: &str) -> Value {
        if stand_in::knows(&self.name, name) {
            return StandIn::value(&self.session, &self.name, name);
        }
        let setting = &self.session.setting;
        let index = setting.macro_index(Some(&self.name), name);
        match index.or_else(|| setting.dispatched(Some(&self.name), name)) {
            Some(index) => ProjectMacro::value(&self.session, index),
            None => self.session.holes.value(&format!("{}.{name}", self.name), None),
        }
    }
}

impl Object for Package {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        key.as_str().map(|name| self.member(name))
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        self.member(method).call(state, args)
    }
}

/// A macro of a well-known package whose result is known without the package.
#[derive(Debug)]
pub struct StandIn {
    session: Arc<Session>,
    package: String,
    name: String,
}

impl StandIn {
    /// The stand-in as a value.
    #[must_use]
    pub fn value(session: &Arc<Session>, package: &str, name: &str) -> Value {
        Value::from_object(Self { session: Arc::clone(session), package: package.to_owned(), name: name.to_owned() })
    }
}

impl Object for StandIn {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let asked = Asked { session: &self.session, arguments: &Arguments::read(args)? };
        let value = stand_in::value((&self.package, &self.name), &asked, state)?;
        let unknown = || self.session.holes.result(&format!("{}.{}", self.package, self.name), args, None);
        Ok(value.unwrap_or_else(unknown))
    }
}

/// `adapter`: dispatches macros; everything else that it can do asks the warehouse.
#[derive(Debug)]
pub struct Adapter(pub Arc<Session>);

impl Object for Adapter {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.0.holes.value(&format!("adapter.{key}"), None))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::read(args)?;
        let session = &self.0;
        Ok(match method {
            "dispatch" => dispatch(session, &arguments),
            "quote" => Value::from(format!("\"{}\"", arguments.text(0, "identifier").unwrap_or_default())),
            "quote_as_configured" => arguments.value(0, "identifier").unwrap_or_default(),
            "type" => Value::from(super::session::adapter_name(session.setting.dialect)),
            "get_columns_in_relation" => {
                column::columns(session, arguments.value(0, "relation").as_ref(), "adapter.get_columns_in_relation")
            }
            _ => session.holes.value(&format!("adapter.{method}"), Some("it asks the warehouse while dbt compiles")),
        })
    }
}

fn dispatch(session: &Arc<Session>, arguments: &Arguments) -> Value {
    let name = arguments.text(0, "macro_name").unwrap_or_default();
    let package = arguments.text(1, "macro_namespace");
    let (package, name) = match name.split_once('.') {
        Some((package, name)) => (Some(package.to_owned()), name.to_owned()),
        None => (package, name),
    };
    if let Some(index) = session.setting.dispatched(package.as_deref(), &name) {
        return ProjectMacro::value(session, index);
    }
    let package = package.unwrap_or_else(|| "dbt".to_owned());
    if stand_in::knows(&package, &name) {
        return StandIn::value(session, &package, &name);
    }
    session.holes.value(&name, None)
}

/// A relation: prints as its token.
#[derive(Debug)]
pub struct RelationValue {
    /// Its token.
    pub token: String,
    /// Its parts, as far as they are known without rendering its file.
    pub relation: super::relation::Relation,
}

impl Object for RelationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "identifier" | "name" | "table" => Some(Value::from(self.relation.identifier.clone())),
            "schema" | "dataset" => Some(Value::from(self.relation.schema.clone().unwrap_or_default())),
            "database" | "project" | "catalog" => Some(Value::from(self.relation.database.clone().unwrap_or_default())),
            "is_view" | "is_table" | "is_cte" => Some(Value::from(false)),
            "type" => Some(Value::from("table")),
            _ => None,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "include" | "quote" | "without_identifier" | "replace_path" | "incorporate" => {
                Ok(Value::from_dyn_object(self.clone()))
            }
            "render" => Ok(Value::from(self.token.clone())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

/// A moment in time, always the same one: what a template computes from the clock must not change the report.
#[derive(Debug)]
pub struct Moment;

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "year" => Some(Value::from(2000)),
            "month" | "day" => Some(Value::from(1)),
            "hour" | "minute" | "second" | "microsecond" => Some(Value::from(0)),
            _ => Some(Value::from_dyn_object(self.clone())),
        }
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from_dyn_object(self.clone()))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(match method {
            "strftime" | "isoformat" => Value::from(self.to_string()),
            "weekday" | "toordinal" | "timestamp" => Value::from(0),
            _ => Value::from_dyn_object(self.clone()),
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("2000-01-01")
    }
}

/// `config`: takes settings and gives them back; prints as nothing.
#[derive(Debug)]
pub struct Config(pub Arc<Session>);

impl Config {
    fn take(&self, arguments: &Arguments) {
        let mut captured = self.0.captured();
        for (name, value) in arguments.named() {
            captured.config.insert(name.clone(), setting_text(value));
        }
        for map in arguments.positional() {
            for key in map.try_iter().into_iter().flatten() {
                captured.config.insert(key.to_string(), setting_text(&map.get_item(&key).unwrap_or_default()));
            }
        }
    }
}

/// A setting as text; a map as JSON, which its readers understand.
fn setting_text(value: &Value) -> String {
    if value.kind() != ValueKind::Map {
        return value.to_string();
    }
    let text_of = |key: &Value| value.get_item(key).unwrap_or_default().to_string();
    let entries = value.try_iter().into_iter().flatten().map(|key| (key.to_string(), text_of(&key).into()));
    serde_json::Value::Object(entries.collect()).to_string()
}

impl Object for Config {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.take(&Arguments::read(args)?);
        Ok(Value::from(""))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::read(args)?;
        match method {
            "get" | "require" | "meta_get" | "meta_require" => {
                let name = arguments.text(0, "name").unwrap_or_default();
                let given = self.0.captured().config.get(&name).cloned().map(Value::from);
                let config = self.0.setting.node.as_ref().map(|node| node.config.clone()).unwrap_or_default();
                let general = match name.as_str() {
                    "materialized" => Some(config.materialized.unwrap_or_else(|| "view".to_owned())),
                    "schema" => config.schema,
                    "alias" => config.alias,
                    _ => None,
                };
                let default = || arguments.value(1, "default").unwrap_or_else(|| Value::from(()));
                Ok(given.or_else(|| general.map(Value::from)).unwrap_or_else(default))
            }
            "set" => {
                let name = arguments.text(0, "name").unwrap_or_default();
                self.0.captured().config.insert(name, arguments.text(1, "value").unwrap_or_default());
                Ok(Value::from(""))
            }
            "persist_column_docs" | "persist_relation_docs" => Ok(Value::from(false)),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
