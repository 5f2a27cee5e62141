//! Functions in FROM: UNNEST, FLATTEN, TABLE(…), JSON_TABLE, LATERAL VIEW, and whatever else yields rows.

use std::sync::Arc;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, Ident, LateralView, ObjectName, TableAlias, TableFactor};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{ColumnList, OutColumn, Relation, Scope, Shape, Sources, Value, shorten};
use crate::lineage::wording::Binding;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    pub(super) fn argument_value(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Value {
        let mut value = Value::default();
        let how = Transformation::Transformation;
        for (index, argument) in arguments.iter().enumerate() {
            value.text.push_str(if index > 0 { ", " } else { "" });
            match self.argument(argument, scope, how, &mut value) {
                FunctionArgExpr::Expr(Expr::Subquery(query)) => {
                    let shape = self.query(query, Some(scope));
                    value.sources.extend(shape.columns.iter().flat_map(|column| column.sources.iter().cloned()));
                    value.sources.extend(star_sources(&shape.open));
                    value.text.push_str(&format!("({} of {})", shape.values(), shape.rows));
                }
                FunctionArgExpr::Expr(expression) => self.expression(expression, scope, how, &mut value),
                other => value.text.push_str(&other.to_string()),
            }
        }
        value
    }

    /// A relation of which every column depends on the same sources.
    pub(super) fn function_relation(
        &mut self,
        name: Option<String>,
        alias: Option<&TableAlias>,
        arguments: Value,
        scope: &mut Scope<'_>,
    ) -> String {
        let sources = Arc::new(arguments.sources);
        let text = shorten(format!("{}({})", name.clone().unwrap_or_default(), arguments.text));
        let columns: ColumnList = alias
            .iter()
            .flat_map(|alias| &alias.columns)
            .enumerate()
            .map(|(index, column)| OutColumn {
                name: ColumnName::new(&fold(&column.name, self.dialect)),
                sources: sources.clone(),
                text: format!("{text}[{}]", index + 1).into(),
                binding: Binding::Atom,
                data_type: column.data_type.as_ref().map(|data_type| data_type.to_string().to_uppercase().into()),
            })
            .collect();
        scope.add(Relation {
            alias: alias.map(|alias| fold(&alias.name, self.dialect)),
            path: name.into_iter().collect(),
            columns,
            anything: Some(sources),
            rows: text.clone(),
            ..Relation::default()
        });
        text
    }

    /// Whether a function that is called as a table is one that the repository defines.
    pub(super) fn is_table_function(&mut self, parts: &[String]) -> bool {
        self.catalog.resolve(parts).is_ok_and(|name| {
            let name = self.catalog.in_dialect(name, self.dialect);
            self.catalog.contains(&name)
        })
    }

    /// A call of a table function that the repository defines: its rows are those of its query, and what it is given
    /// decides which.
    pub(super) fn call_table_function(
        &mut self,
        (name, alias): (&ObjectName, Option<&TableAlias>),
        arguments: Value,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        outer.indirect.extend(arguments.sources.into_iter().map(|(source, _)| (source, Transformation::Filter)));
        let line = self.name_line(name);
        let parts = fold_name(name, self.dialect);
        let mut relation = self.base_relation(parts, alias.map(|alias| fold(&alias.name, self.dialect)), line);
        if let Some(alias) = alias {
            self.rename_columns(&mut relation, alias);
        }
        let text = shorten(format!("{}({})", relation.rows, arguments.text));
        relation.rows.clone_from(&text);
        outer.assets.extend(relation.assets.iter().cloned());
        scope.add(relation);
        text
    }

    /// UNNEST, FLATTEN, JSON_TABLE, …: what they are given is what their columns are made of.
    pub(super) fn function_like(
        &mut self,
        factor: &TableFactor,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let mut value = Value::default();
        let how = Transformation::Transformation;
        let (name, alias) = match factor {
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => {
                self.list(array_exprs, scope, how, &mut value);
                if let Some(offset) = with_offset_alias {
                    self.offset_relation(offset, &value, scope);
                }
                let numbered = *with_ordinality || *with_offset && with_offset_alias.is_none();
                value.text.push_str(if numbered { " with offset" } else { "" });
                ("unnest", alias.as_ref())
            }
            TableFactor::TableFunction { expr, alias } => {
                self.expression(expr, scope, how, &mut value);
                if let Expr::Function(function) = expr
                    && self.is_table_function(&fold_name(&function.name, self.dialect))
                {
                    return self.call_table_function((&function.name, alias.as_ref()), value, (scope, outer));
                }
                ("table", alias.as_ref())
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality, alias } => {
                let mut value = self.argument_value(args, scope);
                value.text.push_str(if *with_ordinality { " with ordinality" } else { "" });
                let parts = fold_name(name, self.dialect);
                if self.is_table_function(&parts) {
                    return self.call_table_function((name, alias.as_ref()), value, (scope, outer));
                }
                return self.function_relation(parts.last().cloned(), alias.as_ref(), value, scope);
            }
            other => self.function_of_its_own(other, scope, &mut value),
        };
        self.function_relation(Some(name.to_owned()), alias, value, scope)
    }

    /// Those with a syntax of their own count as written, beside the names in them.
    fn function_of_its_own<'f>(
        &mut self,
        factor: &'f TableFactor,
        scope: &Scope<'_>,
        value: &mut Value,
    ) -> (&'static str, Option<&'f TableAlias>) {
        let how = Transformation::Transformation;
        let (name, alias) = match factor {
            TableFactor::JsonTable { json_expr, alias, .. } | TableFactor::OpenJsonTable { json_expr, alias, .. } => {
                self.expression(json_expr, scope, how, value);
                ("json_table", alias.as_ref())
            }
            TableFactor::XmlTable { row_expression, passing, alias, .. } => {
                self.expression(row_expression, scope, how, value);
                for argument in &passing.arguments {
                    self.expression(&argument.expr, scope, how, value);
                }
                ("xmltable", alias.as_ref())
            }
            TableFactor::UnpivotExpr { expression, .. } => {
                self.expression(expression, scope, how, value);
                ("unpivot", None)
            }
            TableFactor::MatchRecognize { table, alias, .. } => {
                let mut inner = Scope::within(scope.parent);
                let mut shape = Shape::default();
                value.text = self.factor(table, &mut inner, &mut shape);
                value.sources.extend(all_sources(&inner));
                ("match_recognize", alias.as_ref())
            }
            TableFactor::SemanticView { name, alias, .. } => {
                let parts = fold_name(name, self.dialect);
                let relation = self.base_relation(parts, None, 0);
                value.sources.extend(star_sources(&relation.open));
                value.text = relation.rows;
                ("semantic_view", alias.as_ref())
            }
            _ => ("relation", None),
        };
        value.text.push_str(&format!(" as {factor}"));
        (name, alias)
    }

    /// `WITH OFFSET AS position` is a value beside the element.
    fn offset_relation(&self, offset: &Ident, array: &Value, scope: &mut Scope<'_>) {
        scope.add(Relation {
            alias: Some(fold(offset, self.dialect)),
            anything: Some(Arc::new(array.sources.clone())),
            rows: shorten(format!("offset({})", array.text)),
            ..Relation::default()
        });
    }

    /// Hive's LATERAL VIEW; gives their texts, since each row becomes as many as the view makes of it.
    pub(super) fn lateral_views(&mut self, views: &[LateralView], scope: &mut Scope<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        for view in views {
            let LateralView { lateral_view, lateral_view_name, lateral_col_alias, outer } = view;
            let value = self.value(lateral_view, scope, Transformation::Transformation);
            texts.push(format!("lateral view {}{}", if *outer { "outer " } else { "" }, value.text));
            let sources = Arc::new(value.sources);
            let columns: ColumnList = lateral_col_alias
                .iter()
                .enumerate()
                .map(|(index, column)| OutColumn {
                    name: ColumnName::new(&fold(column, self.dialect)),
                    sources: sources.clone(),
                    text: format!("{}[{}]", value.text, index + 1).into(),
                    binding: Binding::Atom,
                    data_type: None,
                })
                .collect();
            let named = !columns.is_empty();
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

fn all_sources(scope: &Scope<'_>) -> Sources {
    let known = scope
        .relations
        .iter()
        .flat_map(|relation| relation.columns.iter().flat_map(|column| column.sources.iter().cloned()));
    known.chain(scope.relations.iter().flat_map(|relation| star_sources(&relation.open))).collect()
}
