//! One read over HTTP: sent, sent again, and its body taken within a limit.

use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::{ApiError, ForgeReader};
use crate::platform::context::Forge;

/// Largest answer that lists something. GitHub's largest tree is 7 MB.
const MAX_LIST_BYTES: u64 = 64 * 1024 * 1024;
/// How often a read is sent.
const ATTEMPTS: u32 = 4;
/// Longest wait that the forge may ask for.
const MAX_WAIT: Duration = Duration::from_secs(60);

impl ForgeReader {
    /// The answer, from JSON.
    pub(super) async fn json<Answer: DeserializeOwned>(&self, request: &Request) -> Result<Answer, ApiError> {
        let response = self.send(request).await?;
        let body = read_body(response, Limit::Refuse(MAX_LIST_BYTES), &request.what()).await?;
        serde_json::from_slice(&body).map_err(|_| ApiError::Unexpected { what: request.what() })
    }

    /// Sends a read until it succeeds, is refused for good, or has been sent [`ATTEMPTS`] times.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, ApiError> {
        let authorization = self.authorization()?;
        for attempt in 0..ATTEMPTS {
            let last = attempt + 1 >= ATTEMPTS;
            let mut pause = Duration::from_secs(1 << attempt);
            match self.send_once(request, authorization.clone()).await {
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

    /// The token as the forge wants it, marked so that no log shows it.
    fn authorization(&self) -> Result<Option<(HeaderName, HeaderValue)>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let (name, text) = match self.forge {
            Forge::GitLab => (HeaderName::from_static("private-token"), token.expose().to_owned()),
            Forge::GitHub | Forge::Local => (AUTHORIZATION, format!("Bearer {}", token.expose())),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| ApiError::Token)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    async fn send_once(
        &self,
        request: &Request,
        authorization: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, reqwest::Error> {
        let mut url = self.api_url.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(&request.parts);
        }
        for (name, value) in &request.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut sending = self.client.get(url).header(ACCEPT, request.accept);
        if let Some((name, value)) = authorization {
            sending = sending.header(name, value);
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
pub(super) struct Request {
    /// Below the API's base address; each part is escaped.
    pub(super) parts: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) accept: &'static str,
}

impl Request {
    pub(super) fn new(parts: Vec<String>) -> Self {
        Self { parts, query: Vec::new(), accept: "application/json" }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The request in words, for errors.
    pub(super) fn what(&self) -> String {
        format!("`{}`", self.parts.join("/"))
    }
}

/// What is done about a body that is too long.
pub(super) enum Limit {
    /// Refuse it.
    Refuse(u64),
    /// Keep the start.
    Cut(u64),
}

/// The body, as far as the limit lets it.
pub(super) async fn read_body(mut response: Response, limit: Limit, what: &str) -> Result<Vec<u8>, ApiError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header value");
        pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
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
