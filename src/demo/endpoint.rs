//! An ingest API on loopback that answers by the contract of the hosted one: the demo's stand-in, in this process.
//!
//! This file is the HTTP side (address, token, rate limit); what a body means is [`catalog`]'s part. It forgets
//! everything when it is dropped.

pub mod catalog;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::Instant;
use url::Url;

use self::catalog::{Answer, Catalog, Received};
use crate::demo::DemoError;
use crate::secret::Secret;

/// Largest body that is taken, in bytes: the largest file that the tool reads, written as JSON.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Requests in one [`RateLimit::window`], as the hosted API allows.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// Requests.
    pub requests: usize,
    /// In this time.
    pub window: Duration,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { requests: 100, window: Duration::from_secs(5 * 60) }
    }
}

/// A running endpoint. Dropping it ends it.
#[derive(Debug)]
pub struct Endpoint {
    address: Url,
    shared: Arc<Shared>,
    /// Goes away with the endpoint, which is what the server waits for.
    _stop: oneshot::Sender<()>,
}

/// What requests share.
#[derive(Debug)]
struct Shared {
    token: Secret,
    limit: RateLimit,
    state: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    catalog: Catalog,
    recent: VecDeque<Instant>,
}

/// Starts an endpoint on a free port of 127.0.0.1 that takes this token and no other.
///
/// # Errors
/// [`DemoError::Listen`] when there is no port to be had.
pub async fn start(token: &Secret) -> Result<Endpoint, DemoError> {
    start_limited(token, RateLimit::default()).await
}

/// The same with another rate limit.
///
/// # Errors
/// [`DemoError::Listen`] when there is no port to be had.
pub async fn start_limited(token: &Secret, limit: RateLimit) -> Result<Endpoint, DemoError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(DemoError::Listen)?;
    let port = listener.local_addr().map_err(DemoError::Listen)?.port();
    let address = Url::parse(&format!("http://127.0.0.1:{port}"))
        .map_err(|error| DemoError::Listen(std::io::Error::other(error)))?;
    let shared = Arc::new(Shared { token: token.clone(), limit, state: Mutex::default() });
    let router = Router::new()
        .route("/v1/ingest", put(ingest))
        .fallback(async || Answer::refused(404, "INVALID_INPUT", "No such route", None))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::clone(&shared));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        // Nothing is ever sent: the other end goes away with the `Endpoint`.
        stopped.await.ok();
    });
    tokio::spawn(server.into_future());
    Ok(Endpoint { address, shared, _stop: stop })
}

impl Endpoint {
    /// The address for the setting `api-url`.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// What was taken so far, in order of arrival.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.lock().catalog.received().to_vec()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token == Some(self.token.expose())
    }
}

impl Memory {
    /// Counts a request; when there were too many, how long until one is welcome.
    fn admit(&mut self, limit: RateLimit, now: Instant) -> Result<(), Duration> {
        let is_past = |at: &Instant| now.duration_since(*at) >= limit.window;
        while self.recent.front().is_some_and(is_past) {
            self.recent.pop_front();
        }
        if self.recent.len() >= limit.requests {
            let oldest = self.recent.front().map_or(Duration::ZERO, |at| now.duration_since(*at));
            return Err(limit.window.saturating_sub(oldest));
        }
        self.recent.push_back(now);
        Ok(())
    }
}

async fn ingest(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if !shared.knows(&headers) {
        return Answer::refused(401, "AUTHENTICATION_ERROR", "Invalid or missing API token", None).into_response();
    }
    let mut memory = shared.lock();
    if let Err(wait) = memory.admit(shared.limit, Instant::now()) {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let answer = Answer::refused(429, "RATE_LIMITED", "Rate limit exceeded", None);
        return ([(RETRY_AFTER, seconds.to_string())], answer).into_response();
    }
    memory.catalog.ingest(&body).into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_limit_forgets_requests_after_its_window() {
        let limit = RateLimit { requests: 2, window: Duration::from_secs(10) };
        let mut memory = Memory::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(memory.admit(limit, at(0)), Ok(()));
        assert_eq!(memory.admit(limit, at(4)), Ok(()));
        assert_eq!(memory.admit(limit, at(7)), Err(Duration::from_secs(3)));
        assert_eq!(memory.admit(limit, at(10)), Ok(()));
        assert_eq!(memory.admit(limit, at(11)), Err(Duration::from_secs(3)));
    }
}
