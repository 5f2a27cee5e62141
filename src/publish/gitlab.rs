//! Merge request notes through GitLab's REST API.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use super::retry::Patience;
use super::store::{
    CommentStore, MAX_PAGES, PAGE_SIZE, StoreError, StoredComment, describe_failure, fits_in_header, in_short,
};
use crate::secret::Secret;

/// Largest answer that is read, in bytes: a page of 100 notes of up to 1,000,000 characters is rarely near it.
const MAX_ANSWER_BYTES: usize = 64 * crate::http::MAX_BODY_BYTES;

/// Where the notes of one merge request are.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    /// Base address of the API: `https://gitlab.com/api/v4`.
    pub api_url: Url,
    /// The project's numeric id, or its path (`group/name`).
    pub project: String,
    /// The merge request's number in the project.
    pub iid: u64,
    /// The merge request's page (`https://gitlab.com/group/name/-/merge_requests/7`), for links to notes.
    pub page_url: Option<Url>,
}

/// The notes of one merge request.
pub struct GitLabNotes {
    client: reqwest::Client,
    merge_request: MergeRequest,
    token: Secret,
    header: HeaderValue,
    patience: Patience,
    username: OnceCell<String>,
}

#[derive(Debug, Deserialize)]
struct WireNote {
    id: u64,
    body: Option<String>,
    author: Option<WireUser>,
}

#[derive(Debug, Deserialize)]
struct WireUser {
    username: String,
}

#[derive(Serialize)]
struct WireText<'a> {
    body: &'a str,
}

/// The three shapes of GitLab's errors.
#[derive(Debug, Default, Deserialize)]
struct WireError {
    message: Option<serde_json::Value>,
    error_description: Option<String>,
    error: Option<String>,
}

impl GitLabNotes {
    /// The notes of a merge request. The client must not follow redirects to other hosts ([`crate::http::client`]).
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the token cannot be sent.
    pub fn new(client: reqwest::Client, merge_request: MergeRequest, token: &Secret) -> Result<Self, StoreError> {
        let unusable = StoreError::Unusable { what: "the GitLab token" };
        let mut header = HeaderValue::from_str(token.expose()).map_err(|_| unusable.clone())?;
        header.set_sensitive(true);
        if !fits_in_header(token) {
            return Err(unusable);
        }
        let patience = Patience::default();
        Ok(Self { client, merge_request, token: token.clone(), header, patience, username: OnceCell::new() })
    }

    /// The same store with other bounds for repeated reads.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The address of a resource of the API; parts are percent-encoded.
    fn address(&self, parts: &[&str]) -> Result<Url, StoreError> {
        let mut url = self.merge_request.api_url.clone();
        url.path_segments_mut()
            .map_err(|()| StoreError::Unusable { what: "the address of GitLab's API" })?
            .pop_if_empty()
            .extend(parts);
        Ok(url)
    }

