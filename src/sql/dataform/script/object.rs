//! The objects by which calls name tables: `{ schema: "raw", name: "orders" }`.

use std::collections::BTreeMap;

use super::braces::{calls, close, items, literal};
use crate::sql::jinja::segment::newlines;

/// The keys of the parts of a name, the outermost first, each with its other spelling.
const PARTS: [[&str; 2]; 3] = [["database", "project"], ["schema", "dataset"], ["name", "name"]];

/// What an object says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sql::dataform) struct Given {
    pub(in crate::sql::dataform) database: Option<String>,
    pub(in crate::sql::dataform) schema: Option<String>,
    pub(in crate::sql::dataform) name: String,
}

pub(super) fn bare(key: &str) -> &str {
    key.trim().trim_matches(['"', '\''])
}

/// Reads the text between an object's braces; `None` where a part of the name is no plain text.
fn object(inner: &str) -> Option<Given> {
    let mut values = BTreeMap::new();
    for item in items(inner) {
        // What is spread into it may hold any part.
        if item.starts_with("...") {
            return None;
        }
        let (key, value) = item.split_once(':').unwrap_or((item, ""));
        values.insert(bare(key), value);
    }
    let [database, schema, name] = PARTS.map(|keys| {
        let value = keys.iter().find_map(|key| values.get(key));
        value.map(|value| literal(value).filter(|text| !text.contains("${")))
    });
    let known = |part: Option<Option<String>>| part.map_or(Some(None), |text| text.map(Some));
    Some(Given { database: known(database)?, schema: known(schema)?, name: name?? })
}

/// The parts of a name that a call is given, the outermost first: texts one by one, or an object.
pub(super) fn given(arguments: &[&str]) -> Option<Vec<String>> {
    let braced = match arguments {
        [single] => single.trim().strip_prefix('{').and_then(|inner| inner.strip_suffix('}')),
        _ => None,
    };
    let Some(inner) = braced else { return arguments.iter().map(|argument| literal(argument)).collect() };
    let Given { database, schema, name } = object(inner)?;
    Some(database.into_iter().chain(schema).chain([name]).collect())
}

/// The tables that a file of JavaScript declares by `declare({ … })` with plain texts, each with its line. What loops and
/// variables put together is not among them.
pub(in crate::sql::dataform) fn declarations(text: &str) -> Vec<(u32, Given)> {
    let (mut found, mut done, mut line, mut counted) = (Vec::new(), 0, 1, 0);
    for open in calls(text, "declare") {
        if open < done {
            continue;
        }
        // What is open to the end of the text is not looked for again.
        let Some(end) = close(text, open, false) else { break };
        done = end;
        line += newlines(text.get(counted..open).unwrap_or_default());
        counted = open;
        let argument = text.get(open + 1..end).unwrap_or_default().trim().trim_end_matches(',').trim_end();
        let inner = argument.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
        found.extend(inner.and_then(object).map(|given| (line, given)));
    }
    found
}
