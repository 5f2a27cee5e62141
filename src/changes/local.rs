//! Both sides on a laptop: any git repository, no network, no token.

use super::artifacts::{of_base, of_projects};
use super::assemble::{Contents, unhashed};
use super::compare::{REMOTE_TIPS, default_tip};
use super::decode::decode;
use super::disk::read_file;
use super::git::{Network, Repository};
use super::pick::{Picks, pick};
use super::select::Selection;
use super::sources::read_from_clone;
use super::{ChangesError, ChangesOptions, Compared, assembled, wanted};
use crate::revision::{BaseRevision, CommitId, HeadRevision};
use crate::source::{ChangeSet, ListedBy, Unreadable};

/// What a comparison on a laptop leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalHead {
    /// A commit, by any name that git knows.
    Revision(String),
    /// The files on disk: uncommitted and untracked ones count, ignored ones do not.
    Worktree,
}

/// Reads both sides of a clone. Works from any folder of the repository and means all of it.
///
/// `base` is taken as it is. Without it the base is the point where the head left the default branch (`origin/HEAD`,
/// `origin/main`, `origin/master`, `main`, `master`: the first that exists). On the default branch itself that is the last
/// commit for the work tree, and the first parent for a commit: what it changed. A repository without any commit has an
/// empty base.
///
/// # Errors
/// [`ChangesError`] when a pattern is wrong, a revision names no commit, or git fails.
pub fn read_local(options: &ChangesOptions, base: Option<&str>, head: LocalHead) -> Result<ChangeSet, ChangesError> {
    let selection = Selection::new(&options.files, &options.exclude)?;
    let git = Repository::open(&options.workspace, Network::Forbidden)?;
    let tip = match &head {
        LocalHead::Worktree => git.resolve("HEAD")?,
        LocalHead::Revision(revision) => Some(resolve(&git, revision)?),
    };
    let base = match (base, &tip) {
        (Some(base), _) => Some(resolve(&git, base)?),
        (None, Some(tip)) => default_base(&git, tip, &head)?,
        (None, None) => None,
    };
    let mut contents = Contents::new();
    let (head_revision, head_picks) = match (&head, &tip) {
        (LocalHead::Revision(_), Some(tip)) => {
            (HeadRevision::Commit(tip.clone()), pick(git.list_tree(tip)?, &selection))
        }
        _ => {
            let mut picks = pick(git.list_worktree()?, &selection);
            contents = read_disk(&git, &mut picks, options.max_file_bytes)?;
            (HeadRevision::Worktree, picks)
        }
    };
    let base_picks = match &base {
        Some(base) => pick(git.list_tree(base)?, &selection),
        None => Picks::default(),
    };
    let commits: Vec<CommitId> = base.iter().chain(&tip).cloned().collect();
    let mut wanted = wanted(&[&base_picks, &head_picks]);
    wanted.retain(|id, _| !contents.contains_key(id));
    contents.extend(read_from_clone(&git, &wanted, &commits, options.max_file_bytes));
    let mut change_set = assembled(Compared {
        base_revision: BaseRevision(base.map_or_else(|| git.empty_tree(), Ok)?),
        head_revision,
        listed_by: ListedBy::GitDiff,
        base: base_picks,
        head: head_picks,
        contents,
    });
    if change_set.head == HeadRevision::Worktree {
        change_set.head_tree.artifacts = of_projects(&change_set.head_tree, &|name| git.locate(name));
    }
    change_set.base_tree.artifacts = of_base(options.base_manifest.as_deref(), &options.workspace);
    Ok(change_set)
}

fn resolve(git: &Repository, revision: &str) -> Result<CommitId, ChangesError> {
    git.resolve(revision)?.ok_or_else(|| ChangesError::UnknownRevision { revision: revision.to_owned() })
}

/// Where the tip left the default branch; see [`read_local`].
fn default_base(git: &Repository, tip: &CommitId, head: &LocalHead) -> Result<Option<CommitId>, ChangesError> {
    let references: Vec<&str> = REMOTE_TIPS.into_iter().chain(["refs/heads/main", "refs/heads/master"]).collect();
    let left_at = match default_tip(git, &references) {
        Some(default) => git.merge_base(&default, tip)?,
        None => None,
    };
    match (left_at, head) {
        (Some(base), _) if base != *tip => Ok(Some(base)),
        (_, LocalHead::Worktree) => Ok(Some(tip.clone())),
        (_, LocalHead::Revision(_)) => Ok(git.parents(tip)?.into_iter().next()),
    }
}

/// Hashes and reads the picked files that differ from git's index, and gives them their ids.
fn read_disk(git: &Repository, picks: &mut Picks, limit: u64) -> Result<Contents, ChangesError> {
    let mut contents = Contents::new();
    for files in [&mut picks.sql, &mut picks.support] {
        // A file that went away or became something else since it was listed is as good as deleted.
        files.retain(|_, picked| picked.blob.is_some() || git.locate(&picked.name).is_some());
        let mut read = Vec::new();
        for (path, picked) in files.iter_mut().filter(|(_, picked)| picked.blob.is_none()) {
            let Some(place) = git.locate(&picked.name) else { continue };
            match read_file(&place, limit) {
                Err(Unreadable::Failed { reason }) => {
                    let id = unhashed(path);
                    contents.insert(id.clone(), Err(Unreadable::Failed { reason }));
                    picked.blob = Some(id);
                }
                bytes => read.push((picked, bytes)),
            }
        }
        let names: Vec<&[u8]> = read.iter().map(|(picked, _)| picked.name.as_slice()).collect();
        let ids = git.hash_files(&names)?;
        for ((picked, bytes), id) in read.into_iter().zip(ids) {
            let content = bytes.and_then(|bytes| decode(&bytes, picked.keep));
            contents.insert(id.clone(), content);
            picked.blob = Some(id);
        }
    }
    Ok(contents)
}
