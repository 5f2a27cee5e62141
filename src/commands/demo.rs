//! `demo`: the pipeline of CI on a bundled warehouse, against an ingest endpoint in this process. No account, no network
//! but loopback.

use std::path::Path;

use anyhow::Context as _;

use crate::cli::Command;
use crate::commands::unreadable;
use crate::demo::warehouse::Commits;
use crate::demo::{endpoint, warehouse};
use crate::env::Environment;
use crate::exit::ExitStatus;
use crate::pipeline::Run;
use crate::platform::{self, Detected};
use crate::report::budget::Limits;
use crate::report::markdown;
use crate::secret::Secret;
use crate::telemetry::{Audience, Log};

/// The demo's token opens nothing but the endpoint in this very process.
const TOKEN: &str = "demo-token";

pub(super) async fn run(keep: bool, _environment: &Environment) -> ExitStatus {
    let log = Log::new(Audience::Person, &[]);
    match demo(keep, &log).await {
        Ok(status) => status,
        Err(error) => {
            log.error(&format!("the demo cannot run here: {error:#}"));
            ExitStatus::Internal
        }
    }
}

async fn demo(keep: bool, log: &Log) -> anyhow::Result<ExitStatus> {
    let folder =
        tempfile::Builder::new().prefix("ingest-action-demo-").tempdir().context("no temporary folder can be made")?;
    let repository = folder.path().join("warehouse");
    std::fs::create_dir(&repository).context("the warehouse's folder cannot be made")?;
    let commits = warehouse::build(&repository)?;
    let token = Secret::new(TOKEN).context("the demo's token is empty")?;
    let endpoint = endpoint::start(&token).await?;
    log.note(&format!("A pull request on a small warehouse, in {}", repository.display()));
    log.note(&format!("An ingest API that answers by the contract, at {}\n", endpoint.address()));
    let event = folder.path().join("event.json");
    std::fs::write(&event, event_payload(&commits)).context("the event file cannot be written")?;
    let environment = ci_environment((&repository, &event), endpoint.address().as_str(), &commits);
    let status = pipeline(&environment, log).await?;
    log.data("\nWhat the ingest API took\n\n");
    for received in endpoint.received() {
        let platform = received.platform.as_deref().unwrap_or("not stated");
        log.data(&format!("  {} ({platform})\n", received.assets.join(", ")));
    }
    if keep {
        let kept = folder.keep();
        log.data(&format!("\nThe repository is kept in {}\n", kept.join("warehouse").display()));
    } else {
        log.data(
            "\nNext: `ingest-action preview` in a repository of your own. `demo --keep` leaves this one on disk.\n",
        );
    }
    Ok(status)
}

/// The very pipeline of CI, and the comment that it would keep.
async fn pipeline(environment: &Environment, log: &Log) -> anyhow::Result<ExitStatus> {
    let settings = match crate::cli::parse(["ingest-action"], environment) {
        Ok(Command::Run(settings)) => settings,
        Ok(_) => anyhow::bail!("the demo's environment is no CI run"),
        Err(end) => anyhow::bail!("the demo's settings are wrong: {}", end.text),
    };
    let payload = platform::event_path(environment).map(std::fs::read_to_string).transpose()?;
    let Detected::Run(context) = platform::detect(environment, payload.as_deref())? else {
        anyhow::bail!("the demo's event is no pull request");
    };
    let quiet = Log::new(Audience::Nobody, &settings.secrets());
    let run = Run { context: &context, settings: &settings, environment, log: &quiet };
    let finished = match run.to_the_end().await {
        Ok(finished) => finished,
        Err(error) => return Ok(unreadable(&error, log)),
    };
    log.data("The comment on the pull request\n\n");
    log.data(&markdown::render(&finished.report, Limits::GITHUB_COMMENT).text);
    Ok(finished.exit)
}

/// What GitHub's runner would set, of it what the tool reads.
fn ci_environment((repository, event): (&Path, &Path), api_url: &str, commits: &Commits) -> Environment {
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", &event.to_string_lossy()),
        ("GITHUB_REPOSITORY", "acme/warehouse"),
        ("GITHUB_SHA", commits.head.as_str()),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_WORKSPACE", &repository.to_string_lossy()),
        ("GITHUB_RUN_ID", "1"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("INPUT_TOKEN", TOKEN),
        ("INPUT_DIALECT", "postgres"),
        ("INPUT_API-URL", api_url),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The part of GitHub's `pull_request` payload that the tool reads.
fn event_payload(commits: &Commits) -> String {
    let repository = serde_json::json!({"full_name": "acme/warehouse", "default_branch": "main"});
    let payload = serde_json::json!({
        "action": "opened",
        "number": 7,
        "pull_request": {
            "number": 7,
            "state": "open",
            "head": {"sha": commits.head.as_str(), "ref": warehouse::BRANCH, "repo": repository},
            "base": {"sha": commits.base.as_str(), "ref": "main", "repo": repository},
        },
        "repository": repository,
    });
    payload.to_string()
}
