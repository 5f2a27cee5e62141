//! Calls: aggregates, functions that choose, and everything that may stand in and behind their parentheses.

mod owner;

use std::fmt::Write as _;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    ObjectName, Value as Literal,
};

use crate::lineage::expression::{computed, push, weigh_condition};
use crate::lineage::functions::{self, Part, Role};
use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::select::is_columns;
use crate::lineage::shape::{Scope, Value, seen_through};
use crate::lineage::wording;

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
        let role = functions::role(&name);
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
            match self.argument(argument, scope, how, one) {
                FunctionArgExpr::Expr(Expr::Identifier(ident))
                    if date_part == Some(index) && functions::is_date_part(&ident.value) =>
                {
                    one.text.push_str(&ident.value.to_lowercase());
                }
                FunctionArgExpr::Expr(expression) => self.expression(expression, scope, how, one),
                FunctionArgExpr::QualifiedWildcard(qualifier) => self.whole_row(qualifier, scope, one),
                FunctionArgExpr::Wildcard => one.text.push('*'),
                FunctionArgExpr::WildcardWithOptions(options) => {
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
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => matches!(value.value, Literal::Number(..)),
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
