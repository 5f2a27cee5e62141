//! What happened to the columns of an asset that stands on both sides.
//!
//! A column that is missing on a side counts as absent only where that side's columns are all known, or where both
//! sides leave the same `*` open and the column cannot come through it. Otherwise nothing is said of it: absent
//! information is never a change.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::data_type;
use super::inputs::{Inputs, Side};
use super::model::{ColumnChange, ColumnChangeKind};
use crate::lineage::model::{Asset, AssetName, Column, ColumnName, ColumnRef, Role};

/// One asset on both sides, and what feeds it there.
pub(super) struct Columns<'c, 'g> {
    base: Table<'c, 'g>,
    head: Table<'c, 'g>,
}

/// One side of it.
struct Table<'c, 'g> {
    asset: &'g Asset,
    side: Side<'c, 'g>,
    stars: BTreeSet<&'c AssetName>,
    by_name: BTreeMap<&'g ColumnName, &'g Column>,
}

impl<'c, 'g> Table<'c, 'g> {
    fn new(asset: &'g Asset, side: Side<'c, 'g>) -> Self {
        let by_name = asset.columns.iter().rev().map(|column| (&column.name, column)).collect();
        Self { asset, side, stars: side.stars(asset), by_name }
    }

    /// Columns in order; of several with one name (a bare SELECT may have them) the first.
    fn columns(&self) -> impl Iterator<Item = &'g Column> {
        let mut seen = BTreeSet::new();
        self.asset.columns.iter().filter(move |column| seen.insert(&column.name))
    }

    fn has(&self, name: &ColumnName) -> bool {
        self.by_name.contains_key(name)
    }

    fn sources(&self, column: &Column) -> BTreeSet<ColumnRef> {
        self.side.sources(self.asset, &column.name)
    }

    /// The sources under this side's own names.
    fn own_sources(&self, column: &Column) -> Vec<ColumnRef> {
        self.side.inputs.sources(&self.asset.name, &column.name).cloned().collect()
    }

    fn expression(&self, column: &'g Column) -> Option<Cow<'g, str>> {
        column.expression.as_deref().map(|text| self.side.text(text))
    }

    /// Whether a column that `other` has is known not to be here.
    ///
    /// With an unresolved `*` here it is, when `other` leaves the same `*` open beside that column: an asset has no
    /// column twice, so the `*` does not bring it, unless the column is the star's own (`* EXCEPT (x), f(x) AS x`).
    fn surely_lacks(&self, column: &Column, other: &Table<'_, '_>) -> bool {
        if self.has(&column.name) {
            return false;
        }
        let through_same_star =
            || !other.asset.columns_complete && !self.stars.is_empty() && self.stars.is_subset(&other.stars);
        let from_star = || {
            let sources = other.sources(column);
            sources.iter().any(|source| source.column == column.name && self.stars.contains(&source.asset))
        };
        self.asset.columns_complete || (through_same_star() && !from_star())
    }

    fn reference(&self, column: &Column) -> ColumnRef {
        ColumnRef { asset: self.asset.name.clone(), column: column.name.clone() }
    }
}

impl<'c, 'g> Columns<'c, 'g> {
    /// Sets the two sides of an asset beside each other.
    pub(super) fn new(base: (&'g Asset, Side<'c, 'g>), head: (&'g Asset, Side<'c, 'g>)) -> Self {
        Self { base: Table::new(base.0, base.1), head: Table::new(head.0, head.1) }
    }

    /// Renamed columns, base first: gone and new, one expression over the same sources, and no third that fits.
    pub(super) fn renamed(&self) -> Vec<(ColumnRef, ColumnRef)> {
        let pairs = self.renamed_pairs();
        pairs.into_iter().map(|(base, head)| (self.base.reference(base), self.head.reference(head))).collect()
    }

