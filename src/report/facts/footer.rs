//! The small print: what was compared, how, how much of it was understood, and by what.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::report::Report;
use crate::report::facts::Facts;
use crate::report::phrase::Phrase;
use crate::report::words;
use crate::sql::dialect::Dialect;

/// Reasons given for one dialect; many files have many small ones.
const MOST_REASONS: usize = 2;

/// What was compared, how, how much of it was understood, and by what.
#[must_use]
pub fn footer(facts: &Facts<'_>) -> Phrase {
    let report = facts.report;
    let coverage = report.coverage;
    let revisions = Phrase::default().name(report.base.0.short()).words("…").name(report.head.short());
    let files = words::count(coverage.files, "SQL file", "SQL files");
    let statements = words::count(coverage.statements, "statement", "statements");
    let mut parts = vec![words::listed_by(report.listed_by).to_owned()];
    if coverage.is_complete() {
        parts.push(format!("understood all of {files} ({statements})"));
    } else {
        let analyzed = words::number(coverage.analyzed);
        let whole = words::number(coverage.parsed);
        parts.push(format!("understood {whole} of {files} in full, {analyzed} of {statements}"));
        if coverage.tables_only > 0 {
            parts.push(format!("{} more for tables only", words::number(coverage.tables_only)));
        }
    }
    if coverage.stars_unresolved > 0 {
        parts.push(format!("{} not expanded", words::count(coverage.stars_unresolved, "`*`", "`*`")));
    }
    let tool = concat!(" · ingest-action ", env!("CARGO_PKG_VERSION"));
    revisions.words(format!(" · {}", parts.join(" · "))).then(dialects(report)).then(named_by_path(report)).words(tool)
}

/// The dialects that the changed files were read with, those of most files first, and what told them.
fn dialects(report: &Report) -> Phrase {
    let mut found = BTreeMap::<Dialect, BTreeMap<&str, usize>>::new();
    for row in report.files.iter().filter(|row| !row.dialect_reason.is_empty()) {
        *found.entry(row.dialect).or_default().entry(&row.dialect_reason).or_default() += 1;
    }
    let single = found.len() == 1;
    let files = |reasons: &BTreeMap<&str, usize>| reasons.values().sum::<usize>();
    let mut found: Vec<(Dialect, BTreeMap<&str, usize>)> = found.into_iter().collect();
    found.sort_by_key(|(_, reasons)| Reverse(files(reasons)));
    let named = found.iter().map(|(dialect, reasons)| {
        let count = words::count(files(reasons), "file", "files");
        let start = if single { format!("{dialect} (") } else { format!("{dialect} ({count}; ") };
        Phrase::new(start).then(why(reasons)).words(")")
    });
    match found.len() {
        0 => Phrase::default(),
        1 => Phrase::new(" · dialect ").list(named, 1),
        all => Phrase::new(" · dialects: ").list(named, all),
    }
}

/// The reasons of most files.
fn why(reasons: &BTreeMap<&str, usize>) -> Phrase {
    let mut reasons: Vec<(&str, usize)> = reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
    reasons.sort_by_key(|(_, count)| Reverse(*count));
    Phrase::default().list(reasons.iter().map(|(reason, _)| Phrase::default().message(*reason)), MOST_REASONS)
}

/// The patterns by which paths of changed files name assets.
fn named_by_path(report: &Report) -> Phrase {
    let mut found = BTreeMap::<&str, usize>::new();
    for pattern in report.files.iter().filter_map(|row| row.asset_from_path.as_deref()) {
        *found.entry(pattern).or_default() += 1;
    }
    let named = found.iter().map(|(pattern, files)| {
        let files = words::count(*files, "file", "files");
        Phrase::default().name(*pattern).words(format!(" ({files})"))
    });
    if found.is_empty() {
        Phrase::default()
    } else {
        Phrase::new(" · assets named by path: ").list(named, MOST_REASONS)
    }
}
