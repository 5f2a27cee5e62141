//! A listing → the files that matter: selected SQL, and the files that give it its meaning.
//!
//! Beside SQL these are `profiles.yml` and the settings of Dataform anywhere, JavaScript in Dataform's projects and, in dbt
//! projects (folders with a `dbt_project.yml`, and below), YAML, the start of seeds, and macros that `files` does not select:
//! without them templates cannot be rendered.

use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, BTreeSet};

use super::decode::Keep;
use super::listing::{Entry, EntryKind, path_of};
use super::select::Selection;
use crate::path::RepoPath;
use crate::source::BlobId;
use crate::sql::dataform::{SETTINGS, is_javascript, is_sqlx};

/// A file of these names makes its folder a dbt project.
pub(super) const PROJECT_FILES: [&str; 2] = ["dbt_project.yml", "dbt_project.yaml"];

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picked {
    /// Its raw name on disk.
    pub(super) name: Vec<u8>,
    /// Its blob id; `None` for a file on disk that is not hashed yet.
    pub(super) blob: Option<BlobId>,
    /// How much of it is wanted.
    pub(super) keep: Keep,
}

/// Something at a SQL path that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Its path where it can be shown as one.
    pub(super) path: Option<RepoPath>,
    /// Why, in words.
    pub(super) reason: String,
    /// Its object, to tell whether it was so before.
    pub(super) blob: Option<BlobId>,
}

/// The files of one side that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picks {
    /// Selected SQL.
    pub(super) sql: BTreeMap<RepoPath, Picked>,
    /// What gives it its meaning.
    pub(super) support: BTreeMap<RepoPath, Picked>,
    /// What was at a selected path and is not read.
    pub(super) refused: Vec<Refused>,
}

/// What a path is to us.
enum Role {
    Sql,
    Support(Keep),
    Nothing,
}

/// Chooses from a listing.
pub(super) fn pick(entries: Vec<Entry>, selection: &Selection) -> Picks {
    let named: Vec<(Result<RepoPath, String>, Entry)> =
        entries.into_iter().map(|entry| (path_of(&entry.name), entry)).collect();
    let projects = Projects { dbt: folders_of(&named, &PROJECT_FILES), dataform: folders_of(&named, &SETTINGS) };
    let mut picks = Picks::default();
    for (path, entry) in named {
        match path {
            Ok(path) => picks.take(path, entry, (selection, &projects)),
            Err(text) => picks.refuse_outside(text, entry),
        }
    }
    picks
}

impl Picks {
    fn take(&mut self, path: RepoPath, entry: Entry, (selection, projects): (&Selection, &Projects)) {
        let (files, keep) = match role(&path, selection, projects) {
            Role::Sql if entry.kind != EntryKind::File => return self.refuse_kind(path, &entry),
            Role::Sql => (&mut self.sql, Keep::Whole),
            Role::Support(keep) if entry.kind == EntryKind::File => (&mut self.support, keep),
            Role::Support(_) | Role::Nothing => return,
        };
        match files.entry(path) {
            MapEntry::Vacant(place) => drop(place.insert(Picked { name: entry.name, blob: entry.blob, keep })),
            MapEntry::Occupied(place) => {
                let reason = "a second file has this path once bytes that are no UTF-8 are written out".to_owned();
                self.refused.push(Refused { path: Some(place.key().clone()), reason, blob: entry.blob });
            }
        }
    }

    fn refuse_kind(&mut self, path: RepoPath, entry: &Entry) {
        let what = match entry.kind {
            EntryKind::Submodule => "a submodule, not a file",
            EntryKind::Symlink | EntryKind::File => "a symbolic link, which is never followed",
        };
        self.refused.push(Refused { reason: what.to_owned(), path: Some(path), blob: entry.blob.clone() });
    }

    fn refuse_outside(&mut self, text: String, entry: Entry) {
        if text.to_ascii_lowercase().ends_with(".sql") {
            let reason = format!("the path {text:?} is not inside the repository");
            self.refused.push(Refused { path: None, reason, blob: entry.blob });
        }
    }
}

/// The folders of projects.
struct Projects {
    dbt: BTreeSet<String>,
    dataform: BTreeSet<String>,
}

/// Folders that hold a file of one of these names.
fn folders_of(named: &[(Result<RepoPath, String>, Entry)], names: &[&str]) -> BTreeSet<String> {
    let files = named.iter().filter(|(_, entry)| entry.kind == EntryKind::File);
    let paths = files.filter_map(|(path, _)| path.as_ref().ok());
    let project_files = paths.filter(|path| names.contains(&path.file_name()));
    project_files.map(|path| path.folder().to_owned()).collect()
}

/// Whether a SQL file holds macros by its place: dbt's default for `macro-paths`.
pub(super) fn is_macro(path: &RepoPath) -> bool {
    path.folder().split('/').any(|part| part == "macros")
}

