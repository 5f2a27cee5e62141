//! Real git repositories in temporary folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ingest_action::changes::ChangesOptions;
use ingest_action::revision::CommitId;
use tempfile::TempDir;

/// A repository with a work tree; gone when dropped.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// An empty repository on branch `main`.
    pub fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().expect("a folder") };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            repository.git(&["config", setting, "true"]);
        }
        repository
    }

    /// A clone as CI makes it: one commit checked out, `origin` another folder.
    pub fn checkout(origin: &Self, commit: &CommitId, fetch_options: &[&str]) -> Self {
        let clone = Self::new();
        clone.git(&["remote", "add", "origin", &origin.address()]);
        let fetch = ["fetch", "--quiet", "--no-tags"].iter().chain(fetch_options);
        let fetch: Vec<&str> = fetch.copied().chain(["origin", commit.as_str()]).collect();
        clone.git(&fetch);
        clone.git(&["checkout", "--quiet", "--detach", commit.as_str()]);
        clone
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn address(&self) -> String {
        format!("file://{}", self.path().display())
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder made");
        fs::write(&path, content).expect("file written");
        path
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).expect("file removed");
    }

    /// Commits everything on disk.
    pub fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "--all"]);
        self.commit_index(message)
    }

    /// Commits what is staged.
    pub fn commit_index(&self, message: &str) -> CommitId {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    pub fn head(&self) -> CommitId {
        CommitId::parse(&self.git(&["rev-parse", "HEAD"])).expect("a commit")
    }

    /// Runs git; its trimmed output.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_with_input(arguments, "")
    }

    pub fn git_with_input(&self, arguments: &[&str], input: &str) -> String {
        let output = run(self.path(), arguments, input);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn options(&self) -> ChangesOptions {
        ChangesOptions { workspace: self.path().to_path_buf(), files: vec![], exclude: vec![], max_file_bytes: 100_000 }
    }
}

/// Runs git as nobody in particular, whatever this machine's configuration says.
#[expect(clippy::disallowed_methods, reason = "tests build their repositories with git itself")]
pub fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut child = Command::new("git")
        .current_dir(folder)
        .args(["-c", "safe.directory=*", "-c", "protocol.file.allow=always"])
        .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@shop.example")])
        .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@shop.example")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("input written");
    child.wait_with_output().expect("git ends")
}
