//! The order in which files are replayed: what defines an asset before what reads it, else the order of paths.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lineage::script::Script;
use crate::sql::migration;
use crate::sql::template::Prepared;

/// Indexes into `files`, each once.
///
/// A file comes after the files that define, alter or drop what it mentions. Where some of these stand before it in the
/// order of paths, only those count, and files of one numbered sequence (migrations) never wait for a later one of it:
/// they run in their own order, whatever later ones define anew.
/// Cycles are broken at the file that comes first by path.
pub(crate) fn dependency_order(files: &[(&Prepared, Arc<Script>)]) -> Vec<usize> {
    let mut by_path: Vec<usize> = (0..files.len()).collect();
    by_path.sort_by(|a, b| match (files.get(*a), files.get(*b)) {
        (Some((left, _)), Some((right, _))) => migration::compare(&left.path, &right.path),
        _ => a.cmp(b),
    });
    let rank: BTreeMap<usize, usize> = by_path.iter().enumerate().map(|(rank, file)| (*file, rank)).collect();
    let definers = definers(files);
    let mut sorter =
        Sorter { files, rank, definers, state: vec![State::New; files.len()], order: Vec::with_capacity(files.len()) };
    for file in by_path {
        sorter.visit(file);
    }
    sorter.order
}

/// Files that define, alter or drop a name, by its last part.
fn definers<'f>(files: &'f [(&Prepared, Arc<Script>)]) -> BTreeMap<&'f str, Vec<(usize, Vec<&'f str>)>> {
    let mut definers: BTreeMap<&str, Vec<(usize, Vec<&str>)>> = BTreeMap::new();
    for (index, (file, script)) in files.iter().enumerate() {
        let of_file = file.asset.iter().map(|asset| asset.name.parts());
        let names = script.defines.iter().chain(&script.alters);
        let of_script = names.map(|name| name.iter().map(String::as_str).collect());
        for parts in of_file.chain(of_script) {
            if let Some(last) = parts.last() {
                definers.entry(last).or_default().push((index, parts));
            }
        }
    }
    definers
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Sorter<'f> {
    files: &'f [(&'f Prepared, Arc<Script>)],
    rank: BTreeMap<usize, usize>,
    definers: BTreeMap<&'f str, Vec<(usize, Vec<&'f str>)>>,
    state: Vec<State>,
    order: Vec<usize>,
}

impl Sorter<'_> {
    /// Depth-first without recursion: chains of a few thousand files are real.
    fn visit(&mut self, file: usize) {
        let mut stack = vec![(file, None::<std::vec::IntoIter<usize>>)];
        while let Some((current, upstream)) = stack.pop() {
            let mut upstream = match upstream {
                Some(upstream) => upstream,
                None if self.state.get(current) == Some(&State::New) => {
                    self.mark(current, State::Open);
                    self.upstream_of(current).into_iter()
                }
                None => continue,
            };
            match upstream.next() {
                Some(next) => {
                    stack.push((current, Some(upstream)));
                    stack.push((next, None));
                }
                None => {
                    self.mark(current, State::Done);
                    self.order.push(current);
                }
            }
        }
    }

    fn mark(&mut self, file: usize, state: State) {
        if let Some(slot) = self.state.get_mut(file) {
            *slot = state;
        }
    }

    fn upstream_of(&self, file: usize) -> Vec<usize> {
        let Some((prepared, script)) = self.files.get(file) else { return Vec::new() };
        let tokens = prepared.tokens.values().map(|target| target.asset.parts());
        let mentions = script.mentions.iter().map(|name| name.iter().map(String::as_str).collect());
        let mut upstream = Vec::new();
        for parts in tokens.chain(mentions) {
            let parts: Vec<&str> = parts;
            let Some(named) = parts.last().and_then(|last| self.definers.get(last)) else { continue };
            let fits: Vec<usize> = named
                .iter()
                .filter(|(index, theirs)| *index != file && (theirs.ends_with(&parts) || parts.ends_with(theirs)))
                .map(|(index, _)| *index)
                .collect();
            let (before, after): (Vec<usize>, Vec<usize>) =
                fits.into_iter().partition(|index| self.rank(*index) < self.rank(file));
            if before.is_empty() {
                upstream.extend(after.into_iter().filter(|index| !self.in_one_sequence(*index, file)));
            } else {
                upstream.extend(before);
            }
        }
        upstream.sort_by_key(|index| self.rank(*index));
        upstream.dedup();
        upstream
    }

    fn rank(&self, file: usize) -> usize {
        self.rank.get(&file).copied().unwrap_or(0)
    }

    fn in_one_sequence(&self, one: usize, other: usize) -> bool {
        let sequence = |file: usize| self.files.get(file).and_then(|(prepared, _)| migration::sequence(&prepared.path));
        sequence(one).is_some_and(|folder| Some(folder) == sequence(other))
    }
}
