//! What an answer of the ingest API means. Pure and lenient: the published example is not even valid JSON, counts are
//! only words in a message, and between us and the API stand proxies with pages of their own.
//!
//! Nothing unreadable counts as success: an answer that does not say so is a refusal that quotes the answer in short.

mod body;
mod limit;

use std::time::{Duration, SystemTime};

use url::Url;

use self::body::{Body, counts};
pub use self::limit::LimitHeaders;
use self::limit::retry_after;
use crate::ingest::line_map::mentioned_line;
use crate::ingest::meter::Allowance;
use crate::secret::Secret;

/// Longest message that is kept, in characters.
pub const MAX_MESSAGE_CHARS: usize = 300;
/// The code of a success that could not be read as one.
pub const UNREADABLE_ANSWER: &str = "UNREADABLE_ANSWER";
/// The code when no answer came, or only a part.
pub const NETWORK: &str = "NETWORK";

/// An answer as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// When to come back and how much is left, as sent.
    pub limits: LimitHeaders,
    /// `Location` of an answer that redirects elsewhere.
    pub location: Option<String>,
    /// The body, capped at [`crate::http::MAX_BODY_BYTES`].
    pub body: String,
    /// Whether all of it is here.
    pub end: BodyEnd,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyEnd {
    /// As announced.
    #[default]
    Whole,
    /// It is larger than what is read.
    Capped,
    /// The connection broke before the end.
    Cut,
}

/// Assets that the catalog says it touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// New ones.
    pub added: Option<u64>,
    /// Known ones with a new definition.
    pub modified: Option<u64>,
}

/// What the API, or something on the way to it, complains about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The API's code, or `HTTP_<status>`, [`NETWORK`], [`UNREADABLE_ANSWER`].
    pub code: String,
    /// In short (≤ [`MAX_MESSAGE_CHARS`] characters), without the token. Hostile text.
    pub message: String,
    /// The line of the SENT text, from 1.
    pub line: Option<u32>,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The SQL.
    Parser,
    /// What all files share: the platform, `extra_config`.
    AllFiles,
    /// Whatever its code says, of this request.
    Request,
    /// Not the API's own word: a redirect, an address that is none, a page for people.
    Elsewhere,
}

/// An answer, and what it tells of the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What to make of it.
    pub reply: Reply,
    /// What is left of the limit, where the answer tells.
    pub allowance: Option<Allowance>,
}

/// What to make of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The catalog took the file.
    Taken {
        /// What it said.
        message: Option<String>,
        /// What it counted.
        counts: Counts,
    },
    /// It refused this request for good.
    Refused {
        /// The complaint.
        failure: Failure,
        /// What it is about.
        cause: Refusal,
    },
    /// The request is larger than it takes.
    TooLarge(Failure),
    /// It refused us: every other file would be refused likewise.
    Unauthorized(Failure),
    /// Too many requests.
    Limited {
        /// The complaint.
        failure: Failure,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// Trouble that may pass: a server error, no answer, half an answer.
    Unavailable {
        /// The complaint.
        failure: Failure,
        /// When to come back.
        retry_after: Option<Duration>,
    },
}

/// Reads answers to requests that carried this token.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Never to appear in a message, even where an answer repeats it.
    pub token: &'a Secret,
    /// Where the requests went.
    pub endpoint: &'a Url,
}

