//! What a file is by its place: the asset that its path names, or a file that is no asset at all.
//!
//! Patterns of the setting `asset-from-path` come first. Beside them a plain layout is recognised by itself: folders
//! `<project>/<dataset>/<table>/` with a `query.sql` that holds a bare SELECT. That the folders are names is told by the files
//! beside such queries, which create what their folders say, or by a folder `sql` that holds nothing but such folders.
//! A dbt project is read elsewhere (`dbt`): its files never come here.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use pattern::{AssetPattern, AssetPatternError, Capture};

use crate::path::RepoPath;

/// The file that holds the query of a table in a plain layout.
const QUERY_FILE: &str = "query.sql";

/// What a file is by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place<'l> {
    /// Whatever its SQL says.
    Open,
    /// The asset of these parts, by this pattern.
    Asset {
        /// The pattern that takes the path.
        pattern: &'l Arc<str>,
        /// What it captures.
        captures: Vec<Capture<'l>>,
    },
    /// No asset: what it selects is kept by nobody.
    Aside(Aside),
}

/// Why a file is no asset. Objects that it creates count all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// A check of data, as its name says.
    Check,
    /// A function and its tests, as its name says.
    Function,
    /// It stands in the folder of an asset that another file is.
    Beside,
    /// A template from which a generator makes SQL.
    Template,
}

impl Aside {
    /// What people are told that the file is.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Check => "a check",
            Self::Function => "a function",
            Self::Beside => "a script beside an asset",
            Self::Template => "a template of a generator",
        }
    }
}

/// The patterns that name the assets of one side.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Layout {
    given: Vec<AssetPattern>,
    found: Vec<Found>,
}

/// A layout that was recognised.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    pattern: AssetPattern,
    /// The folder above all of it, with a slash at its end; empty for the root.
    root: String,
    /// Folders from there to a file.
    depth: usize,
    /// The folders with a file that is the asset or creates it: what stands beside it there is none.
    filled: BTreeSet<String>,
}

impl Layout {
    /// Takes the given patterns, and looks for plain layouts among the files.
    #[must_use]
    pub fn read(given: &[AssetPattern], files: &[(&RepoPath, &str)]) -> Self {
        Self { given: given.to_vec(), found: recognise(files) }
    }

    /// What a file is.
    #[must_use]
    pub fn place<'l>(&'l self, path: &'l RepoPath) -> Place<'l> {
        let patterns = self.given.iter().chain(self.found.iter().map(|found| &found.pattern));
        for pattern in patterns {
            if let Some(captures) = pattern.captures(path) {
                return Place::Asset { pattern: pattern.text(), captures };
            }
        }
        match named_aside(path) {
            Some(aside) => Place::Aside(aside),
            None if self.found.iter().any(|found| found.holds_beside(path)) => Place::Aside(Aside::Beside),
            None => Place::Open,
        }
    }
}

/// Captures that say in which database a file's names are.
const DATABASES: [&str; 3] = ["project", "database", "catalog"];

impl Layout {
    /// The database that a file means where its SQL names none, by its path.
    #[must_use]
    pub fn database<'l>(&'l self, path: &'l RepoPath) -> Option<&'l str> {
        let given = self.given.iter().find_map(|pattern| pattern.captures(path));
        let captured = given.iter().flatten().find(|capture| DATABASES.contains(&capture.name));
        let beside = || self.found.iter().find(|found| found.holds(path) && found.depth == 3);
        captured.map(|capture| capture.text).or_else(|| {
            let below = path.as_str().strip_prefix(&beside()?.root)?;
            below.split('/').next()
        })
    }
}

impl Found {
    /// Whether a file stands in the folder of an asset.
    fn holds(&self, path: &RepoPath) -> bool {
        path.as_str().strip_prefix(&self.root).is_some_and(|rest| rest.matches('/').count() == self.depth)
    }

    /// Whether a file stands in the folder of an asset that has a file of its own.
    fn holds_beside(&self, path: &RepoPath) -> bool {
        self.holds(path) && self.filled.contains(path.folder())
    }
}

/// `checks.sql`, `orders.checks.sql`, `orders_checks.sql`, `udf.sql`.
fn named_aside(path: &RepoPath) -> Option<Aside> {
    let stem = path.stem().to_lowercase();
    match stem.rsplit(['.', '_', '-']).next().unwrap_or_default() {
        "checks" => Some(Aside::Check),
        "udf" | "udfs" => Some(Aside::Function),
        _ => None,
    }
}

/// Whether a file lies where templates lie. Only what the text says makes it one.
#[must_use]
pub fn is_below_templates(path: &RepoPath) -> bool {
    path.folder().split('/').any(|part| part.eq_ignore_ascii_case("templates"))
}

