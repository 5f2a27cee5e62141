//! From a catalog on which every statement was replayed to the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::catalog::{Catalog, State};
use crate::lineage::data_type;
use crate::lineage::model::{
    Asset, AssetEdge, AssetKind, AssetName, Column, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Role, RowSet,
};
use crate::lineage::resolver::star_sources;
use crate::lineage::shape::Sources;
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;

/// Adds the assets of a catalog and their edges; `kinds` tells what assets are that are only read.
pub(super) fn add_assets(
    graph: &mut LineageGraph,
    catalog: Catalog,
    (kinds, mentioned): (&BTreeMap<AssetName, AssetKind>, BTreeSet<AssetName>),
) {
    let assets = catalog.into_assets();
    let no_edges = || (Vec::new(), Vec::new());
    let (asset_edges, mut column_edges) = assets
        .par_iter()
        .fold(no_edges, |(mut asset_edges, mut column_edges), (name, state)| {
            add_edges((&mut asset_edges, &mut column_edges), name, state);
            (asset_edges, column_edges)
        })
        .reduce(no_edges, |(mut asset_edges, mut column_edges), (mut more_assets, mut more_columns)| {
            asset_edges.append(&mut more_assets);
            column_edges.append(&mut more_columns);
            (asset_edges, column_edges)
        });
    // Sorted at once, which is cheaper than a search for each.
    graph.asset_edges = asset_edges.into_iter().collect();
    column_edges.par_sort_unstable();
    graph.column_edges = column_edges.into_iter().collect();
    let dialect_of = |state: &State| Some(graph.files.get(state.file.as_ref()?)?.dialect);
    let made: Vec<(AssetName, Asset)> = assets
        .into_par_iter()
        .map(|(name, state)| {
            let dialect = dialect_of(&state).unwrap_or(Dialect::Generic);
            (name.clone(), finished(name, state, dialect))
        })
        .collect();
    graph.assets = made.into_iter().collect();
    add_referenced(graph, kinds, mentioned);
}

fn add_edges(
    (asset_edges, column_edges): (&mut Vec<AssetEdge>, &mut Vec<ColumnEdge>),
    name: &AssetName,
    state: &State,
) {
    let star = ColumnRef { asset: name.clone(), column: ColumnName::new("*") };
    let mut upstream = state.upstream.clone();
    let mut add = |sources: &Sources, downstream: &ColumnRef| {
        for (source, transformation) in sources {
            // `UPDATE t SET a = b`: a table that makes its own columns does not feed itself.
            if source.asset != *name && !upstream.contains(&source.asset) {
                upstream.insert(source.asset.clone());
            }
            column_edges.push(ColumnEdge {
                upstream: source.clone(),
                downstream: downstream.clone(),
                transformation: *transformation,
            });
        }
    };
    for column in &state.columns {
        add(&column.sources, &ColumnRef { asset: name.clone(), column: column.name.clone() });
    }
    let open: Sources = star_sources(&state.open.iter().cloned().collect::<Vec<_>>());
    add(&open, &star);
    add(&state.anything, &star);
    // A column of the asset that steers its own rows (UPDATE t … WHERE t.a) is no lineage.
    let indirect: Sources =
        state.indirect.iter().filter(|(source, how)| source.asset != *name && !how.is_direct()).cloned().collect();
    add(&indirect, &star);
    asset_edges.extend(upstream.into_iter().map(|upstream| AssetEdge { upstream, downstream: name.clone() }));
}

fn finished(name: AssetName, state: State, dialect: Dialect) -> Asset {
    let as_written = |data_type: &str| data_type.to_owned();
    let readable: Option<Arc<str>> =
        state.declared.then(|| table_text(&name, columns_text(&state, &as_written)).into());
    // In which order columns with names stand is told apart from what they are.
    let canonical = |data_type: &str| data_type::canonical(data_type, dialect);
    let normalised: Option<Arc<str>> = state.declared.then(|| {
        let mut columns = columns_text(&state, &canonical);
        columns.sort();
        table_text(&name, columns).into()
    });
    let fills = in_any_order(&name, &state);
    let definition = joined(normalised.iter().chain(&fills), "\n");
    let sql = joined(readable.iter().chain(&state.sql), ";\n\n");
    Asset {
        name,
        kind: state.kind,
        role: state.role,
        file: state.file,
        line: state.line,
        columns: state
            .columns
            .into_list()
            .into_iter()
            .map(|column| Column {
                name: column.name,
                data_type: column.data_type,
                expression: column.expression.or(column.default),
                previous_names: column.previous_names,
            })
            .collect(),
        columns_complete: state.complete,
        row_set: state.row_set,
        previous_names: state.previous_names,
        definition,
        sql,
    }
}

