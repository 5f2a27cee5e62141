//! Any report at all: hostile names, strange combinations, and as many of everything as a rewrite of a warehouse has.

use ingest_action::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use ingest_action::impact::{
    AffectedColumn, AssetChange, AssetChangeKind, ClauseChange, ColumnChange, ColumnChangeKind, Confidence, Downstream,
    Reader, RowSetChange, Severity, Verdict,
};
use ingest_action::ingest::outcome::{FileBucket, FileOutcome, IngestStatus, SkipReason};
use ingest_action::lineage::model::{AssetName, ColumnName, ColumnRef, Exposure, Mention, MentionKind};
use ingest_action::path::RepoPath;
use ingest_action::report::{Diagram, DiagramChange, DiagramNode, Report};
use ingest_action::source::FileStatus;
use ingest_action::sql::dialect::Dialect;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::samples;

/// Texts that mean something to a renderer somewhere.
const HOSTILE: [&str; 36] = [
    "@octocat",
    "#1",
    "GH-2",
    "octo/repo#3",
    "octo/repo@9f8e7d6",
    "!4",
    "$5",
    "~bug",
    "&6",
    "%7",
    "[epic:8]",
    "9f8e7d6c5b9f8e7d6c5b9f8e7d6c5b9f8e7d6c5b",
    "https://evil.example",
    "www.evil.example",
    "a@evil.example",
    "[t](https://evil.example)",
    "![i](https://evil.example/i.png)",
    "<img src=x>",
    "<a href=x>y</a>",
    "</details>",
    "<details>",
    "<!-- ingest-action -->",
    "-->",
    "```",
    "`````",
    "`",
    "``",
    "|",
    "\\|",
    "\\",
    "\n\n# heading\n\n",
    "\n<!-- ingest-action -->\n",
    "%%{init: {}}%%",
    "\"] --> x[\"",
    "\u{202e}\u{1b}[31m",
    ":100:",
];

pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => select(HOSTILE.to_vec()).prop_map(str::to_owned),
        2 => "[a-z_]{1,12}",
        1 => "\\PC{0,20}",
        1 => any::<String>(),
    ];
    prop_oneof![
        8 => vec(piece.clone(), 1..4).prop_map(|pieces| pieces.concat()),
        4 => vec(piece.clone(), 2..4).prop_map(|pieces| pieces.join(" ")),
        1 => (piece, 1_usize..400).prop_map(|(piece, times)| piece.repeat(times)),
    ]
}

fn asset() -> impl Strategy<Value = AssetName> {
    text().prop_map(|text| AssetName::from_dotted(&text))
}

fn column() -> impl Strategy<Value = ColumnRef> {
    (asset(), text()).prop_map(|(asset, column)| ColumnRef { asset, column: ColumnName::new(&column) })
}

pub fn path() -> impl Strategy<Value = RepoPath> {
    text().prop_map(|text| RepoPath::new(&format!("views/{}.sql", text.replace(['\0', '/'], "_"))).expect("is inside"))
}

fn reader() -> impl Strategy<Value = Reader> {
    let mention = (select(vec![MentionKind::Test, MentionKind::Contract, MentionKind::UnitTest]), text())
        .prop_map(|(kind, name)| Mention { kind, name: name.into() });
    (path(), 0_u32..99, text(), option::of(asset()), option::of(mention))
        .prop_map(|(file, line, name, reader, mention)| Reader { file, line, name, reader, mention })
}

fn column_change() -> impl Strategy<Value = ColumnChange> {
    let kinds = [
        ColumnChangeKind::Added,
        ColumnChangeKind::Removed,
        ColumnChangeKind::Renamed,
        ColumnChangeKind::TypeChanged,
        ColumnChangeKind::LineageChanged,
    ];
    let names = (text(), option::of(text()), select(kinds.to_vec()));
    let sides = (option::of(text()), option::of(text()), vec(column(), 0..3), vec(column(), 0..3));
    let confidence = option::of(select(vec![Confidence::Certain, Confidence::Likely]));
    let expressions = (option::of(text()), option::of(text()), vec(reader(), 0..4));
    (names, sides, expressions, confidence).prop_map(|(names, sides, expressions, confidence)| ColumnChange {
        confidence,
        name: ColumnName::new(&names.0),
        previous_name: names.1.map(|name| ColumnName::new(&name)),
        change: names.2,
        base_type: sides.0,
        head_type: sides.1,
        base_sources: sides.2,
        head_sources: sides.3,
        base_expression: expressions.0,
        head_expression: expressions.1,
        readers: expressions.2,
    })
}

fn asset_change() -> impl Strategy<Value = AssetChange> {
    let kinds = [AssetChangeKind::Added, AssetChangeKind::Removed, AssetChangeKind::Modified, AssetChangeKind::Renamed];
    let row_set = [RowSetChange::Filter, RowSetChange::Join, RowSetChange::SetOperation];
    let names = (asset(), option::of(asset()), select(kinds.to_vec()), option::of(path()));
    let inside = (
        vec(column_change(), 0..4),
        vec((select(row_set.to_vec()), vec(text(), 0..3), vec(text(), 0..3)), 0..3),
        vec(reader(), 0..3),
        vec(reader(), 0..2),
    );
    let texts = (option::of(text()), option::of(text()), option::of(text()));
    let around = (vec(asset(), 0..3), vec(asset(), 0..3), texts);
    (names, inside, around).prop_map(|(names, inside, around)| AssetChange {
        name: names.0,
        previous_name: names.1,
        change: names.2,
        file: names.3,
        columns: inside.0,
        row_set: inside.1.into_iter().map(|(clause, base, head)| ClauseChange { clause, base, head }).collect(),
        readers: inside.2,
        refused: inside.3,
        owner: around.2.2,
        upstream_added: around.0,
        upstream_removed: around.1,
        base_definition: around.2.0,
        head_definition: around.2.1,
        ..samples::asset_change("x", AssetChangeKind::Modified)
    })
}

