//! What is sent, in which requests, and how the plan is told.

use super::*;
use crate::ingest::outcome::IngestStatus;
use crate::ingest::unit::weight;

pub(in crate::ingest) fn candidate(path: &str, content: Result<&str, SkipReason>) -> Candidate {
    Candidate {
        path: RepoPath::new(path).expect("inside"),
        platform: Some("postgres".to_owned()),
        dialect: Dialect::Postgres,
        content: content.map(Arc::from),
        line_map: LineMap::default(),
        upstream: BTreeSet::new(),
    }
}

fn options() -> PlanOptions {
    PlanOptions { mode: "pull_request".to_owned(), ..PlanOptions::default() }
}

fn planned(candidates: Vec<Candidate>) -> Plan {
    plan(candidates, &options())
}

fn files(count: usize) -> Vec<Candidate> {
    (0..count).map(|at| candidate(&format!("{at:05}.sql"), Ok("SELECT 1"))).collect()
}

/// The paths of each request.
fn paths(plan: &Plan) -> Vec<Vec<&str>> {
    plan.requests().iter().map(|request| request.units.iter().map(|unit| unit.path.as_str()).collect()).collect()
}

#[test]
fn a_dry_run_shows_files_sizes_platforms_requests_and_time() {
    let statement = format!("SELECT '{}'", "x".repeat(1240));
    let mut guessed = candidate("views/b.sql", Ok(&statement));
    guessed.platform = None;
    let limits = SendLimits { max_requests: 1, ..SendLimits::default() };
    let candidates = vec![
        guessed,
        candidate("views/a\n\u{1b}[31m.sql", Ok("DROP VIEW v")),
        candidate("gone.sql", Err(SkipReason::RemovedFile)),
    ];
    let text = plan(candidates, &PlanOptions { limits, ..options() }).render();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "send  views/b.sql  (1.2 kB, platform not stated)");
    assert!(lines[1].starts_with("send  views/a") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(lines[2], "skip  gone.sql  (the file was removed, and the API has no route to delete)");
    assert_eq!(lines[3], "2 requests, 1.2 kB of SQL; 1 skipped; at most 10 min");
    assert_eq!(lines[4], "one run has time for 1 request: 1 would be deferred");
}

#[test]
fn files_without_a_statement_are_not_sent() {
    for empty in ["", " \n;\n", "-- only words", "/* a */ -- b\n# c\n;", "/*/ still a comment */", "/* never closed"] {
        assert!(!has_statement(empty), "{empty:?}");
    }
    for sql in ["SELECT 1", "-- a\nSELECT 1", "/* a */SELECT 1", "/*! SELECT 1 */", "/**/ x", "--é\né"] {
        assert!(has_statement(sql), "{sql:?}");
    }
    let plan = planned(vec![candidate("a.sql", Ok("-- moved to b.sql\n"))]);
    assert_eq!(plan.requests(), []);
    assert_eq!(plan.settled().len(), 1);
}

#[test]
fn the_platform_setting_wins_over_the_file() {
    let options = PlanOptions { platform: Some("redshift".to_owned()), ..options() };
    let plan = plan(vec![candidate("a.sql", Ok("SELECT 1"))], &options);
    assert_eq!(plan.requests()[0].platform.as_deref(), Some("redshift"));
}

#[test]
fn without_sending_every_file_is_skipped_for_a_reason() {
    let plan = planned(vec![
        candidate("b.sql", Ok("SELECT 1")),
        candidate("a.sql", Err(SkipReason::RemovedFile)),
        candidate("b.sql", Ok("SELECT 2")),
    ]);
    let outcome = outcome_without_sending(plan, &SkipReason::NoToken, "merge");
    let buckets: Vec<_> = outcome.files.iter().map(|file| (file.path.as_str(), file.bucket.clone())).collect();
    assert_eq!(
        buckets,
        [("a.sql", FileBucket::Skipped(SkipReason::RemovedFile)), ("b.sql", FileBucket::Skipped(SkipReason::NoToken)),]
    );
    assert_eq!((outcome.status, outcome.mode.as_str()), (IngestStatus::Skipped, "merge"));
    assert_eq!(outcome.skipped, Some(SkipReason::NoToken));
}

