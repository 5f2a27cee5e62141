//! The places at head that still name what is gone, or what has another type.
//!
//! A change breaks somebody only where such a place remains.

use std::collections::{BTreeMap, BTreeSet};

use super::contract::is_left_out;
use super::diff::Difference;
use super::model::{ColumnChange, ColumnChangeKind, Reader};
use super::reach::Reach;
use crate::lineage::model::{AssetName, ColumnName, LineageGraph, Read};
use crate::sql::migration;

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

    /// Contracts that leave out a column of the asset.
    pub(super) fn left_out(&self, asset: &AssetName) -> Vec<Reader> {
        let places = self.by_name.get(asset).into_iter().flat_map(|names| names.values().flatten());
        places.filter(|place| is_left_out(place.mention.as_ref())).cloned().collect()
    }

    /// Adds a place.
    pub(super) fn add(&mut self, read: &Read) {
        let names = self.by_name.entry(read.asset.clone()).or_default();
        names.entry(read.column.clone()).or_default().insert(place(read));
    }

    /// Adds places that are found otherwise.
    pub(super) fn add_all(&mut self, reads: Vec<&Read>) {
        reads.into_iter().for_each(|read| self.add(read));
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
    /// Those in SQL: no test and no contract is known to break by another type.
    InSql,
    /// Those that find nothing.
    Missing,
}

impl Counts {
    fn count(self, read: &Read) -> bool {
        match self {
            Self::Every => true,
            Self::InSql => read.mention.is_none(),
            Self::Missing => !read.exists,
        }
    }
}

