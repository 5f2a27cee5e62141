//! Columns that a model gives and its enforced contract leaves out: dbt refuses the model.
//!
//! Such a place names nothing that is gone, so it is found by comparing the sides: it counts where base has the same model,
//! with all of its columns known, and was not refused for that column.

use std::collections::BTreeSet;

use super::diff::Difference;
use super::model::{AssetChange, ColumnChange, ColumnChangeKind, Reader};
use crate::lineage::model::{AssetName, ColumnName, LineageGraph, Mention, MentionKind, Read};

/// The reads at head that the change brings about.
pub(super) fn left_out<'g>(
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    differences: &[Difference<'_>],
) -> Vec<&'g Read> {
    let found = |graph: &'g LineageGraph| graph.reads.iter().filter(|read| is_left_out(read.mention.as_ref()));
    let mut at_head = found(head).peekable();
    if at_head.peek().is_none() {
        return Vec::new();
    }
    let key = |read: &'g Read| (&read.asset, &read.column);
    let before: BTreeSet<(&AssetName, &Option<ColumnName>)> = found(base).map(key).collect();
    // Of a renamed column the contract still names the old one, which is told.
    let renamed: BTreeSet<(&AssetName, &ColumnName)> = differences
        .iter()
        .flat_map(|difference| difference.change.columns.iter().map(|column| (&difference.change.name, column)))
        .filter(|(_, column)| column.change == ColumnChangeKind::Renamed)
        .map(|(asset, column)| (asset, &column.name))
        .collect();
    let was_known = |read: &Read| base.assets.get(&read.asset).is_some_and(|asset| asset.columns_complete);
    let is_renamed = |read: &Read| read.column.as_ref().is_some_and(|name| renamed.contains(&(&read.asset, name)));
    at_head.filter(|read| was_known(read) && !before.contains(&key(read)) && !is_renamed(read)).collect()
}

/// Whether a place is a contract that leaves out a column.
pub(super) fn is_left_out(mention: Option<&Mention>) -> bool {
    mention.is_some_and(|mention| mention.kind == MentionKind::ContractWithout)
}

/// Puts the places at the columns that are new, and the rest at the asset.
pub(super) fn tell(change: &mut AssetChange, left_out: Vec<Reader>) {
    for reader in left_out {
        let is_it = |column: &&mut ColumnChange| {
            column.change == ColumnChangeKind::Added && column.name.as_str() == reader.name
        };
        let readers = change.columns.iter_mut().find(is_it).map_or(&mut change.readers, |column| &mut column.readers);
        readers.push(reader);
    }
}
