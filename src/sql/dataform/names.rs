//! What the files of Dataform projects are called, and where their settings put what names no schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::script::{Given, config, declarations};
use crate::dbt::yaml;
use crate::path::RepoPath;
use crate::source::SourceTree;
use crate::sql::dialect::Dialect;

/// A file of these names makes its folder a Dataform project.
pub const SETTINGS: [&str; 2] = ["workflow_settings.yaml", "dataform.json"];

/// A name's parts, the outermost first.
type Parts = Vec<String>;

/// A table that JavaScript declares to be made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What it is called.
    pub parts: Vec<String>,
    /// Where that stands.
    pub file: RepoPath,
    /// The line there.
    pub line: u32,
}

/// The projects of a tree and the names in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The settings of each project, by its folder.
    projects: BTreeMap<String, Value>,
    /// The name of each file.
    files: BTreeMap<RepoPath, Parts>,
    /// Names by project and last part.
    known: BTreeMap<(String, String), Vec<Parts>>,
    declared: Vec<Declared>,
}

impl Names {
    /// Reads them.
    #[must_use]
    pub fn of<Side>(tree: &SourceTree<Side>) -> Self {
        let mut names = Self::default();
        for (path, file) in tree.support.iter().filter(|(path, _)| SETTINGS.contains(&path.file_name())) {
            let settings = file.content.as_ref().ok().and_then(|text| yaml::parse(text).ok());
            names.projects.insert(path.folder().to_owned(), settings.unwrap_or_default());
        }
        for (path, file) in tree.sql.iter().filter(|(path, _)| super::is_sqlx(path)) {
            let Ok(text) = &file.content else { continue };
            let mut config = config(text);
            let stem = path.file_name().rsplit_once('.').map_or("", |(stem, _)| stem);
            let name = config.remove("name").unwrap_or_else(|| stem.to_owned());
            let given = Given { database: config.remove("database"), schema: config.remove("schema"), name };
            let parts = names.know(given, path);
            names.files.insert(path.clone(), parts);
        }
        for (path, file) in tree.support.iter().filter(|(path, _)| super::is_javascript(path)) {
            let Ok(text) = &file.content else { continue };
            for (line, given) in declarations(text) {
                let parts = names.know(given, path);
                names.declared.push(Declared { parts, file: path.clone(), line });
            }
        }
        names
    }

    /// Notes a name of a file, with what the project's settings add to it; the whole.
    fn know(&mut self, given: Given, path: &RepoPath) -> Parts {
        let (project, settings) = self.project(path);
        let set = |keys: [&str; 2]| keys.iter().find_map(|key| yaml::text(settings?, key));
        let schema = given.schema.or_else(|| set(["defaultDataset", "defaultSchema"]));
        let database = given.database.or_else(|| set(["defaultProject", "defaultDatabase"]));
        let database = database.filter(|_| schema.is_some());
        let parts: Parts = database.into_iter().chain(schema).chain([given.name.clone()]).collect();
        self.known.entry((project, given.name)).or_default().push(parts.clone());
        parts
    }

    /// The nearest project above a path.
    fn project(&self, path: &RepoPath) -> (String, Option<&Value>) {
        let mut folder = path.folder();
        loop {
            if let Some(settings) = self.projects.get(folder) {
                return (folder.to_owned(), Some(settings));
            }
            if folder.is_empty() {
                return (String::new(), None);
            }
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// The engine that a file is written for; that of Dataform is BigQuery, unless an old project says otherwise.
    #[must_use]
    pub fn dialect(&self, path: &RepoPath) -> Option<Dialect> {
        let warehouse = yaml::text(self.project(path).1?, "warehouse");
        (super::is_sqlx(path) || super::is_javascript(path))
            .then(|| warehouse.and_then(|word| word.parse().ok()).unwrap_or(Dialect::BigQuery))
    }

    /// The tables that JavaScript declares.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The name of a file.
    #[must_use]
    pub fn own(&self, path: &RepoPath) -> Option<Parts> {
        self.files.get(path).cloned()
    }

    /// What a reference leads to: a file of the project, or the name as it is given.
    #[must_use]
    pub fn reference(&self, given: &[String], path: &RepoPath) -> Option<Parts> {
        let name = given.last()?;
        let of_name = self.known.get(&(self.project(path).0, name.clone()));
        let mut fitting = of_name.into_iter().flatten().filter(|parts| parts.ends_with(given));
        Some(fitting.next().cloned().unwrap_or_else(|| given.to_vec()))
    }
}
