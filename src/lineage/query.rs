//! Queries: WITH, set operations, VALUES, ordering and limits around a SELECT.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    Cte, Fetch, LimitClause, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Statement, Values, With,
    visit_relations,
};

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, merge_row_sets, shorten};
use crate::lineage::window::sort_words;
use crate::lineage::wording::Binding;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// What a query yields. CTEs that it defines are out of scope again afterwards.
    pub fn query(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Shape {
        let before = self.ctes.len();
        let shape = self.query_keeping_ctes(query, parent);
        self.ctes.truncate(before);
        shape
    }

    fn query_keeping_ctes(&mut self, query: &Query, parent: Option<&Scope<'_>>) -> Shape {
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let mut shape = self.set_expression(&query.body, Some(query), parent);
        if !matches!(&*query.body, SetExpr::Select(_)) {
            self.order_by_output(query, &mut shape);
        }
        let is_limited = self.limit(query, &mut shape);
        if !is_limited && !shape.order.is_empty() {
            shape.rows = format!("({} order by {})", shape.rows, shape.order);
        }
        shape.row_set.order.extend(Some(shape.order.clone()).filter(|order| !order.is_empty()));
        let words = query_words(query);
        if !words.is_empty() {
            shape.rows = format!("({} {words})", shape.rows);
        }
        if !query.pipe_operators.is_empty() {
            return self.piped(query, shape);
        }
        shape
    }

    /// Pipe syntax (`|> …`) is followed to tables, not yet to columns: what comes out is unknown, and said so.
    fn piped(&mut self, query: &Query, source: Shape) -> Shape {
        let mut texts = vec![source.rows.clone()];
        for operator in &query.pipe_operators {
            texts.push(operator.to_string());
            let _ = visit_relations(operator, |relation| {
                let parts = fold_name(relation, self.dialect);
                let is_cte = matches!(parts.as_slice(), [single] if self.ctes.iter().any(|(cte, _)| cte == single));
                if !is_cte {
                    let asset = self.asset_named(&parts, 0);
                    self.upstream.insert(asset);
                }
                ControlFlow::<()>::Continue(())
            });
        }
        let message = "pipe syntax is followed to tables, not to columns";
        self.diagnostics.push(
            Diagnostic::new(DiagnosticCode::TableLevelOnly, DiagnosticSeverity::Error, &self.file.path, message)
                .at(self.file.line_map.original(self.line_offset.saturating_add(1)), 0),
        );
        let unknown =
            source.columns.iter().flat_map(|column| column.sources.iter()).map(|(column, _)| column.asset.clone());
        let open: BTreeSet<AssetName> = unknown.chain(source.open.iter().cloned()).collect();
        let rows = format!("({})", shorten(texts.join(" |> ")));
        Shape { columns: Vec::new(), open: open.into_iter().collect(), rows, ..source }
    }

    /// Registers the CTEs of a WITH clause.
    pub fn with(&mut self, with: &With, parent: Option<&Scope<'_>>) {
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name, self.dialect);
            if with.recursive {
                let anchor = self.recursive_anchor(cte, parent);
                self.ctes.push((name.clone(), Arc::new(anchor)));
            }
            let mut shape = self.query(&cte.query, parent);
            shape.rename(&self.alias_columns(cte));
            if with.recursive {
                self.ctes.pop();
            }
            self.ctes.push((name, Arc::new(shape)));
        }
    }

    fn alias_columns(&self, cte: &Cte) -> Vec<ColumnName> {
        cte.alias.columns.iter().map(|column| ColumnName::new(&fold(&column.name, self.dialect))).collect()
    }

    /// The first branch of a recursive CTE: what the name means inside of its own definition.
    fn recursive_anchor(&mut self, cte: &Cte, parent: Option<&Scope<'_>>) -> Shape {
        let mut anchor = &*cte.query.body;
        while let SetExpr::SetOperation { left, .. } = anchor {
            anchor = left;
        }
        let (reads, stars) = (self.reads.len(), self.stars_unresolved);
        let before = self.ctes.len();
        if let Some(inner) = &cte.query.with {
            self.with(inner, parent);
        }
        let mut shape = self.set_expression(anchor, None, parent);
        self.ctes.truncate(before);
        // The branch is resolved once more with the whole: its places count once.
        self.reads.truncate(reads);
        self.stars_unresolved = stars;
        shape.rename(&self.alias_columns(cte));
        shape.rows = "itself".to_owned();
        shape
    }

    /// What a SELECT, a set operation, … yields. `outer` is the query around it, for its ORDER BY.
    fn set_expression(&mut self, body: &SetExpr, outer: Option<&Query>, parent: Option<&Scope<'_>>) -> Shape {
        match body {
            SetExpr::Select(select) => self.select(select, outer, parent),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::SetOperation { .. } => self.set_operation(body, parent),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::Table(table) => {
                let parts: Vec<String> =
                    table.schema_name.iter().chain(&table.table_name).map(|part| part.to_lowercase()).collect();
                let relation = self.base_relation(parts, None, 0);
                let assets = relation.assets.clone();
                let mut shape = Shape { rows: relation.rows.clone(), assets, ..Shape::default() };
                shape.columns = self.star_columns(&relation, &mut shape);
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
            let parts: Vec<String> = asset.parts().into_iter().map(str::to_owned).collect();
            let relation = self.base_relation(parts, None, 0);
            let mut scope = Scope::default();
            scope.add(relation);
            self.projection(items, &mut scope, &mut shape);
        }
        shape
    }

    /// A chain of set operations leans to the left and may be long: it is walked in a loop.
    fn set_operation(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Shape {
        let mut branches = Vec::new();
        let mut current = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = without_parentheses(current) {
            branches.push((*op, *set_quantifier, &**right));
            current = left;
        }
        let mut shape = self.set_expression(current, None, parent);
        let mut rows = std::mem::take(&mut shape.rows);
        for (op, quantifier, right) in branches.into_iter().rev() {
            let branch = self.set_expression(right, None, parent);
            let word = set_word(op, quantifier);
            // All but UNION ALL compare rows, hence all columns.
            if word != "union all" {
                let _ = write!(rows, " of {}", shape.values());
            }
            let _ = write!(rows, " {word} {}", branch.rows);
            if word != "union all" {
                let _ = write!(rows, " of {}", branch.values());
            }
            note_branch(&word, &branch, &mut shape);
            let by_name =
                matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName);
            merge_branch(&mut shape, branch, op, by_name);
        }
        shape.rows = format!("({})", shorten(rows));
        // What orders a branch does not order the whole.
        shape.order.clear();
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
                name: ColumnName::new(&format!("column{}", index + 1)),
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
        let scope = Scope { aliases: shape.columns.clone(), ..Scope::default() };
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

/// The body of a query that only stands in parentheses.
fn without_parentheses(mut body: &SetExpr) -> &SetExpr {
    while let SetExpr::Query(query) = body {
        let is_bare = query.with.is_none()
            && query.order_by.is_none()
            && query.limit_clause.is_none()
            && query.fetch.is_none()
            && query.pipe_operators.is_empty()
            && query_words(query).is_empty();
        if !is_bare {
            break;
        }
        body = &query.body;
    }
    body
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

/// `UNION` is `UNION DISTINCT`.
fn set_word(operator: SetOperator, quantifier: SetQuantifier) -> String {
    let operator = match operator {
        SetOperator::Minus => SetOperator::Except,
        other => other,
    };
    let quantifier = match quantifier {
        SetQuantifier::Distinct => SetQuantifier::None,
        SetQuantifier::DistinctByName => SetQuantifier::ByName,
        other => other,
    };
    format!("{operator} {quantifier}").trim().to_lowercase()
}

/// A branch by its word and what it reads; its own clauses are told apart.
fn note_branch(word: &str, branch: &Shape, shape: &mut Shape) {
    let assets: Vec<&str> = branch.assets.iter().map(AssetName::as_str).collect();
    let text = format!("{word} {}", if assets.is_empty() { "values".to_owned() } else { assets.join(", ") });
    let mut number = 1;
    let mut numbered = text.clone();
    while !shape.row_set.set_operations.insert(numbered) {
        number += 1;
        numbered = format!("{text} ({number})");
    }
}

/// Adds a branch of a set operation: by position, or by name.
fn merge_branch(shape: &mut Shape, branch: Shape, op: SetOperator, by_name: bool) {
    // EXCEPT takes rows away: its right side decides about rows and gives no value.
    let gives_values = matches!(op, SetOperator::Union | SetOperator::Intersect);
    for asset in branch.open.iter().filter(|_| gives_values) {
        if !shape.open.contains(asset) {
            shape.open.push(asset.clone());
        }
    }
    shape.stars.extend(branch.stars.iter().filter(|_| gives_values).cloned());
    for (index, theirs) in branch.columns.iter().enumerate() {
        let ours = if by_name {
            shape.columns.iter_mut().find(|column| column.name == theirs.name)
        } else {
            shape.columns.get_mut(index)
        };
        match ours {
            Some(ours) if gives_values => {
                Arc::make_mut(&mut ours.sources).extend(theirs.sources.iter().cloned());
                ours.text = shorten(format!("{} ∪ {}", ours.text, theirs.text)).into();
                ours.binding = Binding::Or;
            }
            Some(_) => {
                shape.indirect.extend(theirs.sources.iter().map(|(source, _)| (source.clone(), Transformation::Filter)))
            }
            None if by_name && gives_values => shape.columns.push(theirs.clone()),
            None => {}
        }
    }
    shape.passed.extend(branch.passed);
    shape.assets.extend(branch.assets);
    shape.indirect.take_in(branch.indirect);
    merge_row_sets(&mut shape.row_set, &branch.row_set);
}
