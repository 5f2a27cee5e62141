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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Folders from the repository's root, the longest first.
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
        let root = file.folder();
        for (role, key, old_key, default) in FOLDERS {
            let given = settings.get(key).or_else(|| settings.get(old_key));
            folders.extend(paths(given, default).iter().filter_map(|folder| Some((resolved(root, folder)?, role))));
        }
        for (key, default) in
            [("target-path", "target"), ("log-path", "logs"), ("packages-install-path", "dbt_packages")]
        {
            let given = paths(settings.get(key), &[default]);
            folders.extend(given.iter().filter_map(|folder| Some((resolved(root, folder)?, Role::Output))));
        }
        // The longest folder decides, so that `models/tests` may hold tests.
        folders.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        let vars = variables(settings.get("vars"), &name);
        let profile = yaml::text(&settings, "profile");
        Ok(Self { root: root.to_owned(), name, file: file.clone(), vars, profile, folders, settings })
    }

    /// What a file of this project is, and its folders below the folder of that role.
    #[must_use]
    pub fn role<'a>(&self, path: &'a RepoPath) -> Option<(Role, Vec<&'a str>)> {
        self.folders.iter().find_map(|(folder, role)| {
            let inner = below(path.as_str(), folder)?;
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

    /// Whether other projects may only name its public models.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.settings.get("restrict-access").and_then(Value::as_bool).unwrap_or(false)
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
    match given {
        Some(Value::Array(list)) => list.iter().filter_map(yaml::scalar).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => default.iter().map(|folder| (*folder).to_owned()).collect(),
    }
}

/// A folder of a project from the repository's root; `None` for one outside of the repository. Projects that live side by
/// side share folders by `../`.
fn resolved(root: &str, folder: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in root.split('/').chain(folder.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn variables(given: Option<&Value>, project: &str) -> Map<String, Value> {
    let mut vars = given.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(Value::Object(own)) = vars.get(project).cloned() {
        vars.extend(own);
    }
    vars
}

/// Settings that only one adapter has.
const ADAPTER_SETTINGS: [(&str, Dialect); 15] = [
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

    /// The project and the role of a file: those of the nearest project above it; else, for a folder that projects share,
    /// those of the first that names it.
    #[must_use]
    pub fn place<'a>(&self, path: &'a RepoPath) -> Option<(usize, Role, Vec<&'a str>)> {
        let near = self.of(path).and_then(|index| Some((index, self.list.get(index)?.role(path)?)));
        let sharing = || self.sharing(path).next().and_then(|index| Some((index, self.list.get(index)?.role(path)?)));
        near.or_else(sharing).map(|(index, (role, folders))| (index, role, folders))
    }

    /// The projects that name a folder around a file which is not below them.
    pub fn sharing<'a>(&'a self, path: &'a RepoPath) -> impl Iterator<Item = usize> + 'a {
        let names = |project: &Project| below(path.as_str(), &project.root).is_none() && project.role(path).is_some();
        self.list.iter().enumerate().filter(move |(_, project)| names(project)).map(|(index, _)| index)
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
    fn projects_share_folders_by_going_up() {
        let text = "name: shop\nmacro-paths: [macros, ../shared/macros, ../../../outside]\n";
        let project = Project::parse(&path("dbt/shop/dbt_project.yml"), text).expect("a project");
        let projects = Projects::new(vec![project]);
        let shared = path("dbt/shared/macros/x.sql");
        assert_eq!(projects.place(&shared).map(|(project, role, _)| (project, role)), Some((0, Role::Macro)));
        assert_eq!(projects.place(&path("outside/x.sql")), None);
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
