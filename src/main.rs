//! The process edge: arguments, environment, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use ingest_action::cli::{self, CliExit, Command, Stream};
use ingest_action::commands;
use ingest_action::env::Environment;
use ingest_action::exit::ExitStatus;
use mimalloc::MiMalloc;

/// Trees of SQL are many small allocations on several threads, which the C library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let environment = Environment::from_os(std::env::vars_os());
    match cli::parse(std::env::args_os(), &environment) {
        Ok(command) => run(command, &environment),
        Err(end) => say(&end),
    }
}

/// One thread is enough for waiting on the network; lineage brings threads of its own.
fn run(command: Command, environment: &Environment) -> ExitCode {
    let status = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(commands::run(command, environment)),
        Err(_) => ExitStatus::Internal,
    };
    ExitCode::from(status.code())
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
