//! The table of settings: one entry for each, and the one source of its name, its environment variables, its default
//! and its help text.
//!
//! The command line is built from this table. `action.yml`, `docs/inputs.md` and `templates/gitlab-ci.yml` are written by
//! hand and compared with it by `tests/it/docs.rs`. How a value is read is the business of `settings::values`.

mod sending;

pub use sending::{ALLOW_SECRETS, MAX_REQUEST_BYTES, MAX_REQUESTS, MAX_WAIT, ON_DELETE, RESTORE_ON_CLOSE, STATE_FILE};

/// One setting: an action input, an environment variable and, unless it is a secret, a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// The name in `action.yml`; with `--` in front, the flag.
    pub name: &'static str,
    /// The environment variable outside of GitHub Actions.
    pub variable: &'static str,
    /// The value where none is given; empty where there is no default.
    pub default: &'static str,
    /// What kind of value it takes.
    pub kind: InputKind,
    /// What stands for the value in the help; the allowed words where they are few.
    pub value_name: &'static str,
    /// What it does; the first sentence stands alone.
    pub help: &'static str,
}

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A token: never a flag, for arguments can be read by every process of the machine, and never printed.
    Secret,
    /// One value.
    Single,
    /// Several values, separated by commas or line ends; the flag may be repeated.
    List,
}

impl Input {
    /// The variable by which GitHub's runner passes the input: upper case, hyphens stay.
    #[must_use]
    pub fn action_variable(&self) -> String {
        format!("INPUT_{}", self.name.to_ascii_uppercase())
    }

    /// The first sentence of the help, without its full stop.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.help.split_once(". ").map_or(self.help, |(sentence, _)| sentence).trim_end_matches('.')
    }

    /// Whether the setting can be given on the command line.
    #[must_use]
    pub fn is_flag(&self) -> bool {
        self.kind != InputKind::Secret
    }

    /// The default that `action.yml` declares. It differs for [`GITHUB_TOKEN`] alone: a container gets the job's token
    /// from nowhere else.
    #[must_use]
    pub fn action_default(&self) -> &'static str {
        if self.name == GITHUB_TOKEN.name { "${{ github.token }}" } else { self.default }
    }
}

/// Token of the ingest API.
pub const TOKEN: Input = Input {
    name: "token",
    variable: "DATASCALE_TOKEN",
    default: "",
    kind: InputKind::Secret,
    value_name: "TOKEN",
    help: "Token of the ingest API. Without one the report is made all the same and nothing is ingested.",
};

/// Base address of the ingest API.
pub const API_URL: Input = Input {
    name: "api-url",
    variable: "DATASCALE_API_URL",
    default: super::DEFAULT_API_URL,
    kind: InputKind::Single,
    value_name: "URL",
    help: "Base address of the ingest API, without /v1/ingest.",
};

/// Whether plain HTTP is accepted.
pub const ALLOW_HTTP: Input = Input {
    name: "allow-http",
    variable: "DATASCALE_ALLOW_HTTP",
    default: "false",
    kind: InputKind::Single,
    value_name: "true|false",
    help: "Accept an api-url with plain http to another machine. The token then crosses the network readable by anyone on \
           the way; loopback addresses need no permission.",
};

/// Patterns of SQL files.
pub const FILES: Input = Input {
    name: "files",
    variable: "DATASCALE_FILES",
    default: "**/*.sql",
    kind: InputKind::List,
    value_name: "PATTERNS",
    help: "Patterns of the SQL files to read, from the repository's root. They are separated by commas or line ends; `*` stays \
           within a folder, `**` crosses folders.",
};

/// Patterns of files to leave out.
pub const EXCLUDE: Input = Input {
    name: "exclude",
    variable: "DATASCALE_EXCLUDE",
    default: "",
    kind: InputKind::List,
    value_name: "PATTERNS",
    help: "Patterns of files to leave out, written like files. They win over it.",
};

/// Which dialect.
pub const DIALECT: Input = Input {
    name: "dialect",
    variable: "DATASCALE_DIALECT",
    default: "auto",
    kind: InputKind::Single,
    value_name: "NAME",
    help: "SQL dialect of the files. auto (from the dbt project and the text, file by file), or one of generic, postgres, redshift, \
           snowflake, bigquery, databricks, spark, hive, duckdb, mysql, sqlite, tsql, oracle, trino, clickhouse, teradata.",
};

/// Dialects by path.
pub const DIALECTS: Input = Input {
    name: "dialects",
    variable: "DATASCALE_DIALECTS",
    default: "",
    kind: InputKind::List,
    value_name: "PATTERN=NAME",
    help: "Dialects by path, for a repository that holds several. Each entry is a pattern written like those of files, `=` \
           and a dialect: `warehouse/**=bigquery`. The last entry that takes a file decides, before dialect and everything \
           else.",
};

