//! Every sequence of answers leads every file into one bucket, within the limits. Time is simulated: nothing sleeps.

mod laws;
mod shared;

use super::*;
use crate::ingest::outcome::IngestStatus;
use crate::ingest::plan::tests::candidate;
use crate::ingest::plan::{Candidate, PlanOptions, plan};
use crate::ingest::response::Refusal;
use crate::sql::template::LineMap;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> SendLimits {
    SendLimits { base_delay: SECOND, ..SendLimits::default() }
}

fn files(count: usize) -> Vec<Candidate> {
    let file = |at: usize| Candidate {
        line_map: LineMap::new(vec![11, 12]),
        ..candidate(&format!("{at:03}.sql"), Ok("SELECT\n1"))
    };
    (0..count).map(file).collect()
}

fn planned(candidates: Vec<Candidate>, limits: SendLimits) -> Plan {
    plan(candidates, &PlanOptions { mode: "merge".to_owned(), limits, ..PlanOptions::default() })
}

fn failure(code: &str) -> Failure {
    Failure { code: code.to_owned(), message: "no".to_owned(), line: Some(2) }
}

fn taken() -> Reply {
    Reply::Taken { message: None, counts: Counts { added: Some(1), modified: None } }
}

fn unavailable() -> Reply {
    Reply::Unavailable { failure: failure("HTTP_502"), retry_after: None }
}

fn refused() -> Reply {
    Reply::Refused { failure: failure("PARSER_ERROR"), cause: Refusal::Parser }
}

fn limited(retry_after: Option<u64>) -> Reply {
    Reply::Limited { failure: failure("HTTP_429"), retry_after: retry_after.map(Duration::from_secs) }
}

/// What came of a run: the outcome, the waits while nothing was on its way, and when each request went.
struct Run {
    outcome: IngestOutcome,
    waits: Vec<Duration>,
    sent: Vec<(Duration, Arc<str>)>,
}

impl Run {
    fn buckets(&self) -> Vec<&str> {
        self.outcome.files.iter().map(|file| file.bucket.as_str()).collect()
    }

    fn codes(&self) -> Vec<Option<&str>> {
        self.outcome.files.iter().map(|file| file.code.as_deref()).collect()
    }
}

/// With this the jitter of a delay of one, two or four seconds is the whole delay.
const LONGEST_JITTER: u64 = 1_000_001 * 2_000_001 * 4_000_001 - 1;

/// With this there is no jitter.
const NO_JITTER: u64 = 0;

/// Carries a plan out against an API that takes `takes` for each answer.
fn simulate(plan: Plan, takes: Duration, api: impl FnMut(Duration, &Outgoing) -> Reply) -> Run {
    simulate_with(u64::MAX / 2, plan, takes, api)
}

fn simulate_with(entropy: u64, plan: Plan, takes: Duration, mut api: impl FnMut(Duration, &Outgoing) -> Reply) -> Run {
    let mut session = Session::new(plan);
    let mut flights: Vec<(Duration, u64, Reply)> = Vec::new();
    let (mut now, mut waits, mut sent) = (Duration::ZERO, Vec::new(), Vec::new());
    for _ in 0..100_000 {
        let until = match session.next(now) {
            Step::Send(request) => {
                sent.push((now, Arc::clone(&request.content)));
                flights.push((now + takes, request.ticket, api(now, &request)));
                continue;
            }
            Step::Wait(until) => Some(until),
            Step::Pending => None,
            Step::Done => break,
        };
        let next = (0..flights.len()).min_by_key(|at| (flights[*at].0, flights[*at].1));
        match (next, until) {
            (Some(next), until) if until.is_none_or(|until| flights[next].0 <= until) => {
                let (landed, ticket, reply) = flights.remove(next);
                now = now.max(landed);
                session.record(ticket, Answer { reply, allowance: None }, (now, entropy));
            }
            (next, Some(until)) => {
                if next.is_none() {
                    waits.push(until - now);
                }
                now = now.max(until);
            }
            (_, None) => panic!("the session waits for an answer and none is on its way"),
        }
    }
    let outcome = session.finish();
    assert_eq!(outcome.requests, sent.len());
    assert_eq!(outcome.counts().total(), outcome.files.len());
    assert!(outcome.files.iter().all(|file| file.code.as_deref() != Some("UNACCOUNTED")), "{outcome:?}");
    Run { outcome, waits, sent }
}

