//! `ingest`: files and folders sent to the API, for a first load or a backfill.

use std::path::PathBuf;

use crate::changes::{self, ChangesOptions};
use crate::commands::{audience, unreadable};
use crate::env::Environment;
use crate::exit::ExitStatus;
use crate::ingest::client::IngestClient;
use crate::ingest::outcome::{FileBucket, IngestOutcome, IngestStatus};
use crate::ingest::plan::plan;
use crate::lineage::{Side, analyze};
use crate::pipeline::{LONG_WAIT, StateKeeper, candidates, ingest_client, plan_options, send, state_keeper};
use crate::settings::Settings;
use crate::source::{ChangedFile, FileStatus};
use crate::sql::prepare::{PrepareOptions, prepare};
use crate::telemetry::Log;

/// What is asked for.
pub(super) struct Request {
    pub paths: Vec<PathBuf>,
    pub dry_run: bool,
    pub quiet: bool,
}

pub(super) async fn run(settings: &Settings, request: &Request, environment: &Environment) -> ExitStatus {
    let log = Log::new(audience(environment), &settings.secrets()).quiet(request.quiet);
    let tree = match changes::read_paths(&request.paths, &ChangesOptions::from(settings)) {
        Ok(tree) => tree,
        Err(error) => return unreadable(&error, &log),
    };
    let every: Vec<ChangedFile> = tree
        .sql
        .keys()
        .map(|path| ChangedFile { path: path.clone(), old_path: None, status: FileStatus::Added })
        .collect();
    let files = prepare(&tree, &PrepareOptions::from(settings));
    let graph = analyze(Side { files: &files.files, declared: &files.declared });
    let client = ingest_client(settings, None);
    let seal = client.as_ref().ok().and_then(IngestClient::seal);
    let mut keeper = seal.and_then(|seal| state_keeper(settings, &seal, &log));
    let mut options = plan_options(settings, "ingest", LONG_WAIT);
    options.memory = keeper.as_ref().map(StateKeeper::memory);
    let plan = plan(candidates(&every, &files, &graph), &options);
    if request.dry_run {
        log.data(&plan.render());
        return ExitStatus::Done;
    }
    let client = match client {
        Ok(client) => client,
        Err(reason) => {
            log.error(&format!("nothing can be sent: {reason}"));
            log.note("set the variable DATASCALE_TOKEN, or look at the plan with --dry-run");
            return ExitStatus::Usage;
        }
    };
    let outcome = send(plan, &client, (&log, keeper.as_mut())).await;
    log.data(&summary(&outcome));
    match outcome.status {
        IngestStatus::Sent | IngestStatus::Skipped => ExitStatus::Done,
        // A command that was asked to send files and could not has failed, whatever CI would make of it.
        IngestStatus::Partial | IngestStatus::Failed => ExitStatus::IngestFailed,
    }
}

/// One line of counts, then a line for each file that the catalog does not have now.
fn summary(outcome: &IngestOutcome) -> String {
    let counts = outcome.counts();
    let mut text = format!(
        "{} sent, {} rejected, {} deferred, {} unchanged, {} skipped ({} requests)\n",
        counts.sent, counts.rejected, counts.deferred, counts.unchanged, counts.skipped, outcome.requests
    );
    for file in &outcome.files {
        if matches!(file.bucket, FileBucket::Rejected | FileBucket::Deferred) {
            let line = file.line.map(|line| format!(":{line}")).unwrap_or_default();
            let code = file.code.as_deref().unwrap_or_default();
            let message = file.message.as_deref().unwrap_or_default();
            let row = format!("  {} {}{line}: {code} {message}", file.bucket.as_str(), file.path);
            text.push_str(&crate::report::escape::terminal(row.trim_end()));
            text.push('\n');
        }
    }
    text
}
