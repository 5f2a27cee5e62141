//! Expressions: which columns a value depends on, how, and its normalised text.
//!
//! A CASE or IF condition steers (conditional); where no branch holds a column, the condition is all that the value is
//! made of, and its columns are direct. Window partitions and orders steer (window), except of ranking functions, which
//! are made of nothing else.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, CaseWhen, CastFormat, CastKind, DataType, Expr, Ident, LambdaFunction, Query, Subscript,
    Value as Literal, Visit, Visitor,
};

use crate::lineage::data_type;
use crate::lineage::model::{ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Value, compose, seen_through, shorten};
use crate::lineage::struct_type;
use crate::lineage::wording::{Binding, enclose, literal};
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

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
        out.binding = Binding::Atom;
        match expression {
            // `SET a = DEFAULT`, `VALUES (DEFAULT)`.
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default") => {
                out.text.push_str("default");
            }
            Expr::Identifier(ident) => return self.bare_column(ident, scope, how, out),
            Expr::CompoundIdentifier(idents) => return self.compound_column(idents, scope, how, out),
            // Parentheses are written where the operators around ask for them.
            Expr::Nested(inner) => return self.expression(inner, scope, how, out),
            Expr::Cast { kind, expr, data_type, format } => {
                self.cast((expr, data_type), (kind, format.as_ref()), scope, (how, out));
                out.binding = Binding::Atom;
                return;
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let chain = self.access_root((root, access_chain), scope, computed(how), out);
                for access in chain {
                    self.access(access, scope, how, out);
                }
                out.binding = Binding::Atom;
                return;
            }
            Expr::BinaryOp { .. } => self.binary(expression, scope, computed(how), out),
            Expr::UnaryOp { op, expr } => self.unary((op, expr), scope, computed(how), out),
            other => {
                let is_predicate = self.predicate((other, false), scope, computed(how), out);
                if !is_predicate {
                    self.piece(other, scope, how, out);
                }
                out.binding = if is_predicate { Binding::Comparison } else { Binding::Atom };
            }
        }
        out.data_type = None;
    }

    /// An expression that is one piece: no operator can get between its parts.
    fn piece(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        match expression {
            Expr::Value(value) => match &value.value {
                Literal::Placeholder(name) if self.dialect == Dialect::Snowflake => {
                    self.numbered_column(name, &scope.relations, how, out);
                }
                other => out.text.push_str(&literal(other)),
            },
            Expr::Function(function) => self.function(function, scope, how, out),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case((operand.as_deref(), conditions, else_result.as_deref()), scope, computed(how), out);
            }
            Expr::Subquery(query) => self.scalar_subquery(query, scope, computed(how), out),
            Expr::JsonAccess { value, path } => {
                self.operand(value, Binding::Atom, scope, (computed(how), out));
                let _ = write!(out.text, "{path}");
            }
            Expr::Lambda(lambda) => self.lambda(lambda, scope, how, out),
            other => {
                if !self.special(other, scope, computed(how), out) {
                    self.other(other, scope, computed(how), out);
                }
            }
        }
    }

    /// `CAST(x AS t)` is `x::t`.
    fn cast(
        &mut self,
        (operand, to): (&Expr, &DataType),
        (kind, format): (&CastKind, Option<&CastFormat>),
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) {
        out.text.push_str(match kind {
            CastKind::Cast | CastKind::DoubleColon => "cast(",
            CastKind::TryCast | CastKind::SafeCast => "try_cast(",
        });
        self.expression(operand, scope, computed(how), out);
        let to = data_type::paired(to.to_string());
        let _ = write!(out.text, " as {}", data_type::canonical(&to, self.dialect).to_lowercase());
        if let Some(format) = format {
            let _ = write!(out.text, " format {format}");
        }
        out.text.push(')');
        out.data_type = Some(to.to_uppercase().into());
    }

    /// The names of a lambda's parameters mean nothing.
    fn lambda(&mut self, lambda: &LambdaFunction, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let LambdaFunction { params, body, syntax: _ } = lambda;
        let before = self.lambdas.len();
        self.lambdas.extend(params.iter().map(|parameter| fold(&parameter.name, self.dialect)));
        let _ = write!(out.text, "(λ{}..λ{} -> ", before + 1, self.lambdas.len());
        self.expression(body, scope, computed(how), out);
        out.text.push(')');
        self.lambdas.truncate(before);
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
        tests.text.push_str("case");
        if let Some(operand) = operand {
            tests.text.push(' ');
            self.expression(operand, scope, steer, &mut tests);
        }
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
            // No ELSE is ELSE NULL.
            if results.text != "null" {
                tests.text.push_str(" else ");
                tests.text.push_str(&results.text);
            }
        }
        out.text.push_str(&tests.text);
        out.text.push_str(" end");
        out.sources.extend(weigh_condition(tests, results, how));
    }

    pub(super) fn scalar_subquery(&mut self, query: &Query, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let shape = self.query(query, Some(scope));
        for column in &shape.columns {
            out.sources.extend(column.sources.iter().map(|(source, inner)| (source.clone(), compose(how, *inner))));
        }
        out.sources.extend(shape.indirect.all().iter().map(|(source, inner)| (source.clone(), compose(how, *inner))));
        let _ = write!(out.text, "({} of {})", shape.values(), shape.rows);
    }

    /// EXISTS: only rows count, not the values that the subquery selects.
    pub(super) fn condition_subquery(
        &mut self,
        query: &Query,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let shape = self.query(query, Some(scope));
        let how = if how.is_direct() { Transformation::Conditional } else { how };
        out.sources.extend(shape.indirect.all().iter().map(|(source, _)| (source.clone(), how)));
        let _ = write!(out.text, "({})", shape.rows);
    }

    /// What fields and elements are taken of: as many leading names as there are belong to the column's own name.
    /// Gives what is left of the chain.
    fn access_root<'e>(
        &mut self,
        (root, chain): (&'e Expr, &'e [AccessExpr]),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> &'e [AccessExpr] {
        let mut idents: Vec<Ident> = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(idents) => idents.clone(),
            other => {
                self.operand(other, Binding::Atom, scope, (how, out));
                return chain;
            }
        };
        let before = idents.len();
        idents.extend(chain.iter().map_while(|access| match access {
            AccessExpr::Dot(Expr::Identifier(ident)) => Some(ident.clone()),
            _ => None,
        }));
        let start = out.text.len();
        let rest = chain.get(idents.len() - before..).unwrap_or_default();
        if let [AccessExpr::Dot(Expr::Function(_)), ..] = rest
            && self.is_namespace(&idents, scope)
        {
            let names: Vec<String> = idents.iter().map(|ident| fold(ident, self.dialect)).collect();
            out.text.push_str(&names.join("."));
            return rest;
        }
        match idents.as_slice() {
            [single] => self.bare_column(single, scope, how, out),
            several => self.compound_column(several, scope, how, out),
        }
        enclose(out, start, Binding::Atom);
        rest
    }

    /// Whether names in front of a call are where the function lives: `project.dataset.f(a).field`. In T-SQL, and behind a
    /// relation, they are the column whose method it is.
    fn is_namespace(&self, idents: &[Ident], scope: &Scope<'_>) -> bool {
        let first = idents.first().map(|ident| fold(ident, self.dialect));
        let is_relation =
            |first: String| scope.relations.iter().any(|relation| relation.answers_to(std::slice::from_ref(&first)));
        self.dialect != Dialect::Tsql && !first.is_some_and(is_relation)
    }

    /// Snowflake's `$2`: the column of a relation by its position; of a file, the column that is called so.
    pub(super) fn numbered_column(&mut self, name: &str, relations: &[Relation], how: Transformation, out: &mut Value) {
        let position = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        let (Some(position), [relation]) = (position, relations) else { return out.text.push_str(name) };
        if let Some(column) = relation.columns.get(position.saturating_sub(1)) {
            out.sources.extend(seen_through(how, &column.sources));
            return out.text.push_str(&column.text);
        }
        out.text.push_str(&format!("{}.{name}", relation.rows));
        if let [asset] = relation.open.as_slice() {
            let column = if asset.is_external() { name } else { "*" };
            let source = ColumnRef { asset: asset.clone(), column: ColumnName::new(column) };
            out.sources.insert((source, how));
        }
    }

    fn access(&mut self, access: &AccessExpr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        match access {
            // A field's name is no column of the scope.
            AccessExpr::Dot(Expr::Identifier(field)) => {
                let name = fold(field, self.dialect);
                let _ = write!(out.text, ".{name}");
                out.data_type = out.data_type.take().and_then(|data_type| struct_type::field(&data_type, &name));
            }
            AccessExpr::Dot(Expr::Function(function)) => {
                out.text.push('.');
                self.function(function, scope, how, out);
                out.data_type = None;
            }
            AccessExpr::Dot(field) => {
                let _ = write!(out.text, ".{field}");
                out.data_type = None;
            }
            AccessExpr::Subscript(Subscript::Index { index }) => {
                let steer = if how.is_direct() { Transformation::Conditional } else { how };
                let position = self.value(index, scope, steer);
                out.sources.extend(position.sources);
                let _ = write!(out.text, "[{}]", position.text);
                let array = out.data_type.take();
                out.data_type = array.and_then(|data_type| struct_type::element(&data_type).map(Into::into));
            }
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                let steer = if how.is_direct() { Transformation::Conditional } else { how };
                out.text.push('[');
                for (index, bound) in [lower_bound, upper_bound, stride].into_iter().enumerate() {
                    out.text.push_str(if index > 0 { ":" } else { "" });
                    if let Some(bound) = bound {
                        self.expression(bound, scope, steer, out);
                    }
                }
                out.text.push(']');
            }
        }
    }

    /// Every other expression: its text as written, and the columns that it names.
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
pub(super) fn push(out: &mut Value, item: &dyn std::fmt::Display) {
    let _ = write!(out.text, "{item}");
}

/// Anything but the column itself is computed; an indirect use stays what it is.
pub(super) fn computed(how: Transformation) -> Transformation {
    compose(how, Transformation::Transformation)
}

/// A condition steers; where no branch holds a column, it is what the value is made of.
pub(super) fn weigh_condition(
    tests: Value,
    results: Value,
    how: Transformation,
) -> impl Iterator<Item = (ColumnRef, Transformation)> {
    let made_of_condition = how.is_direct() && !results.sources.iter().any(|(_, inner)| inner.is_direct());
    let how = if tests.aggregated { compose(how, Transformation::Aggregation) } else { how };
    let tests = tests.sources.into_iter().map(move |(source, inner)| {
        let steers = matches!(inner, Transformation::Conditional | Transformation::Filter | Transformation::Sort);
        if made_of_condition && steers { (source, how) } else { (source, inner) }
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
