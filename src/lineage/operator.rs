//! Operators and predicates: their operands' columns, and text in which parentheses stand where they mean something.

use std::fmt::Write as _;

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value};
use crate::lineage::wording::{Binding, enclose};

/// The expression without the parentheses around it.
pub(super) fn bare(mut expression: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expression {
        expression = inner;
    }
    expression
}

/// The operands of a chain of one operator (AND, OR) in their order, whatever the parentheses.
pub(super) fn operands<'e>(expression: &'e Expr, operator: &BinaryOperator) -> Vec<&'e Expr> {
    let mut operands = Vec::new();
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        match bare(expression) {
            Expr::BinaryOp { left, op, right } if op == operator => open.extend([&**right, &**left]),
            other => operands.push(other),
        }
    }
    operands
}

/// A chain of comparisons has an order.
fn is_comparison(expression: &Expr) -> bool {
    matches!(bare(expression), Expr::BinaryOp { op, .. } if Binding::of(op) == Binding::Comparison)
}

impl Resolver<'_> {
    /// An operand beside something that asks for `least`.
    pub(super) fn operand(
        &mut self,
        expression: &Expr,
        least: Binding,
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) {
        let start = out.text.len();
        self.expression(expression, scope, how, out);
        enclose(out, start, least);
    }

    /// Expressions with commas between.
    pub(super) fn list<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e Expr>,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        for (index, expression) in expressions.into_iter().enumerate() {
            if index > 0 {
                out.text.push_str(", ");
            }
            self.expression(expression, scope, how, out);
        }
    }

    /// A binary operator. Chains may be 100,000 terms long: they are walked in a loop.
    pub(super) fn binary(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let Expr::BinaryOp { left, op, right } = expression else { return };
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let terms = self.terms((expression, op), scope, how, out);
                let word = if *op == BinaryOperator::And { " and " } else { " or " };
                out.text.push_str(&terms.join(word));
            }
            BinaryOperator::Eq | BinaryOperator::NotEq if !is_comparison(left) => {
                self.symmetric((left, op, right), scope, how, out);
            }
            _ => self.chain(expression, scope, how, out),
        }
        out.binding = Binding::of(op);
    }

    /// The terms of an AND or OR in one order: which of them is asked first means nothing.
    pub(super) fn terms(
        &mut self,
        (expression, operator): (&Expr, &BinaryOperator),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> Vec<String> {
        // A term that is itself such a chain, behind the name of a column, needs no parentheses either.
        let least = Binding::of(operator);
        let mut terms = Vec::new();
        for operand in operands(expression, operator) {
            let mut term = Value::default();
            self.operand(operand, least, scope, (how, &mut term));
            out.sources.extend(term.sources);
            terms.push(term.text);
        }
        terms.sort_unstable();
        terms
    }

    /// `a = b` is `b = a`; a literal stands behind.
    fn symmetric(
        &mut self,
        (left, operator, right): (&Expr, &BinaryOperator, &Expr),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let mut sides = [left, right].map(|side| {
            let mut value = Value::default();
            self.operand(side, Binding::Other, scope, (how, &mut value));
            out.sources.extend(value.sources);
            value.text
        });
        let is_literal = |text: &str| text.starts_with(|c: char| c == '\'' || c == '-' || c.is_ascii_digit());
        sides.sort_by(|left, right| (is_literal(left), left).cmp(&(is_literal(right), right)));
        let [first, second] = sides;
        let _ = write!(out.text, "{first} {operator} {second}");
    }

    /// Operators of one level, or of rising ones, read from left to right: `a * b + c - d`.
    fn chain(&mut self, expression: &Expr, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let mut rights = Vec::new();
        let mut first = expression;
        let mut outer = None;
        while let Expr::BinaryOp { left, op, right } = bare(first) {
            let binding = Binding::of(op);
            if outer.is_some_and(|outer| !binding.reads_on(outer)) {
                break;
            }
            rights.push((op, &**right));
            outer = Some(binding);
            first = left;
        }
        self.operand(first, outer.unwrap_or_default().of_first_operand(), scope, (how, out));
        for (op, right) in rights.into_iter().rev() {
            let _ = write!(out.text, " {op} ");
            self.operand(right, Binding::of(op).of_second_operand(), scope, (how, out));
        }
    }

    pub(super) fn unary(
        &mut self,
        (operator, operand): (&UnaryOperator, &Expr),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        match operator {
            UnaryOperator::Not | UnaryOperator::BangNot => {
                if self.predicate((bare(operand), true), scope, how, out) {
                    out.binding = Binding::Comparison;
                    return;
                }
                out.text.push_str("not ");
                self.operand(operand, Binding::Not, scope, (how, out));
                out.binding = Binding::Not;
            }
            UnaryOperator::PGPostfixFactorial => {
                self.operand(operand, Binding::Atom, scope, (how, out));
                out.text.push('!');
                out.binding = Binding::Unary;
            }
            operator => {
                let _ = write!(out.text, "{operator}");
                self.operand(operand, Binding::Atom, scope, (how, out));
                out.binding = Binding::Unary;
            }
        }
    }

    /// `IS NULL`, `IN`, `LIKE`, …; `NOT x IN (…)` is `x NOT IN (…)`. Whether the expression was one of these.
    pub(super) fn predicate(
        &mut self,
        (expression, is_denied): (&Expr, bool),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> bool {
        let not = move |negated: bool| if negated == is_denied { "" } else { "not " };
        let (operand, words, rest): (&Expr, String, &[&Expr]) = match expression {
            Expr::IsNull(operand) => (operand, format!("is {}null", not(false)), &[]),
            Expr::IsNotNull(operand) => (operand, format!("is {}null", not(true)), &[]),
            Expr::IsTrue(operand) => (operand, format!("is {}true", not(false)), &[]),
            Expr::IsNotTrue(operand) => (operand, format!("is {}true", not(true)), &[]),
            Expr::IsFalse(operand) => (operand, format!("is {}false", not(false)), &[]),
            Expr::IsNotFalse(operand) => (operand, format!("is {}false", not(true)), &[]),
            Expr::IsUnknown(operand) => (operand, format!("is {}unknown", not(false)), &[]),
            Expr::IsNotUnknown(operand) => (operand, format!("is {}unknown", not(true)), &[]),
            Expr::IsDistinctFrom(operand, other) => (operand, format!("is {}distinct from ", not(false)), &[other]),
            Expr::IsNotDistinctFrom(operand, other) => (operand, format!("is {}distinct from ", not(true)), &[other]),
            Expr::Between { expr, negated, low, high } => (expr, format!("{}between ", not(*negated)), &[low, high]),
            Expr::Exists { subquery, negated } => {
                let _ = write!(out.text, "{}exists ", not(*negated));
                self.condition_subquery(subquery, scope, how, out);
                return true;
            }
            Expr::InSubquery { expr, subquery, negated } => {
                self.operand(expr, Binding::Other, scope, (how, out));
                let _ = write!(out.text, " {}in ", not(*negated));
                self.scalar_subquery(subquery, scope, how, out);
                return true;
            }
            Expr::InList { expr, list, negated } => return self.in_list((expr, list, not(*negated)), scope, how, out),
            Expr::Like { negated, any, expr, pattern, escape_char } => {
                return self.like(
                    (expr, pattern, escape_char.as_deref()),
                    (not(*negated), "like", *any),
                    (scope, how, out),
                );
            }
            Expr::ILike { negated, any, expr, pattern, escape_char } => {
                return self.like(
                    (expr, pattern, escape_char.as_deref()),
                    (not(*negated), "ilike", *any),
                    (scope, how, out),
                );
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                let words = (not(*negated), "similar to", false);
                return self.like((expr, pattern, escape_char.as_deref()), words, (scope, how, out));
            }
            Expr::RLike { negated, expr, pattern, regexp: _ } => {
                return self.like((expr, pattern, None), (not(*negated), "rlike", false), (scope, how, out));
            }
            _ => return false,
        };
        self.operand(operand, Binding::Other, scope, (how, out));
        let _ = write!(out.text, " {words}");
        for (index, operand) in rest.iter().enumerate() {
            if index > 0 {
                out.text.push_str(" and ");
            }
            self.operand(operand, Binding::Other, scope, (how, out));
        }
        true
    }

    /// `x IN (1, 2)`: in which order the list stands means nothing.
    fn in_list(
        &mut self,
        (operand, list, not): (&Expr, &[Expr], &str),
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> bool {
        self.operand(operand, Binding::Other, scope, (how, out));
        let list = self.unordered(list, scope, how, out);
        let _ = write!(out.text, " {not}in ({list})");
        true
    }

    /// The text of a list whose order means nothing.
    pub(super) fn unordered(
        &mut self,
        list: &[Expr],
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> String {
        let mut texts: Vec<String> = Vec::with_capacity(list.len());
        for item in list {
            let mut value = Value::default();
            self.expression(item, scope, how, &mut value);
            out.sources.extend(value.sources);
            texts.push(value.text);
        }
        texts.sort_unstable();
        texts.join(", ")
    }

    fn like(
        &mut self,
        (operand, pattern, escape): (&Expr, &Expr, Option<&Expr>),
        (not, word, any): (&str, &str, bool),
        (scope, how, out): (&Scope<'_>, Transformation, &mut Value),
    ) -> bool {
        self.operand(operand, Binding::Other, scope, (how, out));
        let _ = write!(out.text, " {not}{word} {}", if any { "any " } else { "" });
        self.operand(pattern, Binding::Other, scope, (how, out));
        if let Some(escape) = escape {
            out.text.push_str(" escape ");
            self.operand(escape, Binding::Other, scope, (how, out));
        }
        true
    }
}
