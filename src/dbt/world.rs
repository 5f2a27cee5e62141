//! Everything that the dbt projects of one tree declare: nodes, sources, macros.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::config::NodeConfig;
use super::macros::{MacroDefinition, extract};
use super::project::{Project, Projects, Role, adapter_of_profile};
use super::properties::{Properties, PropertyFiles, SourceTable};
use super::snapshot::declared::DeclaredSnapshot;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::{AssetKind, AssetName};
use crate::path::RepoPath;
use crate::source::{SourceFile, SourceTree};
use crate::sql::dialect::Dialect;
use crate::sql::jinja::library::Library;
use crate::sql::jinja::segment::split;

/// A model, seed or snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its dbt name.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// Its name in the graph: the dbt name, with the project's in front where an earlier project has the same.
    pub asset: AssetName,
    /// Its file; of a snapshot that only YAML declares that YAML.
    pub path: RepoPath,
    /// The index of its project.
    pub project: usize,
    /// Its settings outside of its file, Jinja not rendered.
    pub config: NodeConfig,
}

/// What the projects of a tree declare.
#[derive(Debug, Default)]
pub struct World {
    /// The projects.
    pub projects: Projects,
    /// For each project what its property files say.
    pub properties: Vec<Properties>,
    /// For each project the adapter, where it can be told, and why.
    pub adapters: Vec<Option<(Dialect, String)>>,
    /// All nodes.
    pub nodes: Vec<Node>,
    macros: Vec<Arc<MacroDefinition>>,
    library: OnceLock<Arc<Library>>,
    nodes_by_name: BTreeMap<String, Vec<usize>>,
    nodes_by_path: BTreeMap<RepoPath, usize>,
    macro_families: BTreeMap<String, Vec<usize>>,
    /// Project and property files that could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

impl World {
    /// Reads what a tree declares. Without a `dbt_project.yml` there is nothing to read.
    #[must_use]
    pub fn read<Side: Sync>(tree: &SourceTree<Side>) -> Self {
        let mut world = Self::of_projects(tree);
        let files = PropertyFiles::read(world.property_files(tree));
        world.take(tree, &files);
        world
    }

    /// Reads what both trees declare; a property file that both have is read once.
    #[must_use]
    pub fn read_both<One: Sync, Other: Sync>(one: &SourceTree<One>, other: &SourceTree<Other>) -> (Self, Self) {
        let (mut world, mut other_world) = (Self::of_projects(one), Self::of_projects(other));
        let files = world.property_files(one).into_iter().chain(other_world.property_files(other));
        let files = PropertyFiles::read(files.collect());
        rayon::join(|| world.take(one, &files), || other_world.take(other, &files));
        (world, other_world)
    }

    /// Whether a file that both trees have renders alike in both, as long as it asks for no columns.
    #[must_use]
    pub fn renders_like(&self, other: &Self) -> bool {
        let alike = |(own, other): (&Properties, &Properties)| own.render_like(other);
        self.projects == other.projects
            && self.adapters == other.adapters
            && self.properties.iter().zip(&other.properties).all(alike)
            && self.nodes == other.nodes
            && self.macros == other.macros
    }

    fn take<Side: Sync>(&mut self, tree: &SourceTree<Side>, files: &PropertyFiles<'_>) {
        if self.projects.list.is_empty() {
            return;
        }
        self.read_properties(tree, files);
        self.read_nodes(tree);
        self.read_macros(tree);
        self.adapters = self.projects.list.iter().map(|project| adapter(project, tree)).collect();
    }

    fn of_projects<Side>(tree: &SourceTree<Side>) -> Self {
        let mut world = Self::default();
        let mut list = Vec::new();
        for file in tree.support.values().filter(|file| file.path.file_name() == "dbt_project.yml") {
            let parsed = match &file.content {
                Ok(text) => Project::parse(&file.path, text),
                Err(reason) => Err(reason.to_string()),
            };
            match parsed {
                Ok(project) => list.push(project),
                Err(reason) => world.diagnostics.push(unread(&file.path, &reason)),
            }
        }
        world.projects = Projects::new(list);
        world
    }

