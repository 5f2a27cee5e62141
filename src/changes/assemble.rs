//! Listings and contents of both sides → trees, changed files and diagnostics. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::pick::{Picked, Picks, Refused};
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::path::RepoPath;
use crate::source::{Base, BlobId, ChangedFile, Content, FileStatus, Head, SourceFile, SourceTree, Unreadable};

/// Contents by identity.
pub(super) type Contents = BTreeMap<BlobId, Content>;

/// Git's ids of the empty blob (SHA-1, SHA-256): empty files are alike without being renames of each other.
const EMPTY_BLOBS: [&str; 2] =
    ["e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"];

/// The tree of one side. A picked file without content is in it as unreadable.
pub(super) fn tree<Side>(picks: &Picks, contents: &Contents) -> SourceTree<Side> {
    let mut tree = SourceTree::default();
    tree.sql = files(&picks.sql, contents);
    tree.support = files(&picks.support, contents);
    tree
}

fn files(picked: &BTreeMap<RepoPath, Picked>, contents: &Contents) -> BTreeMap<RepoPath, SourceFile> {
    let file = |(path, picked): (&RepoPath, &Picked)| {
        let blob = picked.blob.clone().unwrap_or_else(|| unhashed(path));
        let content = contents.get(&blob).cloned().unwrap_or(Err(Unreadable::MissingObject));
        (path.clone(), SourceFile { path: path.clone(), blob, content })
    };
    picked.iter().map(file).collect()
}

/// The identity of a file that could not be hashed: like no other file's.
pub(super) fn unhashed(path: &RepoPath) -> BlobId {
    BlobId(format!("worktree:unread:{path}").into())
}

/// The selected files that differ, ordered by path.
pub(super) fn changed(base: &SourceTree<Base>, head: &SourceTree<Head>) -> Vec<ChangedFile> {
    let origins = renames(base, head);
    let moved: BTreeSet<&RepoPath> = origins.values().copied().collect();
    let of = |path: &RepoPath, status| ChangedFile { path: path.clone(), old_path: None, status };
    let gone = base.sql.keys().filter(|path| !head.sql.contains_key(*path) && !moved.contains(path));
    let mut changed: Vec<ChangedFile> = gone.map(|path| of(path, FileStatus::Removed)).collect();
    for file in head.sql.values() {
        match (base.sql.get(&file.path), origins.get(&file.path)) {
            (Some(old), _) if old.blob == file.blob => {}
            (Some(_), _) => changed.push(of(&file.path, FileStatus::Modified)),
            (None, None) => changed.push(of(&file.path, FileStatus::Added)),
            (None, Some(origin)) => {
                let old_path = Some((*origin).clone());
                changed.push(ChangedFile { old_path, ..of(&file.path, FileStatus::Renamed) });
            }
        }
    }
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    changed
}

/// New path → old path of files that moved: gone here, new there, the same bytes. The same base name goes first, and
/// each file is in one rename only.
fn renames<'a>(base: &'a SourceTree<Base>, head: &'a SourceTree<Head>) -> BTreeMap<&'a RepoPath, &'a RepoPath> {
    let mut gone: BTreeMap<&BlobId, BTreeSet<&RepoPath>> = BTreeMap::new();
    for file in base.sql.values().filter(|file| !head.sql.contains_key(&file.path)) {
        gone.entry(&file.blob).or_default().insert(&file.path);
    }
    let mut origins = BTreeMap::new();
    for same_name in [true, false] {
        for file in head.sql.values().filter(|file| !base.sql.contains_key(&file.path)) {
            let Some(candidates) = gone.get_mut(&file.blob) else { continue };
            if origins.contains_key(&file.path) || (!same_name && EMPTY_BLOBS.contains(&&*file.blob.0)) {
                continue;
            }
            let fits = |path: &&RepoPath| !same_name || path.file_name() == file.path.file_name();
            if let Some(origin) = candidates.iter().copied().find(fits) {
                candidates.remove(origin);
                origins.insert(&file.path, origin);
            }
        }
    }
    origins
}

/// What of a tree could not be read, for commands that read one side only.
#[must_use]
pub fn unreadable_files(tree: &SourceTree<Head>) -> Vec<Diagnostic> {
    diagnostics((&SourceTree::default(), tree), (&[], &[]))
}

/// What was refused or could not be read. What was already so at base says so.
pub(super) fn diagnostics(
    (base, head): (&SourceTree<Base>, &SourceTree<Head>),
    (refused_before, refused): (&[Refused], &[Refused]),
) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = refused.iter().map(|one| refusal(one, refused_before)).collect();
    for file in head.sql.values() {
        let preexisting = base.sql.get(&file.path).is_some_and(|old| old.content.is_err());
        diagnostics.extend(unreadable(file, DiagnosticSeverity::Error, "").map(|it| Diagnostic { preexisting, ..it }));
    }
    for file in base.sql.values().filter(|file| head.sql.get(&file.path).is_none_or(|new| new.content.is_ok())) {
        diagnostics.extend(unreadable(file, DiagnosticSeverity::Warning, "at base: "));
    }
    for file in head.support.values() {
        let preexisting = base.support.get(&file.path).is_some_and(|old| old.content.is_err());
        diagnostics
            .extend(unreadable(file, DiagnosticSeverity::Warning, "").map(|it| Diagnostic { preexisting, ..it }));
    }
    diagnostics
        .sort_by(|one, other| (&one.file, one.code, &one.message).cmp(&(&other.file, other.code, &other.message)));
    diagnostics
}

