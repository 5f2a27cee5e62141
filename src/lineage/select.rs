//! SELECT: from FROM to the columns that come out. The list is in `item`, stars in `star`, `COLUMNS(…)` in `columns`.

mod columns;
mod item;
mod named;
mod pattern;
mod rows;
mod star;

use sqlparser::ast::{
    BinaryOperator, ConnectByKind, Distinct, Expr, GroupByExpr, LimitClause, OrderByKind, Query, Select,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::operator::bare;
use crate::lineage::resolver::Resolver;
use crate::lineage::select::rows::{aggregates, close, keys_of_all, multiplying, passes_rows_on, select_words};
use crate::lineage::shape::{OutColumn, Precedence, Scope, Shape, Value, shorten};
use crate::lineage::window::sort_words;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

pub(super) use columns::is_columns;
pub(super) use named::{Named, named_expression};

impl Resolver<'_> {
    pub(super) fn select(&mut self, select: &Select, outer: Option<&Query>, parent: Option<&Scope<'_>>) -> Shape {
        let around = std::mem::replace(&mut self.in_hierarchy, !select.connect_by.is_empty());
        let shape = self.select_here(select, outer, parent);
        self.in_hierarchy = around;
        shape
    }

    fn select_here(&mut self, select: &Select, outer: Option<&Query>, parent: Option<&Scope<'_>>) -> Shape {
        let mut shape = Shape::default();
        let mut scope = Scope::within(parent);
        scope.windows.clone_from(&select.named_window);
        self.from(&select.from, &mut scope, &mut shape);
        self.named_expressions(select, outer, &mut scope);
        let named = scope.aliases.len();
        let mut rows = vec![shape.rows.clone()];
        rows.extend(self.lateral_views(&select.lateral_views, &mut scope));
        // Where WHERE may name columns of the list, the list comes first.
        let list_first = has_outputs_in_where(self.dialect);
        if list_first {
            self.select_list(select, &mut scope, &mut shape);
        }
        scope.precedence = in_where(self.dialect);
        for (word, condition) in [("prewhere", &select.prewhere), ("where", &select.selection)] {
            if let Some(condition) = condition {
                self.filter((word, condition), &scope, (&mut shape, &mut rows));
            }
        }
        if !list_first {
            self.select_list(select, &mut scope, &mut shape);
        }
        self.connect_by(select, &scope, (&mut shape, &mut rows));
        // From here on, names of output columns are visible, after those of the relations.
        scope.aliases.truncate(named);
        scope.aliases.extend(shape.columns.iter().cloned());
        scope.precedence = in_later_clauses(self.dialect);
        self.group_by(select, &scope, (&mut shape, &mut rows));
        for (word, condition) in [("having", &select.having), ("qualify", &select.qualify)] {
            if let Some(condition) = condition {
                self.filter((word, condition), &scope, (&mut shape, &mut rows));
            }
        }
        self.sort(select, outer, &scope, &mut shape);
        self.limit_by(outer, &scope, &mut shape);
        self.distinct(select, &scope, (&mut shape, &mut rows));
        self.top(select, (&mut shape, &mut rows));
        rows.extend(select_words(select));
        rows.extend(multiplying(select, &shape));
        let text = rows.join(" ");
        shape.rows = if rows.len() == 1 && passes_rows_on(select) { text } else { format!("({})", shorten(text)) };
        close(&mut shape);
        shape
    }

    /// The SELECT list; without one (`FROM t`), everything.
    fn select_list(&mut self, select: &Select, scope: &mut Scope<'_>, shape: &mut Shape) {
        scope.precedence = in_select_list(self.dialect);
        if select.projection.is_empty() && !select.from.is_empty() {
            let everything = self.star(None, scope);
            shape.append(everything);
        } else {
            self.projection(&select.projection, scope, shape);
        }
        if let Some(exclude) = &select.exclude {
            self.exclude(exclude, &mut shape.columns);
        }
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
                let keys = shape.columns.iter().filter(|column| !is_aggregated(column));
                let keys = keys.flat_map(|column| column.sources.iter());
                let keys: Vec<_> = keys.map(|(source, _)| (source.clone(), Transformation::GroupBy)).collect();
                shape.indirect.extend(keys);
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
            Some(column) => output_value(column, how),
            None => self.value(expression, scope, how),
        }
    }

    /// In ORDER BY, the bare name of an output column means that column, whatever columns there are besides.
    pub(super) fn sort_key(&mut self, key: &Expr, scope: &Scope<'_>, (how, shape): (Transformation, &Shape)) -> Value {
        if let Expr::Identifier(ident) = bare(key) {
            let name = ColumnName::new(&fold(ident, self.dialect));
            if let Some(column) = shape.columns.iter().find(|column| column.name == name) {
                return output_value(column, how);
            }
        }
        self.output_or_expression(key, scope, how, shape)
    }

    fn distinct(&mut self, select: &Select, scope: &Scope<'_>, out: (&mut Shape, &mut Vec<String>)) {
        let (shape, rows) = out;
        let text = match &select.distinct {
            None | Some(Distinct::All) => return,
            // Which rows are the same depends on all columns, in whichever order.
            Some(Distinct::Distinct) => format!("distinct {}", shape.value_set()),
            Some(Distinct::On(keys)) => {
                let mut texts = Vec::new();
                for key in keys {
                    let value = self.sort_key(key, scope, (Transformation::GroupBy, shape));
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

    /// ClickHouse's `LIMIT 1 BY a`: so many rows for each value.
    fn limit_by(&mut self, outer: Option<&Query>, scope: &Scope<'_>, shape: &mut Shape) {
        let Some(LimitClause::LimitOffset { limit_by, .. }) = outer.and_then(|query| query.limit_clause.as_ref())
        else {
            return;
        };
        for key in limit_by {
            let value = self.sort_key(key, scope, (Transformation::GroupBy, shape));
            shape.indirect.extend(value.sources);
        }
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
            let value = self.sort_key(&key.expr, scope, (Transformation::Sort, shape));
            shape.indirect.extend(value.sources);
            texts.push(value.text + &sort_words(key));
        }
        for key in &select.cluster_by {
            let value = self.sort_key(key, scope, (Transformation::Sort, shape));
            shape.indirect.extend(value.sources);
        }
        // Where rows are computed says nothing of which they are; the names are read all the same.
        for key in &select.distribute_by {
            self.sort_key(key, scope, (Transformation::Sort, shape));
        }
        shape.order = shorten(texts.join(", "));
    }
}

fn output_value(column: &OutColumn, how: Transformation) -> Value {
    Value {
        sources: column.sources.iter().map(|(source, _)| (source.clone(), how)).collect(),
        text: column.text.to_string(),
        binding: column.binding,
        ..Value::default()
    }
}

fn is_aggregated(column: &OutColumn) -> bool {
    column.sources.iter().any(|(_, how)| *how == Transformation::Aggregation)
}

/// Whether a column of the SELECT list may name another one of the same list, and what wins.
fn in_select_list(dialect: Dialect) -> Precedence {
    match dialect {
        Dialect::ClickHouse => Precedence::Outputs,
        Dialect::Snowflake
        | Dialect::Redshift
        | Dialect::Databricks
        | Dialect::Spark
        | Dialect::DuckDb
        | Dialect::Teradata => Precedence::Known,
        _ => Precedence::Relations,
    }
}

fn has_outputs_in_where(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Snowflake | Dialect::DuckDb | Dialect::ClickHouse | Dialect::Teradata | Dialect::Sqlite)
}

fn in_where(dialect: Dialect) -> Precedence {
    match dialect {
        Dialect::ClickHouse => Precedence::Outputs,
        _ if has_outputs_in_where(dialect) => Precedence::Known,
        _ => Precedence::Relations,
    }
}

/// What a bare name in GROUP BY, HAVING, QUALIFY and ORDER BY means that is also the name of an output column.
fn in_later_clauses(dialect: Dialect) -> Precedence {
    match dialect {
        Dialect::ClickHouse => Precedence::Outputs,
        // Names of output columns stand in ORDER BY only, where they win anyway.
        Dialect::Tsql | Dialect::Oracle | Dialect::Trino => Precedence::Relations,
        _ => Precedence::Known,
    }
}
