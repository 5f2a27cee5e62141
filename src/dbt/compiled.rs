//! What dbt's artifacts know of a tree's files: the SQL that dbt compiled, as another rendering; the relations that nodes
//! are; and columns of relations that nothing in the repository defines.
//!
//! A manifest is believed of a file only where its checksum is that of the file's text. Which rendering is taken is decided
//! where both sides are at hand (`sql::prepare`).

mod lines;
mod relations;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::lines::nearest;
use self::relations::with_tokens;
use super::artifacts::{Catalog, Manifest, ManifestNode, ProjectArtifacts};
use super::project::Project;
use super::relation::Relation;
use super::world::{Node, World};
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::DeclaredAsset;
use crate::lineage::model::{AssetKind, AssetName, ColumnName};
use crate::path::RepoPath;
use crate::sql::template::{LineMap, TokenTarget};

/// The artifacts of a tree, by project.
#[derive(Debug)]
pub struct Artifacts<'t> {
    world: &'t World,
    given: &'t [Arc<ProjectArtifacts>],
    /// For each project the manifest that speaks of it.
    manifests: Vec<Option<&'t Manifest>>,
}

/// A file's SQL as dbt compiled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The SQL, relations as tokens.
    pub sql: Arc<str>,
    /// The tokens in it.
    pub tokens: BTreeMap<String, TokenTarget>,
    /// The lines of the file that are nearest to its own.
    pub line_map: LineMap,
}

/// What a manifest says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// This SQL.
    Compiled(Compiled),
    /// Something about another text of the file.
    Stale,
}

impl<'t> Artifacts<'t> {
    /// Finds the manifest of each project: the one in its own `target/`, else in that of a project around it (packages),
    /// else one that names it.
    #[must_use]
    pub fn of(world: &'t World, given: &'t [Arc<ProjectArtifacts>]) -> Self {
        let manifests = world.projects.list.iter().map(|project| manifest_of(project, given)).collect();
        Self { world, given, manifests }
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// What could not be used of them.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for artifacts in self.given {
            let manifest = artifacts.manifest.as_ref().and_then(|manifest| manifest.as_ref().err());
            let catalog = artifacts.catalog.as_ref().and_then(|catalog| catalog.as_ref().err());
            let places = [(manifest, artifacts.place.clone()), (catalog, artifacts.catalog_place())];
            found.extend(places.into_iter().filter_map(|(reason, place)| Some(unusable(artifacts, &place, reason?))));
        }
        found
    }

    /// What a manifest says of a node's file. `None` where it knows no compiled SQL of it.
    #[must_use]
    pub fn told(&self, path: &RepoPath, text: &str) -> Option<Told> {
        let (node, manifest, entry) = self.entry(path)?;
        let compiled = entry.compiled.as_ref()?;
        if !entry.is_of(text) {
            return Some(Told::Stale);
        }
        let relations = self.relations(node, manifest, entry);
        let (sql, tokens) = with_tokens(compiled, &relations);
        let line_map = LineMap::new(nearest(text, &sql));
        Some(Told::Compiled(Compiled { sql: sql.into(), tokens, line_map }))
    }

    /// The relation that a node is, where a manifest knows this text of its file.
    #[must_use]
    pub fn relation(&self, path: &RepoPath, text: &str) -> Option<(&AssetName, Relation)> {
        let (node, _, entry) = self.entry(path)?;
        let is_known = entry.relation_name.is_some() && entry.is_of(text);
        is_known.then(|| (&node.asset, entry.relation.clone()))
    }

    /// A file's node, the manifest that speaks of its project, and the entry there.
    fn entry(&self, path: &RepoPath) -> Option<(&'t Node, &'t Manifest, &'t ManifestNode)> {
        let node = self.world.node_of(path)?;
        let project = self.world.projects.list.get(node.project)?;
        let manifest = (*self.manifests.get(node.project)?)?;
        let file = path.as_str().strip_prefix(&project.root)?.trim_start_matches('/');
        Some((node, manifest, manifest.node_of(&project.name, file)?))
    }

    /// What the compiled SQL of a node may name: relations as it writes them, each with its asset.
    fn relations<'m>(
        &self,
        node: &Node,
        manifest: &'m Manifest,
        entry: &'m ManifestNode,
    ) -> BTreeMap<&'m str, TokenTarget> {
        let mut relations = BTreeMap::new();
        for id in &entry.depends_on {
            if let Some(source) = manifest.source(id) {
                let asset = AssetName::from_parts(&[&source.source, &source.table]);
                let target = TokenTarget { asset, kind: AssetKind::Source };
                relations.extend(source.relation_name.as_deref().map(|name| (name, target)));
            } else if let Some(other) = manifest.node(id) {
                relations.extend(other.relation_name.as_deref().map(|name| (name, self.target(node.project, other))));
            }
        }
        let own = TokenTarget { asset: node.asset.clone(), kind: node.kind };
        relations.extend(entry.relation_name.as_deref().map(|name| (name, own)));
        relations
    }

    /// The asset of a manifest's node: the tree's, by its file, else what `ref` takes for a package's.
    fn target(&self, project: usize, entry: &ManifestNode) -> TokenTarget {
        let mut packages = self.world.projects.list.iter().filter(|project| project.name == entry.package);
        let by_file = packages.find_map(|package| {
            let slash = if package.root.is_empty() { "" } else { "/" };
            let path = RepoPath::new(&format!("{}{slash}{}", package.root, entry.file)).ok()?;
            self.world.node_of(&path)
        });
        match by_file.or_else(|| self.world.node(project, Some(&entry.package), &entry.name)) {
            Some(node) => TokenTarget { asset: node.asset.clone(), kind: node.kind },
            None => TokenTarget { asset: AssetName::from_parts(&[&entry.name]), kind: AssetKind::Model },
        }
    }
}

