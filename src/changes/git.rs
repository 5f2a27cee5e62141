//! The only place that runs git.
//!
//! Every call is git itself (no shell) with the repository's own surprises turned off: hooks, file system monitors,
//! pagers, prompts, replaced objects, and the `GIT_*` variables of whoever started us. `safe.directory=*` is given per
//! call, since CI checks out as another user. The exit status is always looked at: where git only warns, its output is
//! not what it seems to be. Nothing here checks anything out or writes to the work tree; `fetch` adds objects.

mod blobs;
mod process;
mod tree;
mod worktree;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::disk::path_from;
use crate::revision::CommitId;

pub(super) use blobs::Wanted;

use process::{command, run, run_bounded};

/// Why git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` on the PATH.
    #[error("git is not installed")]
    NotInstalled,
    /// The folder is in no repository.
    #[error("{} is not inside a git repository", folder.display())]
    NotARepository {
        /// The folder.
        folder: PathBuf,
    },
    /// Git ran and refused.
    #[error("`git {command}` failed: {reason}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Git's own words, shortened, without credentials. Hostile text.
        reason: String,
    },
    /// Git's output is not what its documentation says.
    #[error("`git {command}` printed something unexpected")]
    Unexpected {
        /// The subcommand.
        command: &'static str,
    },
    /// Asking `origin` is not allowed here.
    #[error("the object is not in this clone, and this command uses no network")]
    Offline,
    /// Git could not be run or talked to.
    #[error("`git {command}` could not be run")]
    Io {
        /// The subcommand.
        command: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Whether `origin` may be asked for what this clone lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// In CI.
    Allowed,
    /// On a laptop.
    Forbidden,
}

/// A git repository with a work tree.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top folder, links resolved.
    root: PathBuf,
    network: Network,
}

impl Repository {
    /// Finds the repository that holds `folder`.
    pub(super) fn open(folder: &Path, network: Network) -> Result<Self, GitError> {
        let not_here = || GitError::NotARepository { folder: folder.to_path_buf() };
        if !folder.is_dir() {
            return Err(not_here());
        }
        match run(folder, &["rev-parse", "--show-toplevel"]) {
            Ok(output) => {
                let root = path_from(output.strip_suffix(b"\n").unwrap_or(&output));
                let root = root.canonicalize().unwrap_or(root);
                Ok(Self { root, network })
            }
            Err(GitError::Failed { .. }) => Err(not_here()),
            Err(error) => Err(error),
        }
    }

    /// The commit that a text names (`main`, `HEAD~2`, a short id); `None` when it names none. The text is hostile: it
    /// cannot become an option.
    pub(super) fn resolve(&self, revision: &str) -> Result<Option<CommitId>, GitError> {
        let object = format!("{revision}^{{commit}}");
        match self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &object]) {
            Ok(output) => Ok(Some(commit(&output, "rev-parse")?)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the commit is in this clone.
    pub(super) fn has(&self, id: &CommitId) -> bool {
        self.run(&["cat-file", "-e", &format!("{id}^{{commit}}")]).is_ok()
    }

    /// The commit's parents as the commit itself states them: also those that a shallow clone does not have.
    pub(super) fn parents(&self, id: &CommitId) -> Result<Vec<CommitId>, GitError> {
        let object = self.run(&["cat-file", "commit", id.as_str()])?;
        let text = String::from_utf8_lossy(&object);
        let header = text.lines().take_while(|line| !line.is_empty());
        header
            .filter_map(|line| line.strip_prefix("parent "))
            .map(|id| CommitId::parse(id).map_err(|_| GitError::Unexpected { command: "cat-file" }))
            .collect()
    }

    /// Git's name for "nothing", which stands for the base of a first commit.
    pub(super) fn empty_tree(&self) -> Result<CommitId, GitError> {
        commit(&self.run(&["hash-object", "-t", "tree", "--stdin"])?, "hash-object")
    }

    /// The best common ancestor that this clone knows; `None` when it knows none.
    pub(super) fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, GitError> {
        match self.run(&["merge-base", one.as_str(), other.as_str()]) {
            Ok(output) => Ok(Some(commit(&output, "merge-base")?)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit that `origin` has under a full reference name (`refs/pull/7/merge`).
    pub(super) fn remote_reference(&self, reference: &str) -> Result<Option<CommitId>, GitError> {
        self.online()?;
        let output = run_bounded(self.networked(&["ls-remote", "--quiet", "origin", reference]), "ls-remote")?;
        let line = String::from_utf8_lossy(&output);
        Ok(line.split_whitespace().next().and_then(|id| CommitId::parse(id).ok()))
    }

    /// Gets one commit with its tree from `origin`, without its history.
    pub(super) fn fetch(&self, id: &CommitId) -> Result<(), GitError> {
        self.online()?;
        let mut arguments = vec!["fetch"];
        // In a whole clone a depth would cut history that is there.
        if self.run(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true") {
            arguments.push("--depth=1");
        }
        arguments.extend(FETCH_OPTIONS);
        arguments.extend(["origin", id.as_str()]);
        run_bounded(self.networked(&arguments), "fetch").map(drop)
    }

    /// Runs git in the repository; objects that a partial clone lacks are not fetched.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        run(&self.root, arguments)
    }

    fn online(&self) -> Result<(), GitError> {
        if self.network == Network::Allowed { Ok(()) } else { Err(GitError::Offline) }
    }

    /// A command that may ask `origin`, where that is allowed.
    fn networked(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.root);
        if self.network == Network::Allowed {
            command.env_remove("GIT_NO_LAZY_FETCH");
        }
        command.args(arguments);
        command
    }
}

/// Options of every fetch: nothing but objects is written.
const FETCH_OPTIONS: [&str; 5] =
    ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];

fn commit(output: &[u8], command: &'static str) -> Result<CommitId, GitError> {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().next().unwrap_or_default();
    CommitId::parse(line).map_err(|_| GitError::Unexpected { command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_repository_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Repository::open(folder.path(), Network::Forbidden).expect_err("no repository");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    }
}
