use super::*;
use crate::diagnostic::Coverage;
use crate::env::Environment;
use crate::impact::{AssetChange, ColumnChange};
use crate::ingest::outcome::FileOutcome;
use crate::ingest::plan::PlanSummary;
use crate::lineage::model::{AssetKind, AssetName, ColumnName, Template};
use crate::path::RepoPath;
use crate::report::{Diagram, FileRow};
use crate::revision::{BaseRevision, CommitId, HeadRevision};
use crate::settings::Flags;
use crate::source::{FileStatus, ListedBy};
use crate::sql::dialect::Dialect;

fn settings<const N: usize>(variables: [(&str, &str); N]) -> Settings {
    Settings::resolve(&Flags::default(), &Environment::from(variables)).expect("valid settings")
}

fn calm() -> ExitInput {
    ExitInput {
        verdict: Verdict::None,
        removed_columns: 0,
        new_parse_errors: 0,
        ingest: IngestStatus::Sent,
        rejected_files: 0,
        publication: PublicationStatus::Created,
    }
}

fn worst() -> ExitInput {
    ExitInput {
        verdict: Verdict::Breaking,
        removed_columns: 2,
        new_parse_errors: 1,
        ingest: IngestStatus::Failed,
        rejected_files: 3,
        publication: PublicationStatus::Failed,
    }
}

const ALL_GATES: (&str, &str) = ("INPUT_FAIL-ON", "parse-error, breaking, removed-column, ingest-error");
const INGEST_FAIL: (&str, &str) = ("INPUT_ON-INGEST-ERROR", "fail");
const PUBLISH_FAIL: (&str, &str) = ("INPUT_ON-PUBLISH-ERROR", "fail");

#[test]
fn by_default_nothing_about_the_change_or_its_side_effects_turns_red() {
    assert_eq!(decide(&worst(), &settings([])), ExitStatus::Done);
}

#[test]
fn a_calm_run_is_green_under_the_strictest_settings() {
    assert_eq!(decide(&calm(), &settings([ALL_GATES, INGEST_FAIL, PUBLISH_FAIL])), ExitStatus::Done);
}

#[test]
fn a_gate_goes_before_the_ingest_and_that_before_the_comment() {
    assert_eq!(decide(&worst(), &settings([ALL_GATES, INGEST_FAIL, PUBLISH_FAIL])), ExitStatus::Gate);
    assert_eq!(decide(&worst(), &settings([INGEST_FAIL, PUBLISH_FAIL])), ExitStatus::IngestFailed);
    assert_eq!(decide(&worst(), &settings([PUBLISH_FAIL])), ExitStatus::PublishFailed);
}

#[test]
fn each_gate_looks_at_its_own_outcome_and_no_other() {
    type Spoil = fn(&mut ExitInput);
    let cases: [(Gate, Spoil); 5] = [
        (Gate::ParseError, |input| input.new_parse_errors = 1),
        (Gate::Breaking, |input| input.verdict = Verdict::Breaking),
        (Gate::RemovedColumn, |input| input.removed_columns = 1),
        (Gate::IngestError, |input| input.rejected_files = 1),
        (Gate::IngestError, |input| input.ingest = IngestStatus::Failed),
    ];
    for (gate, spoil) in cases {
        let mut input = calm();
        spoil(&mut input);
        assert_eq!(input.tripped(&Gate::ALL), [gate], "{gate:?}");
        for other in Gate::ALL {
            let expected = if other == gate { ExitStatus::Gate } else { ExitStatus::Done };
            assert_eq!(decide(&input, &settings([("INPUT_FAIL-ON", other.as_str())])), expected, "{gate:?} {other:?}");
        }
    }
}

#[test]
fn no_verdict_but_breaking_trips_its_gate() {
    for verdict in [Verdict::None, Verdict::Additive, Verdict::Review, Verdict::Incomplete] {
        assert!(!ExitInput { verdict, ..calm() }.meets(Gate::Breaking), "{verdict:?}");
    }
}

#[test]
fn an_ingest_that_left_files_behind_is_a_failed_one() {
    let strict = settings([INGEST_FAIL]);
    let cases = [
        (IngestStatus::Sent, ExitStatus::Done),
        (IngestStatus::Skipped, ExitStatus::Done),
        (IngestStatus::Partial, ExitStatus::IngestFailed),
        (IngestStatus::Failed, ExitStatus::IngestFailed),
    ];
    for (ingest, expected) in cases {
        assert_eq!(decide(&ExitInput { ingest, ..calm() }, &strict), expected, "{ingest:?}");
    }
}

