//! The decisions of sending, without the sending: which request goes next and when, and which bucket an answer puts files
//! into. A state machine of plain values, so that every sequence of answers can be tested; the time, counted from the
//! start, comes in as a value.
//!
//! [`super::send`] drives it: [`Session::next`] says what to do, [`Session::record`] takes what came of it.

mod ledger;
mod refusal;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use self::ledger::Ledger;
use crate::ingest::SendLimits;
use crate::ingest::meter::Meter;
use crate::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, SkipReason, Totals};
use crate::ingest::plan::{Plan, PlanSummary};
use crate::ingest::response::{Answer, Counts, Failure, Reply};
use crate::ingest::unit::{PlannedRequest, Unit, weight};
use crate::path::RepoPath;

/// Rounds of "too many requests" without an answer of use between them, after which the rest is left.
const LIMITED_ROUNDS: u32 = 10;
const LATER: &str = "it comes first next time, or send it with `ingest-action ingest`";

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send this, then [`Session::record`] the answer.
    Send(Outgoing),
    /// Nothing can go before this time; ask again then, or when an answer came.
    Wait(Duration),
    /// Nothing can go before an answer came.
    Pending,
    /// Every file has its bucket.
    Done,
}

/// A request that is to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Names it when its answer is recorded.
    pub ticket: u64,
    /// The SQL.
    pub content: Arc<str>,
    /// The API's word for the kind of database.
    pub platform: Option<String>,
}

/// A request that has not led to a bucket yet.
#[derive(Debug)]
struct Pending {
    request: PlannedRequest,
    /// Tries that got no answer of use.
    attempts: u32,
    /// Not to be sent before.
    not_before: Duration,
    /// Why it was not taken the last time.
    last_failure: Option<Failure>,
    /// Files that an answer blamed and that were taken out of it, the last one last.
    blamed: Vec<(Unit, Failure)>,
}

/// When something can go.
enum Turn {
    Now(usize),
    At(Duration),
    AfterAnAnswer,
    Never,
}

/// A plan on its way.
#[derive(Debug)]
pub struct Session {
    limits: SendLimits,
    mode: String,
    plan: PlanSummary,
    changed: BTreeSet<RepoPath>,
    /// What is still to be sent, in order.
    queue: VecDeque<Pending>,
    in_flight: BTreeMap<u64, Pending>,
    ledger: Ledger,
    meter: Meter,
    totals: Totals,
    /// The last answer was one of use: requests go side by side. Else one alone finds out.
    is_trusted: bool,
    /// Requests in a row that were given up because the API was not available.
    unavailable_in_a_row: usize,
    limited_rounds: u32,
    /// No request goes before this, by the last "too many requests".
    limited_until: Duration,
    /// Since when nothing was done but wait.
    waiting_since: Option<Duration>,
    /// All such waiting together.
    waited: Duration,
    /// Why nothing more is sent.
    stopped: Option<String>,
    /// Weight of the smallest request that the API found too large.
    too_large: usize,
    last_code: String,
}

