//! Identifier folding: one place that decides when two spellings are the same name.
//!
//! A folded name is what the graph compares and shows. Dialects that fold to upper case (Snowflake, Oracle) are shown
//! in lower case: an unquoted `Orders`, and a quoted `"ORDERS"`, are `orders`; a quoted `"Orders"` stays as it is.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::sql::dialect::{Dialect, Folding};

/// What SQL means where it names no database or schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Defaults {
    /// The database, project or catalog.
    pub database: Option<String>,
    /// The schema or dataset.
    pub schema: Option<String>,
}

impl Defaults {
    /// Nothing is set.
    pub const NONE: Self = Self { database: None, schema: None };

    /// The same as a dialect folds them. Where a database holds tables and no schemas, it is what qualifies a table.
    #[must_use]
    pub fn of_dialect(&self, dialect: Dialect) -> Self {
        let folded = |name: &Option<String>| name.as_deref().map(|name| fold_text(name, false, dialect));
        let (database, schema) = (folded(&self.database), folded(&self.schema));
        let one_level = matches!(dialect, Dialect::MySql | Dialect::ClickHouse | Dialect::Hive | Dialect::Teradata);
        match (database, schema) {
            (Some(database), None) if one_level => Self { database: None, schema: Some(database) },
            (database, schema) => Self { database, schema },
        }
    }

    /// The folded parts of a name with what it leaves out, as far as that is known. T-SQL's `db..t` is in the schema of
    /// the user, which is `dbo` where nothing else is said.
    #[must_use]
    pub fn qualify(&self, mut parts: Vec<String>) -> Vec<String> {
        if let [.., schema, _] = parts.as_mut_slice()
            && schema.is_empty()
        {
            *schema = self.schema.clone().unwrap_or_else(|| "dbo".to_owned());
        }
        let database = self.database.iter();
        let missing: Vec<&String> = match (parts.len(), &self.schema) {
            (1, Some(schema)) => database.chain([schema]).collect(),
            (2, _) => database.collect(),
            _ => return parts,
        };
        missing.into_iter().cloned().chain(parts).collect()
    }
}

/// The parts of a name that stands in a string (`IDENTIFIER('db.schema.t')`), each with its quote; `None` where the string
/// holds more than a name, as a variable does.
#[must_use]
pub fn parts_in_string(text: &str) -> Option<Vec<(String, Option<char>)>> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '&' | '{' | '}' | '<' | '>');
    let part = |part: &str| match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(name) => Some((name.to_owned(), Some('"'))),
        None => (!part.is_empty() && part.chars().all(plain)).then(|| (part.to_owned(), None)),
    };
    text.split('.').map(part).collect()
}

/// How the name of a table begins that only the run knows: `IDENTIFIER(:t)`, with its words as its name.
const NAMED_AT_RUN_TIME: &str = "IDENTIFIER(";

/// The name of a table that a variable names, from the words in the parentheses.
#[must_use]
pub fn named_at_run_time(words: &str) -> String {
    format!("{NAMED_AT_RUN_TIME}{words})")
}

/// Whether a part of a name says that only the run knows it.
#[must_use]
pub fn is_named_at_run_time(part: &str) -> bool {
    part.get(..NAMED_AT_RUN_TIME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAMED_AT_RUN_TIME))
}

/// Words that are no name in any dialect unless they stand in quotes.
const NEVER_NAMES: [&str; 16] = [
    "WHERE",
    "JOIN",
    "ON",
    "FROM",
    "SELECT",
    "GROUP",
    "ORDER",
    "HAVING",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "SET",
    "INTO",
    "AND",
    "OR",
    "AS",
];

/// Whether a word is a name in no dialect.
#[must_use]
pub fn is_never_a_name(word: &str) -> bool {
    NEVER_NAMES.iter().any(|never| word.eq_ignore_ascii_case(never))
}

/// The folded form of one identifier.
#[must_use]
pub fn fold(ident: &Ident, dialect: Dialect) -> String {
    fold_text(&ident.value, ident.quote_style.is_some(), dialect)
}

/// The folded form of a text that stood in quotes or not.
#[must_use]
pub fn fold_text(text: &str, quoted: bool, dialect: Dialect) -> String {
    match dialect.folding() {
        Folding::Sensitive => text.to_owned(),
        Folding::Insensitive => text.to_lowercase(),
        Folding::Lower if quoted => text.to_owned(),
        Folding::Upper if quoted && text.chars().any(char::is_lowercase) => text.to_owned(),
        Folding::Lower | Folding::Upper => text.to_lowercase(),
    }
}

