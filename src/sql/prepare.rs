//! All SQL files of one side → [`Prepared`] files: dialect chosen, templates rendered, placeholders taken out, assets named by
//! their path.
//!
//! Pure and parallel. Files without a template marker pass through without a copy.

mod compiled;
mod dataform;
mod dialects;
mod plain;
mod rendered;
mod sqlmesh;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use self::compiled::decide;
use self::dialects::{SideFiles, choose};
use self::plain::{Around, plain};
use self::rendered::{Alike, Rendered};
use super::dataform::Names;
use super::dialect::Dialect;
use super::dialect::rule::DialectRule;
use super::ident::Defaults;
use super::layout::{AssetPattern, Layout};
use super::sqlmesh::header;
use super::stack::on_large_stacks;
use super::template::Prepared;
use crate::dbt::answers::answered;
use crate::dbt::artifacts::ProjectArtifacts;
use crate::dbt::beside::Beside;
use crate::dbt::columns::declared as declared_columns;
use crate::dbt::compiled::{Artifacts, Told, of_catalogs};
use crate::dbt::model::{DbtFile, Draft, Relations, draft};
use crate::dbt::snapshot::declared;
use crate::dbt::world::World;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::DeclaredAsset;
use crate::path::RepoPath;
use crate::settings::{DialectChoice, Settings};
use crate::source::{Base, Head, SourceFile, SourceTree};

/// What steers the preparation.
#[derive(Debug, Clone, Copy)]
pub struct PrepareOptions<'s> {
    /// The dialect setting.
    pub dialect: DialectChoice,
    /// Dialects by path, which win over it.
    pub dialects: &'s [DialectRule],
    /// What SQL means where it names no database or schema.
    pub defaults: &'s Defaults,
    /// Paths that name assets.
    pub asset_from_path: &'s [AssetPattern],
}

impl<'s> From<&'s Settings> for PrepareOptions<'s> {
    fn from(settings: &'s Settings) -> Self {
        Self {
            dialect: settings.dialect,
            dialects: &settings.dialects,
            defaults: &settings.defaults,
            asset_from_path: &settings.asset_from_path,
        }
    }
}

impl PrepareOptions<'_> {
    /// Nothing is set: everything is found out.
    pub const AUTO: Self =
        Self { dialect: DialectChoice::Auto, dialects: &[], defaults: &Defaults::NONE, asset_from_path: &[] };
}

/// One side, ready for parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedSide {
    /// Every SQL file whose content could be had, by path; behind them the snapshots that dbt projects declare in YAML.
    pub files: Vec<Prepared>,
    /// Every SQL file whose content could not, by path.
    pub unreadable: Vec<Diagnostic>,
    /// What could not be read of the dbt projects around them.
    pub diagnostics: Vec<Diagnostic>,
    /// Seeds and sources with the columns that are declared outside of SQL.
    pub declared: Vec<DeclaredAsset>,
    /// What dbt projects declare beside SQL.
    pub beside: Beside,
}

/// Prepares every SQL file of a side.
#[must_use]
pub fn prepare<Side: Sync>(tree: &SourceTree<Side>, options: &PrepareOptions<'_>) -> PreparedSide {
    on_large_stacks(|| {
        let opened = Opened::of(tree, World::read(tree));
        let dialects = choose(&[opened.files()], options).pop().unwrap_or_default();
        let layout = opened.layout(options);
        let mut drafts = opened.drafts((options, &layout), dialects, None);
        let told = opened.told(&drafts);
        decide((&drafts, &told), None).take_into(&mut drafts);
        opened.finish(drafts, &tree.artifacts)
    })
}

/// Prepares every SQL file of both sides: each path in one dialect, and as dbt compiled it only where that is known of both.
#[must_use]
pub fn prepare_both(
    base: &SourceTree<Base>,
    head: &SourceTree<Head>,
    options: &PrepareOptions<'_>,
) -> (PreparedSide, PreparedSide) {
    on_large_stacks(|| {
        let (world, world_head) = World::read_both(base, head);
        let (opened, opened_head) = (Opened::of(base, world), Opened::of(head, world_head));
        let mut dialects = choose(&[opened.files(), opened_head.files()], options).into_iter();
        let mut next = || dialects.next().unwrap_or_default();
        let (layout, layout_head) = (opened.layout(options), opened_head.layout(options));
        let mut before = opened.drafts((options, &layout), next(), None);
        let known = Rendered::of(&before, opened_head.reads_like(&opened, layout == layout_head));
        let mut after = opened_head.drafts((options, &layout_head), next(), Some(&known));
        let (told, told_head) = (opened.told(&before), opened_head.told(&after));
        let decided = decide((&before, &told), Some((&after, &told_head)));
        decide((&after, &told_head), Some((&before, &told))).take_into(&mut after);
        decided.take_into(&mut before);
        // What could not be used of the base is told with the head, as reports do: it was not so before the change.
        let unusable = opened.artifacts().diagnostics();
        // What a warehouse holds is of no side: the newest catalog that is here counts for both.
        let (mut before, mut after) =
            (opened.finish(before, &head.artifacts), opened_head.finish(after, &head.artifacts));
        before.diagnostics.retain(|told| !unusable.contains(told));
        after.diagnostics.extend(unusable);
        (before, after)
    })
}

