//! Files that ask for the columns of a relation (`adapter.get_columns_in_relation(ref('x'))`) are rendered again once the
//! columns are known that other files of the tree give it.
//!
//! Only what leads to the relations that were asked for is analysed for that, so that a tree in which nobody asks pays
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::column::KnownColumns;
use super::model::{DbtFile, Draft, draft};
use super::world::World;
use crate::lineage::model::{AssetName, Column};
use crate::lineage::{DeclaredAsset, Side, analyze};
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::template::Prepared;

/// A relation that was asked for may hang on another one that was: how many such steps are followed.
const MOST_STEPS: usize = 4;

/// The drafts of a tree with questions for columns answered. `files` has the file of each draft that belongs to a project.
#[must_use]
pub fn answered(
    world: &Arc<World>,
    files: &[Option<DbtFile<'_>>],
    mut drafts: Vec<Draft>,
    declared: &[DeclaredAsset],
) -> Vec<Draft> {
    let mut known = Arc::new(KnownColumns::new());
    for _ in 0..MOST_STEPS {
        let asked: BTreeSet<AssetName> = drafts.iter().flat_map(|draft| draft.asked.iter().cloned()).collect();
        if asked.is_empty() {
            break;
        }
        let found = columns(&asked, &drafts, declared);
        if found == *known {
            break;
        }
        known = Arc::new(found);
        let again = |(draft_before, file): (&mut Draft, &Option<DbtFile<'_>>)| {
            let asks = draft_before.asked.iter().any(|asset| known.contains_key(asset));
            if let (true, Some(file)) = (asks, file) {
                *draft_before = draft(world, file, &known);
            }
        };
        drafts.par_iter_mut().zip(files).for_each(again);
    }
    drafts
}

/// The columns of those of the assets of which all are known.
fn columns(asked: &BTreeSet<AssetName>, drafts: &[Draft], declared: &[DeclaredAsset]) -> KnownColumns {
    let of_seed = |asset: &&DeclaredAsset| asset.complete && asked.contains(&asset.name);
    let mut known: KnownColumns = declared
        .iter()
        .filter(of_seed)
        .map(|asset| {
            let columns = asset.columns.iter().map(|(name, kind)| (name.as_str().to_owned(), kind.clone()));
            (asset.name.clone(), columns.collect())
        })
        .collect();
    let files = leading_to(asked, drafts);
    let graph = analyze(Side { files: &files, declared });
    for asset in graph.assets.values().filter(|asset| asked.contains(&asset.name)) {
        // A hole in a list of columns may stand for any number of them.
        let has_hole = asset.columns.iter().any(|column| column.name.as_str().starts_with(HOLE_PREFIX));
        if asset.columns_complete && !asset.columns.is_empty() && !has_hole {
            let kind = |column: &Column| column.data_type.as_deref().map(str::to_owned);
            let columns = asset.columns.iter().map(|column| (column.name.as_str().to_owned(), kind(column)));
            known.insert(asset.name.clone(), columns.collect());
        }
    }
    known
}

/// The files of some assets and of all that these read, straight and through others.
fn leading_to(asked: &BTreeSet<AssetName>, drafts: &[Draft]) -> Vec<Prepared> {
    let by_asset: BTreeMap<&AssetName, &Draft> =
        drafts.iter().filter_map(|draft| Some((draft.asset()?, draft))).collect();
    let mut open: Vec<&AssetName> = asked.iter().collect();
    let mut seen: BTreeSet<&AssetName> = BTreeSet::new();
    let mut files = Vec::new();
    while let Some(asset) = open.pop() {
        let Some(draft) = by_asset.get(asset).filter(|_| seen.insert(asset)) else { continue };
        open.extend(draft.prepared.tokens.values().map(|target| &target.asset));
        files.push(draft.as_asset());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
