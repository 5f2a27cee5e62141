//! What a statement does to the catalog, as values: resolving reads the catalog, applying changes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::lineage::catalog::{Catalog, State, StateColumn};
use crate::lineage::model::{AssetKind, AssetName, ColumnName, Role, RowSet};
use crate::lineage::shape::{Shape, Sources, merge_row_sets};
use crate::path::RepoPath;

/// Data that flows into an asset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    pub columns: Vec<StateColumn>,
    /// Assets of which all, partly unknown, columns arrive.
    pub open: Vec<AssetName>,
    pub indirect: Sources,
    pub row_set: RowSet,
    pub upstream: BTreeSet<AssetName>,
    /// Whether the columns are declared by DDL, not made by a query.
    pub declared: bool,
    /// Normalised text: equal text, equal meaning.
    pub definition: String,
    /// Readable text.
    pub sql: String,
}

impl Flow {
    /// The flow of a query's result.
    pub fn of(shape: Shape) -> Self {
        let columns: Vec<StateColumn> = shape
            .columns
            .into_iter()
            .map(|column| StateColumn {
                name: column.name,
                data_type: column.data_type,
                expression: Some(column.text),
                sources: (*column.sources).clone(),
                previous_names: Vec::new(),
            })
            .collect();
        let mut definition = shape.rows;
        definition.push_str(" select ");
        for column in &columns {
            definition.push_str(&format!("{}={}, ", column.name, column.expression.as_deref().unwrap_or_default()));
        }
        for asset in &shape.open {
            definition.push_str(&format!("{asset}.*, "));
        }
        Self {
            columns,
            open: shape.open,
            indirect: shape.indirect,
            row_set: shape.row_set,
            definition,
            ..Self::default()
        }
    }
}

/// What a statement does.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Creates an asset, or creates it anew.
    Define {
        name: AssetName,
        kind: AssetKind,
        flow: Flow,
        /// Whether `flow.columns` is the whole schema.
        complete: bool,
        /// `IF NOT EXISTS`: nothing happens when it is there.
        keep_existing: bool,
    },
    /// Fills or changes an asset.
    Write {
        name: AssetName,
        flow: Flow,
    },
    AddColumn {
        asset: AssetName,
        column: StateColumn,
        first: bool,
    },
    DropColumn {
        asset: AssetName,
        column: ColumnName,
    },
    RenameColumn {
        asset: AssetName,
        from: ColumnName,
        to: ColumnName,
    },
    RetypeColumn {
        asset: AssetName,
        column: ColumnName,
        data_type: Arc<str>,
    },
    Rename {
        from: AssetName,
        to: AssetName,
    },
    Swap {
        one: AssetName,
        other: AssetName,
    },
    Drop {
        name: AssetName,
    },
}

/// Where the statement stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub file: RepoPath,
    pub line: u32,
}

impl Effect {
    /// The asset that the statement makes or fills; `None` for those that only take away.
    pub fn target(&self) -> Option<&AssetName> {
        match self {
            Self::Define { name, .. } | Self::Write { name, .. } => Some(name),
            Self::AddColumn { asset, .. } | Self::RetypeColumn { asset, .. } | Self::RenameColumn { asset, .. } => {
                Some(asset)
            }
            Self::DropColumn { .. } | Self::Rename { .. } | Self::Swap { .. } | Self::Drop { .. } => None,
        }
    }

