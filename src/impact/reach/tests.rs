//! Whom a change reaches, drawn by hand.

use super::*;
use crate::impact::sketch::{Sketch, assert_told, sketch};

#[test]
fn a_changed_value_reaches_what_is_computed_from_it_and_nothing_else() {
    let rest = |sketch: Sketch| {
        sketch.view("v", "x = a.x; y = a.y").view("w", "double = v.x + v.x; other = v.y").view("u", "y = w.other")
    };
    let base = rest(sketch().view("a", "x = ext.x; y = ext.y"));
    let head = rest(sketch().view("a", "x = abs(ext.x); y = ext.y"));
    assert_told(
        &head.since(&base),
        &["verdict review", "modified a", "  lineage_changed x", "review v via a x<a.x", "review w via a v double<a.x"],
    );
}

#[test]
fn a_changed_value_that_decides_about_rows_reaches_everything_further_on() {
    let rest = |sketch: Sketch| sketch.view("v", "y = ext.y").filter("v", "a.x > 1").view("w", "y = v.y");
    let base = rest(sketch().view("a", "x = ext.x"));
    let head = rest(sketch().view("a", "x = abs(ext.x)"));
    assert_told(
        &head.since(&base),
        &["verdict review", "modified a", "  lineage_changed x", "review v via a", "review w via a v"],
    );
}

#[test]
fn a_changed_value_that_steers_one_column_reaches_that_column() {
    let rest = |sketch: Sketch| sketch.view("v", "kind; y").edge("a.x", "v.kind", Transformation::Conditional);
    let base = rest(sketch().view("a", "x = ext.x"));
    let head = rest(sketch().view("a", "x = abs(ext.x)"));
    assert_told(
        &head.since(&base),
        &["verdict review", "modified a", "  lineage_changed x", "review v via a kind<a.x"],
    );
}

#[test]
fn other_rows_reach_everything_downstream_without_columns() {
    let base = sketch().view("a", "x = ext.x").view("v", "x = a.x").view("w", "x = v.x").view("z", "x = ext.x");
    let head = sketch().view("a", "x = ext.x").filter("a", "ext.x > 1");
    let head = head.view("v", "x = a.x").view("w", "x = v.x").view("z", "x = ext.x");
    assert_told(&head.since(&base), &["verdict review", "modified a ~filter", "review v via a", "review w via a v"]);
}

#[test]
fn an_added_column_reaches_nobody_but_through_a_star() {
    let rest = |sketch: Sketch| sketch.view("v", "id = a.id").view("w", "*a").view("u", "*w");
    let base = rest(sketch().table("a", "id INT"));
    let head = rest(sketch().table("a", "id INT; x INT"));
    assert_told(
        &head.since(&base),
        &["verdict additive", "modified a", "  added x", "info w via a x<a.x", "info u via a w x<a.x"],
    );
}

#[test]
fn an_added_column_that_a_natural_join_takes_up_may_change_rows() {
    let base = sketch().table("a", "id INT").view("v", "id = a.id");
    let head = sketch().table("a", "id INT; x INT").view("v", "id = a.id").edge("a.x", "v.*", Transformation::Join);
    assert_told(&head.since(&base), &["verdict review", "modified a", "  added x", "review v via a"]);
}

#[test]
fn through_an_open_star_a_change_reaches_the_star_and_who_reads_the_name() {
    let rest = |sketch: Sketch| sketch.view("v", "*a").view("w", "x = v.x; y = v.y");
    let base = rest(sketch().view("a", "*ext; x = ext.k + 1; y = ext.k"));
    let head = rest(sketch().view("a", "*ext; x = ext.k + 2; y = ext.k"));
    assert_told(
        &head.since(&base),
        &["verdict review", "modified a", "  lineage_changed x", "review v via a x<a.x", "review w via a v x<a.x"],
    );
}

#[test]
fn a_column_that_only_an_open_star_can_hold_is_shown_as_the_star() {
    let rest = |sketch: Sketch| sketch.view("v", "k").edge("a.*", "v.*", Transformation::Identity).view("w", "x = t.x");
    let base = rest(sketch().view("a", "x = ext.x"));
    let head = rest(sketch().view("a", "x = abs(ext.x)"));
    assert_told(&head.since(&base), &["verdict review", "modified a", "  lineage_changed x", "review v via a *<a.x"]);
}