#[test]
fn only_a_comment_that_the_forge_refused_is_a_failed_one() {
    use PublicationStatus::{Created, Failed, Skipped, Superseded, Unchanged, Updated};
    let strict = settings([PUBLISH_FAIL]);
    for publication in [Created, Updated, Unchanged, Superseded, Skipped] {
        assert_eq!(decide(&ExitInput { publication, ..calm() }, &strict), ExitStatus::Done, "{publication:?}");
    }
    assert_eq!(decide(&ExitInput { publication: Failed, ..calm() }, &strict), ExitStatus::PublishFailed);
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).expect("inside")
}

fn column(name: &str, change: ColumnChangeKind) -> ColumnChange {
    ColumnChange::new(ColumnName::new(name), change)
}

fn asset(name: &str, change: AssetChangeKind, columns: Vec<ColumnChange>) -> AssetChange {
    AssetChange { columns, ..AssetChange::new(AssetName::from_dotted(name), AssetKind::View, change) }
}

fn report(assets: Vec<AssetChange>, diagnostics: Vec<Diagnostic>) -> Report {
    let commit = CommitId::parse(&"a".repeat(40)).expect("an id");
    let rejected =
        FileOutcome { path: path("a.sql"), bucket: FileBucket::Rejected, code: None, line: None, message: None };
    let taken = FileOutcome { path: path("b.sql"), bucket: FileBucket::Sent, code: None, line: None, message: None };
    Report {
        base: BaseRevision(commit.clone()),
        head: HeadRevision::Commit(commit),
        comment_id: String::new(),
        blob_url: None,
        run_url: None,
        files: vec![FileRow {
            path: path("a.sql"),
            old_path: None,
            status: FileStatus::Modified,
            dialect: Dialect::Generic,
            dialect_reason: String::new(),
            asset_from_path: None,
            template: Template::None,
            statements: 1,
            analyzed: 1,
        }],
        dbt_selector: None,
        impact: Impact { verdict: Verdict::Review, assets, downstream: Vec::new() },
        diagnostics,
        coverage: Coverage::default(),
        ingest: IngestOutcome {
            mode: "pull_request".to_owned(),
            status: IngestStatus::Partial,
            skipped: None,
            files: vec![rejected, taken],
            assets_added: None,
            assets_modified: None,
            requests: 2,
            plan: PlanSummary::default(),
            platform: None,
            unmerged: false,
        },
        diagram: Diagram::default(),
        listed_by: ListedBy::GitDiff,
    }
}

fn decisive(report: &Report) -> ExitInput {
    ExitInput::of(report, &Publication { status: PublicationStatus::Skipped, url: None, reason: None })
}

#[test]
fn removed_and_renamed_columns_and_removed_assets_are_counted() {
    use ColumnChangeKind::{Added, LineageChanged, Removed, Renamed, TypeChanged};
    let changes = [Added, Removed, Renamed, TypeChanged, LineageChanged].map(|change| column("c", change)).to_vec();
    let assets = vec![
        asset("v", AssetChangeKind::Modified, changes),
        asset("gone", AssetChangeKind::Removed, Vec::new()),
        asset("new", AssetChangeKind::Added, vec![column("c", Added)]),
    ];
    let input = decisive(&report(assets, Vec::new()));
    assert_eq!((input.removed_columns, input.rejected_files, input.ingest), (3, 1, IngestStatus::Partial));
}

#[test]
fn only_new_errors_of_reading_changed_files_are_counted() {
    let diagnostic = |code, severity, file: &str| Diagnostic::new(code, severity, &path(file), "something").at(1, 1);
    let old =
        Diagnostic { preexisting: true, ..diagnostic(DiagnosticCode::ParseError, DiagnosticSeverity::Error, "a.sql") };
    let diagnostics = vec![
        diagnostic(DiagnosticCode::ParseError, DiagnosticSeverity::Error, "a.sql"),
        old,
        diagnostic(DiagnosticCode::ParseError, DiagnosticSeverity::Error, "unchanged.sql"),
        diagnostic(DiagnosticCode::ParseError, DiagnosticSeverity::Warning, "a.sql"),
        diagnostic(DiagnosticCode::AmbiguousColumn, DiagnosticSeverity::Error, "a.sql"),
    ];
    assert_eq!(decisive(&report(Vec::new(), diagnostics)).new_parse_errors, 1);
}

#[test]
fn codes_are_the_documented_ones() {
    assert_eq!(ExitStatus::ALL.map(ExitStatus::code), [0, 1, 2, 3, 4, 5, 10]);
}
