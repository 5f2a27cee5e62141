//! The columns of one asset while its statements are replayed: a list in order that is also found by name, and what
//! queries see of it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::lineage::model::ColumnName;
use crate::lineage::shape::{ColumnList, Sources, shorten};

/// From how many columns, and from how many searches of an unchanged list, names are looked up in a tree.
const MANY: usize = 24;

/// One column of an asset, with everything that ever flowed into it.
#[derive(Debug, Clone)]
pub(crate) struct StateColumn {
    pub name: ColumnName,
    pub data_type: Option<Arc<str>>,
    pub expression: Option<Arc<str>>,
    /// What DDL gives it where nothing fills it: `DEFAULT 0`, `GENERATED …`.
    pub default: Option<Arc<str>>,
    pub sources: Arc<Sources>,
    pub previous_names: Vec<ColumnName>,
}

impl StateColumn {
    pub fn declared(name: ColumnName, data_type: Option<Arc<str>>) -> Self {
        Self { name, data_type, expression: None, default: None, sources: Arc::default(), previous_names: Vec::new() }
    }
}

/// The columns of an asset in order; a name may stand twice, and then the first counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    list: Vec<StateColumn>,
    /// Where each name stands; made when a long list is searched often.
    places: Option<BTreeMap<ColumnName, usize>>,
    searches: usize,
    /// What queries see; made when one asks.
    pub(super) seen: OnceLock<ColumnList>,
}

impl Columns {
    pub fn iter(&self) -> std::slice::Iter<'_, StateColumn> {
        self.list.iter()
    }

    pub fn into_list(self) -> Vec<StateColumn> {
        self.list
    }

    /// Adds a column at the end.
    pub fn push(&mut self, column: StateColumn) {
        self.seen = OnceLock::new();
        if let Some(places) = &mut self.places {
            places.entry(column.name.clone()).or_insert(self.list.len());
        }
        self.list.push(column);
    }

    /// Adds a column at the front.
    pub fn push_first(&mut self, column: StateColumn) {
        self.forget();
        self.list.insert(0, column);
    }

    /// Adds a column behind another one.
    pub fn push_after(&mut self, other: &ColumnName, column: StateColumn) {
        match self.position(other) {
            Some(place) => {
                self.forget();
                self.list.insert(place + 1, column);
            }
            None => self.push(column),
        }
    }

    pub fn remove(&mut self, name: &ColumnName) {
        self.forget();
        self.list.retain(|column| column.name != *name);
    }

    /// Renames a column; whether it is there.
    pub fn rename(&mut self, from: &ColumnName, to: &ColumnName) -> bool {
        let Some(column) = self.position(from).and_then(|place| self.list.get_mut(place)) else { return false };
        column.name = to.clone();
        column.previous_names.push(from.clone());
        self.forget();
        true
    }

    /// Gives a column another type, where it is there.
    pub fn retype(&mut self, name: &ColumnName, data_type: &Arc<str>) {
        if let Some(column) = self.position(name).and_then(|place| self.list.get_mut(place)) {
            column.data_type = Some(Arc::clone(data_type));
            self.seen = OnceLock::new();
        }
    }

    /// Gives a column another default, where it is there.
    pub fn set_default(&mut self, name: &ColumnName, default: Option<&Arc<str>>) {
        if let Some(column) = self.position(name).and_then(|place| self.list.get_mut(place)) {
            column.default = default.cloned();
        }
    }

    pub fn contains(&mut self, name: &ColumnName) -> bool {
        self.position(name).is_some()
    }

    /// A further statement fills a column: its sources and texts add up. Whether the column is there.
    pub fn fill(&mut self, by: &StateColumn) -> bool {
        let Some(column) = self.position(&by.name).and_then(|place| self.list.get_mut(place)) else { return false };
        if column.sources.is_empty() {
            column.sources = Arc::clone(&by.sources);
        } else if !by.sources.is_empty() {
            Arc::make_mut(&mut column.sources).extend(by.sources.iter().cloned());
        }
        column.expression = match (column.expression.take(), &by.expression) {
            (Some(ours), Some(theirs)) if ours != *theirs => Some(shorten(format!("{ours} | {theirs}")).into()),
            (ours, theirs) => ours.or_else(|| theirs.clone()),
        };
        true
    }

    /// Changes what columns are made of; `None` leaves it as it is.
    pub fn replace_sources(&mut self, replaced: impl Fn(&Sources) -> Option<Sources>) {
        for column in &mut self.list {
            if let Some(sources) = replaced(&column.sources) {
                column.sources = Arc::new(sources);
            }
        }
    }

    /// The asset is called otherwise from now on, or was.
    pub(super) fn forget_seen(&mut self) {
        self.seen = OnceLock::new();
    }

    fn forget(&mut self) {
        self.places = None;
        self.searches = 0;
        self.seen = OnceLock::new();
    }

    fn position(&mut self, name: &ColumnName) -> Option<usize> {
        self.searches += 1;
        if self.places.is_none() && self.list.len() > MANY && self.searches > MANY {
            let mut places = BTreeMap::new();
            for (place, column) in self.list.iter().enumerate() {
                places.entry(column.name.clone()).or_insert(place);
            }
            self.places = Some(places);
        }
        match &self.places {
            Some(places) => places.get(name).copied(),
            None => self.list.iter().position(|column| column.name == *name),
        }
    }
}

impl FromIterator<StateColumn> for Columns {
    fn from_iter<I: IntoIterator<Item = StateColumn>>(columns: I) -> Self {
        Self { list: columns.into_iter().collect(), ..Self::default() }
    }
}

impl<'a> IntoIterator for &'a Columns {
    type Item = &'a StateColumn;
    type IntoIter = std::slice::Iter<'a, StateColumn>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_columns_of_a_name_counts_however_often_one_searches() {
        let named = |index: usize| StateColumn::declared(ColumnName::new(&format!("c{}", index % 40)), None);
        let mut columns: Columns = (0..80).map(named).collect();
        for round in 0..60 {
            assert_eq!(columns.position(&ColumnName::new("c7")), Some(7), "search {round}");
        }
        columns.push_first(named(7));
        assert_eq!(columns.position(&ColumnName::new("c7")), Some(0));
        assert!(columns.rename(&ColumnName::new("c7"), &ColumnName::new("new")));
        assert_eq!(columns.position(&ColumnName::new("c7")), Some(8));
        columns.push(named(81));
        columns.remove(&ColumnName::new("c1"));
        assert!(!columns.contains(&ColumnName::new("c1")));
    }
}
