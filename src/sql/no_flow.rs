//! Statements that move no data, known by their first words, whatever their syntax.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer};

/// Words that start such a statement.
const STATEMENTS: &[&str] = &[
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
    "WAREHOUSE",
];

/// Whether a statement's first words say that it moves no data.
#[must_use]
pub fn has_no_data_flow(text: &str) -> bool {
    let words = leading_words(text, 6);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["ALTER", "TABLE", ..] => alters_constraints_only(text),
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
