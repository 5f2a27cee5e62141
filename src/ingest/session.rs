//! The decisions of sending, without the sending: which request comes next, how long to wait before it, and which
//! bucket an answer puts a file into. A state machine of plain values, so that every sequence of answers can be tested.
//!
//! [`super::send`] drives it: [`Session::next`] says what to do, [`Session::record`] takes what came of it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::ingest::SendLimits;
use crate::ingest::line_map::file_line;
use crate::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, SkipReason, Totals};
use crate::ingest::plan::{Plan, PlannedRequest};
use crate::ingest::response::{Counts, Failure, Reply};
use crate::path::RepoPath;

/// What to do next.
#[derive(Debug)]
pub enum Step<'a> {
    /// Send this, then [`Session::record`] the reply.
    Send(&'a PlannedRequest),
    /// Wait this long, then ask again.
    Wait(Duration),
    /// Every file has its bucket.
    Done,
}

/// A plan on its way.
#[derive(Debug)]
pub struct Session {
    limits: SendLimits,
    mode: String,
    changed: BTreeSet<RepoPath>,
    /// What is still to be sent; the first is being tried.
    queue: VecDeque<PlannedRequest>,
    rows: Vec<FileOutcome>,
    totals: Totals,
    /// Tries of the first file.
    attempts: u32,
    /// Why the first file was not taken the last time.
    last_failure: Option<Failure>,
    /// A wait that has been decided on.
    wait: Option<Duration>,
    /// All waits together.
    waited: Duration,
    /// Files in a row that were given up because the API was not available.
    unavailable_in_a_row: usize,
}

impl Session {
    /// Starts on a plan. What the plan skips has its bucket at once.
    #[must_use]
    pub fn new(plan: Plan, limits: SendLimits) -> Self {
        let changed = plan.paths();
        Self {
            limits,
            mode: plan.mode,
            changed,
            queue: plan.requests.into(),
            rows: plan.skipped,
            totals: Totals::default(),
            attempts: 0,
            last_failure: None,
            wait: None,
            waited: Duration::ZERO,
            unavailable_in_a_row: 0,
        }
    }

