//! From phrases to Markdown: the only place of the page where text from outside is written, each piece through its
//! escape.

use std::collections::BTreeSet;

use crate::path::RepoPath;
use crate::report::Report;
use crate::report::budget::Detail;
use crate::report::escape::{
    BREAK, clip, markdown_code, markdown_code_cell, markdown_text, markdown_url, url_path, visible,
};
use crate::report::phrase::{Phrase, Piece};
use crate::source::FileStatus;

/// A longer address is not linked: it says little and costs much.
const LONGEST_LINK: usize = 600;

/// Writes phrases at one level of detail.
pub struct Ink<'a> {
    blob_url: Option<String>,
    /// Files that are not there at head.
    removed: BTreeSet<&'a RepoPath>,
    /// How much is shown.
    pub detail: Detail,
}

#[derive(Clone, Copy)]
enum Spot {
    Text,
    Cell,
}

impl<'a> Ink<'a> {
    pub fn new(report: &'a Report, detail: Detail) -> Self {
        let removed =
            report.files.iter().filter(|row| row.status == FileStatus::Removed).map(|row| &row.path).collect();
        let blob_url = report.blob_url.as_ref().map(|url| markdown_url(url.as_str().trim_end_matches('/')));
        Self { blob_url, removed, detail }
    }

    /// A phrase in running text.
    pub fn text(&self, phrase: &Phrase) -> String {
        self.write(phrase, Spot::Text)
    }

    /// A phrase in a table cell.
    pub fn cell(&self, phrase: &Phrase) -> String {
        self.write(phrase, Spot::Cell)
    }

    /// A name in running text.
    pub fn code(&self, name: &str) -> String {
        self.name(name, Spot::Text)
    }

    /// A name in a table cell, linked to its place at head where there is one.
    pub fn linked_cell(&self, name: &str, place: Option<(&RepoPath, u32)>) -> String {
        let code = self.name(name, Spot::Cell);
        place.and_then(|(file, line)| self.link(file, line)).map_or(code.clone(), |url| format!("[{code}](<{url}>)"))
    }

    fn write(&self, phrase: &Phrase, spot: Spot) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => words.to_string(),
            Piece::Name(name) => self.name(name, spot),
            Piece::Message(message) => message_text(&clip(message, self.detail.message), spot),
            Piece::Place(file, line) => self.place(file, *line, spot),
        };
        phrase.0.iter().map(piece).collect()
    }

    fn name(&self, name: &str, spot: Spot) -> String {
        code(&clip(&visible(name), self.detail.name), spot)
    }

    fn place(&self, file: &RepoPath, line: u32, spot: Spot) -> String {
        let shown = clip(&visible(file.as_str()), self.detail.name);
        let shown = if line > 0 { format!("{shown}:{line}") } else { shown };
        let code = match spot {
            Spot::Text => markdown_code(&shown),
            Spot::Cell => markdown_code_cell(&shown),
        };
        self.link(file, line).map_or(code.clone(), |url| format!("[{code}](<{url}>)"))
    }

    fn link(&self, file: &RepoPath, line: u32) -> Option<String> {
        let blob = self.blob_url.as_ref().filter(|_| !self.removed.contains(file))?;
        let anchor = if line > 0 { format!("#L{line}") } else { String::new() };
        let url = format!("{blob}/{}{anchor}", url_path(file.as_str()));
        (url.len() <= LONGEST_LINK).then_some(url)
    }
}

fn code(text: &str, spot: Spot) -> String {
    match spot {
        Spot::Text => markdown_code(text),
        Spot::Cell => markdown_code_cell(text),
    }
}

/// A message from outside: what it quotes between backticks as code, all else letter by letter.
fn message_text(message: &str, spot: Spot) -> String {
    let mut written = String::with_capacity(message.len());
    let mut rest = message;
    let mut after_code = false;
    while let Some((before, quoted, after)) = quotation(rest) {
        // Two pieces of code side by side would be read as one.
        written.push_str(&if before.is_empty() && after_code { BREAK.to_owned() } else { text_with_ends(before) });
        written.push_str(&code(quoted, spot));
        (rest, after_code) = (after, true);
    }
    written + &text_with_ends(rest)
}

/// The text up to the first quotation, what that holds, and the rest.
fn quotation(text: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = text.split_once('`')?;
    let (quoted, after) = from.split_once('`')?;
    (!quoted.trim().is_empty()).then_some((before, quoted, after))
}

/// Escaped text that keeps a blank at either end.
fn text_with_ends(text: &str) -> String {
    let blank = |there: bool| if there { " " } else { "" };
    let (start, end) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
    match markdown_text(text) {
        empty if empty.is_empty() => blank(start).to_owned(),
        escaped => format!("{}{escaped}{}", blank(start), blank(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_what_it_quotes_as_code() {
        let shown = |message| message_text(message, Spot::Cell);
        assert_eq!(shown("found `a|b` where _x_ was expected"), "found `a\\|b` where \\_x\\_ was expected");
        assert_eq!(shown("`a``b`"), "`a`&#8203;`b`");
        assert_eq!(shown("one ` only"), "one \\` only");
        assert_eq!(shown("a ``` b"), "a \\`\\`\\` b");
    }
}
