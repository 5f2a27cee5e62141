//! Who may name which model, and whom to ask about one: dbt stops where a model is named that is not open to its reader.
//!
//! Told only of readers whose group is known: models, seeds and snapshots of the projects here, and exposures, which have
//! none. Not of tests, analyses, metrics and semantic models.

use std::collections::BTreeMap;
use std::fmt;

use crate::dbt::governance::Governance;
use crate::dbt::project::Project;
use crate::dbt::world::World;
use crate::lineage::model::{AssetKind, AssetName, LineageGraph, MentionKind, Read};

/// What is known of the nodes and sources of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stewards {
    nodes: BTreeMap<AssetName, Steward>,
    owners: BTreeMap<AssetName, String>,
}

/// What is known of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Steward {
    project: usize,
    group: Group,
    open_to: OpenTo,
}

/// The group that a node belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Group {
    None,
    Named(String),
    /// A template decides.
    Unknown,
}

/// Who may name a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenTo {
    /// Whoever likes to, as far as is known.
    All,
    /// Models of the same project.
    Project,
    /// Models of the same group; `true`: of the same project as well.
    Group(bool),
}

impl Stewards {
    /// Of the nodes and sources that a tree's projects declare; `told` is what the files of nodes say themselves.
    #[must_use]
    pub fn of(world: &World, told: &BTreeMap<AssetName, Governance>) -> Self {
        let mut stewards = Self::default();
        for node in &world.nodes {
            let said = told.get(&node.asset).unwrap_or(&node.config.governance);
            let group = match &said.group {
                None => Group::None,
                Some(text) if text.contains("{{") => Group::Unknown,
                Some(name) => Group::Named(name.clone()),
            };
            let is_restricted = world.projects.list.get(node.project).is_some_and(Project::is_restricted);
            let open_to = match said.access.as_deref().unwrap_or("protected") {
                _ if node.kind != AssetKind::Model => OpenTo::All,
                "private" => OpenTo::Group(is_restricted),
                "protected" if is_restricted => OpenTo::Project,
                _ => OpenTo::All,
            };
            let properties = world.properties.get(node.project);
            let of_group = || match &group {
                Group::Named(name) => properties.and_then(|properties| properties.groups.get(name)),
                Group::None | Group::Unknown => None,
            };
            if let Some(owner) = said.owner.as_ref().or_else(of_group) {
                stewards.owners.insert(node.asset.clone(), owner.clone());
            }
            stewards.nodes.insert(node.asset.clone(), Steward { project: node.project, group, open_to });
        }
        for ((source, table), declared) in world.properties.iter().flat_map(|properties| &properties.sources) {
            if let Some(owner) = &declared.owner {
                stewards.owners.entry(AssetName::from_parts(&[source, table])).or_insert_with(|| owner.clone());
            }
        }
        stewards
    }

    /// Adds it to the graph of the same side, which has all reads.
    pub fn add_to(&self, graph: &mut LineageGraph) {
        let owners = self.owners.iter().filter(|(name, _)| graph.assets.contains_key(*name));
        graph.owners.extend(owners.map(|(name, owner)| (name.clone(), owner.clone())));
        let closed = self.nodes.iter().filter(|(_, steward)| steward.open_to != OpenTo::All);
        graph.closed = closed.map(|(name, steward)| (name.clone(), steward.to_string())).collect();
        if !graph.closed.is_empty() {
            graph.refused = graph.reads.iter().filter(|read| self.refuses(read)).cloned().collect();
        }
    }

    fn refuses(&self, read: &Read) -> bool {
        let (Some(model), Some(reader)) = (self.nodes.get(&read.asset), &read.reader) else { return false };
        if read.column.is_some() || *reader == read.asset {
            return false;
        }
        match &read.mention {
            None => self.nodes.get(reader).is_some_and(|reader| !model.is_open_to(reader)),
            Some(mention) => mention.kind == MentionKind::Exposure && matches!(model.open_to, OpenTo::Group(_)),
        }
    }
}

impl Steward {
    fn is_open_to(&self, reader: &Self) -> bool {
        let (same_project, unknown) = (self.project == reader.project, Group::Unknown);
        match self.open_to {
            OpenTo::All => true,
            OpenTo::Project => same_project,
            OpenTo::Group(is_restricted) if is_restricted && !same_project => false,
            OpenTo::Group(_) if self.group == unknown || reader.group == unknown => true,
            // Without a group nobody may name a private model.
            OpenTo::Group(_) => reader.group != Group::None && reader.group == self.group,
        }
    }
}

impl fmt::Display for Steward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = match &self.group {
            Group::None => "no group",
            Group::Named(name) => name,
            Group::Unknown => "some group",
        };
        match self.open_to {
            OpenTo::All => f.write_str("everybody"),
            OpenTo::Project => f.write_str("its project"),
            OpenTo::Group(false) => write!(f, "group {group}"),
            OpenTo::Group(true) => write!(f, "group {group} in its project"),
        }
    }
}
