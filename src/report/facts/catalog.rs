//! What came of sending the changed files to the catalog: one line, and a row for each file that needs a word.

mod parsers;

use crate::ingest::outcome::{FileBucket, FileOutcome, IngestStatus, SkipReason};
use crate::report::Report;
use crate::report::phrase::Phrase;
use crate::report::words;

/// The catalog line. The counts name every changed file exactly once.
#[must_use]
pub fn catalog(report: &Report) -> Phrase {
    let outcome = &report.ingest;
    if outcome.status == IngestStatus::Skipped {
        if !is_one_reason(report) {
            let files = words::count(outcome.files.len(), "changed file", "changed files");
            return Phrase::new(format!("nothing was sent; none of the {files} has something to send."));
        }
        let nothing = Phrase::new("nothing was sent");
        return match &outcome.skipped {
            Some(reason) => nothing.words(", because ").then(why(reason)).words(".").words(advice(reason)),
            None => nothing.words("."),
        };
    }
    let mut buckets: Vec<(&'static str, usize)> = Vec::new();
    for file in &outcome.files {
        let bucket = words::bucket(&file.bucket);
        match buckets.iter_mut().find(|(word, _)| *word == bucket) {
            Some((_, count)) => *count += 1,
            None => buckets.push((bucket, 1)),
        }
    }
    buckets.sort_by_key(|(word, _)| order(word));
    let parts: Vec<String> = buckets.iter().map(|(word, count)| format!("{} {word}", words::number(*count))).collect();
    let files = words::count(outcome.files.len(), "changed file", "changed files");
    let line = match buckets.as_slice() {
        [] => Phrase::new("nothing to send."),
        [(word, _)] => Phrase::new(format!("{files} {word}.")),
        _ => Phrase::new(format!("{files}: {}.", words::enumerate(&parts))),
    };
    line.words(counts(report)).words(unmerged(report)).then(parsers::disagreement(report))
}

/// What the mode means for SQL that is not merged.
fn unmerged(report: &Report) -> &'static str {
    if report.ingest.unmerged && report.ingest.plan.files + report.ingest.plan.unchanged > 0 {
        " It has them before they are merged (`ingest: pull_request`)."
    } else {
        ""
    }
}

fn order(word: &str) -> usize {
    ["sent", "already up to date", "left for the next run", "rejected", "not sent"]
        .iter()
        .position(|known| *known == word)
        .unwrap_or(usize::MAX)
}

/// What the catalog says it made of the files.
fn counts(report: &Report) -> String {
    let (Some(added), Some(modified)) = (report.ingest.assets_added, report.ingest.assets_modified) else {
        return String::new();
    };
    let number = |count: u64| words::number(usize::try_from(count).unwrap_or(usize::MAX));
    match (added, modified) {
        (0, 0) => " None of its entries changed.".to_owned(),
        (added, 0) => format!(" Its entries: {} added.", number(added)),
        (0, modified) => format!(" Its entries: {} updated.", number(modified)),
        (added, modified) => format!(" Its entries: {} added, {} updated.", number(added), number(modified)),
    }
}

/// Whether nothing was sent for a reason that holds for every file at once, or there is one file only.
fn is_one_reason(report: &Report) -> bool {
    let of_the_run = match &report.ingest.skipped {
        Some(
            SkipReason::RemovedFile
            | SkipReason::Unreadable { .. }
            | SkipReason::NothingToSend { .. }
            | SkipReason::HoldsSecret { .. },
        ) => false,
        Some(_) | None => true,
    };
    of_the_run || report.ingest.files.len() <= 1
}

fn why(reason: &SkipReason) -> Phrase {
    let (ours, theirs) = words::skip_reason(reason);
    match theirs {
        Some(text) => Phrase::new(ours).words(" ").message(text),
        None => Phrase::new(ours),
    }
}

fn advice(reason: &SkipReason) -> &'static str {
    match reason {
        SkipReason::NoToken => {
            " To keep the catalog up to date, set the input `token` (on GitLab the variable `DATASCALE_TOKEN`)."
        }
        SkipReason::Mode { mode } if mode == "merge" => " They are sent once they are on the default branch.",
        SkipReason::ForkWithoutSecrets => " A run on the target branch can send the files after the merge.",
        _ => "",
    }
}

/// Files that were not simply taken: the file, its bucket and the reason. Empty when nothing at all was to be sent, for
/// one reason that the line states.
#[must_use]
pub fn catalog_rows(report: &Report) -> Vec<(&FileOutcome, Phrase)> {
    if report.ingest.status == IngestStatus::Skipped && is_one_reason(report) {
        return Vec::new();
    }
    let needs_a_word = |file: &&FileOutcome| !matches!(file.bucket, FileBucket::Sent | FileBucket::Unchanged);
    report.ingest.files.iter().filter(needs_a_word).map(|file| (file, reason(file))).collect()
}

fn reason(file: &FileOutcome) -> Phrase {
    if let FileBucket::Skipped(reason) = &file.bucket {
        return why(reason);
    }
    let mut phrase = Phrase::default();
    if let Some(code) = &file.code {
        phrase = phrase.name(code);
    }
    if let Some(message) = &file.message {
        phrase = if phrase.is_empty() { phrase } else { phrase.words(": ") };
        phrase = phrase.message(message);
    }
    if phrase.is_empty() { Phrase::new("—") } else { phrase }
}
