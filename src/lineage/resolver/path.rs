//! A dotted name in an expression → relation and column, or column and field.

use sqlparser::ast::Ident;

use crate::lineage::functions;
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Lookup, Relation, Scope, Value, compose};
use crate::lineage::struct_type;
use crate::lineage::wording;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;
use crate::sql::jinja::hole::HOLE_PREFIX;

impl Resolver<'_> {
    /// Resolves `a.b`, `a.b.c`, …: relation and column, or column and field.
    pub fn compound_column(&mut self, idents: &[Ident], scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        if self.dialect == Dialect::BigQuery && idents.iter().any(|ident| ident.value.contains('.')) {
            // One pair of backticks around a whole name.
            let part = |ident: &Ident, value: &str| Ident { value: value.to_owned(), ..ident.clone() };
            let each = |ident: &Ident| ident.value.split('.').map(|value| part(ident, value)).collect::<Vec<_>>();
            let idents: Vec<Ident> = idents.iter().flat_map(each).collect();
            return self.compound_column(&idents, scope, how, out);
        }
        let parts: Vec<String> = idents.iter().map(|ident| fold(ident, self.dialect)).collect();
        if let Some((token, rest)) = parts.split_first().filter(|(token, _)| self.file.tokens.contains_key(*token)) {
            return self.token_column((token, rest), idents, scope, (how, out));
        }
        let mut level = Some(scope);
        while let Some(current) = level {
            for hidden in [false, true] {
                for length in (1..parts.len()).rev() {
                    let (Some(qualifier), Some(ident)) = (parts.get(..length), idents.get(length)) else { continue };
                    let relation = current.relations.iter().chain(&current.named).find(|relation| {
                        if hidden { relation.answers_to_hidden_name(qualifier) } else { relation.answers_to(qualifier) }
                    });
                    if let Some(relation) = relation {
                        let rest = parts.get(length + 1..).unwrap_or_default();
                        self.qualified_column(relation, ident, (field_use(how, rest), out));
                        push_path(out, rest);
                        return;
                    }
                }
            }
            level = current.parent;
        }
        if self.local_compound(&parts, idents, (how, out)) {
            return;
        }
        // No relation is called so: a column and its fields.
        if let (Some(first), Some(rest)) = (idents.first(), parts.get(1..))
            && (has_fields_by_dot(self.dialect) && self.could_be_column(first, scope) || self.is_column(first, scope))
        {
            self.bare_column(first, scope, field_use(how, rest), out);
            push_path(out, rest);
            return;
        }
        if let (Some(relation), Some(ident)) = (self.implied_relation(&parts), idents.last()) {
            return self.qualified_column(&relation, ident, (how, out));
        }
        if self.note_unresolved(&parts) {
            // What is called by no name here is not what another side knows under the name.
            out.text.push('?');
        }
        out.text.push_str(&parts.join("."));
    }

    /// Teradata reads a table that stands in no FROM where a column is qualified by its name: by its whole name, or by one
    /// that is known.
    fn implied_relation(&mut self, parts: &[String]) -> Option<Relation> {
        let qualifier =
            parts.split_last().map(|(_, qualifier)| qualifier).filter(|_| self.dialect == Dialect::Teradata)?;
        let is_table = match qualifier {
            [single] => {
                self.catalog.resolve(std::slice::from_ref(single)).is_ok_and(|asset| self.catalog.contains(&asset))
            }
            [database, _] => !database.starts_with([':', '@']),
            _ => false,
        };
        is_table.then(|| self.base_relation(qualifier.to_vec(), None, 0))
    }

    /// Notes a dotted name that leads nowhere; whether it should have been a column. What a sequence gives is none.
    fn note_unresolved(&mut self, parts: &[String]) -> bool {
        let is_sequence = |last: &String| matches!(last.to_lowercase().as_str(), "nextval" | "currval" | "curval");
        let is_known = |first: &String| {
            first.starts_with(['@', ':', '$']) || first.starts_with(HOLE_PREFIX) || self.lambdas.contains(first)
        };
        // A parameter may be qualified by the procedure that it is of.
        let is_given = |last: &String| is_sequence(last) || self.is_local(last);
        let is_column = !parts.last().is_some_and(is_given) && !parts.first().is_some_and(is_known);
        if is_column {
            self.unresolved.insert(parts.join("."));
        }
        is_column
    }

    /// `<token>.column`: the relation that stands for the token's asset, whatever its alias.
    fn token_column(
        &mut self,
        (token, rest): (&String, &[String]),
        idents: &[Ident],
        scope: &Scope<'_>,
        (how, out): (Transformation, &mut Value),
    ) {
        let asset = self.file.tokens.get(token).map(|token| token.asset.clone());
        let relation = scope.relations.iter().find(|relation| relation.asset.is_some() && relation.asset == asset);
        if let (Some(relation), Some(ident)) = (relation, idents.get(1)) {
            let fields = rest.get(1..).unwrap_or_default();
            self.qualified_column(relation, ident, (field_use(how, fields), out));
            push_path(out, fields);
        }
    }

    fn qualified_column(&mut self, relation: &Relation, ident: &Ident, (how, out): (Transformation, &mut Value)) {
        let name = ColumnName::new(&fold(ident, self.dialect));
        let line = self.line_of(ident);
        if matches!(relation.lookup(&name), Lookup::Absent) {
            if functions::is_hidden_column(name.as_str(), self.dialect)
                && let Some(asset) = &relation.asset
            {
                return self.take_hidden(asset, (&name, line), (how, out));
            }
            for asset in relation.asset.iter().chain(&relation.passed) {
                self.note_read(asset, Some(&name), line, false);
            }
            push_anything(relation, &name, out);
            return;
        }
        self.take_open(relation, &name, line, (how, out));
    }
}

/// Whether `a.b` may be a field of a column that is called `a`.
fn has_fields_by_dot(dialect: Dialect) -> bool {
    !matches!(
        dialect,
        Dialect::Postgres | Dialect::MySql | Dialect::Sqlite | Dialect::Tsql | Dialect::Oracle | Dialect::Teradata
    )
}

/// A field of a column is computed from it, not identical to it.
fn field_use(how: Transformation, fields: &[String]) -> Transformation {
    if fields.is_empty() { how } else { compose(how, Transformation::Transformation) }
}

/// Adds the fields behind a column to its text, and makes its type theirs.
fn push_path(out: &mut Value, path: &[String]) {
    for part in path {
        out.text.push('.');
        out.text.push_str(part);
        out.data_type = out.data_type.take().and_then(|data_type| struct_type::field(&data_type, part));
    }
}

/// Appends the text of a column that is known by its relation and name only.
pub(super) fn push_anything(relation: &Relation, name: &ColumnName, out: &mut Value) {
    out.text.push_str(&format!("{}.{}", relation.rows, wording::name(name.as_str())));
    if relation.mark > 0 {
        out.text.push_str(&wording::mark(relation.mark));
    }
}
