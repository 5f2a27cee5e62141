//! Reading a repository through the forge's API, where git cannot: no checkout, no credentials for `origin`, a base that
//! is not in a shallow clone. Only reads, so failed requests are simply sent again.

mod exchange;
mod github;
mod gitlab;

use std::time::Duration;

use exchange::{Limit, Request, read_body};
use reqwest::StatusCode;
use tokio::task::JoinSet;
use url::Url;

use super::assemble::Contents;
use super::decode::{Keep, START_BYTES, decode};
use super::git::Wanted;
use super::listing::Entry;
use crate::platform::context::{Forge, RunContext};
use crate::revision::CommitId;
use crate::secret::Secret;
use crate::source::{BlobId, Content, Unreadable};

/// Files read one by one in a run: GitHub gives an Actions token 1,000 requests an hour.
const MAX_BLOBS: usize = 900;
/// Files read at the same time.
const AT_ONCE: usize = 6;

/// Reads a repository of a forge.
#[derive(Debug, Clone)]
pub struct ForgeReader {
    /// The client of [`crate::http::client`].
    pub client: reqwest::Client,
    /// Base address of the REST API ([`crate::platform::context::RunContext::api_url`]).
    pub api_url: Url,
    /// Token that may read the repository; a public one can be read without.
    pub token: Option<Secret>,
    /// `owner/name`, or GitLab's project path or id.
    pub repository: String,
    /// Which API it is.
    pub forge: Forge,
}

/// Why the forge's API did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It answered, with a refusal.
    #[error("the forge's API answered {status} for {what}")]
    Refused {
        /// What was asked for.
        what: String,
        /// The status.
        status: StatusCode,
    },
    /// It asked to wait longer than a job can.
    #[error("the forge's API is rate limited for another {} s", wait.as_secs())]
    RateLimited {
        /// How long.
        wait: Duration,
    },
    /// It did not answer.
    #[error("the forge's API did not answer for {what}")]
    Network {
        /// What was asked for.
        what: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The token holds characters that no token has.
    #[error("the forge token cannot be sent: it holds line breaks or other control characters")]
    Token,
    /// The answer is not what the documentation says.
    #[error("the forge's API answered something unexpected for {what}")]
    Unexpected {
        /// What was asked for.
        what: String,
    },
    /// The answer, or the number of answers, passes a limit of ours.
    #[error("{what} is too large to be read through the forge's API")]
    TooLarge {
        /// What was asked for.
        what: String,
        /// Its size where that is known.
        bytes: Option<u64>,
    },
}

impl ApiError {
    /// Whether more requests would only meet the same wall.
    fn is_final(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Network { .. } | Self::Token => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 401 | 403 | 429 | 500..=599),
            Self::Unexpected { .. } | Self::TooLarge { .. } => false,
        }
    }
}

impl ForgeReader {
    /// The reader of a run's repository; `None` where the run has no forge.
    #[must_use]
    pub fn of(context: &RunContext, client: reqwest::Client, token: Option<Secret>) -> Option<Self> {
        let repository = context.project_id.as_ref().unwrap_or(&context.repository).clone();
        Some(Self { client, api_url: context.api_url.clone()?, token, repository, forge: context.forge })
    }

    /// The commit's parents; an error also when there is no such commit.
    pub(super) async fn parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, ApiError> {
        match self.forge {
            Forge::GitLab => gitlab::parents(self, commit).await,
            Forge::GitHub | Forge::Local => github::parents(self, commit).await,
        }
    }

    /// The best common ancestor of a commit or branch and a commit.
    pub(super) async fn merge_base(&self, one: &str, other: &CommitId) -> Result<CommitId, ApiError> {
        match self.forge {
            Forge::GitLab => gitlab::merge_base(self, one, other).await,
            Forge::GitHub | Forge::Local => github::merge_base(self, one, other).await,
        }
    }

    /// The name of the default branch.
    pub(super) async fn default_branch(&self) -> Result<String, ApiError> {
        #[derive(serde::Deserialize)]
        struct Repository {
            default_branch: String,
        }
        let parts = match self.forge {
            Forge::GitLab => gitlab::parts(self, &[]),
            Forge::GitHub | Forge::Local => github::parts(self, &[]),
        };
        let repository: Repository = self.json(&Request::new(parts)).await?;
        Ok(repository.default_branch)
    }

    /// Everything below the commit's root.
    pub(super) async fn list_tree(&self, commit: &CommitId) -> Result<Vec<Entry>, ApiError> {
        match self.forge {
            Forge::GitLab => gitlab::list_tree(self, commit).await,
            Forge::GitHub | Forge::Local => github::list_tree(self, commit).await,
        }
    }

    /// Reads blobs, in the order given, as many as the forge allows. Each id has an entry in the result.
    pub(super) async fn read_blobs(&self, ids: &[BlobId], wanted: &Wanted, limit: u64) -> Contents {
        let mut contents = Contents::new();
        let mut wall = None;
        for chunk in ids.chunks(AT_ONCE) {
            if contents.len() >= MAX_BLOBS {
                wall = Some(format!(
                    "check out the repository first: over {MAX_BLOBS} files would have to be read through the forge's API"
                ));
            }
            if let Some(reason) = &wall {
                let failed = |id: &BlobId| (id.clone(), Err(Unreadable::Failed { reason: reason.clone() }));
                contents.extend(chunk.iter().map(failed));
                continue;
            }
            let mut reading = JoinSet::new();
            for id in chunk.iter().cloned() {
                let keep = wanted.get(&id).copied().unwrap_or(Keep::Whole);
                let reader = self.clone();
                reading.spawn(async move { (reader.read_blob(&id, keep, limit).await, id) });
            }
            for (read, id) in reading.join_all().await {
                if let Some(error) = read.as_ref().err().filter(|error| error.is_final()) {
                    wall = Some(error.to_string());
                }
                contents.insert(id, read.unwrap_or_else(|error| Err(unreadable(&error, limit))));
            }
        }
        contents
    }

    async fn read_blob(&self, id: &BlobId, keep: Keep, limit: u64) -> Result<Content, ApiError> {
        let request = match self.forge {
            Forge::GitLab => Request::new(gitlab::parts(self, &["repository", "blobs", &id.0, "raw"])),
            Forge::GitHub | Forge::Local => Request {
                accept: "application/vnd.github.raw+json",
                ..Request::new(github::parts(self, &["git", "blobs", &id.0]))
            },
        };
        let response = self.send(&request).await?;
        let limit = match keep {
            Keep::Whole => Limit::Refuse(limit),
            Keep::Start => Limit::Cut(START_BYTES as u64),
        };
        Ok(decode(&read_body(response, limit, &request.what()).await?, keep))
    }
}

fn unreadable(error: &ApiError, limit: u64) -> Unreadable {
    match error {
        ApiError::Refused { status, .. } if *status == StatusCode::NOT_FOUND => Unreadable::MissingObject,
        ApiError::TooLarge { bytes, .. } => {
            Unreadable::TooLarge { bytes: bytes.unwrap_or(limit.saturating_add(1)), limit }
        }
        error => Unreadable::Failed { reason: error.to_string() },
    }
}
