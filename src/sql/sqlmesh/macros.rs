//! `@name`, `@{name}` and `@name(…)` → holes that are named after what stands there.

use std::collections::BTreeMap;

use crate::sql::jinja::hole::{hole_identifier, shorten};
use crate::sql::jinja::neutral::line_ends;
use crate::sql::jinja::segment::newlines;
use crate::sql::lexical::{Stretch, pairs, stretches};

/// Moments and units that SQLMesh's variables of time are named after.
const MOMENTS: [&str; 3] = ["start", "end", "execution"];
const UNITS: [&str; 9] = ["ds", "date", "dt", "dtntz", "epoch", "hour", "millis", "ts", "tstz"];

/// A longer value stays a hole: it may be written many times.
const LONGEST_VALUE: usize = 100;

/// SQL without macros.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Macros {
    /// The text, on the same lines.
    pub sql: String,
    /// What is written for each hole.
    pub holes: BTreeMap<String, String>,
    /// Those that may hide tables and columns, each where it stands first: its line and what is written.
    pub unknown: Vec<(u32, String)>,
    /// Literals and names that the file defines, by their names in lower case.
    defined: BTreeMap<String, String>,
}

/// Takes macros out; `this` is the model's own name.
#[must_use]
pub fn macros(text: &str, this: Option<&str>) -> Macros {
    let mut found = Macros { sql: String::with_capacity(text.len()), ..Macros::default() };
    let parentheses = pairs(text, b"()");
    let (mut done, mut line, mut counted) = (0, 1, 0);
    for (stretch, range) in stretches(text) {
        let code = if stretch == Stretch::Code { text.get(range.clone()).unwrap_or_default() } else { "" };
        for (offset, _) in code.match_indices('@') {
            let at = range.start + offset;
            let Some(length) = text.get(at..).and_then(name_length).filter(|_| at >= done) else { continue };
            let name = text.get(at..at + length).unwrap_or_default();
            let end = parentheses.get(&(at + length)).map_or(at + length, |close| close + 1);
            let written = text.get(at..end).unwrap_or_default();
            found.sql.push_str(text.get(done..at).unwrap_or_default());
            line += newlines(text.get(counted..at).unwrap_or_default());
            (done, counted) = (end, at);
            found.take(name, (written, line), this);
        }
    }
    found.sql.push_str(text.get(done..).unwrap_or_default());
    found
}

/// A name in which macros stand, with their holes.
pub(super) fn named(name: &str) -> String {
    macros(name, None).sql
}

/// The length of `@name` or `@{name}`.
fn name_length(from: &str) -> Option<usize> {
    let inner = from.strip_prefix('@')?;
    let braced = inner.strip_prefix('{');
    let name = braced.unwrap_or(inner);
    let length = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
    let closes = braced.is_none() || name.get(length..)?.starts_with('}');
    (length > 0 && closes).then(|| 1 + length + if braced.is_some() { 2 } else { 0 })
}

impl Macros {
    fn take(&mut self, name: &str, (written, line): (&str, u32), this: Option<&str>) {
        let name = name.trim_start_matches('@').trim_matches(['{', '}']).to_lowercase();
        match (name.as_str(), this) {
            // A definition, which makes nothing by itself.
            ("def", _) => {
                self.defined.extend(definition(written));
                self.sql.push_str(&line_ends(written));
            }
            ("this_model", Some(this)) => self.sql.push_str(this),
            _ => {
                let is_call = written.ends_with(')');
                let value = self.defined.get(&name).filter(|_| !is_call && !written.starts_with("@{"));
                if let Some(value) = value {
                    self.sql.push_str(value);
                    return;
                }
                let identifier = hole_identifier(if is_call { written.trim_start_matches('@') } else { &name });
                self.sql.push_str(&identifier);
                self.sql.push_str(&line_ends(written));
                let is_new = self.holes.insert(identifier, shorten(written)).is_none();
                // An audit is run for each model that names it: what it reads is known there.
                if is_new && (is_call || !(is_time(&name) || name == "this_model")) {
                    self.unknown.push((line, shorten(written)));
                }
            }
        }
    }
}

/// The name and the value of `@DEF(name, value)` where the value is one literal or one name.
fn definition(written: &str) -> Option<(String, String)> {
    let (name, value) = written.split_once('(')?.1.strip_suffix(')')?.split_once(',')?;
    let value = value.trim();
    let inner = value.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let is_text = inner.is_some_and(|inner| !inner.contains(['\'', '\\', '\n']));
    let is_word = !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    ((is_text || is_word) && value.len() <= LONGEST_VALUE).then(|| (name.trim().to_lowercase(), value.to_owned()))
}

fn is_time(name: &str) -> bool {
    let parts = name.split_once('_');
    let is_moment = parts.is_some_and(|(moment, unit)| MOMENTS.contains(&moment) && UNITS.contains(&unit));
    is_moment || name == "runtime_stage"
}