/// Whether a file lies among tests and what they expect.
#[must_use]
pub fn is_below_tests(path: &RepoPath) -> bool {
    let names = ["test", "tests", "__tests__", "testdata", "fixtures"];
    path.folder().split('/').any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

/// Folders whose queries, and the files beside them, may be a layout.
#[derive(Default)]
struct Candidate<'f> {
    /// Folders with a query.
    queries: BTreeSet<&'f str>,
    beside: Vec<(&'f RepoPath, &'f str)>,
}

fn recognise(files: &[(&RepoPath, &str)]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (depth, names) in [(3, ["project", "dataset", "table"].as_slice()), (2, ["schema", "table"].as_slice())] {
        for (root, candidate) in candidates(files, depth) {
            let is_taken = found.iter().any(|other| root.starts_with(&other.root));
            if !is_taken && candidate.is_layout(root, depth) {
                let pattern = AssetPattern::below(root, names, QUERY_FILE);
                let filled = candidate.filled(depth);
                found.push(Found { pattern, root: root.to_owned(), depth, filled });
            }
        }
    }
    found
}

/// The folders (with a slash at their end) that have queries so many folders below them.
fn candidates<'f>(files: &[(&'f RepoPath, &'f str)], depth: usize) -> BTreeMap<&'f str, Candidate<'f>> {
    let mut candidates: BTreeMap<&str, Candidate<'_>> = BTreeMap::new();
    for (path, _) in files.iter().filter(|(path, _)| is_query(path) && !is_below_tests(path)) {
        if let Some((root, _)) = root_and_names(path, depth) {
            candidates.entry(root).or_default().queries.insert(path.folder());
        }
    }
    if candidates.is_empty() {
        return candidates;
    }
    for (path, text) in files.iter().filter(|(path, _)| !is_query(path)) {
        if let Some((root, _)) = root_and_names(path, depth)
            && let Some(candidate) = candidates.get_mut(root)
        {
            candidate.beside.push((path, text));
        }
    }
    candidates
}

impl Candidate<'_> {
    fn is_layout(&self, root: &str, depth: usize) -> bool {
        let creating: Vec<bool> =
            self.beside.iter().filter_map(|(path, text)| creates_its_folder(path, text, depth)).collect();
        let agreeing = creating.iter().filter(|agrees| **agrees).count();
        if !creating.is_empty() {
            return agreeing * 2 > creating.len();
        }
        let folder = root.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        depth == 3 && self.queries.len() > 1 && folder.eq_ignore_ascii_case("sql")
    }

    /// The folders with a query, or with a file that creates what its folder names.
    fn filled(&self, depth: usize) -> BTreeSet<String> {
        let creating = self.beside.iter().filter(|(path, text)| creates_its_folder(path, text, depth) == Some(true));
        let creating = creating.map(|(path, _)| path.folder());
        self.queries.iter().copied().chain(creating).map(str::to_owned).collect()
    }
}

fn is_query(path: &RepoPath) -> bool {
    path.file_name().eq_ignore_ascii_case(QUERY_FILE)
}

/// The path up to its last folders, with a slash at its end, and the names of these folders.
fn root_and_names(path: &RepoPath, depth: usize) -> Option<(&str, Vec<&str>)> {
    let mut names: Vec<&str> = Vec::with_capacity(depth);
    let mut folder = path.folder();
    while names.len() < depth {
        let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        if name.is_empty() {
            return None;
        }
        names.push(name);
        folder = above;
    }
    names.reverse();
    let end = if folder.is_empty() { 0 } else { folder.len() + 1 };
    Some((path.as_str().get(..end)?, names))
}

/// Whether a file that creates a view or a table creates the one that its folders name; `None` where it creates none.
fn creates_its_folder(path: &RepoPath, text: &str, depth: usize) -> Option<bool> {
    let (_, names) = root_and_names(path, depth)?;
    let upper = text.get(..text.len().min(CREATE_WITHIN)).unwrap_or(text).to_ascii_uppercase();
    let create = upper.find("CREATE ")?;
    let mut words = upper.get(create..).unwrap_or_default().split_ascii_whitespace().skip(1);
    let kind = words.find(|word| !matches!(*word, "OR" | "REPLACE" | "MATERIALIZED" | "EXTERNAL"))?;
    matches!(kind, "VIEW" | "TABLE").then(|| names_in_text(&upper, &names))
}

/// How far a CREATE is looked for, in bytes: comments stand above it.
const CREATE_WITHIN: usize = 8_000;

