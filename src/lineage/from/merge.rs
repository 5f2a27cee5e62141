//! USING and NATURAL: one column for both sides of a join, and a join condition.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::JoinOperator;

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Lookup, Merged, OutColumn, Relation, Scope, Value};
use crate::lineage::wording::Binding;

/// The relations of a join: from `start` on the left side, from `first_new` on the right one.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    pub start: usize,
    pub first_new: usize,
    pub kind: Kind,
}

/// Which side's value a merged column has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Both sides have it.
    Equal,
    /// The one that is there (FULL).
    Either,
    Left,
    Right,
}

impl Kind {
    pub(super) fn of(operator: &JoinOperator) -> Self {
        match operator {
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => Self::Left,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => Self::Right,
            JoinOperator::FullOuter(_) => Self::Either,
            _ => Self::Equal,
        }
    }
}

impl Resolver<'_> {
    /// Merges the columns of these names, which both sides have.
    pub(super) fn merge_columns(
        &mut self,
        names: &[ColumnName],
        sides: Sides,
        scope: &mut Scope<'_>,
        condition: &mut Value,
    ) {
        let mut new = Vec::new();
        for name in names {
            let left = self.side_column(name, (sides.start, sides.first_new), scope);
            let right = self.side_column(name, (sides.first_new, scope.relations.len()), scope);
            for sources in left.iter().chain(&right).map(|column| &column.sources) {
                condition.sources.extend(sources.iter().map(|(source, _)| (source.clone(), Transformation::Join)));
            }
            condition.text.push_str(&format!("using {name} "));
            let relations = (sides.start..scope.relations.len()).filter(|index| {
                scope.relations.get(*index).is_some_and(|relation| !matches!(relation.lookup(name), Lookup::Absent))
            });
            if let Some(column) = merged(sides.kind, left, right) {
                new.push(Merged { column, relations: relations.collect(), before: sides.start });
            }
        }
        scope.merged.retain(|old| old.before < sides.start || !names.contains(&old.column.name));
        let earlier = scope.merged.iter().position(|old| old.before >= sides.start).unwrap_or(scope.merged.len());
        scope.merged.splice(earlier..earlier, new);
    }

    /// The column of that name among the relations of one side.
    fn side_column(&mut self, name: &ColumnName, (from, to): (usize, usize), scope: &Scope<'_>) -> Option<OutColumn> {
        let earlier = scope.merged.iter().find(|merged| merged.column.name == *name && merged.before >= from);
        if let Some(earlier) = earlier {
            return Some(earlier.column.clone());
        }
        let side: Vec<&Relation> = scope.relations.iter().take(to).skip(from).collect();
        let known = side.iter().copied().find(|relation| matches!(relation.lookup(name), Lookup::Known(_)));
        let open: Vec<&Relation> =
            side.iter().copied().filter(|relation| matches!(relation.lookup(name), Lookup::Through(_))).collect();
        let mut value = Value::default();
        match (known.or(open.first().copied()), open.as_slice()) {
            (None, _) => return None,
            (Some(relation), [] | [_]) => self.take_open(relation, name, 0, (Transformation::Identity, &mut value)),
            (Some(relation), _) if known.is_some() => {
                self.take_open(relation, name, 0, (Transformation::Identity, &mut value));
            }
            (Some(_), several) => {
                self.doubt(name, several, &mut value);
                return None;
            }
        }
        Some(OutColumn::new(name.clone(), value))
    }
}

fn merged(kind: Kind, left: Option<OutColumn>, right: Option<OutColumn>) -> Option<OutColumn> {
    let (first, second) = if kind == Kind::Right { (right, left) } else { (left, right) };
    let (Some(mut first), Some(second)) = (first.clone(), second.clone()) else { return first.or(second) };
    if matches!(kind, Kind::Equal | Kind::Either) {
        Arc::make_mut(&mut first.sources).extend(second.sources.iter().cloned());
    }
    if kind == Kind::Either {
        (first.text, first.binding) = (format!("{} using {}", first.text, second.text).into(), Binding::Comparison);
    }
    Some(first)
}

/// Columns that both sides are known to have, in the order of the left one.
pub(super) fn common_columns(scope: &Scope<'_>, sides: Sides) -> Vec<ColumnName> {
    let right: BTreeSet<&ColumnName> = scope
        .relations
        .iter()
        .skip(sides.first_new)
        .flat_map(|relation| relation.columns.iter().map(|column| &column.name))
        .collect();
    let left = scope.relations.iter().take(sides.first_new).skip(sides.start);
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    for column in left.flat_map(|relation| relation.columns.iter()) {
        if right.contains(&column.name) && seen.insert(&column.name) {
            names.push(column.name.clone());
        }
    }
    names
}
