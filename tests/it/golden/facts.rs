//! A graph as facts: one line each, for people to write and to read.

use ingest_action::diagnostic::Diagnostic;
use ingest_action::lineage::model::{Asset, LineageGraph, Role};

/// The facts of a graph, in order.
pub fn of(graph: &LineageGraph) -> Vec<String> {
    let mut facts: Vec<String> = graph.assets.values().map(asset).collect();
    for edge in &graph.asset_edges {
        let told = graph
            .column_edges
            .iter()
            .any(|column| column.upstream.asset == edge.upstream && column.downstream.asset == edge.downstream);
        if !told {
            facts.push(format!("asset-edge {} -> {}", edge.upstream, edge.downstream));
        }
    }
    let columns = graph.column_edges.iter();
    facts.extend(
        columns
            .map(|edge| format!("column {} -> {}: {}", edge.upstream, edge.downstream, edge.transformation.subtype())),
    );
    let several = graph.files.len() > 1;
    facts.extend(graph.diagnostics.iter().map(|found| diagnostic(found, several)));
    let coverage = graph.coverage;
    if coverage.analyzed != coverage.statements {
        facts.push(format!("coverage {}/{}", coverage.analyzed, coverage.statements));
    }
    sort(&mut facts);
    facts
}

/// `asset orders: table, defined (id INT, total)`; `…` stands for columns that are not known.
fn asset(asset: &Asset) -> String {
    let mut columns: Vec<String> = asset
        .columns
        .iter()
        .map(|column| match &column.data_type {
            Some(data_type) => format!("{} {data_type}", column.name),
            None => column.name.to_string(),
        })
        .collect();
    if !asset.columns_complete && asset.role != Role::Referenced {
        columns.push("…".to_owned());
    }
    format!("asset {}: {}, {} ({})", asset.name, asset.kind.as_str(), asset.role.as_str(), columns.join(", "))
}

fn diagnostic(diagnostic: &Diagnostic, several_files: bool) -> String {
    let file = diagnostic.file.as_ref().filter(|_| several_files);
    let file = file.map(|file| format!(" of {file}")).unwrap_or_default();
    format!("diagnostic {} line {}{file}", diagnostic.code.as_str(), diagnostic.line)
}

/// By group, in each group by text; what is no fact comes last.
pub fn sort(facts: &mut [String]) {
    const GROUPS: [&str; 5] = ["asset ", "asset-edge ", "column ", "diagnostic ", "coverage "];
    let group = |fact: &String| GROUPS.iter().position(|group| fact.starts_with(group)).unwrap_or(GROUPS.len());
    facts.sort_by(|one, other| (group(one), one).cmp(&(group(other), other)));
}
