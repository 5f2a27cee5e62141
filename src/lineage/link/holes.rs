//! What a template leaves open is shown as the template writes it: `$(db).dbo.people`, `{{ schema }}.orders`.
//!
//! While statements are read a hole is an identifier of its own. This takes place when all is linked, so that no name that
//! a person reads is one of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::model::{
    Asset, AssetEdge, AssetName, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Read, RowSet,
};
use crate::sql::jinja::hole::as_written;

/// Shows every hole of a graph as the files write it.
pub(super) fn show_as_written(graph: &mut LineageGraph, holes: &BTreeMap<String, String>) {
    let shown = Shown(holes);
    let assets: Vec<Asset> = std::mem::take(&mut graph.assets).into_values().collect();
    let assets: Vec<Asset> = assets.into_par_iter().map(|asset| shown.asset(asset)).collect();
    graph.assets = assets.into_iter().map(|asset| (asset.name.clone(), asset)).collect();
    replace_some(&mut graph.asset_edges, |edge| shown.asset_edge(edge));
    replace_some(&mut graph.column_edges, |edge| shown.column_edge(edge));
    graph.reads = std::mem::take(&mut graph.reads).into_iter().map(|read| shown.read(read)).collect();
    for file in graph.files.values_mut() {
        file.assets = std::mem::take(&mut file.assets).into_iter().map(|name| shown.name(name)).collect();
    }
    for diagnostic in &mut graph.diagnostics {
        shown.text(&mut diagnostic.message);
    }
}

/// Replaces those members of a set that are to be others. Nearly all stay, so that the set is not made anew.
fn replace_some<T: Ord + Clone + Send + Sync>(set: &mut BTreeSet<T>, other: impl Fn(&T) -> Option<T> + Sync) {
    let replaced: Vec<(T, T)> =
        set.par_iter().filter_map(|member| other(member).map(|other| (member.clone(), other))).collect();
    for (member, _) in &replaced {
        set.remove(member);
    }
    set.extend(replaced.into_iter().map(|(_, other)| other));
}

/// Both of a pair with the changes that one of them has; `None` where neither has one.
fn either<T: Clone>((one, two): (&T, &T), change: impl Fn(&T) -> Option<T>) -> Option<(T, T)> {
    let (new_one, new_two) = (change(one), change(two));
    let has_change = new_one.is_some() || new_two.is_some();
    has_change.then(|| (new_one.unwrap_or_else(|| one.clone()), new_two.unwrap_or_else(|| two.clone())))
}

struct Shown<'h>(&'h BTreeMap<String, String>);

impl Shown<'_> {
    fn text(&self, text: &mut String) {
        if let Some(written) = as_written(text, self.0) {
            *text = written;
        }
    }

    fn shared(&self, text: &mut Option<Arc<str>>) {
        if let Some(written) = text.as_ref().and_then(|text| as_written(text, self.0)) {
            *text = Some(written.into());
        }
    }

    fn name(&self, name: AssetName) -> AssetName {
        self.renamed(&name).unwrap_or(name)
    }

    /// The name as the files write it; `None` where it has no hole.
    fn renamed(&self, name: &AssetName) -> Option<AssetName> {
        let whole = as_written(name.as_str(), self.0)?;
        if name.is_external() {
            return Some(AssetName::from_dotted(&whole));
        }
        let part = |part: &str| match as_written(part, self.0) {
            Some(written) => AssetName::from_parts(&[written]).to_string(),
            None => part.to_owned(),
        };
        let parts: Vec<String> = name.parts().into_iter().map(part).collect();
        Some(AssetName::from_dotted(&parts.join(".")))
    }

    fn column_name(&self, name: ColumnName) -> ColumnName {
        as_written(name.as_str(), self.0).map_or(name, |name| ColumnName::new(&name))
    }

    fn column(&self, column: &ColumnRef) -> Option<ColumnRef> {
        let (asset, name) = (self.renamed(&column.asset), as_written(column.column.as_str(), self.0));
        (asset.is_some() || name.is_some()).then(|| ColumnRef {
            asset: asset.unwrap_or_else(|| column.asset.clone()),
            column: name.map_or_else(|| column.column.clone(), |name| ColumnName::new(&name)),
        })
    }

    fn asset_edge(&self, edge: &AssetEdge) -> Option<AssetEdge> {
        let (upstream, downstream) = either((&edge.upstream, &edge.downstream), |name| self.renamed(name))?;
        Some(AssetEdge { upstream, downstream })
    }

    fn column_edge(&self, edge: &ColumnEdge) -> Option<ColumnEdge> {
        let (upstream, downstream) = either((&edge.upstream, &edge.downstream), |column| self.column(column))?;
        Some(ColumnEdge { upstream, downstream, transformation: edge.transformation })
    }

    fn read(&self, read: Read) -> Read {
        Read {
            asset: self.name(read.asset),
            column: read.column.map(|column| self.column_name(column)),
            reader: read.reader.map(|reader| self.name(reader)),
            ..read
        }
    }

    fn asset(&self, mut asset: Asset) -> Asset {
        asset.name = self.name(asset.name);
        for column in &mut asset.columns {
            column.name = self.column_name(column.name.clone());
            self.shared(&mut column.data_type);
            self.shared(&mut column.expression);
        }
        for name in &mut asset.previous_names {
            *name = self.name(name.clone());
        }
        self.row_set(&mut asset.row_set);
        self.shared(&mut asset.definition);
        self.shared(&mut asset.sql);
        asset
    }

    fn row_set(&self, row_set: &mut RowSet) {
        let RowSet { filters, joins, grouping, distinct, limit, set_operations, literal_rows, order, result_order } =
            row_set;
        for texts in [filters, joins, grouping, distinct, limit, set_operations, literal_rows, order, result_order] {
            if texts.iter().any(|text| as_written(text, self.0).is_some()) {
                *texts = std::mem::take(texts)
                    .into_iter()
                    .map(|mut text| {
                        self.text(&mut text);
                        text
                    })
                    .collect();
            }
        }
    }
}
