use crate::sql::dialect::Dialect;
use crate::sql::repair::tests::check;

#[test]
fn hints_and_options_say_nothing_about_lineage() {
    check(
        Dialect::Tsql,
        &[
            ("SELECT a FROM t (NOLOCK) OPTION (MAXDOP 1, RECOMPILE)", "SELECT a FROM t"),
            ("INSERT INTO t WITH (TABLOCK) (a) SELECT a FROM u", "INSERT INTO t (a) SELECT a FROM u"),
            ("UPDATE t WITH (ROWLOCK) SET a += 1", "UPDATE t WITH (ROWLOCK) SET a = a + 1"),
            (
                "SELECT t.a FROM t LEFT OUTER HASH JOIN u ON t.a = u.a",
                "SELECT t.a FROM t LEFT OUTER JOIN u ON t.a = u.a",
            ),
            (
                "WITH XMLNAMESPACES ('urn:a' AS p), c AS (SELECT a FROM t) SELECT a FROM c",
                "WITH c AS (SELECT a FROM t) SELECT a FROM c",
            ),
            (
                "WITH XMLNAMESPACES ('urn:a' AS p) INSERT INTO t (a) SELECT b FROM u",
                "INSERT INTO t (a) SELECT b FROM u",
            ),
            ("DELETE TOP (10) t WHERE a = 1", "DELETE FROM t WHERE a = 1 | TOP(10)"),
        ],
    );
}

#[test]
fn short_forms_are_written_out() {
    check(
        Dialect::Tsql,
        &[
            ("DELETE t WHERE a = 1", "DELETE FROM t WHERE a = 1"),
            ("DELETE @t", "DELETE FROM @t"),
            ("UPDATE t SET a += b, c -= 1 WHERE d > 0", "UPDATE t SET a = a + b, c = c - 1 WHERE d > 0"),
            ("UPDATE t SET @old = a = a + 1", "UPDATE t SET a = a + 1"),
            ("SELECT NEXT VALUE FOR dbo.s AS id, a FROM t", "SELECT next_value() AS id, a FROM t"),
            ("DROP EXTERNAL TABLE t", "DROP TABLE t"),
            ("SELECT a FROM ::fn_x(1) AS f", "SELECT a FROM fn_x(1) AS f"),
        ],
    );
}

#[test]
fn files_are_read_by_name() {
    check(
        Dialect::Tsql,
        &[
            ("BULK INSERT dbo.t FROM 'in/a.csv' WITH (FIELDTERMINATOR = ',')", "COPY dbo.t FROM 'in/a.csv'"),
            ("COPY INTO t (a 1) FROM 'https://x/a.csv' WITH (FILE_TYPE = 'CSV')", "COPY t FROM 'https://x/a.csv'"),
            ("SELECT a FROM OPENROWSET(BULK 'a.csv', FORMAT = 'CSV') WITH (a int) AS r", "SELECT a FROM 'a.csv' AS r"),
        ],
    );
}

#[test]
fn graph_tables_are_tables() {
    check(
        Dialect::Tsql,
        &[
            (
                "INSERT INTO likes ($from_id, $to_id) SELECT a, b FROM t",
                "INSERT INTO likes ($from_id, $to_id) SELECT a, b FROM t",
            ),
            (
                "SELECT a.n FROM p AS a, l FOR PATH AS m, p AS b WHERE MATCH(SHORTEST_PATH(a(-(m)->b)+))",
                "SELECT a.n FROM p AS a, l AS m, p AS b WHERE 1 = 1 | FOR PATH MATCH(SHORTEST_PATH(a(-(m)->b)+))",
            ),
        ],
    );
}
