//! Statements that move no data, known by their first words, whatever their syntax.

mod alter;
mod words;

pub(crate) use alter::starts_action;

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer};

/// Whether a statement's first words say that it moves no data.
#[must_use]
pub fn has_no_data_flow(text: &str) -> bool {
    let words = leading_words(text, 14);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // Oracle keeps the changes of a table for views that hold its rows.
        ["CREATE" | "ALTER" | "DROP", "MATERIALIZED", "VIEW", "LOG", "ON", ..] => true,
        ["CREATE", rest @ ..] => creates_nothing(rest, text),
        ["ALTER", rest @ ..] => alters_nothing(rest, text),
        ["DROP", rest @ ..] => drops_nothing(rest),
        // A transaction begins, or a block with statements in it; a table is cached, or the result of a query; a table is
        // locked, or a lock stands in front of a statement (Teradata).
        ["BEGIN" | "CACHE" | "LOCK", ..] => !mentions_query(text),
        ["UPDATE", "STATISTICS", ..] | ["EXCHANGE", "DICTIONARIES", ..] => true,

        [first, ..] => words::STATEMENTS.contains(first),
        [] => true,
    }
}

/// Whether a word may stand behind CREATE, ALTER or DROP: what they name, or a word in front of that.
#[must_use]
pub fn names_something(word: &str) -> bool {
    words::NOUNS.contains(&word) || words::HOLDERS.contains(&word) || words::MODIFIERS.contains(&word)
}

/// What CREATE, ALTER and DROP name, and the word behind it; empty where that is not known.
fn noun<'w>(words: &[&'w str]) -> (&'w str, &'w str) {
    let is_noun = |word: &&str| {
        let holder = words::HOLDERS.contains(word) || matches!(*word, "TABLE" | "TABLES" | "VIEW");
        holder || words::NOUNS.contains(word)
    };
    let known = |word: &&&str| is_noun(word) || words::MODIFIERS.contains(*word);
    // MySQL writes `DEFINER = name@host` in front of the noun.
    let defined = words.contains(&"DEFINER");
    // `SQL SECURITY DEFINER` stands there as well.
    let is_noun = |at: usize| {
        words.get(at).is_some_and(is_noun)
            && !(defined && at > 0 && words.get(at - 1).is_some_and(|word| *word == "SQL"))
    };
    let length = words.iter().take_while(|word| defined || known(word)).count();
    let at = (0..length).find(|at| is_noun(*at));
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or_default();
    (word(at), word(at.map(|at| at + 1)))
}

fn creates_nothing(words: &[&str], text: &str) -> bool {
    match noun(words) {
        ("TABLE", "FUNCTION") => true,
        // Another name for what may be a table.
        ("SYNONYM", _) => false,
        // An instance of a class of Snowflake's, which may be given data.
        ("", _) if matches!(words, ["SNOWFLAKE", ..] | ["OR", "REPLACE", "SNOWFLAKE", ..]) => !text.contains("=>"),
        (noun, _) if words::HOLDERS.contains(&noun) => noun != "MODEL" && !mentions_query(text),
        (noun, _) => words::NOUNS.contains(&noun),
    }
}

fn alters_nothing(words: &[&str], text: &str) -> bool {
    match noun(words) {
        ("TABLE", _) => alter::changes_nothing(text),
        ("VIEW", _) => !mentions_query(text) && alter::changes_nothing(text),
        (noun, _) if words::HOLDERS.contains(&noun) => !mentions_query(text),
        (noun, _) => words::NOUNS.contains(&noun),
    }
}

fn drops_nothing(words: &[&str]) -> bool {
    match noun(words) {
        ("TABLE", "FUNCTION") => true,
        ("SYNONYM", _) => false,
        // An instance of a class of Snowflake's: `DROP SNOWFLAKE.ML.FORECAST f`.
        ("", _) if words.first() == Some(&"SNOWFLAKE") => true,
        (noun, _) => words::NOUNS.contains(&noun) || words::HOLDERS.contains(&noun),
    }
}

/// Whether words stand there that could read or write a table.
fn mentions_query(text: &str) -> bool {
    let mut lexer = Lexer::new(text, Dialect::Generic);
    std::iter::from_fn(|| lexer.next_lexeme()).any(|lexeme| {
        // A body in dollar quotes is a text of its own.
        let is_body = lexeme.kind == Kind::Quoted && lexeme.text.starts_with('$');
        let is_query = lexeme.kind == Kind::Word
            && ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE"]
                .iter()
                .any(|word| lexeme.text.eq_ignore_ascii_case(word));
        is_body || is_query
    })
}

