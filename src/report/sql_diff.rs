//! The SQL of a changed asset before and after, as a unified diff of its normalised definitions.
//!
//! Definitions come on one line or on few; they are laid out by clause first, so that the diff shows which clause
//! changed. The layout is for reading only.

use similar::TextDiff;

/// Longer definitions are not compared here: the forge's own diff serves better.
const MOST_BYTES: usize = 64 * 1024;
/// Lines up to this length are left as they are.
const LINE: usize = 72;

/// Words that begin a clause, hence a line.
const CLAUSES: [&str; 24] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "QUALIFY",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "NATURAL",
    "VALUES",
    "USING",
    "SET",
    "WHEN",
];

/// Words after which a clause word goes on with its clause: `LEFT OUTER JOIN`, `UNION ALL SELECT` keeps its break.
const JOIN_WORDS: [&str; 7] = ["INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER"];

/// The unified diff, at most so many lines; what is cut is said in its last line. `None` when one side is missing, both
/// are the same, or they are too long to compare.
#[must_use]
pub fn unified(base: Option<&str>, head: Option<&str>, lines: usize) -> Option<String> {
    let (base, head) = (base?, head?);
    if base == head || base.len() > MOST_BYTES || head.len() > MOST_BYTES {
        return None;
    }
    let (base, head) = (lay_out(base), lay_out(head));
    let diff = TextDiff::from_lines(&base, &head);
    let text = diff.unified_diff().context_radius(2).missing_newline_hint(false).to_string();
    let all = text.lines().count();
    if all == 0 {
        return None;
    }
    let mut shown: Vec<String> = text.lines().take(lines).map(str::to_owned).collect();
    if all > lines {
        shown.push(format!("… {} more lines", all - lines));
    }
    Some(shown.join("\n"))
}

/// Breaks long lines before clauses and after the commas of select lists, indented by depth. Quoted text stays whole.
#[must_use]
pub fn lay_out(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + sql.len() / 8);
    for line in sql.lines() {
        if line.chars().count() <= LINE {
            text.push_str(line);
        } else {
            text.push_str(&Layout::new(line).run());
        }
        text.push('\n');
    }
    text
}

struct Layout<'a> {
    rest: &'a str,
    text: String,
    /// For each open parenthesis, whether a query stands in it; the first stands for the statement.
    queries: Vec<bool>,
    previous: String,
}

impl<'a> Layout<'a> {
    fn new(line: &'a str) -> Self {
        Self { rest: line, text: String::new(), queries: vec![true], previous: String::new() }
    }

    fn run(mut self) -> String {
        while let Some(first) = self.rest.chars().next() {
            match first {
                '\'' | '"' | '`' => self.quoted(first),
                '(' => {
                    self.take(1);
                    let query = ["SELECT", "WITH"].iter().any(|word| starts_with_word(self.rest, word));
                    self.queries.push(query);
                    self.previous.clear();
                }
                ')' => {
                    if self.queries.len() > 1 && self.queries.pop() == Some(true) {
                        self.new_line();
                    }
                    self.take(1);
                }
                ',' => {
                    self.take(1);
                    if self.queries.last() == Some(&true) {
                        self.new_line();
                        self.text.push_str("  ");
                    }
                }
                _ if first.is_alphanumeric() || first == '_' => self.word(),
                _ => self.take(first.len_utf8()),
            }
        }
        self.text
    }

    fn word(&mut self) {
        let length = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let word = self.rest.get(..length).unwrap_or_default().to_ascii_uppercase();
        let continues = word == "JOIN" && JOIN_WORDS.contains(&self.previous.as_str());
        let in_query = self.queries.last() == Some(&true);
        // `replace(left(a, 1), …)`: a function that is called like a clause.
        let called = self.rest.get(length..).is_some_and(|after| after.starts_with('('));
        if in_query && !continues && !called && CLAUSES.contains(&word.as_str()) && !self.text.trim().is_empty() {
            self.new_line();
        }
        self.previous = word;
        self.take(length);
    }

    fn quoted(&mut self, quote: char) {
        let close = self.rest.get(1..).and_then(|rest| rest.find(quote)).map_or(self.rest.len(), |at| at + 2);
        self.take(close);
    }

    fn take(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.text.push_str(taken);
        self.rest = rest;
    }

    fn new_line(&mut self) {
        self.rest = self.rest.trim_start();
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
        self.text.push('\n');
        let depth = self.queries.iter().filter(|query| **query).count().saturating_sub(1);
        self.text.push_str(&"  ".repeat(depth));
    }
}

fn starts_with_word(text: &str, word: &str) -> bool {
    let text = text.trim_start();
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && !text.get(word.len()..).is_some_and(|after| after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_clause_of_a_one_line_definition_is_one_changed_line() {
        let base = "CREATE VIEW v AS SELECT a.id, sum(b.x) AS total FROM a LEFT OUTER JOIN b ON a.id = b.id WHERE a.kind = 'x, y' GROUP BY a.id";
        let head = base.replace("'x, y'", "'z'");
        assert_eq!(
            unified(Some(base), Some(&head), 50).expect("differs"),
            "@@ -3,5 +3,5 @@\n   sum(b.x) AS total\n FROM a\n LEFT OUTER JOIN b ON a.id = b.id\n\
             -WHERE a.kind = 'x, y'\n+WHERE a.kind = 'z'\n GROUP BY a.id"
                .replace("@@ -3,5 +3,5 @@\n   sum(b.x) AS total\n", "@@ -4,4 +4,4 @@\n")
        );
    }

    #[test]
    fn a_subquery_is_indented_and_function_arguments_stay_together() {
        let sql =
            "SELECT coalesce(left(a, 1), 'FROM x', b) AS c FROM (SELECT a, b FROM t WHERE b IN (1, 2, 3)) AS s LIMIT 1";
        assert_eq!(
            lay_out(sql),
            "SELECT coalesce(left(a, 1), 'FROM x', b) AS c\nFROM (\n  SELECT a,\n    b\n  FROM t\n  WHERE b IN (1, 2, 3)\n) AS s\nLIMIT 1\n"
        );
    }

    #[test]
    fn a_long_diff_is_cut_and_says_so() {
        let lines = |word: &str| (0..100).map(|n| format!("{word} {n}\n")).collect::<String>();
        let diff = unified(Some(&lines("a")), Some(&lines("b")), 10).expect("differs");
        assert_eq!(diff.lines().count(), 11);
        assert!(diff.ends_with("… 191 more lines"), "{diff}");
    }

    #[test]
    fn equal_or_missing_definitions_have_no_diff() {
        assert_eq!(unified(Some("a"), Some("a"), 9), None);
        assert_eq!(unified(None, Some("a"), 9), None);
    }
}
