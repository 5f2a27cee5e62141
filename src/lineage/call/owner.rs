//! What a call reads beside its arguments: the column whose method it is, the dictionary that it looks into.

use std::fmt::Write as _;

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName};

use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value};
use crate::lineage::wording;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

impl Resolver<'_> {
    /// `x.doc.value('…')`, `x.doc.nodes('…')`: the column whose method is called.
    pub(in crate::lineage) fn method_owner(
        &mut self,
        function: &ObjectName,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) {
        let idents: Vec<Ident> = function.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let Some((method, owner)) = idents.split_last() else { return };
        match owner {
            [] => return,
            [column] => {
                let is_xml = matches!(&*method.value.to_lowercase(), "value" | "query" | "exist" | "nodes" | "modify");
                if self.dialect != Dialect::Tsql || !is_xml {
                    return;
                }
                self.bare_column(column, scope, how, out);
            }
            [relation, ..] => {
                let qualifier = [fold(relation, self.dialect)];
                if !scope.relations.iter().any(|relation| relation.answers_to(&qualifier)) {
                    return;
                }
                self.compound_column(owner, scope, how, out);
            }
        }
        out.text.push_str(" by ");
    }

    /// ClickHouse's `dictGet('dictionary', 'attribute', key)`: a read of the attribute, joined by the key. Whether the
    /// call was one.
    pub(super) fn dictionary(
        &mut self,
        function: &str,
        arguments: &[FunctionArg],
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) -> bool {
        let gives = function.starts_with("dictget") || function.starts_with("joinget");
        if self.dialect != Dialect::ClickHouse || !(gives || function == "dicthas") {
            return false;
        }
        let mut expressions = arguments.iter().filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
            _ => None,
        });
        let name = expressions.next().and_then(wording::string).and_then(|name| self.dotted_name(name));
        let Some(parts) = name else { return false };
        let asset = self.asset_named(&parts, 0);
        self.upstream.insert(asset.clone());
        let _ = write!(out.text, "{asset}");
        if gives && let Some(attributes) = expressions.next() {
            self.attributes(&asset, attributes, (how, out));
        }
        let key = if how.is_direct() { Transformation::Join } else { how };
        for (index, expression) in expressions.enumerate() {
            out.text.push_str(", ");
            // What stands behind the key is the value where the dictionary has none.
            self.expression(expression, scope, if index == 0 { key } else { how }, out);
        }
        true
    }

    fn attributes(&mut self, asset: &AssetName, attributes: &Expr, (how, out): (Transformation, &mut Value)) {
        let names: Vec<&str> = match attributes {
            Expr::Tuple(items) => items.iter().filter_map(wording::string).collect(),
            other => wording::string(other).into_iter().collect(),
        };
        for name in names {
            let column = ColumnName::new(name);
            let _ = write!(out.text, ".{name}");
            out.sources.insert((ColumnRef { asset: asset.clone(), column }, how));
        }
    }

    /// The folded parts of a name in a string; `None` for what is no name.
    pub(in crate::lineage) fn dotted_name(&self, text: &str) -> Option<Vec<String>> {
        let is_name = |part: &&str| {
            !part.is_empty() && part.trim_matches(['"', '`']).chars().all(|c| c.is_alphanumeric() || "_$-".contains(c))
        };
        let parts: Vec<&str> = text.split('.').collect();
        parts.iter().all(is_name).then(|| {
            let fold_part = |part: &&str| match part.strip_prefix(['"', '`']).and_then(|p| p.strip_suffix(['"', '`'])) {
                Some(quoted) => fold(&Ident::with_quote('"', quoted), self.dialect),
                None => fold(&Ident::new(*part), self.dialect),
            };
            parts.iter().map(fold_part).collect()
        })
    }
}
