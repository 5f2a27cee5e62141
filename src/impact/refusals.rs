//! Places at head that may not name a model, which at base they might or did not.
//!
//! dbt stops there, so they break, though what they name is there. The change that is to blame is the model's where it
//! became open to fewer, else the reader's, which names it newly or went to another group.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::Difference;
use super::model::Reader;
use super::readers::{Readers, place};
use crate::lineage::model::{AssetName, LineageGraph, Read};

/// The reads that are refused since the change.
fn since<'g>(base: &LineageGraph, head: &'g LineageGraph) -> impl Iterator<Item = &'g Read> + use<'g> {
    let before: BTreeSet<_> = base.refused.iter().map(|read| (read.asset.clone(), read.reader.clone())).collect();
    head.refused.iter().filter(move |read| !before.contains(&(read.asset.clone(), read.reader.clone())))
}

/// Notes them in the change that is to blame.
pub(super) fn note<'g>(base: &'g LineageGraph, head: &'g LineageGraph, differences: &mut Vec<Difference<'g>>) {
    let mut found: BTreeMap<&AssetName, Vec<Reader>> = BTreeMap::new();
    for read in since(base, head) {
        let is_closed =
            base.assets.contains_key(&read.asset) && base.closed.get(&read.asset) != head.closed.get(&read.asset);
        let (model, reader) = (Some(&read.asset), read.reader.as_ref());
        let blamed = if is_closed { [model, reader] } else { [reader, model] };
        let blamed = blamed.into_iter().flatten().find(|name| head.assets.contains_key(*name));
        if let Some(name) = blamed {
            found.entry(name).or_default().push(place(read));
        }
    }
    for (name, places) in found {
        match differences.iter_mut().find(|difference| difference.change.name == *name) {
            Some(difference) => difference.change.refused = places,
            None => {
                if let (Some(base), Some(head)) = (base.assets.get(name), head.assets.get(name)) {
                    let mut difference = Difference::of_places(base, head, Vec::new());
                    difference.change.refused = places;
                    differences.push(difference);
                }
            }
        }
    }
    differences.sort_by(|left, right| left.change.name.cmp(&right.change.name));
}

/// Adds them to the places that break.
pub(super) fn add(base: &LineageGraph, head: &LineageGraph, readers: &mut Readers) {
    for read in since(base, head) {
        readers.add(read);
    }
}