/// The texts of the statements that fill an asset; those that only add rows to it, one after the other, in one order.
fn in_any_order(name: &AssetName, state: &State) -> Vec<Arc<str>> {
    let mut texts = state.definition.clone();
    if !state.upstream.contains(name) {
        let only_adds = |text: &Arc<str>| text.starts_with("insert ") && !text.starts_with("insert overwrite ");
        for run in texts.chunk_by_mut(|left, right| only_adds(left) && only_adds(right)) {
            run.sort();
        }
    }
    texts
}

fn joined<'t>(texts: impl Iterator<Item = &'t Arc<str>>, separator: &str) -> Option<Arc<str>> {
    let texts: Vec<&Arc<str>> = texts.collect();
    match texts.as_slice() {
        [] => None,
        [one] => Some(Arc::clone(one)),
        several => Some(several.iter().map(|text| &***text).collect::<Vec<&str>>().join(separator).into()),
    }
}

/// A table as it stands after all of its migrations.
fn table_text(name: &AssetName, columns: Vec<String>) -> String {
    format!("CREATE TABLE {name} (\n{}\n)", columns.join(",\n"))
}

fn columns_text(state: &State, spelled: &dyn Fn(&str) -> String) -> Vec<String> {
    state
        .columns
        .iter()
        .map(|column| {
            let data_type = column.data_type.as_deref().map(spelled).unwrap_or_default();
            let default = column.default.as_deref().unwrap_or_default();
            format!("  {} {data_type} {default}", column.name).trim_end().to_owned()
        })
        .collect()
}

/// Assets that are only read: known by name, and by the columns that something reads.
fn add_referenced(graph: &mut LineageGraph, kinds: &BTreeMap<AssetName, AssetKind>, mentioned: BTreeSet<AssetName>) {
    let columns = referenced(graph, mentioned);
    let mut first_read: BTreeMap<AssetName, (RepoPath, u32)> = BTreeMap::new();
    for read in graph.reads.iter().filter(|read| read.column.is_none() && columns.contains_key(&read.asset)) {
        first_read.entry(read.asset.clone()).or_insert_with(|| (read.file.clone(), read.line));
    }
    for (name, columns) in columns {
        let (file, line) = first_read.get(&name).cloned().map_or((None, 0), |(file, line)| (Some(file), line));
        let columns = columns
            .into_iter()
            .map(|name| Column { name, data_type: None, expression: None, previous_names: Vec::new() })
            .collect();
        let asset = Asset {
            kind: kinds.get(&name).copied().unwrap_or(if name.is_external() {
                AssetKind::External
            } else {
                AssetKind::Table
            }),
            role: Role::Referenced,
            file,
            line,
            columns,
            columns_complete: false,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            definition: None,
            sql: None,
            name: name.clone(),
        };
        graph.assets.insert(name, asset);
    }
}

/// Assets that no statement makes, with those of their columns that something reads.
fn referenced(graph: &LineageGraph, mentioned: BTreeSet<AssetName>) -> BTreeMap<AssetName, BTreeSet<ColumnName>> {
    let upstream = graph.asset_edges.iter().map(|edge| edge.upstream.clone());
    let names = mentioned.into_iter().chain(upstream).filter(|name| !graph.assets.contains_key(name));
    let mut columns: BTreeMap<AssetName, BTreeSet<ColumnName>> = names.map(|name| (name, BTreeSet::new())).collect();
    // Edges come in the order of their sources, so that a name is looked up once for all of its edges.
    let mut current: Option<(&AssetName, Option<&mut BTreeSet<ColumnName>>)> = None;
    for ColumnEdge { upstream, .. } in graph.column_edges.iter().filter(|edge| !edge.upstream.column.is_star()) {
        if current.as_ref().is_none_or(|(name, _)| **name != upstream.asset) {
            current = Some((&upstream.asset, columns.get_mut(&upstream.asset)));
        }
        if let Some((_, Some(read))) = &mut current
            && read.last() != Some(&upstream.column)
        {
            read.insert(upstream.column.clone());
        }
    }
    columns
}
