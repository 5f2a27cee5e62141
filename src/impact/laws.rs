//! Laws that hold for any two graphs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::sketch::{Sketch, sketch};
use super::{AssetChangeKind, ColumnChangeKind, Impact, Severity, Verdict, assess};
use crate::lineage::model::{AssetName, ColumnRef, LineageGraph, Role};

/// One way to define an asset. Both sides choose from the same few, so that much stays the same.
#[derive(Debug, Clone)]
struct Variant {
    shape: u8,
    columns: Vec<(u8, u8, u8)>,
    filter: Option<(u8, u8)>,
    suffix: u8,
}

const ASSETS: usize = 6;

fn variant() -> impl Strategy<Value = Variant> {
    (
        0..6u8,
        prop::collection::vec((0..4u8, 0..8u8, 0..4u8), 1..4),
        prop::option::weighted(0.3, (0..8u8, 0..4u8)),
        0..12u8,
    )
        .prop_map(|(shape, columns, filter, suffix)| Variant { shape, columns, filter, suffix })
}

/// Two sides: for each asset three variants, and which of them (or none) each side has.
fn sides() -> impl Strategy<Value = (Sketch, Sketch)> {
    let assets = prop::collection::vec((prop::collection::vec(variant(), 3), 0..4usize, 0..4usize), ASSETS);
    assets.prop_map(|assets| {
        let side = |choose: fn(&(Vec<Variant>, usize, usize)) -> usize| {
            assets.iter().enumerate().fold(sketch(), |sketch, (index, asset)| match asset.0.get(choose(asset)) {
                Some(variant) => draw(sketch, index, variant),
                None => sketch,
            })
        };
        (side(|asset| asset.1), side(|asset| asset.2))
    })
}

fn draw(sketch: Sketch, index: usize, variant: &Variant) -> Sketch {
    // One in twelve stands under another name, which makes renames.
    let name = if variant.suffix == 0 { format!("b{index}") } else { format!("a{index}") };
    let upstream = |pick: u8| match usize::from(pick) {
        pick if pick < index => format!("a{pick}"),
        _ => "ext".to_owned(),
    };
    let mut columns = BTreeMap::new();
    for (column, from, source) in &variant.columns {
        let text = match variant.shape {
            0 => format!("c{column} {}", if *source == 0 { "INT" } else { "TEXT" }),
            1 => format!("c{column} = NULL"),
            _ => format!("c{column} = {}.c{source}", upstream(*from)),
        };
        columns.insert(*column, text);
    }
    let mut items: Vec<String> = columns.into_values().collect();
    if variant.shape == 5 {
        items = variant.columns.iter().take(1).map(|(_, from, _)| format!("*{}", upstream(*from))).collect();
    }
    let text = items.join("; ");
    let sketch = match variant.shape {
        0 => sketch.table(&name, &text),
        3 => sketch.insert(&name, &text),
        _ => sketch.view(&name, &text),
    };
    match variant.filter {
        Some((from, column)) if variant.shape != 0 => {
            sketch.filter(&name, &format!("{}.c{column} = 1", upstream(from)))
        }
        _ => sketch,
    }
}

/// Asset → what happened, as seen from the other side where `mirrored`.
fn changes(impact: &Impact, mirrored: bool) -> BTreeMap<AssetName, (&'static str, BTreeSet<String>)> {
    let turn = |word: &'static str| match (mirrored, word) {
        (true, "added") => "removed",
        (true, "removed") => "added",
        _ => word,
    };
    let assets = impact.assets.iter().map(|change| {
        let name = if mirrored { change.previous_name.as_ref() } else { None }.unwrap_or(&change.name);
        let columns = change.columns.iter().map(|column| {
            let name = if mirrored { column.previous_name.as_ref() } else { None }.unwrap_or(&column.name);
            format!("{} {name}", turn(column.change.as_str()))
        });
        (name.clone(), (turn(change.change.as_str()), columns.collect()))
    });
    assets.collect()
}

fn has_readers(impact: &Impact) -> bool {
    impact
        .assets
        .iter()
        .any(|change| !change.readers.is_empty() || change.columns.iter().any(|column| !column.readers.is_empty()))
        || impact.downstream.iter().any(|row| !row.readers.is_empty())
}

