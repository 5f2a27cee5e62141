//! Statements that move no data, known by their first words, whatever their syntax.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer};

/// Words that start such a statement.
const STATEMENTS: &[&str] = &[
    "ADD",
    "ANALYSE",
    "ANALYZE",
    "ASSERT",
    "ATTACH",
    "BEGIN",
    "CACHE",
    "CHECK",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COLLECT",
    "COMMENT",
    "COMMIT",
    "DBCC",
    "DEALLOCATE",
    "DENY",
    "DESC",
    "DESCRIBE",
    "DETACH",
    "DISCARD",
    "EXPLAIN",
    "FETCH",
    "FLUSH",
    "GET",
    "GRANT",
    "HELP",
    "INSTALL",
    "KILL",
    "LIST",
    "LISTEN",
    "LOCK",
    "LS",
    "MSCK",
    "NOTIFY",
    "OPEN",
    "OPTIMIZE",
    "PRAGMA",
    "PREPARE",
    "PRINT",
    "PURGE",
    "PUT",
    "RAISERROR",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RELOAD",
    "REMOVE",
    "REPAIR",
    "RESET",
    "RETURN",
    "REVOKE",
    "RM",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SET",
    "SHOW",
    "START",
    "SUMMARIZE",
    "SYSTEM",
    "THROW",
    "UNCACHE",
    "UNLISTEN",
    "UNLOCK",
    "USE",
    "VACUUM",
    "WAITFOR",
];

/// Words between CREATE, ALTER or DROP and the noun.
const MODIFIERS: &[&str] = &[
    "ACCESS",
    "AGGREGATE",
    "API",
    "BITMAP",
    "CLUSTERED",
    "COLUMNSTORE",
    "CONSTRAINT",
    "DEFAULT",
    "EVENT",
    "EXISTS",
    "EXTERNAL",
    "FULLTEXT",
    "GLOBAL",
    "IF",
    "MASKING",
    "NETWORK",
    "NONCLUSTERED",
    "NOT",
    "NOTIFICATION",
    "OR",
    "PRIMARY",
    "PUBLIC",
    "REPLACE",
    "RESOURCE",
    "ROW",
    "SEARCH",
    "SECURE",
    "SPATIAL",
    "STORAGE",
    "TEMP",
    "TEMPORARY",
    "TRUSTED",
    "UNIQUE",
    "VECTOR",
    "WORKLOAD",
    "XML",
];

/// What CREATE, ALTER and DROP may name without touching an asset. A function's definition moves no data either: only a
/// call could.
const NOUNS: &[&str] = &[
    "ACCOUNT",
    "ALERT",
    "ASSEMBLY",
    "ASSIGNMENT",
    "CAPACITY",
    "CAST",
    "CATALOG",
    "CERTIFICATE",
    "COLLATION",
    "CONNECTION",
    "CONVERSION",
    "CREDENTIAL",
    "DATABASE",
    "DICTIONARY",
    "DIRECTORY",
    "DOMAIN",
    "EXTENSION",
    "FILE",
    "FORMAT",
    "FUNCTION",
    "GROUP",
    "INDEX",
    "INTEGRATION",
    "KEY",
    "LANGUAGE",
    "LIBRARY",
    "LOCATION",
    "LOGIN",
    "MASTER",
    "OPERATOR",
    "OWNED",
    "PARTITION",
    "PIPE",
    "POLICY",
    "PRIVILEGES",
    "PROFILE",
    "PUBLICATION",
    "RESERVATION",
    "ROLE",
    "RULE",
    "SCHEMA",
    "SECRET",
    "SEQUENCE",
    "SERVER",
    "SESSION",
    "SHARE",
    "STAGE",
    "STATISTICS",
    "STREAM",
    "SUBSCRIPTION",
    "SYMMETRIC",
    "SYNONYM",
    "SYSTEM",
    "TABLESPACE",
    "TAG",
    "TEXT",
    "TRIGGER",
    "TYPE",
    "USER",
    "VOLUME",
    "WAREHOUSE",
];

/// Whether a statement's first words say that it moves no data.
#[must_use]
pub fn has_no_data_flow(text: &str) -> bool {
    let words = leading_words(text, 6);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ALTER", "TABLE", ..] => alters_constraints_only(text) || alters_storage_only(text),
        ["CREATE" | "ALTER" | "DROP", rest @ ..] => {
            rest.iter().find(|word| !MODIFIERS.contains(word)).is_some_and(|noun| NOUNS.contains(noun))
        }
        [first, ..] => STATEMENTS.contains(first),
        [] => true,
    }
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

/// `ALTER TABLE … ALTER|ADD|VALIDATE CONSTRAINT …`: nothing of the table's columns changes.
fn alters_constraints_only(text: &str) -> bool {
    let words = leading_words(text, 200);
    let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    any(&["CONSTRAINT"]) && !any(&["COLUMN", "RENAME", "TYPE", "MODIFY", "CHANGE", "SWAP"])
}

/// `ALTER TABLE t SET PROPERTIES …`, `t EXECUTE optimize(…)`, `t ADD PARTITION …`: how and where rows are kept changes, and
/// which partitions are known; no column, and no row that another statement did not write.
fn alters_storage_only(text: &str) -> bool {
    let words = leading_words(text, 200);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Behind the name, which is of one to three words, stands the verb.
    let verbs = (3..=7).filter_map(|start| words.get(start..(start + 2).min(words.len())));
    let names_columns = words.iter().any(|word| matches!(*word, "COLUMN" | "COLUMNS" | "RENAME" | "TYPE" | "SWAP"));
    !names_columns
        && verbs.into_iter().any(|verb| {
            matches!(
                verb,
                ["EXECUTE" | "UNSET" | "CLUSTER" | "FREEZE" | "UNFREEZE", _]
                    | ["SET" | "MODIFY" | "RESET", "PROPERTIES" | "TBLPROPERTIES" | "SERDEPROPERTIES" | "SETTING"]
                    | ["SET", "FILEFORMAT" | "LOCATION" | "OPTIONS" | "SERDE" | "TAG" | "TAGS" | "AUTHORIZATION"]
                    | ["MODIFY" | "REMOVE" | "MATERIALIZE", "TTL" | "COMMENT" | "ORDER" | "SAMPLE" | "INDEX"]
                    | ["ADD" | "DROP" | "TOUCH" | "ARCHIVE" | "UNARCHIVE" | "ATTACH" | "DETACH", "PARTITION" | "PART"]
            ) || matches!(verb, ["ADD", "IF"]) && words.contains(&"PARTITION")
        })
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