/// The database of names that are written without one.
pub const DEFAULT_DATABASE: Input = Input {
    name: "default-database",
    variable: "DATASCALE_DEFAULT_DATABASE",
    default: "",
    kind: InputKind::Single,
    value_name: "NAME",
    help: "Database, project or catalog that SQL means where it names none. `shop.orders` and `prod.shop.orders` are then one \
           asset.",
};

/// The schema of names that are written without one.
pub const DEFAULT_SCHEMA: Input = Input {
    name: "default-schema",
    variable: "DATASCALE_DEFAULT_SCHEMA",
    default: "",
    kind: InputKind::Single,
    value_name: "NAME",
    help: "Schema or dataset that SQL means where it names none. `orders` and `public.orders` are then one asset.",
};

/// Paths that name assets.
pub const ASSET_FROM_PATH: Input = Input {
    name: "asset-from-path",
    variable: "DATASCALE_ASSET_FROM_PATH",
    default: "",
    kind: InputKind::List,
    value_name: "PATTERNS",
    help: "Patterns of paths that name the asset which a file's SELECT makes, such as \
           `sql/{project}/{dataset}/{table}/query.sql`. What stands in braces is captured, and the captures are joined by dots \
           in their order; `*` stays within a folder, `**` crosses folders. The first pattern that takes a file counts.",
};

/// The `platform` of the ingest API.
pub const PLATFORM: Input = Input {
    name: "platform",
    variable: "DATASCALE_PLATFORM",
    default: "",
    kind: InputKind::Single,
    value_name: "NAME",
    help: "The platform that is sent to the ingest API (snowflake, postgres, bigquery, redshift, …). When empty, it \
           follows from each file's dialect.",
};

/// Extra configuration for the ingest API.
pub const EXTRA_CONFIG: Input = Input {
    name: "extra-config",
    variable: "DATASCALE_EXTRA_CONFIG",
    default: "{}",
    kind: InputKind::Single,
    value_name: "JSON",
    help: "A JSON object that is sent to the ingest API as extra_config, exactly as given.",
};

/// When files are ingested.
pub const INGEST: Input = Input {
    name: "ingest",
    variable: "DATASCALE_INGEST",
    default: "pull_request",
    kind: InputKind::Single,
    value_name: "pull_request|merge|never",
    help: "When changed files are ingested. pull_request (on change requests, and on everything that leads to the default \
           branch), merge (only on pushes to the default branch and in the merge queue) or never.",
};

/// What turns the run red.
pub const FAIL_ON: Input = Input {
    name: "fail-on",
    variable: "DATASCALE_FAIL_ON",
    default: "never",
    kind: InputKind::List,
    value_name: "CONDITIONS",
    help: "What ends the run with exit code 10. never, or a list of parse-error (SQL of a changed file that is not \
           understood, and was not so before), breaking (the verdict), removed-column (removed or renamed, read or not), \
           ingest-error (the catalog rejected a file, or took none).",
};

/// What a failed ingest does.
pub const ON_INGEST_ERROR: Input = Input {
    name: "on-ingest-error",
    variable: "DATASCALE_ON_INGEST_ERROR",
    default: "warn",
    kind: InputKind::Single,
    value_name: "warn|fail",
    help: "What an ingest that did not deliver every file does. warn (say so and end well) or fail (exit code 4).",
};

/// What an unpublished comment does.
pub const ON_PUBLISH_ERROR: Input = Input {
    name: "on-publish-error",
    variable: "DATASCALE_ON_PUBLISH_ERROR",
    default: "warn",
    kind: InputKind::Single,
    value_name: "warn|fail",
    help: "What a comment that the forge did not take does. warn (the job summary holds the report) or fail (exit code 5).",
};

/// Token for the forge's API.
pub const GITHUB_TOKEN: Input = Input {
    name: "github-token",
    variable: "GITLAB_TOKEN",
    default: "",
    kind: InputKind::Secret,
    value_name: "TOKEN",
    help: "Token for the forge's API: to keep the comment, and to read files that the checkout does not have. On GitHub \
           the job's own token; on GitLab the variable GITLAB_TOKEN with an access token of scope api.",
};

/// Whether to comment.
pub const COMMENT: Input = Input {
    name: "comment",
    variable: "DATASCALE_COMMENT",
    default: "true",
    kind: InputKind::Single,
    value_name: "true|false",
    help: "Whether to keep a comment on the change request.",
};

/// Tells several comments apart.
pub const COMMENT_ID: Input = Input {
    name: "comment-id",
    variable: "DATASCALE_COMMENT_ID",
    default: "",
    kind: InputKind::Single,
    value_name: "ID",
    help: "Tells several comments on one change request apart, for several projects or the jobs of a matrix. Up to 64 \
           letters, digits, dots, hyphens, underscores and slashes.",
};

/// Where the JSON report is written.
pub const REPORT_FILE: Input = Input {
    name: "report-file",
    variable: "DATASCALE_REPORT_FILE",
    default: "",
    kind: InputKind::Single,
    value_name: "FILE",
    help: "Where to write the JSON report (docs/json.md).",
};

