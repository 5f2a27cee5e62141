//! How much each change matters: readers joined to what they read, the assets downstream, and the verdict.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::diff::Difference;
use super::model::{AffectedColumn, AssetChange, ColumnChangeKind, Downstream, Impact, Reader, Severity, Verdict};
use super::reach::{Effect, Mark, Node, Part, Reach};
use super::readers::Readers;
use crate::lineage::model::{Asset, AssetName, ColumnName, ColumnRef, LineageGraph};

/// Puts everything together.
pub(super) fn weigh(
    graphs: (&LineageGraph, &LineageGraph),
    differences: &[Difference<'_>],
    (reach, readers): (&Reach, &Readers),
) -> Impact {
    let downstream = downstream(graphs, reach, readers);
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
    let assets = differences.iter().map(|difference| with_readers(difference, readers, &through_stars)).collect();
    Impact { verdict, assets, downstream }
}

/// Readers of a changed column under the name of an asset that passed it on by `*`.
fn readers_through_stars<'r>(reach: &'r Reach, readers: &Readers) -> BTreeMap<&'r ColumnRef, BTreeSet<Reader>> {
    let mut found: BTreeMap<&ColumnRef, BTreeSet<Reader>> = BTreeMap::new();
    for (node, mark) in &reach.marks {
        let Part::Column(column) = &node.part else { continue };
        if !mark.is_gone || reach.is_changed(&node.asset) {
            continue;
        }
        for reader in readers.of(&node.asset, Some(column)) {
            for origin in reach.origins(mark) {
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
    change
}

/// What is gathered of one downstream asset.
#[derive(Default)]
struct Gathered<'r> {
    nearest: Option<(&'r Node, usize)>,
    differs: bool,
    columns: BTreeMap<ColumnName, BTreeSet<&'r ColumnRef>>,
    readers: BTreeSet<Reader>,
    /// Read by name, where no edge leads here.
    reads: Option<&'r AssetName>,
}

/// Unchanged assets that are reached, most severe first, then by distance and name.
fn downstream((base, head): (&LineageGraph, &LineageGraph), reach: &Reach, readers: &Readers) -> Vec<Downstream> {
    let mut gathered: BTreeMap<&AssetName, Gathered<'_>> = BTreeMap::new();
    for (node, mark) in &reach.marks {
        let Some(asset) = head.assets.get(&node.asset).filter(|asset| !reach.is_changed(&asset.name)) else { continue };
        let entry = gathered.entry(&node.asset).or_default();
        gather(entry, (node, mark), (base.assets.get(&node.asset), asset), reach);
    }
    for (read, reader) in readers.all() {
        let Some(name) = reader.reader.as_ref().filter(|name| !reach.is_changed(name)) else { continue };
        let entry = gathered.entry(name).or_default();
        entry.readers.insert(reader.clone());
        entry.reads.get_or_insert(read);
    }
    let rows = gathered.into_iter();
    let mut rows: Vec<Downstream> =
        rows.filter_map(|(name, found)| row(head.assets.get(name)?, found, reach)).collect();
    rows.sort_by(|left, right| {
        let key = |row: &Downstream| (Reverse(row.severity), row.distance);
        key(left).cmp(&key(right)).then_with(|| left.name.cmp(&right.name))
    });
    rows
}

fn gather<'r>(
    entry: &mut Gathered<'r>,
    (node, mark): (&'r Node, &'r Mark),
    (base, head): (Option<&Asset>, &Asset),
    reach: &'r Reach,
) {
    if entry.nearest.is_none_or(|(_, distance)| mark.distance < distance) {
        entry.nearest = Some((node, mark.distance));
    }
    entry.differs |= mark.effect == Effect::Differs;
    if let Part::Column(column) = &node.part {
        let is_known = head.column(column).or_else(|| base?.column(column)).is_some();
        let shown = if is_known { column.clone() } else { ColumnName::new("*") };
        entry.columns.entry(shown).or_default().extend(reach.origins(mark));
    }
}

fn row(asset: &Asset, found: Gathered<'_>, reach: &Reach) -> Option<Downstream> {
    let via = match (found.nearest, found.reads) {
        (Some((node, _)), _) => reach.path(node),
        (None, Some(read)) => path_through(read, reach),
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
    })
}

/// The way through an asset whose name is read.
fn path_through(read: &AssetName, reach: &Reach) -> Vec<AssetName> {
    let nearest = reach.marks.iter().filter(|(node, _)| node.asset == *read).min_by_key(|(_, mark)| mark.distance);
    let mut path = nearest.map(|(node, _)| reach.path(node)).unwrap_or_default();
    path.push(reach.reported_name(read).clone());
    path
}
