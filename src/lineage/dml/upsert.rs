//! `ON CONFLICT … DO UPDATE` and `ON DUPLICATE KEY UPDATE`: what a row that is already there gets.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Insert, ObjectName, OnConflict,
    OnConflictAction, OnInsert, visit_expressions_mut,
};

use crate::lineage::dml::add_column;
use crate::lineage::model::{AssetName, ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Shape};
use crate::sql::ident::{fold, fold_name};

/// What PostgreSQL and SQLite call the row that was to be inserted; MySQL calls it as the statement says, or not at all.
const EXCLUDED: &str = "excluded";

impl Resolver<'_> {
    /// Adds what rows that are already there are updated with to what the INSERT fills.
    pub(super) fn upsert(&mut self, insert: &Insert, (name, asset): (&ObjectName, &AssetName), shape: &mut Shape) {
        let (assignments, selection): (&[Assignment], Option<&Expr>) = match &insert.on {
            Some(OnInsert::DuplicateKeyUpdate(assignments)) => (assignments, None),
            Some(OnInsert::OnConflict(OnConflict { action: OnConflictAction::DoUpdate(update), .. })) => {
                (&update.assignments, update.selection.as_ref())
            }
            _ => return,
        };
        let mut outer = Scope::default();
        outer.add(self.excluded(insert, shape));
        // The row that is there stands nearer: a bare name means it.
        let mut scope = Scope::within(Some(&outer));
        scope.add(self.row_there(insert, (name, asset)));
        for assignment in assignments {
            let assignment = with_names_for_values(assignment);
            let line = self.assignment_line(&assignment);
            let columns = self.assigned(&assignment, &scope);
            let names: Vec<ColumnName> = columns.iter().map(|column| column.name.clone()).collect();
            self.note_targets(asset, &names, line);
            for column in columns {
                add_column(shape, column);
            }
        }
        if let Some(condition) = selection {
            let value = self.value(condition, &scope, Transformation::Filter);
            shape.indirect.extend(value.sources);
            shape.rows.push_str(&format!(" update where {}", value.text));
        }
    }

    /// The row that was to be inserted.
    fn excluded(&self, insert: &Insert, shape: &Shape) -> Relation {
        let alias = insert.insert_alias.as_ref();
        let name = alias.and_then(|alias| fold_name(&alias.row_alias, self.dialect).pop());
        let mut columns = shape.columns.clone();
        for (column, name) in columns.iter_mut().zip(alias.iter().flat_map(|alias| alias.col_aliases.iter().flatten()))
        {
            column.name = self.column_name(name);
        }
        Relation {
            alias: Some(name.unwrap_or_else(|| EXCLUDED.to_owned())),
            columns: columns.into(),
            open: shape.open.clone(),
            rows: EXCLUDED.to_owned(),
            ..Relation::default()
        }
    }

    /// The row that is already there.
    fn row_there(&mut self, insert: &Insert, (name, asset): (&ObjectName, &AssetName)) -> Relation {
        let alias = insert.table_alias.as_ref().map(|table| fold(&table.alias, self.dialect));
        let reads_it_anyway = self.upstream.contains(asset);
        let relation = self.base_relation(fold_name(name, self.dialect), alias, 0);
        if !reads_it_anyway {
            self.upstream.remove(asset);
        }
        relation
    }
}

/// MySQL's `VALUES(c)` written as `excluded.c`.
fn with_names_for_values(assignment: &Assignment) -> Assignment {
    let mut assignment = assignment.clone();
    let _ = visit_expressions_mut(&mut assignment.value, |expression: &mut Expr| {
        if let Some(column) = inserted_column(expression) {
            *expression = Expr::CompoundIdentifier(vec![Ident::new(EXCLUDED), column]);
        }
        ControlFlow::<()>::Continue(())
    });
    assignment
}

/// The `c` of `VALUES(c)`.
fn inserted_column(expression: &Expr) -> Option<Ident> {
    let Expr::Function(function) = expression else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))]
            if function.name.to_string().eq_ignore_ascii_case("values") =>
        {
            Some(column.clone())
        }
        _ => None,
    }
}
