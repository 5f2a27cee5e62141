//! From parsed files to one graph: files in dependency order, statements in script order, replayed on a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::Statement;

use crate::diagnostic::{Coverage, Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::{Catalog, State, StateColumn};
use crate::lineage::effect::{Effect, Place};
use crate::lineage::model::{
    Asset, AssetEdge, AssetKind, AssetName, Column, ColumnEdge, ColumnName, ColumnRef, FileSummary, LineageGraph, Read,
    Role,
};
use crate::lineage::resolver::Resolver;
use crate::lineage::script::{Script, dynamic_diagnostic, flatten, refusal_diagnostic};
use crate::lineage::shape::Sources;
use crate::lineage::{DeclaredAsset, order};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;
use crate::sql::parse::Parsed;
use crate::sql::template::Prepared;

/// Replays all files and gives the graph.
pub(crate) fn link(files: &[(&Prepared, Arc<Script>)], declared: &[DeclaredAsset]) -> LineageGraph {
    let mut linker = Linker::default();
    for asset in declared {
        linker.declare(asset);
    }
    for (file, script) in files {
        if let Some(asset) = &file.asset {
            let parts: Vec<String> = asset.name.parts().into_iter().map(str::to_owned).collect();
            linker.catalog.announce(&parts);
        }
        for name in &script.defines {
            linker.catalog.announce(name);
        }
        for target in file.tokens.values() {
            linker.kinds.entry(target.asset.clone()).or_insert(target.kind);
        }
    }
    linker.keep_dialects_apart(files);
    for index in order::dependency_order(files) {
        if let Some((file, script)) = files.get(index) {
            linker.file(file, script);
        }
    }
    linker.finish()
}

#[derive(Default)]
struct Linker {
    catalog: Catalog,
    reads: BTreeSet<Read>,
    files: BTreeMap<RepoPath, FileSummary>,
    diagnostics: Vec<Diagnostic>,
    coverage: Coverage,
    /// Kinds of assets that are only referenced, where a template says so.
    kinds: BTreeMap<AssetName, AssetKind>,
}

impl Linker {
    fn declare(&mut self, asset: &DeclaredAsset) {
        let parts: Vec<String> = asset.name.parts().into_iter().map(str::to_owned).collect();
        self.catalog.announce(&parts);
        let role = if asset.kind == AssetKind::Seed { Role::Defined } else { Role::Referenced };
        let mut state = State::new(asset.kind, role);
        state.columns = asset
            .columns
            .iter()
            .map(|(name, data_type)| StateColumn::declared(name.clone(), data_type.as_deref().map(Arc::from)))
            .collect();
        state.complete = asset.complete;
        state.file.clone_from(&asset.file);
        state.line = asset.line;
        self.catalog.insert(asset.name.clone(), state);
    }

    /// One asset that files of several dialects define is one asset for each engine.
    fn keep_dialects_apart(&mut self, files: &[(&Prepared, Arc<Script>)]) {
        let mut sizes: BTreeMap<Dialect, usize> = BTreeMap::new();
        let mut definers: BTreeMap<&Vec<String>, BTreeSet<Dialect>> = BTreeMap::new();
        for (file, script) in files {
            *sizes.entry(file.dialect).or_default() += 1;
            for name in &script.defines {
                definers.entry(name).or_default().insert(file.dialect);
            }
        }
        for (name, dialects) in definers.into_iter().filter(|(_, dialects)| dialects.len() > 1) {
            let mut dialects: Vec<Dialect> = dialects.into_iter().collect();
            // The dialect of most files keeps the plain name.
            dialects.sort_by_key(|dialect| std::cmp::Reverse(sizes.get(dialect).copied().unwrap_or(0)));
            self.catalog.keep_apart(&AssetName::from_parts(name), dialects.into_iter());
        }
    }

    fn file(&mut self, file: &Prepared, script: &Script) {
        let (analyzed, statements) = script.counts();
        let mut summary = FileSummary {
            dialect: file.dialect,
            dialect_reason: file.dialect_reason.clone(),
            template: file.template,
            statements,
            analyzed,
            assets: BTreeSet::new(),
        };
        self.diagnostics.extend(file.diagnostics.iter().cloned());
        let mut queries = 0;
        for statement in &script.statements {
            match &statement.parsed {
                Parsed::NoDataFlow => {}
                Parsed::Dynamic => self.diagnostics.push(dynamic_diagnostic(file, statement.line)),
                Parsed::Refused(refusal) => self.diagnostics.push(refusal_diagnostic(refusal, file)),
                Parsed::Statements(parsed) => {
                    for part in parsed.iter().flat_map(flatten) {
                        self.statement((part, statement.line), (file, script), &mut summary, &mut queries);
                    }
                }
            }
        }
        self.cover(file, &summary);
        self.files.insert(file.path.clone(), summary);
    }

    fn statement(
        &mut self,
        (statement, line): (&Statement, u32),
        (file, script): (&Prepared, &Script),
        summary: &mut FileSummary,
        queries: &mut usize,
    ) {
        let mut resolver = Resolver::new(&self.catalog, file, line.saturating_sub(1));
        resolver.queries_before = *queries;
        resolver.statement(statement);
        let original_line = file.line_map.original(line);
        resolver.report_ambiguous(original_line);
        let Resolver { effects, reads, diagnostics, stars_unresolved, .. } = resolver;
        self.coverage.stars_unresolved += stars_unresolved;
        self.diagnostics.extend(diagnostics);
        if stars_unresolved > 0 {
            self.diagnostics.push(unresolved_star(file, original_line, stars_unresolved));
        }
        let reader = effects.iter().rev().find_map(Effect::target).cloned();
        self.reads.extend(reads.into_iter().map(|read| Read { reader: reader.clone(), ..read }));
        let place = Place { file: file.path.clone(), line: original_line };
        for effect in effects {
            if let Effect::Define { kind: AssetKind::Query, .. } = &effect {
                *queries += 1;
            }
            if self.is_replaced_here(&effect, file, script) {
                continue;
            }
            if let Effect::Define { name, keep_existing: false, .. } = &effect {
                self.note_second_definition(name, file, original_line);
            }
            summary.assets.extend(effect.target().cloned());
            if let Effect::Drop { name } | Effect::Rename { from: name, .. } = &effect {
                self.forget_history(name, &file.path);
            }
            effect.apply(&mut self.catalog, &place);
        }
    }

    /// DROP and CREATE of one name is a modification: what another file defines is not gone by that.
    fn is_replaced_here(&self, effect: &Effect, file: &Prepared, script: &Script) -> bool {
        let Effect::Drop { name } = effect else { return false };
        let state = self.catalog.get(name);
        let created_here = script
            .defines
            .iter()
            .any(|defined| self.catalog.in_dialect(AssetName::from_parts(defined), file.dialect) == *name);
        created_here && state.is_some_and(|state| state.is_defined_apart_from(&file.path))
    }

    fn note_second_definition(&mut self, name: &AssetName, file: &Prepared, line: u32) {
        let Some(state) = self.catalog.get(name).filter(|state| state.is_defined_apart_from(&file.path)) else {
            return;
        };
        let other = state.file.as_ref().map(RepoPath::as_str).unwrap_or_default();
        self.diagnostics.push(
            Diagnostic::new(
                DiagnosticCode::DuplicateDefinition,
                DiagnosticSeverity::Note,
                &file.path,
                format!("{name} is defined here and in {other}; both definitions count"),
            )
            .at(line, 0)
            .hint("leave one of them out with `exclude`"),
        );
    }

    /// What earlier statements of a script or of a sequence of migrations read of a table that is gone now is history:
    /// they ran while it was there.
    fn forget_history(&mut self, gone: &AssetName, file: &RepoPath) {
        let sequence = migration::sequence(file);
        self.reads.retain(|read| {
            let ran_before = read.file == *file || (sequence.is_some() && migration::sequence(&read.file) == sequence);
            !(read.asset == *gone && read.exists && ran_before)
        });
    }

    fn cover(&mut self, file: &Prepared, summary: &FileSummary) {
        self.coverage.files += 1;
        self.coverage.statements += summary.statements;
        self.coverage.analyzed += summary.analyzed;
        if summary.analyzed == 0 && summary.statements > 0 {
            self.coverage.failed += 1;
        } else if summary.analyzed < summary.statements || file.partial {
            self.coverage.partly += 1;
        } else {
            self.coverage.parsed += 1;
        }
    }

    fn finish(self) -> LineageGraph {
        let mut graph = LineageGraph {
            reads: self.reads,
            files: self.files,
            diagnostics: self.diagnostics,
            coverage: self.coverage,
            ..LineageGraph::default()
        };
        graph
            .diagnostics
            .sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
        graph.diagnostics.dedup();
        for (name, state) in self.catalog.into_assets() {
            add_edges(&mut graph, &name, &state);
            graph.assets.insert(name.clone(), finished(name, state));
        }
        add_referenced(&mut graph, &self.kinds);
        graph
    }
}

fn unresolved_star(file: &Prepared, line: u32, stars: usize) -> Diagnostic {
    let what =
        if stars == 1 { "a `*` stands for columns".to_owned() } else { format!("{stars} `*` stand for columns") };
    Diagnostic::new(
        DiagnosticCode::UnresolvedStar,
        DiagnosticSeverity::Note,
        &file.path,
        format!("{what} that no file of the repository defines"),
    )
    .at(line, 0)
    .hint("CREATE TABLE statements among the files that are read")
}

fn add_edges(graph: &mut LineageGraph, name: &AssetName, state: &State) {
    let star = ColumnRef { asset: name.clone(), column: ColumnName::new("*") };
    let mut upstream = state.upstream.clone();
    let mut add = |sources: &Sources, downstream: &ColumnRef| {
        for (source, transformation) in sources {
            upstream.insert(source.asset.clone());
            graph.column_edges.insert(ColumnEdge {
                upstream: source.clone(),
                downstream: downstream.clone(),
                transformation: *transformation,
            });
        }
    };
    for column in &state.columns {
        add(&column.sources, &ColumnRef { asset: name.clone(), column: column.name.clone() });
    }
    let open: Sources = crate::lineage::resolver::star_sources(&state.open.iter().cloned().collect::<Vec<_>>());
    add(&open, &star);
    // A column of the asset that steers its own rows (UPDATE t … WHERE t.a) is no lineage.
    let indirect: Sources =
        state.indirect.iter().filter(|(source, how)| source.asset != *name && !how.is_direct()).cloned().collect();
    add(&indirect, &star);
    graph.asset_edges.extend(upstream.into_iter().map(|upstream| AssetEdge { upstream, downstream: name.clone() }));
}

fn finished(name: AssetName, state: State) -> Asset {
    let table = state.declared.then(|| table_text(&name, &state));
    let definition = joined(table.iter().chain(&state.definition), "\n");
    let sql = joined(table.iter().chain(&state.sql), ";\n\n");
    Asset {
        name,
        kind: state.kind,
        role: state.role,
        file: state.file,
        line: state.line,
        columns: state
            .columns
            .into_iter()
            .map(|column| Column {
                name: column.name,
                data_type: column.data_type,
                expression: column.expression,
                previous_names: column.previous_names,
            })
            .collect(),
        columns_complete: state.complete,
        row_set: state.row_set,
        definition,
        sql,
    }
}

fn joined<'t>(texts: impl Iterator<Item = &'t String>, separator: &str) -> Option<Arc<str>> {
    let texts: Vec<&str> = texts.map(String::as_str).collect();
    (!texts.is_empty()).then(|| texts.join(separator).into())
}

