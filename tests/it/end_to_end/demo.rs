//! `demo`: the README's first command.

use std::path::Path;

use crate::harness::{Ended, Tool};

/// Runs the demo with a folder of its own for temporary files, and an environment that would lead it astray.
fn demo(temporary: &Path, arguments: &[&str]) -> Ended {
    let tool = Tool::new(["demo"].iter().chain(arguments)).variable("TMPDIR", temporary);
    tool.secret("DATASCALE_TOKEN", "dsk_live_laptop_77").variable("DATASCALE_API_URL", super::closed_port()).run()
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

#[test]
fn the_demo_prints_the_comment_and_what_was_ingested_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().expect("a folder");
    let ended = demo(temporary.path(), &[]).expect_code(0);
    for part in [
        "### SQL lineage",
        "⛔ **Breaking**",
        "`staging.stg_orders.ordered_at` was renamed",
        "What the ingest API took",
        "(postgres)",
    ] {
        assert!(ended.stdout.contains(part), "{part} is not in\n{}", ended.stdout);
    }
    assert_eq!(left_in(temporary.path()), Vec::<String>::new());
}

#[test]
fn a_proxy_of_the_environment_is_not_in_the_demos_way() {
    let temporary = tempfile::tempdir().expect("a folder");
    let closed = super::closed_port();
    let tool = Tool::new(["demo"]).variable("TMPDIR", temporary.path()).variable("HTTP_PROXY", &closed);
    let ended = tool.variable("http_proxy", &closed).variable("ALL_PROXY", &closed).run().expect_code(0);
    assert!(ended.stdout.contains("9 sent"), "{}", ended.stdout);
}

#[test]
fn the_demo_can_be_kept_and_looked_at() {
    let temporary = tempfile::tempdir().expect("a folder");
    let ended = demo(temporary.path(), &["--keep"]).expect_code(0);
    let kept = left_in(temporary.path());
    assert_eq!(kept.len(), 1, "{kept:?}");
    let repository = temporary.path().join(&kept[0]).join("warehouse");
    assert!(ended.stdout.contains(&repository.display().to_string()), "{}", ended.stdout);
    let preview =
        Tool::new(["preview", "--base", "main", "--head", "HEAD"]).current_folder(&repository).run().expect_code(0);
    assert!(preview.stdout.starts_with("⛔ Breaking"), "{}", preview.stdout);
}
