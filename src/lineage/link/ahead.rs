//! Resolving ahead: groups of files that follow each other are replayed on all cores at once, each group on a fork of the
//! catalog as it stands before the first of them. What another group changes shows when a file's turn comes: a statement
//! that would get other answers by then is resolved again.

use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::link::resolved::Resolved;
use crate::lineage::link::{LinkedFile, Linker};

/// How many files are resolved ahead at a time.
pub(super) const AT_ONCE: usize = 256;

/// How many of them are a group: a file mostly builds on the ones right before it. In tests the groups of a small repository
/// build on each other.
const GROUP: usize = if cfg!(test) { 2 } else { 32 };

/// What each statement of a file led to: one [`Resolved`] for each tree that it holds.
pub(super) type Statements = Vec<Vec<Arc<Resolved>>>;

/// What the statements of these files lead to if no group changes what another one asks; nothing where that is not worth a
/// second core.
pub(super) fn resolve(files: &[&LinkedFile<'_>], linker: &Linker) -> Vec<Statements> {
    if files.len() <= GROUP {
        return Vec::new();
    }
    let of_group = |group: &[&LinkedFile<'_>]| {
        let mut fork = linker.fork();
        group.iter().map(|file| fork.file(file, &[])).collect::<Vec<_>>()
    };
    files.par_chunks(GROUP).with_max_len(1).flat_map_iter(of_group).collect()
}
