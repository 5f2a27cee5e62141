//! The columns of a relation: a shared list in order that is also found by name.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::shape::{Value, shorten};
use crate::lineage::sources::Sources;
use crate::lineage::wording::Binding;

/// From how many columns, and from how many searches, names are looked up in a tree.
const MANY: usize = 24;

/// A column that a query yields.
#[derive(Debug, Clone)]
pub(crate) struct OutColumn {
    pub name: ColumnName,
    pub sources: Arc<Sources>,
    pub text: Arc<str>,
    pub binding: Binding,
    pub data_type: Option<Arc<str>>,
}

impl OutColumn {
    /// A value under a name.
    pub fn new(name: ColumnName, value: Value) -> Self {
        let Value { sources, text, binding, data_type, aggregated: _ } = value;
        Self { name, sources: Arc::new(sources), text: shorten(text).into(), binding, data_type }
    }

    /// A value under a name that has a type of its own.
    pub fn untyped(name: ColumnName, value: Value) -> Self {
        Self::new(name, Value { data_type: None, ..value })
    }

    /// Whether the value is a column of an asset as it is.
    pub fn is_plain(&self) -> bool {
        let mut sources = self.sources.iter();
        matches!((sources.next(), sources.next()), (Some((_, Transformation::Identity)), None))
            && self.binding == Binding::Atom
            && !self.text.contains('(')
    }
}

/// Columns in order; a name may stand twice, and then the first counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnList(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    list: Box<[OutColumn]>,
    searches: AtomicUsize,
    /// Where each name stands; made when a long list is searched often.
    places: OnceLock<BTreeMap<ColumnName, usize>>,
}

impl ColumnList {
    /// Whether it is one and the same list.
    pub fn is_same_list(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The first column of that name.
    pub fn find(&self, name: &ColumnName) -> Option<&OutColumn> {
        let shared = &*self.0;
        if shared.list.len() <= MANY || shared.searches.fetch_add(1, Ordering::Relaxed) < MANY {
            return shared.list.iter().find(|column| column.name == *name);
        }
        let places = shared.places.get_or_init(|| {
            let mut places = BTreeMap::new();
            for (place, column) in shared.list.iter().enumerate() {
                places.entry(column.name.clone()).or_insert(place);
            }
            places
        });
        places.get(name).and_then(|place| shared.list.get(*place))
    }
}

impl Deref for ColumnList {
    type Target = [OutColumn];

    fn deref(&self) -> &[OutColumn] {
        &self.0.list
    }
}

impl From<Vec<OutColumn>> for ColumnList {
    fn from(list: Vec<OutColumn>) -> Self {
        Self(Arc::new(Shared { list: list.into(), ..Shared::default() }))
    }
}

impl FromIterator<OutColumn> for ColumnList {
    fn from_iter<I: IntoIterator<Item = OutColumn>>(columns: I) -> Self {
        Self::from(columns.into_iter().collect::<Vec<OutColumn>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_columns_of_a_name_is_found_however_often_one_searches() {
        let column = |index: usize| OutColumn {
            name: ColumnName::new(&format!("c{}", index % 40)),
            sources: Arc::default(),
            text: index.to_string().into(),
            binding: Binding::Atom,
            data_type: None,
        };
        let list: ColumnList = (0..80).map(column).collect();
        for round in 0..60 {
            let found = list.find(&ColumnName::new("c7")).map(|column| &*column.text);
            assert_eq!(found, Some("7"), "search {round}");
            assert!(list.find(&ColumnName::new("d")).is_none());
        }
    }
}
