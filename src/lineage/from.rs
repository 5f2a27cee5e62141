//! FROM: tables, subqueries, joins, table functions, PIVOT.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, LateralView, ObjectName, TableAlias,
    TableFactor, TableWithJoins,
};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{ColumnList, OutColumn, Relation, Scope, Shape, Sources, Value};
use crate::lineage::statement::external_name;
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
        // Relations that are only listed may stand in any order.
        texts.sort();
        shape.rows = texts.join(", ");
    }

    pub(super) fn table_with_joins(
        &mut self,
        table: &TableWithJoins,
        scope: &mut Scope<'_>,
        shape: &mut Shape,
    ) -> String {
        let mut text = self.factor(&table.relation, scope, shape);
        for join in &table.joins {
            text = self.join(join, text, scope, shape);
        }
        text
    }

    fn join(&mut self, join: &Join, left: String, scope: &mut Scope<'_>, shape: &mut Shape) -> String {
        let first_new = scope.relations.len();
        let right = self.factor(&join.relation, scope, shape);
        let (word, constraint) = join_parts(&join.join_operator);
        let mut condition = Value::default();
        if let JoinOperator::AsOf { match_condition, .. } = &join.join_operator {
            self.expression(match_condition, scope, Transformation::Join, &mut condition);
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
                let names = common_columns(scope, first_new);
                self.merge_columns(&names, first_new, scope, &mut condition);
            }
            Some(JoinConstraint::None) | None => {}
        }
        shape.indirect.extend(condition.sources);
        let condition = crate::lineage::shape::shorten(condition.text);
        shape.row_set.joins.insert(format!("{word} {right} on {condition}"));
        format!("{left} {word} {right} on {condition}")
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
                self.table(name, alias.as_ref(), arguments, (scope, shape))
            }
            TableFactor::Derived { subquery, alias, lateral, .. } => {
                let inner =
                    if *lateral { self.query(subquery, Some(scope)) } else { self.query(subquery, outward(scope)) };
                self.derived(Derived { shape: Arc::new(inner), alias: alias.as_ref(), name: None }, (scope, shape))
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
                format!("({text})")
            }
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } => {
                let pivot = (aggregate_functions.as_slice(), value_column.as_slice(), value_source);
                self.pivot(table, pivot, alias.as_ref(), (scope, shape))
            }
            TableFactor::Unpivot { table, value, name, columns, alias, .. } => {
                self.unpivot(table, (value, name, columns), alias.as_ref(), (scope, shape))
            }
            other => self.function_like(other, scope),
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
            let sources = self.argument_sources(arguments, scope);
            return self.function_relation(parts.last().cloned(), alias, sources, scope);
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
                return self.function_relation(parts.last().cloned(), alias, value.sources, scope);
            }
        }
        if let Some(path) = file_path(&parts) {
            let asset = external_name(path);
            self.upstream.insert(asset.clone());
            let (rows, open) = (asset.to_string(), vec![asset]);
            let alias = alias.map(|alias| fold(&alias.name, self.dialect));
            scope.add(Relation { alias, rows: rows.clone(), open, ..Relation::default() });
            return rows;
        }
        if parts.last().is_some_and(|last| last.starts_with(HOLE_PREFIX)) {
            // What a template leaves open is no asset: nothing is known of its columns.
            return self.function_relation(parts.last().cloned(), alias, Sources::new(), scope);
        }
        let line = self.name_line(name);
        let mut relation = self.base_relation(parts, alias.map(|alias| fold(&alias.name, self.dialect)), line);
        if let Some(alias) = alias {
            self.rename_columns(&mut relation, alias);
        }
        let text = relation.rows.clone();
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
            rows: shape.rows.clone(),
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
    fn rename_columns(&self, relation: &mut Relation, alias: &TableAlias) {
        if alias.columns.is_empty() {
            return;
        }
        let names: Vec<ColumnName> =
            alias.columns.iter().map(|column| ColumnName::new(&fold(&column.name, self.dialect))).collect();
        let mut shape = Shape { columns: relation.columns.to_vec(), open: relation.open.clone(), ..Shape::default() };
        shape.rename(&names);
        relation.columns = shape.columns.into();
    }

    fn argument_sources(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Sources {
        let mut value = Value::default();
        for argument in arguments {
            let (FunctionArg::Unnamed(inner)
            | FunctionArg::Named { arg: inner, .. }
            | FunctionArg::ExprNamed { arg: inner, .. }) = argument;
            if let FunctionArgExpr::Expr(expression) = inner {
                if let Expr::Subquery(query) = expression {
                    let shape = self.query(query, Some(scope));
                    value.sources.extend(shape.columns.iter().flat_map(|column| column.sources.iter().cloned()));
                    value.sources.extend(star_sources(&shape.open));
                } else {
                    self.expression(expression, scope, Transformation::Transformation, &mut value);
                }
            }
        }
        value.sources
    }

    /// A relation of which every column depends on the same sources.
    fn function_relation(
        &mut self,
        name: Option<String>,
        alias: Option<&TableAlias>,
        sources: Sources,
        scope: &mut Scope<'_>,
    ) -> String {
        let sources = Arc::new(sources);
        let text = format!("{}()", name.clone().unwrap_or_default());
        let columns: ColumnList = alias
            .iter()
            .flat_map(|alias| &alias.columns)
            .map(|column| {
                let name = fold(&column.name, self.dialect);
                OutColumn {
                    name: ColumnName::new(&name),
                    sources: sources.clone(),
                    text: format!("{text}.{name}").into(),
                    data_type: column.data_type.as_ref().map(|data_type| data_type.to_string().to_uppercase().into()),
                }
            })
            .collect();
        scope.add(Relation {
            alias: alias.map(|alias| fold(&alias.name, self.dialect)),
            path: name.into_iter().collect(),
            columns,
            anything: Some(sources),
            rows: text.clone(),
            ..Relation::default()
        });
        text
    }

    /// UNNEST, FLATTEN, JSON_TABLE, …: what they are given is what their columns are made of.
    fn function_like(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) -> String {
        let mut value = Value::default();
        let how = Transformation::Transformation;
        let (name, alias) = match factor {
            TableFactor::UNNEST { alias, array_exprs, with_offset_alias, .. } => {
                for expression in array_exprs {
                    self.expression(expression, scope, how, &mut value);
                }
                if let Some(offset) = with_offset_alias {
                    self.offset_relation(offset, &value.sources, scope);
                }
                ("unnest", alias.as_ref())
            }
            TableFactor::TableFunction { expr, alias } => {
                self.expression(expr, scope, how, &mut value);
                ("table", alias.as_ref())
            }
            TableFactor::Function { name, args, alias, .. } => {
                let sources = self.argument_sources(args, scope);
                let parts = fold_name(name, self.dialect);
                return self.function_relation(parts.last().cloned(), alias.as_ref(), sources, scope);
            }
            TableFactor::JsonTable { json_expr, alias, .. } | TableFactor::OpenJsonTable { json_expr, alias, .. } => {
                self.expression(json_expr, scope, how, &mut value);
                ("json_table", alias.as_ref())
            }
            TableFactor::XmlTable { row_expression, passing, alias, .. } => {
                self.expression(row_expression, scope, how, &mut value);
                for argument in &passing.arguments {
                    self.expression(&argument.expr, scope, how, &mut value);
                }
                ("xmltable", alias.as_ref())
            }
            TableFactor::UnpivotExpr { expression, .. } => {
                self.expression(expression, scope, how, &mut value);
                ("unpivot", None)
            }
            TableFactor::MatchRecognize { table, alias, .. } => {
                let mut inner = Scope::within(scope.parent);
                let mut shape = Shape::default();
                self.factor(table, &mut inner, &mut shape);
                value.sources.extend(all_sources(&inner));
                ("match_recognize", alias.as_ref())
            }
            TableFactor::SemanticView { name, alias, .. } => {
                let parts = fold_name(name, self.dialect);
                let relation = self.base_relation(parts, None, 0);
                value.sources.extend(star_sources(&relation.open));
                ("semantic_view", alias.as_ref())
            }
            _ => ("relation", None),
        };
        self.function_relation(Some(name.to_owned()), alias, value.sources, scope)
    }

    /// `WITH OFFSET AS position` is a value beside the element.
    fn offset_relation(&self, offset: &Ident, sources: &Sources, scope: &mut Scope<'_>) {
        scope.add(Relation {
            alias: Some(fold(offset, self.dialect)),
            anything: Some(Arc::new(sources.clone())),
            rows: "offset()".to_owned(),
            ..Relation::default()
        });
    }

    /// Hive's LATERAL VIEW.
    pub(super) fn lateral_views(&mut self, views: &[LateralView], scope: &mut Scope<'_>) {
        for view in views {
            let mut value = Value::default();
            self.expression(&view.lateral_view, scope, Transformation::Transformation, &mut value);
            let sources = Arc::new(value.sources);
            let columns: ColumnList = view
                .lateral_col_alias
                .iter()
                .map(|column| OutColumn {
                    name: ColumnName::new(&fold(column, self.dialect)),
                    sources: sources.clone(),
                    text: format!("{}.{}", value.text, fold(column, self.dialect)).into(),
                    data_type: None,
                })
                .collect();
            let named = !columns.is_empty();
            scope.add(Relation {
                alias: fold_name(&view.lateral_view_name, self.dialect).last().cloned(),
                columns,
                anything: (!named).then_some(sources),
                rows: value.text,
                ..Relation::default()
            });
        }
    }
}

/// What a plain subquery of this FROM clause sees: the enclosing query, not its siblings.
fn outward<'s, 'p>(scope: &'s Scope<'p>) -> Option<&'s Scope<'p>> {
    scope.parent.map(|parent| {
        let parent: &'s Scope<'p> = parent;
        parent
    })
}

fn all_sources(scope: &Scope<'_>) -> Sources {
    let known = scope
        .relations
        .iter()
        .flat_map(|relation| relation.columns.iter().flat_map(|column| column.sources.iter().cloned()));
    known.chain(scope.relations.iter().flat_map(|relation| star_sources(&relation.open))).collect()
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
