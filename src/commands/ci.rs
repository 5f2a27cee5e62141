//! `ingest-action` without arguments: the pipeline from the environment of a CI job.

use crate::cli;
use crate::commands::{audience, unreadable};
use crate::env::Environment;
use crate::exit::{ExitInput, ExitStatus};
use crate::pipeline::{Finished, Run};
use crate::platform::{self, Detected};
use crate::settings::{Gate, Settings};
use crate::telemetry::Log;

pub(super) async fn run(settings: &Settings, environment: &Environment) -> ExitStatus {
    let log = Log::new(audience(environment), &settings.secrets());
    let payload = match platform::event_path(environment).map(std::fs::read).transpose() {
        Ok(payload) => payload.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            log.warning(&format!("the event file named by GITHUB_EVENT_PATH cannot be read: {error}"));
            None
        }
    };
    match platform::detect(environment, payload.as_deref()) {
        Ok(Detected::Run(context)) => {
            if let Some(sentence) = context.no_change_sentence() {
                log.note(sentence);
            }
            let run = Run { context: &context, settings, environment, log: &log };
            if context.change_request().is_some_and(|request| request.abandoned) {
                return run.restore().await.unwrap_or_else(|error| unreadable(&error, &log));
            }
            match run.to_the_end().await {
                Ok(finished) => explain(&finished, settings, &log),
                Err(error) => unreadable(&error, &log),
            }
        }
        Ok(Detected::NothingToDo(sentence)) => {
            log.note(&sentence);
            ExitStatus::Done
        }
        Ok(Detected::Local) => {
            let hint = cli::laptop_hint();
            log.note(&hint.text);
            hint.status
        }
        Err(error) => {
            log.error(&crate::error::chain(&error));
            ExitStatus::UnreadableChange
        }
    }
}

/// Says why the run is red, where it is.
fn explain(finished: &Finished, settings: &Settings, log: &Log) -> ExitStatus {
    match finished.exit {
        ExitStatus::Gate => {
            let input = ExitInput::of(&finished.report, &finished.publication);
            let tripped: Vec<&str> = input.tripped(&settings.fail_on).into_iter().map(Gate::as_str).collect();
            log.error(&format!("`fail-on` asks for it: {}", tripped.join(", ")));
        }
        ExitStatus::IngestFailed | ExitStatus::PublishFailed => log.error(finished.exit.meaning()),
        _ => {}
    }
    finished.exit
}
