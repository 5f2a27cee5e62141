//! Laws of the comparison on random scripts: written in another way nothing is told, and an edit that means something is
//! told where it is, and of whom it reaches.
//!
//! `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=2 cargo test --lib meaning::random` is a long run.

mod edit;
mod script;
mod write;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use self::edit::{Edit, edited};
use self::script::{Draw, Kind, Script};
use self::write::{Style, written};
use super::impact;
use crate::impact::sketch::told;
use crate::impact::{ColumnChangeKind, Impact, Verdict};
use crate::lineage::tests::prepared;
use crate::lineage::{Side, analyze};
use crate::sql::dialect::Dialect;

/// Of what scripts and spellings are drawn; shorter ones make smaller scripts.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..160)
}

fn config() -> ProptestConfig {
    // PROPTEST_CASES and PROPTEST_RNG_SEED are heard; without them the same 256 cases are tried each time.
    let config = ProptestConfig::default();
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    ProptestConfig { failure_persistence: None, rng_seed, ..config }
}

fn shown(impact: &Impact, before: &str, after: &str) -> String {
    format!("\n{before}\n---\n{after}\n---\n{}", told(impact).join("\n"))
}

fn names(impact: &Impact) -> Vec<&str> {
    let changed = impact.assets.iter().map(|change| change.name.as_str());
    changed.chain(impact.downstream.iter().map(|reached| reached.name.as_str())).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_drawn_is_understood_whole(bytes in bytes(), style in bytes()) {
        let script = Script::drawn(&mut Draw::new(&bytes));
        let text = written(&script, &mut Style::drawn(&style));
        let graph = analyze(Side { files: &[prepared("a.sql", &text, Dialect::Postgres)], declared: &[] });
        prop_assert!(graph.diagnostics.is_empty(), "{}\n{:?}", text, graph.diagnostics);
    }

    #[test]
    fn a_script_that_is_written_in_another_way_is_no_change(bytes in bytes(), style in bytes()) {
        let script = Script::drawn(&mut Draw::new(&bytes));
        let (before, after) = (written(&script, &mut Style::plain()), written(&script, &mut Style::drawn(&style)));
        let impact = impact(Dialect::Postgres, &before, &after);
        prop_assert!(impact.verdict == Verdict::None, "{}", shown(&impact, &before, &after));
    }

    #[test]
    fn an_edit_that_means_something_is_told_where_it_is(bytes in bytes(), choice in bytes(), style in bytes()) {
        let script = Script::drawn(&mut Draw::new(&bytes));
        let Some(edit) = edited(&script, &mut Draw::new(&choice)) else { return Ok(()) };
        let before = written(&script, &mut Style::plain());
        let after = written(&edit.script, &mut Style::drawn(&style));
        let impact = impact(Dialect::Postgres, &before, &after);
        let missed = missed(&script, &edit, &impact);
        prop_assert!(missed.is_empty(), "{:?} of v{}: {}{}", edit.what, edit.view, missed, shown(&impact, &before, &after));
    }
}

/// What should be told of an edit and is not; empty where all is.
fn missed(script: &Script, edit: &edit::Edited, impact: &Impact) -> String {
    let view = &script.views[edit.view];
    let name = format!("v{}", edit.view);
    let Some(change) = impact.assets.iter().find(|change| change.name.as_str() == name) else {
        return format!("{name} is not told");
    };
    let is_one_select = view.query.union.is_none() && view.kind != Kind::Insert;
    match &edit.what {
        Edit::Drop(column) if is_one_select => {
            let gone = change
                .columns
                .iter()
                .any(|found| found.name.as_str() == column && found.change == ColumnChangeKind::Removed);
            if !gone {
                return format!("{column} is not told to be gone");
            }
            let is_read = edit::mentions(script, edit.view, column);
            if is_read && impact.verdict != Verdict::Breaking {
                return format!("who reads {column} breaks");
            }
            if !is_read && impact.verdict == Verdict::Breaking && !edit::may_read_otherwise(script, column) {
                return format!("nobody reads {column}");
            }
        }
        Edit::Expression(column) if is_one_select => {
            if !change.columns.iter().any(|found| found.name.as_str() == column) {
                return format!("{column} is not told");
            }
        }
        Edit::Drop(_) | Edit::Expression(_) | Edit::Table => {}
        // Rows that are distinct already stay what they are.
        Edit::Distinct if view.query.is_distinct_somewhere() => return String::new(),
        Edit::Join | Edit::Filter | Edit::Distinct | Edit::Limit => {
            if change.row_set.is_empty() {
                return "other rows are not told".to_owned();
            }
        }
    }
    let told = names(impact);
    let unreached = edit::readers(script, edit).into_iter().find(|reader| !told.contains(&reader.as_str()));
    unreached.map_or_else(String::new, |reader| format!("{reader} is not reached"))
}
