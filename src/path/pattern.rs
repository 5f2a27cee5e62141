//! Patterns of paths, as the settings write them.
//!
//! Patterns are those of the `glob` crate, matched against the whole path from the repository's root: `*` and `?` stay
//! within a folder, `**` crosses folders (also none: `**/x.sql` matches `x.sql`), `[ab]` is a choice. Case matters, but
//! for the extension: `*.sql` takes `X.SQL`, which SQL Server and Oracle people write.

use glob::{MatchOptions, Pattern};

use super::RepoPath;

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern:?} cannot be used: {reason}")]
pub struct PatternError {
    /// The pattern as it was given.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// One compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(Pattern);

impl PathPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`PatternError`], with what is wrong with it.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let refuse = |reason: &str| Err(PatternError { pattern: text.to_owned(), reason: reason.to_owned() });
        let trimmed = text.trim();
        let pattern = trimmed.strip_prefix("./").unwrap_or(trimmed);
        if pattern.is_empty() {
            return refuse("it is empty");
        }
        if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
            return refuse("patterns start at the repository's root, without a leading `/` and without `..`");
        }
        if pattern.starts_with('!') {
            return refuse("`!` is not known; use the setting `exclude`");
        }
        if pattern.contains('{') && pattern.contains('}') {
            return refuse("braces are not known; write one pattern per line");
        }
        match Pattern::new(&fold_extension(pattern)) {
            Ok(compiled) => Ok(Self(compiled)),
            Err(error) => refuse(error.msg),
        }
    }

    /// The pattern itself, and everything below a folder of that name.
    ///
    /// # Errors
    /// [`PatternError`], with what is wrong with it.
    pub fn at_or_below(text: &str) -> Result<Vec<Self>, PatternError> {
        let folder = text.trim().trim_end_matches('/');
        if folder.is_empty() || folder == "." {
            return Ok(vec![Self::new("**")?]);
        }
        if folder.ends_with("**") {
            return Ok(vec![Self::new(folder)?]);
        }
        Ok(vec![Self::new(folder)?, Self::new(&format!("{folder}/**"))?])
    }

    /// Whether the pattern takes a path.
    #[must_use]
    pub fn matches(&self, path: &RepoPath) -> bool {
        self.matches_folded(&fold_extension(path.as_str()))
    }

    /// The same for a path whose extension is [folded](fold_extension) already.
    #[must_use]
    pub fn matches_folded(&self, path: &str) -> bool {
        // Most paths of a repository differ from a pattern in how their last part ends, which is cheap to see.
        let end = self.0.as_str().rsplit(['*', '?', ']', '/']).next().unwrap_or_default();
        path.ends_with(end) && self.0.matches_with(path, OPTIONS)
    }
}

/// The same path with an extension `.SQL` in lower case.
#[must_use]
pub fn fold_extension(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("sql") => format!("{stem}.sql"),
        _ => path.to_owned(),
    }
}
