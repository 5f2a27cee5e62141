//! The files of the two sides, as values: what `changes` reads and every later stage works on.
//!
//! Nothing here touches the disk. A file that could not be read is in the tree all the same, with the reason:
//! "could not read" is never "empty" and never "absent".

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::dbt::artifacts::ProjectArtifacts;
use crate::diagnostic::Diagnostic;
use crate::path::RepoPath;
use crate::revision::{BaseRevision, HeadRevision};

/// Marks values of the base side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base;

/// Marks values of the head side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head;

/// Identity of a file's bytes: git's blob id, or `worktree:<hash>` for a file on disk that git has not hashed.
/// Equal ids mean equal content, on either side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub Arc<str>);

/// Why a file's text is not available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Larger than `max-file-bytes`.
    TooLarge {
        /// The file's size.
        bytes: u64,
        /// The limit that it passed.
        limit: u64,
    },
    /// Neither UTF-8 nor UTF-16 with a byte order mark.
    NotText {
        /// Offset of the first byte that is no UTF-8.
        offset: usize,
    },
    /// A Git LFS pointer stands in place of the content.
    LfsPointer,
    /// The object is not in this clone (partial or shallow clone) and could not be had.
    MissingObject,
    /// A symbolic link; links are never followed.
    Symlink,
    /// Reading failed.
    Failed {
        /// The reason in words.
        reason: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(f, "{bytes} bytes, over the limit of {limit} (max-file-bytes)")
            }
            Self::NotText { offset } => write!(f, "not UTF-8 (byte {offset}) and not UTF-16 with a byte order mark"),
            Self::LfsPointer => f.write_str("a Git LFS pointer, not the file itself (checkout with `lfs: true`)"),
            Self::MissingObject => f.write_str("its content is not in this clone (partial clone)"),
            Self::Symlink => f.write_str("a symbolic link, which is never followed"),
            Self::Failed { reason } => f.write_str(reason),
        }
    }
}

/// A file's text, or why there is none. Text has its byte order mark removed and line endings untouched.
pub type Content = Result<Arc<str>, Unreadable>;

/// One file of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: RepoPath,
    /// What it holds, by identity.
    pub blob: BlobId,
    /// What it holds.
    pub content: Content,
}

/// All selected files of one side, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTree<Side> {
    /// SQL files that `files` selects and `exclude` does not.
    pub sql: BTreeMap<RepoPath, SourceFile>,
    /// Files that give the SQL its meaning: `dbt_project.yml`, YAML beside models, seed headers (`.csv`), packages.
    pub support: BTreeMap<RepoPath, SourceFile>,
    /// What dbt wrote about its projects. Not part of the tree in git.
    pub artifacts: Vec<Arc<ProjectArtifacts>>,
    side: PhantomData<Side>,
}

impl<Side> Default for SourceTree<Side> {
    fn default() -> Self {
        Self { sql: BTreeMap::new(), support: BTreeMap::new(), artifacts: Vec::new(), side: PhantomData }
    }
}

#[cfg(test)]
impl<Side> SourceTree<Side> {
    /// A tree of these texts: those of `.sql` files are selected, the others give them their meaning.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            let path = RepoPath::new(path).expect("inside");
            let blob = BlobId(format!("{path} {text}").into());
            let file = SourceFile { path: path.clone(), blob, content: Ok(Arc::from(*text)) };
            let part = if path.as_str().ends_with(".sql") { &mut tree.sql } else { &mut tree.support };
            part.insert(path, file);
        }
        tree
    }
}

/// What happened to a file between base and head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileStatus {
    /// Only at head.
    Added,
    /// On both sides, with other bytes.
    Modified,
    /// Only at base.
    Removed,
    /// The same bytes (or nearly) under another path; see [`ChangedFile::old_path`].
    Renamed,
}

/// A selected file that differs between the sides. Mode-only changes are no changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Path at head; for a removed file, its path at base.
    pub path: RepoPath,
    /// Path at base where it differs ([`FileStatus::Renamed`]).
    pub old_path: Option<RepoPath>,
    /// What happened.
    pub status: FileStatus,
}

/// Who listed the changed files, for the report's footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedBy {
    /// Git, comparing with the first parent of the checked-out merge commit.
    MergeParent,
    /// Git, comparing with the event's base commit or the merge base.
    GitDiff,
    /// The forge's API, because git could not have the base.
    ForgeApi,
}

/// Both sides and what changed between them: the output of the `changes` stage.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// Where the comparison starts.
    pub base: BaseRevision,
    /// Where it ends.
    pub head: HeadRevision,
    /// Every selected file at base.
    pub base_tree: SourceTree<Base>,
    /// Every selected file at head.
    pub head_tree: SourceTree<Head>,
    /// Selected SQL files that differ, ordered by path.
    pub changed: Vec<ChangedFile>,
    /// How the list came to be.
    pub listed_by: ListedBy,
    /// What could not be read or was refused on the way.
    pub diagnostics: Vec<Diagnostic>,
}
