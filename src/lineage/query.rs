//! Queries: WITH, VALUES, ordering and limits around a SELECT. Set operations are in `set_operation`, recursive CTEs in
//! `recursive`, pipe syntax in `pipe`.

mod pipe;
mod recursive;
mod set_operation;

use std::sync::Arc;

use sqlparser::ast::{Cte, Distinct, Fetch, LimitClause, OrderByKind, Query, SetExpr, Statement, Values, With};

use crate::lineage::effect::Effect;
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::select::named_expression;
use crate::lineage::shape::{OutColumn, Precedence, Scope, Shape, Sources, shorten};
use crate::lineage::window::sort_words;
use crate::lineage::wording::Binding;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

impl Resolver<'_> {
    /// What a query yields. CTEs that it defines are out of scope again afterwards.
    pub fn query(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Shape {
        let (before, expressions) = (self.ctes.len(), self.expressions.len());
        let shape = self.query_keeping_ctes(query, parent);
        self.ctes.truncate(before);
        self.expressions.truncate(expressions);
        shape
    }

    fn query_keeping_ctes(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Shape {
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        if !query.pipe_operators.is_empty() {
            return self.piped(query, parent);
        }
        let mut shape = self.set_expression(&query.body, Some(query), parent);
        if !matches!(&*query.body, SetExpr::Select(_)) {
            self.order_by_output(query, &mut shape);
        }
        let is_limited = self.limit(query, &mut shape);
        if !is_limited && !shape.order.is_empty() {
            shape.rows = format!("({} order by {})", shape.rows, shape.order);
        }
        note_order(query, is_limited, &mut shape);
        let words = query_words(query);
        if !words.is_empty() {
            shape.rows = format!("({} {words})", shape.rows);
        }
        shape
    }

    /// Registers the CTEs of a WITH clause.
    pub fn with(&mut self, with: &With, parent: Option<&Scope<'_>>) {
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name, self.dialect);
            if let Some(expression) = named_expression(&cte.query) {
                self.name_expression(name, expression, parent);
                continue;
            }
            let shape = if self.is_recursive(cte, &name, with.recursive) {
                self.recursive_cte(cte, &name, parent)
            } else {
                let mut shape = self.query(&cte.query, parent);
                shape.rename(&self.alias_columns(cte));
                shape
            };
            self.ctes.push((name, Arc::new(shape)));
        }
    }

    fn alias_columns(&self, cte: &Cte) -> Vec<ColumnName> {
        cte.alias.columns.iter().map(|column| ColumnName::new(&fold(&column.name, self.dialect))).collect()
    }

    /// What a SELECT, a set operation, … yields. `outer` is the query around it, for its ORDER BY.
    fn set_expression(&mut self, body: &SetExpr, outer: Option<&Query>, parent: Option<&Scope<'_>>) -> Shape {
        match body {
            SetExpr::Select(select) => self.select(select, outer, parent),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::SetOperation { .. } => self.set_operation(body, parent, None),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::Table(table) => {
                let parts: Vec<String> =
                    table.schema_name.iter().chain(&table.table_name).map(|part| part.to_lowercase()).collect();
                let cte = self.ctes.iter().rev().find(|(cte, _)| *parts == [cte.as_str()]);
                if let Some((_, shape)) = cte {
                    return Shape::clone(shape);
                }
                let relation = self.base_relation(parts, None, 0);
                let assets = relation.assets.clone();
                let mut shape = Shape { rows: relation.rows.clone(), assets, ..Shape::default() };
                self.pass_on(&relation, &mut shape);
                shape
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => {
                self.inner_statement(statement);
                self.returned(statement)
            }
        }
    }

    /// DML inside of a query (`WITH … INSERT`, `WITH moved AS (DELETE … RETURNING …)`): an effect of its own.
    fn inner_statement(&mut self, statement: &Statement) {
        let outer_upstream = std::mem::take(&mut self.upstream);
        self.statement(statement);
        self.upstream.extend(outer_upstream);
    }

    /// What a statement's RETURNING gives to the query around it: columns of the asset that it changes.
    fn returned(&mut self, statement: &Statement) -> Shape {
        let mut shape = Shape { rows: "returned".to_owned(), ..Shape::default() };
        let returning = match statement {
            Statement::Insert(insert) => insert.returning.as_deref(),
            Statement::Update(update) => update.returning.as_deref(),
            Statement::Delete(delete) => delete.returning.as_deref(),
            _ => None,
        };
        let Some(Effect::Write { name: asset, flow }) = self.effects.last() else { return shape };
        // The rows that come back are those that the statement chose.
        shape.indirect = flow.indirect.clone().into();
        let asset = asset.clone();
        if let Some(items) = returning {
            let mut scope = Scope::default();
            self.changed_relations(statement, &asset, &mut scope);
            self.projection(items, &mut scope, &mut shape);
        }
        shape
    }

    fn values(&mut self, values: &Values, parent: Option<&Scope<'_>>) -> Shape {
        let scope = Scope::within(parent);
        let mut columns: Vec<(Sources, String)> = Vec::new();
        for row in &values.rows {
            for (index, expression) in row.content.iter().enumerate() {
                let value = self.value(expression, &scope, Transformation::Identity);
                if let Some((sources, text)) = columns.get_mut(index) {
                    sources.extend(value.sources);
                    text.push_str(" ; ");
                    text.push_str(&value.text);
                } else {
                    columns.push((value.sources, value.text));
                }
            }
        }
        let is_one = values.rows.len() == 1;
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(index, (sources, text))| OutColumn {
                name: ColumnName::new(&values_column(index, self.dialect)),
                sources: Arc::new(sources),
                text: shorten(if is_one { text } else { format!("values({text})") }).into(),
                binding: if is_one { Binding::Or } else { Binding::Atom },
                data_type: None,
            })
            .collect();
        Shape { columns, rows: format!("values {}", values.rows.len()), ..Shape::default() }
    }

    /// ORDER BY of a set operation sees only its output.
    fn order_by_output(&mut self, query: &Query, shape: &mut Shape) {
        let Some(order_by) = &query.order_by else { return };
        let keys = match &order_by.kind {
            OrderByKind::Expressions(keys) => keys,
            OrderByKind::All(options) => {
                shape.order = format!("all{options}");
                return;
            }
        };
        let aliases = shape.columns.clone();
        let scope = Scope { aliases, precedence: Precedence::Outputs, ..Scope::default() };
        let mut texts = Vec::new();
        for key in keys {
            let value = self.output_or_expression(&key.expr, &scope, Transformation::Sort, shape);
            shape.indirect.extend(value.sources);
            texts.push(value.text + &sort_words(key));
        }
        shape.order = shorten(texts.join(", "));
    }

    /// LIMIT, OFFSET, FETCH: which rows they take depends on the order. Whether there is one.
    fn limit(&mut self, query: &Query, shape: &mut Shape) -> bool {
        let mut parts = Vec::new();
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                parts.extend(limit.iter().map(|limit| format!("limit {limit}")));
                parts.extend(offset.iter().map(|offset| format!("offset {}", offset.value)));
                parts.extend(limit_by.iter().map(|key| format!("by {key}")));
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                parts.extend([format!("limit {limit}"), format!("offset {offset}")]);
            }
            None => {}
        }
        match &query.fetch {
            Some(Fetch { with_ties: false, percent: false, quantity }) => {
                parts.insert(0, format!("limit {}", quantity.as_ref().map_or("1".to_owned(), ToString::to_string)));
            }
            Some(fetch) => parts.insert(0, fetch.to_string()),
            None => {}
        }
        // `LIMIT ALL` and `LIMIT NULL` limit nothing.
        parts.retain(|part| !matches!(part.to_lowercase().as_str(), "limit all" | "limit null" | "offset 0"));
        if parts.is_empty() {
            return false;
        }
        let mut text = parts.join(" ").to_lowercase();
        if !shape.order.is_empty() {
            text.push_str(&format!(" order by {}", shape.order));
        }
        shape.rows = format!("({} {text})", shape.rows);
        shape.row_set.limit.insert(text);
        true
    }
}

