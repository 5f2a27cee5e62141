//! The state file: read before the plan, written after each answer, so that a run that dies forgets little.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::ingest::outcome::FileOutcome;
use crate::ingest::state::{Mark, Memory, Seal, StateFile};
use crate::path::RepoPath;
use crate::telemetry::Log;

/// A state file that is kept up to date.
pub struct StateKeeper {
    file: PathBuf,
    state: StateFile,
    seal: Seal,
    marks: BTreeMap<RepoPath, Mark>,
}

impl StateKeeper {
    /// Reads a state file. One that is missing, or no state file, remembers nothing.
    #[must_use]
    pub fn open(file: &Path, seal: Seal, log: &Log) -> Self {
        let state = match std::fs::read_to_string(file) {
            Ok(text) => StateFile::parse(&text).unwrap_or_else(|| {
                log.note(&format!("the state file {} cannot be understood: every file counts as new", file.display()));
                StateFile::default()
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => StateFile::default(),
            Err(error) => {
                log.note(&format!("the state file {} cannot be read: {error}", file.display()));
                StateFile::default()
            }
        };
        Self { file: file.to_path_buf(), state, seal, marks: BTreeMap::new() }
    }

    /// What earlier runs did.
    #[must_use]
    pub fn memory(&self) -> (Memory, Seal) {
        (self.state.memory(), self.seal.clone())
    }

    /// Takes the marks of what is about to be sent.
    pub fn expect(&mut self, marks: &BTreeMap<RepoPath, Mark>) {
        self.marks.clone_from(marks);
    }

    /// Takes note of what came of a file.
    pub fn note(&mut self, row: &FileOutcome) {
        self.state.note((&row.path, &row.bucket), self.marks.get(&row.path), &self.seal);
    }

    /// Writes the file as a whole or not at all.
    pub fn save(&self, log: &Log) {
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(self.state.to_text().as_bytes())?;
            file.persist(&self.file).map_err(|error| error.error)
        });
        if let Err(error) = written {
            log.warning(&format!("the state file {} cannot be written: {error}", self.file.display()));
        }
    }
}
