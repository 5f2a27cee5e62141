use super::*;
use crate::sql::split::split;

/// `what it does to what … <- what it reads`, as the scan finds it.
fn found(script: &str, dialect: Dialect) -> String {
    let pieces = split(script, dialect);
    let refusal = Refusal { line: 1, column: 1, message: "odd".to_owned(), too_deep: false };
    let Some(scan) = scan(&pieces[0], dialect, &refusal) else { return "nothing".to_owned() };
    let spot = |spot: &Spot| match spot {
        Spot::Table(name) => fold_name(name, dialect).join("."),
        Spot::Outside(place) => format!("path:{place}"),
    };
    let mut told: Vec<String> =
        scan.targets.iter().map(|target| format!("{:?} {}", target.deed, spot(&target.spot))).collect();
    told.push("<-".to_owned());
    told.extend(scan.reads.iter().map(spot));
    if scan.unnamed > 0 {
        told.push(format!("({} unnamed)", scan.unnamed));
    }
    told.join(" ")
}

fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        assert_eq!(found(sql, dialect), *expected, "{sql}");
    }
}

#[test]
fn tables_are_found_behind_from_and_join_and_commas() {
    check(
        Dialect::Postgres,
        &[
            (
                "select 1 from a, b.c as x, \"D\" join e on true left join f using (g, h) where i in (j, k)",
                "<- a b.c D e f",
            ),
            ("select 1 from (a join (b cross join c) on x), d", "<- a b c d"),
            ("select 1 from a, '' as b", "<- a (1 unnamed)"),
            ("select 1 from ((select 1 from a)) x, lateral (select 2 from b where b.i = x.i) y, c", "<- a b c"),
            (
                "select (select max(x) from a), exists (select 1 from b) from c where d in (select d from e)",
                "<- a b c e",
            ),
            ("select 1 from only a, rows from (f(x), g(y)) as t, generate_series(1, 2) s, b", "<- a b"),
            ("(select 1 from a) union all (select 2 from b order by c, d)", "<- a b"),
            ("select 1 from a group by b, c union select 2 from d order by e, f limit 1", "<- a d"),
            ("table a", "<- a"),
        ],
    );
}

#[test]
fn from_inside_of_functions_and_comparisons_names_no_table() {
    check(
        Dialect::Generic,
        &[
            ("select extract(year from d), substring(s from 2 for 3), trim(both ' ' from s) from a", "<- a"),
            ("select a is distinct from b, a is not distinct from c from t", "<- t"),
            ("select overlay(s placing 'x' from 3), position(a in b) from t", "<- t"),
            ("select count(*) filter (where x) over (partition by y order by z) from t", "<- t"),
        ],
    );
}

#[test]
fn ctes_hide_tables_from_where_they_end_and_as_long_as_their_level_is_open() {
    check(
        Dialect::Postgres,
        &[
            ("with a as (select 1 from x), b (c) as materialized (select 1 from a) select 1 from a, b, y", "<- x y"),
            ("with orders as (select 1 from orders) select 1 from orders", "<- orders"),
            ("with recursive a as (select 1 union select 2 from a join x on true) select 1 from a", "<- x"),
            ("select 1 from (with a as (select 1 from x) select 1 from a) s, a", "<- x a"),
            ("with a as (delete from x returning i) insert into y select i from a", "Fill x Fill y <-"),
        ],
    );
}

#[test]
fn what_a_statement_writes_is_told_by_its_first_words() {
    check(
        Dialect::Generic,
        &[
            ("insert into a (b, c) select 1 from d", "Fill a <- d"),
            ("insert overwrite table a partition (p = 1) select 1 from b", "Fill a <- b"),
            ("create or replace secure view a (b, c) as select 1 from d", "CreateView a <- d"),
            (
                "create materialized view if not exists s.a as with x as (select 1 from b) select 1 from x",
                "CreateMaterializedView s.a <- b",
            ),
            ("create table a engine = odd as select 1 from b", "CreateTable a <- b"),
            ("create table a (b int, foreign key (b) references c (d)) odd", "CreateTable a <-"),
            ("create table a like b odd", "CreateTable a <- b"),
            (
                "create external table a (b int) stored as odd location 's3://bucket/a'",
                "CreateTable a <- path:s3://bucket/a",
            ),
            ("select a into b from c", "CreateTable b <- c"),
            ("update a set b = c from d where e", "Fill a <- d"),
            ("update x set b = 1 from s.t as x join u on true", "Fill s.t <- s.t u"),
            (
                "merge into a as t using (select 1 from b) s on s.c = t.c when matched then update set d = 1 when not matched then insert (c) values (1)",
                "Fill a <- b",
            ),
            ("merge a using b on true when matched then delete", "Fill a <- b"),
            ("delete from a using b, c where d", "Fill a <- b c"),
            ("alter table a add odd", "Alter a <-"),
            ("drop table if exists a, b.c odd", "Drop a Drop b.c <-"),
            ("truncate table a odd", "Fill a <-"),
        ],
    );
}

