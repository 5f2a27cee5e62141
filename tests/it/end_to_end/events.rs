//! The events that start a job, and those that make no sense.

use serde_json::{Value, json};

use super::hosted::Hosted;
use super::job::{Job, pull_request_payload};
use super::pull_request::{BASE, BREAKING, REVIEW};

fn push_payload(branch: &str, before: &str, after: &str) -> Value {
    json!({"ref": format!("refs/heads/{branch}"), "before": before, "after": after, "created": false, "deleted": false,
           "repository": {"full_name": "shop/warehouse", "default_branch": "main"}, "commits": []})
}

#[test]
fn a_push_to_the_default_branch_is_ingested_and_not_commented() {
    let hosted = Hosted::new(BASE, REVIEW);
    let payload = push_payload("main", hosted.main.as_str(), hosted.merge.as_str());
    let job = Job::new(&hosted, "push", &hosted.merge, &payload);
    let done = job.twice().expect_code(0);
    assert_eq!(done.buckets(), ["views/large.sql: sent", "views/old.sql: skipped", "views/revenue.sql: sent"]);
    assert_eq!((job.github.requests().len(), done.report["publication"]["status"].as_str()), (0, Some("skipped")));
    assert!(done.summary.contains("`shop.revenue`"), "{}", done.summary);
}

#[test]
fn a_push_to_another_branch_is_reported_and_not_ingested() {
    let hosted = Hosted::new(BASE, REVIEW);
    let payload = push_payload("topic", hosted.left.as_str(), hosted.topic.as_str());
    let job = Job::new(&hosted, "push", &hosted.topic, &payload);
    let done = job.twice().expect_code(0);
    assert_eq!(job.catalog.bodies().len(), 0);
    assert_eq!((&*done.outputs["verdict"], &*done.outputs["ingest-status"]), ("review", "skipped"));
    assert!(done.summary.contains("does not send on this kind of run"), "{}", done.summary);
}

#[test]
fn the_merge_queue_ingests_its_group() {
    let hosted = Hosted::new(BASE, REVIEW);
    let group = json!({"head_sha": hosted.merge.as_str(), "base_sha": hosted.main.as_str(), "base_ref": "refs/heads/main",
                       "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"});
    let payload =
        json!({"action": "checks_requested", "merge_group": group, "repository": {"full_name": "shop/warehouse"}});
    let job = Job::new(&hosted, "merge_group", &hosted.merge, &payload).input("ingest", "merge");
    let done = job.twice().expect_code(0);
    assert_eq!(done.outputs["ingest-status"], "sent");
    assert_eq!(job.github.requests().len(), 0);
}

#[test]
fn with_ingest_on_merge_a_pull_request_sends_nothing() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("ingest", "merge");
    job.twice().expect_code(0);
    assert_eq!(job.catalog.bodies().len(), 0);
    assert!(job.comment().contains("the setting `ingest` does not send on this kind of run"), "{}", job.comment());
}

#[test]
fn runs_by_hand_and_by_clock_have_no_change_and_say_so() {
    let hosted = Hosted::new(BASE, REVIEW);
    for event in ["workflow_dispatch", "schedule"] {
        let job = Job::new(&hosted, event, &hosted.main, &json!({"inputs": null}));
        let done = job.twice().expect_code(0);
        let said = "This run was started by hand or by a schedule: there is no change to compare.";
        assert!(done.ended.stdout.contains(said), "{}", done.ended.stdout);
        assert_eq!((job.github.requests().len(), job.catalog.bodies().len()), (0, 0));
        assert_eq!((&*done.outputs["verdict"], &*done.outputs["changed-files"]), ("none", "0"));
    }
}

#[test]
fn pull_request_target_reads_the_pull_request_and_not_what_is_checked_out() {
    let hosted = Hosted::new(BASE, BREAKING);
    let payload = pull_request_payload(&hosted, "mona/warehouse");
    let job = Job::new(&hosted, "pull_request_target", &hosted.main, &payload);
    job.checkout.write("views/planted.sql", "CREATE VIEW shop.planted AS SELECT 1 AS one;\n");
    let done = job.twice().expect_code(0);
    assert_eq!(done.report["head"], hosted.topic.as_str());
    assert_eq!(done.report["base"], hosted.main.as_str());
    assert_eq!(done.buckets(), ["views/revenue.sql: sent"]);
    assert!(job.comment().contains("⛔ **Breaking**"), "{}", job.comment());
    assert!(!job.comment().contains("planted"), "{}", job.comment());
    assert_eq!(job.checkout.head(), hosted.main, "nothing is checked out");
}

#[test]
fn a_closed_pull_request_is_nothing_to_do() {
    let hosted = Hosted::new(BASE, REVIEW);
    let mut payload = pull_request_payload(&hosted, "shop/warehouse");
    payload["action"] = json!("closed");
    let job = Job::new(&hosted, "pull_request", &hosted.merge, &payload);
    let done = job.twice().expect_code(0);
    assert!(done.ended.stdout.contains("The pull request is closed"), "{}", done.ended.stdout);
    assert_eq!((job.github.requests().len(), job.catalog.bodies().len()), (0, 0));
}

