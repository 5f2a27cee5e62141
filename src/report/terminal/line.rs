//! Lines of a terminal: phrases broken into words, wrapped, indented, painted, and laid out in aligned columns.

use anstyle::{AnsiColor, Effects, Style};

use crate::report::escape::{clip, terminal};
use crate::report::phrase::{Phrase, Piece};

/// Narrower terminals are written as if they had so many columns.
const NARROWEST: usize = 40;
const BLANKS_BETWEEN: usize = 2;
const INDENT: usize = 2;
/// Least width of a grid's last column.
const LAST_COLUMN: usize = 10;
/// Room for the signs around a name: `(a),`.
const SIGNS: usize = 4;
/// Letters of a name; a longer one is cut in its middle.
const LONGEST_NAME: usize = 120;

/// Paints and wraps.
pub struct Printer {
    color: bool,
    width: usize,
}

/// Letters that stay together, each run with its paint.
#[derive(Default)]
struct Word {
    runs: Vec<(Style, String)>,
    /// Whether it goes on with the name of the word before, without a blank.
    continues: bool,
}

impl Word {
    fn width(&self) -> usize {
        self.runs.iter().map(|(_, text)| columns(text)).sum()
    }
}

impl Printer {
    pub fn new(style: super::Style) -> Self {
        Self { color: style.color, width: style.width.max(NARROWEST) }
    }

    /// A phrase on as many lines as it takes: the first indented by `first`, the others by `next` blanks.
    pub fn wrap(&self, phrase: &Phrase, first: usize, next: usize) -> String {
        let words = self.words(phrase, Style::new(), self.width - first.max(next));
        let lines = self.lines(&words, (self.width - first, self.width - next));
        let indents = std::iter::once(first).chain(std::iter::repeat(next));
        lines.iter().zip(indents).map(|(line, indent)| format!("{}{line}\n", " ".repeat(indent))).collect()
    }

    /// A painted lead, and the phrase after it.
    pub fn lead(&self, lead: &str, style: Style, phrase: &Phrase) -> String {
        let lead_width = columns(lead) + 1;
        let first = self.width.saturating_sub(lead_width);
        let words = self.words(phrase, Style::new(), first.min(self.width - 2));
        let lines = self.lines(&words, (first, self.width - 2)).join("\n  ");
        format!("{} {lines}\n", self.paint(style, lead))
    }

    /// A phrase in one effect, wrapped.
    pub fn all_in(&self, effects: Effects, phrase: &Phrase) -> String {
        let words = self.words(phrase, Style::new().effects(effects), self.width);
        self.lines(&words, (self.width, self.width)).join("\n") + "\n"
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Words of which none is longer than `longest`: longer names go on in a next word.
    fn words(&self, phrase: &Phrase, base: Style, longest: usize) -> Vec<Word> {
        let name = base.fg_color(Some(AnsiColor::Cyan.into()));
        let place = base.effects(base.get_effects() | Effects::UNDERLINE);
        let most = longest.saturating_sub(SIGNS);
        let mut words = vec![Word::default()];
        for piece in &phrase.0 {
            match piece {
                Piece::Words(text) => push_words(&mut words, text, base, most),
                Piece::Message(text) => push_words(&mut words, &terminal(text), base, most),
                Piece::Name(text) => push_name(&mut words, &shown_name(text), name, most),
                Piece::Place(file, 0) => push_name(&mut words, &shown_name(file.as_str()), place, most),
                Piece::Place(file, line) => {
                    let shown = format!("{}:{line}", shown_name(file.as_str()));
                    push_name(&mut words, &shown, place, most);
                }
            }
        }
        words.retain(|word| !word.runs.is_empty());
        words
    }

    fn lines(&self, words: &[Word], widths: (usize, usize)) -> Vec<String> {
        self.measured(words, widths).into_iter().map(|(line, _)| line).collect()
    }

    fn cell(&self, phrase: &Phrase, width: usize) -> Cell {
        let words = self.words(phrase, Style::new(), width);
        self.measured(&words, (width, width))
    }

    /// Lines without their ends, with their widths; the first may be of another width than the others.
    fn measured(&self, words: &[Word], (first, next): (usize, usize)) -> Cell {
        let mut lines = vec![(String::new(), 0)];
        let mut most = first;
        for word in words {
            let blank = usize::from(!word.continues);
            if lines.last().is_some_and(|(_, used)| *used > 0 && used + blank + word.width() > most) {
                lines.push((String::new(), 0));
                most = next;
            }
            if let Some((line, used)) = lines.last_mut() {
                if *used > 0 && !word.continues {
                    line.push(' ');
                    *used += 1;
                }
                word.runs.iter().for_each(|(style, text)| line.push_str(&self.paint(*style, text)));
                *used += word.width();
            }
        }
        lines
    }
}

fn push(words: &mut Vec<Word>, text: String, style: Style) {
    match words.last_mut() {
        Some(word) => word.runs.push((style, text)),
        None => words.push(Word { runs: vec![(style, text)], continues: false }),
    }
}

fn shown_name(text: &str) -> String {
    terminal(&clip(text, LONGEST_NAME))
}

/// A name in pieces that fit, broken behind its dots, slashes, dashes and underscores where there are such.
fn push_name(words: &mut Vec<Word>, name: &str, style: Style, most: usize) {
    let mut rest = name;
    let mut continues = false;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(break_of(rest, most));
        if continues {
            words.push(Word { runs: Vec::new(), continues });
        }
        push(words, piece.to_owned(), style);
        (rest, continues) = (after, true);
    }
}