/// Notes the order of a query's result: apart where it only sorts. Where it decides which rows are taken, the text of the
/// clause that takes them has it.
fn note_order(query: &Query, is_limited: bool, shape: &mut Shape) {
    let takes_first = match &*query.body {
        SetExpr::Select(select) => select.top.is_some() || matches!(select.distinct, Some(Distinct::On(_))),
        _ => false,
    };
    if shape.order.is_empty() || is_limited || takes_first {
        return;
    }
    let is_numbered = shape.columns.iter().any(|column| numbers_rows(&column.text));
    let order = shape.order.clone();
    if is_numbered {
        shape.row_set.order.insert(order)
    } else {
        shape.row_set.result_order.insert(order)
    };
}

/// Whether an expression may count rows in the order in which they come out.
fn numbers_rows(expression: &str) -> bool {
    ["over ()", ":=", "nextval("].iter().any(|sign| expression.contains(sign))
}

/// What a query says of its result apart from its clauses.
fn query_words(query: &Query) -> String {
    let Query {
        with: _,
        body: _,
        order_by,
        limit_clause: _,
        fetch: _,
        locks: _,
        for_clause,
        settings,
        format_clause: _,
        pipe_operators: _,
    } = query;
    let interpolate =
        order_by.iter().filter_map(|order_by| order_by.interpolate.as_ref()).map(|_| "interpolate".into());
    let settings = settings.iter().flatten().map(ToString::to_string);
    interpolate.chain(for_clause.iter().map(ToString::to_string)).chain(settings).collect::<Vec<String>>().join(" ")
}

/// How the engine calls a column of VALUES that has no name.
fn values_column(index: usize, dialect: Dialect) -> String {
    match dialect {
        Dialect::DuckDb => format!("col{index}"),
        Dialect::Spark | Dialect::Databricks | Dialect::Hive => format!("col{}", index + 1),
        Dialect::MySql => format!("column_{index}"),
        Dialect::Trino => format!("_col{index}"),
        _ => format!("column{}", index + 1),
    }
}
