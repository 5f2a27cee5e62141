//! Any text, read in any dialect, gives a sound graph that does not differ from itself.
#![no_main]

use ingest_action::impact::assess;
use ingest_action_fuzz::{graph, input};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((dialect, text)) = input(data) {
        let graph = graph(dialect, &text);
        assert!(assess(&graph, &graph, &[]).assets.is_empty(), "a graph differs from itself");
    }
});
