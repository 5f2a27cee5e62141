//! Reading a repository through the forge's API, where git cannot: no checkout, no credentials for `origin`, a base that
//! is not in a shallow clone. Only reads, so failed requests are simply sent again.

mod github;
mod gitlab;

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use url::Url;

use super::assemble::Contents;
use super::decode::{Keep, START_BYTES, decode};
use super::git::Wanted;
use super::listing::Entry;
use crate::platform::context::Forge;
use crate::revision::CommitId;
use crate::secret::Secret;
use crate::source::{BlobId, Content, Unreadable};

/// Largest answer that lists something. GitHub's largest tree is 7 MB.
const MAX_LIST_BYTES: u64 = 64 * 1024 * 1024;
/// How often a read is sent.
const ATTEMPTS: u32 = 4;
/// Longest wait that the forge may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);
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
            Self::RateLimited { .. } | Self::Network { .. } => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 401 | 403 | 429 | 500..=599),
            Self::Unexpected { .. } | Self::TooLarge { .. } => false,
        }
    }
}

impl ForgeReader {
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
                wall = Some(format!("over {MAX_BLOBS} files would have to be read through the forge's API"));
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

    async fn json<Answer: DeserializeOwned>(&self, request: &Request) -> Result<Answer, ApiError> {
        let response = self.send(request).await?;
        let body = read_body(response, Limit::Refuse(MAX_LIST_BYTES), &request.what()).await?;
        serde_json::from_slice(&body).map_err(|_| ApiError::Unexpected { what: request.what() })
    }

    /// Sends a read until it succeeds, is refused for good, or has been sent [`ATTEMPTS`] times.
    async fn send(&self, request: &Request) -> Result<Response, ApiError> {
        for attempt in 0.. {
            let last = attempt + 1 >= ATTEMPTS;
            let mut pause = Duration::from_secs(1 << attempt);
            match self.send_once(request).await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let asked = asked_wait(response.headers());
                    if last || !is_passing(response.status(), asked) {
                        return Err(ApiError::Refused { what: request.what(), status: response.status() });
                    }
                    pause = asked.unwrap_or(pause);
                    if pause > MAX_WAIT {
                        return Err(ApiError::RateLimited { wait: pause });
                    }
                }
                Err(source) if last => return Err(ApiError::Network { what: request.what(), source }),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
        }
        Err(ApiError::Unexpected { what: request.what() })
    }

    async fn send_once(&self, request: &Request) -> Result<Response, reqwest::Error> {
        let mut url = self.api_url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(&request.parts);
        }
        for (name, value) in &request.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut sending = self.client.get(url).header(ACCEPT, request.accept);
        if let Some(token) = &self.token {
            let (name, text) = match self.forge {
                Forge::GitLab => ("PRIVATE-TOKEN", token.expose().to_owned()),
                Forge::GitHub | Forge::Local => (AUTHORIZATION.as_str(), format!("Bearer {}", token.expose())),
            };
            if let Ok(mut value) = HeaderValue::from_str(&text) {
                value.set_sensitive(true);
                sending = sending.header(name, value);
            }
        }
        sending.send().await
    }
}

/// Whether a refusal may be gone after a while: a server's trouble, or a rate limit (GitHub states some as 403).
fn is_passing(status: StatusCode, asked_wait: Option<Duration>) -> bool {
    let limited = status == StatusCode::TOO_MANY_REQUESTS || (status == StatusCode::FORBIDDEN && asked_wait.is_some());
    limited || status.is_server_error()
}

/// One read.
struct Request {
    /// Below the API's base address; each part is escaped.
    parts: Vec<String>,
    query: Vec<(&'static str, String)>,
    accept: &'static str,
}

impl Request {
    fn new(parts: Vec<String>) -> Self {
        Self { parts, query: Vec::new(), accept: "application/json" }
    }

    fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The request in words, for errors.
    fn what(&self) -> String {
        format!("`{}`", self.parts.join("/"))
    }
}

/// What is done about a body that is too long.
enum Limit {
    Refuse(u64),
    Cut(u64),
}

async fn read_body(mut response: Response, limit: Limit, what: &str) -> Result<Vec<u8>, ApiError> {
    let stated = response.content_length();
    let (Limit::Refuse(most) | Limit::Cut(most)) = limit;
    let cuts = matches!(limit, Limit::Cut(_));
    let too_large = |bytes| ApiError::TooLarge { what: what.to_owned(), bytes };
    if stated.is_some_and(|bytes| bytes > most) && !cuts {
        return Err(too_large(stated));
    }
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|source| ApiError::Network { what: what.to_owned(), source })? else {
            return Ok(body);
        };
        body.extend_from_slice(&chunk);
        if body.len() as u64 > most {
            if !cuts {
                return Err(too_large(None));
            }
            body.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            return Ok(body);
        }
    }
}

/// How long the forge asks to wait: Retry-After in seconds or as a date, else GitHub's time of reset where nothing remains.
fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let until = |time: SystemTime| time.duration_since(SystemTime::now()).unwrap_or_default();
    if let Some(after) = text(RETRY_AFTER.as_str()) {
        let seconds = after.trim().parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| httpdate::parse_http_date(after).ok().map(until));
    }
    if text("x-ratelimit-remaining") != Some("0") {
        return None;
    }
    let reset = text("x-ratelimit-reset")?.parse().ok()?;
    Some(until(SystemTime::UNIX_EPOCH + Duration::from_secs(reset)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header value");
        pairs.iter().map(|(name, text)| (reqwest::header::HeaderName::from_static(name), value(text))).collect()
    }

    #[test]
    fn the_forge_says_how_long_to_wait() {
        assert_eq!(asked_wait(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let past = [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")];
        assert_eq!(asked_wait(&headers(&past)), Some(Duration::ZERO));
        let reset = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")];
        assert_eq!(asked_wait(&headers(&reset)), Some(Duration::ZERO));
        let plenty = [("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "99999999999")];
        assert_eq!(asked_wait(&headers(&plenty)), None);
    }
}
