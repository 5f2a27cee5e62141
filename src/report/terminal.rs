//! The report for eyes: what `preview` prints on a terminal, the same facts as the comment within a screenful.
//!
//! Coloured only when told, wrapped to the terminal's width. Text from outside is shown, never obeyed: escape sequences
//! come out as visible text.

mod line;

use anstyle::{AnsiColor, Effects};

use crate::impact::{Downstream, Severity, Verdict};
use crate::report::Report;
use crate::report::facts::{self, ChangeRow, Facts, Note, Shape, What};
use crate::report::phrase::Phrase;
use crate::report::words;
use line::{Printer, grid};

/// Rows of a section; the other formats have all of them.
const MOST_ROWS: usize = 20;
/// Rows that need attention, remarks, and names in a row.
const MOST_ATTENTION: usize = 10;
const MOST_NOTES: usize = 5;
const MOST_ITEMS: usize = 3;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours and bold letters are wanted.
    pub color: bool,
    /// Columns of the terminal; less than 40 counts as 40.
    pub width: usize,
}

/// The report as text that ends with one line end.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let facts = Facts::of(report);
    let printer = Printer::new(style);
    let screen = Screen { facts: &facts, printer };
    let blocks = match facts.shape() {
        Shape::OneLine => vec![screen.verdict(&facts::one_line(&facts)), screen.footer()],
        Shape::OneChange | Shape::Full => vec![
            screen.verdict(&facts::headline(&facts)) + &screen.printer.wrap(&facts::numbers(&facts), 2, 2),
            screen.attention(),
            screen.changes(),
            screen.row_sets(),
            screen.downstream(),
            screen.selector(),
            screen.catalog(),
            screen.notes(),
            screen.footer(),
        ],
    };
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n")
}

struct Screen<'a> {
    facts: &'a Facts<'a>,
    printer: Printer,
}

