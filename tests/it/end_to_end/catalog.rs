//! What the ingest API answers, and what becomes of it in the comment, the report and the exit code.

use super::hosted::Hosted;
use super::job::Job;
use super::pull_request::{BASE, BREAKING, REVIEW};
use crate::fakes::http::{Reply, Server};
use crate::fakes::ingest::{IngestApi, failure, success};

/// The fake's answers to the same two files of two runs.
fn both_runs(replies: &[Reply]) -> IngestApi {
    IngestApi::scripted([replies, replies].concat())
}

#[test]
fn a_rejected_file_is_named_with_the_line_and_the_others_are_sent() {
    let hosted = Hosted::new(BASE, REVIEW);
    let answers = [failure(400, "PARSER_ERROR", "Error at line 3: Expected ';' but found ')'"), success(1, 0, 1)];
    for (on_ingest_error, code) in [("warn", 0), ("fail", 4)] {
        let job = Job::pull_request(&hosted).catalog(both_runs(&answers)).input("on-ingest-error", on_ingest_error);
        let done = job.twice().expect_code(code);
        assert!(job.comment().contains("`views/large.sql:3`"), "{}", job.comment());
        assert!(job.comment().contains("`PARSER_ERROR`"), "{}", job.comment());
        assert_eq!(done.buckets(), ["views/large.sql: rejected", "views/old.sql: skipped", "views/revenue.sql: sent"]);
        let expected = "::error file=views/large.sql,line=3,title=Rejected by the catalog::";
        assert!(done.annotations().iter().any(|line| line.starts_with(expected)), "{:#?}", done.annotations());
        assert_eq!(done.outputs["ingest-status"], "partial");
    }
}

#[test]
fn a_rejected_file_trips_the_gate_where_that_is_asked_for() {
    let hosted = Hosted::new(BASE, REVIEW);
    let answers = [failure(400, "INVALID_INPUT", "no DDL"), success(1, 0, 1)];
    let job = Job::pull_request(&hosted).catalog(both_runs(&answers)).input("fail-on", "ingest-error");
    job.twice().expect_code(10);
}

#[test]
fn a_refused_token_stops_the_sending() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job =
        Job::pull_request(&hosted).catalog(IngestApi::always(failure(401, "AUTHENTICATION_ERROR", "Invalid token")));
    let done = job.run().expect_code(0);
    assert_eq!(job.catalog.bodies().len(), 1);
    assert_eq!(done.buckets(), ["views/large.sql: rejected", "views/old.sql: skipped", "views/revenue.sql: skipped"]);
    assert!(job.comment().contains("the catalog refused the token"), "{}", job.comment());
    assert!(job.comment().contains("🔎 **Please review**"), "{}", job.comment());
    job.twice();
}

#[test]
fn a_rate_limit_is_waited_for() {
    let hosted = Hosted::new(BASE, REVIEW);
    let limited = failure(429, "", "slow down").header("retry-after", "0");
    let job = Job::pull_request(&hosted).catalog(both_runs(&[limited, success(1, 0, 1), success(1, 0, 1)]));
    let done = job.twice().expect_code(0);
    assert_eq!(done.report["ingest"]["requests"], 3);
    assert_eq!(done.outputs["ingest-status"], "sent");
    assert_eq!(job.catalog.bodies().len(), 3, "the second run has nothing new to send");
}

#[test]
fn a_rate_limit_that_outlasts_the_job_leaves_the_files_to_the_next_run() {
    let hosted = Hosted::new(BASE, REVIEW);
    for (on_ingest_error, code) in [("warn", 0), ("fail", 4)] {
        let limited = failure(429, "", "slow down").header("retry-after", "3600");
        let job =
            Job::pull_request(&hosted).catalog(IngestApi::always(limited)).input("on-ingest-error", on_ingest_error);
        let done = job.twice().expect_code(code);
        let buckets = ["views/large.sql: deferred", "views/old.sql: skipped", "views/revenue.sql: deferred"];
        assert_eq!(done.buckets(), buckets);
        assert!(job.comment().contains("left for the next run"), "{}", job.comment());
    }
}

/// The pauses between tries are the real ones: one file, and one run.
#[test]
fn an_api_that_stays_down_costs_the_ingest_and_nothing_else() {
    let hosted = Hosted::new(BASE, BREAKING);
    let down = Reply::text(502, "<html>Bad Gateway</html>");
    let job = Job::pull_request(&hosted).catalog(IngestApi::always(down)).input("on-ingest-error", "fail");
    let done = job.run().expect_code(4);
    assert_eq!(done.buckets(), ["views/revenue.sql: rejected"]);
    assert_eq!(done.outputs["ingest-status"], "failed");
    assert!(job.comment().contains("⛔ **Breaking**") && job.comment().contains("`HTTP_502`"), "{}", job.comment());
    assert!(job.catalog.bodies().len() > 1, "it is tried again");
}

#[test]
fn an_api_that_is_not_there_ends_the_run_well_unless_asked_otherwise() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted).input("api-url", &super::closed_port());
    let done = job.run().expect_code(0);
    assert_eq!(done.buckets(), ["views/revenue.sql: rejected"]);
    assert!(job.comment().contains("`NETWORK`"), "{}", job.comment());
}