fn role(path: &RepoPath, selection: &Selection, projects: &Projects) -> Role {
    if selection.takes(path) {
        return Role::Sql;
    }
    if selection.is_default() && in_project(path, &projects.dataform) && !selection.leaves_out(path) {
        if is_sqlx(path) {
            return Role::Sql;
        }
        if is_javascript(path) && !is_tool_folder(path.folder()) {
            return Role::Support(Keep::Whole);
        }
    }
    if path.file_name() == "profiles.yml" || SETTINGS.contains(&path.file_name()) {
        return Role::Support(Keep::Whole);
    }
    if !in_project(path, &projects.dbt) || is_tool_folder(path.folder()) {
        return Role::Nothing;
    }
    let left_out = selection.leaves_out(path);
    match path.as_str().rsplit_once('.').map(|(_, extension)| extension) {
        Some("yml" | "yaml") if !left_out => Role::Support(Keep::Whole),
        Some("csv") if !left_out => Role::Support(Keep::Start),
        // dbt takes functions in Python for models.
        Some("py") if !left_out && holds_models(path.folder()) => Role::Support(Keep::Whole),
        // Macros render other files, selected or not.
        Some("sql") if is_macro(path) => Role::Support(Keep::Whole),
        _ => Role::Nothing,
    }
}

/// Whether a folder is one of models by its name, which is dbt's default.
fn holds_models(folder: &str) -> bool {
    folder.split('/').any(|part| part.contains("models"))
}

fn in_project(path: &RepoPath, projects: &BTreeSet<String>) -> bool {
    let mut folder = path.folder();
    loop {
        if projects.contains(folder) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// Folders of tools, whose YAML says nothing about SQL.
fn is_tool_folder(folder: &str) -> bool {
    folder.split('/').any(|part| part == "node_modules" || (part.len() > 1 && part.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: EntryKind) -> Entry {
        Entry { name: name.as_bytes().to_vec(), kind, blob: Some(BlobId(format!("id of {name}").into())) }
    }

    fn picks(names: &[&str], files: &[&str], exclude: &[&str]) -> Picks {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&owned(files), &owned(exclude)).expect("good patterns");
        pick(names.iter().map(|name| entry(name, EntryKind::File)).collect(), &selection)
    }

    fn support(picks: &Picks) -> Vec<&str> {
        picks.support.keys().map(RepoPath::as_str).collect()
    }

    #[test]
    fn in_a_dbt_project_yaml_seeds_and_macros_come_along() {
        let names = [
            "shop/dbt_project.yml",
            "shop/packages.yml",
            "shop/models/schema.yaml",
            "shop/models/a.sql",
            "shop/macros/deep/m.sql",
            "shop/seeds/countries.csv",
            "shop/.github/workflows/ci.yml",
            "elsewhere/values.yml",
            "elsewhere/data.csv",
            "ci/profiles.yml",
        ];
        let picks = picks(&names, &["shop/models/**"], &["shop/macros"]);
        let expected = [
            "ci/profiles.yml",
            "shop/dbt_project.yml",
            "shop/macros/deep/m.sql",
            "shop/models/schema.yaml",
            "shop/packages.yml",
            "shop/seeds/countries.csv",
        ];
        assert_eq!(support(&picks), expected);
        assert_eq!(picks.sql.len(), 1);
        let seed = picks.support.values().find(|picked| picked.name.ends_with(b".csv")).expect("the seed");
        assert_eq!(seed.keep, Keep::Start);
    }

    #[test]
    fn a_project_at_the_root_covers_the_whole_repository() {
        let picks = picks(&["dbt_project.yml", "models/deep/er/schema.yml"], &[], &[]);
        assert_eq!(support(&picks), ["dbt_project.yml", "models/deep/er/schema.yml"]);
    }

    #[test]
    fn files_of_a_dataform_project_belong_to_the_default() {
        let names = [
            "a/workflow_settings.yaml",
            "a/definitions/t.sqlx",
            "a/definitions/s.js",
            "a/x.js",
            "a/old/u.sqlx",
            "b/v.sqlx",
        ];
        let chosen = picks(&names, &[], &["a/old"]);
        assert_eq!(chosen.sql.keys().map(RepoPath::as_str).collect::<Vec<_>>(), ["a/definitions/t.sqlx"]);
        assert_eq!(support(&chosen), ["a/definitions/s.js", "a/workflow_settings.yaml"]);
        assert!(picks(&names, &["a/**/*.sql"], &[]).sql.is_empty());
    }

    #[test]
    fn links_and_submodules_are_refused_only_where_sql_is_expected() {
        let selection = Selection::new(&[], &[]).expect("defaults");
        let entries = vec![
            entry("a.sql", EntryKind::Symlink),
            entry("vendor.sql", EntryKind::Submodule),
            entry("docs", EntryKind::Symlink),
            entry("lib", EntryKind::Submodule),
            entry("../evil.sql", EntryKind::File),
        ];
        let picks = pick(entries, &selection);
        let reasons: Vec<&str> = picks.refused.iter().map(|refused| refused.reason.as_str()).collect();
        let expected = [
            "a symbolic link, which is never followed",
            "a submodule, not a file",
            "the path \"../evil.sql\" is not inside the repository",
        ];
        assert_eq!(reasons, expected);
        assert!(picks.sql.is_empty());
    }

    #[test]
    fn of_two_names_that_look_the_same_neither_is_lost() {
        let selection = Selection::new(&[], &[]).expect("defaults");
        let raw = |name: &[u8]| Entry { name: name.to_vec(), kind: EntryKind::File, blob: None };
        let picks = pick(vec![raw(b"caf\xE9.sql"), raw(b"caf\\xE9.sql")], &selection);
        assert_eq!((picks.sql.len(), picks.refused.len()), (1, 1));
    }
}
