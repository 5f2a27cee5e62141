//! Getting the report to people: one comment on the change request, the job summary, annotations, outputs.
//!
//! Nothing in here ends the run: what could not be published is a [`Publication`] that says why. The last stage but
//! one: reports come in rendered; nothing is computed here about lineage.

pub mod annotations;
pub mod github;
pub mod gitlab;
pub mod marker;
pub mod outputs;
pub mod retry;
pub mod step_summary;
pub mod store;
mod workflow_command;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use marker::{BodyHash, Marker};
use store::{CommentStore, StoreError, StoredComment};

use crate::revision::CommitId;

/// What came of the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// In one word.
    pub status: PublicationStatus,
    /// Where the comment is.
    pub url: Option<String>,
    /// Why, for [`PublicationStatus::Skipped`], [`PublicationStatus::Superseded`] and [`PublicationStatus::Failed`].
    pub reason: Option<String>,
}

/// What came of the comment, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicationStatus {
    /// A new comment was made.
    Created,
    /// Ours was brought up to date.
    Updated,
    /// Ours already said this.
    Unchanged,
    /// Ours speaks of a newer commit or run; it was left alone.
    Superseded,
    /// There was nothing to comment on, or no permission; summary and annotations hold the report.
    Skipped,
    /// The forge did not take it.
    Failed,
}

impl PublicationStatus {
    /// The status as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl Publication {
    fn new(status: PublicationStatus) -> Self {
        Self { status, url: None, reason: None }
    }

    /// Nothing was to be published, or it could not be for a reason that lies outside of this run.
    #[must_use]
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(PublicationStatus::Skipped) }
    }

    /// The forge could not be reached or did not take it.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::new(PublicationStatus::Failed) }
    }

    fn of(status: PublicationStatus, comment: &StoredComment) -> Self {
        Self { url: comment.url.clone(), ..Self::new(status) }
    }
}

/// The comment that shall stand on the change request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRequest {
    /// The whole Markdown, without the marker line (at most 60,000 bytes on GitHub).
    pub body: String,
    /// What the body tells, less what a second run on the same commit tells in other numbers: where this is what the
    /// present comment told, there is nothing to write.
    pub essence: String,
    /// What the ingest remembers ([`Marker::state`]). A comment that tells the same is not written for its sake.
    pub state: String,
    /// Tells several comments of this tool on one change request apart; empty for one.
    pub comment_id: String,
    /// The head commit that the body speaks of.
    pub head: CommitId,
    /// CI's run id, for ordering concurrent runs; 0 when not known.
    pub run_id: u64,
    /// Attempt of that run; 0 when not known.
    pub run_attempt: u64,
    /// Whether to make a comment where there is none; an existing one is brought up to date either way.
    pub create_if_absent: bool,
}

