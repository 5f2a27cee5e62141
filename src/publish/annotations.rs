//! Annotations: what a reviewer should see at the very line, in the changed files and on the run's page.
//!
//! From the [`Report`] to lines for the log; the shell prints them. GitHub shows ten of a kind for a step, so the most
//! important come first and the rest is counted.

use std::collections::BTreeSet;

use super::workflow_command::command;
pub use super::workflow_command::{end_group, group, log_safe, mask, message};
use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::impact::{AssetChange, AssetChangeKind, ColumnChange, ColumnChangeKind, Impact, Reader};
use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::path::RepoPath;
use crate::report::Report;

/// Annotations of one level that GitHub shows for a step.
const MAX_OF_A_LEVEL: usize = 10;

/// How an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// In red.
    Error,
    /// In yellow.
    Warning,
}

/// One remark at a place in a file. Texts are hostile and raw; [`render`] escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How it is shown.
    pub level: Level,
    /// The file, where there is one.
    pub file: Option<RepoPath>,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1; 0 for the whole line.
    pub column: u32,
    /// What kind of thing.
    pub title: String,
    /// What is the matter.
    pub message: String,
}

/// The report's annotations, most important first: what breaks, what the catalog refused, what was not understood.
#[must_use]
pub fn from_report(report: &Report) -> Vec<Annotation> {
    let changed: BTreeSet<&RepoPath> = report.files.iter().map(|file| &file.path).collect();
    let mut annotations = of_readers(&report.impact);
    annotations.extend(report.ingest.files.iter().filter_map(of_ingest));
    annotations.extend(report.diagnostics.iter().filter_map(|diagnostic| of_diagnostic(diagnostic, &changed)));
    // A stable sort: within a level the order above stays.
    annotations.sort_by_key(|annotation| annotation.level);
    annotations
}

/// One line for the log for each annotation that GitHub shows, and one that counts the others.
#[must_use]
pub fn render(annotations: &[Annotation]) -> Vec<String> {
    let of = |level: Level| annotations.iter().filter(move |annotation| annotation.level == level);
    let shown = [Level::Error, Level::Warning].into_iter().flat_map(|level| of(level).take(MAX_OF_A_LEVEL));
    let mut lines: Vec<String> = shown.map(render_one).collect();
    let more = |level| match of(level).count().saturating_sub(MAX_OF_A_LEVEL) {
        0 => None,
        1 => Some(format!("1 more {}", level.word())),
        count => Some(format!("{count} more {}s", level.word())),
    };
    let more: Vec<String> = [Level::Error, Level::Warning].into_iter().filter_map(more).collect();
    if !more.is_empty() {
        let message = format!("{} in the lineage report", more.join(" and "));
        lines.push(command("notice", &[("title", "Lineage")], &message));
    }
    lines
}

fn render_one(annotation: &Annotation) -> String {
    let number = |number: u32| if number > 0 { number.to_string() } else { String::new() };
    let file = annotation.file.as_ref().map_or("", RepoPath::as_str);
    let line = number(annotation.line);
    let column = if line.is_empty() { String::new() } else { number(annotation.column) };
    let properties = [("file", file), ("line", &line), ("col", &column), ("title", &annotation.title)];
    command(annotation.level.word(), &properties, &annotation.message)
}

