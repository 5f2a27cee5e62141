//! GitLab CI: predefined `CI_*` variables → [`Detected`].
//!
//! Merge request pipelines are change requests, branch pipelines are pushes. GitLab has no event file and starts nothing
//! when a merge request closes.

use url::Url;

use crate::env::Environment;
use crate::platform::context::{ChangeRequest, Forge, RunContext, Trigger};
use crate::platform::{Detected, PlatformError};
use crate::revision::CommitId;

/// Reads a run of GitLab CI.
pub(super) fn detect(environment: &Environment) -> Result<Detected, PlatformError> {
    if let Some(tag) = environment.var("CI_COMMIT_TAG") {
        return Ok(Detected::NothingToDo(format!("`{tag}` is a tag: there is nothing to compare.")));
    }
    let trigger = match environment.var("CI_PIPELINE_SOURCE") {
        _ if environment.var("CI_MERGE_REQUEST_IID").is_some() => merge_request(environment)?,
        // A child pipeline of a branch pipeline is about the same push.
        Some("push" | "parent_pipeline") => push(environment)?,
        Some("web" | "schedule" | "api" | "trigger" | "pipeline" | "chat" | "webide") => {
            Trigger::Manual { head: commit(environment, "CI_COMMIT_SHA")? }
        }
        Some(other) => {
            let sentence = format!("The pipeline source `{other}` carries no change to report on.");
            return Ok(Detected::NothingToDo(sentence));
        }
        None => return Err(PlatformError::Variable { name: "CI_PIPELINE_SOURCE" }),
    };
    Ok(Detected::Run(Box::new(context(environment, trigger)?)))
}

fn commit(environment: &Environment, name: &'static str) -> Result<CommitId, PlatformError> {
    optional_commit(environment, name).ok_or(PlatformError::Variable { name })
}

fn optional_commit(environment: &Environment, name: &str) -> Option<CommitId> {
    environment.var(name).and_then(|text| CommitId::parse(text).ok())
}

