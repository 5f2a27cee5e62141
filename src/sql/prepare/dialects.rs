//! The dialect of each file: from the settings, the dbt adapter, the text, the path, the neighbours, in this order.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::PrepareOptions;
use crate::dbt::world::World;
use crate::path::RepoPath;
use crate::settings::DialectChoice;
use crate::source::{BlobId, SourceFile};
use crate::sql::dataform::Names;
use crate::sql::detect::{Majority, detect, from_path};
use crate::sql::dialect::Dialect;
use crate::sql::dialect::rule::DialectRule;
use crate::sql::sqlmesh::header;

/// What texts give away of their dialect, by their identity.
type Evidence = BTreeMap<BlobId, Option<(Dialect, &'static str)>>;

/// The files of a side that could be read.
pub(super) type Readable<'t> = [(&'t SourceFile, &'t Arc<str>)];

/// The files of one side, and the projects around them.
#[derive(Clone, Copy)]
pub(super) struct SideFiles<'t> {
    pub(super) world: &'t World,
    pub(super) files: &'t Readable<'t>,
    pub(super) names: &'t Names,
}

/// A dialect, and why it was chosen.
type Chosen = (Dialect, String);

/// The dialect of each file of each side.
///
/// What one side gives away holds for the other one too: a file that is read in two ways would differ by that alone.
pub(super) fn choose(sides: &[SideFiles<'_>], options: &PrepareOptions<'_>) -> Vec<Vec<Chosen>> {
    let mut evidence = Evidence::new();
    for side in sides {
        let texts = side.files.par_iter().filter(|(file, _)| side.is_open(options, &file.path));
        let unknown = texts.filter(|(file, _)| !evidence.contains_key(&file.blob));
        let found: Evidence = unknown.map(|(file, text)| (file.blob.clone(), detect(text))).collect();
        evidence.extend(found);
    }
    let told: Vec<_> = sides.iter().map(|side| side.told(options, &evidence)).collect();
    let mut majority = Majority::default();
    let mut of_paths: BTreeMap<&RepoPath, Chosen> = BTreeMap::new();
    for (side, told) in sides.iter().zip(&told) {
        for ((file, _), chosen) in side.files.iter().zip(told) {
            if let Some(chosen) = chosen {
                majority.count(&file.path, chosen.0);
                of_paths.insert(&file.path, chosen.clone());
            }
        }
    }
    let sides = sides.iter().zip(told);
    let of_side = |(side, told): (&SideFiles<'_>, Vec<Option<Chosen>>)| {
        let files = side.files.iter().zip(told);
        let chosen = files.map(|((file, _), own)| {
            let found = own.or_else(|| of_paths.get(&file.path).cloned());
            side.settle(options, &file.path, (found, &majority))
        });
        chosen.collect()
    };
    sides.map(of_side).collect()
}

/// What the settings say of a path.
fn set(options: &PrepareOptions<'_>, path: &RepoPath) -> Option<Chosen> {
    let by_path = DialectRule::last_of(options.dialects, path);
    let dialect = by_path.or(match options.dialect {
        DialectChoice::Fixed(dialect) => Some(dialect),
        DialectChoice::Auto => None,
    });
    dialect.map(|dialect| (dialect, "from the setting".to_owned()))
}

impl SideFiles<'_> {
    /// The project of a path, and what its adapter says.
    fn adapter(&self, path: &RepoPath) -> Option<(usize, Option<&Chosen>)> {
        let (project, _, _) = self.world.projects.place(path)?;
        Some((project, self.world.adapters.get(project)?.as_ref()))
    }

    /// Whether only the text can tell.
    fn is_open(&self, options: &PrepareOptions<'_>, path: &RepoPath) -> bool {
        set(options, path).is_none() && !matches!(self.adapter(path), Some((_, Some(_))))
    }

    /// What the settings, the adapter and the text tell of each file.
    fn told(&self, options: &PrepareOptions<'_>, evidence: &Evidence) -> Vec<Option<Chosen>> {
        let of_file =
            |(file, text): &(&SourceFile, &Arc<str>)| match (set(options, &file.path), self.adapter(&file.path)) {
                (Some(set), _) => Some(set),
                (None, Some((_, Some(adapter)))) => Some(adapter.clone()),
                _ => {
                    let said = header(text).and_then(|header| header.dialect());
                    let said = said.map(|dialect| (dialect, "SQLMesh MODEL header".to_owned()));
                    let of_project = || Some((self.names.dialect(&file.path)?, "Dataform project".to_owned()));
                    let said = said.or_else(of_project);
                    let found = evidence.get(&file.blob).copied().flatten();
                    said.or_else(|| found.map(|(dialect, sign)| (dialect, format!("evidence: {}", quoted(sign)))))
                }
            };
        self.files.iter().map(of_file).collect()
    }

    fn settle(
        &self,
        options: &PrepareOptions<'_>,
        path: &RepoPath,
        (found, majority): (Option<Chosen>, &Majority),
    ) -> Chosen {
        let silent = |path: &RepoPath| {
            let named = from_path(path).or_else(|| majority.dialect(path));
            named.unwrap_or_else(|| (Dialect::Generic, "nothing tells the dialect".to_owned()))
        };
        match (self.adapter(path), found) {
            // All files of a dbt project are for one warehouse, whatever one of them looks like.
            (Some((project, None)), _) if set(options, path).is_none() => {
                silent(self.world.projects.list.get(project).map_or(path, |project| &project.file))
            }
            (_, Some(found)) => found,
            (_, None) => silent(path),
        }
    }
}

/// A sign as code; one that is written with backticks already looks like it.
fn quoted(sign: &str) -> String {
    if sign.starts_with('`') { sign.to_owned() } else { format!("`{sign}`") }
}
