//! Which assets changed by their own doing: base and head of each, side by side.
//!
//! An asset whose definition is the same on both sides is never paired here, even when its columns moved because
//! something upstream of a `SELECT *` did: that is what `reach` finds.

use std::collections::BTreeSet;

use super::data_type;
use super::merge::merged;
use super::model::AssetChangeKind;
use crate::lineage::model::{Asset, AssetKind, AssetName, LineageGraph, Role};
use crate::path::RepoPath;
use crate::source::ChangedFile;

/// How much a side has to do with an asset. Being read is not enough to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    /// Not named, or only read.
    Absent,
    /// Filled here, created elsewhere.
    Written,
    /// Created here, or a query in a file.
    Defined,
}

/// How much a side has to do with the asset.
pub(super) fn presence(asset: Option<&Asset>) -> Presence {
    match asset {
        None => Presence::Absent,
        Some(asset) if asset.kind == AssetKind::Query => Presence::Defined,
        // Declared, with the table that it stands for.
        Some(asset) if asset.kind == AssetKind::Source && asset.definition.is_some() => Presence::Defined,
        Some(asset) => match asset.role {
            Role::Referenced => Presence::Absent,
            Role::Emptied | Role::Written => Presence::Written,
            Role::Defined => Presence::Defined,
        },
    }
}

/// One changed asset on its two sides. An asset that is only read on a side counts as missing there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pair<'g> {
    /// More at head than at base.
    Added {
        /// The asset.
        head: &'g Asset,
        /// Whether base filled it already, or head fills what base only read: then its rows differ for readers that
        /// are already there.
        was_known: bool,
        /// What base filled of it, where head creates it.
        filled: Option<&'g Asset>,
    },
    /// Less at head than at base.
    Removed {
        /// The asset.
        base: &'g Asset,
        /// Whether head creates it no more, so that readers of its name break. Not so when base only filled it.
        name_is_gone: bool,
        /// What head still fills of it, where base created it.
        filled: Option<&'g Asset>,
    },
    /// On both sides under one name, or under two.
    Both {
        /// At base.
        base: &'g Asset,
        /// At head.
        head: &'g Asset,
    },
}

impl<'g> Pair<'g> {
    /// Name at head; for a removed asset, at base.
    pub(super) fn name(&self) -> &'g AssetName {
        match self {
            Self::Added { head, .. } | Self::Both { head, .. } => &head.name,
            Self::Removed { base, .. } => &base.name,
        }
    }

    /// What happened.
    pub(super) fn change(&self) -> AssetChangeKind {
        match self {
            Self::Added { .. } => AssetChangeKind::Added,
            Self::Removed { .. } => AssetChangeKind::Removed,
            Self::Both { base, head } if base.name == head.name => AssetChangeKind::Modified,
            Self::Both { .. } => AssetChangeKind::Renamed,
        }
    }

    /// The side that stands for the asset: head, or base for a removed one.
    pub(super) fn asset(&self) -> &'g Asset {
        match self {
            Self::Added { head, .. } | Self::Both { head, .. } => head,
            Self::Removed { base, .. } => base,
        }
    }

    /// The asset at base.
    pub(super) fn base(&self) -> Option<&'g Asset> {
        match self {
            Self::Added { .. } => None,
            Self::Removed { base, .. } | Self::Both { base, .. } => Some(base),
        }
    }

    /// The asset at head.
    pub(super) fn head(&self) -> Option<&'g Asset> {
        match self {
            Self::Removed { .. } => None,
            Self::Added { head, .. } | Self::Both { head, .. } => Some(head),
        }
    }

    /// What the side that does not create it fills of it.
    pub(super) fn filled(&self) -> Option<&'g Asset> {
        match self {
            Self::Added { filled, .. } | Self::Removed { filled, .. } => *filled,
            Self::Both { .. } => None,
        }
    }

    /// The name that nothing at head answers to any more.
    pub(super) fn gone_name(&self) -> Option<&'g AssetName> {
        match self {
            Self::Removed { base, name_is_gone: true, .. } => Some(&base.name),
            Self::Both { base, head } if base.name != head.name => Some(&base.name),
            _ => None,
        }
    }
}

/// Every asset whose own definition changed, by name. Renames still stand as one removed and one added asset.
pub(super) fn changed_pairs<'g>(
    base: &'g LineageGraph,
    head: &'g LineageGraph,
    changed: &[ChangedFile],
) -> Vec<Pair<'g>> {
    let files: BTreeSet<&RepoPath> =
        changed.iter().flat_map(|file| file.old_path.iter().chain(Some(&file.path))).collect();
    let both = merged(&base.assets, &head.assets);
    both.filter_map(|(name, before, after)| {
        let other_contract = base.contracts.get(name) != head.contracts.get(name);
        pair((before, after), &files, other_contract)
    })
    .collect()
}

fn pair<'g>(
    (base, head): (Option<&'g Asset>, Option<&'g Asset>),
    files: &BTreeSet<&RepoPath>,
    other_contract: bool,
) -> Option<Pair<'g>> {
    let (before, after) = (presence(base), presence(head));
    match (base, head) {
        // A source that is declared for the first time is news only by who reads it.
        (_, Some(head)) if before < after && head.kind == AssetKind::Source => None,
        (_, Some(head)) if before < after => {
            let was_known = base.is_some() && (before == Presence::Written || after == Presence::Written);
            Some(Pair::Added { head, was_known, filled: base.filter(|_| before == Presence::Written) })
        }
        (Some(base), _) if before > after => {
            let name_is_gone = before == Presence::Defined;
            Some(Pair::Removed { base, name_is_gone, filled: head.filter(|_| after == Presence::Written) })
        }
        (Some(base), Some(head)) if before > Presence::Absent && (other_contract || differs(base, head, files)) => {
            Some(Pair::Both { base, head })
        }
        _ => None,
    }
}

