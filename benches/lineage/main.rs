//! What the stages cost: `cargo bench`.
//!
//! Everything runs on a made-up warehouse (`repository.rs`), so that the figures of two machines or two commits can be set
//! side by side. docs/performance.md has those of real repositories.

mod dbt;
mod repository;

use std::collections::BTreeSet;
use std::sync::Arc;

use divan::{Bencher, black_box};
use ingest_action::impact::assess;
use ingest_action::ingest::{Candidate, PlanOptions, plan};
use ingest_action::lineage::{Side, analyze, analyze_both, link, parse};
use ingest_action::path::RepoPath;
use ingest_action::settings::DialectChoice;
use ingest_action::source::{Base, Head};
use ingest_action::sql::dialect::Dialect;
use ingest_action::sql::prepare::{PrepareOptions, PreparedSide, prepare};
use ingest_action::sql::template::LineMap;

fn main() {
    divan::main();
}

const OPTIONS: PrepareOptions<'static> =
    PrepareOptions { dialect: DialectChoice::Fixed(Dialect::Snowflake), ..PrepareOptions::AUTO };

fn prepared(files: &[(String, String)]) -> PreparedSide {
    prepare(&repository::tree::<Base>(files), &OPTIONS)
}

fn side(prepared: &PreparedSide) -> Side<'_> {
    Side { files: &prepared.files, declared: &prepared.declared }
}

/// Text → trees.
#[divan::bench(args = [100, 400])]
fn parse_files(bencher: Bencher<'_, '_>, subjects: usize) {
    let files = prepared(&repository::files(subjects));
    bencher.bench(|| parse(black_box(&files.files)));
}

/// Templates of a dbt project → SQL.
#[divan::bench(args = [33, 133])]
fn render_dbt_project(bencher: Bencher<'_, '_>, subjects: usize) {
    let tree = repository::tree::<Base>(&dbt::files(subjects));
    bencher.bench(|| prepare(black_box(&tree), &OPTIONS));
}

/// Trees → lineage of one statement with 1,000 columns over a chain of CTEs.
#[divan::bench]
fn resolve_wide_statement(bencher: Bencher<'_, '_>) {
    let columns = |each: &dyn Fn(usize) -> String| (0..1_000).map(each).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "CREATE VIEW wide AS WITH a AS (SELECT {} FROM t), b AS (SELECT {} FROM a WHERE c1 > 0) SELECT * FROM b;",
        columns(&|index| format!("c{index}")),
        columns(&|index| format!("c{index} + c{} AS c{index}", (index + 1) % 1_000)),
    );
    let files = prepared(&[("wide.sql".to_owned(), sql)]);
    let scripts = parse(&files.files);
    bencher.bench(|| link(black_box(side(&files)), &scripts));
}

/// Trees → the graph of one side.
#[divan::bench(args = [100, 400])]
fn link_side(bencher: Bencher<'_, '_>, subjects: usize) {
    let files = prepared(&repository::files(subjects));
    let scripts = parse(&files.files);
    bencher.bench(|| link(black_box(side(&files)), &scripts));
}

/// Two graphs → what a change does.
#[divan::bench(args = [100, 400])]
fn diff_graphs(bencher: Bencher<'_, '_>, subjects: usize) {
    let files = repository::files(subjects);
    let (base, head) = (prepared(&files), prepared(&repository::changed(&files)));
    let (base, head) = (analyze(side(&base)), analyze(side(&head)));
    bencher.bench(|| assess(black_box(&base), black_box(&head), &[]));
}

/// The text of both sides → what a change of one table does: everything but reading files and printing.
#[divan::bench(args = [100, 400])]
fn whole_repository(bencher: Bencher<'_, '_>, subjects: usize) {
    let files = repository::files(subjects);
    let (base, head) = (repository::tree::<Base>(&files), repository::tree::<Head>(&repository::changed(&files)));
    bencher.bench(|| {
        let (base, head) = (prepare(black_box(&base), &OPTIONS), prepare(black_box(&head), &OPTIONS));
        let (base, head) = analyze_both(side(&base), side(&head));
        assess(&base, &head, &[])
    });
}

/// 10,000 changed files → the requests that carry them.
#[divan::bench]
fn plan_requests(bencher: Bencher<'_, '_>) {
    let files = repository::files(2_000);
    let candidates: Vec<Candidate> = files
        .iter()
        .filter_map(|(path, sql)| {
            Some(Candidate {
                path: RepoPath::new(path).ok()?,
                platform: Some("snowflake".to_owned()),
                dialect: Dialect::Snowflake,
                content: Ok(Arc::from(sql.as_str())),
                line_map: LineMap::default(),
                upstream: BTreeSet::new(),
            })
        })
        .collect();
    let options = PlanOptions::default();
    bencher.with_inputs(|| candidates.clone()).bench_values(|candidates| plan(black_box(candidates), &options));
}
