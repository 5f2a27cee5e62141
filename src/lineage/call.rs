//! Calls: aggregates, functions that choose, and everything that may stand in and behind their parentheses.

mod owner;

use std::fmt::Write as _;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value as Literal, WildcardAdditionalOptions,
};

use crate::lineage::expression::{computed, push, weigh_condition};
use crate::lineage::functions::{self, Part, Role};
use crate::lineage::model::Transformation;
use crate::lineage::operator::bare;
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::select::is_columns;
use crate::lineage::shape::{Scope, Value, seen_through};
use crate::lineage::wording;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

impl Resolver<'_> {
    pub(super) fn function(&mut self, function: &Function, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        if let Some(column) = self.chosen.clone().filter(|_| is_columns(function)) {
            out.sources.extend(seen_through(how, &column.sources));
            out.text.push_str(&column.text);
            return;
        }
        let Function { name, uses_odbc_syntax: _, parameters, args, within_group, filter, null_treatment, over } =
            function;
        let name = function_name(name);
        if name == "identifier" && matches!(self.dialect, Dialect::Snowflake | Dialect::Databricks | Dialect::Spark) {
            let line = self.file.line_map.original(self.line_offset.saturating_add(1));
            self.note_at_run_time((&function.to_string(), "column"), line);
        }
        let role = match functions::role(&name) {
            // SQLite's `max(a, b)` is the larger of two values of one row.
            Role::Aggregate if self.dialect == Dialect::Sqlite && picks_of_row(&name, args) => Role::Scalar,
            role => role,
        };
        let inner = match role {
            role if role.is_aggregate() && over.is_none() && how.is_direct() => Transformation::Aggregation,
            _ => computed(how),
        };
        // Its own value first: what else the expression around is made of says nothing about this call.
        let mut own = Value::default();
        self.method_owner(&function.name, scope, inner, &mut own);
        own.text.push_str(&name);
        if !matches!(parameters, FunctionArguments::None) {
            self.call((parameters, Role::Scalar, &name), scope, inner, &mut own);
        }
        self.call((args, role, &name), scope, inner, &mut own);
        let has_values = !own.sources.is_empty();
        if let Some(treatment) = null_treatment {
            let _ = write!(own.text, " {treatment}");
        }
        if let Some(filter) = filter {
            own.text.push_str(" filter (");
            let steer = if how.is_direct() { Transformation::Filter } else { how };
            self.expression(filter, scope, steer, &mut own);
            own.text.push(')');
        }
        if !within_group.is_empty() {
            own.text.push_str(" within group (");
            // Ordered values are the order of those before (`listagg`), or the ones to pick from (`percentile_cont`).
            let steer = if how.is_direct() && has_values { Transformation::Sort } else { inner };
            self.ordering(within_group, scope, steer, &mut own);
            own.text.push(')');
        }
        if let Some(over) = over {
            // Ranks are made of their window and nothing else; a count depends on rows.
            let has_values = !own.sources.is_empty() || role.is_aggregate();
            self.window(over, scope, window_role(how, has_values), &mut own);
        }
        out.aggregated |= own.aggregated || role.is_aggregate() && over.is_none();
        out.text.push_str(&own.text);
        out.sources.extend(own.sources);
    }

    fn call(
        &mut self,
        (arguments, role, name): (&FunctionArguments, Role, &str),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        out.text.push('(');
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.scalar_subquery(query, scope, how, out),
            FunctionArguments::List(list) if counts_rows(name, list) => out.text.push('*'),
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }) => {
                out.text.push_str(wording::duplicates(*duplicate_treatment));
                self.arguments(args, (role, name), scope, (how, out));
                for clause in clauses {
                    self.argument_clause(clause, scope, how, out);
                }
            }
        }
        out.text.push(')');
    }

    fn arguments(
        &mut self,
        arguments: &[FunctionArg],
        (role, name): (Role, &str),
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) {
        if self.dictionary(name, arguments, scope, (how, out)) {
            return;
        }
        let (mut tests, mut results) = (Value::default(), Value::default());
        let date_part = functions::date_part(name, self.dialect, arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            let part = functions::part(role, index, arguments.len());
            let how = part.steering().filter(|_| how.is_direct()).unwrap_or(how);
            let one = if part == Part::Value { &mut results } else { &mut tests };
            one.text.clear();
            match self.scalar_argument(argument, scope, how, one) {
                FunctionArgExpr::Expr(Expr::Identifier(ident))
                    if date_part == Some(index) && functions::is_date_part(&ident.value) =>
                {
                    one.text.push_str(&ident.value.to_lowercase());
                }
                FunctionArgExpr::Expr(expression) => self.with_arrow_lambda(expression, scope, how, one),
                FunctionArgExpr::QualifiedWildcard(qualifier) => self.whole_row(qualifier, scope, one),
                FunctionArgExpr::Wildcard => {
                    self.row_values((name, None), scope, how, one);
                    one.text.push('*');
                }
                FunctionArgExpr::WildcardWithOptions(options) => {
                    self.row_values((name, Some(options)), scope, how, one);
                    let _ = write!(one.text, "* {options}");
                }
            }
            out.text.push_str(if index > 0 { ", " } else { "" });
            out.text.push_str(&one.text);
        }
        if matches!(role, Role::Scalar | Role::Aggregate) {
            out.sources.extend(results.sources);
        } else {
            out.sources.extend(weigh_condition(tests, results, how));
        }
    }

    /// Writes what stands before the value of an argument, and gives the value. For DuckDB the parser takes a comparison for a
    /// named argument; in calls that are no tables named ones are written `:=` and `=>`.
    fn scalar_argument<'e>(
        &mut self,
        argument: &'e FunctionArg,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> &'e FunctionArgExpr {
        let FunctionArg::Named { name, arg, operator: FunctionArgOperator::Equals } = argument else {
            return self.argument(argument, scope, how, out);
        };
        self.bare_column(name, scope, computed(how), out);
        out.text.push_str(" = ");
        arg
    }

    /// Writes an argument's name, and gives the rest.
    pub(super) fn argument<'e>(
        &mut self,
        argument: &'e FunctionArg,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> &'e FunctionArgExpr {
        match argument {
            FunctionArg::Unnamed(value) => value,
            FunctionArg::Named { name, arg, operator: _ } => {
                let _ = write!(out.text, "{} => ", name.value.to_lowercase());
                arg
            }
            FunctionArg::ExprNamed { name, arg, operator: _ } => {
                self.expression(name, scope, how, out);
                out.text.push_str(" => ");
                arg
            }
        }
    }

    /// `OBJECT_CONSTRUCT(*)` is made of every column; `COUNT(*)` of none.
    fn row_values(
        &mut self,
        (function, options): (&str, Option<&WildcardAdditionalOptions>),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        if function.starts_with("count") || function.starts_with("approx_count") {
            return;
        }
        let mut row = self.everything(scope);
        if let Some(options) = options {
            self.star_options(options, scope, &mut row);
        }
        let how = computed(how);
        for column in &row.columns {
            out.sources.extend(seen_through(how, &column.sources));
        }
        out.sources.extend(seen_through(how, &star_sources(&row.open)));
    }

    /// An argument; where the grammar knows no lambdas, `x -> x + 1` is an operator whose left side is no column.
    fn with_arrow_lambda(&mut self, argument: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let before = self.lambdas.len();
        if matches!(self.dialect, Dialect::Trino) {
            let parameters = arrow_parameters(argument);
            self.lambdas.extend(parameters.into_iter().map(|parameter| fold(parameter, self.dialect)));
        }
        self.expression(argument, scope, how, out);
        self.lambdas.truncate(before);
    }

    /// `count(t.*)`: which relation's rows.
    fn whole_row(&self, qualifier: &ObjectName, scope: &Scope<'_>, out: &mut Value) {
        let parts = crate::sql::ident::fold_name(qualifier, self.dialect);
        match scope.relations.iter().find(|relation| relation.answers_to(&parts)) {
            Some(relation) => {
                let _ = write!(out.text, "{}{}.*", relation.rows, wording::mark(relation.mark));
            }
            None => {
                let _ = write!(out.text, "{}.*", parts.join("."));
            }
        }
    }

    fn argument_clause(
        &mut self,
        clause: &FunctionArgumentClause,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let steer = |indirect| if how.is_direct() { indirect } else { how };
        match clause {
            FunctionArgumentClause::Where(condition) => {
                out.text.push_str(" where ");
                self.expression(condition, scope, steer(Transformation::Filter), out);
            }
            FunctionArgumentClause::OrderBy(keys) => {
                out.text.push_str(" order by ");
                self.ordering(keys, scope, steer(Transformation::Sort), out);
            }
            FunctionArgumentClause::Having(bound) => {
                let _ = write!(out.text, " having {} ", bound.0);
                self.expression(&bound.1, scope, steer(Transformation::Sort), out);
            }
            FunctionArgumentClause::Limit(limit) => {
                out.text.push_str(" limit ");
                self.expression(limit, scope, steer(Transformation::Filter), out);
            }
            other => {
                out.text.push(' ');
                push(out, other);
            }
        }
    }
}

