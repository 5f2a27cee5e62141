use crate::sql::dialect::Dialect;
use crate::sql::split::tests::texts;

fn check(script: &str, pieces: &[&str]) {
    assert_eq!(texts(script, Dialect::Tsql), pieces, "{script}");
}

#[test]
fn statements_need_no_semicolons() {
    check(
        "SELECT a FROM t UPDATE t SET a = 1 WHERE b = 2\nDELETE FROM u INSERT INTO v (a) SELECT b FROM w SELECT 1\n\
         TRUNCATE TABLE x SET NOCOUNT ON DROP TABLE IF EXISTS y PRINT 'SELECT 1' CREATE TABLE z (a int)",
        &[
            "1:1 SELECT a FROM t",
            "1:17 UPDATE t SET a = 1 WHERE b = 2",
            "2:1 DELETE FROM u",
            "2:15 INSERT INTO v (a) SELECT b FROM w",
            "2:49 SELECT 1",
            "3:1 TRUNCATE TABLE x",
            "3:33 DROP TABLE IF EXISTS y",
            "3:73 CREATE TABLE z (a int)",
        ],
    );
}

#[test]
fn words_that_go_on_with_a_statement_do_not_cut_it() {
    for whole in [
        "WITH a AS (SELECT 1 AS b), c (d) AS (SELECT b FROM a) INSERT INTO t (e) SELECT d FROM c",
        "WITH a AS (SELECT 1 AS b) MERGE t USING a ON t.b = a.b WHEN MATCHED THEN UPDATE SET b = a.b \
         WHEN NOT MATCHED THEN INSERT (b) VALUES (a.b) WHEN NOT MATCHED BY SOURCE THEN DELETE OUTPUT $action;",
        "CREATE VIEW v WITH SCHEMABINDING AS WITH a AS (SELECT b FROM dbo.t) SELECT b FROM a",
        "SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v",
        "INSERT t WITH (TABLOCK) OUTPUT inserted.a INTO @o (a) SELECT a FROM u WITH (NOLOCK) OPTION (RECOMPILE)",
        "INSERT INTO t DEFAULT VALUES",
        "SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END FROM t ORDER BY a OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY",
        "ALTER TABLE t ALTER COLUMN a int NOT NULL",
        "ALTER TABLE t DROP COLUMN IF EXISTS a",
        "CREATE OR ALTER VIEW v AS SELECT a FROM t",
        "SELECT a FROM t INNER MERGE JOIN u ON t.a = u.a",
        "UPDATE a SET b = 1 OUTPUT deleted.b INTO l FROM t AS a JOIN u ON u.c = a.c",
        "BULK INSERT t FROM 'f.csv' WITH (FIELDTERMINATOR = ',')",
        "SELECT a FROM t FOR XML PATH('x'), TYPE",
    ] {
        let text = whole.trim_end_matches(';');
        check(&format!("SELECT 0\n{whole}\nSELECT 1"), &["1:1 SELECT 0", &format!("2:1 {text}"), "3:1 SELECT 1"]);
    }
}

#[test]
fn permissions_are_no_statements() {
    check("GRANT SELECT, INSERT ON t TO r WITH GRANT OPTION DENY DELETE ON t TO s SELECT 1", &["1:72 SELECT 1"]);
}

#[test]
fn branches_loops_and_labels_stand_between_statements() {
    check(
        "IF EXISTS (SELECT 1 FROM s) DROP TABLE t ELSE IF @a = 1 INSERT INTO u SELECT 1\n\
         WHILE @i < (SELECT max(n) FROM m) BEGIN SET @i += 1 UPDATE u SET a = @i IF @i > 5 BREAK END\n\
         again:\nBEGIN TRY DELETE FROM v END TRY BEGIN CATCH ROLLBACK TRAN; THROW; END CATCH\n\
         IF UPDATE(a) AND NOT UPDATE(b) SELECT 2 IF @@ERROR <> 0 GOTO again BEGIN TRAN INSERT w SELECT 3 COMMIT",
        &[
            "1:12 ? SELECT 1 FROM s",
            "1:29 DROP TABLE t",
            "1:57 INSERT INTO u SELECT 1",
            "2:13 ? SELECT max(n) FROM m",
            "2:53 UPDATE u SET a = @i",
            "4:11 DELETE FROM v",
            "5:32 SELECT 2",
            "5:79 INSERT w SELECT 3",
        ],
    );
}

#[test]
fn variables_are_read_and_table_variables_are_tables() {
    check(
        "DECLARE @a int = (SELECT max(b) FROM c), @t TABLE (d int,\n e int);\nDECLARE @u AS TABLE (f int) SET @a = 1\n\
         DECLARE k CURSOR LOCAL FAST_FORWARD FOR SELECT g FROM h FOR READ ONLY OPEN k FETCH NEXT FROM k INTO @a\n\
         DECLARE l CURSOR FOR WITH m AS (SELECT n FROM o) SELECT n FROM m SET @c = CURSOR FOR SELECT p FROM q",
        &[
            "1:19 ? SELECT max(b) FROM c",
            "1:1 CREATE TABLE @t (d int, e int)",
            "3:1 CREATE TABLE @u (f int)",
            "4:41 ? SELECT g FROM h",
            "5:22 ? WITH m AS (SELECT n FROM o) SELECT n FROM m",
            "5:86 ? SELECT p FROM q",
        ],
    );
}

