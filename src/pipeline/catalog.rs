//! The ingest stage: whether to send, what to send, and sending it.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use crate::ingest::client::IngestClient;
use crate::ingest::outcome::{IngestOutcome, SkipReason};
use crate::ingest::plan::{Candidate, Plan, PlanOptions, outcome_without_sending, plan};
use crate::ingest::state::{Memory, Seal};
use crate::ingest::unit::ended;
use crate::ingest::{Progress, SendLimits};
use crate::path::RepoPath;
use crate::pipeline::candidates::candidates;
use crate::pipeline::comments::Comments;
use crate::pipeline::drops;
use crate::pipeline::memory::StateKeeper;
use crate::pipeline::progress::Speaker;
use crate::pipeline::sides::Sides;
use crate::pipeline::{Run, http_client};
use crate::platform::context::Trigger;
use crate::settings::sending::OnDelete;
use crate::settings::{IngestMode, Settings};
use crate::source::{ChangeSet, ChangedFile};
use crate::sql::dialect::Dialect;
use crate::sql::template::{LineMap, Prepared};
use crate::telemetry::Log;

/// A reviewer waits for the run of a change request.
pub const SHORT_WAIT: Duration = Duration::from_secs(2 * 60);
/// Nobody waits for that of a push, or for a first load.
pub const LONG_WAIT: Duration = Duration::from_secs(30 * 60);
/// What the stage may take besides waiting.
const SENDING_TIME: Duration = Duration::from_secs(13 * 60);

/// What came of the stage, and what the comment shall remember of it.
pub(super) struct Ingested {
    pub outcome: IngestOutcome,
    pub state: String,
}

/// Sends the changed files of head, or says why not.
pub(super) async fn ingest(run: &Run<'_>, changes: &ChangeSet, sides: &Sides, comments: Option<&Comments>) -> Ingested {
    let mode = run.settings.ingest.as_str();
    let mut candidates = candidates(&changes.changed, &sides.head_files, &sides.head);
    if run.settings.sending.on_delete == OnDelete::Drop {
        drop_removed(&mut candidates, &changes.changed, sides);
    }
    let mut options = options(run.settings, mode, wait_of(run));
    let not_sent = |plan: Plan, reason: &SkipReason| Ingested {
        outcome: outcome_without_sending(plan, reason, mode),
        state: String::new(),
    };
    if let Some(reason) = reason_to_skip(run, changes) {
        return not_sent(plan(candidates, &options), &reason);
    }
    let client = match client(run.settings, run.context.run_url.as_ref()) {
        Ok(client) => client,
        Err(reason) => return not_sent(plan(candidates, &options), &SkipReason::Stopped { reason }),
    };
    let Some(seal) = client.seal() else {
        let outcome = send(plan(candidates, &options), &client, (run.log, None)).await;
        return Ingested { outcome, state: String::new() };
    };
    if run.context.change_request().is_none() {
        let mut keeper = state_keeper(run.settings, &seal, run.log);
        options.memory = keeper.as_ref().map(StateKeeper::memory);
        let outcome = send(plan(candidates, &options), &client, (run.log, keeper.as_mut())).await;
        return Ingested { outcome, state: String::new() };
    }
    let line = match comments {
        Some(comments) => comments.remembered(&run.settings.comment_id).await.unwrap_or_default(),
        None => String::new(),
    };
    options.memory = Some((Memory::of_line(&line), seal.clone()));
    let plan = plan(candidates, &options);
    let marks = plan.marks().clone();
    let outcome = send(plan, &client, (run.log, None)).await;
    let state = Memory::after(&outcome, &marks, &seal).to_line();
    Ingested { outcome, state }
}

