//! Mermaid flowcharts: the picture of a change, and the whole graph of `lineage --format mermaid`.
//!
//! A change is told by the node's shape, its outline and a word in its label, so that it is seen without colours; fills
//! are left to the theme, so that light and dark both work. Labels are escaped, ids are ours.

use std::collections::{BTreeMap, BTreeSet};

use crate::lineage::model::{AssetEdge, AssetKind, AssetName, EXPOSURE, LineageGraph};
use crate::report::escape::{clip, mermaid_label, visible};
use crate::report::{Diagram, DiagramChange, Report, words};

/// Mermaid refuses more edges than this.
const MOST_EDGES: usize = 500;
/// Mermaid refuses longer texts (50,000); some room is left for the classes.
const MOST_CHARACTERS: usize = 48_000;
/// Longer labels make the picture unreadable.
const LABEL: usize = 60;

const CLASSES: &str = "  classDef added stroke:#2da44e,stroke-width:3px
  classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:2 4
  classDef modified stroke:#bf8700,stroke-width:3px
  classDef broken stroke:#cf222e,stroke-width:4px
  classDef reached stroke:#0969da,stroke-width:1px,stroke-dasharray:6 3
";

/// The picture of a change within so many characters: the least affected edges are left out first, and counted.
/// `None` when there is no edge to show.
#[must_use]
pub fn diagram(report: &Report, characters: usize) -> Option<String> {
    let diagram = &report.diagram;
    let mut kept = diagram.edges.len();
    while kept > 0 {
        let edges = most_affected(diagram, kept);
        let left_out = diagram.omitted_edges + diagram.edges.len() - kept;
        let text = draw(report, &edges, left_out);
        if text.chars().count() <= characters {
            return Some(text);
        }
        kept = kept * 3 / 4;
    }
    None
}

fn most_affected(diagram: &Diagram, kept: usize) -> Vec<&AssetEdge> {
    let changes: BTreeMap<&AssetName, DiagramChange> =
        diagram.nodes.iter().map(|node| (&node.name, node.change)).collect();
    let weight = |name: &AssetName| match changes.get(name) {
        Some(DiagramChange::Broken) => 6,
        Some(DiagramChange::Removed) => 4,
        Some(DiagramChange::Modified) => 3,
        Some(DiagramChange::Added) => 2,
        Some(DiagramChange::Reached) => 1,
        Some(DiagramChange::Unchanged) | None => 0,
    };
    let mut edges: Vec<&AssetEdge> = diagram.edges.iter().collect();
    edges.sort_by_key(|edge| std::cmp::Reverse(weight(&edge.upstream) + weight(&edge.downstream)));
    edges.truncate(kept);
    edges.sort();
    edges
}

fn draw(report: &Report, edges: &[&AssetEdge], left_out: usize) -> String {
    let changed: BTreeMap<_, _> = report.impact.assets.iter().map(|asset| (&asset.name, asset)).collect();
    let ends: BTreeSet<&AssetName> = edges.iter().flat_map(|edge| [&edge.upstream, &edge.downstream]).collect();
    let mut text = "flowchart LR\n".to_owned();
    let mut ids = BTreeMap::new();
    for node in report.diagram.nodes.iter().filter(|node| ends.contains(&node.name)) {
        let id = format!("n{}", ids.len());
        text.push_str(&node_line(&id, &node.name, node.kind, node.change));
        ids.insert(&node.name, id);
    }
    for edge in edges {
        let (Some(upstream), Some(downstream)) = (ids.get(&edge.upstream), ids.get(&edge.downstream)) else { continue };
        let asset = changed.get(&edge.downstream);
        let arrow = match asset {
            Some(asset) if asset.upstream_added.contains(&edge.upstream) => "==>|new|",
            Some(asset) if asset.upstream_removed.contains(&edge.upstream) => "-.->|gone|",
            _ => "-->",
        };
        text.push_str(&format!("  {upstream} {arrow} {downstream}\n"));
    }
    text.push_str(&left_out_line(left_out, left_out + edges.len()));
    text.push_str(CLASSES);
    text
}

