//! Both sides: text → prepared SQL → lineage graphs.

use crate::impact::folded::{fold, fold_both};
use crate::lineage::model::LineageGraph;
use crate::lineage::{self, DeclaredAsset, Side};
use crate::settings::Settings;
use crate::source::{ChangeSet, SourceTree};
use crate::sql::prepare::{PrepareOptions, PreparedSide, prepare, prepare_both};

/// What is known of the two sides.
#[derive(Debug)]
pub struct Sides {
    /// Lineage before.
    pub base: LineageGraph,
    /// Lineage after.
    pub head: LineageGraph,
    /// The files of base.
    pub base_files: PreparedSide,
    /// The files of head, ready for parsing and for the catalog.
    pub head_files: PreparedSide,
}

impl Sides {
    /// Reads both sides; a text that both have is parsed once.
    #[must_use]
    pub fn read(changes: &ChangeSet, settings: &Settings) -> Self {
        let options = PrepareOptions::from(settings);
        let (base_files, head_files) = prepare_both(&changes.base_tree, &changes.head_tree, &options);
        let (mut base, mut head) = lineage::analyze_both(
            Side { files: &base_files.files, declared: &base_files.declared },
            Side { files: &head_files.files, declared: &head_files.declared },
        );
        complete(&mut base, &base_files);
        complete(&mut head, &head_files);
        fold_both((&mut base, base_files.beside.ephemeral()), (&mut head, head_files.beside.ephemeral()));
        Self { base, head, base_files, head_files }
    }
}

/// The graph of one tree, for the `lineage` command; `known` are assets that no SQL defines.
#[must_use]
pub fn graph<S: Sync>(tree: &SourceTree<S>, settings: &Settings, known: &[DeclaredAsset]) -> LineageGraph {
    let files = prepare(tree, &PrepareOptions::from(settings));
    let declared: Vec<DeclaredAsset> = known.iter().chain(&files.declared).cloned().collect();
    let mut graph = lineage::analyze(Side { files: &files.files, declared: &declared });
    complete(&mut graph, &files);
    fold((&mut graph, files.beside.ephemeral()));
    graph.diagnostics.extend(files.unreadable);
    graph
}

/// Adds what is known beside SQL. A file whose text could not be had is a file that was not understood. (The `changes`
/// stage has said why.)
fn complete(graph: &mut LineageGraph, files: &PreparedSide) {
    graph.coverage.files += files.unreadable.len();
    graph.coverage.failed += files.unreadable.len();
    graph.diagnostics.extend(files.diagnostics.iter().cloned());
    files.beside.add_to(graph);
}
