//! Sentences that are composed once and written by every renderer: our own words, with names, messages and places from
//! outside kept apart, so that each sink can escape what is not ours.

use std::borrow::Cow;

use crate::path::RepoPath;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Our own words: fixed text and numbers, never a text from outside.
    Words(Cow<'static, str>),
    /// A name from outside: shown as code.
    Name(String),
    /// A sentence from outside: shown as running text.
    Message(String),
    /// A file at head, and a line in it (0: the whole file): shown as a link where links are possible.
    Place(RepoPath, u32),
}

/// A sentence, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phrase(pub Vec<Piece>);

impl Phrase {
    /// A sentence that begins with our own words.
    #[must_use]
    pub fn new(words: impl Into<Cow<'static, str>>) -> Self {
        Self::default().words(words)
    }

    /// Adds our own words.
    #[must_use]
    pub fn words(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Piece::Words(words.into()));
        self
    }

    /// Adds a name from outside.
    #[must_use]
    pub fn name(mut self, name: impl ToString) -> Self {
        self.0.push(Piece::Name(name.to_string()));
        self
    }

    /// Adds a sentence from outside.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.push(Piece::Message(message.into()));
        self
    }

    /// Adds a place at head; line 0 means the whole file.
    #[must_use]
    pub fn place(mut self, file: &RepoPath, line: u32) -> Self {
        self.0.push(Piece::Place(file.clone(), line));
        self
    }

    /// Adds another phrase.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds phrases with commas between, and how many more there are when only `most` are named.
    #[must_use]
    pub fn list(mut self, phrases: impl IntoIterator<Item = Self>, most: usize) -> Self {
        let phrases: Vec<Self> = phrases.into_iter().collect();
        let more = phrases.len().saturating_sub(most);
        for (index, phrase) in phrases.into_iter().take(most).enumerate() {
            if index > 0 {
                self = self.words(", ");
            }
            self = self.then(phrase);
        }
        match more {
            0 => self,
            more if most == 0 => self.words(more.to_string()),
            more => self.words(format!(" and {more} more")),
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_it_does_not_name() {
        let names = || ["a", "b", "c"].map(|name| Phrase::default().name(name));
        let all = Phrase::default().list(names(), 3);
        assert!(!all.0.iter().any(|piece| matches!(piece, Piece::Words(words) if words.contains("more"))));
        let cut = Phrase::default().list(names(), 1);
        assert_eq!(cut, Phrase::default().name("a").words(" and 2 more"));
    }
}
