//! Queries: WITH, set operations, VALUES, ordering and limits around a SELECT.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    Cte, LimitClause, OrderByKind, Query, SetExpr, SetOperator, SetQuantifier, Statement, Values, With, visit_relations,
};

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, digest};
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
        self.limit(query, &mut shape);
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
        let rows = digest(&texts.join(" |> "));
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
                let mut shape = Shape { rows: relation.rows.clone(), ..Shape::default() };
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
        shape.indirect.clone_from(&flow.indirect);
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
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = current {
            branches.push((*op, *set_quantifier, &**right));
            current = left;
        }
        let mut shape = self.set_expression(current, None, parent);
        let mut rows = std::mem::take(&mut shape.rows);
        let mut words: Vec<String> = Vec::new();
        for (op, quantifier, right) in branches.into_iter().rev() {
            let branch = self.set_expression(right, None, parent);
            let word = format!("{op} {quantifier}").trim().to_lowercase();
            let _ = write!(rows, " {word} {}", branch.rows);
            words.push(word);
            let by_name =
                matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName);
            merge_branch(&mut shape, branch, op, by_name);
        }
        // All texts, so that another number or order of the operations shows; the branches have their own clauses.
        shape.row_set.set_operations.insert(words.join(", "));
        shape.rows = format!("({})", if rows.len() > 400 { digest(&rows) } else { rows });
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
                    text.push('|');
                    text.push_str(&value.text);
                } else {
                    columns.push((value.sources, value.text));
                }
            }
        }
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(index, (sources, text))| OutColumn {
                name: ColumnName::new(&format!("column{}", index + 1)),
                sources: Arc::new(sources),
                text: crate::lineage::shape::shorten(text).into(),
                data_type: None,
            })
            .collect();
        Shape { columns, rows: format!("values {}", values.rows.len()), ..Shape::default() }
    }

    /// ORDER BY of a set operation sees only its output.
    fn order_by_output(&mut self, query: &Query, shape: &mut Shape) {
        let Some(order_by) = &query.order_by else { return };
        let OrderByKind::Expressions(keys) = &order_by.kind else { return };
        let scope = Scope { aliases: shape.columns.clone(), ..Scope::default() };
        let mut value = crate::lineage::shape::Value::default();
        self.ordering(keys, &scope, Transformation::Sort, &mut value);
        shape.indirect.extend(value.sources);
    }

    /// LIMIT, OFFSET, FETCH: which rows they take depends on the order.
    fn limit(&mut self, query: &Query, shape: &mut Shape) {
        let mut text = String::new();
        if let Some(clause) = &query.limit_clause {
            match clause {
                LimitClause::LimitOffset { .. } => text.push_str(&clause.to_string()),
                LimitClause::OffsetCommaLimit { offset, limit } => {
                    text.push_str(&format!(" limit {limit} offset {offset}"))
                }
            }
        }
        if let Some(fetch) = &query.fetch {
            text.push_str(&fetch.to_string());
        }
        if text.trim().is_empty() {
            return;
        }
        if let Some(order_by) = &query.order_by {
            text.push_str(&format!(" of {order_by}"));
        }
        let text = text.trim().to_lowercase();
        shape.rows = format!("({} {text})", shape.rows);
        shape.row_set.limit.insert(text);
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
    for (index, theirs) in branch.columns.iter().enumerate() {
        let ours = if by_name {
            shape.columns.iter_mut().find(|column| column.name == theirs.name)
        } else {
            shape.columns.get_mut(index)
        };
        match ours {
            Some(ours) if gives_values => {
                Arc::make_mut(&mut ours.sources).extend(theirs.sources.iter().cloned());
                if ours.text != theirs.text {
                    ours.text = crate::lineage::shape::shorten(format!("{} | {}", ours.text, theirs.text)).into();
                }
            }
            Some(_) => {
                shape.indirect.extend(theirs.sources.iter().map(|(source, _)| (source.clone(), Transformation::Filter)))
            }
            None if by_name && gives_values => shape.columns.push(theirs.clone()),
            None => {}
        }
    }
    shape.passed.extend(branch.passed.iter().cloned());
    shape.absorb_rows(&branch);
}
