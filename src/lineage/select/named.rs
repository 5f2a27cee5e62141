//! Expressions that a WITH names, as ClickHouse has them: each is computed where it is used, of the columns in sight there.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, Visit, Visitor};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::operator::bare;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{OutColumn, Precedence, Scope};
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;
use crate::sql::repair::EXPRESSION;

/// What a name of a WITH stands for.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// A subquery's value: the same wherever it is used.
    Value(OutColumn),
    /// An expression of the columns in sight.
    Expression(Box<Expr>),
}

impl Resolver<'_> {
    /// Notes what a WITH names.
    pub(in crate::lineage) fn name_expression(&mut self, name: String, expression: &Expr, parent: Option<&Scope<'_>>) {
        let name = ColumnName::new(&name);
        let named = match bare(expression) {
            Expr::Subquery(_) => {
                let value = self.value(expression, &Scope::within(parent), Transformation::Identity);
                Named::Value(OutColumn::new(name.clone(), value))
            }
            _ => Named::Expression(Box::new(expression.clone())),
        };
        self.expressions.push((name, named));
    }

    /// Adds those that a SELECT uses to what its clauses may name.
    pub(super) fn named_expressions(&mut self, select: &Select, outer: Option<&Query>, scope: &mut Scope<'_>) {
        if self.expressions.is_empty() {
            return;
        }
        let all = std::mem::take(&mut self.expressions);
        let used = self.used_expressions(&all, select, outer);
        scope.precedence = Precedence::Outputs;
        // A subquery within an expression sees values only: what takes expressions of expressions ends here.
        self.expressions = all.iter().filter(|(_, named)| matches!(named, Named::Value(_))).cloned().collect();
        for ((name, named), _) in all.iter().zip(used).filter(|(_, is_used)| *is_used) {
            let column = match named {
                Named::Value(column) => column.clone(),
                Named::Expression(expression) => {
                    let value = self.value(expression, scope, Transformation::Identity);
                    OutColumn::new(name.clone(), value)
                }
            };
            scope.aliases.push(column);
        }
        self.expressions = all;
    }

    /// Which of them a SELECT uses, by itself or through one that it uses.
    fn used_expressions(&self, all: &[(ColumnName, Named)], select: &Select, outer: Option<&Query>) -> Vec<bool> {
        let mut names = Names::of(self.dialect);
        let _ = select.visit(&mut names);
        if let Some(query) = outer {
            let _ = query.order_by.visit(&mut names);
            let _ = query.limit_clause.visit(&mut names);
        }
        let is_first = outer.is_some_and(|query| query.with.is_some());
        let mut used = Vec::new();
        for (name, named) in all.iter().rev() {
            let mut inner = Names::of(self.dialect);
            if let Named::Expression(expression) = named {
                let _ = expression.visit(&mut inner);
            }
            // What a subquery reads is read, whether or not its value is used.
            let is_used = names.names.contains(name) || (is_first && inner.has_query);
            if is_used {
                names.names.extend(inner.names);
            }
            used.push(is_used);
        }
        used.reverse();
        used
    }
}

/// The expression that a CTE stands for: `sql::repair` gives its only column a name that nothing else has.
pub(in crate::lineage) fn named_expression(query: &Query) -> Option<&Expr> {
    let SetExpr::Select(select) = &*query.body else { return None };
    match select.projection.as_slice() {
        [SelectItem::ExprWithAlias { expr, alias }] if alias.value == EXPRESSION && select.from.is_empty() => {
            Some(expr)
        }
        _ => None,
    }
}

/// Collects bare names outside of subqueries.
struct Names {
    dialect: Dialect,
    names: BTreeSet<ColumnName>,
    queries: usize,
    has_query: bool,
}

impl Names {
    fn of(dialect: Dialect) -> Self {
        Self { dialect, names: BTreeSet::new(), queries: 0, has_query: false }
    }
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries += 1;
        self.has_query = true;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        let ident = match expression {
            Expr::Identifier(ident) => Some(ident),
            // An element of a tuple.
            Expr::CompoundIdentifier(idents) => idents.first(),
            _ => None,
        };
        if self.queries == 0 {
            self.names.extend(ident.map(|ident| ColumnName::new(&fold(ident, self.dialect))));
        }
        ControlFlow::Continue(())
    }
}
