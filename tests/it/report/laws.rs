//! Laws of the rendered page, for any report: it fits, it closes what it opens, it is the same twice, and no text from
//! outside becomes markup.

use ingest_action::report::budget::{Limits, SizeUnit};
use ingest_action::report::{json, markdown, mermaid, terminal};
use proptest::prelude::*;

use super::arbitrary;

/// Lines outside of fenced blocks, after a check that every fence is closed.
fn outside_fences(page: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut fence: Option<usize> = None;
    for line in page.lines() {
        let ticks = line.chars().take_while(|character| *character == '`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            Some(_) => {}
            // An opening fence has no further backtick; else it is code in a line.
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => lines.push(line),
        }
    }
    assert_eq!(fence, None, "a fence is open at the end of\n{page}");
    lines
}

/// A line without its code spans, as CommonMark finds them: a run of backticks up to the next run of that length.
fn without_code(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::new();
    while let Some(start) = rest.find('`') {
        let (before, code) = rest.split_at(start);
        plain.push_str(before);
        if before.chars().rev().take_while(|character| *character == '\\').count() % 2 == 1 {
            plain.push('`');
            rest = &code[1..];
            continue;
        }
        let ticks = code.len() - code.trim_start_matches('`').len();
        let mut end = None;
        let mut from = ticks;
        while let Some(offset) = code[from..].find('`') {
            let run = code[from + offset..].len() - code[from + offset..].trim_start_matches('`').len();
            if run == ticks {
                end = Some(from + offset + run);
                break;
            }
            from += offset + run;
        }
        match end {
            Some(end) => rest = &code[end..],
            None => panic!("code is open at the end of {line}"),
        }
    }
    plain + rest
}

/// The page's own tags and link targets taken away; what is left may hold no markup of any kind.
fn check_markup(page: &str) {
    assert!(!page.contains("<!--"), "a comment in\n{page}");
    for line in outside_fences(page) {
        let mut plain = without_code(line);
        for tag in ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<br>"] {
            plain = plain.replace(tag, "");
        }
        while let Some(start) = plain.find("[](<https://github.com/acme/warehouse/blob/") {
            let end = start + plain[start..].find(">)").expect("a closed target");
            plain.replace_range(start..end + 2, "");
        }
        assert!(!plain.contains('<'), "a tag in {line}");
        for (at, _) in plain.match_indices("](") {
            assert!(plain[..at].ends_with('\\'), "a link in {line}");
        }
        for sign in ["://", "www."] {
            assert!(!plain.contains(sign), "an address in {line}");
        }
        for (at, _) in plain.match_indices('@') {
            let next = plain[at + 1..].chars().next();
            assert!(next.is_none_or(|next| next == '&' || next.is_whitespace()), "a mention in {line}");
        }
        for (at, _) in plain.match_indices('#') {
            let entity = plain[..at].ends_with('&');
            let heading = plain[..at].chars().all(|character| character == '#');
            let next = plain[at + 1..].chars().next();
            assert!(entity || heading || !next.is_some_and(char::is_alphanumeric), "a reference in {line}");
        }
        let commit = plain
            .split(|character: char| !character.is_alphanumeric())
            .find(|word| word.len() >= 7 && word.chars().all(|character| character.is_ascii_hexdigit()));
        assert_eq!(commit, None, "a commit in {line}");
    }
}

fn check_folds(page: &str) {
    let mut open = 0;
    for line in outside_fences(page) {
        let plain = without_code(line);
        open += plain.matches("<details>").count();
        let closed = plain.matches("</details>").count();
        assert!(closed <= open, "a fold is closed twice in\n{page}");
        open -= closed;
    }
    assert_eq!(open, 0, "a fold is open at the end of\n{page}");
}

/// Every row of a table has as many cells as its head.
fn check_tables(page: &str) {
    let mut cells = None;
    for line in outside_fences(page) {
        if !line.starts_with("| ") {
            cells = None;
            continue;
        }
        let bars = line.match_indices('|').filter(|(at, _)| !line[..*at].ends_with('\\')).count();
        assert_eq!(*cells.get_or_insert(bars), bars, "a torn row: {line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_page_fits_and_closes_what_it_opens_and_holds_no_markup_from_outside(report in arbitrary::report()) {
        for limits in [Limits::GITHUB_COMMENT, Limits::GITLAB_COMMENT, Limits::JOB_SUMMARY] {
            let page = markdown::render(&report, limits);
            prop_assert!(limits.fits(&page.text), "{} over {}", limits.measure(&page.text), limits.size);
            check_folds(&page.text);
            check_tables(&page.text);
            check_markup(&page.text);
            prop_assert_eq!(&page, &markdown::render(&report.clone(), limits));
        }
    }

    #[test]
    fn a_page_fits_into_any_space_and_says_that_it_is_shortened(report in arbitrary::report(), size in 200_usize..9_000) {
        let limits = Limits { size, unit: SizeUnit::Bytes, ..Limits::GITHUB_COMMENT };
        let page = markdown::render(&report, limits);
        prop_assert!(limits.fits(&page.text));
        check_folds(&page.text);
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