/// Where to break a name so that the first piece takes at most so many columns; its end where all of it fits.
fn break_of(name: &str, most: usize) -> usize {
    let mut used = 0;
    let mut behind_sign = None;
    for (start, character) in name.char_indices() {
        used += columns(character.encode_utf8(&mut [0; 4]));
        let end = start + character.len_utf8();
        if used > most {
            // Also a letter that is wider than all the room is written.
            return behind_sign.unwrap_or(if start == 0 { end } else { start });
        }
        if matches!(character, '.' | '/' | '_' | '-') {
            behind_sign = Some(end);
        }
    }
    name.len()
}

fn push_words(words: &mut Vec<Word>, text: &str, style: Style, longest: usize) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            words.push(Word::default());
        }
        if !word.is_empty() {
            push(words, fit(word, longest), style);
        }
    }
}

/// A wrapped cell: its lines with their widths.
type Cell = Vec<(String, usize)>;

/// Rows of aligned columns, indented. Columns are as wide as their widest cell, at most a third of the terminal; the
/// last one takes what is left. Cells are wrapped.
pub fn grid(printer: &Printer, rows: &[Vec<Phrase>]) -> String {
    let left_of_last = rows.iter().map(|row| row.len().saturating_sub(1)).max().unwrap_or(0).max(1);
    let share = (printer.width - INDENT - LAST_COLUMN) / left_of_last - BLANKS_BETWEEN;
    let share = share.min(printer.width / 3);
    let rows: Vec<(Vec<Cell>, &Phrase)> = rows
        .iter()
        .filter_map(|row| row.split_last())
        .map(|(last, cells)| (cells.iter().map(|cell| printer.cell(cell, share)).collect(), last))
        .collect();
    let mut widths: Vec<usize> = vec![0; left_of_last];
    for (cells, _) in &rows {
        for (widest, cell) in widths.iter_mut().zip(cells) {
            *widest = cell.iter().map(|(_, width)| *width).fold(*widest, usize::max);
        }
    }
    let left: usize = widths.iter().map(|width| width + BLANKS_BETWEEN).sum::<usize>() + INDENT;
    let last_width = printer.width.saturating_sub(left).max(LAST_COLUMN);
    rows.into_iter()
        .map(|(cells, last)| {
            let last = (printer.cell(last, last_width), last_width);
            let cells: Vec<(Cell, usize)> =
                cells.into_iter().zip(widths.iter().copied()).chain(std::iter::once(last)).collect();
            grid_row(&cells)
        })
        .collect()
}

fn grid_row(cells: &[(Cell, usize)]) -> String {
    let height = cells.iter().map(|(cell, _)| cell.len()).max().unwrap_or(0);
    let mut text = String::new();
    for index in 0..height {
        let mut line = " ".repeat(INDENT);
        let mut missing = 0;
        for (cell, size) in cells {
            let (shown, width) = cell.get(index).map_or(("", 0), |(shown, width)| (shown.as_str(), *width));
            if !shown.is_empty() {
                line.push_str(&" ".repeat(missing));
                line.push_str(shown);
                missing = 0;
            }
            missing += size.saturating_sub(width) + BLANKS_BETWEEN;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Terminal columns of a text: East Asian wide letters and emoji take two.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

/// The text, cut so that it takes at most so many columns.
fn fit(text: &str, most: usize) -> String {
    let mut characters = most.max(1);
    let mut shown = clip(text, characters);
    while columns(&shown) > most && characters > 1 {
        characters -= 1;
        shown = clip(text, characters);
    }
    shown
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE6F}' | '\u{FF00}'..='\u{FF60}' | '\u{1F300}'..='\u{1FAFF}')
}
