//! What one request carries: a file, several small ones, or a part of a large one; and the way back from a line of the
//! request to a line of a file.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ingest::cut;
use crate::path::RepoPath;
use crate::report::escape;
use crate::sql::dialect::Dialect;
use crate::sql::split::Tokens;
use crate::sql::template::LineMap;

/// A file's SQL, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The file.
    pub path: RepoPath,
    /// The dialect that it was read with.
    pub dialect: Dialect,
    /// The SQL.
    pub content: Arc<str>,
    /// From the lines of the file's whole SQL to the file's.
    pub line_map: LineMap,
    /// The line of the file's whole SQL that the content begins in, from 1.
    pub first_line: u32,
}

impl Unit {
    /// The file's line for a line of the content.
    #[must_use]
    pub fn file_line(&self, line: u32) -> u32 {
        self.line_map.original((self.first_line - 1).saturating_add(line))
    }

    /// The unit in parts of whole statements that weigh at most `limit` where that can be.
    #[must_use]
    pub fn parts(self, limit: usize) -> Vec<Self> {
        if weight(&self.content) <= limit {
            return vec![self];
        }
        let mut first_line = self.first_line;
        let mut parts = Vec::new();
        for text in cut::stretches(&self.content, self.dialect, limit, weight) {
            if super::plan::has_statement(text) {
                parts.push(self.part(text, first_line));
            }
            first_line = first_line.saturating_add(line_ends(text));
        }
        parts
    }

    /// The unit in two parts of whole statements; `None` where it is one statement.
    #[must_use]
    pub fn halves(&self) -> Option<[Self; 2]> {
        let (first, second) = cut::halves(&self.content, self.dialect)?;
        let line = self.first_line.saturating_add(line_ends(first));
        Some([self.part(first, self.first_line), self.part(second, line)])
    }

    fn part(&self, content: &str, first_line: u32) -> Self {
        Self { content: Arc::from(content), first_line, ..self.clone() }
    }

    /// The unit as it stands among others: under a comment line with its path, and ended by a terminator.
    fn section(&self) -> String {
        // A line end in a file's name must not end the comment.
        format!("-- file: {}\n{}", escape::visible(self.path.as_str()), ended(&self.content, self.dialect))
    }
}

/// A script such that another can follow: its last statement is ended, and so is its last line.
#[must_use]
pub fn ended(sql: &str, dialect: Dialect) -> String {
    let mut tokens = Tokens::new(sql, dialect);
    let mut is_terminated = true;
    while !tokens.is_empty() {
        is_terminated = tokens.next().ends_statement();
    }
    // On a line of its own: the last line may be a comment.
    let end = if is_terminated { "\n" } else { "\n;\n" };
    format!("{sql}{end}")
}

/// Bytes of a text as a JSON string: what a request's size is about.
#[must_use]
pub fn weight(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..=0x1f => 6,
            _ => 1,
        })
        .sum()
}

fn line_ends(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRequest {
    /// The API's word for the kind of database; `None`: left out of the body.
    pub platform: Option<String>,
    /// What it carries, upstream first; at least one.
    pub units: Vec<Unit>,
    /// Files of earlier requests that it waits for: it reads from what they make.
    pub after: BTreeSet<RepoPath>,
}

impl PlannedRequest {
    /// The SQL to send.
    #[must_use]
    pub fn content(&self) -> Arc<str> {
        match self.units.as_slice() {
            [only] => Arc::clone(&only.content),
            units => units.iter().map(Unit::section).collect::<String>().into(),
        }
    }

    /// Whether files share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.units.len() > 1
    }

    /// The unit that a line of [`Self::content`] leads to, and the line of its file; `None` for a line that it does not
    /// have.
    #[must_use]
    pub fn locate(&self, line: u32) -> Option<(usize, u32)> {
        if let [only] = self.units.as_slice() {
            // Parsers like to report an unexpected end in the line after the last one.
            let lines = u32::try_from(only.content.lines().count()).unwrap_or(u32::MAX);
            return (1..=lines.saturating_add(1)).contains(&line).then(|| (0, only.file_line(line)));
        }
        let mut before = 0_u32;
        for (place, unit) in self.units.iter().enumerate() {
            let lines = line_ends(&unit.section());
            if line > before && line <= before.saturating_add(lines) {
                let within = line - before;
                let last = line_ends(&unit.content).saturating_add(1);
                return Some((place, unit.file_line(within.saturating_sub(1).clamp(1, last))));
            }
            before = before.saturating_add(lines);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(path: &str, content: &str) -> Unit {
        Unit {
            path: RepoPath::new(path).expect("inside"),
            dialect: Dialect::Postgres,
            content: Arc::from(content),
            line_map: LineMap::default(),
            first_line: 1,
        }
    }

    fn shared(units: Vec<Unit>) -> PlannedRequest {
        PlannedRequest { platform: None, units, after: BTreeSet::new() }
    }

    #[test]
    fn files_that_share_a_request_stand_under_their_paths_and_end_with_a_terminator() {
        let request = shared(vec![
            unit("a.sql", "SELECT 1;\n"),
            unit("b\nDROP TABLE t.sql", "SELECT 2 -- two"),
            unit("c.sql", "SELECT 3"),
        ]);
        let content = request.content();
        assert_eq!(
            content.lines().collect::<Vec<_>>(),
            [
                "-- file: a.sql",
                "SELECT 1;",
                "",
                "-- file: b⟨U+000A⟩DROP TABLE t.sql",
                "SELECT 2 -- two",
                ";",
                "-- file: c.sql",
                "SELECT 3",
                ";",
            ]
        );
        assert_eq!(request.locate(2), Some((0, 1)));
        assert_eq!(request.locate(5), Some((1, 1)));
        assert_eq!(request.locate(6), Some((1, 1)));
        assert_eq!(request.locate(7), Some((2, 1)));
        assert_eq!((request.locate(0), request.locate(10)), (None, None));
    }

    #[test]
    fn lines_of_rendered_sql_lead_back_to_the_template() {
        let mut model = unit("models/a.sql", "SELECT\n1,\n");
        model.line_map = LineMap::new(vec![4, 9]);
        let request = shared(vec![model]);
        assert_eq!(request.locate(2), Some((0, 9)));
        assert_eq!(request.locate(3), Some((0, 9)));
        assert_eq!(request.locate(4), None);
    }

    #[test]
    fn a_large_file_is_sent_in_parts_that_know_their_lines() {
        let whole = unit("a.sql", "SELECT 1;\nSELECT\n2;\nSELECT 3;\n");
        let parts = whole.clone().parts(12);
        let texts: Vec<_> = parts.iter().map(|part| &*part.content).collect();
        assert_eq!(texts, ["SELECT 1;", "\nSELECT\n2;", "\nSELECT 3;"]);
        assert_eq!(parts[2].file_line(2), 4);
        assert_eq!(whole.clone().parts(1000), std::slice::from_ref(&whole));
        let [first, second] = whole.halves().expect("several statements");
        assert_eq!((&*first.content, second.file_line(2)), ("SELECT 1;\nSELECT\n2;", 4));
        assert_eq!(unit("a.sql", "SELECT 1").halves(), None);
    }

    #[test]
    fn a_text_weighs_what_it_takes_in_json() {
        for text in ["", "plain", "a\"b\\c\n\r\t\u{8}\u{c}\u{1}\u{1f}", "é\u{1F600}\u{7f}"] {
            assert_eq!(weight(text), serde_json::to_string(text).expect("JSON").len() - 2, "{text:?}");
        }
    }
}
