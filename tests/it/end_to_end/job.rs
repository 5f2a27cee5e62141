//! A job of GitHub Actions that runs the action: its environment, its files, its token, and what it leaves behind.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ingest_action::revision::CommitId;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::contract;
use super::hosted::Hosted;
use crate::docs;
use crate::fakes::github::{GitHub, TokenOf};
use crate::fakes::ingest::{self, IngestApi};
use crate::harness::{Ended, Tool};
use crate::repository::Repository;

/// The job's own token.
pub const GITHUB_TOKEN: &str = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";

/// Commands that the program may give to the runner.
const KNOWN_COMMANDS: [&str; 6] = ["add-mask", "group", "endgroup", "error", "warning", "notice"];

/// A job, to be run once or more often.
pub struct Job {
    /// GitHub, with pull request 7 of `shop/warehouse`.
    pub github: GitHub,
    /// The ingest API.
    pub catalog: IngestApi,
    /// What is checked out.
    pub checkout: Repository,
    event: &'static str,
    payload: Option<String>,
    variables: BTreeMap<String, String>,
    runner: TempDir,
    runs: Cell<u32>,
}

/// What a run left behind.
pub struct Done {
    /// Exit code and streams.
    pub ended: Ended,
    /// The job summary.
    pub summary: String,
    /// Outputs by name; empty when none were written.
    pub outputs: BTreeMap<String, String>,
    /// The report file; `null` when none was written.
    pub report: Value,
}

impl Job {
    /// A job for an event, in a checkout of this commit.
    pub fn new(hosted: &Hosted, event: &'static str, commit: &CommitId, payload: &Value) -> Self {
        let github = GitHub::start(GITHUB_TOKEN, TokenOf::Workflow);
        let catalog = IngestApi::scripted([]);
        let checkout = hosted.checkout(commit);
        let mut variables = declared_inputs();
        let runner_variables = [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "shop/warehouse"),
            ("GITHUB_SHA", commit.as_str()),
            ("GITHUB_API_URL", &github.url()),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_ACTOR", "ada"),
            ("GITHUB_WORKSPACE", &checkout.path().display().to_string()),
            ("INPUT_TOKEN", ingest::TOKEN),
            ("INPUT_API-URL", &catalog.url()),
            ("INPUT_GITHUB-TOKEN", GITHUB_TOKEN),
        ];
        variables.extend(runner_variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let runner = TempDir::new().expect("a temporary folder");
        let (payload, runs) = (Some(payload.to_string()), Cell::new(0));
        Self { github, catalog, checkout, event, payload, variables, runner, runs }
    }

    /// A job for the pull request, in a checkout of its merge commit.
    pub fn pull_request(hosted: &Hosted) -> Self {
        Self::new(hosted, "pull_request", &hosted.merge, &pull_request_payload(hosted, "shop/warehouse"))
    }

    /// A job for the same pull request from a fork: its token can only read, and no secret is there.
    pub fn from_fork(hosted: &Hosted) -> Self {
        let payload = pull_request_payload(hosted, "mona/warehouse");
        Self::new(hosted, "pull_request", &hosted.merge, &payload).input("token", "")
    }

    /// The same with another ingest API.
    pub fn catalog(self, catalog: IngestApi) -> Self {
        let url = catalog.url();
        Self { catalog, ..self }.input("api-url", &url)
    }

    /// The same with another event payload, of whatever form.
    pub fn payload(self, payload: &str) -> Self {
        Self { payload: Some(payload.to_owned()), ..self }
    }

    /// The same with a GITHUB_EVENT_PATH that leads nowhere.
    pub fn without_event_file(self) -> Self {
        Self { payload: None, ..self }
    }

    /// The same with an input of the action set.
    pub fn input(self, name: &str, value: &str) -> Self {
        self.variable(&format!("INPUT_{}", name.to_ascii_uppercase()), value)
    }

