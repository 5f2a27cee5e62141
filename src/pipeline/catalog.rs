//! The ingest stage: whether to send, what to send, and sending it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ingest::client::IngestClient;
use crate::ingest::outcome::{IngestOutcome, SkipReason};
use crate::ingest::plan::{Candidate, Plan, PlanOptions, outcome_without_sending, plan};
use crate::ingest::{Progress, SendLimits};
use crate::path::RepoPath;
use crate::pipeline::sides::Sides;
use crate::pipeline::{Run, http_client};
use crate::platform::context::Trigger;
use crate::report::escape;
use crate::settings::{IngestMode, Settings};
use crate::source::{ChangeSet, ChangedFile, FileStatus};
use crate::sql::migration;
use crate::sql::prepare::PreparedSide;
use crate::sql::template::Prepared;
use crate::telemetry::Log;

/// Sends the changed files of head, or says why not.
pub(super) async fn ingest(run: &Run<'_>, changes: &ChangeSet, sides: &Sides) -> IngestOutcome {
    let mode = run.settings.ingest.as_str();
    let options = PlanOptions { mode: mode.to_owned(), platform: run.settings.platform.clone() };
    let plan = plan(candidates(&changes.changed, &sides.head_files), &options);
    if let Some(reason) = reason_to_skip(run, changes) {
        return outcome_without_sending(plan, &reason, mode);
    }
    match client(run.settings) {
        Ok(client) => send(plan, &client, run.log).await,
        Err(reason) => outcome_without_sending(plan, &SkipReason::Stopped { reason }, mode),
    }
}

/// Sends a plan, talking about what takes long or goes wrong.
pub async fn send(plan: Plan, client: &IngestClient, log: &Log) -> IngestOutcome {
    let total = plan.requests().len();
    let mut settled = 0_usize;
    let mut speak = |progress: Progress<'_>| match progress {
        Progress::Settled { outcome } => {
            settled += 1;
            let detail = outcome.message.as_deref().map(|message| format!(" ({message})")).unwrap_or_default();
            let line = format!("ingest {settled}/{total}: {} {}{detail}", outcome.path, outcome.bucket.as_str());
            // A line end in a file's name must not begin a line of its own.
            log.note(&escape::terminal(&line));
        }
        Progress::Waiting { pause, code } => {
            log.note(&format!("ingest: waiting {} s ({code})", pause.as_secs().max(1)));
        }
    };
    crate::ingest::send(plan, client, &SendLimits::default(), &mut speak).await
}

/// The client for the settings' API and token.
///
/// # Errors
/// Words for people when there is no token, no HTTPS, or the address is none.
pub fn client(settings: &Settings) -> Result<IngestClient, String> {
    let http = http_client(settings, Some(&settings.api_url))?;
    let token = settings.token.clone().ok_or_else(|| "no token is configured".to_owned())?;
    IngestClient::new(http, &settings.api_url, token, settings.extra_config.clone())
        .map_err(|error| crate::error::chain(&error))
}

fn reason_to_skip(run: &Run<'_>, changes: &ChangeSet) -> Option<SkipReason> {
    if changes.changed.is_empty() {
        return Some(SkipReason::NothingChanged);
    }
    let mode = || SkipReason::Mode { mode: run.settings.ingest.as_str().to_owned() };
    let leads_to_default = match &run.context.trigger {
        Trigger::Push { to_default_branch, .. } => *to_default_branch,
        Trigger::MergeGroup { .. } => true,
        Trigger::ChangeRequest(_) | Trigger::Manual { .. } => false,
    };
    let wanted = match run.settings.ingest {
        IngestMode::Never => false,
        IngestMode::Merge => leads_to_default,
        IngestMode::PullRequest => leads_to_default || run.context.change_request().is_some(),
    };
    if !wanted {
        return Some(mode());
    }
    match (&run.settings.token, run.context.secrets_withheld()) {
        (Some(_), _) => None,
        (None, true) => Some(SkipReason::ForkWithoutSecrets),
        (None, false) => Some(SkipReason::NoToken),
    }
}

/// What each changed file has for the catalog, migrations in the order in which they run.
#[must_use]
pub fn candidates(changed: &[ChangedFile], head: &PreparedSide) -> Vec<Candidate> {
    let files: BTreeMap<&RepoPath, &Prepared> = head.files.iter().map(|file| (&file.path, file)).collect();
    let mut changed: Vec<&ChangedFile> = changed.iter().collect();
    changed.sort_by(|a, b| migration::compare(&a.path, &b.path));
    changed.into_iter().map(|file| candidate(file, files.get(&file.path).copied(), head)).collect()
}

fn candidate(file: &ChangedFile, prepared: Option<&Prepared>, head: &PreparedSide) -> Candidate {
    let platform = prepared.and_then(|prepared| prepared.dialect.platform()).map(str::to_owned);
    let line_map = prepared.map(|prepared| prepared.line_map.clone()).unwrap_or_default();
    Candidate { path: file.path.clone(), platform, content: content(file, prepared, head), line_map }
}

fn content(file: &ChangedFile, prepared: Option<&Prepared>, head: &PreparedSide) -> Result<Arc<str>, SkipReason> {
    if file.status == FileStatus::Removed {
        return Err(SkipReason::RemovedFile);
    }
    let Some(prepared) = prepared else {
        let known = head.unreadable.iter().find(|diagnostic| diagnostic.file.as_ref() == Some(&file.path));
        let reason =
            known.map_or_else(|| "its text could not be had".to_owned(), |diagnostic| diagnostic.message.clone());
        return Err(SkipReason::Unreadable { reason });
    };
    if migration::is_down(&file.path) {
        return Err(SkipReason::NothingToSend { what: "a down migration".to_owned() });
    }
    let content = prepared.catalog.sql(prepared.dialect);
    content.map_err(|what| SkipReason::NothingToSend { what: what.to_owned() })
}
