//! Real git repositories in temporary folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use ingest_action::changes::ChangesOptions;
use ingest_action::revision::CommitId;
use tempfile::TempDir;

use crate::harness::{output, scrubbed};

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

    /// Makes a branch at the current commit and goes there.
    pub fn branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-b", name]);
    }

    /// Goes to a revision.
    pub fn switch_to(&self, revision: &str) {
        self.git(&["checkout", "--quiet", revision]);
    }

    /// Merges a revision with a commit of its own (parents: current, merged), as GitHub does for a pull request.
    pub fn merge(&self, revision: &str) -> CommitId {
        self.git(&["merge", "--quiet", "--no-ff", "-m", "merge", revision]);
        self.head()
    }

    /// The current commit.
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
        ChangesOptions {
            workspace: self.path().to_path_buf(),
            files: vec![],
            exclude: vec![],
            max_file_bytes: 100_000,
            base_manifest: None,
        }
    }
}

/// Runs git as nobody in particular, whatever this machine's configuration says, and always at the same time: equal
/// histories have equal commit ids.
pub fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = scrubbed("git", folder);
    command.current_dir(folder).args(["-c", "safe.directory=*", "-c", "protocol.file.allow=always"]);
    command.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@shop.example");
        command.env(format!("GIT_{who}_DATE"), "2026-01-01T12:00:00Z");
    }
    output(command, input.as_bytes())
}

#[test]
fn equal_histories_have_equal_commits() {
    let build = || {
        let repository = Repository::new();
        repository.write("models/a b.sql", "select 1");
        repository.commit("one");
        repository.branch("change");
        repository.write("b.sql", "select 2");
        repository.remove("models/a b.sql");
        repository.commit("two");
        repository.switch_to("main");
        repository.merge("change")
    };
    assert_eq!(build(), build());
}

#[test]
fn a_shallow_checkout_of_a_merge_knows_its_parents_and_has_none() {
    let origin = Repository::new();
    origin.write("a.sql", "select 1");
    let base = origin.commit("base");
    origin.branch("change");
    origin.write("a.sql", "select 2");
    let change = origin.commit("change");
    origin.switch_to("main");
    let merge = origin.merge("change");
    let clone = Repository::checkout(&origin, &merge, &["--depth=1"]);
    let raw = clone.git(&["cat-file", "-p", "HEAD"]);
    assert!(raw.contains(&format!("parent {base}\nparent {change}\n")), "{raw}");
    assert_eq!(clone.git(&["rev-list", "--count", "HEAD"]), "1");
}