    /// The files that may hold properties of a project.
    fn property_files<'t, Side>(&self, tree: &'t SourceTree<Side>) -> Vec<&'t SourceFile> {
        let files = tree.support.values().filter(|file| is_yaml(&file.path));
        files.filter(|file| self.projects.of(&file.path).is_some()).collect()
    }

    fn read_properties<Side>(&mut self, tree: &SourceTree<Side>, files: &PropertyFiles<'_>) {
        self.properties = vec![Properties::default(); self.projects.list.len()];
        for file in self.property_files(tree) {
            let properties = self.projects.of(&file.path).and_then(|project| self.properties.get_mut(project));
            match (files.of(file), properties) {
                (Some(Ok(found)), Some(properties)) => properties.extend(found.clone()),
                (Some(Err(reason)), _) => self.diagnostics.push(unread(&file.path, reason)),
                (Some(Ok(_)) | None, _) => {}
            }
        }
    }

    fn read_nodes<Side>(&mut self, tree: &SourceTree<Side>) {
        let mut found: Vec<(usize, &RepoPath, String, AssetKind, Vec<&str>)> = Vec::new();
        for file in tree.sql.values().chain(tree.support.values()) {
            let Some((project, role, folders)) = self.projects.place(&file.path) else { continue };
            let extension = file.path.file_name().rsplit('.').next().unwrap_or_default();
            let (name, kind) = match (role, extension) {
                (Role::Model, "sql" | "py") => (file.path.stem().to_owned(), AssetKind::Model),
                (Role::Seed, "csv") => (file.path.stem().to_owned(), AssetKind::Seed),
                (Role::Snapshot, "sql") => (snapshot_name(file), AssetKind::Snapshot),
                _ => continue,
            };
            found.push((project, &file.path, name, kind, folders));
        }
        // Earlier projects keep the bare name; the order does not hang on which file comes first.
        found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        for (project, path, name, kind, folders) in found {
            self.add_node(project, (path, name, kind), &folders);
        }
        self.add_declared_snapshots();
    }

    /// Adds the snapshots for which no SQL file stands.
    fn add_declared_snapshots(&mut self) {
        let of_project = |(project, properties): (usize, &Properties)| {
            let declared = properties.snapshots.iter();
            declared.map(move |snapshot| (project, snapshot.name.clone(), snapshot.file.clone())).collect::<Vec<_>>()
        };
        let declared: Vec<_> = self.properties.iter().enumerate().flat_map(of_project).collect();
        for (project, name, path) in declared {
            let same_name = self.nodes_by_name.get(&name).into_iter().flatten();
            let mut same_name = same_name.filter_map(|index| self.nodes.get(*index));
            if same_name.all(|node| node.project != project) {
                let folders = self.projects.place(&path).map(|(.., folders)| folders).unwrap_or_default();
                let folders: Vec<String> = folders.into_iter().map(str::to_owned).collect();
                let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
                self.add_node(project, (&path, name, AssetKind::Snapshot), &folders);
            }
        }
    }

    /// The snapshots that only YAML declares.
    pub fn declared_snapshots(&self) -> impl Iterator<Item = (&Node, &DeclaredSnapshot)> {
        let all = self.properties.iter().enumerate();
        let all = all.flat_map(|(project, properties)| properties.snapshots.iter().map(move |own| (project, own)));
        all.filter_map(|(project, declared)| {
            let node = self.node(project, None, &declared.name)?;
            (node.project == project && node.path == declared.file).then_some((node, declared))
        })
    }

    fn add_node(&mut self, project: usize, (path, name, kind): (&RepoPath, String, AssetKind), folders: &[&str]) {
        let Some(settings) = self.projects.list.get(project) else { return };
        let section = match kind {
            AssetKind::Seed => "seeds",
            AssetKind::Snapshot => "snapshots",
            _ => "models",
        };
        let general = settings.node_config(section, folders, &name);
        let own = self.properties.get(project).and_then(|properties| properties.nodes.get(&name)).cloned();
        let taken = self.nodes_by_name.get(&name).into_iter().flatten();
        let taken = taken.filter_map(|index| self.nodes.get(*index)).any(|other| other.project != project);
        let asset = if taken {
            AssetName::from_parts(&[settings.name.as_str(), name.as_str()])
        } else {
            AssetName::from_parts(&[name.as_str()])
        };
        let index = self.nodes.len();
        self.nodes_by_name.entry(name.clone()).or_default().push(index);
        if !is_yaml(path) {
            self.nodes_by_path.insert(path.clone(), index);
        }
        let config = own.unwrap_or_default().over(general);
        self.nodes.push(Node { name, kind, asset, path: path.clone(), project, config });
    }

    fn read_macros<Side: Sync>(&mut self, tree: &SourceTree<Side>) {
        let files: Vec<&SourceFile> = tree.sql.values().chain(tree.support.values()).collect();
        let found: Vec<Vec<MacroDefinition>> = files
            .par_iter()
            .filter_map(|file| {
                let (project, role, _) = self.projects.place(&file.path)?;
                let text = file.content.as_ref().ok()?;
                let holds = matches!(role, Role::Macro | Role::Test) && file.path.file_name().ends_with(".sql");
                let definitions = holds.then(|| extract(text, &split(text), project))?;
                let definitions: Vec<_> = definitions.into_iter().map(|(definition, _)| definition).collect();
                // A shared macro belongs to each project that names its folder.
                let others = self.projects.sharing(&file.path).filter(|other| *other != project);
                let copies =
                    others.flat_map(|project| definitions.iter().map(move |definition| definition.of_project(project)));
                Some(copies.collect::<Vec<_>>().into_iter().chain(definitions.iter().cloned()).collect())
            })
            .collect();
        for definition in found.into_iter().flatten() {
            let variant_of = definition.name.split_once("__").map(|(_, name)| name.to_owned());
            for word in variant_of.into_iter().chain([definition.name.clone()]) {
                self.macro_families.entry(word).or_default().push(self.macros.len());
            }
            self.macros.push(Arc::new(definition));
        }
    }

    /// The node that a file is.
    #[must_use]
    pub fn node_of(&self, path: &RepoPath) -> Option<&Node> {
        self.nodes.get(*self.nodes_by_path.get(path)?)
    }

    /// What `ref` means in a project: the node of that name in the named package, else in the project itself, else in a
    /// package that is installed inside of it, else anywhere if only one project has it.
    #[must_use]
    pub fn node(&self, project: usize, package: Option<&str>, name: &str) -> Option<&Node> {
        let candidates: Vec<&Node> =
            self.nodes_by_name.get(name)?.iter().filter_map(|index| self.nodes.get(*index)).collect();
        if let Some(package) = package {
            return candidates.into_iter().find(|node| self.project_name(node.project) == package);
        }
        let own = candidates.iter().find(|node| node.project == project);
        let inside = || candidates.iter().find(|node| self.is_inside(node.project, project));
        let only = || if candidates.len() == 1 { candidates.first() } else { None };
        own.or_else(inside).or_else(only).copied()
    }

    /// The node for a version of a model (`orders` and `2` → `orders_v2`); without a version the latest.
    #[must_use]
    pub fn version(&self, project: usize, package: Option<&str>, wanted: (&str, Option<&str>)) -> Option<&Node> {
        let (name, version) = wanted;
        let bare = if version.is_none() { self.node(project, package, name) } else { None };
        if bare.is_some() {
            return bare;
        }
        let latest = || self.properties.iter().find_map(|properties| properties.latest.get(name)).map(String::as_str);
        let file = format!("{name}_v{}", version.or_else(latest)?);
        self.node(project, package, &file).or_else(|| self.node(project, package, name))
    }

    /// How dbt selects a node on its command line: by its name, a version as `orders.v2`.
    #[must_use]
    pub fn selector(&self, node: &Node) -> String {
        let versioned = self.properties.get(node.project).map(|properties| &properties.versioned);
        let parts = node.name.rsplit_once("_v").filter(|(name, _)| versioned.is_some_and(|all| all.contains(*name)));
        parts.map_or_else(|| node.name.clone(), |(name, version)| format!("{name}.v{version}"))
    }

    /// A source's table as its project declares it.
    #[must_use]
    pub fn source(&self, project: usize, source: &str, table: &str) -> Option<&SourceTable> {
        let key = (source.to_owned(), table.to_owned());
        let own = self.properties.get(project).and_then(|properties| properties.sources.get(&key));
        own.or_else(|| self.properties.iter().find_map(|properties| properties.sources.get(&key)))
    }

    /// The name of a project.
    #[must_use]
    pub fn project_name(&self, project: usize) -> &str {
        self.projects.list.get(project).map_or("", |project| &project.name)
    }

    /// The folder of a project; empty at the repository's root.
    #[must_use]
    pub fn project_root(&self, project: usize) -> &str {
        self.projects.list.get(project).map_or("", |project| &project.root)
    }

    /// Whether a project lies inside another one's folder, as installed packages do.
    #[must_use]
    pub fn is_inside(&self, inner: usize, outer: usize) -> bool {
        match (self.projects.list.get(inner), self.projects.list.get(outer)) {
            (Some(inner), Some(outer)) if outer.root.is_empty() => !inner.root.is_empty(),
            (Some(inner), Some(outer)) => {
                inner.root.strip_prefix(&outer.root).is_some_and(|rest| rest.starts_with('/'))
            }
            _ => false,
        }
    }

    /// The macros that a word may mean: those of that name, and its variants by adapter (`default__name`).
    pub fn macro_family<'a>(&'a self, word: &str) -> impl Iterator<Item = (usize, &'a Arc<MacroDefinition>)> + use<'a> {
        let indices = self.macro_families.get(word).map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|index| Some((*index, self.macros.get(*index)?)))
    }

    /// The macros, each compiled once.
    #[must_use]
    pub fn library(&self) -> &Arc<Library> {
        self.library.get_or_init(|| {
            let macros = self.macros.clone();
            let text = move |index: usize| macros.get(index).map(|definition| definition.text(index));
            Arc::new(Library::new(Arc::new(text)))
        })
    }

    /// The value of a variable of a project.
    #[must_use]
    pub fn variable(&self, project: usize, name: &str) -> Option<&serde_json::Value> {
        self.projects.list.get(project)?.vars.get(name)
    }
}

