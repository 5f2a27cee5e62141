//! What a statement does to the catalog, as values: resolving reads the catalog, applying changes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::lineage::catalog::{Catalog, State, StateColumn};
use crate::lineage::model::{AssetKind, AssetName, ColumnName, Role, RowSet};
use crate::lineage::shape::{Shape, Sources, merge_row_sets, shorten};
use crate::lineage::wording;
use crate::path::RepoPath;
use crate::sql::rows::MoreRows;

/// Data that flows into an asset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    pub columns: Vec<StateColumn>,
    /// Assets of which all, partly unknown, columns arrive.
    pub open: Vec<AssetName>,
    /// What other columns that are not known by name are made of.
    pub anything: Sources,
    pub indirect: Sources,
    pub row_set: RowSet,
    pub upstream: BTreeSet<AssetName>,
    /// Whether the columns are declared by DDL, not made by a query.
    pub declared: bool,
    /// Whether it only takes rows away, by nothing but what stands in the asset.
    pub only_takes: bool,
    /// Normalised text: equal text, equal meaning.
    pub definition: Arc<str>,
    /// Readable text.
    pub sql: Arc<str>,
}

impl Flow {
    /// The flow of a query's result.
    pub fn of(shape: Shape) -> Self {
        let (indirect, row_set) = (shape.indirect.all().into_owned(), shape.clauses());
        let columns: Vec<StateColumn> = shape
            .columns
            .into_iter()
            .map(|column| StateColumn {
                name: column.name,
                data_type: column.data_type,
                expression: Some(column.text),
                default: None,
                sources: column.sources,
                previous_names: Vec::new(),
            })
            .collect();
        let mut values: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = wording::name(column.name.as_str());
                format!("{name} = {}", column.expression.as_deref().unwrap_or_default())
            })
            .collect();
        // In which order columns with names stand is told apart from what they are; what a `*` brings has no names.
        if shape.stars.is_empty() {
            values.sort();
        }
        values.extend(shape.stars);
        // The order of the result stands last, where it can be told from what moves rows.
        let order = row_set.result_order.first().map(|order| format!(" order by {order}")).unwrap_or_default();
        let unordered = shape.rows.strip_prefix('(').and_then(|rows| rows.strip_suffix(&format!("{order})")));
        let (rows, order) = match unordered.filter(|_| !order.is_empty()) {
            Some(rows) => (rows, order),
            None => (shape.rows.as_str(), String::new()),
        };
        let definition = format!("{rows} select {}{order}", values.join(", "));
        let anything = shape.anything.map(Arc::unwrap_or_clone).unwrap_or_default();
        let definition = definition.into();
        Self { columns, open: shape.open, anything, indirect, row_set, definition, ..Self::default() }
    }

    /// Takes what only constants make for rows of the statement itself: they say nothing of what a column is made of.
    pub fn hold_rows(&mut self) {
        let steered = !self.indirect.is_empty() || !self.open.is_empty() || !self.anything.is_empty();
        let is_made = |column: &StateColumn| !column.sources.is_empty();
        if steered || !self.upstream.is_empty() || self.columns.iter().any(is_made) {
            return;
        }
        let mut values = Vec::new();
        for column in &mut self.columns {
            let value = column.expression.take();
            values.push(format!("{} = {}", wording::name(column.name.as_str()), value.as_deref().unwrap_or_default()));
        }
        if !values.is_empty() {
            self.row_set.literal_rows.insert(shorten(values.join(", ")));
        }
    }

    /// Adds rows like those of the statement: a change of them is a change of the asset.
    pub fn add_rows(&mut self, more: &MoreRows) {
        let (rows, digest) = (more.rows, more.digest());
        self.definition = format!("{} and {rows} rows #{digest}", self.definition).into();
        self.row_set.literal_rows.insert(format!("{rows} more rows, #{digest}"));
        self.sql = format!("{}\n-- and {rows} more rows, #{digest}", self.sql).into();
    }

    /// Says in front of the definition what kind of statement it is.
    pub fn prefix(&mut self, words: &str) {
        self.definition = format!("{words}{}", self.definition).into();
    }
}

