//! Flags, environment and defaults → [`Settings`].
//!
//! The first of these that is not empty wins: the flag, GitHub's `INPUT_` variable, the variable for everywhere else, the
//! default. Defaults go through the same reading as given values. All wrong settings are reported, not the first alone.

use std::path::{Path, PathBuf};

use url::Url;

use super::inputs::{self, Input};
use super::invalid::{InvalidSetting, InvalidSettings, Problem};
use super::sending::{OnDelete, Sending};
use super::{Flags, IngestMode, OnError, Settings, address, values};
use crate::env::Environment;
use crate::secret::Secret;
use crate::sql::dialect::rule::DialectRule;
use crate::sql::ident::Defaults;
use crate::sql::layout::AssetPattern;

const YES_NO: [(&str, bool); 2] = [("true", true), ("false", false)];
const ON_ERROR: [(&str, OnError); 2] = [("warn", OnError::Warn), ("fail", OnError::Fail)];
const ON_DELETE: [(&str, OnDelete); 2] = [("keep", OnDelete::Keep), ("drop", OnDelete::Drop)];
const INGEST_MODES: [(&str, IngestMode); 3] =
    [("pull_request", IngestMode::PullRequest), ("merge", IngestMode::Merge), ("never", IngestMode::Never)];

impl Settings {
    /// Merges flags, environment and defaults.
    ///
    /// # Errors
    /// [`InvalidSettings`] with every value that cannot be used.
    pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Self, InvalidSettings> {
        let mut resolver = Resolver { flags, environment, invalid: Vec::new() };
        match resolver.settings() {
            Some(settings) if resolver.invalid.is_empty() => Ok(settings),
            _ => Err(InvalidSettings(resolver.invalid)),
        }
    }
}

struct Resolver<'a> {
    flags: &'a Flags,
    environment: &'a Environment,
    invalid: Vec<InvalidSetting>,
}

/// A value and the flag or variable that gave it.
struct Given<'a> {
    place: String,
    value: &'a str,
}

impl<'a> Resolver<'a> {
    /// All settings; `None` when one of them is noted as invalid.
    fn settings(&mut self) -> Option<Settings> {
        // Every value is read before the first `?`, so that every wrong one is noted.
        let (token, forge_token) = (self.secret(&inputs::TOKEN), self.secret(&inputs::GITHUB_TOKEN));
        let api_url = self.api_url();
        let (files, exclude) = (self.patterns(&inputs::FILES), self.patterns(&inputs::EXCLUDE));
        let dialect = self.read(&inputs::DIALECT, values::dialect);
        let dialects = self.read(&inputs::DIALECTS, values::entries::<DialectRule>);
        let database = self.optional(&inputs::DEFAULT_DATABASE, values::identifier);
        let schema = self.optional(&inputs::DEFAULT_SCHEMA, values::identifier);
        let asset_from_path = self.read(&inputs::ASSET_FROM_PATH, values::entries::<AssetPattern>);
        let platform = self.optional(&inputs::PLATFORM, values::platform);
        let extra_config = self.read(&inputs::EXTRA_CONFIG, values::json_object);
        let ingest = self.word(&inputs::INGEST, &INGEST_MODES);
        let sending = self.sending();
        let fail_on = self.read(&inputs::FAIL_ON, values::gates);
        let on_ingest_error = self.word(&inputs::ON_INGEST_ERROR, &ON_ERROR);
        let on_publish_error = self.word(&inputs::ON_PUBLISH_ERROR, &ON_ERROR);
        let comment = self.word(&inputs::COMMENT, &YES_NO);
        let comment_id = self.read(&inputs::COMMENT_ID, values::comment_id);
        let max_file_bytes = self.read(&inputs::MAX_FILE_BYTES, values::bytes);
        Some(Settings {
            token: token?,
            api_url: api_url?,
            files: files?,
            exclude: exclude?,
            dialect: dialect?,
            dialects: dialects?,
            defaults: Defaults { database: database?, schema: schema? },
            asset_from_path: asset_from_path?,
            platform: platform?,
            extra_config: extra_config?,
            ingest: ingest?,
            sending: sending?,
            fail_on: fail_on?,
            on_ingest_error: on_ingest_error?,
            on_publish_error: on_publish_error?,
            forge_token: forge_token?,
            comment: comment?,
            comment_id: comment_id?,
            report_file: self.given(&inputs::REPORT_FILE).map(|given| PathBuf::from(given.value)),
            ca_bundle: self.given(&inputs::CA_BUNDLE).map(|given| PathBuf::from(given.value)),
            max_file_bytes: max_file_bytes?,
            base_manifest: self.given(&inputs::BASE_MANIFEST).map(|given| PathBuf::from(given.value)),
            workspace: self.workspace(),
        })
    }

