//! What both fuzz targets do with bytes: the first one chooses the dialect, the rest is the text of a file.

use std::sync::Arc;

use ingest_action::lineage::model::LineageGraph;
use ingest_action::lineage::{Side, analyze};
use ingest_action::path::RepoPath;
use ingest_action::settings::DialectChoice;
use ingest_action::source::{BlobId, Head, SourceFile, SourceTree};
use ingest_action::sql::dialect::Dialect;
use ingest_action::sql::prepare::{PrepareOptions, prepare};

/// The dialect and the text that `data` stands for; text that is not UTF-8 is mended, as no file with it is read.
pub fn input(data: &[u8]) -> Option<(Dialect, String)> {
    let (first, rest) = data.split_first()?;
    let dialect = Dialect::ALL[usize::from(*first) % Dialect::ALL.len()];
    Some((dialect, String::from_utf8_lossy(rest).into_owned()))
}

/// The graph of a repository with one file of this text.
pub fn graph(dialect: Dialect, text: &str) -> LineageGraph {
    let mut tree: SourceTree<Head> = SourceTree::default();
    let path = RepoPath::new("fuzz.sql").expect("a path inside");
    let file = SourceFile { path: path.clone(), blob: BlobId(Arc::from("fuzz")), content: Ok(Arc::from(text)) };
    tree.sql.insert(path, file);
    let prepared = prepare(&tree, &PrepareOptions { dialect: DialectChoice::Fixed(dialect), ..PrepareOptions::AUTO });
    let graph = analyze(Side { files: &prepared.files, declared: &prepared.declared });
    assert_sound(&graph);
    graph
}

/// What holds for every graph: edges join assets that are in it, and no more is understood than there is.
fn assert_sound(graph: &LineageGraph) {
    for edge in &graph.asset_edges {
        assert!(graph.assets.contains_key(&edge.upstream), "{} is no asset", edge.upstream);
        assert!(graph.assets.contains_key(&edge.downstream), "{} is no asset", edge.downstream);
    }
    for edge in &graph.column_edges {
        assert!(graph.assets.contains_key(&edge.upstream.asset), "{} is no asset", edge.upstream.asset);
        assert!(graph.assets.contains_key(&edge.downstream.asset), "{} is no asset", edge.downstream.asset);
    }
    assert!(graph.coverage.analyzed <= graph.coverage.statements);
    assert_eq!(graph.coverage.files, 1);
}
