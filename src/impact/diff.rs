//! The changed assets, each with what changed in it, and whether that is only an addition.

use std::collections::BTreeSet;

use super::column::{self, Columns};
use super::inputs::{Inputs, Side};
use super::model::{AssetChange, AssetChangeKind, ColumnChangeKind};
use super::pair::{Pair, changed_pairs};
use super::rename::{Renames, join_renamed};
use super::row_set;
use crate::lineage::model::{Asset, AssetName, LineageGraph};
use crate::source::ChangedFile;

/// Renames that prove renames further downstream are followed for this many steps; a longer chain is told as removed
/// and added.
const RENAME_ROUNDS: usize = 64;

/// One changed asset; its readers are not yet known.
#[derive(Debug)]
pub(super) struct Difference<'g> {
    /// The two sides.
    pub(super) pair: Pair<'g>,
    /// What changed, as the report shows it.
    pub(super) change: AssetChange,
    /// Whether its rows, or all of its values, may differ: everything downstream is reached.
    pub(super) rows_may_differ: bool,
    /// Whether it only gained something.
    pub(super) is_additive: bool,
}

impl<'g> Difference<'g> {
    /// An asset of which only the places of its columns changed, with those who count them.
    pub(super) fn of_places(base: &'g Asset, head: &'g Asset, read_by_position: Vec<AssetName>) -> Self {
        let pair = Pair::Both { base, head };
        let change = AssetChange { read_by_position, ..described(&pair) };
        Self { pair, change, rows_may_differ: false, is_additive: false }
    }
}

/// The changed assets, ordered by name.
pub(super) fn differences<'g>(
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    changed: &[ChangedFile],
) -> Vec<Difference<'g>> {
    let mut pairs = changed_pairs(base, head, changed);
    let named = |side: fn(&Pair<'g>) -> Option<&'g Asset>| -> BTreeSet<&'g AssetName> {
        pairs.iter().filter_map(|pair| Some(&side(pair).or(pair.filled())?.name)).collect()
    };
    let (base_names, head_names) = (named(Pair::base), named(Pair::head));
    let base_inputs = Inputs::of(base, &base_names);
    let head_inputs = Inputs::of(head, &head_names);
    let renames = find_renames(&mut pairs, (&base_inputs, &head_inputs), changed);
    pairs.sort_by(|left, right| left.name().cmp(right.name()));

    let none = Renames::default();
    let sides = Sides {
        base: Side { inputs: &base_inputs, renames: &renames },
        head: Side { inputs: &head_inputs, renames: &none },
    };
    pairs.into_iter().map(|pair| sides.difference(pair)).filter(|it| says_something(it, base, head)).collect()
}

/// Joins the pairs that are one renamed asset, and finds renamed columns, upstream before downstream.
fn find_renames<'g>(
    pairs: &mut Vec<Pair<'g>>,
    (base_inputs, head_inputs): (&Inputs<'g>, &Inputs<'g>),
    changed: &[ChangedFile],
) -> Renames {
    let none = Renames::default();
    let head_side = Side { inputs: head_inputs, renames: &none };
    let mut renames = Renames::default();
    for _ in 0..RENAME_ROUNDS {
        let base_side = Side { inputs: base_inputs, renames: &renames };
        let assets = join_renamed(pairs, (base_side, head_side), changed);
        let mut columns = Vec::new();
        for pair in pairs.iter() {
            if let Pair::Both { base, head } = pair {
                columns.extend(Columns::new((base, base_side), (head, head_side)).renamed());
            }
        }
        let mut found = !assets.is_empty();
        for (names, confidence) in assets {
            renames.add_asset(names, confidence);
        }
        for (base, head) in columns {
            found |= renames.add_column(base, head);
        }
        if !found {
            break;
        }
    }
    renames
}

/// Both sides, in the words of head.
struct Sides<'e, 'g> {
    base: Side<'e, 'g>,
    head: Side<'e, 'g>,
}

