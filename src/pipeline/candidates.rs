//! From the changed files to what the catalog may get of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ingest::outcome::SkipReason;
use crate::ingest::plan::Candidate;
use crate::lineage::model::{AssetName, LineageGraph};
use crate::path::RepoPath;
use crate::source::{ChangedFile, FileStatus};
use crate::sql::dialect::Dialect;
use crate::sql::migration;
use crate::sql::prepare::PreparedSide;
use crate::sql::template::Prepared;

/// What each changed file has for the catalog, migrations in the order in which they run.
#[must_use]
pub fn candidates(changed: &[ChangedFile], head: &PreparedSide, graph: &LineageGraph) -> Vec<Candidate> {
    let files: BTreeMap<&RepoPath, &Prepared> = head.files.iter().map(|file| (&file.path, file)).collect();
    let mut changed: Vec<&ChangedFile> = changed.iter().collect();
    changed.sort_by(|a, b| migration::compare(&a.path, &b.path));
    let mut upstream = upstream(&changed, graph);
    let candidate = |file: &ChangedFile| {
        let upstream = upstream.remove(&file.path).unwrap_or_default();
        Candidate { upstream, ..candidate(file, files.get(&file.path).copied(), head) }
    };
    changed.into_iter().map(candidate).collect()
}

fn candidate(file: &ChangedFile, prepared: Option<&Prepared>, head: &PreparedSide) -> Candidate {
    Candidate {
        path: file.path.clone(),
        platform: prepared.and_then(|prepared| prepared.dialect.platform()).map(str::to_owned),
        dialect: prepared.map_or(Dialect::Generic, |prepared| prepared.dialect),
        content: content(file, prepared, head),
        line_map: prepared.map(|prepared| prepared.line_map.clone()).unwrap_or_default(),
        upstream: BTreeSet::new(),
    }
}

/// Of each changed file, the changed files that make what it names; of a migration, also the one before it.
fn upstream(changed: &[&ChangedFile], graph: &LineageGraph) -> BTreeMap<RepoPath, BTreeSet<RepoPath>> {
    let mut makers: BTreeMap<&AssetName, Vec<&RepoPath>> = BTreeMap::new();
    for (file, summary) in changed.iter().filter_map(|file| Some((&file.path, graph.files.get(&file.path)?))) {
        for asset in &summary.assets {
            makers.entry(asset).or_default().push(file);
        }
    }
    let of_changed: BTreeSet<&RepoPath> = changed.iter().map(|file| &file.path).collect();
    let mut upstream: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
    for read in graph.reads.iter().filter(|read| of_changed.contains(&read.file)) {
        let makers = makers.get(&read.asset).into_iter().flatten().filter(|maker| ***maker != read.file);
        upstream.entry(read.file.clone()).or_default().extend(makers.map(|maker| (*maker).clone()));
    }
    let mut last_of: BTreeMap<&str, &RepoPath> = BTreeMap::new();
    for path in changed.iter().map(|file| &file.path) {
        let Some(sequence) = migration::sequence(path) else { continue };
        if let Some(before) = last_of.insert(sequence, path) {
            upstream.entry(path.clone()).or_default().insert(before.clone());
        }
    }
    upstream
}

fn content(file: &ChangedFile, prepared: Option<&Prepared>, head: &PreparedSide) -> Result<Arc<str>, SkipReason> {
    if file.status == FileStatus::Removed {
        return Err(SkipReason::RemovedFile);
    }
    let Some(prepared) = prepared else {
        let known = head.unreadable.iter().find(|diagnostic| diagnostic.file.as_ref() == Some(&file.path));
        let reason =
            known.map_or_else(|| "its text could not be had".to_owned(), |diagnostic| diagnostic.message.clone());
        return Err(SkipReason::Unreadable { reason });
    };
    if migration::is_down(&file.path) {
        return Err(SkipReason::NothingToSend { what: "a down migration".to_owned() });
    }
    let content = prepared.catalog.sql(prepared.dialect);
    content.map_err(|what| SkipReason::NothingToSend { what: what.to_owned() })
}
