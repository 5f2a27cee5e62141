//! Data types as the report shows them: in capitals, laid out in one way.

use std::sync::Arc;

use sqlparser::ast::DataType;

/// A type as the report shows it.
pub(crate) fn data_type(data_type: &DataType) -> Option<Arc<str>> {
    let written = paired(data_type.to_string());
    // What stands in quotes (the words of an ENUM) is no name of a type.
    let quoted = |place: usize| place % 2 == 1;
    let parts = written.split('\'').enumerate();
    let parts: Vec<String> =
        parts.map(|(place, part)| if quoted(place) { part.to_owned() } else { evenly(part.to_uppercase()) }).collect();
    // The parser takes the unit of Oracle's `VARCHAR2(20 CHAR)` for a second number.
    let text = parts.join("'").replace(", CHAR)", " CHAR)").replace(", BYTE)", " BYTE)");
    (!text.is_empty()).then(|| text.into())
}

/// The parser takes the fields of Trino's `ROW(a VARCHAR, b BIGINT)` for as many parameters.
pub(crate) fn paired(text: String) -> String {
    let inner =
        text.get(..4).filter(|start| start.eq_ignore_ascii_case("row(")).and_then(|_| text.get(4..text.len() - 1));
    let Some(inner) = inner.filter(|inner| !inner.contains(['(', ')'])) else { return text };
    let words: Vec<&str> = inner.split(", ").collect();
    if words.len() % 2 == 1 || words.iter().any(|word| word.contains(' ')) {
        return text;
    }
    let fields: Vec<String> = words.chunks(2).map(|field| field.join(" ")).collect();
    format!("ROW({})", fields.join(", "))
}

/// The parser shows some types with a blank between their numbers, and some without; in front of words in quotes there
/// is one.
fn evenly(mut text: String) -> String {
    if text.ends_with(',') {
        text.push(' ');
    }
    for digit in '0'..='9' {
        text = text.replace(&format!(", {digit}"), &format!(",{digit}"));
    }
    text
}
