//! `preview`: the report of a change on this machine. No network, no token, nothing is published.

use crate::changes::{self, ChangesError, ChangesOptions, LocalHead};
use crate::cli::{CommentForge, PreviewFormat, PreviewHead};
use crate::commands::{audience, unreadable};
use crate::env::Environment;
use crate::exit::{ExitInput, ExitStatus, decide};
use crate::impact;
use crate::ingest::outcome::SkipReason;
use crate::ingest::plan::{outcome_without_sending, plan};
use crate::pipeline::{SHORT_WAIT, candidates, plan_options, sides::Sides};
use crate::publish::Publication;
use crate::report::budget::Limits;
use crate::report::build::{ReportInputs, build};
use crate::report::terminal::{self, Style};
use crate::report::{Report, json, markdown};
use crate::settings::Settings;
use crate::sql::stack::drop_aside;
use crate::telemetry::{self, Log};

/// What to compare and how to print it.
pub(super) struct Request {
    pub base: Option<String>,
    pub head: PreviewHead,
    pub format: PreviewFormat,
}

pub(super) fn run(settings: &Settings, request: &Request, environment: &Environment) -> ExitStatus {
    let log = Log::new(audience(environment), &settings.secrets());
    let report = match report(settings, request) {
        Ok(report) => report,
        Err(error) => return unreadable(&error, &log),
    };
    let publication = Publication::skipped("a preview is not published");
    let text = match request.format {
        PreviewFormat::Terminal => {
            let style = Style { color: telemetry::color_welcome(environment), width: telemetry::width(environment) };
            terminal::render(&report, style)
        }
        PreviewFormat::Markdown(CommentForge::GitHub) => markdown::render(&report, Limits::GITHUB_COMMENT).text,
        PreviewFormat::Markdown(CommentForge::GitLab) => markdown::render(&report, Limits::GITLAB_COMMENT).text,
        PreviewFormat::Json => match json::render(&report, Some(&publication)) {
            Ok(text) => text,
            Err(error) => {
                log.error(&format!("the JSON report cannot be written: {error}"));
                return ExitStatus::Internal;
            }
        },
    };
    log.data(&text);
    decide(&ExitInput::of(&report, &publication), settings)
}

fn report(settings: &Settings, request: &Request) -> Result<Report, ChangesError> {
    let head = match &request.head {
        PreviewHead::Worktree => LocalHead::Worktree,
        PreviewHead::Revision(revision) => LocalHead::Revision(revision.clone()),
    };
    let changes = changes::read_local(&ChangesOptions::from(settings), request.base.as_deref(), head)?;
    let sides = Sides::read(&changes, settings);
    let impact = impact::assess(&sides.base, &sides.head, &changes.changed);
    let mode = "preview";
    let plan =
        plan(candidates(&changes.changed, &sides.head_files, &sides.head), &plan_options(settings, mode, SHORT_WAIT));
    let reason = if changes.changed.is_empty() {
        SkipReason::NothingChanged
    } else {
        SkipReason::Mode { mode: mode.to_owned() }
    };
    let mut ingest = outcome_without_sending(plan, &reason, mode);
    // Also where no file has anything to send: a preview would not have sent it.
    ingest.skipped = Some(reason);
    let report = build(ReportInputs {
        changes: &changes,
        base: &sides.base,
        head: &sides.head,
        impact,
        ingest,
        comment_id: settings.comment_id.clone(),
        blob_url: None,
        run_url: None,
        secrets: &settings.secrets(),
    });
    drop_aside(sides);
    Ok(report)
}
