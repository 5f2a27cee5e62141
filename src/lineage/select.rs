//! SELECT: from FROM to the columns that come out.

mod rows;

use std::collections::BTreeSet;

use sqlparser::ast::{
    BinaryOperator, ConnectByKind, Distinct, ExcludeSelectItem, Expr, GroupByExpr, Ident, OrderByKind, Query,
    RenameSelectItem, Select, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::operator::bare;
use crate::lineage::resolver::Resolver;
use crate::lineage::select::rows::{
    aggregates, close, keys_of_all, multiplying, passes_rows_on, select_words, star_words,
};
use crate::lineage::shape::{OutColumn, Scope, Shape, Value, shorten};
use crate::lineage::window::sort_words;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    pub(super) fn select(&mut self, select: &Select, outer: Option<&Query>, parent: Option<&Scope<'_>>) -> Shape {
        let mut shape = Shape::default();
        let mut scope = Scope::within(parent);
        scope.aliases_first = has_lateral_aliases(self.dialect);
        scope.windows.clone_from(&select.named_window);
        self.from(&select.from, &mut scope, &mut shape);
        let mut rows = vec![shape.rows.clone()];
        rows.extend(self.lateral_views(&select.lateral_views, &mut scope));
        for (word, condition) in [("prewhere", &select.prewhere), ("where", &select.selection)] {
            if let Some(condition) = condition {
                self.filter((word, condition), &scope, (&mut shape, &mut rows));
            }
        }
        self.projection(&select.projection, &mut scope, &mut shape);
        if select.projection.is_empty() && !select.from.is_empty() {
            // FROM-first without SELECT.
            self.star(None, &WildcardAdditionalOptions::default(), &mut scope, &mut shape);
        }
        self.connect_by(select, &scope, (&mut shape, &mut rows));
        // From here on, names of output columns are visible, after those of the relations.
        scope.aliases = shape.columns.clone();
        self.group_by(select, &scope, (&mut shape, &mut rows));
        for (word, condition) in [("having", &select.having), ("qualify", &select.qualify)] {
            if let Some(condition) = condition {
                self.filter((word, condition), &scope, (&mut shape, &mut rows));
            }
        }
        self.sort(select, outer, &scope, &mut shape);
        self.distinct(select, &scope, (&mut shape, &mut rows));
        self.top(select, (&mut shape, &mut rows));
        rows.extend(select_words(select));
        rows.extend(multiplying(select, &shape));
        let text = rows.join(" ");
        shape.rows = if rows.len() == 1 && passes_rows_on(select) { text } else { format!("({})", shorten(text)) };
        close(&mut shape);
        shape
    }

    /// A condition, term by term.
    fn filter(&mut self, (word, condition): (&str, &Expr), scope: &Scope<'_>, out: (&mut Shape, &mut Vec<String>)) {
        let (shape, rows) = out;
        let mut value = Value::default();
        let terms = self.terms((condition, &BinaryOperator::And), scope, Transformation::Filter, &mut value);
        shape.indirect.extend(value.sources);
        let terms: Vec<String> = terms.into_iter().map(shorten).collect();
        rows.push(format!("{word} {}", terms.join(" and ")));
        shape.row_set.filters.extend(terms.into_iter().map(|term| format!("{word} {term}")));
    }

    fn top(&mut self, select: &Select, (shape, rows): (&mut Shape, &mut Vec<String>)) {
        if let Some(top) = &select.top {
            let mut text = top.to_string().to_lowercase();
            if !shape.order.is_empty() {
                text.push_str(&format!(" order by {}", shape.order));
            }
            rows.push(text.clone());
            shape.row_set.limit.insert(text);
        }
    }

    fn connect_by(&mut self, select: &Select, scope: &Scope<'_>, out: (&mut Shape, &mut Vec<String>)) {
        let (shape, rows) = out;
        for clause in &select.connect_by {
            let (word, conditions): (&str, Vec<&Expr>) = match clause {
                ConnectByKind::ConnectBy { nocycle: false, relationships, .. } => {
                    ("connect by", relationships.iter().collect())
                }
                ConnectByKind::ConnectBy { relationships, .. } => {
                    ("connect by nocycle", relationships.iter().collect())
                }
                ConnectByKind::StartWith { condition, .. } => ("start with", vec![condition]),
            };
            for condition in conditions {
                self.filter((word, condition), scope, (shape, rows));
            }
        }
    }

    fn group_by(&mut self, select: &Select, scope: &Scope<'_>, out: (&mut Shape, &mut Vec<String>)) {
        let (shape, rows) = out;
        let mut texts = Vec::new();
        let modifiers = match &select.group_by {
            GroupByExpr::All(modifiers) => {
                texts.extend(keys_of_all(select, shape));
                modifiers
            }
            GroupByExpr::Expressions(expressions, modifiers) => {
                for expression in expressions {
                    let value = self.output_or_expression(expression, scope, Transformation::GroupBy, shape);
                    shape.indirect.extend(value.sources);
                    texts.push(value.text);
                }
                modifiers
            }
        };
        if texts.is_empty() && modifiers.is_empty() && aggregates(select) {
            // Without keys all rows fall together.
            texts.push("()".to_owned());
        }
        // Keys have an order where subtotals are made of the first ones.
        if modifiers.is_empty() {
            texts.sort();
            texts.dedup();
        }
        texts.extend(modifiers.iter().map(|modifier| modifier.to_string().to_lowercase()));
        if !texts.is_empty() {
            rows.push(format!("group by {}", texts.join(", ")));
            shape.row_set.grouping.extend(texts);
        }
    }

    /// `GROUP BY 2`, `ORDER BY 1`: an output column by its position; else the expression.
    pub(super) fn output_or_expression(
        &mut self,
        expression: &Expr,
        scope: &Scope<'_>,
        how: Transformation,
        shape: &Shape,
    ) -> Value {
        let position = match expression {
            Expr::Value(value) => value.to_string().parse::<usize>().ok(),
            _ => None,
        };
        match position.and_then(|position| shape.columns.get(position.checked_sub(1)?)) {
            Some(column) => output(column, how),
            None => self.value(expression, scope, how),
        }
    }

    fn distinct(&mut self, select: &Select, scope: &Scope<'_>, out: (&mut Shape, &mut Vec<String>)) {
        let (shape, rows) = out;
        let text = match &select.distinct {
            None | Some(Distinct::All) => return,
            // Which rows are the same depends on all columns.
            Some(Distinct::Distinct) => format!("distinct {}", shape.values()),
            Some(Distinct::On(keys)) => {
                let mut texts = Vec::new();
                for key in keys {
                    let value = self.output_or_expression(key, scope, Transformation::GroupBy, shape);
                    shape.indirect.extend(value.sources);
                    texts.push(value.text);
                }
                texts.sort();
                let order = if shape.order.is_empty() { "" } else { " order by " };
                format!("distinct on ({}){order}{}", texts.join(", "), shape.order)
            }
        };
        let text = shorten(text);
        rows.push(text.clone());
        shape.row_set.distinct.insert(text);
    }

    /// ORDER BY knows the names of output columns before those of the relations.
    fn sort_key(&mut self, key: &Expr, scope: &Scope<'_>, shape: &Shape) -> Value {
        let how = Transformation::Sort;
        let column = match bare(key) {
            Expr::Identifier(ident) => {
                let name = ColumnName::new(&fold(ident, self.dialect));
                shape.columns.iter().find(|column| column.name == name)
            }
            _ => None,
        };
        column.map_or_else(|| self.output_or_expression(key, scope, how, shape), |column| output(column, how))
    }

    fn sort(&mut self, select: &Select, outer: Option<&Query>, scope: &Scope<'_>, shape: &mut Shape) {
        let mut texts = Vec::new();
        let keys = match outer.and_then(|query| query.order_by.as_ref()).map(|order_by| &order_by.kind) {
            Some(OrderByKind::Expressions(keys)) => keys.as_slice(),
            Some(OrderByKind::All(options)) => {
                texts.push(format!("all{options}"));
                &[]
            }
            None => &[],
        };
        for key in keys.iter().chain(&select.sort_by) {
            let value = self.sort_key(&key.expr, scope, shape);
            shape.indirect.extend(value.sources);
            texts.push(value.text + &sort_words(key));
        }
        shape.order = shorten(texts.join(", "));
    }

    /// The columns of a SELECT list, or of a RETURNING.
    pub(super) fn projection(&mut self, items: &[SelectItem], scope: &mut Scope<'_>, shape: &mut Shape) {
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = self.implied_name(expression, shape.columns.len());
                    self.output(name, expression, scope, shape);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let name = ColumnName::new(&fold(alias, self.dialect));
                    self.output(name, expr, scope, shape);
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    for alias in aliases {
                        let name = ColumnName::new(&fold(alias, self.dialect));
                        self.output(name, expr, scope, shape);
                    }
                }
                SelectItem::Wildcard(options) => self.star(None, options, scope, shape),
                SelectItem::QualifiedWildcard(kind, options) => match kind {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        let qualifier = fold_name(name, self.dialect);
                        self.star(Some(&qualifier), options, scope, shape);
                    }
                    // `(struct).*`: fields that are not known by name.
                    SelectItemQualifiedWildcardKind::Expr(expression) => {
                        self.stars_unresolved += 1;
                        let name = ColumnName::new("*");
                        self.output(name, expression, scope, shape);
                    }
                },
            }
        }
    }

    fn output(&mut self, name: ColumnName, expression: &Expr, scope: &mut Scope<'_>, shape: &mut Shape) {
        let mut value = Value::default();
        self.expression(expression, scope, Transformation::Identity, &mut value);
        let column = OutColumn::new(name, value);
        scope.aliases.push(column.clone());
        shape.columns.push(column);
    }

    /// The name of a column without an alias.
    fn implied_name(&self, expression: &Expr, position: usize) -> ColumnName {
        match expression {
            Expr::Identifier(ident) => ColumnName::new(&fold(ident, self.dialect)),
            Expr::CompoundIdentifier(idents) => last_name(idents, self.dialect),
            Expr::Nested(inner) => self.implied_name(inner, position),
            Expr::Cast { expr, .. }
                if matches!(self.dialect, Dialect::Postgres | Dialect::Redshift | Dialect::Snowflake) =>
            {
                self.implied_name(expr, position)
            }
            Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
                Some(sqlparser::ast::AccessExpr::Dot(Expr::Identifier(ident))) => {
                    ColumnName::new(&fold(ident, self.dialect))
                }
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

    fn star(
        &mut self,
        qualifier: Option<&[String]>,
        options: &WildcardAdditionalOptions,
        scope: &mut Scope<'_>,
        shape: &mut Shape,
    ) {
        let token = qualifier.and_then(|name| self.file.tokens.get(name.first()?)).map(|token| &token.asset);
        let chosen: Vec<usize> = scope
            .relations
            .iter()
            .enumerate()
            .filter(|(_, relation)| match token {
                Some(asset) => relation.asset.as_ref() == Some(asset),
                None => qualifier.is_none_or(|name| relation.answers_to(name)),
            })
            .map(|(index, _)| index)
            .collect();
        let chosen = match (chosen.is_empty(), qualifier) {
            (true, Some(name)) => {
                let hidden = |relation: &crate::lineage::shape::Relation| relation.answers_to_hidden_name(name);
                scope.relations.iter().position(hidden).into_iter().collect()
            }
            _ => chosen,
        };
        let mut columns = Vec::new();
        let first_star = shape.stars.len();
        let mut unresolved = chosen.is_empty() && qualifier.is_some();
        for relation in chosen.iter().filter_map(|index| scope.relations.get(*index)) {
            unresolved |= !relation.open.is_empty() || relation.anything.is_some() && relation.columns.is_empty();
            let qualified = qualifier.is_some();
            let mut view = relation.clone();
            if qualified {
                view.merged = BTreeSet::new();
            }
            columns.extend(self.star_columns(&view, shape));
        }
        if unresolved {
            self.stars_unresolved += 1;
        }
        let words = star_words(options);
        shape.stars.iter_mut().skip(first_star).filter(|_| !words.is_empty()).for_each(|star| star.push_str(&words));
        self.star_options(options, scope, &mut columns);
        scope.aliases.extend(columns.iter().cloned());
        shape.columns.extend(columns);
    }

    /// EXCEPT, EXCLUDE, REPLACE, RENAME, ILIKE behind a star.
    fn star_options(&mut self, options: &WildcardAdditionalOptions, scope: &Scope<'_>, columns: &mut Vec<OutColumn>) {
        let mut left_out: BTreeSet<ColumnName> = BTreeSet::new();
        if let Some(except) = &options.opt_except {
            let names = std::iter::once(&except.first_element).chain(&except.additional_elements);
            left_out.extend(names.map(|ident| ColumnName::new(&fold(ident, self.dialect))));
        }
        let excluded = match &options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
            Some(ExcludeSelectItem::Multiple(names)) => names.as_slice(),
            None => &[],
        };
        for name in excluded {
            left_out.extend(fold_name(name, self.dialect).last().map(|last| ColumnName::new(last)));
        }
        columns.retain(|column| !left_out.contains(&column.name));
        if let Some(pattern) = &options.opt_ilike {
            let pattern = pattern.pattern.to_lowercase();
            columns.retain(|column| like(&column.name.as_str().to_lowercase(), &pattern));
        }
        if let Some(replace) = &options.opt_replace {
            for item in &replace.items {
                let name = ColumnName::new(&fold(&item.column_name, self.dialect));
                let value = self.value(&item.expr, scope, Transformation::Identity);
                let replaced = OutColumn::new(name.clone(), value);
                match columns.iter_mut().find(|column| column.name == name) {
                    Some(column) => *column = replaced,
                    None => columns.push(replaced),
                }
            }
        }
        let renamed = match &options.opt_rename {
            Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
            Some(RenameSelectItem::Multiple(items)) => items.as_slice(),
            None => &[],
        };
        for item in renamed {
            let old = ColumnName::new(&fold(&item.ident, self.dialect));
            if let Some(column) = columns.iter_mut().find(|column| column.name == old) {
                column.name = ColumnName::new(&fold(&item.alias, self.dialect));
            }
        }
    }
}

