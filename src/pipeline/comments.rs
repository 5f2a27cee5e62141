//! The comments of the change request that a run is about, on whichever forge.

use crate::pipeline::Run;
use crate::platform::context::{ChangeRequest, Forge};
use crate::publish::github::{GitHubComments, PullRequest};
use crate::publish::gitlab::{GitLabNotes, MergeRequest};
use crate::publish::{CommentRequest, Publication, publish_comment, remembered};

/// Where comments are kept.
pub(super) enum Comments {
    GitHub(GitHubComments),
    GitLab(GitLabNotes),
}

impl Comments {
    /// The comments of the run's change request; else what is to be said of the comment that there cannot be.
    pub fn of(run: &Run<'_>, http: &Result<reqwest::Client, String>) -> Result<Self, Publication> {
        let request = run
            .context
            .change_request()
            .ok_or_else(|| Publication::skipped("this run is not about a pull request or merge request"))?;
        if !run.settings.comment {
            return Err(Publication::skipped("the setting `comment` is false"));
        }
        let token = run.settings.forge_token.as_ref().ok_or_else(|| {
            Publication::skipped(match run.context.forge {
                Forge::GitLab => {
                    "no token for GitLab's API: set the variable GITLAB_TOKEN to an access token with scope api"
                }
                Forge::GitHub | Forge::Local => "no token for GitHub's API: the input github-token is empty",
            })
        })?;
        let api_url = run.context.api_url.clone();
        let api_url = api_url.ok_or_else(|| Publication::failed("the address of the forge's API is not known"))?;
        let client = http.clone().map_err(Publication::failed)?;
        let repository = run.context.repository.clone();
        let made = match run.context.forge {
            Forge::GitLab => {
                let merge_request = MergeRequest {
                    api_url,
                    project: run.context.project_id.clone().unwrap_or(repository),
                    iid: request.number,
                    page_url: merge_request_page(run, request),
                };
                GitLabNotes::new(client, merge_request, token).map(Self::GitLab)
            }
            Forge::GitHub | Forge::Local => {
                let pull_request = PullRequest { api_url, repository, number: request.number };
                GitHubComments::new(client, pull_request, token).map(Self::GitHub)
            }
        };
        made.map_err(|error| Publication::failed(crate::error::chain(&error)))
    }

    /// Makes the change request carry the comment.
    pub async fn publish(&self, comment: &CommentRequest) -> Publication {
        match self {
            Self::GitHub(store) => publish_comment(store, comment).await,
            Self::GitLab(store) => publish_comment(store, comment).await,
        }
    }

    /// What the ingest remembered in the present comment.
    pub async fn remembered(&self, comment_id: &str) -> Option<String> {
        match self {
            Self::GitHub(store) => remembered(store, comment_id).await,
            Self::GitLab(store) => remembered(store, comment_id).await,
        }
    }
}

fn merge_request_page(run: &Run<'_>, request: &ChangeRequest) -> Option<url::Url> {
    let server = run.context.server_url.as_ref()?.as_str().trim_end_matches('/');
    url::Url::parse(&format!("{server}/{}/-/merge_requests/{}", run.context.repository, request.number)).ok()
}
