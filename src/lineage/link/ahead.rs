//! Resolving ahead: groups of files that follow each other are replayed on all cores at once, each group on a fork of the
//! catalog as it stands before the first of them. What another group changes shows when a file's turn comes: a statement
//! that would get other answers by then is resolved again.

use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::link::resolved::Resolved;
use crate::lineage::link::{LinkedFile, Linker};

/// How many files are resolved ahead at a time.
pub(super) const AT_ONCE: usize = 512;

/// How many groups they are cut into, of about as much text each: one long file is no reason for a core to wait.
const GROUPS: usize = 16;

/// How many files a group has at most: a file mostly builds on the ones right before it. In tests the groups of a small
/// repository build on each other.
const MOST_IN_GROUP: usize = if cfg!(test) { 2 } else { 64 };

/// From how many files on a second core is worth it.
const FEW: usize = if cfg!(test) { 2 } else { 16 };

/// What each statement of a file led to: one [`Resolved`] for each tree that it holds.
pub(super) type Statements = Vec<Vec<Arc<Resolved>>>;

/// What the statements of these files lead to if no group changes what another one asks; nothing where that is not worth a
/// second core.
pub(super) fn resolve(files: &[&LinkedFile<'_>], linker: &Linker) -> Vec<Statements> {
    if files.len() <= FEW {
        return Vec::new();
    }
    let of_group = |group: &[&LinkedFile<'_>]| {
        let mut fork = linker.fork();
        group.iter().map(|file| fork.file(file, &[])).collect::<Vec<_>>()
    };
    groups(files).into_par_iter().with_max_len(1).flat_map_iter(of_group).collect()
}

/// Files that follow each other, cut into groups.
fn groups<'g, 'f>(files: &'g [&'f LinkedFile<'f>]) -> Vec<&'g [&'f LinkedFile<'f>]> {
    let length = |(file, _): &LinkedFile<'_>| file.sql.len();
    let share = files.iter().map(|file| length(file)).sum::<usize>() / GROUPS;
    let (mut groups, mut rest) = (Vec::new(), files);
    while !rest.is_empty() {
        let mut taken = 0;
        let fits = |file: &&&LinkedFile<'_>| {
            let fits = taken <= share;
            taken += length(file);
            fits
        };
        let size = rest.iter().take(MOST_IN_GROUP).take_while(fits).count().max(1);
        let (group, others) = rest.split_at(size.min(rest.len()));
        groups.push(group);
        rest = others;
    }
    groups
}
