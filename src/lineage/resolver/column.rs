//! A bare name in an expression → the column that it means.
//!
//! Innermost scope first; in each: columns that USING merged, columns that are known, output columns by another name, the
//! row of a relation as a value, then what the only relation with unknown columns may have. Where several could have the
//! name, nothing is guessed: the statement's diagnostic names them.

use std::collections::BTreeSet;

use sqlparser::ast::Ident;

use crate::lineage::functions;
use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Transformation};
use crate::lineage::resolver::path::push_anything;
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{Lookup, OutColumn, Precedence, Relation, Scope, Value, compose, seen_through};
use crate::lineage::wording;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;
use crate::sql::jinja::hole::HOLE_PREFIX;

/// How a name is used, and what the outcome is added to.
type Use<'v> = (Transformation, &'v mut Value);

impl Resolver<'_> {
    /// Resolves a bare name in an expression.
    pub fn bare_column(&mut self, ident: &Ident, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let folded = fold(ident, self.dialect);
        if let Some(parameter) = self.lambdas.iter().rposition(|lambda| *lambda == folded) {
            out.text.push_str(&format!("λ{}", parameter + 1));
            return;
        }
        if folded.starts_with(HOLE_PREFIX) || self.is_marked_local(&folded) {
            out.text.push_str(&folded);
            return;
        }
        let name = ColumnName::new(&folded);
        let line = self.line_of(ident);
        let mut level = Some(scope);
        while let Some(current) = level {
            if self.bare_column_in(&name, current, line, (how, out)) {
                return;
            }
            level = current.parent;
        }
        if functions::is_hidden_column(&folded, self.dialect)
            && let [relation] = scope.relations.as_slice()
            && let Some(asset) = &relation.asset
        {
            return self.take_hidden(asset, (&name, line), (how, out));
        }
        self.note_missing(&name, scope, line);
        out.text.push_str(&folded);
    }

    /// A column that the asset has although nothing says so.
    pub(super) fn take_hidden(&mut self, asset: &AssetName, (name, line): (&ColumnName, u32), (how, out): Use<'_>) {
        let source = ColumnRef { asset: asset.clone(), column: name.clone() };
        self.note_read(asset, Some(name), line, true);
        out.text.push_str(&wording::column(&source));
        out.sources.insert((source, how));
    }

    /// Tries one level of scopes; whether the name was settled there.
    fn bare_column_in(&mut self, name: &ColumnName, scope: &Scope<'_>, line: u32, (how, out): Use<'_>) -> bool {
        let alias = scope.aliases.iter().find(|alias| alias.name == *name);
        if let Some(alias) = alias.filter(|_| scope.precedence == Precedence::Outputs) {
            take_alias(alias, (how, out));
            return true;
        }
        if let Some(merged) = scope.merged_column(name) {
            take_alias(merged, (how, out));
            return true;
        }
        let known: Vec<(&Relation, &OutColumn)> = scope
            .relations
            .iter()
            .filter_map(|relation| match relation.lookup(name) {
                Lookup::Known(column) => Some((relation, column)),
                _ => None,
            })
            .collect();
        match known.as_slice() {
            [] => {}
            // ClickHouse takes the first of several.
            [first, rest @ ..] if rest.is_empty() || self.dialect == Dialect::ClickHouse => {
                self.take_known(first.0, first.1, line, (how, out));
                return true;
            }
            several => {
                let relations: Vec<&Relation> = several.iter().map(|(relation, _)| *relation).collect();
                self.doubt(name, &relations, out);
                return true;
            }
        }
        let unsure = scope.relations.iter().any(|relation| !matches!(relation.lookup(name), Lookup::Absent));
        // What is made of a column of its own name says that a relation has that column.
        let renames = |alias: &&OutColumn| alias.sources.iter().all(|(source, _)| source.column != *name);
        if let Some(alias) = alias.filter(|alias| !unsure || scope.precedence == Precedence::Known && renames(alias)) {
            take_alias(alias, (how, out));
            return true;
        }
        self.unknown_column_in(name, scope, line, (how, out))
    }

    /// No relation of this level knows the name: the one whose columns are not known has it; several are a doubt.
    fn unknown_column_in(&mut self, name: &ColumnName, scope: &Scope<'_>, line: u32, (how, out): Use<'_>) -> bool {
        if let Some(relation) = scope.relations.iter().find(|relation| relation.is_value_named(name)) {
            take_value(relation, (how, out));
            return true;
        }
        if let Some(relation) = scope.relations.iter().find(|relation| self.is_row_named(relation, name)) {
            take_row(relation, (how, out));
            return true;
        }
        if self.in_hierarchy && name.as_str() == "level" {
            out.text.push_str("level");
            return true;
        }
        if self.is_local(name.as_str()) || functions::is_word_value(name.as_str(), self.dialect) {
            out.text.push_str(name.as_str());
            return true;
        }
        let open: Vec<&Relation> =
            scope.relations.iter().filter(|relation| !matches!(relation.lookup(name), Lookup::Absent)).collect();
        // The fields of an element are read through its alias; without one, they are read by their bare names.
        let likely: Vec<&Relation> =
            open.iter().copied().filter(|relation| relation.anything.is_none() || relation.alias.is_none()).collect();
        let candidates = if likely.is_empty() { &open } else { &likely };
        match candidates.as_slice() {
            [] => false,
            [relation] => {
                self.take_open(relation, name, line, (how, out));
                true
            }
            several => {
                self.doubt(name, several, out);
                true
            }
        }
    }

    /// Notes that several relations may have the column.
    pub(in crate::lineage) fn doubt(&mut self, name: &ColumnName, several: &[&Relation], out: &mut Value) {
        let mut names: Vec<&str> = several.iter().map(|relation| relation.shown_name()).collect();
        names.dedup();
        self.ambiguous.insert((name.to_string(), names.join(" or ")));
        out.text.push('?');
        out.text.push_str(name.as_str());
    }

    pub(in crate::lineage) fn take_known(
        &mut self,
        relation: &Relation,
        column: &OutColumn,
        line: u32,
        (how, out): Use<'_>,
    ) {
        if let Some(asset) = &relation.asset {
            self.note_read(asset, Some(&column.name), line, true);
        }
        out.sources.extend(seen_through(how, &column.sources));
        let (text, binding) = relation.column_text(column);
        out.text.push_str(&text);
        out.binding = binding;
        if out.data_type.is_none() {
            out.data_type.clone_from(&column.data_type);
        }
    }

    pub(in crate::lineage) fn take_open(
        &mut self,
        relation: &Relation,
        name: &ColumnName,
        line: u32,
        (how, out): Use<'_>,
    ) {
        match relation.lookup(name) {
            Lookup::Known(column) => self.take_known(relation, column, line, (how, out)),
            Lookup::Anything => {
                if let Some(sources) = &relation.anything {
                    out.sources.extend(seen_through(compose(how, Transformation::Transformation), sources));
                }
                push_anything(relation, name, out);
            }
            Lookup::Through(asset) => {
                let source = ColumnRef { asset: asset.clone(), column: name.clone() };
                self.note_read(asset, Some(name), line, true);
                out.text.push_str(&relation.open_column_text(&source));
                out.sources.insert((source, how));
            }
            Lookup::Each(files) => {
                for file in files {
                    let source = ColumnRef { asset: file.clone(), column: name.clone() };
                    out.sources.insert((source, how));
                }
                push_anything(relation, name, out);
            }
            Lookup::Maybe => self.doubt(name, &[relation], out),
            Lookup::Absent => {
                out.text.push('?');
                out.text.push_str(name.as_str());
            }
        }
    }

    /// Whether the bare name means a whole row of the relation: `to_json(o)` of `FROM orders AS o`.
    fn is_row_named(&self, relation: &Relation, name: &ColumnName) -> bool {
        let rows_are_values = matches!(
            self.dialect,
            Dialect::Postgres | Dialect::Redshift | Dialect::DuckDb | Dialect::BigQuery | Dialect::Sqlite
        );
        // A table without an alias is often called like one of its columns.
        let known = relation.alias.is_some() || relation.open.is_empty() && !relation.columns.is_empty();
        rows_are_values && known && relation.answers_to(&[name.as_str().to_owned()])
    }

    /// A name that no relation has: a reader of a column that is gone, or no column at all (`day` in `datediff(day, …)`).
    fn note_missing(&mut self, name: &ColumnName, scope: &Scope<'_>, line: u32) {
        let assets: BTreeSet<AssetName> = scope
            .relations
            .iter()
            .flat_map(|relation| relation.asset.iter().chain(&relation.passed).cloned())
            .collect();
        for asset in assets {
            self.note_read(&asset, Some(name), line, false);
        }
    }

    /// Whether a relation is known to have the column.
    pub(super) fn is_column(&self, ident: &Ident, scope: &Scope<'_>) -> bool {
        let name = ColumnName::new(&fold(ident, self.dialect));
        let mut levels = std::iter::successors(Some(scope), |scope| scope.parent);
        levels.any(|scope| scope.relations.iter().any(|relation| matches!(relation.lookup(&name), Lookup::Known(_))))
    }

    pub(super) fn could_be_column(&self, ident: &Ident, scope: &Scope<'_>) -> bool {
        let name = ColumnName::new(&fold(ident, self.dialect));
        let mut level = Some(scope);
        while let Some(current) = level {
            let known = |relation: &Relation| {
                !matches!(relation.lookup(&name), Lookup::Absent) || relation.is_value_named(&name)
            };
            if current.relations.iter().any(known) || current.aliases.iter().any(|alias| alias.name == name) {
                return true;
            }
            level = current.parent;
        }
        false
    }
}

