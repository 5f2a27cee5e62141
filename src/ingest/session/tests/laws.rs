//! For any list of files and any sequence of answers, buckets partition the files and requests stay inside the budget.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn any_reply() -> impl Strategy<Value = Reply> {
    let retry_after = || proptest::option::of((0u64..200).prop_map(Duration::from_secs));
    let any_failure = || {
        let line = proptest::option::of(0u32..40);
        line.prop_map(|line| Failure { line, ..failure("PARSER_ERROR") })
    };
    let cause = prop_oneof![
        4 => Just(Refusal::Parser),
        1 => Just(Refusal::AllFiles),
        2 => Just(Refusal::Request),
        1 => Just(Refusal::Elsewhere),
    ];
    prop_oneof![
        8 => Just(taken()),
        5 => (any_failure(), cause).prop_map(|(failure, cause)| Reply::Refused { failure, cause }),
        1 => Just(Reply::TooLarge(failure("HTTP_413"))),
        1 => Just(Reply::Unauthorized(failure("HTTP_401"))),
        3 => retry_after().prop_map(|retry_after| Reply::Limited { failure: failure("HTTP_429"), retry_after }),
        3 => retry_after().prop_map(|retry_after| Reply::Unavailable { failure: failure("NETWORK"), retry_after }),
    ]
}

/// Files with one to four statements, of two platforms, that read from each other; some are not to be sent.
fn any_files() -> impl Strategy<Value = Vec<Candidate>> {
    let file = (0usize..5, any::<bool>(), proptest::collection::vec(0usize..40, 0..3));
    proptest::collection::vec(file, 0..40).prop_map(|files| {
        let files = files.into_iter().enumerate().map(|(at, (statements, other, upstream))| {
            let sql = "SELECT 1;\n".repeat(statements);
            let content = if statements == 0 { Err(SkipReason::RemovedFile) } else { Ok(&*sql) };
            let mut file = candidate(&format!("{at:03}.sql"), content);
            file.platform = other.then(|| "snowflake".to_owned());
            let paths = upstream.into_iter().map(|at| RepoPath::new(&format!("{at:03}.sql")).expect("inside"));
            file.upstream = paths.collect();
            file
        });
        files.collect()
    })
}

proptest! {
    #[test]
    fn any_files_and_any_answers_end_in_one_bucket_each_within_the_limits(
        files in any_files(),
        replies in proptest::collection::vec(any_reply(), 0..120),
        max_requests in 0usize..60,
        max_attempts in 1u32..5,
        (concurrency, max_request_bytes) in (0usize..6, 1usize..200),
    ) {
        let limits = SendLimits { max_requests, max_attempts, concurrency, ..limits() };
        let options = PlanOptions { limits: limits.clone(), max_request_bytes, ..PlanOptions::default() };
        let expected: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
        let plan = plan(files, &options);
        let planned: BTreeSet<RepoPath> = plan.files_to_send();
        let mut answered = 0;
        let run = simulate(plan, SECOND, |_, _| {
            answered += 1;
            replies.get(answered - 1).cloned().unwrap_or_else(taken)
        });

        let paths: Vec<String> = run.outcome.files.iter().map(|file| file.path.to_string()).collect();
        prop_assert_eq!(paths, expected);
        for (at, (first, _)) in run.sent.iter().enumerate() {
            let within = run.sent.iter().skip(at).filter(|(sent, _)| *sent < *first + limits.window).count();
            prop_assert!(within <= max_requests, "{} requests in a window", within);
        }
        prop_assert!(run.waits.iter().sum::<Duration>() <= limits.max_wait);
        for file in &run.outcome.files {
            let was_to_be_sent = planned.contains(&file.path);
            prop_assert_eq!(was_to_be_sent, file.bucket != FileBucket::Skipped(SkipReason::RemovedFile));
        }
    }
}
