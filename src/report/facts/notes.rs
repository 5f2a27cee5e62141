//! What was not analysed, or only in part: a row for each diagnostic, with the setting that would help.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::report::facts::{Attention, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;

/// A sentence and what would help.
#[derive(Debug)]
pub struct Note {
    /// Where and what.
    pub text: Phrase,
    /// The setting or line that would help; text from outside.
    pub hint: Option<String>,
}

/// The diagnostics in the report's order, without those that these rows tell.
#[must_use]
pub fn notes(facts: &Facts<'_>, told: &[Attention]) -> Vec<Note> {
    let told: BTreeSet<usize> = told.iter().filter_map(|row| row.diagnostic).collect();
    let diagnostics = facts.report.diagnostics.iter().enumerate();
    diagnostics.filter(|(index, _)| !told.contains(index)).map(|(_, diagnostic)| note(diagnostic)).collect()
}

/// "`a.sql:3` was not understood: …".
pub fn note(diagnostic: &Diagnostic) -> Note {
    let start = match &diagnostic.file {
        Some(file) => Phrase::default().place(file, diagnostic.line).words(" ").words(words::trouble(diagnostic.code)),
        None => Phrase::new("The analysis is not complete"),
    };
    let age = if diagnostic.preexisting { " (already so before this change)" } else { "" };
    let text = start.words(age).words(": ").message(&diagnostic.message);
    Note { text, hint: diagnostic.hint.clone() }
}
