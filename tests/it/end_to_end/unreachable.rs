//! A base that is not in the clone and not to be fetched: read through the API, or else the run ends and says so.

use serde_json::json;

use super::hosted::Hosted;
use super::job::Job;
use super::pull_request::{BASE, BREAKING};
use crate::fakes::github::GitHub;
use crate::fakes::http::Reply;

const API: &str = "/repos/shop/warehouse/git";

/// Lets the API give away every commit, tree and blob of the repository.
fn serve(github: &GitHub, hosted: &Hosted) {
    for commit in [&hosted.left, &hosted.main, &hosted.topic, &hosted.merge] {
        let parents = hosted.repository.git(&["rev-list", "--parents", "-n", "1", commit.as_str()]);
        let parents: Vec<_> = parents.split(' ').skip(1).map(|id| json!({"sha": id})).collect();
        let commit_body = json!({"sha": commit.as_str(), "parents": parents});
        github.serve(&format!("{API}/commits/{commit}"), Reply::json(200, &commit_body));
        let listing = hosted.repository.git(&["ls-tree", "-r", "-t", commit.as_str()]);
        let entries = listing.lines().map(|line| {
            let words: Vec<&str> = line.splitn(4, [' ', '\t']).collect();
            json!({"mode": words[0], "type": words[1], "sha": words[2], "path": words[3]})
        });
        let tree_body = json!({"tree": entries.collect::<Vec<_>>(), "truncated": false});
        github.serve(&format!("{API}/trees/{commit}"), Reply::json(200, &tree_body));
        for blob in listing.lines().filter_map(|line| line.split_once(" blob ")?.1.split_once('\t')) {
            let text = hosted.repository.git(&["cat-file", "blob", blob.0]);
            github.serve(&format!("{API}/blobs/{}", blob.0), Reply::text(200, &format!("{text}\n")));
        }
    }
}

#[test]
fn a_base_that_no_one_has_ends_the_run_with_the_lines_to_paste_and_posts_nothing() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted);
    job.checkout.git(&["remote", "remove", "origin"]);
    let done = job.twice().expect_code(3);
    let said = format!("::error::the base {} cannot be read", hosted.main);
    assert!(done.annotations().iter().any(|line| line.starts_with(&said)), "{}", done.ended.stdout);
    assert!(done.ended.stdout.contains("        with:\n          fetch-depth: 0"), "{}", done.ended.stdout);
    assert_eq!((job.comments().len(), job.github.writes().len(), job.catalog.bodies().len()), (0, 0, 0));
    assert!(!done.summary.contains("added") && done.report.is_null(), "{}", done.summary);
}

#[test]
fn a_comment_that_stands_is_not_touched_by_a_run_that_cannot_read_its_base() {
    let hosted = Hosted::new(BASE, BREAKING);
    let mut job = Job::pull_request(&hosted);
    job.run().expect_code(0);
    let comment = job.comment();
    // Another runner, whose clone never had the base.
    job.push(&hosted);
    job.checkout.git(&["remote", "remove", "origin"]);
    job.run().expect_code(3);
    assert_eq!(job.comment(), comment);
}

#[test]
fn without_origin_the_base_comes_through_the_api() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted);
    serve(&job.github, &hosted);
    job.checkout.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let done = job.twice().expect_code(0);
    assert_eq!((done.report["base"].as_str(), &*done.outputs["changed-files"]), (Some(hosted.main.as_str()), "1"));
    assert!(job.comment().contains("⛔ **Breaking**"), "{}", job.comment());
    assert!(job.comment().contains("changes listed by the forge's API"), "{}", job.comment());
    assert_eq!(done.buckets(), ["views/revenue.sql: sent"]);
}

#[test]
fn without_a_checkout_both_sides_come_through_the_api() {
    let hosted = Hosted::new(BASE, BREAKING);
    let empty = tempfile::tempdir().expect("a folder");
    let folder = empty.path().display().to_string();
    let job = Job::pull_request(&hosted).variable("GITHUB_WORKSPACE", &folder);
    serve(&job.github, &hosted);
    let done = job.twice().expect_code(0);
    assert_eq!(done.report["coverage"]["files"], 4);
    assert!(job.comment().contains("⛔ **Breaking**"), "{}", job.comment());
}
