//! Requests that several files share, and files that are cut.

use std::collections::BTreeMap;

use super::*;

/// How an API tells where a broken file is.
#[derive(Debug, Clone, Copy)]
enum Told {
    /// The right line.
    Right,
    /// No line.
    Nothing,
    /// A line that the request does not have.
    FarOff,
    /// Always the line of the first file.
    FirstFile,
}

/// An API that refuses requests in which this word stands.
fn api(told: Told, limit: usize) -> impl FnMut(Duration, &Outgoing) -> Reply {
    move |_, request| {
        if weight(&request.content) > limit {
            return Reply::TooLarge(failure("HTTP_413"));
        }
        let Some(place) = request.content.lines().position(|line| line.contains("BROKEN")) else { return taken() };
        let line = match told {
            Told::Right => Some(u32::try_from(place + 1).expect("short")),
            Told::Nothing => None,
            Told::FarOff => Some(1_000_000),
            Told::FirstFile => Some(2),
        };
        let failure = Failure { line, ..failure("PARSER_ERROR") };
        Reply::Refused { failure, cause: Refusal::Parser }
    }
}

/// Twelve files that share requests of four, some of them broken.
fn twelve(broken: &[usize]) -> Plan {
    let file = |at: usize| {
        let sql = if broken.contains(&at) { "SELECT 1;\nBROKEN" } else { "SELECT 1;\nSELECT 2" };
        candidate(&format!("{at:03}.sql"), Ok(sql))
    };
    let narrow = SendLimits { max_requests: 4, ..limits() };
    let mut plan = planned((0..12).map(file).collect(), narrow);
    assert_eq!(plan.requests().iter().map(|request| request.units.len()).collect::<Vec<_>>(), [4, 4, 4]);
    plan.limits.max_requests = 90;
    plan
}

fn rejected(run: &Run) -> Vec<(&str, Option<u32>)> {
    let rejected = run.outcome.files.iter().filter(|file| file.bucket == FileBucket::Rejected);
    rejected.map(|file| (file.path.as_str(), file.line)).collect()
}

#[test]
fn the_line_leads_to_the_broken_file_and_the_rest_is_sent_again() {
    let run = simulate(twelve(&[5]), SECOND, api(Told::Right, usize::MAX));
    assert_eq!(rejected(&run), [("005.sql", Some(2))]);
    assert_eq!((run.outcome.counts().sent, run.outcome.requests), (11, 4));
}

#[test]
fn of_several_broken_files_each_is_found_and_none_is_condemned_without_proof() {
    let run = simulate(twelve(&[4, 6]), SECOND, api(Told::Right, usize::MAX));
    assert_eq!(rejected(&run), [("004.sql", Some(2)), ("006.sql", Some(2))]);
    // Three, the second without the first, without both, and the one blamed first alone.
    assert_eq!(run.outcome.requests, 6);
}

#[test]
fn without_a_line_or_with_one_that_lies_the_broken_file_is_found_by_halves() {
    for told in [Told::Nothing, Told::FarOff, Told::FirstFile] {
        for broken in [&[0][..], &[7], &[1, 2, 11], &[0, 1, 2, 3, 4]] {
            let run = simulate(twelve(broken), SECOND, api(told, usize::MAX));
            let found: Vec<usize> = rejected(&run)
                .iter()
                .map(|(path, _)| path.trim_end_matches(".sql").parse().expect("a number"))
                .collect();
            assert_eq!(found, broken, "{told:?}");
            assert_eq!(run.outcome.counts().sent, 12 - broken.len());
            assert!(run.outcome.requests < 24, "{told:?} {broken:?}: {}", run.outcome.requests);
        }
    }
}

#[test]
fn a_refusal_of_what_all_files_share_costs_one_request_each() {
    let platform = Reply::Refused { failure: failure("INVALID_INPUT"), cause: Refusal::AllFiles };
    let run = simulate(twelve(&[]), SECOND, |_, _| platform.clone());
    assert_eq!((run.outcome.counts().rejected, run.outcome.requests), (12, 3));
}

#[test]
fn what_is_too_large_is_halved_and_its_like_before_it_is_sent() {
    let run = simulate(twelve(&[]), SECOND, api(Told::Right, 100));
    assert_eq!(run.outcome.counts().sent, 12);
    // The first is refused; it and the other two go in halves.
    assert_eq!(run.outcome.requests, 7);
}