fn unreadable(file: &SourceFile, severity: DiagnosticSeverity, side: &str) -> Option<Diagnostic> {
    let reason = file.content.as_ref().err()?;
    Some(Diagnostic::new(DiagnosticCode::UnreadableFile, severity, &file.path, format!("{side}{reason}")))
}

fn refusal(refused: &Refused, before: &[Refused]) -> Diagnostic {
    let preexisting = before.contains(refused);
    Diagnostic { preexisting, file: refused.path.clone(), ..note(DiagnosticCode::RefusedPath, refused.reason.clone()) }
}

/// A warning that is about no file in particular.
pub(super) fn note(code: DiagnosticCode, message: String) -> Diagnostic {
    Diagnostic {
        code,
        severity: DiagnosticSeverity::Warning,
        file: None,
        line: 0,
        column: 0,
        message,
        hint: None,
        preexisting: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side<Side>(files: &[(&str, &str)]) -> SourceTree<Side> {
        let mut tree = SourceTree::default();
        for (path, text) in files {
            let path = RepoPath::new(path).expect("inside");
            let (blob, content) = match *text {
                "" => (EMPTY_BLOBS[0].to_owned(), Ok("".into())),
                "unreadable" => ("broken".to_owned(), Err(Unreadable::NotText { offset: 3 })),
                text => (format!("id of {text}"), Ok(text.into())),
            };
            tree.sql.insert(path.clone(), SourceFile { path, blob: BlobId(blob.into()), content });
        }
        tree
    }

    fn list(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
        let show = |file: ChangedFile| match file.old_path {
            Some(old) => format!("{:?} {old} -> {}", file.status, file.path),
            None => format!("{:?} {}", file.status, file.path),
        };
        changed(&side(base), &side(head)).into_iter().map(show).collect()
    }

    #[test]
    fn files_are_added_modified_and_removed_and_the_same_bytes_are_no_change() {
        let base = [("gone.sql", "1"), ("kept.sql", "2"), ("new_text.sql", "3")];
        let head = [("added.sql", "9"), ("kept.sql", "2"), ("new_text.sql", "4")];
        assert_eq!(list(&base, &head), ["Added added.sql", "Removed gone.sql", "Modified new_text.sql"]);
    }

    #[test]
    fn a_move_prefers_the_same_base_name() {
        let base = [("a/x.sql", "1"), ("a/y.sql", "1")];
        let head = [("b/x.sql", "1"), ("b/z.sql", "1")];
        assert_eq!(list(&base, &head), ["Renamed a/x.sql -> b/x.sql", "Renamed a/y.sql -> b/z.sql"]);
        let head = [("b/w.sql", "1"), ("b/x.sql", "1"), ("b/z.sql", "1")];
        assert_eq!(list(&base, &head), ["Renamed a/y.sql -> b/w.sql", "Renamed a/x.sql -> b/x.sql", "Added b/z.sql"]);
    }

    #[test]
    fn a_change_of_case_is_a_rename_and_a_copy_is_an_addition() {
        assert_eq!(list(&[("Orders.sql", "1")], &[("orders.sql", "1")]), ["Renamed Orders.sql -> orders.sql"]);
        assert_eq!(list(&[("a.sql", "1")], &[("a.sql", "1"), ("b.sql", "1")]), ["Added b.sql"]);
    }

    #[test]
    fn empty_files_are_renames_only_under_the_same_base_name() {
        assert_eq!(list(&[("a.sql", "")], &[("b.sql", "")]), ["Removed a.sql", "Added b.sql"]);
        assert_eq!(list(&[("a.sql", "")], &[("x/a.sql", "")]), ["Renamed a.sql -> x/a.sql"]);
    }

    #[test]
    fn what_was_unreadable_before_is_marked_so_and_base_only_trouble_is_told() {
        let base = side(&[("old.sql", "unreadable"), ("both.sql", "unreadable")]);
        let head = side(&[("both.sql", "unreadable"), ("new.sql", "unreadable")]);
        let told = diagnostics((&base, &head), (&[], &[]));
        let told: Vec<(String, bool)> = told.iter().map(|one| (one.to_string(), one.preexisting)).collect();
        let words = "not UTF-8 (byte 3) and not UTF-16 with a byte order mark";
        let expected = [
            (format!("both.sql: {words}"), true),
            (format!("new.sql: {words}"), false),
            (format!("old.sql: at base: {words}"), false),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_link_that_was_there_before_is_marked_so() {
        let path = RepoPath::new("a.sql").ok();
        let link =
            |id: &str| Refused { path: path.clone(), reason: "a link".to_owned(), blob: Some(BlobId(id.into())) };
        let (none_base, none_head) = (SourceTree::default(), SourceTree::default());
        let told = |before: &[Refused]| diagnostics((&none_base, &none_head), (before, &[link("1")]));
        assert!(told(&[link("1")])[0].preexisting);
        assert!(!told(&[link("2")])[0].preexisting);
    }
}