impl Relation {
    /// Whether the name is the alias of a table function that is used as a value itself.
    fn is_value_named(&self, name: &ColumnName) -> bool {
        self.value.is_some() && self.alias.as_deref() == Some(name.as_str())
    }

    /// The text of a whole row of it.
    fn row_text(&self) -> String {
        let mark = if self.mark > 0 { wording::mark(self.mark) } else { String::new() };
        format!("row of {}{mark}", self.rows)
    }

    /// The name by which a diagnostic calls it.
    fn shown_name(&self) -> &str {
        self.alias.as_deref().or(self.path.last().map(String::as_str)).unwrap_or("a subquery")
    }
}

fn take_alias(alias: &OutColumn, (how, out): Use<'_>) {
    out.sources.extend(seen_through(how, &alias.sources));
    out.text.push_str(&alias.text);
    out.binding = alias.binding;
    if out.data_type.is_none() {
        out.data_type.clone_from(&alias.data_type);
    }
}

fn take_value(relation: &Relation, (how, out): Use<'_>) {
    if let Some(sources) = &relation.value {
        out.sources.extend(seen_through(compose(how, Transformation::Transformation), sources));
    }
    out.text.push_str(&relation.row_text());
}

fn take_row(relation: &Relation, (how, out): Use<'_>) {
    let how = compose(how, Transformation::Transformation);
    for column in relation.columns.iter() {
        out.sources.extend(seen_through(how, &column.sources));
    }
    out.sources.extend(seen_through(how, &star_sources(&relation.open)));
    if let Some(sources) = &relation.anything {
        out.sources.extend(seen_through(how, sources));
    }
    out.text.push_str(&relation.row_text());
}
