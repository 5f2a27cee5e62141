//! Names that live in a script or a body: variables and parameters, which are no columns, and the rows of a trigger.

use std::sync::Arc;

use sqlparser::ast::{Ident, ObjectName, TableAlias};
use sqlparser::parser::Parser;

use crate::lineage::model::{ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Shape, Sources, Value};
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// Whether a name is a variable by its first character.
    pub(super) fn is_marked_local(&self, name: &str) -> bool {
        name.starts_with('@') && matches!(self.dialect, Dialect::Tsql | Dialect::MySql | Dialect::BigQuery)
    }

    /// Whether a name is a parameter, a variable or a record of the procedural code around.
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.as_ref().is_some_and(|locals| locals.names.contains(&name.to_lowercase()))
    }

    /// The table of the trigger around, where `name` stands for the rows of it that changed.
    fn trigger_table(&self, name: &str) -> Option<Option<Vec<String>>> {
        let locals = self.locals.as_ref().filter(|locals| locals.rows.contains(&name.to_lowercase()))?;
        let table = locals.trigger_table.as_ref().and_then(|table| {
            let grammar = self.dialect.grammar();
            let mut parser = Parser::new(&*grammar).try_with_sql(table).ok()?;
            let name: ObjectName = parser.parse_object_name(false).ok()?;
            Some(fold_name(&name, self.dialect))
        });
        Some(table)
    }

    /// `NEW.column` of a trigger, or a field of a record; whether the name was one of these.
    pub(super) fn local_compound(
        &mut self,
        parts: &[String],
        idents: &[Ident],
        (how, out): (Transformation, &mut Value),
    ) -> bool {
        let (Some(first), Some(column)) = (parts.first(), idents.get(1)) else { return false };
        if let Some(table) = self.trigger_table(first) {
            if let Some(table) = table {
                let line = self.line_of(column);
                let asset = self.asset_named(&table, line);
                let name = ColumnName::new(&fold(column, self.dialect));
                self.upstream.insert(asset.clone());
                self.note_read(&asset, Some(&name), line, true);
                out.sources.insert((ColumnRef { asset, column: name }, how));
            }
            out.text.push_str(&parts.join("."));
            return true;
        }
        let is_local = self.is_local(first) || self.is_marked_local(first);
        if is_local {
            out.text.push_str(&parts.join("."));
        }
        is_local
    }

    /// `FROM inserted` in a trigger: rows of its table. Gives the relation's text.
    pub(super) fn changed_rows(
        &mut self,
        name: &str,
        alias: Option<&TableAlias>,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> Option<String> {
        let table = self.trigger_table(name)?;
        let alias = alias.map_or_else(|| name.to_owned(), |alias| fold(&alias.name, self.dialect));
        let mut relation = match table {
            Some(parts) => self.base_relation(parts, None, 0),
            None => Relation { anything: Some(Arc::new(Sources::new())), rows: name.to_owned(), ..Relation::default() },
        };
        relation.alias = Some(alias);
        let text = format!("{name} of {}", relation.rows);
        relation.rows.clone_from(&text);
        outer.assets.extend(relation.assets.iter().cloned());
        scope.add(relation);
        Some(text)
    }
}
