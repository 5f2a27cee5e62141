//! `sp_rename`: how T-SQL renames tables and columns.

use sqlparser::ast::{BinaryOperator, Expr, ObjectName};
use sqlparser::parser::Parser;

use crate::lineage::alter::beside;
use crate::lineage::effect::Effect;
use crate::lineage::model::ColumnName;
use crate::lineage::resolver::Resolver;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold_name, fold_text};

impl Resolver<'_> {
    /// A call of a procedure: one of the few that change what is called how.
    pub(super) fn execute(&mut self, procedure: &ObjectName, parameters: &[Expr]) {
        let is_rename = fold_name(procedure, self.dialect).last().is_some_and(|name| name == "sp_rename");
        if self.dialect != Dialect::Tsql || !is_rename {
            return;
        }
        let parameter = |place: usize, name: &str| {
            let named = parameters.iter().find_map(|parameter| text_of_named(parameter, name));
            named.or_else(|| parameters.get(place).and_then(text))
        };
        let (Some(object), Some(new_name)) = (parameter(0, "@objname"), parameter(1, "@newname")) else { return };
        let Some(mut parts) = self.parts_of(&object) else { return };
        let new_name = fold_text(&new_name, false, self.dialect);
        match parameter(2, "@objtype").map(|kind| kind.to_ascii_uppercase()).as_deref() {
            Some("COLUMN") => {
                let Some(column) = parts.pop() else { return };
                let asset = self.asset_named(&parts, 0);
                let (from, to) = (ColumnName::new(&column), ColumnName::new(&new_name));
                self.effects.push(Effect::RenameColumn { asset, from, to });
            }
            None | Some("OBJECT") => {
                let from = self.asset_named(&parts, 0);
                self.effects.push(Effect::Rename { to: beside(&from, &[new_name]), from });
            }
            // An index, a type, a database.
            Some(_) => {}
        }
    }

    fn parts_of(&self, name: &str) -> Option<Vec<String>> {
        let grammar = self.dialect.grammar();
        let name = Parser::new(&*grammar).try_with_sql(name).ok()?.parse_object_name(false).ok()?;
        Some(fold_name(&name, self.dialect))
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(value) => value.value.clone().into_string(),
        _ => None,
    }
}

/// The text of `@name = 'text'`.
fn text_of_named(parameter: &Expr, name: &str) -> Option<String> {
    match parameter {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => match &**left {
            Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case(name) => text(right),
            _ => None,
        },
        _ => None,
    }
}
