//! Expressions: which columns a value depends on, how, and its normalised text.
//!
//! A CASE or IF condition steers (conditional); where no branch holds a column, the condition is all that the value is
//! made of, and its columns are direct. Window partitions and orders steer (window), except of ranking functions, which
//! are made of nothing else.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    Ident, OrderByExpr, Query, Subscript, Visit, Visitor, WindowType,
};

use crate::lineage::functions::{self, Role};
use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value, compose, shorten};

impl Resolver<'_> {
    /// The value of an expression by itself.
    pub fn value(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation) -> Value {
        let mut value = Value::default();
        self.expression(expression, scope, how, &mut value);
        value.text = shorten(value.text);
        value
    }

    /// Adds an expression's sources and text to `out`.
    pub fn expression(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        match expression {
            Expr::Identifier(ident) => self.bare_column(ident, scope, how, out),
            Expr::CompoundIdentifier(idents) => self.compound_column(idents, scope, how, out),
            Expr::Nested(inner) => self.nested(inner, scope, how, out),
            Expr::BinaryOp { .. } => self.binary(expression, scope, computed(how), out),
            Expr::Value(value) => push(out, value),
            Expr::Function(function) => self.function(function, scope, how, out),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case((operand.as_deref(), conditions, else_result.as_deref()), scope, computed(how), out);
            }
            Expr::Cast { expr, data_type, kind, .. } => {
                let _ = write!(out.text, "{kind:?}(");
                self.expression(expr, scope, computed(how), out);
                let _ = write!(out.text, " as {data_type})");
                out.data_type = Some(data_type.to_string().to_uppercase().into());
            }
            Expr::Subquery(query) => self.scalar_subquery(query, scope, computed(how), out),
            Expr::Exists { subquery, negated } => {
                out.text.push_str(if *negated { "not exists " } else { "exists " });
                self.condition_subquery(subquery, scope, how, out);
            }
            Expr::InSubquery { expr, subquery, negated } => {
                self.expression(expr, scope, computed(how), out);
                out.text.push_str(if *negated { " not in " } else { " in " });
                self.scalar_subquery(subquery, scope, computed(how), out);
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.expression(root, scope, computed(how), out);
                for access in access_chain {
                    self.access(access, scope, how, out);
                }
            }
            Expr::JsonAccess { value, path } => {
                self.expression(value, scope, computed(how), out);
                let _ = write!(out.text, "{path}");
            }
            Expr::Lambda(lambda) => {
                let before = self.lambdas.len();
                self.lambdas.extend(lambda.params.iter().map(|parameter| parameter.name.value.to_lowercase()));
                self.expression(&lambda.body, scope, computed(how), out);
                self.lambdas.truncate(before);
            }
            other => self.simple_or_other(other, scope, computed(how), out),
        }
        if !matches!(
            expression,
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Cast { .. } | Expr::Nested(_)
        ) {
            out.data_type = None;
        }
    }

    /// Parentheses around something that is one piece anyway mean nothing.
    fn nested(&mut self, inner: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let atom = matches!(
            inner,
            Expr::Identifier(_)
                | Expr::CompoundIdentifier(_)
                | Expr::Value(_)
                | Expr::Function(_)
                | Expr::Nested(_)
                | Expr::Cast { .. }
                | Expr::Subquery(_)
                | Expr::Case { .. }
        );
        if atom {
            self.expression(inner, scope, how, out);
        } else {
            out.text.push('(');
            self.expression(inner, scope, how, out);
            out.text.push(')');
        }
    }

    /// A chain of operators leans to the left and may be 100,000 terms long: it is walked in a loop.
    fn binary(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let mut terms = Vec::new();
        let mut current = expression;
        while let Expr::BinaryOp { left, op, right } = current {
            terms.push((op, right));
            current = left;
        }
        self.expression(current, scope, how, out);
        for (op, right) in terms.into_iter().rev() {
            let _ = write!(out.text, " {op} ");
            self.expression(right, scope, how, out);
        }
    }

    fn case(
        &mut self,
        (operand, conditions, else_result): (Option<&Expr>, &[CaseWhen], Option<&Expr>),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let (mut tests, mut results) = (Value::default(), Value::default());
        let steer = if how.is_direct() { Transformation::Conditional } else { how };
        if let Some(operand) = operand {
            self.expression(operand, scope, steer, &mut tests);
        }
        let mut text = String::from("case");
        for branch in conditions {
            tests.text.push_str(" when ");
            self.expression(&branch.condition, scope, steer, &mut tests);
            tests.text.push_str(" then ");
            results.text.clear();
            self.expression(&branch.result, scope, how, &mut results);
            tests.text.push_str(&results.text);
        }
        if let Some(result) = else_result {
            results.text.clear();
            self.expression(result, scope, how, &mut results);
            tests.text.push_str(" else ");
            tests.text.push_str(&results.text);
        }
        text.push_str(&tests.text);
        text.push_str(" end");
        out.text.push_str(&text);
        out.sources.extend(weigh_condition(tests, results, how));
    }

    fn scalar_subquery(&mut self, query: &Query, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let shape = self.query(query, Some(scope));
        for column in &shape.columns {
            out.sources.extend(column.sources.iter().map(|(source, inner)| (source.clone(), compose(how, *inner))));
        }
        out.sources.extend(shape.indirect.iter().map(|(source, inner)| (source.clone(), compose(how, *inner))));
        let columns: Vec<&str> = shape.columns.iter().map(|column| &*column.text).collect();
        let _ = write!(out.text, "({} of {})", columns.join(","), shape.rows);
    }

    /// EXISTS: only rows count, not the values that the subquery selects.
    fn condition_subquery(&mut self, query: &Query, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let shape = self.query(query, Some(scope));
        let how = if how.is_direct() { Transformation::Conditional } else { how };
        out.sources.extend(shape.indirect.iter().map(|(source, _)| (source.clone(), how)));
        let _ = write!(out.text, "({})", shape.rows);
    }

    fn access(&mut self, access: &AccessExpr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        match access {
            // A field's name is no column of the scope.
            AccessExpr::Dot(field) => {
                let _ = write!(out.text, ".{field}");
            }
            AccessExpr::Subscript(Subscript::Index { index }) => {
                out.text.push('[');
                let steer = if how.is_direct() { Transformation::Conditional } else { how };
                self.expression(index, scope, steer, out);
                out.text.push(']');
            }
            AccessExpr::Subscript(slice) => {
                let _ = write!(out.text, "[{slice}]");
            }
        }
    }

    fn function(&mut self, function: &Function, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let name = function.name.to_string().to_lowercase();
        let role = functions::role(&name);
        let inner = match role {
            Role::Aggregate if function.over.is_none() && how.is_direct() => Transformation::Aggregation,
            _ => computed(how),
        };
        let _ = write!(out.text, "{name}(");
        let before = out.sources.len();
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.scalar_subquery(query, scope, inner, out),
            FunctionArguments::List(list) => {
                if list.duplicate_treatment.is_some() {
                    out.text.push_str("distinct ");
                }
                self.arguments(&list.args, (role, &name), scope, (inner, out));
                for clause in &list.clauses {
                    self.argument_clause(clause, scope, inner, out);
                }
            }
        }
        out.text.push(')');
        if let Some(filter) = &function.filter {
            out.text.push_str(" filter ");
            let steer = if how.is_direct() { Transformation::Filter } else { how };
            self.expression(filter, scope, steer, out);
        }
        if !function.within_group.is_empty() {
            out.text.push_str(" within ");
            // The ordered values are the ones that the function picks from.
            self.ordering(&function.within_group, scope, inner, out);
        }
        if let Some(over) = &function.over {
            let has_values = out.sources.len() > before;
            self.window(over, scope, window_role(how, has_values), out);
        }
    }

    fn arguments(
        &mut self,
        arguments: &[FunctionArg],
        (role, name): (Role, &str),
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) {
        if role == Role::Conditional && arguments.len() >= 2 {
            return self.conditional_function(arguments, scope, how, out);
        }
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                out.text.push_str(", ");
            }
            let (FunctionArg::Unnamed(value)
            | FunctionArg::Named { arg: value, .. }
            | FunctionArg::ExprNamed { arg: value, .. }) = argument;
            match value {
                FunctionArgExpr::Expr(Expr::Identifier(ident)) if functions::takes_date_part(name, &ident.value) => {
                    out.text.push_str(&ident.value.to_lowercase());
                }
                FunctionArgExpr::Expr(expression) => self.expression(expression, scope, how, out),
                FunctionArgExpr::QualifiedWildcard(_)
                | FunctionArgExpr::Wildcard
                | FunctionArgExpr::WildcardWithOptions(_) => {
                    out.text.push('*');
                }
            }
        }
    }

    /// `if(condition, a, b)` and its kin.
    fn conditional_function(
        &mut self,
        arguments: &[FunctionArg],
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let (mut test, mut results) = (Value::default(), Value::default());
        let steer = if how.is_direct() { Transformation::Conditional } else { how };
        for (index, argument) in arguments.iter().enumerate() {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) = argument else { continue };
            if index == 0 {
                self.expression(expression, scope, steer, &mut test);
            } else {
                results.text.push_str(", ");
                self.expression(expression, scope, how, &mut results);
            }
        }
        out.text.push_str(&test.text);
        out.text.push_str(&results.text);
        out.sources.extend(weigh_condition(test, results, how));
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
                out.text.push_str(" having ");
                self.expression(&bound.1, scope, steer(Transformation::Sort), out);
            }
            other => push(out, other),
        }
    }

    /// The keys of an ORDER BY.
    pub fn ordering(&mut self, keys: &[OrderByExpr], scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                out.text.push_str(", ");
            }
            self.expression(&key.expr, scope, how, out);
            push(out, &key.options);
        }
    }

    fn window(&mut self, window: &WindowType, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        out.text.push_str(" over (");
        match window {
            WindowType::NamedWindow(name) => push(out, &name.value.to_lowercase()),
            WindowType::WindowSpec(specification) => {
                for (index, key) in specification.partition_by.iter().enumerate() {
                    out.text.push_str(if index == 0 { "partition by " } else { ", " });
                    self.expression(key, scope, how, out);
                }
                if !specification.order_by.is_empty() {
                    out.text.push_str(" order by ");
                    self.ordering(&specification.order_by, scope, how, out);
                }
                if let Some(frame) = &specification.window_frame {
                    let _ = write!(out.text, " {:?} {:?} {:?}", frame.units, frame.start_bound, frame.end_bound);
                }
            }
        }
        out.text.push(')');
    }

    /// Every other expression: its own text with resolved names where it is one of the common simple forms, else its
    /// text as written; its columns in any case.
    fn simple_or_other(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let parts: Option<(&str, Vec<&Expr>, String)> = match expression {
            Expr::IsNull(inner) => Some(("is null", vec![inner], String::new())),
            Expr::IsNotNull(inner) => Some(("is not null", vec![inner], String::new())),
            Expr::IsTrue(inner) => Some(("is true", vec![inner], String::new())),
            Expr::IsFalse(inner) => Some(("is false", vec![inner], String::new())),
            Expr::IsNotTrue(inner) => Some(("is not true", vec![inner], String::new())),
            Expr::IsNotFalse(inner) => Some(("is not false", vec![inner], String::new())),
            Expr::UnaryOp { op, expr } => Some(("", vec![expr], op.to_string())),
            Expr::Between { expr, negated, low, high } => {
                Some(("between", vec![expr, low, high], if *negated { "not".into() } else { String::new() }))
            }
            Expr::InList { expr, list, negated } => {
                let all = std::iter::once(&**expr).chain(list).collect();
                Some(("in", all, if *negated { "not".into() } else { String::new() }))
            }
            Expr::Like { negated, expr, pattern, any, .. } => {
                Some(("like", vec![expr, pattern], format!("{negated}{any}")))
            }
            Expr::ILike { negated, expr, pattern, any, .. } => {
                Some(("ilike", vec![expr, pattern], format!("{negated}{any}")))
            }
            Expr::Extract { field, expr, .. } => Some(("extract", vec![expr], field.to_string().to_lowercase())),
            Expr::IsDistinctFrom(a, b) => Some(("is distinct from", vec![a, b], String::new())),
            Expr::IsNotDistinctFrom(a, b) => Some(("is not distinct from", vec![a, b], String::new())),
            Expr::Tuple(items) => Some(("tuple", items.iter().collect(), String::new())),
            Expr::Array(array) => Some(("array", array.elem.iter().collect(), String::new())),
            Expr::AtTimeZone { timestamp, time_zone } => {
                Some(("at time zone", vec![timestamp, time_zone], String::new()))
            }
            Expr::Collate { expr, collation } => Some(("collate", vec![expr], collation.to_string())),
            Expr::Named { expr, name } => Some(("as", vec![expr], name.to_string())),
            Expr::Struct { values, fields } => {
                Some(("struct", values.iter().collect(), fields.iter().map(|field| format!("{field} ")).collect()))
            }
            _ => None,
        };
        let Some((word, operands, extra)) = parts else { return self.other(expression, scope, how, out) };
        let _ = write!(out.text, "{word}{extra}(");
        for (index, operand) in operands.into_iter().enumerate() {
            if index > 0 {
                out.text.push_str(", ");
            }
            self.expression(operand, scope, how, out);
        }
        out.text.push(')');
    }

    fn other(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let mut names = Names::default();
        let _ = expression.visit(&mut names);
        let mut scrap = Value::default();
        for idents in &names.columns {
            match idents.as_slice() {
                [single] => self.bare_column(single, scope, how, &mut scrap),
                several => self.compound_column(several, scope, how, &mut scrap),
            }
        }
        for query in &names.queries {
            self.scalar_subquery(query, scope, how, &mut scrap);
        }
        out.sources.extend(scrap.sources);
        push(out, expression);
        // The resolved names as well, so that two relations behind one alias are told apart.
        out.text.push_str(&scrap.text);
    }
}

