//! Sending files to an ingest API that answers as the world does: every file ends in exactly one bucket, and the token
//! goes to its own host and into no text.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ingest_action::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, IngestStatus, SkipReason};
use ingest_action::ingest::{Candidate, IngestClient, Plan, PlanOptions, Progress, SendLimits, plan, send};
use ingest_action::path::RepoPath;
use ingest_action::secret::Secret;
use ingest_action::sql::dialect::Dialect;
use ingest_action::sql::template::LineMap;
use ingest_action::{demo, http};
use serde_json::{Map, json};
use url::Url;

use crate::fakes::http::{Behaviour, Reply, Server};
use crate::fakes::ingest::{IngestApi, TOKEN, failure, success};

fn candidate(path: &str, sql: &str) -> Candidate {
    Candidate {
        path: RepoPath::new(path).expect("inside"),
        platform: Some("postgres".to_owned()),
        dialect: Dialect::Postgres,
        content: Ok(Arc::from(sql)),
        line_map: LineMap::default(),
        upstream: BTreeSet::new(),
    }
}

fn planned(candidates: Vec<Candidate>) -> Plan {
    plan(candidates, &PlanOptions { mode: "pull_request".to_owned(), limits: limits(), ..PlanOptions::default() })
}

/// A plan of this many files, `1.sql` and so on.
fn files(count: usize) -> Plan {
    planned((1..=count).map(|at| candidate(&format!("{at}.sql"), "CREATE VIEW v AS\nSELECT 1 AS a")).collect())
}

fn client(api_url: &str, token: &str) -> IngestClient {
    let http = http::client(None).expect("a client");
    let token = Secret::new(token).expect("not empty");
    IngestClient::new(http, &Url::parse(api_url).expect("a URL"), token, Map::new()).expect("an ingest client")
}

/// No test waits for longer than a few milliseconds.
fn limits() -> SendLimits {
    let brief = Duration::from_millis(1);
    SendLimits { base_delay: brief, max_delay: brief, limit_delay: brief, ..SendLimits::default() }
}

async fn ingest(api_url: &str, plan: Plan) -> IngestOutcome {
    let expected = plan.files_to_send().len() + plan.settled().len();
    let outcome = send(plan, &client(api_url, TOKEN), &mut |_| {}).await;
    assert_eq!(outcome.files.len(), expected, "a file is lost: {outcome:?}");
    assert_eq!(outcome.counts().total(), expected);
    assert!(!format!("{outcome:?}").contains(TOKEN), "the token is told: {outcome:?}");
    outcome
}

fn buckets(outcome: &IngestOutcome) -> Vec<&str> {
    outcome.files.iter().map(|file| file.bucket.as_str()).collect()
}

fn codes(outcome: &IngestOutcome) -> Vec<&str> {
    outcome.files.iter().map(|file| file.code.as_deref().unwrap_or("-")).collect()
}

