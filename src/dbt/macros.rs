//! Macros as text: taken out of files, and the ones that a template needs found by the words in its tags.
//!
//! A template is rendered together with the macros that it can reach, in one rendering, so that the bounds on work hold for
//! all of them together.

use std::collections::BTreeSet;

use super::parameters;
use crate::sql::jinja::segment::{Segment, SegmentKind, split};
use crate::sql::jinja::source::{adapted, macro_variable};

/// One macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroDefinition {
    /// Its name; a generic test `x` is `test_x`, as in dbt.
    pub name: String,
    /// The index of its project.
    pub project: usize,
    /// `(a, b=none)`.
    parameters: String,
    /// What stands between its tags, white space marks of the tags included.
    body: String,
    /// The words in its tags: names of macros that it may call are among them.
    pub words: Words,
    /// Whether it asks the warehouse when dbt compiles.
    pub asks_warehouse: bool,
}

impl MacroDefinition {
    /// The same macro as one of another project.
    #[must_use]
    pub fn of_project(&self, project: usize) -> Self {
        Self { project, ..self.clone() }
    }

    /// The macro's text under the variable of an index.
    #[must_use]
    pub fn text(&self, index: usize) -> String {
        format!("{{% macro {}{} {}", macro_variable(index), self.parameters, self.body)
    }
}

/// Words in the tags of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// All of them, those in strings too.
    pub all: BTreeSet<String>,
    /// Words that are called: `f(…)`.
    pub called: BTreeSet<String>,
    /// Words of which something is taken: `p.f`.
    pub qualifying: BTreeSet<String>,
}

impl Words {
    /// The words in the tags of some segments.
    #[must_use]
    pub fn of(source: &str, segments: &[Segment]) -> Self {
        let mut words = Self::default();
        for segment in segments {
            if matches!(segment.kind, SegmentKind::Expression | SegmentKind::Block) {
                words.add(segment.content(source));
            }
        }
        words
    }

    fn add(&mut self, content: &str) {
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut rest = content;
        let mut before = ' ';
        while let Some(start) = rest.find(in_word) {
            before = rest.get(..start).and_then(|skipped| skipped.trim_end().chars().next_back()).unwrap_or(before);
            let from = rest.get(start..).unwrap_or_default();
            let end = from.find(|c| !in_word(c)).unwrap_or(from.len());
            let (word, after) = from.split_at_checked(end).unwrap_or((from, ""));
            if !word.starts_with(|c: char| c.is_ascii_digit()) {
                self.all.insert(word.to_owned());
                let free = !matches!(before, '.' | '|');
                match after.trim_start().chars().next() {
                    Some('(') if free => drop(self.called.insert(word.to_owned())),
                    Some('.') if free => drop(self.qualifying.insert(word.to_owned())),
                    _ => {}
                }
            }
            before = 'x';
            rest = after;
        }
    }
}

/// Takes the macros out of a file; gives each with the segments that it covers.
#[must_use]
pub fn extract(source: &str, segments: &[Segment], project: usize) -> Vec<(MacroDefinition, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(segment) = segments.get(at) {
        let keyword = segment.keyword(source);
        let Some(closing) = closing(keyword) else {
            at += 1;
            continue;
        };
        let length = segments.iter().skip(at).position(|other| other.keyword(source) == closing);
        let Some(end) = length.map(|length| at + length) else { break };
        let range = at..end + 1;
        if let Some(covered) = segments.get(range.clone()) {
            found.extend(definition(source, covered, keyword, project).map(|definition| (definition, range)));
        }
        at = end + 1;
    }
    found
}

fn closing(keyword: &str) -> Option<&'static str> {
    match keyword {
        "macro" => Some("endmacro"),
        "test" => Some("endtest"),
        "data_test" => Some("enddata_test"),
        "materialization" => Some("endmaterialization"),
        _ => None,
    }
}

