//! dbt's artifacts as they are written, without what is not wanted.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

#[derive(Deserialize)]
pub(super) struct RawManifest {
    pub(super) metadata: RawMetadata,
    #[serde(default)]
    pub(super) nodes: Entries<RawNode>,
    #[serde(default)]
    pub(super) sources: Entries<RawSource>,
}

#[derive(Deserialize)]
pub(super) struct RawMetadata {
    pub(super) dbt_schema_version: String,
    pub(super) project_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RawNode {
    pub(super) name: String,
    pub(super) package_name: String,
    pub(super) original_file_path: String,
    pub(super) checksum: Option<RawChecksum>,
    pub(super) compiled_code: Option<String>,
    pub(super) compiled_sql: Option<String>,
    pub(super) relation_name: Option<String>,
    pub(super) database: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) alias: Option<String>,
    #[serde(default)]
    pub(super) depends_on: RawDependencies,
}

#[derive(Deserialize)]
pub(super) struct RawChecksum {
    pub(super) name: String,
    pub(super) checksum: String,
}

#[derive(Deserialize, Default)]
pub(super) struct RawDependencies {
    #[serde(default)]
    pub(super) nodes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct RawSource {
    pub(super) source_name: String,
    pub(super) name: String,
    pub(super) relation_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RawCatalog {
    #[serde(default)]
    pub(super) nodes: Entries<RawTable>,
    #[serde(default)]
    pub(super) sources: Entries<RawTable>,
}

#[derive(Deserialize)]
pub(super) struct RawTable {
    pub(super) columns: Entries<RawColumn>,
}

#[derive(Deserialize)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) index: i64,
    #[serde(rename = "type")]
    pub(super) data_type: Option<String>,
}

/// The entries of a map that are wanted, in their order.
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What stands in a map of an artifact.
pub(super) trait Entry {
    /// Whether the entry of this key is wanted.
    fn is_wanted(_key: &str) -> bool {
        true
    }
}

impl Entry for RawNode {
    /// Tests and analyses build nothing.
    fn is_wanted(key: &str) -> bool {
        ["model.", "seed.", "snapshot."].iter().any(|kind| key.starts_with(kind))
    }
}

impl Entry for RawSource {}
impl Entry for RawTable {}
impl Entry for RawColumn {}

impl<'de, T: Deserialize<'de> + Entry> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Entry> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if T::is_wanted(&key) {
                let value = map.next_value()?;
                entries.push((key, value));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Entries(entries))
    }
}