#[tokio::test]
async fn every_kind_of_answer_leads_into_its_bucket() {
    let limited = |retry_after: &str| failure(429, "", "slow down").header("retry-after", retry_after);
    let page = Reply::text(200, "<!doctype html><title>Sign in</title>").header("content-type", "text/html");
    let huge = Reply::json(200, &json!({ "success": true, "message": "x".repeat(2 * 1024 * 1024) }));
    let cut = success(1, 1, 0).behaviour(Behaviour::CutAfter(9));
    let closed = Reply::empty(200).behaviour(Behaviour::CloseBeforeReply);
    let server_error = || failure(500, "SERVER_ERROR", "try again");
    let echo = failure(400, "INVALID_INPUT", &format!("token {TOKEN} sent no SQL"));
    // What goes wrong, the answers to the first requests (success follows), the first of two files, requests made.
    let cases = [
        ("nothing", vec![], ("sent", "-"), 2),
        ("an empty answer", vec![Reply::empty(204)], ("sent", "-"), 2),
        ("bad SQL", vec![failure(400, "PARSER_ERROR", "Error at line 2: no")], ("rejected", "PARSER_ERROR"), 2),
        ("bad SQL, said with 200", vec![failure(200, "PARSER_ERROR", "no")], ("rejected", "PARSER_ERROR"), 2),
        ("bad input", vec![failure(400, "INVALID_INPUT", "no")], ("rejected", "INVALID_INPUT"), 2),
        ("the token repeated", vec![echo], ("rejected", "INVALID_INPUT"), 2),
        ("a body too large for the API", vec![Reply::empty(413)], ("rejected", "HTTP_413"), 2),
        ("a page for people", vec![page], ("rejected", "UNREADABLE_ANSWER"), 2),
        ("an answer too large for us", vec![huge], ("rejected", "UNREADABLE_ANSWER"), 2),
        ("two server errors", vec![server_error(), server_error()], ("sent", "-"), 4),
        ("four server errors", vec![server_error(); 4], ("rejected", "SERVER_ERROR"), 5),
        ("four bad gateways", vec![Reply::text(502, "<html>"); 4], ("rejected", "HTTP_502"), 5),
        ("an answer cut short", vec![cut], ("sent", "-"), 3),
        ("no answer, once", vec![closed.clone()], ("sent", "-"), 3),
        ("no answer, ever", vec![closed; 4], ("rejected", "NETWORK"), 5),
        ("a limit for no time", vec![limited("0")], ("sent", "-"), 3),
        ("a limit until a date", vec![limited("Sun, 06 Nov 1994 08:49:37 GMT")], ("sent", "-"), 3),
        ("a limit for who knows", vec![Reply::empty(429)], ("sent", "-"), 3),
        ("a redirect to nowhere", vec![Reply::empty(302)], ("rejected", "HTTP_302"), 2),
    ];
    for (what, replies, (bucket, code), requests) in cases {
        let api = IngestApi::scripted(replies);
        let outcome = ingest(&api.url(), files(2)).await;
        assert_eq!(buckets(&outcome), [bucket, "sent"], "{what}: {outcome:?}");
        assert_eq!(codes(&outcome), [code, "-"], "{what}");
        assert_eq!((outcome.requests, api.bodies().len()), (requests, requests), "{what}");
        let longest = outcome.files.iter().filter_map(|file| file.message.as_deref()).map(|text| text.chars().count());
        assert!(longest.max().unwrap_or(0) <= 300, "{what}");
    }
}

#[tokio::test]
async fn what_is_sent_keeps_the_contract_and_what_is_taken_is_counted_and_told() {
    let api = IngestApi::scripted([success(3, 1, 2), Reply::empty(503), success(4, 4, 0)]);
    let mut guessed = candidate("b.sql", "SELECT 'é\u{1F600}'");
    guessed.platform = None;
    let http = http::client(None).expect("a client");
    let extra_config = json!({ "z": [1, { "a": null }], "b": "x" });
    let client = IngestClient::new(
        http,
        &Url::parse(&format!("{}/", api.url())).expect("a URL"),
        Secret::new(TOKEN).expect("not empty"),
        extra_config.as_object().cloned().expect("an object"),
    );
    let mut told = Vec::new();
    let mut progress = |progress: Progress<'_>| match progress {
        Progress::Settled { outcome } => told.push(format!("{} {}", outcome.path, outcome.bucket.as_str())),
        Progress::Answered { .. } => {}
        Progress::Waiting { code, .. } => told.push(format!("waiting after {code}")),
    };
    let plan = planned(vec![guessed, candidate("a.sql", "CREATE VIEW v AS SELECT 1")]);
    let outcome = send(plan, &client.expect("an ingest client"), &mut progress).await;
    assert_eq!(told, ["b.sql sent", "waiting after HTTP_503", "a.sql sent"]);
    assert_eq!(outcome.status, IngestStatus::Sent);
    assert_eq!((outcome.assets_added, outcome.assets_modified), (Some(5), Some(2)));
    assert_eq!(outcome.files[0].path.as_str(), "a.sql");
    let expected = json!([
        { "content": "SELECT 'é\u{1F600}'", "extra_config": extra_config },
        { "content": "CREATE VIEW v AS SELECT 1", "platform": "postgres", "extra_config": extra_config },
        { "content": "CREATE VIEW v AS SELECT 1", "platform": "postgres", "extra_config": extra_config },
    ]);
    assert_eq!(json!(api.bodies()), expected);
}