/// One side, looked through.
struct Opened<'t, Side> {
    tree: &'t SourceTree<Side>,
    world: Arc<World>,
    readable: Vec<(&'t SourceFile, &'t Arc<str>)>,
    unreadable: Vec<Diagnostic>,
    names: Names,
}

impl<'t, Side: Sync> Opened<'t, Side> {
    fn of(tree: &'t SourceTree<Side>, world: World) -> Self {
        let world = Arc::new(world);
        // Models in Python stand among the support files.
        let python = tree.support.values().filter(|file| file.path.as_str().ends_with(".py"));
        let python: Vec<&SourceFile> = python.filter(|file| world.node_of(&file.path).is_some()).collect();
        let (readable, unreadable) = (Vec::new(), Vec::new());
        let mut opened = Self { tree, world, readable, unreadable, names: Names::of(tree) };
        for file in tree.sql.values().chain(python) {
            match &file.content {
                Ok(text) => opened.readable.push((file, text)),
                Err(reason) => {
                    let code = DiagnosticCode::UnreadableFile;
                    let told = Diagnostic::new(code, DiagnosticSeverity::Error, &file.path, reason.to_string());
                    opened.unreadable.push(told);
                }
            }
        }
        opened.readable.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        opened
    }

    fn files(&self) -> SideFiles<'_> {
        SideFiles { world: &self.world, files: &self.readable, names: &self.names }
    }

    fn artifacts(&self) -> Artifacts<'_> {
        Artifacts::of(&self.world, &self.tree.artifacts)
    }

    /// The layout of the files that belong to no dbt project.
    fn layout(&self, options: &PrepareOptions<'_>) -> Layout {
        let outside = self.readable.iter().filter(|(file, _)| self.world.projects.place(&file.path).is_none());
        let outside: Vec<(&RepoPath, &str)> = outside.map(|(file, text)| (&file.path, &***text)).collect();
        Layout::read(options.asset_from_path, &outside)
    }

    /// Which kinds of files read alike here and on the other side.
    fn reads_like<Other>(&self, other: &Opened<'_, Other>, same_layout: bool) -> Alike {
        let plain = same_layout && self.names == other.names && self.world.projects == other.world.projects;
        Alike { plain, dbt: self.world.renders_like(&other.world) }
    }

    /// The files rendered, in the order of those that could be read; what `known` holds of them is not rendered again.
    fn drafts(
        &self,
        (options, layout): (&PrepareOptions<'_>, &Layout),
        dialects: Vec<(Dialect, String)>,
        known: Option<&Rendered<'_>>,
    ) -> Vec<Draft> {
        let around = Around { layout, defaults: options.defaults, names: &self.names };
        let of_project = |((file, text), dialect): (&(&'t SourceFile, &'t Arc<str>), &(Dialect, String))| {
            let (project, role, _) = self.world.projects.place(&file.path)?;
            Some(DbtFile { file, text, project, role, dialect: dialect.clone() })
        };
        let dbt_files: Vec<Option<DbtFile<'_>>> = self.readable.iter().zip(&dialects).map(of_project).collect();
        let nothing_known = Arc::default();
        let of_file = |((file, text), (dialect, dbt_file)): (&(&SourceFile, &Arc<str>), _)| {
            let dbt_file: &Option<DbtFile<'_>> = dbt_file;
            let known = known.and_then(|known| known.of_file(file, &dialect, dbt_file.is_some()));
            known.cloned().unwrap_or_else(|| match dbt_file {
                Some(dbt_file) => draft(&self.world, dbt_file, &nothing_known),
                None => Draft::finished(plain(file, text, dialect, &around)),
            })
        };
        let files = self.readable.par_iter().zip(dialects.into_par_iter().zip(&dbt_files));
        let mut drafts: Vec<Draft> = files.map(of_file).collect();
        drafts.extend(self.declared_snapshots(&drafts));
        answered(&self.world, &dbt_files, drafts, &declared_columns(&self.world, self.tree))
    }

    /// The snapshots that only YAML declares, each in the dialect of the files of its project.
    fn declared_snapshots(&self, drafts: &[Draft]) -> Vec<Draft> {
        let snapshots = self.world.declared_snapshots().filter_map(|(node, snapshot)| {
            let blob = &self.tree.support.get(&snapshot.file)?.blob;
            Some(declared::draft(&self.world, (node, snapshot), self.dialect(node.project, drafts), blob))
        });
        snapshots.collect()
    }

    /// The dialect in which the files of a project are read, and why.
    fn dialect(&self, project: usize, drafts: &[Draft]) -> (Dialect, String) {
        let is_of = |file: &SourceFile| self.world.projects.place(&file.path).is_some_and(|(of, ..)| of == project);
        let of_file = self.readable.iter().zip(drafts).find(|((file, _), _)| is_of(file));
        let of_file = of_file.map(|(_, draft)| (draft.prepared.dialect, draft.prepared.dialect_reason.clone()));
        let of_adapter = || self.world.adapters.get(project).cloned().flatten();
        of_file.or_else(of_adapter).unwrap_or((Dialect::Generic, String::new()))
    }

    /// What dbt's artifacts say of files of which our own rendering leaves something open.
    fn told(&self, drafts: &[Draft]) -> BTreeMap<RepoPath, Told> {
        let artifacts = self.artifacts();
        if artifacts.is_empty() {
            return BTreeMap::new();
        }
        let open = self.readable.par_iter().zip(drafts).filter(|(_, draft)| draft.prepared.partial);
        open.filter_map(|((file, text), _)| Some((file.path.clone(), artifacts.told(&file.path, text)?))).collect()
    }

    fn finish(self, drafts: Vec<Draft>, newest: &[Arc<ProjectArtifacts>]) -> PreparedSide {
        let mut relations = Relations::gather(&self.world, &drafts);
        let artifacts = self.artifacts();
        let mut diagnostics = self.world.diagnostics.clone();
        let mut declared = declared_columns(&self.world, self.tree);
        let beside = self.readable.iter().zip(&drafts);
        declared.extend(beside.filter_map(|((file, text), draft)| {
            let dialect = draft.prepared.dialect;
            let of_header = || header(text)?.declared(dialect, &file.path);
            dataform::declared(&self.names, (&file.path, text), dialect).or_else(of_header)
        }));
        declared.extend(dataform::declared_in_javascript(&self.names));
        if !artifacts.is_empty() || !newest.is_empty() {
            let known = |(file, text): &(&SourceFile, &Arc<str>)| {
                artifacts.relation(&file.path, text).map(|(asset, relation)| (asset.clone(), relation))
            };
            relations.know(self.readable.par_iter().filter_map(known).collect::<Vec<_>>());
            let named = drafts.iter().flat_map(|draft| draft.prepared.tokens.values().map(|target| &target.asset));
            add(&mut declared, of_catalogs(&self.world, newest, &named.collect()));
            diagnostics.extend(artifacts.diagnostics());
        }
        let governance = drafts.iter().filter_map(Draft::governance).collect();
        let ephemeral = relations.know_ephemeral(&drafts);
        let contracts = drafts.iter().filter_map(|draft| relations.contract(draft)).collect();
        let beside = Beside::of(&self.world, &|project| self.dialect(project, &drafts).0)
            .with_ephemeral(ephemeral)
            .with_contracts(&contracts);
        let files: Vec<Prepared> = drafts.into_par_iter().map(|draft| relations.finish(draft)).collect();
        let beside = beside.with_named(&files).with_stewards(&self.world, &governance);
        PreparedSide { files, unreadable: self.unreadable, diagnostics, declared, beside }
    }
}

/// Adds what a catalog knows; it counts more than what YAML says of some columns.
fn add(declared: &mut Vec<DeclaredAsset>, known: Vec<DeclaredAsset>) {
    for asset in known {
        match declared.iter_mut().find(|other| other.name == asset.name) {
            Some(other) => (other.columns, other.complete) = (asset.columns, true),
            None => declared.push(asset),
        }
    }
    declared.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
}

#[cfg(test)]
mod tests;
