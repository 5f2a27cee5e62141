//! What a pull request does to rows is told of the rows, and not of every column.

use super::between;
use crate::impact::sketch::told;
use crate::sql::dialect::Dialect;

const TABLES: &str = "create table t (a int, b int); create table u (x int, y int); create table o (a int, b int); ";

/// What is told of several files before and after.
fn told_of(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    told(&between((Dialect::Postgres, before), after))
}

fn told_of_script(before: &str, after: &str) -> Vec<String> {
    let [before, after] = [before, after].map(|script| format!("{TABLES} {script}"));
    told_of(&[("a.sql", &before)], &[("a.sql", &after)])
}

#[test]
fn other_rows_of_an_insert_are_told_of_the_table_and_not_of_its_columns() {
    let view = "; create view v as select x from u";
    let script = |rows: &str| format!("insert into u (x, y) values {rows}{view}");
    let expected = ["verdict review", "modified u ~literal_rows", "review v via u"];
    assert_eq!(told_of_script(&script("(1, 2)"), &script("(1, null)")), expected);
    assert_eq!(told_of_script(&script("(1, 2)"), &script("(1, 2), (3, 4)")), expected);
    assert_eq!(
        told_of_script(&script("(1, 2)"), &format!("insert into u (x, y) values (1, 2); {}", script("(1, 2)"))),
        expected
    );
    let more = |rows: &str| format!("insert into u values (1, 2); insert into u select 7, {rows}{view}");
    assert_eq!(told_of_script(&more("8"), &more("9")), expected);
    // A value that comes from a column is told of the column.
    let selected = |value: &str| format!("insert into u (x, y) select a, {value} from t{view}");
    assert_eq!(told_of_script(&selected("1"), &selected("2")), ["verdict review", "modified u", "  lineage_changed y"]);
}

#[test]
fn what_rows_are_deleted_by_is_told_as_a_filter() {
    let script = |end: &str| format!("delete from u {end}; create view v as select x from u");
    let expected = ["verdict review", "modified u ~filter", "review v via u"];
    assert_eq!(told_of_script(&script("where x > 1"), &script("where x > 2")), expected);
    assert_eq!(told_of_script(&script("where x > 1"), &script("")), expected);
}

#[test]
fn what_rows_are_updated_by_is_told_as_a_filter_or_a_join() {
    let script = |end: &str| format!("update u set x = t.a from t {end}; create view v as select x from u");
    let expected = ["verdict review", "modified u ~filter", "review v via u"];
    assert_eq!(told_of_script(&script("where x > 1"), &script("where x > 2")), expected);
    let expected = ["verdict review", "modified u ~join", "review v via u"];
    let joined = |kind: &str| script(&format!("{kind} join o on t.a = o.a where x > 1"));
    assert_eq!(told_of_script(&joined("left"), &joined("inner")), expected);
}

#[test]
fn another_branch_of_a_union_is_told_of_the_rows_wherever_its_columns_go() {
    let script = |branch: &str, value: &str| {
        format!(
            "create view v as with s as (select a, b from t union all select x, y from u {branch}) \
             select cast(a as text) as a, coalesce(b, {value}) as b from s where b > 1; create view w as select a from v"
        )
    };
    let branch = "union all select a, b from o";
    let expected = ["verdict review", "modified v ~set_operation +o", "review w via v"];
    assert_eq!(told_of_script(&script("", "0"), &script(branch, "0")), expected);
    let expected = ["verdict review", "modified v ~set_operation -o", "review w via v"];
    assert_eq!(told_of_script(&script(branch, "0"), &script("", "0")), expected);
    // What else changed is told of the column beside it.
    let lines = told_of_script(&script("", "0"), &script(branch, "1"));
    assert_eq!(lines, ["verdict review", "modified v ~set_operation +o", "  lineage_changed b", "review w via v"]);
}

#[test]
fn a_script_that_drops_all_tables_hides_no_change_of_them() {
    let create = |columns: &str| format!("create table isrc ({columns})");
    let (before, after) = (create("id int, source int"), create("id int"));
    let drop = ("sql/DropTables.sql", "drop table isrc;");
    let lines = told_of(&[("sql/CreateTables.sql", &before), drop], &[("sql/CreateTables.sql", &after), drop]);
    assert_eq!(lines, ["verdict review", "modified isrc", "  removed source"]);
}

#[test]
fn an_insert_that_still_names_a_removed_column_breaks_and_one_of_the_past_does_not() {
    let create = |columns: &str| format!("create table isrc ({columns})");
    let (before, after) = (create("id int, source int"), create("id int"));
    let told = |fill: (&str, &str)| told_of(&[("a.sql", &before), fill], &[("a.sql", &after), fill]);
    let insert = "insert into isrc (id, source) values (1, 2);";
    let expected = ["verdict breaking", "modified isrc", "  removed source !t/fill.sql:1 source"];
    assert_eq!(told(("t/fill.sql", insert)), expected);
    let expected = ["verdict review", "modified isrc", "  removed source"];
    assert_eq!(told(("updates/20200101-fill.sql", insert)), expected);
}
