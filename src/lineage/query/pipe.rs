//! Pipe syntax (`FROM t |> WHERE … |> SELECT …`), operator by operator.
//!
//! What stands left of a pipe is a scope of relations; an operator either steers it (WHERE, JOIN, LIMIT) or makes one new
//! relation of it (SELECT, AGGREGATE, DROP).

use std::collections::BTreeSet;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, ExprWithAlias, ExprWithAliasAndOrderBy, FunctionArguments, Ident, PipeOperator,
    Query, SelectItem, SetExpr, SetOperator,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::pivot::Pivot;
use crate::lineage::query::set_operation::merge_branch;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Relation, Scope, Shape, Value, shorten};
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// What comes out of the last pipe.
    pub(super) fn piped(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Shape {
        let mut scope = Scope::within(parent);
        // What decides about rows, gathered on the way.
        let mut steering = Shape::default();
        match &*query.body {
            SetExpr::Select(select) if select.projection.is_empty() && select.selection.is_none() => {
                self.from(&select.from, &mut scope, &mut steering);
            }
            body => {
                let source = self.set_expression(body, Some(query), parent);
                steering.take_rows(&source);
                steering.rows = source.rows.clone();
                scope.add(relation_of(source, None));
            }
        }
        for operator in &query.pipe_operators {
            self.pipe(operator, &mut scope, &mut steering);
        }
        let mut result = self.everything(&scope);
        if result.unknown_at.is_some() {
            self.stars_unresolved += 1;
        }
        result.take_rows(&steering);
        result.rows = format!("({})", shorten(steering.rows));
        result
    }

    fn pipe(&mut self, operator: &PipeOperator, scope: &mut Scope<'_>, steering: &mut Shape) {
        match operator {
            PipeOperator::Where { expr } => {
                let value = self.value(expr, scope, Transformation::Filter);
                steering.indirect.extend(value.sources);
                steering.row_set.filters.insert(format!("where {}", value.text));
                steering.rows.push_str(&format!(" where {}", value.text));
            }
            PipeOperator::Limit { .. } => {
                let text = operator.to_string().to_lowercase();
                steering.rows.push_str(&format!(" {text}"));
                steering.row_set.limit.insert(text);
            }
            PipeOperator::TableSample { .. } => steering.rows.push_str(&format!(" {operator}").to_lowercase()),
            PipeOperator::OrderBy { exprs } => {
                let mut value = Value::default();
                self.ordering(exprs, scope, Transformation::Sort, &mut value);
                steering.indirect.extend(value.sources);
                steering.rows.push_str(&format!(" order by {}", value.text));
                steering.row_set.order.insert(value.text);
            }
            PipeOperator::Join(join) => {
                let left = std::mem::take(&mut steering.rows);
                let rows = self.join(join, (left, 0), scope, steering);
                steering.rows = rows;
            }
            PipeOperator::As { alias } => {
                let whole = self.everything(scope);
                replace(scope, whole, Some(fold(alias, self.dialect)));
            }
            PipeOperator::Union { queries, .. } => {
                self.pipe_set(SetOperator::Union, queries, (operator, scope, steering))
            }
            PipeOperator::Intersect { queries, .. } => {
                self.pipe_set(SetOperator::Intersect, queries, (operator, scope, steering));
            }
            PipeOperator::Except { queries, .. } => {
                self.pipe_set(SetOperator::Except, queries, (operator, scope, steering));
            }
            other => self.pipe_columns(other, scope, steering),
        }
    }

    /// The operators that make other columns.
    fn pipe_columns(&mut self, operator: &PipeOperator, scope: &mut Scope<'_>, steering: &mut Shape) {
        match operator {
            PipeOperator::Select { exprs } => {
                let mut made = Shape::default();
                self.projection(exprs, scope, &mut made);
                replace(scope, made, None);
            }
            PipeOperator::Extend { exprs } => self.pipe_extend(exprs, scope),
            PipeOperator::Set { assignments } => self.pipe_set_columns(assignments, scope),
            PipeOperator::Drop { columns } => {
                let names: BTreeSet<ColumnName> = columns.iter().map(|name| self.column_name(name)).collect();
                let mut whole = self.everything(scope);
                whole.columns.retain(|column| !names.contains(&column.name));
                replace(scope, whole, None);
            }
            PipeOperator::Rename { mappings } => {
                let mut whole = self.everything(scope);
                for mapping in mappings {
                    let (old, new) = (self.column_name(&mapping.ident), self.column_name(&mapping.alias));
                    match whole.columns.iter_mut().find(|column| column.name == old) {
                        Some(column) => column.name = new,
                        None => {
                            let column = self.made((new, &Expr::Identifier(mapping.ident.clone())), scope);
                            whole.columns.push(column);
                        }
                    }
                }
                replace(scope, whole, None);
            }
            PipeOperator::Aggregate { full_table_exprs, group_by_expr } => {
                self.pipe_aggregate(full_table_exprs, group_by_expr, scope, steering);
            }
            other => self.pipe_turns(other, scope, steering),
        }
    }

    /// PIVOT, UNPIVOT, CALL.
    fn pipe_turns(&mut self, operator: &PipeOperator, scope: &mut Scope<'_>, steering: &mut Shape) {
        match operator {
            PipeOperator::Pivot { aggregate_functions, value_column, value_source, alias } => {
                let columns: Vec<Expr> = value_column.iter().map(|name| Expr::Identifier(name.clone())).collect();
                let pivot =
                    Pivot { aggregates: aggregate_functions, columns: columns.iter().collect(), values: value_source };
                let rows = std::mem::take(&mut steering.rows);
                let made = self.pivoted(&pivot, (scope, rows), steering);
                steering.rows.clone_from(&made.rows);
                replace(scope, made, alias.as_ref().map(|alias| fold(alias, self.dialect)));
            }
            PipeOperator::Unpivot { value_column, name_column, unpivot_columns, alias } => {
                let columns: Vec<ExprWithAlias> = unpivot_columns
                    .iter()
                    .map(|name| ExprWithAlias { expr: Expr::Identifier(name.clone()), alias: None })
                    .collect();
                let value = Expr::Identifier(value_column.clone());
                let rows = std::mem::take(&mut steering.rows);
                let made = self.unpivoted((&value, name_column, &columns), (scope, rows));
                steering.rows.clone_from(&made.rows);
                replace(scope, made, alias.as_ref().map(|alias| fold(alias, self.dialect)));
            }
            PipeOperator::Call { function, alias } => {
                let mut made = Shape::default();
                let whole = self.everything(scope);
                for column in &whole.columns {
                    made.add_anything(&column.sources);
                }
                made.add_anything(&crate::lineage::resolver::star_sources(&whole.open));
                let mut arguments = Value::default();
                if let FunctionArguments::List(list) = &function.args {
                    arguments = self.argument_value(&list.args, scope);
                    made.add_anything(&arguments.sources);
                }
                made.note_unknown();
                let call = format!("{}({})", function.name.to_string().to_lowercase(), arguments.text);
                made.stars.push(format!("{call}.*"));
                steering.rows.push_str(&format!(" call {call}"));
                replace(scope, made, alias.as_ref().map(|alias| fold(alias, self.dialect)));
            }
            _ => {}
        }
    }

    fn pipe_extend(&mut self, items: &[SelectItem], scope: &mut Scope<'_>) {
        let mut made = Shape::default();
        self.projection(items, scope, &mut made);
        // The relations stay, so that `t.a` is still understood.
        scope.aliases.clear();
        scope.add(relation_of(made, None));
    }

    fn pipe_set_columns(&mut self, assignments: &[Assignment], scope: &mut Scope<'_>) {
        let mut whole = self.everything(scope);
        for assignment in assignments {
            let AssignmentTarget::ColumnName(target) = &assignment.target else { continue };
            let Some(name) = fold_name(target, self.dialect).last().map(|last| ColumnName::new(last)) else { continue };
            let column = self.made((name, &assignment.value), scope);
            match whole.columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => *known = column,
                None => whole.columns.push(column),
            }
        }
        replace(scope, whole, None);
    }

    /// `AGGREGATE … GROUP BY …`: the grouping columns first, then the aggregates.
    fn pipe_aggregate(
        &mut self,
        aggregates: &[ExprWithAliasAndOrderBy],
        keys: &[ExprWithAliasAndOrderBy],
        scope: &mut Scope<'_>,
        steering: &mut Shape,
    ) {
        let mut made = Shape::default();
        let mut texts = Vec::new();
        for (index, item) in keys.iter().chain(aggregates).enumerate() {
            let (expression, alias) = (&item.expr.expr, item.expr.alias.as_ref());
            let column = self.made((self.piped_name(expression, alias, index), expression), scope);
            if index < keys.len() {
                let grouping = column.sources.iter().map(|(source, _)| (source.clone(), Transformation::GroupBy));
                steering.indirect.extend(grouping);
                texts.push(column.text.to_string());
            }
            made.columns.push(column);
        }
        texts.sort();
        steering.rows.push_str(&format!(" aggregate by {}", texts.join(", ")));
        steering.row_set.grouping.extend(texts);
        replace(scope, made, None);
    }

    fn piped_name(&self, expression: &Expr, alias: Option<&Ident>, index: usize) -> ColumnName {
        match (alias, expression) {
            (Some(alias), _) => self.column_name(alias),
            (None, Expr::Identifier(ident)) => self.column_name(ident),
            (None, Expr::CompoundIdentifier(idents)) => {
                idents.last().map_or_else(|| ColumnName::new(""), |ident| self.column_name(ident))
            }
            _ => ColumnName::new(&format!("_col{}", index + 1)),
        }
    }

    fn made(&mut self, (name, expression): (ColumnName, &Expr), scope: &Scope<'_>) -> OutColumn {
        OutColumn::new(name, self.value(expression, scope, Transformation::Identity))
    }

    fn pipe_set(
        &mut self,
        op: SetOperator,
        queries: &[Query],
        (operator, scope, steering): (&PipeOperator, &mut Scope<'_>, &mut Shape),
    ) {
        let mut whole = self.everything(scope);
        for query in queries {
            let branch = self.query(query, scope.parent);
            steering.rows.push_str(&format!(" {op} {}", branch.rows).to_lowercase());
            merge_branch(&mut whole, branch, (op, false));
        }
        steering.take_rows(&whole);
        steering.row_set.set_operations.insert(operator.to_string().to_lowercase());
        replace(scope, whole, None);
    }
}

/// Makes one relation of all.
fn replace(scope: &mut Scope<'_>, shape: Shape, alias: Option<String>) {
    scope.relations.clear();
    scope.merged.clear();
    scope.aliases.clear();
    scope.add(relation_of(shape, alias));
}

fn relation_of(shape: Shape, alias: Option<String>) -> Relation {
    Relation {
        alias,
        columns: shape.columns.into(),
        open: shape.open,
        passed: shape.passed,
        anything: shape.anything,
        stars: shape.stars,
        rows: shape.rows,
        assets: shape.assets,
        ..Relation::default()
    }
}
