//! Assignments: `a = expression`, and `(a, b) = (SELECT x, y …)` by position.

use sqlparser::ast::{Assignment, AssignmentTarget, Expr, ObjectName, Query};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{OutColumn, Scope, Sources, Value, compose};
use crate::sql::ident::fold_name;

impl Resolver<'_> {
    /// The columns that an assignment fills.
    pub(super) fn assigned(&mut self, assignment: &Assignment, scope: &Scope<'_>) -> Vec<OutColumn> {
        let targets = targets(assignment);
        let values = self.assigned_values(&assignment.value, targets.len(), scope);
        targets
            .iter()
            .zip(values)
            .filter_map(|(target, value)| {
                let name = fold_name(target, self.dialect).last().map(|last| ColumnName::new(last))?;
                // A variable is no column of the table.
                if self.is_marked_local(name.as_str()) {
                    return None;
                }
                Some(OutColumn::untyped(name, value))
            })
            .collect()
    }

    /// One value for each target: of a row, what stands at its position.
    fn assigned_values(&mut self, value: &Expr, width: usize, scope: &Scope<'_>) -> Vec<Value> {
        match value {
            Expr::Nested(inner) if width > 1 => self.assigned_values(inner, width, scope),
            Expr::Tuple(items) if items.len() == width => {
                items.iter().map(|item| self.value(item, scope, Transformation::Identity)).collect()
            }
            Expr::Subquery(query) if width > 1 => self.assigned_row(query, width, scope),
            other => vec![self.value(other, scope, Transformation::Identity); width],
        }
    }

    /// The values of a subquery's one row; what decides about that row steers all of them.
    fn assigned_row(&mut self, query: &Query, width: usize, scope: &Scope<'_>) -> Vec<Value> {
        let shape = self.query(query, Some(scope));
        let how = Transformation::Transformation;
        let deciding = shape.indirect.all();
        let steering = deciding.iter().map(|(source, inner)| (source.clone(), compose(how, *inner)));
        let steering: Sources = steering.chain(star_sources(&shape.open)).collect();
        let value = |index: usize| {
            let column = shape.columns.get(index);
            let values = column.iter().flat_map(|column| column.sources.iter());
            let values = values.map(|(source, inner)| (source.clone(), compose(how, *inner)));
            let text = column.map_or("?", |column| &*column.text);
            Value {
                sources: values.chain(steering.iter().cloned()).collect(),
                text: format!("({text} of {})", shape.rows),
                ..Value::default()
            }
        };
        (0..width).map(value).collect()
    }

    /// The line of the name that is assigned to.
    pub(super) fn assignment_line(&self, assignment: &Assignment) -> u32 {
        targets(assignment).first().map_or(0, |name| self.name_line(name))
    }
}

/// The names that are assigned to.
pub(super) fn targets(assignment: &Assignment) -> &[ObjectName] {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
        AssignmentTarget::Tuple(names) => names,
    }
}
