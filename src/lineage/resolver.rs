//! The state of resolving one statement, and how a name in it finds its column.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::Ident;

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::{Ambiguous, Lookups};
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Read, Transformation};
use crate::lineage::shape::{Lookup, OutColumn, Relation, Scope, Shape, Sources, Value, seen_through};
use crate::lineage::wording::{self, Binding};
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::split::Locals;
use crate::sql::template::Prepared;

/// Resolves one statement against the catalog as it stands.
pub(crate) struct Resolver<'a> {
    pub catalog: Lookups<'a>,
    pub file: &'a Prepared,
    pub dialect: Dialect,
    /// Lines before the statement in the prepared SQL.
    pub line_offset: u32,
    /// CTEs in scope, innermost last.
    pub ctes: Vec<(String, Arc<Shape>)>,
    /// Parameters of enclosing lambdas: no columns.
    pub lambdas: Vec<String>,
    /// Assets that the statement reads.
    pub upstream: BTreeSet<AssetName>,
    /// Places that name assets and columns; `reader` is filled in by the statement.
    pub reads: Vec<Read>,
    /// Stars whose columns are not all known.
    pub stars_unresolved: usize,
    /// Columns that could come from several relations, each with the candidates.
    pub ambiguous: BTreeSet<(String, String)>,
    pub diagnostics: Vec<Diagnostic>,
    /// What the statement does.
    pub effects: Vec<Effect>,
    /// Query assets that earlier statements of the file made.
    pub queries_before: usize,
    /// Whether the statement's rows steer its script or fill variables: a query feeds no asset then.
    pub only_reads: bool,
    /// Names that mean no column and no asset.
    pub locals: Option<Arc<Locals>>,
    /// Assets that are read and feed nothing.
    pub mentioned: BTreeSet<AssetName>,
}

impl<'a> Resolver<'a> {
    pub fn new(catalog: Lookups<'a>, file: &'a Prepared, line_offset: u32) -> Self {
        Self {
            catalog,
            file,
            dialect: file.dialect,
            line_offset,
            ctes: Vec::new(),
            lambdas: Vec::new(),
            upstream: BTreeSet::new(),
            reads: Vec::new(),
            stars_unresolved: 0,
            ambiguous: BTreeSet::new(),
            diagnostics: Vec::new(),
            effects: Vec::new(),
            queries_before: 0,
            only_reads: false,
            locals: None,
            mentioned: BTreeSet::new(),
        }
    }

    /// The file's line of an identifier; the statement's first line where the parser gives no position.
    pub fn line_of(&self, ident: &Ident) -> u32 {
        let line = u32::try_from(ident.span.start.line).unwrap_or(0).max(1);
        self.file.line_map.original(self.line_offset.saturating_add(line))
    }

    /// The asset that folded parts mean, noting an ambiguity.
    pub fn asset_named(&mut self, parts: &[String], line: u32) -> AssetName {
        if let [single] = parts
            && let Some(target) = self.file.tokens.get(single)
        {
            return target.asset.clone();
        }
        let parts = &self.file.place.defaults.qualify(parts.to_vec());
        match self.catalog.resolve(parts) {
            Ok(name) => self.catalog.in_dialect(name, self.dialect),
            Err(Ambiguous { candidates, more }) => {
                let name = AssetName::from_parts(parts);
                let candidates: Vec<&str> = candidates.iter().map(AssetName::as_str).collect();
                let more = if more > 0 { format!(" or one of {more} more") } else { String::new() };
                self.diagnostics.push(
                    Diagnostic::new(
                        DiagnosticCode::AmbiguousAsset,
                        DiagnosticSeverity::Note,
                        &self.file.path,
                        format!("{name} could be {}{more}", candidates.join(" or ")),
                    )
                    .at(line, 0),
                );
                name
            }
        }
    }

