//! PIVOT and UNPIVOT.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{Expr, ExprWithAlias, PivotValueSource, TableFactor};

use crate::lineage::from::Derived;
use crate::lineage::model::{ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, Value, shorten};
use crate::lineage::wording::Binding;
use crate::sql::ident::fold;

impl Resolver<'_> {
    /// PIVOT: the columns that are neither aggregated nor pivoted stay; each pivot value gives a column.
    pub(super) fn pivot(&mut self, factor: &TableFactor, (scope, shape): (&mut Scope<'_>, &mut Shape)) -> String {
        let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } =
            factor
        else {
            return String::new();
        };
        let mut inner = Scope::within(scope.parent);
        let text = self.factor(table, &mut inner, shape);
        let mut consumed = Value::default();
        for (index, aggregate) in aggregate_functions.iter().enumerate() {
            consumed.text.push_str(if index > 0 { ", " } else { "" });
            self.expression(&aggregate.expr, &inner, Transformation::Aggregation, &mut consumed);
        }
        let mut steering = Value::default();
        self.list(value_column, &inner, Transformation::GroupBy, &mut steering);
        shape.indirect.extend(steering.sources.iter().cloned());
        let used: BTreeSet<_> =
            consumed.sources.iter().chain(&steering.sources).map(|(source, _)| source.clone()).collect();
        let mut result = self.untouched_columns(&inner, &used);
        let kept = result.values();
        let sources = Arc::new(consumed.sources);
        if let PivotValueSource::List(values) = value_source {
            for value in values {
                result.columns.push(OutColumn {
                    name: ColumnName::new(&self.pivot_name(value)),
                    sources: sources.clone(),
                    text: shorten(format!("pivot({} where {} = {})", consumed.text, steering.text, value.expr)).into(),
                    binding: Binding::Atom,
                    data_type: None,
                });
            }
        }
        let from = match value_source {
            PivotValueSource::List(_) => String::new(),
            other => format!(" in ({other})"),
        };
        let default = default_on_null.iter().map(|default| format!(" default {default}")).collect::<String>();
        // The columns that stay are what the rows are grouped by.
        let by = format!("pivot {} by {}{from}{default} beside {kept}", consumed.text, steering.text);
        result.rows = format!("({text} {})", shorten(by));
        result.assets.extend(inner.relations.iter().flat_map(|relation| relation.assets.iter().cloned()));
        self.derived(Derived { shape: Arc::new(result), alias: alias.as_ref(), name: None }, (scope, shape))
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
    pub(super) fn unpivot(&mut self, factor: &TableFactor, (scope, shape): (&mut Scope<'_>, &mut Shape)) -> String {
        let TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } = factor else {
            return String::new();
        };
        let mut inner = Scope::within(scope.parent);
        let text = self.factor(table, &mut inner, shape);
        let mut consumed = Value::default();
        for column in columns {
            self.expression(&column.expr, &inner, Transformation::Identity, &mut consumed);
            consumed.text.extend(column.alias.iter().map(|alias| format!(" as {alias}")));
            consumed.text.push_str("; ");
        }
        let used: BTreeSet<_> = consumed.sources.iter().map(|(source, _)| source.clone()).collect();
        let mut result = self.untouched_columns(&inner, &used);
        let mut made = |name: String, (part, sources): (&str, Sources)| {
            result.columns.push(OutColumn {
                text: shorten(format!("unpivot {part}({})", consumed.text)).into(),
                binding: Binding::Atom,
                name: ColumnName::new(&name),
                sources: Arc::new(sources),
                data_type: None,
            });
        };
        made(fold(name, self.dialect), ("name", Sources::new()));
        let values: Vec<String> = match value {
            Expr::Tuple(items) => items.iter().map(|item| item.to_string().to_lowercase()).collect(),
            Expr::Identifier(ident) => vec![fold(ident, self.dialect)],
            other => vec![other.to_string().to_lowercase()],
        };
        for (index, value) in values.into_iter().enumerate() {
            made(value, (&format!("value {}", index + 1), consumed.sources.clone()));
        }
        let nulls = null_inclusion.iter().map(|nulls| format!(" {nulls}").to_lowercase()).collect::<String>();
        result.rows = format!("({text} {})", shorten(format!("unpivot{nulls} {}", consumed.text)));
        result.assets.extend(inner.relations.iter().flat_map(|relation| relation.assets.iter().cloned()));
        self.derived(Derived { shape: Arc::new(result), alias: alias.as_ref(), name: None }, (scope, shape))
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
