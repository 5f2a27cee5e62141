use std::sync::Arc;

use super::*;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::impact::{AssetChange, AssetChangeKind, Downstream, Severity};
use crate::ingest::outcome::{FileBucket, FileOutcome, IngestStatus, SkipReason};
use crate::ingest::plan::PlanSummary;
use crate::lineage::model::{AssetEdge, AssetKind, AssetName, FileSummary};
use crate::path::RepoPath;
use crate::report::DiagramChange;
use crate::revision::{BaseRevision, CommitId, HeadRevision};
use crate::source::{BlobId, Content, ListedBy, SourceFile, SourceTree, Unreadable};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("inside the repository")
}

fn name(text: &str) -> AssetName {
    AssetName::from_dotted(text)
}

fn file(at: &str, blob: &str, content: Content) -> (RepoPath, SourceFile) {
    (path(at), SourceFile { path: path(at), blob: BlobId(blob.into()), content })
}

fn text(at: &str, blob: &str) -> (RepoPath, SourceFile) {
    file(at, blob, Ok(Arc::from("SELECT 1")))
}

/// Both sides of one changed file, `a.sql`.
fn changes() -> ChangeSet {
    let mut base_tree = SourceTree::default();
    let mut head_tree = SourceTree::default();
    base_tree.sql.extend([text("a.sql", "1")]);
    head_tree.sql.extend([text("a.sql", "2")]);
    ChangeSet {
        base: BaseRevision(CommitId::parse(&"a".repeat(40)).expect("a commit")),
        head: HeadRevision::Worktree,
        base_tree,
        head_tree,
        changed: vec![ChangedFile { path: path("a.sql"), old_path: None, status: FileStatus::Modified }],
        listed_by: ListedBy::GitDiff,
        diagnostics: Vec::new(),
    }
}

fn ingest() -> IngestOutcome {
    IngestOutcome {
        mode: "pull_request".to_owned(),
        status: IngestStatus::Sent,
        skipped: None,
        files: Vec::new(),
        assets_added: None,
        assets_modified: None,
        requests: 0,
        plan: PlanSummary::default(),
        platform: None,
        unmerged: false,
    }
}

fn calm() -> Impact {
    Impact { verdict: Verdict::None, assets: Vec::new(), downstream: Vec::new() }
}

/// What a test gives; the rest is calm.
#[derive(Default)]
struct Given {
    changes: Option<ChangeSet>,
    base: LineageGraph,
    head: LineageGraph,
    impact: Option<Impact>,
    ingest: Option<IngestOutcome>,
}

impl Given {
    fn report(self, secrets: &[&Secret]) -> Report {
        build(ReportInputs {
            changes: &self.changes.unwrap_or_else(changes),
            base: &self.base,
            head: &self.head,
            impact: self.impact.unwrap_or_else(calm),
            ingest: self.ingest.unwrap_or_else(ingest),
            comment_id: String::new(),
            blob_url: None,
            run_url: None,
            secrets,
        })
    }
}

fn error(at: &str, line: u32, message: &str) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::ParseError, DiagnosticSeverity::Error, &path(at), message).at(line, 1)
}

fn graph(diagnostics: Vec<Diagnostic>) -> LineageGraph {
    LineageGraph { diagnostics, ..LineageGraph::default() }
}

#[test]
fn a_trouble_known_at_base_is_old_wherever_it_stands_now_and_a_second_one_is_new() {
    let base = graph(vec![error("a.sql", 3, "expected ), found x at Line: 3, Column: 1")]);
    let again = "expected ), found x at Line: 9, Column: 1";
    let head = graph(vec![error("a.sql", 9, again), error("a.sql", 20, again), error("a.sql", 5, "other")]);
    let report = Given { base, head, ..Given::default() }.report(&[]);
    let seen: Vec<(u32, bool)> = report.diagnostics.iter().map(|told| (told.line, told.preexisting)).collect();
    assert_eq!(seen, [(5, false), (20, false), (9, true)]);
}

#[test]
fn a_trouble_moves_with_its_file() {
    let mut changes = changes();
    changes.changed =
        vec![ChangedFile { path: path("b.sql"), old_path: Some(path("a.sql")), status: FileStatus::Renamed }];
    changes.head_tree.sql = [text("b.sql", "1")].into();
    let base = graph(vec![error("a.sql", 3, "x")]);
    let head = graph(vec![error("b.sql", 3, "x")]);
    let report = Given { changes: Some(changes), base, head, ..Given::default() }.report(&[]);
    assert!(report.diagnostics[0].preexisting);
    assert_eq!(report.impact.verdict, Verdict::None, "the same bytes under another path hide no change");
}

