//! What a CREATE TABLE takes its columns from beside its own list: a query, the tables that it inherits from.

use sqlparser::ast::{CreateTable, ObjectName, Query, Statement, WithData};

use crate::lineage::catalog::StateColumn;
use crate::lineage::data_type::data_type;
use crate::lineage::effect::{Effect, Flow};
use crate::lineage::model::{AssetKind, AssetName, ColumnName};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Shape};
use crate::lineage::wording::Binding;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_name;

impl Resolver<'_> {
    /// `CREATE TABLE … AS SELECT`, with a list of columns or without.
    pub(super) fn create_from_query(
        &mut self,
        (asset, kind): (AssetName, AssetKind),
        (table, query): (&CreateTable, &Query),
        statement: &Statement,
    ) {
        let mut shape = self.query(query, None);
        if self.dialect == Dialect::MySql {
            self.fill_declared(table, &mut shape);
        } else {
            let names: Vec<ColumnName> = table.columns.iter().map(|column| self.column_name(&column.name)).collect();
            shape.rename(&names);
            for (column, declared) in shape.columns.iter_mut().zip(&table.columns) {
                column.data_type = data_type(&declared.data_type).or_else(|| column.data_type.take());
            }
        }
        if !matches!(table.with_data, Some(WithData { data: false, .. })) {
            return self.define((asset, kind), (shape, &[]), table.if_not_exists, statement);
        }
        let flow = self.flow(shape, &[], statement).without_data();
        let complete = !flow.columns.is_empty();
        self.effects.push(Effect::Define { name: asset, kind, flow, complete, keep_existing: table.if_not_exists });
    }

    /// MySQL fills declared columns by name; those that the query does not have come first.
    fn fill_declared(&self, table: &CreateTable, shape: &mut Shape) {
        let mut only_declared = Vec::new();
        for column in &table.columns {
            let name = self.column_name(&column.name);
            let data_type = data_type(&column.data_type);
            match shape.columns.iter_mut().find(|known| known.name == name) {
                Some(known) => known.data_type = data_type,
                None => only_declared.push(OutColumn {
                    name,
                    data_type,
                    sources: Default::default(),
                    text: "".into(),
                    binding: Binding::Atom,
                }),
            }
        }
        shape.columns.splice(0..0, only_declared);
    }

    /// The columns of the tables that a table inherits from (PostgreSQL), and whether they are all known.
    pub(super) fn inherited(&mut self, table: &CreateTable) -> (Vec<StateColumn>, bool) {
        let (mut columns, mut complete) = (Vec::new(), true);
        for parent in table.inherits.iter().flatten() {
            columns.extend(self.columns_of(parent, &mut complete));
        }
        (columns, complete)
    }

    /// The columns of another table as a new one takes them over; `complete` ends where they are not all known.
    pub(super) fn columns_of(&mut self, original: &ObjectName, complete: &mut bool) -> Vec<StateColumn> {
        let line = self.name_line(original);
        let relation = self.base_relation(fold_name(original, self.dialect), None, line);
        *complete &= relation.open.is_empty();
        let declared = |column: &OutColumn| StateColumn::declared(column.name.clone(), column.data_type.clone());
        relation.columns.iter().map(declared).collect()
    }
}

impl Flow {
    /// The schema of it, without the values.
    pub fn without_data(mut self) -> Self {
        for column in &mut self.columns {
            column.sources = Default::default();
            column.expression = None;
        }
        self.open.clear();
        self.anything = Default::default();
        self.indirect = Default::default();
        self.row_set = Default::default();
        self.declared = true;
        self
    }
}
