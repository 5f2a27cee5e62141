//! Where our parser and the catalog's do not agree on a file: one of them is told the wrong dialect, or has a gap.

use crate::diagnostic::DiagnosticCode;
use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::path::RepoPath;
use crate::report::phrase::Phrase;
use crate::report::{FileRow, Report};

/// Files that are named; of more, their number.
const MOST_FILES: usize = 3;

/// One sentence for what they refused and we read, one for the reverse; nothing where both agree.
pub(super) fn disagreement(report: &Report) -> Phrase {
    let not_ours = |file: &FileOutcome| {
        matches!(file.bucket, FileBucket::Sent | FileBucket::Unchanged) && !is_read(report, &file.path)
    };
    let not_theirs = |file: &FileOutcome| {
        file.bucket == FileBucket::Rejected
            && file.code.as_deref() == Some("PARSER_ERROR")
            && is_read(report, &file.path)
    };
    let refused = files(report, not_theirs);
    let taken = files(report, not_ours);
    let mut phrase = Phrase::default();
    if !refused.is_empty() {
        phrase = phrase.words(" Two parsers differ: ours read, and the catalog's refused, ").list(refused, MOST_FILES);
        phrase = phrase.words("; see `dialect` and `platform`.");
    }
    if !taken.is_empty() {
        phrase = phrase.words(" Two parsers differ: the catalog's took, and ours did not understand, ");
        phrase = phrase.list(taken, MOST_FILES).words("; see `dialect` and `platform`.");
    }
    phrase
}

fn files(report: &Report, which: impl Fn(&FileOutcome) -> bool) -> Vec<Phrase> {
    let rows = report.ingest.files.iter().filter(|file| which(file));
    rows.filter_map(|file| {
        let row = report.files.iter().find(|row| row.path == file.path)?;
        Some(with_languages(report, row))
    })
    .collect()
}

fn with_languages(report: &Report, row: &FileRow) -> Phrase {
    let phrase = Phrase::default().name(&row.path).words(format!(" (dialect {}, platform ", row.dialect.name()));
    match report.ingest.platform.as_deref().or(row.dialect.platform()) {
        Some(platform) => phrase.name(platform).words(")"),
        None => phrase.words("not stated)"),
    }
}

/// Whether our parser had no complaint about the file's SQL.
fn is_read(report: &Report, path: &RepoPath) -> bool {
    let syntax = [DiagnosticCode::ParseError, DiagnosticCode::TableLevelOnly, DiagnosticCode::TooDeep];
    let of_file = report.diagnostics.iter().filter(|diagnostic| diagnostic.file.as_ref() == Some(path));
    of_file.into_iter().all(|diagnostic| !syntax.contains(&diagnostic.code))
}
