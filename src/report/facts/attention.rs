//! What a reviewer must not miss: removed names still read, what was not understood, what the catalog refused.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::report::facts::changes::places;
use crate::report::facts::{Broken, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Places named in one row.
const MOST_PLACES: usize = 3;

/// One sentence for each thing, the worst first.
#[must_use]
pub fn attention(facts: &Facts<'_>) -> Vec<Phrase> {
    still_read(facts).into_iter().chain(not_understood(facts)).chain(rejected(facts)).collect()
}

fn still_read(facts: &Facts<'_>) -> Vec<Phrase> {
    let sentence = |broken: &Broken<'_>| {
        let link = if broken.gone { ", and the old name is still read at " } else { ", and it is read at " };
        broken.what.clone().words(link).list(places(&broken.readers), MOST_PLACES)
    };
    facts.broken.iter().map(sentence).collect()
}

/// One row for each file: errors in changed files, new errors elsewhere, and errors of a whole side.
fn not_understood(facts: &Facts<'_>) -> Vec<Phrase> {
    let mut rows: Vec<(&Diagnostic, usize)> = Vec::new();
    let mut row_of_file = BTreeMap::new();
    let errors = facts.report.diagnostics.iter().filter(|diagnostic| {
        let here = diagnostic.file.as_ref().is_none_or(|file| facts.is_changed(file));
        diagnostic.severity == DiagnosticSeverity::Error && (here || !diagnostic.preexisting)
    });
    for diagnostic in errors {
        let next = rows.len();
        let index = *row_of_file.entry(&diagnostic.file).or_insert(next);
        match rows.get_mut(index) {
            Some((_, more)) => *more += 1,
            None => rows.push((diagnostic, 0)),
        }
    }
    rows.into_iter().map(|(diagnostic, more)| trouble(diagnostic, more)).collect()
}

fn trouble(diagnostic: &Diagnostic, more: usize) -> Phrase {
    let start = match &diagnostic.file {
        Some(file) => {
            Phrase::default().place(file, diagnostic.line).words(format!(" {}", words::trouble(diagnostic.code)))
        }
        None => Phrase::new("The comparison is not complete"),
    };
    let age = if diagnostic.preexisting { " (so before this change already)" } else { "" };
    let sentence = start.words(age).words(": ").message(&diagnostic.message);
    match more {
        0 => sentence,
        more => sentence.words(format!(" – and {} in this file", words::count(more, "more place", "more places"))),
    }
}

/// One row for each rejected file; a single row when the catalog refused everything for one reason.
fn rejected(facts: &Facts<'_>) -> Vec<Phrase> {
    let refused: Vec<&FileOutcome> =
        facts.report.ingest.files.iter().filter(|file| file.bucket == FileBucket::Rejected).collect();
    let reason = |file: &FileOutcome, start: Phrase| {
        let start = match &file.code {
            Some(code) => start.words(" (").name(code).words(")"),
            None => start,
        };
        match &file.message {
            Some(message) => start.words(": ").message(message),
            None => start,
        }
    };
    let same = |file: &&FileOutcome| {
        refused.first().is_some_and(|first| (&first.code, &first.message) == (&file.code, &file.message))
    };
    if let [first, _, ..] = refused.as_slice()
        && refused.iter().all(same)
        && first.line.is_none()
    {
        let start = Phrase::new(format!("The catalog rejected {}", words::count(refused.len(), "file", "files")));
        return vec![reason(first, start)];
    }
    let row = |file: &&FileOutcome| {
        let start = Phrase::default().place(&file.path, file.line.unwrap_or(0)).words(" was rejected by the catalog");
        reason(file, start)
    };
    refused.iter().map(row).collect()
}
