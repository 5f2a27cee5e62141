//! Follows the changes downstream, column by column, breadth first.
//!
//! A wave starts at every changed column and at the rows of every asset whose rows may differ. It runs along the
//! edges of head; from what is gone it also runs along the edges of base, as far as they end in assets whose
//! definition did not change: those still read what is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::Difference;
use super::model::{ColumnChange, ColumnChangeKind};
use super::pair::Pair;
use crate::lineage::model::{
    Asset, AssetEdge, AssetName, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Transformation,
};

/// No more changed columns than this are told per reached column, the nearest first: a list that nobody reads would
/// cost the square of the graph. Whether a column is reached does not depend on it.
pub(super) const ORIGINS_LIMIT: usize = 64;

/// What of an asset is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Which rows it has.
    Rows,
    /// The values of a column.
    Column(ColumnName),
}

/// A place in the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    /// The asset.
    pub(super) asset: AssetName,
    /// The part of it.
    pub(super) part: Part,
}

/// What a wave does to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Something is there that was not.
    Gains,
    /// Values or rows may differ.
    Differs,
}

/// What arrived at a place.
#[derive(Debug, Clone)]
struct Wave {
    effect: Effect,
    /// Whether the name itself is no more.
    is_gone: bool,
    /// Changed columns, as indices into [`Reach::origins`].
    origins: BTreeSet<usize>,
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
    origins: BTreeSet<usize>,
    from: Option<Node>,
}

/// Everything that is reached, the changes themselves included.
#[derive(Debug)]
pub(super) struct Reach {
    /// By asset and part.
    pub(super) marks: BTreeMap<Node, Mark>,
    /// Names of changed assets on both sides → their name in the report.
    changed: BTreeMap<AssetName, AssetName>,
    origins: Vec<ColumnRef>,
}

impl Reach {
    /// Whether the asset is itself a changed one.
    pub(super) fn is_changed(&self, asset: &AssetName) -> bool {
        self.changed.contains_key(asset)
    }

    /// The changed columns that reach a place, under the names that the report gives them, ordered.
    pub(super) fn origins(&self, mark: &Mark) -> BTreeSet<&ColumnRef> {
        mark.origins.iter().filter_map(|index| self.origins.get(*index)).collect()
    }

    /// The assets on the way to a place, the changed one first, the asset itself left out.
    pub(super) fn path(&self, node: &Node) -> Vec<AssetName> {
        let mut path: Vec<AssetName> = Vec::new();
        let mut last = &node.asset;
        let mut next = self.marks.get(node).and_then(|mark| mark.from.as_ref());
        while let Some(node) = next {
            if node.asset != *last {
                path.push(self.reported_name(&node.asset).clone());
            }
            last = &node.asset;
            next = self.marks.get(node).and_then(|mark| mark.from.as_ref());
        }
        path.reverse();
        path
    }

    /// The name that the report uses: for a renamed asset the one at head.
    pub(super) fn reported_name<'a>(&'a self, asset: &'a AssetName) -> &'a AssetName {
        self.changed.get(asset).unwrap_or(asset)
    }
}

