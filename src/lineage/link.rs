//! From parsed files to one graph: files in dependency order, statements in script order, replayed on a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Coverage, Diagnostic, DiagnosticCode};
use crate::lineage::DeclaredAsset;
use crate::lineage::catalog::{Catalog, Spellings, State, StateColumn};
use crate::lineage::effect::{Effect, Place};
use crate::lineage::link::ahead::Statements;
use crate::lineage::link::memory::Memory;
use crate::lineage::link::resolved::{Resolved, Work};
use crate::lineage::link::second::Seconds;
use crate::lineage::model::{AssetKind, AssetName, FileSummary, LineageGraph, Read, Role};
use crate::lineage::order::Ordered;
use crate::lineage::scanned::scan_diagnostic;
use crate::lineage::script::{Counts, Script, ScriptStatement, dynamic_diagnostic, flatten, refusal_diagnostic};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;
use crate::sql::parse::Parsed;
use crate::sql::template::Prepared;

mod ahead;
mod graph;
mod holes;
pub(crate) mod memory;
mod resolved;
mod second;

/// A file and what it parses to.
pub(crate) type LinkedFile<'f> = (&'f Prepared, Arc<Script>);

/// Replays all files of a side on a catalog. What another side's memory holds, and what is so here as well, is not
/// resolved again.
pub(crate) fn link<'f>(
    files: &Ordered<'f>,
    declared: &[DeclaredAsset],
    spellings: &Arc<Spellings>,
    known: Option<&'f Memory<'_>>,
) -> Linker {
    let mut linker = Linker::new(files.files, declared, spellings);
    let known = known.filter(|known| known.fits(&linker.catalog));
    let of_file = |(file, script): &LinkedFile<'_>| known.and_then(|known| known.of(file, script));
    linker.files(files, &of_file, &mut |_, _| {});
    linker
}

/// Replays all files of a side on a catalog, and remembers what their statements led to.
pub(crate) fn link_and_remember<'f>(
    files: &Ordered<'f>,
    declared: &[DeclaredAsset],
    spellings: &Arc<Spellings>,
) -> (Linker, Memory<'f>) {
    let mut linker = Linker::new(files.files, declared, spellings);
    let mut memory = Memory::new(linker.catalog.copies().clone());
    linker.files(files, &|_| None, &mut |(file, script), statements| memory.keep(file, script, statements));
    (linker, memory)
}

/// What is not known of a statement as a whole.
fn not_understood(statement: &ScriptStatement, file: &Prepared) -> Option<Diagnostic> {
    match &statement.parsed {
        Parsed::Dynamic => Some(dynamic_diagnostic(file, statement.line)),
        Parsed::Refused(refusal) => Some(refusal_diagnostic(refusal, file)),
        Parsed::Scanned(scan) => Some(scan_diagnostic(scan, file)),
        Parsed::NoDataFlow | Parsed::Statements(_) | Parsed::Repaired(..) => None,
    }
}

/// What there is to resolve in a statement.
fn works(parsed: &Parsed) -> Vec<Work<'_>> {
    match (parsed, parsed.statements()) {
        (Parsed::Scanned(scan), _) => vec![Work::Scanned(scan)],
        (_, Some((statements, left_out))) => {
            statements.iter().flat_map(flatten).map(|statement| Work::Parsed(statement, left_out)).collect()
        }
        (_, None) => Vec::new(),
    }
}

/// One side's assets, and what was learnt of its files.
#[derive(Default)]
pub(crate) struct Linker {
    catalog: Catalog,
    /// By the asset that is read.
    reads: BTreeMap<AssetName, Vec<Read>>,
    files: BTreeMap<RepoPath, FileSummary>,
    diagnostics: Vec<Diagnostic>,
    coverage: Coverage,
    /// Kinds of assets that are only referenced, where a template says so.
    kinds: BTreeMap<AssetName, AssetKind>,
    /// Assets that are read where that feeds no other: in conditions, into variables.
    mentioned: BTreeSet<AssetName>,
    /// What several files define.
    seconds: Seconds,
}

/// A file while its statements are replayed.
struct Open<'f> {
    file: &'f Prepared,
    summary: FileSummary,
    /// What the file creates, as its dialect means it.
    creates: BTreeSet<AssetName>,
    /// Query assets that its statements have made so far.
    queries: usize,
}

