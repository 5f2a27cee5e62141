use crate::sql::dialect::Dialect::{
    self, BigQuery, Databricks, DuckDb, MySql, Oracle, Postgres, Snowflake, Sqlite, Teradata,
};
use crate::sql::split::split;
use crate::sql::split::tests::texts;

fn check(dialect: Dialect, script: &str, pieces: &[&str]) {
    assert_eq!(texts(script, dialect), pieces, "{dialect}: {script}");
}

fn locals(dialect: Dialect, script: &str, text: &str) -> Vec<String> {
    let piece = split(script, dialect).into_iter().find(|piece| piece.text.contains(text)).expect("a piece");
    piece.locals.map(|locals| locals.names.iter().cloned().collect()).unwrap_or_default()
}

#[test]
fn statements_of_a_procedure_are_found_behind_their_control_words() {
    let script = "CREATE PROCEDURE p(a INT64)\nBEGIN\n  DECLARE x INT64 DEFAULT (SELECT max(b) FROM c);\n  \
                  IF a IS NULL THEN\n    INSERT INTO t SELECT 1;\n  END IF;\n  \
                  LOOP SET x = x + 1; UPDATE t SET c = 2; END LOOP;\nEND;\nSELECT 1;";
    check(
        BigQuery,
        script,
        &["3:28 ? SELECT max(b) FROM c", "5:5 INSERT INTO t SELECT 1", "7:23 UPDATE t SET c = 2", "9:1 SELECT 1"],
    );
    assert_eq!(locals(BigQuery, script, "INSERT"), ["a", "x"]);
    let behind = split(script, BigQuery).pop().expect("a piece");
    assert_eq!(behind.locals, None, "names end with their procedure");
}

#[test]
fn a_bigquery_script_is_cut_at_its_control_words() {
    let script = "DECLARE d DATE; SET d = (SELECT max(day) FROM a);\nIF EXISTS (SELECT 1 FROM b) THEN\nDELETE FROM t;\n\
                  ELSEIF d IS NULL THEN TRUNCATE TABLE t;\nELSE\nINSERT t SELECT 1;\nEND IF;\n\
                  FOR r IN (SELECT x FROM c) DO\nUPDATE t SET x = r.x WHERE TRUE;\nEND FOR;\n\
                  CASE WHEN d > '2020-01-01' THEN DROP TABLE u; END CASE;\n\
                  WHILE d < (SELECT day FROM e) DO SELECT CASE WHEN true THEN 1 END; END WHILE;\n\
                  BEGIN CREATE TABLE v AS SELECT 1; EXCEPTION WHEN ERROR THEN INSERT w SELECT 2; END;";
    check(
        BigQuery,
        script,
        &[
            "1:26 ? SELECT max(day) FROM a",
            "2:12 ? SELECT 1 FROM b",
            "3:1 DELETE FROM t",
            "4:23 TRUNCATE TABLE t",
            "6:1 INSERT t SELECT 1",
            "8:11 ? SELECT x FROM c",
            "9:1 UPDATE t SET x = r.x WHERE TRUE",
            "11:33 DROP TABLE u",
            "12:12 ? SELECT day FROM e",
            "12:34 SELECT CASE WHEN true THEN 1 END",
            "13:7 CREATE TABLE v AS SELECT 1",
            "13:61 INSERT w SELECT 2",
        ],
    );
    assert_eq!(locals(BigQuery, script, "UPDATE"), ["d", "r"]);
}

