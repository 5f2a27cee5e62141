//! The two sides of a change request. Base and head are different types, so that they cannot be swapped.

use std::fmt;

/// A git commit: its full hexadecimal object id (40 digits for SHA-1, 64 for SHA-256), lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

/// A text that is no commit id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a commit id (40 or 64 hexadecimal digits)")]
pub struct NotACommit {
    /// The refused text.
    pub text: String,
}

impl CommitId {
    /// Parses a full object id.
    ///
    /// # Errors
    /// [`NotACommit`] for anything but 40 or 64 hexadecimal digits, and for the all-zero id that stands for "no commit".
    pub fn parse(text: &str) -> Result<Self, NotACommit> {
        let text = text.trim();
        let hex = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || text.bytes().all(|byte| byte == b'0') {
            return Err(NotACommit { text: text.to_owned() });
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The commit that a change is measured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseRevision(pub CommitId);

/// The state that a change leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadRevision {
    /// A commit.
    Commit(CommitId),
    /// The files as they are on disk, uncommitted and untracked ones included.
    Worktree,
}

impl fmt::Display for BaseRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for HeadRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => commit.fmt(f),
            Self::Worktree => f.write_str("worktree"),
        }
    }
}

impl HeadRevision {
    /// Seven digits, or `worktree`.
    #[must_use]
    pub fn short(&self) -> &str {
        match self {
            Self::Commit(commit) => commit.short(),
            Self::Worktree => "worktree",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_ids_of_real_commits_are_commits() {
        let id = "0123456789abcdef0123456789ABCDEF01234567";
        assert_eq!(CommitId::parse(id).map(|c| c.short().to_owned()), Ok("0123456".to_owned()));
        for text in ["", "HEAD", "0123456", &"0".repeat(40), &"g".repeat(40)] {
            assert!(CommitId::parse(text).is_err(), "{text:?}");
        }
    }
}
