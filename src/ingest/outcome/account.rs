//! The sum that is checked: how the rows of single files become the outcome of the stage, with none lost and none twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileBucket, FileOutcome, IngestOutcome, IngestStatus, SkipReason};
use crate::ingest::plan::PlanSummary;
use crate::path::RepoPath;

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
        let plan = PlanSummary::default();
        Self {
            mode,
            status,
            skipped,
            files,
            assets_added,
            assets_modified,
            requests,
            plan,
            platform: None,
            unmerged: false,
        }
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

/// An unreadable file was to be sent and was not, and so was one with a secret: beside sent files it makes the whole
/// partial. Alone it leaves nothing to send, which is no failure of the ingest; the report already names it.
fn status(files: &[FileOutcome]) -> IngestStatus {
    let counts = count(files);
    let taken = counts.sent + counts.unchanged;
    let refused = counts.rejected + counts.deferred;
    let is_withheld =
        |reason: &SkipReason| matches!(reason, SkipReason::Unreadable { .. } | SkipReason::HoldsSecret { .. });
    let withheld = files.iter().any(|file| matches!(&file.bucket, FileBucket::Skipped(reason) if is_withheld(reason)));
    match (taken, refused) {
        (0, 0) => IngestStatus::Skipped,
        (0, _) => IngestStatus::Failed,
        (_, 0) if !withheld => IngestStatus::Sent,
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
