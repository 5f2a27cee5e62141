//! The relation that a node is in the warehouse, and its name in SQL.

use crate::sql::dialect::Dialect;

/// A relation's name in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relation {
    /// Database, project or catalog.
    pub database: Option<String>,
    /// Schema or dataset.
    pub schema: Option<String>,
    /// The relation itself.
    pub identifier: String,
}

impl Relation {
    /// The dotted name with quotes where the dialect needs them. A database without a schema is left out: two parts would
    /// read as schema and relation.
    #[must_use]
    pub fn sql(&self, dialect: Dialect) -> String {
        let database = self.database.iter().filter(|_| self.schema.is_some());
        let parts = database.chain(&self.schema).chain(std::iter::once(&self.identifier));
        parts.map(|part| quoted(part, dialect)).collect::<Vec<_>>().join(".")
    }
}

/// A part of a name, in quotes where the dialect needs them.
#[must_use]
pub fn quoted(part: &str, dialect: Dialect) -> String {
    let plain = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { part.to_owned() } else { in_quotes(part, dialect) }
}

/// A part of a name in quotes, plain or not: for words that the dialect keeps for itself.
#[must_use]
pub fn in_quotes(part: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::BigQuery | Dialect::MySql | Dialect::Spark | Dialect::Databricks | Dialect::Hive => {
            format!("`{}`", part.replace('`', ""))
        }
        Dialect::Tsql => format!("[{}]", part.replace(']', "")),
        _ => format!("\"{}\"", part.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_quoted_where_the_dialect_needs_it() {
        let relation =
            Relation { database: Some("my-project".into()), schema: Some("raw".into()), identifier: "t".into() };
        assert_eq!(relation.sql(Dialect::BigQuery), "`my-project`.raw.t");
        assert_eq!(relation.sql(Dialect::Postgres), "\"my-project\".raw.t");
        assert_eq!(Relation { schema: None, ..relation }.sql(Dialect::Postgres), "t");
    }
}
