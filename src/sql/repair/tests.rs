use super::*;
use crate::sql::parse::{Parsed, parse};
use crate::sql::split::split;

/// The statement as the parser read it, with `| …` for what a repair left out and still counts.
fn read(sql: &str, dialect: Dialect) -> String {
    let pieces = split(sql, dialect);
    match parse(&pieces[0], dialect) {
        Parsed::Statements(statements) => statements[0].to_string(),
        Parsed::Repaired(statements, left_out) => format!("{} | {left_out}", statements[0]),
        other => format!("{other:?}"),
    }
}

pub(super) fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        assert_eq!(read(sql, dialect), *expected, "{dialect}: {sql}");
    }
}

#[test]
fn rules_have_names_of_their_own() {
    let names: std::collections::BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().count());
}

#[test]
fn keywords_in_the_place_of_names_are_names() {
    check(Dialect::BigQuery, &[("SELECT lib.check.true(a) FROM t", "SELECT lib.check.true(a) FROM t")]);
    check(
        Dialect::Trino,
        &[(
            "SELECT start.a FROM t LEFT JOIN u start ON start.i = t.i",
            "SELECT start.a FROM t LEFT JOIN u start ON start.i = t.i",
        )],
    );
}

#[test]
fn the_direction_of_a_sort_order_is_no_alias() {
    let told = read("SELECT rank() OVER (ORDER BY a, b DESC) AS r FROM t start WHERE start.a > 1", Dialect::Trino);
    assert_eq!(told, "SELECT rank() OVER (ORDER BY a, b DESC) AS r FROM t start WHERE start.a > 1");
}

#[test]
fn typed_literals_become_casts() {
    check(
        Dialect::BigQuery,
        &[(
            "SELECT ARRAY<STRUCT<a INT64, b ARRAY<STRING>>>[(x, ['y'])] AS c FROM t",
            "SELECT CAST(ARRAY[(x, ['y'])] AS ARRAY<STRUCT<a INT64, b ARRAY<STRING>>>) AS c FROM t",
        )],
    );
}

#[test]
fn shifts_keep_their_signs() {
    check(
        Dialect::BigQuery,
        &[(
            "SELECT a << 1, (b >> 2) & 3, CAST(NULL AS ARRAY<STRUCT<x INT64>>) FROM t",
            "SELECT a << 1, (b >> 2) & 3, CAST(NULL AS ARRAY<STRUCT<x INT64>>) FROM t",
        )],
    );
}

#[test]
fn types_with_parts_are_read_in_casts_and_columns() {
    check(
        Dialect::Trino,
        &[
            (
                "SELECT CAST(a AS ARRAY(ROW(x VARCHAR, y MAP(VARCHAR, BIGINT)))) FROM t",
                "SELECT CAST(a AS ARRAY(ROW(x VARCHAR, y MAP(VARCHAR, BIGINT)))) FROM t",
            ),
            ("SELECT a FROM t WHERE b > 100_000", "SELECT a FROM t WHERE b > 100000"),
        ],
    );
    check(
        Dialect::ClickHouse,
        &[(
            "CREATE TABLE t (a LowCardinality(String) CODEC(ZSTD(1)), b Tuple(x Int8, y Array(Int8)) DEFAULT (1, [2]), INDEX i a TYPE minmax GRANULARITY 1) ENGINE = MergeTree ORDER BY a SETTINGS x = 1",
            "CREATE TABLE t (a LowCardinality(String), b Tuple(x Int8, y Array(Int8)))",
        )],
    );
}

#[test]
fn options_of_json_functions_stay_as_arguments() {
    check(
        Dialect::Trino,
        &[
            (
                "SELECT json_query(a, 'lax $.b' OMIT QUOTES) FROM t",
                "SELECT json_query(a, 'lax $.b', 'OMIT QUOTES') FROM t",
            ),
            (
                "SELECT json_value(a, 'lax $.b' RETURNING varchar DEFAULT 'x' ON EMPTY) FROM t",
                "SELECT json_value(a, 'lax $.b', 'RETURNING varchar DEFAULT''x''ON EMPTY') FROM t",
            ),
            ("SELECT json_object('k': a, KEY 'l' VALUE b) FROM t", "SELECT json_object('k', a, 'l', b) FROM t"),
        ],
    );
}

