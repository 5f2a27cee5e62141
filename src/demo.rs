//! The parts of the demonstration: a small warehouse as a git repository, and an ingest API on loopback, so that the
//! whole pipeline can be seen at work with no account and no network. The flow itself is the shell's part.

pub mod endpoint;
pub mod warehouse;

use std::path::PathBuf;

/// Why the demonstration could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No port of loopback could be had for the endpoint.
    #[error("the loopback endpoint cannot listen on 127.0.0.1")]
    Listen(#[source] std::io::Error),
    /// A file of the warehouse could not be written or removed.
    #[error("the demo's file {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// git could not be started.
    #[error("git cannot be started")]
    NoGit(#[source] std::io::Error),
    /// git refused a command.
    #[error("git {command} failed: {message}")]
    Git {
        /// The command and its arguments.
        command: String,
        /// What git printed.
        message: String,
    },
}
