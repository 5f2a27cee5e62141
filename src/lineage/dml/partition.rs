//! `INSERT … PARTITION (a = 1, b)`: which columns a query fills, where its last ones say the partition (Hive, Spark).

use sqlparser::ast::{BinaryOperator, Expr};

use crate::lineage::model::{AssetName, ColumnName};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::Shape;

impl Resolver<'_> {
    /// The columns that a query fills by position: those that the table has beside its partitions, then the partitions
    /// that have no value here. Without a known table only the names of these are known.
    pub(super) fn partitioned_columns(&self, asset: &AssetName, partitions: &[Expr], shape: &Shape) -> Vec<ColumnName> {
        if shape.unknown_at.is_some() {
            return Vec::new();
        }
        let mut fixed = Vec::new();
        let mut filled = Vec::new();
        for partition in partitions {
            match partition {
                Expr::Identifier(ident) => filled.push(self.column_name(ident)),
                Expr::BinaryOp { left, op: BinaryOperator::Eq, .. } => {
                    if let Expr::Identifier(ident) = &**left {
                        fixed.push(self.column_name(ident));
                    }
                }
                _ => {}
            }
        }
        let width = shape.columns.len();
        let others: Vec<ColumnName> = match self.catalog.schema(asset).filter(|known| known.complete) {
            Some(known) => {
                let names = known.columns.iter().map(|column| column.name.clone());
                names.filter(|name| !fixed.contains(name) && !filled.contains(name)).collect()
            }
            None => {
                let others = width.saturating_sub(filled.len());
                shape.columns.iter().take(others).map(|column| column.name.clone()).collect()
            }
        };
        let names: Vec<ColumnName> = others.into_iter().chain(filled).collect();
        if names.len() == width { names } else { Vec::new() }
    }
}
