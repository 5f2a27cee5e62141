//! DROP statements for tables and views that a change removes, in the words of the statements that made them.

use std::collections::BTreeSet;

use crate::lineage::model::{AssetName, LineageGraph, Role};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::lexer::Kind;
use crate::sql::split::{Token, Tokens};

/// Words that may stand between CREATE and the kind of what is made.
const BETWEEN: [&str; 14] = [
    "OR",
    "REPLACE",
    "ALTER",
    "TRANSIENT",
    "SECURE",
    "RECURSIVE",
    "FORCE",
    "EXTERNAL",
    "UNLOGGED",
    "ICEBERG",
    "HYBRID",
    "EDITIONABLE",
    "FOREIGN",
    "MULTISET",
];

/// The assets that a file makes on one side and that nothing makes on the other.
#[must_use]
pub fn gone(file: &RepoPath, (before, after): (&LineageGraph, &LineageGraph)) -> BTreeSet<AssetName> {
    let made = before.files.get(file).into_iter().flat_map(|summary| &summary.assets);
    let is_made = |graph: &LineageGraph, name: &AssetName| {
        graph.assets.get(name).is_some_and(|asset| asset.role == Role::Defined)
    };
    made.filter(|name| is_made(before, name) && !is_made(after, name)).cloned().collect()
}

/// The statements that drop these assets, the last one made first; `None` where none of them is made by the SQL.
#[must_use]
pub fn statements(sql: &str, dialect: Dialect, gone: &BTreeSet<AssetName>) -> Option<String> {
    let made = made(sql, dialect);
    let names: BTreeSet<String> = gone.iter().map(|name| name.base_name().to_lowercase()).collect();
    // A dbt model may be called something else in the database: what its file makes is the one.
    let is_one = gone.len() == 1 && made.len() == 1;
    let dropped = made.iter().rev().filter(|(_, name)| is_one || names.contains(&last_part(name)));
    let text: String = dropped.map(|(kind, name)| format!("DROP {kind} IF EXISTS {name};\n")).collect();
    (!text.is_empty()).then_some(text)
}

/// What a script makes: the kind, and the name as it is written.
fn made(sql: &str, dialect: Dialect) -> Vec<(&'static str, &str)> {
    let mut tokens = Tokens::new(sql, dialect);
    let mut found = Vec::new();
    let mut starts = true;
    while !tokens.is_empty() {
        let token = tokens.next();
        if starts && token.word() == "CREATE" {
            found.extend(created(&mut tokens, sql));
        }
        starts = token.ends_statement();
    }
    found
}

fn created<'s>(tokens: &mut Tokens<'s>, sql: &'s str) -> Option<(&'static str, &'s str)> {
    let mut special = "";
    let kind = loop {
        match tokens.peek(0).word() {
            "TABLE" if special == "DYNAMIC" => break "DYNAMIC TABLE",
            "TABLE" => break "TABLE",
            "VIEW" if special == "MATERIALIZED" => break "MATERIALIZED VIEW",
            "VIEW" => break "VIEW",
            "DYNAMIC" => special = "DYNAMIC",
            "MATERIALIZED" => special = "MATERIALIZED",
            word if BETWEEN.contains(&word) => {}
            _ => return None,
        }
        tokens.next();
    };
    tokens.next();
    while matches!(tokens.peek(0).word(), "IF" | "NOT" | "EXISTS") {
        tokens.next();
    }
    let first = tokens.next();
    let mut end = first.end();
    let belongs = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Quoted) || token.is('.');
    if !belongs(&first) {
        return None;
    }
    while belongs(&tokens.peek(0)) && tokens.peek(0).at.offset == end {
        end = tokens.next().end();
    }
    Some((kind, sql.get(first.at.offset..end)?))
}

/// The last part of a name, without its quotes, in lower case.
fn last_part(name: &str) -> String {
    let bare = name.trim_end_matches(['"', '`', ']']);
    bare.rsplit(['.', '"', '`', '[']).next().unwrap_or(bare).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(sql: &str, dialect: Dialect, gone: &[&str]) -> Option<String> {
        statements(sql, dialect, &gone.iter().map(|name| AssetName::from_dotted(name)).collect())
    }

    #[test]
    fn what_is_gone_is_dropped_in_the_words_that_made_it_the_last_one_first() {
        let sql = "CREATE TABLE shop.\"Orders\" (a int);\nINSERT INTO shop.x SELECT 1;\n\
                   CREATE OR REPLACE MATERIALIZED VIEW shop.totals AS SELECT 1;\nCREATE VIEW kept AS SELECT 1";
        assert_eq!(
            dropped(sql, Dialect::Postgres, &["shop.Orders", "shop.totals"]).as_deref(),
            Some("DROP MATERIALIZED VIEW IF EXISTS shop.totals;\nDROP TABLE IF EXISTS shop.\"Orders\";\n")
        );
        assert_eq!(
            dropped("CREATE TABLE IF NOT EXISTS `p.d.t` (a INT64)", Dialect::BigQuery, &["p.d.t"]).as_deref(),
            Some("DROP TABLE IF EXISTS `p.d.t`;\n")
        );
    }

    #[test]
    fn a_model_is_dropped_under_the_name_that_the_database_has() {
        let sql = "CREATE OR REPLACE TABLE prod.customers_v2 AS SELECT 1";
        assert_eq!(
            dropped(sql, Dialect::Snowflake, &["customers"]).as_deref(),
            Some("DROP TABLE IF EXISTS prod.customers_v2;\n")
        );
    }

    #[test]
    fn what_the_file_does_not_make_is_not_dropped() {
        let sql = "CREATE TEMPORARY TABLE t (a int); CREATE FUNCTION f() RETURNS int AS 'x'; SELECT 1; CREATE";
        assert_eq!(dropped(sql, Dialect::Snowflake, &["t"]), None);
        assert_eq!(dropped("CREATE VIEW a AS SELECT 1; CREATE VIEW b AS SELECT 1", Dialect::Generic, &["c"]), None);
    }
}
