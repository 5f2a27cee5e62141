//! INSERT, UPDATE, MERGE, DELETE → effects.

use std::sync::Arc;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Insert, Merge, MergeAction, MergeInsertKind,
    MergeUpdateKind, MultiTableInsertIntoClause, MultiTableInsertValue, ObjectName, Statement, TableFactor,
    TableObject, TableWithJoins, Update, UpdateTableFromKind,
};

use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Scope, Shape};
use crate::sql::ident::fold_name;

impl Resolver<'_> {
    pub(super) fn insert(&mut self, insert: &Insert, statement: &Statement) {
        if insert.multi_table_insert_type.is_some() {
            return self.insert_all(insert, statement);
        }
        let name = match &insert.table {
            TableObject::TableName(name) => name,
            // A function or subquery as the target names no asset.
            TableObject::TableFunction(_) | TableObject::TableQuery(_) => {
                if let Some(source) = &insert.source {
                    self.query(source, None);
                }
                return;
            }
        };
        let asset = self.target(name);
        let listed: Vec<ColumnName> = insert
            .columns
            .iter()
            .filter_map(|column| fold_name(column, self.dialect).last().map(|last| ColumnName::new(last)))
            .chain(insert.after_columns.iter().map(|ident| self.column_name(ident)))
            .collect();
        let line = self.name_line(name);
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
        if insert.assignments.is_empty() {
            let names = if listed.is_empty() { self.known_columns(&asset, &shape) } else { listed };
            shape.rename(&names);
        }
        let mut flow = self.flow(shape, &[], statement);
        let word = if insert.overwrite { "insert overwrite " } else { "insert " };
        flow.prefix(word);
        self.effects.push(Effect::Write { name: asset, flow });
    }

    /// The target's columns, for an INSERT without a list; only where the source's columns are known as well.
    fn known_columns(&self, asset: &AssetName, shape: &Shape) -> Vec<ColumnName> {
        match self.catalog.schema(asset) {
            Some(known) if known.complete && shape.open.is_empty() && shape.columns.len() <= known.columns.len() => {
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
                result.row_set.filters.insert(format!("{word} {}", value.text));
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
                        result.columns.push(OutColumn {
                            name: ColumnName::new(&format!("_col{}", result.columns.len() + 1)),
                            sources: Arc::new(value.sources),
                            text: value.text.into(),
                            data_type: None,
                        });
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

    /// The columns that an assignment fills.
    fn assigned(&mut self, assignment: &Assignment, scope: &Scope<'_>) -> Vec<OutColumn> {
        let value = self.value(&assignment.value, scope, Transformation::Identity);
        let targets: &[ObjectName] = match &assignment.target {
            AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
            AssignmentTarget::Tuple(names) => names,
        };
        let sources = Arc::new(value.sources);
        targets
            .iter()
            .filter_map(|target| {
                let name = fold_name(target, self.dialect).last().map(|last| ColumnName::new(last))?;
                Some(OutColumn { name, sources: sources.clone(), text: value.text.clone().into(), data_type: None })
            })
            .collect()
    }

    pub(super) fn update(&mut self, update: &Update, statement: &Statement) {
        let mut scope = Scope::default();
        let mut shape = Shape::default();
        // The target first, so that bare names lead to it; then what it is joined with.
        self.table_with_joins(&update.table, &mut scope, &mut shape);
        let joined = scope.relations.len() > 1;
        if let Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) = &update.from {
            for table in tables {
                self.table_with_joins(table, &mut scope, &mut shape);
            }
        }
        let Some(asset) = self.updated_asset(&update.table.relation, &scope) else { return };
        // T-SQL's `UPDATE t … FROM tab t`: the alias names no asset of its own.
        self.forget_alias_asset(&update.table.relation, &asset);
        if !joined || !self.assigns_elsewhere(&asset, &scope) {
            let reads_itself =
                scope.relations.iter().filter(|relation| relation.asset.as_ref() == Some(&asset)).count() > 1;
            if !reads_itself {
                self.upstream.remove(&asset);
            }
        }
        let mut rows = shape.rows.clone();
        if let Some(condition) = &update.selection {
            let value = self.value(condition, &scope, Transformation::Filter);
            shape.row_set.filters.insert(format!("where {}", value.text));
            rows.push_str(&value.text);
            shape.indirect.extend(value.sources);
        }
        for assignment in &update.assignments {
            let columns = self.assigned(assignment, &scope);
            let line = self.assignment_line(assignment);
            let names: Vec<ColumnName> = columns.iter().map(|column| column.name.clone()).collect();
            self.note_targets(&asset, &names, line);
            shape.columns.extend(columns);
        }
        shape.rows = format!("update {rows}");
        // What an UPDATE filters by decides which rows change, not which rows the table has.
        shape.row_set = crate::lineage::model::RowSet::default();
        let flow = self.flow(shape, &[], statement);
        self.effects.push(Effect::Write { name: asset, flow });
    }

    fn assigns_elsewhere(&self, asset: &AssetName, scope: &Scope<'_>) -> bool {
        scope.relations.iter().all(|relation| relation.asset.as_ref() != Some(asset))
    }

    fn assignment_line(&self, assignment: &Assignment) -> u32 {
        match &assignment.target {
            AssignmentTarget::ColumnName(name) => self.name_line(name),
            AssignmentTarget::Tuple(names) => names.first().map_or(0, |name| self.name_line(name)),
        }
    }

    /// The asset that an UPDATE or DELETE changes: its first relation, or the one that the name is an alias of.
    fn updated_asset(&mut self, target: &TableFactor, scope: &Scope<'_>) -> Option<AssetName> {
        if let TableFactor::Table { name, .. } = target {
            let parts = fold_name(name, self.dialect);
            if let [single] = parts.as_slice() {
                let aliased = scope.relations.iter().find(|relation| relation.alias.as_ref() == Some(single));
                if let Some(asset) = aliased.and_then(|relation| relation.asset.clone()) {
                    return Some(asset);
                }
            }
        }
        scope.relations.first().and_then(|relation| relation.asset.clone())
    }

    /// Takes back that an alias was taken for a table.
    fn forget_alias_asset(&mut self, target: &TableFactor, asset: &AssetName) {
        if let TableFactor::Table { name, .. } = target {
            let written = AssetName::from_parts(&fold_name(name, self.dialect));
            if written != *asset && !self.catalog.contains(&written) && self.file.tokens.is_empty() {
                self.upstream.remove(&written);
                self.reads.retain(|read| read.asset != written);
            }
        }
    }

    pub(super) fn delete(&mut self, delete: &Delete, statement: &Statement) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let mut scope = Scope::default();
        let mut shape = Shape::default();
        let all: Vec<&TableWithJoins> = from.iter().chain(delete.using.iter().flatten()).collect();
        for table in all {
            self.table_with_joins(table, &mut scope, &mut shape);
        }
        if let Some(condition) = &delete.selection {
            let value = self.value(condition, &scope, Transformation::Filter);
            shape.indirect.extend(value.sources);
            shape.rows.push_str(&value.text);
        }
        let named = delete.tables.first().map(|name| fold_name(name, self.dialect));
        let relation = match &named {
            Some(parts) => {
                scope.relations.iter().find(|relation| relation.answers_to(parts)).or(scope.relations.first())
            }
            None => scope.relations.first(),
        };
        let Some(asset) = relation.and_then(|relation| relation.asset.clone()) else { return };
        if scope.relations.iter().filter(|relation| relation.asset.as_ref() == Some(&asset)).count() == 1 {
            self.upstream.remove(&asset);
        }
        shape.rows = format!("delete {}", shape.rows);
        // Rows go once, at the time the script runs: the clauses of the table's own query are not touched.
        shape.row_set = crate::lineage::model::RowSet::default();
        let flow = self.flow(shape, &[], statement);
        self.effects.push(Effect::Write { name: asset, flow });
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
        for clause in &merge.clauses {
            if let Some(predicate) = &clause.predicate {
                let value = self.value(predicate, &scope, Transformation::Filter);
                definition.push_str(&format!(" {:?} and {}", clause.clause_kind, value.text));
                shape.indirect.extend(value.sources);
            }
            let columns = self.merge_action(&clause.action, (&scope, first_source), &asset);
            for column in columns {
                definition.push_str(&format!(" {:?} {}={}", clause.clause_kind, column.name, column.text));
                add_column(&mut shape, column);
            }
        }
        if let MergeSource::Open(open) = merge_star(merge, &scope, first_source) {
            shape.open.extend(open);
        }
        shape.rows = definition;
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
                                OutColumn {
                                    name: names.get(index).cloned().unwrap_or_else(fallback),
                                    sources: Arc::new(value.sources),
                                    text: value.text.into(),
                                    data_type: None,
                                }
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
                known.text = crate::lineage::shape::shorten(format!("{} | {}", known.text, column.text)).into();
            }
        }
        None => shape.columns.push(column),
    }
}
