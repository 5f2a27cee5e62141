//! Follows the changes downstream, column by column, breadth first.
//!
//! A wave starts at every changed column and at the rows of every asset whose rows may differ. It runs along the
//! edges of head; from what is gone it also runs along the edges of base, as far as they end in assets whose
//! definition did not change: those still read what is gone.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::diff::Difference;
use super::model::{AssetChange, ColumnChange, ColumnChangeKind};
use super::pair::Pair;
use super::position::Shifted;
use super::routes::{AssetId, At, Node, Part, Road, Routes, STAR};
use crate::lineage::model::{Asset, AssetName, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Transformation};

/// No more changed columns than this are told per reached column, the nearest first: a list that nobody reads would
/// cost the square of the graph. Whether a column is reached does not depend on it.
pub(super) const ORIGINS_LIMIT: usize = 32;

/// What a wave does to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Something is there that was not.
    Gains,
    /// Values or rows may differ.
    Differs,
}

/// What arrives at a place.
#[derive(Debug, Clone)]
struct Wave {
    effect: Effect,
    /// Whether the name itself is no more.
    is_gone: bool,
    /// Changed columns, as indices into [`Reach::origins`], ascending; shared by all steps that a wave takes at once.
    origins: Rc<Vec<usize>>,
}

/// What is known of a reached place.
#[derive(Debug)]
pub(super) struct Mark {
    /// What happens to it.
    pub(super) effect: Effect,
    /// Whether head knows the name no more.
    pub(super) is_gone: bool,
    /// Edges between assets on the way here; 0 where the change is.
    pub(super) distance: usize,
    origins: Vec<usize>,
    from: Option<Node>,
}

/// Everything that is reached, the changes themselves included.
#[derive(Debug)]
pub(super) struct Reach<'g> {
    routes: Routes<'g>,
    marks: BTreeMap<Node, Mark>,
    /// Changed assets on both sides → their name in the report.
    changed: BTreeMap<AssetId, AssetName>,
    /// Renamed columns, from their name at head to the one at base.
    renamed: BTreeMap<ColumnRef, ColumnRef>,
    origins: Vec<ColumnRef>,
}

/// A reached place with its names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached<'r> {
    /// Where it is.
    pub(super) node: Node,
    /// The asset's name.
    pub(super) asset: &'r AssetName,
    /// The asset at base.
    pub(super) base: Option<&'r Asset>,
    /// The asset at head.
    pub(super) head: Option<&'r Asset>,
    /// The column; `None` for the rows.
    pub(super) column: Option<&'r ColumnName>,
    /// Whether the asset is itself a changed one.
    pub(super) is_changed: bool,
    /// What happens there.
    pub(super) mark: &'r Mark,
}

impl Reach<'_> {
    /// Every reached place, in the order of asset names.
    pub(super) fn places(&self) -> impl Iterator<Item = Reached<'_>> {
        self.marks.iter().filter_map(|(node, mark)| {
            Some(Reached {
                node: *node,
                asset: self.routes.name(node.asset)?,
                base: self.routes.base(node.asset),
                head: self.routes.head(node.asset),
                column: self.routes.column_name(*node),
                is_changed: self.changed.contains_key(&node.asset),
                mark,
            })
        })
    }

    /// Whether the asset is itself a changed one.
    pub(super) fn is_changed(&self, asset: &AssetName) -> bool {
        self.routes.asset(asset).is_some_and(|asset| self.changed.contains_key(&asset))
    }

    /// The changed columns that reach a place, under the names that the report gives them.
    pub(super) fn origins<'r>(&'r self, mark: &Mark) -> impl Iterator<Item = &'r ColumnRef> {
        mark.origins.iter().filter_map(|index| self.origins.get(*index))
    }

    /// The assets on the way to a place, the changed one first, the asset itself left out.
    pub(super) fn path(&self, node: Node) -> Vec<AssetName> {
        let mut path: Vec<AssetName> = Vec::new();
        let mut last = node;
        while let Some(before) = self.marks.get(&last).and_then(|mark| mark.from) {
            if before.asset != last.asset {
                path.extend(self.reported_name(before.asset));
            }
            last = before;
        }
        path.reverse();
        path
    }

    /// The way through an asset whose name is read; it stands last.
    pub(super) fn path_through(&self, asset: &AssetName) -> Vec<AssetName> {
        let Some(asset) = self.routes.asset(asset) else { return Vec::new() };
        let rows = Node { asset, part: Part::Rows };
        let marks = self.marks.range(rows..).take_while(|(node, _)| node.asset == asset);
        let mut path =
            marks.min_by_key(|(_, mark)| mark.distance).map(|(node, _)| self.path(*node)).unwrap_or_default();
        path.extend(self.reported_name(asset));
        path
    }

    /// The name that the report uses: for a renamed asset the one at head.
    fn reported_name(&self, asset: AssetId) -> Option<AssetName> {
        self.changed.get(&asset).or_else(|| self.routes.name(asset)).cloned()
    }
}

