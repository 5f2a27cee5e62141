//! The command line → one [`Command`]. Nothing is printed here: help, version and errors are a [`CliExit`].
//!
//! Sub-commands and their own arguments are declared with clap's derive; the flags of settings come from the table in
//! [`crate::settings::inputs`], so that help, `action.yml` and the documentation speak from one source.

mod text;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ContextKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::env::Environment;
use crate::exit::ExitStatus;
use crate::settings::inputs::{self, Input, InputKind};
use crate::settings::{Flags, Settings};

/// What the user asks for, with the settings resolved.
#[derive(Debug, Clone)]
pub enum Command {
    /// The whole pipeline, from the environment of a CI job.
    Run(Settings),
    /// The report of a change on this machine: no network, nothing is published.
    Preview {
        /// Settings.
        settings: Settings,
        /// The revision to compare with; `None` for the merge base with the default branch.
        base: Option<String>,
        /// The state to look at.
        head: PreviewHead,
        /// How the report is printed.
        format: PreviewFormat,
    },
    /// The graph of some SQL.
    Lineage {
        /// Settings.
        settings: Settings,
        /// The SQL.
        sources: LineageSources,
        /// How the graph is printed.
        format: LineageFormat,
        /// A file with the columns of tables that the SQL does not define.
        schema: Option<PathBuf>,
    },
    /// Files sent to the ingest API.
    Ingest {
        /// Settings.
        settings: Settings,
        /// Files and folders; at least one.
        paths: Vec<PathBuf>,
        /// Whether the plan is printed and nothing sent.
        dry_run: bool,
        /// Whether only the outcome is printed.
        quiet: bool,
    },
    /// The pipeline on a bundled warehouse, against an ingest endpoint in this process.
    Demo {
        /// Whether the repository is left on disk.
        keep: bool,
    },
}

/// The state that `preview` looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewHead {
    /// The files on disk, uncommitted and untracked ones included.
    Worktree,
    /// A revision, as the user wrote it. It never starts with a hyphen.
    Revision(String),
}

/// How `preview` prints its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewFormat {
    /// For reading in a terminal.
    Terminal,
    /// The comment as it would be posted, without links to files and what the catalog says.
    Markdown(CommentForge),
    /// The JSON report.
    Json,
}

/// The forge that a comment is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CommentForge {
    /// GitHub.
    #[value(name = "github")]
    GitHub,
    /// GitLab.
    #[value(name = "gitlab")]
    GitLab,
}

/// Where `lineage` finds its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineageSources {
    /// On standard input, as one file.
    Stdin,
    /// In files and folders; at least one.
    Paths(Vec<PathBuf>),
}

/// How `lineage` prints its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LineageFormat {
    /// The tool's own contract (docs/json.md).
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// OpenLineage events, one a line.
    #[value(name = "openlineage")]
    OpenLineage,
}

/// The end of a process that has nothing to run: help, the version, or what is wrong with the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliExit {
    /// What to print.
    pub text: String,
    /// Where to print it.
    pub stream: Stream,
    /// How to end.
    pub status: ExitStatus,
}

/// Where a text is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: what was asked for.
    Stdout,
    /// Standard error: talk.
    Stderr,
}

impl CliExit {
    fn usage(text: &str) -> Self {
        Self { text: text::without_workflow_commands(text), stream: Stream::Stderr, status: ExitStatus::Usage }
    }

    fn from_clap(error: &clap::Error) -> Self {
        let mut text = error.render().to_string();
        if error.use_stderr() {
            let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
            text.push_str(text::token_hint(&argument).unwrap_or_default());
            return Self::usage(&text);
        }
        Self { text, stream: Stream::Stdout, status: ExitStatus::Done }
    }
}

/// What to say when the tool is called without arguments outside of a CI job that it knows.
#[must_use]
pub fn laptop_hint() -> CliExit {
    CliExit { text: text::LAPTOP_HINT.to_owned(), stream: Stream::Stderr, status: ExitStatus::Usage }
}

/// Reads the command line (the program's name first) and resolves the settings.
///
/// # Errors
/// [`CliExit`] for help and version (exit code 0) and for wrong usage (exit code 2).
pub fn parse<A>(arguments: A, environment: &Environment) -> Result<Command, CliExit>
where
    A: IntoIterator<Item: Into<OsString> + Clone>,
{
    let matches = command_line().try_get_matches_from(arguments).map_err(|error| CliExit::from_clap(&error))?;
    let parsed = Arguments::from_arg_matches(&matches).map_err(|error| CliExit::from_clap(&error))?;
    let flags = given_flags(matches.subcommand().map_or(&matches, |(_, matches)| matches));
    let settings =
        Settings::resolve(&flags, environment).map_err(|invalid| CliExit::usage(&text::of_invalid(&invalid)))?;
    match parsed.command {
        None => Ok(Command::Run(settings)),
        Some(SubCommand::Preview(arguments)) => arguments.command(settings),
        Some(SubCommand::Lineage(arguments)) => arguments.command(settings),
        Some(SubCommand::Ingest(IngestArguments { paths, dry_run, quiet })) => {
            Ok(Command::Ingest { settings, paths: or_current_folder(paths), dry_run, quiet })
        }
        Some(SubCommand::Demo(DemoArguments { keep })) => Ok(Command::Demo { keep }),
    }
}

