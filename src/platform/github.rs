//! GitHub Actions: `GITHUB_*` variables and the event's payload → [`Detected`].
//!
//! Only the few fields that steer the run are read, each of them as optional as GitHub makes it: the repository of a
//! pull request's head is `null` once the fork is deleted, and `push.before` is all zeros on a new branch.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::env::Environment;
use crate::platform::context::{ChangeRequest, Forge, RunContext, Trigger, below};
use crate::platform::{Detected, PlatformError};
use crate::revision::CommitId;

#[derive(Deserialize)]
struct PullRequestEvent {
    action: Option<String>,
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    merged: Option<bool>,
    head: PullRequestEnd,
    base: PullRequestEnd,
}

#[derive(Deserialize)]
struct PullRequestEnd {
    sha: String,
    #[serde(rename = "ref")]
    branch: Option<String>,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct PushEvent {
    #[serde(rename = "ref")]
    reference: String,
    before: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct MergeGroupEvent {
    action: Option<String>,
    merge_group: MergeGroup,
}

#[derive(Deserialize)]
struct MergeGroup {
    base_sha: String,
    head_sha: String,
}

/// What to do about an event: a trigger, or a sentence why there is nothing to do.
enum Subject {
    Trigger(Trigger),
    Nothing(String),
}

/// Reads a run of GitHub Actions.
pub(super) fn detect(environment: &Environment, payload: Option<&str>) -> Result<Detected, PlatformError> {
    let event = environment.var("GITHUB_EVENT_NAME").ok_or(PlatformError::Variable { name: "GITHUB_EVENT_NAME" })?;
    let subject = match event {
        "pull_request" | "pull_request_target" => pull_request(&parse(event, payload)?)?,
        "push" => push(&parse(event, payload)?)?,
        "merge_group" => merge_group(&parse(event, payload)?)?,
        "workflow_dispatch" | "schedule" => Subject::Trigger(Trigger::Manual { head: sha(environment)? }),
        other => Subject::Nothing(format!(
            "The event `{other}` carries no change to report on; known are pull_request, pull_request_target, push, \
             merge_group, workflow_dispatch and schedule."
        )),
    };
    match subject {
        Subject::Nothing(sentence) => Ok(Detected::NothingToDo(sentence)),
        Subject::Trigger(trigger) => Ok(Detected::Run(Box::new(context(environment, trigger)?))),
    }
}

fn parse<Event: DeserializeOwned>(event: &str, payload: Option<&str>) -> Result<Event, PlatformError> {
    let payload = payload.ok_or_else(|| PlatformError::EventMissing { event: event.to_owned() })?;
    let payload = payload.strip_prefix('\u{feff}').unwrap_or(payload);
    serde_json::from_str(payload).map_err(|source| PlatformError::EventUnparsable { event: event.to_owned(), source })
}

fn commit(text: &str, field: &'static str) -> Result<CommitId, PlatformError> {
    CommitId::parse(text).map_err(|_| PlatformError::EventField { field })
}

fn sha(environment: &Environment) -> Result<CommitId, PlatformError> {
    let missing = PlatformError::Variable { name: "GITHUB_SHA" };
    environment.var("GITHUB_SHA").and_then(|text| CommitId::parse(text).ok()).ok_or(missing)
}

fn pull_request(event: &PullRequestEvent) -> Result<Subject, PlatformError> {
    let closed = event.action.as_deref() == Some("closed");
    // Who says nothing of a merge is not taken to say that there was none.
    let abandoned = closed && event.pull_request.merged == Some(false);
    if closed && !abandoned {
        return Ok(Subject::Nothing("The pull request is closed: there is nothing left to report on.".to_owned()));
    }
    let PullRequest { number, head, base, .. } = &event.pull_request;
    Ok(Subject::Trigger(Trigger::ChangeRequest(ChangeRequest {
        number: *number,
        head: commit(&head.sha, "pull_request.head.sha")?,
        base: CommitId::parse(&base.sha).ok(),
        target_branch: base.branch.clone(),
        from_fork: !same_repository(head.repo.as_ref(), base.repo.as_ref()),
        abandoned,
    })))
}

/// Whether both ends are in one repository. A head without a repository is a deleted fork.
fn same_repository(head: Option<&Repository>, base: Option<&Repository>) -> bool {
    matches!((head, base), (Some(head), Some(base)) if head.full_name.eq_ignore_ascii_case(&base.full_name))
}

fn push(event: &PushEvent) -> Result<Subject, PlatformError> {
    let Some(branch) = event.reference.strip_prefix("refs/heads/") else {
        return Ok(Subject::Nothing(format!("`{}` is no branch: there is nothing to compare.", event.reference)));
    };
    if event.deleted || is_zero(&event.after) {
        return Ok(Subject::Nothing(format!("The branch `{branch}` was deleted: there is nothing to compare.")));
    }
    let before = if is_zero(&event.before) { None } else { Some(commit(&event.before, "before")?) };
    let default = event.repository.as_ref().and_then(|repository| repository.default_branch.as_deref());
    Ok(Subject::Trigger(Trigger::Push {
        before,
        after: commit(&event.after, "after")?,
        branch: Some(branch.to_owned()),
        to_default_branch: default == Some(branch),
    }))
}

/// The all-zero id stands for "no commit": a branch that is new, or gone.
fn is_zero(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte == b'0')
}

fn merge_group(event: &MergeGroupEvent) -> Result<Subject, PlatformError> {
    if event.action.as_deref() == Some("destroyed") {
        return Ok(Subject::Nothing("The merge group is gone: there is nothing left to report on.".to_owned()));
    }
    Ok(Subject::Trigger(Trigger::MergeGroup {
        base: commit(&event.merge_group.base_sha, "merge_group.base_sha")?,
        head: commit(&event.merge_group.head_sha, "merge_group.head_sha")?,
    }))
}

fn context(environment: &Environment, trigger: Trigger) -> Result<RunContext, PlatformError> {
    let repository = environment.var("GITHUB_REPOSITORY").filter(|name| name.split('/').count() == 2);
    let repository = repository.ok_or(PlatformError::Variable { name: "GITHUB_REPOSITORY" })?.to_owned();
    let api_url = address(environment, "GITHUB_API_URL", "https://api.github.com")?;
    let server_url = address(environment, "GITHUB_SERVER_URL", "https://github.com")?;
    // On pull_request_target GITHUB_SHA is the target branch: nothing of the pull request is checked out, and nothing
    // that is checked out may be taken for it.
    let checked_out = match environment.var("GITHUB_EVENT_NAME") {
        Some("pull_request_target") => None,
        _ => environment.var("GITHUB_SHA").and_then(|text| CommitId::parse(text).ok()),
    };
    let run_id = number(environment, "GITHUB_RUN_ID");
    let run_attempt = number(environment, "GITHUB_RUN_ATTEMPT");
    let run_url = run_address(&server_url, &repository, (run_id, run_attempt));
    Ok(RunContext {
        forge: Forge::GitHub,
        repository,
        project_id: None,
        api_url: Some(api_url),
        server_url: Some(server_url),
        trigger,
        checked_out,
        run_id,
        run_attempt,
        run_url,
        actor: environment.var("GITHUB_ACTOR").map(str::to_owned),
    })
}

fn address(environment: &Environment, name: &'static str, default: &str) -> Result<Url, PlatformError> {
    let url = Url::parse(environment.var(name).unwrap_or(default)).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(PlatformError::Variable { name })
}

/// A count that only serves ordering: 0 where CI does not say it.
fn number(environment: &Environment, name: &str) -> u64 {
    environment.var(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn run_address(server: &Url, repository: &str, (id, attempt): (u64, u64)) -> Option<Url> {
    if id == 0 {
        return None;
    }
    let (id, attempt) = (id.to_string(), attempt.to_string());
    let mut parts: Vec<&str> = repository.split('/').collect();
    parts.extend(["actions", "runs", &id]);
    if attempt != "0" {
        parts.extend(["attempts", &attempt]);
    }
    below(server, parts.into_iter())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const BASE: &str = "2222222222222222222222222222222222222222";
    const MERGE: &str = "3333333333333333333333333333333333333333";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn environment(event: &str) -> Environment {
        Environment::from([
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REPOSITORY", "shop/warehouse"),
            ("GITHUB_SHA", MERGE),
            ("GITHUB_API_URL", "https://api.github.com"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_RUN_ID", "77"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("GITHUB_ACTOR", "mona"),
        ])
    }

    fn run(event: &str, payload: &Value) -> RunContext {
        match detect(&environment(event), Some(&payload.to_string())).expect("understood") {
            Detected::Run(context) => *context,
            other => panic!("expected a run, got {other:?}"),
        }
    }

    fn sentence(event: &str, payload: &Value) -> String {
        match detect(&environment(event), Some(&payload.to_string())).expect("understood") {
            Detected::NothingToDo(sentence) => sentence,
            other => panic!("expected nothing to do, got {other:?}"),
        }
    }

    fn pull_request_payload(head_repo: Value) -> Value {
        json!({"action": "synchronize", "number": 12, "pull_request": {
            "number": 12,
            "head": {"sha": HEAD, "ref": "topic", "repo": head_repo},
            "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "shop/warehouse", "default_branch": "main"}},
        }})
    }

    fn id(text: &str) -> CommitId {
        CommitId::parse(text).expect("an id")
    }

    #[test]
    fn a_pull_request_is_a_change_request() {
        let context = run("pull_request", &pull_request_payload(json!({"full_name": "Shop/Warehouse"})));
        let request = context.change_request().expect("a change request");
        assert_eq!((request.number, request.from_fork), (12, false));
        assert_eq!((&request.head, request.base.as_ref()), (&id(HEAD), Some(&id(BASE))));
        assert_eq!(request.target_branch.as_deref(), Some("main"));
        assert_eq!(context.checked_out, Some(id(MERGE)));
        assert_eq!((context.run_id, context.run_attempt), (77, 2));
        let url = "https://github.com/shop/warehouse/actions/runs/77/attempts/2";
        assert_eq!(context.run_url.map(String::from).as_deref(), Some(url));
        assert_eq!(context.actor.as_deref(), Some("mona"));
    }

    #[test]
    fn another_or_a_deleted_head_repository_is_a_fork() {
        for repo in [json!({"full_name": "mona/warehouse"}), Value::Null] {
            let context = run("pull_request", &pull_request_payload(repo));
            assert!(context.change_request().is_some_and(|request| request.from_fork));
            assert!(context.secrets_withheld());
        }
    }

    #[test]
    fn on_pull_request_target_nothing_that_is_checked_out_counts_as_the_pull_request() {
        let context = run("pull_request_target", &pull_request_payload(Value::Null));
        assert_eq!(context.checked_out, None);
        assert_eq!(context.change_request().map(|request| &request.head), Some(&id(HEAD)));
    }

    #[test]
    fn a_closed_pull_request_is_nothing_to_do() {
        let mut payload = pull_request_payload(Value::Null);
        payload["action"] = json!("closed");
        assert!(sentence("pull_request", &payload).contains("closed"));
        payload["pull_request"]["merged"] = json!(true);
        assert!(sentence("pull_request", &payload).contains("closed"));
    }

    #[test]
    fn a_pull_request_that_is_closed_without_being_merged_is_abandoned() {
        let mut payload = pull_request_payload(Value::Null);
        assert!(!run("pull_request", &payload).change_request().expect("a change request").abandoned);
        payload["action"] = json!("closed");
        payload["pull_request"]["merged"] = json!(false);
        assert!(run("pull_request", &payload).change_request().expect("a change request").abandoned);
    }

    fn push_payload(reference: &str, before: &str, after: &str) -> Value {
        json!({"ref": reference, "before": before, "after": after, "deleted": after == ZERO,
               "repository": {"full_name": "shop/warehouse", "default_branch": "main"}})
    }

    #[test]
    fn a_push_compares_before_with_after() {
        let context = run("push", &push_payload("refs/heads/main", BASE, HEAD));
        let expected = Trigger::Push {
            before: Some(id(BASE)),
            after: id(HEAD),
            branch: Some("main".to_owned()),
            to_default_branch: true,
        };
        assert_eq!(context.trigger, expected);
    }

    #[test]
    fn a_new_branch_has_no_before() {
        let context = run("push", &push_payload("refs/heads/feature/x", ZERO, HEAD));
        assert!(matches!(context.trigger, Trigger::Push { before: None, to_default_branch: false, .. }));
    }

    #[test]
    fn tags_and_deleted_branches_are_nothing_to_do() {
        assert!(sentence("push", &push_payload("refs/tags/v1", ZERO, HEAD)).contains("refs/tags/v1"));
        assert!(sentence("push", &push_payload("refs/heads/old", BASE, ZERO)).contains("deleted"));
    }

    #[test]
    fn a_merge_group_has_both_ends() {
        let payload =
            json!({"action": "checks_requested", "merge_group": {"head_sha": HEAD, "base_sha": BASE, "head_ref": "x"}});
        let context = run("merge_group", &payload);
        assert_eq!(context.trigger, Trigger::MergeGroup { base: id(BASE), head: id(HEAD) });
    }

    #[test]
    fn runs_by_hand_or_clock_need_no_event_file() {
        for event in ["workflow_dispatch", "schedule"] {
            match detect(&environment(event), None).expect("understood") {
                Detected::Run(context) => {
                    assert_eq!(context.trigger, Trigger::Manual { head: id(MERGE) });
                    assert!(context.no_change_sentence().is_some());
                }
                other => panic!("expected a run, got {other:?}"),
            }
        }
    }

    #[test]
    fn any_other_event_is_nothing_to_do_and_says_so() {
        assert!(sentence("issue_comment", &json!({})).contains("`issue_comment`"));
    }

    #[test]
    fn an_event_file_that_makes_no_sense_is_an_error_that_names_its_variable() {
        for payload in [None, Some(""), Some("{"), Some("[]"), Some("{\"pull_request\": {\"number\": \"x\"}}")] {
            let error = detect(&environment("pull_request"), payload).expect_err("no payload");
            assert!(error.to_string().contains("GITHUB_EVENT_PATH"), "{error}");
        }
        let mut payload = pull_request_payload(Value::Null);
        payload["pull_request"]["head"]["sha"] = json!("--upload-pack=evil");
        let error = detect(&environment("pull_request"), Some(&payload.to_string())).expect_err("no commit");
        assert!(error.to_string().contains("pull_request.head.sha"), "{error}");
    }

    #[test]
    fn a_repository_without_owner_is_refused() {
        let broken = Environment::from([("GITHUB_EVENT_NAME", "schedule"), ("GITHUB_SHA", HEAD)]);
        let error = detect(&broken, None).expect_err("no repository");
        assert!(error.to_string().contains("GITHUB_REPOSITORY"), "{error}");
    }
}
