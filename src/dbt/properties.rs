//! Property files (`schema.yml`, `sources.yml`, any name): sources with their tables and columns, settings of nodes,
//! exposures, metrics, groups, and the places that name columns.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::config::{self, NodeConfig};
use super::exposures::{self, RawExposure};
use super::governance::{self, Governance};
use super::mentions::{self, RawMention};
use super::metrics::Metrics;
use super::snapshot::declared::{self, DeclaredSnapshot};
use super::yaml::{self, NameLines};
use crate::path::RepoPath;
use crate::source::{BlobId, SourceFile};

/// One table of a source. Texts may still hold Jinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTable {
    /// The database, where one is given.
    pub database: Option<String>,
    /// The schema; the source's name where none is given.
    pub schema: String,
    /// The table's name in the warehouse; the dbt name where none is given.
    pub identifier: String,
    /// Declared columns in order, with their types where given.
    pub columns: Vec<(String, Option<String>)>,
    /// Whom to ask about it.
    pub owner: Option<String>,
    /// The file that declares it.
    pub file: RepoPath,
    /// The line of its name in that file, from 1; 0 where it was not found.
    pub line: u32,
}

/// What property files say.
#[derive(Debug, Clone, Default)]
pub struct Properties {
    /// Tables by source and name.
    pub sources: BTreeMap<(String, String), SourceTable>,
    /// Settings by node name.
    pub nodes: BTreeMap<String, NodeConfig>,
    /// For models with versions the newest one.
    pub latest: BTreeMap<String, String>,
    /// Names of models with versions.
    pub versioned: BTreeSet<String>,
    /// Places that name columns.
    pub mentions: Vec<RawMention>,
    /// Groups of models, each with its owner.
    pub groups: BTreeMap<String, String>,
    /// Exposures.
    pub exposures: Vec<RawExposure>,
    /// Metrics and measures.
    pub metrics: Metrics,
    /// Snapshots that say of which relation they are.
    pub snapshots: Vec<DeclaredSnapshot>,
}

impl Properties {
    /// Whether these mean the same to a template: what only readers of columns want may differ.
    #[must_use]
    pub fn render_like(&self, other: &Self) -> bool {
        let relation = |table: &SourceTable| (table.database.clone(), table.schema.clone(), table.identifier.clone());
        let alike = |(own, other): (&SourceTable, &SourceTable)| relation(own) == relation(other);
        self.sources.keys().eq(other.sources.keys())
            && self.sources.values().zip(other.sources.values()).all(alike)
            && self.latest == other.latest
            && self.versioned == other.versioned
    }

    /// Adds what another file says.
    pub fn extend(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.nodes.extend(other.nodes);
        self.latest.extend(other.latest);
        self.versioned.extend(other.versioned);
        self.mentions.extend(other.mentions);
        self.groups.extend(other.groups);
        self.exposures.extend(other.exposures);
        self.metrics.extend(other.metrics);
        self.snapshots.extend(other.snapshots);
    }
}

/// Property files, each read once however many trees have it.
#[derive(Debug)]
pub struct PropertyFiles<'t>(BTreeMap<(&'t RepoPath, &'t BlobId), Result<Properties, String>>);

impl<'t> PropertyFiles<'t> {
    /// Reads files, on all cores.
    #[must_use]
    pub fn read(files: Vec<&'t SourceFile>) -> Self {
        let key = |file: &'t SourceFile| (&file.path, &file.blob);
        let texts = files.into_iter().filter_map(|file| Some((key(file), file.content.as_deref().ok()?)));
        let distinct: BTreeMap<_, _> = texts.filter(|(_, text)| may_hold_properties(text)).collect();
        let read = distinct.into_par_iter().map(|((path, blob), text)| ((path, blob), read(path, text)));
        Self(read.collect())
    }

    /// What a file says, or what the YAML parser says of it; `None` for one that holds no properties.
    #[must_use]
    pub fn of<'f>(&'f self, file: &'f SourceFile) -> Option<Result<&'f Properties, &'f String>> {
        self.0.get(&(&file.path, &file.blob)).map(Result::as_ref)
    }
}

/// Whether a YAML file could hold properties; cheap.
#[must_use]
pub fn may_hold_properties(text: &str) -> bool {
    ["sources:", "models:", "seeds:", "snapshots:", "exposures:", "unit_tests:", "metrics:", "groups:"]
        .iter()
        .any(|key| text.contains(key))
}

/// Reads a property file.
///
/// # Errors
/// What the YAML parser says.
pub fn read(file: &RepoPath, text: &str) -> Result<Properties, String> {
    let tree = yaml::tree(text)?;
    let mut properties = Properties {
        mentions: mentions::read(file, &tree),
        exposures: exposures::read(file, &tree),
        metrics: Metrics::read(&tree),
        snapshots: declared::read(file, &tree),
        ..Properties::default()
    };
    let root = tree.value();
    properties.groups.extend(governance::groups(&root));
    let lines = NameLines::of(text);
    for source in yaml::entries(&root, "sources") {
        read_source(file, &lines, source, &mut properties);
    }
    for section in ["models", "seeds", "snapshots"] {
        for node in yaml::entries(&root, section) {
            read_node(node, &mut properties);
        }
    }
    Ok(properties)
}

