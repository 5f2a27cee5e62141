//! What dbt writes into `target/`: of `manifest.json` the compiled SQL and the names of relations, of `catalog.json` the
//! columns that relations have.
//!
//! Read as a stream into the little that is kept: a manifest of 100 MB is mostly documentation and macros. Whether a node's
//! entry still belongs to its file is told by the checksum ([`ManifestNode::is_of`]); [`super::compiled`] asks.

mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use self::raw::{RawCatalog, RawManifest, RawNode, RawTable};
use super::relation::Relation;

/// The oldest version of the manifest's schema that is read: dbt 1.5.
const OLDEST_SCHEMA: u32 = 9;

/// The artifacts of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectArtifacts {
    /// The project's folder; `None` where the manifest itself says which project it is of.
    pub root: Option<String>,
    /// What people call the manifest: its path.
    pub place: String,
    /// The manifest, or why it cannot be used; `None` where there is none.
    pub manifest: Option<Result<Manifest, String>>,
    /// The catalog, likewise.
    pub catalog: Option<Result<Catalog, String>>,
}

/// What is kept of a `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The project's name.
    pub project: String,
    packages: BTreeSet<String>,
    nodes: BTreeMap<String, ManifestNode>,
    /// By package and file; `None` where a file holds several nodes.
    by_file: BTreeMap<(String, String), Option<String>>,
    sources: BTreeMap<String, ManifestSource>,
}

/// A model, seed or snapshot of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestNode {
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    pub package: String,
    /// Its file, from that project's folder.
    pub file: String,
    /// Its SQL as dbt compiled it; `None` where it was only parsed.
    pub compiled: Option<Arc<str>>,
    /// Its relation in parts.
    pub relation: Relation,
    /// Its relation as SQL writes it; `None` for an ephemeral model.
    pub relation_name: Option<String>,
    /// What its SQL names, by their ids.
    pub depends_on: Vec<String>,
    checksum: Option<String>,
}

/// A table of a source in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSource {
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// The relation as SQL writes it.
    pub relation_name: Option<String>,
}

/// What a `catalog.json` says: by a node's or source's id its columns in order, with their types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog(pub BTreeMap<String, Vec<(String, Option<String>)>>);

impl ProjectArtifacts {
    /// What people call the catalog: its path.
    #[must_use]
    pub fn catalog_place(&self) -> String {
        self.place.replace("manifest.json", "catalog.json")
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(reader: impl Read) -> Result<Self, String> {
        let raw: RawManifest = serde_json::from_reader(reader).map_err(|error| error.to_string())?;
        let version = schema_version(&raw.metadata.dbt_schema_version).ok_or("it states no schema version of dbt's")?;
        if version < OLDEST_SCHEMA {
            return Err(format!("its schema version v{version} is older than v{OLDEST_SCHEMA} (dbt 1.5)"));
        }
        let mut manifest = Self { project: raw.metadata.project_name.unwrap_or_default(), ..Self::default() };
        for (id, node) in raw.nodes.0 {
            let node = ManifestNode::of(node);
            let place = manifest.by_file.entry((node.package.clone(), node.file.clone()));
            place.and_modify(|other| *other = None).or_insert_with(|| Some(id.clone()));
            manifest.packages.insert(node.package.clone());
            manifest.nodes.insert(id, node);
        }
        for (id, source) in raw.sources.0 {
            let (source, table, relation_name) = (source.source_name, source.name, source.relation_name);
            manifest.sources.insert(id, ManifestSource { source, table, relation_name });
        }
        Ok(manifest)
    }

    /// The only node of a file of a package.
    #[must_use]
    pub fn node_of(&self, package: &str, file: &str) -> Option<&ManifestNode> {
        let id = self.by_file.get(&(package.to_owned(), file.to_owned()))?.as_ref()?;
        self.nodes.get(id)
    }

    /// A node by its id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&ManifestNode> {
        self.nodes.get(id)
    }

    /// A source's table by its id.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&ManifestSource> {
        self.sources.get(id)
    }

    /// Whether it holds nodes of a package, or is that package's own.
    #[must_use]
    pub fn holds(&self, package: &str) -> bool {
        self.project == package || self.packages.contains(package)
    }
}

impl ManifestNode {
    fn of(raw: RawNode) -> Self {
        let checksum = raw.checksum.filter(|checksum| checksum.name == "sha256").map(|checksum| checksum.checksum);
        let identifier = raw.alias.unwrap_or_else(|| raw.name.clone());
        Self {
            name: raw.name,
            package: raw.package_name,
            // dbt writes the separators of the machine that it runs on.
            file: raw.original_file_path.replace('\\', "/"),
            compiled: raw.compiled_code.or(raw.compiled_sql).map(Arc::from),
            relation: Relation { database: raw.database, schema: raw.schema, identifier },
            relation_name: raw.relation_name,
            depends_on: raw.depends_on.nodes,
            checksum,
        }
    }

