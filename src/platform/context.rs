//! Where this run takes place and which change it is about.

use url::Url;

use crate::revision::CommitId;

/// The forge that hosts the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// GitHub.com or GitHub Enterprise Server.
    GitHub,
    /// GitLab.com or self-managed.
    GitLab,
    /// A laptop: nothing to publish to.
    Local,
}

/// A pull request or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Its number in the repository.
    pub number: u64,
    /// The head commit of its source branch (never the merge commit).
    pub head: CommitId,
    /// The base that the event states; may be behind the target branch.
    pub base: Option<CommitId>,
    /// The target branch, for messages.
    pub target_branch: Option<String>,
    /// Whether the source branch lives in another repository: secrets are not available and the token is read-only.
    pub from_fork: bool,
}

/// What started the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A change request was opened or updated.
    ChangeRequest(ChangeRequest),
    /// Commits arrived on a branch.
    Push {
        /// The branch's tip before; `None` on a new branch.
        before: Option<CommitId>,
        /// The branch's tip now.
        after: CommitId,
        /// The branch.
        branch: Option<String>,
        /// Whether it is the repository's default branch.
        to_default_branch: bool,
    },
    /// A merge queue tests a group.
    MergeGroup {
        /// The group's base.
        base: CommitId,
        /// The group's head.
        head: CommitId,
    },
    /// Started by hand or by a clock: there is no change; the repository's state is the subject.
    Manual {
        /// The commit that is checked out.
        head: CommitId,
    },
}

/// Everything about the place of this run, taken from the event payload and CI variables. Pure data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunContext {
    /// The forge.
    pub forge: Forge,
    /// `owner/name`, or GitLab's project path.
    pub repository: String,
    /// GitLab's numeric id of the target project (as text); `None` elsewhere.
    pub project_id: Option<String>,
    /// Base address of the forge's REST API (`https://api.github.com`, `https://HOST/api/v3`, `https://HOST/api/v4`).
    pub api_url: Option<Url>,
    /// Base address for links to people (`https://github.com`).
    pub server_url: Option<Url>,
    /// What started the run.
    pub trigger: Trigger,
    /// The commit that CI checked out (the merge commit of a pull request), where the environment says it.
    pub checked_out: Option<CommitId>,
    /// CI's run id and attempt, for ordering concurrent runs; 0 when not known.
    pub run_id: u64,
    /// Attempt of that run, from 1; 0 when not known.
    pub run_attempt: u64,
    /// Where the run's log can be read.
    pub run_url: Option<Url>,
    /// Who started it (`dependabot[bot]` gets no secrets).
    pub actor: Option<String>,
}

impl RunContext {
    /// The change request, where there is one.
    #[must_use]
    pub fn change_request(&self) -> Option<&ChangeRequest> {
        match &self.trigger {
            Trigger::ChangeRequest(request) => Some(request),
            _ => None,
        }
    }

    /// Whether secrets are withheld by design: a fork, or Dependabot.
    #[must_use]
    pub fn secrets_withheld(&self) -> bool {
        self.change_request().is_some_and(|request| request.from_fork)
            || self.actor.as_deref() == Some("dependabot[bot]")
    }
}
