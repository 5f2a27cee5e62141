//! The SELECT list, item by item.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    AccessExpr, Expr, FunctionArguments, Ident, SelectItem, SelectItemQualifiedWildcardKind, Visit, Visitor,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Value};
use crate::lineage::struct_type;
use crate::lineage::wording::Binding;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// The columns of a SELECT list, or of a RETURNING.
    pub(in crate::lineage) fn projection(&mut self, items: &[SelectItem], scope: &mut Scope<'_>, shape: &mut Shape) {
        let before = shape.columns.len();
        if self.dialect != Dialect::ClickHouse {
            for item in items {
                let position = shape.columns.len() - before;
                let part = self.item(item, position, scope);
                shape.append(part);
            }
            return;
        }
        // ClickHouse lets an item name those behind it as well.
        let mut parts: Vec<Option<Shape>> = items.iter().map(|_| None).collect();
        for index in self.evaluation_order(items) {
            if let (Some(item), Some(slot)) = (items.get(index), parts.get_mut(index)) {
                *slot = Some(self.item(item, index, scope));
            }
        }
        for part in parts.into_iter().flatten() {
            shape.append(part);
        }
    }

    fn item(&mut self, item: &SelectItem, position: usize, scope: &mut Scope<'_>) -> Shape {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                let names = self.implied_names(expression, position);
                self.output(&names, expression, scope)
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let name = ColumnName::new(&fold(alias, self.dialect));
                self.output(&[name], expr, scope)
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let names: Vec<ColumnName> =
                    aliases.iter().map(|alias| ColumnName::new(&fold(alias, self.dialect))).collect();
                self.output(&names, expr, scope)
            }
            SelectItem::Wildcard(options) => {
                let mut star = self.star(None, scope);
                self.star_options(options, scope, &mut star);
                star
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                let mut star = match kind {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        let qualifier = fold_name(name, self.dialect);
                        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                        if self.names_a_relation(&qualifier, scope) {
                            self.star(Some(&qualifier), scope)
                        } else {
                            self.fields_of(&as_expression(idents), scope)
                        }
                    }
                    SelectItemQualifiedWildcardKind::Expr(expression) => self.fields_of(expression, scope),
                };
                self.star_options(options, scope, &mut star);
                star
            }
        }
    }

    /// `(struct).*`: the fields that its type names, else columns that are not known by name.
    fn fields_of(&mut self, expression: &Expr, scope: &Scope<'_>) -> Shape {
        let mut shape = Shape::default();
        let value = self.value(expression, scope, Transformation::Transformation);
        let sources = Arc::new(value.sources);
        match value.data_type.as_deref().and_then(struct_type::fields) {
            Some(fields) => shape.columns.extend(fields.into_iter().map(|(field, data_type)| OutColumn {
                text: format!("{}.{field}", value.text).into(),
                binding: Binding::Atom,
                name: ColumnName::new(&field),
                sources: sources.clone(),
                data_type: Some(data_type),
            })),
            None => {
                self.stars_unresolved += 1;
                shape.stars.push(format!("({}).*", value.text));
                shape.note_unknown();
                shape.add_anything(&sources);
            }
        }
        shape
    }

    fn output(&mut self, names: &[ColumnName], expression: &Expr, scope: &mut Scope<'_>) -> Shape {
        if let Some(chosen) = self.chosen_columns(expression, scope) {
            return self.for_each_chosen(chosen, (names, expression), scope);
        }
        let values = match (names, expression) {
            ([_, _, ..], Expr::Function(function)) => self.stacked(function, names.len(), scope),
            _ => None,
        };
        let values = values.unwrap_or_else(|| {
            let mut value = Value::default();
            self.expression(expression, scope, Transformation::Identity, &mut value);
            if let [_, _, ..] = names {
                let numbered = |index: usize| Value { text: format!("{}[{}]", value.text, index + 1), ..value.clone() };
                return (0..names.len()).map(numbered).collect();
            }
            vec![value]
        });
        let mut shape = Shape::default();
        for (name, value) in names.iter().zip(values) {
            let column = OutColumn::new(name.clone(), value);
            scope.aliases.push(column.clone());
            shape.columns.push(column);
        }
        shape
    }

    /// The names of an item without an alias; several for functions that give several columns.
    fn implied_names(&self, expression: &Expr, position: usize) -> Vec<ColumnName> {
        let names: &[&str] = match (expression, self.dialect) {
            (Expr::Function(function), Dialect::Spark | Dialect::Databricks | Dialect::Hive) => {
                match &*function.name.to_string().to_lowercase() {
                    "explode" | "explode_outer" => &["col"],
                    "posexplode" | "posexplode_outer" => &["pos", "col"],
                    _ => &[],
                }
            }
            _ => &[],
        };
        if names.is_empty() {
            return vec![self.implied_name(expression, position)];
        }
        names.iter().map(|name| ColumnName::new(name)).collect()
    }

    /// The name of a column without an alias.
    fn implied_name(&self, expression: &Expr, position: usize) -> ColumnName {
        match expression {
            Expr::Identifier(ident) => ColumnName::new(&fold(ident, self.dialect)),
            Expr::CompoundIdentifier(idents) => {
                ColumnName::new(&idents.last().map(|ident| fold(ident, self.dialect)).unwrap_or_default())
            }
            Expr::Nested(inner) => self.implied_name(inner, position),
            Expr::Cast { expr, .. }
                if matches!(self.dialect, Dialect::Postgres | Dialect::Redshift | Dialect::Snowflake) =>
            {
                self.implied_name(expr, position)
            }
            Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
                Some(AccessExpr::Dot(Expr::Identifier(ident))) => ColumnName::new(&fold(ident, self.dialect)),
                _ => ColumnName::new(&format!("_col{}", position + 1)),
            },
            Expr::Function(function) if function.over.is_none() => {
                let name = function.name.to_string().to_lowercase();
                let last = name.rsplit('.').next().unwrap_or(&name);
                ColumnName::new(last)
            }
            _ => ColumnName::new(&format!("_col{}", position + 1)),
        }
    }

    /// `stack(rows, a, b, c, d)`: with two columns, the first is made of a and c, the second of b and d.
    pub(in crate::lineage) fn stacked(
        &mut self,
        function: &sqlparser::ast::Function,
        columns: usize,
        scope: &Scope<'_>,
    ) -> Option<Vec<Value>> {
        let FunctionArguments::List(list) = &function.args else { return None };
        if !function.name.to_string().eq_ignore_ascii_case("stack") || columns == 0 {
            return None;
        }
        let mut values = vec![Value::default(); columns];
        let arguments = list.args.get(1..).unwrap_or_default();
        let text = self.argument_value(&list.args, scope).text;
        for (index, argument) in arguments.iter().enumerate() {
            let argument = self.argument_value(std::slice::from_ref(argument), scope);
            if let Some(value) = values.get_mut(index % columns) {
                value.sources.extend(argument.sources);
            }
        }
        for (index, value) in values.iter_mut().enumerate() {
            value.text = format!("stack({text})[{}]", index + 1);
        }
        Some(values)
    }

    /// An order in which every item comes behind those that it names by their aliases.
    fn evaluation_order(&self, items: &[SelectItem]) -> Vec<usize> {
        let aliases: BTreeMap<String, usize> = items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| match item {
                SelectItem::ExprWithAlias { alias, .. } => Some((fold(alias, self.dialect), index)),
                _ => None,
            })
            .collect();
        let mut order = Vec::with_capacity(items.len());
        let mut visited = vec![false; items.len()];
        for start in 0..items.len() {
            let mut stack = vec![(start, false)];
            while let Some((index, is_done)) = stack.pop() {
                if is_done {
                    order.push(index);
                    continue;
                }
                match visited.get_mut(index) {
                    Some(seen) if !*seen => *seen = true,
                    _ => continue,
                }
                stack.push((index, true));
                if let Some(item) = items.get(index) {
                    let mut named = NamedAliases { aliases: &aliases, dialect: self.dialect, items: Vec::new() };
                    let _ = item.visit(&mut named);
                    stack.extend(named.items.into_iter().map(|item| (item, false)));
                }
            }
        }
        order
    }
}

/// Collects the items that an expression names by their aliases.
struct NamedAliases<'a> {
    aliases: &'a BTreeMap<String, usize>,
    dialect: Dialect,
    items: Vec<usize>,
}

impl Visitor for NamedAliases<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::Identifier(ident) = expression {
            self.items.extend(self.aliases.get(&fold(ident, self.dialect)));
        }
        ControlFlow::Continue(())
    }
}

fn as_expression(mut idents: Vec<Ident>) -> Expr {
    match idents.pop() {
        Some(only) if idents.is_empty() => Expr::Identifier(only),
        last => {
            idents.extend(last);
            Expr::CompoundIdentifier(idents)
        }
    }
}
