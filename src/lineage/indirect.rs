//! The columns that decide about the rows of a query.
//!
//! A query has the deciding columns and clauses of its parts as well (CTEs, subqueries). The parts are pointed at, not
//! copied: of hundreds of CTEs that read all those before them each would be copied into each.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::lineage::shape::Shape;
use crate::lineage::sources::{Source, Sources};

/// Deciding columns, and the parts that bring more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indirect {
    own: Sources,
    parts: Vec<Arc<Shape>>,
}

impl Indirect {
    pub fn extend(&mut self, sources: impl IntoIterator<Item = Source>) {
        self.own.extend(sources);
    }

    pub fn add_part(&mut self, part: &Arc<Shape>) {
        self.parts.push(Arc::clone(part));
    }

    /// Takes over all of another query.
    pub fn take_in(&mut self, other: Self) {
        self.own.extend(other.own);
        self.parts.extend(other.parts);
    }

    /// Every deciding column.
    pub fn all(&self) -> Cow<'_, Sources> {
        if self.parts.is_empty() {
            return Cow::Borrowed(&self.own);
        }
        let mut all = self.own.clone();
        self.each_part(&mut |part| all.extend(part.indirect.own.iter().cloned()));
        Cow::Owned(all)
    }

    /// Visits every part, and their parts, once.
    pub fn each_part(&self, visit: &mut dyn FnMut(&Shape)) {
        let mut visited = BTreeSet::new();
        let mut waiting: Vec<&Arc<Shape>> = self.parts.iter().collect();
        while let Some(part) = waiting.pop() {
            if visited.insert(Arc::as_ptr(part)) {
                visit(part);
                waiting.extend(&part.indirect.parts);
            }
        }
    }
}

impl From<Sources> for Indirect {
    fn from(own: Sources) -> Self {
        Self { own, parts: Vec::new() }
    }
}
