//! What the projects declare beside SQL, with names resolved: exposures, places in YAML that name columns, where the tables
//! of sources are, and how dbt selects a node. Added to a side's graph once that is linked, because whether a named column
//! is there is known only then.

mod stewards;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::stewards::Stewards;
use super::expressions::{self, Expression};
use super::governance::Governance;
use super::mentions::RawMention;
use super::named::Named;
use super::reference::Target;
use super::world::{Node, World};
use crate::lineage::model::{
    Asset, AssetEdge, AssetKind, AssetName, ColumnEdge, ColumnName, ColumnRef, DbtSelector, EXPOSURE, Exposure,
    LineageGraph, Mention, MentionKind, Read, Role, RowSet, Transformation,
};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::template::Prepared;

/// What one side declares beside its SQL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    places: Vec<Place>,
    exposures: Vec<Declared>,
    sources: BTreeMap<AssetName, String>,
    selectors: BTreeMap<AssetName, DbtSelector>,
    ephemeral: BTreeSet<AssetName>,
    named: Vec<Named>,
    stewards: Stewards,
}

/// A place that names an asset or a column of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    asset: AssetName,
    column: Option<String>,
    mention: Mention,
    data_type: Option<String>,
    file: RepoPath,
    line: u32,
}

/// An exposure with what it depends on, and where its file says so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Declared {
    name: AssetName,
    shown: Exposure,
    depends_on: BTreeMap<AssetName, u32>,
    file: RepoPath,
    line: u32,
}

impl Beside {
    /// Resolves what the projects of a tree declare; `dialect` is that of a project.
    #[must_use]
    pub fn of(world: &World, dialect: &dyn Fn(usize) -> Dialect) -> Self {
        let mut beside = Self::default();
        for (project, properties) in world.properties.iter().enumerate() {
            beside.places.extend(places(world, project, dialect));
            for exposure in &properties.exposures {
                let mut depends_on = BTreeMap::new();
                for (target, line) in &exposure.depends_on {
                    for asset in assets(world, project, target) {
                        depends_on.entry(asset).or_insert(*line);
                    }
                }
                let name = AssetName::from_dotted(&format!("{EXPOSURE}{}", exposure.name));
                let (shown, file, line) = (exposure.shown.clone(), exposure.file.clone(), exposure.line);
                beside.exposures.push(Declared { name, shown, depends_on, file, line });
            }
            for ((source, table), declared) in &properties.sources {
                let relation = declared.database.iter().chain([&declared.schema, &declared.identifier]);
                let relation: Vec<&str> = relation.map(String::as_str).collect();
                let name = AssetName::from_parts(&[source, table]);
                beside.sources.entry(name.clone()).or_insert_with(|| relation.join("."));
                let selector = || DbtSelector {
                    project: world.project_root(project).to_owned(),
                    name: format!("source:{source}.{table}"),
                };
                beside.selectors.entry(name).or_insert_with(selector);
            }
        }
        let of_node = |node: &Node| {
            let selector =
                DbtSelector { project: world.project_root(node.project).to_owned(), name: world.selector(node) };
            (node.asset.clone(), selector)
        };
        beside.selectors.extend(world.nodes.iter().map(of_node));
        beside
    }

    /// Notes the models for which nothing is built: where they are configured so, only their rendering tells.
    #[must_use]
    pub fn with_ephemeral(self, ephemeral: BTreeSet<AssetName>) -> Self {
        Self { ephemeral, ..self }
    }

    /// Notes the relations that files name in comments alone.
    #[must_use]
    pub fn with_named(self, files: &[Prepared]) -> Self {
        Self { named: files.par_iter().flat_map_iter(Named::in_comments).collect(), ..self }
    }

    /// Leaves out what contracts would promise that are not enforced.
    #[must_use]
    pub fn with_contracts(mut self, contracts: &Contracts) -> Self {
        self.places.retain(|place| place.holds(contracts));
        self
    }

    /// The models for which nothing is built.
    #[must_use]
    pub fn ephemeral(&self) -> &BTreeSet<AssetName> {
        &self.ephemeral
    }

    /// Notes who owns what and who may name it; `told` is what the files of nodes say themselves.
    #[must_use]
    pub fn with_stewards(self, world: &World, told: &BTreeMap<AssetName, Governance>) -> Self {
        Self { stewards: Stewards::of(world, told), ..self }
    }