fn node_line(id: &str, name: &AssetName, kind: AssetKind, change: DiagramChange) -> String {
    // The kind says what an exposure is.
    let name = name.as_str();
    let name = if kind == AssetKind::Exposure { name.trim_start_matches(EXPOSURE) } else { name };
    let label = mermaid_label(&clip(&visible(name), LABEL));
    let kind = words::kind(kind);
    let (open, close, note, class) = match change {
        DiagramChange::Unchanged => ("[", "]", kind.to_owned(), ""),
        DiagramChange::Added => ("([", "])", format!("new {kind}"), ":::added"),
        DiagramChange::Removed => ("{{", "}}", format!("removed {kind}"), ":::removed"),
        DiagramChange::Modified => ("[[", "]]", format!("changed {kind}"), ":::modified"),
        DiagramChange::Broken => (">", "]", format!("{kind}, breaks"), ":::broken"),
        DiagramChange::Reached => ("(", ")", format!("{kind}, may differ"), ":::reached"),
    };
    format!("  {id}{open}\"{label}<br/>({note})\"{close}{class}\n")
}

fn left_out_line(left_out: usize, all: usize) -> String {
    if left_out == 0 {
        return String::new();
    }
    let (shown, all) = (words::number(all - left_out), words::number(all));
    format!("  cut[\"showing {shown} of {all} edges\"]\n  style cut stroke-dasharray:4 4\n")
}

/// The whole graph, at most 500 edges; what is cut is said in a node of the picture.
#[must_use]
pub fn graph(graph: &LineageGraph) -> String {
    let mut nodes = String::new();
    let mut edges = String::new();
    let mut ids = BTreeMap::new();
    let mut shown = 0;
    for edge in graph.asset_edges.iter().take(MOST_EDGES) {
        let mut added = String::new();
        for name in [&edge.upstream, &edge.downstream] {
            let next = ids.len();
            ids.entry(name).or_insert_with(|| {
                added.push_str(&plain_node(next, name, graph));
                next
            });
        }
        let id = |name| ids.get(name).copied().unwrap_or_default();
        let line = format!("  n{} --> n{}\n", id(&edge.upstream), id(&edge.downstream));
        if nodes.len() + edges.len() + added.len() + line.len() > MOST_CHARACTERS {
            break;
        }
        nodes.push_str(&added);
        edges.push_str(&line);
        shown += 1;
    }
    for name in graph.assets.keys().filter(|_| shown == graph.asset_edges.len()) {
        let next = ids.len();
        if !ids.contains_key(name) && nodes.len() + edges.len() < MOST_CHARACTERS {
            nodes.push_str(&plain_node(next, name, graph));
            ids.insert(name, next);
        }
    }
    let all = graph.asset_edges.len();
    format!("flowchart LR\n{nodes}{edges}{}", left_out_line(all - shown, all))
}

fn plain_node(id: usize, name: &AssetName, graph: &LineageGraph) -> String {
    let kind = graph.assets.get(name).map_or(AssetKind::Table, |asset| asset.kind);
    let label = mermaid_label(&clip(&visible(name.as_str()), LABEL));
    let (open, close) = match kind {
        AssetKind::Table | AssetKind::Seed | AssetKind::Snapshot => ("[(", ")]"),
        AssetKind::Source | AssetKind::External => ("[/", "/]"),
        AssetKind::View | AssetKind::MaterializedView | AssetKind::Model => ("[", "]"),
        AssetKind::Query | AssetKind::Exposure => ("([", "])"),
    };
    format!("  n{id}{open}\"{label}\"{close}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: usize) -> LineageGraph {
        let name = |index: usize| AssetName::from_dotted(&format!("schema.a_rather_long_table_name_{index:05}"));
        let asset_edges =
            (0..length).map(|index| AssetEdge { upstream: name(index), downstream: name(index + 1) }).collect();
        LineageGraph { asset_edges, ..LineageGraph::default() }
    }

    #[test]
    fn a_graph_over_the_edge_limit_is_cut_and_says_so() {
        let text = graph(&chain(1_204));
        assert_eq!(text.matches("-->").count(), 500);
        assert!(text.contains("showing 500 of 1,204 edges"), "{text}");
        assert!(text.chars().count() <= 50_000);
    }

    #[test]
    fn a_small_graph_is_whole() {
        let text = graph(&chain(1));
        assert_eq!(
            text,
            "flowchart LR\n  n0[(\"schema.a_rather_long_table_name_00000\")]\n  \
             n1[(\"schema.a_rather_long_table_name_00001\")]\n  n0 --> n1\n"
        );
    }
}
