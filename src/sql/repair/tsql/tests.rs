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
            (
                "UPDATE x SET a += u.b FROM t x JOIN u ON u.i = x.i",
                "UPDATE x SET a = x.a + u.b FROM t x JOIN u ON u.i = x.i",
            ),
            ("UPDATE t SET @old = a = a + 1", "UPDATE t SET a = a + 1"),
            ("SELECT NEXT VALUE FOR dbo.s AS id, a FROM t", "SELECT next_value() AS id, a FROM t"),
            ("DROP EXTERNAL TABLE t", "DROP TABLE t"),
            ("SELECT a FROM ::fn_x(1) AS f", "SELECT a FROM fn_x(1) AS f"),
        ],
    );
}

#[test]
fn statements_of_its_own_spelling_are_read() {
    check(
        Dialect::Tsql,
        &[
            ("CREATE OR ALTER VIEW v AS SELECT a FROM t", "CREATE OR ALTER VIEW v AS SELECT a FROM t"),
            ("ALTER TABLE dbo.a SWITCH PARTITION 2 TO dbo.b PARTITION 1", "INSERT INTO dbo.b SELECT * FROM dbo.a"),
            ("RENAME OBJECT dbo.a TO b", "ALTER TABLE dbo.a RENAME TO b"),
            (
                "CREATE EXTERNAL TABLE x WITH (LOCATION = '/x', DATA_SOURCE = s) AS SELECT a FROM t",
                "CREATE TABLE x AS SELECT a FROM t",
            ),
            ("UPDATE t SET doc.modify('delete /a') WHERE b = 1", "UPDATE t SET doc = ('delete /a') WHERE b = 1"),
            (
                "DELETE FROM t FROM t AS x JOIN u ON u.a = x.a WHERE u.b = 1",
                "DELETE t FROM t AS x JOIN u ON u.a = x.a WHERE u.b = 1",
            ),
            (
                "DELETE dbo.t OUTPUT DELETED.a INTO @gone FROM dbo.t AS x JOIN u ON u.a = x.a WHERE u.b = 1",
                "DELETE dbo.t FROM dbo.t AS x JOIN u ON u.a = x.a OUTPUT DELETED.a INTO @gone WHERE u.b = 1",
            ),
        ],
    );
}

#[test]
fn functions_that_give_rows_are_read() {
    check(
        Dialect::Tsql,
        &[
            (
                "SELECT k.[RANK] FROM FREETEXTTABLE(dbo.docs, *, @words, LANGUAGE @l) AS k",
                "SELECT k.[RANK] FROM dbo.docs AS k | FREETEXTTABLE(dbo.docs,*, @words, LANGUAGE @l)",
            ),
            ("SELECT c.a FROM CHANGETABLE(CHANGES t, 3) AS c", "SELECT c.a FROM t AS c | CHANGETABLE(CHANGES t, 3)"),
            (
                "SELECT geography::Point(1, -2, 4326) AS p, a FROM t",
                "SELECT geography.Point(1, -2, 4326) AS p, a FROM t",
            ),
            ("SELECT a FROM srv...t", "SELECT a FROM srv.t"),
            (
                "SELECT a, SUM(b) AS b FROM t GROUP BY a WITH ROLLUP",
                "SELECT a, SUM(b) AS b FROM t GROUP BY a | WITH ROLLUP",
            ),
            (
                "SELECT NEXT VALUE FOR dbo.s OVER (ORDER BY a, b DESC) AS n FROM t",
                "SELECT next_value() OVER (ORDER BY a, b DESC) AS n FROM t",
            ),
            (
                "SELECT d.a, p.score FROM PREDICT(MODEL = @m, DATA = dbo.t AS d) WITH (score float) AS p",
                "SELECT d.a, p.score FROM dbo.t AS d CROSS JOIN predict() AS p | \
                 PREDICT(MODEL=@m, DATA=dbo.t AS d) WITH(score float)",
            ),
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