#[test]
fn a_count_of_rows_does_not_depend_on_values_and_a_whole_row_does() {
    let rest = |sketch: Sketch| {
        sketch
            .view("n", "n = count(*)")
            .edge("a.*", "n.n", Transformation::Aggregation)
            .view("j", "row = to_json(a)")
            .edge("a.*", "j.row", Transformation::Transformation)
    };
    let base = rest(sketch().view("a", "x = ext.x"));
    let head = rest(sketch().view("a", "x = abs(ext.x)"));
    assert_told(&head.since(&base), &["verdict review", "modified a", "  lineage_changed x", "review j via a row<a.x"]);
}

#[test]
fn the_shortest_way_that_carries_the_change_is_told() {
    // b.z takes a.y, the short way; c.w needs a.x, which only the long way carries.
    let rest = |sketch: Sketch| sketch.view("q", "x = a.x").view("b", "x = q.x; z = a.y").view("c", "w = b.x");
    let base = rest(sketch().view("a", "x = ext.x; y = ext.y"));
    let head = rest(sketch().view("a", "x = ext.x + 1; y = ext.y"));
    assert_told(
        &head.since(&base),
        &[
            "verdict review",
            "modified a",
            "  lineage_changed x",
            "review q via a x<a.x",
            "review b via a q x<a.x",
            "review c via a q b w<a.x",
        ],
    );
}

#[test]
fn circles_and_assets_that_feed_themselves_end() {
    let rest = |sketch: Sketch| {
        sketch.view("v", "x = a.x; y").edge("v.x", "v.y", Transformation::Identity).view("w", "y = v.y").edge(
            "w.y",
            "v.x",
            Transformation::Identity,
        )
    };
    let base = rest(sketch().view("a", "x = ext.x"));
    let head = rest(sketch().view("a", "x = ext.x + 1"));
    assert_told(
        &head.since(&base),
        &[
            "verdict review",
            "modified a",
            "  lineage_changed x",
            "review v via a x<a.x y<a.x",
            "review w via a v y<a.x",
        ],
    );
}

#[test]
fn a_change_runs_on_through_other_changed_assets() {
    let base = sketch().view("a", "x = ext.x").view("b", "x = a.x").view("c", "x = b.x");
    let head = sketch().view("a", "x = ext.x + 1").view("b", "x = a.x; k = ext.k").view("c", "x = b.x");
    assert_told(
        &head.since(&base),
        &[
            "verdict review",
            "modified a",
            "  lineage_changed x",
            "modified b +ext",
            "  added k",
            "review c via a b x<a.x",
        ],
    );
}

#[test]
fn a_reader_that_was_mended_with_the_change_passes_nothing_on() {
    let base = sketch().table("a", "x INT; y INT").view("v", "k = a.y; z = a.x").view("w", "k = v.k");
    let head = sketch().table("a", "y INT").view("v", "k = a.y; z = 0").view("w", "k = v.k");
    assert_told(
        &head.since(&base),
        &["verdict review", "modified a", "  removed x", "modified v", "  lineage_changed z"],
    );
}

#[test]
fn more_origins_than_the_limit_are_cut_and_the_column_is_reached_all_the_same() {
    let columns =
        |suffix: &str| (0..100).map(|n| format!("c{n:03} = ext.c{n:03}{suffix}")).collect::<Vec<_>>().join("; ");
    let sum = (0..100).map(|n| format!("a.c{n:03}")).collect::<Vec<_>>().join(" + ");
    let rest = |sketch: Sketch| sketch.view("v", &format!("s = {sum}")).view("w", "s = v.s");
    let base = rest(sketch().view("a", &columns("")));
    let head = rest(sketch().view("a", &columns(" + 1")));
    let impact = head.since(&base);
    let reached: Vec<_> = impact.downstream.iter().map(|row| row.columns[0].affected_by.len()).collect();
    assert_eq!(reached, [ORIGINS_LIMIT, ORIGINS_LIMIT]);
}