/// Answers the requests from a list, whose last answer holds for all that follow.
fn run(count: usize, limits: SendLimits, replies: &[Reply]) -> Run {
    run_with(u64::MAX / 2, count, limits, replies)
}

fn run_with(entropy: u64, count: usize, limits: SendLimits, replies: &[Reply]) -> Run {
    let mut answered = 0;
    simulate_with(entropy, planned(files(count), limits), Duration::from_millis(1), |_, _| {
        answered += 1;
        replies.get(answered - 1).or(replies.last()).cloned().unwrap_or_else(taken)
    })
}

#[test]
fn a_refused_token_stops_everything_at_once_and_is_told_once() {
    let run = run(4, limits(), &[Reply::Unauthorized(failure("AUTHENTICATION_ERROR"))]);
    assert_eq!(run.buckets(), ["rejected", "skipped", "skipped", "skipped"]);
    assert_eq!(run.codes(), [Some("AUTHENTICATION_ERROR"), None, None, None]);
    let stopped = &run.outcome.files[3].bucket;
    assert!(matches!(stopped, FileBucket::Skipped(SkipReason::Stopped { reason }) if reason.contains("token")));
    assert_eq!((run.outcome.requests, run.outcome.status), (1, IngestStatus::Failed));
}

#[test]
fn a_token_refused_later_lets_what_is_on_its_way_land() {
    let refused = Reply::Unauthorized(failure("AUTHENTICATION_ERROR"));
    let run = run(9, limits(), &[taken(), taken(), refused.clone(), refused, taken(), taken()]);
    assert_eq!(run.buckets()[..7], ["sent", "sent", "rejected", "skipped", "sent", "sent", "skipped"]);
    assert_eq!(run.outcome.requests, 6);
}

#[test]
fn a_refused_file_does_not_touch_the_others_and_names_its_line() {
    let run = run(2, limits(), &[refused(), taken()]);
    assert_eq!(run.buckets(), ["rejected", "sent"]);
    assert_eq!(run.outcome.files[0].line, Some(12));
    assert_eq!(run.outcome.assets_added, Some(1));
    assert_eq!(run.outcome.assets_modified, None);
}

#[test]
fn trouble_that_passes_is_retried_with_growing_delays() {
    let passes = run_with(LONGEST_JITTER, 1, limits(), &[unavailable(), unavailable(), taken()]);
    assert_eq!(passes.buckets(), ["sent"]);
    assert_eq!(passes.waits, [SECOND, 2 * SECOND]);
    assert_eq!(passes.outcome.requests, 3);
    let stays = run_with(LONGEST_JITTER, 1, limits(), &[unavailable()]);
    assert_eq!((stays.buckets(), stays.codes()), (vec!["rejected"], vec![Some("HTTP_502")]));
    assert_eq!(stays.waits, [SECOND, 2 * SECOND, 4 * SECOND]);
    assert_eq!(stays.outcome.requests, 4);
    assert_eq!(stays.outcome.status, IngestStatus::Failed);
}

#[test]
fn an_outage_defers_the_rest_instead_of_trying_every_file_to_the_end() {
    let run = run(6, limits(), &[unavailable()]);
    assert_eq!(run.buckets(), ["rejected", "rejected", "rejected", "deferred", "deferred", "deferred"]);
    assert_eq!(run.codes()[5], Some("HTTP_502"));
    assert_eq!(run.outcome.requests, 12);
}

#[test]
fn an_answer_that_is_not_the_apis_own_is_taken_for_an_outage() {
    let page = Reply::Refused { failure: failure("UNREADABLE_ANSWER"), cause: Refusal::Elsewhere };
    let run = run(6, limits(), &[page]);
    assert_eq!(run.buckets(), ["rejected", "rejected", "rejected", "deferred", "deferred", "deferred"]);
    assert_eq!(run.outcome.requests, 3);
}