#[test]
fn a_plpgsql_body_is_looked_into() {
    let script = "DO $do$\nDECLARE n int; c CURSOR FOR SELECT a FROM b;\nBEGIN\n  IF EXISTS (SELECT 1 FROM s) THEN\n    \
                  UPDATE t SET a = n;\n  END IF;\n  FOR r IN SELECT id FROM k LOOP INSERT INTO d SELECT r.id; END LOOP;\n  \
                  SELECT x, y INTO STRICT n, m FROM z;\n  PERFORM f(q) FROM q;\n  n := v FROM w;\n  \
                  DELETE FROM o RETURNING id INTO n;\n  EXECUTE 'truncate ' || t;\n  RAISE NOTICE '%', n;\nEND\n$do$;";
    check(
        Postgres,
        script,
        &[
            "2:29 ? SELECT a FROM b",
            "4:14 ? SELECT 1 FROM s",
            "5:5 UPDATE t SET a = n",
            "7:12 ? SELECT id FROM k",
            "7:34 INSERT INTO d SELECT r.id",
            "8:3 ? SELECT x, y FROM z",
            "9:3 ? SELECT f(q) FROM q",
            "10:3 ? SELECT v FROM w",
            "11:3 DELETE FROM o RETURNING id",
            "12:3 ! EXECUTE 'truncate ' || t",
        ],
    );
    assert_eq!(locals(Postgres, script, "UPDATE"), ["c", "n", "r"]);
}

#[test]
fn functions_in_sql_show_what_they_read_and_give() {
    check(
        Postgres,
        "CREATE FUNCTION f(k int) RETURNS TABLE (a int, b text) AS $$\n  SELECT x, y FROM t WHERE z = k\n$$ LANGUAGE sql;",
        &["2:3 f = SELECT x, y FROM t WHERE z = k"],
    );
    check(
        Postgres,
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT max(''q''::text) FROM t'; SELECT 2;",
        &["1:50 ? SELECT max( 'q' ::text) FROM t", "1:83 SELECT 2"],
    );
    check(
        Postgres,
        "CREATE FUNCTION h() RETURNS SETOF t LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM t; END $$;",
        &["1:79 h = SELECT * FROM t"],
    );
    check(
        Postgres,
        "CREATE FUNCTION i() RETURNS void BEGIN ATOMIC INSERT INTO t SELECT a FROM b; END; SELECT 1;",
        &["1:47 INSERT INTO t SELECT a FROM b", "1:83 SELECT 1"],
    );
    check(
        BigQuery,
        "CREATE OR REPLACE TABLE FUNCTION d.f(k INT64) AS (\n  SELECT a FROM t WHERE b = k\n); SELECT 1;",
        &["2:3 d.f = SELECT a FROM t WHERE b = k", "3:4 SELECT 1"],
    );
    check(BigQuery, "CREATE TEMP FUNCTION f(a INT64) AS ((SELECT max(x) FROM t));", &["1:38 ? SELECT max(x) FROM t"]);
    check(
        BigQuery,
        "CREATE FUNCTION f(a STRING) RETURNS STRING LANGUAGE js AS r\"\"\"return a; if\"\"\"; SELECT 1;",
        &["1:80 SELECT 1"],
    );
    check(
        Databricks,
        "CREATE FUNCTION f(a INT) RETURNS TABLE (b INT) RETURN SELECT c FROM t;",
        &["1:55 f = SELECT c FROM t"],
    );
    check(DuckDb, "CREATE MACRO m(a) AS TABLE SELECT b FROM t WHERE c = a;", &["1:28 m = SELECT b FROM t WHERE c = a"]);
}

