//! The publish stage: log, annotations, job summary, comment, outputs, report file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diagnostic::DiagnosticSeverity;
use crate::impact::{ColumnChangeKind, Verdict};
use crate::ingest::outcome::FileBucket;
use crate::pipeline::Run;
use crate::pipeline::comments::Comments;
use crate::platform::context::{ChangeRequest, Forge};
use crate::publish::{CommentRequest, Publication, annotations, outputs, step_summary};
use crate::report::budget::Limits;
use crate::report::terminal::{self, Style};
use crate::report::{Report, json, markdown, redact};
use crate::revision::HeadRevision;

/// Largest value of an output: GitHub takes 1 MB for all outputs of a job.
const LARGEST_OUTPUT: usize = 256 * 1024;

/// What stands around the memory in the comment's hidden line.
const MEMORY_FIELD: &str = " state=";

/// Gets the report to people. The comment's outcome is the value; the other places warn in the log.
pub(super) async fn publish(
    run: &Run<'_>,
    report: &Report,
    comments: (&Result<Comments, Publication>, &str),
) -> Publication {
    let style = Style { color: false, width: 120 };
    run.log.block("Lineage of this change", &terminal::render(report, style));
    for line in annotations::render(&annotations::from_report(report)) {
        run.log.command(&line);
    }
    summarize(run, report);
    let publication = comment(run, report, comments).await;
    match &publication.reason {
        Some(reason) => run.log.note(&format!("comment {}: {reason}", publication.status.as_str())),
        None => run.log.note(&format!("comment {}", publication.status.as_str())),
    }
    let json = match json::render(report, Some(&publication)) {
        Ok(json) => json,
        Err(error) => {
            run.log.warning(&format!("the JSON report cannot be written: {error}"));
            String::new()
        }
    };
    write_report_file(run, &json);
    write_outputs(run, report, (&publication, json));
    publication
}

fn summarize(run: &Run<'_>, report: &Report) {
    let Some(path) = run.environment.var("GITHUB_STEP_SUMMARY") else { return };
    let body = markdown::render(report, Limits::JOB_SUMMARY).text;
    if redact::contains_secret(&body, &run.settings.secrets()) {
        run.log.warning("the job summary would hold a configured secret and was not written");
    } else if let Err(error) = step_summary::append(Path::new(path), &body) {
        run.log.warning(&crate::error::chain(&error));
    }
}

async fn comment(
    run: &Run<'_>,
    report: &Report,
    (comments, state): (&Result<Comments, Publication>, &str),
) -> Publication {
    let (Some(request), HeadRevision::Commit(_)) = (run.context.change_request(), &report.head) else {
        return Publication::skipped("this run is not about a pull request or merge request");
    };
    let comments = match comments {
        Ok(comments) => comments,
        Err(publication) => return publication.clone(),
    };
    let limits = if run.context.forge == Forge::GitLab { Limits::GITLAB_COMMENT } else { Limits::GITHUB_COMMENT };
    // What the hidden line remembers stands in the comment too.
    let room = Limits { size: limits.size.saturating_sub(state.len() + MEMORY_FIELD.len()), ..limits };
    let body = markdown::render(report, room).text;
    let essence = markdown::render(&without_counts(report), limits).text;
    if redact::contains_secret(&body, &run.settings.secrets()) {
        return Publication::failed("the comment would hold a configured secret; nothing was posted");
    }
    let comment = CommentRequest { state: state.to_owned(), ..comment_request(run, report, request, (body, essence)) };
    comments.publish(&comment).await
}

fn comment_request(
    run: &Run<'_>,
    report: &Report,
    request: &ChangeRequest,
    (body, essence): (String, String),
) -> CommentRequest {
    CommentRequest {
        body,
        essence,
        state: String::new(),
        comment_id: run.settings.comment_id.clone(),
        head: request.head.clone(),
        run_id: run.context.run_id,
        run_attempt: run.context.run_attempt,
        create_if_absent: !report.files.is_empty() || report.impact.verdict != Verdict::None,
    }
}

/// The report without what the catalog made of the files: the first run sends them and adds assets, and a second one on
/// the same commit finds them there.
fn without_counts(report: &Report) -> Report {
    let mut report = report.clone();
    report.ingest.assets_added = None;
    report.ingest.assets_modified = None;
    for file in report.ingest.files.iter_mut().filter(|file| file.bucket == FileBucket::Unchanged) {
        file.bucket = FileBucket::Sent;
    }
    report
}

fn write_report_file(run: &Run<'_>, json: &str) {
    let Some(path) = &run.settings.report_file else { return };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = made.and_then(|()| std::fs::write(path, json)) {
        run.log.warning(&format!("the report file {} cannot be written: {error}", path.display()));
    }
}

fn write_outputs(run: &Run<'_>, report: &Report, (publication, json): (&Publication, String)) {
    let Some(path) = run.environment.var("GITHUB_OUTPUT") else { return };
    let columns = || report.impact.assets.iter().flat_map(|asset| &asset.columns);
    let gone =
        columns().filter(|column| matches!(column.change, ColumnChangeKind::Removed | ColumnChangeKind::Renamed));
    let errors = report.diagnostics.iter().filter(|diagnostic| {
        let changed = |file: &crate::path::RepoPath| report.files.iter().any(|row| row.path == *file);
        diagnostic.severity == DiagnosticSeverity::Error && diagnostic.file.as_ref().is_some_and(changed)
    });
    let values = BTreeMap::from([
        ("verdict", report.impact.verdict.as_str().to_owned()),
        ("changed-files", report.files.len().to_string()),
        ("changed-assets", report.impact.assets.len().to_string()),
        ("changed-columns", columns().count().to_string()),
        ("removed-columns", gone.count().to_string()),
        ("downstream-count", report.impact.downstream.len().to_string()),
        ("parse-errors", errors.count().to_string()),
        ("dbt-selector", report.dbt_selector.clone().filter(|it| it.len() <= LARGEST_OUTPUT).unwrap_or_default()),
        ("ingest-status", report.ingest.status.as_str().to_owned()),
        ("comment-url", publication.url.clone().unwrap_or_default()),
        ("report-json", if json.len() <= LARGEST_OUTPUT { json } else { String::new() }),
    ]);
    let id = format!("{}-{}", run.context.run_id, run.context.run_attempt);
    if let Err(error) = outputs::append(Path::new(path), &values, &id) {
        run.log.warning(&crate::error::chain(&error));
    }
}
