//! One request to the ingest API: `PUT {api-url}/v1/ingest`. What the answer means is [`super::response`]'s part, and
//! whether to try again [`super::session`]'s.

use std::time::SystemTime;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::http::MAX_BODY_BYTES;
use crate::ingest::response::{Answer, BodyEnd, LimitHeaders, RawAnswer, Reader};
use crate::ingest::session::Outgoing;
use crate::ingest::state::Seal;
use crate::secret::Secret;

/// Why no client could be made of the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The setting `api-url` is no web address.
    #[error("api-url is no http or https address")]
    NotAWebAddress,
    /// The token holds characters that no HTTP header can carry.
    #[error("the token holds characters that cannot be sent (a line break, a control character)")]
    UnsendableToken,
}

/// Where the SQL goes, and with which token.
#[derive(Debug, Clone)]
pub struct IngestClient {
    http: reqwest::Client,
    endpoint: Url,
    token: Secret,
    authorization: HeaderValue,
    extra_config: Map<String, Value>,
    user_agent: HeaderValue,
}

/// The request's body by the API's contract.
#[derive(Debug, Serialize)]
struct IngestBody<'a> {
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    extra_config: &'a Map<String, Value>,
}

impl IngestClient {
    /// A client for the API at `api_url` (with or without a path, a slash at the end, or both). `extra_config` is sent
    /// exactly as given.
    ///
    /// # Errors
    /// [`ClientError`] when the address or the token cannot be used at all.
    pub fn new(
        http: reqwest::Client,
        api_url: &Url,
        token: Secret,
        extra_config: Map<String, Value>,
    ) -> Result<Self, ClientError> {
        let endpoint = endpoint(api_url).ok_or(ClientError::NotAWebAddress)?;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| ClientError::UnsendableToken)?;
        authorization.set_sensitive(true);
        let user_agent = HeaderValue::from_static(crate::http::USER_AGENT);
        Ok(Self { http, endpoint, token, authorization, extra_config, user_agent })
    }

    /// The same for a run whose log can be read at this address: the API's logs then lead to it.
    #[must_use]
    pub fn for_run(self, run: Option<&Url>) -> Self {
        let named = run.and_then(|run| HeaderValue::from_str(&format!("{} (+{run})", crate::http::USER_AGENT)).ok());
        let user_agent = named.unwrap_or_else(|| self.user_agent.clone());
        Self { user_agent, ..self }
    }

    /// What makes marks of files that are sent through this client.
    #[must_use]
    pub fn seal(&self) -> Option<Seal> {
        Seal::new(&self.token, &self.endpoint, &self.extra_config)
    }

    /// The address that requests go to.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Sends one request, once.
    pub async fn put(&self, request: &Outgoing) -> Answer {
        let reader = Reader { token: &self.token, endpoint: &self.endpoint };
        let body = IngestBody {
            content: &request.content,
            platform: request.platform.as_deref(),
            extra_config: &self.extra_config,
        };
        let sent = self
            .http
            .put(self.endpoint.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, self.user_agent.clone())
            .json(&body)
            .send()
            .await;
        match sent {
            Ok(response) => reader.read(&receive(response).await, SystemTime::now()),
            Err(error) => Answer { reply: reader.no_answer(&describe(&error.without_url())), allowance: None },
        }
    }
}

/// `{api-url}/v1/ingest`; a user name, query or fragment of the setting has no meaning and is dropped.
fn endpoint(api_url: &Url) -> Option<Url> {
    let mut endpoint = api_url.clone();
    if !matches!(endpoint.scheme(), "http" | "https") {
        return None;
    }
    endpoint.set_username("").ok()?;
    endpoint.set_password(None).ok()?;
    endpoint.set_query(None);
    endpoint.set_fragment(None);
    endpoint.path_segments_mut().ok()?.pop_if_empty().extend(["v1", "ingest"]);
    Some(endpoint)
}

/// Reads the answer, as much of the body as is worth reading.
async fn receive(mut response: reqwest::Response) -> RawAnswer {
    let status = response.status().as_u16();
    let limits = limit_headers(response.headers());
    let location = header(response.headers(), "location");
    let mut bytes = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = MAX_BODY_BYTES.saturating_sub(bytes.len());
                bytes.extend(chunk.iter().take(room));
                if chunk.len() > room {
                    break BodyEnd::Capped;
                }
            }
            Ok(None) => break BodyEnd::Whole,
            Err(_) => break BodyEnd::Cut,
        }
    };
    RawAnswer { status, limits, location, body: String::from_utf8_lossy(&bytes).into_owned(), end }
}

fn limit_headers(headers: &HeaderMap) -> LimitHeaders {
    LimitHeaders {
        retry_after: header(headers, "retry-after"),
        date: header(headers, "date"),
        combined: header(headers, "ratelimit"),
        remaining: header(headers, "ratelimit-remaining").or_else(|| header(headers, "x-ratelimit-remaining")),
        reset: header(headers, "ratelimit-reset").or_else(|| header(headers, "x-ratelimit-reset")),
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The cause behind an error of the HTTP client, whose own text only says that sending failed.
fn describe(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    format!("{what}: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(api_url: &str, token: &str) -> Result<IngestClient, ClientError> {
        let http = crate::http::client(None).expect("a client");
        let api_url = Url::parse(api_url).expect("a URL");
        IngestClient::new(http, &api_url, Secret::new(token).expect("not empty"), Map::new())
    }

    #[test]
    fn the_endpoint_stands_below_whatever_the_setting_names() {
        for (api_url, expected) in [
            ("https://api.example.com", "https://api.example.com/v1/ingest"),
            ("https://api.example.com/", "https://api.example.com/v1/ingest"),
            ("https://example.com:8443/data/scale/", "https://example.com:8443/data/scale/v1/ingest"),
            ("http://user:word@127.0.0.1:1/x?y#z", "http://127.0.0.1:1/x/v1/ingest"),
        ] {
            let client = client(api_url, "t").expect("a client");
            assert_eq!(client.endpoint().as_str(), expected);
        }
        assert_eq!(client("mailto:a@example.com", "t").err(), Some(ClientError::NotAWebAddress));
    }

    #[test]
    fn a_token_is_refused_when_unsendable_and_never_shown() {
        assert_eq!(client("https://example.com", "tok\n123").err(), Some(ClientError::UnsendableToken));
        let shown = format!("{:?}", client("https://example.com", "tok-123").expect("a client"));
        assert!(!shown.contains("tok-123"), "{shown}");
    }

    #[test]
    fn platform_is_left_out_when_unknown_and_extra_config_is_kept_as_given() {
        let extra_config = serde_json::json!({ "z": 1, "a": { "b": [null] } });
        let Value::Object(extra_config) = extra_config else { panic!("an object") };
        let body = IngestBody { content: "SELECT 1", platform: None, extra_config: &extra_config };
        let json = serde_json::to_string(&body).expect("JSON");
        assert_eq!(json, r#"{"content":"SELECT 1","extra_config":{"z":1,"a":{"b":[null]}}}"#);
    }
}
