//! The report as a view model, and its renderers: Markdown (the comment), Mermaid, JSON, terminal.
//!
//! Renderers are functions of a [`Report`] and nothing else. Text from the repository is raw in here and escaped in
//! the renderers, once, by the sink's function of `report::escape`.
//!
//! ```text
//! outcomes of all stages → build → Report → facts (sentences and rows) → markdown, terminal
//!                                         → json · mermaid        LineageGraph → graph_json · openlineage · mermaid
//! ```

pub mod budget;
pub mod build;
pub mod escape;
pub mod excerpt;
pub mod facts;
pub mod graph_json;
pub mod json;
pub mod markdown;
pub mod mermaid;
pub mod openlineage;
pub mod phrase;
pub mod redact;
pub mod sql_diff;
pub mod terminal;
pub mod words;

pub use build::{ReportInputs, build};
use url::Url;

use crate::diagnostic::{Coverage, Diagnostic};
use crate::impact::Impact;
use crate::ingest::outcome::IngestOutcome;
use crate::lineage::model::{AssetEdge, AssetKind, AssetName, Template};
use crate::path::RepoPath;
use crate::revision::{BaseRevision, HeadRevision};
use crate::source::{FileStatus, ListedBy};
use crate::sql::dialect::Dialect;

/// One changed SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Path at head; for a removed file, at base.
    pub path: RepoPath,
    /// Path at base where it differs.
    pub old_path: Option<RepoPath>,
    /// What happened.
    pub status: FileStatus,
    /// The dialect that it was read with.
    pub dialect: Dialect,
    /// Why that dialect; empty for a file that could not be read. Holds names of folders and the like.
    pub dialect_reason: String,
    /// The pattern by which its path names the asset that it is; `None` where its SQL says it.
    pub asset_from_path: Option<String>,
    /// The template language.
    pub template: Template,
    /// Statements found (at head; for a removed file, at base).
    pub statements: usize,
    /// Statements understood.
    pub analyzed: usize,
}

/// A node of the diagram.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiagramNode {
    /// The asset.
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
    /// How the change touches it.
    pub change: DiagramChange,
}

/// How a node of the diagram is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiagramChange {
    /// Not touched.
    Unchanged,
    /// Only at head.
    Added,
    /// Only at base.
    Removed,
    /// Changed.
    Modified,
    /// Downstream, and it breaks.
    Broken,
    /// Downstream, and it may differ.
    Reached,
}

/// Changed assets and their neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagram {
    /// Ordered by name.
    pub nodes: Vec<DiagramNode>,
    /// Ordered.
    pub edges: Vec<AssetEdge>,
    /// Edges that are left out since nobody could follow so many; the least affected ones.
    pub omitted_edges: usize,
}

/// Everything that the renderers need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where the comparison starts.
    pub base: BaseRevision,
    /// Where it ends.
    pub head: HeadRevision,
    /// Tells several reports on one change request apart; empty for one.
    pub comment_id: String,
    /// `https://github.com/owner/name/blob/<head sha>` or GitLab's `/-/blob/…`: file links are this + `/path#L7`. `None` on a laptop.
    pub blob_url: Option<Url>,
    /// Where the run's log can be read.
    pub run_url: Option<Url>,
    /// Changed files, ordered by path.
    pub files: Vec<FileRow>,
    /// What the change does.
    pub impact: Impact,
    /// What was not understood, most severe first: changed files' before others', new before old, then by place.
    pub diagnostics: Vec<Diagnostic>,
    /// How much of head was understood.
    pub coverage: Coverage,
    /// What the catalog said.
    pub ingest: IngestOutcome,
    /// What dbt has to build (`orders+ customers`), where something of a dbt project changed.
    pub dbt_selector: Option<String>,
    /// Changed assets and their neighbours.
    pub diagram: Diagram,
    /// How the list of changed files came to be.
    pub listed_by: ListedBy,
}