fn read_source(file: &RepoPath, lines: &NameLines<'_>, source: &Value, properties: &mut Properties) {
    let Some(name) = yaml::text(source, "name") else { return };
    let source_line = lines.line(&name, 1).unwrap_or(0);
    let schema = yaml::text(source, "schema").unwrap_or_else(|| name.clone());
    let owner = Governance::of_entry(source).owner;
    let database = ["database", "catalog", "project"].iter().find_map(|key| yaml::text(source, key));
    for table in yaml::entries(source, "tables") {
        let Some(table_name) = yaml::text(table, "name") else { continue };
        let columns = yaml::entries(table, "columns")
            .filter_map(|column| Some((yaml::text(column, "name")?, yaml::text(column, "data_type"))))
            .collect();
        let table = SourceTable {
            database: database.clone(),
            schema: schema.clone(),
            identifier: yaml::text(table, "identifier").unwrap_or_else(|| table_name.clone()),
            columns,
            owner: Governance::of_entry(table).owner.or_else(|| owner.clone()),
            file: file.clone(),
            line: lines.line(&table_name, source_line.saturating_add(1)).unwrap_or(0),
        };
        properties.sources.insert((name.clone(), table_name), table);
    }
}

fn read_node(node: &Value, properties: &mut Properties) {
    let Some(name) = yaml::text(node, "name") else { return };
    let own = node_config(node);
    // A version is a node with a file of its own.
    for version in yaml::entries(node, "versions") {
        let file = yaml::text(version, "v").map(|number| format!("{name}_v{number}"));
        if let Some(file) = yaml::text(version, "defined_in").or(file) {
            properties.nodes.insert(file, node_config(version).over(own.clone()));
        }
    }
    if own != NodeConfig::default() {
        properties.nodes.entry(name.clone()).or_insert(own);
    }
    if yaml::entries(node, "versions").next().is_some() {
        properties.versioned.insert(name.clone());
    }
    let versions = yaml::entries(node, "versions").filter_map(|version| yaml::text(version, "v"));
    let newest = versions.max_by(|a, b| compare_versions(a, b));
    properties.latest.extend(yaml::text(node, "latest_version").or(newest).map(|latest| (name, latest)));
}

/// What an entry says of its node.
fn node_config(entry: &Value) -> NodeConfig {
    let config = entry.get("config").and_then(Value::as_object).map(NodeConfig::from_map).unwrap_or_default();
    let beside = entry.as_object().and_then(config::contract);
    let contract = config.contract.or(beside);
    NodeConfig { governance: Governance::of_entry(entry), contract, ..config }
}

/// Versions that are numbers compare as numbers.
fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_give_tables_with_columns_and_lines() {
        let file = RepoPath::new("models/sources.yml").expect("inside");
        let text = "version: 2\nsources:\n  - name: raw\n    database: lake\n    tables:\n      - name: orders\n        identifier: orders_v2\n        columns:\n          - name: id\n            data_type: bigint\n          - name: note\n";
        let properties = read(&file, text).expect("YAML");
        let table = &properties.sources[&("raw".to_owned(), "orders".to_owned())];
        assert_eq!((table.schema.as_str(), table.identifier.as_str(), table.line), ("raw", "orders_v2", 6));
        assert_eq!(table.columns, [("id".to_owned(), Some("bigint".to_owned())), ("note".to_owned(), None)]);
    }

    #[test]
    fn a_version_is_configured_as_its_model_is_but_for_what_it_says_itself() {
        let file = RepoPath::new("m.yml").expect("inside");
        let text = "models:\n  - name: a\n    config: {schema: gold, contract: {enforced: true}}\n    versions:\n      - v: 1\n        config: {contract: {enforced: false}}\n      - {v: 2, defined_in: b}\n";
        let nodes = read(&file, text).expect("YAML").nodes;
        let told = |name: &str| (nodes[name].schema.as_deref(), nodes[name].contract.as_deref());
        assert_eq!(told("a_v1"), (Some("gold"), Some("false")));
        assert_eq!(told("b"), (Some("gold"), Some("true")));
    }

    #[test]
    fn the_newest_version_is_known() {
        let file = RepoPath::new("m.yml").expect("inside");
        let text = "models:\n  - name: a\n    versions: [{v: 9}, {v: 10}]\n  - name: b\n    latest_version: 1\n    versions: [{v: 1}, {v: 2}]\n";
        let latest = read(&file, text).expect("YAML").latest;
        assert_eq!((latest["a"].as_str(), latest["b"].as_str()), ("10", "1"));
    }
}