fn merge_request(environment: &Environment) -> Result<Trigger, PlatformError> {
    let iid = environment.var("CI_MERGE_REQUEST_IID").and_then(|text| text.parse().ok());
    // The source branch's commit is only stated in merged-results pipelines, where CI_COMMIT_SHA is the merge commit.
    let head = match optional_commit(environment, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") {
        Some(head) => head,
        None => commit(environment, "CI_COMMIT_SHA")?,
    };
    Ok(Trigger::ChangeRequest(ChangeRequest {
        number: iid.ok_or(PlatformError::Variable { name: "CI_MERGE_REQUEST_IID" })?,
        head,
        base: optional_commit(environment, "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        target_branch: environment.var("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").map(str::to_owned),
        from_fork: from_fork(environment),
        abandoned: false,
    }))
}

fn from_fork(environment: &Environment) -> bool {
    let source = environment.var("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
    source.is_some() && source != environment.var("CI_MERGE_REQUEST_PROJECT_ID")
}

fn push(environment: &Environment) -> Result<Trigger, PlatformError> {
    let branch = environment.var("CI_COMMIT_BRANCH");
    Ok(Trigger::Push {
        before: optional_commit(environment, "CI_COMMIT_BEFORE_SHA"),
        after: commit(environment, "CI_COMMIT_SHA")?,
        branch: branch.map(str::to_owned),
        to_default_branch: branch.is_some() && branch == environment.var("CI_DEFAULT_BRANCH"),
    })
}

fn context(environment: &Environment, trigger: Trigger) -> Result<RunContext, PlatformError> {
    let either = |first, second| environment.var(first).or_else(|| environment.var(second)).map(str::to_owned);
    let repository = either("CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH");
    let url = |name| environment.var(name).and_then(|text| Url::parse(text).ok());
    let number = |name| environment.var(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    Ok(RunContext {
        forge: Forge::GitLab,
        repository: repository.ok_or(PlatformError::Variable { name: "CI_PROJECT_PATH" })?,
        project_id: either("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID"),
        api_url: Some(url("CI_API_V4_URL").ok_or(PlatformError::Variable { name: "CI_API_V4_URL" })?),
        server_url: url("CI_SERVER_URL"),
        trigger,
        checked_out: optional_commit(environment, "CI_COMMIT_SHA"),
        run_id: number("CI_PIPELINE_ID"),
        // GitLab counts no attempts; a retried job has a larger id, which orders as well.
        run_attempt: number("CI_JOB_ID"),
        run_url: url("CI_JOB_URL"),
        actor: environment.var("GITLAB_USER_LOGIN").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const BASE: &str = "2222222222222222222222222222222222222222";
    const MERGE: &str = "3333333333333333333333333333333333333333";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn environment(more: &[(&str, &str)]) -> Environment {
        let mut variables = BTreeMap::from([
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
            ("CI_SERVER_URL", "https://gitlab.example"),
            ("CI_PROJECT_ID", "9"),
            ("CI_PROJECT_PATH", "mona/warehouse"),
            ("CI_COMMIT_SHA", HEAD),
            ("CI_COMMIT_BEFORE_SHA", ZERO),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_PIPELINE_ID", "500"),
            ("CI_JOB_ID", "9001"),
        ]);
        variables.extend(more.iter().copied());
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    const MERGE_REQUEST: [(&str, &str); 7] = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "34"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "7"),
        ("CI_MERGE_REQUEST_PROJECT_PATH", "shop/data/warehouse"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "7"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", BASE),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];

    fn run(environment: &Environment) -> RunContext {
        match detect(environment).expect("understood") {
            Detected::Run(context) => *context,
            other => panic!("expected a run, got {other:?}"),
        }
    }

    fn id(text: &str) -> CommitId {
        CommitId::parse(text).expect("an id")
    }

    #[test]
    fn a_merge_request_pipeline_is_a_change_request_of_the_target_project() {
        let context = run(&environment(&MERGE_REQUEST));
        let request = context.change_request().expect("a change request");
        assert_eq!((request.number, request.from_fork), (34, false));
        assert_eq!((&request.head, request.base.as_ref()), (&id(HEAD), Some(&id(BASE))));
        assert_eq!((context.repository.as_str(), context.project_id.as_deref()), ("shop/data/warehouse", Some("7")));
        assert_eq!((context.run_id, context.run_attempt), (500, 9001));
    }

    #[test]
    fn in_a_merged_results_pipeline_the_head_is_the_source_branch() {
        let mut variables = MERGE_REQUEST.to_vec();
        variables.extend([("CI_COMMIT_SHA", MERGE), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD)]);
        let context = run(&environment(&variables));
        assert_eq!(context.change_request().map(|request| &request.head), Some(&id(HEAD)));
        assert_eq!(context.checked_out, Some(id(MERGE)));
    }

    #[test]
    fn a_merge_request_from_another_project_is_a_fork() {
        let mut variables = MERGE_REQUEST.to_vec();
        variables.push(("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "8"));
        assert!(run(&environment(&variables)).secrets_withheld());
    }

    #[test]
    fn a_branch_pipeline_is_a_push() {
        let context = run(&environment(&[("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", BASE)]));
        let expected = Trigger::Push {
            before: Some(id(BASE)),
            after: id(HEAD),
            branch: Some("main".to_owned()),
            to_default_branch: true,
        };
        assert_eq!(context.trigger, expected);
        let context = run(&environment(&[("CI_COMMIT_BRANCH", "topic")]));
        assert!(matches!(context.trigger, Trigger::Push { before: None, to_default_branch: false, .. }));
    }

    #[test]
    fn schedules_are_manual_and_tags_are_nothing_to_do() {
        let context = run(&environment(&[("CI_PIPELINE_SOURCE", "schedule")]));
        assert_eq!(context.trigger, Trigger::Manual { head: id(HEAD) });
        let tag = detect(&environment(&[("CI_COMMIT_TAG", "v1")])).expect("understood");
        assert!(matches!(tag, Detected::NothingToDo(sentence) if sentence.contains("`v1`")));
        let other = detect(&environment(&[("CI_PIPELINE_SOURCE", "external")])).expect("understood");
        assert!(matches!(other, Detected::NothingToDo(sentence) if sentence.contains("`external`")));
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = detect(&environment(&[("CI_COMMIT_SHA", "HEAD")])).expect_err("no commit");
        assert!(error.to_string().contains("CI_COMMIT_SHA"), "{error}");
    }
}
