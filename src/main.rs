//! The process edge: arguments, environment, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use ingest_action::cli::{self, CliExit, Command, Stream};
use ingest_action::env::Environment;

fn main() -> ExitCode {
    let environment = Environment::from_os(std::env::vars_os());
    match cli::parse(std::env::args_os(), &environment) {
        Ok(command) => run(command),
        Err(end) => say(&end),
    }
}

fn run(command: Command) -> ExitCode {
    match command {
        Command::Run(_)
        | Command::Preview { .. }
        | Command::Lineage { .. }
        | Command::Ingest { .. }
        | Command::Demo { .. } => say(&cli::laptop_hint()),
    }
}

/// Prints the end's text. A reader that has gone away (`--help | head -1`) is no failure.
fn say(end: &CliExit) -> ExitCode {
    let written = match end.stream {
        Stream::Stdout => std::io::stdout().write_all(end.text.as_bytes()),
        Stream::Stderr => std::io::stderr().write_all(end.text.as_bytes()),
    };
    drop(written);
    ExitCode::from(end.status.code())
}
