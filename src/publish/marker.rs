//! The hidden first line of our comment: by it we find the comment again, see whether it must change, and never let
//! an older run overwrite a newer one.
//!
//! Only line 1 counts, so text further down (which may quote a pull request) cannot pass for a marker. Whether the
//! comment was written by us is not decided here: see [`super::store::StoredComment::own`].

use std::fmt;

use sha2::{Digest, Sha256};

use crate::revision::CommitId;

/// Opens every marker: the tool, and the version of the line's format.
const OPENING: &str = "<!-- ingest-action v=1 ";
/// Closes the HTML comment.
const CLOSING: &str = " -->";

/// SHA-256 of what a comment tells ([`super::CommentRequest::essence`]), as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyHash(String);

impl BodyHash {
    /// The hash of a body.
    #[must_use]
    pub fn of(body: &str) -> Self {
        Self(Sha256::digest(body.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
    }

    fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the hidden line says. `Display` writes it, [`Marker::of_comment`] reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Tells several comments of this tool on one change request apart; empty for one.
    pub comment_id: String,
    /// The head commit that the comment speaks of.
    pub head: CommitId,
    /// CI's run that wrote it; 0 when not known.
    pub run_id: u64,
    /// Attempt of that run, from 1; 0 when not known.
    pub run_attempt: u64,
    /// What the rest of the comment tells.
    pub body: BodyHash,
    /// What the ingest remembers, as hexadecimal digits and dots; may be empty. Whoever can edit the comment can edit it.
    pub state: String,
}

impl Marker {
    /// The marker of a whole comment as the forge stores it; `None` when its first line is not exactly one of ours.
    #[must_use]
    pub fn of_comment(text: &str) -> Option<Self> {
        // Forges may store line endings as CRLF.
        let line = text.split('\n').next()?.trim_end_matches('\r');
        let marker = Self::parse_fields(line.strip_prefix(OPENING)?.strip_suffix(CLOSING)?)?;
        // One spelling only: whatever else could be read as the same values was not written by us.
        (marker.to_string() == line).then_some(marker)
    }

    /// Whether this marker was written by a later run than the other. Runs that are not known are never later.
    #[must_use]
    pub fn is_of_later_run_than(&self, other: &Self) -> bool {
        other.run_id > 0 && (self.run_id, self.run_attempt) > (other.run_id, other.run_attempt)
    }

    fn parse_fields(text: &str) -> Option<Self> {
        let mut fields = text.split(' ');
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix('=');
        Some(Self {
            comment_id: decode(field("id")?)?,
            head: CommitId::parse(field("head")?).ok()?,
            run_id: field("run")?.parse().ok()?,
            run_attempt: field("attempt")?.parse().ok()?,
            body: BodyHash::parse(field("body")?)?,
            state: field("state").unwrap_or_default().to_owned(),
        })
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { comment_id, head, run_id, run_attempt, body, state } = self;
        let id = encode(comment_id);
        write!(f, "{OPENING}id={id} head={head} run={run_id} attempt={run_attempt} body={body}")?;
        let plain = !state.is_empty() && state.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'.'));
        if plain {
            write!(f, " state={state}")?;
        }
        f.write_str(CLOSING)
    }
}

/// Percent-encodes everything but letters, digits, `_` and `.`: no `-` and no `>` are left that could end the HTML
/// comment, no space that could end the field.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(rest.next()?)? * 16 + digit(rest.next()?)?).ok()?
        } else {
            byte
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";

    fn marker(comment_id: &str) -> Marker {
        Marker {
            comment_id: comment_id.to_owned(),
            head: CommitId::parse(HEAD).expect("a commit"),
            run_id: 42,
            run_attempt: 2,
            body: BodyHash::of("body"),
            state: String::new(),
        }
    }

    #[test]
    fn the_line_is_what_the_documentation_says() {
        assert_eq!(
            marker("dbt/core").to_string(),
            "<!-- ingest-action v=1 id=dbt%2Fcore head=0123456789abcdef0123456789abcdef01234567 run=42 attempt=2 \
             body=230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5 -->"
        );
    }

    #[test]
    fn only_an_exact_first_line_is_a_marker() {
        let line = marker("").to_string();
        assert_eq!(Marker::of_comment(&format!("{line}\r\nbody")), Some(marker("")));
        let remembering = Marker { state: "0123456789ab.".to_owned(), ..marker("") };
        assert_eq!(Marker::of_comment(&format!("{remembering}\nbody")), Some(remembering));
        for text in [
            format!("\n{line}"),
            format!(" {line}"),
            format!("{line} x"),
            format!("quoted\n{line}\n"),
            line.replace("v=1", "v=2"),
            line.replace("run=42", "run=042"),
            line.replace("run=42", "run=+42"),
            line.replace("id= ", "id=%61 "),
            line.replace(HEAD, &HEAD.to_uppercase()),
            line.replace("attempt=2 ", "attempt=2 attempt=3 "),
            line.replace(" -->", " state= -->"),
            line.replace(" -->", " state=-->x -->"),
            String::new(),
        ] {
            assert_eq!(Marker::of_comment(&text), None, "{text}");
        }
    }

    #[test]
    fn later_runs_are_told_by_number_then_attempt() {
        let run = |run_id, run_attempt| Marker { run_id, run_attempt, ..marker("") };
        assert!(run(43, 1).is_of_later_run_than(&run(42, 2)));
        assert!(run(42, 3).is_of_later_run_than(&run(42, 2)));
        assert!(!run(42, 2).is_of_later_run_than(&run(42, 2)));
        assert!(!run(41, 9).is_of_later_run_than(&run(42, 1)));
        assert!(!run(42, 1).is_of_later_run_than(&run(0, 0)), "a run that is not known loses to nobody");
    }

    proptest! {
        #[test]
        fn any_comment_id_comes_back_and_stays_inside_the_html_comment(id in ".*", run_id: u64, run_attempt: u64) {
            let marker = Marker { run_id, run_attempt, ..marker(&id) };
            let line = marker.to_string();
            prop_assert_eq!(line.matches("--").count(), 2, "{}", &line);
            prop_assert_eq!(line.matches('>').count(), 1, "{}", &line);
            prop_assert!(line.is_ascii() && !line.contains('\n'));
            prop_assert_eq!(Marker::of_comment(&format!("{line}\nrest")), Some(marker));
        }

        #[test]
        fn any_other_text_is_no_marker(text in ".*") {
            prop_assert_eq!(Marker::of_comment(&text), None);
            prop_assert_eq!(Marker::of_comment(&format!("{OPENING}{text}{CLOSING}")), None);
        }
    }
}
