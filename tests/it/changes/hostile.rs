//! Bad input: names, kinds and bytes that no one expects. Nothing is lost and the rest is read.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use ingest_action::changes::{LocalHead, read_local};
use ingest_action::source::{ChangeSet, Unreadable};

use super::repository::Repository;
use super::{changed, content, text, told};

const LFS_POINTER: &str =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32\nsize 12345\n";

/// The change from the first commit to the work tree, and the same one after committing it.
fn both_ways(repository: &Repository) -> [ChangeSet; 2] {
    let base = repository.head();
    let worktree = read_local(&repository.options(), Some(base.as_str()), LocalHead::Worktree).expect("read");
    let head = LocalHead::Revision(repository.commit("the change").to_string());
    let committed = read_local(&repository.options(), Some(base.as_str()), head).expect("read");
    [worktree, committed]
}

fn with_base() -> Repository {
    let repository = Repository::new();
    repository.write("plain.sql", "select 1");
    repository.commit("base");
    repository
}

#[test]
fn every_strange_name_is_read() {
    let repository = with_base();
    let names = [
        "a b.sql",
        "it's \"quoted\".sql",
        "two\nlines.sql",
        "%0A%25.sql",
        "订单（新）.sql",
        "-rf.sql",
        "tab\t.sql",
        "::x::.sql",
    ];
    for name in names {
        repository.write(name, format!("select '{name}'"));
    }
    for changes in both_ways(&repository) {
        assert_eq!(changes.changed.len(), names.len());
        for name in names {
            assert_eq!(text(&changes.head_tree, name), format!("select '{name}'"));
        }
        assert_eq!(told(&changes), Vec::<String>::new());
    }
}

#[test]
fn a_name_that_is_no_utf8_is_read_under_a_name_that_can_be_shown() {
    let repository = with_base();
    let name = std::ffi::OsStr::from_bytes(b"caf\xE9.sql");
    fs::write(repository.path().join(name), "select 1").expect("file written");
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), ["Added caf\\xE9.sql"]);
        assert_eq!(text(&changes.head_tree, "caf\\xE9.sql"), "select 1");
    }
}

#[test]
fn links_are_never_followed() {
    let repository = with_base();
    symlink("/etc/passwd", repository.path().join("evil.sql")).expect("a link");
    fs::create_dir(repository.path().join("real")).expect("a folder");
    repository.write("real/a.sql", "select 1 as a");
    symlink("real", repository.path().join("linked")).expect("a link");
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), ["Added real/a.sql"]);
        assert_eq!(told(&changes), ["evil.sql: a symbolic link, which is never followed"]);
    }
}

#[test]
fn a_folder_that_became_a_link_out_of_the_workspace_is_not_read_through() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("a.sql"), "select secret").expect("file written");
    let repository = with_base();
    repository.write("views/a.sql", "select 1 as a");
    repository.commit("views");
    fs::remove_dir_all(repository.path().join("views")).expect("removed");
    symlink(outside.path(), repository.path().join("views")).expect("a link");
    let changes = read_local(&repository.options(), Some("HEAD"), LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Removed views/a.sql"]);
}

#[test]
fn a_submodule_at_a_sql_path_is_named_and_not_read() {
    let repository = with_base();
    let base = repository.head();
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{base},vendor.sql")]);
    let head = LocalHead::Revision(repository.commit_index("a submodule").to_string());
    let changes = read_local(&repository.options(), Some(base.as_str()), head).expect("read");
    assert_eq!(changed(&changes), Vec::<String>::new());
    assert_eq!(told(&changes), ["vendor.sql: a submodule, not a file"]);
}

#[test]
fn a_pointer_of_git_lfs_is_not_taken_for_sql() {
    let repository = with_base();
    repository.write("big.sql", LFS_POINTER);
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), ["Added big.sql"]);
        assert_eq!(content(&changes.head_tree, "big.sql"), &Err(Unreadable::LfsPointer));
        assert!(told(&changes)[0].contains("lfs: true"), "{:?}", told(&changes));
    }
}

#[test]
fn a_change_of_mode_only_is_no_change() {
    let repository = with_base();
    fs::set_permissions(repository.path().join("plain.sql"), fs::Permissions::from_mode(0o755)).expect("mode set");
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), Vec::<String>::new());
    }
}

