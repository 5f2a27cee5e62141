//! What dbt left on disk: `target/manifest.json` and `target/catalog.json` of each project, and a manifest of the base that a
//! setting names.
//!
//! Never from git's history, where they are not, or are old. They are streamed into the little that is kept, so that a large
//! one takes time and no memory.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pick::PROJECT_FILES;
use crate::dbt::artifacts::{Catalog, Manifest, ProjectArtifacts};
use crate::dbt::yaml;
use crate::path::RepoPath;
use crate::source::{SourceFile, SourceTree};

/// Largest artifact that is read, in bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The artifacts of the projects of a tree; `locate` says where a file below the tree's root is on disk.
pub(super) fn of_projects<Side>(
    tree: &SourceTree<Side>,
    locate: &dyn Fn(&[u8]) -> Option<PathBuf>,
) -> Vec<Arc<ProjectArtifacts>> {
    let projects = tree.support.values().filter(|file| PROJECT_FILES.contains(&file.path.file_name()));
    let mut found: Vec<_> = projects.filter_map(|project| of_project(project, locate)).collect();
    found.dedup_by(|one, other| one.root == other.root);
    found.into_iter().map(Arc::new).collect()
}

fn of_project(project: &SourceFile, locate: &dyn Fn(&[u8]) -> Option<PathBuf>) -> Option<ProjectArtifacts> {
    let root = project.path.folder();
    let slash = if root.is_empty() { "" } else { "/" };
    let target = project.content.as_ref().ok().and_then(|text| target_path(text));
    let target = target.unwrap_or_else(|| "target".to_owned());
    let place = |name: &str| format!("{root}{slash}{target}/{name}");
    let manifest = locate(place("manifest.json").as_bytes()).map(|path| read(&path, Manifest::read));
    let catalog = locate(place("catalog.json").as_bytes()).map(|path| read(&path, Catalog::read));
    let is_there = manifest.is_some() || catalog.is_some();
    is_there.then(|| ProjectArtifacts { root: Some(root.to_owned()), place: place("manifest.json"), manifest, catalog })
}

/// The folder that a project file says dbt writes into, where that is a plain one inside of the project.
fn target_path(project: &str) -> Option<String> {
    let said = yaml::text(&yaml::parse(project).ok()?, "target-path")?;
    let folder = RepoPath::new(said.trim_end_matches('/')).ok()?;
    (!folder.as_str().contains(['{', '\\'])).then(|| folder.as_str().to_owned())
}

/// The manifest of the base, where a setting names one; a relative path starts at the workspace.
pub(super) fn of_base(given: Option<&Path>, workspace: &Path) -> Vec<Arc<ProjectArtifacts>> {
    let of_path = |path: &Path| ProjectArtifacts {
        root: None,
        place: path.display().to_string(),
        manifest: Some(read(&workspace.join(path), Manifest::read)),
        catalog: None,
    };
    given.map(of_path).map(Arc::new).into_iter().collect()
}

type Limited = BufReader<std::io::Take<File>>;

fn read<T>(path: &Path, parse: impl Fn(Limited) -> Result<T, String>) -> Result<T, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size > MOST_BYTES {
        return Err(format!("{size} bytes, over the limit of {MOST_BYTES}"));
    }
    parse(BufReader::new(file.take(MOST_BYTES)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Base;

    #[test]
    fn the_project_file_says_where_dbt_writes() {
        assert_eq!(target_path("name: a\ntarget-path: ./build/out/").as_deref(), Some("build/out"));
        for other in ["name: a", "target-path: ../out", "target-path: /out", "target-path: \"{{ x }}\"", "a: ["] {
            assert_eq!(target_path(other), None, "{other}");
        }
    }

    #[test]
    fn a_manifest_of_the_base_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = of_base(Some(Path::new("base.json")), folder.path());
        assert!(matches!(found[0].manifest, Some(Err(_))), "{found:?}");
        std::fs::write(folder.path().join("base.json"), "{}").expect("written");
        let found = of_base(Some(Path::new("base.json")), folder.path());
        let told = found[0].manifest.as_ref().and_then(|read| read.as_ref().err()).expect("no manifest");
        assert!(told.starts_with("missing field `metadata`"), "{told}");
        assert!(of_base(None, folder.path()).is_empty());
        assert!(of_projects(&SourceTree::<Base>::default(), &|_| None).is_empty());
    }
}
