//! Ephemeral models are folded into their readers: nothing is built for them, so they are no assets of their own.
//!
//! Works on finished graphs, before they are compared. What flows through such a model flows from what it reads to who reads
//! it, and its text becomes part of theirs, so that an edit of it is an edit of theirs. One that a name of it breaks somebody
//! for stays an asset on both sides, because the name is what there is to tell; so does one that nobody reads.

mod choice;
mod flow;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use self::choice::Choice;
use self::flow::Flows;
use crate::lineage::model::{Asset, AssetEdge, AssetKind, AssetName, LineageGraph, Read};

/// A graph, and the ephemeral models in it.
pub type Side<'s> = (&'s mut LineageGraph, &'s BTreeSet<AssetName>);

/// Who reads what, as far as ephemeral models take part.
type Neighbours = BTreeMap<AssetName, BTreeSet<AssetName>>;

/// Folds the ephemeral models of one graph.
pub fn fold((graph, ephemeral): Side<'_>) {
    if !ephemeral.is_empty() {
        let choice = Choice::of(&[(&*graph, ephemeral)]);
        take_out(graph, &choice, &BTreeSet::new());
    }
}

/// Folds the ephemeral models of both sides of a change, the same ones on both.
pub fn fold_both((base, ephemeral): Side<'_>, (head, ephemeral_of_head): Side<'_>) {
    if ephemeral.is_empty() && ephemeral_of_head.is_empty() {
        return;
    }
    let choice = Choice::of(&[(&*base, ephemeral), (&*head, ephemeral_of_head)]);
    let written = |graph: &LineageGraph, name: &AssetName| graph.assets.get(name).and_then(|asset| asset.sql.clone());
    let edited = |name: &&AssetName| written(base, name) != written(head, name);
    let edited: BTreeSet<AssetName> = choice.folded.iter().filter(edited).cloned().collect();
    take_out(base, &choice, &edited);
    take_out(head, &choice, &edited);
}

/// Takes the chosen models out of a graph; the text of an `edited` one is told with that of its readers.
fn take_out(graph: &mut LineageGraph, choice: &Choice, edited: &BTreeSet<AssetName>) {
    let order = choice.in_order(graph);
    if order.is_empty() {
        return;
    }
    let (upstream, readers) = neighbours(graph, &choice.folded);
    let mut flows = Flows::take_from(graph, &choice.folded);
    let mut texts = text::Texts::default();
    for name in &order {
        let Some(mut asset) = graph.assets.remove(name) else { continue };
        let above = folded_above(name, &upstream, &choice.folded);
        flows.see_through(name, &above, asset.columns_complete);
        texts.pour_into(&mut asset, &above);
        texts.keep(asset, edited.contains(name), &above);
    }
    for reader in readers.keys().filter(|reader| !choice.folded.contains(*reader)) {
        let above = folded_above(reader, &upstream, &choice.folded);
        flows.pour_into(reader, &above, graph);
        if let Some(asset) = graph.assets.get_mut(reader).filter(|asset| asset.kind != AssetKind::Exposure) {
            texts.pour_into(asset, &above);
            texts.tell_edits(asset, &above);
        }
    }
    join_assets(graph, &choice.folded, (&upstream, &order));
    hand_on_reads(graph, &choice.folded, &readers);
}

fn folded_above(name: &AssetName, upstream: &Neighbours, folded: &BTreeSet<AssetName>) -> Vec<AssetName> {
    let above = upstream.get(name).into_iter().flatten();
    above.filter(|other| folded.contains(*other) && *other != name).cloned().collect()
}

/// What feeds the folded models and their readers; and who reads a folded model, as keys, each with the folded models that
/// it reads.
fn neighbours(graph: &LineageGraph, folded: &BTreeSet<AssetName>) -> (Neighbours, Neighbours) {
    let mut readers = Neighbours::new();
    for edge in graph.asset_edges.iter().filter(|edge| folded.contains(&edge.upstream)) {
        readers.entry(edge.downstream.clone()).or_default().insert(edge.upstream.clone());
    }
    let mut upstream = Neighbours::new();
    let concerned = |name: &AssetName| folded.contains(name) || readers.contains_key(name);
    for edge in graph.asset_edges.iter().filter(|edge| concerned(&edge.downstream)) {
        upstream.entry(edge.downstream.clone()).or_default().insert(edge.upstream.clone());
    }
    (upstream, readers)
}

/// Joins what feeds folded models to who reads them.
fn join_assets(graph: &mut LineageGraph, folded: &BTreeSet<AssetName>, (upstream, order): (&Neighbours, &[AssetName])) {
    let mut feeds = Neighbours::new();
    let fed_by = |name: &AssetName, feeds: &Neighbours| -> BTreeSet<AssetName> {
        let mut all = BTreeSet::new();
        for above in upstream.get(name).into_iter().flatten() {
            if folded.contains(above) {
                all.extend(feeds.get(above).into_iter().flatten().cloned());
            } else {
                all.insert(above.clone());
            }
        }
        all
    };
    for name in order {
        let all = fed_by(name, &feeds);
        feeds.insert(name.clone(), all);
    }
    graph.asset_edges.retain(|edge| !folded.contains(&edge.upstream) && !folded.contains(&edge.downstream));
    for reader in upstream.keys().filter(|reader| !folded.contains(*reader)) {
        let above = fed_by(reader, &feeds).into_iter().filter(|above| above != reader);
        graph.asset_edges.extend(above.map(|upstream| AssetEdge { upstream, downstream: reader.clone() }));
    }
}

/// What a folded model reads, its readers read, at the place in its file.
fn hand_on_reads(graph: &mut LineageGraph, folded: &BTreeSet<AssetName>, readers: &Neighbours) {
    let mut heirs = Neighbours::new();
    for (reader, read) in readers {
        for name in read {
            heirs.entry(name.clone()).or_default().insert(reader.clone());
        }
    }
    let mut handed_on: Vec<Read> = Vec::new();
    graph.reads.retain(|read| {
        let by_folded = read.reader.as_ref().filter(|reader| folded.contains(*reader));
        if let (Some(reader), false) = (by_folded, folded.contains(&read.asset)) {
            let last = last_readers(reader, &heirs, folded);
            // Where nobody is reached, there is still a place that names something.
            let alone = last.is_empty().then(|| Read { reader: None, ..read.clone() });
            let read_by = |reader| Read { reader: Some(reader), ..read.clone() };
            handed_on.extend(last.into_iter().map(read_by).chain(alone));
        }
        by_folded.is_none() && !folded.contains(&read.asset)
    });
    graph.reads.extend(handed_on);
}

/// The assets that a folded model reaches through folded ones alone.
fn last_readers(name: &AssetName, heirs: &Neighbours, folded: &BTreeSet<AssetName>) -> Vec<AssetName> {
    let mut open = vec![name];
    let (mut seen, mut last) = (BTreeSet::new(), BTreeSet::new());
    while let Some(name) = open.pop() {
        for reader in heirs.get(name).into_iter().flatten() {
            if !folded.contains(reader) {
                last.insert(reader.clone());
            } else if seen.insert(reader) {
                open.push(reader);
            }
        }
    }
    last.into_iter().collect()
}

/// Whether an asset is what a statement or a file makes.
fn is_made(asset: Option<&Asset>) -> bool {
    asset.is_some_and(|asset| asset.role == crate::lineage::model::Role::Defined)
}