impl Session {
    /// Starts on a plan. What the plan settles has its bucket at once.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let (summary, changed, limits) = (plan.summary(), plan.paths(), plan.limits);
        let mut ledger = Ledger::new(plan.settled);
        plan.requests.iter().flat_map(|request| &request.units).for_each(|unit| ledger.open(&unit.path));
        Self {
            meter: Meter::new(limits.max_requests, limits.window),
            limits,
            mode: plan.mode,
            plan: summary,
            changed,
            queue: plan.requests.into_iter().map(Pending::new).collect(),
            in_flight: BTreeMap::new(),
            ledger,
            totals: Totals::default(),
            is_trusted: false,
            unavailable_in_a_row: 0,
            limited_rounds: 0,
            limited_until: Duration::ZERO,
            waiting_since: None,
            waited: Duration::ZERO,
            stopped: None,
            too_large: usize::MAX,
            last_code: String::new(),
        }
    }

    /// What to do next. Counts the request that it hands out.
    pub fn next(&mut self, now: Duration) -> Step {
        if let Some(since) = self.waiting_since.take() {
            self.waited += now.saturating_sub(since);
        }
        self.skip_rest();
        if now >= self.limits.max_time {
            let limit = self.limits.max_time.as_secs();
            self.defer_rest(&format!("the ingest took longer than {limit} s; {LATER}"));
        }
        let idle = self.in_flight.is_empty();
        match self.turn(now) {
            Turn::Now(place) => self.hand_out(place),
            Turn::At(time) if !idle => Step::Wait(time),
            Turn::At(time) if self.may_wait(now, time) => {
                self.waiting_since = Some(now);
                Step::Wait(time)
            }
            Turn::At(_) => {
                let message = self.no_time();
                self.defer_rest(&message);
                Step::Done
            }
            Turn::AfterAnAnswer if !idle => Step::Pending,
            Turn::Never | Turn::AfterAnAnswer => {
                let message = self.no_time();
                self.defer_rest(&message);
                Step::Done
            }
        }
    }

    /// The rows so far, the newest last.
    #[must_use]
    pub fn rows(&self) -> &[FileOutcome] {
        self.ledger.rows()
    }

    /// The code of the last answer that made a wait necessary; empty where the budget alone does.
    #[must_use]
    pub fn last_code(&self) -> &str {
        &self.last_code
    }

    /// Requests made so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.totals.requests
    }

    /// The result. Files that are still waiting count as deferred.
    #[must_use]
    pub fn finish(mut self) -> IngestOutcome {
        let unanswered = std::mem::take(&mut self.in_flight);
        self.queue.extend(unanswered.into_values());
        self.defer_rest(&format!("the ingest ended before its turn; {LATER}"));
        let outcome = IngestOutcome::account(self.mode, &self.changed, self.ledger.into_rows(), self.totals);
        IngestOutcome { plan: self.plan, ..outcome }
    }

    /// Takes the answer to a request that [`Session::next`] handed out. `entropy` is any number, for the jitter.
    pub fn record(&mut self, ticket: u64, answer: Answer, (now, entropy): (Duration, u64)) {
        let Some(pending) = self.in_flight.remove(&ticket) else { return };
        self.meter.answer(now);
        if let Some(allowance) = answer.allowance {
            self.meter.hear(allowance, now);
        }
        match answer.reply {
            Reply::Limited { failure, retry_after } => self.slow_down(pending, (failure, retry_after), (now, entropy)),
            Reply::Unavailable { failure, retry_after } => {
                self.back_off(pending, (failure, retry_after), (now, entropy));
            }
            Reply::Unauthorized(failure) => self.stop(pending, failure),
            Reply::Taken { message, counts } => {
                self.found_well();
                self.count(counts);
                self.take(pending, message);
            }
            Reply::TooLarge(failure) => {
                self.found_well();
                self.make_smaller(pending, failure);
            }
            Reply::Refused { failure, cause } => self.refuse(pending, failure, cause),
        }
    }

    /// The API answers: requests may go side by side.
    fn found_well(&mut self) {
        self.is_trusted = true;
        self.unavailable_in_a_row = 0;
        self.limited_rounds = 0;
        self.last_code.clear();
    }

    fn turn(&mut self, now: Duration) -> Turn {
        let side_by_side = if self.is_trusted { self.limits.concurrency.max(1) } else { 1 };
        if self.queue.is_empty() || self.in_flight.len() >= side_by_side {
            return Turn::AfterAnAnswer;
        }
        let Some(free) = self.meter.free_at(now) else {
            return if self.in_flight.is_empty() { Turn::Never } else { Turn::AfterAnAnswer };
        };
        match self.first_ready(now) {
            Turn::Now(_) if free > now => Turn::At(free),
            Turn::At(time) => Turn::At(time.max(free)),
            turn => turn,
        }
    }

    /// The first request that waits neither for a time nor for what is sent before it.
    fn first_ready(&self, now: Duration) -> Turn {
        let paths = |pending: &Pending| pending.request.units.iter().map(|unit| unit.path.clone()).collect::<Vec<_>>();
        let mut before: BTreeSet<RepoPath> = self.in_flight.values().flat_map(paths).collect();
        let mut earliest: Option<Duration> = None;
        for (place, pending) in self.queue.iter().enumerate() {
            if pending.request.after.iter().all(|path| !before.contains(path)) {
                if pending.not_before <= now {
                    return Turn::Now(place);
                }
                earliest = Some(earliest.map_or(pending.not_before, |time| time.min(pending.not_before)));
                if !self.is_trusted {
                    // What is tried alone is tried to its end: others would fare the same.
                    break;
                }
            }
            before.extend(paths(pending));
        }
        earliest.map_or(Turn::AfterAnAnswer, Turn::At)
    }

    fn hand_out(&mut self, place: usize) -> Step {
        let Some(mut pending) = self.queue.remove(place) else { return Step::Pending };
        let mut content = pending.request.content();
        // Its like was too large before.
        while weight(&content) >= self.too_large
            && let Some((first, second)) = pending.request.halves()
        {
            self.reopen(&pending.request, [&first, &second]);
            self.queue.insert(place, Pending::new(second));
            self.send_alone(&mut pending);
            pending.request = first;
            content = pending.request.content();
        }
        self.totals.requests += 1;
        self.meter.start();
        let ticket = self.totals.requests as u64;
        let platform = pending.request.platform.clone();
        self.in_flight.insert(ticket, pending);
        Step::Send(Outgoing { ticket, content, platform })
    }

    /// 429: the limit is the token's, not the file's. Nothing goes before the API wants it; what then does not fit is for
    /// the next run.
    fn slow_down(
        &mut self,
        mut pending: Pending,
        (failure, retry_after): (Failure, Option<Duration>),
        (now, entropy): (Duration, u64),
    ) {
        if self.limited_until <= now {
            self.limited_rounds += 1;
        }
        let unasked = doubled(self.limits.limit_delay, self.limited_rounds, self.limits.window);
        let pause = retry_after.unwrap_or(unasked).max(self.limits.base_delay);
        // Many jobs were told the same: they shall not come back in the same moment.
        let pause = pause.saturating_add(jittered(pause / 10, entropy).min(Duration::from_secs(5)));
        self.limited_until = self.limited_until.max(now.saturating_add(pause));
        self.meter.close(pause, now);
        self.is_trusted = false;
        self.last_code.clone_from(&failure.code);
        pending.last_failure = Some(failure);
        self.queue.push_front(pending);
        if self.limited_rounds > LIMITED_ROUNDS {
            self.defer_rest(&format!("the catalog takes no more requests for now; {LATER}"));
        }
    }

    /// Trouble that may pass: tries again, which PUT allows since sending a file twice leaves the catalog as sending it
    /// once does. Full jitter keeps many jobs that failed together from coming back together.
    fn back_off(
        &mut self,
        mut pending: Pending,
        (failure, retry_after): (Failure, Option<Duration>),
        (now, entropy): (Duration, u64),
    ) {
        self.is_trusted = false;
        self.last_code.clone_from(&failure.code);
        pending.attempts += 1;
        if pending.attempts < self.limits.max_attempts {
            let delay = doubled(self.limits.base_delay, pending.attempts, self.limits.max_delay);
            let asked = retry_after.map_or(Duration::ZERO, |asked| asked.saturating_add(jittered(asked / 10, entropy)));
            pending.not_before = now.saturating_add(jittered(delay, entropy).max(asked));
            pending.last_failure = Some(failure);
            self.queue.push_front(pending);
            return;
        }
        self.give_up(&pending, &failure);
    }

    /// A request that got no answer of use to the last try. After several of them in a row the rest is not tried.
    fn give_up(&mut self, pending: &Pending, failure: &Failure) {
        self.is_trusted = false;
        self.reject(pending, failure);
        self.unavailable_in_a_row += 1;
        if self.unavailable_in_a_row >= self.limits.outage_after {
            let tried = self.unavailable_in_a_row;
            let message = format!("not tried: {tried} requests in a row got no answer of use; {LATER}");
            self.close_rest(&FileBucket::Deferred, Some((&failure.code, &message)));
        }
    }

    /// The token was refused: nothing else would fare better. Said once, of the files of the first request.
    fn stop(&mut self, pending: Pending, failure: Failure) {
        if self.stopped.is_none() {
            self.stopped = Some(format!("the catalog refused the token ({})", failure.code));
            self.reject(&pending, &failure);
        } else {
            self.queue.push_front(pending);
        }
    }

    /// Gives up what is not sent, once the session is stopped.
    fn skip_rest(&mut self) {
        if let Some(reason) = self.stopped.clone() {
            self.close_rest(&FileBucket::Skipped(SkipReason::Stopped { reason }), None);
        }
    }

    /// Why what is left does not fit into this run.
    fn no_time(&self) -> String {
        if self.last_code.is_empty() {
            let (limit, window) = (self.limits.max_requests, self.limits.window.as_secs());
            return format!("over the limit of {limit} requests in {window} s (max-requests, max-wait); {LATER}");
        }
        format!("the catalog takes no more requests for now; {LATER}")
    }

    fn may_wait(&self, now: Duration, until: Duration) -> bool {
        let total = self.waited.saturating_add(until.saturating_sub(now));
        total <= self.limits.max_wait && until < self.limits.max_time
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

    /// Puts all files of a request into a bucket.
    fn close(&mut self, pending: &Pending, bucket: &FileBucket, said: Option<(&str, &str)>) {
        let blamed = pending.blamed.iter().map(|(unit, _)| unit);
        for unit in pending.request.units.iter().chain(blamed) {
            let (code, message) = said.unzip();
            self.ledger.settle(FileOutcome {
                path: unit.path.clone(),
                bucket: bucket.clone(),
                code: code.filter(|code| !code.is_empty()).map(str::to_owned),
                line: None,
                message: message.map(str::to_owned),
            });
        }
    }

    /// Leaves what is not sent to the next run. What was tried keeps the code of what it met last.
    fn defer_rest(&mut self, message: &str) {
        for pending in std::mem::take(&mut self.queue) {
            let told = pending.last_failure.as_ref().map(|failure| failure.code.clone());
            match &told {
                Some(code) => {
                    let message = format!("{message} (last answer: {code})");
                    self.close(&pending, &FileBucket::Deferred, Some((code, &message)));
                }
                None => self.close(&pending, &FileBucket::Deferred, Some(("", message))),
            }
        }
    }

    fn close_rest(&mut self, bucket: &FileBucket, said: Option<(&str, &str)>) {
        for pending in std::mem::take(&mut self.queue) {
            self.close(&pending, bucket, said);
        }
    }
}

impl Pending {
    fn new(request: PlannedRequest) -> Self {
        Self { request, attempts: 0, not_before: Duration::ZERO, last_failure: None, blamed: Vec::new() }
    }
}

/// A delay that doubles with each round (from 1), up to a longest one.
fn doubled(delay: Duration, round: u32, longest: Duration) -> Duration {
    delay.saturating_mul(1 << round.saturating_sub(1).min(20)).min(longest)
}

/// Anything from nothing to the whole delay.
fn jittered(delay: Duration, entropy: u64) -> Duration {
    let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(entropy % micros.saturating_add(1))
}

#[cfg(test)]
mod tests;
