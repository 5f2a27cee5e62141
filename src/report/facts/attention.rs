//! What a reviewer must not miss: removed names still read, what was not understood, what the catalog refused.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::report::facts::changes::places;
use crate::report::facts::notes::{Note, note};
use crate::report::facts::{Breaks, Broken, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Places named in one row.
const MOST_PLACES: usize = 3;

/// A row of "Needs attention".
#[derive(Debug)]
pub struct Attention {
    /// What, where, and what would help.
    pub note: Note,
    /// The diagnostic that it tells, by its place in the report.
    pub diagnostic: Option<usize>,
}

/// One row for each thing, the worst first.
pub fn attention(facts: &Facts<'_>) -> Vec<Attention> {
    let plain = |text| Attention { note: Note { text, hint: None }, diagnostic: None };
    let broken = still_read(facts).into_iter().map(plain);
    broken.chain(not_understood(facts)).chain(rejected(facts).into_iter().map(plain)).collect()
}

fn still_read(facts: &Facts<'_>) -> Vec<Phrase> {
    let sentence = |broken: &Broken<'_>| {
        let link = match broken.breaks {
            Breaks::Gone => ", and the old name is still read at ",
            Breaks::Retyped => ", and it is read at ",
            Breaks::Refused => "; dbt refuses the ref at ",
            Breaks::Contract => ", which dbt refuses by ",
        };
        broken.what.clone().words(link).list(places(&broken.readers), MOST_PLACES)
    };
    facts.broken.iter().map(sentence).collect()
}

/// One row for each file: errors in changed files, new errors elsewhere, and errors of a whole side.
fn not_understood(facts: &Facts<'_>) -> Vec<Attention> {
    let mut rows: Vec<(usize, &Diagnostic, usize)> = Vec::new();
    let mut row_of_file = BTreeMap::new();
    for (place, diagnostic) in facts.report.diagnostics.iter().enumerate() {
        let here = diagnostic.file.as_ref().is_none_or(|file| facts.is_changed(file));
        if diagnostic.severity != DiagnosticSeverity::Error || !here && diagnostic.preexisting {
            continue;
        }
        let next = rows.len();
        let index = *row_of_file.entry(&diagnostic.file).or_insert(next);
        match rows.get_mut(index) {
            Some((_, _, more)) => *more += 1,
            None => rows.push((place, diagnostic, 0)),
        }
    }
    let row = |(place, diagnostic, more): (usize, &Diagnostic, usize)| {
        let Note { mut text, hint } = note(diagnostic);
        if more > 0 {
            text = text.words(format!(" – and {} in this file", words::count(more, "more place", "more places")));
        }
        Attention { note: Note { text, hint }, diagnostic: Some(place) }
    };
    rows.into_iter().map(row).collect()
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
