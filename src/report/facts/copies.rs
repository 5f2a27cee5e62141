//! Rows that tell the same of one asset in several dialects, as one row.
//!
//! A repository may keep a table's SQL once for each warehouse. What changes in all of them is read once; the JSON report
//! keeps each.

use std::collections::BTreeMap;

use crate::impact::{AssetChange, AssetChangeKind, ColumnChange, ColumnChangeKind};
use crate::lineage::model::{AssetName, ColumnRef};
use crate::path::RepoPath;
use crate::report::excerpt;
use crate::report::facts::changes::{ChangeRow, DIGEST, SHORT_EXPRESSION, What};
use crate::sql::dialect::Dialect;

/// What a row tells, apart from the dialect.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Told<'a> {
    asset: &'a str,
    change: AssetChangeKind,
    columns: usize,
    column: Option<(&'a str, Option<&'a str>, ColumnChangeKind)>,
    excerpts: Vec<String>,
}

/// The rows, each once for all dialects; `dialects` are those of the changed files.
pub fn fold<'a>(rows: Vec<ChangeRow<'a>>, dialects: &BTreeMap<&RepoPath, Dialect>) -> Vec<ChangeRow<'a>> {
    let mut folded: Vec<ChangeRow<'a>> = Vec::with_capacity(rows.len());
    let mut places: BTreeMap<Told<'a>, usize> = BTreeMap::new();
    for row in rows {
        let dialect = row.asset.file.as_ref().and_then(|file| dialects.get(file)).copied();
        let told = told(&row).zip(dialect);
        let Some((told, dialect)) = told else {
            folded.push(row);
            continue;
        };
        let known = places.get(&told).and_then(|place| folded.get_mut(*place));
        match known.filter(|known| !is_in(known, dialect, dialects)) {
            Some(known) => known.copies.push((dialect, row.asset)),
            None => {
                places.insert(told, folded.len());
                folded.push(row);
            }
        }
    }
    folded
}

/// Whether a row already stands for an asset of this dialect: two of one dialect are two assets.
fn is_in(row: &ChangeRow<'_>, dialect: Dialect, dialects: &BTreeMap<&RepoPath, Dialect>) -> bool {
    let own = row.asset.file.as_ref().and_then(|file| dialects.get(file));
    own == Some(&dialect) || row.copies.iter().any(|(other, _)| *other == dialect)
}

/// `None` for a row that stays by itself: who reads what is gone is told of each.
fn told<'a>(row: &ChangeRow<'a>) -> Option<Told<'a>> {
    let asset: &'a AssetChange = row.asset;
    if !asset.refused.is_empty()
        || !row.readers().is_empty()
        || !asset.read_by_position.is_empty()
        || asset.previous_name.is_some()
    {
        return None;
    }
    let (column, excerpts) = match row.what {
        What::Asset | What::Refused => {
            (None, [&asset.upstream_removed, &asset.upstream_added].map(|names| assets(names)).into())
        }
        What::Column(column) => {
            let previous = column.previous_name.as_ref().map(|name| name.as_str());
            (Some((column.name.as_str(), previous, column.change)), excerpts(column))
        }
    };
    let columns = asset.columns.len() * usize::from(column.is_none());
    Some(Told { asset: own_name(asset.name.as_str()), change: asset.change, columns, column, excerpts })
}

/// The name without what stands in front of it and without the dialect: `a.orders@duckdb`, `sql/a/orders` → `orders`.
fn own_name(name: &str) -> &str {
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    last.split_once('@').map_or(last, |(own, _)| own).trim_matches('"')
}

fn assets(names: &[AssetName]) -> String {
    names.iter().map(|name| own_name(name.as_str())).collect::<Vec<_>>().join(", ")
}

fn columns(columns: &[ColumnRef]) -> String {
    let own = |column: &ColumnRef| format!("{}.{}", own_name(column.asset.as_str()), column.column);
    columns.iter().map(own).collect::<Vec<_>>().join(", ")
}

/// What differs between the expressions where they are known, else where the values come from.
fn excerpts(column: &ColumnChange) -> Vec<String> {
    let mut excerpts = vec![columns(&column.base_sources), columns(&column.head_sources)];
    excerpts.extend(column.base_type.clone().into_iter().chain(column.head_type.clone()));
    let known = column.base_expression.as_deref().zip(column.head_expression.as_deref());
    if let Some((before, after)) = known.filter(|(before, after)| !before.contains(DIGEST) && !after.contains(DIGEST)) {
        let (before, after) = (without_dialects(before), without_dialects(after));
        excerpts.extend(excerpt::difference(&before, &after, SHORT_EXPRESSION).map(|(before, _)| before));
        excerpts.extend(excerpt::difference(&before, &after, SHORT_EXPRESSION).map(|(_, after)| after));
    }
    excerpts
}

/// An expression with `orders@duckdb` as `orders`.
fn without_dialects(text: &str) -> String {
    let mut parts = text.split('@');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let word = part.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        match word.parse::<Dialect>() {
            Ok(dialect) if dialect.name() == word => plain.push_str(part.get(word.len()..).unwrap_or_default()),
            _ => {
                plain.push('@');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::model::{AssetKind, ColumnName};
    use crate::report::facts::changes::rows;

    #[test]
    fn names_are_compared_without_folders_schemas_and_dialects() {
        assert_eq!(["a.b.c", "x/y/c", "c@duckdb", "a.c@postgres"].map(own_name), ["c"; 4]);
        assert_eq!(without_dialects("a.c@duckdb.x + @v + b@"), "a.c.x + @v + b@");
    }

    fn changed(name: &str, file: &str, after: &str) -> AssetChange {
        let column = ColumnChange {
            base_expression: Some(format!("{name}.a < 50")),
            head_expression: Some(format!("{name}.a {after}")),
            ..ColumnChange::new(ColumnName::new("n"), ColumnChangeKind::LineageChanged)
        };
        let change = AssetChange::new(AssetName::from_dotted(name), AssetKind::Table, AssetChangeKind::Modified);
        AssetChange { file: Some(RepoPath::new(file).expect("inside")), columns: vec![column], ..change }
    }

    #[test]
    fn what_is_the_same_in_several_dialects_is_one_row() {
        let assets = [
            changed("d.age", "pg/age.sql", "<= 50"),
            changed("d.age@bigquery", "bq/age.sql", "<= 50"),
            changed("d.age@duckdb", "duck/age.sql", "<= 60"),
            changed("e.age", "pg/more.sql", "<= 50"),
            changed("d.size", "bq/size.sql", "<= 50"),
        ];
        let of_file = |asset: &AssetChange| match asset.file.as_ref().map(RepoPath::folder) {
            Some("pg") => Dialect::Postgres,
            Some("bq") => Dialect::BigQuery,
            _ => Dialect::DuckDb,
        };
        let files = assets.iter().filter_map(|asset| Some((asset.file.as_ref()?, of_file(asset))));
        let folded = fold(rows(&assets), &files.collect());
        let told: Vec<String> = folded.iter().map(|row| format!("{}{}", row.asset.name, row.more_dialects())).collect();
        let expected = ["d.age and 1 more dialect: bigquery", "d.age@duckdb", "e.age", "d.size"];
        assert_eq!(told, expected, "another change, another asset of the same dialect and another name stay");
    }
}
