//! What came of sending the changed files: every file in exactly one bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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
            Self::ForkWithoutSecrets => f.write_str("the change comes from a fork, where secrets are not available"),
            Self::Mode { mode } => write!(f, "the ingest mode is `{mode}`"),
            Self::NothingChanged => f.write_str("no SQL file changed"),
            Self::RemovedFile => f.write_str("the file was removed, and the API has no route to delete"),
            Self::Unreadable { reason } => write!(f, "the file could not be read: {reason}"),
            Self::NothingToSend { what } => write!(f, "nothing to send: {what}"),
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
    /// It did not fit into the request budget or the waiting time; the next run sends it.
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

/// The code of a file that was left without a bucket: a bug of this program, shown instead of losing the file.
pub const UNACCOUNTED: &str = "UNACCOUNTED";

/// How many files each bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BucketCounts {
    /// Taken by the catalog.
    pub sent: usize,
    /// Refused for good.
    pub rejected: usize,
    /// Left for the next run.
    pub deferred: usize,
    /// Sent before with the same content.
    pub unchanged: usize,
    /// Not to be sent.
    pub skipped: usize,
}

impl BucketCounts {
    /// All files.
    #[must_use]
    pub fn total(self) -> usize {
        self.sent + self.rejected + self.deferred + self.unchanged + self.skipped
    }
}

/// What the catalog counted over all answers, and what it took to get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Assets that the catalog says it added; `None` when it gave no counts.
    pub assets_added: Option<u64>,
    /// Assets that the catalog says it modified; `None` when it gave no counts.
    pub assets_modified: Option<u64>,
    /// Requests made, repeated ones included.
    pub requests: usize,
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
}

impl IngestOutcome {
    /// Accounts for every changed file: the outcome holds exactly one row for each, ordered by path.
    ///
    /// A file with no row, with several, or with a row although it did not change, is a bug of this program. It is
    /// shown as rejected with the code [`UNACCOUNTED`]: trouble in here must neither lose a file nor hide the report.
    #[must_use]
    pub fn account(mode: String, changed: &BTreeSet<RepoPath>, rows: Vec<FileOutcome>, totals: Totals) -> Self {
        let mut by_path: BTreeMap<RepoPath, Vec<FileOutcome>> =
            changed.iter().map(|path| (path.clone(), Vec::new())).collect();
        for row in rows {
            by_path.entry(row.path.clone()).or_default().push(row);
        }
        let files: Vec<FileOutcome> = by_path
            .into_iter()
            .map(|(path, rows)| match <[FileOutcome; 1]>::try_from(rows) {
                Ok([row]) if changed.contains(&path) => row,
                Ok(_) => unaccounted(path, "the file is not among the changed ones"),
                Err(rows) if rows.is_empty() => unaccounted(path, "the file got no result"),
                Err(_) => unaccounted(path, "the file got more than one result"),
            })
            .collect();
        let status = status(&files);
        let skipped = (status == IngestStatus::Skipped).then(|| reason_to_skip(&files));
        let Totals { assets_added, assets_modified, requests } = totals;
        Self { mode, status, skipped, files, assets_added, assets_modified, requests }
    }

    /// How many files each bucket holds; the sum is the number of changed files.
    #[must_use]
    pub fn counts(&self) -> BucketCounts {
        count(&self.files)
    }
}

fn unaccounted(path: RepoPath, what: &str) -> FileOutcome {
    FileOutcome {
        path,
        bucket: FileBucket::Rejected,
        code: Some(UNACCOUNTED.to_owned()),
        line: None,
        message: Some(format!("{what}; this is a bug of ingest-action, please report it")),
    }
}

fn count(files: &[FileOutcome]) -> BucketCounts {
    let mut counts = BucketCounts::default();
    for file in files {
        let bucket = match file.bucket {
            FileBucket::Sent => &mut counts.sent,
            FileBucket::Rejected => &mut counts.rejected,
            FileBucket::Deferred => &mut counts.deferred,
            FileBucket::Unchanged => &mut counts.unchanged,
            FileBucket::Skipped(_) => &mut counts.skipped,
        };
        *bucket += 1;
    }
    counts
}

