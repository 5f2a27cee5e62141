//! `COLUMNS(…)` of DuckDB and ClickHouse: one expression for each column that it chooses.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Visit, Visitor};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::select::pattern::{like, regular};
use crate::lineage::shape::{OutColumn, Scope, Shape, Value};
use crate::lineage::wording::string;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

/// Which columns a `COLUMNS(…)` stands for.
pub(super) struct Chosen {
    columns: Vec<OutColumn>,
    /// Columns that are not known by name, or a choice that is not understood.
    unknown: Option<Shape>,
}

pub(in crate::lineage) fn is_columns(function: &Function) -> bool {
    function.over.is_none() && function.name.to_string().eq_ignore_ascii_case("columns")
}

impl Resolver<'_> {
    /// What the `COLUMNS(…)` within an item chooses; `None` without one.
    pub(super) fn chosen_columns(&mut self, expression: &Expr, scope: &Scope<'_>) -> Option<Chosen> {
        if !matches!(self.dialect, Dialect::DuckDb | Dialect::ClickHouse | Dialect::Hive) {
            return None;
        }
        let mut finder = Finder { found: None, queries: 0 };
        let _ = expression.visit(&mut finder);
        let arguments = finder.found?;
        let mut everything = self.everything(scope);
        let columns = std::mem::take(&mut everything.columns);
        let names: Vec<ColumnName> = arguments.iter().filter_map(|argument| self.named(argument)).collect();
        let mut understood = true;
        let chosen = match arguments.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => columns,
            [FunctionArg::Unnamed(FunctionArgExpr::WildcardWithOptions(options))] => {
                let mut star = Shape { columns, ..Shape::default() };
                self.star_options(options, scope, &mut star);
                star.columns
            }
            _ if !names.is_empty() && names.len() == arguments.len() => {
                columns.into_iter().filter(|column| names.contains(&column.name)).collect()
            }
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(choice))] => {
                let keep: Vec<Option<bool>> = columns.iter().map(|column| accepts(choice, column)).collect();
                understood = keep.iter().all(Option::is_some);
                columns
                    .into_iter()
                    .zip(keep)
                    .filter(|(_, keep)| keep.unwrap_or(true))
                    .map(|(column, _)| column)
                    .collect()
            }
            _ => {
                understood = false;
                columns
            }
        };
        let unknown = (!understood || everything.unknown_at.is_some()).then_some(everything);
        Some(Chosen { columns: chosen, unknown })
    }

    fn named(&self, argument: &FunctionArg) -> Option<ColumnName> {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident))) => {
                Some(ColumnName::new(&fold(ident, self.dialect)))
            }
            _ => None,
        }
    }

    /// The item once for each chosen column, named like it unless an alias says otherwise.
    pub(super) fn for_each_chosen(
        &mut self,
        chosen: Chosen,
        (names, expression): (&[ColumnName], &Expr),
        scope: &Scope<'_>,
    ) -> Shape {
        let mut shape = Shape::default();
        let before = self.chosen.take();
        for column in chosen.columns {
            let name = match (expression, names) {
                (Expr::Function(function), _) if is_columns(function) => column.name.clone(),
                (_, [name]) if !name.as_str().starts_with("_col") && !self.is_implied(expression, name) => name.clone(),
                (Expr::Function(_), _) if self.dialect == Dialect::ClickHouse => wrapped(expression, &column),
                _ => column.name.clone(),
            };
            self.chosen = Some(column);
            let mut value = Value::default();
            self.expression(expression, scope, Transformation::Identity, &mut value);
            shape.columns.push(OutColumn::new(name, value));
        }
        self.chosen = before;
        if let Some(unknown) = chosen.unknown {
            self.stars_unresolved += 1;
            shape.note_unknown();
            shape.open = unknown.open;
            shape.stars = unknown.stars;
            shape.passed = unknown.passed;
            shape.anything = unknown.anything;
        }
        shape
    }

    /// Whether the name is only that of the function around `COLUMNS(…)`.
    fn is_implied(&self, expression: &Expr, name: &ColumnName) -> bool {
        matches!(expression, Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case(name.as_str()))
    }
}

/// ClickHouse's name for functions around a column: `max(height)`; the column's own where more than functions are there.
fn wrapped(expression: &Expr, column: &OutColumn) -> ColumnName {
    let mut heads = Vec::new();
    let mut inner = expression;
    while let Expr::Function(function) = inner {
        if is_columns(function) {
            let closed = ")".repeat(heads.len());
            return ColumnName::new(&format!("{}{}{closed}", heads.concat(), column.name));
        }
        let FunctionArguments::List(list) = &function.args else { break };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = list.args.as_slice() else { break };
        let parameters = match &function.parameters {
            FunctionArguments::None => String::new(),
            parameters => parameters.to_string(),
        };
        heads.push(format!("{}{parameters}(", function.name));
        inner = argument;
    }
    column.name.clone()
}

/// Whether the choice takes a column: a regular expression, a list of names, `c -> c LIKE '…'`.
fn accepts(choice: &Expr, column: &OutColumn) -> Option<bool> {
    let name = column.name.as_str().to_lowercase();
    match choice {
        Expr::Array(array) => {
            let names: Option<Vec<&str>> = array.elem.iter().map(string).collect();
            Some(names?.iter().any(|wanted| wanted.to_lowercase() == name))
        }
        Expr::Lambda(lambda) => match &*lambda.body {
            Expr::Like { negated, pattern, .. } | Expr::ILike { negated, pattern, .. } => {
                Some(like(&name, &string(pattern)?.to_lowercase()) != *negated)
            }
            _ => None,
        },
        other => regular(&name, &string(other)?.to_lowercase()),
    }
}

/// Finds the arguments of the first `COLUMNS(…)` that is not within a subquery.
struct Finder {
    found: Option<Vec<FunctionArg>>,
    queries: usize,
}

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &sqlparser::ast::Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &sqlparser::ast::Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expression
            && self.queries == 0
            && is_columns(function)
            && let FunctionArguments::List(list) = &function.args
        {
            self.found = Some(list.args.clone());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
