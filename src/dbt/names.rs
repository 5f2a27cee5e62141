//! What the names in a dbt template mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::Value as Json;

use super::objects::{
    Adapter, Arguments, Callable, Config, Moment, Package, ProjectMacro, RelationValue, StandIn, give_back,
};
use super::relation::Relation;
use super::session::{Session, adapter_name};
use super::stand_in;
use crate::lineage::model::{AssetKind, AssetName};
use crate::sql::jinja::engine::render_text;
use crate::sql::jinja::mutable::MUTABLE;
use crate::sql::jinja::source::{REGISTER, REGISTER_SHARED};

/// What the unknown target is called. The name of the target decides about branches (`target.name == 'prod'`), and the
/// catalog holds what production holds.
const TARGET_NAME: &str = "prod";
/// The unknown target's schema, where a template prints it.
pub const TARGET_SCHEMA: &str = "target_schema";
/// The unknown target's database, where a template prints it.
pub const TARGET_DATABASE: &str = "target_database";

/// Names that belong to Jinja and must not become holes.
const JINJA_NAMES: [&str; 10] =
    ["range", "namespace", "dict", "loop", "caller", "super", "self", "varargs", "kwargs", MUTABLE];

/// The root of names for one try.
#[derive(Debug)]
pub struct Names(pub Arc<Session>);

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let session = &self.0;
        if let Some(value) = function(session, name).or_else(|| value(session, name)) {
            return Some(value);
        }
        let setting = &session.setting;
        if let Some(index) = setting.macro_index(None, name) {
            return Some(ProjectMacro::value(session, index));
        }
        if stand_in::knows("dbt", name) {
            return Some(StandIn::value(session, "dbt", name));
        }
        if JINJA_NAMES.contains(&name) {
            return None;
        }
        let is_project = setting.world.projects.list.iter().any(|project| project.name == name);
        if is_project || stand_in::PACKAGES.contains(&name) || setting.qualifies_by(name) {
            return Some(Value::from_object(Package { session: Arc::clone(session), name: name.to_owned() }));
        }
        setting.calls(name).then(|| session.holes.value(name, None))
    }
}

fn function(session: &Arc<Session>, name: &str) -> Option<Value> {
    let run = match name {
        "ref" => reference,
        "source" => source,
        "var" => return Some(Value::from_object(Variables(Arc::clone(session)))),
        "env_var" => environment_variable,
        "is_incremental" => is_incremental,
        "return" => give_back,
        "run_query" | "load_result" => query,
        "statement" | "store_result" | "log" | "print" | "warn" | "debug" | "__ignore" => ignore,
        "tojson" => to_json,
        "fromjson" => from_json,
        "set" | "set_strict" => set,
        "zip" | "zip_strict" => zip,
        "local_md5" => checksum,
        "should_full_refresh" | "is_snapshot" => no,
        REGISTER => register,
        REGISTER_SHARED => register_shared,
        _ => return None,
    };
    Some(Callable::value(session, run))
}

fn value(session: &Arc<Session>, name: &str) -> Option<Value> {
    let node = session.setting.node.as_ref();
    Some(match name {
        "config" => Value::from_object(Config(Arc::clone(session))),
        "adapter" => Value::from_object(Adapter(Arc::clone(session))),
        "this" => relation_value(session, node.map_or("this", |node| &node.name), None),
        "target" => target(session),
        "model" => model(session),
        "execute" => Value::from(session.setting.execute),
        "flags" => map_of([("FULL_REFRESH", Value::from(false)), ("WHICH", Value::from("run"))]),
        "modules" => map_of([("datetime", Value::from_object(Moment)), ("pytz", Value::from_object(Moment))]),
        "run_started_at" => Value::from_object(Moment),
        "exceptions" => Value::from_object(Silent),
        "api" => map_of([("Relation", Value::from_object(RelationMaker)), ("Column", Value::from_object(ColumnMaker))]),
        "builtins" => map_of(["ref", "source", "config", "var"].map(|name| (name, builtin(session, name)))),
        "invocation_id" => Value::from("00000000-0000-0000-0000-000000000000"),
        "project_name" => Value::from(session.setting.world.project_name(session.setting.project)),
        "dbt_version" => Value::from("1.10.0"),
        "schema" => Value::from(TARGET_SCHEMA),
        "database" => Value::from(TARGET_DATABASE),
        "graph" => session.holes.value("graph", Some("the project's graph is only known to dbt")),
        _ => return None,
    })
}

fn map_of<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    Value::from(BTreeMap::from(pairs))
}

fn builtin(session: &Arc<Session>, name: &str) -> Value {
    function(session, name).or_else(|| value(session, name)).unwrap_or_default()
}