    /// What contracts promise: columns with their types.
    fn promised(&self) -> BTreeMap<&AssetName, BTreeMap<String, String>> {
        let mut promised: BTreeMap<&AssetName, BTreeMap<String, String>> = BTreeMap::new();
        for place in self.places.iter().filter(|place| place.mention.kind == MentionKind::Contract) {
            if let Some(column) = &place.column {
                let data_type = place.data_type.as_deref().unwrap_or_default().trim().to_uppercase();
                promised.entry(&place.asset).or_default().insert(column.to_lowercase(), data_type);
            }
        }
        promised
    }

    /// What contracts promise and leave out; of columns whose type no SQL says, the type that a contract promises.
    fn add_contracts(&self, graph: &mut LineageGraph) {
        let promised = self.promised();
        for place in self.places.iter().filter(|place| place.is_whole_contract()) {
            let left_out = promised.get(&place.asset).map(|columns| place.left_out(columns, graph));
            graph.reads.extend(left_out.into_iter().flatten());
        }
        for (name, columns) in promised {
            for column in graph.assets.get_mut(name).into_iter().flat_map(|asset| &mut asset.columns) {
                let data_type = columns.get(&column.name.as_str().to_lowercase());
                if let Some(data_type) = data_type.filter(|text| column.data_type.is_none() && !text.is_empty()) {
                    column.data_type = Some(data_type.as_str().into());
                }
            }
            let lines: Vec<String> =
                columns.iter().map(|(column, data_type)| format!("{column} {data_type}")).collect();
            graph.contracts.insert(name.clone(), lines.join("\n"));
        }
    }

    /// Adds it to the graph of the same side.
    pub fn add_to(&self, graph: &mut LineageGraph) {
        for place in self.places.iter().filter(|place| !place.is_whole_contract()) {
            let read = place.read(graph);
            graph.reads.insert(read);
        }
        self.add_contracts(graph);
        for named in &self.named {
            named.add_to(graph);
        }
        for (name, relation) in &self.sources {
            if let Some(source) = graph.assets.get_mut(name).filter(|asset| asset.kind == AssetKind::Source) {
                source.definition = Some(format!("source {name} is {relation}").into());
            }
        }
        for exposure in &self.exposures {
            exposure.add_to(graph);
        }
        self.stewards.add_to(graph);
        graph.selectors.extend(self.selectors.iter().map(|(name, selector)| (name.clone(), selector.clone())));
    }
}

/// The models that dbt holds to a contract, and for each whether all of its template is known.
pub type Contracts = BTreeMap<AssetName, bool>;

impl Place {
    /// Whether it means that a contract promises no other columns.
    fn is_whole_contract(&self) -> bool {
        self.mention.kind == MentionKind::Contract && self.column.is_none()
    }

    /// Whether it counts: what a contract promises does where that is enforced, and what it leaves out where all is known.
    fn holds(&self, contracts: &Contracts) -> bool {
        self.mention.kind != MentionKind::Contract
            || contracts.get(&self.asset).is_some_and(|all_known| *all_known || self.column.is_some())
    }

    /// The columns that the model gives and its contract leaves out, where all of the model's columns are known.
    fn left_out(&self, promised: &BTreeMap<String, String>, graph: &LineageGraph) -> Vec<Read> {
        let Some(asset) = graph.assets.get(&self.asset).filter(|asset| asset.columns_complete) else {
            return Vec::new();
        };
        let names = || asset.columns.iter().map(|column| &column.name);
        if names().any(|name| name.as_str().contains(['{', '*'])) {
            return Vec::new();
        }
        let others = names().filter(|name| !promised.contains_key(&name.as_str().to_lowercase()));
        let read = |name: &ColumnName| Read {
            asset: self.asset.clone(),
            column: Some(name.clone()),
            reader: Some(self.asset.clone()),
            mention: Some(Mention { kind: MentionKind::ContractWithout, name: name.as_str().into() }),
            file: self.file.clone(),
            line: self.line,
            exists: false,
        };
        others.map(read).collect()
    }

