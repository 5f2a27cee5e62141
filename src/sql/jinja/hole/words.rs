//! The arguments of a function as a template writes them, whatever stands in variables filled in.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{Hole, checksum};

/// How deep lists and maps are written out.
const DEEPEST: usize = 4;

/// Characters from which on a text is cut and told apart by its checksum.
const LONGEST: usize = 200;

/// The values with commas between them.
pub(super) fn list(values: &[Value]) -> String {
    cut(values.iter().map(|value| one(value, DEEPEST, "=")).collect::<Vec<_>>().join(", "))
}

/// One value; `between` stands between a name and its value, as in the arguments of a call or in a map.
fn one(value: &Value, depth: usize, between: &str) -> String {
    if let Some(hole) = value.downcast_object_ref::<Hole>() {
        return cut(hole.expression.to_string());
    }
    match (value.kind(), value.as_str()) {
        (_, Some(text)) => cut(format!("'{text}'")),
        (ValueKind::Seq | ValueKind::Map, _) if depth == 0 => "…".to_owned(),
        (ValueKind::Seq, _) => {
            let items = value.try_iter().into_iter().flatten();
            cut(format!("[{}]", items.map(|item| one(&item, depth - 1, ": ")).collect::<Vec<_>>().join(", ")))
        }
        (ValueKind::Map, _) => {
            let names = value.try_iter().into_iter().flatten();
            let entry = |name: Value| {
                let entry = value.get_item(&name).unwrap_or_default();
                format!("{name}{between}{}", one(&entry, depth - 1, ": "))
            };
            cut(names.map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => cut(value.to_string()),
    }
}

/// A long text is cut, and what was cut off is kept apart from other texts by its checksum.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… {:016x}", text.get(..end).unwrap_or_default(), checksum(&text)),
        None => text,
    }
}
