//! FROM: tables, subqueries, joins, table functions, PIVOT.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{
    FunctionArg, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableSampleKind,
    TableWithJoins,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Shape, Value, shorten};
use crate::lineage::statement::external_name;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};
use crate::sql::jinja::hole::HOLE_PREFIX;

/// A derived relation's query and alias, or the like, on its way into the scope.
pub(super) struct Derived<'e> {
    pub shape: Arc<Shape>,
    pub alias: Option<&'e TableAlias>,
    pub name: Option<String>,
}

impl Resolver<'_> {
    /// Brings a FROM clause into scope; `shape.rows` becomes its text.
    pub(super) fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>, shape: &mut Shape) {
        let mut texts = Vec::new();
        for table in from {
            texts.push(self.table_with_joins(table, scope, shape));
        }
        // Relations that are only listed may stand in any order, unless their order tells them apart.
        if !scope.is_marked() {
            texts.sort();
        }
        if from.len() > 1 && has_outer_join_signs(self.dialect) {
            scope.relations.iter_mut().for_each(|relation| relation.is_nullable = true);
        }
        shape.rows = texts.join(", ");
    }

    pub(super) fn table_with_joins(
        &mut self,
        table: &TableWithJoins,
        scope: &mut Scope<'_>,
        shape: &mut Shape,
    ) -> String {
        let mut text = match &table.relation {
            // Joins lean to the left with and without parentheses.
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.table_with_joins(table_with_joins, scope, shape)
            }
            relation => self.factor(relation, scope, shape),
        };
        for join in &table.joins {
            text = self.join(join, text, scope, shape);
        }
        text
    }

    fn join(&mut self, join: &Join, left: String, scope: &mut Scope<'_>, shape: &mut Shape) -> String {
        let first_new = scope.relations.len();
        let right = self.factor(&join.relation, scope, shape);
        let (mut word, constraint) = join_parts(&join.join_operator);
        note_nullable(word, first_new, scope);
        let mut condition = Value::default();
        if let JoinOperator::AsOf { match_condition, .. } = &join.join_operator {
            condition.text.push_str("match ");
            self.expression(match_condition, scope, Transformation::Join, &mut condition);
            condition.text.push(' ');
        }
        match constraint {
            Some(JoinConstraint::On(expression)) => {
                self.expression(expression, scope, Transformation::Join, &mut condition);
            }
            Some(JoinConstraint::Using(names)) => {
                let names: Vec<ColumnName> = names
                    .iter()
                    .filter_map(|name| fold_name(name, self.dialect).last().map(|last| ColumnName::new(last)))
                    .collect();
                self.merge_columns(&names, first_new, scope, &mut condition);
            }
            Some(JoinConstraint::Natural) => {
                condition.text.push_str("natural ");
                let names = common_columns(scope, first_new);
                self.merge_columns(&names, first_new, scope, &mut condition);
            }
            Some(JoinConstraint::None) if word == "join" && condition.text.is_empty() => word = "cross join",
            Some(JoinConstraint::None) | None => {}
        }
        shape.indirect.extend(condition.sources);
        let condition = shorten(condition.text);
        let on = if condition.is_empty() { String::new() } else { format!(" on {condition}") };
        shape.row_set.joins.insert(format!("{word} {right}{on}"));
        let left = shorten(left);
        format!("{left} {word} {right}{on}")
    }

    /// USING and NATURAL: one column for both sides, and a join condition.
    fn merge_columns(&mut self, names: &[ColumnName], first_new: usize, scope: &mut Scope<'_>, condition: &mut Value) {
        for name in names {
            let mut value = Value::default();
            self.bare_column(&Ident::new(name.as_str()), scope, Transformation::Join, &mut value);
            for relation in scope.relations.iter().skip(first_new) {
                if let crate::lineage::shape::Lookup::Known(column) = relation.lookup(name) {
                    condition
                        .sources
                        .extend(column.sources.iter().map(|(source, _)| (source.clone(), Transformation::Join)));
                } else if let crate::lineage::shape::Lookup::Through(asset) = relation.lookup(name) {
                    let source = crate::lineage::model::ColumnRef { asset: asset.clone(), column: name.clone() };
                    condition.sources.insert((source, Transformation::Join));
                }
            }
            condition.sources.extend(value.sources);
            condition.text.push_str(&format!("using {name} "));
            for relation in scope.relations.iter_mut().skip(first_new) {
                relation.merged.insert(name.clone());
            }
        }
    }

    /// Brings one relation into scope and gives its text.
    pub(super) fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>, shape: &mut Shape) -> String {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let arguments = args.as_ref().map(|args| args.args.as_slice());
                let text = self.table(name, alias.as_ref(), arguments, (scope, shape));
                with_words(text, table_words(factor), shape)
            }
            TableFactor::Derived { subquery, alias, lateral, sample } => {
                let mut inner =
                    if *lateral { self.query(subquery, Some(scope)) } else { self.query(subquery, outward(scope)) };
                if *lateral {
                    // Its columns may be those of a relation before it.
                    let before = scope.relations.iter().flat_map(|relation| relation.assets.iter().cloned());
                    inner.assets.extend(before);
                }
                let derived = Derived { shape: Arc::new(inner), alias: alias.as_ref(), name: None };
                let text = self.derived(derived, (scope, shape));
                with_words(text, sample.iter().map(sample_words).collect(), shape)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let first_new = scope.relations.len();
                let text = self.table_with_joins(table_with_joins, scope, shape);
                if let Some(alias) = alias {
                    let name = fold(&alias.name, self.dialect);
                    for relation in scope.relations.iter_mut().skip(first_new) {
                        relation.alias = Some(name.clone());
                    }
                }
                if table_with_joins.joins.is_empty() { text } else { format!("({text})") }
            }
            TableFactor::Pivot { .. } => self.pivot(factor, (scope, shape)),
            TableFactor::Unpivot { .. } => self.unpivot(factor, (scope, shape)),
            other => self.function_like(other, (scope, shape)),
        }
    }

    fn table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        arguments: Option<&[FunctionArg]>,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let parts = fold_name(name, self.dialect);
        if let Some(arguments) = arguments {
            let value = self.argument_value(arguments, scope);
            if self.is_table_function(&parts) {
                return self.call_table_function((name, alias), value, (scope, outer));
            }
            return self.function_relation(parts.last().cloned(), alias, value, scope);
        }
        if let [single] = parts.as_slice() {
            let cte = self.ctes.iter().rev().find(|(cte, _)| cte == single).map(|(_, shape)| shape.clone());
            if let Some(shape) = cte {
                return self.derived(Derived { shape, alias, name: Some(single.clone()) }, (scope, outer));
            }
        }
        if let (Some(sqlparser::ast::ObjectNamePart::Identifier(first)), true) = (name.0.first(), parts.len() > 1) {
            // `FROM orders, orders.items`: an array of a relation before it.
            let qualifier = [fold(first, self.dialect)];
            if scope.relations.iter().any(|relation| relation.answers_to(&qualifier)) {
                let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                let mut value = Value::default();
                self.compound_column(&idents, scope, Transformation::Transformation, &mut value);
                return self.function_relation(parts.last().cloned(), alias, value, scope);
            }
        }
        if let [single] = parts.as_slice()
            && let Some(text) = self.changed_rows(single, alias, (scope, outer))
        {
            return text;
        }
        if let Some(path) = file_path(&parts) {
            let asset = external_name(path);
            self.upstream.insert(asset.clone());
            let (rows, open) = (asset.to_string(), vec![asset.clone()]);
            let alias = alias.map(|alias| fold(&alias.name, self.dialect));
            outer.assets.insert(asset.clone());
            scope.add(Relation { alias, rows: rows.clone(), open, assets: [asset].into(), ..Relation::default() });
            return rows;
        }
        if parts.last().is_some_and(|last| last.starts_with(HOLE_PREFIX)) {
            // What a template leaves open is no asset: nothing is known of its columns.
            return self.function_relation(parts.last().cloned(), alias, Value::default(), scope);
        }
        let line = self.name_line(name);
        let mut relation = self.base_relation(parts, alias.map(|alias| fold(&alias.name, self.dialect)), line);
        if let Some(alias) = alias {
            self.rename_columns(&mut relation, alias);
        }
        let text = relation.rows.clone();
        outer.assets.extend(relation.assets.iter().cloned());
        scope.add(relation);
        text
    }

    /// A base relation for an asset, read at `line` (0: not noted).
    pub(super) fn base_relation(&mut self, parts: Vec<String>, alias: Option<String>, line: u32) -> Relation {
        let asset = self.asset_named(&parts, line);
        self.upstream.insert(asset.clone());
        if line > 0 {
            self.note_read(&asset, None, line, self.catalog.contains(&asset));
        }
        let (columns, complete) = self.catalog.columns(&asset);
        // A token of a dbt ref is addressed by the model's name as well.
        let path = match parts.as_slice() {
            [single] if self.file.tokens.contains_key(single) => asset.parts().into_iter().map(str::to_owned).collect(),
            _ => parts,
        };
        Relation {
            alias,
            path,
            rows: asset.to_string(),
            open: if complete { Vec::new() } else { vec![asset.clone()] },
            assets: [asset.clone()].into(),
            asset: Some(asset),
            columns,
            ..Relation::default()
        }
    }

    pub(super) fn derived(&mut self, derived: Derived<'_>, (scope, outer): (&mut Scope<'_>, &mut Shape)) -> String {
        let shape = &derived.shape;
        outer.absorb_rows(shape);
        let mut relation = Relation {
            alias: derived.alias.map(|alias| fold(&alias.name, self.dialect)),
            path: derived.name.into_iter().collect(),
            columns: shape.columns.iter().cloned().collect(),
            open: shape.open.clone(),
            passed: shape.passed.clone(),
            stars: shape.stars.clone(),
            rows: shape.rows.clone(),
            is_derived: true,
            assets: shape.assets.clone(),
            ..Relation::default()
        };
        if let Some(alias) = derived.alias {
            self.rename_columns(&mut relation, alias);
        }
        let text = relation.rows.clone();
        scope.add(relation);
        text
    }

    /// `alias (a, b)`.
    pub(super) fn rename_columns(&self, relation: &mut Relation, alias: &TableAlias) {
        if alias.columns.is_empty() {
            return;
        }
        let names: Vec<ColumnName> =
            alias.columns.iter().map(|column| ColumnName::new(&fold(&column.name, self.dialect))).collect();
        let mut shape = Shape {
            columns: relation.columns.to_vec(),
            open: relation.open.clone(),
            stars: vec![relation.star_text()],
            ..Shape::default()
        };
        shape.rename(&names);
        relation.columns = shape.columns.into();
    }
}

