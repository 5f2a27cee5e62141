//! UPDATE and DELETE → effects: which tables change, and what decides about it.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Assignment, Delete, FromTable, ObjectName, OutputClause, Statement, TableFactor, TableWithJoins, Update,
    UpdateTableFromKind,
};

use crate::lineage::clauses::{delete_words, update_words};
use crate::lineage::dml::assignment::targets;
use crate::lineage::effect::{Effect, Flow};
use crate::lineage::model::{AssetName, ColumnName, RowSet, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Lookup, OutColumn, Relation, Scope, Shape, shorten};
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};

/// What an UPDATE fills, asset by asset, in the order in which it names them.
type Changes = Vec<(AssetName, Vec<OutColumn>)>;

impl Resolver<'_> {
    pub(in crate::lineage) fn update(&mut self, update: &Update, statement: &Statement) {
        let mut scope = Scope::default();
        let mut shape = Shape::default();
        let from: &[TableWithJoins] = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) => tables,
            None => &[],
        };
        // The target first, so that bare names lead to it; then what it is joined with.
        let target = std::iter::once(&update.table).filter(|table| !self.is_named_in(table, from));
        let tables: Vec<&TableWithJoins> = target.chain(from).collect();
        let mut rows = self.tables(tables, (&mut scope, &mut shape));
        let mut filters = BTreeSet::new();
        if let Some(condition) = &update.selection {
            let value = self.value(condition, &scope, Transformation::Filter);
            rows.push_str(&format!("where {}", value.text));
            filters.insert(shorten(format!("update where {}", value.text)));
            shape.indirect.extend(value.sources);
        }
        let named = factor_name(&update.table.relation).map(|name| fold_name(name, self.dialect));
        let mut changes = Changes::new();
        for assignment in &update.assignments {
            self.change((assignment, named.as_deref()), &scope, &mut changes);
        }
        shape.rows = format!("update{} {rows}", update_words(update));
        shape.row_set = RowSet { filters, joins: std::mem::take(&mut shape.row_set.joins), ..RowSet::default() };
        let output = update.output.as_ref();
        self.write_each((changes, output), (&scope, shape), statement);
    }

    /// Brings tables into scope; the text of how they are joined decides which rows change.
    fn tables<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t TableWithJoins>,
        (scope, shape): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let texts: Vec<String> = tables.into_iter().map(|table| self.table_with_joins(table, scope, shape)).collect();
        format!("{} {} ", texts.join(", "), shape.rows)
    }

    /// Brings the relations of a statement into scope that its RETURNING may name.
    pub(in crate::lineage) fn changed_relations(
        &mut self,
        statement: &Statement,
        asset: &AssetName,
        scope: &mut Scope<'_>,
    ) {
        let mut scrap = Shape::default();
        match statement {
            Statement::Update(update) => {
                self.table_with_joins(&update.table, scope, &mut scrap);
                if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
                    from.iter().for_each(|table| drop(self.table_with_joins(table, scope, &mut scrap)));
                }
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                for table in from.iter().chain(delete.using.iter().flatten()) {
                    self.table_with_joins(table, scope, &mut scrap);
                }
            }
            _ => {
                let parts: Vec<String> = asset.parts().into_iter().map(str::to_owned).collect();
                scope.add(self.base_relation(parts, None, 0));
            }
        }
    }

    /// Whether the target's name is that of a table of the FROM clause, or its alias (T-SQL, Teradata).
    fn is_named_in(&self, target: &TableWithJoins, from: &[TableWithJoins]) -> bool {
        let TableFactor::Table { name, alias: None, .. } = &target.relation else { return false };
        let written = fold_name(name, self.dialect);
        let factors = from
            .iter()
            .flat_map(|table| std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation)));
        target.joins.is_empty()
            && factors.into_iter().any(|factor| match factor {
                TableFactor::Table { name, alias, .. } => {
                    let aliased = alias.as_ref().map(|alias| fold(&alias.name, self.dialect));
                    let is_alias = matches!(written.as_slice(), [single] if aliased.as_ref() == Some(single));
                    // Elsewhere a table that is named once more is read once more.
                    let is_same = aliased.is_none() || self.dialect == Dialect::Tsql;
                    is_alias || is_same && fold_name(name, self.dialect) == written
                }
                _ => false,
            })
    }

    /// Adds what one assignment fills.
    fn change(
        &mut self,
        (assignment, named): (&Assignment, Option<&[String]>),
        scope: &Scope<'_>,
        changes: &mut Changes,
    ) {
        let columns = self.assigned(assignment, scope);
        let line = self.assignment_line(assignment);
        for (target, mut column) in targets(assignment).iter().zip(columns) {
            let qualifier = fold_name(target, self.dialect);
            let qualifier = qualifier.split_last().map_or(&[][..], |(_, qualifier)| qualifier);
            let Some(relation) = changed(scope, qualifier, named, &column.name) else { continue };
            let Some((asset, name)) = behind(relation, &column.name) else { continue };
            self.note_targets(&asset, std::slice::from_ref(&name), line);
            column.name = name;
            match changes.iter_mut().find(|(known, _)| *known == asset) {
                Some((_, columns)) => columns.push(column),
                None => changes.push((asset, vec![column])),
            }
        }
    }

    pub(in crate::lineage) fn delete(&mut self, delete: &Delete, statement: &Statement) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let using = delete.using.as_deref().unwrap_or_default();
        // MySQL's `DELETE FROM a, b USING a JOIN b …` names in FROM what stands in USING.
        let names_only = !using.is_empty() && from.iter().all(|table| self.is_named_in(table, using));
        let mut scope = Scope::default();
        let mut shape = Shape::default();
        let tables = from.iter().filter(|_| !names_only).chain(using);
        shape.rows = self.tables(tables, (&mut scope, &mut shape));
        for name in &delete.tables {
            let parts = fold_name(name, self.dialect);
            // A table that stands only behind DELETE (`DELETE a FROM b WHERE a.x = b.x`).
            if named_relation(&scope, &parts).is_none() {
                scope.add(self.base_relation(parts, None, self.name_line(name)));
            }
        }
        let mut condition_text = "delete".to_owned();
        if let Some(condition) = &delete.selection {
            let value = self.value(condition, &scope, Transformation::Filter);
            shape.indirect.extend(value.sources);
            shape.rows.push_str(&value.text);
            condition_text = shorten(format!("delete where {}", value.text));
        }
        let in_from = from.iter().filter(|_| names_only).filter_map(|table| factor_name(&table.relation));
        let named = delete.tables.iter().chain(in_from).map(|name| fold_name(name, self.dialect));
        let mut relations: Vec<&Relation> = named.filter_map(|parts| named_relation(&scope, &parts)).collect();
        if relations.is_empty() {
            relations.extend(scope.relations.first());
        }
        let assets: BTreeSet<AssetName> = relations.into_iter().filter_map(only_asset).collect();
        shape.rows = format!("delete{} {}", delete_words(delete), shape.rows);
        // What it deletes by is what the rows that stay are chosen by.
        let joins = std::mem::take(&mut shape.row_set.joins);
        shape.row_set = RowSet { filters: [condition_text].into(), joins, ..RowSet::default() };
        let changes = assets.into_iter().map(|asset| (asset, Vec::new())).collect();
        self.write_each((changes, delete.output.as_ref()), (&scope, shape), statement);
    }

    /// One effect for each asset that changes; what the statement reads beside it feeds all of them.
    fn write_each(
        &mut self,
        (changes, output): (Changes, Option<&OutputClause>),
        (scope, shape): (&Scope<'_>, Shape),
        statement: &Statement,
    ) {
        let upstream = self.upstream.clone();
        let deciding = shape.indirect.all().into_owned();
        let shape = Shape { indirect: deciding.clone().into(), ..shape };
        for (asset, columns) in changes {
            self.output_into(output, (&asset, &deciding), scope, statement);
            self.upstream.clone_from(&upstream);
            let times = scope.relations.iter().filter(|relation| relation.asset.as_ref() == Some(&asset)).count();
            if times <= 1 {
                self.upstream.remove(&asset);
            }
            let only_takes = columns.is_empty() && self.upstream.is_empty();
            let shape = Shape { columns, ..shape.clone() };
            let flow = Flow { only_takes, ..self.flow(shape, &[], statement) };
            self.effects.push(Effect::Write { name: asset, flow });
        }
    }
}

