//! What git or a forge says is in a tree: names, kinds and blob ids, before anything is selected or read.

use crate::path::RepoPath;
use crate::source::BlobId;

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A regular file, executable or not.
    File,
    /// A symbolic link (mode 120000).
    Symlink,
    /// A commit of another repository (mode 160000).
    Submodule,
}

impl EntryKind {
    /// The kind behind git's mode; `None` for folders and unknown modes.
    pub(super) fn from_mode(mode: &str) -> Option<Self> {
        match mode {
            "120000" => Some(Self::Symlink),
            "160000" => Some(Self::Submodule),
            "040000" => None,
            // 100644, 100755, and 100664 of very old repositories.
            _ => mode.starts_with("100").then_some(Self::File),
        }
    }
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path as raw bytes: git promises no encoding.
    pub(super) name: Vec<u8>,
    /// What it is.
    pub(super) kind: EntryKind,
    /// Its object id; `None` for a file on disk that is not hashed yet.
    pub(super) blob: Option<BlobId>,
}

/// The path of an entry. Bytes that are no UTF-8 stand as `\xE9`, so that the file stays in the report under a name that
/// can be shown; the error is such a text for a path that leaves the repository.
pub(super) fn path_of(name: &[u8]) -> Result<RepoPath, String> {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    RepoPath::new(&text).map_err(|error| error.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_utf8_stay_readable() {
        assert_eq!(path_of(b"caf\xE9/a b.sql").expect("inside").as_str(), "caf\\xE9/a b.sql");
        assert_eq!(path_of("naïve\n.sql".as_bytes()).expect("inside").as_str(), "naïve\n.sql");
        assert_eq!(path_of(b"../evil.sql"), Err("../evil.sql".to_owned()));
    }
}