#[test]
fn a_change_of_case_only_is_a_rename() {
    let repository = with_base();
    fs::rename(repository.path().join("plain.sql"), repository.path().join("Plain.sql")).expect("renamed");
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), ["Renamed plain.sql -> Plain.sql"]);
    }
}

#[test]
fn files_that_are_no_text_or_too_large_are_told_and_the_others_are_read() {
    let repository = with_base();
    repository.write("latin1.sql", b"select 'caf\xE9'");
    repository.write("binary.sql", b"\x00\x01\x02");
    repository.write("utf16.sql", "\u{feff}select 'é'".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    repository.write("bom.sql", "\u{feff}select 2\r\n");
    repository.write("huge.sql", vec![b' '; 100_001]);
    for changes in both_ways(&repository) {
        let head = &changes.head_tree;
        assert_eq!(content(head, "latin1.sql"), &Err(Unreadable::NotText { offset: 11 }));
        assert!(content(head, "binary.sql").is_err());
        assert_eq!(text(head, "utf16.sql"), "select 'é'");
        assert_eq!(text(head, "bom.sql"), "select 2\r\n");
        assert_eq!(content(head, "huge.sql"), &Err(Unreadable::TooLarge { bytes: 100_001, limit: 100_000 }));
        assert_eq!(changes.changed.len(), 5);
        assert_eq!(told(&changes).len(), 3);
    }
}

#[test]
fn a_file_without_read_permission_costs_only_itself() {
    let repository = with_base();
    repository.write("a.sql", "select 2");
    let closed = repository.write("closed.sql", "select 3");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("mode set");
    let changes = read_local(&repository.options(), Some("HEAD"), LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Added a.sql", "Added closed.sql"]);
    assert_eq!(text(&changes.head_tree, "a.sql"), "select 2");
    // Root reads everything.
    if fs::File::open(&closed).is_err() {
        assert!(matches!(content(&changes.head_tree, "closed.sql"), Err(Unreadable::Failed { .. })));
    }
}

#[test]
fn a_damaged_object_costs_only_itself() {
    let repository = with_base();
    repository.write("a.sql", "select 2");
    repository.write("b.sql", "select 3");
    repository.commit("two more");
    let id = repository.git(&["rev-parse", "HEAD:a.sql"]);
    let (folder, file) = id.split_at(2);
    let object = repository.path().join(".git/objects").join(folder).join(file);
    fs::set_permissions(&object, fs::Permissions::from_mode(0o644)).expect("mode set");
    fs::write(&object, b"this is not zlib").expect("damaged");
    let head = LocalHead::Revision("HEAD".to_owned());
    let changes = read_local(&repository.options(), Some("HEAD~1"), head).expect("read");
    assert_eq!(changed(&changes), ["Added a.sql", "Added b.sql"]);
    assert!(content(&changes.head_tree, "a.sql").is_err());
    assert_eq!(text(&changes.head_tree, "b.sql"), "select 3");
}

#[test]
fn a_workspace_of_another_user_is_read() {
    let repository = with_base();
    repository.write("a.sql", "select 2");
    // Only root can give files away; for others git has no reason to complain.
    for path in [repository.path().to_path_buf(), repository.path().join(".git")] {
        if chown(&path, Some(12_345), Some(12_345)).is_err() {
            return;
        }
    }
    for changes in both_ways(&repository) {
        assert_eq!(changed(&changes), ["Added a.sql"]);
    }
}

#[test]
fn a_hook_or_a_monitor_of_the_repository_is_not_run() {
    let repository = with_base();
    let trap = repository.write(".git/trap", "#!/bin/sh\ntouch \"$(dirname \"$0\")/sprung\"\n");
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).expect("mode set");
    let trap = trap.display().to_string();
    repository.write("a.sql", "select 2");
    for setting in ["core.fsmonitor", "diff.external", "core.pager", "diff.trap.textconv", "diff.trap.command"] {
        repository.git(&["config", setting, &trap]);
    }
    repository.write(".gitattributes", "*.sql diff=trap\n");
    repository.write("plain.sql", "select 10");
    let changes = read_local(&repository.options(), Some("HEAD"), LocalHead::Worktree).expect("read");
    assert_eq!(changed(&changes), ["Added a.sql", "Modified plain.sql"]);
    assert!(!repository.path().join(".git/sprung").exists());
}