/// The folded parts of an object name. In BigQuery one pair of backticks may hold several parts:
/// `` `project.dataset.table` ``, and a table is the same in each of its partitions and date shards.
#[must_use]
pub fn fold_name(name: &ObjectName, dialect: Dialect) -> Vec<String> {
    // `database..table`
    let left_out = match dialect {
        Dialect::Tsql => Some(""),
        Dialect::Snowflake => Some("public"),
        _ => None,
    };
    let mut parts = Vec::with_capacity(name.0.len());
    for part in &name.0 {
        let ident = match part {
            ObjectNamePart::Identifier(ident) => ident,
            ObjectNamePart::Function(function) => &function.name,
        };
        let folded = fold(ident, dialect);
        if dialect == Dialect::BigQuery && folded.contains('.') {
            parts.extend(folded.split('.').filter(|piece| !piece.is_empty()).map(str::to_owned));
        } else if !folded.is_empty() {
            parts.push(folded);
        } else if let (1.., Some(schema)) = (parts.len(), left_out) {
            parts.push(schema.to_owned());
        }
    }
    if dialect == Dialect::BigQuery
        && let Some(last) = parts.last_mut()
    {
        whole_table(last);
    }
    parts
}

/// `t$20240131` is a partition of `t`, and `events_20240131` a shard of what `events_*` reads.
fn whole_table(table: &mut String) {
    if let Some((name, partition)) = table.split_once('$')
        && !name.is_empty()
        && partition.bytes().all(|byte| byte.is_ascii_digit())
    {
        *table = name.to_owned();
    }
    let shard = table.strip_suffix('*').unwrap_or(table);
    let prefix = shard.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = shard.get(prefix.len()..).unwrap_or_default();
    let is_shard = if table.ends_with('*') { digits.len() <= 8 } else { is_date(digits) };
    if is_shard && prefix.len() > 1 && prefix.ends_with('_') {
        *table = format!("{prefix}*");
    }
}

/// Whether eight digits are a day, as date shards write it.
fn is_date(digits: &str) -> bool {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u32>().ok());
    match (digits.len(), number(0, 4), number(4, 6), number(6, 8)) {
        (8, Some(year), Some(month), Some(day)) => {
            (1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_what_they_leave_out_from_the_defaults() {
        let of = |database: &str, schema: &str, dialect| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Defaults { database: given(database), schema: given(schema) }.of_dialect(dialect)
        };
        let name =
            |defaults: &Defaults, name: &str| defaults.qualify(name.split('.').map(str::to_owned).collect()).join(".");
        let both = of("Prod", "public", Dialect::Postgres);
        assert_eq!(name(&both, "t"), "prod.public.t");
        assert_eq!(name(&both, "s.t"), "prod.s.t");
        assert_eq!(name(&both, "d.s.t"), "d.s.t");
        assert_eq!(name(&of("", "public", Dialect::Postgres), "t"), "public.t");
        assert_eq!(name(&of("prod", "", Dialect::BigQuery), "t"), "t");
        assert_eq!(name(&of("prod", "", Dialect::BigQuery), "s.t"), "prod.s.t");
        assert_eq!(name(&of("shop", "", Dialect::MySql), "t"), "shop.t");
        assert_eq!(name(&of("shop", "", Dialect::MySql), "s.t"), "s.t");
    }

    #[test]
    fn partitions_and_date_shards_of_bigquery_are_their_table() {
        let folded =
            |name: &str, dialect| fold_name(&ObjectName::from(vec![Ident::with_quote('`', name)]), dialect).join(".");
        let cases = [
            ("p.d.events_20240131", "p.d.events_*"),
            ("p.d.events_*", "p.d.events_*"),
            ("p.d.events_2024*", "p.d.events_*"),
            ("p.d.events_intraday_20240131", "p.d.events_intraday_*"),
            ("p.d.t$20240131", "p.d.t"),
            ("p.d.orders_v1", "p.d.orders_v1"),
            ("p.d.batch_20241399", "p.d.batch_20241399"),
            ("p.d.id_12345678", "p.d.id_12345678"),
        ];
        for (written, expected) in cases {
            assert_eq!(folded(written, Dialect::BigQuery), expected);
        }
        assert_eq!(folded("events_20240131", Dialect::MySql), "events_20240131");
    }

    #[test]
    fn folding_follows_the_dialect() {
        let cases = [
            (Dialect::Postgres, "Orders", false, "orders"),
            (Dialect::Postgres, "Orders", true, "Orders"),
            (Dialect::Snowflake, "Orders", false, "orders"),
            (Dialect::Snowflake, "ORDERS", true, "orders"),
            (Dialect::Snowflake, "Orders", true, "Orders"),
            (Dialect::BigQuery, "Orders", true, "orders"),
            (Dialect::ClickHouse, "Orders", false, "Orders"),
        ];
        for (dialect, text, quoted, expected) in cases {
            assert_eq!(fold_text(text, quoted, dialect), expected, "{dialect} {text} {quoted}");
        }
    }
}
