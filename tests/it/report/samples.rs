//! Building blocks of reports for tests, in the words of a small shop's warehouse.

use ingest_action::diagnostic::{Coverage, Diagnostic, DiagnosticCode, DiagnosticSeverity};
use ingest_action::impact::{
    AffectedColumn, AssetChange, AssetChangeKind, ColumnChange, ColumnChangeKind, Downstream, Impact, Reader, Severity,
    Verdict,
};
use ingest_action::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, IngestStatus, SkipReason};
use ingest_action::ingest::plan::PlanSummary;
use ingest_action::lineage::model::{AssetEdge, AssetKind, AssetName, ColumnName, ColumnRef, Template};
use ingest_action::path::RepoPath;
use ingest_action::report::{Diagram, DiagramChange, DiagramNode, FileRow, Report};
use ingest_action::revision::{BaseRevision, CommitId, HeadRevision};
use ingest_action::source::{FileStatus, ListedBy};
use ingest_action::sql::dialect::Dialect;

pub fn asset(name: &str) -> AssetName {
    AssetName::from_dotted(name)
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("inside the repository")
}

/// `shop.orders.amount` → the column `amount` of `shop.orders`.
pub fn column(text: &str) -> ColumnRef {
    let (asset_name, column) = text.rsplit_once('.').expect("asset.column");
    ColumnRef { asset: asset(asset_name), column: ColumnName::new(column) }
}

pub fn columns(texts: &[&str]) -> Vec<ColumnRef> {
    texts.iter().map(|text| column(text)).collect()
}

/// `marts/daily.sql:12` reads `name`.
pub fn reader(place: &str, name: &str) -> Reader {
    let (file, line) = place.rsplit_once(':').expect("file:line");
    let reader = Some(asset(&format!("marts.{}", path(file).stem())));
    Reader { file: path(file), line: line.parse().expect("a line"), name: name.to_owned(), reader, mention: None }
}

pub fn column_change(name: &str, change: ColumnChangeKind) -> ColumnChange {
    ColumnChange::new(ColumnName::new(name), change)
}

/// A view in `views/<name>.sql`.
pub fn asset_change(name: &str, change: AssetChangeKind) -> AssetChange {
    let file = Some(path(&format!("views/{}.sql", asset(name).base_name())));
    AssetChange { file, ..AssetChange::new(asset(name), AssetKind::View, change) }
}

pub fn downstream(name: &str, distance: usize, severity: Severity) -> Downstream {
    Downstream {
        name: asset(name),
        kind: AssetKind::View,
        distance,
        severity,
        via: vec![asset("shop.orders")],
        columns: Vec::new(),
        readers: Vec::new(),
        owner: None,
        exposure: None,
    }
}

pub fn affected(name: &str, by: &[&str]) -> AffectedColumn {
    AffectedColumn { name: ColumnName::new(name), affected_by: columns(by) }
}

pub fn parse_error(file: &str, line: u32, message: &str) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::ParseError, DiagnosticSeverity::Error, &path(file), message).at(line, 1)
}

pub fn node(name: &str, change: DiagramChange) -> DiagramNode {
    DiagramNode { name: asset(name), kind: AssetKind::View, change }
}

pub fn edge(upstream: &str, downstream: &str) -> AssetEdge {
    AssetEdge { upstream: asset(upstream), downstream: asset(downstream) }
}

/// A report in which nothing happened, in a repository of 214 files.
pub fn nothing() -> Report {
    Report {
        base: BaseRevision(CommitId::parse(&"1a2b3c4d5e".repeat(4)).expect("a commit")),
        head: HeadRevision::Commit(CommitId::parse(&"9f8e7d6c5b".repeat(4)).expect("a commit")),
        comment_id: String::new(),
        blob_url: "https://github.com/acme/warehouse/blob/9f8e7d6".parse().ok(),
        run_url: "https://github.com/acme/warehouse/actions/runs/7".parse().ok(),
        files: Vec::new(),
        dbt_selector: None,
        impact: Impact { verdict: Verdict::None, assets: Vec::new(), downstream: Vec::new() },
        diagnostics: Vec::new(),
        coverage: Coverage {
            files: 214,
            parsed: 214,
            partly: 0,
            failed: 0,
            statements: 530,
            analyzed: 530,
            tables_only: 0,
            without_data_flow: 0,
            stars_unresolved: 0,
        },
        ingest: skipped(SkipReason::NothingChanged),
        diagram: Diagram::default(),
        listed_by: ListedBy::MergeParent,
    }
}

pub fn skipped(reason: SkipReason) -> IngestOutcome {
    IngestOutcome {
        mode: "pull_request".to_owned(),
        status: IngestStatus::Skipped,
        skipped: Some(reason),
        files: Vec::new(),
        assets_added: None,
        assets_modified: None,
        requests: 0,
        plan: PlanSummary::default(),
        platform: None,
        unmerged: false,
    }
}

/// The report with changed files, each sent to the catalog.
pub fn with_files(mut report: Report, files: &[(&str, FileStatus)]) -> Report {
    report.files = files
        .iter()
        .map(|(file, status)| FileRow {
            path: path(file),
            old_path: None,
            status: *status,
            dialect: Dialect::Postgres,
            dialect_reason: "folder `postgres`".to_owned(),
            asset_from_path: None,
            template: Template::None,
            statements: 1,
            analyzed: 1,
        })
        .collect();
    report.ingest = IngestOutcome {
        mode: "pull_request".to_owned(),
        status: IngestStatus::Sent,
        skipped: None,
        files: files.iter().map(|(file, _)| outcome(file, FileBucket::Sent)).collect(),
        assets_added: Some(0),
        assets_modified: Some(files.len().try_into().expect("few")),
        requests: files.len(),
        plan: PlanSummary::default(),
        platform: None,
        unmerged: false,
    };
    report
}

pub fn outcome(file: &str, bucket: FileBucket) -> FileOutcome {
    FileOutcome { path: path(file), bucket, code: None, line: None, message: None }
}