#[test]
fn changed_files_come_before_others_and_errors_before_warnings() {
    let warning = Diagnostic { severity: DiagnosticSeverity::Warning, ..error("a.sql", 1, "w") };
    let head = graph(vec![error("0.sql", 1, "elsewhere"), warning, error("a.sql", 7, "here")]);
    let report = Given { head, ..Given::default() }.report(&[]);
    let seen: Vec<&str> = report.diagnostics.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(seen, ["here", "elsewhere", "w"]);
}

#[test]
fn a_changed_file_that_is_not_understood_is_never_shown_green() {
    for (before, verdict, after) in [
        (Vec::new(), Verdict::None, Verdict::Incomplete),
        (Vec::new(), Verdict::Review, Verdict::Incomplete),
        (Vec::new(), Verdict::Breaking, Verdict::Breaking),
        (vec![error("a.sql", 1, "x")], Verdict::None, Verdict::Incomplete),
    ] {
        let impact = Some(Impact { verdict, ..calm() });
        let head = graph(vec![error("a.sql", 1, "x")]);
        let report = Given { base: graph(before), head, impact, ..Given::default() }.report(&[]);
        assert_eq!(report.impact.verdict, after, "{verdict:?}");
    }
}

#[test]
fn a_trouble_in_an_untouched_file_leaves_the_verdict() {
    let head = graph(vec![error("other.sql", 1, "x")]);
    assert_eq!(Given { head, ..Given::default() }.report(&[]).impact.verdict, Verdict::None);
}

#[test]
fn a_changed_file_that_cannot_be_read_on_either_side_is_named_once() {
    let mut unreadable = changes();
    unreadable.head_tree.sql = [file("a.sql", "2", Err(Unreadable::LfsPointer))].into();
    unreadable.base_tree.sql = [file("a.sql", "1", Err(Unreadable::MissingObject))].into();
    let message = Unreadable::LfsPointer.to_string();
    unreadable.diagnostics = vec![Diagnostic::new(
        DiagnosticCode::UnreadableFile,
        DiagnosticSeverity::Error,
        &path("a.sql"),
        message.as_str(),
    )];
    let report = Given { changes: Some(unreadable), ..Given::default() }.report(&[]);
    let seen: Vec<DiagnosticCode> = report.diagnostics.iter().map(|told| told.code).collect();
    assert_eq!(seen, [DiagnosticCode::UnreadableFile, DiagnosticCode::IncompleteSide]);
    assert_eq!(report.impact.verdict, Verdict::Incomplete);
}

#[test]
fn what_was_broken_before_and_is_understood_now_is_told() {
    let summary = |analyzed| FileSummary {
        dialect: Dialect::Postgres,
        dialect_reason: "the test".to_owned(),
        asset_from_path: None,
        template: Template::None,
        statements: 2,
        analyzed,
        tables_only: 0,
        without_data_flow: 0,
        assets: std::collections::BTreeSet::new(),
    };
    let side =
        |analyzed| LineageGraph { files: [(path("a.sql"), summary(analyzed))].into(), ..LineageGraph::default() };
    let report = Given { base: side(1), head: side(2), ..Given::default() }.report(&[]);
    assert_eq!(report.diagnostics[0].severity, DiagnosticSeverity::Note);
    assert_eq!((report.files[0].statements, report.files[0].analyzed), (2, 2));
    assert_eq!(report.files[0].dialect, Dialect::Postgres);
}

#[test]
fn every_changed_file_has_one_bucket_whatever_the_stage_told() {
    let row = |at: &str, bucket| FileOutcome { path: path(at), bucket, code: None, line: None, message: None };
    let mut two = changes();
    two.changed.insert(0, ChangedFile { path: path("z.sql"), old_path: None, status: FileStatus::Removed });
    let told =
        vec![row("a.sql", FileBucket::Sent), row("a.sql", FileBucket::Rejected), row("stranger.sql", FileBucket::Sent)];
    let outcome = IngestOutcome { files: told, ..ingest() };
    let report = Given { changes: Some(two), ingest: Some(outcome), ..Given::default() }.report(&[]);
    let seen: Vec<(&str, &FileBucket)> =
        report.ingest.files.iter().map(|row| (row.path.as_str(), &row.bucket)).collect();
    assert_eq!(seen, [("a.sql", &FileBucket::Sent), ("z.sql", &FileBucket::Skipped(SkipReason::RemovedFile))]);
}

