//! GitLab's repository API.

use serde::Deserialize;

use super::{ApiError, ForgeReader, Request};
use crate::changes::listing::{Entry, EntryKind};
use crate::revision::CommitId;
use crate::source::BlobId;

/// The largest page that GitLab gives.
const PAGE: usize = 100;
/// Pages of one tree, 200,000 entries.
const MAX_PAGES: usize = 2_000;

#[derive(Deserialize)]
struct Commit {
    parent_ids: Vec<String>,
}

#[derive(Deserialize)]
struct MergeBase {
    id: String,
}

#[derive(Deserialize)]
struct TreeEntry {
    id: String,
    path: String,
    mode: String,
}

/// Path parts below the project's. A project's path is one part, its slashes escaped.
pub(super) fn parts(reader: &ForgeReader, below: &[&str]) -> Vec<String> {
    ["projects", &reader.repository].iter().chain(below).map(|part| (*part).to_owned()).collect()
}

pub(super) async fn parents(reader: &ForgeReader, commit: &CommitId) -> Result<Vec<CommitId>, ApiError> {
    let request = Request::new(parts(reader, &["repository", "commits", commit.as_str()]));
    let commit: Commit = reader.json(&request).await?;
    commit.parent_ids.iter().map(|parent| id(parent, &request)).collect()
}

pub(super) async fn merge_base(reader: &ForgeReader, one: &str, other: &CommitId) -> Result<CommitId, ApiError> {
    let request = Request::new(parts(reader, &["repository", "merge_base"]));
    let request = request.query("refs[]", one).query("refs[]", other.as_str());
    let commit: MergeBase = reader.json(&request).await?;
    id(&commit.id, &request)
}

fn id(text: &str, request: &Request) -> Result<CommitId, ApiError> {
    CommitId::parse(text).map_err(|_| ApiError::Unexpected { what: request.what() })
}

/// All pages: a page that is not full is the last one.
pub(super) async fn list_tree(reader: &ForgeReader, commit: &CommitId) -> Result<Vec<Entry>, ApiError> {
    let mut entries = Vec::new();
    for page in 1..=MAX_PAGES {
        let request = Request::new(parts(reader, &["repository", "tree"]));
        let request = request.query("ref", commit.as_str()).query("recursive", "true");
        let request = request.query("per_page", PAGE.to_string()).query("page", page.to_string());
        let tree: Vec<TreeEntry> = reader.json(&request).await?;
        let last = tree.len() < PAGE;
        for entry in tree {
            if let Some(kind) = EntryKind::from_mode(&entry.mode) {
                entries.push(Entry { name: entry.path.into_bytes(), kind, blob: Some(BlobId(entry.id.into())) });
            }
        }
        if last {
            return Ok(entries);
        }
    }
    Err(ApiError::TooLarge { what: format!("the tree of {commit}"), bytes: None })
}
