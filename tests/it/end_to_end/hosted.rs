//! A repository as a forge has it: a branch that left `main`, `main` that moved on, and the merge of both.

use ingest_action::revision::CommitId;

use crate::repository::Repository;

/// Files by path.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// A hosted repository with one open change request, number 7.
pub struct Hosted {
    /// What `origin` is.
    pub repository: Repository,
    /// Where the branch left `main`.
    pub left: CommitId,
    /// Tip of `main`.
    pub main: CommitId,
    /// Tip of `topic`.
    pub topic: CommitId,
    /// Their merge, `refs/pull/7/merge`.
    pub merge: CommitId,
}

impl Hosted {
    /// A repository that holds no SQL before and after.
    pub fn without_sql() -> Self {
        Self::new(&[("README.md", "# Nothing\n")], &[("main.py", "print()\n")])
    }

    /// `main` with these files, and a branch that writes some files (an empty text removes one).
    pub fn new(base: Files<'_>, change: Files<'_>) -> Self {
        let repository = Repository::new();
        write(&repository, base);
        let left = repository.commit("start");
        repository.branch("topic");
        write(&repository, change);
        let topic = repository.commit("the change");
        repository.switch_to("main");
        write(&repository, &[("later.md", "later\n")]);
        let main = repository.commit("main moved on");
        repository.git(&["checkout", "--quiet", "--detach"]);
        let merge = repository.merge(topic.as_str());
        repository.git(&["update-ref", "refs/pull/7/merge", merge.as_str()]);
        repository.git(&["update-ref", "refs/pull/7/head", topic.as_str()]);
        repository.switch_to("main");
        Self { repository, left, main, topic, merge }
    }

    /// One commit checked out and no history, as `actions/checkout` makes it.
    pub fn checkout(&self, commit: &CommitId) -> Repository {
        Repository::checkout(&self.repository, commit, &["--depth=1"])
    }
}

fn write(repository: &Repository, files: Files<'_>) {
    for (path, text) in files {
        match *text {
            "" => repository.remove(path),
            text => drop(repository.write(path, text)),
        }
    }
}
