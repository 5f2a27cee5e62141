//! The relations that nodes are in the warehouse, and with them what the catalog gets of a model.
//!
//! A relation's name hangs on the settings of its node and on the project's `generate_schema_name`; the target's own database
//! and schema are not known and left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ephemeral::Ephemerals;
use super::{Draft, TemplateText, render_variants};
use crate::dbt::config::NodeConfig;
use crate::dbt::macros::Words;
use crate::dbt::names::{Names, TARGET_DATABASE, TARGET_SCHEMA};
use crate::dbt::relation::Relation;
use crate::dbt::session::{Home, Session, Setting};
use crate::dbt::world::World;
use crate::lineage::model::{AssetKind, AssetName};
use crate::sql::dialect::Dialect;
use crate::sql::jinja::engine::render_text;
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::jinja::segment::{SegmentKind, has_marker, split};
use crate::sql::jinja::source::Replacements;
use crate::sql::lexical::is_blank;
use crate::sql::template::{CatalogContent, FileAsset, Prepared, TokenTarget};

/// The relations of a tree's nodes.
#[derive(Debug)]
pub struct Relations {
    world: Arc<World>,
    nodes: BTreeMap<AssetName, Relation>,
    /// What becomes part of its readers.
    pub(super) ephemeral: Ephemerals,
}

impl Relations {
    /// Gathers the relations that drafts say, and those of seeds.
    #[must_use]
    pub fn gather(world: &Arc<World>, drafts: &[Draft]) -> Self {
        let mut schemas = Schemas { world, cache: BTreeMap::new() };
        let mut nodes = BTreeMap::new();
        for node in world.nodes.iter().filter(|node| node.kind == AssetKind::Seed) {
            nodes.insert(node.asset.clone(), schemas.relation(node.project, &node.name, node.config.clone()));
        }
        for build in drafts.iter().filter_map(|draft| draft.build.as_ref()) {
            let relation = schemas.relation(build.project, &build.name, build.config.clone());
            nodes.insert(build.asset.clone(), relation);
        }
        Self { world: Arc::clone(world), nodes, ephemeral: Ephemerals::new() }
    }

    /// Takes relations that are known otherwise.
    pub fn know(&mut self, relations: impl IntoIterator<Item = (AssetName, Relation)>) {
        self.nodes.extend(relations);
    }

    /// The model that a draft is, where dbt builds nothing for it.
    #[must_use]
    pub fn ephemeral(&self, draft: &Draft) -> Option<AssetName> {
        let build = draft.build.as_ref()?;
        let config = build.config.clone().rendered(&|text| yaml_text(&self.world, build.project, text));
        let is_ephemeral = config.materialized.as_deref() == Some("ephemeral") && build.kind == AssetKind::Model;
        (is_ephemeral && !config.is_disabled()).then(|| build.asset.clone())
    }

    /// The model that a draft is, where dbt holds it to its contract, and whether all of its template is known.
    #[must_use]
    pub fn contract(&self, draft: &Draft) -> Option<(AssetName, bool)> {
        let build = draft.build.as_ref().filter(|build| build.config.contract.is_some())?;
        let config = build.config.clone().rendered(&|text| yaml_text(&self.world, build.project, text));
        let is_built = build.kind == AssetKind::Model && config.materialized.as_deref() != Some("ephemeral");
        let is_held = is_built && config.is_contract_enforced() && !config.is_disabled();
        is_held.then(|| (build.asset.clone(), !draft.prepared.partial))
    }

    /// Fills in the asset and what the catalog gets.
    #[must_use]
    pub fn finish(&self, draft: Draft) -> Prepared {
        let Draft { mut prepared, build, .. } = draft;
        let Some(build) = build else { return prepared };
        let config = build.config.rendered(&|text| yaml_text(&self.world, build.project, text));
        if config.is_disabled() {
            prepared.catalog = CatalogContent::Nothing("a disabled model".to_owned());
            return prepared;
        }
        let materialized = config.materialized.as_deref().unwrap_or("view");
        let word = match (build.kind, materialized) {
            (AssetKind::Snapshot, _) => Some("TABLE"),
            (_, "ephemeral") => None,
            (_, "view") => Some("VIEW"),
            (_, "materialized_view") => Some("MATERIALIZED VIEW"),
            _ => Some("TABLE"),
        };
        prepared.catalog = match word {
            None => CatalogContent::Nothing("an ephemeral model".to_owned()),
            Some(_) if !prepared.path.as_str().ends_with(".sql") => prepared.catalog,
            Some(_) if !build.whole => CatalogContent::Nothing("a model that could not be rendered".to_owned()),
            Some(_) if is_blank(&prepared.sql) => CatalogContent::Nothing("a model without SQL".to_owned()),
            Some(word) => {
                let name = self.nodes.get(&build.asset).cloned().unwrap_or_default().sql(prepared.dialect);
                // On the first line of the SQL: a line of what is sent is one of what is rendered.
                match self.query(build.project, &prepared) {
                    Some(sql) => CatalogContent::Sql(format!("CREATE {word} {name} AS {sql}").into()),
                    None => CatalogContent::Nothing("a model that could not be rendered".to_owned()),
                }
            }
        };
        prepared.asset = Some(FileAsset { name: build.asset, kind: build.kind });
        prepared
    }

