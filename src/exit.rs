//! Exit codes: one table, one pure function.

/// How the process ends. The numbers are part of the contract and documented in `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitStatus {
    /// The job is done.
    Done,
    /// A bug in the tool.
    Internal,
    /// The command line or a setting is wrong.
    Usage,
    /// The change could not be read.
    UnreadableChange,
    /// The ingest failed and `on-ingest-error` is `fail`.
    IngestFailed,
    /// The comment was not published and `on-publish-error` is `fail`.
    PublishFailed,
    /// A condition of `fail-on` is met.
    Gate,
}

impl ExitStatus {
    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::UnreadableChange => 3,
            Self::IngestFailed => 4,
            Self::PublishFailed => 5,
            Self::Gate => 10,
        }
    }
}
