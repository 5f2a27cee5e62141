//! The `changes` stage: a run in CI, a clone on a laptop, or paths → both sides of the SQL and what differs.
//!
//! All selected SQL of both sides is read, by blob and each distinct blob once, since lineage needs the files that did
//! not change too. Git is asked first; what it cannot have comes from the forge's API. A file that cannot be read stays in
//! its tree with the reason, and a base that cannot be read is an error: neither is ever taken for empty. Nothing is
//! checked out, no link is followed, and nothing here looks at what the SQL says.

mod api;
mod artifacts;
mod assemble;
mod compare;
mod decode;
mod disk;
mod git;
mod listing;
mod local;
mod paths;
mod pick;
mod select;
mod sources;

use std::collections::BTreeSet;
use std::path::PathBuf;

use assemble::Contents;
use decode::Keep;
use git::{Network, Repository, Wanted};
use pick::{Picked, Picks, pick};
use select::Selection;
use sources::Sources;

use crate::path::RepoPath;
use crate::platform::context::{Forge, RunContext};
use crate::revision::{BaseRevision, CommitId, HeadRevision};
use crate::settings::Settings;
use crate::source::{BlobId, ChangeSet, ListedBy};

pub use api::{ApiError, ForgeReader};
pub use assemble::unreadable_files;
pub use git::GitError;
pub use local::{LocalHead, read_local};
pub use paths::read_paths;
pub use select::{DEFAULT_FILES, PatternError};

/// The settings of this stage.
#[derive(Debug, Clone)]
pub struct ChangesOptions {
    /// The repository's folder, or one inside of it; the whole repository is meant.
    pub workspace: PathBuf,
    /// Patterns of SQL files; none means [`DEFAULT_FILES`].
    pub files: Vec<String>,
    /// Patterns of files to leave out; they win over `files`.
    pub exclude: Vec<String>,
    /// Largest file that is read, in bytes.
    pub max_file_bytes: u64,
    /// dbt's manifest of the base.
    pub base_manifest: Option<PathBuf>,
}

impl From<&Settings> for ChangesOptions {
    fn from(settings: &Settings) -> Self {
        Self {
            workspace: settings.workspace.clone(),
            files: settings.files.clone(),
            exclude: settings.exclude.clone(),
            max_file_bytes: settings.max_file_bytes,
            base_manifest: settings.base_manifest.clone(),
        }
    }
}

/// One of the two sides, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Base,
    Head,
}

/// Why the change could not be read. [`ChangesError::Pattern`] is a wrong setting (exit code 2), everything else ends
/// with exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// A pattern of `files` or `exclude` is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The base cannot be had by git and not by the API.
    #[error("the base {revision} cannot be read: {reason}")]
    BaseUnreadable {
        /// The commit or branch.
        revision: String,
        /// What git and the API said. Hostile text.
        reason: String,
        /// Whose YAML the hint is in.
        forge: Forge,
    },
    /// The head cannot be had by git and not by the API.
    #[error("the head {revision} cannot be read: {reason}")]
    HeadUnreadable {
        /// The commit.
        revision: String,
        /// What git and the API said. Hostile text.
        reason: String,
        /// Whose YAML the hint is in.
        forge: Forge,
    },
    /// A revision given by the user names no commit.
    #[error("{revision:?} names no commit of this repository")]
    UnknownRevision {
        /// The text.
        revision: String,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder given by the user cannot be read.
    #[error("{} cannot be read", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl ChangesError {
    fn unreadable(side: Side, revision: &str, (reason, forge): (String, Forge)) -> Self {
        let revision = revision.to_owned();
        match side {
            Side::Base => Self::BaseUnreadable { revision, reason, forge },
            Side::Head => Self::HeadUnreadable { revision, reason, forge },
        }
    }

    /// What would help: for an unreadable side the lines to paste into the workflow.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BaseUnreadable { forge, .. } | Self::HeadUnreadable { forge, .. } => match forge {
                Forge::GitHub => Some(
                    "give the job the history of the repository:\n\n      - uses: actions/checkout@v7\n        with:\n          \
                     fetch-depth: 0\n",
                ),
                Forge::GitLab => {
                    Some("give the job the history of the repository:\n\n  variables:\n    GIT_DEPTH: \"0\"\n")
                }
                Forge::Local => None,
            },
            Self::UnknownRevision { .. } => Some("fetch it first, or give another with --base or --head"),
            Self::Git(GitError::NotARepository { .. }) => {
                Some("start the command inside of a git repository, or use `ingest-action lineage PATH`")
            }
            Self::Pattern(_) | Self::Git(_) | Self::Path { .. } => None,
        }
    }
}

