//! What feeds the changed assets, gathered in one pass over a side's edges, and told in the words of head.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::rename::Renames;
use super::routes::edges_from;
use crate::lineage::model::{Asset, AssetName, ColumnName, ColumnRef, LineageGraph};

/// Direct sources and upstream assets of some assets of one side.
#[derive(Debug, Default)]
pub(super) struct Inputs<'g> {
    columns: BTreeMap<&'g AssetName, BTreeMap<&'g ColumnName, BTreeSet<&'g ColumnRef>>>,
    stars: BTreeMap<&'g AssetName, BTreeSet<&'g AssetName>>,
    upstream: BTreeMap<&'g AssetName, BTreeSet<&'g AssetName>>,
}

impl<'g> Inputs<'g> {
    /// Gathers the inputs of the named assets.
    pub(super) fn of(graph: &'g LineageGraph, names: &BTreeSet<&AssetName>) -> Self {
        let mut inputs = Self::default();
        if names.is_empty() {
            return inputs;
        }
        // An asset may feed itself without an asset edge to tell so.
        let mut upstream: BTreeSet<&AssetName> = names.clone();
        for edge in graph.asset_edges.iter().filter(|edge| names.contains(&edge.downstream)) {
            upstream.insert(&edge.upstream);
            if edge.upstream != edge.downstream {
                inputs.upstream.entry(&edge.downstream).or_default().insert(&edge.upstream);
            }
        }
        // Column edges run where asset edges do: the others need no look.
        for edge in upstream.into_iter().flat_map(|upstream| edges_from(graph, upstream)) {
            let to = &edge.downstream;
            if !edge.transformation.is_direct() || !names.contains(&to.asset) {
                continue;
            }
            if to.column.is_star() {
                inputs.stars.entry(&to.asset).or_default().insert(&edge.upstream.asset);
            } else {
                inputs.columns.entry(&to.asset).or_default().entry(&to.column).or_default().insert(&edge.upstream);
            }
        }
        inputs
    }

    /// The columns whose values flow into a column, ordered.
    pub(super) fn sources(&self, asset: &AssetName, column: &ColumnName) -> impl Iterator<Item = &'g ColumnRef> {
        self.columns.get(asset).and_then(|columns| columns.get(column)).into_iter().flatten().copied()
    }

    /// The assets that feed the asset, ordered, itself left out.
    pub(super) fn upstream(&self, asset: &AssetName) -> impl Iterator<Item = &'g AssetName> {
        self.upstream.get(asset).into_iter().flatten().copied()
    }
}

/// One side in the words of head: names of base are told as head writes them, so that what only follows a rename
/// compares as equal. For head itself `renames` is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'e, 'g> {
    /// What feeds the changed assets on this side.
    pub(super) inputs: &'e Inputs<'g>,
    /// This side's names → head's.
    pub(super) renames: &'e Renames,
}

impl<'e> Side<'e, '_> {
    /// The columns whose values flow into a column.
    pub(super) fn sources(&self, asset: &Asset, column: &ColumnName) -> BTreeSet<ColumnRef> {
        self.inputs.sources(&asset.name, column).map(|source| self.renames.column(source)).collect()
    }

    /// The assets whose unknown columns pass through an unresolved `*`.
    pub(super) fn stars(&self, asset: &Asset) -> BTreeSet<&'e AssetName> {
        let stars = self.inputs.stars.get(&asset.name);
        stars.into_iter().flatten().map(|star| self.renames.asset(star)).collect()
    }

    /// The assets that feed the asset.
    pub(super) fn upstream(&self, asset: &Asset) -> BTreeSet<&'e AssetName> {
        self.inputs.upstream(&asset.name).map(|upstream| self.renames.asset(upstream)).collect()
    }

    /// A normalised text.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.renames.text(text)
    }
}
