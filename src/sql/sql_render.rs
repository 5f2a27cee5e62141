//! Templates for SqlRender, OHDSI's renderer: `{DEFAULT @x = 'y'}`, `{@x == 'y'} ? {sql} : {sql}`, nested as one likes.
//!
//! One branch of each condition is kept, on its own lines; `@name` stays as it is written. A condition that neither a default
//! nor an earlier choice settles is not known: the branch that reads more is kept, and the other one is told where it
//! reads other tables.

mod condition;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use self::condition::{Condition, Known};
use super::dialect::Dialect;
use super::jinja::hole::shorten;
use super::jinja::neutral::line_ends;
use super::lexical::pairs;
use super::scan::tables;

/// How deep conditions may be nested; below they stay as they are.
const DEEPEST: usize = 16;

/// Longest condition, in bytes.
const LONGEST: usize = 2_000;

/// Words that a statement has once: branches that start with the same one are alternatives.
const SINGLE: [&str; 5] = ["FROM", "GROUP", "HAVING", "ORDER", "WHERE"];

/// A condition that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// Its line, from 1.
    pub line: u32,
    /// The condition as written, in short.
    pub written: String,
    /// What only the branch reads that was not kept.
    pub hidden: Vec<String>,
}

/// Renders; `None` where nothing of SqlRender's is in the text.
#[must_use]
pub fn render(text: &str, dialect: Dialect) -> Option<(String, Vec<Unsettled>)> {
    if !text.contains('@') || !text.contains('{') {
        return None;
    }
    let result = String::with_capacity(text.len());
    let (braces, known) = (pairs(text, b"{}"), Known::default());
    let lines = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut renderer = Renderer {
        text,
        dialect,
        braces,
        lines,
        known,
        result,
        tags: 0,
        unsettled: Vec::new(),
        previous: (0, String::new()),
    };
    renderer.stretch(0..text.len(), 0);
    (renderer.tags > 0).then_some((renderer.result, renderer.unsettled))
}

struct Renderer<'t> {
    text: &'t str,
    dialect: Dialect,
    braces: BTreeMap<usize, usize>,
    /// Where lines end.
    lines: Vec<usize>,
    known: Known,
    result: String,
    /// How many tags were found.
    tags: usize,
    unsettled: Vec<Unsettled>,
    /// Where the last branch that was kept ends, and its first word.
    previous: (usize, String),
}

/// What stands within braces.
type Branch = Range<usize>;

impl<'t> Renderer<'t> {
    fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    fn stretch(&mut self, range: Range<usize>, depth: usize) {
        let mut at = range.start;
        while let Some((&open, &close)) = self.braces.range(at..range.end).next() {
            self.result.push_str(self.slice(at..open));
            at = match self.tag(open, close, depth) {
                Some(end) => end,
                None => {
                    self.result.push('{');
                    open + 1
                }
            };
        }
        self.result.push_str(self.slice(at..range.end));
    }

    /// Takes the tag that opens here; the offset behind it.
    fn tag(&mut self, open: usize, close: usize, depth: usize) -> Option<usize> {
        let content = self.slice(open + 1..close);
        if content.len() > LONGEST {
            return None;
        }
        if let Some((name, value)) = default(content) {
            self.tags += 1;
            self.known.set(name, value);
            self.drop(open..close + 1);
            return Some(close + 1);
        }
        let then = self.branch(close + 1, "?").filter(|_| depth < DEEPEST)?;
        let condition = Condition::parse(content)?;
        self.tags += 1;
        let other = self.branch(then.end + 1, ":");
        let holds =
            condition.holds(&self.known).unwrap_or_else(|| self.choose(open, &condition, (&then, other.as_ref())));
        let end = other.as_ref().unwrap_or(&then).end + 1;
        let kept = if holds { Some(then) } else { other };
        match kept {
            Some(kept) => {
                self.drop(open..kept.start);
                let word = first_word(self.slice(kept.clone()));
                self.stretch(kept.clone(), depth + 1);
                self.drop(kept.end..end);
                self.previous = (end, word);
            }
            None => self.drop(open..end),
        }
        Some(end)
    }

    /// What stands in the braces behind a sign.
    fn branch(&self, from: usize, sign: &str) -> Option<Branch> {
        let rest = self.text.get(from..)?;
        let inner = rest.trim_start().strip_prefix(sign)?.trim_start();
        let open = self.text.len() - inner.len();
        self.braces.get(&open).map(|close| open + 1..*close)
    }

    /// Leaves a part out, but for its lines.
    fn drop(&mut self, range: Range<usize>) {
        self.result.push(' ');
        self.result.push_str(&line_ends(self.slice(range)));
    }

    /// Whether to take a condition that is not known for true.
    fn choose(&mut self, open: usize, condition: &Condition, (then, other): (&Branch, Option<&Branch>)) -> bool {
        let (then, other) = (self.slice(then.clone()), other.map_or("", |other| self.slice(other.clone())));
        let before = self.text.get(..open).unwrap_or_default().trim_end();
        let start = before.rfind(|c: char| !c.is_alphabetic()).map_or(0, |at| at + 1);
        let is_relation = matches!(first_word(before.get(start..).unwrap_or_default()).as_str(), "FROM" | "JOIN");
        let opening = if is_relation { "select 1 from" } else { "select 1" };
        let reads = |text| (self.tables(opening, text), text.trim().len());
        let ((then_reads, then_length), (other_reads, other_length)) = (reads(then), reads(other));
        let word = first_word(then);
        let is_alternative = SINGLE.contains(&word.as_str())
            && self.previous.1 == word
            && self.text.get(self.previous.0..open).is_some_and(|between| between.trim().is_empty());
        let holds = !is_alternative && (then_reads.len(), then_length) >= (other_reads.len(), other_length);
        let (kept, left) = if holds { (then_reads, other_reads) } else { (other_reads, then_reads) };
        let line = self.lines.partition_point(|end| *end < open) + 1;
        let written = shorten(self.slice(open..self.braces.get(&open).map_or(open, |close| close + 1)));
        let hidden = left.difference(&kept).map(|name| name.join(".")).collect();
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.unsettled.push(Unsettled { line, written, hidden });
        self.known.assume(condition, holds);
        holds
    }

    /// What a part of a statement reads, behind words that such a statement starts with.
    fn tables(&self, opening: &str, branch: &str) -> BTreeSet<Vec<String>> {
        let found = tables(branch, self.dialect);
        if found.is_empty() { tables(&format!("{opening} {branch}"), self.dialect) } else { found }
    }
}

/// `DEFAULT @name = value`
fn default(content: &str) -> Option<(&str, &str)> {
    let (word, rest) = content.trim().split_at_checked("DEFAULT".len())?;
    let (name, value) = rest.trim_start().strip_prefix('@')?.split_once('=')?;
    word.eq_ignore_ascii_case("DEFAULT").then(|| (name.trim(), value.trim()))
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests;
