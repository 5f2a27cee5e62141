//! The comment, the job summary and `preview --format markdown`: one page of GitHub-flavoured Markdown.
//!
//! Every section is a closed piece of text (tables, folds and fences end where they begin), so that leaving one out can
//! never break another. The page is rendered, measured and rendered again with less detail until it fits. The hidden
//! marker of the comment is not part of it: `publish` adds that.

mod folds;
mod ink;
mod sections;

use crate::report::Report;
use crate::report::budget::{Detail, Limits};
use crate::report::facts::{self, Facts, Shape};
use crate::report::words;
use ink::Ink;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Markdown that ends with one line end.
    pub text: String,
    /// Whether something is left out; the page says what, and where it is.
    pub truncated: bool,
}

/// Renders the report within the limits. Equal reports give equal bytes.
#[must_use]
pub fn render(report: &Report, limits: Limits) -> Rendered {
    let facts = Facts::of(report);
    for (step, detail) in limits.ladder().into_iter().enumerate() {
        let page = Page { ink: Ink::new(report, detail), facts: &facts, limits, step, left_out: Vec::new() };
        let rendered = page.render();
        if limits.fits(&rendered.text) {
            return rendered;
        }
    }
    let word = words::verdict(report.impact.verdict);
    let text = format!("**{word}.** The report does not fit here; it is in {}.\n", limits.elsewhere);
    Rendered { text, truncated: true }
}

struct Page<'a> {
    facts: &'a Facts<'a>,
    ink: Ink<'a>,
    limits: Limits,
    /// Steps down the ladder so far.
    step: usize,
    left_out: Vec<String>,
}

impl Page<'_> {
    fn detail(&self) -> Detail {
        self.ink.detail
    }

    fn render(mut self) -> Rendered {
        let blocks = match self.facts.shape() {
            Shape::OneLine => vec![self.one_line()],
            Shape::OneChange => vec![
                self.heading(),
                self.verdict(),
                self.attention(),
                self.only_change(),
                self.selector(),
                self.catalog(),
                self.diagram(),
                self.downstream_fold(),
                self.not_analysed(),
                self.sql(),
                self.shortened(),
                self.footer(),
            ],
            Shape::Full => vec![
                self.heading(),
                self.verdict(),
                self.numbers(),
                self.attention(),
                self.changes(),
                self.row_sets(),
                self.downstream(),
                self.selector(),
                self.catalog(),
                self.diagram(),
                self.not_analysed(),
                self.sql(),
                self.shortened(),
                self.footer(),
            ],
        };
        let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end()).filter(|block| !block.is_empty()).collect();
        Rendered { text: blocks.join("\n\n") + "\n", truncated: !self.left_out.is_empty() }
    }

    fn one_line(&self) -> String {
        let report = self.facts.report;
        let project = self.project();
        let (sign, word) = (words::verdict_sign(report.impact.verdict), words::verdict(report.impact.verdict));
        let line = self.ink.text(&facts::one_line(self.facts));
        let (base, head) = (report.base.0.short(), report.head.short());
        format!("{sign} **{word}**{project}: {line} <sub>`{base}`…`{head}`</sub>")
    }

    fn project(&self) -> String {
        match self.facts.report.comment_id.as_str() {
            "" => String::new(),
            id => format!(" · {}", self.ink.code(id)),
        }
    }

    fn heading(&self) -> String {
        format!("### SQL lineage{}", self.project())
    }

    fn verdict(&self) -> String {
        let verdict = self.facts.report.impact.verdict;
        let fact = self.ink.text(&facts::headline(self.facts));
        format!("{} **{}**: {fact}", words::verdict_sign(verdict), words::verdict(verdict))
    }

    fn numbers(&self) -> String {
        self.ink.text(&facts::numbers(self.facts))
    }

    /// Says what is not on the page and where it is.
    fn shortened(&mut self) -> String {
        if self.left_out.is_empty() && self.step == 0 {
            return String::new();
        }
        if self.left_out.is_empty() {
            self.left_out.push("parts of long names, messages and SQL".to_owned());
        }
        format!("**Shortened.** Left out here: {}. More is in {}.", self.left_out.join(", "), self.limits.elsewhere)
    }

    fn footer(&self) -> String {
        format!("<sub>{}</sub>", self.ink.text(&facts::footer(self.facts)))
    }
}