#[tokio::test]
async fn a_token_refused_on_the_third_request_stops_the_run() {
    for refusal in [failure(401, "AUTHENTICATION_ERROR", "expired"), Reply::text(403, "<html>"), Reply::empty(401)] {
        let api = IngestApi::scripted([vec![success(1, 1, 0), success(1, 0, 1)], vec![refusal; 7]].concat());
        let outcome = ingest(&api.url(), files(9)).await;
        let counts = outcome.counts();
        assert_eq!((counts.sent, counts.rejected, counts.skipped), (2, 1, 6));
        assert!(api.bodies().len() <= 6, "more were sent after the refusal");
        let stopped = |file: &FileOutcome| matches!(file.bucket, FileBucket::Skipped(SkipReason::Stopped { .. }));
        assert_eq!(outcome.files.iter().filter(|file| stopped(file)).count(), 6);
        assert_eq!(outcome.status, IngestStatus::Partial);
    }
}

#[tokio::test]
async fn a_complaint_about_a_line_names_the_line_of_the_template() {
    let api = IngestApi::always(failure(400, "PARSER_ERROR", "Error at line 2: Expected ';' but found ')'"));
    let mut model = candidate("models/a.sql", "CREATE VIEW a AS\nSELECT )");
    model.line_map = LineMap::new(vec![7, 31]);
    let outcome = ingest(&api.url(), planned(vec![model])).await;
    assert_eq!(outcome.files[0].line, Some(31));
    assert_eq!(outcome.files[0].message.as_deref(), Some("Refused: Error at line 2: Expected ';' but found ')'"));
    assert_eq!(outcome.status, IngestStatus::Failed);
}

#[tokio::test]
async fn a_rate_limit_that_outlasts_the_run_defers_what_is_left() {
    let limited = failure(429, "", "100 requests per 5 minutes").header("retry-after", "301");
    let api = IngestApi::scripted([vec![success(1, 1, 0)], vec![limited; 4]].concat());
    let outcome = ingest(&api.url(), files(6)).await;
    // Four were on their way at once.
    assert_eq!(buckets(&outcome), ["sent", "deferred", "deferred", "deferred", "deferred", "deferred"]);
    assert_eq!(codes(&outcome), ["-", "HTTP_429", "HTTP_429", "HTTP_429", "HTTP_429", "-"]);
    assert_eq!((api.bodies().len(), outcome.status), (5, IngestStatus::Partial));
}

#[tokio::test]
async fn more_files_than_the_budget_share_requests() {
    let api = IngestApi::scripted([]);
    let outcome = ingest(&api.url(), files(93)).await;
    assert_eq!((outcome.counts().sent, outcome.requests), (93, api.bodies().len()));
    assert!(outcome.requests <= 60, "{}", outcome.requests);
    let first = api.bodies()[0]["content"].as_str().expect("a text").to_owned();
    assert!(first.starts_with("-- file: 1.sql\nCREATE VIEW v AS\nSELECT 1 AS a\n;\n-- file: "), "{first}");
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_host() {
    let elsewhere = Server::start(|_| success(1, 1, 0));
    for status in [301, 302, 303, 307, 308] {
        let api = IngestApi::always(Reply::redirect(status, &format!("{}/v1/ingest?x=1", elsewhere.url())));
        let outcome = ingest(&api.url(), files(1)).await;
        assert_eq!(buckets(&outcome), ["rejected"]);
        assert_eq!(codes(&outcome), [format!("HTTP_{status}")]);
        let message = outcome.files[0].message.as_deref().expect("a message");
        assert!(message.contains(&elsewhere.url()) && !message.contains("x=1"), "{message}");
        assert_eq!(api.bodies().len(), 1);
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed_with_everything() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old/v1/ingest" => Reply::redirect(308, "/new/v1/ingest"),
        _ => success(1, 1, 0),
    });
    let outcome = ingest(&format!("{}/old/", server.url()), files(1)).await;
    assert_eq!(buckets(&outcome), ["sent"]);
    let arrived = server.requests();
    assert_eq!((arrived[1].method.as_str(), arrived[1].path.as_str()), ("PUT", "/new/v1/ingest"));
    assert_eq!(arrived[1].json(), arrived[0].json());
}

