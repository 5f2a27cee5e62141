//! The settings of a node that decide about its relation, and how they override each other.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::governance::Governance;
use super::snapshot::SnapshotConfig;
use super::yaml;

/// What is configured for a model, seed or snapshot at one place. Texts may still hold Jinja.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeConfig {
    /// `view`, `table`, `incremental`, `ephemeral`, or the name of the project's own materialization.
    pub materialized: Option<String>,
    /// The custom schema (`dataset` on BigQuery, `target_schema` of a snapshot).
    pub schema: Option<String>,
    /// The database (`project` on BigQuery, `catalog` on Databricks).
    pub database: Option<String>,
    /// The relation's name, where it is not the node's.
    pub alias: Option<String>,
    /// `false` for a node that dbt leaves out.
    pub enabled: Option<String>,
    /// Who owns it, and who may name it.
    pub governance: Governance,
    /// Whether dbt holds the model to its contract: `true`, `false`, or what decides it.
    pub contract: Option<String>,
    /// What only snapshots have.
    pub snapshot: SnapshotConfig,
}

impl NodeConfig {
    /// Reads a map of settings; keys may have dbt's `+`.
    #[must_use]
    pub fn from_map(map: &Map<String, Value>) -> Self {
        let read = |names: &[&str]| {
            names.iter().find_map(|name| {
                let plus = map.get(&format!("+{name}")).and_then(yaml::scalar);
                plus.or_else(|| map.get(*name).and_then(yaml::scalar))
            })
        };
        Self {
            materialized: read(&["materialized"]),
            schema: read(&["schema", "dataset", "target_schema"]),
            database: read(&["database", "project", "catalog", "target_database"]),
            alias: read(&["alias"]),
            enabled: read(&["enabled"]),
            governance: Governance::read(&|name| setting(map, name)),
            contract: contract(map),
            snapshot: SnapshotConfig {
                strategy: read(&["strategy"]),
                updated_at: read(&["updated_at"]),
                unique_key: texts(setting(map, "unique_key")),
                hard_deletes: read(&["hard_deletes"]),
                names: names(setting(map, "snapshot_meta_column_names")),
            },
        }
    }

    /// These settings, with those of a less specific place where these say nothing.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        Self {
            materialized: self.materialized.or(general.materialized),
            schema: self.schema.or(general.schema),
            database: self.database.or(general.database),
            alias: self.alias.or(general.alias),
            enabled: self.enabled.or(general.enabled),
            governance: self.governance.over(general.governance),
            contract: self.contract.or(general.contract),
            snapshot: self.snapshot.over(general.snapshot),
        }
    }

    /// The settings with their Jinja rendered; a setting that does not render is as if it were not there.
    #[must_use]
    pub fn rendered(self, render: &dyn Fn(&str) -> Option<String>) -> Self {
        let one = |setting: Option<String>| {
            let setting = setting?;
            if setting.contains("{{") || setting.contains("{%") { render(&setting) } else { Some(setting) }
        };
        let named = |setting| one(setting).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            materialized: named(self.materialized),
            schema: named(self.schema).filter(|text| text != "None"),
            database: named(self.database).filter(|text| text != "None"),
            alias: named(self.alias).filter(|text| text != "None"),
            // What a variable decides is for whoever runs the project: the node counts as switched on.
            enabled: self.enabled.filter(|enabled| !enabled.contains("{{")),
            governance: self.governance,
            contract: one(self.contract),
            snapshot: self.snapshot,
        }
    }

    /// Whether dbt holds the model to its contract; what is not known does not.
    #[must_use]
    pub fn is_contract_enforced(&self) -> bool {
        self.contract.as_deref().is_some_and(|enforced| enforced.trim().eq_ignore_ascii_case("true"))
    }

    /// Whether dbt leaves the node out.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.enabled.as_deref().is_some_and(|enabled| enabled.trim().eq_ignore_ascii_case("false"))
    }
}

/// What a map of settings says of the contract: `contract: {enforced: true}`.
#[must_use]
pub fn contract(map: &Map<String, Value>) -> Option<String> {
    match setting(map, "contract")? {
        Value::Object(contract) => contract.get("enforced").and_then(yaml::scalar),
        Value::String(unknown) => Some(unknown),
        _ => None,
    }
}