/// Adds the statements that drop what files made before and nothing makes any more.
fn drop_removed(candidates: &mut [Candidate], changed: &[ChangedFile], sides: &Sides) {
    let before: BTreeMap<&RepoPath, &Prepared> =
        sides.base_files.files.iter().map(|prepared| (&prepared.path, prepared)).collect();
    let old_path = |file: &ChangedFile| file.old_path.clone().unwrap_or_else(|| file.path.clone());
    let old_paths: BTreeMap<&RepoPath, RepoPath> = changed.iter().map(|file| (&file.path, old_path(file))).collect();
    for candidate in candidates {
        let prepared = old_paths.get(&candidate.path).and_then(|path| before.get(path));
        if let Some(prepared) = prepared {
            let gone = drops::gone(&prepared.path, (&sides.base, &sides.head));
            let made = prepared.catalog.sql(prepared.dialect).unwrap_or_default();
            let drops = drops::statements(&made, prepared.dialect, &gone);
            drops.into_iter().for_each(|drops| add_drops(candidate, &drops, prepared.dialect));
        }
    }
}

fn add_drops(candidate: &mut Candidate, drops: &str, dialect: Dialect) {
    match &candidate.content {
        Ok(content) => {
            if candidate.line_map == LineMap::default() {
                // What is added maps to the last line.
                candidate.line_map = LineMap::new((1..).zip(content.lines()).map(|(line, _)| line).collect());
            }
            candidate.content = Ok(format!("{}{drops}", ended(content, candidate.dialect)).into());
        }
        Err(SkipReason::RemovedFile) => {
            candidate.content = Ok(drops.into());
            candidate.dialect = dialect;
            candidate.platform = dialect.platform().map(str::to_owned);
            // The file has no lines any more.
            candidate.line_map = LineMap::new(vec![1]);
        }
        Err(_) => {}
    }
}

fn wait_of(run: &Run<'_>) -> Duration {
    if run.context.change_request().is_some() { SHORT_WAIT } else { LONG_WAIT }
}

/// What holds for a plan of this mode, where the user does not say how long the run may wait.
#[must_use]
pub fn options(settings: &Settings, mode: &str, usual_wait: Duration) -> PlanOptions {
    let max_wait = settings.sending.max_wait.unwrap_or(usual_wait);
    let limits = SendLimits {
        max_requests: settings.sending.max_requests,
        max_wait,
        max_time: max_wait.saturating_add(SENDING_TIME),
        ..SendLimits::default()
    };
    PlanOptions {
        mode: mode.to_owned(),
        platform: settings.platform.clone(),
        limits,
        max_request_bytes: settings.sending.max_request_bytes,
        allow_secrets: settings.sending.allow_secrets,
        memory: None,
    }
}

/// The state file, where there is one.
#[must_use]
pub fn state_keeper(settings: &Settings, seal: &Seal, log: &Log) -> Option<StateKeeper> {
    settings.sending.state_file.as_ref().map(|file| StateKeeper::open(file, seal.clone(), log))
}

/// Sends a plan, talking about it and keeping the state file up to date.
pub async fn send(plan: Plan, client: &IngestClient, (log, keeper): (&Log, Option<&mut StateKeeper>)) -> IngestOutcome {
    let files = plan.files_to_send().len();
    let mut keeper = keeper;
    if let Some(keeper) = &mut keeper {
        keeper.expect(plan.marks());
    }
    let mut speaker = Speaker::new(log, files, &plan.in_short());
    let mut hear = |progress: Progress<'_>| {
        speaker.hear(&progress);
        match (&progress, &mut keeper) {
            (Progress::Settled { outcome }, Some(keeper)) => keeper.note(outcome),
            (Progress::Answered { .. }, Some(keeper)) => keeper.save(log),
            _ => {}
        }
    };
    let outcome = crate::ingest::send(plan, client, &mut hear).await;
    speaker.end();
    outcome
}

/// The client for the settings' API and token.
///
/// # Errors
/// Words for people when there is no token, no HTTPS, or the address is none.
pub fn client(settings: &Settings, run_url: Option<&Url>) -> Result<IngestClient, String> {
    let http = http_client(settings, Some(&settings.api_url))?;
    let token = settings.token.clone().ok_or_else(|| "no token is configured".to_owned())?;
    IngestClient::new(http, &settings.api_url, token, settings.extra_config.clone())
        .map(|client| client.for_run(run_url))
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
