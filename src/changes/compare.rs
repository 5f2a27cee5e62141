//! Which two commits a run in CI compares, and where they can be read.
//!
//! On GitHub the merge commit that CI checks out is preferred: its first parent is the base branch as it was merged with,
//! and the difference is exactly what the change request adds to it, without any history. The event's base may be behind
//! or ahead of the point where the branch left, so on its own it is only good for finding that point.

use super::assemble::note;
use super::git::Repository;
use super::sources::{Located, Place, Sources};
use super::{ChangesError, Side};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::platform::context::{ChangeRequest, Forge, RunContext, Trigger};
use crate::revision::{BaseRevision, CommitId, HeadRevision};
use crate::source::ListedBy;

/// Git's name for "nothing" (the id of the empty tree), for SHA-1 and SHA-256 repositories.
const EMPTY_TREES: [&str; 2] =
    ["4b825dc642cb6eb9a060e54bf8d69288fbee4904", "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"];

/// What is compared.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The base's tree; `None` when there was nothing before the first commit.
    pub(super) base: Option<Located>,
    /// The head's tree.
    pub(super) head: Located,
    /// What the base is called.
    pub(super) base_revision: BaseRevision,
    /// What the head is called: for a change request its own head commit, also where its merge is read.
    pub(super) head_revision: HeadRevision,
    /// Who compares.
    pub(super) listed_by: ListedBy,
    /// Doubts that the reader of the report should know.
    pub(super) notes: Vec<Diagnostic>,
}

/// Finds what a run compares.
pub(super) async fn comparison(context: &RunContext, sources: &Sources<'_>) -> Result<Comparison, ChangesError> {
    let finder = Finder { context, sources };
    match &context.trigger {
        Trigger::ChangeRequest(request) => finder.change_request(request).await,
        Trigger::Push { before: Some(before), after, .. } => finder.pair(before, after).await,
        Trigger::Push { before: None, after, to_default_branch, .. } => {
            finder.new_branch(after, *to_default_branch).await
        }
        Trigger::MergeGroup { base, head } => finder.pair(base, head).await,
        Trigger::Manual { head } => finder.pair(head, head).await,
    }
}

struct Finder<'a> {
    context: &'a RunContext,
    sources: &'a Sources<'a>,
}