fn change(text: &str, change: AssetChangeKind) -> AssetChange {
    AssetChange::new(name(text), AssetKind::View, change)
}

fn edges(pairs: &[(&str, &str)]) -> LineageGraph {
    let asset_edges = pairs.iter().map(|(up, down)| AssetEdge { upstream: name(up), downstream: name(down) }).collect();
    LineageGraph { asset_edges, ..LineageGraph::default() }
}

#[test]
fn the_diagram_holds_one_hop_around_a_change_and_what_it_reaches() {
    let head = edges(&[("far", "near"), ("near", "v"), ("v", "d1"), ("d1", "d2"), ("other", "d2")]);
    let base = edges(&[("gone", "v")]);
    let reached = |text: &str| Downstream {
        name: name(text),
        kind: AssetKind::View,
        distance: 1,
        severity: Severity::Review,
        via: Vec::new(),
        columns: Vec::new(),
        owner: None,
        exposure: None,
        readers: Vec::new(),
    };
    let impact = Impact {
        verdict: Verdict::Review,
        assets: vec![change("v", AssetChangeKind::Modified)],
        downstream: vec![reached("d1"), reached("d2")],
    };
    let diagram = Given { base, head, impact: Some(impact), ..Given::default() }.report(&[]).diagram;
    let seen: Vec<String> = diagram.edges.iter().map(|edge| format!("{} {}", edge.upstream, edge.downstream)).collect();
    assert_eq!(seen, ["d1 d2", "gone v", "near v", "v d1"]);
    let change = diagram.nodes.iter().find(|node| node.name == name("v")).map(|node| node.change);
    assert_eq!(change, Some(DiagramChange::Modified));
}

#[test]
fn a_crowded_diagram_keeps_the_worst_edges_and_counts_the_rest() {
    let many: Vec<(String, String)> = (0..60).map(|number| ("a".to_owned(), format!("d{number:02}"))).collect();
    let mut pairs: Vec<(&str, &str)> = many.iter().map(|(up, down)| (up.as_str(), down.as_str())).collect();
    pairs.push(("z", "broken"));
    let impact = Impact {
        verdict: Verdict::Breaking,
        assets: vec![change("a", AssetChangeKind::Added), change("z", AssetChangeKind::Removed)],
        downstream: Vec::new(),
    };
    let diagram = Given { head: edges(&pairs), impact: Some(impact), ..Given::default() }.report(&[]).diagram;
    assert_eq!((diagram.edges.len(), diagram.omitted_edges), (40, 21));
    assert!(diagram.edges.iter().any(|edge| edge.upstream == name("z")));
}

#[test]
fn no_secret_reaches_the_report_and_no_credential_stays_in_its_sql() {
    let secret = Secret::new("tok_abc123").expect("not empty");
    let mut view = change("shop.tok_abc123", AssetChangeKind::Modified);
    view.base_definition = Some("CREATE USER u PASSWORD 'hunter2'".to_owned());
    view.head_definition = Some("SELECT 'tok_abc123'".to_owned());
    view.upstream_added = vec![name("raw.tok_abc123")];
    let impact = Impact { verdict: Verdict::Review, assets: vec![view], downstream: Vec::new() };
    let mut outcome = ingest();
    outcome.status = IngestStatus::Skipped;
    outcome.skipped = Some(SkipReason::Stopped { reason: "bad token tok_abc123".to_owned() });
    let head = LineageGraph {
        diagnostics: vec![error("a.sql", 1, "found: tok_abc123")],
        ..edges(&[("raw.tok_abc123", "shop.tok_abc123")])
    };
    let report = Given { head, impact: Some(impact), ingest: Some(outcome), ..Given::default() }.report(&[&secret]);
    let shown = format!("{report:?}");
    assert!(!shown.contains("tok_abc123") && !shown.contains("hunter2"), "{shown}");
    assert_eq!(report.diagram.nodes[0].name, name("raw.***"));
}
