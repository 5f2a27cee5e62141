//! What each command does: reads what it needs, hands it to the stages, prints what was asked for.

mod ci;
mod demo;
mod ingest;
mod lineage;
mod preview;

use crate::changes::ChangesError;
use crate::cli::Command;
use crate::env::Environment;
use crate::exit::ExitStatus;
use crate::telemetry::{Audience, Log};

/// Runs a command to its end.
pub async fn run(command: Command, environment: &Environment) -> ExitStatus {
    match command {
        Command::Run(settings) => ci::run(&settings, environment).await,
        Command::Preview { settings, base, head, format } => {
            preview::run(&settings, &preview::Request { base, head, format }, environment)
        }
        Command::Lineage { settings, sources, format, schema } => {
            lineage::run(&settings, &lineage::Request { sources, format, schema }, environment)
        }
        Command::Ingest { settings, paths, dry_run, quiet } => {
            ingest::run(&settings, &ingest::Request { paths, dry_run, quiet }, environment).await
        }
        Command::Demo { keep } => demo::run(keep, environment).await,
    }
}

/// Whom a command talks to, by CI's own variables.
fn audience(environment: &Environment) -> Audience {
    if environment.is_true("GITHUB_ACTIONS") {
        Audience::GitHubActions
    } else if environment.is_true("CI") || environment.is_true("GITLAB_CI") {
        Audience::CiLog
    } else {
        Audience::Person
    }
}

/// Says why the change could not be read, with the line to paste.
fn unreadable(error: &ChangesError, log: &Log) -> ExitStatus {
    log.error(&crate::error::chain(error));
    if let Some(hint) = error.hint() {
        log.note(hint);
    }
    match error {
        ChangesError::Pattern(_) => ExitStatus::Usage,
        _ => ExitStatus::UnreadableChange,
    }
}
