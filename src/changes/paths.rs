//! Files and folders given on the command line, read from disk without git.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::artifacts::of_projects;
use super::assemble::unhashed;
use super::decode::{Keep, decode};
use super::disk::{name_below, path_from, read_file};
use super::listing::{Entry, EntryKind, path_of};
use super::pick::{PROJECT_FILES, is_macro, pick};
use super::select::Selection;
use super::{ChangesError, ChangesOptions};
use crate::path::RepoPath;
use crate::source::{BlobId, Head, SourceFile, SourceTree, Unreadable};

/// Reads files and folders. Of a folder, `files` and `exclude` select; a file that is named is always taken, YAML and CSV
/// as support. Files of a dbt project (a `dbt_project.yml` above) bring their project's support files along.
///
/// Paths in the result start at the workspace when everything is inside of it, else at the lowest folder that holds
/// everything. Folders whose name starts with a dot, `node_modules` and dbt's `target` are skipped. A link is only followed
/// when it is named itself.
///
/// # Errors
/// [`ChangesError::Path`] when a path does not exist or a folder cannot be listed, [`ChangesError::Pattern`] for a wrong
/// pattern. A file that cannot be read is in the result with its reason.
pub fn read_paths(paths: &[PathBuf], options: &ChangesOptions) -> Result<SourceTree<Head>, ChangesError> {
    let selection = Selection::new(&options.files, &options.exclude)?;
    let given: Vec<PathBuf> = paths.iter().map(|path| real(path)).collect::<Result<_, _>>()?;
    let top = top_folder(&given, &options.workspace);
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) = given.iter().partition(|path| path.is_dir());
    let mut found = BTreeMap::new();
    for folder in folders.iter().map(|folder| folder.to_path_buf()).chain(projects_above(&given, &top)) {
        walk(&folder, &mut found)?;
    }
    let is_given = |name: &[u8]| folders.iter().any(|folder| top.join(path_from(name)).starts_with(folder));
    let reader = Reader { top: &top, limit: options.max_file_bytes };
    let mut tree = SourceTree::default();
    let listed = found.iter().filter_map(|(path, kind)| Some((name_below(&top, path)?, *kind)));
    let picks = pick(listed.map(|(name, kind)| Entry { name, kind, blob: None }).collect(), &selection);
    for (path, picked) in &picks.sql {
        if is_given(&picked.name) {
            tree.sql.insert(path.clone(), reader.read(path, &picked.name, Keep::Whole));
        } else if is_macro(path) {
            tree.support.insert(path.clone(), reader.read(path, &picked.name, Keep::Whole));
        }
    }
    for (path, picked) in &picks.support {
        tree.support.insert(path.clone(), reader.read(path, &picked.name, picked.keep));
    }
    for path in picks.refused.iter().filter_map(|refused| refused.path.as_ref()) {
        if is_given(path.as_str().as_bytes()) {
            tree.sql.insert(path.clone(), file(path, unhashed(path), Err(Unreadable::Symlink)));
        }
    }
    for name in files.iter().filter_map(|file| name_below(&top, file)) {
        reader.take(&name, &mut tree);
    }
    tree.artifacts = of_projects(&tree, &|name| regular(&top, name));
    Ok(tree)
}

/// Where a file below the top folder is, if it is no link.
fn regular(top: &Path, name: &[u8]) -> Option<PathBuf> {
    let path = top.join(path_from(name));
    fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()).then_some(path)
}

/// The path without links; also the proof that it exists.
fn real(path: &Path) -> Result<PathBuf, ChangesError> {
    path.canonicalize().map_err(|source| ChangesError::Path { path: path.to_path_buf(), source })
}

/// The folder that paths in the result start at.
fn top_folder(given: &[PathBuf], workspace: &Path) -> PathBuf {
    if let Ok(workspace) = workspace.canonicalize()
        && given.iter().all(|path| path.starts_with(&workspace))
    {
        return workspace;
    }
    let folders = given.iter().map(|path| if path.is_dir() { path } else { path.parent().unwrap_or(path) });
    let common = folders.map(Path::to_path_buf).reduce(|one, other| {
        one.ancestors().find(|folder| other.starts_with(folder)).unwrap_or(Path::new("/")).to_path_buf()
    });
    let common = common.unwrap_or_default();
    common.ancestors().find(|folder| is_project(folder)).unwrap_or(&common).to_path_buf()
}

fn is_project(folder: &Path) -> bool {
    PROJECT_FILES.iter().any(|name| folder.join(name).is_file())
}

/// dbt projects that hold a given path, from the top down.
fn projects_above(given: &[PathBuf], top: &Path) -> Vec<PathBuf> {
    let above = |path: &PathBuf| {
        let project = path.ancestors().take_while(|folder| folder.starts_with(top)).find(|folder| is_project(folder));
        project.map(Path::to_path_buf)
    };
    given.iter().filter_map(above).collect()
}

