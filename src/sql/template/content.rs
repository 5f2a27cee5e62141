//! What the catalog gets for a file, and the SQL of that.

use std::sync::Arc;

use crate::sql::dialect::Dialect;
use crate::sql::split::{Role, split};

/// What the catalog gets for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogContent {
    /// This SQL.
    Sql(Arc<str>),
    /// This SQL, which says nowhere how the asset that its last query makes is called.
    Query {
        /// The script.
        sql: Arc<str>,
        /// The asset's name, quoted where its dialect wants that.
        name: String,
    },
    /// Nothing, since the file is (words for people: `a macro`, `an ephemeral model`).
    Nothing(String),
}

impl CatalogContent {
    /// The SQL to send. Made when it is asked for: of all files, only those of a change are sent.
    ///
    /// # Errors
    /// What the file is, where nothing is sent for it.
    pub fn sql(&self, dialect: Dialect) -> Result<Arc<str>, &str> {
        match self {
            Self::Sql(sql) => Ok(Arc::clone(sql)),
            Self::Query { sql, name } => Ok(with_create(sql, name, dialect).map_or_else(|| Arc::clone(sql), Arc::from)),
            Self::Nothing(what) => Err(what),
        }
    }
}

/// The script with a CREATE TABLE in front of its last query, on the same line; `None` where it has no bare query.
fn with_create(sql: &str, name: &str, dialect: Dialect) -> Option<String> {
    let pieces = split(sql, dialect);
    let starts_query = |text: &str| {
        let word: String = text.trim_start_matches(['(', ' ', '\n', '\r', '\t']).chars().take(7).collect();
        let word = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_ascii_uppercase();
        matches!(word.as_str(), "SELECT" | "WITH" | "FROM")
    };
    let query = pieces.iter().rev().find(|piece| piece.role == Role::Statement && starts_query(&piece.text))?;
    let line_starts = std::iter::once(0).chain(sql.match_indices('\n').map(|(at, _)| at + 1));
    let line = line_starts.zip(1_u32..).find(|(_, line)| *line == query.line).map(|(start, _)| start)?;
    let column = usize::try_from(query.column.saturating_sub(1)).ok()?;
    let within = sql.get(line..)?.char_indices().nth(column).map_or(0, |(offset, _)| offset);
    let (before, after) = sql.split_at_checked(line + within)?;
    Some(format!("{before}CREATE OR REPLACE TABLE {name} AS {after}"))
}
