//! ALTER TABLE → effects.

use sqlparser::ast::{AlterColumnOperation, AlterTable, AlterTableOperation, MySQLColumnPosition, RenameTableNameKind};

use crate::lineage::data_type::data_type;
use crate::lineage::effect::{Effect, Position};
use crate::lineage::model::{AssetName, ColumnName};
use crate::lineage::resolver::Resolver;
use crate::sql::ident::fold_name;

impl Resolver<'_> {
    pub(super) fn alter_table(&mut self, alter: &AlterTable) {
        let asset = self.target(&alter.name);
        for operation in &alter.operations {
            self.alter_operation(&asset, operation);
        }
    }

    fn alter_operation(&mut self, asset: &AssetName, operation: &AlterTableOperation) {
        let asset = asset.clone();
        let effect = match operation {
            AlterTableOperation::AddColumn { column_def, column_position, .. } => Effect::AddColumn {
                asset,
                column: self.declared_column(column_def),
                position: match column_position {
                    Some(MySQLColumnPosition::First) => Position::First,
                    Some(MySQLColumnPosition::After(other)) => Position::After(self.column_name(other)),
                    None => Position::Last,
                },
            },
            AlterTableOperation::DropColumn { column_names, .. } => {
                for name in column_names {
                    let column = self.column_name(name);
                    self.effects.push(Effect::DropColumn { asset: asset.clone(), column });
                }
                return;
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => Effect::RenameColumn {
                asset,
                from: self.column_name(old_column_name),
                to: self.column_name(new_column_name),
            },
            AlterTableOperation::ChangeColumn { old_name, new_name, data_type: new_type, .. } => {
                let (from, to) = (self.column_name(old_name), self.column_name(new_name));
                if from != to {
                    self.effects.push(Effect::RenameColumn { asset: asset.clone(), from, to: to.clone() });
                }
                return self.retype(asset, to, new_type);
            }
            AlterTableOperation::ModifyColumn { col_name, data_type: new_type, .. } => {
                let column = self.column_name(col_name);
                return self.retype(asset, column, new_type);
            }
            AlterTableOperation::AlterColumn {
                column_name,
                op: AlterColumnOperation::SetDataType { data_type: new_type, .. },
            } => {
                let column = self.column_name(column_name);
                return self.retype(asset, column, new_type);
            }
            AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::SetDefault { value } } => {
                let default = Some(format!("DEFAULT {value}").into());
                Effect::SetDefault { asset, column: self.column_name(column_name), default }
            }
            AlterTableOperation::AlterColumn { column_name, op: AlterColumnOperation::DropDefault } => {
                Effect::SetDefault { asset, column: self.column_name(column_name), default: None }
            }
            AlterTableOperation::RenameTable { table_name } => {
                let (RenameTableNameKind::As(name) | RenameTableNameKind::To(name)) = table_name;
                let parts = fold_name(name, self.dialect);
                Effect::Rename { to: beside(&asset, &parts), from: asset }
            }
            AlterTableOperation::SwapWith { table_name } => {
                let other = self.target(table_name);
                Effect::Swap { one: asset, other }
            }
            _ => return,
        };
        self.effects.push(effect);
    }

    fn retype(&mut self, asset: AssetName, column: ColumnName, new_type: &sqlparser::ast::DataType) {
        if let Some(data_type) = data_type(new_type) {
            self.effects.push(Effect::RetypeColumn { asset, column, data_type });
        }
    }
}

/// `ALTER TABLE s.a RENAME TO b` stays in `s`: a new name takes what it leaves out from the old one.
pub(super) fn beside(asset: &AssetName, new_name: &[String]) -> AssetName {
    let old: Vec<&str> = asset.parts();
    let kept = old.len().saturating_sub(new_name.len());
    let parts: Vec<&str> = old.into_iter().take(kept).chain(new_name.iter().map(String::as_str)).collect();
    AssetName::from_parts(&parts)
}