/// Follows all changes.
pub(super) fn follow(base: &LineageGraph, head: &LineageGraph, differences: &[Difference<'_>]) -> Reach {
    let mut reach = Reach { marks: BTreeMap::new(), changed: BTreeMap::new(), origins: Vec::new() };
    for difference in differences {
        for name in difference.change.previous_name.iter().chain(Some(&difference.change.name)) {
            reach.changed.insert(name.clone(), difference.change.name.clone());
        }
    }
    let mut frontier = BTreeMap::new();
    for (node, wave) in differences.iter().flat_map(|difference| starts(difference, &mut reach.origins)) {
        arrive(&mut reach.marks, (node, wave), (None, 0), &mut frontier);
    }
    let map = Map { base, head };
    let mut distance = 0;
    while !frontier.is_empty() {
        let mut next = BTreeMap::new();
        while let Some((node, wave)) = frontier.pop_first() {
            for (target, wave) in map.step(&node, &wave, &reach) {
                // An asset that feeds itself is not a step further away.
                let itself = target.asset == node.asset;
                let (queue, distance) = if itself { (&mut frontier, distance) } else { (&mut next, distance + 1) };
                arrive(&mut reach.marks, (target, wave), (Some(&node), distance), queue);
            }
        }
        frontier = next;
        distance += 1;
    }
    reach
}

/// Where the waves of one changed asset start.
fn starts(difference: &Difference<'_>, origins: &mut Vec<ColumnRef>) -> Vec<(Node, Wave)> {
    let change = &difference.change;
    let mut starts = Vec::new();
    if difference.rows_may_differ {
        let asset = difference.pair.asset().name.clone();
        let is_gone = difference.pair.gone_name() == Some(&asset);
        let wave = Wave { effect: Effect::Differs, is_gone, origins: BTreeSet::new() };
        starts.push((Node { asset, part: Part::Rows }, wave));
    }
    for column in &change.columns {
        let origin = origins.len();
        origins.push(ColumnRef { asset: change.name.clone(), column: column.name.clone() });
        let mut start = |asset: &AssetName, column: &ColumnName, effect: Effect, is_gone: bool| {
            let node = Node { asset: asset.clone(), part: Part::Column(column.clone()) };
            starts.push((node, Wave { effect, is_gone, origins: BTreeSet::from([origin]) }));
        };
        if let Some(old) = gone_column(&difference.pair, column) {
            // Under a new name of the asset, too: who follows one rename may have missed the other.
            for asset in change.previous_name.iter().chain(Some(&change.name)) {
                start(asset, old, Effect::Differs, true);
            }
        }
        match column.change {
            ColumnChangeKind::Removed => {}
            ColumnChangeKind::Added | ColumnChangeKind::Renamed => {
                start(&change.name, &column.name, Effect::Gains, false);
            }
            ColumnChangeKind::TypeChanged | ColumnChangeKind::LineageChanged => {
                start(&change.name, &column.name, Effect::Differs, false);
            }
        }
    }
    if let Pair::Both { base, head } = difference.pair
        && base.name != head.name
    {
        // Who still reads the old name reads nothing.
        let wave = Wave { effect: Effect::Differs, is_gone: true, origins: BTreeSet::new() };
        starts.push((Node { asset: base.name.clone(), part: Part::Rows }, wave));
    }
    starts
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

/// Notes what arrives at a place, and queues what is new about it.
fn arrive(
    marks: &mut BTreeMap<Node, Mark>,
    (node, wave): (Node, Wave),
    (from, distance): (Option<&Node>, usize),
    queue: &mut BTreeMap<Node, Wave>,
) {
    let is_new = !marks.contains_key(&node);
    let mark = marks.entry(node.clone()).or_insert_with(|| Mark {
        effect: wave.effect,
        is_gone: wave.is_gone,
        distance,
        origins: BTreeSet::new(),
        from: from.cloned(),
    });
    let rises = wave.effect > mark.effect || wave.is_gone && !mark.is_gone;
    mark.effect = mark.effect.max(wave.effect);
    mark.is_gone |= wave.is_gone;
    let room = ORIGINS_LIMIT.saturating_sub(mark.origins.len());
    let new: BTreeSet<usize> = wave.origins.difference(&mark.origins).take(room).copied().collect();
    if !is_new && !rises && new.is_empty() {
        return;
    }
    mark.origins.extend(&new);
    // A graver effect takes edges that a lighter one did not, and takes everything that arrived before along.
    let origins = if rises { mark.origins.clone() } else { new };
    let queued =
        queue.entry(node).or_insert(Wave { effect: mark.effect, is_gone: mark.is_gone, origins: BTreeSet::new() });
    queued.effect = mark.effect;
    queued.is_gone = mark.is_gone;
    queued.origins.extend(origins);
}

/// Both graphs, and the way from one place to the next.
struct Map<'g> {
    base: &'g LineageGraph,
    head: &'g LineageGraph,
}

impl Map<'_> {
    /// The places that a wave reaches next.
    fn step(&self, node: &Node, wave: &Wave, reach: &Reach) -> Vec<(Node, Wave)> {
        match &node.part {
            Part::Rows => self.step_from_rows(&node.asset, wave, reach),
            Part::Column(column) => self.step_from_column(&node.asset, column, wave, reach),
        }
    }

    /// Whoever reads the asset gets other rows.
    fn step_from_rows(&self, asset: &AssetName, wave: &Wave, reach: &Reach) -> Vec<(Node, Wave)> {
        let at_head = asset_edges(self.head, asset);
        let at_base = wave.is_gone.then(|| asset_edges(self.base, asset)).into_iter().flatten();
        let downstream = at_head.chain(at_base.filter(|edge| self.stands(&edge.downstream, reach)));
        downstream.map(|edge| (rows(&edge.downstream), differs())).collect()
    }

    fn step_from_column(
        &self,
        asset: &AssetName,
        column: &ColumnName,
        wave: &Wave,
        reach: &Reach,
    ) -> Vec<(Node, Wave)> {
        let star = ColumnName::new("*");
        let mut steps = Vec::new();
        for edge in column_edges(self.head, asset, column) {
            // What is new arrives only by an edge that is new; who read the name before reads what it read.
            if wave.effect > Effect::Gains || !self.base.column_edges.contains(edge) {
                steps.push(self.along(edge, wave, reach));
            }
        }
        steps.extend(column_edges(self.head, asset, &star).filter_map(|edge| along_star(edge, column, wave)));
        if wave.is_gone {
            let stands = |edge: &&ColumnEdge| self.stands(&edge.downstream.asset, reach);
            steps.extend(
                column_edges(self.base, asset, column).filter(stands).map(|edge| self.along(edge, wave, reach)),
            );
            let stars = column_edges(self.base, asset, &star).filter(stands);
            steps.extend(stars.filter_map(|edge| along_star(edge, column, wave)));
        }
        steps
    }

    /// Along an edge that names the column.
    fn along(&self, edge: &ColumnEdge, wave: &Wave, reach: &Reach) -> (Node, Wave) {
        let to = &edge.downstream;
        if !edge.transformation.is_direct() {
            // Even a gained column that steers rows (a NATURAL JOIN takes it up) makes them differ.
            return if to.column.is_star() {
                (rows(&to.asset), differs())
            } else {
                (values(to), Wave { effect: Effect::Differs, is_gone: false, origins: wave.origins.clone() })
            };
        }
        let is_gone = wave.is_gone && self.passes_loss(to, reach);
        (values(to), Wave { effect: wave.effect, is_gone, origins: wave.origins.clone() })
    }

    /// Whether the column was lost by something upstream: a `*` that passed it on passes it no more.
    fn passes_loss(&self, to: &ColumnRef, reach: &Reach) -> bool {
        let had = self.base.assets.get(&to.asset).is_some_and(|asset| asset.column(&to.column).is_some());
        let lacks = |asset: &Asset| asset.columns_complete && asset.column(&to.column).is_none();
        had && self.stands(&to.asset, reach) && self.head.assets.get(&to.asset).is_some_and(lacks)
    }

    /// Whether the asset is at head as it was at base, by its own definition.
    fn stands(&self, asset: &AssetName, reach: &Reach) -> bool {
        !reach.is_changed(asset) && self.head.assets.contains_key(asset)
    }
}

