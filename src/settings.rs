//! Settings after merging command line, environment and defaults: no Options left where a default exists.
//!
//! [`inputs`] is the table of names, defaults and help texts; `resolve` merges, `values` reads one value, [`invalid`]
//! says what is wrong with it. Nothing here reads the process's environment or the disk.

pub mod address;
pub mod inputs;
pub mod invalid;
mod resolve;
pub mod sending;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use url::Url;

use self::inputs::Input;
use self::sending::Sending;
use crate::secret::Secret;
use crate::sql::dialect::Dialect;
use crate::sql::dialect::rule::DialectRule;
use crate::sql::ident::Defaults;
use crate::sql::layout::AssetPattern;

/// Address of the hosted ingest API.
pub const DEFAULT_API_URL: &str = "https://api.getdatascale.com";
/// Largest file that is read, in bytes.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Which dialect a file is read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialectChoice {
    /// From evidence: the dbt adapter, then the text, per file.
    Auto,
    /// Always this one.
    Fixed(Dialect),
}

/// A condition that turns the run red (exit code 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// A statement of a changed file was not understood, and was not already so at base.
    ParseError,
    /// The verdict is breaking.
    Breaking,
    /// A column was removed or renamed, read or not.
    RemovedColumn,
    /// A file was rejected by the catalog, or the ingest failed.
    IngestError,
}

impl Gate {
    /// Every condition, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::ParseError, Self::Breaking, Self::RemovedColumn, Self::IngestError];

    /// The condition as `fail-on` writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParseError => "parse-error",
            Self::Breaking => "breaking",
            Self::RemovedColumn => "removed-column",
            Self::IngestError => "ingest-error",
        }
    }
}

/// What a failure of a side effect does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Say so and end well.
    Warn,
    /// End with the stage's exit code.
    Fail,
}

/// When files are ingested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestMode {
    /// On change requests, and on everything that leads to the default branch.
    PullRequest,
    /// Only on pushes to the default branch and in the merge queue.
    Merge,
    /// Never.
    Never,
}

impl IngestMode {
    /// The mode as the setting writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Merge => "merge",
            Self::Never => "never",
        }
    }
}

/// Everything that steers a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Token of the ingest API.
    pub token: Option<Secret>,
    /// Base address of the ingest API, without the `/v1/ingest`.
    pub api_url: Url,
    /// Patterns of SQL files; `*` does not cross `/`, `**` does.
    pub files: Vec<String>,
    /// Patterns of files to leave out; they win over `files`.
    pub exclude: Vec<String>,
    /// Which dialect.
    pub dialect: DialectChoice,
    /// Dialects by path, which win over it.
    pub dialects: Vec<DialectRule>,
    /// What SQL means where it names no database or schema.
    pub defaults: Defaults,
    /// Paths that name assets.
    pub asset_from_path: Vec<AssetPattern>,
    /// The `platform` sent to the API; `None`: from each file's dialect.
    pub platform: Option<String>,
    /// Sent to the API exactly as given.
    pub extra_config: serde_json::Map<String, serde_json::Value>,
    /// When files are ingested.
    pub ingest: IngestMode,
    /// How they are sent.
    pub sending: Sending,
    /// What turns the run red.
    pub fail_on: Vec<Gate>,
    /// What a failed ingest does.
    pub on_ingest_error: OnError,
    /// What an unpublished comment does.
    pub on_publish_error: OnError,
    /// Token for the forge's API (comments, reading files that git cannot have).
    pub forge_token: Option<Secret>,
    /// Whether to keep a comment on the change request.
    pub comment: bool,
    /// Tells several comments on one change request apart (several projects, matrix jobs); empty for one.
    pub comment_id: String,
    /// Where the JSON report is written.
    pub report_file: Option<PathBuf>,
    /// Extra certificates to trust (PEM), besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Largest file that is read, in bytes.
    pub max_file_bytes: u64,
    /// dbt's `manifest.json` of the base.
    pub base_manifest: Option<PathBuf>,
    /// The repository's folder.
    pub workspace: PathBuf,
}

impl Settings {
    /// Every configured secret, for redaction.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Secret> {
        self.token.iter().chain(&self.forge_token).collect()
    }
}

/// Settings that the command line gives, by name. An empty value counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags(BTreeMap<&'static str, String>);

impl Flags {
    /// Notes a flag's values; several are joined as the lines of a list.
    pub fn set<'v>(&mut self, input: &Input, values: impl Iterator<Item = &'v str>) {
        let value = values.collect::<Vec<_>>().join("\n").trim().to_owned();
        if !value.is_empty() {
            self.0.insert(input.name, value);
        }
    }

    /// The value of a flag, where it was given one.
    #[must_use]
    pub fn get(&self, input: &Input) -> Option<&str> {
        self.0.get(input.name).map(String::as_str)
    }
}