/// Whether a statement runs a text as SQL: `EXECUTE IMMEDIATE`, `EXECUTE format(…)`, `EXEC (@sql)`, `sp_executesql`.
/// `EXECUTE name` of a prepared statement and `EXEC procedure` are no such.
#[must_use]
pub fn runs_dynamic_sql(text: &str) -> bool {
    let mut lexer = Lexer::new(text, Dialect::Generic);
    let mut significant =
        std::iter::from_fn(|| lexer.next_lexeme()).filter(|lexeme| !matches!(lexeme.kind, Kind::Space | Kind::Comment));
    let starts = significant
        .next()
        .is_some_and(|word| word.text.eq_ignore_ascii_case("EXECUTE") || word.text.eq_ignore_ascii_case("EXEC"));
    if !starts {
        return false;
    }
    let (Some(first), second) = (significant.next(), significant.next()) else { return false };
    let word = first.text.to_ascii_lowercase();
    let called = second.is_some_and(|lexeme| lexeme.text == "(" || lexeme.text.starts_with('|'));
    first.text == "("
        || first.kind == Kind::Quoted
        || matches!(word.as_str(), "immediate" | "sp_executesql")
        || (called && matches!(word.as_str(), "format" | "concat" | "replace" | "quote_ident" | "string_agg"))
}

/// The first words of a statement in upper case, comments and punctuation passed over.
fn leading_words(text: &str, count: usize) -> Vec<String> {
    let mut lexer = Lexer::new(text, Dialect::Generic);
    let mut words = Vec::new();
    while words.len() < count {
        let Some(lexeme) = lexer.next_lexeme() else { break };
        if lexeme.kind == Kind::Word {
            words.push(lexeme.text.to_ascii_uppercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_move_no_data_are_known_whatever_their_syntax() {
        for text in [
            "CREATE WAREHOUSE w WITH SIZE = 'XS' AUTO_SUSPEND 60 SECONDS",
            "CREATE COMPUTE POOL p FROM ADMIN MIN_NODES = 1",
            "CREATE AGGREGATE total (numeric) (sfunc = add, stype = numeric)",
            "CREATE FUNCTION f() RETURNS TABLE AS (SELECT 1 AS a FROM t)",
            "CREATE OR REPLACE TABLE FUNCTION f(a INT64) AS SELECT a FROM t",
            "ALTER WAREHOUSE w RESUME IF SUSPENDED",
            "ALTER PROCEDURE p(int) SET SCHEMA s",
            "ALTER VIEW v SET (security_barrier)",
            "ALTER MATERIALIZED VIEW v CLUSTER ON i",
            "DROP SETTINGS PROFILE p",
            "DROP TABLE FUNCTION f",
            "BEGIN WORK AND SO ON",
            "UNDROP TABLE t",
        ] {
            assert!(has_no_data_flow(text), "{text}");
        }
    }

    #[test]
    fn statements_that_may_move_data_are_not_passed_over() {
        for text in [
            "CREATE TABEL t (a int)",
            "ALTER TABEL t ADD a int",
            "DROP VEIW v",
            "BEGIN INSERT INTO t SELECT 1 FROM s; END",
            "CACHE LAZY TABLE t AS SELECT a FROM s",
            "CREATE SECURE VIEW v AS SELECT a FROM t",
            "CREATE DYNAMIC TABLE t AS SELECT a FROM s",
            "CREATE TASK k AS INSERT INTO t SELECT 1 FROM s",
            "CREATE OR REPLACE MODEL m AS SELECT a FROM t",
            "ALTER VIEW v AS SELECT a FROM t",
            "DROP SNAPSHOT TABLE t",
            "DROP MATERIALIZED VIEW v",
        ] {
            assert!(!has_no_data_flow(text), "{text}");
        }
    }

    #[test]
    fn where_and_how_rows_are_kept_is_no_data_flow_and_columns_are() {
        for text in [
            "alter table lake.shop.orders execute optimize(file_size_threshold => '128MB')",
            "alter table orders set properties format_version = 2",
            "alter table logs.raw set serdeproperties ('a' = 'b')",
            "alter table logs.raw add if not exists partition (day = '1') location '/logs'",
            "alter table web.hits drop partition '202501'",
            "create external volume v location 's3://b'",
            "add jar hdfs:///udfs/geo.jar",
            "summarize orders",
        ] {
            assert!(has_no_data_flow(text), "{text}");
        }
        for text in ["alter table orders add if not exists place text odd", "alter table orders drop column a odd"] {
            assert!(!has_no_data_flow(text), "{text}");
        }
    }

    #[test]
    fn sql_put_together_at_run_time_is_told_from_calls() {
        for text in [
            "EXECUTE IMMEDIATE 'drop table t'",
            "execute format('drop table %I', t)",
            "EXEC (@sql)",
            "exec sp_executesql @s",
        ] {
            assert!(runs_dynamic_sql(text), "{text}");
        }
        for text in ["EXECUTE prepared (1)", "EXEC dbo.load_orders @day = 1", "select execute from t"] {
            assert!(!runs_dynamic_sql(text), "{text}");
        }
    }
}
