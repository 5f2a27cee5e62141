//! Lineage of one side: prepared files in, [`model::LineageGraph`] out.
//!
//! Each distinct text is parsed once, on both cores; statements are then replayed in order on a catalog (`link`), where
//! every name is resolved to the asset and column that it means (`resolver`, `expression`, `query`, `select`, `from`).

mod alter;
mod call;
mod catalog;
mod clauses;
mod column_list;
mod created;
pub(crate) mod data_type;
mod dml;
mod effect;
mod expression;
mod external;
mod from;
mod functions;
mod indirect;
mod link;
mod locals;
pub mod model;
mod operator;
mod order;
mod pivot;
mod query;
mod renamed;
mod resolver;
mod scanned;
mod script;
mod select;
mod shape;
mod sources;
mod special;
mod stage;
mod statement;
mod struct_type;
mod table_function;
mod temporary;
mod window;
pub(crate) mod wording;

pub(crate) use shape::{compose, digest, merge_row_sets};

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::catalog::Spellings;
use crate::lineage::link::Linker;
use crate::lineage::model::{AssetKind, AssetName, ColumnName, LineageGraph};
use crate::lineage::order::Ordered;
use crate::lineage::script::{Kept, Script};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;
use crate::sql::stack::{drop_aside, on_large_stacks};
use crate::sql::template::Prepared;

/// An asset whose columns are known from elsewhere than SQL: `--schema`, a seed's header, a source's YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredAsset {
    /// Its name.
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
    /// Its columns in order, with types where known.
    pub columns: Vec<(ColumnName, Option<String>)>,
    /// Whether these are all of its columns.
    pub complete: bool,
    /// Where it is declared.
    pub file: Option<RepoPath>,
    /// Line there, from 1.
    pub line: u32,
}

/// The files of one side and what is known beside them.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Every file, ready for parsing.
    pub files: &'a [Prepared],
    /// Assets that no SQL defines.
    pub declared: &'a [DeclaredAsset],
}

/// Files, parsed: each distinct text once.
#[derive(Debug)]
pub struct Scripts(Parsed);

type Parsed = BTreeMap<Key, Arc<Script>>;

impl Drop for Scripts {
    /// Trees are dropped as deep as they nest.
    fn drop(&mut self) {
        drop_aside(std::mem::take(&mut self.0));
    }
}

/// Parses files, on all cores.
#[must_use]
pub fn parse(files: &[Prepared]) -> Scripts {
    on_large_stacks(|| Scripts(parse_all(files.iter())))
}

/// The graph of one side whose files are parsed already.
#[must_use]
pub fn link(side: Side<'_>, scripts: &Scripts) -> LineageGraph {
    on_large_stacks(|| link_alone(side, &scripts.0).finish())
}

/// The graph of one side.
#[must_use]
pub fn analyze(side: Side<'_>) -> LineageGraph {
    on_large_stacks(|| {
        let scripts = parse_all(side.files.iter());
        let linker = link_alone(side, &scripts);
        drop_aside(scripts);
        linker.finish()
    })
}

fn link_alone(side: Side<'_>, scripts: &Parsed) -> Linker {
    let files = linked(side, scripts);
    let spellings = Arc::new(Spellings::of(files.iter()));
    link::link(&Ordered::of(&files), side.declared, &spellings, None)
}

/// The graphs of both sides; text that both have is parsed once, and a statement that means the same on both is resolved
/// once.
#[must_use]
pub fn analyze_both(base: Side<'_>, head: Side<'_>) -> (LineageGraph, LineageGraph) {
    on_large_stacks(|| {
        let scripts = parse_all(base.files.iter().chain(head.files));
        let (base_files, head_files) = (linked(base, &scripts), linked(head, &scripts));
        let spellings = || Arc::new(Spellings::of(base_files.iter().chain(&head_files)));
        let orders = || rayon::join(|| Ordered::of(&base_files), || Ordered::of(&head_files));
        let (spellings, (base_order, head_order)) = rayon::join(spellings, orders);
        let (linker, memory) = link::link_and_remember(&base_order, base.declared, &spellings);
        let of_head = || link::link(&head_order, head.declared, &spellings, Some(&memory));
        let (base_graph, head_linker) = rayon::join(|| linker.finish(), of_head);
        // The trees go before the second graph is put together: what they held is room for it.
        let remembered = memory.into_statements();
        drop((base_files, head_files));
        drop_aside((remembered, scripts));
        (base_graph, head_linker.finish())
    })
}

/// What decides how a file parses.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Key {
    sql: Arc<str>,
    dialect: Dialect,
    is_down: bool,
}

fn key(file: &Prepared) -> Key {
    Key { sql: file.sql.clone(), dialect: file.dialect, is_down: migration::is_down(&file.path) }
}

fn parse_all<'f>(files: impl Iterator<Item = &'f Prepared>) -> Parsed {
    let distinct: BTreeMap<Key, &Prepared> = files.map(|file| (key(file), file)).collect();
    let mut distinct: Vec<(Key, &Prepared)> = distinct.into_iter().collect();
    // The longest first and one by one, so that no core is left alone with a long one at the end.
    distinct.sort_by_key(|(key, _)| std::cmp::Reverse(key.sql.len()));
    let kept = Kept::default();
    distinct.into_par_iter().with_max_len(1).map(|(key, file)| (key, Arc::new(Script::read(file, &kept)))).collect()
}

fn linked<'f>(side: Side<'f>, scripts: &Parsed) -> Vec<link::LinkedFile<'f>> {
    side.files.iter().map(|file| (file, scripts.get(&key(file)).cloned().unwrap_or_default())).collect()
}

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;
