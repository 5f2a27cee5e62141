//! The picture's nodes and edges: changed assets, one hop around them, and what the change reaches.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::impact::{AssetChangeKind, Impact, Severity};
use crate::lineage::model::{AssetEdge, AssetKind, AssetName, LineageGraph};
use crate::report::{Diagram, DiagramChange, DiagramNode};

/// More edges than this nobody can follow.
const MOST_EDGES: usize = 40;
/// Changed assets without any edge come on top, up to so many nodes in all.
const MOST_NODES: usize = 60;

/// Picks the edges that matter most, the worst first, and the nodes at their ends.
pub fn build(base: &LineageGraph, head: &LineageGraph, impact: &Impact) -> Diagram {
    let touched = touched(impact);
    let renamed: BTreeMap<&AssetName, &AssetName> =
        impact.assets.iter().filter_map(|asset| Some((asset.previous_name.as_ref()?, &asset.name))).collect();
    let now = |name: &AssetName| renamed.get(name).map_or_else(|| name.clone(), |name| (*name).clone());
    let before = base
        .asset_edges
        .iter()
        .map(|edge| AssetEdge { upstream: now(&edge.upstream), downstream: now(&edge.downstream) });
    let mut edges: Vec<AssetEdge> = head
        .asset_edges
        .iter()
        .cloned()
        .chain(before)
        .filter(|edge| is_shown(edge, &touched))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let weight = |name: &AssetName| touched.get(name).map_or(0, |change| weight(*change));
    edges.sort_by_key(|edge| Reverse(weight(&edge.upstream) + weight(&edge.downstream)));
    let omitted_edges = edges.len().saturating_sub(MOST_EDGES);
    edges.truncate(MOST_EDGES);
    edges.sort();

    let mut names: BTreeSet<&AssetName> = edges.iter().flat_map(|edge| [&edge.upstream, &edge.downstream]).collect();
    for asset in &impact.assets {
        if names.len() < MOST_NODES {
            names.insert(&asset.name);
        }
    }
    let nodes = names
        .into_iter()
        .map(|name| DiagramNode {
            name: name.clone(),
            kind: kind(name, [head, base]),
            change: touched.get(name).copied().unwrap_or(DiagramChange::Unchanged),
        })
        .collect();
    Diagram { nodes, edges, omitted_edges }
}

fn touched(impact: &Impact) -> BTreeMap<&AssetName, DiagramChange> {
    let reached = impact.downstream.iter().map(|asset| {
        let broken = asset.severity == Severity::Breaking;
        (&asset.name, if broken { DiagramChange::Broken } else { DiagramChange::Reached })
    });
    let changed = impact.assets.iter().map(|asset| {
        let change = match asset.change {
            AssetChangeKind::Added => DiagramChange::Added,
            AssetChangeKind::Removed => DiagramChange::Removed,
            AssetChangeKind::Modified | AssetChangeKind::Renamed => DiagramChange::Modified,
        };
        (&asset.name, change)
    });
    reached.chain(changed).collect()
}

/// An edge at a changed asset, or between two assets that the change reaches.
fn is_shown(edge: &AssetEdge, touched: &BTreeMap<&AssetName, DiagramChange>) -> bool {
    let ends = [touched.get(&edge.upstream), touched.get(&edge.downstream)];
    ends.iter().flatten().any(|change| !is_reached(**change)) || ends.iter().all(Option::is_some)
}

fn is_reached(change: DiagramChange) -> bool {
    matches!(change, DiagramChange::Broken | DiagramChange::Reached)
}

fn weight(change: DiagramChange) -> usize {
    match change {
        DiagramChange::Unchanged => 0,
        DiagramChange::Reached => 1,
        DiagramChange::Added => 2,
        DiagramChange::Modified => 3,
        DiagramChange::Removed => 4,
        DiagramChange::Broken => 6,
    }
}

fn kind(name: &AssetName, sides: [&LineageGraph; 2]) -> AssetKind {
    sides.iter().find_map(|graph| graph.assets.get(name)).map_or(AssetKind::Table, |asset| asset.kind)
}