#[test]
fn an_unknown_event_ends_well_with_a_sentence() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::new(&hosted, "issue_comment", &hosted.main, &json!({"action": "created"}));
    let done = job.twice().expect_code(0);
    assert!(done.ended.stdout.contains("The event `issue_comment` carries no change"), "{}", done.ended.stdout);
    assert_eq!((job.github.requests().len(), job.catalog.bodies().len()), (0, 0));
}

#[test]
fn an_event_file_that_makes_no_sense_ends_the_run_with_a_clear_sentence() {
    let hosted = Hosted::new(BASE, REVIEW);
    for payload in ["", "{\"pull_request\": {", "[]", "{\"pull_request\": {\"number\": \"seven\"}}"] {
        let job = Job::pull_request(&hosted).payload(payload);
        let done = job.twice().expect_code(3);
        let said = "::error::the event file named by GITHUB_EVENT_PATH is not the JSON of a `pull_request` event";
        assert!(done.annotations().iter().any(|line| line.starts_with(said)), "{}", done.ended.stdout);
        assert_eq!((job.github.requests().len(), job.catalog.bodies().len()), (0, 0));
        assert!(done.report.is_null());
    }
}

#[test]
fn an_event_file_that_is_not_there_ends_the_run_with_a_clear_sentence() {
    let hosted = Hosted::new(BASE, REVIEW);
    let done = Job::pull_request(&hosted).without_event_file().run().expect_code(3);
    let said = "::error::the event file named by GITHUB_EVENT_PATH is missing";
    assert!(done.annotations().iter().any(|line| line.starts_with(said)), "{}", done.ended.stdout);
}

#[test]
fn inputs_that_are_empty_or_blank_behave_like_none() {
    let hosted = Hosted::new(BASE, REVIEW);
    let with_defaults = Job::pull_request(&hosted);
    let mut blank = Job::pull_request(&hosted);
    let kept = ["token", "github-token", "api-url"];
    for input in ingest_action::settings::inputs::ALL.iter().filter(|input| !kept.contains(&input.name)) {
        blank = blank.input(input.name, " \n");
    }
    let (expected, done) = (with_defaults.run().expect_code(0), blank.twice().expect_code(0));
    // What the hidden line remembers holds for one catalog.
    let told = |comment: String| comment.split_once('\n').map(|(_, told)| told.to_owned());
    assert_eq!(told(blank.comment()), told(with_defaults.comment()));
    assert_eq!((done.summary, done.report), (expected.summary, expected.report));
}

#[test]
fn a_pull_request_that_is_closed_without_being_merged_has_the_bases_files_sent_again() {
    let hosted = Hosted::new(BASE, REVIEW);
    let mut payload = pull_request_payload(&hosted, "shop/warehouse");
    payload["action"] = json!("closed");
    payload["pull_request"]["merged"] = json!(false);
    let job = Job::new(&hosted, "pull_request", &hosted.merge, &payload);
    let done = job.run().expect_code(0);
    let contents: Vec<Value> = job.catalog.bodies().iter().map(|body| body["content"].clone()).collect();
    let revenue = BASE.iter().find(|(path, _)| *path == "views/revenue.sql").expect("a file").1;
    assert_eq!(contents, [revenue]);
    assert!(done.ended.stdout.contains("Files that it added: 1"), "{}", done.ended.stdout);
    assert_eq!(job.github.writes().len(), 0);

    for (input, value) in [("restore-on-close", "false"), ("ingest", "merge")] {
        let quiet = Job::new(&hosted, "pull_request", &hosted.merge, &payload).input(input, value);
        quiet.run().expect_code(0);
        assert_eq!(quiet.catalog.bodies().len(), 0, "{input}: {value}");
    }
}

#[test]
fn what_a_push_sent_before_is_remembered_in_the_state_file() {
    let hosted = Hosted::new(BASE, REVIEW);
    let payload = push_payload("main", hosted.main.as_str(), hosted.merge.as_str());
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let state = folder.path().join("cache/ingest.json");
    let job = Job::new(&hosted, "push", &hosted.merge, &payload).input("state-file", &state.display().to_string());
    job.run().expect_code(0);
    assert_eq!(job.catalog.bodies().len(), 2);
    let again = job.run().expect_code(0);
    assert_eq!(
        again.buckets(),
        ["views/large.sql: unchanged", "views/old.sql: skipped", "views/revenue.sql: unchanged"]
    );
    assert_eq!((job.catalog.bodies().len(), &*again.outputs["ingest-status"]), (2, "sent"));
    std::fs::write(&state, "{\"version\": 1, \"sent\": []").expect("the state is spoilt");
    let spoilt = job.run().expect_code(0);
    assert_eq!(spoilt.buckets(), ["views/large.sql: sent", "views/old.sql: skipped", "views/revenue.sql: sent"]);
    assert!(spoilt.ended.stdout.contains("cannot be understood: every file counts as new"), "{}", spoilt.ended.stdout);
}
