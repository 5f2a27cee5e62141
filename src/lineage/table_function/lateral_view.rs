//! LATERAL VIEW of Hive, Spark and Databricks.

use std::sync::Arc;

use sqlparser::ast::{Expr, LateralView};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{ColumnList, OutColumn, Relation, Scope};
use crate::lineage::table_function::outputs;
use crate::lineage::wording::Binding;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// Gives the views' texts, since each row becomes as many as the view makes of it.
    pub(in crate::lineage) fn lateral_views(&mut self, views: &[LateralView], scope: &mut Scope<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        for view in views {
            let LateralView { lateral_view, lateral_view_name, lateral_col_alias, outer } = view;
            let value = self.value(lateral_view, scope, Transformation::Transformation);
            texts.push(format!("lateral view {}{}", if *outer { "outer " } else { "" }, value.text));
            let mut names: Vec<String> = lateral_col_alias.iter().map(|name| fold(name, self.dialect)).collect();
            let named = !names.is_empty();
            let mut parts = None;
            if let Expr::Function(function) = lateral_view {
                parts = self.stacked(function, names.len(), scope);
                if !named {
                    let function = function.name.to_string().to_lowercase();
                    names = outputs::of(&function, self.dialect).names().iter().map(|name| (*name).into()).collect();
                }
            }
            let sources = Arc::new(value.sources);
            let columns: ColumnList = names
                .iter()
                .enumerate()
                .map(|(index, name)| OutColumn {
                    name: ColumnName::new(name),
                    sources: match parts.as_ref().and_then(|parts| parts.get(index)) {
                        Some(part) => Arc::new(part.sources.clone()),
                        None => sources.clone(),
                    },
                    text: format!("{}[{}]", value.text, index + 1).into(),
                    binding: Binding::Atom,
                    data_type: None,
                })
                .collect();
            scope.add(Relation {
                alias: fold_name(lateral_view_name, self.dialect).last().cloned(),
                columns,
                anything: (!named).then_some(sources),
                rows: value.text,
                ..Relation::default()
            });
        }
        texts
    }
}