/// An unreadable file was to be sent and was not: beside sent files it makes the whole partial. Alone it leaves
/// nothing to send, which is no failure of the ingest; the diagnostics already name it.
fn status(files: &[FileOutcome]) -> IngestStatus {
    let counts = count(files);
    let taken = counts.sent + counts.unchanged;
    let refused = counts.rejected + counts.deferred;
    let unreadable = files.iter().any(|file| matches!(file.bucket, FileBucket::Skipped(SkipReason::Unreadable { .. })));
    match (taken, refused) {
        (0, 0) => IngestStatus::Skipped,
        (0, _) => IngestStatus::Failed,
        (_, 0) if !unreadable => IngestStatus::Sent,
        _ => IngestStatus::Partial,
    }
}

/// One reason for the whole: the one that kept everything from being sent where there is such, else the first file's.
fn reason_to_skip(files: &[FileOutcome]) -> SkipReason {
    let mut reasons: Vec<&SkipReason> = files
        .iter()
        .filter_map(|file| match &file.bucket {
            FileBucket::Skipped(reason) => Some(reason),
            _ => None,
        })
        .collect();
    let of_the_run = |reason: &&SkipReason| {
        matches!(reason, SkipReason::NoToken | SkipReason::ForkWithoutSecrets | SkipReason::Mode { .. })
    };
    reasons.sort_by_key(|reason| !of_the_run(reason));
    reasons.first().map_or(SkipReason::NothingChanged, |reason| (*reason).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    fn row(name: &str, bucket: FileBucket) -> FileOutcome {
        FileOutcome { path: path(name), bucket, code: None, line: None, message: None }
    }

    fn account(rows: Vec<FileOutcome>) -> IngestOutcome {
        let changed = rows.iter().map(|row| row.path.clone()).collect();
        IngestOutcome::account("pull_request".to_owned(), &changed, rows, Totals::default())
    }

    #[test]
    fn a_file_without_exactly_one_result_is_shown_as_rejected_not_lost() {
        let changed = ["a.sql", "b.sql", "c.sql"].map(path).into();
        let sent = |name| row(name, FileBucket::Sent);
        let rows = vec![sent("d.sql"), sent("c.sql"), sent("a.sql"), sent("c.sql")];
        let outcome = IngestOutcome::account("merge".to_owned(), &changed, rows, Totals::default());
        let shown: Vec<_> = outcome.files.iter().map(|file| (file.path.as_str(), file.code.as_deref())).collect();
        let lost = Some(UNACCOUNTED);
        assert_eq!(shown, [("a.sql", None), ("b.sql", lost), ("c.sql", lost), ("d.sql", lost)]);
        assert_eq!(outcome.status, IngestStatus::Partial);
    }

    #[test]
    fn the_status_follows_from_the_buckets() {
        let removed = || FileBucket::Skipped(SkipReason::RemovedFile);
        let unreadable = || FileBucket::Skipped(SkipReason::Unreadable { reason: "a symbolic link".to_owned() });
        let cases = [
            (vec![], IngestStatus::Skipped),
            (vec![removed(), unreadable()], IngestStatus::Skipped),
            (vec![FileBucket::Sent, removed()], IngestStatus::Sent),
            (vec![FileBucket::Unchanged], IngestStatus::Sent),
            (vec![FileBucket::Sent, unreadable()], IngestStatus::Partial),
            (vec![FileBucket::Sent, FileBucket::Deferred], IngestStatus::Partial),
            (vec![FileBucket::Rejected, removed()], IngestStatus::Failed),
            (vec![FileBucket::Deferred], IngestStatus::Failed),
        ];
        for (buckets, expected) in cases {
            let rows = buckets.iter().enumerate().map(|(at, bucket)| row(&format!("{at}.sql"), bucket.clone()));
            let outcome = account(rows.collect());
            assert_eq!(outcome.status, expected, "{buckets:?}");
            assert_eq!(outcome.counts().total(), buckets.len());
            assert_eq!(outcome.skipped.is_some(), expected == IngestStatus::Skipped);
        }
    }

    #[test]
    fn the_reason_of_the_run_is_told_before_that_of_a_file() {
        let rows = vec![
            row("a.sql", FileBucket::Skipped(SkipReason::RemovedFile)),
            row("b.sql", FileBucket::Skipped(SkipReason::NoToken)),
        ];
        assert_eq!(account(rows).skipped, Some(SkipReason::NoToken));
        assert_eq!(account(Vec::new()).skipped, Some(SkipReason::NothingChanged));
    }
}
