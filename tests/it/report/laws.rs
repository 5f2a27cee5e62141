//! Laws of the rendered page, for any report: it fits, it closes what it opens, it is the same twice, and no text from
//! outside becomes markup.

use ingest_action::report::budget::{Limits, SizeUnit};
use ingest_action::report::{json, markdown, mermaid, terminal};
use proptest::prelude::*;

use super::{arbitrary, reading};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_page_fits_and_closes_what_it_opens_and_holds_no_markup_from_outside(report in arbitrary::report()) {
        for limits in [Limits::GITHUB_COMMENT, Limits::GITLAB_COMMENT, Limits::JOB_SUMMARY] {
            let page = markdown::render(&report, limits);
            prop_assert!(limits.fits(&page.text), "{} over {}", limits.measure(&page.text), limits.size);
            reading::read(&page.text);
            prop_assert_eq!(&page, &markdown::render(&report.clone(), limits));
        }
    }

    #[test]
    fn a_page_fits_into_any_space_and_says_that_it_is_shortened(report in arbitrary::report(), size in 200_usize..9_000) {
        let limits = Limits { size, unit: SizeUnit::Bytes, ..Limits::GITHUB_COMMENT };
        let page = markdown::render(&report, limits);
        prop_assert!(limits.fits(&page.text));
        reading::read(&page.text);
        let whole = markdown::render(&report, Limits { size: usize::MAX, ..limits });
        prop_assert!(page.truncated || page == whole);
    }

    #[test]
    fn a_terminal_gets_no_control_character_and_no_line_over_its_width(report in arbitrary::report(), width in 40_usize..160) {
        let screen = terminal::render(&report, terminal::Style { color: false, width });
        prop_assert!(screen.chars().all(|character| character == '\n' || !character.is_control()), "{screen:?}");
        for line in screen.lines() {
            prop_assert!(line.chars().count() <= width, "{} over {width}: {line}", line.chars().count());
        }
        prop_assert!(screen.chars().all(|character| character != '\u{202e}'), "direction changes");
    }

    #[test]
    fn a_diagram_keeps_to_its_lines_and_quotes(report in arbitrary::report()) {
        if let Some(text) = mermaid::diagram(&report, 20_000) {
            prop_assert!(!text.contains("%%") && !text.contains("```"), "{text}");
            for line in text.lines() {
                prop_assert!(line.matches('"').count() % 2 == 0, "{line}");
                let known = ["flowchart", "  n", "  cut", "  style cut", "  classDef"];
                prop_assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
            }
        }
    }

    #[test]
    fn json_parses_and_has_one_bucket_for_every_changed_file(report in arbitrary::report()) {
        let document: serde_json::Value = serde_json::from_str(&json::render(&report, None).expect("renders")).expect("is JSON");
        let rows = |at: &str| document.pointer(at).and_then(|rows| rows.as_array()).expect("a list").clone();
        prop_assert_eq!(rows("/files").len(), rows("/ingest/files").len());
        for row in rows("/ingest/files") {
            let status = row["status"].as_str().expect("a word");
            prop_assert!(["sent", "rejected", "deferred", "unchanged", "skipped"].contains(&status));
        }
    }
}