/// Extra certificates.
pub const CA_BUNDLE: Input = Input {
    name: "ca-bundle",
    variable: "DATASCALE_CA_BUNDLE",
    default: "",
    kind: InputKind::Single,
    value_name: "FILE",
    help: "Certificates (PEM) to trust besides the system's, for a proxy or a self-hosted API.",
};

/// Largest file.
pub const MAX_FILE_BYTES: Input = Input {
    name: "max-file-bytes",
    variable: "DATASCALE_MAX_FILE_BYTES",
    default: "8388608",
    kind: InputKind::Single,
    value_name: "BYTES",
    help: "Largest SQL file that is read, in bytes. A larger one is named in the report and not read.",
};

/// dbt's manifest of the base.
pub const BASE_MANIFEST: Input = Input {
    name: "base-manifest",
    variable: "DATASCALE_BASE_MANIFEST",
    default: "",
    kind: InputKind::Single,
    value_name: "FILE",
    help: "dbt's manifest.json of the base, from the repository's folder. What dbt compiled is then known of both sides; \
           that of the head is found in target/ of the checkout (docs/dbt.md).",
};

/// The repository's folder.
pub const WORKSPACE: Input = Input {
    name: "workspace",
    variable: "DATASCALE_WORKSPACE",
    default: ".",
    kind: InputKind::Single,
    value_name: "FOLDER",
    help: "Folder of the repository, from the job's folder. It is the `path` that was given to the checkout, if any.",
};

/// Every setting, in the order of the documentation.
pub const ALL: [&Input; 31] = [
    &TOKEN,
    &API_URL,
    &ALLOW_HTTP,
    &FILES,
    &EXCLUDE,
    &DIALECT,
    &DIALECTS,
    &DEFAULT_DATABASE,
    &DEFAULT_SCHEMA,
    &ASSET_FROM_PATH,
    &PLATFORM,
    &EXTRA_CONFIG,
    &INGEST,
    &MAX_REQUESTS,
    &MAX_REQUEST_BYTES,
    &MAX_WAIT,
    &STATE_FILE,
    &RESTORE_ON_CLOSE,
    &ON_DELETE,
    &ALLOW_SECRETS,
    &FAIL_ON,
    &ON_INGEST_ERROR,
    &ON_PUBLISH_ERROR,
    &GITHUB_TOKEN,
    &COMMENT,
    &COMMENT_ID,
    &REPORT_FILE,
    &CA_BUNDLE,
    &MAX_FILE_BYTES,
    &BASE_MANIFEST,
    &WORKSPACE,
];

/// The settings that `preview` uses.
pub const OF_PREVIEW: [&Input; 12] = [
    &FILES,
    &EXCLUDE,
    &DIALECT,
    &DIALECTS,
    &DEFAULT_DATABASE,
    &DEFAULT_SCHEMA,
    &ASSET_FROM_PATH,
    &FAIL_ON,
    &COMMENT_ID,
    &MAX_FILE_BYTES,
    &BASE_MANIFEST,
    &WORKSPACE,
];

/// The settings that `lineage` uses.
pub const OF_LINEAGE: [&Input; 8] =
    [&FILES, &EXCLUDE, &DIALECT, &DIALECTS, &DEFAULT_DATABASE, &DEFAULT_SCHEMA, &ASSET_FROM_PATH, &MAX_FILE_BYTES];

/// The settings that `ingest` uses.
pub const OF_INGEST: [&Input; 18] = [
    &API_URL,
    &ALLOW_HTTP,
    &FILES,
    &EXCLUDE,
    &DIALECT,
    &DIALECTS,
    &ASSET_FROM_PATH,
    &PLATFORM,
    &EXTRA_CONFIG,
    &MAX_REQUESTS,
    &MAX_REQUEST_BYTES,
    &MAX_WAIT,
    &STATE_FILE,
    &ALLOW_SECRETS,
    &ON_INGEST_ERROR,
    &CA_BUNDLE,
    &MAX_FILE_BYTES,
    &WORKSPACE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_sentence_without_its_full_stop() {
        assert_eq!(API_URL.summary(), "Base address of the ingest API, without /v1/ingest");
        assert_eq!(EXCLUDE.summary(), "Patterns of files to leave out, written like files");
    }

    #[test]
    fn the_runner_passes_an_input_with_its_hyphens() {
        assert_eq!(API_URL.action_variable(), "INPUT_API-URL");
    }

    #[test]
    fn variables_follow_from_names_but_for_the_token_of_the_forge() {
        for input in ALL {
            let expected = format!("DATASCALE_{}", input.name.to_ascii_uppercase().replace('-', "_"));
            assert_eq!(input.variable == expected, input.name != GITHUB_TOKEN.name, "{}", input.name);
        }
    }
}
