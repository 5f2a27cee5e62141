//! SQL in property files: the expressions that generic tests take. Each is read as the condition of a query on the tested
//! relation, by the parser and the resolver that read every other query; the columns that it names there are what the test
//! names. One with Jinja in it, or that does not parse, names nothing that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lineage::model::{AssetKind, AssetName, Template};
use crate::lineage::{Side, analyze};
use crate::path::RepoPath;
use crate::source::BlobId;
use crate::sql::dialect::Dialect;
use crate::sql::template::{CatalogContent, FilePlace, LineMap, Prepared, TokenTarget};

/// What the tested relation is called in the queries.
const TESTED: &str = "__dbt_tested";

/// An expression of a test.
#[derive(Debug, Clone, Copy)]
pub struct Expression<'e> {
    /// The tested asset.
    pub asset: &'e AssetName,
    /// Its file.
    pub file: &'e RepoPath,
    /// What it says.
    pub text: &'e str,
}

/// The columns of its asset that each expression names.
#[must_use]
pub fn columns(expressions: &[Expression<'_>], dialect: Dialect) -> Vec<BTreeSet<String>> {
    let mut found = vec![BTreeSet::new(); expressions.len()];
    let plain = (0_u32..).zip(expressions).filter(|(_, expression)| !expression.text.contains("{{"));
    let files: Vec<Prepared> = plain.map(|(index, expression)| query(expression, index, dialect)).collect();
    if files.is_empty() {
        return found;
    }
    let graph = analyze(Side { files: &files, declared: &[] });
    for read in graph.reads {
        let index = usize::try_from(read.line).unwrap_or(usize::MAX);
        let tested = expressions.get(index).is_some_and(|expression| *expression.asset == read.asset);
        if let (true, Some(column), Some(found)) = (tested, read.column, found.get_mut(index)) {
            found.insert(column.as_str().to_owned());
        }
    }
    found
}

/// The query for one expression; all of its lines are the expression's number.
fn query(expression: &Expression<'_>, number: u32, dialect: Dialect) -> Prepared {
    let target = TokenTarget { asset: expression.asset.clone(), kind: AssetKind::Model };
    Prepared {
        path: expression.file.clone(),
        blob: BlobId(Arc::from("")),
        sql: format!("select 1 as tested from {TESTED} where (\n{}\n)", expression.text).into(),
        line_map: LineMap::new(vec![number]),
        dialect,
        dialect_reason: String::new(),
        template: Template::None,
        asset: None,
        place: FilePlace::default(),
        tokens: BTreeMap::from([(TESTED.to_owned(), target)]),
        holes: BTreeMap::new(),
        catalog: CatalogContent::Nothing(String::new()),
        diagnostics: Vec::new(),
        partial: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, dialect: Dialect) -> Vec<String> {
        let (asset, file) = (AssetName::from_dotted("orders"), RepoPath::new("models/s.yml").expect("inside"));
        let expression = |text| Expression { asset: &asset, file: &file, text };
        let found = columns(&[expression("other > 0"), expression(text)], dialect);
        assert_eq!(found[0], BTreeSet::from(["other".to_owned()]));
        found[1].iter().cloned().collect()
    }

    #[test]
    fn columns_are_read_as_the_dialect_reads_them() {
        assert_eq!(named("amount + fee > 0 and note != 'total'", Dialect::Postgres), ["amount", "fee", "note"]);
        assert_eq!(named("\"day\" >= current_date - 3", Dialect::Postgres), ["day"]);
        assert_eq!(named("`day` = \"text\"", Dialect::BigQuery), ["day"]);
        assert_eq!(named("AMOUNT::number >= 0 -- whole", Dialect::Snowflake), ["amount"]);
    }

    #[test]
    fn what_is_not_understood_names_nothing() {
        for text in ["", "> 0", "a > {{ var('x') }}", "a b c d"] {
            assert_eq!(named(text, Dialect::Postgres), Vec::<String>::new(), "{text}");
        }
    }
}
