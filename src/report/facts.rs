//! What a report says, before any renderer: which rows there are, in which order, and the sentences about them.
//!
//! Markdown and terminal both write these facts, so that they can differ in form only.

mod attention;
mod catalog;
mod changes;
mod copies;
mod footer;
mod headline;
mod notes;
mod reach;
mod row_sets;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

pub use attention::Attention;
pub use catalog::{catalog, catalog_rows};
pub use changes::{ChangeRow, What};
pub use footer::footer;
pub use headline::{headline, numbers, one_line};
pub use notes::{Note, Notes, notes};
pub use reach::{named as named_downstream, nearest_first, owned, reached, through};
pub use row_sets::{row_set, row_set_sentence};
pub use selector::selector;

use crate::diagnostic::DiagnosticSeverity;
use crate::impact::{AssetChange, AssetChangeKind, Downstream, Reader, Verdict};
use crate::ingest::outcome::FileBucket;
use crate::lineage::model::{AssetName, ColumnRef};
use crate::path::RepoPath;
use crate::report::Report;
use crate::report::phrase::Phrase;

/// How much there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No SQL file changed, or nothing that lineage sees, and nothing needs attention: one line.
    OneLine,
    /// One change: a sentence.
    OneChange,
    /// Sections and tables.
    Full,
}

/// How something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// A name is gone and still read.
    Gone,
    /// A column has another type and is read.
    Retyped,
    /// An enforced contract leaves out what a model gives.
    Contract,
    /// The name is there, and not open to who reads it.
    Refused,
}

/// A name that is gone, has another type, is not in a contract or not open, and the places that break by it.
#[derive(Debug)]
pub struct Broken<'a> {
    /// The name and what happened to it: "`a.b` was removed".
    pub what: Phrase,
    /// How that breaks somebody.
    pub breaks: Breaks,
    /// Where, ordered, each place once.
    pub readers: Vec<&'a Reader>,
}

/// The rows of a report.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The report.
    pub report: &'a Report,
    /// Changed columns, and assets that changed as a whole: the worst first.
    pub changes: Vec<ChangeRow<'a>>,
    /// Assets whose rows may differ.
    pub row_sets: Vec<&'a AssetChange>,
    /// Downstream assets, the worst first.
    pub downstream: Vec<&'a Downstream>,
    /// Removed, renamed and retyped names that are still read.
    pub broken: Vec<Broken<'a>>,
    /// What a reviewer must not miss.
    pub attention: Vec<Attention>,
    /// Whether something was not understood, so that every count is a lower bound.
    pub at_least: bool,
    readers_by_column: BTreeMap<&'a ColumnRef, Vec<&'a AssetName>>,
    changed_files: BTreeSet<&'a RepoPath>,
}

impl<'a> Facts<'a> {
    /// Sorts a report into rows.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        let mut readers_by_column = BTreeMap::<_, Vec<_>>::new();
        for asset in &report.impact.downstream {
            for source in asset.columns.iter().flat_map(|column| &column.affected_by).collect::<BTreeSet<_>>() {
                readers_by_column.entry(source).or_default().push(&asset.name);
            }
        }
        let changed_files: BTreeSet<_> = report.files.iter().map(|row| &row.path).collect();
        let dialects = report.files.iter().map(|row| (&row.path, row.dialect)).collect();
        let unseen = report.diagnostics.iter().any(|diagnostic| {
            let touched = diagnostic.file.as_ref().is_none_or(|file| changed_files.contains(file));
            diagnostic.severity == DiagnosticSeverity::Error && touched
        });
        let mut facts = Self {
            changes: copies::fold(changes::rows(&report.impact.assets), &dialects),
            row_sets: report.impact.assets.iter().filter(|asset| rows_may_differ(asset)).collect(),
            downstream: report.impact.downstream.iter().collect(),
            broken: changes::broken(&report.impact.assets),
            at_least: unseen || !report.coverage.is_complete(),
            readers_by_column,
            changed_files,
            attention: Vec::new(),
            report,
        };
        facts.attention = attention::attention(&facts);
        facts
    }

    /// How much there is to say.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let catalog_is_plain = self.report.ingest.files.iter().all(|file| !matches!(file.bucket, FileBucket::Rejected));
        let calm = self.report.files.is_empty() || self.report.impact.verdict == Verdict::None;
        let nothing_found = self.changes.is_empty() && self.row_sets.is_empty() && self.downstream.is_empty();
        if calm && nothing_found && catalog_is_plain && self.attention.is_empty() {
            Shape::OneLine
        } else if self.changes.len() + self.row_sets.len() == 1 && self.changes.iter().all(|row| row.copies.is_empty())
        {
            Shape::OneChange
        } else {
            Shape::Full
        }
    }

    /// Downstream assets of which a column reads this column.
    #[must_use]
    pub fn readers_of(&self, column: &ColumnRef) -> &[&'a AssetName] {
        self.readers_by_column.get(column).map_or(&[], Vec::as_slice)
    }

    /// Whether the change touches this file.
    #[must_use]
    pub fn is_changed(&self, file: &RepoPath) -> bool {
        self.changed_files.contains(file)
    }
}

/// A new asset has all its rows anew, and a removed one has none: neither "may differ".
fn rows_may_differ(asset: &AssetChange) -> bool {
    asset.row_set.iter().any(|change| change.clause.moves_rows())
        && matches!(asset.change, AssetChangeKind::Modified | AssetChangeKind::Renamed)
}