#[test]
fn the_rate_limit_is_waited_for_as_long_as_the_api_says() {
    let replies = [limited(Some(7)), taken(), limited(None), limited(None), taken()];
    let run = run_with(NO_JITTER, 2, limits(), &replies);
    assert_eq!(run.buckets(), ["sent", "sent"]);
    assert_eq!(run.waits, [7 * SECOND, 15 * SECOND, 30 * SECOND]);
}

#[test]
fn a_limit_that_says_zero_for_ever_does_not_go_round_in_circles() {
    let run = run(3, limits(), &[limited(Some(0))]);
    assert_eq!(run.buckets(), ["deferred"; 3]);
    assert!(run.outcome.requests <= 11, "{}", run.outcome.requests);
    assert!(run.waits.iter().all(|wait| *wait >= SECOND));
}

#[test]
fn a_wait_over_the_limit_defers_the_file_and_all_after_it() {
    let run = run_with(NO_JITTER, 4, limits(), &[limited(Some(100)), taken(), limited(Some(21))]);
    assert_eq!(run.buckets(), ["sent", "deferred", "deferred", "deferred"]);
    assert_eq!(run.codes()[1], Some("HTTP_429"));
    assert_eq!(run.waits, [100 * SECOND]);
    // Two for the first file, and the other three side by side.
    assert_eq!(run.outcome.requests, 5);
}

#[test]
fn no_run_makes_more_requests_or_takes_longer_than_allowed() {
    let few = SendLimits { max_requests: 3, ..limits() };
    let retried = run(3, few.clone(), &[unavailable(), taken()]);
    assert_eq!(retried.buckets(), ["sent", "sent", "deferred"]);
    assert!(retried.outcome.files[2].message.as_deref().is_some_and(|text| text.contains("3 requests in 300 s")));
    // The budget may end while a file is tried again: then no time is spent on waiting for nothing.
    let two = SendLimits { max_requests: 2, ..limits() };
    let retrying = run_with(LONGEST_JITTER, 1, two, &[unavailable()]);
    assert_eq!((retrying.buckets(), retrying.codes()), (vec!["deferred"], vec![Some("HTTP_502")]));
    assert_eq!(retrying.waits, [SECOND]);
    let none = run(2, SendLimits { max_requests: 0, ..limits() }, &[taken()]);
    assert_eq!((none.buckets(), none.outcome.requests), (vec!["deferred"; 2], 0));
    let late = SendLimits { max_time: 5 * SECOND, ..limits() };
    let run = run(2, late, &[limited(Some(5)), taken()]);
    assert_eq!(run.buckets(), ["deferred", "deferred"]);
}

#[test]
fn with_time_enough_the_next_window_is_waited_for() {
    let patient = SendLimits { max_requests: 1, max_wait: 700 * SECOND, ..limits() };
    let mut plan = planned(files(3), SendLimits { max_requests: 90, ..patient.clone() });
    plan.limits = patient;
    let run = simulate(plan, SECOND, |_, _| taken());
    assert_eq!(run.buckets(), ["sent"; 3]);
    let starts: Vec<u64> = run.sent.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(starts, [0, 301, 602]);
}

#[test]
fn a_plan_with_nothing_to_send_makes_no_request() {
    let plan = planned(vec![candidate("a.sql", Err(SkipReason::RemovedFile))], limits());
    let run = simulate(plan, SECOND, |_, _| taken());
    assert_eq!(run.outcome.requests, 0);
    assert_eq!(run.outcome.skipped, Some(SkipReason::RemovedFile));
}

#[test]
fn files_go_side_by_side_once_the_api_has_answered_and_no_file_before_what_it_reads() {
    let mut candidates = files(6);
    let upstream = candidates[1].path.clone();
    candidates[2].upstream.insert(upstream);
    let run = simulate(planned(candidates, limits()), SECOND, |_, _| taken());
    let starts: Vec<u64> = run.sent.iter().map(|(at, _)| at.as_secs()).collect();
    // One alone, then four (the third file waits for the second), then the third.
    assert_eq!(starts, [0, 1, 1, 1, 1, 2]);
    assert_eq!(run.buckets(), ["sent"; 6]);
}