/// Where a new column goes.
#[derive(Debug, Clone)]
pub(crate) enum Position {
    First,
    /// Behind this column; at the end where it is not known.
    After(ColumnName),
    Last,
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
        position: Position,
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
    /// Changes columns in a way that is not understood: from here on they are not all known.
    Unsettle {
        asset: AssetName,
    },
    /// Gives a column another default, or none.
    SetDefault {
        asset: AssetName,
        column: ColumnName,
        default: Option<Arc<str>>,
    },
    /// Takes all rows away.
    Truncate {
        asset: AssetName,
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
            Self::AddColumn { asset, .. }
            | Self::RetypeColumn { asset, .. }
            | Self::RenameColumn { asset, .. }
            | Self::Unsettle { asset } => Some(asset),
            Self::SetDefault { .. } | Self::Truncate { .. } => None,
            Self::DropColumn { .. } | Self::Rename { .. } | Self::Swap { .. } | Self::Drop { .. } => None,
        }
    }

    /// Every asset that the statement changes.
    pub fn changed(&self) -> [&AssetName; 2] {
        match self {
            Self::Define { name, .. } | Self::Write { name, .. } | Self::Drop { name } => [name, name],
            Self::AddColumn { asset, .. }
            | Self::DropColumn { asset, .. }
            | Self::RenameColumn { asset, .. }
            | Self::RetypeColumn { asset, .. }
            | Self::Unsettle { asset }
            | Self::SetDefault { asset, .. }
            | Self::Truncate { asset } => [asset, asset],
            Self::Rename { from, to } => [from, to],
            Self::Swap { one, other } => [one, other],
        }
    }

    /// Adds words that are part of the statement's meaning, though not of its tree.
    pub fn add_text(&mut self, text: &str) {
        if let Self::Define { flow, .. } | Self::Write { flow, .. } = self
            && !text.is_empty()
        {
            flow.definition = format!("{} {}", flow.definition, text.to_lowercase()).into();
            flow.sql = format!("{}\n/* {text} */", flow.sql).into();
        }
    }

    /// Changes the catalog.
    pub fn apply(&self, catalog: &mut Catalog, place: &Place) {
        match self {
            Self::Define { name, kind, flow, complete, keep_existing } => {
                let existing = catalog.get(name).filter(|state| state.role == Role::Defined);
                match existing {
                    Some(_) if *keep_existing => {}
                    Some(other) if other.is_defined_apart_from(&place.file) => {
                        // Which of the two files runs last is not known: what either says counts.
                        write(catalog, name, flow, place);
                    }
                    _ => define(catalog, (name, *kind), (flow, *complete), place),
                }
            }
            Self::Write { name, flow } => write(catalog, name, flow, place),
            Self::AddColumn { asset, column, position } => {
                let columns = &mut altered(catalog, asset, place).columns;
                match position {
                    _ if columns.contains(&column.name) => {}
                    Position::First => columns.push_first(column.clone()),
                    Position::After(other) => columns.push_after(other, column.clone()),
                    Position::Last => columns.push(column.clone()),
                }
            }
            Self::DropColumn { asset, column } => altered(catalog, asset, place).columns.remove(column),
            Self::RenameColumn { asset, from, to } => rename_column(altered(catalog, asset, place), from, to),
            Self::RetypeColumn { asset, column, data_type } => {
                altered(catalog, asset, place).columns.retype(column, data_type);
            }
            Self::Unsettle { asset } => altered(catalog, asset, place).complete = false,
            Self::SetDefault { asset, column, default } => {
                altered(catalog, asset, place).columns.set_default(column, default.as_ref());
            }
            Self::Truncate { asset } => {
                let state = touched(catalog, asset, Role::Emptied, place);
                state.definition.push("truncate".into());
                state.sql.push(format!("TRUNCATE TABLE {asset}").into());
            }
            Self::Rename { from, to } => {
                if let Some(mut state) = catalog.remove(from) {
                    state.forget_predecessor(to);
                    state.previous_names.push(from.clone());
                    catalog.insert(to.clone(), state);
                }
            }
            Self::Swap { one, other } => {
                let (first, second) = (catalog.remove(one), catalog.remove(other));
                match (first, second) {
                    (first, Some(second)) => {
                        catalog.insert(one.clone(), second);
                        first.into_iter().for_each(|state| catalog.insert(other.clone(), state));
                    }
                    // Made elsewhere: what it holds is what the asset has from now on.
                    (first, None) => {
                        first.into_iter().for_each(|state| catalog.insert(one.clone(), state));
                        write(catalog, one, &moved_from(other), place);
                    }
                }
            }
            Self::Drop { name } => {
                catalog.remove(name);
            }
        }
    }
}

