//! Which dialect a text is written in, from words that only one of them has. For the dialect setting `auto`.
//!
//! Cheap on purpose: one walk over the code outside of strings and comments. The parser decides nothing here, since most
//! SQL parses in several dialects and means different things.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use super::dialect::Dialect;
use super::lexical::{Stretch, stretches};
use crate::path::RepoPath;

mod signs;

/// Weight from which a text's dialect is taken for certain.
const CERTAIN: u32 = 3;

/// The dialect that a text gives away, and the plainest sign of it. `None` where nothing does, or two dialects are as
/// likely.
#[must_use]
pub fn detect(text: &str) -> Option<(Dialect, &'static str)> {
    let found = weigh(text);
    let (best, score) = found.iter().max_by_key(|(_, score)| score.total)?;
    let rival = found.iter().filter(|(dialect, _)| dialect != &best).map(|(_, score)| score.total).max();
    (score.total >= CERTAIN && rival.is_none_or(|rival| rival < score.total)).then_some((*best, score.sign))
}

#[derive(Debug, Default, Clone, Copy)]
struct Score {
    total: u32,
    /// The heaviest sign and its weight.
    sign: &'static str,
    heaviest: u32,
}

/// What one sign stands for.
type Sign = (&'static str, Dialect, u32);

fn weigh(text: &str) -> BTreeMap<Dialect, Score> {
    let mut scores = BTreeMap::new();
    // A sign counts once: a hundred casts say no more than one.
    let mut seen = std::collections::BTreeSet::new();
    let mut note = |(sign, dialect, weight): Sign| {
        if seen.insert((sign, dialect)) {
            let score: &mut Score = scores.entry(dialect).or_default();
            score.total += weight;
            if weight > score.heaviest {
                (score.sign, score.heaviest) = (sign, weight);
            }
        }
    };
    let mut previous = String::new();
    for (stretch, range) in stretches(text) {
        let part = text.get(range).unwrap_or_default();
        match stretch {
            Stretch::Code => code(part, &mut previous, &mut note),
            Stretch::Quoted => quoted(part, &mut note),
            Stretch::Dollar => note(("$$", Dialect::Postgres, 1)),
            Stretch::Comment if part.eq_ignore_ascii_case("#standardsql") => {
                note(("#standardSQL", Dialect::BigQuery, 4))
            }
            Stretch::Comment | Stretch::String => {}
        }
    }
    scores
}

/// Backticks are BigQuery's around several dotted parts, and of MySQL's kin around one.
fn quoted(part: &str, note: &mut impl FnMut(Sign)) {
    if !part.starts_with('`') {
        return;
    }
    let dots = part.bytes().filter(|byte| *byte == b'.').count();
    match dots {
        0 => note(("`name`", Dialect::MySql, 1)),
        1 => note(("`a.b`", Dialect::BigQuery, 2)),
        _ => note(("`a.b.c`", Dialect::BigQuery, 4)),
    }
}

static SIGNS: LazyLock<BTreeMap<&'static str, Vec<signs::Word>>> = LazyLock::new(|| {
    let mut table: BTreeMap<&str, Vec<signs::Word>> = BTreeMap::new();
    for word in signs::WORDS {
        table.entry(word.word).or_default().push(*word);
    }
    table
});

fn code(part: &str, previous: &mut String, note: &mut impl FnMut(Sign)) {
    let bytes = part.as_bytes();
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut word = String::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !in_word(byte) {
            punctuation(bytes, at, note);
            at += 1;
            continue;
        }
        let length = bytes.iter().skip(at).take_while(|byte| in_word(byte)).count();
        word.clear();
        word.extend(part.get(at..at + length).unwrap_or_default().chars().map(|c| c.to_ascii_uppercase()));
        at += length;
        if let Some(meanings) = SIGNS.get(word.as_str()) {
            let after = bytes.get(at).copied().unwrap_or_default();
            for meaning in meanings {
                if meaning.holds(previous, after) {
                    note((meaning.sign, meaning.dialect, meaning.weight));
                }
            }
        }
        std::mem::swap(previous, &mut word);
    }
}

fn punctuation(bytes: &[u8], at: usize, note: &mut impl FnMut(Sign)) {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.starts_with(b"::") {
        note(("::", Dialect::Postgres, 1));
    } else if rest.starts_with(b"@@") {
        note(("@@", Dialect::Tsql, 1));
    } else if rest.starts_with(b"[") && is_bracketed_name(bytes, at) {
        note(("[name]", Dialect::Tsql, 3));
    } else if rest.starts_with(b"\n") && is_batch_end(rest) {
        note(("GO", Dialect::Tsql, 4));
    }
}

/// `[name]` where a name may stand, not an index and not an array.
fn is_bracketed_name(bytes: &[u8], at: usize) -> bool {
    let opens_name = match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(before) => before.is_ascii_whitespace() || matches!(before, b'.' | b'(' | b','),
        None => true,
    };
    let inner = bytes.get(at + 1..).unwrap_or_default();
    let length = inner.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ')).count();
    let starts_well = inner.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    opens_name && starts_well && inner.get(length) == Some(&b']')
}

/// A line that holds nothing but `GO`, after the line end at which `rest` starts.
fn is_batch_end(rest: &[u8]) -> bool {
    let line = rest.get(1..).unwrap_or_default();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.trim_ascii().eq_ignore_ascii_case(b"go")
}

