//! The edges of both graphs by number, for a search that visits many of them.
//!
//! Assets and columns get numbers once, so that the search compares numbers where the graphs compare names. The edges
//! of an asset are read when the search first comes by; what it never reaches costs nothing.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::merge::merged;
use crate::lineage::model::{
    Asset, AssetEdge, AssetName, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Transformation,
};

/// Number of an asset, in the order of names.
pub(super) type AssetId = usize;

/// Number of the column `*` in every asset.
pub(super) const STAR: usize = 0;

/// Which side's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Base.
    Base,
    /// Head.
    Head,
}

/// What of an asset is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Which rows it has.
    Rows,
    /// The values of a column, by its number within the asset.
    Column(usize),
}

/// A place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    /// The asset.
    pub(super) asset: AssetId,
    /// The part of it.
    pub(super) part: Part,
}

/// A column edge whose downstream end has numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Road<'g> {
    /// The edge.
    pub(super) edge: &'g ColumnEdge,
    /// The downstream column. For `*` it is the column `*`.
    pub(super) to: Node,
}

/// The edges that start at one asset on one side.
#[derive(Debug, Default)]
pub(super) struct Roads<'g> {
    /// The assets that it feeds.
    pub(super) assets: Vec<AssetId>,
    columns: BTreeMap<usize, Vec<Road<'g>>>,
}

impl<'g> Roads<'g> {
    /// The edges that start at a column.
    pub(super) fn from(&self, column: usize) -> impl Iterator<Item = Road<'g>> {
        self.columns.get(&column).into_iter().flatten().copied()
    }
}

/// An asset, its columns, and the edges that were read so far.
#[derive(Debug)]
struct Place<'g> {
    name: &'g AssetName,
    base: Option<&'g Asset>,
    head: Option<&'g Asset>,
    columns: Vec<ColumnName>,
    numbers: BTreeMap<ColumnName, usize>,
    at_base: Option<Rc<Roads<'g>>>,
    at_head: Option<Rc<Roads<'g>>>,
}

/// Both graphs by number.
#[derive(Debug)]
pub(super) struct Routes<'g> {
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    places: Vec<Place<'g>>,
}

impl<'g> Routes<'g> {
    /// Numbers the assets of both sides.
    pub(super) fn new(base: &'g LineageGraph, head: &'g LineageGraph) -> Self {
        let star = ColumnName::new("*");
        let places = merged(&base.assets, &head.assets).map(|(name, base, head)| Place {
            name,
            base,
            head,
            columns: vec![star.clone()],
            numbers: BTreeMap::from([(star.clone(), STAR)]),
            at_base: None,
            at_head: None,
        });
        Self { base, head, places: places.collect() }
    }

    /// The asset's number; `None` when neither side has it.
    pub(super) fn asset(&self, name: &AssetName) -> Option<AssetId> {
        self.places.binary_search_by(|place| place.name.cmp(name)).ok()
    }

    /// The asset's name.
    pub(super) fn name(&self, asset: AssetId) -> Option<&'g AssetName> {
        self.places.get(asset).map(|place| place.name)
    }

    /// The asset at base.
    pub(super) fn base(&self, asset: AssetId) -> Option<&'g Asset> {
        self.places.get(asset).and_then(|place| place.base)
    }

    /// The asset at head.
    pub(super) fn head(&self, asset: AssetId) -> Option<&'g Asset> {
        self.places.get(asset).and_then(|place| place.head)
    }

    /// Whether base has the very edge.
    pub(super) fn is_at_base(&self, edge: &ColumnEdge) -> bool {
        self.base.column_edges.contains(edge)
    }

    /// A column of an asset, numbered when it is new.
    pub(super) fn column(&mut self, asset: AssetId, column: &ColumnName) -> Option<Node> {
        let place = self.places.get_mut(asset)?;
        let number = match place.numbers.get(column) {
            Some(number) => *number,
            None => {
                place.columns.push(column.clone());
                place.numbers.insert(column.clone(), place.columns.len() - 1);
                place.columns.len() - 1
            }
        };
        Some(Node { asset, part: Part::Column(number) })
    }

    /// The name of a column; `None` for rows.
    pub(super) fn column_name(&self, node: Node) -> Option<&ColumnName> {
        match node.part {
            Part::Rows => None,
            Part::Column(number) => self.places.get(node.asset).and_then(|place| place.columns.get(number)),
        }
    }

    /// The edges that start at an asset.
    pub(super) fn roads(&mut self, at: At, asset: AssetId) -> Rc<Roads<'g>> {
        let Some(place) = self.places.get(asset) else { return Rc::default() };
        let known = match at {
            At::Base => &place.at_base,
            At::Head => &place.at_head,
        };
        if let Some(roads) = known {
            return Rc::clone(roads);
        }
        let graph = match at {
            At::Base => self.base,
            At::Head => self.head,
        };
        let roads = Rc::new(self.read(graph, asset, place.name));
        if let Some(place) = self.places.get_mut(asset) {
            match at {
                At::Base => place.at_base = Some(Rc::clone(&roads)),
                At::Head => place.at_head = Some(Rc::clone(&roads)),
            }
        }
        roads
    }

    fn read(&mut self, graph: &'g LineageGraph, asset: AssetId, name: &'g AssetName) -> Roads<'g> {
        let mut roads = Roads::default();
        // Few assets stand downstream of one, and many edges lead to each.
        let mut numbers: BTreeMap<&AssetName, AssetId> = BTreeMap::new();
        for edge in asset_edges(graph, name) {
            if let Some(number) = self.asset(&edge.downstream) {
                numbers.insert(&edge.downstream, number);
                roads.assets.push(number);
            }
        }
        let mut last: Option<(&ColumnName, Node)> = None;
        for edge in edges_from(graph, name) {
            let number = numbers.get(&edge.downstream.asset).copied().or_else(|| self.asset(&edge.downstream.asset));
            let to = number.and_then(|number| self.column(number, &edge.downstream.column));
            // Edges are ordered by their upstream column: its number is the last one's, mostly.
            let from = match last {
                Some((column, from)) if *column == edge.upstream.column => Some(from),
                _ => self.column(asset, &edge.upstream.column),
            };
            last = from.map(|from| (&edge.upstream.column, from));
            if let (Some(to), Some(Node { part: Part::Column(from), .. })) = (to, from) {
                roads.columns.entry(from).or_default().push(Road { edge, to });
            }
        }
        roads
    }
}

/// The asset edges that start at an asset.
pub(super) fn asset_edges<'g>(graph: &'g LineageGraph, upstream: &'g AssetName) -> impl Iterator<Item = &'g AssetEdge> {
    let first = AssetEdge { upstream: upstream.clone(), downstream: AssetName::from_dotted("") };
    graph.asset_edges.range(first..).take_while(move |edge| edge.upstream == *upstream)
}

/// The column edges that start at an asset.
pub(super) fn edges_from<'g>(graph: &'g LineageGraph, upstream: &AssetName) -> impl Iterator<Item = &'g ColumnEdge> {
    let upstream = upstream.clone();
    let least = |asset: AssetName| ColumnRef { asset, column: ColumnName::new("") };
    let first = ColumnEdge {
        upstream: least(upstream.clone()),
        downstream: least(AssetName::from_dotted("")),
        transformation: Transformation::Identity,
    };
    graph.column_edges.range(first..).take_while(move |edge| edge.upstream.asset == upstream)
}