/// Along an edge from `*`: to another `*` every column passes under its name. To a column (a whole row as JSON, say)
/// its value differs; a count of rows does not.
fn along_star(edge: &ColumnEdge, column: &ColumnName, wave: &Wave) -> Option<(Node, Wave)> {
    let to = &edge.downstream;
    let effect = wave.effect;
    let is_star = to.column.is_star();
    let origins = wave.origins.clone();
    if edge.transformation.is_direct() && is_star {
        let to = ColumnRef { asset: to.asset.clone(), column: column.clone() };
        return Some((values(&to), Wave { effect, is_gone: false, origins }));
    }
    if effect == Effect::Gains || edge.transformation == Transformation::Aggregation {
        return None;
    }
    Some(if is_star { (rows(&to.asset), differs()) } else { (values(to), Wave { effect, is_gone: false, origins }) })
}

fn rows(asset: &AssetName) -> Node {
    Node { asset: asset.clone(), part: Part::Rows }
}

fn values(column: &ColumnRef) -> Node {
    Node { asset: column.asset.clone(), part: Part::Column(column.column.clone()) }
}

fn differs() -> Wave {
    Wave { effect: Effect::Differs, is_gone: false, origins: BTreeSet::new() }
}

/// The edges that start at an asset.
fn asset_edges<'g>(graph: &'g LineageGraph, upstream: &AssetName) -> impl Iterator<Item = &'g AssetEdge> {
    let upstream = upstream.clone();
    let first = AssetEdge { upstream: upstream.clone(), downstream: AssetName::from_dotted("") };
    graph.asset_edges.range(first..).take_while(move |edge| edge.upstream == upstream)
}

