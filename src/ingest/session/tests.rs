//! Every sequence of answers leads every file into one bucket, within the limits.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::ingest::outcome::IngestStatus;
use crate::ingest::plan::{Candidate, PlanOptions, plan};
use crate::sql::template::LineMap;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> SendLimits {
    SendLimits { base_delay: SECOND, ..SendLimits::default() }
}

fn planned(files: &[Result<(), SkipReason>]) -> Plan {
    let candidates = files.iter().enumerate().map(|(at, file)| Candidate {
        path: RepoPath::new(&format!("{at:03}.sql")).expect("inside"),
        platform: None,
        content: file.clone().map(|()| Arc::from("SELECT\n1")),
        line_map: LineMap::new(vec![11, 12]),
    });
    plan(candidates.collect(), &PlanOptions { mode: "merge".to_owned(), platform: None })
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

fn limited(retry_after: Option<u64>) -> Reply {
    Reply::Limited { failure: failure("HTTP_429"), retry_after: retry_after.map(Duration::from_secs) }
}

/// What came of a run: the outcome and the waits.
struct Run {
    outcome: IngestOutcome,
    waits: Vec<Duration>,
}

impl Run {
    fn buckets(&self) -> Vec<&str> {
        self.outcome.files.iter().map(|file| file.bucket.as_str()).collect()
    }

    fn codes(&self) -> Vec<Option<&str>> {
        self.outcome.files.iter().map(|file| file.code.as_deref()).collect()
    }
}

/// Answers a plan's requests from a list, whose last answer holds for all that follow. Jitter is always in full.
fn run(plan: Plan, limits: SendLimits, replies: &[Reply]) -> Run {
    let mut session = Session::new(plan, limits);
    let mut waits: Vec<Duration> = Vec::new();
    let mut sent = 0;
    loop {
        match session.next(waits.iter().sum()) {
            Step::Send(_) => {
                let reply = replies.get(sent).or(replies.last()).cloned().unwrap_or_else(taken);
                sent += 1;
                let micros = session.delay().as_micros();
                session.record(reply, u64::try_from(micros).expect("a short delay"));
            }
            Step::Wait(pause) => waits.push(pause),
            Step::Done => break,
        }
    }
    let outcome = session.finish();
    assert_eq!(outcome.requests, sent);
    Run { outcome, waits }
}

#[test]
fn a_refused_token_stops_everything_at_once() {
    let replies = [taken(), Reply::Unauthorized(failure("AUTHENTICATION_ERROR")), taken()];
    let run = run(planned(&vec![Ok(()); 4]), limits(), &replies);
    assert_eq!(run.buckets(), ["sent", "rejected", "skipped", "skipped"]);
    assert_eq!(run.codes()[1], Some("AUTHENTICATION_ERROR"));
    let stopped = &run.outcome.files[3].bucket;
    assert!(matches!(stopped, FileBucket::Skipped(SkipReason::Stopped { reason }) if reason.contains("token")));
    assert_eq!((run.outcome.requests, run.outcome.status), (2, IngestStatus::Partial));
}

#[test]
fn a_refused_file_does_not_touch_the_others_and_names_its_line() {
    let replies = [Reply::Refused(failure("PARSER_ERROR")), taken()];
    let run = run(planned(&vec![Ok(()); 2]), limits(), &replies);
    assert_eq!(run.buckets(), ["rejected", "sent"]);
    assert_eq!(run.outcome.files[0].line, Some(12));
    assert_eq!(run.outcome.assets_added, Some(1));
    assert_eq!(run.outcome.assets_modified, None);
}

#[test]
fn trouble_that_passes_is_retried_with_growing_delays() {
    let passes = run(planned(&[Ok(())]), limits(), &[unavailable(), unavailable(), taken()]);
    assert_eq!(passes.buckets(), ["sent"]);
    assert_eq!(passes.waits, [SECOND, 2 * SECOND]);
    assert_eq!(passes.outcome.requests, 3);
    let stays = run(planned(&[Ok(())]), limits(), &[unavailable()]);
    assert_eq!((stays.buckets(), stays.codes()), (vec!["rejected"], vec![Some("HTTP_502")]));
    assert_eq!(stays.waits, [SECOND, 2 * SECOND, 4 * SECOND]);
    assert_eq!(stays.outcome.status, IngestStatus::Failed);
}

#[test]
fn an_outage_defers_the_rest_instead_of_trying_every_file_to_the_end() {
    let run = run(planned(&vec![Ok(()); 6]), limits(), &[unavailable()]);
    assert_eq!(run.buckets(), ["rejected", "rejected", "rejected", "deferred", "deferred", "deferred"]);
    assert_eq!(run.codes()[5], Some("HTTP_502"));
    assert_eq!(run.outcome.requests, 12);
}

#[test]
fn the_rate_limit_is_waited_for_as_long_as_the_api_says() {
    let replies = [limited(Some(7)), taken(), limited(None), limited(None), taken()];
    let run = run(planned(&vec![Ok(()); 2]), limits(), &replies);
    assert_eq!(run.buckets(), ["sent", "sent"]);
    assert_eq!(run.waits, [7 * SECOND, SECOND, 2 * SECOND]);
}

#[test]
fn a_wait_over_the_limit_defers_the_file_and_all_after_it() {
    let replies = [limited(Some(100)), taken(), limited(Some(21))];
    let run = run(planned(&vec![Ok(()); 4]), limits(), &replies);
    assert_eq!(run.buckets(), ["sent", "deferred", "deferred", "deferred"]);
    assert_eq!(run.codes(), [None, Some("HTTP_429"), None, None]);
    assert_eq!(run.waits, [100 * SECOND]);
    assert_eq!(run.outcome.requests, 3);
}

#[test]
fn no_run_makes_more_requests_or_takes_longer_than_allowed() {
    let few = SendLimits { max_requests: 2, ..limits() };
    let over = run(planned(&vec![Ok(()); 3]), few.clone(), &[taken()]);
    assert_eq!(over.buckets(), ["sent", "sent", "deferred"]);
    assert!(over.outcome.files[2].message.as_deref().is_some_and(|text| text.contains("2 requests")));
    // The budget may end while a file is being retried: then no time is spent on waiting for nothing.
    let retrying = run(planned(&[Ok(())]), few, &[unavailable()]);
    assert_eq!((retrying.buckets(), retrying.codes()), (vec!["deferred"], vec![Some("HTTP_502")]));
    assert_eq!(retrying.waits, [SECOND]);
    let late = SendLimits { max_time: 5 * SECOND, ..limits() };
    let run = run(planned(&vec![Ok(()); 2]), late, &[limited(Some(5)), taken()]);
    assert_eq!(run.buckets(), ["deferred", "deferred"]);
}

#[test]
fn a_plan_with_nothing_to_send_makes_no_request() {
    let run = run(planned(&[Err(SkipReason::RemovedFile)]), limits(), &[taken()]);
    assert_eq!(run.outcome.requests, 0);
    assert_eq!(run.outcome.skipped, Some(SkipReason::RemovedFile));
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let retry_after = || proptest::option::of((0u64..200).prop_map(Duration::from_secs));
    prop_oneof![
        4 => Just(taken()),
        2 => Just(Reply::Refused(failure("PARSER_ERROR"))),
        1 => Just(Reply::Unauthorized(failure("HTTP_401"))),
        3 => retry_after().prop_map(|retry_after| Reply::Limited { failure: failure("HTTP_429"), retry_after }),
        3 => retry_after().prop_map(|retry_after| Reply::Unavailable { failure: failure("NETWORK"), retry_after }),
    ]
}

proptest! {
    #[test]
    fn any_files_and_any_answers_end_in_one_bucket_each_within_the_limits(
        files in proptest::collection::vec(prop_oneof![4 => Just(true), 1 => Just(false)], 0..40),
        replies in proptest::collection::vec(any_reply(), 0..80),
        max_requests in 0usize..60,
        max_attempts in 1u32..5,
    ) {
        let files: Vec<_> = files.into_iter().map(|kept| if kept { Ok(()) } else { Err(SkipReason::RemovedFile) }).collect();
        let limits = SendLimits { max_requests, max_attempts, ..limits() };
        let run = run(planned(&files), limits.clone(), &replies);

        let paths: Vec<String> = run.outcome.files.iter().map(|file| file.path.to_string()).collect();
        let expected: Vec<String> = (0..files.len()).map(|at| format!("{at:03}.sql")).collect();
        prop_assert_eq!(paths, expected);
        prop_assert_eq!(run.outcome.counts().total(), files.len());
        prop_assert!(run.outcome.files.iter().all(|file| file.code.as_deref() != Some("UNACCOUNTED")));
        prop_assert!(run.outcome.requests <= max_requests);
        prop_assert!(run.waits.iter().sum::<Duration>() <= limits.max_wait);
        let sent = run.outcome.counts().sent as u64;
        prop_assert_eq!(run.outcome.assets_added.unwrap_or(0), sent);
    }
}
