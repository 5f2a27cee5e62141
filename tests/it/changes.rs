//! The `changes` stage on real git repositories: what a laptop and CI see, and what bad input gets.

mod ci;
mod forge;
#[cfg(unix)]
mod hostile;
mod laptop;

use ingest_action::source::{ChangeSet, Content, SourceTree};

use crate::repository;

/// The changed files in words: `Renamed a.sql -> b.sql`.
fn changed(changes: &ChangeSet) -> Vec<String> {
    let one = |file: &ingest_action::source::ChangedFile| match &file.old_path {
        Some(old) => format!("{:?} {old} -> {}", file.status, file.path),
        None => format!("{:?} {}", file.status, file.path),
    };
    changes.changed.iter().map(one).collect()
}

fn content<'a, Side>(tree: &'a SourceTree<Side>, path: &str) -> &'a Content {
    let found = tree.sql.iter().find(|(name, _)| name.as_str() == path);
    &found.unwrap_or_else(|| panic!("{path} is not among {:?}", tree.sql.keys())).1.content
}

fn text<Side>(tree: &SourceTree<Side>, path: &str) -> String {
    content(tree, path).as_ref().unwrap_or_else(|reason| panic!("{path}: {reason}")).to_string()
}

fn told(changes: &ChangeSet) -> Vec<String> {
    changes.diagnostics.iter().map(ToString::to_string).collect()
}
