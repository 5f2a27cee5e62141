//! Sending the changed SQL to the catalog's HTTP API.
//!
//! ```text
//! candidates → plan → session ⇄ client → response → outcome
//! ```
//!
//! [`plan()`] decides what to send, [`send`] sends it one file after the other, and every changed file ends in exactly
//! one bucket of the [`outcome`]. A failure is part of the outcome, never an early return: trouble with the catalog does
//! not hide the lineage. Which files changed and what SQL they hold is known before (`changes`, `sql::template`); how
//! the result is shown comes after (`report`).

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
pub mod unit;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep};

pub use self::client::{ClientError, IngestClient};
pub use self::plan::{Candidate, Plan, PlanOptions, outcome_without_sending, plan};

use self::outcome::{FileOutcome, IngestOutcome};
use self::session::{Session, Step};

/// How far sending may go. The API allows 100 requests in 5 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendLimits {
    /// Requests in one run, repeated ones included.
    pub max_requests: usize,
    /// Requests for one file.
    pub max_attempts: u32,
    /// All waiting of the run together.
    pub max_wait: Duration,
    /// The whole stage; no request starts later.
    pub max_time: Duration,
    /// The first delay before trying again, doubled with each try.
    pub base_delay: Duration,
    /// The longest such delay.
    pub max_delay: Duration,
    /// Files in a row without an answer of use (no connection, 5xx to the last try) after which the rest is deferred.
    pub outage_after: usize,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            // Ten below the API's limit: other jobs share the token.
            max_requests: 90,
            max_attempts: 4,
            max_wait: Duration::from_secs(120),
            max_time: Duration::from_secs(15 * 60),
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            outage_after: 3,
        }
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
    /// The next request comes after a pause.
    Waiting {
        /// How long.
        pause: Duration,
        /// The code of what made it necessary (`HTTP_429`, `SERVER_ERROR`, `NETWORK`, …).
        code: &'a str,
    },
}

/// Sends the plan's files one after the other, in the plan's order, and tells of each as it settles. The order of
/// migrations is kept and the outcome is the same for the same answers; the API's own limit leaves little to gain from
/// sending side by side.
pub async fn send(
    plan: Plan,
    client: &IngestClient,
    limits: &SendLimits,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> IngestOutcome {
    let started = Instant::now();
    let mut session = Session::new(plan, limits.clone());
    let mut told = session.rows().len();
    loop {
        match session.next(started.elapsed()) {
            Step::Send(request) => {
                let reply = client.put(request).await;
                session.record(reply, entropy());
            }
            Step::Wait(pause) => {
                progress(Progress::Waiting { pause, code: session.last_code() });
                sleep(pause).await;
            }
            Step::Done => break,
        }
        for outcome in session.rows().iter().skip(told) {
            progress(Progress::Settled { outcome });
        }
        told = session.rows().len();
    }
    session.finish()
}

/// A number that differs between processes and calls: the keys of the standard library's hasher are random.
fn entropy() -> u64 {
    RandomState::new().hash_one(0)
}