/// The declared command line and the flags of the settings table.
fn command_line() -> clap::Command {
    Arguments::command()
        .args(flags(&inputs::ALL))
        .after_long_help(text::after_help())
        .mut_subcommand("preview", |command| command.args(flags(&inputs::OF_PREVIEW)))
        .mut_subcommand("lineage", |command| command.args(flags(&inputs::OF_LINEAGE)))
        .mut_subcommand("ingest", |command| command.args(flags(&inputs::OF_INGEST)))
}

fn flags(inputs: &[&'static Input]) -> Vec<clap::Arg> {
    let flags = inputs.iter().filter(|input| input.is_flag());
    flags
        .map(|input| {
            let action = match input.kind {
                InputKind::List => clap::ArgAction::Append,
                InputKind::Single | InputKind::Secret => clap::ArgAction::Set,
            };
            clap::Arg::new(input.name)
                .long(input.name)
                .value_name(input.value_name)
                .help(input.summary())
                .long_help(text::long_help(input))
                .help_heading("Settings")
                .action(action)
        })
        .collect()
}

/// The settings that the command line gives, of those that the sub-command has.
fn given_flags(matches: &ArgMatches) -> Flags {
    let mut flags = Flags::default();
    for input in inputs::ALL {
        if let Ok(Some(values)) = matches.try_get_many::<String>(input.name) {
            flags.set(input, values.map(String::as_str));
        }
    }
    flags
}

fn or_current_folder(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    if paths.is_empty() { vec![PathBuf::from(".")] } else { paths }
}

#[derive(Debug, Parser)]
#[command(
    name = "ingest-action",
    version,
    about = "SQL lineage for change requests: what moved, what breaks downstream, and what the catalog said",
    long_about = text::ABOUT,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<SubCommand>,
}

#[derive(Debug, Subcommand)]
enum SubCommand {
    Preview(PreviewArguments),
    Lineage(LineageArguments),
    Ingest(IngestArguments),
    Demo(DemoArguments),
}

/// Print the report of a change on this machine: no network, no token, nothing is published
#[derive(Debug, Args)]
#[command(after_help = text::PREVIEW_EXAMPLES)]
struct PreviewArguments {
    /// Revision to compare with [default: the merge base of head with the default branch]
    #[arg(long, value_name = "REV", value_parser = revision)]
    base: Option<String>,
    /// Revision to look at, or `worktree` for the files on disk, untracked ones included
    #[arg(long, value_name = "REV", default_value = WORKTREE, value_parser = revision)]
    head: String,
    /// How to print the report [default: terminal, or markdown with --forge]
    #[arg(long)]
    format: Option<PreviewFormatName>,
    /// Print the comment as it would be posted on this forge, without links to files and what the catalog says
    #[arg(long)]
    forge: Option<CommentForge>,
}

const WORKTREE: &str = "worktree";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PreviewFormatName {
    Terminal,
    Markdown,
    Json,
}

impl PreviewArguments {
    fn command(self, settings: Settings) -> Result<Command, CliExit> {
        let format = match (self.format, self.forge) {
            (None | Some(PreviewFormatName::Markdown), Some(forge)) => PreviewFormat::Markdown(forge),
            (Some(PreviewFormatName::Markdown), None) => PreviewFormat::Markdown(CommentForge::GitHub),
            (None | Some(PreviewFormatName::Terminal), None) => PreviewFormat::Terminal,
            (Some(PreviewFormatName::Json), None) => PreviewFormat::Json,
            (Some(PreviewFormatName::Terminal | PreviewFormatName::Json), Some(_)) => {
                return Err(CliExit::usage("error: --forge prints a comment, which only --format markdown does\n"));
            }
        };
        let head = if self.head == WORKTREE { PreviewHead::Worktree } else { PreviewHead::Revision(self.head) };
        Ok(Command::Preview { settings, base: self.base, head, format })
    }
}

/// A revision for git to look up: one word, and nothing that git could take for an option.
fn revision(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.starts_with('-') || text.contains(|character: char| character.is_control()) {
        return Err("a revision is a commit, branch or tag such as origin/main");
    }
    Ok(text.to_owned())
}

/// Print the lineage graph of SQL files, folders or standard input
#[derive(Debug, Args)]
#[command(after_help = text::LINEAGE_EXAMPLES)]
struct LineageArguments {
    /// Files and folders, or `-` for standard input [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to print the graph
    #[arg(long, default_value = "json")]
    format: LineageFormat,
    /// Columns of tables that the SQL does not define: JSON such as {"orders": ["id", "total"]}, or DDL
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

impl LineageArguments {
    fn command(self, settings: Settings) -> Result<Command, CliExit> {
        let stdin = self.paths.iter().filter(|path| path.as_os_str() == "-").count();
        let sources = match (stdin, self.paths.len()) {
            (0, _) => LineageSources::Paths(or_current_folder(self.paths)),
            (1, 1) => LineageSources::Stdin,
            _ => return Err(CliExit::usage("error: `-` (standard input) cannot be combined with other paths\n")),
        };
        Ok(Command::Lineage { settings, sources, format: self.format, schema: self.schema })
    }
}

/// Send SQL files to the ingest API, for a first load or to fill gaps
#[derive(Debug, Args)]
#[command(after_help = text::INGEST_EXAMPLES)]
struct IngestArguments {
    /// Files and folders [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the outcome, and nothing on the way
    #[arg(long, short)]
    quiet: bool,
}

/// Run the whole pipeline on a bundled example: no account, no network beyond this machine
#[derive(Debug, Args)]
struct DemoArguments {
    /// Leave the example's repository on disk and say where it is
    #[arg(long)]
    keep: bool,
}

#[cfg(test)]
mod tests;
