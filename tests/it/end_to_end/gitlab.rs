//! A merge request pipeline of GitLab: one note, kept up to date.

use serde_json::Value;
use tempfile::TempDir;

use super::contract;
use super::hosted::Hosted;
use super::pull_request::{BASE, BREAKING, REVIEW};
use crate::fakes::gitlab::GitLab;
use crate::fakes::ingest::{self, IngestApi};
use crate::harness::{Ended, Tool};

const GITLAB_TOKEN: &str = "glpat-Xy12_abcdefGHIJKLMNop";

/// A job of the pipeline.
struct Pipeline {
    gitlab: GitLab,
    catalog: IngestApi,
    hosted: Hosted,
    reports: TempDir,
}

impl Pipeline {
    fn new(hosted: Hosted) -> Self {
        let reports = TempDir::new().expect("a folder");
        Self { gitlab: GitLab::start(GITLAB_TOKEN), catalog: IngestApi::scripted([]), hosted, reports }
    }

    /// Runs the job in a fresh checkout of the source branch, with these variables on top.
    fn run(&self, job: &str, variables: &[(&str, &str)]) -> (Ended, Value) {
        let checkout = self.hosted.checkout(&self.hosted.topic);
        let report = self.reports.path().join(format!("{job}.json"));
        let mut tool = Tool::new([] as [&str; 0])
            .current_folder(checkout.path())
            .secret("DATASCALE_TOKEN", ingest::TOKEN)
            .secret("GITLAB_TOKEN", GITLAB_TOKEN)
            .variable("CI_PROJECT_DIR", checkout.path())
            .variable("DATASCALE_REPORT_FILE", &report);
        let (api, catalog) = (self.gitlab.url(), self.catalog.url());
        let given = [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_API_V4_URL", &api),
            ("CI_SERVER_URL", "https://gitlab.example"),
            ("CI_PROJECT_ID", "42"),
            ("CI_PROJECT_PATH", "shop/warehouse"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_COMMIT_SHA", self.hosted.topic.as_str()),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
            ("CI_MERGE_REQUEST_PROJECT_PATH", "shop/warehouse"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "42"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", self.hosted.left.as_str()),
            ("CI_PIPELINE_ID", "500"),
            ("CI_JOB_ID", job),
            ("DATASCALE_API_URL", &catalog),
        ];
        for (name, value) in given.iter().chain(variables) {
            tool = tool.variable(name, value);
        }
        let ended = tool.run();
        for note in self.notes() {
            assert!(!note.contains(GITLAB_TOKEN) && !note.contains(ingest::TOKEN), "a token is told:\n{note}");
        }
        let report = std::fs::read_to_string(report).expect("a report");
        assert!(!report.contains(GITLAB_TOKEN) && !report.contains(ingest::TOKEN), "a token is told:\n{report}");
        let report = serde_json::from_str(&report).expect("is JSON");
        contract::assert_is_report(&report);
        (ended, report)
    }

    fn notes(&self) -> Vec<String> {
        self.gitlab.notes().into_iter().map(|note| note.body).collect()
    }

    fn writes(&self) -> Vec<String> {
        let requests = self.gitlab.requests().into_iter().filter(|request| request.method != "GET");
        requests.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

#[test]
fn a_merge_request_gets_one_note_and_a_second_run_writes_nothing() {
    let pipeline = Pipeline::new(Hosted::new(BASE, REVIEW));
    let (ended, report) = pipeline.run("9001", &[]);
    let ended = ended.expect_code(0);
    let notes = pipeline.notes();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert!(notes[0].starts_with("<!-- ingest-action v=1 "), "{}", notes[0]);
    assert!(notes[0].contains("🔎 **Please review**"), "{}", notes[0]);
    let link = format!("https://gitlab.example/shop/warehouse/-/blob/{}/views/revenue.sql#L1", pipeline.hosted.topic);
    assert!(notes[0].contains(&link), "{}", notes[0]);
    assert_eq!(report["publication"]["url"], "https://gitlab.example/shop/warehouse/-/merge_requests/7#note_501");
    assert_eq!(
        (report["base"].as_str(), report["ingest"]["status"].as_str()),
        (Some(pipeline.hosted.left.as_str()), Some("sent"))
    );
    assert_eq!(pipeline.catalog.bodies().len(), 2);
    // GitLab's log is no place for GitHub's commands; the report is in it.
    assert!(!ended.stdout.contains("::") && !ended.stderr.contains("::"), "{}", ended.stderr);
    assert!(ended.stderr.contains("Please review") && ended.stderr.contains("shop.revenue.total"), "{}", ended.stderr);
    let (again, report) = pipeline.run("9002", &[]);
    again.expect_code(0);
    assert_eq!(report["publication"]["status"], "unchanged");
    assert_eq!(pipeline.notes(), notes);
    assert_eq!(pipeline.writes().len(), 1, "{:?}", pipeline.writes());
}

#[test]
fn a_gate_ends_the_job_after_the_note() {
    let pipeline = Pipeline::new(Hosted::new(BASE, BREAKING));
    let (ended, _) = pipeline.run("9001", &[("DATASCALE_FAIL_ON", "breaking")]);
    let ended = ended.expect_code(10);
    assert!(ended.stderr.contains("error: `fail-on` asks for it: breaking"), "{}", ended.stderr);
    assert!(pipeline.notes()[0].contains("⛔ **Breaking**"), "{:#?}", pipeline.notes());
}

#[test]
fn without_a_token_of_gitlab_the_log_says_which_variable_to_set() {
    let pipeline = Pipeline::new(Hosted::new(BASE, REVIEW));
    let (ended, report) = pipeline.run("9001", &[("GITLAB_TOKEN", "")]);
    let ended = ended.expect_code(0);
    assert!(ended.stderr.contains("set the variable GITLAB_TOKEN"), "{}", ended.stderr);
    assert_eq!((pipeline.notes().len(), report["publication"]["status"].as_str()), (0, Some("skipped")));
    assert_eq!(report["ingest"]["status"], "sent");
}

#[test]
fn a_merge_request_from_a_fork_says_that_secrets_are_withheld() {
    let pipeline = Pipeline::new(Hosted::new(BASE, REVIEW));
    let fork = [("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "77"), ("DATASCALE_TOKEN", ""), ("GITLAB_TOKEN", "")];
    let (ended, _) = pipeline.run("9001", &fork);
    let ended = ended.expect_code(0);
    assert!(ended.stderr.contains("secrets are not available"), "{}", ended.stderr);
    assert_eq!((pipeline.notes().len(), pipeline.catalog.bodies().len()), (0, 0));
}