#[test]
fn up_to_the_budget_each_file_has_its_request_upstream_first() {
    let mut reader = candidate("a.sql", Ok("CREATE VIEW a AS SELECT * FROM z"));
    reader.upstream = BTreeSet::from([RepoPath::new("z.sql").expect("inside")]);
    let plan = planned(vec![reader, candidate("m.sql", Ok("SELECT 1")), candidate("z.sql", Ok("SELECT 2"))]);
    assert_eq!(paths(&plan), [["z.sql"], ["a.sql"], ["m.sql"]]);
    assert_eq!(plan.requests()[1].after.iter().map(RepoPath::as_str).collect::<Vec<_>>(), ["z.sql"]);
    assert_eq!(planned(files(90)).requests().len(), 90);
}

#[test]
fn beyond_the_budget_files_of_one_platform_share_requests_in_their_order() {
    let mut candidates = files(91);
    for candidate in candidates.iter_mut().skip(1).step_by(3) {
        candidate.platform = Some("snowflake".to_owned());
    }
    let plan = planned(candidates);
    assert!(plan.requests().len() <= 60, "{}", plan.requests().len());
    let all: BTreeSet<&str> = paths(&plan).into_iter().flatten().collect();
    assert_eq!(all.len(), 91);
    assert!(paths(&plan).iter().all(|request| request.is_sorted()));
    let platforms: BTreeSet<_> = plan.requests().iter().map(|request| request.platform.clone()).collect();
    assert_eq!(platforms.len(), 2);
    assert!(planned(files(10_000)).requests().len() <= 60);
}

#[test]
fn no_request_is_larger_than_asked_for() {
    let options = PlanOptions {
        limits: SendLimits { max_requests: 3, ..SendLimits::default() },
        max_request_bytes: 200,
        ..options()
    };
    let mut candidates = files(20);
    let large = "SELECT 'some text';\n".repeat(30);
    candidates.push(candidate("large.sql", Ok(&large)));
    let plan = plan(candidates, &options);
    let heaviest = plan.requests().iter().map(|request| weight(&request.content())).max();
    assert!(heaviest.is_some_and(|heaviest| heaviest <= 200), "{heaviest:?}");
    let parts: Vec<&str> =
        plan.requests().iter().flat_map(|request| &request.units).map(|unit| unit.path.as_str()).collect();
    assert!(parts.iter().filter(|path| **path == "large.sql").count() > 2);
    assert_eq!(plan.files_to_send().len(), 21);
}

fn remembering(memory: Memory) -> PlanOptions {
    let endpoint = url::Url::parse("https://api.example.com/v1/ingest").expect("a URL");
    let token = crate::secret::Secret::new("tok").expect("not empty");
    let seal = Seal::new(&token, &endpoint, &serde_json::Map::new()).expect("a seal");
    PlanOptions { memory: Some((memory, seal)), ..options() }
}

#[test]
fn what_means_the_same_as_when_it_was_sent_is_not_sent_again_and_what_was_left_comes_first() {
    let first = remembering(Memory::default());
    let planned = plan(files(3), &first);
    assert_eq!(planned.requests().len(), 3);
    let (_, seal) = first.memory.expect("a memory");
    let buckets = [FileBucket::Sent, FileBucket::Rejected, FileBucket::Deferred];
    let rows = planned.marks().keys().zip(buckets);
    let rows = rows.map(|(path, bucket)| FileOutcome { bucket, ..unchanged(path.clone()) }).collect();
    let outcome = IngestOutcome::account(String::new(), &planned.paths(), rows, Totals::default());
    let memory = Memory::after(&outcome, planned.marks(), &seal);
    let again = plan(files(3), &remembering(memory));
    assert_eq!(paths(&again), [["00002.sql"], ["00001.sql"]]);
    assert_eq!(again.settled()[0].bucket, FileBucket::Unchanged);
    assert_eq!((again.summary().unchanged, again.summary().files), (1, 2));
    assert!(again.render().contains("keep  00000.sql  (sent before, and unchanged since)"));
}

#[test]
fn a_file_with_a_private_key_is_not_sent_unless_that_is_allowed() {
    let sql = ["SELECT 1;\n-- -----BEGIN PRIV", "ATE KEY-----"].concat();
    let careful = planned(vec![candidate("a.sql", Ok(&sql))]);
    let what = "a private key in line 2".to_owned();
    assert_eq!(careful.settled()[0].bucket, FileBucket::Skipped(SkipReason::HoldsSecret { what }));
    let options = PlanOptions { allow_secrets: true, ..options() };
    assert_eq!(plan(vec![candidate("a.sql", Ok(&sql))], &options).files_to_send().len(), 1);
}