/// What the present comments call for.
enum Step<'a> {
    /// Ours says this.
    Nothing(&'a StoredComment),
    /// A later run spoke of another commit.
    Yield(&'a StoredComment),
    /// Bring these of ours up to date, oldest first; there may be none.
    Write(Vec<&'a StoredComment>),
}

/// A write that did not succeed, and what it would have been.
struct FailedWrite {
    intent: PublicationStatus,
    error: StoreError,
}

/// Writes are tried this often at most; before each, and after the last, the comments are read.
const MAX_WRITES: usize = 2;

/// Makes the change request carry a comment of ours with this body: made, updated, or left as it is.
///
/// The comments are listed directly before each write. When it is unclear whether a write arrived, they are listed
/// again and the write is repeated at most once.
pub async fn publish_comment<Store: CommentStore>(store: &Store, request: &CommentRequest) -> Publication {
    let marker = request.marker();
    let mut unclear: Vec<FailedWrite> = Vec::new();
    loop {
        let comments = match store.list().await {
            Ok(comments) => comments,
            Err(error) => return refusal(store, "could not list comments", &error),
        };
        let ours = match next_step(&comments, &marker) {
            Step::Nothing(comment) => {
                let status = unclear.last().map_or(PublicationStatus::Unchanged, |write| write.intent);
                return Publication::of(status, comment);
            }
            Step::Yield(comment) => return superseded(comment),
            Step::Write(ours) => ours,
        };
        if let Some(last) = unclear.get(MAX_WRITES - 1) {
            return refusal(store, "could not write the comment", &last.error);
        }
        match write(store, &ours, request).await {
            Ok(publication) => return publication,
            Err(failed) => match failed.error {
                StoreError::Transient { pause, .. } => {
                    tokio::time::sleep(pause).await;
                    unclear.push(failed);
                }
                StoreError::Unreadable { .. } => unclear.push(failed),
                error => return refusal(store, "could not write the comment", &error),
            },
        }
    }
}

impl CommentRequest {
    fn marker(&self) -> Marker {
        Marker {
            comment_id: self.comment_id.clone(),
            head: self.head.clone(),
            run_id: self.run_id,
            run_attempt: self.run_attempt,
            body: BodyHash::of(&self.essence),
            state: self.state.clone(),
        }
    }
}

/// What the ingest remembered in our comment; `None` where there is none, or the comments cannot be read.
pub async fn remembered<Store: CommentStore>(store: &Store, comment_id: &str) -> Option<String> {
    let comments = store.list().await.ok()?;
    let ours = comments.iter().filter(|comment| comment.own).filter_map(|comment| Marker::of_comment(&comment.text));
    ours.filter(|marker| marker.comment_id == comment_id).map(|marker| marker.state).next_back()
}

/// Decides from the comments alone. A run on the same commit with the same body changes nothing, whatever its number.
fn next_step<'a>(comments: &'a [StoredComment], wanted: &Marker) -> Step<'a> {
    let ours: Vec<(&StoredComment, Marker)> = comments
        .iter()
        .filter(|comment| comment.own)
        .filter_map(|comment| Some((comment, Marker::of_comment(&comment.text)?)))
        .filter(|(_, marker)| marker.comment_id == wanted.comment_id)
        .collect();
    if let Some((comment, _)) =
        ours.iter().find(|(_, marker)| marker.head != wanted.head && marker.is_of_later_run_than(wanted))
    {
        return Step::Yield(comment);
    }
    match ours.iter().find(|(_, marker)| marker.head == wanted.head && marker.body == wanted.body) {
        Some((comment, _)) => Step::Nothing(comment),
        None => Step::Write(ours.into_iter().map(|(comment, _)| comment).collect()),
    }
}

/// Updates the oldest of ours that lets itself be updated, or makes a new comment.
async fn write<Store: CommentStore>(
    store: &Store,
    ours: &[&StoredComment],
    request: &CommentRequest,
) -> Result<Publication, FailedWrite> {
    let text = format!("{}\n{}", request.marker(), request.body);
    let mut refused = None;
    for comment in ours {
        match store.update(comment.id, &text).await {
            Ok(comment) => return Ok(Publication::of(PublicationStatus::Updated, &comment)),
            // Deleted since the listing, or another bot's: that one is left alone.
            Err(error @ StoreError::Refused { status: 403 | 404 | 410, .. }) => refused = Some(error),
            Err(error) => return Err(FailedWrite { intent: PublicationStatus::Updated, error }),
        }
    }
    match refused {
        Some(error) if !request.create_if_absent => Err(FailedWrite { intent: PublicationStatus::Updated, error }),
        None if !request.create_if_absent => {
            Ok(Publication::skipped("there is nothing to report and no earlier comment to bring up to date"))
        }
        _ => match store.create(&text).await {
            Ok(comment) => Ok(Publication::of(PublicationStatus::Created, &comment)),
            Err(error) => Err(FailedWrite { intent: PublicationStatus::Created, error }),
        },
    }
}

fn superseded(comment: &StoredComment) -> Publication {
    let reason = "a later run has already reported on another commit".to_owned();
    Publication { reason: Some(reason), ..Publication::of(PublicationStatus::Superseded, comment) }
}

/// What a refusal means for the run: missing access is nothing that this run could have done better.
fn refusal<Store: CommentStore>(store: &Store, action: &str, error: &StoreError) -> Publication {
    let StoreError::Refused { status, message } = error else {
        return Publication::failed(format!("{action}: {error}"));
    };
    let reason = match store.advice(*status, message) {
        Some(advice) => format!("{action}: {error}; {advice}"),
        None => format!("{action}: {error}"),
    };
    match status {
        401 | 403 | 404 | 410 => Publication::skipped(reason),
        _ => Publication::failed(reason),
    }
}

/// A file that the runner reads after the step (job summary, outputs) did not take the text.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be appended to", path.display())]
pub struct CommandFileError {
    path: PathBuf,
    source: std::io::Error,
}

/// Appends to a file that the runner reads after the step; the runner has made it, other steps may have written to it.
fn append_to(path: &Path, text: &str) -> Result<(), CommandFileError> {
    let append = || OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes());
    append().map_err(|source| CommandFileError { path: path.to_path_buf(), source })
}
