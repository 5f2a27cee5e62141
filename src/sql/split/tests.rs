use super::*;

/// Position and text of every piece; `!` marks what runs unknown SQL, `?` what is only read, `=` a function's result.
pub(crate) fn texts(script: &str, dialect: Dialect) -> Vec<String> {
    split(script, dialect)
        .into_iter()
        .filter(|piece| piece.role != Role::Control)
        .map(|piece| {
            let mark = match &piece.role {
                Role::Statement | Role::Control | Role::Session => String::new(),
                Role::Reads => "? ".to_owned(),
                Role::Dynamic => "! ".to_owned(),
                Role::Result(returned) => format!("{} = ", returned.name),
            };
            let text = piece.text.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{}:{} {mark}{text}", piece.line, piece.column)
        })
        .collect()
}

#[test]
fn semicolons_in_strings_comments_and_dollar_quotes_do_not_end_a_statement() {
    let script = "select ';' as a -- ; no\n; /* ; */ select \"a;b\";\nselect $x$ ; $x$;";
    assert_eq!(
        texts(script, Dialect::Postgres),
        ["1:1 select ';' as a", "2:11 select \"a;b\"", "3:1 select $x$ ; $x$"]
    );
}

#[test]
fn client_lines_are_no_statements() {
    let script = "\\set x 1\nselect 1;\nCOPY t (a) FROM stdin;\n1;2\n\\.\nselect 2 \\gset\nselect 3;";
    assert_eq!(
        texts(script, Dialect::Postgres),
        ["2:1 select 1", "3:1 COPY t (a) FROM stdin", "6:1 select 2", "7:1 select 3"]
    );
    assert_eq!(
        texts("DELIMITER $$\nselect 1; select 2$$\nDELIMITER ;\nselect 3;", Dialect::MySql),
        ["2:1 select 1", "2:11 select 2", "4:1 select 3"]
    );
}

#[test]
fn a_transaction_is_no_body() {
    assert_eq!(texts("BEGIN; DELETE FROM t; COMMIT;", Dialect::Postgres).len(), 3);
    assert_eq!(texts("BEGIN TRANSACTION; DELETE FROM t; COMMIT;", Dialect::BigQuery).len(), 3);
}

#[test]
fn an_unfinished_string_ends_with_the_script() {
    assert_eq!(texts("select 1; select 'abc", Dialect::Postgres), ["1:1 select 1", "1:11 select 'abc"]);
}

#[test]
fn what_mysql_executes_in_comments_is_read_at_its_place() {
    let script = "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW\n\
                  INSERT INTO log SELECT NEW.a */;\n/*!40101 SELECT 1 */;";
    assert_eq!(texts(script, Dialect::MySql), ["2:1 INSERT INTO log SELECT NEW.a", "3:10 SELECT 1"]);
}

#[test]
fn any_text_is_cut_in_order_and_without_a_panic() {
    let hostile = [
        "BEGIN BEGIN BEGIN",
        "END END;",
        "IF",
        "CREATE PROCEDURE",
        "CREATE FUNCTION f(",
        "DECLARE",
        "FOR",
        "CASE WHEN",
        "EXEC (",
        "EXEC",
        "DO",
        "RETURNS TABLE (",
        "AS $$",
        "EXECUTE IMMEDIATE",
        "x := ",
        "WITH a (",
        "<<",
        "lbl:",
        "CREATE DEFINER",
        "FORALL",
        "PACKAGE BODY p IS PROCEDURE",
        "OPEN c FOR",
        "/*!",
        "q'",
        "'",
        "[",
        ")",
        "MERGE",
    ];
    for dialect in Dialect::ALL {
        for one in hostile {
            for other in hostile {
                let script = format!("{one} {other};\n{other}\n{one}");
                let pieces = split(&script, dialect);
                let lines: Vec<u32> = pieces.iter().map(|piece| piece.line).collect();
                assert!(lines.iter().all(|line| (1..=3).contains(line)), "{dialect}: {script}");
            }
        }
    }
}
