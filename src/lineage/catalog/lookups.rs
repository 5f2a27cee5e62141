//! What one statement asks the catalog. Every question is remembered with its answer: where another catalog gives the
//! same answers, the statement means the same there.

use std::cell::RefCell;

use crate::lineage::catalog::{Ambiguous, Catalog, Schema, Searched};
use crate::lineage::model::AssetName;
use crate::lineage::shape::ColumnList;
use crate::sql::dialect::Dialect;

/// A question and its answer.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Which asset a written name means.
    Name { parts: Vec<String>, meant: Result<AssetName, Ambiguous> },
    /// Which asset a name means that is looked for in several places.
    Searched { searched: Searched, meant: Result<AssetName, Ambiguous> },
    /// What is known of an asset.
    Schema { name: AssetName, schema: Option<Schema> },
}

impl Seen {
    /// Whether a catalog gives the same answer.
    pub fn holds_in(&self, catalog: &Catalog) -> bool {
        match self {
            Self::Name { parts, meant } => catalog.resolve(parts) == *meant,
            Self::Searched { searched, meant } => catalog.resolve_searched(searched) == *meant,
            Self::Schema { name, schema } => match (schema, catalog.schema(name)) {
                (None, None) => true,
                (Some(ours), Some(theirs)) => ours.looks_like(&theirs),
                _ => false,
            },
        }
    }
}

/// A catalog as a statement sees it.
pub(crate) struct Lookups<'c> {
    catalog: &'c Catalog,
    seen: RefCell<Vec<Seen>>,
}

impl<'c> Lookups<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, seen: RefCell::default() }
    }

    /// Every question that was asked, with its answer.
    pub fn into_seen(self) -> Vec<Seen> {
        self.seen.into_inner()
    }

    /// See [`Catalog::resolve`].
    ///
    /// # Errors
    /// [`Ambiguous`] when several assets fit.
    pub fn resolve(&self, parts: &[String]) -> Result<AssetName, Ambiguous> {
        let meant = self.catalog.resolve(parts);
        self.note(Seen::Name { parts: parts.to_vec(), meant: meant.clone() });
        meant
    }

    /// See [`Catalog::resolve_searched`].
    ///
    /// # Errors
    /// [`Ambiguous`] when several assets fit.
    pub fn resolve_searched(&self, searched: Searched) -> Result<AssetName, Ambiguous> {
        let meant = self.catalog.resolve_searched(&searched);
        self.note(Seen::Searched { searched, meant: meant.clone() });
        meant
    }

    /// See [`Catalog::created`]. Not remembered: both sides share their spellings.
    pub fn created(&self, parts: &[String]) -> AssetName {
        self.catalog.created(parts)
    }

    /// See [`Catalog::in_dialect`]. Not remembered: where the copies of two catalogs differ, nothing is taken over.
    pub fn in_dialect(&self, name: AssetName, dialect: Dialect) -> AssetName {
        self.catalog.in_dialect(name, dialect)
    }

    /// See [`Catalog::schema`].
    pub fn schema(&self, name: &AssetName) -> Option<Schema> {
        let schema = self.catalog.schema(name);
        self.note(Seen::Schema { name: name.clone(), schema: schema.clone() });
        schema
    }

    /// Whether anything is known of an asset.
    pub fn contains(&self, name: &AssetName) -> bool {
        self.schema(name).is_some()
    }

    /// Known columns of an asset as a relation shows them, and whether they are all.
    pub fn columns(&self, name: &AssetName) -> (ColumnList, bool) {
        self.schema(name).map(|schema| (schema.columns, schema.complete)).unwrap_or_default()
    }

    fn note(&self, seen: Seen) {
        self.seen.borrow_mut().push(seen);
    }
}