/// A column as something that steers.
fn output(column: &OutColumn, how: Transformation) -> Value {
    Value {
        sources: column.sources.iter().map(|(source, _)| (source.clone(), how)).collect(),
        text: column.text.to_string(),
        binding: column.binding,
        data_type: None,
    }
}

fn last_name(idents: &[Ident], dialect: Dialect) -> ColumnName {
    ColumnName::new(&idents.last().map(|ident| fold(ident, dialect)).unwrap_or_default())
}

/// Dialects in which a column of the SELECT list may name another one of the same list.
fn has_lateral_aliases(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::Snowflake
            | Dialect::Redshift
            | Dialect::Databricks
            | Dialect::Spark
            | Dialect::DuckDb
            | Dialect::ClickHouse
            | Dialect::Teradata
    )
}

/// SQL's LIKE with `%` and `_` on lower-case texts.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // reachable[i]: the pattern so far matches the first i characters.
    let mut reachable = vec![false; text.len() + 1];
    if let Some(first) = reachable.first_mut() {
        *first = true;
    }
    for symbol in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (index, slot) in next.iter_mut().enumerate() {
            any |= reachable.get(index).copied().unwrap_or(false);
            let previous = index.checked_sub(1);
            *slot = match symbol {
                '%' => any,
                symbol => previous.is_some_and(|previous| {
                    reachable.get(previous).copied().unwrap_or(false)
                        && (symbol == '_' || text.get(previous) == Some(&symbol))
                }),
            };
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_knows_percent_and_underscore() {
        assert!(like("order_id", "%id"));
        assert!(like("id", "__"));
        assert!(!like("order_id", "id%"));
    }
}
