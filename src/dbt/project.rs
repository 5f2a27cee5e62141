//! `dbt_project.yml`: where a project keeps what, its variables and settings; and the adapter that its profile names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{config, yaml};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;

/// What a SQL file of a project is, by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A model.
    Model,
    /// A snapshot.
    Snapshot,
    /// Macros.
    Macro,
    /// A test, singular or generic.
    Test,
    /// An analysis.
    Analysis,
    /// Seeds.
    Seed,
    /// What dbt writes itself (`target/`, `logs/`).
    Output,
}

/// For each role its key in `dbt_project.yml`, the key of old versions, and the folders that hold without either.
const FOLDERS: [(Role, &str, &str, &[&str]); 6] = [
    (Role::Model, "model-paths", "source-paths", &["models"]),
    (Role::Snapshot, "snapshot-paths", "snapshot-paths", &["snapshots"]),
    (Role::Macro, "macro-paths", "macro-paths", &["macros"]),
    (Role::Test, "test-paths", "test-paths", &["tests"]),
    (Role::Analysis, "analysis-paths", "analysis-paths", &["analyses", "analysis"]),
    (Role::Seed, "seed-paths", "data-paths", &["seeds", "data"]),
];

/// One project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder; empty at the repository's root.
    pub root: String,
    /// Its name.
    pub name: String,
    /// Its `dbt_project.yml`.
    pub file: RepoPath,
    /// `vars:`, with those under the project's own name on top.
    pub vars: Map<String, Value>,
    /// The profile that it names.
    pub profile: Option<String>,
    folders: Vec<(String, Role)>,
    settings: Value,
}

impl Project {
    /// Reads a project file.
    ///
    /// # Errors
    /// What the YAML parser says, or that no project is described.
    pub fn parse(file: &RepoPath, text: &str) -> Result<Self, String> {
        let settings = yaml::parse(text)?;
        if !settings.is_object() {
            return Err("holds no settings".to_owned());
        }
        let fallback = file.folder().rsplit('/').next().unwrap_or_default();
        let name = yaml::text(&settings, "name").unwrap_or_else(|| fallback.to_owned());
        let mut folders: Vec<(String, Role)> = Vec::new();
        for (role, key, old_key, default) in FOLDERS {
            let given = settings.get(key).or_else(|| settings.get(old_key));
            folders.extend(paths(given, default).into_iter().map(|folder| (folder, role)));
        }
        for (key, default) in
            [("target-path", "target"), ("log-path", "logs"), ("packages-install-path", "dbt_packages")]
        {
            folders.extend(paths(settings.get(key), &[default]).into_iter().map(|folder| (folder, Role::Output)));
        }
        // The longest folder decides, so that `models/tests` may hold tests.
        folders.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        let vars = variables(settings.get("vars"), &name);
        let profile = yaml::text(&settings, "profile");
        Ok(Self { root: file.folder().to_owned(), name, file: file.clone(), vars, profile, folders, settings })
    }

    /// What a file of this project is, and its folders below the folder of that role.
    #[must_use]
    pub fn role<'a>(&self, path: &'a RepoPath) -> Option<(Role, Vec<&'a str>)> {
        let inside = below(path.as_str(), &self.root)?;
        self.folders.iter().find_map(|(folder, role)| {
            let inner = below(inside, folder)?;
            let mut folders: Vec<&str> = inner.split('/').collect();
            folders.pop();
            Some((*role, folders))
        })
    }

    /// The settings for a node from the project file's section (`models`, `seeds`, `snapshots`).
    #[must_use]
    pub fn node_config(&self, section: &str, folders: &[&str], node: &str) -> config::NodeConfig {
        config::from_section(self.settings.get(section), &self.name, folders, node)
    }

    /// A setting anywhere in the project file that only one adapter has, as a sign of that adapter.
    #[must_use]
    pub fn adapter_sign(&self) -> Option<(Dialect, &'static str)> {
        ["models", "seeds", "snapshots", "query-comment"]
            .iter()
            .find_map(|section| sign_in(self.settings.get(section)?, 0))
    }
}

/// The rest of a path below a folder; the whole path below the root.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

fn paths(given: Option<&Value>, default: &[&str]) -> Vec<String> {
    let texts = match given {
        Some(Value::Array(list)) => list.iter().filter_map(yaml::scalar).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => default.iter().map(|folder| (*folder).to_owned()).collect::<Vec<_>>(),
    };
    let clean = |text: &String| text.trim_start_matches("./").trim_matches('/').to_owned();
    texts.iter().map(clean).map(|folder| if folder == "." { String::new() } else { folder }).collect()
}

fn variables(given: Option<&Value>, project: &str) -> Map<String, Value> {
    let mut vars = given.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(Value::Object(own)) = vars.get(project).cloned() {
        vars.extend(own);
    }
    vars
}