#[test]
fn a_procedure_reaches_to_the_end_of_its_batch() {
    check(
        "CREATE OR ALTER PROCEDURE dbo.p @a AS int = 1, @b varchar(9) OUTPUT WITH EXECUTE AS OWNER AS\n\
         SET NOCOUNT ON\nINSERT INTO t SELECT a FROM u\nEXEC dbo.q @a\nRETURN 0\nGO\nSELECT 1\n\
         GO\nCREATE TRIGGER g ON dbo.t AFTER INSERT, UPDATE AS\nINSERT INTO l SELECT a FROM inserted\nGO",
        &["3:1 INSERT INTO t SELECT a FROM u", "7:1 SELECT 1", "10:1 INSERT INTO l SELECT a FROM inserted"],
    );
}

#[test]
fn functions_that_give_tables_are_results() {
    check(
        "CREATE FUNCTION dbo.f (@a int) RETURNS TABLE AS RETURN (\n  SELECT b FROM t WHERE c = @a\n)\nGO\n\
         CREATE FUNCTION g () RETURNS TABLE RETURN WITH x AS (SELECT 1 AS y) SELECT y FROM x\nGO\n\
         CREATE FUNCTION h () RETURNS @r TABLE (a int) AS BEGIN INSERT @r SELECT b FROM u RETURN END\nGO\n\
         CREATE FUNCTION i () RETURNS int AS BEGIN RETURN (SELECT max(a) FROM v) END",
        &[
            "2:3 dbo.f = SELECT b FROM t WHERE c = @a",
            "5:43 g = WITH x AS (SELECT 1 AS y) SELECT y FROM x",
            "7:30 CREATE TABLE @r (a int)",
            "7:56 INSERT @r SELECT b FROM u",
            "7:1 h = SELECT * FROM @r",
            "9:51 ? SELECT max(a) FROM v",
        ],
    );
}

#[test]
fn a_text_is_read_where_it_is_one_string() {
    check(
        "EXEC ('DELETE FROM a')\nEXEC sp_executesql N'INSERT INTO b SELECT ''x'' FROM c WHERE d = @e', N'@e int', @e = 1\n\
         EXEC (@sql) EXEC ('DROP TABLE ' + @t) EXEC @rc = sys.sp_executesql @stmt = @sql\nEXEC ('SELECT 1') AT far EXEC dbo.p EXEC @name",
        &[
            "1:8 DELETE FROM a",
            "2:22 INSERT INTO b SELECT 'x' FROM c WHERE d = @e",
            "3:1 ! EXEC (@sql)",
            "3:13 ! EXEC ('DROP TABLE ' + @t)",
            "3:39 ! EXEC @rc = sys.sp_executesql @stmt = @sql",
            "4:1 ! EXEC ('SELECT 1') AT far",
            "4:37 ! EXEC @name",
        ],
    );
}

#[test]
fn rows_that_a_call_gives_are_inserted_as_far_as_they_are_known() {
    check(
        "INSERT INTO t (a)\nEXEC ('SELECT b FROM u')\nINSERT t EXEC dbo.p @x = 1 INSERT INTO t (a) EXEC (@sql) SELECT 1",
        &[
            "1:1 INSERT INTO t (a) SELECT b FROM u",
            "3:1 INSERT t SELECT * FROM dbo.p()",
            "3:28 INSERT INTO t DEFAULT VALUES",
            "3:46 ! EXEC (@sql)",
            "3:58 SELECT 1",
        ],
    );
}

#[test]
fn rows_that_fill_variables_feed_nothing() {
    check(
        "SELECT @a = b FROM t SELECT TOP (1) @c += d, @e = f FROM u SELECT a = b FROM v UPDATE STATISTICS w SELECT @x",
        &[
            "1:1 ? SELECT @a = b FROM t",
            "1:22 ? SELECT TOP (1) @c += d, @e = f FROM u",
            "1:60 SELECT a = b FROM v",
            "1:100 SELECT @x",
        ],
    );
}

#[test]
fn keys_and_triggers_of_a_table_are_no_columns() {
    check(
        "ALTER TABLE dbo.t WITH CHECK ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a) ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (a) \
         ON DELETE CASCADE ON UPDATE SET NULL ALTER TABLE t CHECK CONSTRAINT k\n\
         ALTER TABLE t ADD b int ALTER TABLE [t] DROP CONSTRAINT k ALTER TABLE t SWITCH TO v",
        &["2:1 ALTER TABLE t ADD b int", "2:59 ALTER TABLE t SWITCH TO v"],
    );
}

#[test]
fn sp_rename_is_a_change_of_names() {
    check(
        "EXEC sp_rename 'dbo.t.a', 'b', 'COLUMN'; EXEC sp_rename @objname = N'dbo.t', @newname = N'u'\n\
         EXEC sp_rename 'dbo.u.i', 'j', 'INDEX'",
        &[
            "1:1 EXEC sp_rename 'dbo.t.a', 'b', 'COLUMN'",
            "1:42 EXEC sp_rename @objname = N'dbo.t', @newname = N'u'",
            "2:1 EXEC sp_rename 'dbo.u.i', 'j', 'INDEX'",
        ],
    );
}

#[test]
fn what_holds_no_data_is_no_statement_to_read() {
    check(
        "CREATE SECURITY POLICY s ADD BLOCK PREDICATE dbo.f(a) ON dbo.t AFTER UPDATE WITH (STATE = ON)\n\
         ALTER DATABASE d SET RECOVERY SIMPLE WITH ROLLBACK IMMEDIATE DROP COLUMN ENCRYPTION KEY k ALTER RESOURCE GOVERNOR RECONFIGURE DROP VIEW v\n\
         CREATE SYNONYM dbo.s FOR srv.db.dbo.t SELECT 1 INSERT INTO u EXEC ('DBCC TRACESTATUS')",
        &[
            "2:127 DROP VIEW v",
            "3:1 CREATE VIEW dbo.s AS SELECT * FROM srv.db.dbo.t",
            "3:39 SELECT 1",
            "3:48 INSERT INTO u DEFAULT VALUES",
        ],
    );
}
