//! The order in which files are replayed: what defines an asset before what reads it, else the order of paths.

use std::collections::BTreeMap;

use crate::lineage::link::LinkedFile;
use crate::sql::migration;

/// Indexes into `files`, each once.
///
/// A file comes after the files that define, alter or drop what it mentions. Where some of these stand before it in the
/// order of paths, only those count, and files of one numbered sequence (migrations) never wait for a later one of it:
/// they run in their own order, whatever later ones define anew.
/// Cycles are broken at the file that comes first by path.
pub(crate) fn dependency_order(files: &[LinkedFile<'_>]) -> Vec<usize> {
    let mut by_path: Vec<usize> = (0..files.len()).collect();
    by_path.sort_by(|a, b| match (files.get(*a), files.get(*b)) {
        (Some((left, _)), Some((right, _))) => migration::compare(&left.path, &right.path),
        _ => a.cmp(b),
    });
    let mut ranks = vec![0; files.len()];
    for (rank, file) in by_path.iter().enumerate() {
        if let Some(slot) = ranks.get_mut(*file) {
            *slot = rank;
        }
    }
    let sequences = files.iter().map(|(file, _)| migration::sequence(&file.path)).collect();
    let definers = Definers::of(files, &by_path);
    let state = vec![State::New; files.len()];
    let mut sorter = Sorter { files, ranks, sequences, definers, state, order: Vec::with_capacity(files.len()) };
    for file in by_path {
        sorter.visit(file);
    }
    sorter.order
}

/// Files that define, alter or drop what a name could mean, in the order of paths.
#[derive(Default)]
struct Named {
    files: Vec<usize>,
    /// How many from the front are known to be done: they need no second look.
    done: usize,
}

/// Who defines, alters or drops what.
#[derive(Default)]
struct Definers<'f> {
    /// By each spelling of the name, from the whole one to its last part alone.
    by_tail: BTreeMap<Vec<&'f str>, Named>,
    /// By the whole name.
    by_name: BTreeMap<Vec<&'f str>, Named>,
}

impl<'f> Definers<'f> {
    fn of(files: &'f [LinkedFile<'f>], by_path: &[usize]) -> Self {
        let mut definers = Self::default();
        for (index, (file, script)) in by_path.iter().filter_map(|index| Some((*index, files.get(*index)?))) {
            let of_file = file.asset.iter().map(|asset| asset.name.parts());
            let names = script.defines.iter().chain(&script.alters);
            let of_script = names.map(|name| name.iter().map(String::as_str).collect());
            for parts in of_file.chain(of_script) {
                for start in 0..parts.len() {
                    let tail = parts.get(start..).unwrap_or_default().to_vec();
                    definers.by_tail.entry(tail).or_default().add(index);
                }
                definers.by_name.entry(parts).or_default().add(index);
            }
        }
        definers
    }

    /// The lists of files in which a mentioned name could be defined: written there with as many or more qualifiers, or
    /// with fewer.
    fn could_define(&mut self, parts: &[&'f str], each: &mut dyn FnMut(&mut Named)) {
        if let Some(named) = self.by_tail.get_mut(parts) {
            each(named);
        }
        for start in 1..parts.len() {
            if let Some(named) = parts.get(start..).and_then(|tail| self.by_name.get_mut(tail)) {
                each(named);
            }
        }
    }
}

impl Named {
    fn add(&mut self, file: usize) {
        if self.files.last() != Some(&file) {
            self.files.push(file);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Sorter<'f> {
    files: &'f [LinkedFile<'f>],
    ranks: Vec<usize>,
    /// The folder of the numbered sequence that each file belongs to.
    sequences: Vec<Option<&'f str>>,
    definers: Definers<'f>,
    state: Vec<State>,
    order: Vec<usize>,
}

impl<'f> Sorter<'f> {
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

    /// The files that a file comes after and that are not done yet, in the order of paths.
    fn upstream_of(&mut self, file: usize) -> Vec<usize> {
        let Some((prepared, script)) = self.files.get(file) else { return Vec::new() };
        let tokens = prepared.tokens.values().map(|target| target.asset.parts());
        let names = script.mentions.iter().chain(script.searched.iter().flatten());
        let mentions = names.map(|name| name.iter().map(String::as_str).collect());
        let mut upstream = Vec::new();
        for parts in tokens.chain(mentions) {
            let parts: Vec<&'f str> = parts;
            self.definers_of(&parts, file, &mut upstream);
        }
        upstream.sort_by_key(|index| self.ranks.get(*index));
        upstream.dedup();
        upstream
    }

    fn definers_of(&mut self, parts: &[&'f str], file: usize, upstream: &mut Vec<usize>) {
        let Self { ranks, sequences, definers, state, .. } = self;
        let rank = |index: usize| ranks.get(index).copied().unwrap_or(0);
        let sequence = |index: usize| sequences.get(index).copied().flatten();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut any_before = false;
        definers.could_define(parts, &mut |named| {
            let is_done = |index: &usize| state.get(*index) == Some(&State::Done);
            let done = named.files.iter().skip(named.done).take_while(|index| is_done(index)).count();
            named.done += done;
            let split = named.files.partition_point(|index| rank(*index) < rank(file));
            any_before |= split > 0;
            let waiting = named.files.iter().enumerate().skip(named.done);
            for (place, index) in waiting.filter(|(_, index)| **index != file && !is_done(index)) {
                if place < split {
                    before.push(*index);
                } else if any_before {
                    break;
                } else if sequence(file).is_none() || sequence(*index) != sequence(file) {
                    after.push(*index);
                }
            }
        });
        upstream.append(if any_before { &mut before } else { &mut after });
    }
}