impl Linker {
    /// A catalog on which nothing is replayed yet; it knows every name that will be defined.
    fn new(files: &[LinkedFile<'_>], declared: &[DeclaredAsset], spellings: &Arc<Spellings>) -> Self {
        let mut linker = Self { catalog: Catalog::new(Arc::clone(spellings)), ..Self::default() };
        for asset in declared {
            linker.declare(asset);
        }
        for (file, script) in files {
            if let Some(asset) = &file.asset {
                let parts: Vec<String> = asset.name.parts().into_iter().map(str::to_owned).collect();
                linker.catalog.announce(&parts);
            }
            for name in &script.defines {
                linker.catalog.announce(&file.place.defaults.qualify(name.clone()));
            }
            for target in file.tokens.values() {
                linker.kinds.entry(target.asset.clone()).or_insert(target.kind);
            }
        }
        linker.keep_dialects_apart(files);
        linker
    }

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
    fn keep_dialects_apart(&mut self, files: &[LinkedFile<'_>]) {
        let mut sizes: BTreeMap<Dialect, usize> = BTreeMap::new();
        let mut definers: BTreeMap<AssetName, BTreeSet<Dialect>> = BTreeMap::new();
        for (file, script) in files {
            *sizes.entry(file.dialect).or_default() += 1;
            for name in &script.defines {
                let name = self.catalog.created(&file.place.defaults.qualify(name.clone()));
                definers.entry(name).or_default().insert(file.dialect);
            }
        }
        for (name, dialects) in definers.into_iter().filter(|(_, dialects)| dialects.len() > 1) {
            let mut dialects: Vec<Dialect> = dialects.into_iter().collect();
            // The dialect of most files keeps the plain name.
            dialects.sort_by_key(|dialect| std::cmp::Reverse(sizes.get(dialect).copied().unwrap_or(0)));
            self.catalog.keep_apart(&name, dialects.into_iter());
        }
    }

    /// The same catalog, to be changed without a change of this one; nothing is learnt of any file yet.
    fn fork(&self) -> Self {
        Self { catalog: self.catalog.fork(), ..Self::default() }
    }

    /// Replays files in their order and tells what the statements of each led to. `known` is what they led to on
    /// another side.
    fn files<'f>(
        &mut self,
        files: &Ordered<'f>,
        known: &dyn Fn(&LinkedFile<'f>) -> Option<&'f Statements>,
        tell: &mut dyn FnMut(&'f LinkedFile<'f>, Statements),
    ) {
        for indexes in files.order.chunks(ahead::AT_ONCE) {
            let batch: Vec<_> = indexes.iter().filter_map(|index| files.files.get(*index)).collect();
            let known: Vec<_> = batch.iter().map(|file| known(file)).collect();
            let new = batch.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(file, _)| *file);
            let mut ahead = ahead::resolve(&new.collect::<Vec<_>>(), self).into_iter();
            for (file, known) in batch.into_iter().zip(known) {
                let statements = match known {
                    Some(known) => self.file(file, known),
                    None => self.file(file, &ahead.next().unwrap_or_default()),
                };
                tell(file, statements);
            }
        }
    }

    /// Replays a file; what its statements led to. `known` is what they led to elsewhere.
    fn file(&mut self, (file, script): &LinkedFile<'_>, known: &[Vec<Arc<Resolved>>]) -> Statements {
        let Counts { statements, analyzed, tables_only, without_data_flow } = script.counts();
        let created = |name: &Vec<String>| {
            let name = self.catalog.created(&file.place.defaults.qualify(name.clone()));
            self.catalog.in_dialect(name, file.dialect)
        };
        let mut open = Open {
            file,
            creates: script.defines.iter().map(created).collect(),
            summary: FileSummary {
                dialect: file.dialect,
                dialect_reason: file.dialect_reason.clone(),
                asset_from_path: file.place.pattern.clone(),
                template: file.template,
                statements,
                analyzed,
                tables_only,
                without_data_flow,
                assets: BTreeSet::new(),
            },
            queries: 0,
        };
        self.diagnostics.extend(file.diagnostics.iter().cloned());
        let mut led_to = Statements::with_capacity(script.statements.len());
        for (index, statement) in script.statements.iter().enumerate() {
            self.diagnostics.extend(not_understood(statement, file));
            let known = known.get(index).map(Vec::as_slice).unwrap_or_default();
            led_to.push(self.script_statement(statement, known, &mut open));
        }
        self.dissolve_all(&mut open.summary);
        self.cover(file, &open.summary);
        self.files.insert(file.path.clone(), open.summary);
        led_to
    }

    /// Replays a statement of a script, as far as that holds by what is `known` of it; the rest of it is resolved here.
    fn script_statement(
        &mut self,
        statement: &ScriptStatement,
        known: &[Arc<Resolved>],
        open: &mut Open<'_>,
    ) -> Vec<Arc<Resolved>> {
        let mut led_to = Vec::new();
        for resolved in known {
            if !resolved.holds_in(&self.catalog, open.queries) {
                break;
            }
            self.statement(resolved, statement.line, open);
            led_to.push(Arc::clone(resolved));
        }
        if known.is_empty() || led_to.len() < known.len() {
            let parsed = statement.tree(open.file.dialect);
            for work in works(&parsed).into_iter().skip(led_to.len()) {
                let resolved = Arc::new(Resolved::of((work, statement), open.file, &self.catalog, open.queries));
                self.statement(&resolved, statement.line, open);
                led_to.push(resolved);
            }
        }
        led_to
    }

    fn statement(&mut self, resolved: &Resolved, line: u32, open: &mut Open<'_>) {
        self.coverage.stars_unresolved += resolved.stars_unresolved;
        self.diagnostics.extend(resolved.diagnostics.iter().cloned());
        for read in &resolved.reads {
            self.reads.entry(read.asset.clone()).or_default().push(read.clone());
        }
        self.mentioned.extend(resolved.mentioned.iter().cloned());
        let place = Place { file: open.file.path.clone(), line: open.file.line_map.original(line) };
        for effect in &resolved.effects {
            self.effect(effect, &place, open);
        }
    }

    fn effect(&mut self, effect: &Effect, place: &Place, open: &mut Open<'_>) {
        if let Effect::Define { kind: AssetKind::Query, .. } = effect {
            open.queries += 1;
        }
        if self.is_replaced_here(effect, open) || self.starts_or_ends_temporary(effect, open) {
            return;
        }
        if let Effect::Define { name, kind, flow, keep_existing: false, .. } = effect
            && let Some(state) = self.catalog.get(name)
        {
            self.seconds.note((name, *kind, flow), state, (place, open.file.dialect));
        }
        if let Some(target) = effect.target()
            && !open.summary.assets.contains(target)
        {
            open.summary.assets.insert(target.clone());
        }
        if let Effect::Drop { name } | Effect::Rename { from: name, .. } = effect {
            self.forget_history(name, &place.file);
            self.mentioned.remove(name);
        }
        effect.apply(&mut self.catalog, place);
    }

    /// Opens a temporary asset, or dissolves the one of that name; whether that is all that the effect does.
    fn starts_or_ends_temporary(&mut self, effect: &Effect, open: &Open<'_>) -> bool {
        match effect {
            Effect::Define { name, keep_existing, .. } if name.is_temporary() => {
                if !(*keep_existing && self.catalog.get(name).is_some()) {
                    self.catalog.dissolve(name, &open.summary.assets);
                }
                self.catalog.open_temporary(name);
                false
            }
            Effect::Drop { name } if name.is_temporary() => {
                self.catalog.dissolve(name, &open.summary.assets);
                true
            }
            _ => false,
        }
    }

    /// The script is over: what lived for it is gone, and feeds nothing by itself.
    fn dissolve_all(&mut self, summary: &mut FileSummary) {
        let gone: Vec<AssetName> = summary.assets.iter().filter(|name| name.is_temporary()).cloned().collect();
        for name in &gone {
            self.catalog.dissolve(name, &summary.assets);
            self.reads.remove(name);
        }
        summary.assets.retain(|name| !name.is_temporary());
    }

    /// DROP and CREATE of one name is a modification: what another file defines is not gone by that.
    fn is_replaced_here(&self, effect: &Effect, open: &Open<'_>) -> bool {
        let Effect::Drop { name } = effect else { return false };
        open.creates.contains(name)
            && self.catalog.get(name).is_some_and(|state| state.is_defined_apart_from(&open.file.path))
    }

    /// What earlier statements of a script or of a sequence of migrations read of a table that is gone now is history:
    /// they ran while it was there.
    fn forget_history(&mut self, gone: &AssetName, file: &RepoPath) {
        let sequence = migration::sequence(file);
        let Some(reads) = self.reads.get_mut(gone) else { return };
        reads.retain(|read| {
            let ran_before = read.file == *file || (sequence.is_some() && migration::sequence(&read.file) == sequence);
            !(read.exists && ran_before)
        });
    }

    fn cover(&mut self, file: &Prepared, summary: &FileSummary) {
        self.coverage.files += 1;
        self.coverage.statements += summary.statements;
        self.coverage.analyzed += summary.analyzed;
        self.coverage.tables_only += summary.tables_only;
        self.coverage.without_data_flow += summary.without_data_flow;
        if summary.analyzed + summary.tables_only == 0 && summary.statements > 0 {
            self.coverage.failed += 1;
        } else if summary.analyzed < summary.statements || file.partial {
            self.coverage.partly += 1;
        } else {
            self.coverage.parsed += 1;
        }
    }

    /// The graph of everything that was replayed.
    pub fn finish(self) -> LineageGraph {
        let mut graph = LineageGraph {
            reads: self.reads.into_values().flatten().collect(),
            files: self.files,
            diagnostics: self.diagnostics,
            coverage: self.coverage,
            ..LineageGraph::default()
        };
        let spellings = self.catalog.spellings();
        graph::add_assets(&mut graph, self.catalog, (&self.kinds, self.mentioned));
        graph.diagnostics.extend(self.seconds.into_diagnostics());
        if let Some(holes) = spellings.holes() {
            holes::show_as_written(&mut graph, holes);
        }
        graph
            .diagnostics
            .sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
        graph.diagnostics.dedup();
        tell_doubts_once(&mut graph.diagnostics);
        graph
    }
}

/// A name that could mean several assets is told once for each file, at the first of its places.
fn tell_doubts_once(diagnostics: &mut Vec<Diagnostic>) {
    let mut told: BTreeSet<(Option<RepoPath>, String)> = BTreeSet::new();
    diagnostics.retain(|diagnostic| {
        diagnostic.code != DiagnosticCode::AmbiguousAsset
            || told.insert((diagnostic.file.clone(), diagnostic.message.clone()))
    });
}

#[cfg(test)]
mod tests;
