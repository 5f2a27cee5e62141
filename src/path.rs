//! Paths inside the repository.
//!
//! A [`RepoPath`] is relative, `/`-separated and never leaves the repository: no leading `/`, no `..` part, no NUL.
//! It is hostile text like everything else from a change request; sinks escape it (`report::escape`).

pub mod pattern;

use std::fmt;
use std::sync::Arc;

/// A file's path from the repository's root, `/`-separated.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Why a text is no [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {path:?} is not inside the repository")]
pub struct OutsideRepository {
    /// The refused text.
    pub path: String,
}

impl RepoPath {
    /// Takes a path as git prints it with `-z`.
    ///
    /// # Errors
    /// [`OutsideRepository`] when the path is empty, absolute, holds a NUL or a `..` part.
    pub fn new(path: &str) -> Result<Self, OutsideRepository> {
        let trimmed = path.strip_prefix("./").unwrap_or(path);
        let outside = trimmed.is_empty()
            || trimmed.starts_with('/')
            || trimmed.contains('\0')
            || trimmed.split('/').any(|part| part == "..");
        if outside {
            return Err(OutsideRepository { path: path.to_owned() });
        }
        Ok(Self(trimmed.into()))
    }

    /// The whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: `orders.sql` of `models/orders.sql`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The last part without its last extension: `orders` of `models/orders.sql`.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        }
    }

    /// The folder that holds the file; empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_repository_are_refused() {
        for path in ["", "/etc/passwd", "../x.sql", "a/../../x.sql", "a\0b.sql"] {
            assert!(RepoPath::new(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn parts_of_a_path() {
        let path = RepoPath::new("./models/staging/stg orders.v2.sql").expect("inside");
        assert_eq!(path.as_str(), "models/staging/stg orders.v2.sql");
        assert_eq!(path.file_name(), "stg orders.v2.sql");
        assert_eq!(path.stem(), "stg orders.v2");
        assert_eq!(path.folder(), "models/staging");
        assert_eq!(RepoPath::new(".sql").expect("inside").stem(), ".sql");
    }
}
