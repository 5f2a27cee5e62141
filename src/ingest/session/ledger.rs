//! Which file has which bucket so far. A file in several parts gets the worst of theirs, once all are settled.

use std::collections::BTreeMap;

use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::path::RepoPath;

#[derive(Debug)]
pub(super) struct Ledger {
    open: BTreeMap<RepoPath, OpenFile>,
    rows: Vec<FileOutcome>,
}

#[derive(Debug, Default)]
struct OpenFile {
    parts: usize,
    worst: Option<FileOutcome>,
}

impl Ledger {
    pub fn new(rows: Vec<FileOutcome>) -> Self {
        Self { open: BTreeMap::new(), rows }
    }

    /// Waits for one more part of a file.
    pub fn open(&mut self, path: &RepoPath) {
        self.open.entry(path.clone()).or_default().parts += 1;
    }

    /// Takes the bucket of one part.
    pub fn settle(&mut self, row: FileOutcome) {
        let path = row.path.clone();
        let Some(file) = self.open.get_mut(&path) else { return };
        file.parts = file.parts.saturating_sub(1);
        if file.worst.as_ref().is_none_or(|worst| rank(&row.bucket) > rank(&worst.bucket)) {
            file.worst = Some(row);
        }
        if file.parts == 0 {
            self.rows.extend(self.open.remove(&path).and_then(|file| file.worst));
        }
    }

    pub fn rows(&self) -> &[FileOutcome] {
        &self.rows
    }

    pub fn into_rows(self) -> Vec<FileOutcome> {
        self.rows
    }
}

fn rank(bucket: &FileBucket) -> u8 {
    match bucket {
        FileBucket::Sent | FileBucket::Unchanged => 0,
        FileBucket::Skipped(_) => 1,
        FileBucket::Deferred => 2,
        FileBucket::Rejected => 3,
    }
}
