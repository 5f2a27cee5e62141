//! Lineage by example: every case of `tests/fixtures/lineage/<dialect>` gives exactly the facts that were written down
//! by hand for it. CONTRIBUTING.md says how to add one.
//!
//! `BLESS=1 cargo test --test it golden` writes the facts of the cases that differ anew; read the difference, and think
//! of what the engine would do, before you commit it.
#![expect(clippy::string_slice, reason = "a test stops on a broken assumption about text that it made")]

mod case;
mod facts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ingest_action::env::Environment;
use ingest_action::pipeline::sides::graph;
use ingest_action::settings::{DialectChoice, Flags, Settings};
use ingest_action::sql::dialect::Dialect;
use ingest_action::sql::stack::on_large_stacks;
use rayon::prelude::*;
use similar::TextDiff;

use self::case::Case;

/// What a case gives, fact by fact.
fn given(case: &Case) -> Vec<String> {
    let settings = Settings::resolve(&Flags::default(), &Environment::default()).expect("defaults are valid");
    let settings = Settings { dialect: DialectChoice::Fixed(case.dialect), ..settings };
    facts::of(&graph(&case.tree, &settings, &[]))
}

/// How what a case gives differs from what it should, for people; `None` where it does not.
fn difference(case: &Case) -> Option<String> {
    let given = given(case);
    if given == case.expected {
        return None;
    }
    if std::env::var_os("BLESS").is_some() {
        case.bless(&given);
    }
    let (wanted, given) = (case.expected.join("\n") + "\n", given.join("\n") + "\n");
    let diff = TextDiff::from_lines(&wanted, &given);
    Some(format!("{}\n{}\n{}", case.file.display(), case.sentence, diff.unified_diff().context_radius(2)))
}

#[test]
fn every_case_gives_exactly_the_facts_that_are_written_beside_it() {
    // A thread that waits for a case's graph takes further cases meanwhile, each upon the one before.
    let mut different: Vec<String> = on_large_stacks(|| case::all().par_iter().filter_map(difference).collect());
    different.sort();
    assert!(
        different.is_empty(),
        "{} cases differ (- as written, + as given); CONTRIBUTING.md says what to do\n\n{}",
        different.len(),
        different.join("\n")
    );
}

#[test]
fn every_case_starts_with_a_sentence_and_tells_it_only_once() {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in case::all() {
        assert!(case.sentence.ends_with('.'), "{}: say in a sentence what a user expects", case.file.display());
        told.entry(format!("{} {}", case.dialect, case.sentence)).or_default().push(case.file.display().to_string());
    }
    let mut twice = String::new();
    for (_, files) in told.iter().filter(|(_, files)| files.len() > 1) {
        writeln!(twice, "{}", files.join(" and ")).expect("a String takes everything");
    }
    assert!(twice.is_empty(), "two cases of one dialect say the same:\n{twice}");
}

/// Cases that there are at least: a check that found none would be no check.
const FEWEST: usize = 300;

#[test]
fn there_are_cases_of_every_dialect_and_enough_of_all() {
    let cases = case::all();
    for dialect in Dialect::ALL {
        assert!(cases.iter().any(|case| case.dialect == dialect), "no case of {dialect}");
    }
    assert!(cases.len() >= FEWEST, "{} cases, and there were to be {FEWEST} at least", cases.len());
}

#[test]
fn every_folder_is_a_dialect() {
    for folder in case::folders() {
        assert!(folder.parse::<Dialect>().is_ok_and(|dialect| dialect.name() == folder), "{folder} is no dialect");
    }
}