/// Lists the files and links below a folder.
fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, EntryKind>) -> Result<(), ChangesError> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |source| ChangesError::Path { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_symlink() {
                found.insert(entry.path(), EntryKind::Symlink);
            } else if kind.is_file() {
                found.insert(entry.path(), EntryKind::File);
            } else if kind.is_dir() && !is_skipped(&folder, &entry.file_name().to_string_lossy()) {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

/// Folders that hold no sources: of tools, and what dbt compiled from the very models beside them.
fn is_skipped(above: &Path, name: &str) -> bool {
    name.starts_with('.') || name == "node_modules" || (name == "target" && is_project(above))
}

/// Reads files below a folder.
struct Reader<'a> {
    top: &'a Path,
    limit: u64,
}

impl Reader<'_> {
    /// Takes a file that was named, whatever its pattern.
    fn take(&self, name: &[u8], tree: &mut SourceTree<Head>) {
        let Ok(path) = path_of(name) else { return };
        let (files, keep) = match path.as_str().rsplit_once('.').map(|(_, extension)| extension) {
            Some("yml" | "yaml") => (&mut tree.support, Keep::Whole),
            Some("csv") => (&mut tree.support, Keep::Start),
            Some("py") => (&mut tree.support, Keep::Whole),
            _ => (&mut tree.sql, Keep::Whole),
        };
        let read = self.read(&path, name, keep);
        files.insert(path, read);
    }

    fn read(&self, path: &RepoPath, name: &[u8], keep: Keep) -> SourceFile {
        match read_file(&self.top.join(path_from(name)), self.limit) {
            Ok(bytes) => {
                let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                file(path, BlobId(format!("worktree:{hash}").into()), decode(&bytes, keep))
            }
            Err(reason) => file(path, unhashed(path), Err(reason)),
        }
    }
}

fn file(path: &RepoPath, blob: BlobId, content: crate::source::Content) -> SourceFile {
    SourceFile { path: path.clone(), blob, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(workspace: &Path) -> ChangesOptions {
        ChangesOptions {
            workspace: workspace.to_path_buf(),
            files: vec![],
            exclude: vec![],
            max_file_bytes: 1_000,
            base_manifest: None,
        }
    }

    fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder made");
        fs::write(&path, text).expect("file written");
        path
    }

    fn names(files: &BTreeMap<RepoPath, SourceFile>) -> Vec<&str> {
        files.keys().map(RepoPath::as_str).collect()
    }

    #[test]
    fn a_folder_gives_its_selected_sql_and_a_named_file_is_always_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "sql/a.sql", "select 1");
        write(folder.path(), "sql/deep/b.SQL", "select 2");
        write(folder.path(), "sql/notes.md", "#");
        write(folder.path(), "sql/.hidden/c.sql", "select 3");
        let named = write(folder.path(), "other/x.ddl", "create table x (id int)");
        let tree = read_paths(&[folder.path().join("sql"), named], &options(folder.path())).expect("read");
        assert_eq!(names(&tree.sql), ["other/x.ddl", "sql/a.sql", "sql/deep/b.SQL"]);
    }

    #[test]
    fn outside_of_the_workspace_paths_start_at_the_common_folder() {
        let (workspace, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let a = write(folder.path(), "x/y/a.sql", "select 1");
        let b = write(folder.path(), "x/z/b.sql", "select 1");
        let tree = read_paths(&[a.clone(), b], &options(workspace.path())).expect("read");
        assert_eq!(names(&tree.sql), ["y/a.sql", "z/b.sql"]);
        let tree = read_paths(&[a], &options(workspace.path())).expect("read");
        assert_eq!(names(&tree.sql), ["a.sql"]);
    }

    #[test]
    fn a_model_brings_its_dbt_project_along_but_not_its_siblings() {
        let (workspace, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        write(folder.path(), "dbt_project.yml", "name: shop");
        write(folder.path(), "macros/m.sql", "{% macro m() %}{% endmacro %}");
        write(folder.path(), "models/sibling.sql", "select 1");
        write(folder.path(), "models/schema.yml", "version: 2");
        write(folder.path(), "target/compiled/models/a.sql", "select 1");
        let model = write(folder.path(), "models/a.sql", "select 1");
        let tree = read_paths(&[model], &options(workspace.path())).expect("read");
        assert_eq!(names(&tree.sql), ["models/a.sql"]);
        assert_eq!(names(&tree.support), ["dbt_project.yml", "macros/m.sql", "models/schema.yml"]);
        let tree = read_paths(&[folder.path().to_path_buf()], &options(workspace.path())).expect("read");
        assert_eq!(names(&tree.sql), ["macros/m.sql", "models/a.sql", "models/sibling.sql"]);
    }

    #[test]
    fn what_cannot_be_read_is_in_the_result_with_its_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "big.sql", &"-".repeat(1_001));
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.sql")).expect("a link");
        let tree = read_paths(&[folder.path().to_path_buf()], &options(folder.path())).expect("read");
        let told = crate::changes::unreadable_files(&tree);
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("big.sql: 1001 bytes, over the limit of 1000"), "{told:?}");
        #[cfg(unix)]
        assert_eq!(told[1], "link.sql: a symbolic link, which is never followed");
    }

    #[test]
    fn a_path_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = read_paths(&[folder.path().join("nope.sql")], &options(folder.path())).expect_err("no file");
        assert!(error.to_string().ends_with("nope.sql cannot be read"), "{error}");
    }
}