    fn sending(&mut self) -> Option<Sending> {
        let max_requests = self.read(&inputs::MAX_REQUESTS, values::requests);
        let max_request_bytes = self.read(&inputs::MAX_REQUEST_BYTES, values::bytes);
        let max_wait = self.optional(&inputs::MAX_WAIT, values::seconds);
        let restore_on_close = self.word(&inputs::RESTORE_ON_CLOSE, &YES_NO);
        let on_delete = self.word(&inputs::ON_DELETE, &ON_DELETE);
        let allow_secrets = self.word(&inputs::ALLOW_SECRETS, &YES_NO);
        Some(Sending {
            max_requests: max_requests?,
            max_request_bytes: usize::try_from(max_request_bytes?).unwrap_or(usize::MAX),
            max_wait: max_wait?,
            state_file: self.given(&inputs::STATE_FILE).map(|given| PathBuf::from(given.value)),
            restore_on_close: restore_on_close?,
            on_delete: on_delete?,
            allow_secrets: allow_secrets?,
        })
    }

    fn given(&self, input: &Input) -> Option<Given<'a>> {
        if let Some(value) = self.flags.get(input) {
            return Some(Given { place: format!("--{}", input.name), value });
        }
        let elsewhere = self.may_use_variable(input).then(|| input.variable.to_owned());
        std::iter::once(input.action_variable()).chain(elsewhere).find_map(|place| {
            let value = self.environment.var(&place)?;
            Some(Given { place, value })
        })
    }

    /// A `GITLAB_TOKEN` that lies about in a GitHub job (for mirroring, say) must not be sent to GitHub.
    fn may_use_variable(&self, input: &Input) -> bool {
        input.name != inputs::GITHUB_TOKEN.name || self.environment.is_true("GITLAB_CI")
    }

    /// Reads the given value, or the default.
    fn read<T>(&mut self, input: &Input, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let given =
            self.given(input).unwrap_or_else(|| Given { place: "the default".to_owned(), value: input.default });
        match read(given.value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.invalid.push(InvalidSetting { setting: input.name, place: given.place, problem });
                None
            }
        }
    }

    /// Reads the given value of a setting that may be absent: `Some(None)` without one.
    fn optional<T>(&mut self, input: &Input, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<Option<T>> {
        self.read(input, |value| if value.is_empty() { Ok(None) } else { read(value).map(Some) })
    }

    fn word<T: Copy>(&mut self, input: &Input, words: &[(&'static str, T)]) -> Option<T> {
        self.read(input, |value| values::word(value, words))
    }

    fn secret(&mut self, input: &Input) -> Option<Option<Secret>> {
        self.optional(input, values::secret)
    }

    fn patterns(&mut self, input: &Input) -> Option<Vec<String>> {
        self.read(input, values::patterns)
    }

    fn api_url(&mut self) -> Option<Url> {
        let allow_http = self.word(&inputs::ALLOW_HTTP, &YES_NO)?;
        self.read(&inputs::API_URL, |value| {
            address::api_url(value, allow_http).map_err(|refused| {
                let value = address::may_be_shown(value).then(|| value.to_owned());
                let reason = if value.is_some() { refused.to_string() } else { format!("cannot be used: {refused}") };
                Problem::Malformed { value, reason }
            })
        })
    }

    /// The repository's folder: the job's folder, or what is given below it; `.` of the default adds nothing.
    fn workspace(&self) -> PathBuf {
        let job_folder = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].iter().find_map(|name| self.environment.var(name));
        let job_folder = Path::new(job_folder.unwrap_or(inputs::WORKSPACE.default));
        match self.given(&inputs::WORKSPACE) {
            Some(given) if given.value != inputs::WORKSPACE.default => job_folder.join(given.value),
            _ => job_folder.to_path_buf(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::path::RepoPath;
    use crate::settings::{DEFAULT_API_URL, DEFAULT_MAX_FILE_BYTES, DialectChoice, Gate};
    use crate::sql::dialect::Dialect;

    fn resolve<const N: usize>(variables: [(&str, &str); N]) -> Result<Settings, InvalidSettings> {
        Settings::resolve(&Flags::default(), &Environment::from(variables))
    }

    fn refused<const N: usize>(variables: [(&str, &str); N]) -> String {
        resolve(variables).expect_err("refused").to_string()
    }

    #[test]
    fn without_anything_the_defaults_hold() {
        let settings = resolve([]).expect("defaults");
        assert_eq!((settings.token, settings.forge_token), (None, None));
        assert_eq!(settings.api_url.as_str().trim_end_matches('/'), DEFAULT_API_URL);
        assert_eq!((settings.files, settings.exclude), (vec!["**/*.sql".to_owned()], Vec::new()));
        assert_eq!((settings.dialect, settings.platform), (DialectChoice::Auto, None));
        assert_eq!((settings.dialects, settings.defaults), (Vec::new(), Defaults::default()));
        assert_eq!(settings.asset_from_path, Vec::new());
        assert_eq!((settings.ingest, settings.fail_on), (IngestMode::PullRequest, Vec::new()));
        assert_eq!((settings.on_ingest_error, settings.on_publish_error), (OnError::Warn, OnError::Warn));
        assert!(settings.comment && settings.comment_id.is_empty() && settings.extra_config.is_empty());
        assert_eq!((settings.report_file, settings.ca_bundle, settings.base_manifest), (None, None, None));
        assert_eq!(settings.max_file_bytes, DEFAULT_MAX_FILE_BYTES);
        assert_eq!(settings.workspace, PathBuf::from("."));
        let sending = Sending {
            max_requests: 90,
            max_request_bytes: 512 * 1024,
            max_wait: None,
            state_file: None,
            restore_on_close: true,
            on_delete: OnDelete::Keep,
            allow_secrets: false,
        };
        assert_eq!(settings.sending, sending);
    }

    #[test]
    fn limits_of_the_sending_are_numbers() {
        let settings = resolve([("INPUT_MAX-WAIT", "0"), ("DATASCALE_MAX_REQUESTS", "40")]).expect("valid");
        assert_eq!((settings.sending.max_wait, settings.sending.max_requests), (Some(Duration::ZERO), 40));
        let text =
            refused([("INPUT_MAX-WAIT", "2m"), ("INPUT_MAX-REQUESTS", "0"), ("INPUT_MAX-REQUEST-BYTES", "512k")]);
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn an_empty_value_is_an_absent_one() {
        let empty: Environment = inputs::ALL
            .iter()
            .flat_map(|input| [(input.action_variable(), " ".to_owned()), (input.variable.to_owned(), String::new())])
            .collect();
        let settings = Settings::resolve(&Flags::default(), &empty).expect("defaults");
        assert_eq!(format!("{settings:?}"), format!("{:?}", resolve([]).expect("defaults")));
    }

    #[test]
    fn a_flag_wins_over_an_action_input_and_that_over_the_other_variable() {
        let environment = Environment::from([
            ("INPUT_COMMENT-ID", "action"),
            ("DATASCALE_COMMENT_ID", "variable"),
            ("DATASCALE_DIALECT", "snowflake"),
            ("INPUT_DIALECT", ""),
        ]);
        let mut flags = Flags::default();
        let settings = Settings::resolve(&flags, &environment).expect("valid");
        assert_eq!(settings.comment_id, "action");
        assert_eq!(settings.dialect, DialectChoice::Fixed(Dialect::Snowflake));
        flags.set(&inputs::COMMENT_ID, ["flag"].into_iter());
        assert_eq!(Settings::resolve(&flags, &environment).expect("valid").comment_id, "flag");
    }

    #[test]
    fn lists_are_separated_by_commas_or_lines() {
        let settings = resolve([
            ("INPUT_FILES", "models/**/*.sql\r\n  views/*.sql\n\n, ddl/"),
            ("INPUT_EXCLUDE", "**/tmp_*.sql"),
            ("INPUT_FAIL-ON", "removed-column, Parse-Error\nremoved-column"),
        ])
        .expect("valid");
        assert_eq!(settings.files, ["models/**/*.sql", "views/*.sql", "ddl/"]);
        assert_eq!(settings.exclude, ["**/tmp_*.sql"]);
        assert_eq!(settings.fail_on, [Gate::ParseError, Gate::RemovedColumn]);
    }

    #[test]
    fn dialects_and_assets_by_path_are_lists() {
        let settings = resolve([
            ("INPUT_DIALECTS", "warehouse/**=bigquery\n app=postgresql"),
            ("INPUT_DEFAULT-DATABASE", "prod"),
            ("DATASCALE_DEFAULT_SCHEMA", "public"),
            ("INPUT_ASSET-FROM-PATH", "sql/{dataset}/{table}/query.sql, views/{view}.sql"),
        ])
        .expect("valid");
        let dialect = |path: &str| DialectRule::last_of(&settings.dialects, &RepoPath::new(path).expect("inside"));
        assert_eq!(dialect("warehouse/a/b.sql"), Some(Dialect::BigQuery));
        assert_eq!(dialect("app/b.sql"), Some(Dialect::Postgres));
        let defaults = Defaults { database: Some("prod".to_owned()), schema: Some("public".to_owned()) };
        assert_eq!(settings.defaults, defaults);
        let patterns: Vec<&str> = settings.asset_from_path.iter().map(|pattern| &**pattern.text()).collect();
        assert_eq!(patterns, ["sql/{dataset}/{table}/query.sql", "views/{view}.sql"]);
    }

    #[test]
    fn a_slip_in_a_path_setting_is_told_with_the_line_to_paste() {
        let text = refused([
            ("INPUT_ASSET-FROM-PATH", "sql/{table.sql"),
            ("INPUT_DIALECTS", "warehouse/**: bigquery"),
            ("INPUT_DEFAULT-SCHEMA", "my schema; drop"),
        ]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("asset-from-path: sql/{project}/{dataset}/{table}/query.sql"), "{text}");
        assert!(text.contains("dialects: warehouse/**=bigquery"), "{text}");
        assert!(text.contains("default-schema (from INPUT_DEFAULT-SCHEMA)"), "{text}");
    }

    #[test]
    fn every_wrong_setting_is_named_with_its_place_at_once() {
        let text = refused([
            ("INPUT_FAIL-ON", "braking"),
            ("DATASCALE_INGEST", "always"),
            ("INPUT_DIALECT", "postgre"),
            ("INPUT_COMMENT", "maybe"),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(text.contains("fail-on (from INPUT_FAIL-ON) is \"braking\""), "{text}");
        assert!(
            text.contains("none of never, parse-error, breaking, removed-column, ingest-error; did you mean breaking?")
        );
        assert!(
            text.contains("ingest (from DATASCALE_INGEST) is \"always\", which is none of pull_request, merge, never")
        );
        assert!(text.contains("did you mean postgres?"), "{text}");
    }

    #[test]
    fn a_gitlab_token_is_only_read_in_a_gitlab_job() {
        assert_eq!(resolve([("GITLAB_TOKEN", "glpat-1")]).expect("valid").forge_token, None);
        let settings = resolve([("GITLAB_TOKEN", "glpat-1"), ("GITLAB_CI", "true")]).expect("valid");
        assert_eq!(settings.forge_token, Secret::new("glpat-1"));
    }

    #[test]
    fn a_secret_is_in_no_message() {
        let text = refused([
            ("INPUT_TOKEN", "tok en-123"),
            ("INPUT_GITHUB-TOKEN", "ghs_é"),
            ("INPUT_API-URL", "https://me:hunter2@api.example.com"),
            ("INPUT_EXTRA-CONFIG", "{\"password\": hunter2}"),
        ]);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(!["en-123", "ghs_", "hunter2"].iter().any(|secret| text.contains(secret)), "{text}");
    }

    #[test]
    fn plain_http_needs_permission() {
        let address = ("INPUT_API-URL", "http://datascale.internal:8080");
        assert!(refused([address]).contains("allow-http: true"));
        assert!(resolve([address, ("INPUT_ALLOW-HTTP", "true")]).is_ok());
    }

    #[test]
    fn the_workspace_is_found_below_the_job_folder() {
        let workspace = |variables: [(&str, &str); 2]| resolve(variables).expect("valid").workspace;
        let job = ("GITHUB_WORKSPACE", "/github/workspace");
        assert_eq!(workspace([job, ("INPUT_WORKSPACE", "")]), PathBuf::from("/github/workspace"));
        assert_eq!(workspace([job, ("INPUT_WORKSPACE", "warehouse")]), PathBuf::from("/github/workspace/warehouse"));
        assert_eq!(workspace([job, ("INPUT_WORKSPACE", "/elsewhere")]), PathBuf::from("/elsewhere"));
    }
}