fn is_yaml(path: &RepoPath) -> bool {
    let name = path.file_name();
    let other = ["dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml"].contains(&name);
    !other && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

fn unread(path: &RepoPath, reason: &str) -> Diagnostic {
    let message = format!("could not read {}: {reason}", path.file_name());
    Diagnostic::new(DiagnosticCode::TemplateError, DiagnosticSeverity::Error, path, message)
        .hint("what the dbt project declares there is missing from this report; mend the YAML")
}

/// The name in the first `{% snapshot name %}` of a file.
fn snapshot_name(file: &SourceFile) -> String {
    let Ok(text) = &file.content else { return file.path.stem().to_owned() };
    let segments = split(text);
    let tag = segments.iter().find(|segment| segment.keyword(text) == "snapshot");
    let name = tag.and_then(|tag| tag.content(text).split_whitespace().nth(1));
    name.unwrap_or(file.path.stem()).to_owned()
}

/// The adapter: from the profile where one is checked in, else from settings that only one adapter has.
fn adapter<Side>(project: &Project, tree: &SourceTree<Side>) -> Option<(Dialect, String)> {
    let profiles = tree.support.values().filter(|file| file.path.file_name() == "profiles.yml");
    let found: Vec<(&RepoPath, Dialect)> = profiles
        .filter_map(|file| {
            let dialect = adapter_of_profile(file.content.as_ref().ok()?, project.profile.as_deref())?;
            Some((&file.path, dialect))
        })
        .collect();
    // A profile beside the project or above it counts; of those elsewhere, such as in tests against several warehouses,
    // only if they agree.
    let is_above = |path: &RepoPath| {
        let rest = project.root.strip_prefix(path.folder());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.folder().is_empty())
    };
    let nearest = found.iter().filter(|(path, _)| is_above(path)).max_by_key(|(path, _)| path.folder().len());
    let agreed = found.first().filter(|(_, first)| found.iter().all(|(_, dialect)| dialect == first));
    let profile = nearest.or(agreed).map(|(path, dialect)| (*dialect, format!("dbt adapter in {path}")));
    profile.or_else(|| {
        let (dialect, setting) = project.adapter_sign()?;
        Some((dialect, format!("dbt setting `+{setting}` in {}", project.file)))
    })
}