/// `ref(model)`, `ref(package, model)`, `ref(model, v=2)`.
fn reference(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::read(args)?;
    let (package, name) = match arguments.positional() {
        [package, name, ..] => (Some(package.to_string()), name.to_string()),
        [name] => (None, name.to_string()),
        [] => return Ok(session.holes.value("ref()", None)),
    };
    let version = arguments.named().get("v").or_else(|| arguments.named().get("version")).map(ToString::to_string);
    let setting = &session.setting;
    let node = setting.world.version(setting.project, package.as_deref(), (&name, version.as_deref()));
    let node = node.map(|node| node.name.clone()).unwrap_or(name);
    Ok(relation_value(session, &node, package.as_deref()))
}

/// The relation of a node; one that this tree does not hold belongs to a package and is a model.
fn relation_value(session: &Arc<Session>, name: &str, package: Option<&str>) -> Value {
    let setting = &session.setting;
    let own = setting.node.as_ref().filter(|node| node.name == name && package.is_none());
    let node = own.or_else(|| setting.world.node(setting.project, package, name));
    let (asset, kind) = match node {
        Some(node) => (node.asset.clone(), node.kind),
        None => (AssetName::from_parts(&[name]), AssetKind::Model),
    };
    let config = node.map(|node| node.config.clone()).unwrap_or_default();
    let relation = Relation {
        database: config.database,
        schema: config.schema,
        identifier: config.alias.unwrap_or_else(|| name.to_owned()),
    };
    Value::from_object(RelationValue { token: session.token(asset, kind), relation })
}

fn source(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::read(args)?;
    let (Some(source), Some(table)) = (arguments.text(0, "source_name"), arguments.text(1, "table_name")) else {
        return Ok(session.holes.value("source()", None));
    };
    Ok(source_relation(session, &source, &table))
}

/// The relation of a table of a source.
#[must_use]
pub fn source_relation(session: &Arc<Session>, source: &str, table: &str) -> Value {
    let declared = session.setting.world.source(session.setting.project, source, table);
    let relation = Relation {
        database: declared.and_then(|declared| declared.database.clone()),
        schema: Some(declared.map_or_else(|| source.to_owned(), |declared| declared.schema.clone())),
        identifier: declared.map_or_else(|| table.to_owned(), |declared| declared.identifier.clone()),
    };
    let asset = AssetName::from_parts(&[source, table]);
    Value::from_object(RelationValue { token: session.token(asset, AssetKind::Source), relation })
}

/// The value that a project gives a variable; `None` where it gives none.
///
/// # Errors
/// When the value is a template that does not render.
pub fn variable(session: &Arc<Session>, name: &str) -> Result<Option<Value>, Error> {
    let setting = &session.setting;
    let Some(value) = setting.world.variable(setting.project, name) else { return Ok(None) };
    match value.as_str().filter(|text| text.contains("{{") && !session.inside_variable) {
        Some(text) => {
            let inner = session.inside_variable();
            let rendered = render_text(text, Names(Arc::clone(&inner)))?;
            // `{{ source('raw', 'orders') }}` is a relation of whoever reads the variable.
            let tokens = std::mem::take(&mut inner.captured().tokens);
            session.captured().tokens.extend(tokens);
            Ok(Some(Value::from(rendered)))
        }
        None => Ok(Some(from_json_value(value))),
    }
}

/// `var(name, default)` and `var.has_var(name)`.
#[derive(Debug)]
struct Variables(Arc<Session>);

impl Object for Variables {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::read(args)?;
        let name = arguments.text(0, "var").unwrap_or_default();
        if let Some(value) = variable(&self.0, &name)? {
            return Ok(value);
        }
        let default = arguments.positional().get(1).or_else(|| arguments.named().get("default")).cloned();
        Ok(default.unwrap_or_else(|| self.0.holes.value(&format!("var('{name}')"), Some("the variable has no value"))))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let name = Arguments::read(args)?.text(0, "var").unwrap_or_default();
        let setting = &self.0.setting;
        let known = method == "has_var" && setting.world.variable(setting.project, &name).is_some();
        Ok(Value::from(known))
    }
}

/// Never the real environment: a template from a change request must not read it, and a report must not hang on it.
fn environment_variable(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::read(args)?;
    let name = arguments.text(0, "var").unwrap_or_default();
    let unknown = || session.holes.value(&format!("env_var('{name}')"), Some("the environment is never read"));
    Ok(arguments.value(1, "default").unwrap_or_else(unknown))
}

fn is_incremental(session: &Arc<Session>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
    session.captured().asked_incremental = true;
    Ok(Value::from(session.incremental))
}

fn query(session: &Arc<Session>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
    Ok(session.holes.value("run_query", Some("it asks the warehouse while dbt compiles")))
}

fn ignore(_: &Arc<Session>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::from(""))
}

fn no(_: &Arc<Session>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::from(false))
}

fn to_json(_: &Arc<Session>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let value = args.first().cloned().unwrap_or_default();
    state.apply_filter("tojson", &[value])
}