/// A table as it stands after all of its migrations.
fn table_text(name: &AssetName, state: &State) -> String {
    let columns: Vec<String> = state
        .columns
        .iter()
        .map(|column| {
            format!("  {} {}", column.name, column.data_type.as_deref().unwrap_or_default()).trim_end().to_owned()
        })
        .collect();
    format!("CREATE TABLE {name} (\n{}\n)", columns.join(",\n"))
}

/// Assets that are only read: known by name, and by the columns that something reads.
fn add_referenced(graph: &mut LineageGraph, kinds: &BTreeMap<AssetName, AssetKind>) {
    let mut columns: BTreeMap<AssetName, BTreeSet<ColumnName>> = BTreeMap::new();
    for edge in &graph.asset_edges {
        columns.entry(edge.upstream.clone()).or_default();
    }
    for edge in graph.column_edges.iter().filter(|edge| !edge.upstream.column.is_star()) {
        columns.entry(edge.upstream.asset.clone()).or_default().insert(edge.upstream.column.clone());
    }
    let mut first_read: BTreeMap<AssetName, (RepoPath, u32)> = BTreeMap::new();
    for read in graph.reads.iter().filter(|read| read.column.is_none()) {
        first_read.entry(read.asset.clone()).or_insert_with(|| (read.file.clone(), read.line));
    }
    for (name, columns) in columns {
        if graph.assets.contains_key(&name) {
            continue;
        }
        let (file, line) = first_read.get(&name).cloned().map_or((None, 0), |(file, line)| (Some(file), line));
        let columns = columns
            .into_iter()
            .map(|name| Column { name, data_type: None, expression: None, previous_names: Vec::new() })
            .collect();
        let asset = Asset {
            kind: kinds.get(&name).copied().unwrap_or(if name.is_external() {
                AssetKind::External
            } else {
                AssetKind::Table
            }),
            role: Role::Referenced,
            file,
            line,
            columns,
            columns_complete: false,
            row_set: crate::lineage::model::RowSet::default(),
            definition: None,
            sql: None,
            name: name.clone(),
        };
        graph.assets.insert(name, asset);
    }
}
