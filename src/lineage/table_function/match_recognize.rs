//! MATCH_RECOGNIZE: partitions, measures, and with ALL ROWS the matched rows themselves.

use std::sync::Arc;

use sqlparser::ast::{Expr, Ident, RowsPerMatch, TableFactor};

use crate::lineage::from::Derived;
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Relation, Scope, Shape, Value, shorten};
use crate::sql::ident::fold;

impl Resolver<'_> {
    pub(in crate::lineage) fn match_recognize(
        &mut self,
        factor: &TableFactor,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let TableFactor::MatchRecognize {
            table, partition_by, order_by, measures, rows_per_match, symbols, alias, ..
        } = factor
        else {
            return String::new();
        };
        let mut inner = Scope::within(scope.parent);
        let rows = self.factor(table, &mut inner, outer);
        self.add_pattern_variables(factor, &mut inner);
        let mut shape = match rows_per_match {
            Some(RowsPerMatch::AllRows(_)) => self.everything(&inner),
            _ => self.partition_columns(partition_by, &inner),
        };
        for measure in measures {
            let value = self.value(&measure.expr, &inner, Transformation::Transformation);
            let name = ColumnName::new(&fold(&measure.alias, self.dialect));
            shape.columns.push(OutColumn::untyped(name, Value { text: format!("measure({})", value.text), ..value }));
        }
        let mut steering = Value::default();
        for key in partition_by {
            self.expression(key, &inner, Transformation::Window, &mut steering);
        }
        self.ordering(order_by, &inner, Transformation::Window, &mut steering);
        for symbol in symbols {
            steering.text.push_str(&format!(" {} as ", symbol.symbol));
            self.expression(&symbol.definition, &inner, Transformation::Filter, &mut steering);
        }
        shape.indirect.extend(steering.sources);
        shape.assets = inner.relations.iter().flat_map(|relation| relation.assets.iter().cloned()).collect();
        // What is left (the pattern, how many rows a match gives) counts as written.
        shape.rows = shorten(format!("({rows} match {} as {factor})", steering.text));
        self.derived(Derived { shape: Arc::new(shape), alias: alias.as_ref(), name: None }, (scope, outer))
    }

    fn partition_columns(&mut self, keys: &[Expr], inner: &Scope<'_>) -> Shape {
        let mut shape = Shape::default();
        for key in keys {
            let value = self.value(key, inner, Transformation::Identity);
            let name = match key {
                Expr::Identifier(ident) => fold(ident, self.dialect),
                Expr::CompoundIdentifier(idents) => {
                    idents.last().map(|ident| fold(ident, self.dialect)).unwrap_or_default()
                }
                other => other.to_string().to_lowercase(),
            };
            shape.columns.push(OutColumn::new(ColumnName::new(&name), value));
        }
        shape
    }

    /// `down.price`: each variable of the pattern stands for a row of the table.
    fn add_pattern_variables(&mut self, factor: &TableFactor, inner: &mut Scope<'_>) {
        let TableFactor::MatchRecognize { pattern, symbols, .. } = factor else { return };
        let mut names: Vec<Ident> = symbols.iter().map(|symbol| symbol.symbol.clone()).collect();
        pattern_names(pattern, &mut names);
        let Some(table) = inner.relations.first().cloned() else { return };
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            let alias = fold(&name, self.dialect);
            if seen.insert(alias.clone()) {
                // Only its name counts: bare names and stars go to the table itself.
                inner.named.push(Relation { alias: Some(alias), path: Vec::new(), ..table.clone() });
            }
        }
    }
}

fn pattern_names(pattern: &sqlparser::ast::MatchRecognizePattern, names: &mut Vec<Ident>) {
    use sqlparser::ast::{MatchRecognizePattern as Pattern, MatchRecognizeSymbol as Symbol};
    match pattern {
        Pattern::Symbol(Symbol::Named(name)) | Pattern::Exclude(Symbol::Named(name)) => names.push(name.clone()),
        Pattern::Symbol(_) | Pattern::Exclude(_) => {}
        Pattern::Permute(symbols) => names.extend(symbols.iter().filter_map(|symbol| match symbol {
            Symbol::Named(name) => Some(name.clone()),
            Symbol::Start | Symbol::End => None,
        })),
        Pattern::Concat(parts) | Pattern::Alternation(parts) => {
            parts.iter().for_each(|part| pattern_names(part, names))
        }
        Pattern::Group(inner) | Pattern::Repetition(inner, _) => pattern_names(inner, names),
    }
}