    fn notes(&self, id: Option<u64>) -> Result<Url, StoreError> {
        let MergeRequest { project, iid, .. } = &self.merge_request;
        let (iid, id) = (iid.to_string(), id.map(|id| id.to_string()));
        let mut parts = vec!["projects", project, "merge_requests", &iid, "notes"];
        parts.extend(id.as_deref());
        self.address(&parts)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).header("PRIVATE-TOKEN", self.header.clone())
    }

    /// Sends a request and reads its whole answer as JSON, with the answer's headers.
    async fn send<T: for<'de> Deserialize<'de>>(&self, request: RequestBuilder) -> Result<(T, HeaderMap), StoreError> {
        let broken = |error: reqwest::Error| StoreError::Transient {
            what: describe_failure(&error).to_owned(),
            pause: self.patience.pause,
        };
        let mut response: Response = request.send().await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(StoreError::Unreadable { reason: format!("it is over {MAX_ANSWER_BYTES} bytes") });
            }
            body.extend_from_slice(&chunk);
        }
        let status = response.status();
        if !status.is_success() {
            let message = in_short(&error_text(&body), &self.token);
            return Err(self.patience.judge(status.as_u16(), Some(response.headers()), message));
        }
        // The reason quotes from the answer.
        let unreadable = |error: serde_json::Error| in_short(&error.to_string(), &self.token);
        let value =
            serde_json::from_slice(&body).map_err(|error| StoreError::Unreadable { reason: unreadable(error) })?;
        Ok((value, response.headers().clone()))
    }

    /// One page, and the number of the next.
    async fn page(&self, number: u32) -> Result<(Vec<WireNote>, Option<u32>), StoreError> {
        let mut url = self.notes(None)?;
        url.set_query(Some(&format!("sort=asc&order_by=created_at&per_page={PAGE_SIZE}&page={number}")));
        let (notes, headers) = self.send::<Vec<WireNote>>(self.request(Method::GET, url)).await?;
        let next = match headers.get("x-next-page") {
            Some(value) => value.to_str().ok().and_then(|value| value.trim().parse().ok()),
            // A proxy took the header away: a full page may have a successor.
            None => (notes.len() >= PAGE_SIZE).then_some(number + 1),
        };
        Ok((notes, next.filter(|next| *next > number)))
    }

    /// The token's own user (a project or group token has one of its own), asked once.
    async fn username(&self) -> Result<&String, StoreError> {
        let ask = || async {
            let (user, _) = self.send::<WireUser>(self.request(Method::GET, self.address(&["user"])?)).await?;
            Ok(user.username)
        };
        self.username.get_or_try_init(|| self.patience.read(ask)).await
    }

    fn stored(&self, note: WireNote, own: bool) -> StoredComment {
        let url = self.merge_request.page_url.as_ref().map(|page| format!("{page}#note_{}", note.id));
        StoredComment { id: note.id, text: note.body.unwrap_or_default(), own, url }
    }
}

/// The message of an error's body, or the body itself where it is not GitLab's JSON.
fn error_text(body: &[u8]) -> String {
    let wire: WireError = serde_json::from_slice(body).unwrap_or_default();
    let message = wire.message.map(|message| match message {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    });
    message.or(wire.error_description).or(wire.error).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

impl CommentStore for GitLabNotes {
    async fn list(&self) -> Result<Vec<StoredComment>, StoreError> {
        let username = self.username().await?;
        let mut comments = Vec::new();
        let mut number = 1;
        for _ in 0..MAX_PAGES {
            let (notes, next) = self.patience.read(|| self.page(number)).await?;
            comments.extend(notes.into_iter().map(|note| {
                let own = note.author.as_ref().is_some_and(|author| &author.username == username);
                self.stored(note, own)
            }));
            let Some(next) = next else { return Ok(comments) };
            number = next;
        }
        Err(StoreError::TooMany)
    }

    async fn create(&self, text: &str) -> Result<StoredComment, StoreError> {
        let request = self.request(Method::POST, self.notes(None)?).json(&WireText { body: text });
        Ok(self.stored(self.send(request).await?.0, true))
    }

    async fn update(&self, id: u64, text: &str) -> Result<StoredComment, StoreError> {
        let request = self.request(Method::PUT, self.notes(Some(id))?).json(&WireText { body: text });
        Ok(self.stored(self.send(request).await?.0, true))
    }

    fn advice(&self, status: u16, _message: &str) -> Option<&'static str> {
        match status {
            401 | 403 => Some(
                "the token may not write notes: CI_JOB_TOKEN can only read them; create a project access token with \
                 the scope `api` and the role Reporter or higher, and pass it as a masked CI/CD variable",
            ),
            404 => Some(
                "the token does not see this merge request: it needs the scope `api` and membership of the project",
            ),
            410 => Some("the merge request or its notes are gone"),
            301..=308 => Some("the API answers from another address; the token is not sent there"),
            _ => None,
        }
    }
}
