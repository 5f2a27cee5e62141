//! Settings that are wrong, and how that is said: the setting, where its value came from, the value, what is allowed.

use std::fmt;

/// Longest part of a wrong value that is repeated, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// One setting whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} (from {place}) {problem}")]
pub struct InvalidSetting {
    /// The setting's name.
    pub setting: &'static str,
    /// The flag or variable that gave the value.
    pub place: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a value. Values of secrets are in none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not one of the known words.
    UnknownWord {
        /// The value.
        value: String,
        /// Every known word.
        allowed: Vec<&'static str>,
        /// The known word that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Of the wrong form.
    Malformed {
        /// The value, where it may be shown.
        value: Option<String>,
        /// Why it cannot be used: a fragment that goes on after the value.
        reason: String,
    },
}

impl Problem {
    /// A value that is none of `allowed`, with the nearest of them.
    pub(super) fn unknown_word(value: &str, allowed: Vec<&'static str>) -> Self {
        let nearest = similar::get_close_matches(&*value.to_ascii_lowercase(), &allowed, 1, 0.6).first().copied();
        Self::UnknownWord { value: value.to_owned(), allowed, nearest }
    }

    /// A value of the wrong form.
    pub(super) fn malformed(value: &str, reason: impl Into<String>) -> Self {
        Self::Malformed { value: Some(value.to_owned()), reason: reason.into() }
    }

    /// A value of the wrong form that may hold a secret.
    pub(super) fn malformed_hidden(reason: impl Into<String>) -> Self {
        Self::Malformed { value: None, reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownWord { value, allowed, nearest } => {
                write!(f, "is {}, which is none of {}", shown(value), allowed.join(", "))?;
                nearest.map_or(Ok(()), |nearest| write!(f, "; did you mean {nearest}?"))
            }
            Self::Malformed { value: Some(value), reason } => write!(f, "is {}: {reason}", shown(value)),
            Self::Malformed { value: None, reason } => f.write_str(reason),
        }
    }
}

/// Every wrong setting of one run, so that one look at the log is enough to repair them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSettings(pub Vec<InvalidSetting>);

impl std::error::Error for InvalidSettings {}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(settings) = self;
        for (position, setting) in settings.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            setting.fmt(f)?;
        }
        Ok(())
    }
}

/// A value as it may be repeated: on one line, without control characters, not endless.
fn shown(value: &str) -> String {
    let short: String = value.chars().take(SHOWN_CHARACTERS).collect();
    let ellipsis = if short.len() < value.len() { "…" } else { "" };
    format!("{short:?}{ellipsis}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_value_stays_on_one_line_and_short() {
        let problem = Problem::malformed(&format!("a\n::error::x\u{1b}[31m{}", "y".repeat(500)), "no URL");
        let text = problem.to_string();
        assert!(text.starts_with(r#"is "a\n::error::x\u{1b}[31m"#), "{text}");
        assert!(!text.contains(['\n', '\u{1b}']) && text.chars().count() < 130, "{text}");
    }

    #[test]
    fn a_typo_is_met_with_the_word_that_was_meant_and_nonsense_is_not() {
        let allowed = vec!["parse-error", "breaking", "removed-column"];
        let text = |value| Problem::unknown_word(value, allowed.clone()).to_string();
        assert_eq!(
            text("Braking"),
            r#"is "Braking", which is none of parse-error, breaking, removed-column; did you mean breaking?"#
        );
        assert!(text("xyz").ends_with("removed-column"));
    }
}
