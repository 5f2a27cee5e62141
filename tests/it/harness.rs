//! The real program in a scrubbed environment, and git repositories built on the spot.

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
        for secret in &self.secrets {
            assert!(!ended.stdout.contains(secret), "a secret is on standard output");
            assert!(!ended.stderr.contains(secret), "a secret is on standard error");
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

/// A git repository in a temporary folder. Author and dates are fixed, so that equal histories have equal commit ids.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// An empty repository on the branch `main`.
    pub fn new() -> Self {
        let repository = Self { folder: TempDir::new().expect("a temporary folder") };
        repository.git(["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    /// A clone of `origin` that holds one commit and no history, as `actions/checkout` makes it.
    pub fn shallow_clone(origin: &Self, commit: &str) -> Self {
        let repository = Self::new();
        let url = format!("file://{}", origin.path().display());
        repository.git(["remote", "add", "origin", &url]);
        repository.git(["fetch", "--quiet", "--depth=1", "origin", commit]);
        repository.git(["checkout", "--quiet", "--detach", commit]);
        repository
    }

    /// The work tree's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and the folders that lead to it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders are made");
        std::fs::write(path, content).expect("the file is written");
        self
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.path().join(path)).expect("the file is removed");
        self
    }

    /// Commits everything in the work tree and gives the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    /// Makes a branch at the current commit and goes there.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(["checkout", "--quiet", "-b", name]);
        self
    }

    /// Goes to a revision.
    pub fn checkout(&self, revision: &str) -> &Self {
        self.git(["checkout", "--quiet", revision]);
        self
    }

    /// Merges a revision into the current one with a commit of its own (parents: current, merged), as GitHub does for
    /// a pull request, and gives the commit's id.
    pub fn merge(&self, revision: &str) -> String {
        self.git(["merge", "--quiet", "--no-ff", "--message", "merge", revision]);
        self.head()
    }

    /// The id of the current commit.
    pub fn head(&self) -> String {
        self.git(["rev-parse", "HEAD"])
    }

    /// Runs git and gives its output without the final line end.
    pub fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        let mut command = scrubbed("git", self.path());
        command.args(["-c", "protocol.file.allow=always", "-c", "uploadpack.allowAnySHA1InWant=true"]).args(arguments);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Test").env(format!("GIT_{who}_EMAIL"), "test@example.com");
            command.env(format!("GIT_{who}_DATE"), "2026-01-01T12:00:00Z");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").current_dir(self.path());
        let ended = Ended::from(output(command, b"")).expect_code(0);
        ended.stdout.trim_end().to_owned()
    }
}

/// A command that sees PATH and HOME alone.
#[expect(clippy::disallowed_methods, reason = "the tests run the real program and build repositories with git")]
fn scrubbed(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn output(mut command: Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    // A program that does not read its input closes it; that is its right.
    drop(child.stdin.take().expect("a pipe").write_all(stdin));
    child.wait_with_output().expect("the program ends")
}

#[test]
fn equal_histories_have_equal_commits() {
    let build = || {
        let repository = Repository::new();
        repository.write("models/a b.sql", "select 1").commit("one");
        repository.branch("change").write("b.sql", "select 2").remove("models/a b.sql").commit("two");
        repository.checkout("main").merge("change")
    };
    assert_eq!(build(), build());
}

#[test]
fn a_shallow_clone_of_a_merge_knows_its_parents_and_has_none() {
    let origin = Repository::new();
    let base = origin.write("a.sql", "select 1").commit("base");
    let change = origin.branch("change").write("a.sql", "select 2").commit("change");
    let merge = origin.checkout("main").merge("change");
    let clone = Repository::shallow_clone(&origin, &merge);
    let raw = clone.git(["cat-file", "-p", "HEAD"]);
    assert!(raw.contains(&format!("parent {base}\nparent {change}\n")), "{raw}");
    assert_eq!(clone.git(["rev-list", "--count", "HEAD"]), "1");
}