#[test]
fn snowflake_scripting_is_read_bare_and_in_quotes() {
    let body = "DECLARE\n  total INT;\n  c1 CURSOR FOR SELECT a FROM b;\nBEGIN\n  LET n INT := (SELECT count(*) FROM s);\n  \
                SELECT max(a) INTO :total FROM t;\n  INSERT INTO u SELECT :total;\n  \
                FOR r IN c1 DO UPDATE u SET a = 1; END FOR;\n  LET rs RESULTSET := (SELECT a FROM v);\n  \
                EXECUTE IMMEDIATE 'DELETE FROM w';\n  EXECUTE IMMEDIATE :cmd;\n  RETURN TABLE(rs);\n\
                EXCEPTION WHEN OTHER THEN\n  INSERT INTO x SELECT 1;\nEND";
    let texts_of = |script: &str| -> Vec<String> {
        texts(script, Snowflake).into_iter().map(|piece| piece.split_once(' ').expect("a place").1.to_owned()).collect()
    };
    let expected = [
        "? SELECT a FROM b",
        "? SELECT count(*) FROM s",
        "? SELECT max(a) FROM t",
        "INSERT INTO u SELECT :total",
        "UPDATE u SET a = 1",
        "? SELECT a FROM v",
        "DELETE FROM w",
        "! EXECUTE IMMEDIATE :cmd",
        "INSERT INTO x SELECT 1",
    ];
    let head = "CREATE OR REPLACE PROCEDURE p(k INT) RETURNS TABLE (a INT) LANGUAGE SQL EXECUTE AS CALLER AS";
    assert_eq!(texts_of(&format!("{head}\n{body};")), expected);
    assert_eq!(texts_of(&format!("{head}\n$$\n{body}\n$$;")), expected);
    assert_eq!(texts_of(&format!("EXECUTE IMMEDIATE $$\n{body}\n$$;")), expected);
    assert_eq!(texts_of(&format!("{body};")), expected);
    check(
        Snowflake,
        "CREATE TASK k WAREHOUSE = w AS INSERT INTO t SELECT a FROM b;\nCREATE PIPE q AS COPY INTO t FROM @s;\n\
         CREATE PROCEDURE j() RETURNS INT LANGUAGE JAVASCRIPT AS $$ snowflake.execute({sqlText: x}); $$;",
        &[
            "1:32 INSERT INTO t SELECT a FROM b",
            "2:18 COPY INTO t FROM @s",
            "3:1 ! CREATE PROCEDURE j() RETURNS INT LANGUAGE JAVASCRIPT AS $$ snowflake.execute({sqlText: x}); $$",
        ],
    );
}

#[test]
fn oracle_packages_and_blocks_are_read_to_their_slash() {
    let script = "CREATE OR REPLACE PACKAGE BODY pk IS\n  CURSOR c IS SELECT a FROM b;\n  \
                  PROCEDURE one(x IN NUMBER) IS\n    v NUMBER := 1;\n  BEGIN\n    INSERT INTO t VALUES (x);\n    \
                  two(v);\n    FORALL i IN 1 .. 3 UPDATE t SET a = 1;\n  END one;\n  \
                  FUNCTION f RETURN NUMBER AS r NUMBER;\n  BEGIN\n    SELECT q BULK COLLECT INTO r FROM s; RETURN r;\n  \
                  END;\nBEGIN\n  DELETE FROM w;\nEND pk;\n/\nSELECT 1 FROM dual;\n\
                  CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW DECLARE z INT; BEGIN\n  INSERT INTO l VALUES (:NEW.a);\n\
                  END;\n/\n";
    check(
        Oracle,
        script,
        &[
            "2:15 ? SELECT a FROM b",
            "6:5 INSERT INTO t VALUES (x)",
            "8:24 UPDATE t SET a = 1",
            "12:5 ? SELECT q FROM s",
            "15:3 DELETE FROM w",
            "18:1 SELECT 1 FROM dual",
            "20:3 INSERT INTO l VALUES ( NEW.a)",
        ],
    );
    assert_eq!(locals(Oracle, script, "INSERT INTO t"), ["c", "i", "v", "x"]);
}

#[test]
fn mysql_routines_need_no_begin() {
    let script = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = (SELECT b FROM c);\n\
                  CREATE DEFINER=`x`@`%` PROCEDURE p(IN k INT) COMMENT 'c' INSERT INTO d SELECT k;\n\
                  DELIMITER //\nCREATE PROCEDURE q()\nBEGIN\n  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN DELETE FROM e; END;\n  \
                  w: WHILE x DO UPDATE f SET a = 1; END WHILE w;\n  SELECT max(a) INTO @m FROM h;\nEND //\nDELIMITER ;\n\
                  CREATE EVENT v ON SCHEDULE EVERY 1 DAY DO DELETE FROM i;\nPREPARE s FROM 'SELECT j FROM k';\nPREPARE s FROM @x;";
    check(
        MySql,
        script,
        &[
            "1:63 ? SELECT b FROM c",
            "2:58 INSERT INTO d SELECT k",
            "6:47 DELETE FROM e",
            "7:17 UPDATE f SET a = 1",
            "8:3 ? SELECT max(a) FROM h",
            "11:43 DELETE FROM i",
            "12:17 SELECT j FROM k",
            "13:1 ! PREPARE s FROM @x",
        ],
    );
}