/// Whether the asset's own definition differs. Where no definition is known (a seed has none), its columns speak for
/// it, unless they may come from upstream of a file that did not change.
fn differs(base: &Asset, head: &Asset, files: &BTreeSet<&RepoPath>) -> bool {
    if base.kind != head.kind || base.definition.is_some() != head.definition.is_some() {
        return true;
    }
    if base.definition.is_some() {
        // The normalised definition holds what upstream gives it (an expanded star): where the text as written is the
        // same, only upstream moved.
        let as_written_differs = base.sql != head.sql || base.sql.is_none();
        return as_written_differs && base.definition != head.definition;
    }
    let is_declared = |asset: &Asset| asset.columns.iter().all(|column| column.expression.is_none());
    let in_changed_file = |asset: &Asset| asset.file.as_ref().is_some_and(|file| files.contains(file));
    let own = (is_declared(base) && is_declared(head)) || in_changed_file(base) || in_changed_file(head);
    own && !same_columns(base, head)
}

fn same_columns(base: &Asset, head: &Asset) -> bool {
    base.columns.len() == head.columns.len()
        && base.columns.iter().zip(&head.columns).all(|(base, head)| {
            base.name == head.name
                && base.expression == head.expression
                && match (&base.data_type, &head.data_type) {
                    (Some(base), Some(head)) => data_type::same(base, head),
                    _ => true,
                }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impact::assess;
    use crate::impact::sketch::{assert_told, asset, sketch};
    use crate::source::FileStatus;

    #[test]
    fn the_same_graph_has_no_impact() {
        let graph = sketch().table("a", "id INT").view("v", "*a").filter("v", "a.id > 1");
        assert_told(&graph.since(&graph), &["verdict none"]);
    }

    #[test]
    fn added_and_removed_mirror_each_other() {
        let empty = sketch();
        let full = sketch().view("v", "id = ext.id");
        assert_told(&full.since(&empty), &["verdict additive", "added v +ext", "  added id"]);
        assert_told(&empty.since(&full), &["verdict review", "removed v -ext", "  removed id"]);
    }

    #[test]
    fn an_asset_that_only_passes_a_change_on_is_not_changed_itself() {
        let base = sketch().table("a", "id INT; x INT").view("v", "*a");
        let head = sketch().table("a", "id INT").view("v", "*a");
        assert_told(&head.since(&base), &["verdict review", "modified a", "  removed x", "review v via a x<a.x"]);
    }

    #[test]
    fn a_definition_that_differs_without_a_trace_is_reported() {
        let base = sketch().table("a", "id INT").view("v", "id = a.id");
        let head = base.clone().definition("v", Some("SELECT id FROM a ORDER BY id"));
        assert_told(&head.since(&base), &["verdict review", "modified v"]);
    }

    #[test]
    fn another_kind_is_a_modification() {
        let base = sketch().view("v", "id = a.id").definition("v", Some("SELECT a.id"));
        let head = sketch().table("v", "id = a.id").definition("v", Some("SELECT a.id"));
        assert_told(&head.since(&base), &["verdict review", "modified v"]);
    }

    #[test]
    fn assets_that_are_only_read_do_not_change() {
        let base = sketch().view("v", "id = ext.id");
        let head = sketch().view("v", "id = other.id");
        let names: Vec<_> = head.since(&base).assets.into_iter().map(|change| change.name).collect();
        assert_eq!(names, [asset("v")]);
    }

    #[test]
    fn seeds_without_definition_are_compared_by_their_columns() {
        let seed = |columns| {
            let kind = (AssetKind::Seed, Role::Defined);
            sketch().asset(kind, "s", columns).definition("s", None)
        };
        assert_told(&seed("a; b").since(&seed("a")), &["verdict additive", "modified s", "  added b"]);
        assert_told(&seed("a").since(&seed("a")), &["verdict none"]);
    }

    #[test]
    fn without_a_definition_columns_that_came_from_upstream_need_a_changed_file() {
        let base = sketch().table("a", "x INT; y INT").view("v", "*a").definition("v", None);
        let head = sketch().table("a", "x INT").view("v", "*a").definition("v", None);
        assert_eq!(head.since(&base).assets.len(), 1);
        let path = RepoPath::new("v.sql").expect("inside");
        let changed = [ChangedFile { path, old_path: None, status: FileStatus::Modified }];
        assert_eq!(assess(&base.graph(), &head.graph(), &changed).assets.len(), 2);
    }

    #[test]
    fn a_table_that_is_filled_for_the_first_time_changes_for_its_readers() {
        let base = sketch().view("v", "id = t.id");
        let head = sketch().insert("t", "id = raw.id").view("v", "id = t.id");
        assert_told(&head.since(&base), &["verdict review", "added t +raw", "  added id", "review v via t"]);
    }

    #[test]
    fn a_table_that_nothing_fills_any_more_is_not_gone() {
        let base = sketch().insert("t", "id = raw.id").view("v", "id = t.id");
        let head = sketch().view("v", "id = t.id");
        assert_told(&head.since(&base), &["verdict review", "removed t -raw", "  removed id", "review v via t"]);
    }

    #[test]
    fn a_table_that_is_filled_but_created_no_more_breaks_what_fills_it() {
        let base = sketch().table("t", "id INT").read("t", None, (Some("t"), 1));
        let head = sketch().insert("t", "id = raw.id");
        assert_told(&head.since(&base), &["verdict breaking", "removed t !t.sql:1 t", "  removed id"]);
    }
}