/// Reads both sides of a run in CI.
///
/// Git runs on the calling thread: nothing else is to be done meanwhile. `forge` is asked for what git cannot have; without
/// it that is an error.
///
/// # Errors
/// [`ChangesError`] when a pattern is wrong, or a side cannot be read.
pub async fn read(
    context: &RunContext,
    options: &ChangesOptions,
    forge: Option<&ForgeReader>,
) -> Result<ChangeSet, ChangesError> {
    let selection = Selection::new(&options.files, &options.exclude)?;
    let sources =
        Sources { git: Repository::open(&options.workspace, Network::Allowed), forge, limit: options.max_file_bytes };
    let comparison = compare::comparison(context, &sources).await?;
    let unreadable =
        |side, revision: &CommitId, reason| ChangesError::unreadable(side, revision.as_str(), (reason, context.forge));
    let listed = sources.list(&comparison.head).await;
    let head = pick(listed.map_err(|reason| unreadable(Side::Head, &comparison.head.commit, reason))?, &selection);
    let mut commits = vec![comparison.head.commit.clone()];
    let base = match &comparison.base {
        None => Picks::default(),
        Some(base) => {
            commits.push(base.commit.clone());
            let listed = sources.list(base).await;
            pick(listed.map_err(|reason| unreadable(Side::Base, &base.commit, reason))?, &selection)
        }
    };
    let wanted = wanted(&[&base, &head]);
    let contents = sources.read(&wanted, &differing(&base, &head), &commits).await;
    let mut change_set = assembled(Compared {
        base_revision: comparison.base_revision,
        head_revision: comparison.head_revision,
        listed_by: comparison.listed_by,
        base,
        head,
        contents,
    });
    change_set.diagnostics.extend(comparison.notes);
    if let Some(git) = sources.clone_here() {
        change_set.head_tree.artifacts = artifacts::of_projects(&change_set.head_tree, &|name| git.locate(name));
    }
    change_set.base_tree.artifacts = artifacts::of_base(options.base_manifest.as_deref(), &options.workspace);
    Ok(change_set)
}

/// Everything that a change set is made of.
struct Compared {
    base_revision: BaseRevision,
    head_revision: HeadRevision,
    listed_by: ListedBy,
    base: Picks,
    head: Picks,
    contents: Contents,
}

fn assembled(compared: Compared) -> ChangeSet {
    let Compared { base, head, contents, .. } = compared;
    let base_tree = assemble::tree(&base, &contents);
    let head_tree = assemble::tree(&head, &contents);
    let diagnostics = assemble::diagnostics((&base_tree, &head_tree), (&base.refused, &head.refused));
    ChangeSet {
        base: compared.base_revision,
        head: compared.head_revision,
        changed: assemble::changed(&base_tree, &head_tree),
        base_tree,
        head_tree,
        listed_by: compared.listed_by,
        diagnostics,
    }
}

/// The distinct blobs of these sides. One that is wanted as a whole anywhere is read as a whole.
fn wanted(sides: &[&Picks]) -> Wanted {
    let mut wanted = Wanted::new();
    for picked in sides.iter().flat_map(|side| side.sql.values().chain(side.support.values())) {
        if let Some(blob) = &picked.blob {
            let keep = wanted.entry(blob.clone()).or_insert(picked.keep);
            if picked.keep == Keep::Whole {
                *keep = Keep::Whole;
            }
        }
    }
    wanted
}

/// Blobs of SQL files that differ: the first to be read where not all can be.
fn differing(base: &Picks, head: &Picks) -> BTreeSet<BlobId> {
    let of = |side: &Picks, other: &Picks| {
        let differs =
            |(path, picked): &(&RepoPath, &Picked)| other.sql.get(*path).is_none_or(|there| there.blob != picked.blob);
        side.sql.iter().filter(differs).filter_map(|(_, picked)| picked.blob.clone()).collect::<BTreeSet<_>>()
    };
    of(base, head).union(&of(head, base)).cloned().collect()
}