impl Screen<'_> {
    fn verdict(&self, fact: &Phrase) -> String {
        let verdict = self.facts.report.impact.verdict;
        let color = match verdict {
            Verdict::Breaking => AnsiColor::Red,
            Verdict::Incomplete | Verdict::Review => AnsiColor::Yellow,
            Verdict::Additive | Verdict::None => AnsiColor::Green,
        };
        let style = anstyle::Style::new().fg_color(Some(color.into())).effects(Effects::BOLD);
        let lead = format!("{} {}:", words::verdict_sign(verdict), words::verdict(verdict));
        self.printer.lead(&lead, style, fact)
    }

    fn title(&self, title: &str, shown: usize, all: usize) -> String {
        let title = if shown < all {
            format!("{title} (showing {} of {}, the worst first)", words::number(shown), words::number(all))
        } else {
            title.to_owned()
        };
        self.printer.all_in(Effects::BOLD, &Phrase::new(title))
    }

    fn attention(&self) -> String {
        let rows = &self.facts.attention;
        if rows.is_empty() {
            return String::new();
        }
        let shown = rows.len().min(MOST_ATTENTION);
        let list = rows.iter().take(shown).map(|row| self.note(&row.note));
        self.title("Needs attention", shown, rows.len()) + &list.collect::<String>()
    }

    fn changes(&self) -> String {
        let all = self.facts.changes.len();
        if all == 0 {
            return String::new();
        }
        let shown = all.min(MOST_ROWS);
        let rows: Vec<_> = self.facts.changes.iter().take(shown).map(|row| self.change(row)).collect();
        self.title("Changes", shown, all) + &grid(&self.printer, &rows)
    }

    fn change(&self, row: &ChangeRow<'_>) -> Vec<Phrase> {
        let name = match row.what {
            What::Asset | What::Refused => Phrase::default().name(&row.asset.name),
            What::Column(column) => Phrase::default().name(format!("{}.{}", row.asset.name, column.name)),
        };
        let name = name.words(row.more_dialects());
        let nothing = Phrase::new("—");
        let (sources, readers) = (row.sources(MOST_ITEMS), row.read_by(self.facts, MOST_ITEMS));
        let read = match row.readers().len() {
            0 if readers == nothing => readers,
            0 => Phrase::new("read by ").then(readers),
            // Where is told above, among what needs attention.
            places => {
                let still = if row.is_gone() { "still " } else { "" };
                Phrase::new(format!("{still}read in {}", words::count(places, "place", "places")))
            }
        };
        let last = match (sources == nothing, read == nothing) {
            (true, _) => read,
            (false, true) => sources,
            (false, false) => sources.words("; ").then(read),
        };
        vec![name, row.change_cell(), last]
    }

    fn row_sets(&self) -> String {
        let all = self.facts.row_sets.len();
        if all == 0 {
            return String::new();
        }
        let shown = all.min(MOST_ROWS);
        let rows = self.facts.row_sets.iter().take(shown);
        let list =
            rows.map(|asset| self.printer.wrap(&Phrase::new("- ").then(facts::row_set(asset, MOST_ITEMS)), 2, 4));
        self.title("Rows that may differ", shown, all) + &list.collect::<String>()
    }

    fn downstream(&self) -> String {
        let all = self.facts.downstream.len();
        if all == 0 {
            return String::new();
        }
        let shown = all.min(MOST_ROWS / 2);
        let rows: Vec<_> =
            facts::nearest_first(self.facts, shown).into_iter().map(|asset| self.reached(asset)).collect();
        self.title("Downstream", shown, all) + &grid(&self.printer, &rows)
    }

    fn reached(&self, asset: &Downstream) -> Vec<Phrase> {
        let columns = asset.columns.iter().map(|column| Phrase::default().name(&column.name));
        let what = if asset.columns.is_empty() { "its rows" } else { "columns " };
        let happens = words::severity(asset.severity);
        let happens = if asset.severity == Severity::Breaking { happens.to_uppercase() } else { happens.to_owned() };
        vec![
            if asset.exposure.is_some() { facts::named_downstream(asset) } else { facts::owned(asset) },
            Phrase::new(happens),
            Phrase::new(what).list(columns, MOST_ITEMS).words(" via ").then(facts::through(asset, MOST_ITEMS)),
        ]
    }

    fn selector(&self) -> String {
        let phrase = facts::selector(self.facts.report);
        if phrase.is_empty() { String::new() } else { self.printer.wrap(&phrase, 0, 2) }
    }

    fn catalog(&self) -> String {
        let line = self.printer.wrap(&Phrase::new("Catalog: ").then(facts::catalog(self.facts.report)), 0, 2);
        let rows = facts::catalog_rows(self.facts.report);
        let shown = rows.len().min(MOST_ROWS / 2);
        let cells = rows.iter().take(shown).map(|(file, why)| {
            let place = Phrase::default().place(&file.path, file.line.unwrap_or(0));
            vec![place, Phrase::new(words::bucket(&file.bucket)), why.clone()]
        });
        line + &grid(&self.printer, &cells.collect::<Vec<_>>())
    }

    fn notes(&self) -> String {
        let told = &self.facts.attention;
        let notes = facts::notes(self.facts, told.get(..told.len().min(MOST_ATTENTION)).unwrap_or_default());
        let elsewhere = notes.elsewhere();
        let last = match elsewhere.is_empty() {
            true => String::new(),
            false => self.printer.wrap(&Phrase::new("- ").then(elsewhere), 2, 4),
        };
        let shown = notes.rows.len().min(MOST_NOTES);
        let list: String = notes.rows.iter().take(shown).map(|note| self.note(note)).chain([last]).collect();
        match list.is_empty() {
            true => list,
            false => self.title("Not analysed, or only in part", shown, notes.rows.len()) + &list,
        }
    }

    fn note(&self, note: &Note) -> String {
        let hint = note.hint.as_ref().map(|hint| Phrase::new("help: ").message(hint));
        let hint = hint.map_or_else(String::new, |hint| self.printer.wrap(&hint, 4, 4));
        self.printer.wrap(&Phrase::new("- ").then(note.text.clone()), 2, 4) + &hint
    }

    fn footer(&self) -> String {
        self.printer.all_in(Effects::DIMMED, &facts::footer(self.facts))
    }
}