    pub fn note_read(&mut self, asset: &AssetName, column: Option<&ColumnName>, line: u32, exists: bool) {
        self.reads.push(Read {
            asset: asset.clone(),
            column: column.cloned(),
            reader: None,
            file: self.file.path.clone(),
            line,
            exists,
        });
    }

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
        self.note_missing(&name, scope, line);
        out.text.push_str(&folded);
    }

    /// Tries one level of scopes; whether the name was settled there.
    fn bare_column_in(
        &mut self,
        name: &ColumnName,
        scope: &Scope<'_>,
        line: u32,
        target: (Transformation, &mut Value),
    ) -> bool {
        let (how, out) = target;
        let mut known = scope.relations.iter().filter_map(|relation| match relation.lookup(name) {
            Lookup::Known(column) => Some((relation, column)),
            _ => None,
        });
        if let Some((relation, column)) = known.next() {
            self.take_known(relation, column, line, (how, out));
            // USING and NATURAL make one column of two: the value may come from either.
            let twins: Vec<_> = known.filter(|(relation, _)| relation.merged.contains(name)).collect();
            for (twin_relation, column) in twins {
                let mut twin = Value::default();
                self.take_known(twin_relation, column, line, (how, &mut twin));
                out.sources.extend(twin.sources);
                if relation.is_nullable {
                    out.text.push_str(&format!(" using {}", twin.text));
                    out.binding = Binding::Comparison;
                }
            }
            return true;
        }
        let alias = scope.aliases.iter().find(|alias| alias.name == *name);
        let unsure = scope.relations.iter().any(|relation| !matches!(relation.lookup(name), Lookup::Absent));
        if let Some(alias) = alias.filter(|_| scope.aliases_first || !unsure) {
            out.sources.extend(seen_through(how, &alias.sources));
            out.text.push_str(&alias.text);
            out.binding = alias.binding;
            return true;
        }
        self.unknown_column_in(name, scope, line, (how, out))
    }

    /// No relation of this level knows the name: the one whose columns are not known has it; several are a doubt.
    fn unknown_column_in(
        &mut self,
        name: &ColumnName,
        scope: &Scope<'_>,
        line: u32,
        target: (Transformation, &mut Value),
    ) -> bool {
        let (how, out) = target;
        if let Some(relation) = scope.relations.iter().find(|relation| relation.is_value_named(name)) {
            self.take_anything(relation, name, (how, out));
            return true;
        }
        if self.is_local(name.as_str()) {
            out.text.push_str(name.as_str());
            return true;
        }
        let open: Vec<&Relation> =
            scope.relations.iter().filter(|relation| !matches!(relation.lookup(name), Lookup::Absent)).collect();
        // A table function takes a name only where nothing else could.
        let assets: Vec<&Relation> = open.iter().copied().filter(|relation| relation.anything.is_none()).collect();
        let candidates = if assets.is_empty() { &open } else { &assets };
        match candidates.as_slice() {
            [] => false,
            [relation] => {
                self.take_open(relation, name, line, (how, out));
                true
            }
            several => {
                if self.dialect == Dialect::Generic || scope.aliases.iter().all(|alias| alias.name != *name) {
                    let mut names: Vec<&str> = several
                        .iter()
                        .map(|relation| {
                            relation
                                .alias
                                .as_deref()
                                .or(relation.path.last().map(String::as_str))
                                .unwrap_or("a subquery")
                        })
                        .collect();
                    names.dedup();
                    self.ambiguous.insert((name.to_string(), names.join(" or ")));
                }
                out.text.push('?');
                out.text.push_str(name.as_str());
                true
            }
        }
    }

    fn take_known(&mut self, relation: &Relation, column: &OutColumn, line: u32, target: (Transformation, &mut Value)) {
        let (how, out) = target;
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

    fn take_anything(&mut self, relation: &Relation, name: &ColumnName, target: (Transformation, &mut Value)) {
        let (how, out) = target;
        if let Some(sources) = &relation.anything {
            out.sources.extend(seen_through(how.max(Transformation::Transformation), sources));
        }
        push_anything(relation, name, out);
    }

    fn take_open(&mut self, relation: &Relation, name: &ColumnName, line: u32, target: (Transformation, &mut Value)) {
        match relation.lookup(name) {
            Lookup::Known(column) => self.take_known(relation, column, line, target),
            Lookup::Anything => self.take_anything(relation, name, target),
            Lookup::Through(asset) => {
                let (how, out) = target;
                let source = ColumnRef { asset: asset.clone(), column: name.clone() };
                self.note_read(asset, Some(name), line, true);
                out.text.push_str(&relation.open_column_text(&source));
                out.sources.insert((source, how));
            }
            Lookup::Maybe | Lookup::Absent => {
                let (_, out) = target;
                out.text.push('?');
                out.text.push_str(name.as_str());
            }
        }
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

    /// Resolves `a.b`, `a.b.c`, …: relation and column, or column and field.
    pub fn compound_column(&mut self, idents: &[Ident], scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let parts: Vec<String> = idents.iter().map(|ident| fold(ident, self.dialect)).collect();
        if let Some((token, rest)) = parts.split_first().filter(|(token, _)| self.file.tokens.contains_key(*token)) {
            return self.token_column((token, rest), idents, scope, (how, out));
        }
        let mut level = Some(scope);
        while let Some(current) = level {
            for hidden in [false, true] {
                for length in (1..parts.len()).rev() {
                    let (Some(qualifier), Some(ident)) = (parts.get(..length), idents.get(length)) else { continue };
                    let relation = current.relations.iter().find(|relation| {
                        if hidden { relation.answers_to_hidden_name(qualifier) } else { relation.answers_to(qualifier) }
                    });
                    if let Some(relation) = relation {
                        let rest = parts.get(length + 1..).unwrap_or_default();
                        self.qualified_column(relation, ident, (how, out));
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
            && self.could_be_column(first, scope)
        {
            self.bare_column(first, scope, how.max(Transformation::Transformation).min_direct(how), out);
            push_path(out, rest);
            return;
        }
        out.text.push_str(&parts.join("."));
    }

    /// `<token>.column`: the relation that stands for the token's asset, whatever its alias.
    fn token_column(
        &mut self,
        (token, rest): (&String, &[String]),
        idents: &[Ident],
        scope: &Scope<'_>,
        target: (Transformation, &mut Value),
    ) {
        let asset = self.file.tokens.get(token).map(|token| token.asset.clone());
        let relation = scope.relations.iter().find(|relation| relation.asset.is_some() && relation.asset == asset);
        if let (Some(relation), Some(ident)) = (relation, idents.get(1)) {
            let (how, out) = target;
            self.qualified_column(relation, ident, (how, out));
            push_path(out, rest.get(1..).unwrap_or_default());
        }
    }

    fn could_be_column(&self, ident: &Ident, scope: &Scope<'_>) -> bool {
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

    fn qualified_column(&mut self, relation: &Relation, ident: &Ident, target: (Transformation, &mut Value)) {
        let name = ColumnName::new(&fold(ident, self.dialect));
        let line = self.line_of(ident);
        if matches!(relation.lookup(&name), Lookup::Absent) {
            for asset in relation.asset.iter().chain(&relation.passed) {
                self.note_read(asset, Some(&name), line, false);
            }
            push_anything(relation, &name, target.1);
            return;
        }
        self.take_open(relation, &name, line, target);
    }

    /// The columns of a star over one relation; what is not known is passed on as a whole.
    pub fn star_columns(&mut self, relation: &Relation, shape: &mut Shape) -> Vec<OutColumn> {
        for asset in relation.asset.iter().chain(&relation.passed).chain(&relation.open) {
            if !shape.passed.contains(asset) {
                shape.passed.push(asset.clone());
            }
        }
        for asset in &relation.open {
            if !shape.open.contains(asset) {
                shape.open.push(asset.clone());
            }
        }
        if !relation.open.is_empty() || relation.anything.is_some() {
            shape.stars.push(relation.star_text());
        }
        relation
            .columns
            .iter()
            .filter(|column| !relation.merged.contains(&column.name))
            .map(|column| {
                let (text, binding) = relation.column_text(column);
                let text = match text {
                    Cow::Borrowed(_) => Arc::clone(&column.text),
                    Cow::Owned(text) => text.into(),
                };
                OutColumn { text, binding, ..column.clone() }
            })
            .collect()
    }

    /// One note for all columns of the statement that could come from several relations.
    pub fn report_ambiguous(&mut self, line: u32) {
        if self.ambiguous.is_empty() {
            return;
        }
        let names: Vec<String> =
            self.ambiguous.iter().map(|(column, candidates)| format!("{column} (from {candidates})")).collect();
        let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
        self.diagnostics.push(
            Diagnostic::new(
                DiagnosticCode::AmbiguousColumn,
                DiagnosticSeverity::Note,
                &self.file.path,
                format!("the source of {shown}{more} is not certain"),
            )
            .at(line, 0)
            .hint("qualify the columns, or have CREATE TABLE statements among the files that are read"),
        );
    }
}

impl Relation {
    /// A table function's alias that is used as a value itself: `UNNEST(items) AS item` … `item`.
    fn is_value_named(&self, name: &ColumnName) -> bool {
        self.anything.is_some() && self.alias.as_deref() == Some(name.as_str())
    }
}

impl Transformation {
    /// Keeps an indirect `how` as it is; a field of a column is computed, not identical.
    fn min_direct(self, how: Self) -> Self {
        if how.is_direct() { self } else { how }
    }
}

fn push_path(out: &mut Value, path: &[String]) {
    for part in path {
        out.text.push('.');
        out.text.push_str(part);
    }
}

/// Appends the text of a column that is known by its relation and name only.
fn push_anything(relation: &Relation, name: &ColumnName, out: &mut Value) {
    out.text.push_str(&format!("{}.{}", relation.rows, wording::name(name.as_str())));
    if relation.mark > 0 {
        out.text.push_str(&wording::mark(relation.mark));
    }
}

/// Records that all of `assets` feed the statement.
pub(crate) fn star_sources(assets: &[AssetName]) -> Sources {
    assets
        .iter()
        .map(|asset| (ColumnRef { asset: asset.clone(), column: ColumnName::new("*") }, Transformation::Identity))
        .collect()
}
