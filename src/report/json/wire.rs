//! The wire structs of the report, in the order of the contract.

use serde::Serialize;

use crate::diagnostic::{Coverage, Diagnostic};
use crate::impact::{AssetChange, ClauseChange, ColumnChange, Confidence, Downstream, Reader};
use crate::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, IngestStatus};
use crate::ingest::plan::PlanSummary;
use crate::lineage::model::{AssetName, ColumnRef, Exposure};
use crate::publish::Publication;
use crate::report::{FileRow, Report, words};

#[derive(Serialize)]
pub struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    base: String,
    head: String,
    verdict: &'static str,
    files: Vec<File<'a>>,
    assets: Vec<Asset<'a>>,
    downstream: Vec<Reached<'a>>,
    dbt_selector: Option<&'a str>,
    diagnostics: Vec<Remark<'a>>,
    coverage: CoverageCounts,
    ingest: Ingest<'a>,
    publication: Option<Published<'a>>,
}

impl<'a> Document<'a> {
    pub fn new(report: &'a Report, publication: Option<&'a Publication>) -> Self {
        Self {
            schema_version: super::SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            base: report.base.to_string(),
            head: report.head.to_string(),
            verdict: report.impact.verdict.as_str(),
            files: report.files.iter().map(File::from).collect(),
            assets: report.impact.assets.iter().map(Asset::from).collect(),
            downstream: report.impact.downstream.iter().map(Reached::from).collect(),
            dbt_selector: report.dbt_selector.as_deref(),
            diagnostics: report.diagnostics.iter().map(Remark::from).collect(),
            coverage: report.coverage.into(),
            ingest: Ingest::from(&report.ingest),
            publication: publication.map(Published::from),
        }
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    old_path: Option<&'a str>,
    status: &'static str,
    dialect: &'static str,
    dialect_reason: &'a str,
    asset_from_path: Option<&'a str>,
    template: &'static str,
    statements: usize,
    analyzed: usize,
}

impl<'a> From<&'a FileRow> for File<'a> {
    fn from(row: &'a FileRow) -> Self {
        Self {
            path: row.path.as_str(),
            old_path: row.old_path.as_ref().map(|path| path.as_str()),
            status: words::file_status(row.status),
            dialect: row.dialect.name(),
            dialect_reason: &row.dialect_reason,
            asset_from_path: row.asset_from_path.as_deref(),
            template: row.template.as_str(),
            statements: row.statements,
            analyzed: row.analyzed,
        }
    }
}

#[derive(Serialize)]
struct Asset<'a> {
    name: &'a str,
    kind: &'static str,
    change: &'static str,
    previous_name: Option<&'a str>,
    confidence: Option<&'static str>,
    file: Option<&'a str>,
    line: u32,
    columns: Vec<Column<'a>>,
    row_set: Vec<&'static str>,
    row_set_clauses: Vec<Clause<'a>>,
    read_by_position: Vec<&'a str>,
    readers: Vec<Place<'a>>,
    refused: Vec<Place<'a>>,
    owner: Option<&'a str>,
    upstream: Upstream<'a>,
}

/// What of a clause only one side has.
#[derive(Serialize)]
struct Clause<'a> {
    clause: &'static str,
    base: &'a [String],
    head: &'a [String],
}

impl<'a> From<&'a ClauseChange> for Clause<'a> {
    fn from(change: &'a ClauseChange) -> Self {
        Self { clause: change.clause.as_str(), base: &change.base, head: &change.head }
    }
}

#[derive(Serialize)]
struct Upstream<'a> {
    added: Vec<&'a str>,
    removed: Vec<&'a str>,
}