fn define(
    catalog: &mut Catalog,
    (name, kind): (&AssetName, AssetKind),
    (flow, complete): (&Flow, bool),
    place: &Place,
) {
    let mut state = State::new(kind, Role::Defined);
    state.declared = flow.declared;
    state.file = Some(place.file.clone());
    state.line = place.line;
    state.complete = complete;
    state.columns = flow.columns.iter().cloned().collect();
    state.open = flow.open.iter().cloned().collect();
    state.anything = flow.anything.clone();
    state.indirect = flow.indirect.clone();
    state.row_set = flow.row_set.clone();
    state.upstream = flow.upstream.clone();
    push_texts(&mut state, flow);
    catalog.insert(name.clone(), state);
}

/// All rows and columns of another asset.
fn moved_from(other: &AssetName) -> Flow {
    Flow {
        open: vec![other.clone()],
        upstream: [other.clone()].into(),
        definition: format!("swap with {other}").into(),
        sql: format!("SWAP WITH {other}").into(),
        ..Flow::default()
    }
}

fn write(catalog: &mut Catalog, name: &AssetName, flow: &Flow, place: &Place) {
    let role = if flow.only_takes { Role::Emptied } else { Role::Written };
    let state = touched(catalog, name, role, place);
    let complete = state.complete;
    for column in &flow.columns {
        // A name that a complete table does not have: a reader of a removed column; the statement's reads say so.
        if !state.columns.fill(column) && !complete {
            // A value's type is not the type of the column that takes it.
            state.columns.push(StateColumn { data_type: None, ..column.clone() });
        }
    }
    state.open.extend(flow.open.iter().cloned());
    state.anything.extend(flow.anything.iter().cloned());
    state.indirect.extend(flow.indirect.iter().cloned());
    merge_row_sets(&mut state.row_set, &flow.row_set);
    state.upstream.extend(flow.upstream.iter().cloned());
    push_texts(state, flow);
}

/// The state of an asset that a statement does something with; what more another statement does with it stays.
fn touched<'c>(catalog: &'c mut Catalog, name: &AssetName, role: Role, place: &Place) -> &'c mut State {
    let state = catalog.entry(name, AssetKind::Table, role);
    state.role = state.role.max(role);
    if state.file.is_none() {
        state.file = Some(place.file.clone());
        state.line = place.line;
    }
    state
}

/// Keeps a statement's texts; a CREATE TABLE has none of its own, its columns say it all.
fn push_texts(state: &mut State, flow: &Flow) {
    state.definition.extend(Some(&flow.definition).filter(|text| !text.is_empty()).cloned());
    state.sql.extend(Some(&flow.sql).filter(|text| !text.is_empty()).cloned());
}

/// Renames a column; one that is not known by its old name is known by its new one from now on.
fn rename_column(state: &mut State, from: &ColumnName, to: &ColumnName) {
    let renamed = state.columns.rename(from, to);
    if !renamed && !state.complete {
        let mut column = StateColumn::declared(to.clone(), None);
        column.previous_names.push(from.clone());
        state.columns.push(column);
    }
}

/// The asset of an ALTER; one that no file defines is known from now on, in part.
fn altered<'c>(catalog: &'c mut Catalog, name: &AssetName, place: &Place) -> &'c mut State {
    let state = touched(catalog, name, Role::Written, place);
    state.declared = true;
    state
}
