//! How much each change matters: readers joined to what they read, the assets downstream, and the verdict.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::contract;
use super::diff::Difference;
use super::model::{AffectedColumn, AssetChange, ColumnChangeKind, Downstream, Impact, Reader, Severity, Verdict};
use super::reach::{Effect, Reach, Reached};
use super::readers::Readers;
use super::routes::Node;
use crate::lineage::model::{Asset, AssetKind, AssetName, ColumnName, ColumnRef, LineageGraph};

/// Puts everything together.
pub(super) fn weigh(
    (base, head): (&LineageGraph, &LineageGraph),
    differences: &[Difference<'_>],
    (reach, readers): (&Reach<'_>, &Readers),
) -> Impact {
    let downstream = downstream(head, reach, readers);
    let verdict = if readers.all().next().is_some() {
        Verdict::Breaking
    } else if differences.iter().any(|difference| !difference.is_additive)
        || downstream.iter().any(|reached| reached.severity > Severity::Info)
    {
        Verdict::Review
    } else if differences.is_empty() {
        Verdict::None
    } else {
        Verdict::Additive
    };
    let through_stars = readers_through_stars(reach, readers);
    let owner = |name: &AssetName| head.owners.get(name).or_else(|| base.owners.get(name)).cloned();
    let change = |difference: &Difference<'_>| {
        let change = with_readers(difference, readers, &through_stars);
        AssetChange { owner: owner(&change.name), ..change }
    };
    let assets = differences.iter().map(change).collect();
    Impact { verdict, assets, downstream }
}

/// Readers of a changed column under the name of an asset that passed it on by `*`.
fn readers_through_stars<'r>(reach: &'r Reach<'_>, readers: &Readers) -> BTreeMap<&'r ColumnRef, BTreeSet<Reader>> {
    let mut found: BTreeMap<&ColumnRef, BTreeSet<Reader>> = BTreeMap::new();
    for place in reach.places().filter(|place| place.mark.is_gone && !place.is_changed && place.column.is_some()) {
        for reader in readers.of(place.asset, place.column) {
            for origin in reach.origins(place.mark) {
                found.entry(origin).or_default().insert(reader.clone());
            }
        }
    }
    found
}

fn with_readers(
    difference: &Difference<'_>,
    readers: &Readers,
    through_stars: &BTreeMap<&ColumnRef, BTreeSet<Reader>>,
) -> AssetChange {
    let mut change = difference.change.clone();
    if let Some(gone) = difference.pair.gone_name() {
        change.readers = readers.of(gone, None).cloned().collect();
    }
    let names: Vec<AssetName> = change.previous_name.iter().chain(Some(&change.name)).cloned().collect();
    for column in &mut change.columns {
        let name = match column.change {
            ColumnChangeKind::Removed | ColumnChangeKind::TypeChanged => &column.name,
            ColumnChangeKind::Renamed => column.previous_name.as_ref().unwrap_or(&column.name),
            ColumnChangeKind::Added | ColumnChangeKind::LineageChanged => continue,
        };
        let own = names.iter().flat_map(|asset| readers.of(asset, Some(name))).cloned();
        let reported = ColumnRef { asset: change.name.clone(), column: column.name.clone() };
        let passed = through_stars.get(&reported).into_iter().flatten().cloned();
        column.readers = own.chain(passed).collect::<BTreeSet<_>>().into_iter().collect();
    }
    contract::tell(&mut change, readers.left_out(&difference.change.name));
    change
}

/// What is gathered of one downstream asset.
#[derive(Default)]
struct Gathered<'r> {
    nearest: Option<(Node, usize)>,
    differs: bool,
    columns: BTreeMap<ColumnName, BTreeSet<&'r ColumnRef>>,
    readers: BTreeSet<Reader>,
    /// Read by name, where no edge leads here.
    reads: Option<&'r AssetName>,
}

/// Unchanged assets that are reached: exposures first, then most severe first, then by distance and name.
fn downstream(head: &LineageGraph, reach: &Reach<'_>, readers: &Readers) -> Vec<Downstream> {
    let mut gathered: BTreeMap<&AssetName, Gathered<'_>> = BTreeMap::new();
    for place in reach.places().filter(|place| !place.is_changed) {
        if let Some(head) = place.head {
            gather(gathered.entry(place.asset).or_default(), &place, head, reach);
        }
    }
    for (read, reader) in readers.all() {
        let Some(name) = reader.reader.as_ref().filter(|name| !reach.is_changed(name)) else { continue };
        let entry = gathered.entry(name).or_default();
        entry.readers.insert(reader.clone());
        entry.reads.get_or_insert(read);
    }
    let rows = gathered.into_iter();
    let mut rows: Vec<Downstream> =
        rows.filter_map(|(name, found)| row((head, head.assets.get(name)?), found, reach)).collect();
    rows.sort_by(|left, right| {
        let key = |row: &Downstream| (row.kind != AssetKind::Exposure, Reverse(row.severity), row.distance);
        key(left).cmp(&key(right)).then_with(|| left.name.cmp(&right.name))
    });
    rows
}

fn gather<'r>(entry: &mut Gathered<'r>, place: &Reached<'r>, head: &Asset, reach: &'r Reach<'_>) {
    if entry.nearest.is_none_or(|(_, distance)| place.mark.distance < distance) {
        entry.nearest = Some((place.node, place.mark.distance));
    }
    entry.differs |= place.mark.effect == Effect::Differs;
    if let Some(column) = place.column {
        let is_known = head.column(column).or_else(|| place.base?.column(column)).is_some();
        let shown = if is_known { column.clone() } else { ColumnName::new("*") };
        entry.columns.entry(shown).or_default().extend(reach.origins(place.mark));
    }
}

fn row((graph, asset): (&LineageGraph, &Asset), found: Gathered<'_>, reach: &Reach<'_>) -> Option<Downstream> {
    let via = match (found.nearest, found.reads) {
        (Some((node, _)), _) => reach.path(node),
        (None, Some(read)) => reach.path_through(read),
        (None, None) => return None,
    };
    let severity = match (found.readers.is_empty(), found.differs) {
        (false, _) => Severity::Breaking,
        (true, true) => Severity::Review,
        (true, false) => Severity::Info,
    };
    let columns = found.columns.into_iter();
    Some(Downstream {
        name: asset.name.clone(),
        kind: asset.kind,
        distance: via.len(),
        severity,
        via,
        columns: columns
            .map(|(name, origins)| AffectedColumn { name, affected_by: origins.into_iter().cloned().collect() })
            .collect(),
        readers: found.readers.into_iter().collect(),
        owner: graph.owners.get(&asset.name).cloned(),
        exposure: graph.exposures.get(&asset.name).cloned(),
    })
}
