//! Reading one value of each kind: text in, value or [`Problem`] out.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use super::invalid::Problem;
use super::{DialectChoice, Gate};
use crate::secret::Secret;
use crate::sql::dialect::Dialect;

/// The entries of a list: separated by commas or line ends, without the white space around them. An empty text is an
/// empty list, but nothing between commas is a slip that would select nothing without a word.
fn list(value: &str) -> Result<Vec<&str>, Problem> {
    let entries: Vec<&str> = value.split([',', '\n', '\r']).map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() && !value.is_empty() {
        return Err(Problem::malformed(value, "the list has no entry"));
    }
    Ok(entries)
}

/// A list of patterns.
pub(super) fn patterns(value: &str) -> Result<Vec<String>, Problem> {
    list(value)?.into_iter().map(pattern).collect()
}

/// A list of entries that say for themselves what is wrong with them.
pub(super) fn entries<T: FromStr<Err: Display>>(value: &str) -> Result<Vec<T>, Problem> {
    let read = |entry: &str| entry.parse().map_err(|error: T::Err| Problem::malformed(entry, error.to_string()));
    list(value)?.into_iter().map(read).collect()
}

/// A database's or schema's name: one identifier.
pub(super) fn identifier(value: &str) -> Result<String, Problem> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '#');
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    Err(Problem::malformed(value, "one name without quotes and dots is needed, such as public"))
}

/// One of the known words, in any case.
pub(super) fn word<T: Copy>(value: &str, words: &[(&'static str, T)]) -> Result<T, Problem> {
    words
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(value))
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| Problem::unknown_word(value, words.iter().map(|(known, _)| *known).collect()))
}

/// A token, in the form that a header can carry.
pub(super) fn secret(value: &str) -> Result<Secret, Problem> {
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::malformed_hidden(
            "holds white space or characters that no HTTP header can carry; it was probably pasted with a line break",
        ));
    }
    Secret::new(value).ok_or_else(|| Problem::malformed_hidden("is empty"))
}

/// A pattern that can select something: `changes::select` says how it is matched. Checked here, so that a slip is a
/// wrong setting and not a change that cannot be read.
fn pattern(text: &str) -> Result<String, Problem> {
    let refuse = |reason: &str| Err(Problem::malformed(text, reason));
    if text.contains(['{', '}']) {
        return refuse("braces are not supported; give each pattern on a line of its own");
    }
    if text.starts_with('!') {
        return refuse("patterns are not negated with `!`; use exclude");
    }
    if text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return refuse("patterns start at the repository's root, without a leading `/` and without `..`");
    }
    match glob::Pattern::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => refuse(&format!("{} at character {}", error.msg, error.pos + 1)),
    }
}

/// `auto`, or a dialect by its name or one of its aliases.
pub(super) fn dialect(value: &str) -> Result<DialectChoice, Problem> {
    if value.eq_ignore_ascii_case("auto") {
        return Ok(DialectChoice::Auto);
    }
    value.parse().map(DialectChoice::Fixed).map_err(|_| {
        let known = std::iter::once("auto").chain(Dialect::ALL.map(Dialect::name)).collect();
        Problem::unknown_word(value, known)
    })
}

/// A word of the ingest API. The list of platforms is its own and grows, so any word is passed on.
pub(super) fn platform(value: &str) -> Result<String, Problem> {
    let is_word = value.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'));
    if is_word {
        Ok(value.to_owned())
    } else {
        Err(Problem::malformed(value, "a platform is one word, such as snowflake"))
    }
}

/// A JSON object, kept in the order that it is written in.
pub(super) fn json_object(value: &str) -> Result<Map<String, Value>, Problem> {
    // The text may hold credentials of a connection, so that it is not repeated.
    serde_json::from_str(value).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::malformed_hidden(format!("is no JSON object ({place}); an example is {{\"schema\": \"analytics\"}}"))
    })
}

