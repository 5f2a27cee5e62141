//! T-SQL's `OUTPUT … INTO`: columns of the rows that a statement changes flow into another table.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, OutputClause, Statement};

use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Shape, Sources};

impl Resolver<'_> {
    /// Queues what an OUTPUT clause writes. `inserted` and `deleted` are rows of the changed asset; names of the
    /// statement's own relations are those of `around`.
    pub(super) fn output_into(
        &mut self,
        output: Option<&OutputClause>,
        (asset, steering): (&AssetName, &Sources),
        around: &Scope<'_>,
        statement: &Statement,
    ) {
        let Some(OutputClause::Output { select_items, into_table: Some(into), .. }) = output else { return };
        let Some((name, listed)) = into.targets.first().and_then(into_target) else { return };
        let parts: Vec<String> = asset.parts().into_iter().map(str::to_owned).collect();
        let outer_upstream = std::mem::take(&mut self.upstream);
        let mut scope = Scope::within(Some(around));
        for row in ["inserted", "deleted"] {
            let relation = self.base_relation(parts.clone(), Some(row.to_owned()), 0);
            scope.add(relation);
        }
        let mut shape =
            Shape { rows: "changed rows".to_owned(), indirect: steering.clone().into(), ..Shape::default() };
        self.projection(select_items, &mut scope, &mut shape);
        let target = self.target(&name);
        let listed: Vec<ColumnName> = listed.iter().map(|ident| self.column_name(ident)).collect();
        let names = if listed.is_empty() { self.known_columns(&target, &shape) } else { listed };
        shape.rename(&names);
        let flow = self.flow(shape, &[], statement);
        self.effects.push(Effect::Write { name: target, flow });
        self.upstream = outer_upstream;
    }
}

/// `t`, `s.t`, `t (a, b)`: the parser reads the last as a call.
fn into_target(target: &Expr) -> Option<(ObjectName, Vec<sqlparser::ast::Ident>)> {
    match target {
        Expr::Identifier(ident) => Some((ObjectName::from(vec![ident.clone()]), Vec::new())),
        Expr::CompoundIdentifier(idents) => Some((ObjectName::from(idents.clone()), Vec::new())),
        Expr::Function(function) => {
            let FunctionArguments::List(list) = &function.args else { return None };
            let column = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident))) => Some(ident.clone()),
                _ => None,
            };
            Some((function.name.clone(), list.args.iter().filter_map(column).collect()))
        }
        _ => None,
    }
}