fn downstream() -> impl Strategy<Value = Downstream> {
    let severity = select(vec![Severity::Info, Severity::Review, Severity::Breaking]);
    let affected = (text(), vec(column(), 0..3))
        .prop_map(|(name, affected_by)| AffectedColumn { name: ColumnName::new(&name), affected_by });
    let words = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let exposure = words.prop_map(|(label, category, owner, url)| Exposure { label, category, owner, url });
    (asset(), 1_usize..9, severity, vec(asset(), 0..5), (vec(affected, 0..4), option::of(exposure), option::of(text())))
        .prop_map(|(name, distance, severity, via, (columns, exposure, owner))| Downstream {
            name,
            via,
            columns,
            exposure,
            owner,
            ..samples::downstream("x", distance, severity)
        })
}

fn diagnostic() -> impl Strategy<Value = Diagnostic> {
    let codes = [DiagnosticCode::ParseError, DiagnosticCode::UnresolvedStar, DiagnosticCode::IncompleteSide];
    let severities = [DiagnosticSeverity::Error, DiagnosticSeverity::Warning, DiagnosticSeverity::Note];
    let words = (text(), option::of(text()), any::<bool>());
    (select(codes.to_vec()), select(severities.to_vec()), option::of(path()), 0_u32..99, words).prop_map(
        |(code, severity, file, line, (message, hint, preexisting))| Diagnostic {
            code,
            severity,
            file,
            line,
            column: line,
            message,
            hint,
            preexisting,
        },
    )
}

pub fn outcome() -> impl Strategy<Value = FileOutcome> {
    let bucket = prop_oneof![
        Just(FileBucket::Sent),
        Just(FileBucket::Rejected),
        Just(FileBucket::Deferred),
        Just(FileBucket::Unchanged),
        text().prop_map(|what| FileBucket::Skipped(SkipReason::NothingToSend { what })),
    ];
    (path(), bucket, option::of(text()), option::of(0_u32..99), option::of(text()))
        .prop_map(|(path, bucket, code, line, message)| FileOutcome { path, bucket, code, line, message })
}

fn diagram() -> impl Strategy<Value = Diagram> {
    let changes = [DiagramChange::Unchanged, DiagramChange::Removed, DiagramChange::Broken, DiagramChange::Reached];
    vec(((asset(), select(changes.to_vec())), (asset(), select(changes.to_vec()))), 0..9).prop_map(|pairs| {
        let node = |(name, change): &(AssetName, DiagramChange)| DiagramNode {
            name: name.clone(),
            ..samples::node("x", *change)
        };
        let mut nodes: Vec<DiagramNode> = pairs.iter().flat_map(|(up, down)| [node(up), node(down)]).collect();
        nodes.sort();
        nodes.dedup_by(|a, b| a.name == b.name);
        let edges = pairs.iter().map(|(up, down)| samples::edge(up.0.as_str(), down.0.as_str())).collect();
        Diagram { nodes, edges, omitted_edges: pairs.len() }
    })
}

/// A report of which every list may be empty, short, or (`times`) very long.
pub fn report() -> impl Strategy<Value = Report> {
    let verdicts = [Verdict::None, Verdict::Additive, Verdict::Review, Verdict::Incomplete, Verdict::Breaking];
    let status = select(vec![IngestStatus::Sent, IngestStatus::Partial, IngestStatus::Skipped, IngestStatus::Failed]);
    let change = (select(verdicts.to_vec()), vec(asset_change(), 0..4), vec(downstream(), 0..4), diagram());
    let catalog = (status, vec(outcome(), 0..5), option::of(0_u64..9));
    let rest = (text(), vec(text(), 1..4), vec(diagnostic(), 0..4), select(vec![1_usize, 1, 1, 1, 7, 90]));
    (change, catalog, rest).prop_map(|(change, catalog, (comment_id, reasons, diagnostics, times))| {
        let many = |count: usize| if count == 0 { 0 } else { count * times };
        let outcomes = repeated(&catalog.1, many(catalog.1.len()));
        let files: Vec<(&str, FileStatus)> =
            outcomes.iter().map(|outcome| (outcome.path.as_str(), FileStatus::Modified)).collect();
        let mut report = samples::with_files(samples::nothing(), &files);
        for (row, reason) in report.files.iter_mut().zip(reasons.iter().cycle()) {
            row.dialect = if reason.len() > 9 { Dialect::BigQuery } else { Dialect::Postgres };
            row.dialect_reason.clone_from(reason);
        }
        report.comment_id = comment_id;
        report.impact.verdict = change.0;
        report.impact.assets = repeated(&change.1, many(change.1.len()));
        report.impact.downstream = repeated(&change.2, many(change.2.len()));
        report.diagram = change.3;
        report.diagnostics = repeated(&diagnostics, many(diagnostics.len()));
        report.ingest.status = catalog.0;
        report.ingest.files = outcomes;
        report.ingest.assets_added = catalog.2;
        report
    })
}

fn repeated<T: Clone>(rows: &[T], count: usize) -> Vec<T> {
    rows.iter().cycle().take(count).cloned().collect()
}
