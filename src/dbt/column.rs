//! The columns of a relation, as templates ask for them while dbt compiles: answered where files of the tree give all of
//! them, else a hole. [`super::answers`] finds out which are known.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::objects::RelationValue;
use super::relation::quoted;
use super::session::Session;
use crate::lineage::model::AssetName;

/// Assets of which all columns are known, in order, with their types where known.
pub type KnownColumns = BTreeMap<AssetName, Vec<KnownColumn>>;

/// A column's name and its type where known.
pub type KnownColumn = (String, Option<String>);

const REASON: &str = "the columns of the relation are not known from the repository";

/// The columns of a relation; `None` where they are not known. The session notes that they were asked for.
#[must_use]
pub fn known(session: &Arc<Session>, relation: Option<&Value>) -> Option<Vec<KnownColumn>> {
    let relation = relation?.downcast_object_ref::<RelationValue>()?;
    let mut captured = session.captured();
    let asset = captured.tokens.get(&relation.token)?.asset.clone();
    let known = session.setting.columns.get(&asset).cloned();
    captured.asked.insert(asset);
    known
}

/// The columns of a relation as values of a template; a hole of the given words where they are not known.
#[must_use]
pub fn columns(session: &Arc<Session>, relation: Option<&Value>, expression: &str) -> Value {
    let value = |(name, kind)| Value::from_object(ColumnValue { session: Arc::clone(session), name, kind });
    match known(session, relation) {
        Some(columns) => columns.into_iter().map(value).collect::<Vec<_>>().into(),
        None => session.holes.value(expression, Some(REASON)),
    }
}

/// The names of the columns of a relation that are not left out; a hole of the given words where they are not known.
#[must_use]
pub fn names(session: &Arc<Session>, relation: Option<&Value>, left_out: &[Value], expression: &str) -> Value {
    let is_left_out = |name: &str| left_out.iter().any(|other| other.to_string().eq_ignore_ascii_case(name));
    match known(session, relation) {
        Some(columns) => {
            let names = columns.into_iter().map(|(name, _)| name).filter(|name| !is_left_out(name));
            names.map(Value::from).collect::<Vec<_>>().into()
        }
        None => session.holes.value(expression, Some(REASON)),
    }
}

/// One column.
#[derive(Debug)]
struct ColumnValue {
    session: Arc<Session>,
    name: String,
    kind: Option<String>,
}

impl ColumnValue {
    fn unknown_type(&self) -> Value {
        self.session.holes.value("column.data_type", Some("the type of a column is not known from the repository"))
    }
}

impl Object for ColumnValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "name" | "column" => Some(Value::from(self.name.as_str())),
            "quoted" => Some(Value::from(quoted(&self.name, self.session.setting.dialect))),
            "dtype" | "data_type" => Some(self.kind.as_deref().map_or_else(|| self.unknown_type(), Value::from)),
            _ => None,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        let words: &[&str] = match method {
            "is_string" => &["char", "text", "string"],
            "is_integer" => &["int"],
            "is_float" => &["float", "double", "real"],
            "is_numeric" => &["numeric", "decimal", "number"],
            "is_number" => &["int", "float", "double", "real", "numeric", "decimal", "number"],
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        };
        let Some(kind) = self.kind.as_ref().map(|kind| kind.to_ascii_lowercase()) else {
            return Ok(self.unknown_type());
        };
        Ok(Value::from(words.iter().any(|word| kind.contains(word))))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