fn setting(map: &Map<String, Value>, name: &str) -> Option<Value> {
    let value = map.get(&format!("+{name}")).or_else(|| map.get(name))?;
    // What a template gives is written out.
    let written = value.as_str().filter(|text| text.starts_with(['[', '{']));
    written.and_then(|text| serde_json::from_str(text).ok()).or_else(|| Some(value.clone()))
}

fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(yaml::scalar).collect(),
        Some(one) => yaml::scalar(&one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn names(value: Option<Value>) -> BTreeMap<String, String> {
    let map = value.as_ref().and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(name, given)| Some((name.clone(), yaml::scalar(given)?))).collect()
}

/// The settings for a node from a section of `dbt_project.yml` (`models:`): along the project's name, the folders, and the
/// node's own name; the deepest wins.
#[must_use]
pub fn from_section(section: Option<&Value>, project: &str, folders: &[&str], node: &str) -> NodeConfig {
    let Some(top) = section.and_then(Value::as_object) else { return NodeConfig::default() };
    let mut config = NodeConfig::from_map(top);
    let mut here = top;
    for part in std::iter::once(&project).chain(folders).chain(std::iter::once(&node)) {
        let Some(deeper) = here.get(*part).and_then(Value::as_object) else { break };
        config = NodeConfig::from_map(deeper).over(config);
        here = deeper;
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_folder_wins_and_the_rest_is_inherited() {
        let section = yaml::parse(
            "+enabled: true\nshop:\n  +materialized: view\n  marts:\n    +materialized: table\n    +schema: gold\n    big:\n      materialized: incremental\n",
        )
        .expect("YAML");
        let config = from_section(Some(&section), "shop", &["marts"], "big");
        assert_eq!(config.materialized.as_deref(), Some("incremental"));
        assert_eq!(config.schema.as_deref(), Some("gold"));
        assert_eq!(from_section(Some(&section), "shop", &["staging"], "x").materialized.as_deref(), Some("view"));
        assert_eq!(from_section(Some(&section), "other", &["marts"], "x").materialized, None);
        assert_eq!(from_section(None, "shop", &[], "x"), NodeConfig::default());
    }

    #[test]
    fn a_setting_that_does_not_render_is_absent() {
        let config =
            NodeConfig { schema: Some("{{ x }}".into()), alias: Some("{{ y }}".into()), ..NodeConfig::default() };
        let rendered = config.rendered(&|text| (text == "{{ y }}").then(|| "z".to_owned()));
        assert_eq!((rendered.schema, rendered.alias.as_deref()), (None, Some("z")));
    }

    #[test]
    fn a_contract_holds_where_the_most_specific_place_enforces_it() {
        let section = yaml::parse(
            "shop:\n  +contract: {enforced: true}\n  raw:\n    +contract:\n      enforced: false\n  open:\n    +contract:\n      enforced: \"{{ var('x') }}\"\n",
        )
        .expect("YAML");
        let enforced = |folders: &[&str]| from_section(Some(&section), "shop", folders, "m");
        assert!(enforced(&[]).is_contract_enforced() && !enforced(&["raw"]).is_contract_enforced());
        assert!(!enforced(&["open"]).rendered(&|_| None).is_contract_enforced());
        assert!(enforced(&["open"]).rendered(&|_| Some("True".into())).is_contract_enforced());
        // As a template gives it.
        let own = |text: &str| {
            let map = serde_json::json!({ "contract": text });
            NodeConfig::from_map(map.as_object().expect("a map")).over(enforced(&[])).is_contract_enforced()
        };
        assert!(own("{\"enforced\": true}") && !own("{\"enforced\": false}") && !own("hole"));
    }

    #[test]
    fn only_a_plain_false_disables() {
        let config = |enabled: &str| NodeConfig { enabled: Some(enabled.into()), ..NodeConfig::default() };
        assert!(config("false").rendered(&|_| None).is_disabled());
        assert!(!config("{{ var('x', false) }}").rendered(&|_| Some("False".into())).is_disabled());
    }
}