fn from_json(_: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::read(args)?;
    let parsed = arguments.text(0, "string").and_then(|text| serde_json::from_str::<Json>(&text).ok());
    let default = || arguments.value(1, "default").unwrap_or_else(|| Value::from(()));
    Ok(parsed.map_or_else(default, |value| from_json_value(&value)))
}

fn set(_: &Arc<Session>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    state.apply_filter("unique", &[args.first().cloned().unwrap_or_default()])
}

fn zip(_: &Arc<Session>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    state.apply_filter("zip", args)
}

fn checksum(_: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let text = args.first().map(ToString::to_string).unwrap_or_default();
    Ok(Value::from(format!("{:032x}", crate::sql::jinja::hole::checksum(&text))))
}

/// `__register(index, macro)`: takes the value of a macro of the job.
fn register(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    if let [index, function] = args {
        session.captured().macros.insert(usize::try_from(index.clone())?, function.clone());
    }
    Ok(Value::from(""))
}

/// The same for a macro of the world.
fn register_shared(session: &Arc<Session>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    if let [index, function] = args {
        session.captured().shared.insert(usize::try_from(index.clone())?, function.clone());
    }
    Ok(Value::from(""))
}

fn target(session: &Arc<Session>) -> Value {
    let adapter = adapter_name(session.setting.dialect);
    map_of([
        ("name", Value::from(TARGET_NAME)),
        ("target_name", Value::from(TARGET_NAME)),
        ("type", Value::from(adapter)),
        ("schema", Value::from(TARGET_SCHEMA)),
        ("dataset", Value::from(TARGET_SCHEMA)),
        ("database", Value::from(TARGET_DATABASE)),
        ("project", Value::from(TARGET_DATABASE)),
        ("dbname", Value::from(TARGET_DATABASE)),
        ("catalog", Value::from(TARGET_DATABASE)),
        ("profile_name", Value::from("default")),
        ("threads", Value::from(1)),
        ("user", Value::from("user")),
        ("role", Value::from("role")),
        ("warehouse", Value::from("warehouse")),
    ])
}

fn model(session: &Arc<Session>) -> Value {
    let setting = &session.setting;
    let node = setting.node.as_ref();
    let name = node.map_or("", |node| node.name.as_str());
    let project = setting.world.project_name(setting.project);
    let config = node.map(|node| node.config.clone()).unwrap_or_default();
    map_of([
        ("name", Value::from(name)),
        ("alias", Value::from(config.alias.unwrap_or_else(|| name.to_owned()))),
        ("package_name", Value::from(project)),
        ("unique_id", Value::from(format!("model.{project}.{name}"))),
        ("resource_type", Value::from("model")),
        ("original_file_path", Value::from(node.map_or("", |node| node.path.as_str()))),
        ("path", Value::from(node.map_or("", |node| node.path.as_str()))),
        ("schema", Value::from(config.schema.unwrap_or_else(|| TARGET_SCHEMA.to_owned()))),
        ("database", Value::from(config.database.unwrap_or_else(|| TARGET_DATABASE.to_owned()))),
        ("tags", Value::from(Vec::<Value>::new())),
        ("fqn", Value::from(vec![Value::from(project), Value::from(name)])),
        ("config", Value::from_object(Config(Arc::clone(session)))),
    ])
}

/// `exceptions`: says nothing and stops nothing.
#[derive(Debug)]
struct Silent;

impl Object for Silent {
    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, _: &[Value]) -> Result<Value, Error> {
        Ok(Value::from(""))
    }
}

/// `api.Relation`: `create(database=…, schema=…, identifier=…)`.
#[derive(Debug)]
struct RelationMaker;

impl Object for RelationMaker {
    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::read(args)?;
        let parts = ["database", "schema", "identifier"].iter().zip(0_usize..);
        let parts: Vec<String> = parts.filter_map(|(name, position)| arguments.text(position, name)).collect();
        Ok(Value::from(parts.join(".")))
    }
}

/// `api.Column`: the adapter's names of types.
#[derive(Debug)]
struct ColumnMaker;

impl Object for ColumnMaker {
    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::read(args)?;
        match (method, arguments.text(0, "dtype").or_else(|| arguments.text(0, "size"))) {
            ("translate_type", Some(name)) => Ok(Value::from(name)),
            ("string_type", Some(size)) => Ok(Value::from(format!("varchar({size})"))),
            ("numeric_type", Some(name)) => Ok(Value::from(name)),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A JSON (or YAML) value for a template.
#[must_use]
pub fn from_json_value(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::from(number.as_f64().unwrap_or_default()), Value::from)
        }
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json_value).collect::<Vec<_>>().into(),
        Json::Object(map) => {
            let pairs = map.iter().map(|(key, value)| (key.clone(), from_json_value(value)));
            Value::from(pairs.collect::<BTreeMap<String, Value>>())
        }
    }
}