/// Notes the relations whose values an outer join may replace by NULL.
fn note_nullable(join: &str, first_new: usize, scope: &mut Scope<'_>) {
    let (before, new) = match join {
        "left join" | "outer apply" | "left array join" | "asof join" => (false, true),
        "right join" => (true, false),
        "full join" => (true, true),
        _ => return,
    };
    for (index, relation) in scope.relations.iter_mut().enumerate() {
        relation.is_nullable |= if index < first_new { before } else { new };
    }
}

/// Whether `(+)` in WHERE may make a join of listed relations an outer one.
fn has_outer_join_signs(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Oracle | Dialect::Snowflake | Dialect::Redshift | Dialect::Teradata)
}

/// What stands behind a table's name and decides which of its rows are read.
fn table_words(factor: &TableFactor) -> Vec<String> {
    let TableFactor::Table {
        name: _,
        alias: _,
        args,
        with_hints,
        version,
        with_ordinality,
        partitions,
        json_path,
        sample,
        index_hints: _,
    } = factor
    else {
        return Vec::new();
    };
    let settings = args.iter().flat_map(|args| args.settings.iter().flatten()).map(ToString::to_string);
    let hints = with_hints.iter().map(|hint| format!("with ({hint})"));
    let version = version.iter().map(ToString::to_string);
    let partitions = partitions.iter().map(|partition| format!("partition {partition}"));
    let path = json_path.iter().map(ToString::to_string);
    let sample = sample.iter().map(sample_words);
    let numbered = with_ordinality.then(|| "with ordinality".to_owned());
    settings.chain(hints).chain(version).chain(partitions).chain(path).chain(sample).chain(numbered).collect()
}