#[tokio::test]
async fn an_api_that_nobody_answers_is_given_up_and_the_rest_deferred() {
    // Port 1 is reserved: nobody listens there, and no other test gets it.
    let outcome = ingest("http://127.0.0.1:1", files(5)).await;
    assert_eq!(buckets(&outcome), ["rejected", "rejected", "rejected", "deferred", "deferred"]);
    assert_eq!(codes(&outcome), ["NETWORK"; 5]);
    let message = outcome.files[0].message.as_deref().expect("a message");
    assert!(message.starts_with("no connection: ") && !message.contains("http"), "{message}");
    assert_eq!((outcome.status, outcome.requests), (IngestStatus::Failed, 12));
}

#[tokio::test]
async fn an_answer_that_never_ends_is_given_up_in_time() {
    let pause = Duration::from_secs(5);
    let api = IngestApi::scripted([success(1, 1, 0).behaviour(Behaviour::SlowBody { piece: 1, pause })]);
    // Makes the process-wide TLS provider known, which a bare builder does not.
    drop(http::client(None).expect("a client"));
    let http = reqwest::Client::builder().timeout(Duration::from_millis(200)).build().expect("a client");
    let token = Secret::new(TOKEN).expect("not empty");
    let client = IngestClient::new(http, &Url::parse(&api.url()).expect("a URL"), token, Map::new());
    let outcome = send(files(1), &client.expect("an ingest client"), &mut |_| {}).await;
    assert_eq!((buckets(&outcome), outcome.requests), (vec!["sent"], 2));
}

#[tokio::test]
async fn the_demo_endpoint_takes_the_demo_warehouse() {
    use demo::warehouse::{Side, files};
    let endpoint = demo::endpoint::start(&Secret::new(TOKEN).expect("not empty")).await.expect("an endpoint");
    let all = files(Side::Head).into_iter().map(|(path, text)| candidate(path, text)).collect();
    let outcome = ingest(endpoint.address().as_str(), planned(all)).await;
    assert_eq!(outcome.status, IngestStatus::Sent, "{outcome:?}");
    // 7 tables, 4 staging views and 10 marts. Named again by a later file: `daily_revenue_snapshots` (`jobs/` comes
    // first and fills it), `orders` twice and `payments` once in migrations that alter them.
    assert_eq!((outcome.assets_added, outcome.assets_modified), (Some(21), Some(4)));
    let received = endpoint.received();
    assert_eq!(received.len(), outcome.files.len());
    assert!(received.iter().any(|received| received.assets == ["marts.channel_performance"]));
    assert!(received.iter().all(|received| received.platform.as_deref() == Some("postgres")));
}

#[tokio::test]
async fn the_demo_endpoint_knows_its_token_and_its_limit() {
    let token = Secret::new(TOKEN).expect("not empty");
    let limit = demo::endpoint::RateLimit { requests: 2, window: Duration::from_secs(300) };
    let endpoint = demo::endpoint::start_limited(&token, limit).await.expect("an endpoint");
    let address = endpoint.address().as_str();
    let stranger = send(files(2), &client(address, "wrong"), &mut |_| {}).await;
    assert_eq!((buckets(&stranger), codes(&stranger)[0]), (vec!["rejected", "skipped"], "AUTHENTICATION_ERROR"));
    let lost = ingest(&format!("{address}nowhere"), files(1)).await;
    assert_eq!(buckets(&lost), ["rejected"]);
    let broken = candidate("0.sql", "CREATE VIEW v AS\nSELEC 1");
    let outcome = ingest(address, planned(vec![broken])).await;
    assert_eq!((codes(&outcome)[0], outcome.files[0].line), ("PARSER_ERROR", Some(2)));
    let over = ingest(address, files(3)).await;
    assert_eq!(buckets(&over), ["sent", "deferred", "deferred"]);
    assert_eq!(codes(&over)[1], "RATE_LIMITED");
}

