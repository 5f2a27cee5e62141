//! Which forms of ALTER TABLE and ALTER VIEW leave a table's name and columns as they are.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer};

/// Whether no action of the ALTER changes a name, a column or a type, or moves rows.
pub(super) fn changes_nothing(text: &str) -> bool {
    let mut before = true;
    actions(text).iter().all(|action| {
        let words: Vec<&str> = action.iter().map(String::as_str).collect();
        // A part that starts with no known word goes on with the action before it: `SET TAG a = 'x', b = 'y'`.
        let changes = action_changes(&words).unwrap_or(before);
        before = changes;
        !changes
    })
}

/// The parts between commas behind the table's name, their words in upper case. Names in quotes are empty texts.
fn actions(text: &str) -> Vec<Vec<String>> {
    let mut lexer = Lexer::new(text, Dialect::Generic);
    let mut actions = vec![Vec::new()];
    let (mut depth, mut in_name, mut behind_dot) = (0_usize, true, false);
    while let Some(lexeme) = lexer.next_lexeme() {
        match (lexeme.kind, lexeme.text) {
            (Kind::Space | Kind::Comment, _) => continue,
            (_, "(") => depth += 1,
            (_, ")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_name = matches!(lexeme.kind, Kind::Word | Kind::Quoted);
        if in_name {
            let keyword =
                ["ALTER", "TABLE", "VIEW", "MATERIALIZED", "DYNAMIC", "EXTERNAL", "FOREIGN", "ICEBERG", "HYBRID"]
                    .iter()
                    .chain(&["IF", "EXISTS", "ONLY", "INTERACTIVE", "SECURE", "IGNORE", "ONLINE", "STREAMING"])
                    .any(|word| lexeme.text.eq_ignore_ascii_case(word));
            match lexeme.text {
                "." => behind_dot = true,
                _ if is_name && keyword && actions.len() == 1 => {}
                _ if is_name && behind_dot => behind_dot = false,
                _ if is_name && actions.len() == 1 => actions.push(Vec::new()),
                _ => in_name = false,
            }
            if in_name {
                continue;
            }
        }
        match lexeme.text {
            "," if depth == 0 => actions.push(Vec::new()),
            text => {
                let word = if lexeme.kind == Kind::Quoted { String::new() } else { text.to_ascii_uppercase() };
                if let Some(action) = actions.last_mut() {
                    action.push(word);
                }
            }
        }
    }
    actions.retain(|action| !action.is_empty());
    actions
}

/// Whether a word, in upper case, starts an action of ALTER TABLE.
pub(crate) fn starts_action(word: &str) -> bool {
    const CHANGES: &[&str] = &[
        "ADD", "ALTER", "APPEND", "CHANGE", "DELETE", "DROP", "EXCHANGE", "MODIFY", "MOVE", "RENAME", "REPLACE",
        "SWAP", "SWITCH", "UPDATE",
    ];
    CHANGES.contains(&word) || OTHER_ACTIONS.contains(&word)
}

/// Whether an action changes the table; `None` for words that start no action.
fn action_changes(words: &[&str]) -> Option<bool> {
    Some(match words {
        ["ON", "CLUSTER", _, rest @ ..] | ["*", rest @ ..] => return action_changes(rest),
        [_, "=", ..] => false,
        // Oracle lists what it adds and changes in brackets.
        ["ADD", "(", listed @ ..] => !parts(listed).all(is_no_column),
        ["MODIFY", "(", listed @ ..] => !parts(listed).all(keeps_type),
        ["ADD" | "DROP", rest @ ..] => !is_no_column(rest),
        ["RENAME", "CONSTRAINT" | "INDEX" | "KEY" | "PARTITION" | "SUBPARTITION" | "TRIGGER" | "LOB", ..] => false,
        [
            "RENAME" | "SWAP" | "SWITCH" | "EXCHANGE" | "MOVE" | "REPLACE" | "UPDATE" | "DELETE" | "APPEND" | "CHANGE",
            ..,
        ] => true,
        [
            "ALTER",
            "INDEX" | "CONSTRAINT" | "CHECK" | "SORTKEY" | "DISTKEY" | "DISTSTYLE" | "COMPOUND" | "ENCODE",
            ..,
        ] => false,
        ["ALTER" | "MODIFY", rest @ ..] => !keeps_type(rest),
        ["SET", "SCHEMA", ..] => true,
        [first, ..] => {
            if !OTHER_ACTIONS.contains(first) {
                return None;
            }
            false
        }
        [] => false,
    })
}

/// The parts of a list, up to its closing bracket.
fn parts<'w>(listed: &'w [&'w str]) -> impl Iterator<Item = &'w [&'w str]> {
    let mut depth = 0_usize;
    listed.split(move |word| {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *word == ","
    })
}

/// What ADD and DROP may name besides a column.
fn is_no_column(words: &[&str]) -> bool {
    let rest = words.iter().skip_while(|word| matches!(**word, "IF" | "NOT" | "EXISTS")).copied();
    let words: Vec<&str> = rest.take(3).collect();
    matches!(
        words.as_slice(),
        [
            "CONSTRAINT"
                | "PRIMARY"
                | "FOREIGN"
                | "UNIQUE"
                | "CHECK"
                | "INDEX"
                | "KEY"
                | "FULLTEXT"
                | "SPATIAL"
                | "PARTITION"
                | "PARTITIONS"
                | "SUBPARTITION"
                | "PROJECTION"
                | "STATISTICS"
                | "EXCLUDE"
                | "SUPPLEMENTAL"
                | "ROLLUP"
                | "CLUSTERING"
                | "ALL"
                | "FEATURE"
                | "BRANCH"
                | "IDENTIFIER"
                | "STATISTIC"
                | "DEFAULT"
                | "DISTRIBUTION",
            ..
        ] | ["ROW", "ACCESS" | "DELETION" | "FILTER", ..]
            | ["SEARCH", "OPTIMIZATION", ..]
            | ["DATA", "METRIC", ..]
            | ["STORAGE", "LIFECYCLE", ..]
            | ["MASKING" | "AGGREGATION" | "JOIN", "POLICY", ..]
            | ["SYSTEM", "VERSIONING", ..]
            | ["PERIOD", "FOR", ..]
            | ["RANGE", "PARTITION", ..]
            | ["VECTOR" | "BITMAP", "INDEX", ..]
            | ["NOT", "NULL", ..]
    )
}

/// `[COLUMN] name SET DEFAULT …`, `… COMMENT '…'`, and what ClickHouse and Oracle modify that is no column.
fn keeps_type(words: &[&str]) -> bool {
    let rest: Vec<&str> =
        words.iter().skip_while(|word| matches!(**word, "COLUMN" | "IF" | "EXISTS")).copied().collect();
    match rest.as_slice() {
        [
            "TTL" | "SETTING" | "COMMENT" | "SAMPLE" | "SQL" | "REFRESH" | "DEFINER" | "PARTITION" | "CONSTRAINT"
            | "LOB" | "NESTED" | "DEFAULT" | "PRIMARY" | "UNIQUE",
            ..,
        ] => true,
        ["ORDER", "BY", ..] => true,
        [_, "SET", "DATA", ..] => false,
        [
            _,
            "SET" | "UNSET" | "DROP" | "RESET" | "ADD" | "COMMENT" | "REMOVE" | "RESTART" | "MODIFY" | "ENCODE"
            | "CODEC" | "TTL" | "DEFAULT" | "VISIBLE" | "INVISIBLE" | "OPTIONS" | "STATISTICS" | "NOT" | "NULL"
            | "MASKED" | "FIRST" | "AFTER",
            ..,
        ] => true,
        _ => false,
    }
}

/// Words that start an action which changes neither names nor columns nor rows.
const OTHER_ACTIONS: &[&str] = &[
    "ALGORITHM",
    "ANALYZE",
    "ARCHIVE",
    "ATTACH",
    "AUTO_INCREMENT",
    "CACHE",
    "CHARACTER",
    "CHARSET",
    "CHECK",
    "CLEAR",
    "CLUSTER",
    "CLUSTERING",
    "COALESCE",
    "COLLATE",
    "COMMENT",
    "COMPACT",
    "COMPRESS",
    "CONVERT",
    "DEFAULT",
    "DETACH",
    "DISABLE",
    "DISCARD",
    "DISTRIBUTE",
    "ENABLE",
    "ENCRYPTION",
    "ENGINE",
    "FOR",
    "FORCE",
    "EXECUTE",
    "FREEZE",
    "GENERATE",
    "IMPORT",
    "INHERIT",
    "KEY_BLOCK_SIZE",
    "LOCK",
    "LOGGING",
    "MATERIALIZE",
    "MERGE",
    "MODIFY_STRUCTURE",
    "NO",
    "NOCHECK",
    "NOCOMPRESS",
    "NOLOGGING",
    "NOPARALLEL",
    "NOT",
    "OF",
    "OPTIMIZE",
    "OPTIONS",
    "ORDER",
    "OWNER",
    "PARALLEL",
    "PARTITION",
    "PARTITIONED",
    "PCTFREE",
    "PERSISTENT",
    "QUALIFY",
    "READ",
    "REBUILD",
    "RECLUSTER",
    "RECOVER",
    "REFRESH",
    "REMOVE",
    "REORGANIZE",
    "REPAIR",
    "REPLICA",
    "RESET",
    "RESUME",
    "ROW",
    "ROW_FORMAT",
    "SECURITY",
    "SET",
    "SHRINK",
    "SPLIT",
    "STATS_PERSISTENT",
    "STORAGE",
    "SUSPEND",
    "TABLESPACE",
    "TOUCH",
    "TRUNCATE",
    "UNARCHIVE",
    "UNFREEZE",
    "UNSET",
    "UPGRADE",
    "VALIDATE",
    "WITH",
    "WITHOUT",
    "WRITE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_on_keys_owners_and_options_change_nothing() {
        for text in [
            "ALTER TABLE ONLY s.t ADD CONSTRAINT k PRIMARY KEY (a), OWNER TO me",
            "ALTER TABLE `t` ADD UNIQUE KEY k (a, b), ENGINE = InnoDB, AUTO_INCREMENT = 7",
            "ALTER TABLE t ON CLUSTER c ADD INDEX IF NOT EXISTS i a TYPE bloom_filter GRANULARITY 1",
            "ALTER TABLE t MATERIALIZE INDEX i",
            "ALTER TABLE t MODIFY COLUMN c SET MASKING POLICY p, COLUMN d SET MASKING POLICY p",
            "ALTER TABLE t SET TAG one = 'a', two = 'b'",
            "ALTER TABLE t ALTER COLUMN c SET STATISTICS 100",
            "ALTER TABLE t ALTER CONSTRAINT k NOT DEFERRABLE",
            "ALTER TABLE t ADD ROW ACCESS POLICY p ON (a)",
            "ALTER TABLE IF EXISTS t RENAME CONSTRAINT a TO b",
            "ALTER MATERIALIZED VIEW v OWNER TO me",
        ] {
            assert!(changes_nothing(text), "{text}");
        }
    }

    #[test]
    fn actions_on_columns_and_names_are_changes() {
        for text in [
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int CODEC(ZSTD)",
            "ALTER TABLE t ADD index_name text",
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1), DROP b",
            "ALTER TABLE t DROP COLUMN a CASCADE",
            "ALTER TABLE t RENAME TO u",
            "ALTER TABLE t ALTER a TYPE bigint USING a::bigint",
            "ALTER TABLE t MODIFY a bigint AFTER b",
            "ALTER TABLE t SET SCHEMA s",
            "ALTER TABLE s.t SWITCH TO u",
            "ALTER TABLE t SOMETHING NEW",
        ] {
            assert!(!changes_nothing(text), "{text}");
        }
    }
}