/// The dialect that a path names: a folder called like one, or with one in its name (`concepts_postgres`; the nearest
/// counts), or `….postgres.sql`.
#[must_use]
pub fn from_path(path: &RepoPath) -> Option<(Dialect, String)> {
    let named = |part: &str| {
        let dialect = Dialect::from_str(part).ok().filter(|dialect| *dialect != Dialect::Generic);
        dialect.or_else(|| part.eq_ignore_ascii_case("bq").then_some(Dialect::BigQuery))
    };
    let mut infixes = path.file_name().split('.');
    let infix = infixes.by_ref().skip(1).find_map(|part| named(part).map(|dialect| (dialect, part)));
    if let Some((dialect, part)) = infix {
        return Some((dialect, format!("`{part}` in the file name")));
    }
    // A folder that names two (`oracle_to_postgres`) names none.
    let in_folder = |part: &str| {
        let mut found = part.split(['_', '-']).filter_map(named);
        named(part).or_else(|| found.next().filter(|_| found.next().is_none()))
    };
    let folder = path.folder().rsplit('/').find_map(|part| in_folder(part).map(|dialect| (dialect, part)));
    folder.map(|(dialect, part)| (dialect, format!("folder `{part}`")))
}

/// The dialects of a repository's files that gave theirs away, for those that did not.
#[derive(Debug, Default)]
pub struct Majority {
    folders: BTreeMap<String, BTreeMap<Dialect, usize>>,
}

impl Majority {
    /// Counts a file.
    pub fn count(&mut self, path: &RepoPath, dialect: Dialect) {
        for folder in folders(path) {
            *self.folders.entry(folder.to_owned()).or_default().entry(dialect).or_default() += 1;
        }
    }

    /// The dialect of most files in the nearest folder that has any, and words for why.
    #[must_use]
    pub fn dialect(&self, path: &RepoPath) -> Option<(Dialect, String)> {
        folders(path).find_map(|folder| {
            let counts = self.folders.get(folder)?;
            // Of two dialects with as many files the first in the documentation's order wins.
            let (dialect, _) = counts.iter().rev().max_by_key(|(_, count)| **count)?;
            let place = if folder.is_empty() { "the repository".to_owned() } else { format!("`{folder}`") };
            Some((*dialect, format!("like most SQL in {place}")))
        })
    }
}

/// The folders that hold a file, the nearest first, the root (an empty text) last.
fn folders(path: &RepoPath) -> impl Iterator<Item = &str> {
    let nearest = path.folder();
    std::iter::successors(Some(nearest), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str) -> Option<Dialect> {
        detect(text).map(|(dialect, _)| dialect)
    }

    #[test]
    fn a_string_with_an_alias_is_nobodys_sign() {
        assert_eq!(detect("select 'a' as b, \"c\" as d from t"), None);
    }

    #[test]
    fn each_dialect_gives_itself_away() {
        let texts = [
            (Dialect::BigQuery, "select safe_cast(a as int64) from `p.d.t`"),
            (Dialect::BigQuery, "select array(select as struct a from u) as b from t"),
            (
                Dialect::Snowflake,
                "select v:a::string from t, lateral flatten(input => v) qualify row_number() over (order by 1) = 1",
            ),
            (Dialect::Postgres, "create table t (id bigserial primary key, data jsonb)"),
            (Dialect::Redshift, "create table t (id int) distkey(id) sortkey(id)"),
            (Dialect::Tsql, "select [a b] from [dbo].[t]\nGO\n"),
            (Dialect::MySql, "create table `t` (`id` int auto_increment) engine=InnoDB"),
            (Dialect::ClickHouse, "create table t (id UInt64) engine = ReplacingMergeTree order by id"),
            (Dialect::Databricks, "create table t using delta tblproperties ('a' = 'b') as select 1"),
            (Dialect::Spark, "select c from t lateral view explode(xs) x as c"),
            (Dialect::DuckDb, "select * from read_parquet('x.parquet')"),
            (Dialect::Sqlite, "create table t (id integer primary key autoincrement)"),
            (Dialect::Oracle, "create table t (a varchar2(10)); select sysdate from dual"),
            (Dialect::Teradata, "create multiset volatile table t as (select 1) with data"),
        ];
        for (expected, text) in texts {
            assert_eq!(dialect(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn strings_comments_and_plain_sql_say_nothing() {
        for text in ["select 1 from t", "select 'QUALIFY VARIANT' -- distkey\n from t", "", "select a[1], b[x] from t"]
        {
            assert_eq!(detect(text), None, "{text}");
        }
    }

    #[test]
    fn paths_name_dialects_by_folder_or_infix() {
        let named = |path: &str| from_path(&RepoPath::new(path).expect("inside")).map(|(dialect, _)| dialect);
        assert_eq!(named("iv/concepts_postgres/age.sql"), Some(Dialect::Postgres));
        assert_eq!(named("oracle_to_postgres/age.sql"), None);
        assert_eq!(named("sql/postgres/views/a.sql"), Some(Dialect::Postgres));
        assert_eq!(named("bigquery/duckdb/a.sql"), Some(Dialect::DuckDb));
        assert_eq!(named("schema.mysql.sql"), Some(Dialect::MySql));
        assert_eq!(named("models/oracle_customers.sql"), None);
    }

    #[test]
    fn silent_files_follow_most_others_of_the_nearest_folder() {
        let path = |text: &str| RepoPath::new(text).expect("inside");
        let mut majority = Majority::default();
        majority.count(&path("a/x.sql"), Dialect::Postgres);
        majority.count(&path("b/x.sql"), Dialect::Snowflake);
        majority.count(&path("b/y.sql"), Dialect::Snowflake);
        assert_eq!(majority.dialect(&path("a/z/q.sql")), Some((Dialect::Postgres, "like most SQL in `a`".to_owned())));
        assert_eq!(majority.dialect(&path("z.sql")).map(|(dialect, _)| dialect), Some(Dialect::Snowflake));
    }
}
