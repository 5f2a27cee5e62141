//! PIVOT and UNPIVOT.
//!
//! A pivot's columns are named by the dialect's own rule: by the value or its alias, and by the aggregate or its alias
//! where there are several. `IN (ANY)` and `IN (SELECT …)` give columns that no one can name before the query runs.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{Expr, ExprWithAlias, Ident, PivotValueSource, TableFactor, Value as Literal, Visit, Visitor};

use crate::lineage::from::Derived;
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Value, shorten};
use crate::lineage::wording::Binding;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

/// The parts of a PIVOT.
pub(super) struct Pivot<'e> {
    pub aggregates: &'e [ExprWithAlias],
    /// The columns whose values become columns.
    pub columns: Vec<&'e Expr>,
    pub values: &'e PivotValueSource,
}

impl Resolver<'_> {
    pub(super) fn pivot(&mut self, factor: &TableFactor, (scope, shape): (&mut Scope<'_>, &mut Shape)) -> String {
        let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } =
            factor
        else {
            return String::new();
        };
        let mut inner = Scope::within(scope.parent);
        let rows = self.factor(table, &mut inner, shape);
        let columns = value_column.iter().collect();
        let pivot = Pivot { aggregates: aggregate_functions, columns, values: value_source };
        let mut result = self.pivoted(&pivot, (&inner, rows), shape);
        result.rows.extend(default_on_null.iter().map(|default| format!(" default {default}")));
        self.derived(Derived { shape: Arc::new(result), alias: alias.as_ref(), name: None }, (scope, shape))
    }

    /// The columns that are neither aggregated nor pivoted stay; each pivot value gives a column per aggregate.
    pub(super) fn pivoted(
        &mut self,
        pivot: &Pivot<'_>,
        (inner, rows): (&Scope<'_>, String),
        outer: &mut Shape,
    ) -> Shape {
        let made: Vec<Value> = pivot
            .aggregates
            .iter()
            .map(|aggregate| self.value(&aggregate.expr, inner, Transformation::Aggregation))
            .collect();
        let mut steering = Value::default();
        self.list(pivot.columns.iter().copied(), inner, Transformation::GroupBy, &mut steering);
        outer.indirect.extend(steering.sources.iter().cloned());
        let used = pivot.aggregates.iter().map(|aggregate| &aggregate.expr).chain(pivot.columns.iter().copied());
        let mut result = self.untouched_columns(inner, used);
        let kept = result.values();
        let texts: Vec<&str> = made.iter().map(|value| &*value.text).collect();
        // The columns that stay are what the rows are grouped by.
        let mut words = format!("pivot {} by {}", texts.join(", "), steering.text);
        match pivot.values {
            PivotValueSource::List(values) => {
                for value in values {
                    for (aggregate, made) in pivot.aggregates.iter().zip(&made) {
                        let name = self.pivot_name(value, aggregate, pivot.aggregates.len());
                        let text = format!("pivot({} where {} = {})", made.text, steering.text, value.expr);
                        let value = Value { sources: made.sources.clone(), text, ..Value::default() };
                        result.columns.push(OutColumn::untyped(ColumnName::new(&name), value));
                    }
                }
            }
            PivotValueSource::Any(_) => words.push_str(" of any"),
            PivotValueSource::Subquery(query) => {
                let values = self.query(query, inner.parent);
                let sources = values.columns.iter().flat_map(|column| column.sources.iter());
                outer.indirect.extend(sources.map(|(source, _)| (source.clone(), Transformation::GroupBy)));
                words.push_str(&format!(" of {}", values.rows));
            }
        }
        if !matches!(pivot.values, PivotValueSource::List(_)) {
            result.note_unknown();
            result.stars.push(format!("pivot({} by {})", texts.join(", "), steering.text));
            made.iter().for_each(|value| result.add_anything(&value.sources));
        }
        result.rows = format!("({rows} {})", shorten(format!("{words} beside {kept}")));
        result
    }

    fn pivot_name(&self, value: &ExprWithAlias, aggregate: &ExprWithAlias, aggregates: usize) -> String {
        let of_value = match &value.alias {
            Some(alias) => fold(alias, self.dialect),
            None => self.value_name(&value.expr),
        };
        let alias = aggregate.alias.as_ref().map(|alias| fold(alias, self.dialect));
        let of_aggregate = || alias.clone().unwrap_or_else(|| aggregate.expr.to_string().to_lowercase());
        match self.dialect {
            Dialect::BigQuery => alias.map_or(of_value.clone(), |alias| format!("{alias}_{of_value}")),
            Dialect::Spark | Dialect::Databricks | Dialect::Hive if aggregates == 1 => of_value,
            Dialect::Spark | Dialect::Databricks | Dialect::Hive => format!("{of_value}_{}", of_aggregate()),
            Dialect::DuckDb if aggregates > 1 => format!("{of_value}_{}", of_aggregate()),
            Dialect::Tsql => of_value,
            _ => alias.map_or(of_value.clone(), |alias| format!("{of_value}_{alias}")),
        }
    }

    /// The column name that a value gives when it has no alias.
    fn value_name(&self, value: &Expr) -> String {
        let quoted = |text: &str| fold(&Ident::with_quote('"', text), self.dialect);
        match value {
            Expr::Identifier(ident) => fold(ident, self.dialect),
            Expr::Value(literal) => match &literal.value {
                Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => match self.dialect {
                    // These engines keep the quotes of the literal.
                    Dialect::Snowflake | Dialect::Oracle => quoted(&format!("'{text}'")),
                    _ => quoted(text),
                },
                Literal::Number(text, _) if self.dialect == Dialect::BigQuery => {
                    format!("_{}", text.to_string().replace('.', "_point_"))
                }
                other => other.to_string().to_lowercase(),
            },
            Expr::Tuple(items) => {
                let names: Vec<String> = items.iter().map(|item| self.value_name(item)).collect();
                match self.dialect {
                    Dialect::Spark | Dialect::Databricks => format!("{{{}}}", names.join(", ")),
                    _ => names.join("_"),
                }
            }
            other => other.to_string().to_lowercase(),
        }
    }

    pub(super) fn unpivot(&mut self, factor: &TableFactor, (scope, shape): (&mut Scope<'_>, &mut Shape)) -> String {
        let TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } = factor else {
            return String::new();
        };
        let mut inner = Scope::within(scope.parent);
        let rows = self.factor(table, &mut inner, shape);
        let mut result = self.unpivoted((value, name, columns), (&inner, rows));
        result.rows.extend(null_inclusion.iter().map(|nulls| format!(" {nulls}").to_lowercase()));
        self.derived(Derived { shape: Arc::new(result), alias: alias.as_ref(), name: None }, (scope, shape))
    }

    /// The listed columns become a name and one or more value columns.
    pub(super) fn unpivoted(
        &mut self,
        (value, name, columns): (&Expr, &Ident, &[ExprWithAlias]),
        (inner, rows): (&Scope<'_>, String),
    ) -> Shape {
        let mut result = self.untouched_columns(inner, columns.iter().map(|column| &column.expr));
        let mut made = Vec::new();
        for (index, target) in parts_of(value).into_iter().enumerate() {
            let mut value = Value::default();
            for column in columns {
                let Some(part) = parts_of(&column.expr).get(index).copied() else { continue };
                value.text.push_str(if value.text.is_empty() { "unpivot(" } else { "; " });
                self.expression(part, inner, Transformation::Identity, &mut value);
            }
            value.text.push(')');
            value.binding = Binding::Atom;
            let name = match target {
                Expr::Identifier(ident) => fold(ident, self.dialect),
                other => other.to_string().to_lowercase(),
            };
            made.push(OutColumn::new(ColumnName::new(&name), value));
        }
        let words: Vec<&str> = made.iter().map(|column| &*column.text).collect();
        let labels: Vec<String> = columns
            .iter()
            .map(|column| column.alias.as_ref().map_or_else(|| column.expr.to_string(), ToString::to_string))
            .collect();
        result.rows = format!("({rows} {})", shorten(format!("{} as {}", words.join(", "), labels.join(", "))));
        // The names of the columns are constants.
        let text = format!("unpivot({}).name", labels.join("; "));
        let value = Value { text, ..Value::default() };
        let names = OutColumn::untyped(ColumnName::new(&fold(name, self.dialect)), value);
        let names_last = matches!(self.dialect, Dialect::BigQuery | Dialect::Tsql);
        result.columns.extend((!names_last).then(|| names.clone()));
        result.columns.extend(made);
        result.columns.extend(names_last.then_some(names));
        result
    }

    /// The columns of the pivoted relation that none of these expressions names.
    fn untouched_columns<'e>(&mut self, inner: &Scope<'_>, used: impl Iterator<Item = &'e Expr>) -> Shape {
        let mut named = NamedColumns { dialect: self.dialect, names: BTreeSet::new() };
        for expression in used {
            let _ = expression.visit(&mut named);
        }
        let mut result = self.everything(inner);
        if result.unknown_at.is_none() {
            result.columns.retain(|column| !named.names.contains(&column.name));
        } else {
            let all = std::mem::take(&mut result.columns);
            result.columns = all.into_iter().filter(|column| !named.names.contains(&column.name)).collect();
            result.unknown_at = Some((0, result.columns.len()));
        }
        result.assets = inner.relations.iter().flat_map(|relation| relation.assets.iter().cloned()).collect();
        result
    }
}

/// The members of a tuple; anything else by itself.
fn parts_of(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::Tuple(items) => items.iter().collect(),
        Expr::Nested(inner) => parts_of(inner),
        other => vec![other],
    }
}

/// Collects the columns that expressions name.
struct NamedColumns {
    dialect: Dialect,
    names: BTreeSet<ColumnName>,
}

impl Visitor for NamedColumns {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        let ident = match expression {
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(idents) => idents.last(),
            _ => None,
        };
        self.names.extend(ident.map(|ident| ColumnName::new(&fold(ident, self.dialect))));
        ControlFlow::Continue(())
    }
}