impl Finder<'_> {
    async fn change_request(&self, request: &ChangeRequest) -> Result<Comparison, ChangesError> {
        if let Some((merge, base)) = self.merge_here(request) {
            return self.merged(&merge, &base, request).await;
        }
        if let (Forge::GitLab, Some(base)) = (self.context.forge, &request.base) {
            // GitLab states the merge base itself.
            return self.pair(base, &request.head).await;
        }
        if let Some(base) = self.merge_base_here(request) {
            return self.pair(&base, &request.head).await;
        }
        if let Some((merge, base)) = self.merge_elsewhere(request).await {
            return self.merged(&merge, &base, request).await;
        }
        let tip = request.base.as_ref().map(CommitId::as_str).or(request.target_branch.as_deref());
        let mut reason = "the point where the branch left its target is not in this clone".to_owned();
        if let (Some(forge), Some(tip)) = (self.sources.forge, tip) {
            match forge.merge_base(tip, &request.head).await {
                Ok(base) => return self.pair(&base, &request.head).await,
                Err(error) => reason = format!("{reason}; {error}"),
            }
        }
        Err(self.unreadable(Side::Base, tip.unwrap_or("the target branch"), reason))
    }

    /// The merge of the request that is checked out, and its first parent.
    fn merge_here(&self, request: &ChangeRequest) -> Option<(CommitId, CommitId)> {
        let git = self.sources.clone_here()?;
        let head = git.resolve("HEAD").ok().flatten();
        let candidates = self.context.checked_out.iter().chain(&head);
        candidates
            .filter(|commit| git.has(commit))
            .find_map(|commit| merge_of(commit, &git.parents(commit).ok()?, request))
    }

    /// The merge of the request as the forge keeps it. It is only read, never checked out.
    async fn merge_elsewhere(&self, request: &ChangeRequest) -> Option<(CommitId, CommitId)> {
        let reference = match self.context.forge {
            Forge::GitHub => format!("refs/pull/{}/merge", request.number),
            Forge::GitLab => format!("refs/merge-requests/{}/merge", request.number),
            Forge::Local => return None,
        };
        let kept = self.sources.clone_here().and_then(|git| git.remote_reference(&reference).ok().flatten());
        for commit in self.context.checked_out.iter().chain(&kept) {
            // A merge that no one has is no error yet: the merge base may be known.
            if self.sources.locate(commit).await.is_ok()
                && let Some(parents) = self.sources.parents(commit).await
                && let Some(found) = merge_of(commit, &parents, request)
            {
                return Some(found);
            }
        }
        None
    }

    /// The merge base, where the clone's history reaches it.
    fn merge_base_here(&self, request: &ChangeRequest) -> Option<CommitId> {
        let git = self.sources.have(&request.head).ok()?;
        let branch = request.target_branch.as_ref().map(|name| format!("refs/remotes/origin/{name}"));
        let tip = branch.and_then(|name| git.resolve(&name).ok().flatten());
        let tips = tip.iter().chain(&request.base);
        tips.filter(|tip| git.has(tip)).find_map(|tip| git.merge_base(tip, &request.head).ok().flatten())
    }

    async fn merged(
        &self,
        merge: &CommitId,
        base: &CommitId,
        request: &ChangeRequest,
    ) -> Result<Comparison, ChangesError> {
        let mut comparison = self.pair(base, merge).await?;
        comparison.head_revision = HeadRevision::Commit(request.head.clone());
        if comparison.listed_by == ListedBy::GitDiff {
            comparison.listed_by = ListedBy::MergeParent;
        }
        Ok(comparison)
    }

    /// A branch that is new compares with the point where it left the default branch.
    async fn new_branch(&self, after: &CommitId, is_default: bool) -> Result<Comparison, ChangesError> {
        let head = self.locate(Side::Head, after).await?;
        if !is_default && let Some(base) = self.branch_point(after).await {
            return self.pair(&base, after).await;
        }
        let Some(parents) = self.sources.parents(after).await else {
            return Err(self.unreadable(Side::Base, after.short(), "its parents are not known".to_owned()));
        };
        let Some(parent) = parents.first() else { return Ok(first_commit(head)) };
        let mut comparison = self.pair(parent, after).await?;
        let message = "the branch is new and the point where it left the default branch is not known: \
                       only its last commit is compared";
        comparison.notes.push(note(DiagnosticCode::IncompleteSide, message.to_owned()));
        Ok(comparison)
    }

    async fn branch_point(&self, after: &CommitId) -> Option<CommitId> {
        if let Some(git) = self.sources.clone_here()
            && let Some(tip) = default_tip(git, &REMOTE_TIPS)
            && let Ok(Some(base)) = git.merge_base(&tip, after)
        {
            return Some(base);
        }
        let forge = self.sources.forge?;
        let branch = forge.default_branch().await.ok()?;
        forge.merge_base(&branch, after).await.ok()
    }

    async fn pair(&self, base: &CommitId, head: &CommitId) -> Result<Comparison, ChangesError> {
        let head = self.locate(Side::Head, head).await?;
        let base = self.locate(Side::Base, base).await?;
        let by_git = head.place == Place::Git && base.place == Place::Git;
        Ok(Comparison {
            base_revision: BaseRevision(base.commit.clone()),
            head_revision: HeadRevision::Commit(head.commit.clone()),
            base: Some(base),
            head,
            listed_by: if by_git { ListedBy::GitDiff } else { ListedBy::ForgeApi },
            notes: Vec::new(),
        })
    }

    async fn locate(&self, side: Side, commit: &CommitId) -> Result<Located, ChangesError> {
        self.sources.locate(commit).await.map_err(|reason| self.unreadable(side, commit.as_str(), reason))
    }

    fn unreadable(&self, side: Side, revision: &str, reason: String) -> ChangesError {
        ChangesError::unreadable(side, revision, (reason, self.context.forge))
    }
}

/// The merge commit and its first parent, if the commit is the merge of this request.
fn merge_of(commit: &CommitId, parents: &[CommitId], request: &ChangeRequest) -> Option<(CommitId, CommitId)> {
    match parents {
        [base, head] if *head == request.head => Some((commit.clone(), base.clone())),
        _ => None,
    }
}

/// A commit that says itself that nothing was before it.
fn first_commit(head: Located) -> Comparison {
    Comparison {
        base: None,
        base_revision: empty_base(&head.commit),
        head_revision: HeadRevision::Commit(head.commit.clone()),
        listed_by: if head.place == Place::Git { ListedBy::GitDiff } else { ListedBy::ForgeApi },
        head,
        notes: Vec::new(),
    }
}

/// What the base is called when nothing was before the first commit: git's empty tree.
pub(super) fn empty_base(head: &CommitId) -> BaseRevision {
    let same_length = EMPTY_TREES.into_iter().find(|id| id.len() == head.as_str().len());
    BaseRevision(same_length.and_then(|id| CommitId::parse(id).ok()).unwrap_or_else(|| head.clone()))
}

/// References that may be the default branch's tip at `origin`, the surest first.
pub(super) const REMOTE_TIPS: [&str; 3] =
    ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"];

/// The first of the references that exists.
pub(super) fn default_tip(git: &Repository, references: &[&str]) -> Option<CommitId> {
    references.iter().find_map(|reference| git.resolve(reference).ok().flatten())
}