/// The edges that start at a column.
fn column_edges<'g>(
    graph: &'g LineageGraph,
    asset: &AssetName,
    column: &ColumnName,
) -> impl Iterator<Item = &'g ColumnEdge> {
    let upstream = ColumnRef { asset: asset.clone(), column: column.clone() };
    let least = ColumnRef { asset: AssetName::from_dotted(""), column: ColumnName::new("") };
    let first = ColumnEdge { upstream: upstream.clone(), downstream: least, transformation: Transformation::Identity };
    graph.column_edges.range(first..).take_while(move |edge| edge.upstream == upstream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impact::sketch::{Sketch, assert_told, sketch};

    #[test]
    fn a_changed_value_reaches_what_is_computed_from_it_and_nothing_else() {
        let rest = |sketch: Sketch| {
            sketch.view("v", "x = a.x; y = a.y").view("w", "double = v.x + v.x; other = v.y").view("u", "y = w.other")
        };
        let base = rest(sketch().view("a", "x = ext.x; y = ext.y"));
        let head = rest(sketch().view("a", "x = abs(ext.x); y = ext.y"));
        assert_told(
            &head.since(&base),
            &[
                "verdict review",
                "modified a",
                "  lineage_changed x",
                "review v via a x<a.x",
                "review w via a v double<a.x",
            ],
        );
    }

    #[test]
    fn a_changed_value_that_decides_about_rows_reaches_everything_further_on() {
        let rest = |sketch: Sketch| sketch.view("v", "y = ext.y").filter("v", "a.x > 1").view("w", "y = v.y");
        let base = rest(sketch().view("a", "x = ext.x"));
        let head = rest(sketch().view("a", "x = abs(ext.x)"));
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  lineage_changed x", "review v via a", "review w via a v"],
        );
    }

    #[test]
    fn a_changed_value_that_steers_one_column_reaches_that_column() {
        let rest = |sketch: Sketch| sketch.view("v", "kind; y").edge("a.x", "v.kind", Transformation::Conditional);
        let base = rest(sketch().view("a", "x = ext.x"));
        let head = rest(sketch().view("a", "x = abs(ext.x)"));
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  lineage_changed x", "review v via a kind<a.x"],
        );
    }

    #[test]
    fn other_rows_reach_everything_downstream_without_columns() {
        let base = sketch().view("a", "x = ext.x").view("v", "x = a.x").view("w", "x = v.x").view("z", "x = ext.x");
        let head = sketch().view("a", "x = ext.x").filter("a", "ext.x > 1");
        let head = head.view("v", "x = a.x").view("w", "x = v.x").view("z", "x = ext.x");
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a ~filter", "review v via a", "review w via a v"],
        );
    }

    #[test]
    fn an_added_column_reaches_nobody_but_through_a_star() {
        let rest = |sketch: Sketch| sketch.view("v", "id = a.id").view("w", "*a").view("u", "*w");
        let base = rest(sketch().table("a", "id INT"));
        let head = rest(sketch().table("a", "id INT; x INT"));
        assert_told(
            &head.since(&base),
            &["verdict additive", "modified a", "  added x", "info w via a x<a.x", "info u via a w x<a.x"],
        );
    }

    #[test]
    fn an_added_column_that_a_natural_join_takes_up_may_change_rows() {
        let base = sketch().table("a", "id INT").view("v", "id = a.id");
        let head = sketch().table("a", "id INT; x INT").view("v", "id = a.id").edge("a.x", "v.*", Transformation::Join);
        assert_told(&head.since(&base), &["verdict review", "modified a", "  added x", "review v via a"]);
    }

    #[test]
    fn through_an_open_star_a_change_reaches_the_star_and_who_reads_the_name() {
        let rest = |sketch: Sketch| sketch.view("v", "*a").view("w", "x = v.x; y = v.y");
        let base = rest(sketch().view("a", "*ext; x = ext.k + 1; y = ext.k"));
        let head = rest(sketch().view("a", "*ext; x = ext.k + 2; y = ext.k"));
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  lineage_changed x", "review v via a x<a.x", "review w via a v x<a.x"],
        );
    }

    #[test]
    fn a_column_that_only_an_open_star_can_hold_is_shown_as_the_star() {
        let rest =
            |sketch: Sketch| sketch.view("v", "k").edge("a.*", "v.*", Transformation::Identity).view("w", "x = t.x");
        let base = rest(sketch().view("a", "x = ext.x"));
        let head = rest(sketch().view("a", "x = abs(ext.x)"));
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  lineage_changed x", "review v via a *<a.x"],
        );
    }

    #[test]
    fn a_count_of_rows_does_not_depend_on_values_and_a_whole_row_does() {
        let rest = |sketch: Sketch| {
            sketch
                .view("n", "n = count(*)")
                .edge("a.*", "n.n", Transformation::Aggregation)
                .view("j", "row = to_json(a)")
                .edge("a.*", "j.row", Transformation::Transformation)
        };
        let base = rest(sketch().view("a", "x = ext.x"));
        let head = rest(sketch().view("a", "x = abs(ext.x)"));
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  lineage_changed x", "review j via a row<a.x"],
        );
    }

    #[test]
    fn the_shortest_way_that_carries_the_change_is_told() {
        // b.z takes a.y, the short way; c.w needs a.x, which only the long way carries.
        let rest = |sketch: Sketch| sketch.view("q", "x = a.x").view("b", "x = q.x; z = a.y").view("c", "w = b.x");
        let base = rest(sketch().view("a", "x = ext.x; y = ext.y"));
        let head = rest(sketch().view("a", "x = ext.x + 1; y = ext.y"));
        assert_told(
            &head.since(&base),
            &[
                "verdict review",
                "modified a",
                "  lineage_changed x",
                "review q via a x<a.x",
                "review b via a q x<a.x",
                "review c via a q b w<a.x",
            ],
        );
    }

    #[test]
    fn circles_and_assets_that_feed_themselves_end() {
        let rest = |sketch: Sketch| {
            sketch.view("v", "x = a.x; y").edge("v.x", "v.y", Transformation::Identity).view("w", "y = v.y").edge(
                "w.y",
                "v.x",
                Transformation::Identity,
            )
        };
        let base = rest(sketch().view("a", "x = ext.x"));
        let head = rest(sketch().view("a", "x = ext.x + 1"));
        assert_told(
            &head.since(&base),
            &[
                "verdict review",
                "modified a",
                "  lineage_changed x",
                "review v via a x<a.x y<a.x",
                "review w via a v y<a.x",
            ],
        );
    }

    #[test]
    fn a_change_runs_on_through_other_changed_assets() {
        let base = sketch().view("a", "x = ext.x").view("b", "x = a.x").view("c", "x = b.x");
        let head = sketch().view("a", "x = ext.x + 1").view("b", "x = a.x; k = ext.k").view("c", "x = b.x");
        assert_told(
            &head.since(&base),
            &[
                "verdict review",
                "modified a",
                "  lineage_changed x",
                "modified b +ext",
                "  added k",
                "review c via a b x<a.x",
            ],
        );
    }

    #[test]
    fn a_reader_that_was_mended_with_the_change_passes_nothing_on() {
        let base = sketch().table("a", "x INT; y INT").view("v", "k = a.y; z = a.x").view("w", "k = v.k");
        let head = sketch().table("a", "y INT").view("v", "k = a.y; z = 0").view("w", "k = v.k");
        assert_told(
            &head.since(&base),
            &["verdict review", "modified a", "  removed x", "modified v", "  lineage_changed z"],
        );
    }

    #[test]
    fn more_origins_than_the_limit_are_cut_and_the_column_is_reached_all_the_same() {
        let columns =
            |suffix: &str| (0..100).map(|n| format!("c{n:03} = ext.c{n:03}{suffix}")).collect::<Vec<_>>().join("; ");
        let sum = (0..100).map(|n| format!("a.c{n:03}")).collect::<Vec<_>>().join(" + ");
        let rest = |sketch: Sketch| sketch.view("v", &format!("s = {sum}")).view("w", "s = v.s");
        let base = rest(sketch().view("a", &columns("")));
        let head = rest(sketch().view("a", &columns(" + 1")));
        let impact = head.since(&base);
        let reached: Vec<_> = impact.downstream.iter().map(|row| row.columns[0].affected_by.len()).collect();
        assert_eq!(reached, [ORIGINS_LIMIT, ORIGINS_LIMIT]);
    }
}