#[test]
fn files_and_stages_are_places_outside() {
    check(
        Dialect::Snowflake,
        &[
            ("copy into a from @s.stage/in/x.csv odd", "Fill a <- path:@s.stage/in/x.csv"),
            ("copy into @stage/out from (select 1 from a) odd", "Fill path:@stage/out <- a"),
            ("insert all when x then into a values (1) else into b select 1 from c", "Fill a Fill b <- c"),
        ],
    );
    check(
        Dialect::Postgres,
        &[
            ("copy a (b) from '/in.csv' odd", "Fill a <- path:/in.csv"),
            ("copy (select 1 from a) to '/out.csv' odd", "Fill path:/out.csv <- a"),
        ],
    );
    check(Dialect::MySql, &[("load data local infile 'in.csv' into table a fields odd", "Fill a <- path:in.csv")]);
    check(Dialect::BigQuery, &[("load data into a.b from files (uris = ['gs://x/y'])", "Fill a.b <- path:gs://x/y")]);
}

#[test]
fn words_of_one_dialect_are_no_tables() {
    check(
        Dialect::BigQuery,
        &[
            ("select 1 from `p-x.d.t` t, t.items i, unnest(i.parts), p-y.d.u", "<- p-x.d.t p-y.d.u"),
            ("from a |> extend b, c |> join d on e |> select f, g", "<- a d"),
        ],
    );
    check(Dialect::Hive, &[("select k from a lateral view explode(m) e as k, v join b on odd", "<- a b")]);
    check(Dialect::ClickHouse, &[("select x from a array join b as x global any left join c using (d)", "<- a c")]);
    check(Dialect::Postgres, &[("create table a partition of b for values from (1) to (2) odd", "CreateTable a <- b")]);
    check(Dialect::Oracle, &[("select a into v from t", "<- t"), ("select a bulk collect into v from t", "<- t")]);
    // A table variable carries rows through its script, as it does where the parser reads the statement.
    check(
        Dialect::Tsql,
        &[("select 1 from [a b].c (nolock), @rows r cross apply f(r.x), #tmp", "<- a b.c @rows #tmp")],
    );
    check(Dialect::MySql, &[("select straight_join 1 from a for update of a, b", "<- a")]);
}

#[test]
fn a_relation_without_a_name_is_counted() {
    check(Dialect::Snowflake, &[("select 1 from identifier(:name), a", "<- a (1 unnamed)")]);
    check(Dialect::Generic, &[("select 1 from {odd}, a", "<- a (1 unnamed)")]);
}

#[test]
fn what_does_not_begin_as_a_statement_is_left_alone() {
    check(Dialect::Generic, &[("left join a", "nothing"), ("{ from a }", "nothing"), ("select 1 odd 2", "nothing")]);
}

#[test]
fn equal_meaning_gives_equal_text_and_lines_are_those_of_the_names() {
    let scanned = |sql: &str| {
        let pieces = split(sql, Dialect::Postgres);
        let refusal = Refusal { line: 1, column: 1, message: String::new(), too_deep: false };
        scan(&pieces[0], Dialect::Postgres, &refusal).expect("a statement")
    };
    let (one, other) = (scanned("SELECT  A -- b\nFROM t odd 'X'"), scanned("select a\n\nfrom T odd 'X'"));
    assert_eq!(one.normal, other.normal);
    assert_ne!(one.normal, scanned("select a from t odd 'x'").normal);
    let Spot::Table(name) = &other.reads[0] else { panic!("a table") };
    assert_eq!(name.0[0].as_ident().expect("a name").span.start.line, 3);
}

#[test]
fn long_and_broken_texts_take_no_longer_than_they_are_long() {
    for part in
        ["(select 1 from ", "from a, ", "with a as (", "create table ", "copy x ", "join (", "insert into ", "into "]
    {
        let text = format!("select 1 {}", part.repeat(5_000));
        found(&text, Dialect::Generic);
    }
}

#[test]
fn a_kind_of_join_in_a_hint_is_no_table() {
    check(
        Dialect::Tsql,
        &[("select 1 from a inner merge join b on a.i = b.i option (merge join, hash join)", "<- a b")],
    );
}

#[test]
fn an_instance_of_a_class_reads_what_it_is_given_by_reference() {
    check(
        Dialect::Snowflake,
        &[
            (
                "create or replace snowflake.ml.forecast ml.calls (input_data => system$reference('VIEW', 'raw.calls'), \
                 target_colname => 'total')",
                "CreateTable ml.calls <- raw.calls",
            ),
            ("create anomaly_detection if not exists a(input_data => table(b.c))", "CreateTable a <- b.c"),
            ("create snowflake.ml.forecast a(input_data => system$query_reference('select 1'))", "nothing"),
        ],
    );
}
