//! In which order files are sent: what a file reads is sent before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::RepoPath;

/// A file and the files that are to be sent before it.
pub trait HasUpstream {
    /// The file.
    fn path(&self) -> &RepoPath;
    /// Files that it reads from; some may be no part of the plan.
    fn upstream(&self) -> &BTreeSet<RepoPath>;
}

/// Puts files into order: upstream before downstream, files of `first` (with what they read) before the others, and
/// else in the order given. A cycle is broken at the file that comes first.
#[must_use]
pub fn upstream_first<F: HasUpstream>(files: Vec<F>, first: &BTreeSet<RepoPath>) -> Vec<F> {
    let places: BTreeMap<&RepoPath, usize> =
        files.iter().enumerate().map(|(place, file)| (file.path(), place)).collect();
    let upstream = |place: usize| -> Vec<usize> {
        let paths = files.get(place).map(HasUpstream::upstream).into_iter().flatten();
        let mut places: Vec<usize> = paths.filter_map(|path| places.get(path).copied()).collect();
        // The last of a stack is taken first.
        places.sort_unstable_by(|a, b| b.cmp(a));
        places
    };
    let is_first = |place: &usize| files.get(*place).is_some_and(|file| first.contains(file.path()));
    let (early, late): (Vec<usize>, Vec<usize>) = (0..files.len()).partition(is_first);
    let mut seen = BTreeSet::new();
    let mut order = Vec::with_capacity(files.len());
    for root in early.into_iter().chain(late) {
        // Depth first without recursion: chains of a few thousand files are real.
        let mut stack: Vec<(usize, Option<Vec<usize>>)> = vec![(root, None)];
        while let Some((place, waiting)) = stack.pop() {
            let mut waiting = match waiting {
                Some(waiting) => waiting,
                None if seen.insert(place) => upstream(place),
                None => continue,
            };
            match waiting.pop() {
                Some(next) => {
                    stack.push((place, Some(waiting)));
                    stack.push((next, None));
                }
                None => order.push(place),
            }
        }
    }
    let mut files: Vec<Option<F>> = files.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| files.get_mut(place)?.take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct File(RepoPath, BTreeSet<RepoPath>);

    impl HasUpstream for File {
        fn path(&self) -> &RepoPath {
            &self.0
        }

        fn upstream(&self) -> &BTreeSet<RepoPath> {
            &self.1
        }
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    fn ordered(files: &[(&str, &[&str])], first: &[&str]) -> Vec<String> {
        let files =
            files.iter().map(|(file, upstream)| File(path(file), upstream.iter().map(|file| path(file)).collect()));
        let first = first.iter().map(|file| path(file)).collect();
        upstream_first(files.collect(), &first).into_iter().map(|file| file.0.to_string()).collect()
    }

    #[test]
    fn upstream_comes_first_and_else_the_given_order_is_kept() {
        let files: &[(&str, &[&str])] = &[("a", &["c"]), ("b", &[]), ("c", &["d", "elsewhere"]), ("d", &[])];
        assert_eq!(ordered(files, &[]), ["d", "c", "a", "b"]);
        assert_eq!(ordered(files, &["b"]), ["b", "d", "c", "a"]);
    }

    #[test]
    fn a_cycle_loses_no_file() {
        assert_eq!(ordered(&[("a", &["b"]), ("b", &["a", "b"])], &[]), ["b", "a"]);
    }

    #[test]
    fn long_chains_do_not_overflow_the_stack() {
        let files =
            (0..20_000).map(|at| File(path(&format!("{at:05}")), BTreeSet::from([path(&format!("{:05}", at + 1))])));
        let order = upstream_first(files.collect(), &BTreeSet::new());
        assert_eq!((order.len(), order[0].0.as_str()), (20_000, "19999"));
    }
}