impl<'g> Sides<'_, 'g> {
    fn difference(&self, pair: Pair<'g>) -> Difference<'g> {
        let mut change = described(&pair);
        change.confidence = self.base.renames.confidence(&change.name);
        let (rows_may_differ, is_additive) = match pair {
            Pair::Added { head, was_known, filled } => {
                change.columns = column::all_added(head, self.head.inputs);
                let filled = filled.map(|filled| column::all_removed(filled, self.base.inputs));
                change.columns.extend(column::surely_missing(filled, head));
                (was_known, !was_known)
            }
            Pair::Removed { base, filled, .. } => {
                change.columns = column::all_removed(base, self.base.inputs);
                let filled = filled.map(|filled| column::all_added(filled, self.head.inputs));
                change.columns.extend(column::surely_missing(filled, base));
                (true, false)
            }
            Pair::Both { base, head } => {
                change.columns = Columns::new((base, self.base), (head, self.head)).changes();
                change.row_set = row_set::changes(&base.row_set, &head.row_set, self.base.renames);
                self.weigh(base, head, &change)
            }
        };
        let upstream_of = |asset: Option<&Asset>, inputs: &Inputs<'g>| -> BTreeSet<&'g AssetName> {
            asset.map(|asset| inputs.upstream(&asset.name).collect()).unwrap_or_default()
        };
        let before = upstream_of(pair.base(), self.base.inputs);
        let after = upstream_of(pair.head(), self.head.inputs);
        change.upstream_added = after.difference(&before).map(|name| (*name).clone()).collect();
        change.upstream_removed = before.difference(&after).map(|name| (*name).clone()).collect();
        Difference { pair, change, rows_may_differ, is_additive }
    }

    /// Whether the rows may differ, and whether the asset only gained columns. A definition that differs in a way
    /// that no column and no clause explains is not proven equal, so its rows may differ.
    fn weigh(&self, base: &Asset, head: &Asset, change: &AssetChange) -> (bool, bool) {
        if self.only_follows_renames(base, head) {
            return (false, false);
        }
        let only_added = change.columns.iter().all(|column| column.change == ColumnChangeKind::Added);
        let lost_upstream = !self.base.upstream(base).is_subset(&self.head.upstream(head));
        let other_star = self.base.stars(base) != self.head.stars(head);
        let moved = change.row_set.iter().any(|change| change.clause.moves_rows());
        let unexplained = change.columns.is_empty() && !self.only_sorted(base, head, change);
        let rows_may_differ = moved || other_star || unexplained || (only_added && lost_upstream);
        let is_known = base.columns_complete && head.columns_complete && base.kind == head.kind;
        let only_added = only_added && !change.columns.is_empty();
        (rows_may_differ, only_added && is_known && !rows_may_differ && change.change == AssetChangeKind::Modified)
    }

    /// Whether the definitions are one text but for the order of the result, which moves no row.
    fn only_sorted(&self, base: &Asset, head: &Asset, change: &AssetChange) -> bool {
        let sorts = !change.row_set.is_empty() && change.row_set.iter().all(|change| !change.clause.moves_rows());
        let unsorted = |text: &str, asset: &Asset, side: Side<'_, '_>| -> String {
            let Some(order) = asset.row_set.result_order.first() else { return text.to_owned() };
            let clause = format!(" order by {}", side.text(order));
            text.rsplit_once(clause.as_str()).map_or(text.to_owned(), |(before, behind)| format!("{before}{behind}"))
        };
        match (&base.definition, &head.definition) {
            (Some(before), Some(after)) => {
                let before = unsorted(&self.base.text(before), base, self.base);
                sorts && base.kind == head.kind && before == unsorted(after, head, self.head)
            }
            _ => false,
        }
    }

    /// Whether the definitions are one text once names that were changed elsewhere are read as head writes them.
    fn only_follows_renames(&self, base: &Asset, head: &Asset) -> bool {
        match (&base.definition, &head.definition) {
            (Some(before), Some(after)) => base.kind == head.kind && self.base.text(before) == **after,
            _ => false,
        }
    }
}

/// A change without its columns, rows and upstream.
fn described(pair: &Pair<'_>) -> AssetChange {
    let asset = pair.asset();
    let text = |asset: Option<&Asset>| {
        let asset = asset?;
        asset.sql.as_deref().or(asset.definition.as_deref()).map(str::to_owned)
    };
    AssetChange {
        previous_name: pair.base().map(|base| base.name.clone()).filter(|previous| *previous != asset.name),
        file: asset.file.clone(),
        line: asset.line,
        base_definition: text(pair.base()),
        head_definition: text(pair.head()),
        ..AssetChange::new(asset.name.clone(), asset.kind, pair.change())
    }
}

/// Whether there is anything to tell: an asset without definition whose columns only look different has nothing.
fn says_something(difference: &Difference<'_>, base_graph: &LineageGraph, head_graph: &LineageGraph) -> bool {
    let change = &difference.change;
    let Pair::Both { base, head } = difference.pair else { return true };
    base_graph.contracts.get(&base.name) != head_graph.contracts.get(&head.name)
        || change.change != AssetChangeKind::Modified
        || base.kind != head.kind
        || change.base_definition != change.head_definition
        || !change.columns.is_empty()
        || !change.row_set.is_empty()
        || !change.upstream_added.is_empty()
        || !change.upstream_removed.is_empty()
}
