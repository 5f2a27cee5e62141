//! Who takes columns by their places: `INSERT … SELECT *`, a branch of a UNION, a view with a column list over `*`.
//!
//! Where columns of an asset change places, or one comes between them, nothing changes for those who read them by name.
//! Who counts them gets other ones, or one too many, without a word of its own having changed: a column of it is not made
//! any more of what it was made of, although that is still there.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::Difference;
use super::inputs::Inputs;
use super::merge::merged;
use super::pair::{Presence, presence};
use super::routes::asset_edges;
use crate::lineage::model::{Asset, AssetName, ColumnRef, LineageGraph};

/// A column that is made of another one than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shifted {
    /// The column.
    pub(super) column: ColumnRef,
    /// Of the asset whose columns changed places, the one that it is made of now, or was.
    pub(super) by: ColumnRef,
}

/// The columns that shift, and the assets to which that is due noted in `differences`.
pub(super) fn shifted<'g>(
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    differences: &mut Vec<Difference<'g>>,
) -> Vec<Shifted> {
    let places = Places::of(base, head, differences);
    let shifted = places.shifted();
    let mut readers: BTreeMap<&AssetName, BTreeSet<AssetName>> = BTreeMap::new();
    for Shifted { column, by } in &shifted {
        readers.entry(&by.asset).or_default().insert(column.asset.clone());
    }
    for (name, readers) in readers {
        let readers = readers.into_iter().collect();
        match differences.iter_mut().find(|difference| difference.change.name == *name) {
            Some(difference) => difference.change.read_by_position = readers,
            None => {
                if let (Some(base), Some(head)) = (base.assets.get(name), head.assets.get(name)) {
                    differences.push(Difference::of_places(base, head, readers));
                }
            }
        }
    }
    differences.sort_by(|left, right| left.change.name.cmp(&right.change.name));
    shifted
}

/// Both sides, and who reads what stands in other places.
struct Places<'g> {
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    /// Unchanged readers → the assets with columns in other places that they read.
    readers: BTreeMap<&'g AssetName, Vec<&'g AssetName>>,
}

impl<'g> Places<'g> {
    fn of(base: &'g LineageGraph, head: &'g LineageGraph, differences: &[Difference<'g>]) -> Self {
        let mut changed: BTreeSet<&AssetName> = BTreeSet::new();
        for difference in differences {
            changed.extend(difference.change.previous_name.iter().chain(Some(&difference.change.name)));
        }
        let stands = |asset: &Asset| base.assets.get(&asset.name).is_some_and(|other| other.sql == asset.sql);
        let both = merged(&base.assets, &head.assets).filter_map(|(name, base, head)| Some((name, base?, head?)));
        let mut readers: BTreeMap<&AssetName, Vec<&AssetName>> = BTreeMap::new();
        for (moved, ..) in both.filter(|(_, base, head)| is_moved(base, head)) {
            for edge in asset_edges(head, moved) {
                let reader = head.assets.get(&edge.downstream).filter(|reader| !changed.contains(&reader.name));
                if let Some(reader) = reader.filter(|reader| stands(reader)) {
                    readers.entry(&reader.name).or_default().push(moved);
                }
            }
        }
        Self { base, head, readers }
    }

    fn shifted(&self) -> Vec<Shifted> {
        let names: BTreeSet<&AssetName> = self.readers.keys().copied().collect();
        let (before, after) = (Inputs::of(self.base, &names), Inputs::of(self.head, &names));
        let mut shifted = Vec::new();
        for (reader, moved) in &self.readers {
            let Some(asset) = self.head.assets.get(*reader) else { continue };
            let (mut is_lost, mut of_reader) = (false, Vec::new());
            for column in &asset.columns {
                let old: BTreeSet<&ColumnRef> = before.sources(reader, &column.name).collect();
                let new: BTreeSet<&ColumnRef> = after.sources(reader, &column.name).collect();
                is_lost |= old.difference(&new).any(|source| self.is_there(source));
                let column = ColumnRef { asset: asset.name.clone(), column: column.name.clone() };
                let by = cause((&old, &new), moved).filter(|_| old != new);
                of_reader.extend(by.map(|by| Shifted { column, by: by.clone() }));
            }
            // What only came, or went with its name, moved nothing.
            shifted.extend(of_reader.into_iter().filter(|_| is_lost));
        }
        shifted
    }

    /// Whether a column of base is still there: who lost it did not lose it with its name.
    fn is_there(&self, column: &ColumnRef) -> bool {
        self.head.assets.get(&column.asset).is_some_and(|asset| asset.column(&column.column).is_some())
    }
}

/// Of the sources of a column on both sides, one of a moved asset: a new one, else a lost one, else any.
fn cause<'g>(
    (old, new): (&BTreeSet<&'g ColumnRef>, &BTreeSet<&'g ColumnRef>),
    moved: &[&AssetName],
) -> Option<&'g ColumnRef> {
    let new_first = new.difference(old).chain(old.difference(new)).chain(new);
    new_first.copied().find(|source| moved.contains(&&source.asset))
}

/// Whether the columns are others, or the same ones in other places.
fn is_moved(base: &Asset, head: &Asset) -> bool {
    let is_known = |asset: &Asset| presence(Some(asset)) != Presence::Absent;
    let names = base.columns.iter().map(|column| &column.name);
    is_known(base) && is_known(head) && !names.eq(head.columns.iter().map(|column| &column.name))
}
