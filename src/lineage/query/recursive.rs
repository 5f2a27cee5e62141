//! Recursive CTEs.
//!
//! While the branches behind the first one are resolved, each column of the CTE stands for itself: a source of a name that
//! no SQL can write. Afterwards these are replaced by what the columns are made of, until nothing changes.

use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{Cte, SetExpr, visit_relations};

use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Transformation};
use crate::lineage::query::set_operation::without_parentheses;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, seen_through};
use crate::lineage::wording::{self, Binding};
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_name;

/// How often values may go round before the rest is left out; every round moves them by one column.
const ROUNDS: usize = 64;

/// A recursive CTE while its branches are resolved.
pub(super) struct Recursion {
    pub name: String,
    names: Vec<ColumnName>,
    /// The asset that its own columns belong to meanwhile.
    own: AssetName,
}

impl Recursion {
    /// What the name means inside of its own definition; `anchor` is the first branch.
    pub fn itself(&self, anchor: &Shape) -> Shape {
        let mut shape = anchor.clone();
        shape.rename(&self.names);
        for column in &mut shape.columns {
            let source = ColumnRef { asset: self.own.clone(), column: column.name.clone() };
            column.sources = Arc::new(Sources::from([(source, Transformation::Identity)]));
            column.text = format!("itself.{}", wording::name(column.name.as_str())).into();
            column.binding = Binding::Atom;
        }
        let (columns, open, unknown_at) = (shape.columns, shape.open, shape.unknown_at);
        // Rows of the first branch are absorbed where the whole is read.
        let (anything, stars) = (shape.anything, shape.stars);
        Shape { columns, open, unknown_at, anything, stars, rows: "itself".to_owned(), ..Shape::default() }
    }
}

impl Resolver<'_> {
    /// Whether a CTE is recursive: by the keyword, or (in engines without it) by naming itself behind its first branch.
    pub(super) fn is_recursive(&self, cte: &Cte, name: &str, keyword: bool) -> bool {
        let body = without_parentheses(&cte.query.body);
        let is_union = matches!(body, SetExpr::SetOperation { .. });
        if keyword || !is_union {
            return keyword && is_union;
        }
        let without_keyword =
            matches!(self.dialect, Dialect::Tsql | Dialect::Oracle | Dialect::Snowflake | Dialect::Sqlite);
        without_keyword && self.names_itself_later(body, name)
    }

    fn names_itself_later(&self, body: &SetExpr, name: &str) -> bool {
        let (mut current, mut later) = (body, false);
        while let SetExpr::SetOperation { left, right, .. } = without_parentheses(current) {
            later |= self.names_relation(right, name);
            current = left;
        }
        later && !self.names_relation(current, name)
    }

    fn names_relation(&self, body: &SetExpr, name: &str) -> bool {
        visit_relations(body, |relation| match fold_name(relation, self.dialect).as_slice() {
            [single] if single == name => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .is_break()
    }

    pub(super) fn recursive_cte(&mut self, cte: &Cte, name: &str, parent: Option<&Scope<'_>>) -> Shape {
        let before = self.ctes.len();
        if let Some(with) = &cte.query.with {
            self.with(with, parent);
        }
        // Nested CTEs of one name are told apart by how many CTEs are in scope.
        let own = AssetName::from_dotted(&format!("\u{0}{before}.{name}"));
        let recursion = Recursion { name: name.to_owned(), names: self.alias_columns(cte), own };
        let mut shape = self.set_operation(&cte.query.body, parent, Some(&recursion));
        self.limit(&cte.query, &mut shape);
        self.ctes.truncate(before);
        shape.rename(&recursion.names);
        settle(&mut shape, &recursion.own);
        shape
    }
}

/// Replaces the CTE's own columns by what they are made of.
fn settle(shape: &mut Shape, own: &AssetName) {
    for _ in 0..ROUNDS {
        let made: Vec<OutColumn> = shape.columns.clone();
        let mut changed = false;
        for column in &mut shape.columns {
            if let Some(sources) = replaced(&column.sources, &made, own) {
                changed |= sources.len() != column.sources.len();
                column.sources = Arc::new(sources);
            }
        }
        if !changed {
            break;
        }
    }
    let made = shape.columns.clone();
    // What decides about rows may lie in parts: it is gathered before it is mended, with the clauses that it came from.
    shape.row_set = shape.clauses();
    let indirect = shape.indirect.all().into_owned();
    let indirect = replaced(&indirect, &made, own).unwrap_or(indirect);
    let anything = shape.anything.as_ref().and_then(|sources| replaced(sources, &made, own));
    shape.anything = anything.map(Arc::new).or(shape.anything.take());
    let is_own = |(source, _): &(ColumnRef, Transformation)| source.asset == *own;
    let foreign = |sources: &Sources| sources.iter().filter(|source| !is_own(source)).cloned().collect::<Sources>();
    for column in &mut shape.columns {
        if column.sources.iter().any(is_own) {
            column.sources = Arc::new(foreign(&column.sources));
        }
    }
    shape.indirect = foreign(&indirect).into();
    shape.anything = shape.anything.take().map(|sources| Arc::new(foreign(&sources)));
}

/// The sources with the CTE's own columns seen through; `None` where there are none. The own ones stay, so that another
/// round can follow them further.
fn replaced(sources: &Sources, made: &[OutColumn], own: &AssetName) -> Option<Sources> {
    let mut all: Option<Sources> = None;
    for (source, how) in sources.iter().filter(|(source, _)| source.asset == *own) {
        let Some(column) = made.iter().find(|column| column.name == source.column) else { continue };
        all.get_or_insert_with(|| sources.clone()).extend(seen_through(*how, &column.sources));
    }
    all
}
