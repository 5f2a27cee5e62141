//! Tokens that are missing or may not write, and a forge that does not take the comment.

use super::hosted::Hosted;
use super::job::{Done, Job};
use super::pull_request::{BASE, BREAKING, REVIEW};
use crate::fakes::github::{Fault, error};

const FORBIDDEN: &str = "Resource not accessible by integration";

/// A POST that GitHub refuses.
fn refused(status: u16, message: &str) -> Fault {
    Fault { method: "POST", on: "/comments", reply: error(status, message), takes_effect: false }
}

fn reason(done: &Done) -> &str {
    done.report["publication"]["reason"].as_str().unwrap_or_default()
}

#[test]
fn without_a_token_of_the_catalog_the_comment_says_so_and_nothing_is_sent() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("token", "");
    let done = job.twice().expect_code(0);
    assert!(job.comment().contains("nothing was sent, because no token is configured."), "{}", job.comment());
    assert_eq!(job.catalog.bodies().len(), 0);
    assert_eq!(done.outputs["ingest-status"], "skipped");
}

#[test]
fn from_a_fork_the_report_is_on_the_page_of_the_run_and_says_that_secrets_are_withheld() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::from_fork(&hosted);
    for _ in 0..2 {
        job.github.fail(refused(403, FORBIDDEN));
    }
    let done = job.twice().expect_code(0);
    assert!(
        done.summary.contains("comes from a fork or from Dependabot, where secrets are not available"),
        "{}",
        done.summary
    );
    assert!(!done.summary.contains("no token is configured"), "{}", done.summary);
    assert!(done.summary.contains("`shop.revenue`"), "{}", done.summary);
    assert_eq!((job.comments().len(), job.catalog.bodies().len()), (0, 0));
    assert_eq!(done.report["publication"]["status"], "skipped");
}

#[test]
fn a_token_without_the_permission_leaves_summary_and_annotations_and_says_what_to_add() {
    let hosted = Hosted::new(BASE, BREAKING);
    // A comment that may not be written is not one that could not be.
    let job = Job::pull_request(&hosted).input("on-publish-error", "fail");
    for _ in 0..2 {
        job.github.fail(refused(403, FORBIDDEN));
    }
    let done = job.twice().expect_code(0);
    assert!(done.summary.contains("⛔ **Breaking**"), "{}", done.summary);
    assert!(
        done.annotations().iter().any(|line| line.contains("title=Breaks downstream")),
        "{:#?}",
        done.annotations()
    );
    for said in [reason(&done), &done.ended.stdout] {
        assert!(said.contains(FORBIDDEN), "{said}");
        assert!(said.contains("permissions: {contents: read, pull-requests: write}"), "{said}");
    }
    assert_eq!((done.report["publication"]["status"].as_str(), &*done.outputs["comment-url"]), (Some("skipped"), ""));
    assert_eq!(done.buckets(), ["views/revenue.sql: sent"]);
}

#[test]
fn without_a_token_of_github_there_is_no_comment_and_everything_else() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("github-token", "");
    let done = job.twice().expect_code(0);
    assert!(reason(&done).contains("github-token is empty"), "{}", reason(&done));
    assert_eq!((job.github.requests().len(), job.comments().len()), (0, 0));
    assert!(done.summary.contains("🔎 **Please review**"), "{}", done.summary);
}

#[test]
fn a_comment_that_is_switched_off_is_not_asked_for() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("comment", "false");
    let done = job.twice().expect_code(0);
    assert_eq!(job.github.requests().len(), 0);
    assert_eq!(done.report["publication"]["status"], "skipped");
}

#[test]
fn a_forge_that_does_not_take_the_comment_fails_the_run_only_where_that_is_asked_for() {
    let hosted = Hosted::new(BASE, REVIEW);
    for (on_publish_error, code) in [("warn", 0), ("fail", 5)] {
        let job = Job::pull_request(&hosted).input("on-publish-error", on_publish_error);
        job.github.fail(refused(422, "Validation Failed"));
        let done = job.run().expect_code(code);
        assert_eq!(done.report["publication"]["status"], "failed");
        assert!(reason(&done).contains("422"), "{}", reason(&done));
        assert!(done.summary.contains("🔎 **Please review**"), "{}", done.summary);
    }
}

#[test]
fn a_comment_that_arrived_behind_an_error_is_not_posted_again() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted);
    job.github.fail(Fault { takes_effect: true, ..refused(502, "Bad Gateway") });
    let done = job.twice().expect_code(0);
    assert_eq!(job.comments().len(), 1);
    assert_eq!(done.report["publication"]["status"], "created");
}
