//! From a file's text to the SQL that can be parsed: templates rendered or neutralised, positions kept.

mod content;

pub use content::CatalogContent;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::lineage::model::{AssetKind, AssetName, Template};
use crate::path::RepoPath;
use crate::source::BlobId;
use crate::sql::dialect::Dialect;
use crate::sql::ident::Defaults;
use crate::sql::layout::Aside;

/// Which line of the file each line of the prepared SQL comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineMap {
    /// For each prepared line (index 0 is line 1) the file's line, from 1; empty: line for line.
    lines: Vec<u32>,
}

impl LineMap {
    /// A map from explicit lines: index 0 holds the file line of prepared line 1.
    #[must_use]
    pub fn new(lines: Vec<u32>) -> Self {
        Self { lines }
    }

    /// The file's line (from 1) for a prepared line (from 1). Lines past the end map like the last one.
    #[must_use]
    pub fn original(&self, line: u32) -> u32 {
        if self.lines.is_empty() {
            return line;
        }
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        self.lines.get(index).or(self.lines.last()).copied().unwrap_or(line)
    }
}

/// What a relation token of the prepared SQL stands for. Tokens are plain identifiers that no CTE can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTarget {
    /// The asset: a dbt model by its dbt name, a source as `source.table`.
    pub asset: AssetName,
    /// What it is.
    pub kind: AssetKind,
}

/// The asset that the file as a whole is, where the layout says so (a dbt model), not the SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAsset {
    /// Its name in the graph.
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
}

/// What the file's place says of it, where it is in no dbt project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilePlace {
    /// The pattern by which its path names [`Prepared::asset`].
    pub pattern: Option<Arc<str>>,
    /// Why what it selects is no asset.
    pub aside: Option<Aside>,
    /// What its SQL means where it names no database or schema, folded.
    pub defaults: Defaults,
}

/// A file ready for parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The file.
    pub path: RepoPath,
    /// Its bytes' identity.
    pub blob: BlobId,
    /// Parsable SQL.
    pub sql: Arc<str>,
    /// Positions back into the file.
    pub line_map: LineMap,
    /// The dialect to read it with.
    pub dialect: Dialect,
    /// Why that dialect, in words for people (`from the setting`, `dbt adapter`, "evidence: `QUALIFY`").
    pub dialect_reason: String,
    /// The template language that was found.
    pub template: Template,
    /// What the file as a whole is, where the layout says so.
    pub asset: Option<FileAsset>,
    /// What its place says of it.
    pub place: FilePlace,
    /// Relation tokens in `sql` (lower case) and what they stand for.
    pub tokens: BTreeMap<String, TokenTarget>,
    /// The holes in `sql`, each with what the file writes there.
    pub holes: BTreeMap<String, String>,
    /// What the catalog gets.
    pub catalog: CatalogContent,
    /// Holes and failures met on the way, positions in the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a hole may hide columns or relations: the file counts as partly understood.
    pub partial: bool,
}