#[test]
fn triggers_and_macros_of_other_engines_are_looked_into() {
    check(
        Sqlite,
        "CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO l SELECT old.a; DELETE FROM u; END; SELECT 1;",
        &["1:42 INSERT INTO l SELECT old.a", "1:70 DELETE FROM u", "1:90 SELECT 1"],
    );
    check(
        Teradata,
        "REPLACE MACRO m (k INT) AS (\n  INSERT INTO t SELECT a FROM b WHERE c = :k;\n  DELETE FROM u;\n);\nSELECT 1;",
        &["2:3 INSERT INTO t SELECT a FROM b WHERE c = :k", "3:3 DELETE FROM u", "5:1 SELECT 1"],
    );
}

#[test]
fn one_broken_statement_of_a_body_costs_itself_only() {
    check(
        Postgres,
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a SELECT x FROM b; foo bar baz; DELETE FROM c; END $$",
        &["1:51 INSERT INTO a SELECT x FROM b", "1:82 foo bar baz", "1:95 DELETE FROM c"],
    );
}

#[test]
fn what_only_some_engines_write_is_cut_as_well() {
    check(
        Postgres,
        "WITH n AS (INSERT INTO t SELECT 1 RETURNING id) INSERT INTO u SELECT id FROM n;",
        &["1:1 WITH n AS (INSERT INTO t SELECT 1 RETURNING id) INSERT INTO u SELECT id FROM n"],
    );
    check(
        MySql,
        "SELECT a INTO OUTFILE '/tmp/a.csv' FIELDS TERMINATED BY ',' FROM t;",
        &["1:1 COPY (SELECT a FROM t) TO '/tmp/a.csv'"],
    );
    check(
        Snowflake,
        "// it's a note\nCALL p((SELECT max(a) FROM t)) INTO :x;\nEXECUTE TASK k RETRY LAST;\nLET c CURSOR FOR SELECT b FROM u;\n\
         WITH q AS PROCEDURE () RETURNS INT LANGUAGE SQL AS $$ BEGIN DELETE FROM v; END $$ CALL q();",
        &["2:9 ? SELECT max(a) FROM t", "4:18 ? SELECT b FROM u", "5:61 DELETE FROM v"],
    );
    check(
        Databricks,
        "SELECT 1\n-- COMMAND ----------\n%python\nit's = 2\n-- COMMAND ----------\n%sql\nSELECT 3",
        &["1:1 SELECT 1", "7:1 SELECT 3"],
    );
    check(
        Oracle,
        "FUNCTION f RETURN INT IS BEGIN DELETE FROM t; RETURN 1; END;\n/\nSELECT 1 FROM dual",
        &["1:32 DELETE FROM t", "3:1 SELECT 1 FROM dual"],
    );
    check(
        Dialect::Generic,
        "DECLARE GLOBAL TEMPORARY TABLE session.t (a INT); SELECT 1;",
        &["1:1 CREATE GLOBAL TEMPORARY TABLE session.t (a INT)", "1:51 SELECT 1"],
    );
}

#[test]
fn a_function_that_one_trigger_calls_knows_its_table() {
    let table = |script: &str| {
        let piece =
            split(script, Postgres).into_iter().find(|piece| piece.text.starts_with("INSERT")).expect("a piece");
        let locals = piece.locals.expect("names");
        (locals.trigger_table.clone(), locals.rows.iter().cloned().collect::<Vec<_>>())
    };
    let function =
        "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l SELECT NEW.a; END $$;";
    let trigger =
        "CREATE TRIGGER g AFTER UPDATE ON s.t REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION f();";
    let rows = || vec!["before".to_owned(), "new".to_owned(), "old".to_owned()];
    assert_eq!(table(&format!("{function}\n{trigger}")), (Some("s.t".to_owned()), rows()));
    assert_eq!(table(&format!("{function}\n{trigger}\n{trigger}")).0, None, "either of two triggers");
}
