//! Listing the tree of a commit.

use super::process::run_bounded;
use super::{GitError, Repository};
use crate::changes::listing::{Entry, EntryKind};
use crate::revision::CommitId;
use crate::source::BlobId;

impl Repository {
    /// Every file, link and submodule below the commit's root, wherever git was started. In a clone without trees
    /// (`--filter=tree:0`) git gets them from `origin`.
    pub(in crate::changes) fn list_tree(&self, commit: &CommitId) -> Result<Vec<Entry>, GitError> {
        let arguments = ["ls-tree", "-r", "-z", "--full-tree", commit.as_str()];
        let output = run_bounded(self.networked(&arguments), "ls-tree")?;
        output
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty())
            .filter_map(|line| entry(line).transpose())
            .collect()
    }
}

/// One line: `<mode> <type> <object id>\t<path>`. Entries of unknown modes are left out.
fn entry(line: &[u8]) -> Result<Option<Entry>, GitError> {
    let unexpected = || GitError::Unexpected { command: "ls-tree" };
    let tab = line.iter().position(|byte| *byte == b'\t').ok_or_else(unexpected)?;
    let (facts, name) = line.split_at_checked(tab).ok_or_else(unexpected)?;
    let name = name.get(1..).ok_or_else(unexpected)?;
    let facts = std::str::from_utf8(facts).map_err(|_| unexpected())?;
    let mut facts = facts.split(' ');
    let (Some(mode), Some(_type), Some(id)) = (facts.next(), facts.next(), facts.next()) else {
        return Err(unexpected());
    };
    let blob = Some(BlobId(id.into()));
    Ok(EntryKind::from_mode(mode).map(|kind| Entry { name: name.to_vec(), kind, blob }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_mode_id_and_path() {
        let file = entry(b"100755 blob 1a\tdir/a\tb\n.sql").expect("a line").expect("a file");
        assert_eq!((file.kind, file.name.as_slice()), (EntryKind::File, b"dir/a\tb\n.sql".as_slice()));
        assert_eq!(file.blob, Some(BlobId("1a".into())));
        let link = entry(b"120000 blob 1b\tx.sql").expect("a line").expect("a link");
        assert_eq!(link.kind, EntryKind::Symlink);
        let module = entry(b"160000 commit 1c\tm.sql").expect("a line").expect("a submodule");
        assert_eq!(module.kind, EntryKind::Submodule);
        assert!(entry(b"100644 blob 1d").is_err());
    }
}
