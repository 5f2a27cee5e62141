//! The order in which files are replayed: what defines an asset before what reads it, else the order of paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::lineage::link::LinkedFile;
use crate::sql::migration;

/// Files and the order in which they are replayed.
pub(crate) struct Ordered<'f> {
    pub files: &'f [LinkedFile<'f>],
    /// Indexes into them, each once.
    pub order: Vec<usize>,
}

impl<'f> Ordered<'f> {
    /// Puts files in order.
    pub fn of(files: &'f [LinkedFile<'f>]) -> Self {
        Self { files, order: dependency_order(files) }
    }
}

/// Indexes into `files`, each once.
///
/// A file comes after the files that define, alter or drop what it mentions. Where some of these stand before it in the
/// order of paths, only those count. Files of one numbered sequence (migrations) run in the order of their numbers,
/// whatever they mention, and who waits for one of them waits for all: what a new one mentions moves no older one.
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
    let sequences = Sequences::of(files, &by_path);
    let definers = Definers::of(files, &by_path);
    let state = vec![State::New; files.len()];
    let mut sorter = Sorter { files, ranks, sequences, definers, state, order: Vec::with_capacity(files.len()) };
    for file in by_path {
        sorter.visit(file);
    }
    sorter.order
}

/// Numbered sequences of files.
struct Sequences {
    /// The sequence that each file belongs to.
    of_file: Vec<Option<usize>>,
    /// The files of each sequence that are not done, the next one last.
    waiting: Vec<Vec<usize>>,
}

impl Sequences {
    fn of(files: &[LinkedFile<'_>], by_path: &[usize]) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut sequences = Self { of_file: vec![None; files.len()], waiting: Vec::new() };
        for index in by_path.iter().rev() {
            let Some(folder) = files.get(*index).and_then(|(file, _)| migration::sequence(&file.path)) else {
                continue;
            };
            let place = *places.entry(folder).or_insert(sequences.waiting.len());
            if place == sequences.waiting.len() {
                sequences.waiting.push(Vec::new());
            }
            if let (Some(waiting), Some(slot)) = (sequences.waiting.get_mut(place), sequences.of_file.get_mut(*index)) {
                waiting.push(*index);
                *slot = Some(place);
            }
        }
        sequences
    }

    /// The sequence of a file.
    fn sequence(&self, file: usize) -> Option<usize> {
        self.of_file.get(file).copied().flatten()
    }

    /// The files of its sequence that are not done, the next one last.
    fn waiting(&self, file: usize) -> &[usize] {
        self.sequence(file).and_then(|place| self.waiting.get(place)).map(Vec::as_slice).unwrap_or_default()
    }

    fn done(&mut self, file: usize) {
        if let Some(waiting) = self.sequence(file).and_then(|place| self.waiting.get_mut(place)) {
            waiting.pop_if(|next| *next == file);
        }
    }
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
    sequences: Sequences,
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
                None if self.may_open(current) => {
                    self.mark(current, State::Open);
                    let upstream = self.upstream_of(current);
                    self.with_sequences(current, upstream).into_iter()
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
                    self.sequences.done(current);
                    self.order.push(current);
                }
            }
        }
    }

    /// Whether a file can be replayed now: not while an earlier one of its sequence waits for others.
    fn may_open(&self, file: usize) -> bool {
        let is_next = self.sequences.waiting(file).last().is_none_or(|next| *next == file);
        is_next && self.is(file, State::New)
    }

    fn is(&self, file: usize, state: State) -> bool {
        self.state.get(file) == Some(&state)
    }

    /// What a file waits for, with all files of each other sequence that one of them belongs to; none of one that waits for
    /// this file itself.
    fn with_sequences(&self, file: usize, upstream: Vec<usize>) -> Vec<usize> {
        let mut taken: BTreeSet<usize> = self.sequences.sequence(file).into_iter().collect();
        let mut all = Vec::new();
        for other in upstream {
            match self.sequences.sequence(other) {
                None => all.push(other),
                Some(sequence) if taken.insert(sequence) => {
                    let waiting = self.sequences.waiting(other);
                    if !waiting.last().is_some_and(|next| self.is(*next, State::Open)) {
                        all.extend(waiting.iter().rev());
                    }
                }
                Some(_) => {}
            }
        }
        all
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
                } else if sequences.sequence(file).is_none() || sequences.sequence(*index) != sequences.sequence(file) {
                    after.push(*index);
                }
            }
        });
        upstream.append(if any_before { &mut before } else { &mut after });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::tests::prepared;
    use crate::lineage::{Side, linked, parse_all};
    use crate::sql::dialect::Dialect;

    /// The paths in the order of their replay.
    fn replayed<'p>(files: &[(&'p str, &str)]) -> Vec<&'p str> {
        let prepared: Vec<_> = files.iter().map(|(path, sql)| prepared(path, sql, Dialect::Postgres)).collect();
        let scripts = parse_all(prepared.iter());
        let linked = linked(Side { files: &prepared, declared: &[] }, &scripts);
        dependency_order(&linked).into_iter().map(|index| files[index].0).collect()
    }

    #[test]
    fn a_new_migration_moves_no_older_one() {
        let mut files = vec![
            ("code/triggers.sql", "create view v as select * from t"),
            ("migrations/1.sql", "create table t (a int); create table u (a int)"),
            ("migrations/2.sql", "update u set a = t.a from t"),
            ("migrations/3.sql", "update t set a = u.a from u"),
        ];
        let order = ["migrations/1.sql", "migrations/2.sql", "migrations/3.sql", "code/triggers.sql"];
        assert_eq!(replayed(&files), order);
        files.push(("migrations/4.sql", "alter table t add column b int"));
        let order =
            ["migrations/1.sql", "migrations/2.sql", "migrations/3.sql", "migrations/4.sql", "code/triggers.sql"];
        assert_eq!(replayed(&files), order);
    }

    #[test]
    fn migrations_keep_their_order_while_one_waits_for_a_file_beside_them() {
        let files = [
            ("migrations/1.sql", "create view v as select * from beside"),
            ("migrations/2.sql", "create table t (a int)"),
            ("migrations/3.sql", "create view w as select * from t, beside"),
            ("views.sql", "create view beside as select * from t"),
        ];
        assert_eq!(replayed(&files), ["views.sql", "migrations/1.sql", "migrations/2.sql", "migrations/3.sql"]);
    }
}
