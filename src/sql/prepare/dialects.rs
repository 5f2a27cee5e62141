//! The dialect of each file: from the settings, the dbt adapter, the text, the path, the neighbours, in this order.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::PrepareOptions;
use crate::dbt::world::World;
use crate::path::RepoPath;
use crate::settings::DialectChoice;
use crate::source::{BlobId, SourceFile};
use crate::sql::detect::{Majority, detect, from_path};
use crate::sql::dialect::Dialect;
use crate::sql::dialect::rule::DialectRule;

/// What texts give away of their dialect, by their identity.
pub(super) type Evidence = BTreeMap<BlobId, Option<(Dialect, &'static str)>>;

/// The dialect of each file, and why.
pub(super) struct Dialects {
    pub(super) of_files: Vec<(Dialect, String)>,
    /// What was found out from texts on the way.
    pub(super) evidence: Evidence,
}

impl Dialects {
    /// Chooses; `known` is what another side's texts gave away.
    pub(super) fn choose(
        world: &World,
        files: &[(&SourceFile, &Arc<str>)],
        options: &PrepareOptions<'_>,
        known: &Evidence,
    ) -> Self {
        let set = |path: &RepoPath| {
            let by_path = DialectRule::last_of(options.dialects, path);
            let dialect = by_path.or(match options.dialect {
                DialectChoice::Fixed(dialect) => Some(dialect),
                DialectChoice::Auto => None,
            });
            dialect.map(|dialect| (dialect, "from the setting".to_owned()))
        };
        let adapter = |path: &RepoPath| {
            let (project, _, _) = world.projects.place(path)?;
            Some((project, world.adapters.get(project)?.as_ref()))
        };
        let known_or_detected = |(file, text): &(&SourceFile, &Arc<str>)| {
            let found = known.get(&file.blob).copied().unwrap_or_else(|| detect(text));
            (file.blob.clone(), found)
        };
        let is_open = |(file, _): &&(&SourceFile, &Arc<str>)| {
            set(&file.path).is_none() && !matches!(adapter(&file.path), Some((_, Some(_))))
        };
        let evidence: Evidence = files.par_iter().filter(is_open).map(known_or_detected).collect();
        let found: Vec<_> = files
            .iter()
            .map(|(file, _)| match (set(&file.path), adapter(&file.path)) {
                (Some(set), _) => Some(set),
                (None, Some((_, Some(adapter)))) => Some(adapter.clone()),
                _ => {
                    let found = evidence.get(&file.blob).copied().flatten();
                    found.map(|(dialect, sign)| (dialect, format!("evidence: {}", quoted(sign))))
                }
            })
            .collect();
        let mut majority = Majority::default();
        for ((file, _), found) in files.iter().zip(&found) {
            if let Some((dialect, _)) = found {
                majority.count(&file.path, *dialect);
            }
        }
        let silent = |path: &RepoPath| {
            let named = from_path(path).or_else(|| majority.dialect(path));
            named.unwrap_or_else(|| (Dialect::Generic, "nothing tells the dialect".to_owned()))
        };
        let of_file = |path: &RepoPath, found: Option<(Dialect, String)>| match (adapter(path), found) {
            // All files of a dbt project are for one warehouse, whatever one of them looks like.
            (Some((project, None)), _) if set(path).is_none() => {
                silent(world.projects.list.get(project).map_or(path, |project| &project.file))
            }
            (_, Some(found)) => found,
            (_, None) => silent(path),
        };
        let of_files = files.iter().zip(found).map(|((file, _), found)| of_file(&file.path, found)).collect();
        Self { of_files, evidence }
    }
}

/// A sign as code; one that is written with backticks already looks like it.
fn quoted(sign: &str) -> String {
    if sign.starts_with('`') { sign.to_owned() } else { format!("`{sign}`") }
}
