//! Exit codes: one table, one pure function.
//!
//! A run that gets to its end may have several reasons to be red. [`decide`] names the most telling one: what the change
//! does (a gate) before what became of its files (the ingest) before what became of the comment. Codes 1, 2 and 3 are not
//! decided here: they stand for runs that did not get to their end.

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::impact::{AssetChangeKind, ColumnChangeKind, Impact, Verdict};
use crate::ingest::outcome::{FileBucket, IngestOutcome, IngestStatus};
use crate::publish::{Publication, PublicationStatus};
use crate::report::Report;
use crate::settings::{Gate, OnError, Settings};

/// How the process ends. The numbers are part of the contract and documented in `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitStatus {
    /// The job is done.
    Done,
    /// A bug in the tool.
    Internal,
    /// The command line or a setting is wrong.
    Usage,
    /// The change could not be read.
    UnreadableChange,
    /// The ingest failed and `on-ingest-error` is `fail`.
    IngestFailed,
    /// The comment was not published and `on-publish-error` is `fail`.
    PublishFailed,
    /// A condition of `fail-on` is met.
    Gate,
}

impl ExitStatus {
    /// Every way to end, in the order of the codes.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::UnreadableChange,
        Self::IngestFailed,
        Self::PublishFailed,
        Self::Gate,
    ];

    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::UnreadableChange => 3,
            Self::IngestFailed => 4,
            Self::PublishFailed => 5,
            Self::Gate => 10,
        }
    }

    /// What it means, in the words of the documentation.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Internal => "internal error (a bug)",
            Self::Usage => "the command line or a setting is wrong",
            Self::UnreadableChange => "the change could not be read",
            Self::IngestFailed => "the ingest failed, and `on-ingest-error` is `fail`",
            Self::PublishFailed => "the comment was not published, and `on-publish-error` is `fail`",
            Self::Gate => "a condition of `fail-on` is met",
        }
    }
}

/// The outcomes that decide about the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitInput {
    /// The change in one word.
    pub verdict: Verdict,
    /// Columns that were removed or renamed, and removed assets.
    pub removed_columns: usize,
    /// Errors of reading changed files that base did not have.
    pub new_parse_errors: usize,
    /// What came of the ingest.
    pub ingest: IngestStatus,
    /// Files that the catalog rejected.
    pub rejected_files: usize,
    /// What came of the comment.
    pub publication: PublicationStatus,
}

impl ExitInput {
    /// Counts what decides in the outcomes of a run.
    #[must_use]
    pub fn of(report: &Report, publication: &Publication) -> Self {
        Self {
            verdict: report.impact.verdict,
            removed_columns: removed_columns(&report.impact),
            new_parse_errors: report
                .diagnostics
                .iter()
                .filter(|diagnostic| is_new_parse_error(diagnostic, report))
                .count(),
            ingest: report.ingest.status,
            rejected_files: rejected_files(&report.ingest),
            publication: publication.status,
        }
    }

    /// Whether a condition of `fail-on` is met.
    #[must_use]
    pub fn meets(&self, gate: Gate) -> bool {
        match gate {
            Gate::ParseError => self.new_parse_errors > 0,
            Gate::Breaking => self.verdict == Verdict::Breaking,
            Gate::RemovedColumn => self.removed_columns > 0,
            Gate::IngestError => self.ingest == IngestStatus::Failed || self.rejected_files > 0,
        }
    }

    /// The conditions among `fail_on` that are met, for the sentence that explains exit code 10.
    #[must_use]
    pub fn tripped(&self, fail_on: &[Gate]) -> Vec<Gate> {
        fail_on.iter().copied().filter(|gate| self.meets(*gate)).collect()
    }
}

/// Decides how a run that got to its end exits: a tripped gate, else an ingest that did not deliver everything, else a
/// comment that the forge did not take, each where the settings ask for it.
///
/// A comment that was skipped (a push, a fork, a token without the permission) is not a failure.
#[must_use]
pub fn decide(input: &ExitInput, settings: &Settings) -> ExitStatus {
    let ingest_failed = matches!(input.ingest, IngestStatus::Failed | IngestStatus::Partial);
    let publish_failed = input.publication == PublicationStatus::Failed;
    if !input.tripped(&settings.fail_on).is_empty() {
        ExitStatus::Gate
    } else if ingest_failed && settings.on_ingest_error == OnError::Fail {
        ExitStatus::IngestFailed
    } else if publish_failed && settings.on_publish_error == OnError::Fail {
        ExitStatus::PublishFailed
    } else {
        ExitStatus::Done
    }
}

fn removed_columns(impact: &Impact) -> usize {
    let removed_assets = impact.assets.iter().filter(|asset| asset.change == AssetChangeKind::Removed).count();
    let columns = impact.assets.iter().flat_map(|asset| &asset.columns);
    let gone = columns.filter(|column| matches!(column.change, ColumnChangeKind::Removed | ColumnChangeKind::Renamed));
    removed_assets + gone.count()
}

fn is_new_parse_error(diagnostic: &Diagnostic, report: &Report) -> bool {
    use DiagnosticCode::{ParseError, TemplateError, TooDeep, UnreadableFile};
    let of_changed_file = diagnostic.file.as_ref().is_some_and(|file| report.files.iter().any(|row| row.path == *file));
    let not_understood = matches!(diagnostic.code, ParseError | TemplateError | TooDeep | UnreadableFile);
    let error = diagnostic.severity == DiagnosticSeverity::Error;
    of_changed_file && not_understood && error && !diagnostic.preexisting
}

fn rejected_files(ingest: &IngestOutcome) -> usize {
    ingest.files.iter().filter(|file| file.bucket == FileBucket::Rejected).count()
}

#[cfg(test)]
mod tests;
