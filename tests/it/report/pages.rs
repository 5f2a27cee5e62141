//! Whole pages against the files in `tests/fixtures/report`, which were read by eye. After a wanted change:
//! `BLESS=1 cargo test --test it report::pages`, then read the difference before you commit it.

use std::path::PathBuf;

use ingest_action::report::budget::Limits;
use ingest_action::report::{Report, markdown, terminal};

use super::scenes;

fn check(name: &str, shown: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/report").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().expect("has a folder")).expect("folder is made");
        std::fs::write(&file, shown).expect("fixture is written");
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(wanted == shown, "{name} differs; BLESS=1 writes it anew\n--- wanted\n{wanted}\n--- shown\n{shown}");
}

#[test]
fn every_scene_reads_as_its_page_on_github() {
    for (name, report) in scenes::all() {
        check(&format!("{name}.md"), &markdown::render(&report, Limits::GITHUB_COMMENT).text);
    }
}

#[test]
fn every_scene_reads_as_its_screen_on_a_terminal() {
    for (name, report) in scenes::all() {
        check(&format!("{name}.txt"), &terminal::render(&report, terminal::Style { color: false, width: 100 }));
    }
}

fn visible_lines(report: &Report) -> usize {
    let page = markdown::render(report, Limits::GITHUB_COMMENT).text;
    let mut depth = 0;
    let shown = page.lines().filter(|line| {
        depth += usize::from(line.starts_with("<details>"));
        let visible = depth == 0 && !line.is_empty() || line.starts_with("<summary>");
        depth -= usize::from(line.starts_with("</details>"));
        visible
    });
    shown.count()
}

#[test]
fn a_calm_report_is_one_line_and_a_single_change_is_under_fifteen() {
    for (name, report) in scenes::all() {
        match name {
            "no-sql" | "identical" => assert_eq!(visible_lines(&report), 1, "{name}"),
            "one-change" | "one-new-view" | "row-set-only" | "fork-without-token" => {
                assert!(visible_lines(&report) < 15, "{name}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_big_change_says_what_it_shows_of_what_and_where_the_rest_is() {
    let page = markdown::render(&scenes::many_changes(), Limits::GITHUB_COMMENT);
    assert!(page.truncated);
    assert!(page.text.contains("Showing 20 of 512, the worst first."), "{}", page.text);
    assert!(page.text.contains("492 changes"), "{}", page.text);
    assert!(page.text.contains("the job summary of this run"), "{}", page.text);
    let summary = markdown::render(&scenes::many_changes(), Limits::JOB_SUMMARY);
    assert!(summary.text.matches("| [`shop.v").count() == 512, "{}", summary.text);
}

#[test]
fn a_gitlab_page_keeps_its_diagram_small() {
    for (name, report) in scenes::all() {
        let page = markdown::render(&report, Limits::GITLAB_COMMENT).text;
        let diagrams = page.split("```mermaid\n").skip(1).filter_map(|rest| rest.split("```").next());
        for diagram in diagrams {
            assert!(diagram.chars().count() <= 1_800, "{name}");
        }
    }
}

#[test]
fn colour_adds_escape_codes_and_changes_no_word() {
    for (name, report) in scenes::all() {
        let plain = terminal::render(&report, terminal::Style { color: false, width: 80 });
        assert!(!plain.contains('\u{1b}'), "{name}");
        let colored = terminal::render(&report, terminal::Style { color: true, width: 80 });
        let mut stripped = String::new();
        let mut rest = colored.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = after.split_once('m').expect("a colour code").1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain, "{name}");
    }
}
