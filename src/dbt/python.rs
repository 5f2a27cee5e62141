//! Models in Python: the relations that they read, found in the text. Nothing is run, and nothing is known of columns.

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::path::RepoPath;

/// Most relations that one model is read with.
const MOST_CALLS: usize = 500;

/// A call of `dbt.ref` or `dbt.source` with constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `ref` or `source`.
    function: &'static str,
    /// What stands in its brackets: texts, commas, `v=2`.
    arguments: String,
    /// Its line, from 1.
    pub line: u32,
}

impl Call {
    /// The same call in a SQL template.
    #[must_use]
    pub fn template(&self) -> String {
        format!("{{{{ {}({}) }}}}", self.function, self.arguments)
    }
}

/// The calls of a text, comments left out.
#[must_use]
pub fn calls(text: &str) -> Vec<Call> {
    let mut found: Vec<Call> = Vec::new();
    for (line, written) in (1_u32..).zip(text.lines()) {
        let code = written.split_once(" #").map_or(written, |(code, _)| code);
        if code.trim_start().starts_with('#') {
            continue;
        }
        for (function, opening) in [("ref", "dbt.ref("), ("source", "dbt.source(")] {
            for (offset, _) in code.match_indices(opening) {
                // A call may go on in the lines below.
                let start = offset_of(text, written) + offset + opening.len();
                let rest = text.get(start..).unwrap_or_default();
                let Some(arguments) = rest.split_once(')').map(|(inside, _)| inside) else { continue };
                if is_constant(arguments) && found.len() < MOST_CALLS {
                    found.push(Call { function, arguments: arguments.trim().to_owned(), line });
                }
            }
        }
    }
    found
}

/// Where a line of a text starts in it.
fn offset_of(text: &str, line: &str) -> usize {
    (line.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Whether arguments are texts, numbers and the names of arguments: what a template may be asked to render.
fn is_constant(arguments: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_-.,=\"'".contains(c);
    arguments.len() < 500 && arguments.contains(['"', '\'']) && arguments.chars().all(is_plain)
}

/// A query that reads the same relations, and of whose columns nothing is known; with the file's line of each of its lines.
#[must_use]
pub fn sql(relations: &[(String, u32)]) -> (String, Vec<u32>) {
    let mut sql = "select python_model.* from __hole_python_model as python_model".to_owned();
    let mut lines = vec![1];
    for (relation, line) in relations {
        sql.push_str(&format!("\ncross join {relation}"));
        lines.push(*line);
    }
    (sql, lines)
}

/// What is said of such a model.
#[must_use]
pub fn diagnostic(file: &RepoPath) -> Diagnostic {
    let message = "a model in Python: its relations are read from the text, its columns are not known";
    Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, file, message).at(1, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_with_constants_are_found_with_their_lines() {
        let text = "def model(dbt, session):\n    a = dbt.ref('orders')  # dbt.ref('no')\n    # dbt.ref('no')\n\
                    b = dbt.source(\n        \"raw\", 'pay ments')\n    c = dbt.ref(name)\n    return dbt.ref('p', 'x', v=2)\n";
        let found: Vec<_> = calls(text).iter().map(|call| (call.template(), call.line)).collect();
        let expected =
            [("{{ ref('orders') }}", 2), ("{{ source(\"raw\", 'pay ments') }}", 4), ("{{ ref('p', 'x', v=2) }}", 7)];
        assert_eq!(found, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn the_query_keeps_lines() {
        let (sql, lines) = sql(&[("a".to_owned(), 3), ("b".to_owned(), 9)]);
        assert_eq!((sql.lines().count(), lines), (3, vec![1, 3, 9]));
    }
}
