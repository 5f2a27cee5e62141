//! Identifier folding: one place that decides when two spellings are the same name.
//!
//! A folded name is what the graph compares and shows. Dialects that fold to upper case (Snowflake, Oracle) are shown
//! in lower case: an unquoted `Orders`, and a quoted `"ORDERS"`, are `orders`; a quoted `"Orders"` stays as it is.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::sql::dialect::{Dialect, Folding};

/// The folded form of one identifier.
#[must_use]
pub fn fold(ident: &Ident, dialect: Dialect) -> String {
    fold_text(&ident.value, ident.quote_style.is_some(), dialect)
}

/// The folded form of a text that stood in quotes or not.
#[must_use]
pub fn fold_text(text: &str, quoted: bool, dialect: Dialect) -> String {
    match dialect.folding() {
        Folding::Sensitive => text.to_owned(),
        Folding::Insensitive => text.to_lowercase(),
        Folding::Lower if quoted => text.to_owned(),
        Folding::Upper if quoted && text.chars().any(char::is_lowercase) => text.to_owned(),
        Folding::Lower | Folding::Upper => text.to_lowercase(),
    }
}

/// The folded parts of an object name. In BigQuery one pair of backticks may hold several parts:
/// `` `project.dataset.table` ``.
#[must_use]
pub fn fold_name(name: &ObjectName, dialect: Dialect) -> Vec<String> {
    let mut parts = Vec::with_capacity(name.0.len());
    for part in &name.0 {
        let ident = match part {
            ObjectNamePart::Identifier(ident) => ident,
            ObjectNamePart::Function(function) => &function.name,
        };
        let folded = fold(ident, dialect);
        if dialect == Dialect::BigQuery && folded.contains('.') {
            parts.extend(folded.split('.').filter(|piece| !piece.is_empty()).map(str::to_owned));
        } else if !folded.is_empty() {
            parts.push(folded);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_follows_the_dialect() {
        let cases = [
            (Dialect::Postgres, "Orders", false, "orders"),
            (Dialect::Postgres, "Orders", true, "Orders"),
            (Dialect::Snowflake, "Orders", false, "orders"),
            (Dialect::Snowflake, "ORDERS", true, "orders"),
            (Dialect::Snowflake, "Orders", true, "Orders"),
            (Dialect::BigQuery, "Orders", true, "orders"),
            (Dialect::ClickHouse, "Orders", false, "Orders"),
        ];
        for (dialect, text, quoted, expected) in cases {
            assert_eq!(fold_text(text, quoted, dialect), expected, "{dialect} {text} {quoted}");
        }
    }
}
