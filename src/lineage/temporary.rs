//! Temporary tables and views: they live for their script, and what reads them depends on what they are made of.
//!
//! While their script is replayed they are assets like others, under a name that no other script shares; then they are
//! dissolved: wherever such an asset feeds another, its own sources do.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::Statement;

use crate::lineage::catalog::{Catalog, State};
use crate::lineage::model::{AssetName, Transformation};
use crate::lineage::resolver::star_sources;
use crate::lineage::shape::{Sources, compose, digest, merge_row_sets, seen_through};
use crate::lineage::statement::first_select;
use crate::sql::dialect::Dialect;

/// Whether a statement creates an asset that lives for its script. A GLOBAL TEMPORARY table (Oracle, Teradata) stays:
/// only its rows go.
pub(crate) fn is_created_by(statement: &Statement) -> bool {
    match statement {
        Statement::CreateTable(table) => (table.temporary || table.volatile) && table.global != Some(true),
        Statement::CreateView(view) => view.temporary,
        Statement::Cache { query, .. } => query.is_some(),
        Statement::Query(query) => {
            first_select(&query.body).and_then(|select| select.into.as_ref()).is_some_and(|into| into.temporary)
        }
        _ => false,
    }
}

/// Whether the temporary assets of a dialect have a place of their own beside its schemas, so that it does not matter
/// which schema is current.
pub(crate) fn stands_apart(dialect: Dialect) -> bool {
    !matches!(dialect, Dialect::MySql | Dialect::Snowflake | Dialect::Hive | Dialect::Teradata)
}

impl Catalog {
    /// Takes a temporary asset away; `filled` are the assets that its script made or filled.
    pub fn dissolve(&mut self, name: &AssetName, filled: &BTreeSet<AssetName>) {
        self.close_temporary(name);
        let Some(gone) = self.remove(name) else { return };
        let gone = Dissolved::of(name, gone);
        for reader in filled.iter().filter(|reader| *reader != name) {
            if self.get(reader).is_some_and(|state| state.upstream.contains(name)) {
                let role = self.get(reader).map(|state| (state.kind, state.role));
                if let Some((kind, role)) = role {
                    gone.pour_into(reader, self.entry(reader, kind, role));
                }
            }
        }
    }
}

/// A temporary asset that is gone.
struct Dissolved<'n> {
    name: &'n AssetName,
    state: State,
    /// What stands for all of its columns.
    everything: Sources,
    /// One line that changes whenever what it is made of does.
    definition: Arc<str>,
}

impl<'n> Dissolved<'n> {
    fn of(name: &'n AssetName, mut state: State) -> Self {
        state.upstream.remove(name);
        state.indirect = state.indirect.iter().filter(|(source, _)| source.asset != *name).cloned().collect();
        let known = state.columns.iter().flat_map(|column| column.sources.iter().cloned());
        let open = star_sources(&state.open.iter().cloned().collect::<Vec<_>>());
        let everything = known.chain(open).filter(|(source, _)| source.asset != *name).collect();
        let texts: Vec<&str> = state.definition.iter().map(|text| &**text).collect();
        let definition = format!("{name} is {}", digest(&texts.join("\n"))).into();
        Self { name, state, everything, definition }
    }

    /// What a reader's sources become.
    fn replaced(&self, sources: &Sources) -> Sources {
        let mut result = Sources::new();
        for (source, how) in sources {
            if source.asset != *self.name {
                result.insert((source.clone(), *how));
                continue;
            }
            match self.state.columns.iter().find(|column| column.name == source.column) {
                Some(column) => {
                    result.extend(seen_through(*how, &column.sources).filter(|(inner, _)| inner.asset != *self.name))
                }
                None => {
                    let how = compose(*how, Transformation::Transformation);
                    result.extend(seen_through(how, &self.everything));
                }
            }
        }
        result
    }

    fn pour_into(&self, reader: &AssetName, state: &mut State) {
        state.upstream.remove(self.name);
        state.upstream.extend(self.state.upstream.iter().filter(|upstream| *upstream != reader).cloned());
        state.columns.replace_sources(|sources| {
            sources.iter().any(|(source, _)| source.asset == *self.name).then(|| self.replaced(sources))
        });
        state.indirect = self.replaced(&state.indirect);
        state.indirect.extend(self.state.indirect.iter().cloned());
        if state.open.remove(self.name) {
            state.open.extend(self.state.open.iter().cloned());
        }
        merge_row_sets(&mut state.row_set, &self.state.row_set);
        state.definition.push(Arc::clone(&self.definition));
    }
}
