//! The columns that a value depends on, and how: an ordered set.
//!
//! Most values depend on one or two columns and there are hundreds of thousands of values, so a few sources are kept in
//! a sorted list; only the rare value with many is a tree.

use std::collections::{BTreeSet, btree_set};

use crate::lineage::model::{ColumnRef, Transformation};

/// A column that a value depends on, and how.
pub(crate) type Source = (ColumnRef, Transformation);

/// How many sources a list holds before it becomes a tree.
const FEW: usize = 16;

/// An ordered set of sources.
#[derive(Debug, Clone)]
pub(crate) struct Sources(Store);

#[derive(Debug, Clone)]
enum Store {
    /// Sorted, without doubles.
    Few(Vec<Source>),
    Many(BTreeSet<Source>),
}

impl Sources {
    pub fn new() -> Self {
        Self(Store::Few(Vec::new()))
    }

    /// Adds a source; whether it is new.
    pub fn insert(&mut self, source: Source) -> bool {
        match &mut self.0 {
            Store::Many(tree) => tree.insert(source),
            Store::Few(list) => {
                let Err(place) = list.binary_search(&source) else { return false };
                if list.len() < FEW {
                    list.insert(place, source);
                } else {
                    let mut tree: BTreeSet<Source> = std::mem::take(list).into_iter().collect();
                    tree.insert(source);
                    self.0 = Store::Many(tree);
                }
                true
            }
        }
    }

    pub fn len(&self) -> usize {
        match &self.0 {
            Store::Few(list) => list.len(),
            Store::Many(tree) => tree.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Store::Few(list) => Iter::Few(list.iter()),
            Store::Many(tree) => Iter::Many(tree.iter()),
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> From<[Source; N]> for Sources {
    fn from(sources: [Source; N]) -> Self {
        sources.into_iter().collect()
    }
}

impl FromIterator<Source> for Sources {
    fn from_iter<I: IntoIterator<Item = Source>>(sources: I) -> Self {
        let mut all = Self::new();
        all.extend(sources);
        all
    }
}

impl Extend<Source> for Sources {
    fn extend<I: IntoIterator<Item = Source>>(&mut self, sources: I) {
        for source in sources {
            self.insert(source);
        }
    }
}

/// Walks over sources in order.
pub(crate) enum Iter<'a> {
    Few(std::slice::Iter<'a, Source>),
    Many(btree_set::Iter<'a, Source>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Source;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Few(list) => list.next(),
            Self::Many(tree) => tree.next(),
        }
    }
}

impl<'a> IntoIterator for &'a Sources {
    type Item = &'a Source;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Takes sources in order.
pub(crate) enum IntoIter {
    Few(std::vec::IntoIter<Source>),
    Many(btree_set::IntoIter<Source>),
}

impl Iterator for IntoIter {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        match self {
            Self::Few(list) => list.next(),
            Self::Many(tree) => tree.next(),
        }
    }
}

impl IntoIterator for Sources {
    type Item = Source;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        match self.0 {
            Store::Few(list) => IntoIter::Few(list.into_iter()),
            Store::Many(tree) => IntoIter::Many(tree.into_iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::model::{AssetName, ColumnName};
    use proptest::prelude::*;

    fn source(column: u8) -> Source {
        let how = if column.is_multiple_of(3) { Transformation::Identity } else { Transformation::Filter };
        let column = ColumnName::new(&format!("c{}", column % 40));
        (ColumnRef { asset: AssetName::from_dotted("t"), column }, how)
    }

    proptest! {
        #[test]
        fn few_and_many_sources_are_the_same_set_as_a_tree(columns in proptest::collection::vec(any::<u8>(), 0..80)) {
            let tree: BTreeSet<Source> = columns.iter().copied().map(source).collect();
            let mut sources = Sources::new();
            for column in &columns {
                let before = sources.len();
                prop_assert_eq!(sources.insert(source(*column)), sources.len() > before);
            }
            prop_assert_eq!(sources.len(), tree.len());
            prop_assert!(sources.iter().eq(tree.iter()));
            prop_assert!(sources.into_iter().eq(tree));
        }
    }
}
