//! COPY INTO by a query of staged files: columns by their position in the files (`$1`), and what is taken out of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::helpers::stmt_data_loading::StageLoadSelectItemKind;
use sqlparser::ast::{Expr, SelectItem, Value as Literal, Visit, Visitor};

use crate::lineage::data_type::data_type;
use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Shape, Sources, shorten};
use crate::lineage::wording::Binding;

impl Resolver<'_> {
    /// What a query of a stage's files yields.
    pub(super) fn staged(&self, items: &[StageLoadSelectItemKind], stage: &AssetName) -> Shape {
        let columns = items.iter().enumerate().map(|(index, item)| self.staged_column(item, index, stage)).collect();
        Shape { columns, rows: stage.to_string(), ..Shape::default() }
    }

    fn staged_column(&self, item: &StageLoadSelectItemKind, index: usize, stage: &AssetName) -> OutColumn {
        let text = shorten(item.to_string());
        let (alias, names, how, cast) = match item {
            StageLoadSelectItemKind::StageLoadSelectItem(item) => {
                let how =
                    if item.element.is_some() { Transformation::Transformation } else { Transformation::Identity };
                (item.item_as.as_ref(), BTreeSet::from([format!("${}", item.file_col_num)]), how, None)
            }
            StageLoadSelectItemKind::SelectItem(item) => {
                let (expression, alias) = match item {
                    SelectItem::UnnamedExpr(expression) => (Some(expression), None),
                    SelectItem::ExprWithAlias { expr, alias } => (Some(expr), Some(alias)),
                    _ => (None, None),
                };
                let mut positions = Positions::default();
                let _ = item.visit(&mut positions);
                let is_whole = matches!(expression, Some(Expr::Identifier(_) | Expr::CompoundIdentifier(_)));
                let how = if is_whole { Transformation::Identity } else { Transformation::Transformation };
                (alias, positions.names, how, expression.and_then(cast_type))
            }
        };
        let column = |name: String| (ColumnRef { asset: stage.clone(), column: ColumnName::new(&name) }, how);
        OutColumn {
            name: alias.map_or_else(|| ColumnName::new(&format!("_col{}", index + 1)), |alias| self.column_name(alias)),
            sources: Arc::new(names.into_iter().map(column).collect::<Sources>()),
            text: text.into(),
            binding: Binding::Or,
            data_type: cast,
        }
    }
}

fn cast_type(expression: &Expr) -> Option<Arc<str>> {
    match expression {
        Expr::Cast { data_type: cast, .. } => data_type(cast),
        _ => None,
    }
}

/// Collects the columns of staged files: `$1`, `t.$2`, `METADATA$FILENAME`.
#[derive(Default)]
struct Positions {
    names: BTreeSet<String>,
}

impl Visitor for Positions {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Value(literal) => {
                if let Literal::Placeholder(position) = &literal.value {
                    self.names.insert(position.clone());
                }
            }
            Expr::Identifier(ident) => drop(self.names.insert(ident.value.to_lowercase())),
            Expr::CompoundIdentifier(idents) => self.names.extend(idents.last().map(|last| last.value.to_lowercase())),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
