//! What was not analysed, or only in part: a row for each remark on what the change touches, with the setting that would
//! help, and a count of the remarks that a reviewer of this change need not read.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::report::facts::{Attention, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Lines of one file that are named where the same is to be said of each.
const MOST_LINES: usize = 5;

/// A sentence and what would help.
#[derive(Debug)]
pub struct Note {
    /// Where and what.
    pub text: Phrase,
    /// The setting or line that would help; text from outside.
    pub hint: Option<String>,
}

/// What was not analysed.
#[derive(Debug, Default)]
pub struct Notes {
    /// About changed files, then what is new in other files; most severe first.
    pub rows: Vec<Note>,
    /// Remarks that are not among the rows: on other files, and true at base already.
    pub elsewhere: usize,
    elsewhere_by_code: BTreeMap<DiagnosticCode, usize>,
}

/// Sorts the report's diagnostics, without those that these rows tell.
#[must_use]
pub fn notes(facts: &Facts<'_>, told: &[Attention]) -> Notes {
    let told: BTreeSet<usize> = told.iter().filter_map(|row| row.diagnostic).collect();
    let mut notes = Notes::default();
    let (mut here, mut new_elsewhere) = (Groups::default(), Groups::default());
    for (index, diagnostic) in facts.report.diagnostics.iter().enumerate() {
        let changed = diagnostic.file.as_ref().is_none_or(|file| facts.is_changed(file));
        if changed || !diagnostic.preexisting {
            if !told.contains(&index) {
                if changed { here.add(diagnostic) } else { new_elsewhere.add(diagnostic) }
            }
        } else {
            notes.elsewhere += 1;
            *notes.elsewhere_by_code.entry(diagnostic.code).or_default() += 1;
        }
    }
    notes.rows = here.list.iter().chain(&new_elsewhere.list).map(Group::note).collect();
    notes
}

impl Notes {
    /// "306 remarks on files that this change does not touch, all as before it: 292 places not understood, …"; nothing
    /// where there are none.
    #[must_use]
    pub fn elsewhere(&self) -> Phrase {
        if self.elsewhere == 0 {
            return Phrase::default();
        }
        let start = if self.rows.is_empty() { "" } else { "and " };
        let remarks = words::count(self.elsewhere, "remark", "remarks");
        let kinds = self.elsewhere_by_code.iter().map(|(code, number)| words::troubles(*code, *number));
        let kinds: Vec<String> = kinds.collect();
        Phrase::new(format!(
            "{start}{remarks} on files that this change does not touch, just as before it: {}; see the JSON report",
            words::enumerate(&kinds)
        ))
    }
}

/// Diagnostics of one file that differ by their line only.
struct Group<'a> {
    first: &'a Diagnostic,
    more_lines: BTreeSet<u32>,
}

/// Groups in the order of their first members.
#[derive(Default)]
struct Groups<'a> {
    list: Vec<Group<'a>>,
    places: BTreeMap<Diagnostic, usize>,
}

impl<'a> Groups<'a> {
    fn add(&mut self, diagnostic: &'a Diagnostic) {
        let alike = Diagnostic { line: 0, column: 0, ..diagnostic.clone() };
        let place = *self.places.entry(alike).or_insert(self.list.len());
        match self.list.get_mut(place) {
            Some(group) => {
                group.more_lines.insert(diagnostic.line);
            }
            None => self.list.push(Group { first: diagnostic, more_lines: BTreeSet::new() }),
        }
    }
}

impl Group<'_> {
    fn note(&self) -> Note {
        let lines: Vec<u32> = self.more_lines.iter().copied().filter(|line| *line != self.first.line).collect();
        let named: Vec<String> = lines.iter().take(MOST_LINES).map(ToString::to_string).collect();
        let more = match (lines.len(), lines.len().saturating_sub(MOST_LINES)) {
            (0, _) => String::new(),
            (1, _) => format!(" (and line {})", named.concat()),
            (_, 0) => format!(" (and lines {})", words::enumerate(&named)),
            (_, more) => format!(" (and lines {} and {} more)", named.join(", "), words::number(more)),
        };
        sentence(self.first, more)
    }
}

/// "`a.sql:3` was not understood: …".
pub fn note(diagnostic: &Diagnostic) -> Note {
    sentence(diagnostic, String::new())
}

fn sentence(diagnostic: &Diagnostic, more_places: String) -> Note {
    let start = match &diagnostic.file {
        Some(file) => {
            let trouble = words::trouble(diagnostic.code);
            Phrase::default().place(file, diagnostic.line).words(format!("{more_places} {trouble}"))
        }
        None => Phrase::new("The analysis is not complete"),
    };
    let age = if diagnostic.preexisting { " (already so before this change)" } else { "" };
    let text = start.words(age).words(": ").message(&diagnostic.message);
    Note { text, hint: diagnostic.hint.clone() }
}
