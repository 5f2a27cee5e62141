//! Text of any size and depth ends in lineage or in a diagnostic. Sizes are such that a quadratic or exponential way would
//! be noticed, and that a debug build bears.

use super::model::LineageGraph;
use super::tests::prepared;
use super::{Side, analyze};
use crate::diagnostic::DiagnosticCode;
use crate::sql::dialect::Dialect;
use crate::sql::template::Prepared;

fn graph(files: &[(String, String)], dialect: Dialect) -> LineageGraph {
    let files: Vec<Prepared> = files.iter().map(|(path, sql)| prepared(path, sql, dialect)).collect();
    analyze(Side { files: &files, declared: &[] })
}

fn of(sql: String, dialect: Dialect) -> LineageGraph {
    graph(&[("a.sql".to_owned(), sql)], dialect)
}

fn joined(count: usize, separator: &str, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<_>>().join(separator)
}

/// The columns that feed a column directly, sorted.
fn sources(graph: &LineageGraph, asset: &str, column: &str) -> Vec<String> {
    let into = graph.column_edges.iter().filter(|edge| edge.transformation.is_direct());
    into.filter(|edge| edge.downstream.asset.as_str() == asset && edge.downstream.column.as_str() == column)
        .map(|edge| edge.upstream.to_string())
        .collect()
}

/// Nested constructs: what opens, what stands inside, what closes, and a dialect that has them.
const NESTS: [(&str, &str, &str, Dialect); 12] = [
    ("(", "a", ")", Dialect::Postgres),
    ("(select ", "a", " from t)", Dialect::Postgres),
    ("(with c as (select ", "a", " as a from t) select a from c)", Dialect::Postgres),
    ("case when b then ", "a", " end", Dialect::Postgres),
    ("f(", "a", ")", Dialect::Postgres),
    ("[", "a", "]", Dialect::DuckDb),
    ("not ", "a", "", Dialect::Postgres),
    ("cast(", "a", " as int)", Dialect::Postgres),
    ("array(select ", "a", " from t)", Dialect::BigQuery),
    ("struct(", "a", ")", Dialect::BigQuery),
    ("1 + (", "a", ")", Dialect::Snowflake),
    ("coalesce(b, ", "a", ")", Dialect::Snowflake),
];

#[test]
fn nesting_of_ten_thousand_levels_is_one_diagnostic() {
    for (open, inner, close, dialect) in NESTS {
        let sql =
            format!("create view v as select {}{inner}{} as x from t;", open.repeat(10_000), close.repeat(10_000));
        let graph = of(sql, dialect);
        // Where the parser tries several readings, it may tell what the last of them expected.
        let told = graph.diagnostics.iter().filter(|found| {
            matches!(found.code, DiagnosticCode::TooDeep | DiagnosticCode::ParseError | DiagnosticCode::TableLevelOnly)
        });
        assert_eq!((told.count(), graph.coverage.analyzed), (1, 0), "{open}: {:?}", graph.diagnostics);
    }
}

#[test]
fn nesting_of_a_hundred_levels_is_understood() {
    for (open, inner, close, dialect) in NESTS {
        let sql = format!("create view v as select {}{inner}{} as x from t;", open.repeat(100), close.repeat(100));
        let graph = of(sql, dialect);
        assert!(sources(&graph, "v", "x").contains(&"t.a".to_owned()), "{open}: {:?}", graph.diagnostics);
    }
}

#[test]
fn chains_of_operators_are_followed_to_every_term() {
    for operator in ["||", "+", "or", "and"] {
        let sql = format!(
            "create view v as select {} as x from t;",
            joined(20_000, &format!(" {operator} "), |term| { format!("c{}", term % 50) })
        );
        assert_eq!(sources(&of(sql, Dialect::Postgres), "v", "x").len(), 50, "{operator}");
    }
}

