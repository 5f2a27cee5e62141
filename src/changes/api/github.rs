//! GitHub's Git database API.

use serde::Deserialize;

use super::{ApiError, ForgeReader, Request};
use crate::changes::listing::{Entry, EntryKind};
use crate::revision::CommitId;
use crate::source::BlobId;

/// Requests for one tree: only trees over 100,000 entries need more than one.
const MAX_TREE_REQUESTS: usize = 400;

#[derive(Deserialize)]
struct Commit {
    parents: Vec<Parent>,
}

#[derive(Deserialize)]
struct Parent {
    sha: String,
}

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Parent,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<TreeEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct TreeEntry {
    path: String,
    mode: String,
    sha: String,
}

/// Path parts below the repository's.
pub(super) fn parts(reader: &ForgeReader, below: &[&str]) -> Vec<String> {
    ["repos"].into_iter().chain(reader.repository.split('/')).chain(below.iter().copied()).map(str::to_owned).collect()
}

pub(super) async fn parents(reader: &ForgeReader, commit: &CommitId) -> Result<Vec<CommitId>, ApiError> {
    let request = Request::new(parts(reader, &["git", "commits", commit.as_str()]));
    let commit: Commit = reader.json(&request).await?;
    commit.parents.iter().map(|parent| id(parent, &request)).collect()
}

pub(super) async fn merge_base(reader: &ForgeReader, one: &str, other: &CommitId) -> Result<CommitId, ApiError> {
    let request = Request::new(parts(reader, &["compare", &format!("{one}...{other}")]));
    // Files come with the first page, and are not needed.
    let request = request.query("per_page", "1").query("page", "2");
    let comparison: Comparison = reader.json(&request).await?;
    id(&comparison.merge_base_commit, &request)
}

fn id(commit: &Parent, request: &Request) -> Result<CommitId, ApiError> {
    CommitId::parse(&commit.sha).map_err(|_| ApiError::Unexpected { what: request.what() })
}

/// The whole tree in one answer, or folder by folder where GitHub cuts it.
pub(super) async fn list_tree(reader: &ForgeReader, commit: &CommitId) -> Result<Vec<Entry>, ApiError> {
    let mut entries = Vec::new();
    let mut folders = vec![(String::new(), commit.as_str().to_owned())];
    let mut requests = 0;
    while let Some((prefix, id)) = folders.pop() {
        requests += 1;
        if requests > MAX_TREE_REQUESTS {
            return Err(ApiError::TooLarge { what: format!("the tree of {commit}"), bytes: None });
        }
        let request = Request::new(parts(reader, &["git", "trees", &id]));
        let mut tree: Tree = reader.json(&request.query("recursive", "1")).await?;
        let by_folder = tree.truncated;
        if by_folder {
            let request = Request::new(parts(reader, &["git", "trees", &id]));
            tree = reader.json(&request).await?;
            if tree.truncated {
                return Err(ApiError::TooLarge { what: request.what(), bytes: None });
            }
        }
        for entry in tree.tree {
            let path = format!("{prefix}{}", entry.path);
            match EntryKind::from_mode(&entry.mode) {
                Some(kind) => {
                    entries.push(Entry { name: path.into_bytes(), kind, blob: Some(BlobId(entry.sha.into())) });
                }
                None if by_folder => folders.push((format!("{path}/"), entry.sha)),
                None => {}
            }
        }
    }
    Ok(entries)
}