/// Follows all changes.
pub(super) fn follow<'g>(
    (base, head): (&'g LineageGraph, &'g LineageGraph),
    differences: &[Difference<'_>],
    shifted: &[Shifted],
) -> Reach<'g> {
    let routes = Routes::new(base, head);
    let mut reach = Reach {
        routes,
        marks: BTreeMap::new(),
        changed: BTreeMap::new(),
        renamed: BTreeMap::new(),
        origins: Vec::new(),
    };
    for difference in differences {
        for name in difference.change.previous_name.iter().chain(Some(&difference.change.name)) {
            if let Some(asset) = reach.routes.asset(name) {
                reach.changed.insert(asset, difference.change.name.clone());
            }
        }
        reach.renamed.extend(renamed_columns(&difference.change));
    }
    let mut frontier = BTreeMap::new();
    for difference in differences {
        for (node, wave) in reach.starts(difference) {
            reach.arrive((node, wave), (None, 0), &mut frontier);
        }
    }
    let mut next = BTreeMap::new();
    for Shifted { column, by } in shifted {
        reach.shift(column, by, &mut next);
    }
    let mut distance = 0;
    while !frontier.is_empty() || !next.is_empty() {
        while let Some((node, wave)) = frontier.pop_first() {
            for (target, wave) in reach.step(node, &wave) {
                // An asset that feeds itself is not a step further away.
                let itself = target.asset == node.asset;
                let (queue, distance) = if itself { (&mut frontier, distance) } else { (&mut next, distance + 1) };
                reach.arrive((target, wave), (Some(node), distance), queue);
            }
        }
        frontier = std::mem::take(&mut next);
        distance += 1;
    }
    reach
}

