//! YAML to values, within the parser's budgets, and the line on which a name stands.

pub mod tree;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use self::tree::Node;

/// Reads one YAML document.
///
/// # Errors
/// What the parser says, on one line.
pub fn parse(text: &str) -> Result<Value, String> {
    read(text).map(Option::unwrap_or_default)
}

/// Reads one YAML document with the lines of everything in it.
///
/// # Errors
/// What the parser says, on one line.
pub fn tree(text: &str) -> Result<Node, String> {
    let nothing = Node { line: 0, tree: tree::Tree::Scalar(Value::Null) };
    read(text).map(|node| node.unwrap_or(nothing))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<Option<T>, String> {
    // People share columns between tables by alias, many times over; what aliases expand to stays bounded all the same.
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false },
    };
    serde_saphyr::from_str_with_options::<Option<T>>(text, options)
        .map_err(|error| error.without_snippet().to_string().lines().next().unwrap_or_default().to_owned())
}

/// The entries of a list at a key; none where there is no list.
pub fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A text at a key; numbers count as text.
#[must_use]
pub fn text(value: &Value, key: &str) -> Option<String> {
    scalar(value.get(key)?)
}

/// A scalar as text.
#[must_use]
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The lines of a file that read `name: …`, with or without a dash and quotes.
#[derive(Debug)]
pub struct NameLines<'a>(BTreeMap<&'a str, Vec<u32>>);

impl<'a> NameLines<'a> {
    /// Finds them.
    #[must_use]
    pub fn of(file: &'a str) -> Self {
        let mut lines: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (number, line) in (1_u32..).zip(file.lines()) {
            let value = line.trim_start().trim_start_matches("- ").trim_start().strip_prefix("name:");
            if let Some(value) = value {
                let value = value.split(" #").next().unwrap_or(value).trim().trim_matches(['"', '\'']);
                lines.entry(value).or_default().push(number);
            }
        }
        Self(lines)
    }

    /// The first line (from 1) at or after `from` that gives this name.
    #[must_use]
    pub fn line(&self, name: &str, from: u32) -> Option<u32> {
        let lines = self.0.get(name)?;
        lines.get(lines.partition_point(|line| *line < from)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_and_empty_documents_are_no_errors() {
        assert_eq!(parse("a: 1\na: 2").map(|value| value["a"].clone()), Ok(Value::from(2)));
        assert_eq!(parse("# nothing"), Ok(Value::Null));
        assert!(parse("a: [").is_err_and(|reason| !reason.contains('\n')));
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let previous = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![previous; 10].join(", "));
        }
        assert!(parse(&bomb).is_err());
    }

    #[test]
    fn names_are_found_by_line() {
        let file = "sources:\n  - name: raw\n    tables:\n      - name: \"orders\" # all\n      - description: x\n        name: raw\n";
        let lines = NameLines::of(file);
        assert_eq!(lines.line("raw", 1), Some(2));
        assert_eq!(lines.line("orders", 2), Some(4));
        assert_eq!(lines.line("raw", 3), Some(6));
        assert_eq!(lines.line("none", 1), None);
    }
}
