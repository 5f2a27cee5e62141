//! The texts of the command line: help, examples, hints, and how wrong settings are listed.

use std::fmt::Write as _;

use crate::settings::inputs::{self, Input, InputKind};
use crate::settings::invalid::InvalidSettings;

pub(super) const ABOUT: &str = "\
SQL lineage for change requests: what moved, what breaks downstream, and what the catalog said.

Without arguments, inside a CI job, it reads the change request from the job's environment, compares the lineage of its \
SQL before and after, sends the changed files to the ingest API (with a token), and keeps one comment.";

pub(super) const PREVIEW_EXAMPLES: &str = "\
Examples:
  ingest-action preview                                  uncommitted work against the default branch
  ingest-action preview --base HEAD~1 --head HEAD        the last commit
  ingest-action preview --forge github                   the comment, as it would be posted
  ingest-action preview --format json | jq .verdict      for scripts
  ingest-action preview --fail-on breaking               exit code 10 when something breaks";

pub(super) const LINEAGE_EXAMPLES: &str = "\
Examples:
  ingest-action lineage models/                          every SQL file below a folder
  ingest-action lineage --format mermaid views.sql       a diagram
  echo 'create view v as select a from t' | ingest-action lineage --dialect postgres -";

pub(super) const INGEST_EXAMPLES: &str = "\
Examples:
  ingest-action ingest --dry-run models/                 what would be sent
  DATASCALE_TOKEN=… ingest-action ingest models/         send it

The token is read from DATASCALE_TOKEN alone.";

pub(super) const LAPTOP_HINT: &str = "\
Without arguments, ingest-action reads a change request from the environment of a GitHub Actions or GitLab CI job, and
this is neither. On this machine, try one of these:

  ingest-action demo                 the whole pipeline on a bundled example
  ingest-action preview              the report of your uncommitted work
  ingest-action lineage models/      the lineage of some SQL
  ingest-action --help               everything else
";

const EXAMPLES: &str = "\
Examples:
  ingest-action demo                             see it work, without an account
  ingest-action preview                          the report of uncommitted work, before you push
  ingest-action preview --forge github           the comment that a pull request would get
  ingest-action lineage --format mermaid models/
  ingest-action                                  in CI: everything comes from the environment

Exit codes: 0 done, 1 internal error, 2 usage or settings, 3 the change could not be read, 4 ingest failed \
(on-ingest-error: fail), 5 comment not published (on-publish-error: fail), 10 a condition of fail-on is met.";

/// What follows the options in the long help: the settings that are no flags, examples, exit codes.
pub(super) fn after_help() -> String {
    let mut text =
        "Tokens come from the environment alone, for arguments can be read by every process of the machine:\n"
            .to_owned();
    for input in inputs::ALL.into_iter().filter(|input| input.kind == InputKind::Secret) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {} (input {}): {}", input.variable, input.name, input.help);
    }
    text.push_str("\nEvery setting can be given as a flag, as an input of the GitHub action, or as the variable named with it; the first \
                   of these that is not empty wins.\n\n");
    text.push_str(EXAMPLES);
    text
}

/// A setting's whole help, its default and its variable.
pub(super) fn long_help(input: &Input) -> String {
    let default = if input.default.is_empty() { String::new() } else { format!("[default: {}] ", input.default) };
    format!("{}\n\n{default}[variable: {}]", input.help, input.variable)
}

/// What to do instead, for a token that was given as a flag.
pub(super) fn token_hint(argument: &str) -> Option<&'static str> {
    match argument.strip_prefix("--")? {
        "token" => {
            Some("\nArguments can be read by every process of the machine: give the token as DATASCALE_TOKEN.\n")
        }
        "github-token" | "gitlab-token" => Some(
            "\nArguments can be read by every process of the machine: give the token as GITLAB_TOKEN in a GitLab job, or as the \
                  input github-token of the action.\n",
        ),
        _ => None,
    }
}

/// All wrong settings, one a paragraph, and where to read on.
pub(super) fn of_invalid(invalid: &InvalidSettings) -> String {
    let count = invalid.0.len();
    let what =
        if count == 1 { "a setting cannot be used".to_owned() } else { format!("{count} settings cannot be used") };
    let mut text = format!("error: {what}\n\n");
    for setting in &invalid.0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {setting}");
    }
    text.push_str("\nFor more information, try '--help'.\n");
    text
}

/// The text such that a runner that scans the log finds no command in it: arguments and values may come from a change
/// request, and both `::name::` at the start of a line and `##[name]` anywhere would be obeyed.
pub(super) fn without_workflow_commands(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for line in text.replace("##[", "## [").split_inclusive(['\n', '\r']) {
        if line.trim_start().starts_with("::") {
            safe.push_str("| ");
        }
        safe.push_str(line);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_workflow_command_survives() {
        let text = "error: 'x\n  ::set-output name=a::b\r::error::y' and ##[add-mask]z\n";
        let safe = without_workflow_commands(text);
        assert!(!safe.contains("##["), "{safe}");
        assert!(safe.split(['\n', '\r']).all(|line| !line.trim_start().starts_with("::")), "{safe}");
    }
}