#[test]
fn a_large_file_is_halved_between_statements_and_its_parts_count_once() {
    let sql = "SELECT 1;\nSELECT 2;\nSELECT 3;\nBROKEN 4;\n";
    for (sql, bucket, line) in [(sql.replace("BROKEN", "SELECT"), "sent", None), (sql.to_owned(), "rejected", Some(4))]
    {
        let plan = planned(vec![candidate("large.sql", Ok(&sql))], limits());
        let run = simulate(plan, SECOND, api(Told::Right, 24));
        assert_eq!((run.buckets(), run.outcome.files[0].line), (vec![bucket], line));
        assert_eq!(run.outcome.requests, 3);
    }
    let plan = planned(vec![candidate("one.sql", Ok("SELECT 'a single statement'"))], limits());
    let run = simulate(plan, SECOND, api(Told::Right, 10));
    assert_eq!((run.buckets(), run.codes()), (vec!["rejected"], vec![Some("HTTP_413")]));
}

#[test]
fn parts_of_a_file_follow_each_other() {
    let sql = "SELECT 'some text';\n".repeat(8);
    let options = PlanOptions { max_request_bytes: 60, ..PlanOptions::default() };
    let plan = plan(vec![candidate("large.sql", Ok(&sql))], &options);
    assert!(plan.requests().len() > 2);
    let run = simulate(plan, SECOND, |_, _| taken());
    let starts: Vec<Duration> = run.sent.iter().map(|(at, _)| *at).collect();
    assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
    assert_eq!(run.sent.iter().map(|(_, content)| &**content).collect::<String>().trim_end(), sql.trim_end());
}

#[test]
fn a_thousand_files_go_in_one_window_and_no_limit_is_met() {
    // The real limit: 100 requests in 5 minutes.
    let mut arrivals: Vec<Duration> = Vec::new();
    let mut refused = 0;
    let run = simulate(planned(files(1000), limits()), SECOND, |now, _| {
        arrivals.push(now);
        let within = arrivals.iter().filter(|arrival| **arrival + 300 * SECOND > now).count();
        refused += usize::from(within > 100);
        taken()
    });
    assert_eq!((run.outcome.counts().sent, refused), (1000, 0));
    assert!(run.sent.last().is_some_and(|(at, _)| *at < 300 * SECOND));
}

#[test]
fn beside_a_second_client_every_file_is_sent_or_deferred() {
    for max_wait in [120, 1800] {
        // Files so large that each takes a request of its own.
        let limits = SendLimits { max_wait: max_wait * SECOND, max_time: 3600 * SECOND, ..limits() };
        let options = PlanOptions { max_request_bytes: 20, limits, ..PlanOptions::default() };
        let mut window: Vec<Duration> = (0..50).map(|_| Duration::ZERO).collect();
        let run = simulate(plan(files(200), &options), SECOND, |now, _| {
            // The other client is back with 50 requests whenever its former ones are forgotten.
            window.retain(|at| *at + 300 * SECOND > now);
            if window.is_empty() {
                window.extend((0..50).map(|_| now));
            }
            if window.len() >= 100 {
                let oldest = window.iter().min().copied().unwrap_or_default();
                return limited(Some((oldest + 300 * SECOND - now).as_secs() + 1));
            }
            window.push(now);
            taken()
        });
        let counts = run.outcome.counts();
        assert_eq!(counts.sent + counts.deferred, 200, "{counts:?}");
        assert!(counts.sent >= 50, "{counts:?}");
        if max_wait == 1800 {
            assert_eq!(counts.sent, 200);
        }
    }
}

/// Sends what is left after the process died at any moment, and looks at what the API then holds.
#[test]
fn a_run_that_dies_anywhere_is_made_good_by_the_next() {
    let takes = |held: &mut BTreeMap<String, usize>, request: &Outgoing| {
        for line in request.content.lines().filter(|line| line.starts_with("-- file: ")) {
            *held.entry(line.to_owned()).or_default() += 1;
        }
        taken()
    };
    let mut undisturbed = BTreeMap::new();
    simulate(twelve(&[]), SECOND, |_, request| takes(&mut undisturbed, request));
    for dies_after in 0..4 {
        let mut held = BTreeMap::new();
        let mut session = Session::new(twelve(&[]));
        for _ in 0..dies_after {
            if let Step::Send(request) = session.next(Duration::ZERO) {
                takes(&mut held, &request);
                session.record(request.ticket, Answer { reply: taken(), allowance: None }, (SECOND, 0));
            }
        }
        drop(session);
        simulate(twelve(&[]), SECOND, |_, request| takes(&mut held, request));
        assert_eq!(held.keys().collect::<Vec<_>>(), undisturbed.keys().collect::<Vec<_>>());
    }
}
