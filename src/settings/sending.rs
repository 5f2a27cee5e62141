//! How files are sent to the ingest API, as the settings say it.

use std::path::PathBuf;
use std::time::Duration;

/// What the ingest API is told of removed assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// Nothing.
    Keep,
    /// Their DROP statements.
    Drop,
}

/// Everything that steers the sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Requests in any 5 minutes.
    pub max_requests: usize,
    /// Bytes of SQL in one request.
    pub max_request_bytes: usize,
    /// Longest waiting of a run; `None`: by what started it.
    pub max_wait: Option<Duration>,
    /// Where it is remembered what was sent.
    pub state_file: Option<PathBuf>,
    /// Whether a pull request that is closed without being merged is undone.
    pub restore_on_close: bool,
    /// What the API is told of removed assets.
    pub on_delete: OnDelete,
    /// Whether files with secrets are sent.
    pub allow_secrets: bool,
}
