//! Pull request comments through GitHub's REST API, with octocrab on the client that everything else uses.
//!
//! octocrab's own comment calls are not used: they fail on a comment of a deleted account, and update with POST where
//! the API wants PATCH. Its retry layer is not compiled in, since it would send a POST up to four times.

use octocrab::{Octocrab, Page};
use reqwest::header::ACCEPT;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use super::retry::Patience;
use super::store::{
    CommentStore, MAX_PAGES, PAGE_SIZE, StoreError, StoredComment, describe_failure, fits_in_header, in_short,
};
use crate::secret::Secret;

/// Where the comments of one pull request are.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// Base address of the API: `https://api.github.com`, `https://HOST/api/v3`.
    pub api_url: Url,
    /// `owner/name`.
    pub repository: String,
    /// The pull request's number.
    pub number: u64,
}

/// The comments of one pull request.
pub struct GitHubComments {
    octocrab: Octocrab,
    pull_request: PullRequest,
    token: Secret,
    patience: Patience,
    identity: OnceCell<Identity>,
}

/// Who we are to GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    /// An app's installation (`GITHUB_TOKEN` is one). Such tokens cannot ask for their own name; they write as a bot,
    /// and no person can.
    Bot,
    /// A person's token; the login.
    User(String),
}

/// A comment as the API sends it. The account of a deleted user is `null`.
#[derive(Debug, Deserialize)]
struct WireComment {
    id: u64,
    body: Option<String>,
    user: Option<WireUser>,
    html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireUser {
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Serialize)]
struct WireText<'a> {
    body: &'a str,
}

impl GitHubComments {
    /// The comments of a pull request. The client must not follow redirects to other hosts ([`crate::http::client`]).
    /// Needs a running tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the token or the address cannot be sent.
    pub fn new(client: reqwest::Client, pull_request: PullRequest, token: &Secret) -> Result<Self, StoreError> {
        // octocrab panics on a token that is no header value.
        if !fits_in_header(token) {
            return Err(StoreError::Unusable { what: "the GitHub token" });
        }
        let octocrab = Octocrab::builder()
            .base_uri(pull_request.api_url.as_str())
            .map(|builder| builder.personal_token(token.expose()))
            .map(|builder| builder.add_header(ACCEPT, "application/vnd.github+json".to_owned()))
            .and_then(|builder| builder.build_with_reqwest(client))
            .map_err(|_| StoreError::Unusable { what: "the address of GitHub's API" })?;
        let patience = Patience::default();
        Ok(Self { octocrab, pull_request, token: token.clone(), patience, identity: OnceCell::new() })
    }

    /// The same store with other bounds for repeated reads.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    async fn page(&self, number: u32) -> Result<Page<WireComment>, StoreError> {
        let PullRequest { repository, number: pull_request, .. } = &self.pull_request;
        let route = format!("/repos/{repository}/issues/{pull_request}/comments?per_page={PAGE_SIZE}&page={number}");
        self.octocrab.get(route, None::<&()>).await.map_err(|error| self.failure(&error))
    }

    /// Who we are, asked once.
    async fn identity(&self) -> Result<&Identity, StoreError> {
        self.identity.get_or_try_init(|| self.patience.read(|| self.ask_identity())).await
    }

    async fn ask_identity(&self) -> Result<Identity, StoreError> {
        if self.token.expose().starts_with("ghs_") {
            return Ok(Identity::Bot);
        }
        match self.octocrab.get::<WireUser, _, _>("/user", None::<&()>).await.map_err(|error| self.failure(&error)) {
            Ok(user) if user.kind == "Bot" => Ok(Identity::Bot),
            Ok(user) => Ok(Identity::User(user.login)),
            Err(StoreError::Refused { status: 403, message }) if message.contains("by integration") => {
                Ok(Identity::Bot)
            }
            Err(error) => Err(error),
        }
    }

    fn failure(&self, error: &octocrab::Error) -> StoreError {
        match error {
            octocrab::Error::GitHub { source, .. } => {
                let detail = source.errors.iter().flatten().find_map(|error| error.get("message")?.as_str());
                let message = [Some(source.message.as_str()), detail].map(Option::unwrap_or_default).join(" ");
                let message = in_short(&message, &self.token);
                self.patience.judge(source.status_code.as_u16(), source.headers.as_ref(), message)
            }
            octocrab::Error::Json { source, .. } => self.unreadable(&source.to_string()),
            octocrab::Error::Serde { source, .. } => self.unreadable(&source.to_string()),
            other => StoreError::Transient { what: describe_failure(other).to_owned(), pause: self.patience.pause },
        }
    }

    /// The reason quotes from the answer.
    fn unreadable(&self, reason: &str) -> StoreError {
        StoreError::Unreadable { reason: in_short(reason, &self.token) }
    }
}

impl Identity {
    fn wrote(&self, author: Option<&WireUser>) -> bool {
        author.is_some_and(|author| match self {
            // No person can have a bracket in the login.
            Self::Bot => author.kind == "Bot" || author.login.ends_with("[bot]"),
            Self::User(login) => author.login.eq_ignore_ascii_case(login),
        })
    }

    fn stored(&self, comment: WireComment) -> StoredComment {
        let own = self.wrote(comment.user.as_ref());
        StoredComment { id: comment.id, text: comment.body.unwrap_or_default(), own, url: comment.html_url }
    }
}

/// A comment that our own token has just written.
fn just_written(comment: WireComment) -> StoredComment {
    StoredComment { id: comment.id, text: comment.body.unwrap_or_default(), own: true, url: comment.html_url }
}

impl CommentStore for GitHubComments {
    async fn list(&self) -> Result<Vec<StoredComment>, StoreError> {
        let identity = self.identity().await?;
        let mut comments = Vec::new();
        for number in 1..=MAX_PAGES {
            let page = self.patience.read(|| self.page(number)).await?;
            // The next page's address in the answer only tells that there is one: the token follows no address
            // that a server names.
            let last = page.next.is_none();
            comments.extend(page.items.into_iter().map(|comment| identity.stored(comment)));
            if last {
                return Ok(comments);
            }
        }
        Err(StoreError::TooMany)
    }

    async fn create(&self, text: &str) -> Result<StoredComment, StoreError> {
        let PullRequest { repository, number, .. } = &self.pull_request;
        let route = format!("/repos/{repository}/issues/{number}/comments");
        let answer = self.octocrab.post(route, Some(&WireText { body: text })).await;
        answer.map(just_written).map_err(|error| self.failure(&error))
    }

    async fn update(&self, id: u64, text: &str) -> Result<StoredComment, StoreError> {
        let route = format!("/repos/{}/issues/comments/{id}", self.pull_request.repository);
        let answer = self.octocrab.patch(route, Some(&WireText { body: text })).await;
        answer.map(just_written).map_err(|error| self.failure(&error))
    }

    fn advice(&self, status: u16, message: &str) -> Option<&'static str> {
        match status {
            401 => Some("the token is not valid; pass `${{ github.token }}` or a token of your own"),
            403 if message.contains("locked") => Some("the conversation is locked"),
            403 => Some(
                "the token may not write comments: add `permissions: {contents: read, pull-requests: write}` to the \
                 job (the token of a fork or of Dependabot stays read-only)",
            ),
            404 => Some(
                "the token does not see this pull request: a private repository needs \
                 `permissions: {contents: read, pull-requests: write}` in the job",
            ),
            410 => Some("the conversation is gone, or its comments are turned off"),
            301..=308 => Some("the API answers from another address; the token is not sent there"),
            _ => None,
        }
    }
}