/// An API that reads requests that several files share: it refuses what holds BROKEN, at its line or at another.
fn choosy(line_is: impl Fn(usize) -> Option<usize> + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let body = request.json();
        let content = body["content"].as_str().expect("a text");
        match content.lines().position(|line| line.contains("BROKEN")) {
            None => success(1, 1, 0),
            Some(place) => match line_is(place + 1) {
                Some(line) => failure(400, "PARSER_ERROR", &format!("Error at line {line}: no")),
                None => failure(400, "PARSER_ERROR", "no"),
            },
        }
    })
}

#[tokio::test]
async fn a_broken_file_among_many_is_found_whatever_the_answer_says_of_the_line() {
    let lines: [fn(usize) -> Option<usize>; 3] = [Some, |_| None, |line| Some(line + 5_000)];
    for line_is in lines {
        let server = choosy(line_is);
        let sql = |at: usize| if at == 57 { "CREATE VIEW v AS\nBROKEN" } else { "CREATE VIEW v AS\nSELECT 1" };
        let plan = planned((0..120).map(|at| candidate(&format!("{at:03}.sql"), sql(at))).collect());
        let outcome = ingest(&server.url(), plan).await;
        let rejected: Vec<_> = outcome.files.iter().filter(|file| file.bucket == FileBucket::Rejected).collect();
        assert_eq!(rejected.len(), 1, "{rejected:?}");
        assert_eq!(rejected[0].path.as_str(), "057.sql");
        assert_eq!(outcome.counts().sent, 119);
        assert!(outcome.requests <= 66, "{}", outcome.requests);
    }
}

#[tokio::test]
async fn the_user_agent_names_the_version_and_the_run() {
    let server = Server::start(|_| success(1, 1, 0));
    let run = Url::parse("https://github.com/shop/warehouse/actions/runs/7").expect("a URL");
    let client = client(&server.url(), TOKEN).for_run(Some(&run));
    send(files(1), &client, &mut |_| {}).await;
    let agent = server.requests()[0].header("user-agent").expect("a user agent").to_owned();
    assert!(agent.starts_with("ingest-action/") && agent.ends_with(&format!(" (+{run})")), "{agent}");
}

/// A way to the API that breaks off the first connections before anything is read.
fn broken_way(to: &str, breaks: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound address");
    let target = to.trim_start_matches("http://").to_owned();
    // Ends with the test's process: nobody waits for it.
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (Ok(client), Ok(server)) = (stream, TcpStream::connect(&target)) else { return };
            if number < breaks {
                continue;
            }
            for (mut from, mut to) in [(&client, &server), (&server, &client)]
                .map(|(a, b)| (a.try_clone().expect("a handle"), b.try_clone().expect("a handle")))
            {
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_request_is_read_costs_a_try_and_no_file() {
    let api = IngestApi::scripted([]);
    let outcome = ingest(&broken_way(&api.url(), 2), files(3)).await;
    assert_eq!(buckets(&outcome), ["sent"; 3]);
    assert_eq!((outcome.requests, api.bodies().len()), (5, 3));
}

#[tokio::test]
async fn rate_limit_headers_keep_the_next_request_back() {
    let told = success(1, 1, 0).header("ratelimit-remaining", "1").header("ratelimit-reset", "3600");
    let api = IngestApi::scripted([told]);
    let outcome = ingest(&api.url(), files(4)).await;
    let counts = outcome.counts();
    assert_eq!((counts.sent, counts.deferred, api.bodies().len()), (2, 2, 2));
}