    /// The same with a variable set.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The bodies of the comments, oldest first.
    pub fn comments(&self) -> Vec<String> {
        self.github.comments().into_iter().map(|comment| comment.body).collect()
    }

    /// The only comment's body.
    pub fn comment(&self) -> String {
        let comments = self.comments();
        assert_eq!(comments.len(), 1, "{comments:#?}");
        comments[0].clone()
    }

    /// Changes the pull request's branch; the runs to come are on the new commits.
    pub fn push(&mut self, hosted: &Hosted) {
        self.payload = Some(pull_request_payload(hosted, "shop/warehouse").to_string());
        self.checkout = hosted.checkout(&hosted.merge);
        let workspace = self.checkout.path().display().to_string();
        self.variables.insert("GITHUB_WORKSPACE".to_owned(), workspace);
        self.variables.insert("GITHUB_SHA".to_owned(), hosted.merge.to_string());
    }

    /// Runs the action twice on the same commit: the second run ends like the first and writes nothing to the forge.
    pub fn twice(&self) -> Done {
        let first = self.run();
        let (writes, comments) = (self.github.writes(), self.comments());
        let second = self.run();
        // Attempts that the forge refused changed nothing, and are made again.
        if !comments.is_empty() {
            assert_eq!(self.github.writes(), writes, "the second run wrote to the forge");
        }
        assert_eq!(self.comments(), comments);
        assert_eq!(second.ended.code, first.ended.code, "{}", second.ended.stdout);
        assert_eq!(second.report["verdict"], first.report["verdict"]);
        first
    }

    /// Runs the action once, and checks what must hold for every run.
    pub fn run(&self) -> Done {
        let number = self.runs.replace(self.runs.get() + 1);
        let file = |name: &str| self.runner.path().join(format!("{number}-{name}"));
        let files = [
            ("GITHUB_EVENT_PATH", file("event.json")),
            ("GITHUB_STEP_SUMMARY", file("summary.md")),
            ("GITHUB_OUTPUT", file("output")),
            ("INPUT_REPORT-FILE", file("reports/lineage.json")),
        ];
        if let Some(payload) = &self.payload {
            std::fs::write(&files[0].1, payload).expect("the event is written");
        }
        let mut tool = Tool::new([] as [&str; 0]).current_folder(self.checkout.path());
        for (name, value) in &self.variables {
            let is_secret = value == ingest::TOKEN || value == GITHUB_TOKEN;
            tool = if is_secret { tool.secret(name, value) } else { tool.variable(name, value) };
        }
        tool = tool.variable("GITHUB_EVENT_NAME", self.event);
        tool = tool.variable("GITHUB_RUN_ID", (5000 + number).to_string()).variable("GITHUB_RUN_ATTEMPT", "1");
        for (name, path) in &files {
            tool = tool.variable(name, path);
        }
        let ended = tool.run();
        let [_, summary, outputs, report] = files.map(|(_, path)| read(&path));
        self.check_secrets(&[&summary, &outputs, &report]);
        check_commands(&ended.stdout);
        let report = if report.is_empty() { Value::Null } else { serde_json::from_str(&report).expect("is JSON") };
        if !report.is_null() {
            contract::assert_is_report(&report);
            check_buckets(&report);
        }
        let outputs = parse_outputs(&outputs);
        if !outputs.is_empty() {
            let declared: BTreeSet<String> = docs::action().outputs.into_keys().collect();
            assert_eq!(outputs.keys().cloned().collect::<BTreeSet<_>>(), declared);
        }
        Done { ended, summary, outputs, report }
    }

    /// No token is in the job's files or in a comment. (The streams are the harness's part.)
    fn check_secrets(&self, texts: &[&String]) {
        let comments = self.comments();
        for text in texts.iter().copied().chain(&comments) {
            for secret in [ingest::TOKEN, GITHUB_TOKEN] {
                assert!(!text.contains(secret), "a token is told:\n{text}");
            }
        }
    }
}