    /// Changes the catalog.
    pub fn apply(self, catalog: &mut Catalog, place: &Place) {
        match self {
            Self::Define { name, kind, flow, complete, keep_existing } => {
                let existing = catalog.get(&name).filter(|state| state.role == Role::Defined);
                match existing {
                    Some(_) if keep_existing => {}
                    Some(other) if other.is_defined_apart_from(&place.file) => {
                        // Which of the two files runs last is not known: what either says counts.
                        write(catalog, &name, flow, place);
                    }
                    _ => define(catalog, name, kind, (flow, complete), place),
                }
            }
            Self::Write { name, flow } => write(catalog, &name, flow, place),
            Self::AddColumn { asset, column, first } => {
                let state = altered(catalog, &asset, place);
                if state.column_mut(&column.name).is_none() {
                    let position = if first { 0 } else { state.columns.len() };
                    state.columns.insert(position, column);
                }
            }
            Self::DropColumn { asset, column } => {
                altered(catalog, &asset, place).columns.retain(|known| known.name != column);
            }
            Self::RenameColumn { asset, from, to } => rename_column(altered(catalog, &asset, place), from, to),
            Self::RetypeColumn { asset, column, data_type } => {
                if let Some(column) = altered(catalog, &asset, place).column_mut(&column) {
                    column.data_type = Some(data_type);
                }
            }
            Self::Rename { from, to } => {
                if let Some(state) = catalog.remove(&from) {
                    catalog.insert(to, state);
                }
            }
            Self::Swap { one, other } => {
                let (first, second) = (catalog.remove(&one), catalog.remove(&other));
                if let Some(state) = first {
                    catalog.insert(other, state);
                }
                if let Some(state) = second {
                    catalog.insert(one, state);
                }
            }
            Self::Drop { name } => {
                catalog.remove(&name);
            }
        }
    }
}

fn define(catalog: &mut Catalog, name: AssetName, kind: AssetKind, (flow, complete): (Flow, bool), place: &Place) {
    let mut state = State::new(kind, Role::Defined);
    state.declared = flow.declared;
    state.file = Some(place.file.clone());
    state.line = place.line;
    state.complete = complete;
    state.columns = flow.columns;
    state.open = flow.open.into_iter().collect();
    state.indirect = flow.indirect;
    state.row_set = flow.row_set;
    state.upstream = flow.upstream;
    push_texts(&mut state, flow.definition, flow.sql);
    catalog.insert(name, state);
}

fn write(catalog: &mut Catalog, name: &AssetName, flow: Flow, place: &Place) {
    let state = catalog.entry(name, AssetKind::Table, Role::Written);
    if state.role == Role::Referenced {
        state.role = Role::Written;
    }
    if state.file.is_none() {
        state.file = Some(place.file.clone());
        state.line = place.line;
    }
    let complete = state.complete;
    for column in flow.columns {
        match state.column_mut(&column.name) {
            Some(known) => {
                known.sources.extend(column.sources);
                known.expression = match (known.expression.take(), column.expression) {
                    (Some(ours), Some(theirs)) if ours != theirs => {
                        Some(crate::lineage::shape::shorten(format!("{ours} | {theirs}")).into())
                    }
                    (ours, theirs) => ours.or(theirs),
                };
            }
            None if !complete => state.columns.push(column),
            // A name that the table does not have: a reader of a removed column; the statement's reads say so.
            None => {}
        }
    }
    state.open.extend(flow.open);
    state.indirect.extend(flow.indirect);
    merge_row_sets(&mut state.row_set, &flow.row_set);
    state.upstream.extend(flow.upstream);
    push_texts(state, flow.definition, flow.sql);
}

/// Keeps a statement's texts; a CREATE TABLE has none of its own, its columns say it all.
fn push_texts(state: &mut State, definition: String, sql: String) {
    state.definition.extend(Some(definition).filter(|text| !text.is_empty()));
    state.sql.extend(Some(sql).filter(|text| !text.is_empty()));
}

/// Renames a column; one that is not known by its old name is known by its new one from now on.
fn rename_column(state: &mut State, from: ColumnName, to: ColumnName) {
    let complete = state.complete;
    match state.column_mut(&from) {
        Some(column) => {
            column.name = to;
            column.previous_names.push(from);
        }
        None if !complete => {
            let mut column = StateColumn::declared(to, None);
            column.previous_names.push(from);
            state.columns.push(column);
        }
        None => {}
    }
}

/// The asset of an ALTER; one that no file defines is known from now on, in part.
fn altered<'c>(catalog: &'c mut Catalog, name: &AssetName, place: &Place) -> &'c mut State {
    let state = catalog.entry(name, AssetKind::Table, Role::Written);
    state.declared = true;
    if state.file.is_none() {
        state.file = Some(place.file.clone());
        state.line = place.line;
    }
    state
}