    /// Whether the entry was made from this text. dbt takes the SHA-256 of the text without white space around it; a byte
    /// order mark belongs to its text, and not to ours.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        let Some(checksum) = &self.checksum else { return false };
        let text = text.trim();
        let is =
            |hash: Sha256| hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *checksum;
        is(Sha256::new().chain_update(text)) || is(Sha256::new().chain_update("\u{feff}").chain_update(text))
    }
}

/// `https://schemas.getdbt.com/dbt/manifest/v12.json` → 12.
fn schema_version(address: &str) -> Option<u32> {
    address.rsplit_once("/v")?.1.strip_suffix(".json")?.parse().ok()
}

impl Catalog {
    /// Reads a catalog.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(reader: impl Read) -> Result<Self, String> {
        let raw: RawCatalog = serde_json::from_reader(reader).map_err(|error| error.to_string())?;
        let table = |(id, table): (String, RawTable)| {
            let mut columns = table.columns.0;
            columns.sort_by_key(|(_, column)| column.index);
            (id, columns.into_iter().map(|(_, column)| (column.name, column.data_type)).collect())
        };
        Ok(Self(raw.nodes.0.into_iter().chain(raw.sources.0).map(table).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A manifest of the shop with one model.
    fn manifest(version: &str, node: &str) -> Result<Manifest, String> {
        let text = format!(
            r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/{version}.json",
            "project_name": "shop", "adapter_type": "duckdb"}}, "macros": {{"macro.dbt.x": {{"macro_sql": "…"}}}},
            "nodes": {{"test.shop.t": {{"columns": 1}}, "model.shop.a": {{"name": "a", "package_name": "shop",
            "original_file_path": "models\\a.sql", "database": "db", "schema": "s", "alias": "b", {node}}}}},
            "sources": {{"source.shop.raw.t": {{"source_name": "raw", "name": "t", "relation_name": "raw.t"}}}}}}"#
        );
        Manifest::read(text.as_bytes())
    }

    #[test]
    fn compiled_sql_is_read_by_either_name_from_version_9_on() {
        for (version, node) in [("v9", r#""compiled_code": "select 1""#), ("v12", r#""compiled_sql": "select 1""#)] {
            let manifest = manifest(version, node).expect(version);
            let node = manifest.node_of("shop", "models/a.sql").expect("the model");
            assert_eq!((node.compiled.as_deref(), node.relation.identifier.as_str()), (Some("select 1"), "b"));
            assert_eq!(manifest.source("source.shop.raw.t").map(|source| source.table.as_str()), Some("t"));
            assert!(manifest.holds("shop") && !manifest.holds("other"));
        }
        let told = manifest("v8", r#""compiled_code": null"#).expect_err("too old");
        assert_eq!(told, "its schema version v8 is older than v9 (dbt 1.5)");
        assert!(Manifest::read(&b"{\"metadata\": {\"dbt_schema_version\": \"x\"}}"[..]).is_err());
        assert!(Manifest::read(&b"[[["[..]).is_err());
    }

    #[test]
    fn a_checksum_is_of_the_text_without_white_space_around_it() {
        // The SHA-256 of `select 1`.
        let hash = "822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f";
        let node = format!(r#""checksum": {{"name": "sha256", "checksum": "{hash}"}}"#);
        let read = manifest("v12", &node).expect("a manifest");
        let node = read.node_of("shop", "models/a.sql").expect("the model");
        assert!(node.is_of("\n  select 1\n") && !node.is_of("select  1"));
        let without = manifest("v12", r#""checksum": {"name": "path", "checksum": "x"}"#).expect("a manifest");
        assert!(!without.node_of("shop", "models/a.sql").expect("the model").is_of("x"));
    }

    #[test]
    fn columns_of_a_catalog_come_in_their_order() {
        let text = br#"{"nodes": {}, "sources": {"source.shop.raw.t": {"metadata": {"name": "t"}, "columns": {
            "B": {"type": "TEXT", "index": 2, "name": "B"}, "A": {"type": "INT", "index": 1, "name": "A"}}}}}"#;
        let catalog = Catalog::read(&text[..]).expect("a catalog");
        let columns = &catalog.0["source.shop.raw.t"];
        assert_eq!(columns[..], [("A".to_owned(), Some("INT".to_owned())), ("B".to_owned(), Some("TEXT".to_owned()))]);
    }
}
