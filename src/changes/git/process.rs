//! Running the `git` program: which options and variables every call gets, and what its end means.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::GitError;

/// How long a command may take that may use the network.
const TIME: Duration = Duration::from_secs(120);
/// How long git's pipes may stay open after its end.
const GRACE: Duration = Duration::from_secs(5);
/// How much of git's own words an error keeps, in characters.
const REASON_LENGTH: usize = 300;

/// Options of every call. Prompts are turned off by environment, see [`command`].
const OPTIONS: [&str; 22] = [
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "safe.bareRepository=explicit",
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

/// Git, in a folder, with everything turned off that a repository could turn on.
#[expect(clippy::disallowed_methods, reason = "this is the one place that runs git")]
pub(super) fn command(folder: &Path) -> Command {
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

pub(super) fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let name = arguments.first().copied().unwrap_or_default();
    let output = command(folder).args(arguments).output().map_err(|source| not_run(name, source))?;
    checked(name, output.status, &output.stderr).map(|()| output.stdout)
}

pub(super) fn not_run(command: &str, source: io::Error) -> GitError {
    match source.kind() {
        io::ErrorKind::NotFound => GitError::NotInstalled,
        _ => GitError::Io { command: command.to_owned(), source },
    }
}

pub(super) fn checked(command: &str, status: ExitStatus, words: &[u8]) -> Result<(), GitError> {
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

/// Runs a command that may hang on the network, for [`TIME`] at most.
pub(super) fn run_bounded(mut command: Command, name: &str) -> Result<Vec<u8>, GitError> {
    let io = |source| not_run(name, source);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(io)?;
    let (output, words) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
    let Some(status) = wait_until(&mut child, Instant::now() + TIME).map_err(io)? else {
        let reason = format!("it took longer than {} s", TIME.as_secs());
        return Err(GitError::Failed { command: name.to_owned(), reason });
    };
    let late = |_| io(io::ErrorKind::TimedOut.into());
    let words = words.recv_timeout(GRACE).map_err(late)?;
    checked(name, status, &words)?;
    output.recv_timeout(GRACE).map_err(late)
}

/// Reads a pipe to its end on a thread of its own: helpers of git may hold it open after git is gone.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A read error ends the output; the exit status tells whether that matters.
            let _read = pipe.read_to_end(&mut bytes);
        }
        // No one listens any more once the deadline has passed.
        let _sent = sender.send(bytes);
    });
    receiver
}

/// Waits for the child's end; past the deadline it is killed, and there is no status.
fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_never_reach_an_error() {
        let line = "fatal: unable to access 'https://ci-token:s3cret@git.example/a.git/': no, nor ssh://x:y@h";
        assert_eq!(without_credentials(line), "fatal: unable to access 'https://git.example/a.git/': no, nor ssh://h");
    }
}
