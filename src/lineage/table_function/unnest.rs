//! UNNEST: the elements of arrays, with their positions.

use std::sync::Arc;

use sqlparser::ast::TableAlias;

use crate::lineage::model::ColumnName;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Relation, Scope, Sources, Value, shorten};
use crate::lineage::struct_type;
use crate::lineage::table_function::Columns;
use crate::lineage::wording::Binding;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

/// Arrays on their way into the scope, element by element.
pub(in crate::lineage) struct Elements<'e> {
    pub arrays: Vec<Value>,
    pub alias: Option<&'e TableAlias>,
    /// WITH ORDINALITY: the position is the last column.
    pub ordinality: bool,
    /// The array's own name, for `FROM t, t.items`.
    pub called: Option<&'e String>,
}

impl Resolver<'_> {
    /// `UNNEST(…) WITH OFFSET AS position`: the position is a value beside the element.
    pub(super) fn elements_with_offset(
        &mut self,
        elements: Elements<'_>,
        offset: Option<String>,
        scope: &mut Scope<'_>,
    ) -> String {
        let sources: Sources = elements.arrays.iter().flat_map(|array| array.sources.iter().cloned()).collect();
        let rows = self.elements(elements, scope);
        if let Some(offset) = offset {
            let text = shorten(format!("offset({rows})"));
            let column = OutColumn {
                name: ColumnName::new(&offset),
                sources: Arc::new(sources),
                text: text.clone().into(),
                binding: Binding::Atom,
                data_type: None,
            };
            scope.add(Relation { columns: vec![column].into(), rows: text, ..Relation::default() });
        }
        rows
    }

    /// The relation of an array's elements.
    pub(in crate::lineage) fn elements(&mut self, elements: Elements<'_>, scope: &mut Scope<'_>) -> String {
        let Elements { arrays, alias, ordinality, called } = elements;
        let element_type = match arrays.as_slice() {
            [only] => only.data_type.as_deref().and_then(struct_type::element).map(str::to_owned),
            _ => None,
        };
        let name = alias.map(|alias| fold(&alias.name, self.dialect)).or(called.cloned());
        let each: Vec<Arc<Sources>> = arrays.iter().map(|array| Arc::new(array.sources.clone())).collect();
        let names = alias.map_or(0, |alias| alias.columns.len()).saturating_sub(usize::from(ordinality));
        let mut value = together(arrays);
        value.text.push_str(if ordinality { " with ordinality" } else { "" });
        let all = Arc::new(value.sources.clone());
        let fields = element_type.as_deref().and_then(struct_type::fields);
        let is_struct = fields.is_some();
        let mut complete = is_struct || element_type.is_some();
        let mut columns: Columns = match fields {
            Some(fields) => fields.into_iter().map(|(field, _)| (field, all.clone())).collect(),
            None if names == each.len() && names > 0 => each.into_iter().map(|one| (String::new(), one)).collect(),
            None if names > 0 => (0..names).map(|_| (String::new(), all.clone())).collect(),
            None if element_type.is_some() || self.elements_are_columns() => {
                name.iter().map(|name| (name.clone(), all.clone())).collect()
            }
            None => Columns::new(),
        };
        if columns.is_empty() && self.elements_are_columns() {
            columns.push(("unnest".to_owned(), all.clone()));
        }
        if ordinality {
            columns.push(("ordinality".to_owned(), all));
        }
        // A struct may still hide behind the one column of the elements.
        complete &= is_struct || !self.elements_are_columns();
        self.function_relation((called.map_or("unnest", String::as_str), alias), (columns, complete), value, scope)
    }

    /// Whether an element is a column that the alias names, not a value by itself.
    fn elements_are_columns(&self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::DuckDb | Dialect::Redshift)
    }
}

/// Several values as one.
fn together(values: Vec<Value>) -> Value {
    let mut all = Value::default();
    for (index, value) in values.into_iter().enumerate() {
        all.text.push_str(if index > 0 { ", " } else { "" });
        all.text.push_str(&value.text);
        all.sources.extend(value.sources);
    }
    all
}