/// Finds the places: one pass over the reads of head.
pub(super) fn find(head: &LineageGraph, differences: &[Difference<'_>], reach: &Reach<'_>) -> Readers {
    let wanted = wanted(differences, reach);
    let mut readers = Readers::default();
    if wanted.is_empty() {
        return readers;
    }
    let mut group: Option<(&AssetName, Option<_>)> = None;
    for read in &head.reads {
        // Reads are ordered by asset: one look-up for all of an asset.
        let names = match group {
            Some((asset, names)) if *asset == read.asset => names,
            _ => wanted.get(&read.asset),
        };
        group = Some((&read.asset, names));
        let Some(counts) = names.and_then(|names| names.get(&read.column.as_ref())) else { continue };
        if stands(read, head) && counts.count(read) {
            readers.add(read);
        }
    }
    readers
}

type Wanted<'r> = BTreeMap<&'r AssetName, BTreeMap<Option<&'r ColumnName>, Counts>>;

/// The names whose readers break.
fn wanted<'r>(differences: &'r [Difference<'_>], reach: &'r Reach<'_>) -> Wanted<'r> {
    let mut wanted = Wanted::new();
    for difference in differences {
        if let Some(name) = difference.pair.gone_name() {
            wanted.entry(name).or_default().insert(None, Counts::Every);
        }
        let retyped = |column: &&ColumnChange| column.change == ColumnChangeKind::TypeChanged && !column.is_widened();
        for column in difference.change.columns.iter().filter(retyped) {
            wanted.entry(&difference.change.name).or_default().insert(Some(&column.name), Counts::InSql);
        }
    }
    for place in reach.places().filter(|place| place.mark.is_gone) {
        let Some(column) = place.column else { continue };
        // The columns of an asset that is gone are gone with it: the place that names the asset says enough.
        let names = wanted.entry(place.asset).or_default();
        if !names.contains_key(&None) {
            // Where head does not know all columns, no read is marked as missing.
            let is_known = place.head.is_some_and(|asset| asset.columns_complete);
            names.insert(Some(column), if is_known { Counts::Missing } else { Counts::Every });
        }
    }
    wanted
}

/// Whether the reading statement still means something: not when the asset that it fed was dropped since. One that feeds
/// the very asset whose column it names counts where another file creates that without the column, unless it is a
/// migration: that ran while the column was there. Filling an asset that is created no more does count.
fn stands(read: &Read, head: &LineageGraph) -> bool {
    let Some(name) = &read.reader else { return true };
    let Some(reader) = head.assets.get(name) else { return false };
    let is_apart = || reader.file.as_ref().is_some_and(|file| *file != read.file);
    let fills_what_is_missing = || !read.exists && is_apart() && migration::sequence(&read.file).is_none();
    read.column.is_none() || *name != read.asset || fills_what_is_missing()
}

/// The place of a read.
pub(super) fn place(read: &Read) -> Reader {
    let name = read.column.as_ref().map_or_else(|| read.asset.to_string(), ToString::to_string);
    Reader {
        file: read.file.clone(),
        line: read.line,
        name,
        reader: read.reader.clone(),
        mention: read.mention.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::impact::sketch::{Sketch, assert_told, sketch};

    #[test]
    fn a_removed_column_breaks_the_places_that_still_name_it() {
        let base = sketch().table("a", "id INT; x INT").view("v", "id = a.id; k = a.x").view("w", "k = v.k; id = v.id");
        let head = sketch().table("a", "id INT").view("v", "id = a.id; k = a.x").view("w", "k = v.k; id = v.id");
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  removed x !v.sql:2 x",
                "breaking v via a k<a.x !v.sql:2 x",
                "review w via a v k<a.x",
            ],
        );
    }

    #[test]
    fn a_removed_column_breaks_who_reads_it_under_the_name_of_a_star() {
        let rest = |sketch: Sketch| sketch.view("v", "*a").view("w", "k = v.x");
        let base = rest(sketch().table("a", "id INT; x INT"));
        let head = rest(sketch().table("a", "id INT"));
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  removed x !w.sql:1 x",
                "breaking w via a v k<a.x !w.sql:1 x",
                "review v via a x<a.x",
            ],
        );
    }

    #[test]
    fn a_table_that_is_created_without_a_column_that_it_was_filled_with_breaks_who_reads_it() {
        let rest = |sketch: Sketch| sketch.view("v", "*a").view("w", "k = v.x");
        let base = rest(sketch().insert("a", "x = ext.x"));
        let head = rest(sketch().table("a", "id INT"));
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "added a",
                "  added id",
                "  removed x !w.sql:1 x",
                "breaking w via a v k<a.x !w.sql:1 x",
                "review v via a id<a.id x<a.x",
            ],
        );
    }

    #[test]
    fn a_changed_reader_that_still_names_what_is_gone_breaks_too() {
        let base = sketch().table("a", "id INT; x INT").view("v", "*a").view("w", "k = v.x");
        let head = sketch().table("a", "id INT").view("v", "*a").view("w", "k = v.x + 1");
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  removed x !w.sql:1 x",
                "modified w",
                "  lineage_changed k",
                "review v via a x<a.x",
            ],
        );
    }

    #[test]
    fn a_filter_on_a_removed_column_breaks_its_asset_and_moves_the_rows_behind_it() {
        let rest = |sketch: Sketch| sketch.view("v", "id = a.id").filter("v", "a.x = 1").view("w", "id = v.id");
        let base = rest(sketch().table("a", "id INT; x INT"));
        let head = rest(sketch().table("a", "id INT"));
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  removed x !v.sql:90 x",
                "breaking v via a !v.sql:90 x",
                "review w via a v",
            ],
        );
    }

    #[test]
    fn a_removed_asset_breaks_the_places_that_still_name_it() {
        let base = sketch().table("a", "id INT").view("v", "id = a.id").view("w", "id = v.id");
        let head = sketch().view("v", "id = a.id").view("w", "id = v.id");
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "removed a !v.sql:2 a",
                "  removed id",
                "breaking v via a id<a.id !v.sql:2 a",
                "review w via a v id<a.id",
            ],
        );
    }

    #[test]
    fn another_type_breaks_whoever_reads_the_column() {
        let rest = |sketch: Sketch| sketch.view("v", "k = a.x").view("w", "k = v.k").view("s", "*a");
        let base = rest(sketch().table("a", "x INT"));
        let head = rest(sketch().table("a", "x TEXT"));
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  type_changed x !v.sql:1 x",
                "breaking v via a k<a.x !v.sql:1 x",
                "review s via a x<a.x",
                "review w via a v k<a.x",
            ],
        );
    }

    #[test]
    fn a_script_that_feeds_nothing_breaks_as_well() {
        let base = sketch().table("a", "id INT; x INT").read("a", Some("x"), (None, 4));
        let head = sketch().table("a", "id INT").read("a", Some("x"), (None, 4));
        assert_told(&head.since(&base), &["verdict breaking", "modified a", "  removed x !script.sql:4 x"]);
    }

    #[test]
    fn a_reader_that_no_edge_leads_to_is_found_by_name() {
        let rest = |sketch: Sketch| sketch.view("v", "id").read("a", Some("x"), (Some("v"), 7)).view("w", "id = v.id");
        let base = rest(sketch().table("a", "id INT; x INT"));
        let head = rest(sketch().table("a", "id INT"));
        assert_told(
            &head.since(&base),
            &["verdict breaking", "modified a", "  removed x !v.sql:7 x", "breaking v via a !v.sql:7 x"],
        );
    }

    #[test]
    fn statements_of_the_asset_itself_and_of_dropped_assets_are_no_readers() {
        let rest =
            |sketch: Sketch| sketch.read("a", Some("x"), (Some("a"), 3)).read("a", Some("x"), (Some("dropped"), 5));
        let base = rest(sketch().table("a", "id INT; x INT"));
        let head = rest(sketch().table("a", "id INT"));
        assert_told(&head.since(&base), &["verdict review", "modified a", "  removed x"]);
    }

    #[test]
    fn a_read_that_was_resolved_before_the_column_went_is_no_reader() {
        // As in a migration that runs before the one that drops the column.
        let base = sketch().table("a", "id INT; x INT").view("v", "id = a.id").read("a", Some("x"), (Some("v"), 3));
        let mut head = sketch().table("a", "id INT").view("v", "id = a.id").graph();
        head.reads.extend(base.clone().graph().reads);
        let impact = crate::impact::assess(&base.graph(), &head, &[]);
        assert_told(&impact, &["verdict review", "modified a", "  removed x"]);
    }
}