#[test]
fn lists_branches_and_arguments_may_be_long() {
    let list = format!(
        "create view v as select b as x from t where a in ({});",
        joined(50_000, ", ", |item| item.to_string())
    );
    let branches = format!(
        "create view v as select case {} end as x from t;",
        joined(5_000, " ", |branch| { format!("when a = {branch} then b") })
    );
    let arguments =
        format!("create view v as select coalesce({}) as x from t;", joined(5_000, ", ", |_| "b".to_owned()));
    for sql in [list, branches, arguments] {
        assert_eq!(sources(&of(sql, Dialect::Postgres), "v", "x"), ["t.b"]);
    }
}

#[test]
fn set_operations_of_thousands_of_branches_add_up() {
    let known =
        format!("create view v as {};", joined(2_000, " union all ", |branch| format!("select a from t{branch}")));
    assert_eq!(sources(&of(known, Dialect::Postgres), "v", "a").len(), 2_000);
    let unknown =
        format!("create view v as {};", joined(2_000, " union all ", |branch| format!("select * from t{branch}")));
    assert_eq!(of(unknown, Dialect::Postgres).asset_edges.len(), 2_000);
}

#[test]
fn stars_over_a_table_of_thousands_of_columns_pass_on_each() {
    let columns = joined(5_000, ", ", |column| format!("c{column} int"));
    let mut files = vec![("t0.sql".to_owned(), format!("create table t0 ({columns});"))];
    files.extend(
        (1..6).map(|view| (format!("t{view}.sql"), format!("create view t{view} as select * from t{};", view - 1))),
    );
    let named = joined(5_000, ", ", |column| format!("c{column}"));
    files.push(("insert.sql".to_owned(), format!("insert into t0 ({named}) select {named} from source;")));
    files.push(("named.sql".to_owned(), format!("create view named as select {named} from t5;")));
    files.push(("using.sql".to_owned(), format!("create view twice as select * from t5 join t0 using ({named});")));
    let graph = graph(&files, Dialect::Postgres);
    assert_eq!(sources(&graph, "t5", "c4999"), ["t4.c4999"]);
    assert_eq!(sources(&graph, "t0", "c17"), ["source.c17"]);
    assert_eq!(sources(&graph, "named", "c4999"), ["t5.c4999"]);
    assert!(sources(&graph, "twice", "c4999").contains(&"t5.c4999".to_owned()));
    assert!(graph.assets.values().filter(|asset| asset.name.as_str() != "source").all(|asset| asset.columns_complete));
}

#[test]
fn files_that_read_each_other_are_ordered_whatever_they_are_called() {
    let ring = |file: usize| {
        let (next, far) = ((file + 1) % 2_000, (file * 7 + 3) % 2_000);
        (format!("{file}.sql"), format!("create view v{file} as select x.a from v{next} x join v{far} y on x.a = y.a;"))
    };
    let graph_of_ring = graph(&(0..2_000).map(ring).collect::<Vec<_>>(), Dialect::Postgres);
    assert_eq!((graph_of_ring.assets.len(), graph_of_ring.coverage.parsed), (2_000, 2_000));

    let same_name = |file: usize| {
        let sql =
            format!("create table s{file}.orders (a int); create view s{file}.seen as select * from s{file}.orders;");
        (format!("s{file}/orders.sql"), sql)
    };
    let graph_of_names = graph(&(0..2_000).map(same_name).collect::<Vec<_>>(), Dialect::Postgres);
    assert_eq!(sources(&graph_of_names, "s1999.seen", "a"), ["s1999.orders.a"]);

    let migration = |file: usize| {
        let sql = match file {
            0 => "create table users (id int);".to_owned(),
            _ => format!("alter table users add column c{file} int; insert into log select c{file} from users;"),
        };
        (format!("migrations/{file}_x.sql"), sql)
    };
    let graph_of_steps = graph(&(0..1_000).map(migration).collect::<Vec<_>>(), Dialect::Postgres);
    assert_eq!(sources(&graph_of_steps, "log", "c999"), ["users.c999"]);
}

