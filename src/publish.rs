//! Getting the report to people: one comment on the change request, the job summary, annotations, outputs.
//!
//! Nothing in here ends the run: what could not be published is a [`Publication`] that says why.

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
    /// Ours already said exactly this.
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
