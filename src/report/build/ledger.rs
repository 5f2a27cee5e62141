//! Every changed file in exactly one bucket: the sum is made to be right here, so that the counts that people and
//! programs read add up even when a run ended early.

use std::collections::BTreeMap;

use crate::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, SkipReason};
use crate::path::RepoPath;
use crate::source::{ChangedFile, FileStatus};

/// The outcome with one row for every changed file, ordered by path: rows of other files are dropped, of two rows for
/// one file the first counts, and a file without a row was not sent.
pub fn balance(outcome: IngestOutcome, changed: &[ChangedFile]) -> IngestOutcome {
    let mut rows = BTreeMap::<RepoPath, FileOutcome>::new();
    for row in outcome.files {
        rows.entry(row.path.clone()).or_insert(row);
    }
    let mut files: Vec<FileOutcome> = changed
        .iter()
        .map(|file| rows.remove(&file.path).unwrap_or_else(|| not_sent(file, outcome.skipped.clone())))
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    IngestOutcome { files, ..outcome }
}

fn not_sent(file: &ChangedFile, skipped: Option<SkipReason>) -> FileOutcome {
    let reason = skipped.unwrap_or_else(|| match file.status {
        FileStatus::Removed => SkipReason::RemovedFile,
        _ => SkipReason::Stopped { reason: "the run ended before its turn".to_owned() },
    });
    FileOutcome { path: file.path.clone(), bucket: FileBucket::Skipped(reason), code: None, line: None, message: None }
}
