//! What a rendering leaves to say: diagnostics for holes that touch the SQL, at the file's own lines.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Failure, Rendered};
use super::hole::{HOLE_PREFIX, HoleRecord};
use super::segment::newlines;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::path::RepoPath;
use crate::sql::lexical::{Stretch, stretches};

/// Most holes that are named one by one for a file.
const MOST_NAMED: usize = 20;

/// Advice for a hole, by its expression.
pub type Hints<'a> = dyn Fn(&str) -> Option<&'static str> + 'a;

/// A diagnostic for each hole that may hide columns, rows or relations. A hole inside of a string or a comment hides
/// nothing and is left out.
#[must_use]
pub fn findings(
    file: &RepoPath,
    source: &str,
    (rendered, records): (&Rendered, &BTreeMap<String, HoleRecord>),
    hints: &Hints<'_>,
) -> Vec<Diagnostic> {
    let printed = Printed::of(&rendered.text);
    let mut found: BTreeMap<String, (u32, String, Option<String>)> = BTreeMap::new();
    for repair in rendered.repairs.iter().filter(|repair| repair.line > 0) {
        if !printed.harmless.contains(&repair.identifier) {
            let key = if repair.identifier.is_empty() {
                format!("{} {}", repair.line, repair.expression)
            } else {
                repair.identifier.clone()
            };
            found.insert(key, (repair.line, repair.expression.clone(), Some(repair.reason.clone())));
        }
    }
    let line_of = |prepared: u32| {
        let index = usize::try_from(prepared.saturating_sub(1)).unwrap_or(usize::MAX);
        rendered.lines.get(index).copied().unwrap_or(0)
    };
    for (identifier, line) in &printed.in_code {
        let record = records.get(identifier);
        let undefined = rendered.undefined.get(identifier).cloned();
        let expression = record.map(|record| named(record).clone()).or(undefined);
        let reason = record.and_then(|record| record.reason.clone());
        let entry = (line_of(*line), expression.unwrap_or_else(|| identifier.clone()), reason);
        found.entry(key(identifier, record)).or_insert(entry);
    }
    for (identifier, record) in records.iter().filter(|(_, record)| record.used) {
        // More than are named need no line.
        if found.len() <= MOST_NAMED && !printed.harmless.contains(identifier) {
            let entry = (line_of_words(source, named(record)), named(record).clone(), record.reason.clone());
            found.entry(key(identifier, Some(record))).or_insert(entry);
        }
    }
    diagnostics(file, found.into_values().collect(), hints)
}

/// What is told of a hole: of a function that is not known, itself, whatever it is called with.
fn named(record: &HoleRecord) -> &String {
    record.function.as_ref().unwrap_or(&record.expression)
}

/// What is told once.
fn key(identifier: &str, record: Option<&HoleRecord>) -> String {
    record.and_then(|record| record.function.as_deref()).unwrap_or(identifier).to_owned()
}

fn diagnostics(file: &RepoPath, mut found: Vec<(u32, String, Option<String>)>, hints: &Hints<'_>) -> Vec<Diagnostic> {
    found.sort();
    let rest = found.len().saturating_sub(MOST_NAMED);
    let mut list: Vec<Diagnostic> = found
        .into_iter()
        .take(MOST_NAMED)
        .map(|(line, expression, reason)| {
            let reason = reason.unwrap_or_else(|| "not known from the repository".to_owned());
            let message = format!("`{expression}`: {reason}");
            let hole = Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, file, message);
            let hole = hole.at(line, 0);
            match hints(&expression) {
                Some(hint) => hole.hint(hint),
                None => hole,
            }
        })
        .collect();
    if rest > 0 {
        let message = format!("{rest} more expressions are not known from the repository");
        list.push(Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, file, message));
    }
    list
}

/// The diagnostic for a template that could not be rendered.
#[must_use]
pub fn failure(file: &RepoPath, failure: &Failure) -> Diagnostic {
    let message = format!("could not render the template: {}", failure.reason);
    Diagnostic::new(DiagnosticCode::TemplateError, DiagnosticSeverity::Error, file, message).at(failure.line, 0)
}

/// Where holes stand in a rendered text.
struct Printed {
    /// The first line of each hole that stands in code or in a quoted name.
    in_code: BTreeMap<String, u32>,
    /// Holes that only stand in strings and comments.
    harmless: BTreeSet<String>,
}

impl Printed {
    fn of(text: &str) -> Self {
        let mut printed = Self { in_code: BTreeMap::new(), harmless: BTreeSet::new() };
        if !text.to_ascii_lowercase().contains(HOLE_PREFIX) {
            return printed;
        }
        let mut line = 1;
        for (stretch, range) in stretches(text) {
            let part = text.get(range).unwrap_or_default();
            for (offset, identifier) in identifiers(part) {
                if matches!(stretch, Stretch::String | Stretch::Comment) {
                    printed.harmless.insert(identifier);
                } else {
                    let here = line + newlines(part.get(..offset).unwrap_or_default());
                    printed.in_code.entry(identifier).or_insert(here);
                }
            }
            line += newlines(part);
        }
        printed.harmless.retain(|identifier| !printed.in_code.contains_key(identifier));
        printed
    }
}

/// The holes in a stretch of text, with their offsets; in lower case.
fn identifiers(part: &str) -> Vec<(usize, String)> {
    let lower = part.to_ascii_lowercase();
    let starts = lower.match_indices(HOLE_PREFIX).map(|(start, _)| start);
    let word = |start: usize| {
        let rest = lower.get(start..)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        Some((start, rest.get(..end)?.to_owned()))
    };
    starts.filter_map(word).collect()
}

/// The line of a file that first holds the words of an expression; 0 where none does.
fn line_of_words(source: &str, expression: &str) -> u32 {
    let words = expression.trim_end_matches('…');
    source.find(words).and_then(|offset| source.get(..offset)).map_or(0, |before| newlines(before) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_in_strings_and_comments_are_harmless() {
        let printed = Printed::of("select '__hole_a', __hole_b -- __hole_c\nfrom \"__hole_d\".t, __HOLE_A");
        assert_eq!(
            printed.in_code.keys().map(String::as_str).collect::<Vec<_>>(),
            ["__hole_a", "__hole_b", "__hole_d"]
        );
        assert_eq!(printed.in_code["__hole_d"], 2);
        assert_eq!(printed.harmless.iter().map(String::as_str).collect::<Vec<_>>(), ["__hole_c"]);
    }
}