fn definition(source: &str, covered: &[Segment], keyword: &str, project: usize) -> Option<MacroDefinition> {
    let (first, last) = (covered.first()?, covered.last()?);
    if keyword == "materialization" {
        return None;
    }
    let header = first.content(source).strip_prefix(keyword)?.trim();
    let (name, parameters) = header.split_at_checked(header.find('(').unwrap_or(header.len()))?;
    let name = if keyword == "macro" { name.trim().to_owned() } else { format!("test_{}", name.trim()) };
    let parameters = if parameters.is_empty() { "()" } else { parameters };
    let inner = source.get(first.range.end..last.range.start)?;
    let inner = adapted(inner);
    let (open_mark, close_mark) = (if first.trims_after { "-" } else { "" }, if last.trims_before { "-" } else { "" });
    let mut words = Words::of(&inner, &split(&inner));
    words.add(parameters);
    let asks_warehouse = asks_warehouse(&words);
    let (parameters, begin) = parameters::adapted(parameters);
    // White space is trimmed in front of what stands in the file.
    let start = match begin.strip_suffix("%}") {
        Some(begin) => format!("%}}{begin}{open_mark}%}}"),
        None => format!("{open_mark}%}}"),
    };
    let body = format!("{start}{inner}{{%{close_mark} endmacro %}}");
    Some(MacroDefinition { name, project, parameters, body, words, asks_warehouse })
}

/// Calls that ask the warehouse; dbt runs them only when it compiles, behind `{% if execute %}`.
const QUESTIONS: [&str; 6] = [
    "run_query",
    "statement",
    "load_result",
    "get_column_values",
    "get_columns_in_relation",
    "get_filtered_columns_in_relation",
];

/// Those of them that ask for columns of a relation.
const FOR_COLUMNS: [&str; 2] = ["get_columns_in_relation", "get_filtered_columns_in_relation"];

/// What several templates ask the warehouse behind `execute`.
#[derive(Debug, Default)]
pub struct Questions {
    any: bool,
    for_more: bool,
}

impl Questions {
    /// Adds what a template asks.
    pub fn add(&mut self, words: &Words) {
        if words.all.contains("execute") {
            let asked = QUESTIONS.iter().filter(|question| words.all.contains(**question));
            for question in asked {
                self.any = true;
                self.for_more |= !FOR_COLUMNS.contains(question);
            }
        }
    }

    /// Whether they ask for columns of relations, and for nothing else.
    #[must_use]
    pub fn are_for_columns_only(&self) -> bool {
        self.any && !self.for_more
    }
}

/// Whether a template's result depends on what the warehouse answers while dbt compiles.
#[must_use]
pub fn asks_warehouse(words: &Words) -> bool {
    words.all.contains("execute") && QUESTIONS.iter().any(|question| words.all.contains(*question))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(source: &str) -> Vec<MacroDefinition> {
        extract(source, &split(source), 0).into_iter().map(|(definition, _)| definition).collect()
    }

    #[test]
    fn macros_and_tests_are_taken_out_with_their_marks() {
        let source = "{% macro a(x, y=none) -%} {{ x }} {%- endmacro %}\n{% test b(model) %}select 1{% endtest %}\
                      {% materialization c, default %}x{% endmaterialization %}{% macro d() %}y{% endmacro %}";
        let found = extracted(source);
        assert_eq!(found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), ["a", "test_b", "d"]);
        assert_eq!(found[0].text(7), "{% macro __macro_7(x, y=none) -%} {{ x }} {%- endmacro %}");
    }

    #[test]
    fn words_know_whether_they_are_called_or_qualify() {
        let source = "{{ dbt_utils.star(from=ref('x')) | trim }}{% if a.b %}{% set y = z %}{% endif %}";
        let words = Words::of(source, &split(source));
        assert_eq!(words.called.iter().map(String::as_str).collect::<Vec<_>>(), ["ref"]);
        assert_eq!(words.qualifying.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "dbt_utils"]);
        assert!(words.all.contains("star") && words.all.contains("x"));
    }

    #[test]
    fn a_macro_that_asks_the_warehouse_is_known() {
        let asks = "{% macro m() %}{% if execute %}{% set r = run_query('x') %}{% endif %}{% endmacro %}";
        let logs = "{% macro m() %}{% if execute %}{{ log('x') }}{% endif %}{% endmacro %}";
        assert!(extracted(asks)[0].asks_warehouse);
        assert!(!extracted(logs)[0].asks_warehouse);
    }

    #[test]
    fn a_macro_that_never_ends_is_no_macro() {
        assert!(extracted("{% macro a() %} {{ b }}").is_empty());
    }
}
