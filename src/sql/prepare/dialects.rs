//! The dialect of each file: from the settings, the dbt adapter, the text, the path, the neighbours, in this order.

use std::sync::Arc;

use rayon::prelude::*;

use super::PrepareOptions;
use crate::dbt::world::World;
use crate::path::RepoPath;
use crate::settings::DialectChoice;
use crate::source::SourceFile;
use crate::sql::detect::{Majority, detect, from_path};
use crate::sql::dialect::Dialect;
use crate::sql::dialect::rule::DialectRule;

/// The dialect of each file, and why.
pub(super) struct Dialects {
    pub(super) of_files: Vec<(Dialect, String)>,
}

impl Dialects {
    pub(super) fn choose(world: &World, files: &[(&SourceFile, &Arc<str>)], options: &PrepareOptions<'_>) -> Self {
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
        let found: Vec<_> = files
            .par_iter()
            .map(|(file, text)| match (set(&file.path), adapter(&file.path)) {
                (Some(set), _) => Some(set),
                (None, Some((_, Some(adapter)))) => Some(adapter.clone()),
                _ => detect(text).map(|(dialect, sign)| (dialect, format!("evidence: {}", quoted(sign)))),
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
        Self { of_files: files.iter().zip(found).map(|((file, _), found)| of_file(&file.path, found)).collect() }
    }
}

/// A sign as code; one that is written with backticks already looks like it.
fn quoted(sign: &str) -> String {
    if sign.starts_with('`') { sign.to_owned() } else { format!("`{sign}`") }
}
