//! Which ephemeral models are folded.

use std::collections::{BTreeMap, BTreeSet};

use super::{Neighbours, is_made};
use crate::lineage::model::{Asset, AssetKind, AssetName, LineageGraph, Read};

/// The ephemeral models that are folded, the same on all sides.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Their names.
    pub(super) folded: BTreeSet<AssetName>,
}

/// A graph, and the ephemeral models in it.
pub(super) type Looked<'s> = (&'s LineageGraph, &'s BTreeSet<AssetName>);

impl Choice {
    /// Chooses, for a graph or for those of base and head.
    pub(super) fn of(sides: &[Looked<'_>]) -> Self {
        let named: BTreeSet<&AssetName> = sides.iter().flat_map(|(_, ephemeral)| ephemeral.iter()).collect();
        let mut kept = kept_for_readers(sides, &named);
        kept.extend(named.iter().copied().filter(|name| is_kept(name, sides)));
        let folded = named.into_iter().filter(|name| !kept.contains(name)).cloned().collect();
        let mut choice = Self { folded };
        for (graph, _) in sides {
            // What goes round in a circle has no readers to be folded into.
            let order: BTreeSet<AssetName> = choice.in_order(graph).into_iter().collect();
            choice.folded.retain(|name| order.contains(name) || !is_made(graph.assets.get(name)));
        }
        choice
    }

    /// The folded models that a graph has, what feeds before what reads.
    pub(super) fn in_order(&self, graph: &LineageGraph) -> Vec<AssetName> {
        let mut waiting: BTreeMap<&AssetName, usize> =
            self.folded.iter().filter(|name| is_made(graph.assets.get(*name))).map(|name| (name, 0)).collect();
        let mut readers: BTreeMap<&AssetName, Vec<&AssetName>> = BTreeMap::new();
        for edge in graph.asset_edges.iter().filter(|edge| edge.upstream != edge.downstream) {
            if waiting.contains_key(&edge.upstream)
                && let Some(count) = waiting.get_mut(&edge.downstream)
            {
                *count += 1;
                readers.entry(&edge.upstream).or_default().push(&edge.downstream);
            }
        }
        let mut open: Vec<&AssetName> =
            waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(name) = open.pop() {
            order.push(name.clone());
            for reader in readers.get(name).into_iter().flatten() {
                if let Some(count) = waiting.get_mut(reader) {
                    *count -= 1;
                    open.extend((*count == 0).then_some(*reader));
                }
            }
        }
        order
    }
}

/// Whether a model stays an asset for its own sake: another materialization on a side, or nothing known of it.
fn is_kept(name: &AssetName, sides: &[Looked<'_>]) -> bool {
    sides.iter().any(|(graph, ephemeral)| {
        let Some(asset) = graph.assets.get(name).filter(|asset| is_made(Some(asset))) else { return false };
        !ephemeral.contains(name) || asset.columns.is_empty()
    })
}

/// The models that stay assets since nobody reads them, since an exposure does, or since a name of theirs breaks a reader at
/// head.
fn kept_for_readers<'n>(sides: &[Looked<'_>], named: &BTreeSet<&'n AssetName>) -> BTreeSet<&'n AssetName> {
    let mut readers = Neighbours::new();
    let mut kept: BTreeSet<&AssetName> = BTreeSet::new();
    for (graph, _) in sides {
        for edge in graph.asset_edges.iter().filter(|edge| edge.upstream != edge.downstream) {
            let Some(name) = named.get(&edge.upstream) else { continue };
            readers.entry((*name).clone()).or_default().insert(edge.downstream.clone());
            let reader = graph.assets.get(&edge.downstream);
            if reader.is_some_and(|reader| reader.kind == AssetKind::Exposure) {
                kept.insert(*name);
            }
        }
    }
    kept.extend(named.iter().copied().filter(|name| !readers.contains_key(*name)));
    if let [(base, _), (head, _)] = sides {
        let broken = head.reads.iter().filter_map(|read| {
            let name = named.get(&read.asset)?;
            breaks(read, base.assets.get(*name), head.assets.get(*name)).then_some(*name)
        });
        kept.extend(broken.collect::<Vec<_>>());
    }
    kept
}

/// Whether a read finds what is gone or has another type.
fn breaks(read: &Read, base: Option<&Asset>, head: Option<&Asset>) -> bool {
    if !is_made(head) {
        return is_made(base);
    }
    let Some(column) = &read.column else { return false };
    let (before, after) = (base.and_then(|asset| asset.column(column)), head.and_then(|asset| asset.column(column)));
    match (before, after) {
        (Some(before), Some(after)) => {
            before.data_type.is_some() && after.data_type.is_some() && before.data_type != after.data_type
        }
        (Some(_), None) => true,
        (None, _) => !read.exists,
    }
}