#[test]
fn counts_that_differ_from_run_to_run_do_not_rewrite_the_comment() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted).catalog(IngestApi::scripted([success(1, 1, 0), success(1, 0, 0)]));
    job.twice().expect_code(0);
    assert!(job.comment().contains("Its entries: 1 added."), "{}", job.comment());
}

#[test]
fn an_address_of_this_machine_is_not_asked_through_a_proxy_which_would_see_the_token() {
    let hosted = Hosted::new(BASE, BREAKING);
    let proxy = Server::start(|_| Reply::empty(502));
    let mut job = Job::pull_request(&hosted);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        job = job.variable(name, &proxy.url());
    }
    let done = job.twice().expect_code(0);
    assert_eq!((proxy.requests().len(), done.buckets()), (0, vec!["views/revenue.sql: sent".to_owned()]));
    assert_eq!(job.comments().len(), 1);
}

#[test]
fn a_later_commit_sends_what_it_changes_and_nothing_else() {
    let hosted = Hosted::new(BASE, REVIEW);
    let mut job = Job::pull_request(&hosted);
    job.run().expect_code(0);
    assert_eq!(job.catalog.bodies().len(), 2);
    let large = "CREATE VIEW shop.large AS\nSELECT o.id\nFROM raw.orders AS o\nWHERE o.amount > 1;\n";
    let files: Vec<_> =
        REVIEW.iter().map(|(path, sql)| (*path, if *path == "views/large.sql" { large } else { sql })).collect();
    let next = Hosted::new(BASE, &files);
    job.push(&next);
    let done = job.run().expect_code(0);
    assert_eq!(done.buckets(), ["views/large.sql: sent", "views/old.sql: skipped", "views/revenue.sql: unchanged"]);
    assert_eq!(job.catalog.bodies().len(), 3);
    assert_eq!(done.report["ingest"]["plan"]["unchanged"], 1);
    assert!(job.comment().contains("1 already up to date"), "{}", job.comment());
}

#[test]
fn a_comment_whose_memory_was_tampered_with_costs_requests_and_nothing_else() {
    let hosted = Hosted::new(BASE, REVIEW);
    let mut job = Job::pull_request(&hosted);
    job.run().expect_code(0);
    let comment = job.comment();
    let marker = comment.lines().next().expect("a first line");
    let (_, state) = marker.split_once(" state=").expect("a memory");
    let forged = comment.replace(state, &format!("{}. -->", "0123456789ab".repeat(3)));
    job.github.edit_comment(0, &forged);
    let later = ("later.sql", "CREATE VIEW shop.later AS SELECT 1 AS one;\n");
    let next = Hosted::new(BASE, &[REVIEW, &[later]].concat());
    job.push(&next);
    let done = job.run().expect_code(0);
    let sent = ["later.sql: sent", "views/large.sql: sent", "views/old.sql: skipped", "views/revenue.sql: sent"];
    assert_eq!(done.buckets(), sent);
}

#[test]
fn removed_views_are_dropped_where_that_is_asked_for() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("on-delete", "drop");
    let done = job.twice().expect_code(0);
    assert_eq!(done.buckets(), ["views/large.sql: sent", "views/old.sql: sent", "views/revenue.sql: sent"]);
    let contents: Vec<_> = job.catalog.bodies().iter().map(|body| body["content"].clone()).collect();
    assert!(contents.contains(&"DROP VIEW IF EXISTS shop.old;\n".into()), "{contents:#?}");
}

#[test]
fn a_file_with_a_private_key_stays_here() {
    let key = ["CREATE VIEW shop.k AS SELECT 1 AS one;\n-- -----BEGIN RSA PRIV", "ATE KEY-----\n"].concat();
    let hosted = Hosted::new(BASE, &[("views/k.sql", &key)]);
    let job = Job::pull_request(&hosted);
    let done = job.twice().expect_code(0);
    assert_eq!((done.buckets(), job.catalog.bodies().len()), (vec!["views/k.sql: skipped".to_owned()], 0));
    assert!(job.comment().contains("a private key in line 2"), "{}", job.comment());
    let allowed = Job::pull_request(&hosted).input("allow-secrets", "true");
    allowed.run().expect_code(0);
    assert_eq!(allowed.catalog.bodies().len(), 1);
}

#[test]
fn a_view_that_its_file_makes_no_more_is_dropped_behind_what_the_file_makes_now() {
    let hosted = Hosted::new(BASE, &[("views/old.sql", "CREATE VIEW shop.young AS SELECT o.id FROM raw.orders AS o")]);
    let job = Job::pull_request(&hosted).input("on-delete", "drop");
    let done = job.run().expect_code(0);
    assert_eq!(done.buckets(), ["views/old.sql: sent"]);
    let content = "CREATE VIEW shop.young AS SELECT o.id FROM raw.orders AS o\n;\nDROP VIEW IF EXISTS shop.old;\n";
    assert_eq!(job.catalog.bodies()[0]["content"], content);
}

#[test]
fn the_comment_says_what_the_mode_means_for_sql_that_is_not_merged() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted);
    job.run().expect_code(0);
    let said = "It has them before they are merged (`ingest: pull_request`).";
    assert!(job.comment().contains(said), "{}", job.comment());
    let later = Job::pull_request(&hosted).input("ingest", "merge");
    later.run().expect_code(0);
    assert!(later.comment().contains("They are sent once they are on the default branch."), "{}", later.comment());
}