    /// The name in SQL of what a token stands for. A node of a package that is not checked in is its dbt name.
    pub(super) fn relation_sql(&self, project: usize, target: &TokenTarget, dialect: Dialect) -> String {
        if let Some(relation) = self.nodes.get(&target.asset) {
            return relation.sql(dialect);
        }
        if target.kind != AssetKind::Source {
            return target.asset.as_str().to_owned();
        }
        let plain = |part: &str| part.trim_matches('"').replace("\"\"", "\"");
        let parts: Vec<String> = target.asset.parts().into_iter().map(plain).collect();
        let [source, table] = parts.as_slice() else { return target.asset.as_str().to_owned() };
        let Some(declared) = self.world.source(project, source, table) else { return target.asset.as_str().to_owned() };
        let render =
            |text: &str| if has_marker(text) { yaml_text(&self.world, project, text) } else { Some(text.to_owned()) };
        Relation {
            database: declared.database.as_deref().and_then(render).filter(|text| text != TARGET_DATABASE),
            schema: render(&declared.schema).and_then(|schema| without_target(&schema)),
            identifier: render(&declared.identifier).unwrap_or_else(|| table.clone()),
        }
        .sql(dialect)
    }
}

/// A text of a YAML file with its Jinja rendered; `None` where it hangs on something that is not known.
fn yaml_text(world: &Arc<World>, project: usize, text: &str) -> Option<String> {
    let words = Words::of(text, &split(text));
    let dialect = world.adapters.get(project).and_then(|adapter| adapter.as_ref().map(|(dialect, _)| *dialect));
    let dialect = dialect.unwrap_or(Dialect::Generic);
    let home = Home { project, node: None, dialect, columns: Arc::default() };
    let setting = Arc::new(Setting::new(world, home, words, Vec::new()));
    let session = Session::new(&setting, false, BTreeMap::new());
    let rendered = render_text(text, Names(session)).ok()?;
    (!rendered.contains(HOLE_PREFIX)).then(|| rendered.trim().to_owned())
}

/// A schema's name without the unknown target's: dbt puts the target's schema in front of a custom one.
fn without_target(schema: &str) -> Option<String> {
    let rest = schema.strip_prefix(TARGET_SCHEMA).map_or(schema, |rest| rest.trim_start_matches('_'));
    let rest = rest.trim();
    (!rest.is_empty() && !rest.contains(HOLE_PREFIX)).then(|| rest.to_owned())
}

/// Works out relations, asking a project's `generate_schema_name` where it has one.
struct Schemas<'a> {
    world: &'a Arc<World>,
    cache: BTreeMap<(usize, String), Option<String>>,
}

impl Schemas<'_> {
    fn relation(&mut self, project: usize, name: &str, config: NodeConfig) -> Relation {
        let config = config.rendered(&|text| yaml_text(self.world, project, text));
        let schema = config.schema.unwrap_or_default();
        let key = (project, schema);
        let known = self.cache.get(&key).cloned();
        let schema = known.unwrap_or_else(|| {
            let named = self.schema(project, &key.1);
            self.cache.insert(key, named.clone());
            named
        });
        let database = config.database.filter(|database| database != TARGET_DATABASE);
        Relation { database, schema, identifier: config.alias.unwrap_or_else(|| name.to_owned()) }
    }

    /// The schema for a custom schema's name (empty: none). dbt's own rule puts the target's schema in front, which is not
    /// known and left out.
    fn schema(&self, project: usize, custom: &str) -> Option<String> {
        let overridden =
            self.world.macro_family("generate_schema_name").any(|(_, definition)| definition.project == project);
        let is_plain = custom.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let own = (overridden && is_plain).then(|| {
            let custom = if custom.is_empty() { "none".to_owned() } else { format!("'{custom}'") };
            generate(self.world, project, &format!("{{{{ generate_schema_name({custom}, model) }}}}"))
        });
        without_target(own.flatten().as_deref().unwrap_or(custom))
    }
}

/// Renders a text with the project's macros.
fn generate(world: &Arc<World>, project: usize, text: &str) -> Option<String> {
    let segments = split(text);
    let home = Home { project, node: None, dialect: Dialect::Generic, columns: Arc::default() };
    let setting = Arc::new(Setting::new(world, home, Words::of(text, &segments), Vec::new()));
    let template =
        TemplateText { segments, rewritten: Replacements::new(), local: Vec::new(), diagnostics: Vec::new(), text };
    let variant = render_variants(&template, &setting, text).ok().flatten()?;
    let name = variant.rendered.text.trim().to_owned();
    let is_known =
        !name.contains(HOLE_PREFIX) && !template.segments.iter().all(|segment| segment.kind == SegmentKind::Text);
    is_known.then_some(name)
}
