//! The places at head that still name what is gone, or what has another type.
//!
//! A change breaks somebody only where such a place remains.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::Difference;
use super::model::{ColumnChangeKind, Reader};
use super::reach::{Part, Reach};
use crate::lineage::model::{AssetName, ColumnName, LineageGraph, Read};

/// Places by the name that they read: an asset as such, or one of its columns.
#[derive(Debug, Default)]
pub(super) struct Readers {
    by_name: BTreeMap<AssetName, BTreeMap<Option<ColumnName>, BTreeSet<Reader>>>,
}

impl Readers {
    /// Places that read the asset (`None`) or its column.
    pub(super) fn of(&self, asset: &AssetName, column: Option<&ColumnName>) -> impl Iterator<Item = &Reader> {
        self.by_name.get(asset).and_then(|names| names.get(&column.cloned())).into_iter().flatten()
    }

    /// Every place with the asset that it reads.
    pub(super) fn all(&self) -> impl Iterator<Item = (&AssetName, &Reader)> {
        let names = self.by_name.iter();
        names.flat_map(|(asset, names)| names.values().flatten().map(move |reader| (asset, reader)))
    }
}

/// Which reads of a name count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// All.
    Every,
    /// Those that find nothing.
    Missing,
}

/// Finds the places: one pass over the reads of head.
pub(super) fn find(head: &LineageGraph, differences: &[Difference<'_>], reach: &Reach) -> Readers {
    let wanted = wanted(head, differences, reach);
    let mut readers = Readers::default();
    let mut group: Option<(&AssetName, Option<_>)> = None;
    for read in &head.reads {
        // Reads are ordered by asset: one look-up for all of an asset.
        let names = match group {
            Some((asset, names)) if *asset == read.asset => names,
            _ => wanted.get(&read.asset),
        };
        group = Some((&read.asset, names));
        let Some(counts) = names.and_then(|names| names.get(&read.column.as_ref())) else { continue };
        if stands(read, head) && (*counts == Counts::Every || !read.exists) {
            readers
                .by_name
                .entry(read.asset.clone())
                .or_default()
                .entry(read.column.clone())
                .or_default()
                .insert(place(read));
        }
    }
    readers
}

type Wanted<'r> = BTreeMap<&'r AssetName, BTreeMap<Option<&'r ColumnName>, Counts>>;

/// The names whose readers break.
fn wanted<'r>(head: &LineageGraph, differences: &'r [Difference<'_>], reach: &'r Reach) -> Wanted<'r> {
    let mut wanted = Wanted::new();
    for difference in differences {
        if let Some(name) = difference.pair.gone_name() {
            wanted.entry(name).or_default().insert(None, Counts::Every);
        }
        for column in difference.change.columns.iter().filter(|column| column.change == ColumnChangeKind::TypeChanged) {
            wanted.entry(&difference.change.name).or_default().insert(Some(&column.name), Counts::Every);
        }
    }
    for (node, mark) in &reach.marks {
        let Part::Column(column) = &node.part else { continue };
        // The columns of an asset that is gone are gone with it: the place that names the asset says enough.
        let asset_is_gone = wanted.get(&node.asset).is_some_and(|names| names.contains_key(&None));
        if mark.is_gone && !asset_is_gone {
            // Where head does not know all columns, no read is marked as missing.
            let is_known = head.assets.get(&node.asset).is_some_and(|asset| asset.columns_complete);
            let counts = if is_known { Counts::Missing } else { Counts::Every };
            wanted.entry(&node.asset).or_default().insert(Some(column), counts);
        }
    }
    wanted
}

/// Whether the reading statement still means something: not when the asset that it fed was dropped since, and not
/// when it feeds the very asset whose column it names. Filling an asset that is created no more does count.
fn stands(read: &Read, head: &LineageGraph) -> bool {
    read.reader
        .as_ref()
        .is_none_or(|reader| head.assets.contains_key(reader) && (read.column.is_none() || *reader != read.asset))
}

fn place(read: &Read) -> Reader {
    let name = read.column.as_ref().map_or_else(|| read.asset.to_string(), ToString::to_string);
    Reader { file: read.file.clone(), line: read.line, name, reader: read.reader.clone() }
}
