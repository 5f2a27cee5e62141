//! The state of resolving one statement. How a name finds its column is in `column` for bare names, in `path` for dotted
//! ones.

mod column;
mod path;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::Ident;

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::{Ambiguous, Lookups, Searched};
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, ColumnName, ColumnRef, Read, Transformation};
use crate::lineage::select::Named;
use crate::lineage::shape::{OutColumn, Relation, Shape, Sources};
use crate::sql::dialect::Dialect;
use crate::sql::session::Session;
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
    /// Expressions that a WITH names (ClickHouse), innermost last.
    pub expressions: Vec<(ColumnName, Named)>,
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
    /// Dotted names whose qualifier is the name of nothing in the statement.
    pub unresolved: BTreeSet<String>,
    /// Whether the query walks a tree with CONNECT BY, in which LEVEL is no column.
    pub in_hierarchy: bool,
    /// The column that a `COLUMNS(…)` stands for at the moment.
    pub chosen: Option<OutColumn>,
    pub diagnostics: Vec<Diagnostic>,
    /// What the statement does.
    pub effects: Vec<Effect>,
    /// Query assets that earlier statements of the file made.
    pub queries_before: usize,
    /// Whether the statement's rows steer its script or fill variables: a query feeds no asset then.
    pub only_reads: bool,
    /// Names that mean no column and no asset.
    pub locals: Option<Arc<Locals>>,
    /// Where names live here, where the script says so.
    pub session: Option<Arc<Session>>,
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
            expressions: Vec::new(),
            lambdas: Vec::new(),
            upstream: BTreeSet::new(),
            reads: Vec::new(),
            stars_unresolved: 0,
            ambiguous: BTreeSet::new(),
            unresolved: BTreeSet::new(),
            in_hierarchy: false,
            chosen: None,
            diagnostics: Vec::new(),
            effects: Vec::new(),
            queries_before: 0,
            only_reads: false,
            locals: None,
            session: None,
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
        match self.meaning(parts) {
            Ok(name) => self.catalog.in_dialect(name, self.dialect),
            Err(Ambiguous { candidates, more }) => {
                let name = AssetName::from_parts(&self.qualified(parts.to_vec()));
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

    /// The asset that folded parts mean here.
    ///
    /// # Errors
    /// [`Ambiguous`] when several fit.
    pub fn meaning(&self, parts: &[String]) -> Result<AssetName, Ambiguous> {
        let defaults = &self.file.place.defaults;
        let plain = defaults.qualify(parts.to_vec());
        let Some(session) = &self.session else { return self.catalog.resolve(&plain) };
        let names = session.searched(parts).into_iter().map(|name| defaults.qualify(name)).collect();
        self.catalog.resolve_searched(Searched { plain, names })
    }

    /// What a statement creates here under this name, with what the name leaves out.
    pub fn qualified(&self, parts: Vec<String>) -> Vec<String> {
        let parts = match &self.session {
            Some(session) => session.created(parts),
            None => parts,
        };
        self.file.place.defaults.qualify(parts)
    }

    pub fn note_read(&mut self, asset: &AssetName, column: Option<&ColumnName>, line: u32, exists: bool) {
        self.reads.push(Read {
            asset: asset.clone(),
            column: column.cloned(),
            reader: None,
            mention: None,
            file: self.file.path.clone(),
            line,
            exists,
        });
    }

    /// Adds all columns of a relation; what is not known by name is passed on as a whole.
    pub fn pass_on(&mut self, relation: &Relation, shape: &mut Shape) {
        let columns = relation.columns.iter().map(|column| {
            let (text, binding) = relation.column_text(column);
            let text = match text {
                Cow::Borrowed(_) => Arc::clone(&column.text),
                Cow::Owned(text) => text.into(),
            };
            OutColumn { text, binding, ..column.clone() }
        });
        let mut part = Shape { columns: columns.collect(), open: relation.open.clone(), ..Shape::default() };
        part.alike = relation.alike;
        part.passed.extend(relation.asset.iter().chain(&relation.passed).chain(&relation.open).cloned());
        // What may hide behind a known element of an array (the fields of a struct) is no part of a star.
        part.anything = relation.anything.clone().filter(|_| part.columns.is_empty() || relation.value.is_none());
        if !part.open.is_empty() || part.anything.is_some() {
            part.stars.push(relation.star_text());
            // Of a relation that is known in part, no position is certain.
            part.unknown_at = Some((0, part.columns.len()));
        }
        shape.append(part);
    }

    /// One note for all columns of the statement that are columns of nothing in it.
    pub fn report_unresolved(&mut self, line: u32) {
        if self.unresolved.is_empty() {
            return;
        }
        let shown: Vec<&str> = self.unresolved.iter().take(5).map(String::as_str).collect();
        let more = self.unresolved.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("{}{more}: nothing in the statement is called so", shown.join(", "));
        let code = DiagnosticCode::UnresolvedColumn;
        self.diagnostics.push(Diagnostic::new(code, DiagnosticSeverity::Note, &self.file.path, message).at(line, 0));
    }

    /// Says that only the run knows which table is meant.
    pub fn note_named_at_run_time(&mut self, parts: &[String], line: u32) {
        let written = parts.last().map(String::as_str).unwrap_or_default();
        self.note_at_run_time((written, "table"), line);
    }

    /// Says that only the run knows which table or column a call means.
    pub fn note_at_run_time(&mut self, (written, what): (&str, &str), line: u32) {
        let message = format!("`{written}` names a {what} at run time: which one is not known");
        let told = Diagnostic::new(DiagnosticCode::DynamicSql, DiagnosticSeverity::Error, &self.file.path, message);
        self.diagnostics.push(told.at(line, 0));
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

/// Records that all of `assets` feed the statement.
pub(crate) fn star_sources(assets: &[AssetName]) -> Sources {
    assets
        .iter()
        .map(|asset| (ColumnRef { asset: asset.clone(), column: ColumnName::new("*") }, Transformation::Identity))
        .collect()
}
