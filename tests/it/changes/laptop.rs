//! `read_local`: a clone on a laptop.

use std::fs;

use ingest_action::changes::{ChangesError, LocalHead, read_local};
use ingest_action::revision::{BaseRevision, HeadRevision};

use super::repository::Repository;
use super::{changed, text};

/// A repository with a branch `main` and a branch `topic` that left it.
fn with_topic_branch() -> Repository {
    let repository = Repository::new();
    repository.write("views/kept.sql", "select 1");
    repository.write("views/edited.sql", "select 2");
    repository.write("views/gone.sql", "select 3");
    repository.write("views/moved.sql", "select 4");
    repository.write(".gitignore", "scratch/\n");
    repository.commit("base");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.git(&["mv", "views/moved.sql", "views/new name.sql"]);
    repository.write("views/edited.sql", "select 20");
    repository.commit("on the branch");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("views/later.sql", "select 5");
    repository.commit("main moved on");
    repository.git(&["checkout", "--quiet", "topic"]);
    repository
}

#[test]
fn the_work_tree_compares_with_the_point_where_the_branch_left_main() {
    let repository = with_topic_branch();
    repository.remove("views/gone.sql");
    repository.write("views/untracked.sql", "select 6");
    repository.write("scratch/ignored.sql", "select 7");
    let changes = read_local(&repository.options(), None, LocalHead::Worktree).expect("read");
    let expected = [
        "Modified views/edited.sql",
        "Removed views/gone.sql",
        "Renamed views/moved.sql -> views/new name.sql",
        "Added views/untracked.sql",
    ];
    assert_eq!(changed(&changes), expected);
    assert_eq!(changes.head, HeadRevision::Worktree);
    assert_eq!(changes.base.to_string(), repository.git(&["merge-base", "main", "topic"]));
    assert_eq!(text(&changes.base_tree, "views/edited.sql"), "select 2");
    assert_eq!(text(&changes.head_tree, "views/edited.sql"), "select 20");
}

#[test]
fn a_sub_folder_means_the_whole_repository() {
    let repository = with_topic_branch();
    let mut options = repository.options();
    options.workspace = repository.path().join("views");
    let changes = read_local(&options, None, LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes).len(), 2);
    assert!(changes.head_tree.sql.keys().all(|path| path.as_str().starts_with("views/")));
}

#[test]
fn a_commit_compares_without_regard_to_the_work_tree() {
    let repository = with_topic_branch();
    repository.write("views/untracked.sql", "select 6");
    let changes = read_local(&repository.options(), None, LocalHead::Revision("topic".to_owned())).expect("read");
    assert_eq!(changed(&changes), ["Modified views/edited.sql", "Renamed views/moved.sql -> views/new name.sql"]);
    assert_eq!(changes.head, HeadRevision::Commit(repository.head()));
}

#[test]
fn an_explicit_base_is_taken_as_it_is() {
    let repository = with_topic_branch();
    let changes = read_local(&repository.options(), Some("main"), LocalHead::Worktree).expect("read");
    assert!(changed(&changes).contains(&"Removed views/later.sql".to_owned()), "{:?}", changed(&changes));
}

#[test]
fn on_the_default_branch_a_work_tree_shows_what_is_not_committed_and_a_commit_what_it_changed() {
    let repository = with_topic_branch();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("views/kept.sql", "select 10");
    let changes = read_local(&repository.options(), None, LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Modified views/kept.sql"]);
    assert_eq!(changes.base, BaseRevision(repository.head()));
    let changes = read_local(&repository.options(), None, LocalHead::Revision("HEAD".to_owned())).expect("read");
    assert_eq!(changed(&changes), ["Added views/later.sql"]);
}

#[test]
fn a_file_that_was_only_touched_or_got_other_line_endings_by_configuration_is_unchanged() {
    let repository = with_topic_branch();
    repository.git(&["config", "core.autocrlf", "true"]);
    repository.write("views/kept.sql", "select 1");
    repository.write("views/lines.sql", "select 1\nfrom t\n");
    repository.commit("unix lines");
    repository.write("views/lines.sql", "select 1\r\nfrom t\r\n");
    let changes = read_local(&repository.options(), Some("HEAD"), LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), Vec::<String>::new());
}

#[test]
fn a_move_that_git_was_not_told_about_is_a_rename() {
    let repository = with_topic_branch();
    fs::rename(repository.path().join("views/kept.sql"), repository.path().join("kept.sql")).expect("moved");
    let changes = read_local(&repository.options(), Some("HEAD"), LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Renamed views/kept.sql -> kept.sql"]);
}

#[test]
fn a_repository_without_any_commit_has_an_empty_base() {
    let repository = Repository::new();
    repository.write("a.sql", "select 1");
    let changes = read_local(&repository.options(), None, LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Added a.sql"]);
}

#[test]
fn patterns_choose_what_counts() {
    let repository = with_topic_branch();
    repository.write("legacy/old.sql", "select 1");
    repository.write("other/a.sql", "select 1");
    let mut options = repository.options();
    options.files = vec!["views/*.sql".to_owned(), "legacy".to_owned()];
    options.exclude = vec!["legacy/".to_owned(), "views/edited.sql".to_owned()];
    let changes = read_local(&options, None, LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Renamed views/moved.sql -> views/new name.sql"]);
}

#[test]
fn a_revision_that_names_nothing_is_an_error_and_never_an_option() {
    let repository = with_topic_branch();
    for revision in ["nope", "--output=/tmp/x", "-h", "", "main..topic"] {
        let read = read_local(&repository.options(), Some(revision), LocalHead::Worktree);
        assert!(matches!(read, Err(ChangesError::UnknownRevision { .. })), "{revision}: {read:?}");
    }
}

#[test]
fn outside_of_a_repository_the_error_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = Repository::new().options();
    options.workspace = folder.path().to_path_buf();
    let error = read_local(&options, None, LocalHead::Worktree).expect_err("no repository");
    assert!(error.to_string().contains("not inside a git repository"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("lineage PATH")));
}
