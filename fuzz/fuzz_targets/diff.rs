//! Two texts, divided by a NUL, as base and head: the comparison holds for any pair, and what is added one way round is
//! removed the other way round.
#![no_main]

use ingest_action::impact::{AssetChangeKind, Impact, assess};
use ingest_action_fuzz::{graph, input};
use libfuzzer_sys::fuzz_target;

fn names(impact: &Impact, kind: AssetChangeKind) -> Vec<String> {
    impact.assets.iter().filter(|asset| asset.change == kind).map(|asset| asset.name.to_string()).collect()
}

fuzz_target!(|data: &[u8]| {
    let Some((dialect, text)) = input(data) else { return };
    let Some((base, head)) = text.split_once('\0') else { return };
    let (base, head) = (graph(dialect, base), graph(dialect, head));
    let (there, back) = (assess(&base, &head, &[]), assess(&head, &base, &[]));
    assert_eq!(names(&there, AssetChangeKind::Added), names(&back, AssetChangeKind::Removed));
    assert_eq!(names(&there, AssetChangeKind::Removed), names(&back, AssetChangeKind::Added));
});
