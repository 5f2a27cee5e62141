//! What linking one side remembers for the other: of every statement what it led to, and on which answers of the catalog
//! that rests. A statement of the same file that gets the same answers leads to the same, and is not resolved again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lineage::catalog::{Catalog, Copies};
use crate::lineage::link::ahead::Statements;
use crate::lineage::script::Script;
use crate::path::RepoPath;
use crate::sql::template::Prepared;

/// The statements of one side as they were resolved.
#[derive(Debug, Default)]
pub(crate) struct Memory<'f> {
    files: BTreeMap<&'f RepoPath, Remembered<'f>>,
    /// Which copies of assets the dialects had; asked by every name.
    copies: Copies,
}

#[derive(Debug)]
struct Remembered<'f> {
    file: &'f Prepared,
    script: &'f Arc<Script>,
    statements: Statements,
}

impl<'f> Memory<'f> {
    /// A memory for a side in which dialects have these copies of assets.
    pub fn new(copies: Copies) -> Self {
        Self { files: BTreeMap::new(), copies }
    }

    /// Whether the dialects of another side have the same copies; if not, nothing of this memory holds there.
    pub fn fits(&self, catalog: &Catalog) -> bool {
        self.copies == *catalog.copies()
    }

    pub fn keep(&mut self, file: &'f Prepared, script: &'f Arc<Script>, statements: Statements) {
        self.files.insert(&file.path, Remembered { file, script, statements });
    }

    /// The statements of a file, where the very same file is remembered.
    pub fn of(&self, file: &Prepared, script: &Arc<Script>) -> Option<&Statements> {
        let same = |known: &&Remembered<'f>| Arc::ptr_eq(known.script, script) && known.file == file;
        self.files.get(&file.path).filter(same).map(|known| &known.statements)
    }

    /// What the statements led to, to be dropped wherever there is time.
    pub fn into_statements(self) -> Vec<Statements> {
        self.files.into_values().map(|remembered| remembered.statements).collect()
    }
}