    fn renamed_pairs(&self) -> Vec<(&'g Column, &'g Column)> {
        type Key<'k> = (Cow<'k, str>, BTreeSet<ColumnRef>);
        let mut groups: BTreeMap<Key<'_>, (Vec<&Column>, Vec<&Column>)> = BTreeMap::new();
        for column in self.base.columns().filter(|column| self.head.surely_lacks(column, &self.base)) {
            if let Some(key) = meaning(column, &self.base) {
                groups.entry(key).or_default().0.push(column);
            }
        }
        for column in self.head.columns().filter(|column| self.base.surely_lacks(column, &self.head)) {
            if let Some(key) = meaning(column, &self.head) {
                groups.entry(key).or_default().1.push(column);
            }
        }
        let groups = groups.into_values();
        groups
            .filter_map(|(removed, added)| match (removed.as_slice(), added.as_slice()) {
                ([base], [head]) => Some((*base, *head)),
                _ => None,
            })
            .collect()
    }

    /// Changed columns in the order of head, removed ones last; readers are not yet known.
    pub(super) fn changes(&self) -> Vec<ColumnChange> {
        let renamed = self.renamed_pairs();
        let from: BTreeMap<&ColumnName, &Column> = renamed.iter().map(|(base, head)| (&head.name, *base)).collect();
        let gone: BTreeSet<&ColumnName> = renamed.iter().map(|(base, _)| &base.name).collect();
        let mut changes = Vec::new();
        for head in self.head.columns() {
            if let Some(base) = from.get(&head.name) {
                changes.push(self.both(ColumnChangeKind::Renamed, base, head));
            } else if let Some(base) = self.base.by_name.get(&head.name) {
                changes.extend(self.compare(base, head).map(|kind| self.both(kind, base, head)));
            } else if let Some(kind) = self.missing(head, (&self.head, &self.base), ColumnChangeKind::Added) {
                let mut change = blank(&head.name, kind);
                show_head(&mut change, head, self.head.own_sources(head));
                changes.push(change);
            }
        }
        for base in self.base.columns().filter(|base| !gone.contains(&base.name) && !self.head.has(&base.name)) {
            if let Some(kind) = self.missing(base, (&self.base, &self.head), ColumnChangeKind::Removed) {
                let mut change = blank(&base.name, kind);
                show_base(&mut change, base, self.base.own_sources(base));
                changes.push(change);
            }
        }
        changes
    }

    fn both(&self, kind: ColumnChangeKind, base: &Column, head: &Column) -> ColumnChange {
        let mut change = blank(&head.name, kind);
        change.previous_name = (base.name != head.name).then(|| base.name.clone());
        show_base(&mut change, base, self.base.own_sources(base));
        show_head(&mut change, head, self.head.own_sources(head));
        change
    }

    /// What a column that only one side names means. A table that both sides only fill keeps its columns, whatever
    /// the statements name: there the column is filled on one side and not on the other.
    fn missing(
        &self,
        column: &Column,
        (present, absent): (&Table<'_, '_>, &Table<'_, '_>),
        kind: ColumnChangeKind,
    ) -> Option<ColumnChangeKind> {
        if absent.surely_lacks(column, present) {
            return Some(kind);
        }
        let only_filled = self.base.asset.role == Role::Written && self.head.asset.role == Role::Written;
        (only_filled && absent.stars.is_empty()).then_some(ColumnChangeKind::LineageChanged)
    }

    /// How a column of both sides differs. Another type counts before another expression: it is the graver one, and
    /// the sources of both sides are told either way. An expression that only one side knows is no difference.
    fn compare(&self, base: &'g Column, head: &'g Column) -> Option<ColumnChangeKind> {
        if let (Some(before), Some(after)) = (&base.data_type, &head.data_type)
            && !data_type::same(before, after)
        {
            return Some(ColumnChangeKind::TypeChanged);
        }
        let expression_differs = match (self.base.expression(base), self.head.expression(head)) {
            (Some(before), Some(after)) => before != after,
            _ => false,
        };
        (expression_differs || self.base.sources(base) != self.head.sources(head))
            .then_some(ColumnChangeKind::LineageChanged)
    }
}

/// What a column is, apart from its name: nothing for declared columns and for constants, of which an asset may have
/// any number (`NULL AS a`, `NULL AS b`).
fn meaning<'k>(column: &'k Column, table: &Table<'_, 'k>) -> Option<(Cow<'k, str>, BTreeSet<ColumnRef>)> {
    let expression = table.expression(column)?;
    let sources = table.sources(column);
    // Without sources only a call says anything: `count(*)`, `row_number()`; a cast of a constant is a constant.
    let calls = expression.contains('(') && !expression.trim_start_matches("TRY_").starts_with("CAST(");
    (calls || !sources.is_empty()).then_some((expression, sources))
}

/// A change of a column that shows neither side yet.
fn blank(name: &ColumnName, change: ColumnChangeKind) -> ColumnChange {
    ColumnChange {
        name: name.clone(),
        change,
        previous_name: None,
        base_type: None,
        head_type: None,
        base_sources: Vec::new(),
        head_sources: Vec::new(),
        base_expression: None,
        head_expression: None,
        readers: Vec::new(),
    }
}

fn show_base(change: &mut ColumnChange, column: &Column, sources: Vec<ColumnRef>) {
    change.base_type = column.data_type.as_deref().map(str::to_owned);
    change.base_expression = column.expression.as_deref().map(str::to_owned);
    change.base_sources = sources;
}

fn show_head(change: &mut ColumnChange, column: &Column, sources: Vec<ColumnRef>) {
    change.head_type = column.data_type.as_deref().map(str::to_owned);
    change.head_expression = column.expression.as_deref().map(str::to_owned);
    change.head_sources = sources;
}

/// The columns of an added asset.
pub(super) fn all_added(head: &Asset, inputs: &Inputs<'_>) -> Vec<ColumnChange> {
    let added = |column: &Column| {
        let mut change = blank(&column.name, ColumnChangeKind::Added);
        show_head(&mut change, column, inputs.sources(&head.name, &column.name).cloned().collect());
        change
    };
    head.columns.iter().map(added).collect()
}

/// The columns of a removed asset.
pub(super) fn all_removed(base: &Asset, inputs: &Inputs<'_>) -> Vec<ColumnChange> {
    let removed = |column: &Column| {
        let mut change = blank(&column.name, ColumnChangeKind::Removed);
        show_base(&mut change, column, inputs.sources(&base.name, &column.name).cloned().collect());
        change
    };
    base.columns.iter().map(removed).collect()
}
