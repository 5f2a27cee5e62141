//! Git and the forge's API as one place to read from: git first, and the API for what git cannot have.

use std::collections::BTreeSet;

use super::api::ForgeReader;
use super::assemble::Contents;
use super::git::{GitError, Repository, Wanted};
use super::listing::Entry;
use crate::revision::CommitId;
use crate::source::{BlobId, Unreadable};

/// Where a commit can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In this clone.
    Git,
    /// Through the forge's API.
    Forge,
}

/// A commit that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located {
    /// The commit.
    pub(super) commit: CommitId,
    /// Where.
    pub(super) place: Place,
}

/// Everything there is to read from. Reasons for failures are texts: each place has its own, and people see them both.
pub(super) struct Sources<'a> {
    /// The clone in the workspace, or why there is none.
    pub(super) git: Result<Repository, GitError>,
    /// The forge's API, where it may be used.
    pub(super) forge: Option<&'a ForgeReader>,
    /// Largest file that is read, in bytes.
    pub(super) limit: u64,
}

impl Sources<'_> {
    /// The clone, where there is one.
    pub(super) fn clone_here(&self) -> Option<&Repository> {
        self.git.as_ref().ok()
    }

    /// Finds a commit: in the clone, at `origin`, or through the API.
    pub(super) async fn locate(&self, commit: &CommitId) -> Result<Located, String> {
        let by_git = self.have(commit);
        let Err(by_git) = by_git else { return Ok(Located { commit: commit.clone(), place: Place::Git }) };
        let by_forge = match self.forge {
            None => "the forge's API was not asked".to_owned(),
            Some(forge) => match forge.parents(commit).await {
                Ok(_) => return Ok(Located { commit: commit.clone(), place: Place::Forge }),
                Err(error) => error.to_string(),
            },
        };
        Err(format!("{by_git}; {by_forge}"))
    }

    /// Makes sure that a commit is in the clone, if need be by fetching it.
    pub(super) fn have(&self, commit: &CommitId) -> Result<&Repository, GitError> {
        let git = match &self.git {
            Ok(git) => git,
            Err(GitError::NotInstalled) => return Err(GitError::NotInstalled),
            Err(error) => return Err(GitError::Failed { command: "rev-parse".to_owned(), reason: error.to_string() }),
        };
        if !git.has(commit) {
            git.fetch(commit)?;
        }
        Ok(git)
    }

    /// A commit's parents, from the clone or through the API; `None` when neither knows the commit.
    pub(super) async fn parents(&self, commit: &CommitId) -> Option<Vec<CommitId>> {
        let by_git = self.clone_here().filter(|git| git.has(commit)).and_then(|git| git.parents(commit).ok());
        match (by_git, self.forge) {
            (Some(parents), _) => Some(parents),
            (None, Some(forge)) => forge.parents(commit).await.ok(),
            (None, None) => None,
        }
    }

    /// The commit's tree. What git fails to list is asked from the API.
    pub(super) async fn list(&self, located: &Located) -> Result<Vec<Entry>, String> {
        let mut reasons = Vec::new();
        if let (Place::Git, Some(git)) = (located.place, self.clone_here()) {
            match git.list_tree(&located.commit) {
                Ok(entries) => return Ok(entries),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        if let Some(forge) = self.forge {
            match forge.list_tree(&located.commit).await {
                Ok(entries) => return Ok(entries),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(reasons.join("; "))
    }

    /// Reads blobs from the clone, and those that it lacks from `origin` (partial clones) and the API; `first` are asked
    /// for first. Every wanted id has an entry in the result.
    pub(super) async fn read(&self, wanted: &Wanted, first: &BTreeSet<BlobId>, sides: &[CommitId]) -> Contents {
        let mut contents = match self.clone_here() {
            Some(git) => read_from_clone(git, wanted, sides, self.limit),
            None => all(wanted.keys(), &Unreadable::MissingObject),
        };
        if let Some(forge) = self.forge {
            let lacking = contents.iter().filter(|(_, content)| matches!(content, Err(Unreadable::MissingObject)));
            let mut lacking: Vec<BlobId> = lacking.map(|(id, _)| id.clone()).collect();
            lacking.sort_by_key(|id| !first.contains(id));
            contents.extend(forge.read_blobs(&lacking, wanted, self.limit).await);
        }
        contents
    }
}

/// Reads blobs from a clone. In a partial clone what it lacks is fetched in one go.
pub(super) fn read_from_clone(git: &Repository, wanted: &Wanted, sides: &[CommitId], limit: u64) -> Contents {
    let held: Vec<CommitId> = sides.iter().filter(|commit| git.has(commit)).cloned().collect();
    let lacking = if git.is_partial() { git.lacking(&held) } else { Ok(BTreeSet::new()) };
    // Not knowing what is lacking only costs the fetch: each blob is still asked for.
    let is_lacking = |id: &&BlobId| lacking.as_ref().is_ok_and(|lacking| lacking.contains(*id));
    let mut missing: Vec<&BlobId> = wanted.keys().filter(is_lacking).collect();
    if !missing.is_empty() && git.fetch_blobs(&missing).is_ok() {
        missing.clear();
    }
    let mut contents = all(missing.iter().copied(), &Unreadable::MissingObject);
    let held =
        wanted.iter().filter(|(id, _)| !contents.contains_key(*id)).map(|(id, keep)| (id.clone(), *keep)).collect();
    match git.read_blobs(&held, limit) {
        Ok(read) => contents.extend(read),
        Err(error) => contents.extend(all(held.keys(), &Unreadable::Failed { reason: error.to_string() })),
    }
    contents
}

fn all<'a>(ids: impl Iterator<Item = &'a BlobId>, reason: &Unreadable) -> Contents {
    ids.map(|id| (id.clone(), Err(reason.clone()))).collect()
}
