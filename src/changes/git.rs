//! The only place that runs git.
//!
//! Every call is git itself (no shell) with the repository's own surprises turned off: hooks, file system monitors,
//! pagers, prompts, replaced objects, and the `GIT_*` variables of whoever started us. `safe.directory=*` is given per
//! call, since CI checks out as another user. The exit status is always looked at: where git only warns, its output is
//! not what it seems to be. Nothing here checks anything out or writes to the work tree; `fetch` adds objects.

mod blobs;
mod tree;
mod worktree;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::disk::path_from;
use crate::revision::CommitId;

pub(super) use blobs::Wanted;

/// How long a fetch may take.
const FETCH_TIME: Duration = Duration::from_secs(120);
/// How much of git's own words an error keeps, in characters.
const REASON_LENGTH: usize = 300;

/// Options of every call. Prompts are turned off by environment, see [`command`].
const OPTIONS: [&str; 20] = [
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "safe.directory=*",
    "-c",
    "core.quotepath=off",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "submodule.recurse=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
];

/// Variables that would send git elsewhere (set inside of hooks, for one) or make it run or print something.
const CLEARED: [&str; 36] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PAGER",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_WORK_TREE",
];

/// Why git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` on the PATH.
    #[error("git is not installed")]
    NotInstalled,
    /// The folder is in no repository.
    #[error("{} is not inside a git repository", folder.display())]
    NotARepository {
        /// The folder.
        folder: PathBuf,
    },
    /// Git ran and refused.
    #[error("`git {command}` failed: {reason}")]
    Failed {
        /// The subcommand.
        command: String,
        /// Git's own words, shortened, without credentials. Hostile text.
        reason: String,
    },
    /// Git's output is not what its documentation says.
    #[error("`git {command}` printed something unexpected")]
    Unexpected {
        /// The subcommand.
        command: &'static str,
    },
    /// Asking `origin` is not allowed here.
    #[error("the object is not in this clone, and this command uses no network")]
    Offline,
    /// Git could not be run or talked to.
    #[error("`git {command}` could not be run")]
    Io {
        /// The subcommand.
        command: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Whether `origin` may be asked for what this clone lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// In CI.
    Allowed,
    /// On a laptop.
    Forbidden,
}

/// A git repository with a work tree.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top folder, links resolved.
    root: PathBuf,
    network: Network,
}

impl Repository {
    /// Finds the repository that holds `folder`.
    pub(super) fn open(folder: &Path, network: Network) -> Result<Self, GitError> {
        let not_here = || GitError::NotARepository { folder: folder.to_path_buf() };
        if !folder.is_dir() {
            return Err(not_here());
        }
        match run(folder, &["rev-parse", "--show-toplevel"]) {
            Ok(output) => {
                let root = path_from(output.strip_suffix(b"\n").unwrap_or(&output));
                let root = root.canonicalize().unwrap_or(root);
                Ok(Self { root, network })
            }
            Err(GitError::Failed { .. }) => Err(not_here()),
            Err(error) => Err(error),
        }
    }

