//! The folded sections: diagram, downstream of a single change, what was not analysed, SQL before and after.

use super::Page;
use super::sections::MOST_ATTENTION;
use crate::report::escape::markdown_fence;
use crate::report::facts;
use crate::report::phrase::Phrase;
use crate::report::{mermaid, sql_diff, words};

/// Downstream assets that the sentence of a single change names.
const IN_SENTENCE: usize = 5;

impl Page<'_> {
    pub(super) fn diagram(&mut self) -> String {
        if self.facts.report.diagram.edges.is_empty() {
            return String::new();
        }
        match mermaid::diagram(self.facts.report, self.detail().diagram) {
            Some(text) => fold("Diagram of the change and its neighbours", &markdown_fence("mermaid", &text)),
            None => {
                self.left_out.push("the diagram".to_owned());
                String::new()
            }
        }
    }

    pub(super) fn downstream_fold(&mut self) -> String {
        let all = self.facts.downstream.len();
        if all <= IN_SENTENCE {
            return String::new();
        }
        let shown = all.min(self.detail().rows);
        if shown < all {
            self.left_out.push(format!("{} downstream tables and views", words::number(all - shown)));
        }
        let count =
            if shown < all { format!("{} of {}", words::number(shown), words::number(all)) } else { all.to_string() };
        let table = self.downstream_table(shown);
        if table.is_empty() { table } else { fold(&format!("Downstream ({count})"), &table) }
    }

    pub(super) fn not_analysed(&mut self) -> String {
        let told = &self.facts.attention;
        let notes = facts::notes(self.facts, told.get(..told.len().min(MOST_ATTENTION)).unwrap_or_default());
        let (all, shown) = (notes.rows.len(), notes.rows.len().min(self.detail().notes));
        let elsewhere = if self.detail().notes == 0 { Phrase::default() } else { notes.elsewhere() };
        let untold = all - shown + if elsewhere.is_empty() { notes.elsewhere } else { 0 };
        if untold > 0 {
            self.left_out.push(words::count(untold, "remark on the analysis", "remarks on the analysis"));
        }
        let rows = notes.rows.iter().take(shown).map(|note| self.note(note));
        let last = Some(self.ink.text(&elsewhere)).filter(|text| !text.is_empty());
        let rows: String = rows.chain(last).map(|row| format!("- {row}\n")).collect();
        let count = match (all, shown) {
            (0, _) => "nothing of this change".to_owned(),
            (all, shown) if shown < all => format!("{shown} of {}", words::number(all)),
            (all, _) => all.to_string(),
        };
        if rows.is_empty() { rows } else { fold(&format!("Not analysed, or only in part ({count})"), &rows) }
    }

    pub(super) fn sql(&mut self) -> String {
        let (most, lines) = (self.detail().sql_assets, self.detail().sql_lines);
        let mut body = Vec::new();
        let mut left_out = 0;
        for asset in &self.facts.report.impact.assets {
            let (base, head) = (asset.base_definition.as_deref(), asset.head_definition.as_deref());
            if base.is_none() || head.is_none() || base == head {
                continue;
            }
            let diff = (body.len() < most).then(|| sql_diff::unified(base, head, lines)).flatten();
            match diff {
                Some(diff) => {
                    let name = self.ink.code(asset.name.as_str());
                    body.push(format!("{name}\n\n{}\n", markdown_fence("diff", &diff)));
                }
                None => left_out += 1,
            }
        }
        if left_out > 0 {
            self.left_out.push(format!("the SQL of {}", words::count(left_out, "table or view", "tables and views")));
        }
        if body.is_empty() {
            return String::new();
        }
        fold(&format!("SQL before and after, without comments and formatting ({})", body.len()), &body.concat())
    }
}

/// A closed fold; the blank lines let Markdown stand inside.
fn fold(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>\n", body.trim_end())
}