impl Level {
    /// The runner's word.
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A name that is gone or changed, and what the change does to it.
struct Gone {
    name: String,
    how: String,
    is_there: bool,
}

/// Places that read what is gone or not open to them, each once: first with what the changed asset tells, then those that are only known
/// from downstream.
fn of_readers(impact: &Impact) -> Vec<Annotation> {
    let mut seen = BTreeSet::new();
    let of_assets = impact.assets.iter().flat_map(|asset| {
        let of_columns = asset
            .columns
            .iter()
            .flat_map(move |column| column.readers.iter().map(move |reader| (reader, gone_column(asset, column))));
        let not_open = asset.refused.iter().map(|reader| (reader, refused(reader)));
        asset.readers.iter().map(move |reader| (reader, gone_asset(asset))).chain(of_columns).chain(not_open)
    });
    let of_downstream = impact.downstream.iter().flat_map(|downstream| {
        let how = || "removes or changes it".to_owned();
        let gone = move |reader: &Reader| Gone { name: reader.name.clone(), how: how(), is_there: false };
        downstream.readers.iter().map(move |reader| (reader, gone(reader)))
    });
    of_assets
        .chain(of_downstream)
        .filter(|(reader, _)| seen.insert((&reader.file, reader.line, &reader.name)))
        .map(|(reader, gone)| of_reader(reader, &gone))
        .collect()
}

fn of_reader(reader: &Reader, gone: &Gone) -> Annotation {
    let by = match (&reader.mention, &reader.reader) {
        (Some(mention), _) => format!(" by the {mention}"),
        (None, Some(asset)) => format!(" by `{asset}`"),
        (None, None) => String::new(),
    };
    let still = if gone.is_there { "" } else { "still " };
    Annotation {
        level: Level::Error,
        file: Some(reader.file.clone()),
        line: reader.line,
        column: 0,
        title: "Breaks downstream".to_owned(),
        message: format!("`{}` is {still}read here{by}; this change {}", gone.name, gone.how),
    }
}

fn gone_asset(asset: &AssetChange) -> Gone {
    let how = match asset.change {
        AssetChangeKind::Renamed => format!("renames it to `{}`", asset.name),
        AssetChangeKind::Removed => "removes it".to_owned(),
        AssetChangeKind::Added | AssetChangeKind::Modified => "alters it".to_owned(),
    };
    Gone { name: asset.previous_name.as_ref().unwrap_or(&asset.name).to_string(), how, is_there: false }
}

fn refused(reader: &Reader) -> Gone {
    Gone { name: reader.name.clone(), how: "makes that a ref that dbt refuses".to_owned(), is_there: true }
}

fn gone_column(asset: &AssetChange, column: &ColumnChange) -> Gone {
    let owner = asset.previous_name.as_ref().unwrap_or(&asset.name);
    let previous = column.previous_name.as_ref().unwrap_or(&column.name);
    let declared = |text: &Option<String>| text.clone().unwrap_or_else(|| "no declared type".to_owned());
    let how = match column.change {
        ColumnChangeKind::Removed => "removes it".to_owned(),
        ColumnChangeKind::Renamed => format!("renames it to `{}`", column.name),
        ColumnChangeKind::TypeChanged => {
            format!("turns its type from {} into {}", declared(&column.base_type), declared(&column.head_type))
        }
        ColumnChangeKind::Added | ColumnChangeKind::LineageChanged => "alters it".to_owned(),
    };
    Gone { name: format!("{owner}.{previous}"), how, is_there: false }
}

/// A file that the catalog refused.
fn of_ingest(file: &FileOutcome) -> Option<Annotation> {
    let code = file.code.as_deref().unwrap_or("no code given");
    (file.bucket == FileBucket::Rejected).then(|| Annotation {
        level: Level::Error,
        file: Some(file.path.clone()),
        line: file.line.unwrap_or(0),
        column: 0,
        title: "Rejected by the catalog".to_owned(),
        message: format!("{} ({code})", file.message.as_deref().unwrap_or("the catalog gave no reason")),
    })
}

/// What was not understood in a changed file, unless it was so before: that is not this change's doing.
fn of_diagnostic(diagnostic: &Diagnostic, changed: &BTreeSet<&RepoPath>) -> Option<Annotation> {
    let elsewhere = diagnostic.file.as_ref().is_some_and(|file| !changed.contains(file));
    let level = match diagnostic.severity {
        DiagnosticSeverity::Error => Level::Error,
        DiagnosticSeverity::Warning => Level::Warning,
        DiagnosticSeverity::Note => return None,
    };
    let hint = diagnostic.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    (!elsewhere && !diagnostic.preexisting).then(|| Annotation {
        level,
        file: diagnostic.file.clone(),
        line: diagnostic.line,
        column: diagnostic.column,
        title: format!("Not fully understood ({})", diagnostic.code.as_str()),
        message: format!("{}{hint}", diagnostic.message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Coverage, DiagnosticCode};
    use crate::impact::Verdict;
    use crate::ingest::outcome::{IngestOutcome, IngestStatus};
    use crate::ingest::plan::PlanSummary;
    use crate::lineage::model::{AssetKind, AssetName, ColumnName, Template};
    use crate::report::{Diagram, FileRow};
    use crate::revision::{BaseRevision, CommitId, HeadRevision};
    use crate::source::{FileStatus, ListedBy};
    use crate::sql::dialect::Dialect;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    fn reader(file: &str, line: u32, name: &str) -> Reader {
        Reader {
            file: path(file),
            line,
            name: name.to_owned(),
            reader: Some(AssetName::from_dotted("mart")),
            mention: None,
        }
    }

    fn removed_column(name: &str, readers: Vec<Reader>) -> ColumnChange {
        ColumnChange { readers, ..ColumnChange::new(ColumnName::new(name), ColumnChangeKind::Removed) }
    }

    fn asset(columns: Vec<ColumnChange>) -> AssetChange {
        let name = AssetName::from_dotted("shop.orders");
        let change = AssetChange::new(name, AssetKind::View, AssetChangeKind::Modified);
        AssetChange { file: Some(path("orders.sql")), columns, ..change }
    }

    fn report(assets: Vec<AssetChange>, diagnostics: Vec<Diagnostic>, outcomes: Vec<FileOutcome>) -> Report {
        let commit = |digit: &str| CommitId::parse(&digit.repeat(40)).expect("a commit");
        Report {
            base: BaseRevision(commit("a")),
            head: HeadRevision::Commit(commit("b")),
            comment_id: String::new(),
            blob_url: None,
            run_url: None,
            files: vec![FileRow {
                path: path("orders.sql"),
                old_path: None,
                status: FileStatus::Modified,
                dialect: Dialect::Postgres,
                dialect_reason: "the test".to_owned(),
                asset_from_path: None,
                template: Template::None,
                statements: 1,
                analyzed: 1,
            }],
            dbt_selector: None,
            impact: Impact { verdict: Verdict::Breaking, assets, downstream: Vec::new() },
            diagnostics,
            coverage: Coverage::default(),
            ingest: IngestOutcome {
                mode: "pull_request".to_owned(),
                status: IngestStatus::Partial,
                skipped: None,
                files: outcomes,
                assets_added: None,
                assets_modified: None,
                requests: 1,
                plan: PlanSummary::default(),
                platform: None,
                unmerged: false,
            },
            diagram: Diagram::default(),
            listed_by: ListedBy::GitDiff,
        }
    }

    fn parse_error(file: &str) -> Diagnostic {
        let error = DiagnosticSeverity::Error;
        Diagnostic::new(DiagnosticCode::ParseError, error, &path(file), "expected `FROM`").at(3, 9)
    }

    #[test]
    fn readers_of_removed_names_come_first_and_each_once() {
        let twice = vec![reader("mart.sql", 7, "email"), reader("mart.sql", 7, "email")];
        let rejected = FileOutcome {
            path: path("orders.sql"),
            bucket: FileBucket::Rejected,
            code: Some("PARSER_ERROR".to_owned()),
            line: Some(15),
            message: Some("Expected ';'".to_owned()),
        };
        let report = report(
            vec![asset(vec![removed_column("email", twice)])],
            vec![parse_error("orders.sql").hint("set `dialect`")],
            vec![rejected],
        );
        assert_eq!(
            render(&from_report(&report)),
            [
                "::error file=mart.sql,line=7,title=Breaks downstream::`shop.orders.email` is still read here by `mart`; \
                 this change removes it",
                "::error file=orders.sql,line=15,title=Rejected by the catalog::Expected ';' (PARSER_ERROR)",
                "::error file=orders.sql,line=3,col=9,title=Not fully understood (parse-error)::expected `FROM`%0Aset \
                 `dialect`",
            ]
        );
    }

    #[test]
    fn a_ref_that_dbt_refuses_is_told_at_its_line() {
        let closed = AssetChange { refused: vec![reader("mart.sql", 3, "shop.orders")], ..asset(Vec::new()) };
        assert_eq!(
            render(&from_report(&report(vec![closed], Vec::new(), Vec::new()))),
            [
                "::error file=mart.sql,line=3,title=Breaks downstream::`shop.orders` is read here by `mart`; this change \
              makes that a ref that dbt refuses"
            ]
        );
    }

    #[test]
    fn what_the_change_did_not_cause_is_not_annotated() {
        let preexisting = Diagnostic { preexisting: true, ..parse_error("orders.sql") };
        let note = Diagnostic { severity: DiagnosticSeverity::Note, ..parse_error("orders.sql") };
        let sent =
            FileOutcome { path: path("orders.sql"), bucket: FileBucket::Sent, code: None, line: None, message: None };
        let report = report(Vec::new(), vec![preexisting, note, parse_error("elsewhere.sql")], vec![sent]);
        assert_eq!(from_report(&report), []);
    }

    #[test]
    fn ten_of_a_level_are_shown_and_the_rest_is_counted() {
        let readers = (1..=13).map(|line| reader("mart.sql", line, "email")).collect();
        let warning = Diagnostic { severity: DiagnosticSeverity::Warning, ..parse_error("orders.sql") };
        let warnings = (1..=11).map(|line| warning.clone().at(line, 0)).collect();
        let lines =
            render(&from_report(&report(vec![asset(vec![removed_column("email", readers)])], warnings, vec![])));
        assert_eq!(lines.iter().filter(|line| line.starts_with("::error ")).count(), 10);
        assert_eq!(lines.iter().filter(|line| line.starts_with("::warning ")).count(), 10);
        assert_eq!(
            lines.last().map(String::as_str),
            Some("::notice title=Lineage::3 more errors and 1 more warning in the lineage report")
        );
    }

    #[test]
    fn hostile_names_and_messages_stay_inside_their_annotation() {
        let mut diagnostic = parse_error("orders.sql");
        diagnostic.message = "x\n::set-output name=token::y".to_owned();
        let mut hostile = report(Vec::new(), vec![diagnostic], Vec::new());
        hostile.files[0].path = path("a,line=1::%0A\n.sql");
        hostile.diagnostics[0].file = Some(hostile.files[0].path.clone());
        assert_eq!(
            render(&from_report(&hostile)),
            ["::error file=a%2Cline=1%3A%3A%250A%0A.sql,line=3,col=9,title=Not fully understood (parse-error)::\
              x%0A::set-output name=token::y"]
        );
    }
}