fn manifest_of<'t>(project: &Project, given: &'t [Arc<ProjectArtifacts>]) -> Option<&'t Manifest> {
    let is_around = |root: &str| {
        let rest = project.root.strip_prefix(root);
        rest.is_some_and(|rest| root.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    let fitting = given.iter().filter_map(|artifacts| {
        let manifest = artifacts.manifest.as_ref()?.as_ref().ok()?;
        let fits = manifest.holds(&project.name) && artifacts.root.as_deref().is_none_or(is_around);
        // One that is given by itself comes last.
        let nearness = artifacts.root.as_ref().map(String::len);
        fits.then_some((nearness, manifest))
    });
    fitting.max_by_key(|(nearness, _)| *nearness).map(|(_, manifest)| manifest)
}

fn unusable(artifacts: &ProjectArtifacts, place: &str, reason: &str) -> Diagnostic {
    let file = artifacts.root.as_ref().and_then(|_| RepoPath::new(place).ok());
    let (code, message) = match &file {
        Some(_) => (DiagnosticCode::UnreadableFile, format!("it cannot be used: {reason}")),
        None => {
            (DiagnosticCode::IncompleteSide, format!("the manifest of the base, {place}, cannot be used: {reason}"))
        }
    };
    let hint = Some("without it templates are rendered from the checkout alone".to_owned());
    Diagnostic {
        code,
        severity: DiagnosticSeverity::Warning,
        file,
        line: 0,
        column: 0,
        message,
        hint,
        preexisting: false,
    }
}

/// The columns that catalogs know of what nothing in the repository defines: sources, models of packages that are not checked
/// in, Python models. Of these `named` says which anybody reads.
#[must_use]
pub fn of_catalogs(world: &World, given: &[Arc<ProjectArtifacts>], named: &BTreeSet<&AssetName>) -> Vec<DeclaredAsset> {
    let nodes: BTreeMap<&str, &Node> = world.nodes.iter().map(|node| (node.name.as_str(), node)).collect();
    let catalogs = given.iter().filter_map(|artifacts| artifacts.catalog.as_ref()?.as_ref().ok());
    let entries = catalogs.flat_map(|Catalog(entries)| entries);
    let assets = entries.filter_map(|(id, columns)| {
        let (name, kind) = asset_of(id, &nodes)?;
        let columns = columns.iter().map(|(name, kind)| (ColumnName::new(&name.to_lowercase()), kind.clone()));
        let columns: Vec<_> = columns.collect();
        let is_wanted = named.contains(&name) && !columns.is_empty();
        is_wanted.then_some(DeclaredAsset { name, kind, columns, complete: true, file: None, line: 0 })
    });
    assets.collect()
}

/// The asset of an id (`source.shop.raw.orders`, `model.stripe.charges`) that no SQL here defines.
fn asset_of(id: &str, nodes: &BTreeMap<&str, &Node>) -> Option<(AssetName, AssetKind)> {
    let mut parts = id.splitn(3, '.');
    let (word, _, name) = (parts.next()?, parts.next()?, parts.next()?);
    if word == "source" {
        let (source, table) = name.split_once('.')?;
        return Some((AssetName::from_parts(&[source, table]), AssetKind::Source));
    }
    match nodes.get(name) {
        Some(node) if node.path.as_str().ends_with(".py") => Some((node.asset.clone(), node.kind)),
        Some(_) => None,
        None => (!name.contains('.')).then(|| (AssetName::from_parts(&[name]), AssetKind::Model)),
    }
}

#[cfg(test)]
mod tests;
