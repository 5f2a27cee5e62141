//! What a SELECT does to rows apart from its clauses: aggregates without GROUP BY, functions that multiply rows, and
//! whether its rows are those of the relation that it reads.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Query, Select, SelectItem, TableFactor, TableWithJoins, Visit, Visitor, WildcardAdditionalOptions,
};

use crate::lineage::functions;
use crate::lineage::shape::Shape;
use crate::lineage::wording::{Binding, closed, is_closed, is_marked};

/// What a SELECT says of its rows and columns apart from its clauses.
pub(super) fn select_words(select: &Select) -> Vec<String> {
    let Select {
        select_token: _,
        optimizer_hints: _,
        distinct: _,
        select_modifiers: _,
        top: _,
        top_before_distinct: _,
        projection: _,
        exclude,
        into: _,
        from: _,
        lateral_views: _,
        prewhere: _,
        selection: _,
        connect_by: _,
        group_by: _,
        cluster_by: _,
        distribute_by: _,
        sort_by: _,
        having: _,
        named_window: _,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor: _,
    } = select;
    let exclude = exclude.iter().map(|exclude| exclude.to_string().to_lowercase());
    exclude.chain(value_table_mode.iter().map(|mode| mode.to_string().to_lowercase())).collect()
}

/// Functions of the SELECT list that make several rows of one.
pub(super) fn multiplying(select: &Select, shape: &Shape) -> Option<String> {
    let makes_rows = |item: &SelectItem| value_of(item).is_some_and(|value| calls(value, functions::returns_rows));
    let items: Vec<bool> = select.projection.iter().map(makes_rows).collect();
    if !items.contains(&true) {
        return None;
    }
    let columns = shape.columns.iter().zip(&items).filter(|(_, makes_rows)| **makes_rows);
    let texts: Vec<&str> = columns.map(|(column, _)| &*column.text).collect();
    let is_known = items.len() == shape.columns.len();
    Some(format!("for each {}", if is_known { texts.join(", ") } else { shape.values() }))
}

/// The expression of an item that is one column.
fn value_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } => Some(expression),
        _ => None,
    }
}

/// What is written behind a star, where the names have no order.
pub(super) fn star_words(options: &WildcardAdditionalOptions) -> String {
    let text = options.to_string().to_lowercase();
    match text.split_once('(') {
        Some((word, names)) if options.opt_replace.is_none() && options.opt_rename.is_none() => {
            let mut names: Vec<&str> = names.trim_end_matches(')').split(',').map(str::trim).collect();
            names.sort_unstable();
            format!(" {} ({})", word.trim(), names.join(", "))
        }
        _ if text.trim().is_empty() => String::new(),
        _ => format!(" {}", text.trim()),
    }
}

/// Whether each row of a SELECT is a row of its only relation: then its columns mean the same behind a further SELECT.
pub(super) fn passes_rows_on(select: &Select) -> bool {
    let is_one = matches!(
        select.from.as_slice(),
        [TableWithJoins { relation: TableFactor::Table { .. } | TableFactor::Derived { .. }, joins }] if joins.is_empty()
    );
    let is_row_wise = |item: &SelectItem| match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
            let replaced = options.opt_replace.iter().flat_map(|replace| &replace.items);
            replaced.into_iter().all(|item| is_row_wise(&item.expr))
        }
        other => value_of(other).is_some_and(is_row_wise),
    };
    is_one && select.sort_by.is_empty() && select.projection.iter().all(is_row_wise)
}

/// Whether an expression is computed row by row, as far as is known.
fn is_row_wise(expression: &Expr) -> bool {
    let mut strangers = Strangers;
    expression.visit(&mut strangers).is_continue()
}

/// Stops at windows and at functions that are not known to give one value for each row.
struct Strangers;

impl Visitor for Strangers {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) => {
                let is_known =
                    function.over.is_none() && functions::is_scalar(&function.name.to_string().to_lowercase());
                if is_known { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The keys that `GROUP BY ALL` stands for: the columns without an aggregate; all columns where a star hides which.
pub(super) fn keys_of_all(select: &Select, shape: &Shape) -> Vec<String> {
    let is_key = |item: &SelectItem| value_of(item).map(|value| !has_aggregate(value));
    let keys: Option<Vec<bool>> = select.projection.iter().map(is_key).collect();
    match keys.filter(|keys| keys.len() == shape.columns.len()) {
        Some(keys) => {
            let columns = shape.columns.iter().zip(keys).filter(|(_, is_key)| *is_key);
            columns.map(|(column, _)| column.text.to_string()).collect()
        }
        None => vec![format!("all of {}", shape.values())],
    }
}

/// Whether the SELECT list or HAVING aggregates.
pub(super) fn aggregates(select: &Select) -> bool {
    select.projection.iter().filter_map(value_of).chain(&select.having).any(has_aggregate)
}

fn has_aggregate(expression: &Expr) -> bool {
    calls(expression, |name| functions::role(name).is_aggregate())
}

/// Whether such a function is called in the expression, outside of windows and subqueries.
fn calls(expression: &Expr, wanted: fn(&str) -> bool) -> bool {
    expression.visit(&mut Calls { wanted, queries: 0 }).is_break()
}

struct Calls {
    wanted: fn(&str) -> bool,
    queries: usize,
}

impl Visitor for Calls {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries = self.queries.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(function) if self.queries == 0 && function.over.is_none() => {
                let is_wanted = (self.wanted)(&function.name.to_string().to_lowercase());
                if is_wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Marks mean something only within their query: what goes out is closed.
pub(super) fn close(shape: &mut Shape) {
    for column in &mut shape.columns {
        if is_marked(&column.text) && !is_closed(&column.text) {
            column.text = closed(&column.text).into();
            column.binding = Binding::Atom;
        }
    }
    for star in &mut shape.stars {
        if is_marked(star) && !is_closed(star) {
            *star = closed(star);
        }
    }
}
