//! SQLMesh's files: a header (`MODEL (name …, kind …);`), macros (`@name`, `@name(…)`), blocks of Jinja.
//!
//! The header says what the file is; it becomes empty lines. A macro is a hole that is named after it: of those that
//! SQLMesh itself defines (`@start_ds`) and that can hide nothing, nothing is told.

mod header;
mod macros;

pub use header::{Header, Noun, header};
pub use macros::{Macros, macros};

/// Words that open and close blocks, each on a line of its own.
const JINJA: [&str; 3] = ["JINJA_QUERY_BEGIN", "JINJA_STATEMENT_BEGIN", "JINJA_END"];
const OPENS_VIRTUAL: &str = "ON_VIRTUAL_UPDATE_BEGIN";
const CLOSES_VIRTUAL: &str = "ON_VIRTUAL_UPDATE_END";

/// What stands behind the header, on its own lines and without the marks of blocks, and whether Jinja is in it. What runs
/// when views are exchanged changes no data and is left out, and so are audits behind a model.
#[must_use]
pub fn body(text: &str, header: &Header) -> (String, bool) {
    let (mut body, mut is_jinja, mut left_out) = (String::with_capacity(text.len()), false, false);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let word = line.trim().trim_end_matches(';').trim_end();
        let is = |words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
        let opens = is(&[OPENS_VIRTUAL]);
        is_jinja |= is(&JINJA);
        let is_audit =
            header.noun == Noun::Model && word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("AUDIT"));
        let audit = is_audit && at > header.end && word.get(5..).is_some_and(|rest| rest.trim_start().starts_with('('));
        left_out |= opens || audit;
        if at <= header.end || left_out || is(&JINJA) {
            body.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            // The header may end within the line.
            let rest = line.len().min(at - header.end);
            body.push_str(line.get(line.len() - rest..).unwrap_or_default());
        }
        left_out &= !is(&[CLOSES_VIRTUAL]);
    }
    (body, is_jinja)
}

#[cfg(test)]
mod tests;