    /// What to do next, `elapsed` after the start. Counts the request that it hands out.
    pub fn next(&mut self, elapsed: Duration) -> Step<'_> {
        if self.totals.requests >= self.limits.max_requests {
            let limit = self.limits.max_requests;
            self.defer_rest(&format!(
                "over the limit of {limit} requests in one run; send it later with `ingest-action ingest`"
            ));
        } else if elapsed >= self.limits.max_time {
            let limit = self.limits.max_time.as_secs();
            self.defer_rest(&format!(
                "the ingest took longer than {limit} s; send it later with `ingest-action ingest`"
            ));
        } else if let Some(wait) = self.wait.take() {
            return Step::Wait(wait);
        }
        let Some(request) = self.queue.front() else { return Step::Done };
        self.totals.requests += 1;
        self.attempts += 1;
        Step::Send(request)
    }

    /// Takes the reply to the request that [`Session::next`] handed out. `entropy` is any number, for the jitter.
    pub fn record(&mut self, reply: Reply, entropy: u64) {
        match reply {
            Reply::Taken { message, counts } => {
                self.count(counts);
                self.unavailable_in_a_row = 0;
                self.close(FileBucket::Sent, None, message);
            }
            Reply::Refused(failure) => {
                self.unavailable_in_a_row = 0;
                self.reject(failure);
            }
            Reply::Unauthorized(failure) => {
                let reason = format!("the catalog refused the token ({})", failure.code);
                self.reject(failure);
                self.close_rest(&FileBucket::Skipped(SkipReason::Stopped { reason }), None, None);
            }
            Reply::Limited { failure, retry_after } => self.slow_down(failure, retry_after),
            Reply::Unavailable { failure, retry_after } => self.back_off(failure, retry_after, entropy),
        }
    }

    /// The rows so far, the newest last.
    #[must_use]
    pub fn rows(&self) -> &[FileOutcome] {
        &self.rows
    }

    /// The code of the last try of the file that is being tried; empty before the first answer.
    #[must_use]
    pub fn last_code(&self) -> &str {
        self.last_failure.as_ref().map_or("", |failure| failure.code.as_str())
    }

    /// The result. Files that are still waiting count as deferred.
    #[must_use]
    pub fn finish(mut self) -> IngestOutcome {
        self.defer_rest("the ingest ended before its turn; send it later with `ingest-action ingest`");
        IngestOutcome::account(self.mode, &self.changed, self.rows, self.totals)
    }

    /// 429: the limit is the token's, not the file's. Waits as long as the API says; what does not fit is for the next
    /// run, and so is everything after it.
    fn slow_down(&mut self, failure: Failure, retry_after: Option<Duration>) {
        let pause = retry_after.unwrap_or_else(|| self.delay());
        let may_wait = self.attempts < self.limits.max_attempts && self.fits(pause);
        if may_wait {
            self.schedule(pause, failure);
            return;
        }
        self.last_failure = Some(failure);
        self.defer_rest("the catalog takes no more requests for now; send it later with `ingest-action ingest`");
    }

    /// Trouble that may pass: tries again, which PUT allows since sending a file twice leaves the catalog as sending it
    /// once does. Full jitter keeps many jobs that failed together from coming back together.
    fn back_off(&mut self, failure: Failure, retry_after: Option<Duration>, entropy: u64) {
        let pause = jittered(self.delay(), entropy).max(retry_after.unwrap_or_default());
        if self.attempts < self.limits.max_attempts && self.fits(pause) {
            self.schedule(pause, failure);
            return;
        }
        self.reject(failure.clone());
        self.unavailable_in_a_row += 1;
        if self.unavailable_in_a_row >= self.limits.outage_after {
            let message = format!("not tried: {} files in a row got no answer of use", self.unavailable_in_a_row);
            self.close_rest(&FileBucket::Deferred, Some(&failure.code), Some(&message));
        }
    }

    /// The delay before the next try of this file: doubled with each.
    fn delay(&self) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(20);
        self.limits.base_delay.saturating_mul(1 << doublings).min(self.limits.max_delay)
    }

    fn fits(&self, pause: Duration) -> bool {
        self.waited.checked_add(pause).is_some_and(|total| total <= self.limits.max_wait)
    }

    fn schedule(&mut self, pause: Duration, failure: Failure) {
        self.waited += pause;
        self.wait = Some(pause);
        self.last_failure = Some(failure);
    }

    fn count(&mut self, counts: Counts) {
        let add = |total: &mut Option<u64>, count: Option<u64>| {
            if let Some(count) = count {
                *total = Some(total.unwrap_or(0).saturating_add(count));
            }
        };
        add(&mut self.totals.assets_added, counts.added);
        add(&mut self.totals.assets_modified, counts.modified);
    }

    fn reject(&mut self, failure: Failure) {
        self.close(FileBucket::Rejected, Some(failure), None);
    }

    /// Puts the first file of the queue into its bucket.
    fn close(&mut self, bucket: FileBucket, failure: Option<Failure>, message: Option<String>) {
        self.attempts = 0;
        self.last_failure = None;
        self.wait = None;
        let Some(request) = self.queue.pop_front() else { return };
        let line = failure.as_ref().and_then(|failure| file_line(&request, failure.line?));
        let (code, said) = failure.map(|failure| (failure.code, failure.message)).unzip();
        self.rows.push(FileOutcome { path: request.path, bucket, code, line, message: message.or(said) });
    }

    /// Leaves the rest to the next run. The first file keeps the code of what it met last.
    fn defer_rest(&mut self, message: &str) {
        if let Some(failure) = self.last_failure.take() {
            let message = format!("{message} (last answer: {})", failure.code);
            self.close(FileBucket::Deferred, Some(Failure { message, line: None, ..failure }), None);
        }
        self.close_rest(&FileBucket::Deferred, None, Some(message));
    }

    fn close_rest(&mut self, bucket: &FileBucket, code: Option<&str>, message: Option<&str>) {
        for request in std::mem::take(&mut self.queue) {
            self.rows.push(FileOutcome {
                path: request.path,
                bucket: bucket.clone(),
                code: code.map(str::to_owned),
                line: None,
                message: message.map(str::to_owned),
            });
        }
    }
}

/// Anything from nothing to the whole delay.
fn jittered(delay: Duration, entropy: u64) -> Duration {
    let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(entropy % micros.saturating_add(1))
}

#[cfg(test)]
mod tests;
