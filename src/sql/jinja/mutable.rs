//! Lists and maps that templates change in place (`{% do columns.append(x) %}`), which minijinja's own cannot.
//!
//! [`mutated_names`] finds the variables of a template that it changes so; `source` wraps what is assigned to those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

/// The name of the function that makes a list or a map changeable.
pub const MUTABLE: &str = "__mutable";

const CHANGING_METHODS: [&str; 11] = [
    ".append(",
    ".extend(",
    ".insert(",
    ".update(",
    ".pop(",
    ".remove(",
    ".setdefault(",
    ".clear(",
    ".sort(",
    ".reverse(",
    ".add(",
];

/// Macros that add to the list that they are given first are called so.
const ADDING_MACRO: &str = "add_";

/// The names on which a template calls a method that changes a list or a map, or a macro that adds to one.
#[must_use]
pub fn mutated_names(source: &str) -> BTreeSet<&str> {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (offset, _) in source.match_indices(ADDING_MACRO) {
        let call = source.get(offset..).unwrap_or_default().trim_start_matches(in_name);
        let Some(argument) = call.strip_prefix('(').map(str::trim_start) else { continue };
        let end = argument.find(|c| !in_name(c)).unwrap_or(argument.len());
        names.extend(argument.get(..end).filter(|name| !name.is_empty()));
    }
    for method in CHANGING_METHODS {
        for (offset, _) in source.match_indices(method) {
            let before = source.get(..offset).unwrap_or_default();
            let start = before.rfind(|c| !in_name(c)).map_or(0, |at| at + 1);
            // `rfind` gives the start of the character; one of several bytes leaves no name behind it.
            names.extend(before.get(start..).filter(|name| !name.is_empty()));
        }
    }
    names
}

/// The changeable form of a list or a map; everything else as it is.
#[must_use]
pub fn mutable(value: Value) -> Value {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable if value.downcast_object_ref::<MutableList>().is_none() => {
            Value::from_object(MutableList(Mutex::new(value.try_iter().map(Iterator::collect).unwrap_or_default())))
        }
        ValueKind::Map => {
            let keys = value.try_iter().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
            let pairs = keys.into_iter().map(|key| (key.clone(), value.get_item(&key).unwrap_or_default()));
            Value::from_object(MutableMap(Mutex::new(pairs.collect())))
        }
        _ => value,
    }
}

/// A copy that later changes do not reach: what goes into a changeable list must not be able to hold that list itself.
fn snapshot(value: &Value) -> Value {
    if let Some(list) = value.downcast_object_ref::<MutableList>() {
        return Value::from(list.items().clone());
    }
    if let Some(map) = value.downcast_object_ref::<MutableMap>() {
        return Value::from(map.items().clone());
    }
    value.clone()
}

#[derive(Debug)]
struct MutableList(Mutex<Vec<Value>>);

impl MutableList {
    fn items(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for MutableList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let items = self.items();
        let index = i64::try_from(key.clone()).ok()?;
        let length = i64::try_from(items.len()).ok()?;
        let index = if index < 0 { index + length } else { index };
        items.get(usize::try_from(index).ok()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items().clone())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items().len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let given: Vec<Value> = args.iter().map(snapshot).collect();
        let added: Vec<Value> = match (method, given.first()) {
            ("extend", Some(other)) => other.try_iter()?.collect(),
            _ => Vec::new(),
        };
        state.consume_fuel(u64::try_from(added.len()).unwrap_or(u64::MAX))?;
        let mut items = self.items();
        match (method, given.as_slice()) {
            ("append" | "add", [item]) if method == "append" || !items.contains(item) => items.push(item.clone()),
            ("add", [_]) => {}
            ("extend", [_]) => items.extend(added),
            ("insert", [at, item]) => {
                let at = usize::try_from(i64::try_from(at.clone())?.max(0)).unwrap_or(usize::MAX).min(items.len());
                items.insert(at, item.clone());
            }
            ("remove", [item]) => {
                if let Some(at) = items.iter().position(|other| other == item) {
                    items.remove(at);
                }
            }
            ("pop", []) => return Ok(items.pop().unwrap_or_default()),
            ("pop", [at]) => {
                let at = usize::try_from(i64::try_from(at.clone())?).unwrap_or(usize::MAX);
                return Ok(if at < items.len() { items.remove(at) } else { items.pop().unwrap_or_default() });
            }
            ("clear", []) => items.clear(),
            ("reverse", []) => items.reverse(),
            ("sort", _) => items.sort(),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(Value::from(()))
    }
}

#[derive(Debug)]
struct MutableMap(Mutex<BTreeMap<Value, Value>>);

impl MutableMap {
    fn items(&self) -> std::sync::MutexGuard<'_, BTreeMap<Value, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for MutableMap {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items().get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items().keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items().len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let given: Vec<Value> = args.iter().map(snapshot).collect();
        match (method, given.as_slice()) {
            ("update", [other]) => {
                let pairs = pairs_of(other)?;
                self.items().extend(pairs);
                Ok(Value::from(()))
            }
            ("setdefault", [key, value]) => {
                Ok(self.items().entry(key.clone()).or_insert_with(|| value.clone()).clone())
            }
            ("pop", [key, rest @ ..]) => {
                Ok(self.items().remove(key).unwrap_or_else(|| rest.first().cloned().unwrap_or_default()))
            }
            ("clear", []) => {
                self.items().clear();
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

fn pairs_of(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    value.try_iter()?.map(|key| Ok((key.clone(), value.get_item(&key)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str) -> String {
        let mut environment = minijinja::Environment::new();
        environment.add_function(MUTABLE, mutable);
        environment.render_str(source, ()).expect("renders")
    }

    #[test]
    fn lists_and_maps_change_in_place() {
        let source = "{% set x = __mutable([1]) %}{% do x.append(2) %}{% do x.extend([3, 4]) %}{% do x.remove(1) %}\
                      {{ x | join(',') }} {{ x[-1] }} {{ x | length }} {{ 3 in x }}";
        assert_eq!(render(source), "2,3,4 4 3 True");
        let source = "{% set d = __mutable({'a': 1}) %}{% do d.update({'b': 2}) %}{{ d.b }}{{ d | length }}";
        assert_eq!(render(source), "22");
    }

    #[test]
    fn a_list_that_takes_in_itself_stays_finite() {
        let source =
            "{% set x = __mutable([1]) %}{% for i in range(5) %}{% do x.append(x) %}{% endfor %}{{ x|length }}";
        assert_eq!(render(source), "6");
    }

    #[test]
    fn changed_variables_are_found_by_their_methods() {
        let names = mutated_names("{% do cols.append(1) %}{{ ns.more.update(x) }} é.pop( {{ p.add_columns(base, x) }}");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["base", "cols", "more", "é"]);
    }
}