/// The conditions of `fail-on`, ordered, each once; none for `never`.
pub(super) fn gates(value: &str) -> Result<Vec<Gate>, Problem> {
    let words = list(value)?;
    if words.iter().any(|word| word.eq_ignore_ascii_case("never")) {
        return match words.len() {
            1 => Ok(Vec::new()),
            _ => Err(Problem::malformed(value, "never stands alone")),
        };
    }
    let known = Gate::ALL.map(|gate| (gate.as_str(), gate));
    let mut gates = words.iter().map(|text| word(text, &known)).collect::<Result<Vec<_>, _>>().map_err(with_never)?;
    gates.sort_unstable();
    gates.dedup();
    Ok(gates)
}

/// `never` is no gate, and is allowed all the same.
fn with_never(problem: Problem) -> Problem {
    match problem {
        Problem::UnknownWord { value, mut allowed, .. } => {
            allowed.insert(0, "never");
            Problem::unknown_word(&value, allowed)
        }
        other => other,
    }
}

/// It becomes part of the comment's marker, which other tools may look for.
pub(super) fn comment_id(value: &str) -> Result<String, Problem> {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_' | '/');
    if value.len() <= 64 && value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    Err(Problem::malformed(value, "up to 64 letters, digits, dots, hyphens, underscores and slashes are allowed"))
}

/// A number of bytes above 0.
pub(super) fn bytes(value: &str) -> Result<u64, Problem> {
    match value.parse() {
        Ok(0) | Err(_) => Err(Problem::malformed(value, "a whole number of bytes above 0 is needed, such as 8388608")),
        Ok(bytes) => Ok(bytes),
    }
}

/// A number of requests above 0.
pub(super) fn requests(value: &str) -> Result<usize, Problem> {
    match value.parse() {
        Ok(0) | Err(_) => Err(Problem::malformed(value, "a whole number of requests above 0 is needed, such as 90")),
        Ok(requests) => Ok(requests),
    }
}

/// A time in whole seconds.
pub(super) fn seconds(value: &str) -> Result<Duration, Problem> {
    let seconds = value.parse().map(Duration::from_secs);
    seconds.map_err(|_| Problem::malformed(value, "a whole number of seconds is needed, such as 120"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn patterns_that_cannot_match_what_was_meant_are_refused() {
        assert!(problem(pattern("*.{sql")).contains("braces"));
        assert!(problem(patterns(" , ")).contains("no entry"));
        assert!(problem(pattern("!tmp/**")).contains("use exclude"));
        assert!(problem(pattern("a/***/b.sql")).contains("at character"));
        assert!(problem(pattern("/models/*.sql")).contains("without a leading `/`"));
        assert!(problem(pattern("../other/*.sql")).contains("without `..`"));
        assert_eq!(pattern("models/**/x [1].sql"), Ok("models/**/x [1].sql".to_owned()));
    }

    #[test]
    fn never_stands_alone_among_the_gates() {
        assert_eq!(gates("Never"), Ok(Vec::new()));
        assert!(problem(gates("never, breaking")).contains("never stands alone"));
    }

    #[test]
    fn a_comment_id_cannot_leave_the_marker() {
        assert_eq!(comment_id("warehouse/eu-1_a.b"), Ok("warehouse/eu-1_a.b".to_owned()));
        for text in ["a b", "x-->y", "é", &"a".repeat(65)] {
            assert!(comment_id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn extra_config_keeps_its_order_and_only_takes_an_object() {
        let object = json_object(r#"{"z": 1, "a": {"y": null}}"#).expect("an object");
        assert_eq!(serde_json::to_string(&object).expect("JSON"), r#"{"z":1,"a":{"y":null}}"#);
        for text in ["[]", "null", "\"x\"", "{\"a\": 1,}", "{} {}"] {
            assert!(problem(json_object(text)).starts_with("is no JSON object"), "{text}");
        }
    }

    #[test]
    fn sizes_are_whole_numbers_above_zero() {
        assert_eq!(bytes("50000000"), Ok(50_000_000));
        for text in ["0", "-1", "8MB", "1.5", "99999999999999999999999"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_platform_is_any_one_word() {
        assert_eq!(platform("new-db_2"), Ok("new-db_2".to_owned()));
        assert!(platform("snow flake").is_err() && platform("a\"b").is_err());
    }
}