impl Done {
    /// Checks the exit code.
    pub fn expect_code(self, code: i32) -> Self {
        Self { ended: self.ended.expect_code(code), ..self }
    }

    /// The annotations, as the runner gets them.
    pub fn annotations(&self) -> Vec<&str> {
        let shown = ["::error", "::warning", "::notice"];
        self.ended.stdout.lines().filter(|line| shown.iter().any(|command| line.starts_with(command))).collect()
    }

    /// The buckets of the changed files, as `path: bucket`.
    pub fn buckets(&self) -> Vec<String> {
        let word = |value: &Value| value.as_str().expect("a text").to_owned();
        let files = self.report["ingest"]["files"].as_array().expect("a list");
        files.iter().map(|file| format!("{}: {}", word(&file["path"]), word(&file["status"]))).collect()
    }
}

/// What the runner passes for a step that gives no input: every declared one, with its default or empty.
fn declared_inputs() -> BTreeMap<String, String> {
    let inputs = docs::action().inputs.into_iter();
    inputs.map(|(name, input)| (format!("INPUT_{}", name.to_ascii_uppercase()), input.default)).collect()
}

/// The part of GitHub's payload that steers a run, and some of what surrounds it.
pub fn pull_request_payload(hosted: &Hosted, head_repository: &str) -> Value {
    let repository = |name: &str| json!({"id": 1, "full_name": name, "default_branch": "main", "private": true});
    json!({
        "action": "synchronize",
        "number": 7,
        "pull_request": {
            "id": 70, "number": 7, "state": "open", "title": "Change the views", "draft": false,
            "head": {"label": "shop:topic", "ref": "topic", "sha": hosted.topic.as_str(), "repo": repository(head_repository)},
            "base": {"label": "shop:main", "ref": "main", "sha": hosted.left.as_str(), "repo": repository("shop/warehouse")},
            "merge_commit_sha": hosted.merge.as_str(),
        },
        "repository": repository("shop/warehouse"),
        "sender": {"login": "ada", "id": 1},
    })
}

/// A file's text; empty where there is none.
fn read(path: &Path) -> String {
    if path.exists() { std::fs::read_to_string(path).expect("is UTF-8") } else { String::new() }
}

/// The runner gets no command but the known ones, and the tokens to mask before everything else.
fn check_commands(stdout: &str) {
    let commands = stdout.split(['\n', '\r']).map(str::trim_start).filter(|line| line.starts_with("::"));
    for command in commands {
        let name = command.trim_start_matches(':').split([' ', ':']).next().unwrap_or_default();
        assert!(KNOWN_COMMANDS.contains(&name), "{command}");
    }
    // The runner looks for the older form only in lines that are no command of the newer one.
    let older = stdout.split(['\n', '\r']).find(|line| line.contains("##[") && !line.starts_with("::"));
    assert_eq!(older, None);
    let masks = stdout.lines().position(|line| !line.starts_with("::add-mask::"));
    let late = stdout.lines().skip(masks.unwrap_or_default()).any(|line| line.starts_with("::add-mask::"));
    assert!(!late, "a token is masked late:\n{stdout}");
}

/// Every changed file is in exactly one bucket.
fn check_buckets(report: &Value) {
    let paths = |files: &Value| {
        let files = files.as_array().into_iter().flatten();
        let mut paths: Vec<String> = files.map(|file| file["path"].as_str().expect("a path").to_owned()).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&report["ingest"]["files"]), paths(&report["files"]));
    let known = ["sent", "rejected", "deferred", "unchanged", "skipped"];
    for file in report["ingest"]["files"].as_array().into_iter().flatten() {
        assert!(file["status"].as_str().is_some_and(|status| known.contains(&status)), "{file}");
    }
}

/// Reads the file of outputs as the runner does.
fn parse_outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("a heredoc");
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        assert!(outputs.insert(name.to_owned(), value.join("\n")).is_none(), "{name} is written twice");
    }
    outputs
}