fn sample_words(sample: &TableSampleKind) -> String {
    let (TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) = sample;
    sample.to_string()
}

/// A relation's text with such words, which are part of what limits the rows.
fn with_words(text: String, words: Vec<String>, shape: &mut Shape) -> String {
    if words.is_empty() {
        return text;
    }
    let text = format!("{text} {}", words.join(" ").trim().to_lowercase());
    shape.row_set.limit.insert(text.clone());
    text
}

/// What a plain subquery of this FROM clause sees: the enclosing query, not its siblings.
fn outward<'s, 'p>(scope: &'s Scope<'p>) -> Option<&'s Scope<'p>> {
    scope.parent.map(|parent| {
        let parent: &'s Scope<'p> = parent;
        parent
    })
}

/// Columns that both the new relations and those before them are known to have.
fn common_columns(scope: &Scope<'_>, first_new: usize) -> Vec<ColumnName> {
    let names = |relations: &[Relation]| -> BTreeSet<ColumnName> {
        relations.iter().flat_map(|relation| relation.columns.iter().map(|column| column.name.clone())).collect()
    };
    let (before, new) = scope.relations.split_at(first_new.min(scope.relations.len()));
    names(before).intersection(&names(new)).cloned().collect()
}

/// Spark's ``parquet.`folder/` ``: a file read in place.
fn file_path(parts: &[String]) -> Option<&str> {
    match parts {
        [format, path] if path.contains('/') => {
            let known = ["parquet", "csv", "json", "orc", "avro", "delta", "text", "binaryfile"];
            known.contains(&format.as_str()).then_some(path)
        }
        _ => None,
    }
}

/// A join's word in normalised text, and its constraint. INNER is what JOIN means, OUTER adds nothing.
fn join_parts(operator: &JoinOperator) -> (&'static str, Option<&JoinConstraint>) {
    match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::StraightJoin(constraint) => {
            ("join", Some(constraint))
        }
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("left join", Some(constraint)),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("right join", Some(constraint)),
        JoinOperator::FullOuter(constraint) => ("full join", Some(constraint)),
        JoinOperator::CrossJoin(constraint) => ("cross join", Some(constraint)),
        JoinOperator::Semi(constraint) | JoinOperator::LeftSemi(constraint) => ("semi join", Some(constraint)),
        JoinOperator::RightSemi(constraint) => ("right semi join", Some(constraint)),
        JoinOperator::Anti(constraint) | JoinOperator::LeftAnti(constraint) => ("anti join", Some(constraint)),
        JoinOperator::RightAnti(constraint) => ("right anti join", Some(constraint)),
        JoinOperator::AsOf { constraint, .. } => ("asof join", Some(constraint)),
        JoinOperator::CrossApply => ("cross apply", None),
        JoinOperator::OuterApply => ("outer apply", None),
        JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin => ("array join", None),
        JoinOperator::LeftArrayJoin => ("left array join", None),
    }
}