/// Whether a text (in upper case) holds the names joined by dots, each quoted or not.
fn names_in_text(upper: &str, names: &[&str]) -> bool {
    let plain: String = upper.chars().filter(|c| !matches!(c, '`' | '"' | '[' | ']')).collect();
    let dotted = names.join(".").to_ascii_uppercase();
    let is_end = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '$');
    plain.match_indices(&dotted).any(|(at, _)| {
        let before = plain.get(..at).and_then(|text| text.chars().next_back());
        let after = plain.get(at + dotted.len()..).and_then(|text| text.chars().next());
        before.is_none_or(is_end) && after.is_none_or(is_end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(given: &[&str], files: &[(&str, &str)]) -> Layout {
        let paths: Vec<(RepoPath, &str)> =
            files.iter().map(|(path, text)| (RepoPath::new(path).expect("inside"), *text)).collect();
        let files: Vec<(&RepoPath, &str)> = paths.iter().map(|(path, text)| (path, *text)).collect();
        let given: Vec<AssetPattern> = given.iter().map(|text| text.parse().expect(text)).collect();
        Layout::read(&given, &files)
    }

    fn told(layout: &Layout, path: &str) -> String {
        let path = RepoPath::new(path).expect("inside");
        match layout.place(&path) {
            Place::Open => "open".to_owned(),
            Place::Aside(aside) => aside.words().to_owned(),
            Place::Asset { pattern, captures } => {
                let name: Vec<&str> = captures.iter().map(|capture| capture.text).collect();
                format!("{} by {pattern}", name.join("."))
            }
        }
    }

    #[test]
    fn folders_are_names_where_the_views_beside_queries_say_so() {
        let files = [
            ("etl/my-prod/shop/orders_v1/query.sql", "select 1"),
            ("etl/my-prod/shop/orders/view.sql", "-- v\ncreate or replace view\n  `my-prod.shop.orders` as select 1"),
            ("etl/my-prod/shop/orders_v1/checks.sql", "select 1"),
            ("etl/my-prod/shop/orders_v1/script.sql", "select 1"),
            ("etl/my-prod/shop/readme.sql", "select 1"),
            ("etl/my-prod/shop/visits_v1/transform.sql", "select 1"),
        ];
        let layout = layout(&[], &files);
        let pattern = "etl/{project}/{dataset}/{table}/query.sql";
        assert_eq!(told(&layout, files[0].0), format!("my-prod.shop.orders_v1 by {pattern}"));
        assert_eq!(told(&layout, files[1].0), "a script beside an asset");
        assert_eq!(told(&layout, files[2].0), "a check");
        assert_eq!(told(&layout, files[3].0), "a script beside an asset");
        assert_eq!(told(&layout, files[4].0), "open");
        assert_eq!(told(&layout, files[5].0), "open", "nothing else in its folder is the asset");
    }

    #[test]
    fn the_first_of_three_folders_is_the_database_that_all_files_there_mean() {
        let files = [("sql/p/d/a/query.sql", "select 1"), ("sql/p/d/b/query.sql", "select 1")];
        let layout = layout(&["dwh/{catalog}/{table}.sql"], &files);
        let database = |path: &str| {
            let path = RepoPath::new(path).expect("inside");
            layout.database(&path).map(str::to_owned)
        };
        assert_eq!(database("sql/p/d/a/query.sql").as_deref(), Some("p"));
        assert_eq!(database("sql/q/d/c/view.sql").as_deref(), Some("q"));
        assert_eq!(database("dwh/main/orders.sql").as_deref(), Some("main"));
        assert_eq!(database("sql/d/c/view.sql"), None);
    }

    #[test]
    fn two_folders_are_schema_and_table() {
        let files = [
            ("dwh/shop/orders/query.sql", "select 1"),
            ("dwh/shop/totals/view.sql", "CREATE VIEW \"shop\".\"totals\" AS SELECT 1"),
        ];
        let layout = layout(&[], &files);
        assert_eq!(told(&layout, files[0].0), "shop.orders by dwh/{schema}/{table}/query.sql");
    }

    #[test]
    fn a_folder_called_sql_with_several_queries_is_a_layout_by_itself() {
        let files = [("sql/p/d/a/query.sql", "select 1"), ("sql/p/d/b/query.sql", "select 1")];
        assert_eq!(told(&layout(&[], &files), files[0].0), "p.d.a by sql/{project}/{dataset}/{table}/query.sql");
        assert_eq!(told(&layout(&[], &files[..1]), files[0].0), "open");
    }

    #[test]
    fn folders_that_are_no_names_stay_folders() {
        let files = [
            ("app/src/db/users/query.sql", "select 1"),
            ("app/src/db/users/schema.sql", "create table accounts (a int)"),
            ("tests/sql/p/d/a/query.sql", "select 1"),
            ("tests/sql/p/d/b/query.sql", "select 1"),
        ];
        let layout = layout(&[], &files);
        for (path, _) in files {
            assert_eq!(told(&layout, path), "open");
        }
    }

    #[test]
    fn a_given_pattern_wins_over_names_of_files() {
        let layout = layout(&["{schema}/{table}.sql"], &[]);
        assert_eq!(told(&layout, "quality/checks.sql"), "quality.checks by {schema}/{table}.sql");
        assert_eq!(told(&layout, "x/quality/checks.sql"), "a check");
        assert_eq!(told(&layout, "x/quality/string_udf.sql"), "a function");
    }
}