#[test]
fn how_rows_match_is_left_out_of_joins_and_still_counts() {
    check(
        Dialect::ClickHouse,
        &[(
            "SELECT 1 FROM a GLOBAL ANY LEFT JOIN b USING (c)",
            "SELECT 1 FROM a LEFT JOIN b USING(c) | GLOBAL ANY LEFT",
        )],
    );
}

#[test]
fn versions_and_samples_of_tables_are_left_out_and_still_count() {
    check(
        Dialect::BigQuery,
        &[(
            "SELECT a FROM t FOR SYSTEM_TIME BETWEEN x AND y WHERE b",
            "SELECT a FROM t WHERE b | FOR SYSTEM_TIME BETWEEN x AND y",
        )],
    );
    check(
        Dialect::DuckDb,
        &[(
            "SELECT a FROM t USING SAMPLE 10% UNION ALL SELECT b FROM u",
            "SELECT a FROM t UNION ALL SELECT b FROM u | USING SAMPLE 10%",
        )],
    );
}

#[test]
fn variables_and_cursors_of_procedures_are_left_out() {
    check(
        Dialect::Postgres,
        &[
            ("SELECT a, b FROM t WHERE c INTO v, w", "SELECT a, b FROM t WHERE c | INTO v, w"),
            ("UPDATE t SET a = 1 WHERE CURRENT OF c", "UPDATE t SET a = 1 | WHERE CURRENT OF c"),
        ],
    );
}

#[test]
fn creation_is_read_without_its_options() {
    check(
        Dialect::BigQuery,
        &[
            (
                "CREATE MATERIALIZED VIEW v PARTITION BY d CLUSTER BY e OPTIONS (x = 1) AS SELECT d, e FROM t",
                "CREATE MATERIALIZED VIEW v AS SELECT d, e FROM t",
            ),
            ("CREATE PROJECTION TABLE s.t CLONE s.u", "CREATE TABLE s.t CLONE s.u"),
            ("CREATE TABLE t COPY u", "CREATE TABLE t CLONE u"),
        ],
    );
    check(
        Dialect::ClickHouse,
        &[
            (
                "CREATE MATERIALIZED VIEW v ON CLUSTER c TO s.t AS SELECT a FROM u",
                "CREATE MATERIALIZED VIEW v TO s.t AS SELECT a FROM u",
            ),
            ("CREATE TABLE t AS u ENGINE = Odd(1, 'x')", "CREATE TABLE t LIKE u"),
        ],
    );
    check(
        Dialect::Databricks,
        &[
            (
                "CREATE OR REFRESH STREAMING TABLE t SCHEDULE CRON 'x' AS SELECT a FROM STREAM(s.u)",
                "CREATE TABLE t AS SELECT a FROM s.u",
            ),
            ("CREATE TABLE t DEEP CLONE u LOCATION '/x'", "CREATE TABLE t CLONE u LOCATION '/x'"),
        ],
    );
    check(
        Dialect::Teradata,
        &[(
            "CREATE MULTISET VOLATILE TABLE t AS (SELECT a FROM u) WITH DATA PRIMARY INDEX (a) ON COMMIT PRESERVE ROWS",
            "CREATE TEMPORARY TABLE t AS (SELECT a FROM u)",
        )],
    );
    check(
        Dialect::Hive,
        &[("CREATE TABLE t (a INT COMMENT 'x' ODD) STORED AS ODD TBLPROPERTIES ('k' = 'v')", "CREATE TABLE t (a INT)")],
    );
}

