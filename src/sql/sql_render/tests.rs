use super::*;

fn rendered(text: &str) -> String {
    render(text, Dialect::Tsql).map_or_else(|| "no template".to_owned(), |(text, _)| text)
}

fn unsettled(text: &str) -> Vec<Unsettled> {
    render(text, Dialect::Tsql).map(|(_, unsettled)| unsettled).unwrap_or_default()
}

#[test]
fn the_branch_of_a_known_condition_stays_on_its_lines() {
    let text = "{DEFAULT @version = '5'}\nselect a\n{@version == '5'} ? {\n  from b\n} : {\n  from c\n}\nwhere d";
    assert_eq!(rendered(text), " \nselect a\n \n  from b\n \n\n\nwhere d");
    assert_eq!(unsettled(text), []);
    assert_eq!(rendered("{DEFAULT @a = TRUE}select {!@a | @a != true} ? {1} : {{@a} ? {2}}"), " select   2  ");
    assert_eq!(rendered("{DEFAULT @a = 3}{@a IN (1, 3) & (@a == '3')}?{x}:{y}"), "  x ");
}

#[test]
fn of_an_unknown_condition_the_branch_that_reads_more_is_kept() {
    let text = "select * from a\n{@x} ? {where b} : {join c on d join e on f}\n{!@x} ? {, g}";
    assert_eq!(rendered(text), "select * from a\n join c on d join e on f \n , g ");
    assert_eq!(unsettled(text).len(), 1, "the second follows from the first");
    assert!(unsettled(text)[0].hidden.is_empty());
    let other = unsettled("select *\nfrom {@x == 1} ? {a join b} : {c}");
    let expected = Unsettled { line: 2, written: "{@x == 1}".to_owned(), hidden: vec!["c".to_owned()] };
    assert_eq!(other, [expected]);
}

#[test]
fn branches_beside_each_other_that_cannot_both_stand_are_alternatives() {
    assert_eq!(rendered("from t {@a} ? {where b}\n{@c} ? {where d}"), "from t  where b \n ");
    assert_eq!(
        rendered("select 1 {@a} ? {union all select 2} {@c} ? {union all select 3}").matches("union").count(),
        2
    );
}

#[test]
fn other_braces_stay() {
    for text in ["select {fn now()}, @a", "{@a} {b}", "select '{@a} ? {b}'", "{a b} ? {c} @d", "{DEFAULT @a}", "}{@"] {
        assert_eq!(rendered(text), "no template", "{text}");
    }
    let deep = format!("{}@{}", "{@a} ? {".repeat(3_000), "}".repeat(3_000));
    assert!(rendered(&deep).len() <= deep.len());
    assert_eq!(rendered(&"{@a ".repeat(50_000)), "no template");
    assert_eq!(rendered(&format!("{{{}@a}} ? {{b}}", "!".repeat(5_000))), "no template");
}