#[test]
fn scripts_that_drop_what_they_make_forget_it_one_by_one() {
    let steps = joined(1_500, "\n", |step| {
        format!("create table t{step} as select a from s; insert into x select a from t{step}; drop table t{step};")
    });
    let graph = of(steps, Dialect::Postgres);
    assert_eq!((graph.coverage.analyzed, graph.assets.len()), (4_500, 1_501));
    assert!(graph.reads.iter().all(|read| !read.asset.as_str().starts_with('t')));
}

#[test]
fn comments_without_an_end_are_passed_over() {
    for dialect in [Dialect::Postgres, Dialect::BigQuery] {
        let graph = of(format!("create view v as select a from t; {}", "/* ".repeat(50_000)), dialect);
        assert_eq!(sources(&graph, "v", "a"), ["t.a"]);
    }
}

#[test]
fn a_dump_is_its_rows_and_a_change_of_any_of_them_is_seen() {
    let dump = |changed: usize| {
        let rows = joined(2_000, "\n", |row| {
            format!("INSERT INTO t (a, b) VALUES ({row}, '{}');", if row == changed { "new" } else { "old" })
        });
        let more = joined(2_000, ",\n", |row| format!("({row}, now())"));
        of(format!("create table t (a int, b text);\n{rows}\nINSERT INTO t (a, b) VALUES {more};"), Dialect::Postgres)
    };
    let (graph, changed) = (dump(usize::MAX), dump(1_999));
    assert_eq!((graph.coverage.statements, graph.coverage.analyzed), (2_002, 2_002));
    let definition = |graph: &LineageGraph| {
        graph.assets.values().find(|asset| asset.name.as_str() == "t").and_then(|asset| asset.definition.clone())
    };
    assert_ne!(definition(&graph), definition(&changed));
    assert!(definition(&graph).is_some_and(|text| text.len() < 40_000));
}

#[test]
fn hundreds_of_ctes_that_read_those_before_them_are_followed() {
    let every = format!(
        "create view v as with c0 as (select a, b from t where b > 0), {} select a, b from c199;",
        joined(199, ", ", |cte| {
            let before = joined(cte + 1, " cross join ", |before| format!("c{before}"));
            format!("c{} as (select c{cte}.a, c0.b from {before} where c{cte}.b > {cte})", cte + 1)
        })
    );
    assert_eq!(sources(&of(every, Dialect::Postgres), "v", "a"), ["t.a"]);
    let twice = format!(
        "create view v as with c0 as (select a, b from t), {} select a, b from c499;",
        joined(499, ", ", |cte| format!(
            "c{} as (select x.a + y.b as a, y.a as b from c{cte} x join c{cte} y on x.a = y.b where x.a > {cte})",
            cte + 1
        ))
    );
    let graph = of(twice, Dialect::Postgres);
    assert_eq!(sources(&graph, "v", "a"), ["t.a", "t.b"]);
    let view = graph.assets.values().find(|asset| asset.name.as_str() == "v").expect("the view");
    assert!(view.columns.iter().all(|column| column.expression.as_ref().is_some_and(|text| text.len() <= 2_000)));
    assert_eq!(view.row_set.filters.len(), 499);
}

#[test]
fn recursive_ctes_within_recursive_ctes_are_followed() {
    let query = (0..30).fold("SELECT a FROM base".to_owned(), |inner, level| {
        format!(
            "WITH RECURSIVE r{level} AS (SELECT a FROM base UNION ALL \
             SELECT x.a FROM r{level} JOIN ({inner}) AS x ON x.a = r{level}.a) SELECT a FROM r{level}"
        )
    });
    let graph = of(format!("CREATE VIEW v AS {query}"), Dialect::Postgres);
    assert_eq!(sources(&graph, "v", "a"), ["base.a"]);
}