impl Reach<'_> {
    /// Where the waves of one changed asset start.
    fn starts(&mut self, difference: &Difference<'_>) -> Vec<(Node, Wave)> {
        let change = &difference.change;
        let name = &difference.pair.asset().name;
        let mut starts = Vec::new();
        if difference.rows_may_differ {
            starts.extend(self.rows_of(name, difference.pair.gone_name() == Some(name)));
        }
        if let Pair::Both { base, .. } = difference.pair
            && base.name != *name
        {
            // Who still reads the old name reads nothing.
            starts.extend(self.rows_of(&base.name, true));
        }
        for column in &change.columns {
            let origin = self.origins.len();
            self.origins.push(ColumnRef { asset: change.name.clone(), column: column.name.clone() });
            let wave = |effect, is_gone| Wave { effect, is_gone, origins: Rc::new(vec![origin]) };
            if let Some(old) = gone_column(&difference.pair, column) {
                // Under a new name of the asset, too: who follows one rename may have missed the other.
                for asset in change.previous_name.iter().chain(Some(&change.name)) {
                    starts.extend(self.column_of(asset, old).map(|node| (node, wave(Effect::Differs, true))));
                }
            }
            let effect = match column.change {
                ColumnChangeKind::Removed => continue,
                ColumnChangeKind::Added | ColumnChangeKind::Renamed => Effect::Gains,
                ColumnChangeKind::TypeChanged | ColumnChangeKind::LineageChanged => Effect::Differs,
            };
            starts.extend(self.column_of(&change.name, &column.name).map(|node| (node, wave(effect, false))));
        }
        starts
    }

    /// A column takes its value from another place of an asset: one step from there.
    fn shift(&mut self, column: &ColumnRef, by: &ColumnRef, queue: &mut BTreeMap<Node, Wave>) {
        let nodes = (self.column_of(&column.asset, &column.column), self.column_of(&by.asset, &by.column));
        if let (Some(node), Some(from)) = nodes {
            let wave = Wave { effect: Effect::Differs, is_gone: false, origins: Rc::new(vec![self.origins.len()]) };
            self.origins.push(by.clone());
            self.arrive((node, wave), (Some(from), 1), queue);
        }
    }

    fn rows_of(&self, asset: &AssetName, is_gone: bool) -> Option<(Node, Wave)> {
        let node = Node { asset: self.routes.asset(asset)?, part: Part::Rows };
        Some((node, Wave { effect: Effect::Differs, is_gone, origins: Rc::default() }))
    }

    fn column_of(&mut self, asset: &AssetName, column: &ColumnName) -> Option<Node> {
        let asset = self.routes.asset(asset)?;
        self.routes.column(asset, column)
    }

    /// Notes what arrives at a place, and queues what is new about it.
    fn arrive(
        &mut self,
        (node, wave): (Node, Wave),
        (from, distance): (Option<Node>, usize),
        queue: &mut BTreeMap<Node, Wave>,
    ) {
        let mut is_new = false;
        let mark = self.marks.entry(node).or_insert_with(|| {
            is_new = true;
            Mark { effect: wave.effect, is_gone: wave.is_gone, distance, origins: Vec::new(), from }
        });
        let rises = wave.effect > mark.effect || wave.is_gone && !mark.is_gone;
        mark.effect = mark.effect.max(wave.effect);
        mark.is_gone |= wave.is_gone;
        let room = ORIGINS_LIMIT.saturating_sub(mark.origins.len());
        let is_unknown = |origin: &&usize| mark.origins.binary_search(origin).is_err();
        let mut new: Vec<usize> = Vec::new();
        if room > 0 {
            new.extend(wave.origins.iter().filter(is_unknown).take(room));
        }
        if !is_new && !rises && new.is_empty() {
            return;
        }
        mark.origins.extend(&new);
        mark.origins.sort_unstable();
        // A graver effect takes edges that a lighter one did not, and takes along everything that arrived before.
        let origins = if rises { mark.origins.clone() } else { new };
        let (effect, is_gone) = (mark.effect, mark.is_gone);
        let queued = queue.entry(node).or_insert_with(|| Wave { effect, is_gone, origins: Rc::default() });
        queued.effect = effect;
        queued.is_gone = is_gone;
        let queued = Rc::make_mut(&mut queued.origins);
        queued.extend(origins);
        queued.sort_unstable();
        queued.dedup();
    }

    /// The places that a wave reaches next.
    fn step(&mut self, node: Node, wave: &Wave) -> Vec<(Node, Wave)> {
        match node.part {
            Part::Rows => self.step_from_rows(node.asset, wave),
            Part::Column(column) => self.step_from_column(node, column, wave),
        }
    }

    /// Whoever reads the asset gets other rows.
    fn step_from_rows(&mut self, asset: AssetId, wave: &Wave) -> Vec<(Node, Wave)> {
        let mut downstream = self.routes.roads(At::Head, asset).assets.clone();
        if wave.is_gone {
            let at_base = self.routes.roads(At::Base, asset);
            downstream.extend(at_base.assets.iter().copied().filter(|asset| self.stands(*asset)));
        }
        downstream.into_iter().map(rows).collect()
    }

    fn step_from_column(&mut self, node: Node, column: usize, wave: &Wave) -> Vec<(Node, Wave)> {
        let mut steps = Vec::new();
        let at_head = self.routes.roads(At::Head, node.asset);
        for road in at_head.from(column) {
            // What is new arrives only by an edge that is new; who read the name before reads what it read.
            if wave.effect > Effect::Gains || !self.was_read(road.edge) {
                steps.push(self.along(road, wave));
            }
        }
        for road in at_head.from(STAR) {
            steps.extend(self.along_star(road, node, wave));
        }
        if wave.is_gone {
            let at_base = self.routes.roads(At::Base, node.asset);
            for road in at_base.from(column).filter(|road| self.stands(road.to.asset)) {
                steps.push(self.along(road, wave));
            }
            for road in at_base.from(STAR) {
                if self.stands(road.to.asset) {
                    steps.extend(self.along_star(road, node, wave));
                }
            }
        }
        steps
    }

    /// Whether base has the edge, be it under the former name of its column.
    fn was_read(&self, edge: &ColumnEdge) -> bool {
        let before = |column: &ColumnRef| self.renamed.get(column).unwrap_or(column).clone();
        self.routes.is_at_base(edge)
            || self.renamed.contains_key(&edge.upstream)
                && self.routes.is_at_base(&ColumnEdge {
                    upstream: before(&edge.upstream),
                    downstream: before(&edge.downstream),
                    transformation: edge.transformation,
                })
    }

    /// Along an edge that names the column.
    fn along(&self, road: Road<'_>, wave: &Wave) -> (Node, Wave) {
        let is_direct = road.edge.transformation.is_direct();
        if is_direct {
            let is_gone = wave.is_gone && self.passes_loss(road);
            return (road.to, Wave { is_gone, ..wave.clone() });
        }
        // Even a gained column that steers rows (a NATURAL JOIN takes it up) makes them differ.
        if road.edge.downstream.column.is_star() {
            rows(road.to.asset)
        } else {
            (road.to, Wave { effect: Effect::Differs, is_gone: false, origins: Rc::clone(&wave.origins) })
        }
    }

    /// Along an edge from `*`: to another `*` every column passes under its name. To a column (a whole row as JSON,
    /// say) its value differs; a count of rows does not.
    fn along_star(&mut self, road: Road<'_>, from: Node, wave: &Wave) -> Option<(Node, Wave)> {
        let transformation = road.edge.transformation;
        let to_star = road.edge.downstream.column.is_star();
        let wave_on = Wave { is_gone: false, ..wave.clone() };
        if transformation.is_direct() && to_star {
            let name = self.routes.column_name(from)?.clone();
            return Some((self.routes.column(road.to.asset, &name)?, wave_on));
        }
        if wave.effect == Effect::Gains || transformation == Transformation::Aggregation {
            return None;
        }
        Some(if to_star { rows(road.to.asset) } else { (road.to, wave_on) })
    }

    /// Whether the column was lost by something upstream: a `*` that passed it on passes it no more.
    fn passes_loss(&self, road: Road<'_>) -> bool {
        let column = &road.edge.downstream.column;
        let had = self.routes.base(road.to.asset).is_some_and(|asset| asset.column(column).is_some());
        let lacks = |asset: &Asset| asset.columns_complete && asset.column(column).is_none();
        had && self.stands(road.to.asset) && self.routes.head(road.to.asset).is_some_and(lacks)
    }

    /// Whether the asset is at head as it was at base, by its own definition.
    fn stands(&self, asset: AssetId) -> bool {
        !self.changed.contains_key(&asset) && self.routes.head(asset).is_some()
    }
}

