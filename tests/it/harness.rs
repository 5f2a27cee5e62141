//! The real program in a scrubbed environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// One call of the program, put together step by step.
pub struct Tool {
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    stdin: Vec<u8>,
    secrets: Vec<String>,
}

/// What a call printed and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Tool {
    pub fn new<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            variables: BTreeMap::new(),
            folder: None,
            stdin: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Sets a variable; without it the program sees PATH and HOME alone.
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.into(), value.as_ref().to_owned());
        self
    }

    /// Sets a variable to a secret that must show up in no output.
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        self.variable(name, value)
    }

    /// Sets the current folder; an empty one of its own otherwise.
    pub fn current_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// Gives the program a standard input.
    pub fn stdin(mut self, input: &str) -> Self {
        self.stdin = input.as_bytes().to_vec();
        self
    }

    /// Runs the program to its end and checks that no secret was printed.
    pub fn run(self) -> Ended {
        let home = TempDir::new().expect("a temporary folder");
        let folder = self.folder.unwrap_or_else(|| home.path().to_path_buf());
        let mut command = scrubbed(env!("CARGO_BIN_EXE_ingest-action"), home.path());
        command.args(&self.arguments).current_dir(folder).envs(&self.variables);
        let ended = Ended::from(output(command, &self.stdin));
        // The runner learns what to mask by being told; it shows no such line.
        let shown: Vec<&str> = ended.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        let shown = shown.join("\n");
        for secret in &self.secrets {
            assert!(!shown.contains(secret), "a secret is on standard output:\n{shown}");
            assert!(!ended.stderr.contains(secret), "a secret is on standard error:\n{}", ended.stderr);
        }
        ended
    }
}

impl Ended {
    /// Checks the exit code, and shows both streams where it is another.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the program was not killed by a signal"),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

/// A command that sees PATH and HOME alone.
#[expect(clippy::disallowed_methods, reason = "the tests run the real program and build repositories with git")]
pub fn scrubbed(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Runs a command to its end, with this standard input.
pub fn output(mut command: Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    // A program that does not read its input closes it; that is its right.
    drop(child.stdin.take().expect("a pipe").write_all(stdin));
    child.wait_with_output().expect("the program ends")
}
