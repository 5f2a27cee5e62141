//! The visible sections: what needs attention, changes, rows, downstream, catalog.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Page;
use crate::impact::{AssetChange, AssetChangeKind, Downstream, Severity};
use crate::ingest::outcome::FileBucket;
use crate::report::facts::{self, ChangeRow, Note, Shape};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Rows that are never folded away.
pub(super) const MOST_ATTENTION: usize = 10;
/// Folders named when not every change is listed.
const MOST_FOLDERS: usize = 8;

/// The words of a section with a row limit.
struct Section {
    title: &'static str,
    /// What its rows are.
    rows: &'static str,
    /// Which rows are shown when not all are.
    order: &'static str,
}

const CHANGES: Section = Section { title: "Changes", rows: "changes", order: ", the worst first" };
const ROW_SETS: Section =
    Section { title: "Rows that may differ", rows: "tables and views whose rows may differ", order: "" };
const DOWNSTREAM: Section = Section {
    title: "Downstream",
    rows: "downstream tables and views",
    order: ": the worst, and of these the nearest first",
};

impl Page<'_> {
    pub(super) fn attention(&mut self) -> String {
        let rows = &self.facts.attention;
        if rows.is_empty() {
            return String::new();
        }
        let mut lines: Vec<String> =
            rows.iter().take(MOST_ATTENTION).map(|row| format!("- {}", self.note(&row.note))).collect();
        let more = rows.len().saturating_sub(MOST_ATTENTION);
        if more > 0 {
            lines.push(format!("- … and {more} more like these"));
            self.left_out.push(words::count(more, "point that needs attention", "points that need attention"));
        }
        format!("**Needs attention**\n\n{}", lines.join("\n"))
    }

    /// A sentence, and what helps on a line below it.
    pub(super) fn note(&self, note: &Note) -> String {
        let hint = note.hint.as_ref().map(|hint| Phrase::new("<br>What helps: ").message(hint));
        self.ink.text(&note.text) + &hint.map_or_else(String::new, |hint| self.ink.text(&hint))
    }

    /// The sentences that stand for the tables when there is one change only.
    pub(super) fn only_change(&self) -> String {
        let change = match (self.facts.changes.first(), self.facts.row_sets.first()) {
            (Some(row), _) => row.sentence(self.detail().items),
            (None, Some(asset)) => facts::row_set_sentence(asset, self.detail().items),
            (None, None) => Phrase::default(),
        };
        let reached = facts::reached(self.facts, 5);
        format!("{} {}", self.ink.text(&change), self.ink.text(&reached))
    }

    pub(super) fn changes(&mut self) -> String {
        let all = self.facts.changes.len();
        if all == 0 {
            return String::new();
        }
        let shown = all.min(self.detail().rows);
        let title = self.title(&CHANGES, shown, all);
        let rows = self.facts.changes.iter().take(shown).map(|row| self.change_row(row)).collect();
        let folders = if shown < all { self.folders() } else { String::new() };
        let heads = ["Table or view", "Column", "Change", "Sources before → after", "Read by"];
        format!("{title}{}{folders}", table(&heads, rows))
    }

    fn change_row(&self, row: &ChangeRow<'_>) -> Vec<String> {
        let most = self.detail().items;
        let readers = self.ink.cell(&row.read_by(self.facts, most));
        let still = if row.is_gone() && !row.readers().is_empty() { "**still** " } else { "" };
        vec![
            self.asset_cell(row.asset) + &row.more_dialects(),
            self.ink.cell(&row.column_cell()),
            self.ink.cell(&row.change_cell()),
            self.ink.cell(&row.sources(most)),
            format!("{still}{readers}"),
        ]
    }

    fn asset_cell(&self, asset: &AssetChange) -> String {
        let place = asset.file.as_ref().filter(|_| asset.change != AssetChangeKind::Removed);
        self.ink.linked_cell(asset.name.as_str(), place.map(|file| (file, asset.line)))
    }

    /// Where the changes are, when not all of them are listed.
    fn folders(&self) -> String {
        let mut folders = BTreeMap::<&str, usize>::new();
        for row in &self.facts.changes {
            *folders.entry(row.asset.file.as_ref().map_or("", |file| file.folder())).or_default() += 1;
        }
        let mut folders: Vec<(&str, usize)> = folders.into_iter().collect();
        folders.sort_by_key(|(_, count)| Reverse(*count));
        let named = folders.iter().map(|(folder, count)| {
            let folder = if folder.is_empty() { "(top folder)" } else { folder };
            Phrase::default().name(folder).words(format!(" {}", words::number(*count)))
        });
        let phrase = Phrase::new("\nAll changes by folder: ").list(named, MOST_FOLDERS);
        self.ink.text(&phrase) + ".\n"
    }

    pub(super) fn row_sets(&mut self) -> String {
        let all = self.facts.row_sets.len();
        if all == 0 {
            return String::new();
        }
        let (shown, most) = (all.min(self.detail().rows), self.detail().items);
        let title = self.title(&ROW_SETS, shown, all);
        let rows = self.facts.row_sets.iter().take(shown);
        let rows: Vec<String> =
            rows.map(|asset| format!("- {}\n", self.ink.text(&facts::row_set(asset, most)))).collect();
        format!("{title}{}", rows.concat())
    }

    pub(super) fn downstream(&mut self) -> String {
        let all = self.facts.downstream.len();
        if all == 0 {
            return String::new();
        }
        let shown = all.min(self.detail().rows);
        let title = self.title(&DOWNSTREAM, shown, all);
        format!("{title}{}", self.downstream_table(shown))
    }

    /// The worst ones, the nearest first.
    pub(super) fn downstream_table(&self, shown: usize) -> String {
        let rows = facts::nearest_first(self.facts, shown);
        let rows = rows.into_iter().map(|asset| self.downstream_row(asset)).collect();
        table(&["Table or view", "What happens", "Steps away", "Through", "Columns"], rows)
    }

    fn downstream_row(&self, asset: &Downstream) -> Vec<String> {
        let most = self.detail().items;
        let columns = asset.columns.iter().map(|column| Phrase::default().name(&column.name));
        let columns =
            if asset.columns.is_empty() { Phrase::new("its rows") } else { Phrase::default().list(columns, most) };
        let name = facts::named_downstream(asset);
        let happens = words::severity(asset.severity);
        let happens = if asset.severity == Severity::Breaking { format!("**{happens}**") } else { happens.to_owned() };
        vec![
            self.ink.cell(&name),
            happens,
            asset.distance.to_string(),
            self.ink.cell(&facts::through(asset, most)),
            self.ink.cell(&columns),
        ]
    }

    /// What to run, where a dbt project is touched.
    pub(super) fn selector(&self) -> String {
        self.ink.text(&facts::selector(self.facts.report))
    }

    pub(super) fn catalog(&mut self) -> String {
        let line = format!("**Catalog**: {}", self.ink.text(&facts::catalog(self.facts.report)));
        let rows = facts::catalog_rows(self.facts.report);
        let shown = rows.len().min(self.detail().rows);
        // The only file of a single change: a table of one row would repeat what needs attention.
        let told = matches!(rows.as_slice(), [(file, _)] if file.bucket == FileBucket::Rejected);
        if told && self.facts.shape() == Shape::OneChange {
            return line;
        }
        if shown < rows.len() {
            self.left_out.push(words::count(rows.len() - shown, "file's catalog result", "files' catalog results"));
        }
        let cells = rows.iter().take(shown).map(|(file, why)| {
            let place = Phrase::default().place(&file.path, file.line.unwrap_or(0));
            vec![self.ink.cell(&place), words::bucket(&file.bucket).to_owned(), self.ink.cell(why)]
        });
        let table = table(&["File", "Result", "Why"], cells.collect());
        if shown == 0 { line } else { format!("{line}\n\n{table}") }
    }

    /// A section's title; it says when the section does not show all.
    fn title(&mut self, section: &Section, shown: usize, all: usize) -> String {
        let Section { title, rows, order } = section;
        if shown == all {
            return format!("#### {title}\n\n");
        }
        self.left_out.push(format!("{} {rows}", words::number(all - shown)));
        format!("#### {title}\n\nShowing {} of {}{order}.\n\n", words::number(shown), words::number(all))
    }
}

/// A closed table; nothing without rows.
fn table(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule = vec![":--".to_owned(); heads.len()];
    [line(&heads), line(&rule)].into_iter().chain(rows.iter().map(|row| line(row))).collect()
}