/// Columns of the asset under other names than at base, or of an asset under another name.
fn renamed_columns(change: &AssetChange) -> impl Iterator<Item = (ColumnRef, ColumnRef)> + '_ {
    let before = change.previous_name.as_ref().unwrap_or(&change.name);
    change.columns.iter().filter_map(move |column| {
        let previous = column.previous_name.as_ref()?;
        let named = |asset: &AssetName, column: &ColumnName| ColumnRef { asset: asset.clone(), column: column.clone() };
        Some((named(&change.name, &column.name), named(before, previous)))
    })
}

/// Other rows for an asset.
fn rows(asset: AssetId) -> (Node, Wave) {
    (Node { asset, part: Part::Rows }, Wave { effect: Effect::Differs, is_gone: false, origins: Rc::default() })
}

/// The name of a column that head knows no more: of a removed or a renamed one.
fn gone_column<'c>(pair: &Pair<'_>, column: &'c ColumnChange) -> Option<&'c ColumnName> {
    match (pair, column.change) {
        // A table that is only filled here keeps its columns when nothing fills it any more.
        (Pair::Removed { name_is_gone: false, .. }, _) => None,
        (_, ColumnChangeKind::Removed) => Some(&column.name),
        (_, ColumnChangeKind::Renamed) => column.previous_name.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
