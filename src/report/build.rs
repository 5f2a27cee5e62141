//! From the outcomes of the earlier stages to the [`Report`]: file rows, ordered diagnostics, the final verdict, the
//! catalog's ledger and the diagram. Every text is redacted here, so that no renderer ever sees a secret.

mod diagnostics;
mod diagram;
mod ledger;
mod redaction;
mod selector;

use url::Url;

use crate::impact::{Impact, Verdict};
use crate::ingest::outcome::IngestOutcome;
use crate::lineage::model::{LineageGraph, Template};
use crate::report::{FileRow, Report};
use crate::secret::Secret;
use crate::source::{ChangeSet, ChangedFile, FileStatus};
use crate::sql::dialect::Dialect;

/// What the report is made of.
#[derive(Debug)]
pub struct ReportInputs<'a> {
    /// The two sides and the changed files.
    pub changes: &'a ChangeSet,
    /// Lineage before.
    pub base: &'a LineageGraph,
    /// Lineage after.
    pub head: &'a LineageGraph,
    /// The difference, judged without knowing what was not understood.
    pub impact: Impact,
    /// What the catalog said.
    pub ingest: IngestOutcome,
    /// Tells several reports on one change request apart; empty for one.
    pub comment_id: String,
    /// Where files of head can be looked at; see [`Report::blob_url`].
    pub blob_url: Option<Url>,
    /// Where the run's log can be read.
    pub run_url: Option<Url>,
    /// Every configured secret.
    pub secrets: &'a [&'a Secret],
}

/// Makes the report. A verdict calmer than [`Verdict::Breaking`] becomes [`Verdict::Incomplete`] when something of a
/// changed file was not understood, be it new or old: the change may sit in that very part.
#[must_use]
pub fn build(inputs: ReportInputs<'_>) -> Report {
    let ReportInputs { changes, base, head, mut impact, ingest, comment_id, blob_url, run_url, secrets } = inputs;
    let diagnostics = diagnostics::collect(changes, base, head);
    if diagnostics::hide_a_change(&diagnostics, changes) && impact.verdict != Verdict::Breaking {
        impact.verdict = Verdict::Incomplete;
    }
    let report = Report {
        base: changes.base.clone(),
        head: changes.head.clone(),
        comment_id,
        blob_url,
        run_url,
        files: changes.changed.iter().map(|file| file_row(file, base, head)).collect(),
        diagram: diagram::build(base, head, &impact),
        dbt_selector: selector::selector(&impact, &head.selectors),
        impact,
        diagnostics,
        coverage: head.coverage,
        ingest: ledger::balance(ingest, &changes.changed),
        listed_by: changes.listed_by,
    };
    redaction::apply(report, secrets)
}

fn file_row(file: &ChangedFile, base: &LineageGraph, head: &LineageGraph) -> FileRow {
    let side = if file.status == FileStatus::Removed { base } else { head };
    let summary = side.files.get(&file.path);
    FileRow {
        path: file.path.clone(),
        old_path: file.old_path.clone(),
        status: file.status,
        dialect: summary.map_or(Dialect::Generic, |summary| summary.dialect),
        dialect_reason: summary.map_or_else(String::new, |summary| summary.dialect_reason.clone()),
        asset_from_path: summary.and_then(|summary| summary.asset_from_path.as_deref().map(str::to_owned)),
        template: summary.map_or(Template::None, |summary| summary.template),
        statements: summary.map_or(0, |summary| summary.statements),
        analyzed: summary.map_or(0, |summary| summary.analyzed),
    }
}

#[cfg(test)]
mod tests;