    /// The commit that a text names (`main`, `HEAD~2`, a short id); `None` when it names none. The text is hostile: it
    /// cannot become an option.
    pub(super) fn resolve(&self, revision: &str) -> Result<Option<CommitId>, GitError> {
        let object = format!("{revision}^{{commit}}");
        match self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &object]) {
            Ok(output) => Ok(Some(commit(&output, "rev-parse")?)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the commit is in this clone.
    pub(super) fn has(&self, id: &CommitId) -> bool {
        self.run(&["cat-file", "-e", &format!("{id}^{{commit}}")]).is_ok()
    }

    /// The commit's parents as the commit itself states them: also those that a shallow clone does not have.
    pub(super) fn parents(&self, id: &CommitId) -> Result<Vec<CommitId>, GitError> {
        let object = self.run(&["cat-file", "commit", id.as_str()])?;
        let text = String::from_utf8_lossy(&object);
        let header = text.lines().take_while(|line| !line.is_empty());
        header
            .filter_map(|line| line.strip_prefix("parent "))
            .map(|id| CommitId::parse(id).map_err(|_| GitError::Unexpected { command: "cat-file" }))
            .collect()
    }

    /// Git's name for "nothing", which stands for the base of a first commit.
    pub(super) fn empty_tree(&self) -> Result<CommitId, GitError> {
        commit(&self.run(&["hash-object", "-t", "tree", "--stdin"])?, "hash-object")
    }

    /// The best common ancestor that this clone knows; `None` when it knows none.
    pub(super) fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, GitError> {
        match self.run(&["merge-base", one.as_str(), other.as_str()]) {
            Ok(output) => Ok(Some(commit(&output, "merge-base")?)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit that `origin` has under a full reference name (`refs/pull/7/merge`).
    pub(super) fn remote_reference(&self, reference: &str) -> Result<Option<CommitId>, GitError> {
        self.online()?;
        let output = run_bounded(self.networked(&["ls-remote", "--quiet", "origin", reference]), "ls-remote")?;
        let line = String::from_utf8_lossy(&output);
        Ok(line.split_whitespace().next().and_then(|id| CommitId::parse(id).ok()))
    }

    /// Gets one commit with its tree from `origin`, without its history.
    pub(super) fn fetch(&self, id: &CommitId) -> Result<(), GitError> {
        self.online()?;
        let mut arguments = vec!["fetch"];
        // In a whole clone a depth would cut history that is there.
        if self.run(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true") {
            arguments.push("--depth=1");
        }
        arguments.extend(FETCH_OPTIONS);
        arguments.extend(["origin", id.as_str()]);
        run_bounded(self.networked(&arguments), "fetch").map(drop)
    }

    /// Runs git in the repository; objects that a partial clone lacks are not fetched.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        run(&self.root, arguments)
    }

    fn online(&self) -> Result<(), GitError> {
        if self.network == Network::Allowed { Ok(()) } else { Err(GitError::Offline) }
    }

    /// A command that may ask `origin`, where that is allowed.
    fn networked(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.root);
        if self.network == Network::Allowed {
            command.env_remove("GIT_NO_LAZY_FETCH");
        }
        command.args(arguments);
        command
    }
}

/// Options of every fetch: nothing but objects is written.
const FETCH_OPTIONS: [&str; 5] =
    ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];

/// Git, in a folder, with everything turned off that a repository could turn on.
#[expect(clippy::disallowed_methods, reason = "this is the one place that runs git")]
fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for name in CLEARED {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .args(OPTIONS)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("SSH_ASKPASS_REQUIRE", "never")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let name = arguments.first().copied().unwrap_or_default();
    let output = command(folder).args(arguments).output().map_err(|source| not_run(name, source))?;
    checked(name, output.status, &output.stderr).map(|()| output.stdout)
}

fn not_run(command: &str, source: io::Error) -> GitError {
    match source.kind() {
        io::ErrorKind::NotFound => GitError::NotInstalled,
        _ => GitError::Io { command: command.to_owned(), source },
    }
}

fn checked(command: &str, status: ExitStatus, words: &[u8]) -> Result<(), GitError> {
    if status.success() {
        return Ok(());
    }
    Err(GitError::Failed { command: command.to_owned(), reason: reason(words, status) })
}

/// Git's last words: the lines that say what is fatal, without credentials in addresses.
fn reason(words: &[u8], status: ExitStatus) -> String {
    let words = String::from_utf8_lossy(words);
    let told = words.lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = told.or_else(|| words.lines().next()).unwrap_or_default();
    if line.is_empty() {
        return status.to_string();
    }
    without_credentials(line).chars().filter(|character| !character.is_control()).take(REASON_LENGTH).collect()
}

/// `https://user:token@host` → `https://host`.
fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("://");
        let authority = part.find(['/', ' ', '\'', '"']).unwrap_or(part.len());
        match part.get(..authority).and_then(|host| host.rfind('@')) {
            Some(at) => clean.push_str(part.get(at.saturating_add(1)..).unwrap_or_default()),
            None => clean.push_str(part),
        }
    }
    clean
}

/// Runs a command that may hang on the network, for [`FETCH_TIME`] at most.
fn run_bounded(mut command: Command, name: &str) -> Result<Vec<u8>, GitError> {
    let io = |source| not_run(name, source);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(io)?;
    let (output, words) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let output = scope.spawn(|| read_all(output));
        let words = scope.spawn(|| read_all(words));
        let status = wait_until(&mut child, Instant::now() + FETCH_TIME).map_err(io)?;
        let output = output.join().unwrap_or_default();
        let words = words.join().unwrap_or_default();
        checked(name, status, &words).map(|()| output)
    })
}

/// What a pipe holds. A read error ends it; the exit status then tells whether that matters.
fn read_all(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ends_early = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// Waits for the child's end; past the deadline it is killed.
fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<ExitStatus> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            return child.wait();
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

fn commit(output: &[u8], command: &'static str) -> Result<CommitId, GitError> {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().next().unwrap_or_default();
    CommitId::parse(line).map_err(|_| GitError::Unexpected { command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_never_reach_an_error() {
        let line = "fatal: unable to access 'https://ci-token:s3cret@git.example/a.git/': no, nor ssh://x:y@h";
        assert_eq!(without_credentials(line), "fatal: unable to access 'https://git.example/a.git/': no, nor ssh://h");
    }

    #[test]
    fn a_folder_without_repository_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Repository::open(folder.path(), Network::Forbidden).expect_err("no repository");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    }
}
