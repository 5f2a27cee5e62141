//! Commands that a line of the log gives to GitHub's runner, and the defence against commands that we do not mean.
//!
//! The runner reads stdout and stderr: a line that starts with `::name::` after white space, or holds `##[name]`
//! anywhere, is a command. Text from a repository or an API must pass [`log_safe`] or be escaped as a command's data.
//! Nothing is printed in here.

use crate::secret::Secret;

/// Longest text of a command, in characters; the runner cuts messages at 4,096.
const LONGEST_DATA: usize = 2_000;

/// A command with its properties (empty values are left out) and its text.
pub(super) fn command(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escape_property(value)))
        .collect();
    let space = if properties.is_empty() { "" } else { " " };
    let data: String = data.chars().take(LONGEST_DATA).collect();
    format!("::{name}{space}{}::{}", properties.join(","), escape_data(&data))
}

/// Makes the runner write `***` for a secret from here on. The command holds the secret by its nature: print it first.
#[must_use]
pub fn mask(secret: &Secret) -> String {
    format!("::add-mask::{}", escape_data(secret.expose()))
}

/// A message that the runner shows with the run: `level` is `error`, `warning` or `notice`.
#[must_use]
pub fn message(level: &str, text: &str) -> String {
    command(level, &[], text)
}

/// Starts a folded part of the log.
#[must_use]
pub fn group(title: &str) -> String {
    command("group", &[], title)
}

/// Ends a folded part of the log.
#[must_use]
pub fn end_group() -> String {
    command("endgroup", &[], "")
}

/// The text with every command in it defused, for printing to a log. Only what the runner would obey is changed.
#[must_use]
pub fn log_safe(text: &str) -> String {
    let text = text.replace("##[", "## [");
    // The runner also ends a line at a lone carriage return.
    let mut safe = String::with_capacity(text.len());
    for line in text.split_inclusive(['\n', '\r']) {
        let command = line.trim_start_matches(invisible);
        if command.starts_with("::") {
            safe.push_str(line.strip_suffix(command).unwrap_or_default());
            safe.push_str(": :");
            safe.push_str(command.strip_prefix("::").unwrap_or_default());
        } else {
            safe.push_str(line);
        }
    }
    safe
}

/// What a reader of the line may trim away before it looks for `::`.
fn invisible(character: char) -> bool {
    character.is_whitespace() || character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{feff}')
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_and_properties_cannot_leave_their_place() {
        let line = command("error", &[("file", "a,b:c\n%0A.sql"), ("line", "")], "50%\r\n::set-output name=x::y");
        assert_eq!(line, "::error file=a%2Cb%3Ac%0A%250A.sql::50%25%0D%0A::set-output name=x::y");
        assert_eq!(group("a\nb"), "::group::a%0Ab");
        assert_eq!(end_group(), "::endgroup::");
        assert_eq!(mask(&Secret::new("a%b\nc").expect("a secret")), "::add-mask::a%25b%0Ac");
    }

    #[test]
    fn text_that_is_no_command_is_printed_as_it_is() {
        let text = "select a::int,\n  b\t::text -- std::string\n#[derive]\r\n";
        assert_eq!(log_safe(text), text);
    }

    #[test]
    fn commands_inside_of_text_are_defused() {
        assert_eq!(log_safe("x\n \u{feff}::error::y\r::z::"), "x\n \u{feff}: :error::y\r: :z::");
        assert_eq!(log_safe("a ##[add-path]/evil"), "a ## [add-path]/evil");
    }

    proptest! {
        #[test]
        fn no_text_gives_the_runner_a_command(text in "[:# \\[\r\na\u{feff}\u{85}]{0,40}") {
            let safe = log_safe(&text);
            prop_assert!(!safe.contains("##["));
            prop_assert!(!safe.split(['\n', '\r']).any(|line| line.trim().starts_with("::")), "{:?}", safe);
        }

        #[test]
        fn every_command_is_one_line(data in ".*", property in "(.|\n|\r)*") {
            prop_assert!(!command("error", &[("title", &property)], &data).contains(['\n', '\r']));
        }
    }
}