impl Reader<'_> {
    /// What an answer means. `now` only serves headers that hold a time, where the answer has no date of its own.
    #[must_use]
    pub fn read(&self, answer: &RawAnswer, now: SystemTime) -> Answer {
        let now = answer.limits.server_time().unwrap_or(now);
        Answer { reply: self.reply(answer, now), allowance: answer.limits.allowance(now) }
    }

    fn reply(&self, answer: &RawAnswer, now: SystemTime) -> Reply {
        let body = Body::parse(&answer.body);
        let retry_after = answer.limits.retry_after.as_deref().and_then(|text| retry_after(text, now));
        let code = body.as_ref().and_then(Body::code);
        match (answer.status, code.as_deref()) {
            (401 | 403, _) | (_, Some("AUTHENTICATION_ERROR")) => Reply::Unauthorized(self.failure(answer, body)),
            (429, _) => {
                let reset = answer.limits.allowance(now).map(|allowance| allowance.reset);
                Reply::Limited { failure: self.failure(answer, body), retry_after: retry_after.or(reset) }
            }
            (200..=299, _) => self.success(answer, body),
            (300..=399, _) => Reply::Refused { failure: self.redirect(answer), cause: Refusal::Elsewhere },
            (413, _) => Reply::TooLarge(self.failure(answer, body)),
            (_, Some("PARSER_ERROR" | "INVALID_INPUT")) => self.refusal(answer, body),
            (408 | 500..=599, _) | (_, Some("SERVER_ERROR")) => {
                Reply::Unavailable { failure: self.failure(answer, body), retry_after }
            }
            _ => self.refusal(answer, body),
        }
    }

    fn refusal(&self, answer: &RawAnswer, body: Option<Body>) -> Reply {
        let field = body.as_ref().and_then(Body::field);
        let code = body.as_ref().and_then(Body::code);
        let cause = match (answer.status, code.as_deref()) {
            (_, Some("PARSER_ERROR")) => Refusal::Parser,
            (404 | 405 | 410, _) => Refusal::Elsewhere,
            (_, Some("INVALID_INPUT")) if field.is_some_and(|field| field != "content") => Refusal::AllFiles,
            _ => Refusal::Request,
        };
        let failure = self.failure(answer, body);
        let message = match field {
            Some(field) if code.as_deref() == Some("INVALID_INPUT") => {
                self.short(&format!("field `{field}`: {}", failure.message))
            }
            _ => failure.message.clone(),
        };
        Reply::Refused { failure: Failure { message, ..failure }, cause }
    }

    /// A reply to a request that got no answer.
    #[must_use]
    pub fn no_answer(&self, reason: &str) -> Reply {
        let failure = Failure { code: NETWORK.to_owned(), message: self.short(reason), line: None };
        Reply::Unavailable { failure, retry_after: None }
    }

    /// An answer with a status of success: it still has to say so itself, or at least not say otherwise.
    fn success(&self, answer: &RawAnswer, body: Option<Body>) -> Reply {
        match body {
            Some(body) if body.is_success() => {
                let counts = body.message.as_deref().map(counts).unwrap_or_default();
                Reply::Taken { message: body.message.map(|message| self.short(&message)), counts }
            }
            Some(body) if body.code().as_deref() == Some("SERVER_ERROR") => {
                Reply::Unavailable { failure: self.failure(answer, Some(body)), retry_after: None }
            }
            Some(body) => self.refusal(answer, Some(body)),
            None if answer.end == BodyEnd::Cut => self.no_answer("the answer broke off in the middle"),
            None if answer.body.trim().is_empty() => Reply::Taken { message: None, counts: Counts::default() },
            None => {
                let size = if answer.end == BodyEnd::Capped { "is too large to be read" } else { "is no JSON object" };
                let message = self.short(&format!("the answer {size}: {}", answer.body));
                let failure = Failure { code: UNREADABLE_ANSWER.to_owned(), message, line: None };
                Reply::Refused { failure, cause: Refusal::Elsewhere }
            }
        }
    }

    fn failure(&self, answer: &RawAnswer, body: Option<Body>) -> Failure {
        let http_code = || format!("HTTP_{}", answer.status);
        let Some(body) = body else {
            let quoted = if answer.body.trim().is_empty() { "no details given" } else { &answer.body };
            let message = self.short(&format!("HTTP status {}: {quoted}", answer.status));
            return Failure { code: http_code(), message, line: None };
        };
        // A code is a plain word in upper case (see `Body::code`); one that holds the token must not show it.
        let token = self.token.expose().to_ascii_uppercase();
        let code = body.code().filter(|code| !code.contains(&token)).unwrap_or_else(http_code);
        let parts: Vec<&str> =
            [&body.error, &body.details, &body.message].into_iter().filter_map(Option::as_deref).collect();
        let line =
            [&body.details, &body.error, &body.message].into_iter().flatten().find_map(|text| mentioned_line(text));
        let message = if parts.is_empty() {
            format!("HTTP status {}: no details given", answer.status)
        } else {
            parts.join(": ")
        };
        Failure { code, message: self.short(&message), line }
    }

    /// The HTTP client follows redirects within one origin; an answer that still redirects leads elsewhere. The token
    /// is not carried there, and the target is named, so that a moved API is found by its `api-url`.
    fn redirect(&self, answer: &RawAnswer) -> Failure {
        let target = answer.location.as_deref().and_then(|location| self.endpoint.join(location).ok());
        let message = match target {
            Some(target) if target.origin() == self.endpoint.origin() => {
                "the answer redirects in a circle; check `api-url`".to_owned()
            }
            Some(target) => format!(
                "the answer redirects to {}, where the token is not sent; if that is the API, set `api-url` to it",
                target.origin().ascii_serialization()
            ),
            None => "the answer redirects without naming where to".to_owned(),
        };
        Failure { code: format!("HTTP_{}", answer.status), message: self.short(&message), line: None }
    }

    /// Hostile text in short: the token and control characters gone, white space joined, cut at the limit.
    fn short(&self, text: &str) -> String {
        // The token goes before the cut, which would hide half of it; and again after joining white space, which could
        // bring it about.
        let text = text.replace(self.token.expose(), "***").replace(char::is_control, " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").replace(self.token.expose(), "***");
        match text.char_indices().nth(MAX_MESSAGE_CHARS) {
            None => text,
            Some(_) => text.chars().take(MAX_MESSAGE_CHARS - 1).chain(['…']).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