/// Settings that only one adapter has.
const ADAPTER_SETTINGS: [(&str, Dialect); 16] = [
    ("dataset", Dialect::BigQuery),
    ("partition_expiration_days", Dialect::BigQuery),
    ("require_partition_filter", Dialect::BigQuery),
    ("labels", Dialect::BigQuery),
    ("transient", Dialect::Snowflake),
    ("snowflake_warehouse", Dialect::Snowflake),
    ("query_tag", Dialect::Snowflake),
    ("copy_grants", Dialect::Snowflake),
    ("automatic_clustering", Dialect::Snowflake),
    ("dist", Dialect::Redshift),
    ("bind", Dialect::Redshift),
    ("unlogged", Dialect::Postgres),
    ("indexes", Dialect::Postgres),
    ("file_format", Dialect::Databricks),
    ("liquid_clustered_by", Dialect::Databricks),
    ("engine", Dialect::ClickHouse),
];

fn sign_in(value: &Value, depth: usize) -> Option<(Dialect, &'static str)> {
    let map = value.as_object().filter(|_| depth < 12)?;
    let own = map.iter().find_map(|(key, value)| {
        let setting = key.strip_prefix('+')?;
        let sign = ADAPTER_SETTINGS.iter().find(|(name, _)| *name == setting);
        sign.filter(|_| !value.is_null()).map(|(name, dialect)| (*dialect, *name))
    });
    own.or_else(|| map.values().find_map(|value| sign_in(value, depth + 1)))
}

/// The adapter of a profile, from a `profiles.yml`.
#[must_use]
pub fn adapter_of_profile(profiles: &str, profile: Option<&str>) -> Option<Dialect> {
    let profiles = yaml::parse(profiles).ok()?;
    let chosen = match profile.and_then(|name| profiles.get(name)) {
        Some(chosen) => chosen,
        None => profiles.as_object()?.iter().find(|(name, _)| *name != "config")?.1,
    };
    let outputs = chosen.get("outputs")?.as_object()?;
    let target = yaml::text(chosen, "target").and_then(|name| outputs.get(&name));
    let output = target.or_else(|| outputs.values().next())?;
    yaml::text(output, "type")?.parse().ok()
}

/// All projects of a tree.
#[derive(Debug, Clone, Default)]
pub struct Projects {
    /// The projects, shallow ones first, then by path.
    pub list: Vec<Project>,
    /// For each folder that holds a project its index.
    by_root: BTreeMap<String, usize>,
}

impl Projects {
    /// Puts projects in order.
    #[must_use]
    pub fn new(mut list: Vec<Project>) -> Self {
        list.sort_by_key(|project| {
            let depth = if project.root.is_empty() { 0 } else { project.root.matches('/').count() + 1 };
            (depth, project.root.clone())
        });
        let by_root = list.iter().enumerate().map(|(index, project)| (project.root.clone(), index)).collect();
        Self { list, by_root }
    }

    /// The nearest project above a file.
    #[must_use]
    pub fn of(&self, path: &RepoPath) -> Option<usize> {
        let mut folder = path.folder();
        loop {
            if let Some(index) = self.by_root.get(folder) {
                return Some(*index);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    #[test]
    fn files_have_roles_by_their_folders() {
        let text = "name: shop\nsource-paths: [sql/models, './more/']\ntarget-path: out\n";
        let project = Project::parse(&path("dbt/dbt_project.yml"), text).expect("a project");
        assert_eq!(project.role(&path("dbt/sql/models/a/b/x.sql")), Some((Role::Model, vec!["a", "b"])));
        assert_eq!(project.role(&path("dbt/more/x.sql")), Some((Role::Model, vec![])));
        assert_eq!(project.role(&path("dbt/macros/x.sql")).map(|(role, _)| role), Some(Role::Macro));
        assert_eq!(project.role(&path("dbt/out/x.sql")).map(|(role, _)| role), Some(Role::Output));
        assert_eq!(project.role(&path("dbt/models/x.sql")), None);
        assert_eq!(project.role(&path("other/sql/models/x.sql")), None);
    }

    #[test]
    fn the_nearest_project_owns_a_file() {
        let project = |file: &str| Project::parse(&path(file), "name: x").expect("a project");
        let projects = Projects::new(vec![project("a/b/dbt_project.yml"), project("dbt_project.yml")]);
        assert_eq!(projects.of(&path("a/b/c/x.sql")), Some(1));
        assert_eq!(projects.of(&path("a/x.sql")), Some(0));
    }

    #[test]
    fn variables_under_the_projects_name_win() {
        let text = "name: shop\nvars:\n  a: 1\n  b: 2\n  shop:\n    a: 3\n";
        let project = Project::parse(&path("dbt_project.yml"), text).expect("a project");
        assert_eq!(project.vars.get("a"), Some(&Value::from(3)));
        assert_eq!(project.vars.get("b"), Some(&Value::from(2)));
    }

    #[test]
    fn profiles_and_settings_tell_the_adapter() {
        let profiles = "shop:\n  target: prod\n  outputs:\n    dev: {type: duckdb}\n    prod: {type: bigquery}\n";
        assert_eq!(adapter_of_profile(profiles, Some("shop")), Some(Dialect::BigQuery));
        assert_eq!(adapter_of_profile(profiles, Some("unknown")), Some(Dialect::BigQuery));
        let text = "name: shop\nmodels:\n  shop:\n    marts:\n      +transient: false\n";
        let project = Project::parse(&path("dbt_project.yml"), text).expect("a project");
        assert_eq!(project.adapter_sign(), Some((Dialect::Snowflake, "transient")));
    }
}
