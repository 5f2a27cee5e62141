//! PIVOT and UNPIVOT.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{Expr, ExprWithAlias, Ident, PivotValueSource, TableAlias, TableFactor};

use crate::lineage::from::Derived;
use crate::lineage::model::{ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, Value};
use crate::sql::ident::fold;

impl Resolver<'_> {
    /// PIVOT: the columns that are neither aggregated nor pivoted stay; each pivot value gives a column.
    pub(super) fn pivot(
        &mut self,
        table: &TableFactor,
        (aggregates, value_columns, values): (&[ExprWithAlias], &[Expr], &PivotValueSource),
        alias: Option<&TableAlias>,
        (scope, shape): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let mut inner = Scope::within(scope.parent);
        let text = self.factor(table, &mut inner, shape);
        let mut consumed = Value::default();
        for aggregate in aggregates {
            self.expression(&aggregate.expr, &inner, Transformation::Aggregation, &mut consumed);
        }
        let mut steering = Value::default();
        for column in value_columns {
            self.expression(column, &inner, Transformation::GroupBy, &mut steering);
        }
        shape.indirect.extend(steering.sources.iter().cloned());
        let used: BTreeSet<_> =
            consumed.sources.iter().chain(&steering.sources).map(|(source, _)| source.clone()).collect();
        let mut result = self.untouched_columns(&inner, &used);
        let sources = Arc::new(consumed.sources);
        if let PivotValueSource::List(values) = values {
            for value in values {
                result.columns.push(OutColumn {
                    name: ColumnName::new(&self.pivot_name(value)),
                    sources: sources.clone(),
                    text: format!("pivot {} of {}", value.expr, consumed.text).into(),
                    data_type: None,
                });
            }
        }
        result.rows = format!("{text} pivot {} by {}", consumed.text, steering.text);
        self.derived(Derived { shape: Arc::new(result), alias, name: None }, (scope, shape))
    }

    fn pivot_name(&self, value: &ExprWithAlias) -> String {
        match (&value.alias, &value.expr) {
            (Some(alias), _) => fold(alias, self.dialect),
            (None, Expr::Value(literal)) => match &literal.value {
                sqlparser::ast::Value::SingleQuotedString(text) => text.to_lowercase(),
                other => other.to_string().to_lowercase(),
            },
            (None, other) => other.to_string().to_lowercase(),
        }
    }

    /// UNPIVOT: the listed columns become a name and a value column.
    pub(super) fn unpivot(
        &mut self,
        table: &TableFactor,
        (value, name, columns): (&Expr, &Ident, &[ExprWithAlias]),
        alias: Option<&TableAlias>,
        (scope, shape): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let mut inner = Scope::within(scope.parent);
        let text = self.factor(table, &mut inner, shape);
        let mut consumed = Value::default();
        for column in columns {
            self.expression(&column.expr, &inner, Transformation::Identity, &mut consumed);
        }
        let used: BTreeSet<_> = consumed.sources.iter().map(|(source, _)| source.clone()).collect();
        let mut result = self.untouched_columns(&inner, &used);
        let mut made = |name: String, sources: Sources| {
            result.columns.push(OutColumn {
                text: format!("unpivot {name} of {}", consumed.text).into(),
                name: ColumnName::new(&name),
                sources: Arc::new(sources),
                data_type: None,
            });
        };
        made(fold(name, self.dialect), Sources::new());
        let values: Vec<String> = match value {
            Expr::Tuple(items) => items.iter().map(|item| item.to_string().to_lowercase()).collect(),
            Expr::Identifier(ident) => vec![fold(ident, self.dialect)],
            other => vec![other.to_string().to_lowercase()],
        };
        for value in values {
            made(value, consumed.sources.clone());
        }
        result.rows = format!("{text} unpivot {}", consumed.text);
        self.derived(Derived { shape: Arc::new(result), alias, name: None }, (scope, shape))
    }

    /// The columns of the pivoted relation that are made of none of these.
    fn untouched_columns(&mut self, inner: &Scope<'_>, used: &BTreeSet<ColumnRef>) -> Shape {
        let mut result = Shape::default();
        for relation in &inner.relations {
            let columns = self.star_columns(relation, &mut result);
            let is_used = |column: &OutColumn| column.sources.iter().any(|(source, _)| used.contains(source));
            result.columns.extend(columns.into_iter().filter(|column| !is_used(column)));
        }
        result
    }
}