impl<'a> From<&'a AssetChange> for Asset<'a> {
    fn from(asset: &'a AssetChange) -> Self {
        Self {
            name: asset.name.as_str(),
            kind: asset.kind.as_str(),
            change: asset.change.as_str(),
            previous_name: asset.previous_name.as_ref().map(AssetName::as_str),
            confidence: asset.confidence.map(Confidence::as_str),
            file: asset.file.as_ref().map(|path| path.as_str()),
            line: asset.line,
            columns: asset.columns.iter().map(Column::from).collect(),
            row_set: asset.row_set.iter().map(|change| change.clause.as_str()).collect(),
            row_set_clauses: asset.row_set.iter().map(Clause::from).collect(),
            read_by_position: asset.read_by_position.iter().map(AssetName::as_str).collect(),
            readers: asset.readers.iter().map(Place::from).collect(),
            refused: asset.refused.iter().map(Place::from).collect(),
            owner: asset.owner.as_deref(),
            upstream: Upstream {
                added: asset.upstream_added.iter().map(AssetName::as_str).collect(),
                removed: asset.upstream_removed.iter().map(AssetName::as_str).collect(),
            },
        }
    }
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    change: &'static str,
    previous_name: Option<&'a str>,
    confidence: Option<&'static str>,
    #[serde(rename = "type")]
    data_type: Types<'a>,
    sources: Sides<Vec<String>>,
    expression: Sides<Option<&'a str>>,
    readers: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Types<'a> {
    base: Option<&'a str>,
    head: Option<&'a str>,
    widened: bool,
}

#[derive(Serialize)]
struct Sides<T> {
    base: T,
    head: T,
}

impl<'a> From<&'a ColumnChange> for Column<'a> {
    fn from(column: &'a ColumnChange) -> Self {
        Self {
            name: column.name.as_str(),
            change: column.change.as_str(),
            previous_name: column.previous_name.as_ref().map(|name| name.as_str()),
            confidence: column.confidence.map(Confidence::as_str),
            data_type: Types {
                base: column.base_type.as_deref(),
                head: column.head_type.as_deref(),
                widened: column.is_widened(),
            },
            sources: Sides { base: dotted(&column.base_sources), head: dotted(&column.head_sources) },
            expression: Sides { base: column.base_expression.as_deref(), head: column.head_expression.as_deref() },
            readers: column.readers.iter().map(Place::from).collect(),
        }
    }
}

fn dotted(columns: &[ColumnRef]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

#[derive(Serialize)]
struct Reached<'a> {
    name: &'a str,
    kind: &'static str,
    distance: usize,
    severity: &'static str,
    via: Vec<&'a str>,
    columns: Vec<ReachedColumn<'a>>,
    readers: Vec<Place<'a>>,
    owner: Option<&'a str>,
    exposure: Option<ExposureRow<'a>>,
}

/// What people are told of an exposure.
#[derive(Serialize)]
pub struct ExposureRow<'a> {
    label: Option<&'a str>,
    #[serde(rename = "type")]
    category: Option<&'a str>,
    owner: Option<&'a str>,
    url: Option<&'a str>,
}

impl<'a> From<&'a Exposure> for ExposureRow<'a> {
    fn from(exposure: &'a Exposure) -> Self {
        Self {
            label: exposure.label.as_deref(),
            category: exposure.category.as_deref(),
            owner: exposure.owner.as_deref(),
            url: exposure.url.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ReachedColumn<'a> {
    name: &'a str,
    affected_by: Vec<String>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    name: &'a str,
    what: Option<String>,
}

impl<'a> From<&'a Reader> for Place<'a> {
    fn from(reader: &'a Reader) -> Self {
        Self {
            file: reader.file.as_str(),
            line: reader.line,
            name: &reader.name,
            what: reader.mention.as_ref().map(ToString::to_string),
        }
    }
}

impl<'a> From<&'a Downstream> for Reached<'a> {
    fn from(asset: &'a Downstream) -> Self {
        let column = |column: &'a crate::impact::AffectedColumn| ReachedColumn {
            name: column.name.as_str(),
            affected_by: dotted(&column.affected_by),
        };
        Self {
            name: asset.name.as_str(),
            kind: asset.kind.as_str(),
            distance: asset.distance,
            severity: asset.severity.as_str(),
            via: asset.via.iter().map(AssetName::as_str).collect(),
            columns: asset.columns.iter().map(column).collect(),
            readers: asset.readers.iter().map(Place::from).collect(),
            owner: asset.owner.as_deref(),
            exposure: asset.exposure.as_ref().map(ExposureRow::from),
        }
    }
}

