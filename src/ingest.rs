//! Sending the changed SQL to the catalog's HTTP API.
//!
//! ```text
//! candidates → plan → session ⇄ client → response → outcome
//! ```
//!
//! [`plan()`] decides what to send and in which requests, [`send`] sends them, and every changed file ends in exactly one
//! bucket of the [`outcome`]. A failure is part of the outcome, never an early return: trouble with the catalog does not
//! hide the lineage. Which files changed and what SQL they hold is known before (`changes`, `sql::template`); how the
//! result is shown comes after (`report`).
//!
//! All decisions are pure: [`session`] with its [`meter`] takes the time as a value. This file drives it.

pub mod client;
pub mod cut;
pub mod line_map;
pub mod meter;
pub mod order;
pub mod outcome;
pub mod plan;
pub mod response;
pub mod secrets;
pub mod session;
pub mod state;
pub mod unit;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub use self::client::{ClientError, IngestClient};
pub use self::plan::{Candidate, Plan, PlanOptions, outcome_without_sending, plan};

use self::outcome::{FileOutcome, IngestOutcome};
use self::response::Answer;
use self::session::{Session, Step};

/// How far sending may go. The API allows 100 requests in 5 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendLimits {
    /// Requests in any window, repeated ones included.
    pub max_requests: usize,
    /// The window of the API's limit.
    pub window: Duration,
    /// Requests on their way at once.
    pub concurrency: usize,
    /// Tries of one request.
    pub max_attempts: u32,
    /// All waiting of the run together.
    pub max_wait: Duration,
    /// The whole stage; no request starts later.
    pub max_time: Duration,
    /// The first delay before trying again, doubled with each try.
    pub base_delay: Duration,
    /// The longest such delay.
    pub max_delay: Duration,
    /// The first delay after "too many requests" that does not say how long, doubled with each.
    pub limit_delay: Duration,
    /// Requests in a row without an answer of use (no connection, 5xx to the last try) after which the rest is deferred.
    pub outage_after: usize,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            // Ten below the API's limit: other jobs share the token.
            max_requests: 90,
            window: Duration::from_secs(5 * 60),
            concurrency: 4,
            max_attempts: 4,
            max_wait: Duration::from_secs(120),
            max_time: Duration::from_secs(15 * 60),
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            limit_delay: Duration::from_secs(15),
            outage_after: 3,
        }
    }
}

impl SendLimits {
    /// Requests for which the limits leave time.
    #[must_use]
    pub fn requests_in_time(&self) -> usize {
        let windows = self.max_wait.as_secs().checked_div(self.window.as_secs()).unwrap_or(0);
        self.max_requests.saturating_mul(usize::try_from(windows).unwrap_or(usize::MAX).saturating_add(1))
    }

    /// The longest that so many requests can take: each to its last try and its whole timeout, and all the waiting.
    #[must_use]
    pub fn longest(&self, requests: usize) -> Duration {
        if requests == 0 {
            return Duration::ZERO;
        }
        let tries = u32::try_from(requests).unwrap_or(u32::MAX).saturating_mul(self.max_attempts);
        let all = crate::http::TOTAL_TIMEOUT.saturating_mul(tries).saturating_add(self.max_wait);
        all.min(self.max_time.saturating_add(crate::http::TOTAL_TIMEOUT))
    }
}

/// What happens while sending, for a line in the log. Holds text from the repository and the API: escape it at the sink.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A file got its bucket.
    Settled {
        /// The file and its bucket.
        outcome: &'a FileOutcome,
    },
    /// All files that an answer settled were told.
    Answered {
        /// Requests made so far.
        requests: usize,
    },
    /// The next request comes after a pause.
    Waiting {
        /// How long.
        pause: Duration,
        /// The code of what made it necessary (`HTTP_429`, `SERVER_ERROR`, `NETWORK`, …).
        code: &'a str,
    },
}

/// Sends the plan's requests, several at once where none waits for another, and tells of each file as it settles.
pub async fn send(plan: Plan, client: &IngestClient, progress: &mut (dyn FnMut(Progress<'_>) + Send)) -> IngestOutcome {
    let started = Instant::now();
    let mut session = Session::new(plan);
    let mut told = session.rows().len();
    let mut flights = JoinSet::new();
    loop {
        let landed = match session.next(started.elapsed()) {
            Step::Send(request) => {
                let client = client.clone();
                flights.spawn(async move { (request.ticket, client.put(&request).await) });
                continue;
            }
            Step::Wait(until) => {
                let pause = until.saturating_sub(started.elapsed());
                if flights.is_empty() {
                    progress(Progress::Waiting { pause, code: session.last_code() });
                    sleep(pause).await;
                    None
                } else {
                    timeout(pause, land(&mut flights)).await.ok().flatten()
                }
            }
            Step::Pending => match land(&mut flights).await {
                Some(landed) => Some(landed),
                None => break,
            },
            Step::Done => break,
        };
        if let Some((ticket, answer)) = landed {
            session.record(ticket, answer, (started.elapsed(), entropy()));
        }
        tell(&session, &mut told, progress);
    }
    tell(&session, &mut told, progress);
    session.finish()
}

/// Tells of the files that were settled since the last time.
fn tell(session: &Session, told: &mut usize, progress: &mut (dyn FnMut(Progress<'_>) + Send)) {
    let rows = session.rows();
    if rows.len() == *told {
        return;
    }
    for outcome in rows.iter().skip(*told) {
        progress(Progress::Settled { outcome });
    }
    *told = rows.len();
    progress(Progress::Answered { requests: session.requests() });
}

/// The next answer that comes; `None` when none is on its way.
async fn land(flights: &mut JoinSet<(u64, Answer)>) -> Option<(u64, Answer)> {
    flights.join_next().await?.ok()
}

/// A number that differs between processes and calls: the keys of the standard library's hasher are random.
fn entropy() -> u64 {
    RandomState::new().hash_one(0)
}
