//! The JSON contracts, as `docs/json.md` states them: a document must have the documented fields and no others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::docs;

/// Checks a report against the documented one.
pub fn assert_is_report(document: &Value) {
    assert_like("report", &documented(0), document);
}

/// Checks a lineage graph against the documented one.
pub fn assert_is_graph(document: &Value) {
    assert_like("graph", &documented(1), document);
}

/// A JSON block of the documentation.
fn documented(index: usize) -> Value {
    let text = docs::file("docs/json.md");
    let block = text.split("```json\n").nth(index + 1).and_then(|rest| rest.split("```").next()).expect("a block");
    serde_json::from_str(block).expect("the documentation's example is JSON")
}

/// Objects have the same fields, the elements of lists are like the documented one, words are among the documented ones
/// (`a | b | c`, open where it ends in `…`), and other values are of the same type or absent.
fn assert_like(place: &str, documented: &Value, actual: &Value) {
    match (documented, actual) {
        (Value::Object(fields), Value::Object(given)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(names(given), names(fields), "the fields of {place}");
            for (name, value) in fields {
                assert_like(&format!("{place}.{name}"), value, &given[name]);
            }
        }
        (Value::Array(element), Value::Array(given)) => {
            for (index, value) in given.iter().enumerate() {
                let element = element.first().unwrap_or(&Value::Null);
                assert_like(&format!("{place}[{index}]"), element, value);
            }
        }
        (Value::String(words), given) if words.contains(" | ") && !words.contains('…') => {
            let known: Vec<&str> = words.split(" | ").collect();
            let word = if given.is_null() { Some("null") } else { given.as_str() };
            assert!(word.is_some_and(|word| known.contains(&word)), "{place} is {given}, not one of {words}");
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        (Value::Null, _) | (Value::String(_) | Value::Number(_), Value::Null) => {}
        (documented, given) => panic!("{place} is {given}, where the documentation has {documented}"),
    }
}
