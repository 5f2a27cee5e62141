//! Linking one side with the memory of the other, files resolved ahead, gives what linking it alone and file by file
//! gives, and resolves only what differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::resolved::Resolved;
use super::{LinkedFile, Linker, link_and_remember};
use crate::lineage::catalog::Spellings;
use crate::lineage::model::{AssetKind, AssetName, LineageGraph};
use crate::lineage::order::{Ordered, dependency_order};
use crate::lineage::tests::prepared;
use crate::lineage::{Side, analyze_both, linked, parse_all};
use crate::sql::dialect::Dialect;
use crate::sql::template::{FileAsset, Prepared, TokenTarget};

/// Statements over a few names, so that files define, read, alter, rename and drop what others do.
const STATEMENTS: [&str; 26] = [
    "create table {0} (a int, b int);",
    "create table if not exists {0} (b int, c text);",
    "create table s.{0} (a int, c int);",
    "create view {0} as select a, b from {1};",
    "create or replace view {0} as select * from {1};",
    "create view s.{0} as select x.a, y.b from {1} x join s.{2} y on x.a = y.a where y.b > 1;",
    "create table {0} as select sum(a) as a, b as c from {1} group by b;",
    "create table {0} (like {1});",
    "create temporary table {0} as select * from {1};",
    "create temporary table {0} (a int); insert into {1} select a from {0};",
    "with {0} as (select a from {1}) insert into {2} select * from {0};",
    "insert into {0} (a) select b from {1};",
    "insert into {0} select * from {1};",
    "insert into {0} values (1, 2);",
    "update {0} set a = (select max(b) from {1});",
    "merge into {0} using {1} on {0}.a = {1}.a when matched then update set b = {1}.b;",
    "alter table {0} add column d int;",
    "alter table {0} rename column a to e;",
    "alter table {0} drop column b;",
    "alter table {0} rename to {1};",
    "drop table {0};",
    "select a, e from {0};",
    "select x from {0}; this is no SQL;",
    "use s;",
    "use catalog p; use schema s;",
    "set search_path to p, s;",
];

const NAMES: [&str; 6] = ["t", "u", "v", "w", "s.t", "p.s.u"];

const PATHS: [&str; 10] = [
    "a.sql",
    "b.sql",
    "z/c.sql",
    "migrations/1_x.sql",
    "migrations/2_x.sql",
    "migrations/10_x.sql",
    "mysql/t.sql",
    "down/x.sql",
    "models/m.sql",
    "models/n.sql",
];

/// What one file holds: statements by number, with the names that they use.
type Text = Vec<(usize, [usize; 3])>;
type Repository = BTreeMap<usize, Text>;

fn text() -> impl Strategy<Value = Text> {
    let name = 0..NAMES.len();
    proptest::collection::vec((0..STATEMENTS.len(), [name.clone(), name.clone(), name]), 1..4)
}

/// A repository, and what a change makes of it: files with other text (`Some`), and files that go (`None`).
fn change() -> impl Strategy<Value = (Repository, BTreeMap<usize, Option<Text>>)> {
    let files = proptest::collection::btree_map(0..PATHS.len(), text(), 1..8);
    let edits = proptest::collection::btree_map(0..PATHS.len(), proptest::option::of(text()), 0..4);
    (files, edits)
}

fn sql(text: &Text) -> String {
    let written = |(statement, names): &(usize, [usize; 3])| {
        let mut sql = STATEMENTS[*statement].to_owned();
        for (place, name) in names.iter().enumerate() {
            sql = sql.replace(&format!("{{{place}}}"), NAMES[*name]);
        }
        sql
    };
    text.iter().map(written).collect::<Vec<_>>().join("\n")
}

