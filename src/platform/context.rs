//! Where this run takes place and which change it is about.

use url::Url;

use crate::revision::{CommitId, HeadRevision};

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
    /// Whether it was closed without being merged: there is nothing left to report on.
    pub abandoned: bool,
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

    /// Base address of links to files as they are at `head`: this + `/path#L7`. `None` where there is no forge, and for
    /// files that are only on disk.
    #[must_use]
    pub fn blob_url(&self, head: &HeadRevision) -> Option<Url> {
        let HeadRevision::Commit(commit) = head else { return None };
        let middle: &[&str] = match self.forge {
            Forge::GitHub => &["blob"],
            Forge::GitLab => &["-", "blob"],
            Forge::Local => return None,
        };
        let parts = self.repository.split('/').chain(middle.iter().copied()).chain([commit.as_str()]);
        below(self.server_url.as_ref()?, parts)
    }

    /// Why nothing is compared, for a run that is about a state and not about a change.
    #[must_use]
    pub fn no_change_sentence(&self) -> Option<&'static str> {
        matches!(self.trigger, Trigger::Manual { .. })
            .then_some("This run was started by hand or by a schedule: there is no change to compare.")
    }

    /// Whether secrets are withheld by design: a fork, or Dependabot.
    #[must_use]
    pub fn secrets_withheld(&self) -> bool {
        self.change_request().is_some_and(|request| request.from_fork)
            || self.actor.as_deref() == Some("dependabot[bot]")
    }
}

/// The address `parts` below `address`; every part is escaped, so that none can climb out.
pub(super) fn below<'a>(address: &Url, parts: impl Iterator<Item = &'a str>) -> Option<Url> {
    let mut url = address.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(parts);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn context(forge: Forge, repository: &str) -> RunContext {
        let head = CommitId::parse(ID).expect("an id");
        let mut context = crate::platform::local::context(head);
        context.forge = forge;
        context.repository = repository.to_owned();
        context.server_url = Url::parse("https://forge.example/sub/").ok();
        context
    }

    fn blob_url(context: &RunContext) -> Option<String> {
        let head = HeadRevision::Commit(CommitId::parse(ID).expect("an id"));
        context.blob_url(&head).map(String::from)
    }

    #[test]
    fn file_links_follow_the_forge() {
        let expected = format!("https://forge.example/sub/o/r/blob/{ID}");
        assert_eq!(blob_url(&context(Forge::GitHub, "o/r")), Some(expected));
        let expected = format!("https://forge.example/sub/group/team/r/-/blob/{ID}");
        assert_eq!(blob_url(&context(Forge::GitLab, "group/team/r")), Some(expected));
        assert_eq!(blob_url(&context(Forge::Local, "o/r")), None);
        assert_eq!(context(Forge::GitHub, "o/r").blob_url(&HeadRevision::Worktree), None);
    }

    #[test]
    fn a_hostile_repository_name_stays_inside_the_link() {
        let url = blob_url(&context(Forge::GitHub, "o/r?x=1#y z")).expect("a link");
        assert_eq!(url, format!("https://forge.example/sub/o/r%3Fx=1%23y%20z/blob/{ID}"));
    }
}
