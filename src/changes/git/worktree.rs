//! Listing the files on disk: tracked ones as they are now, and untracked ones that are not ignored.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::process::{command, not_run, run_bounded};
use super::{GitError, Repository};
use crate::changes::disk::path_from;
use crate::changes::listing::{Entry, EntryKind};
use crate::source::BlobId;

impl Repository {
    /// Every file of the work tree. A tracked file that git's index knows to be unchanged has its blob id; others have
    /// none and are to be hashed ([`Repository::hash_files`]). Deleted files are not in the list.
    pub(in crate::changes) fn list_worktree(&self) -> Result<Vec<Entry>, GitError> {
        let touched = self.touched()?;
        let mut entries = Vec::new();
        for record in records(&self.run(&["ls-files", "-z", "--stage"])?) {
            let (mode, id, name) = staged(record).ok_or(GitError::Unexpected { command: "ls-files" })?;
            match touched.get(name) {
                Some(b'D') => {}
                Some(_) => entries.extend(self.on_disk(name)),
                None => entries.extend(EntryKind::from_mode(mode).map(|kind| Entry {
                    name: name.to_vec(),
                    kind,
                    blob: Some(BlobId(id.into())),
                })),
            }
        }
        for name in records(&self.run(&["ls-files", "-z", "--others", "--exclude-standard"])?) {
            entries.extend(self.on_disk(name));
        }
        // A file in conflict is in the index up to three times.
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        entries.dedup_by(|one, other| one.name == other.name);
        Ok(entries)
    }

    /// Where a listed file is on disk; `None` when that is no regular file inside of the work tree.
    pub(in crate::changes) fn locate(&self, name: &[u8]) -> Option<PathBuf> {
        let path = self.root.join(path_from(name));
        let regular = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let inside = path.canonicalize().is_ok_and(|real| real.starts_with(&self.root));
        (regular && inside).then_some(path)
    }

    /// The blob ids that git would give these files, line endings and filters applied as `git add` would: a file that
    /// was only touched has the id that it had.
    pub(in crate::changes) fn hash_files(&self, names: &[&[u8]]) -> Result<Vec<BlobId>, GitError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // A filter (Git LFS) that is configured and not installed makes git fail; bytes as they are then do.
        let output = self.hash_with(names, &[]).or_else(|_| self.hash_with(names, &["--no-filters"]))?;
        let text = String::from_utf8_lossy(&output);
        let ids: Vec<BlobId> = text.lines().map(|line| BlobId(line.into())).collect();
        if ids.len() == names.len() { Ok(ids) } else { Err(GitError::Unexpected { command: "hash-object" }) }
    }

    fn hash_with(&self, names: &[&[u8]], options: &[&str]) -> Result<Vec<u8>, GitError> {
        let io = |source| not_run("hash-object", source);
        let mut list = tempfile::tempfile().map_err(io)?;
        let lines: Vec<u8> = names.iter().flat_map(|name| quoted(name)).collect();
        list.write_all(&lines).and_then(|()| std::io::Seek::rewind(&mut list)).map_err(io)?;
        let mut command = command(&self.root);
        command.args(["hash-object", "--stdin-paths"]).args(options).stdin(list);
        run_bounded(command, "hash-object")
    }

    /// Tracked files whose size or time differ from the index, with git's letter for what happened (`D`: deleted).
    fn touched(&self) -> Result<BTreeMap<Vec<u8>, u8>, GitError> {
        let unexpected = || GitError::Unexpected { command: "diff-files" };
        let arguments =
            ["diff-files", "-z", "--raw", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
        let output = self.run(&arguments)?;
        let records: Vec<&[u8]> = records(&output).collect();
        let mut touched = BTreeMap::new();
        for pair in records.chunks(2) {
            let [facts, name] = pair else { return Err(unexpected()) };
            let status = facts.rsplit(|byte| *byte == b' ').next().and_then(|status| status.first());
            touched.insert(name.to_vec(), *status.ok_or_else(unexpected)?);
        }
        Ok(touched)
    }

    fn on_disk(&self, name: &[u8]) -> Option<Entry> {
        let kind = kind_on_disk(&self.root.join(path_from(name)))?;
        Some(Entry { name: name.to_vec(), kind, blob: None })
    }
}

/// What is at a path, links not followed; `None` for folders, pipes, devices and nothing.
fn kind_on_disk(path: &Path) -> Option<EntryKind> {
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    if kind.is_symlink() {
        Some(EntryKind::Symlink)
    } else if kind.is_file() {
        Some(EntryKind::File)
    } else {
        None
    }
}

fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

/// One record of `ls-files --stage`: `<mode> <object id> <stage>\t<path>`.
fn staged(record: &[u8]) -> Option<(&str, &str, &[u8])> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let (facts, name) = record.split_at_checked(tab)?;
    let mut facts = std::str::from_utf8(facts).ok()?.split(' ');
    Some((facts.next()?, facts.next()?, name.get(1..)?))
}

/// A path as `--stdin-paths` reads it: in quotes, C escapes, one per line.
fn quoted(name: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in name {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            0..=31 | 127.. => line.extend(format!("\\{byte:03o}").bytes()),
            _ => line.push(*byte),
        }
    }
    line.extend(*b"\"\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_so_that_each_is_one_line() {
        assert_eq!(quoted(b"a \"b\"\\c.sql"), b"\"a \\\"b\\\"\\\\c.sql\"\n");
        assert_eq!(quoted(b"x\ny\xE9"), b"\"x\\012y\\351\"\n");
    }
}
