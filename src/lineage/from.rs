//! FROM: tables, subqueries, joins. What USING merges is in `merge`, ClickHouse's ARRAY JOIN in `array_join`, files that
//! are read in place in `location`; functions are in `table_function`, PIVOT in `pivot`.

mod array_join;
mod location;
mod merge;
mod operator;

use std::sync::Arc;

use sqlparser::ast::{
    FunctionArg, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableSampleKind,
    TableWithJoins,
};

use crate::lineage::from::array_join::is_array_join;
use crate::lineage::from::merge::{Kind, Sides, common_columns};
use crate::lineage::from::operator::{join_parts, note_nullable};
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Shape, Value, add_numbered, shorten};
use crate::lineage::table_function::Elements;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name, is_named_at_run_time};
use crate::sql::jinja::hole::HOLE_PREFIX;

pub(super) use location::in_call;

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
        let mut in_array_join = false;
        for table in from {
            texts.push(match in_array_join {
                true => self.array_join(&table.relation, (scope, shape)),
                false => self.table_with_joins(table, scope, shape),
            });
            // `ARRAY JOIN a, b`: the parser takes what stands behind the comma for another table.
            in_array_join = match table.joins.last() {
                Some(join) => is_array_join(&join.join_operator),
                None => in_array_join,
            };
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
        let start = scope.relations.len();
        let mut text = match &table.relation {
            // Joins lean to the left with and without parentheses.
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.table_with_joins(table_with_joins, scope, shape)
            }
            relation => self.factor(relation, scope, shape),
        };
        for join in &table.joins {
            text = self.join(join, (text, start), scope, shape);
        }
        text
    }

    /// Adds a join to the relations from `start` on, whose text is `left`.
    pub(super) fn join(
        &mut self,
        join: &Join,
        (left, start): (String, usize),
        scope: &mut Scope<'_>,
        shape: &mut Shape,
    ) -> String {
        let sides = Sides { start, first_new: scope.relations.len(), kind: Kind::of(&join.join_operator) };
        let right = self.joined(join, scope, shape);
        let (mut word, constraint) = join_parts(&join.join_operator);
        note_nullable(word, sides.first_new, scope);
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
                self.merge_columns(&names, sides, scope, &mut condition);
            }
            Some(JoinConstraint::Natural) => {
                condition.text.push_str("natural ");
                let names = common_columns(scope, sides);
                self.merge_columns(&names, sides, scope, &mut condition);
            }
            Some(JoinConstraint::None) if word == "join" && condition.text.is_empty() => word = "cross join",
            Some(JoinConstraint::None) | None => {}
        }
        self.hide_side(&join.join_operator, sides, scope);
        shape.indirect.extend(condition.sources);
        let condition = shorten(condition.text);
        let on = if condition.is_empty() { String::new() } else { format!(" on {condition}") };
        add_numbered(&mut shape.row_set.joins, &format!("{word} {right}{on}"));
        let left = shorten(left);
        format!("{left} {word} {right}{on}")
    }

    /// The relation that is joined.
    fn joined(&mut self, join: &Join, scope: &mut Scope<'_>, shape: &mut Shape) -> String {
        match (&join.join_operator, &join.relation) {
            (operator, relation) if is_array_join(operator) => self.array_join(relation, (scope, shape)),
            (JoinOperator::CrossApply | JoinOperator::OuterApply, TableFactor::Derived { subquery, alias, .. }) => {
                self.lateral(subquery, alias.as_ref(), (scope, shape))
            }
            (_, relation) => self.factor(relation, scope, shape),
        }
    }

    /// A subquery that sees the relations before it.
    fn lateral(
        &mut self,
        subquery: &sqlparser::ast::Query,
        alias: Option<&TableAlias>,
        (scope, shape): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let mut inner = self.query(subquery, Some(scope));
        // Its columns may be those of a relation before it.
        let before = scope.relations.iter().flat_map(|relation| relation.assets.iter().cloned());
        inner.assets.extend(before);
        self.derived(Derived { shape: Arc::new(inner), alias, name: None }, (scope, shape))
    }

    /// A semi or anti join only asks whether there is a row: the columns of that side end with its condition.
    fn hide_side(&self, operator: &JoinOperator, sides: Sides, scope: &mut Scope<'_>) {
        if self.dialect == Dialect::ClickHouse {
            return;
        }
        match operator {
            JoinOperator::Semi(_) | JoinOperator::LeftSemi(_) | JoinOperator::Anti(_) | JoinOperator::LeftAnti(_) => {
                scope.relations.truncate(sides.first_new);
            }
            JoinOperator::RightSemi(_) | JoinOperator::RightAnti(_) => {
                scope.relations.drain(sides.start..sides.first_new.min(scope.relations.len()));
            }
            _ => return,
        }
        scope.merged.retain(|merged| merged.before < sides.start);
    }

    /// Brings one relation into scope and gives its text.
    pub(super) fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>, shape: &mut Shape) -> String {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let arguments = args.as_ref().map(|args| args.args.as_slice());
                // The parser takes ClickHouse's FINAL behind a table's name for its alias.
                let is_final = self.dialect == Dialect::ClickHouse && alias.as_ref().is_some_and(is_final);
                let alias = alias.as_ref().filter(|_| !is_final);
                let text = self.table(name, alias, arguments, (scope, shape));
                let mut words = table_words(factor);
                words.extend(is_final.then(|| "final".to_owned()));
                with_words(text, words, shape)
            }
            TableFactor::Derived { subquery, alias, lateral, sample } => {
                // DuckDB lets every subquery of a FROM clause see what stands before it.
                let sees_siblings = *lateral || self.dialect == Dialect::DuckDb && !scope.relations.is_empty();
                let text = if sees_siblings {
                    self.lateral(subquery, alias.as_ref(), (scope, shape))
                } else {
                    let inner = self.query(subquery, outward(scope));
                    self.derived(Derived { shape: Arc::new(inner), alias: alias.as_ref(), name: None }, (scope, shape))
                };
                with_words(text, sample.iter().map(sample_words).collect(), shape)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let text = self.table_with_joins(table_with_joins, scope, shape);
                if table_with_joins.joins.is_empty() { text } else { format!("({text})") }
            }
            TableFactor::NestedJoin { table_with_joins, alias: Some(alias) } => {
                let mut inner = Scope::within(scope.parent);
                let rows = self.table_with_joins(table_with_joins, &mut inner, shape);
                let mut joined = self.everything(&inner);
                joined.rows = format!("({rows})");
                joined.assets = inner.relations.iter().flat_map(|relation| relation.assets.iter().cloned()).collect();
                self.derived(Derived { shape: Arc::new(joined), alias: Some(alias), name: None }, (scope, shape))
            }
            TableFactor::MatchRecognize { .. } => self.match_recognize(factor, (scope, shape)),
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
        if let Some(location) = location::in_name(name, &parts, self.dialect) {
            return self.read_locations(&[location], alias, (scope, outer));
        }
        if let Some(arguments) = arguments.filter(|arguments| !self.are_hints(arguments)) {
            return self.called((name, alias), (arguments, false), (scope, outer));
        }
        if let [single] = parts.as_slice() {
            let cte = self.ctes.iter().rev().find(|(cte, _)| cte == single).map(|(_, shape)| shape.clone());
            if let Some(shape) = cte {
                return self.derived(Derived { shape, alias, name: Some(single.clone()) }, (scope, outer));
            }
        }
        if let Some(idents) = self.array_of_relation(name, scope) {
            let mut array = Value::default();
            self.compound_column(&idents, scope, Transformation::Transformation, &mut array);
            let elements = Elements { arrays: vec![array], alias, ordinality: false, called: parts.last() };
            return self.elements(elements, scope);
        }
        if let [single] = parts.as_slice()
            && let Some(text) = self.changed_rows(single, alias, (scope, outer))
        {
            return text;
        }
        let at_run_time = parts.last().is_some_and(|last| is_named_at_run_time(last));
        if at_run_time {
            self.note_named_at_run_time(&parts, self.name_line(name));
        }
        if at_run_time || parts.last().is_some_and(|last| last.starts_with(HOLE_PREFIX)) {
            // What a template leaves open is no asset: nothing is known of its columns.
            let name = parts.last().cloned().unwrap_or_default();
            return self.function_relation((&name, alias), (Vec::new(), false), Value::default(), scope);
        }
        if self.is_dual(&parts) {
            let alias = alias.map(|alias| fold(&alias.name, self.dialect));
            scope.add(Relation { alias, rows: parts.join("."), path: parts, ..Relation::default() });
            return "dual".to_owned();
        }
        self.named_table((parts, self.name_line(name)), alias, (scope, outer))
    }

    /// Whether a table is the one row that engines keep for queries of no table (Oracle's DUAL, Db2's SYSDUMMY1).
    pub(super) fn is_dual(&self, parts: &[String]) -> bool {
        let [qualifier @ .., name] = parts else { return false };
        let is_dummy = match qualifier {
            [] => name.eq_ignore_ascii_case("dual"),
            [schema] => {
                let is = |one: &str, other: &str| schema.eq_ignore_ascii_case(one) && name.eq_ignore_ascii_case(other);
                is("sys", "dual") || is("sysibm", "sysdummy1")
            }
            _ => false,
        };
        is_dummy && !self.catalog.resolve(parts).is_ok_and(|asset| self.catalog.contains(&asset))
    }

    /// A relation of an asset, by folded parts of its name, which stands in `line`.
    pub(super) fn named_table(
        &mut self,
        (parts, line): (Vec<String>, u32),
        alias: Option<&TableAlias>,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let mut relation = self.base_relation(parts, alias.map(|alias| fold(&alias.name, self.dialect)), line);
        if let Some(alias) = alias {
            // Of a table that is known in part, no position is certain.
            let unknown_at = (!relation.open.is_empty()).then_some((0, relation.columns.len()));
            self.rename_columns(&mut relation, alias, unknown_at);
        }
        let text = relation.rows.clone();
        outer.assets.extend(relation.assets.iter().cloned());
        scope.add(relation);
        text
    }

    /// `FROM orders, orders.items`: an array of a relation before it.
    fn array_of_relation(&self, name: &ObjectName, scope: &Scope<'_>) -> Option<Vec<Ident>> {
        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let qualifier = [fold(idents.first().filter(|_| idents.len() > 1)?, self.dialect)];
        scope.relations.iter().any(|relation| relation.answers_to(&qualifier)).then_some(idents)
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
            alike: shape.alike,
            passed: shape.passed.clone(),
            stars: shape.stars.clone(),
            anything: shape.anything.clone(),
            rows: shape.rows.clone(),
            is_derived: true,
            assets: shape.assets.clone(),
            ..Relation::default()
        };
        if let Some(alias) = derived.alias {
            self.rename_columns(&mut relation, alias, shape.unknown_at);
        }
        let text = relation.rows.clone();
        scope.add(relation);
        text
    }

    /// `alias (a, b)`; `unknown_at` as in [`Shape::unknown_at`].
    pub(super) fn rename_columns(
        &self,
        relation: &mut Relation,
        alias: &TableAlias,
        unknown_at: Option<(usize, usize)>,
    ) {
        if alias.columns.is_empty() {
            return;
        }
        let mut shape = Shape {
            columns: relation.columns.to_vec(),
            stars: vec![relation.star_text()],
            open: std::mem::take(&mut relation.open),
            anything: relation.anything.take(),
            unknown_at,
            ..Shape::default()
        };
        shape.rename(&self.alias_names(alias));
        relation.columns = shape.columns.into();
        (relation.open, relation.anything) = (shape.open, shape.anything);
    }

    pub(super) fn alias_names(&self, alias: &TableAlias) -> Vec<ColumnName> {
        alias.columns.iter().map(|column| ColumnName::new(&fold(&column.name, self.dialect))).collect()
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

fn is_final(alias: &TableAlias) -> bool {
    !alias.explicit && alias.name.quote_style.is_none() && alias.name.value.eq_ignore_ascii_case("final")
}
