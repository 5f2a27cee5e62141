//! What a forge must offer so that one comment can be kept: list, create, update. GitHub and GitLab implement it.

use std::error::Error;
use std::time::Duration;

use crate::secret::Secret;

/// Longest part of a forge's own message that is passed on, in characters.
const LONGEST_MESSAGE: usize = 300;
/// A listing of more pages (of 100 comments) than this fails.
pub(super) const MAX_PAGES: u32 = 300;
/// Comments asked for in one request: the most that both forges give.
pub(super) const PAGE_SIZE: usize = 100;

/// A comment on the change request as the forge has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredComment {
    /// The forge's number for it.
    pub id: u64,
    /// The whole Markdown, marker line included.
    pub text: String,
    /// Whether the identity behind our token wrote it. Anyone can write our marker into a comment of their own.
    pub own: bool,
    /// Where people can read it.
    pub url: Option<String>,
}

/// Why the forge did not do what it was asked for. No text in here holds the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The forge said no; nothing was written.
    #[error("HTTP {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The forge's message in short. Hostile text.
        message: String,
    },
    /// It may work later. Whether a write took place is not known.
    #[error("{what}")]
    Transient {
        /// What happened.
        what: String,
        /// How long to wait before looking again.
        pause: Duration,
    },
    /// A success whose body is not what the forge documents.
    #[error("the answer cannot be read: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// More comments than the tool reads.
    #[error("there are more than {} comments", MAX_PAGES as usize * PAGE_SIZE)]
    TooMany,
    /// The token cannot be sent in a header, or the API's address is none.
    #[error("{what} is not usable")]
    Unusable {
        /// Which setting.
        what: &'static str,
    },
}

/// One change request's comments.
pub trait CommentStore {
    /// All comments, oldest first: every page, or an error.
    fn list(&self) -> impl Future<Output = Result<Vec<StoredComment>, StoreError>> + Send;

    /// Adds a comment. Never repeated in here: the caller lists again when it is unclear whether it arrived.
    fn create(&self, text: &str) -> impl Future<Output = Result<StoredComment, StoreError>> + Send;

    /// Replaces a comment's text. Never repeated in here either.
    fn update(&self, id: u64, text: &str) -> impl Future<Output = Result<StoredComment, StoreError>> + Send;

    /// What a refusal with this status and message means on this forge, with the line to paste where there is one.
    fn advice(&self, status: u16, message: &str) -> Option<&'static str>;
}

/// Whether a token can stand in a header: visible ASCII only. A line break inside would be another header.
pub(super) fn fits_in_header(token: &Secret) -> bool {
    token.expose().bytes().all(|byte| byte.is_ascii_graphic())
}

/// A forge's message for people: one line, not long, and without the token should the forge echo it.
pub(super) fn in_short(message: &str, token: &Secret) -> String {
    let message = message.replace(token.expose(), "***");
    let words: Vec<&str> = message.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What went wrong on the way to the forge and back, in words. The error's own text would hold the whole address.
pub(super) fn describe_failure(error: &(dyn Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<reqwest::Error>() {
            Some(error) if error.is_timeout() => return "no answer in time",
            Some(error) if error.is_connect() => return "no connection",
            Some(error) if error.is_builder() => return "the request cannot be made",
            _ => cause = error.source(),
        }
    }
    "the connection broke"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_short_single_lines_without_the_token() {
        let token = Secret::new("tok-123").expect("a token");
        assert_eq!(in_short("bad\r\n  tok-123 ", &token), "bad ***");
        let long = in_short(&"é".repeat(1000), &token);
        assert_eq!(long.chars().count(), LONGEST_MESSAGE + 1);
        assert!(fits_in_header(&token));
        assert!(!fits_in_header(&Secret::new("tok\r\nx-evil: 1").expect("a token")));
    }
}