/// Whether head still names an asset that base defined and head does not, or reads a column that base defined and
/// head is known not to have.
fn reads_a_lost_name(base: &LineageGraph, head: &LineageGraph) -> bool {
    let defined = |graph: &LineageGraph, name| graph.assets.get(name).is_some_and(|asset| asset.role == Role::Defined);
    head.reads.iter().filter(|read| defined(base, &read.asset)).any(|read| {
        let reader = read.reader.as_ref();
        if reader.is_some_and(|reader| !head.assets.contains_key(reader)) {
            return false;
        }
        match &read.column {
            None => !defined(head, &read.asset),
            Some(column) => {
                let had = base.assets.get(&read.asset).is_some_and(|asset| asset.column(column).is_some());
                had && !read.exists && reader != Some(&read.asset)
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_graph_has_no_impact_on_itself((graph, _) in sides()) {
        let impact = graph.since(&graph);
        prop_assert_eq!(impact, Impact { verdict: Verdict::None, assets: Vec::new(), downstream: Vec::new() });
    }

    #[test]
    fn what_is_added_one_way_is_removed_the_other((base, head) in sides()) {
        let (there, back) = (head.since(&base), base.since(&head));
        // Where one side still reads the other side's name of a renamed asset, that name means two things, and which
        // of them a third asset follows depends on the direction.
        let (base, head) = (base.graph(), head.graph());
        prop_assume!(there.assets.iter().all(|change| change.previous_name.as_ref().is_none_or(|previous| {
            !head.assets.contains_key(previous) && !base.assets.contains_key(&change.name)
        })));
        prop_assert_eq!(changes(&there, false), changes(&back, true));
    }

    #[test]
    fn the_verdict_says_what_the_rows_say((base, head) in sides()) {
        let impact = head.since(&base);
        prop_assert_eq!(impact.verdict == Verdict::Breaking, has_readers(&impact));
        let only_added = impact.assets.iter().all(|change| match change.change {
            AssetChangeKind::Added => true,
            AssetChangeKind::Modified => {
                change.row_set.is_empty()
                    && !change.columns.is_empty()
                    && change.columns.iter().all(|column| column.change == ColumnChangeKind::Added)
            }
            AssetChangeKind::Removed | AssetChangeKind::Renamed => false,
        });
        match impact.verdict {
            Verdict::None => prop_assert!(impact.assets.is_empty() && impact.downstream.is_empty()),
            Verdict::Additive => {
                prop_assert!(only_added && !impact.assets.is_empty());
                prop_assert!(impact.downstream.iter().all(|row| row.severity == Severity::Info));
            }
            Verdict::Review | Verdict::Breaking => prop_assert!(!impact.assets.is_empty()),
            Verdict::Incomplete => prop_assert!(false, "nothing here is unreadable"),
        }
        for row in &impact.downstream {
            prop_assert_eq!(row.severity == Severity::Breaking, !row.readers.is_empty());
        }
    }

    #[test]
    fn a_lost_name_that_is_still_read_is_always_breaking((base, head) in sides()) {
        let impact = head.since(&base);
        if reads_a_lost_name(&base.graph(), &head.graph()) {
            prop_assert_eq!(impact.verdict, Verdict::Breaking);
        }
    }

    #[test]
    fn every_row_downstream_can_be_traced_to_a_change((base, head) in sides()) {
        let impact = head.since(&base);
        let (base, head) = (base.graph(), head.graph());
        let mut changed: BTreeMap<&AssetName, Vec<&AssetName>> = BTreeMap::new();
        for change in &impact.assets {
            changed.insert(&change.name, change.previous_name.iter().chain(Some(&change.name)).collect());
        }
        let columns: BTreeSet<ColumnRef> = impact.assets.iter().flat_map(|change| {
            change.columns.iter().map(|column| ColumnRef { asset: change.name.clone(), column: column.name.clone() })
        }).collect();
        for row in &impact.downstream {
            prop_assert!(!changed.contains_key(&row.name) && head.assets.contains_key(&row.name));
            prop_assert!(row.distance > 0 && row.distance == row.via.len());
            prop_assert!(row.via.first().is_some_and(|first| changed.contains_key(first)));
            prop_assert!(row.columns.iter().flat_map(|column| &column.affected_by).all(|by| columns.contains(by)));
            let mut way: Vec<&AssetName> = row.via.iter().collect();
            way.push(&row.name);
            for step in way.windows(2) {
                let names = changed.get(step[0]).cloned().unwrap_or_else(|| vec![step[0]]);
                let edges = base.asset_edges.iter().chain(&head.asset_edges);
                let (upstream, downstream): (Vec<_>, _) = (names, step[1]);
                prop_assert!(edges.into_iter().any(|edge| {
                    upstream.contains(&&edge.upstream) && edge.downstream == *downstream
                        || changed.get(downstream).is_some_and(|names| {
                            upstream.contains(&&edge.upstream) && names.contains(&&edge.downstream)
                        })
                }), "no edge {:?} -> {:?}", step[0], step[1]);
            }
        }
    }

    #[test]
    fn the_list_of_changed_files_never_hides_a_change((base, head) in sides()) {
        let (base, head) = (base.graph(), head.graph());
        let files = head.assets.values().chain(base.assets.values()).filter_map(|asset| asset.file.clone());
        let changed: Vec<_> = files.map(|path| crate::source::ChangedFile {
            path,
            old_path: None,
            status: crate::source::FileStatus::Modified,
        }).collect();
        prop_assert_eq!(assess(&base, &head, &changed), assess(&base, &head, &[]));
    }
}