    fn read(&self, graph: &LineageGraph) -> Read {
        let asset = graph.assets.get(&self.asset);
        let column = self.column.as_deref().map(|written| {
            let known = asset.into_iter().flat_map(|asset| &asset.columns);
            let known = known.map(|column| &column.name).find(|name| name.as_str().eq_ignore_ascii_case(written));
            (known.cloned().unwrap_or_else(|| ColumnName::new(&written.to_lowercase())), known.is_some())
        });
        let all_known = asset.is_some_and(|asset| asset.columns_complete);
        Read {
            asset: self.asset.clone(),
            exists: column.as_ref().is_none_or(|(_, found)| *found || !all_known),
            column: column.map(|(name, _)| name),
            reader: (self.mention.kind == MentionKind::Contract).then(|| self.asset.clone()),
            mention: Some(self.mention.clone()),
            file: self.file.clone(),
            line: self.line,
        }
    }
}

impl Declared {
    fn add_to(&self, graph: &mut LineageGraph) {
        let name = self.name.to_string();
        let mention = Mention { kind: MentionKind::Exposure, name: name.trim_start_matches(EXPOSURE).into() };
        for (upstream, line) in &self.depends_on {
            graph.reads.insert(Read {
                asset: upstream.clone(),
                column: None,
                reader: Some(self.name.clone()),
                mention: Some(mention.clone()),
                file: self.file.clone(),
                line: *line,
                exists: true,
            });
            if graph.assets.contains_key(upstream) {
                let star = |asset: &AssetName| ColumnRef { asset: asset.clone(), column: ColumnName::new("*") };
                graph.asset_edges.insert(AssetEdge { upstream: upstream.clone(), downstream: self.name.clone() });
                graph.column_edges.insert(ColumnEdge {
                    upstream: star(upstream),
                    downstream: star(&self.name),
                    transformation: Transformation::Identity,
                });
            }
        }
        let on: Vec<String> = self.depends_on.keys().map(|upstream| format!("\n  depends on {upstream}")).collect();
        let asset = Asset {
            name: self.name.clone(),
            kind: AssetKind::Exposure,
            role: Role::Defined,
            file: Some(self.file.clone()),
            line: self.line,
            columns: Vec::new(),
            columns_complete: false,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            definition: Some(format!("{name}{}", on.concat()).into()),
            sql: None,
        };
        graph.assets.insert(self.name.clone(), asset);
        graph.exposures.insert(self.name.clone(), self.shown.clone());
    }
}

/// The places of a project that name assets and columns.
fn places(world: &World, project: usize, dialect: &dyn Fn(usize) -> Dialect) -> Vec<Place> {
    let mentions = world.properties.get(project).into_iter().flat_map(|properties| &properties.mentions);
    let places = mentions.filter_map(|mention| Some((place(world, project, mention)?, mention.expression.as_deref())));
    let (in_sql, mut plain): (Vec<_>, Vec<_>) = places.partition(|(_, expression)| expression.is_some());
    if !in_sql.is_empty() {
        let told = in_sql.iter().filter_map(|(place, text)| Some((place, (*text)?)));
        let expressions: Vec<Expression<'_>> =
            told.map(|(place, text)| Expression { asset: &place.asset, file: &place.file, text }).collect();
        let columns = expressions::columns(&expressions, dialect(project));
        for ((place, _), columns) in in_sql.iter().zip(columns) {
            let of_column = |column| (Place { column: Some(column), ..place.clone() }, None);
            plain.extend(columns.into_iter().map(of_column));
        }
    }
    plain.into_iter().map(|(place, _)| place).collect()
}

fn place(world: &World, project: usize, raw: &RawMention) -> Option<Place> {
    let [asset] = <[AssetName; 1]>::try_from(assets(world, project, &raw.target)).ok()?;
    let (column, mention, data_type) = (raw.column.clone(), raw.mention.clone(), raw.data_type.clone());
    Some(Place { asset, column, mention, data_type, file: raw.file.clone(), line: raw.line })
}

/// What a reference means. A node that the project does not have is named all the same: it may be one that is gone.
fn assets(world: &World, project: usize, target: &Target) -> Vec<AssetName> {
    match target {
        Target::Source { source, table } => vec![AssetName::from_parts(&[source, table])],
        Target::Metric(name) => {
            let models = world.properties.get(project).map(|properties| properties.metrics.models(name));
            let models = models.into_iter().flatten().filter(|target| !matches!(target, Target::Metric(_)));
            models.flat_map(|target| assets(world, project, &target)).collect()
        }
        Target::Node { package, name, version } => {
            let node = world.version(project, package.as_deref(), (name, version.as_deref()));
            let gone = || package.is_none().then(|| AssetName::from_parts(&[name]));
            node.map(|node| node.asset.clone()).or_else(gone).into_iter().collect()
        }
    }
}
