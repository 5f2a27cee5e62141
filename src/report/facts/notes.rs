//! What was not analysed, or only in part: a row for each diagnostic, with the setting that would help.

use crate::report::facts::Facts;
use crate::report::phrase::Phrase;
use crate::report::words;

/// A row of "Not analysed".
#[derive(Debug)]
pub struct Note {
    /// Where and what.
    pub text: Phrase,
    /// What would help.
    pub hint: Option<String>,
}

/// Every diagnostic in the report's order.
#[must_use]
pub fn notes(facts: &Facts<'_>, most: usize) -> Vec<Note> {
    facts
        .report
        .diagnostics
        .iter()
        .take(most)
        .map(|diagnostic| {
            let start = match &diagnostic.file {
                Some(file) => Phrase::default().place(file, diagnostic.line).words(" "),
                None => Phrase::new("The comparison "),
            };
            let age = if diagnostic.preexisting { " (so before this change already)" } else { "" };
            let text = start.words(words::trouble(diagnostic.code)).words(age).words(": ").message(&diagnostic.message);
            Note { text, hint: diagnostic.hint.clone() }
        })
        .collect()
}
