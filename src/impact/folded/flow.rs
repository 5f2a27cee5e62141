//! The column edges of folded models: what flows into one flows on to its readers.

use std::collections::{BTreeMap, BTreeSet};

use crate::lineage::compose;
use crate::lineage::model::{AssetName, Column, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Role, Transformation};

type Source = (ColumnRef, Transformation);
type Sources = BTreeSet<Source>;

/// Edges into folded models and into their readers.
pub(super) struct Flows {
    into: BTreeMap<AssetName, BTreeMap<ColumnName, Sources>>,
    seen_through: BTreeMap<AssetName, Inside>,
}

/// What a folded model is made of, in terms of what is not folded.
#[derive(Default)]
struct Inside {
    columns: BTreeMap<ColumnName, Sources>,
    /// What decides about its rows.
    rows: Sources,
    /// What all of its columns are made of.
    everything: Sources,
    /// The only asset whose columns pass through it unnamed.
    passes: Option<AssetName>,
    complete: bool,
}

impl Flows {
    /// Takes the edges that touch folded models out of a graph.
    pub(super) fn take_from(graph: &mut LineageGraph, folded: &BTreeSet<AssetName>) -> Self {
        let touches =
            |edge: &ColumnEdge| folded.contains(&edge.upstream.asset) || folded.contains(&edge.downstream.asset);
        let mut into: BTreeMap<AssetName, BTreeMap<ColumnName, Sources>> = BTreeMap::new();
        for edge in graph.column_edges.iter().filter(|edge| touches(edge)) {
            let columns = into.entry(edge.downstream.asset.clone()).or_default();
            let sources = columns.entry(edge.downstream.column.clone()).or_default();
            sources.insert((edge.upstream.clone(), edge.transformation));
        }
        graph.column_edges.retain(|edge| !touches(edge));
        Self { into, seen_through: BTreeMap::new() }
    }

    /// Works out what a folded model is made of; the folded ones `above` it are done.
    pub(super) fn see_through(&mut self, name: &AssetName, above: &[AssetName], complete: bool) {
        let mut columns = self.replaced(name, above);
        let at_star = columns.remove(&ColumnName::new("*")).unwrap_or_default();
        let (open, rows): (Sources, Sources) = at_star.into_iter().partition(|(_, how)| how.is_direct());
        let passing: BTreeSet<&AssetName> =
            open.iter().filter(|(source, _)| source.column.is_star()).map(|(source, _)| &source.asset).collect();
        let passes = if passing.len() == 1 { passing.first().map(|name| (*name).clone()) } else { None };
        let mut everything: Sources = columns.values().flatten().cloned().collect();
        everything.extend(open);
        let inside = Inside { columns, rows, everything, passes, complete };
        self.seen_through.insert(name.clone(), inside);
    }

    /// Gives a reader the edges that come through the folded models above it.
    pub(super) fn pour_into(&mut self, reader: &AssetName, above: &[AssetName], graph: &mut LineageGraph) {
        for (column, sources) in self.replaced(reader, above) {
            let downstream = ColumnRef { asset: reader.clone(), column };
            for (upstream, transformation) in sources {
                // A column of the asset that steers its own rows is no lineage.
                if upstream.asset == *reader && !transformation.is_direct() {
                    continue;
                }
                name_column(graph, &upstream);
                graph.column_edges.insert(ColumnEdge { upstream, downstream: downstream.clone(), transformation });
            }
        }
    }

    /// The edges into an asset with those from folded models replaced, and what decides about their rows with them.
    fn replaced(&mut self, name: &AssetName, above: &[AssetName]) -> BTreeMap<ColumnName, Sources> {
        let into = self.into.remove(name).unwrap_or_default();
        let through = |sources: Sources| -> Sources {
            let mut result = Sources::new();
            for (source, how) in sources.into_iter().filter(|(source, _)| source.asset != *name) {
                match self.seen_through.get(&source.asset) {
                    Some(inside) => inside.add_to(&mut result, &source.column, how),
                    None => drop(result.insert((source, how))),
                }
            }
            result
        };
        let mut columns: BTreeMap<ColumnName, Sources> =
            into.into_iter().map(|(column, sources)| (column, through(sources))).collect();
        let rows = above.iter().filter_map(|above| self.seen_through.get(above)).flat_map(|inside| &inside.rows);
        let rows: Vec<Source> = rows.cloned().collect();
        if !rows.is_empty() {
            columns.entry(ColumnName::new("*")).or_default().extend(rows);
        }
        columns
    }
}

impl Inside {
    /// What stands for one of its columns, as `outer` uses it.
    fn add_to(&self, result: &mut Sources, column: &ColumnName, outer: Transformation) {
        let seen = |sources: &Sources, outer: Transformation| -> Vec<Source> {
            sources.iter().map(|(source, inner)| (source.clone(), compose(outer, *inner))).collect()
        };
        match (self.columns.get(column), &self.passes) {
            (Some(sources), _) => result.extend(seen(sources, outer)),
            (None, _) if column.is_star() => result.extend(seen(&self.everything, outer)),
            // A column that is made of nothing, or one that is not there.
            (None, _) if self.complete => {}
            (None, Some(asset)) => {
                result.insert((ColumnRef { asset: asset.clone(), column: column.clone() }, outer));
            }
            (None, None) => {
                result.extend(seen(&self.everything, compose(outer, Transformation::Transformation)));
            }
        }
    }
}

/// Of an asset that is only read those columns are known that something reads.
fn name_column(graph: &mut LineageGraph, column: &ColumnRef) {
    let asset = graph.assets.get_mut(&column.asset).filter(|asset| asset.role == Role::Referenced);
    let Some(asset) = asset.filter(|asset| !column.column.is_star() && asset.column(&column.column).is_none()) else {
        return;
    };
    asset.columns.push(Column {
        name: column.column.clone(),
        data_type: None,
        expression: None,
        previous_names: vec![],
    });
}
