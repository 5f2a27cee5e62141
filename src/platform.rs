//! Event payloads and CI variables → [`context::RunContext`]: the second half of the `settings` stage.
//!
//! Pure: text in, value out. The shell reads the environment and the event file; what is in them is hostile text and is
//! parsed here once. Nothing is fetched and no secret is looked at.

pub mod context;
mod github;
mod gitlab;
pub mod local;

use crate::env::Environment;
use context::RunContext;

/// What the environment says about this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// CI, with a change (or a state) to report on.
    Run(Box<RunContext>),
    /// CI, with nothing to report on; why, in one sentence for the log.
    NothingToDo(String),
    /// No CI: a laptop.
    Local,
}

/// Why the environment cannot be understood. Ends the run with exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The event needs its payload and there is none.
    #[error("the event file named by GITHUB_EVENT_PATH is missing, and `{event}` cannot be understood without it")]
    EventMissing {
        /// The event's name.
        event: String,
    },
    /// The payload is not what the event's name promises.
    #[error("the event file named by GITHUB_EVENT_PATH is not the JSON of a `{event}` event")]
    EventUnparsable {
        /// The event's name.
        event: String,
        /// Where the JSON went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A field of the payload is absent or has an impossible value.
    #[error("the event file named by GITHUB_EVENT_PATH has no usable `{field}`")]
    EventField {
        /// The field, dotted.
        field: &'static str,
    },
    /// A variable that CI always sets is absent or has an impossible value.
    #[error("the variable {name} is missing or has no usable value")]
    Variable {
        /// The variable.
        name: &'static str,
    },
}

/// Reads the run's place and subject from the environment.
///
/// `event_payload` is the text of the file at [`event_path`]; `None` where there is no such file. It is only needed for
/// events that carry a change.
///
/// # Errors
/// [`PlatformError`] when CI's own words make no sense. Never guesses: a wrong base would make a wrong report.
pub fn detect(environment: &Environment, event_payload: Option<&str>) -> Result<Detected, PlatformError> {
    if environment.is_true("GITHUB_ACTIONS") || environment.var("GITHUB_EVENT_NAME").is_some() {
        github::detect(environment, event_payload)
    } else if environment.is_true("GITLAB_CI") {
        gitlab::detect(environment)
    } else {
        Ok(Detected::Local)
    }
}

/// Path of the file that holds the event's payload, for the shell to read.
#[must_use]
pub fn event_path(environment: &Environment) -> Option<&str> {
    environment.var("GITHUB_EVENT_PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_ci_variables_the_run_is_local() {
        let environment = Environment::from([("HOME", "/home/me"), ("GITLAB_CI", "")]);
        assert_eq!(detect(&environment, None).expect("no variables, no error"), Detected::Local);
        assert_eq!(event_path(&environment), None);
    }
}
