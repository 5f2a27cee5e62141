//! The arguments of a function as a template writes them, whatever stands in variables filled in.

use std::cell::Cell;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{Hole, checksum};

/// How deep lists and maps are written out.
const DEEPEST: usize = 4;

/// Characters from which on a text is cut and told apart by its checksum.
const LONGEST: usize = 200;

/// How many values of one call are written out: a list may hold itself a thousand times.
const MOST: usize = 10_000;

/// The values with commas between them.
pub(super) fn list(values: &[Value]) -> String {
    let left = Cell::new(MOST);
    cut(values.iter().map(|value| one(value, (DEEPEST, &left), "=")).collect::<Vec<_>>().join(", "))
}

/// One value, as far as depth and count of values are left; `between` stands between a name and its value, as in the arguments of a call or in a map.
fn one(value: &Value, (depth, left): (usize, &Cell<usize>), between: &str) -> String {
    let Some(rest) = left.get().checked_sub(1) else { return "…".to_owned() };
    left.set(rest);
    let inner = (depth.saturating_sub(1), left);
    let has_room = |_: &Value| left.get() > 0;
    if let Some(hole) = value.downcast_object_ref::<Hole>() {
        return cut(hole.expression.to_string());
    }
    match (value.kind(), value.as_str()) {
        (_, Some(text)) => cut(format!("'{text}'")),
        (ValueKind::Seq | ValueKind::Map, _) if depth == 0 => "…".to_owned(),
        (ValueKind::Seq, _) => {
            let items = value.try_iter().into_iter().flatten().take_while(has_room);
            cut(format!("[{}]", items.map(|item| one(&item, inner, ": ")).collect::<Vec<_>>().join(", ")))
        }
        (ValueKind::Map, _) => {
            let names = value.try_iter().into_iter().flatten().take_while(has_room);
            let entry = |name: Value| {
                let entry = value.get_item(&name).unwrap_or_default();
                format!("{name}{between}{}", one(&entry, inner, ": "))
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
