//! Methods that Python's values have and minijinja's have not, beyond those of `minijinja_contrib`.

use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// What a method gives.
///
/// # Errors
/// For a method that nobody knows.
pub(super) fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    match (value.kind(), name, args) {
        (ValueKind::Seq | ValueKind::Iterable | ValueKind::Map, "copy", []) => Ok(value.clone()),
        (ValueKind::Seq | ValueKind::Iterable, "index", [wanted]) => {
            let place = value.try_iter()?.position(|item| item == *wanted);
            place.map_or_else(|| unknown_method_callback(state, value, name, args), |place| Ok(Value::from(place)))
        }
        _ => unknown_method_callback(state, value, name, args),
    }
}
