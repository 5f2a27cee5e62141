//! INSERT and MERGE → effects; UPDATE and DELETE are in `change`, what they assign in `assignment`.

mod assignment;
mod change;
mod function;
mod output;
mod partition;
mod upsert;

use std::sync::Arc;

use sqlparser::ast::{
    Expr, Ident, Insert, Merge, MergeAction, MergeClause, MergeInsertKind, MergeUpdateKind, MultiTableInsertIntoClause,
    MultiTableInsertValue, ObjectName, Query, SelectItem, SetExpr, Statement, TableFactor, TableObject, TableWithJoins,
};

use crate::lineage::clauses::merge_words;
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape, shorten};
use crate::sql::ident::fold_name;
use crate::sql::repair::BY_NAME;

impl Resolver<'_> {
    pub(super) fn insert(&mut self, insert: &Insert, statement: &Statement) {
        if insert.multi_table_insert_type.is_some() {
            return self.insert_all(insert, statement);
        }
        let chosen = match &insert.table {
            TableObject::TableName(name) => Some((name, Vec::new())),
            // `INSERT INTO (SELECT a, b FROM t) …` fills columns of `t` (Oracle).
            TableObject::TableQuery(query) => chosen_columns(query),
            TableObject::TableFunction(_) => None,
        };
        if let TableObject::TableFunction(function) = &insert.table {
            return self.insert_into_function(function, insert, statement);
        }
        let Some((name, chosen)) = chosen else {
            if let Some(source) = &insert.source {
                self.query(source, None);
            }
            return;
        };
        let asset = self.target(name);
        let listed: Vec<ColumnName> = insert
            .columns
            .iter()
            .filter_map(|column| fold_name(column, self.dialect).last().map(|last| ColumnName::new(last)))
            .chain(insert.after_columns.iter().chain(chosen).map(|ident| self.column_name(ident)))
            .collect();
        let line = self.name_line(name);
        let by_name = matches!(insert.columns.as_slice(), [only] if only.to_string() == BY_NAME);
        let listed = if by_name { Vec::new() } else { listed };
        self.note_targets(&asset, &listed, line);
        let mut shape = match &insert.source {
            Some(source) => self.query(source, None),
            None => Shape::default(),
        };
        let scope = Scope::default();
        for assignment in &insert.assignments {
            let column = self.assigned(assignment, &scope);
            shape.columns.extend(column);
        }
        if by_name {
            let names: Vec<ColumnName> = shape.columns.iter().map(|column| column.name.clone()).collect();
            self.note_targets(&asset, &names, line);
        } else if insert.assignments.is_empty() {
            self.name_filled((insert, &asset), listed, &mut shape);
        }
        self.upsert(insert, (name, &asset), &mut shape);
        self.output_into(insert.output.as_ref(), (&asset, &shape.indirect.all()), &scope, statement);
        let mut flow = self.flow(shape, &[], statement);
        flow.hold_rows();
        flow.prefix(&self.insert_words(insert));
        self.effects.push(Effect::Write { name: asset, flow });
    }

    /// Calls what an INSERT by position fills by the names of the target's columns.
    fn name_filled(&self, (insert, asset): (&Insert, &AssetName), listed: Vec<ColumnName>, shape: &mut Shape) {
        let names = match (listed.is_empty(), &insert.partitioned) {
            (true, Some(partitions)) => self.partitioned_columns(asset, partitions, shape),
            (true, None) => self.known_columns(asset, shape),
            (false, _) => listed,
        };
        if names.is_empty() && insert.source.as_ref().is_some_and(|source| matches!(*source.body, SetExpr::Values(_))) {
            // Which columns constants fill is not known.
            if shape.columns.iter().all(|column| column.sources.is_empty()) {
                shape.row_set.literal_rows.insert(shorten(shape.values()));
            }
            shape.columns.retain(|column| !column.sources.is_empty());
        }
        shape.rename(&names);
    }

    /// The target's columns, for an INSERT without a list; only where the source's columns are known as well.
    pub(super) fn known_columns(&self, asset: &AssetName, shape: &Shape) -> Vec<ColumnName> {
        match self.catalog.schema(asset) {
            Some(known)
                if known.complete && shape.unknown_at.is_none() && shape.columns.len() <= known.columns.len() =>
            {
                known.columns.iter().map(|column| column.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A column that is written by name reads the name, in the sense that the name must be there.
    fn note_targets(&mut self, asset: &AssetName, columns: &[ColumnName], line: u32) {
        let known = self.catalog.schema(asset).filter(|known| known.complete);
        for column in columns {
            let exists = known.as_ref().is_none_or(|known| known.columns.find(column).is_some());
            self.note_read(asset, Some(column), line, exists);
        }
    }

    fn insert_all(&mut self, insert: &Insert, statement: &Statement) {
        let Some(source) = &insert.source else { return };
        let shape = self.query(source, None);
        let upstream = self.upstream.clone();
        let scope = Scope { aliases: shape.columns.clone(), ..Scope::default() };
        for (word, conditions, into) in conditional_targets(insert) {
            let mut result = Shape { columns: Vec::new(), ..shape.clone() };
            for condition in conditions {
                let value = self.value(condition, &scope, Transformation::Filter);
                let condition = format!("{word} {}", value.text);
                result.rows.push_str(&format!(" {condition}"));
                result.row_set.filters.insert(condition);
                result.indirect.extend(value.sources);
            }
            match &into.values {
                None => result.columns.clone_from(&shape.columns),
                Some(values) => {
                    for value in &values.values {
                        let value = match value {
                            MultiTableInsertValue::Expr(expression) => {
                                self.value(expression, &scope, Transformation::Identity)
                            }
                            MultiTableInsertValue::Default => continue,
                        };
                        let name = ColumnName::new(&format!("_col{}", result.columns.len() + 1));
                        result.columns.push(OutColumn::untyped(name, value));
                    }
                }
            }
            let asset = self.target(&into.table_name);
            let names: Vec<ColumnName> = into.columns.iter().map(|ident| self.column_name(ident)).collect();
            self.upstream.clone_from(&upstream);
            let flow = self.flow(result, &names, statement);
            self.effects.push(Effect::Write { name: asset, flow });
        }
    }

    pub(super) fn merge(&mut self, merge: &Merge, statement: &Statement) {
        let mut scope = Scope::default();
        let mut shape = Shape::default();
        let target = TableWithJoins { relation: merge.table.clone(), joins: Vec::new() };
        let source = TableWithJoins { relation: merge.source.clone(), joins: Vec::new() };
        self.table_with_joins(&target, &mut scope, &mut shape);
        let Some(asset) = scope.relations.first().and_then(|relation| relation.asset.clone()) else { return };
        let first_source = scope.relations.len();
        let reads_target = self.upstream.remove(&asset);
        let source_rows = self.table_with_joins(&source, &mut scope, &mut shape);
        let on = self.value(&merge.on, &scope, Transformation::Join);
        shape.indirect.extend(on.sources);
        let mut definition = format!("merge {source_rows} on {}", on.text);
        debug_assert!(reads_target);
        for clause in merge_words(merge) {
            definition.push_str(&format!(" {}", Self::merge_clause_words(clause)));
            for (word, predicate) in predicates(clause) {
                let value = self.value(predicate, &scope, Transformation::Filter);
                definition.push_str(&format!(" {word} {}", value.text));
                shape.indirect.extend(value.sources);
            }
            let columns = self.merge_action(&clause.action, (&scope, first_source), &asset);
            for column in columns {
                definition.push_str(&format!(" {}={}", column.name, column.text));
                add_column(&mut shape, column);
            }
        }
        if let MergeSource::Open(open) = merge_star(merge, &scope, first_source) {
            shape.note_unknown();
            shape.open.extend(open);
        }
        shape.rows = definition;
        self.output_into(merge.output.as_ref(), (&asset, &shape.indirect.all()), &scope, statement);
        let flow = self.flow(shape, &[], statement);
        self.effects.push(Effect::Write { name: asset, flow });
    }

    /// The columns that one branch of a MERGE fills.
    fn merge_action(
        &mut self,
        action: &MergeAction,
        (scope, first_source): (&Scope<'_>, usize),
        asset: &AssetName,
    ) -> Vec<OutColumn> {
        match action {
            MergeAction::Update(update) => match &update.kind {
                MergeUpdateKind::Set(assignments) => {
                    let mut columns = Vec::new();
                    for assignment in assignments {
                        let line = self.assignment_line(assignment);
                        let assigned = self.assigned(assignment, scope);
                        let names: Vec<ColumnName> = assigned.iter().map(|column| column.name.clone()).collect();
                        self.note_targets(asset, &names, line);
                        columns.extend(assigned);
                    }
                    columns
                }
                MergeUpdateKind::Wildcard => source_columns(scope, first_source),
            },
            MergeAction::Insert(insert) => {
                let names: Vec<ColumnName> = insert
                    .columns
                    .iter()
                    .filter_map(|name| fold_name(name, self.dialect).last().map(|last| ColumnName::new(last)))
                    .collect();
                let line = insert.columns.first().map_or(0, |name| self.name_line(name));
                self.note_targets(asset, &names, line);
                let names = if names.is_empty() { self.known_columns(asset, &Shape::default()) } else { names };
                match &insert.kind {
                    MergeInsertKind::Values(values) => {
                        let row: Vec<&Expr> = values.rows.iter().flat_map(|row| &row.content).collect();
                        row.into_iter()
                            .enumerate()
                            .map(|(index, expression)| {
                                let value = self.value(expression, scope, Transformation::Identity);
                                let fallback = || ColumnName::new(&format!("_col{}", index + 1));
                                OutColumn::untyped(names.get(index).cloned().unwrap_or_else(fallback), value)
                            })
                            .collect()
                    }
                    MergeInsertKind::Wildcard => source_columns(scope, first_source),
                    MergeInsertKind::Row => {
                        let mut columns = source_columns(scope, first_source);
                        for (column, name) in columns.iter_mut().zip(names) {
                            column.name = name;
                        }
                        columns
                    }
                }
            }
            MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => Vec::new(),
        }
    }
}

/// The table of a query of one table, and the columns that it lists; none for a star.
fn chosen_columns(query: &Query) -> Option<(&ObjectName, Vec<&Ident>)> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let [TableWithJoins { relation: TableFactor::Table { name, .. }, joins }] = select.from.as_slice() else {
        return None;
    };
    let columns: Option<Vec<&Ident>> = select
        .projection
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(ident),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => idents.last(),
            _ => None,
        })
        .collect();
    joins.is_empty().then(|| (name, columns.unwrap_or_default()))
}

/// The targets of a multi-table INSERT, each with the conditions that decide which rows it gets: its own, and of ELSE
/// that none of them holds.
fn conditional_targets(insert: &Insert) -> Vec<(&'static str, Vec<&Expr>, &MultiTableInsertIntoClause)> {
    let clauses = &insert.multi_table_when_clauses;
    let conditions: Vec<&Expr> = clauses.iter().map(|clause| &clause.condition).collect();
    let plain = insert.multi_table_into_clauses.iter().map(|into| ("", Vec::new(), into));
    let conditional = clauses
        .iter()
        .flat_map(|clause| clause.into_clauses.iter().map(|into| ("when", vec![&clause.condition], into)));
    let others = insert.multi_table_else_clause.iter().flatten();
    plain.chain(conditional).chain(others.map(|into| ("unless", conditions.clone(), into))).collect()
}

/// The conditions of a branch; Oracle writes them behind what it does.
fn predicates(clause: &MergeClause) -> Vec<(&'static str, &Expr)> {
    let (behind, deletes) = match &clause.action {
        MergeAction::Update(update) => (update.update_predicate.as_ref(), update.delete_predicate.as_ref()),
        MergeAction::Insert(insert) => (insert.insert_predicate.as_ref(), None),
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => (None, None),
    };
    let conditions = clause.predicate.iter().chain(behind).map(|condition| ("if", condition));
    conditions.chain(deletes.map(|condition| ("delete if", condition))).collect()
}

/// `INSERT *`, `UPDATE SET *`: the source's columns by name.
fn source_columns(scope: &Scope<'_>, first_source: usize) -> Vec<OutColumn> {
    scope.relations.iter().skip(first_source).flat_map(|relation| relation.columns.iter().cloned()).collect()
}

enum MergeSource {
    Named,
    Open(Vec<AssetName>),
}

/// Whether a branch takes all columns of a source whose columns are not all known.
fn merge_star(merge: &Merge, scope: &Scope<'_>, first_source: usize) -> MergeSource {
    let whole = merge.clauses.iter().any(|clause| match &clause.action {
        MergeAction::Update(update) => matches!(update.kind, MergeUpdateKind::Wildcard),
        MergeAction::Insert(insert) => !matches!(insert.kind, MergeInsertKind::Values(_)),
        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => false,
    });
    if whole {
        let open = scope.relations.iter().skip(first_source).flat_map(|relation| relation.open.iter().cloned());
        MergeSource::Open(open.collect())
    } else {
        MergeSource::Named
    }
}

/// Several branches may fill one column: its sources add up.
fn add_column(shape: &mut Shape, column: OutColumn) {
    match shape.columns.iter_mut().find(|known| known.name == column.name) {
        Some(known) => {
            let mut sources = (*known.sources).clone();
            sources.extend(column.sources.iter().cloned());
            known.sources = Arc::new(sources);
            if known.text != column.text {
                known.text = shorten(format!("{} | {}", known.text, column.text)).into();
            }
        }
        None => shape.columns.push(column),
    }
}