/// Whether a call of MAX or MIN is given several values of one row.
fn picks_of_row(name: &str, arguments: &FunctionArguments) -> bool {
    matches!(name, "max" | "min") && matches!(arguments, FunctionArguments::List(list) if list.args.len() > 1)
}

/// The names in front of the first `->` of an expression.
fn arrow_parameters(expression: &Expr) -> Vec<&Ident> {
    let mut expression = expression;
    loop {
        expression = match expression {
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, .. } => return names(left),
            Expr::BinaryOp { left, .. } => left,
            Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::IsTrue(inner) | Expr::IsFalse(inner) => inner,
            Expr::Like { expr, .. } | Expr::InList { expr, .. } | Expr::Between { expr, .. } => expr,
            _ => return Vec::new(),
        }
    }
}

/// The names of `x` and of `(x, y)`.
fn names(expression: &Expr) -> Vec<&Ident> {
    let parts = match expression {
        Expr::Tuple(parts) => parts.as_slice(),
        Expr::Nested(inner) => std::slice::from_ref(&**inner),
        single => std::slice::from_ref(single),
    };
    let idents: Option<Vec<&Ident>> =
        parts.iter().map(|part| if let Expr::Identifier(ident) = part { Some(ident) } else { None }).collect();
    idents.unwrap_or_default()
}

/// The name of a function; only what stands in quotes keeps its case.
fn function_name(name: &ObjectName) -> String {
    let parts = name.0.iter().map(|part| match part.as_ident() {
        Some(ident) if ident.quote_style.is_some() && ident.value.contains(char::is_uppercase) => ident.to_string(),
        Some(ident) => ident.value.to_lowercase(),
        None => part.to_string().to_lowercase(),
    });
    parts.collect::<Vec<_>>().join(".")
}

/// `count(1)` is `count(*)`.
fn counts_rows(name: &str, list: &FunctionArgumentList) -> bool {
    let FunctionArgumentList { duplicate_treatment: None, args, clauses } = list else { return false };
    let is_number = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => {
            matches!(bare(argument), Expr::Value(value) if matches!(value.value, Literal::Number(..)))
        }
        _ => false,
    };
    name == "count" && clauses.is_empty() && matches!(args.as_slice(), [one] if is_number(one))
}

fn window_role(how: Transformation, has_values: bool) -> Transformation {
    match (how.is_direct(), has_values) {
        (false, _) => how,
        (true, true) => Transformation::Window,
        (true, false) => Transformation::Transformation,
    }
}
