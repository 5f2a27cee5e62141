//! What came of sending the changed files: every file in exactly one bucket.

mod account;

use std::fmt;

pub use self::account::{BucketCounts, Totals, UNACCOUNTED};

use crate::ingest::plan::PlanSummary;
use crate::path::RepoPath;

/// Why nothing was sent at all, or why a file was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// `token` is empty and this is no fork: the user has not configured one.
    NoToken,
    /// The change request comes from a fork (or Dependabot): secrets are not available by design.
    ForkWithoutSecrets,
    /// The setting `ingest: never`, or `merge` outside of a merge.
    Mode {
        /// The setting's value.
        mode: String,
    },
    /// No selected SQL file of head changed.
    NothingChanged,
    /// The file is gone at head and the API has no route to delete.
    RemovedFile,
    /// The file could not be read; the reason in words.
    Unreadable {
        /// The reason.
        reason: String,
    },
    /// The file holds nothing that the catalog takes: a macro, a bare SELECT outside of dbt, only comments.
    NothingToSend {
        /// What it holds.
        what: String,
    },
    /// A private key or a cloud token stands in it, and `allow-secrets` is false.
    HoldsSecret {
        /// What, and where.
        what: String,
    },
    /// An earlier answer made it pointless (authentication failed).
    Stopped {
        /// Which.
        reason: String,
    },
}

impl fmt::Display for SkipReason {
    /// The reason as a lower-case fragment. May hold text from the repository: escape it at the sink.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str("no token is configured"),
            Self::ForkWithoutSecrets => {
                f.write_str("the change comes from a fork or from Dependabot: secrets are not available")
            }
            Self::Mode { mode } => write!(f, "the ingest mode is `{mode}`"),
            Self::NothingChanged => f.write_str("no SQL file changed"),
            Self::RemovedFile => f.write_str("the file was removed, and the API has no route to delete"),
            Self::Unreadable { reason } => write!(f, "the file could not be read: {reason}"),
            Self::NothingToSend { what } => write!(f, "nothing to send: {what}"),
            Self::HoldsSecret { what } => write!(f, "a secret stands in it: {what}; allow-secrets is false"),
            Self::Stopped { reason } => write!(f, "not tried: {reason}"),
        }
    }
}

/// The bucket of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileBucket {
    /// The catalog took it.
    Sent,
    /// The catalog, or the network for good, refused it.
    Rejected,
    /// It did not fit into the request budget or the waiting time of this run.
    Deferred,
    /// The same content was sent before.
    Unchanged,
    /// It was not to be sent.
    Skipped(SkipReason),
}

impl FileBucket {
    /// The bucket as the JSON contract writes it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
            Self::Unchanged => "unchanged",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// What came of one changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutcome {
    /// The file.
    pub path: RepoPath,
    /// Its bucket.
    pub bucket: FileBucket,
    /// The API's error code (`PARSER_ERROR`, …), or ours (`HTTP_502`, `NETWORK`), for a rejected or deferred file.
    pub code: Option<String>,
    /// Line in the file, from 1, that the API complained about.
    pub line: Option<u32>,
    /// The catalog's message in short (≤ 300 characters, hostile text), or the reason.
    pub message: Option<String>,
}

impl FileOutcome {
    /// A file that was not to be sent.
    #[must_use]
    pub fn skipped(path: RepoPath, reason: SkipReason) -> Self {
        Self { path, bucket: FileBucket::Skipped(reason), code: None, line: None, message: None }
    }
}

/// The stage's result in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IngestStatus {
    /// Every file that was to be sent was taken.
    Sent,
    /// Some were.
    Partial,
    /// None was to be sent.
    Skipped,
    /// None was taken.
    Failed,
}

impl IngestStatus {
    /// The status as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// What came of the whole stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOutcome {
    /// The mode that was in force (`pull_request`, `merge`, `never`, `preview`).
    pub mode: String,
    /// In one word.
    pub status: IngestStatus,
    /// Why nothing was sent, when the status is [`IngestStatus::Skipped`].
    pub skipped: Option<SkipReason>,
    /// One row for every changed file, ordered by path.
    pub files: Vec<FileOutcome>,
    /// Assets that the catalog says it added; `None` when it gave no counts.
    pub assets_added: Option<u64>,
    /// Assets that the catalog says it modified; `None` when it gave no counts.
    pub assets_modified: Option<u64>,
    /// Requests made, repeated ones included.
    pub requests: usize,
    /// What was planned; all zero where nothing was to be sent.
    pub plan: PlanSummary,
    /// The setting `platform`, which wins over what follows from each file's dialect.
    pub platform: Option<String>,
    /// Whether the SQL is that of a change request, which may never be merged.
    pub unmerged: bool,
}