/// Appends something's own text. Writing to a String cannot fail.
fn push(out: &mut Value, item: &dyn std::fmt::Display) {
    let _ = write!(out.text, "{item}");
}

/// Anything but the column itself is computed; an indirect use stays what it is.
fn computed(how: Transformation) -> Transformation {
    compose(how, Transformation::Transformation)
}

fn window_role(how: Transformation, has_values: bool) -> Transformation {
    match (how.is_direct(), has_values) {
        (false, _) => how,
        (true, true) => Transformation::Window,
        (true, false) => Transformation::Transformation,
    }
}

/// A condition steers; where no branch holds a column, it is what the value is made of.
fn weigh_condition(
    tests: Value,
    results: Value,
    how: Transformation,
) -> impl Iterator<Item = (crate::lineage::model::ColumnRef, Transformation)> {
    let made_of_condition = how.is_direct() && !results.sources.iter().any(|(_, inner)| inner.is_direct());
    let tests = tests.sources.into_iter().map(move |(source, inner)| {
        if made_of_condition && inner == Transformation::Conditional { (source, how) } else { (source, inner) }
    });
    tests.chain(results.sources)
}

/// Collects the names and subqueries of an expression, without going into the subqueries.
#[derive(Default)]
struct Names {
    columns: Vec<Vec<Ident>>,
    queries: Vec<Query>,
    depth: usize,
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            self.queries.push(query.clone());
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            match expression {
                Expr::Identifier(ident) => self.columns.push(vec![ident.clone()]),
                Expr::CompoundIdentifier(idents) => self.columns.push(idents.clone()),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}