#[test]
fn actions_on_columns_are_read_in_every_spelling() {
    check(
        Dialect::ClickHouse,
        &[
            (
                "ALTER TABLE t ON CLUSTER c ADD COLUMN IF NOT EXISTS a LowCardinality(String) DEFAULT 'x' CODEC(ZSTD) AFTER b, DROP INDEX IF EXISTS i",
                "ALTER TABLE t ADD COLUMN a LowCardinality(String) AFTER b",
            ),
            ("ALTER TABLE v MODIFY QUERY SELECT a FROM t", "ALTER VIEW v AS SELECT a FROM t"),
        ],
    );
    check(
        Dialect::Oracle,
        &[
            (
                "ALTER TABLE t ADD (a NUMBER(3) DEFAULT 1, b DATE)",
                "ALTER TABLE t ADD COLUMN a NUMBER(3), ADD COLUMN b DATE",
            ),
            ("ALTER TABLE t DROP (a, b) CASCADE CONSTRAINTS", "ALTER TABLE t DROP COLUMN a, DROP COLUMN b"),
        ],
    );
    check(
        Dialect::MySql,
        &[(
            "ALTER TABLE t CHANGE COLUMN a b BIGINT UNSIGNED ODD, ADD KEY k (b), ENGINE = Odd",
            "ALTER TABLE t RENAME COLUMN a TO b, ALTER COLUMN b SET DATA TYPE BIGINT UNSIGNED",
        )],
    );
    check(Dialect::Redshift, &[("ALTER TABLE t APPEND FROM u FILLTARGET", "INSERT INTO t SELECT * FROM u")]);
}

#[test]
fn files_that_are_loaded_are_copied() {
    check(
        Dialect::MySql,
        &[(
            "LOAD DATA LOCAL INFILE 'a.csv' INTO TABLE t FIELDS TERMINATED BY ',' (b, @c) SET d = @c",
            "COPY t (b, d) FROM 'a.csv'",
        )],
    );
    check(
        Dialect::Generic,
        &[
            ("IMPORT FROM CSV FILE 'a.csv' INTO s.t WITH ODD", "COPY s.t FROM 'a.csv'"),
            ("COPY 5 OFFSET 2 RECORDS INTO s.t FROM 'a.csv' USING DELIMITERS ','", "COPY s.t FROM 'a.csv'"),
        ],
    );
    check(
        Dialect::Snowflake,
        &[("COPY INTO t FROM @s/x.csv FILE_FORMAT = my_format ON_ERROR = CONTINUE", "COPY INTO t FROM @s/x.csv")],
    );
}

#[test]
fn names_in_strings_and_streams_are_read_as_tables() {
    check(Dialect::Snowflake, &[("SELECT a FROM IDENTIFIER('db.s.t')", "SELECT a FROM db.s.t")]);
    check(Dialect::Databricks, &[("SELECT a FROM STREAM(s.t)", "SELECT a FROM s.t")]);
    check(Dialect::Postgres, &[("DELETE FROM ONLY t", "DELETE FROM t")]);
    check(Dialect::MySql, &[("UPDATE LOW_PRIORITY t SET a = 1", "UPDATE t SET a = 1")]);
}

#[test]
fn a_repair_that_would_lose_a_table_is_not_believed() {
    let told = read("CREATE TABLE t (c INT) ODD OPTION FROM s JOIN u ON s.a = u.a", Dialect::Postgres);
    assert!(told.starts_with("Refused"), "{told}");
    let told = read("CREATE TABLE t (LIKE a INCLUDING ALL, LIKE b ODD, c INT)", Dialect::Postgres);
    assert_eq!(told, "CREATE TABLE t (\"a\" COLUMNS_LIKE, \"b\" COLUMNS_LIKE, c INT)");
}

#[test]
fn positions_stay_those_of_the_text() {
    let sql = "SELECT json_query(a, 'b' OMIT QUOTES),\n  c\nFROM\n  d x y";
    let pieces = split(sql, Dialect::Trino);
    let Parsed::Refused(refusal) = parse(&pieces[0], Dialect::Trino) else { panic!("understood") };
    assert_eq!((refusal.line, refusal.column), (1, 26));
}