fn factor_name(factor: &TableFactor) -> Option<&ObjectName> {
    match factor {
        TableFactor::Table { name, .. } => Some(name),
        _ => None,
    }
}

/// The relation of that name, by alias or as written.
fn named_relation<'s>(scope: &'s Scope<'_>, parts: &[String]) -> Option<&'s Relation> {
    let relations = &scope.relations;
    let by_name = relations.iter().find(|relation| relation.answers_to(parts));
    by_name.or_else(|| relations.iter().find(|relation| relation.answers_to_hidden_name(parts)))
}

/// The relation whose column an assignment changes: the one that qualifies it; of several joined ones (MySQL) the one
/// that is known to have it; else the one behind the word UPDATE.
fn changed<'s>(
    scope: &'s Scope<'_>,
    qualifier: &[String],
    named: Option<&[String]>,
    column: &ColumnName,
) -> Option<&'s Relation> {
    let by_qualifier = named_relation(scope, qualifier);
    let target = || named.and_then(|named| named_relation(scope, named)).or(scope.relations.first());
    let knows = |relation: &&Relation| matches!(relation.lookup(column), Lookup::Known(_));
    let known = || scope.relations.iter().find(knows).filter(|relation| relation.asset.is_some());
    let first = by_qualifier.or_else(target)?;
    if by_qualifier.is_none() && matches!(first.lookup(column), Lookup::Absent) {
        return known().or(Some(first));
    }
    Some(first)
}

/// The asset's column behind a column of a relation: of a CTE (T-SQL) or an updatable subquery, the one that it passes on.
fn behind(relation: &Relation, column: &ColumnName) -> Option<(AssetName, ColumnName)> {
    if let Some(asset) = &relation.asset {
        return Some((asset.clone(), column.clone()));
    }
    if let Lookup::Known(known) = relation.lookup(column)
        && let Some((source, Transformation::Identity)) = known.sources.iter().next()
        && known.sources.len() == 1
    {
        return Some((source.asset.clone(), source.column.clone()));
    }
    only_asset(relation).map(|asset| (asset, column.clone()))
}

/// The one asset that a relation is, or is made of.
fn only_asset(relation: &Relation) -> Option<AssetName> {
    if relation.asset.is_some() {
        return relation.asset.clone();
    }
    let of_columns = relation.columns.iter().flat_map(|column| column.sources.iter().map(|(source, _)| &source.asset));
    let assets: BTreeSet<&AssetName> = of_columns.chain(&relation.passed).chain(&relation.open).collect();
    let mut assets = assets.into_iter();
    assets.next().filter(|_| assets.next().is_none()).cloned()
}