#[derive(Serialize)]
struct Remark<'a> {
    code: &'static str,
    severity: &'static str,
    file: Option<&'a str>,
    line: u32,
    column: u32,
    message: &'a str,
    preexisting: bool,
}

impl<'a> From<&'a Diagnostic> for Remark<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.as_str(),
            file: diagnostic.file.as_ref().map(|path| path.as_str()),
            line: diagnostic.line,
            column: diagnostic.column,
            message: &diagnostic.message,
            preexisting: diagnostic.preexisting,
        }
    }
}

/// Shared with the contract of the lineage graph.
#[derive(Serialize)]
pub struct CoverageCounts {
    files: usize,
    parsed: usize,
    partly: usize,
    failed: usize,
    statements: usize,
    analyzed: usize,
    tables_only: usize,
    without_data_flow: usize,
    stars_unresolved: usize,
}

impl From<Coverage> for CoverageCounts {
    fn from(coverage: Coverage) -> Self {
        let Coverage { files, parsed, partly, failed, statements, analyzed, .. } = coverage;
        let Coverage { tables_only, without_data_flow, stars_unresolved, .. } = coverage;
        Self { files, parsed, partly, failed, statements, analyzed, tables_only, without_data_flow, stars_unresolved }
    }
}

#[derive(Serialize)]
struct Ingest<'a> {
    mode: &'a str,
    status: &'static str,
    files: Vec<IngestedFile<'a>>,
    /// `null` when files were sent and the catalog gave no counts.
    assets_added: Option<u64>,
    assets_modified: Option<u64>,
    requests: usize,
    plan: Planned,
}

/// What was planned before the first request.
#[derive(Serialize)]
struct Planned {
    files: usize,
    unchanged: usize,
    requests: usize,
    bytes: usize,
    deferred: usize,
    seconds_at_most: u64,
}

impl From<PlanSummary> for Planned {
    fn from(plan: PlanSummary) -> Self {
        let PlanSummary { files, unchanged, requests, bytes, deferred, seconds_at_most } = plan;
        Self { files, unchanged, requests, bytes, deferred, seconds_at_most }
    }
}

#[derive(Serialize)]
struct IngestedFile<'a> {
    path: &'a str,
    status: &'static str,
    code: Option<&'a str>,
    line: Option<u32>,
    message: Option<String>,
}

impl<'a> From<&'a IngestOutcome> for Ingest<'a> {
    fn from(outcome: &'a IngestOutcome) -> Self {
        let nothing_taken = matches!(outcome.status, IngestStatus::Skipped | IngestStatus::Failed);
        let count = |count: Option<u64>| count.or_else(|| nothing_taken.then_some(0));
        Self {
            mode: &outcome.mode,
            status: outcome.status.as_str(),
            files: outcome.files.iter().map(IngestedFile::from).collect(),
            assets_added: count(outcome.assets_added),
            assets_modified: count(outcome.assets_modified),
            requests: outcome.requests,
            plan: outcome.plan.into(),
        }
    }
}

impl<'a> From<&'a FileOutcome> for IngestedFile<'a> {
    fn from(file: &'a FileOutcome) -> Self {
        let reason = match &file.bucket {
            FileBucket::Skipped(reason) => Some(match words::skip_reason(reason) {
                (ours, Some(theirs)) => format!("{ours} {theirs}"),
                (ours, None) => ours.to_owned(),
            }),
            _ => None,
        };
        Self {
            path: file.path.as_str(),
            status: file.bucket.as_str(),
            code: file.code.as_deref(),
            line: file.line,
            message: file.message.clone().or(reason),
        }
    }
}

#[derive(Serialize)]
struct Published<'a> {
    status: &'static str,
    url: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Publication> for Published<'a> {
    fn from(publication: &'a Publication) -> Self {
        Self {
            status: publication.status.as_str(),
            url: publication.url.as_deref(),
            reason: publication.reason.as_deref(),
        }
    }
}