#[test]
fn long_and_broken_texts_take_no_longer_than_they_are_long() {
    for part in [
        "ARRAY<STRUCT<a ",
        "CAST(x AS f(",
        "JSON_VALUE('a' ",
        "SAMPLE 1 ",
        "FOR VERSION AS OF 1 ",
        "1 >> ",
        "SETTINGS a = ",
        "t.end ",
    ] {
        for head in ["SELECT ", "CREATE TABLE t (", "ALTER TABLE t ADD ("] {
            let text = format!("{head}{}", part.repeat(2_000));
            read(&text, Dialect::ClickHouse);
        }
    }
}

#[test]
fn what_moves_rows_from_table_to_table_is_an_insert() {
    let moved = "INSERT INTO a.t SELECT * FROM b.s";
    for (dialect, sql) in [
        (Dialect::Redshift, "ALTER TABLE a.t APPEND FROM b.s FILLTARGET"),
        (Dialect::Hive, "ALTER TABLE a.t EXCHANGE PARTITION (day = '2024-01-01') WITH TABLE b.s"),
        (Dialect::MySql, "ALTER TABLE a.t EXCHANGE PARTITION p WITH TABLE b.s WITHOUT VALIDATION"),
        (Dialect::Oracle, "ALTER TABLE a.t EXCHANGE SUBPARTITION p WITH TABLE b.s INCLUDING INDEXES"),
        (Dialect::ClickHouse, "ALTER TABLE a.t REPLACE PARTITION tuple() FROM b.s"),
        (Dialect::ClickHouse, "ALTER TABLE a.t ATTACH PARTITION ID '202401' FROM b.s"),
        (Dialect::ClickHouse, "ALTER TABLE b.s MOVE PARTITION 202401 TO TABLE a.t"),
        (Dialect::Postgres, "ALTER TABLE a.t ATTACH PARTITION b.s FOR VALUES FROM (1) TO (2)"),
        (Dialect::Postgres, "ALTER TABLE a.t ATTACH PARTITION b.s DEFAULT"),
        (Dialect::Generic, "SELECT swap_partitions_between_tables('b.s', '2024', '2025', 'a.t')"),
        (Dialect::Generic, "SELECT copy_table('b.s', 'a.t')"),
    ] {
        check(dialect, &[(sql, moved)]);
    }
}

#[test]
fn a_partition_that_comes_from_nowhere_moves_no_rows() {
    for (dialect, sql) in [
        (Dialect::ClickHouse, "ALTER TABLE t ATTACH PARTITION 201901"),
        (Dialect::Generic, "SELECT copy_table(a, b) FROM t"),
    ] {
        assert!(!read(sql, dialect).contains("INSERT"), "{sql}");
    }
}

#[test]
fn phrases_behind_an_expression_convert_name_and_show_it() {
    check(
        Dialect::Teradata,
        &[
            ("SELECT a, b (TITLE 'B') FROM t", "SELECT a, b FROM t"),
            ("SELECT a + 1 (NAMED b, FORMAT '99') FROM t", "SELECT a + 1 AS b FROM t"),
            ("SELECT a (DATE, FORMAT 'YYYY') AS d FROM t", "SELECT a::DATE AS d FROM t"),
            ("SELECT a (FORMAT 'YYYY', CHAR(4)) AS d FROM t", "SELECT a::CHAR(4) AS d FROM t"),
            ("SELECT a FROM t WHERE t.b (NOT CASESPECIFIC, TITLE 'B') = 'x'", "SELECT a FROM t WHERE t.b = 'x'"),
        ],
    );
}

#[test]
fn delete_may_say_table() {
    check(Dialect::Generic, &[("DELETE FROM TABLE t WHERE a = 1", "DELETE FROM t WHERE a = 1")]);
}