/// The files as they are parsed: those below `mysql` in another dialect, those below `models` named by their path.
fn files(repository: &Repository) -> Vec<Prepared> {
    let file = |(path, text): (&usize, &Text)| {
        let path = PATHS[*path];
        let dialect = if path.starts_with("mysql") { Dialect::MySql } else { Dialect::Generic };
        let mut file = prepared(path, &sql(text), dialect);
        if let Some(model) = path.strip_prefix("models/").and_then(|name| name.strip_suffix(".sql")) {
            let name = AssetName::from_dotted(model);
            file.asset = Some(FileAsset { name: name.clone(), kind: AssetKind::Model });
            file.tokens.insert("t".to_owned(), TokenTarget { asset: name, kind: AssetKind::Model });
        }
        file
    };
    repository.iter().map(file).collect()
}

fn side(files: &[Prepared]) -> Side<'_> {
    Side { files, declared: &[] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_resolved_ahead_or_remembered_of_the_other_side_changes_nothing((repository, edits) in change()) {
        let mut changed = repository.clone();
        for (path, text) in edits {
            match text {
                Some(text) => changed.insert(path, text),
                None => changed.remove(&path),
            };
        }
        let (base, head) = (files(&repository), files(&changed));
        let both = analyze_both(side(&base), side(&head));
        // Both sides call an asset the same, so that each is linked here with the spellings of both.
        let scripts = parse_all(base.iter().chain(&head));
        let (base, head) = (linked(side(&base), &scripts), linked(side(&head), &scripts));
        let spellings = Arc::new(Spellings::of(base.iter().chain(&head)));
        let alone = |files: &[LinkedFile<'_>]| one_after_the_other(files, &spellings);
        prop_assert_eq!(both, (alone(&base), alone(&head)));
    }
}

/// The graph of files that are resolved in their order, nothing ahead and with nothing remembered.
fn one_after_the_other(files: &[LinkedFile<'_>], spellings: &Arc<Spellings>) -> LineageGraph {
    let mut linker = Linker::new(files, &[], spellings);
    for index in dependency_order(files) {
        linker.file(&files[index], &[]);
    }
    linker.finish()
}

/// How many statements of `head` are resolved anew after `base`.
fn resolved_anew(base: &[(&str, &str)], head: &[(&str, &str)]) -> usize {
    let prepare = |files: &[(&str, &str)]| -> Vec<Prepared> {
        files.iter().map(|(path, sql)| prepared(path, sql, Dialect::Generic)).collect()
    };
    let (base, head) = (prepare(base), prepare(head));
    let scripts = parse_all(base.iter().chain(&head));
    let (base, head) = (linked(side(&base), &scripts), linked(side(&head), &scripts));
    let spellings = Arc::new(Spellings::of(base.iter().chain(&head)));
    let (_, memory) = link_and_remember(&Ordered::of(&base), &[], &spellings);
    let mut linker = Linker::new(&head, &[], &spellings);
    let mut anew = 0;
    for index in dependency_order(&head) {
        let (file, script) = &head[index];
        let known = memory.of(file, script).map(Vec::as_slice).unwrap_or_default();
        let led_to = linker.file(&head[index], known);
        let is_known = |resolved: &&Arc<Resolved>| known.iter().flatten().any(|known| Arc::ptr_eq(known, resolved));
        anew += led_to.iter().flatten().filter(|resolved| !is_known(resolved)).count();
    }
    anew
}

#[test]
fn only_a_changed_file_and_what_reads_it_are_resolved_again() {
    let base = [
        ("raw.sql", "create table raw (a int, b int); create table other (a int);"),
        ("mid.sql", "create view mid as select * from raw;"),
        ("end.sql", "create view last as select a from mid;"),
        ("side.sql", "create view beside as select a from other;"),
    ];
    let with = |at: usize, sql: &'static str| {
        let mut head = base;
        head[at].1 = sql;
        resolved_anew(&base, &head)
    };
    assert_eq!(resolved_anew(&base, &base), 0);
    assert_eq!(with(2, "create view last as select a + 1 as a from mid;"), 1);
    // Two statements of the changed file and the two views below it; the view beside them is left alone.
    assert_eq!(with(0, "create table raw (a int, b int, c int); create table other (a int);"), 4);
    // A view whose columns stay as they were costs itself only.
    assert_eq!(with(1, "create view mid as select a, a as b from raw;"), 1);
}
