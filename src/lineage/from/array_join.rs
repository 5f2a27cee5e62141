//! ClickHouse's ARRAY JOIN: an array of the relations before it, element by element.

use std::sync::Arc;

use sqlparser::ast::{Ident, JoinOperator, TableAlias, TableFactor};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Lookup, Merged, OutColumn, Relation, Scope, Shape, Value, shorten};
use crate::lineage::wording::Binding;
use crate::sql::ident::fold;

pub(super) fn is_array_join(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin | JoinOperator::LeftArrayJoin)
}

impl Resolver<'_> {
    /// One element of an ARRAY JOIN; the parser takes it for a relation.
    pub(super) fn array_join(&mut self, element: &TableFactor, (scope, outer): (&mut Scope<'_>, &mut Shape)) -> String {
        let TableFactor::Table { name, alias, args, .. } = element else {
            return self.function_like(element, (scope, outer));
        };
        let how = Transformation::Transformation;
        let mut value = Value::default();
        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        match (args, idents.as_slice()) {
            (Some(arguments), _) => {
                value = self.argument_value(&arguments.args, scope);
                value.text = format!("{}({})", name.to_string().to_lowercase(), value.text);
            }
            (None, [single]) => self.bare_column(single, scope, how, &mut value),
            (None, several) => self.compound_column(several, scope, how, &mut value),
        }
        let text = shorten(format!("elements({})", value.text));
        let name = ColumnName::new(&self.element_name(alias.as_ref(), &idents));
        let binding = Binding::Atom;
        let column =
            OutColumn { name, sources: Arc::new(value.sources), text: text.clone().into(), binding, data_type: None };
        if alias.is_some() || !replace(column.clone(), scope) {
            scope.add(Relation { columns: vec![column].into(), rows: text.clone(), ..Relation::default() });
        }
        text
    }

    fn element_name(&self, alias: Option<&TableAlias>, idents: &[Ident]) -> String {
        alias.map(|alias| &alias.name).or(idents.last()).map(|ident| fold(ident, self.dialect)).unwrap_or_default()
    }
}

/// Without an alias, the element takes the place of the array; whether a relation is known to have the array.
fn replace(column: OutColumn, scope: &mut Scope<'_>) -> bool {
    let owner = scope.relations.iter().position(|relation| matches!(relation.lookup(&column.name), Lookup::Known(_)));
    let Some(owner) = owner else { return false };
    scope.merged.push(Merged { column, relations: vec![owner], before: owner });
    true
}
