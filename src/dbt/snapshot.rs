//! Snapshots: the columns that dbt adds to the query, named as it is configured.

pub mod declared;

use std::collections::BTreeMap;

use super::config::NodeConfig;
use crate::sql::lexical::{Stretch, stretches};
use crate::sql::template::Prepared;

/// What a snapshot's settings say of its rows' history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotConfig {
    /// `timestamp` or `check`.
    pub strategy: Option<String>,
    /// The column that says when a row changed.
    pub updated_at: Option<String>,
    /// The columns that tell rows apart.
    pub unique_key: Vec<String>,
    /// `new_record` adds a column.
    pub hard_deletes: Option<String>,
    /// Names of the added columns, where they are not dbt's own.
    pub names: BTreeMap<String, String>,
}

impl SnapshotConfig {
    /// These settings, with those of a less specific place where these say nothing.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        Self {
            strategy: self.strategy.or(general.strategy),
            updated_at: self.updated_at.or(general.updated_at),
            unique_key: if self.unique_key.is_empty() { general.unique_key } else { self.unique_key },
            hard_deletes: self.hard_deletes.or(general.hard_deletes),
            names: general.names.into_iter().chain(self.names).collect(),
        }
    }
}

/// Adds the columns to a snapshot's query. A text that is not one query, or whose settings are no names of columns, stays
/// as it is.
pub fn add_columns(prepared: &mut Prepared, config: &NodeConfig) {
    let Some(query) = single_query(&prepared.sql) else { return };
    let snapshot = &config.snapshot;
    let is_name = |text: &&String| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let by_time = snapshot.strategy.as_deref() == Some("timestamp");
    let moment = snapshot.updated_at.as_ref().filter(|_| by_time).filter(is_name);
    let moment = moment.map_or_else(|| "current_timestamp".to_owned(), |column| format!("snapshotted.{column}"));
    let keys = snapshot.unique_key.iter().filter(is_name).map(|key| format!("snapshotted.{key}, "));
    let keys: String = keys.collect();
    let name = |own: &str| snapshot.names.get(own).filter(is_name).map_or_else(|| own.to_owned(), Clone::clone);
    let mut columns = vec![
        format!("md5(concat({keys}{moment})) as {}", name("dbt_scd_id")),
        format!("{moment} as {}", name("dbt_updated_at")),
        format!("{moment} as {}", name("dbt_valid_from")),
        format!("nullif({moment}, {moment}) as {}", name("dbt_valid_to")),
    ];
    if snapshot.hard_deletes.as_deref() == Some("new_record") {
        columns.push(format!("'False' as {}", name("dbt_is_deleted")));
    }
    // All on the query's first line and behind its last, so that every line keeps its number.
    let text = format!("select snapshotted.*, {} from ( {query}\n) snapshotted", columns.join(", "));
    prepared.sql = text.into();
}

/// A text that is one query, without the semicolon at its end.
fn single_query(text: &str) -> Option<&str> {
    let trimmed = text.trim_end();
    let query = trimmed.strip_suffix(';').unwrap_or(trimmed);
    let code = || stretches(query).filter(|(stretch, _)| *stretch == Stretch::Code);
    let holds = |wanted: &dyn Fn(&str) -> bool| code().any(|(_, range)| query.get(range).is_some_and(wanted));
    (!holds(&|code| code.contains(';')) && holds(&|code| code.to_ascii_lowercase().contains("select"))).then_some(query)
}
