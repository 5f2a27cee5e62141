//! What a header says: `MODEL (name shop.orders, kind FULL, dialect duckdb, columns (id INT));`.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::macros::named;
use crate::lineage::DeclaredAsset;
use crate::lineage::model::{AssetKind, AssetName, ColumnName};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold_text, parts_in_string};
use crate::sql::lexical::{Stretch, stretches};

/// What a header opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A model.
    Model,
    /// A check of data.
    Audit,
    /// A measure, which has no query.
    Metric,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What it opens.
    pub noun: Noun,
    /// The offset behind it.
    pub end: usize,
    /// Its properties by their names in lower case.
    properties: BTreeMap<String, String>,
}

/// The header that a text starts with.
#[must_use]
pub fn header(text: &str) -> Option<Header> {
    let (start, noun) = opening(text)?;
    let (mut depth, mut item, mut items) = (0_usize, String::new(), Vec::new());
    for (stretch, range) in stretches(text.get(start..)?) {
        let part = text.get(start + range.start..start + range.end)?;
        match stretch {
            Stretch::Comment => continue,
            Stretch::Code => {}
            _ => {
                item.push_str(part);
                continue;
            }
        }
        for (offset, character) in part.char_indices() {
            match character {
                '(' if depth == 0 => depth = 1,
                ',' if depth == 1 => items.push(std::mem::take(&mut item)),
                ')' if depth == 1 => {
                    items.push(item);
                    let close = start + range.start + offset + 1;
                    return Some(Header { noun, end: behind(text, close), properties: properties(&items) });
                }
                _ => {
                    depth = if character == '(' { depth + 1 } else { depth - usize::from(character == ')') };
                    item.push(character);
                }
            }
        }
    }
    None
}

/// Where the parenthesis of a header opens, and what it opens.
fn opening(text: &str) -> Option<(usize, Noun)> {
    for (stretch, range) in stretches(text) {
        let part = text.get(range.clone())?;
        if stretch == Stretch::Comment || part.trim().is_empty() {
            continue;
        }
        let code = part.trim_start();
        let length = code.find(|c: char| !c.is_alphabetic()).unwrap_or(code.len());
        let noun = match code.get(..length)?.to_ascii_uppercase().as_str() {
            "MODEL" => Noun::Model,
            "AUDIT" => Noun::Audit,
            "METRIC" => Noun::Metric,
            _ => return None,
        };
        let rest = code.get(length..)?.trim_start();
        let start = range.end - rest.len();
        return (stretch == Stretch::Code && rest.starts_with('(')).then_some((start, noun));
    }
    None
}

/// Behind the semicolon of a header.
fn behind(text: &str, close: usize) -> usize {
    let rest = text.get(close..).unwrap_or_default();
    rest.trim_start().strip_prefix(';').map_or(close, |rest| text.len() - rest.len())
}

fn properties(items: &[String]) -> BTreeMap<String, String> {
    let pair = |item: &String| {
        let (key, value) = item.trim().split_once(char::is_whitespace)?;
        Some((key.to_lowercase(), value.trim().to_owned()))
    };
    items.iter().filter_map(pair).collect()
}

impl Header {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// The engine that the file is written for.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        let text = self.property("dialect")?.trim_matches(['\'', '"']);
        Dialect::from_str(text.split(',').next()?.trim()).ok()
    }

    /// The name of a model: the one that it gives, else that of its path below `models`.
    #[must_use]
    pub fn name(&self, path: &RepoPath, dialect: Dialect) -> Option<AssetName> {
        if self.noun != Noun::Model {
            return None;
        }
        let folded: Vec<String> = match self.property("name") {
            Some(name) => {
                let parts = parts_in_string(&named(name))?.into_iter();
                parts.map(|(part, quote)| fold_text(&part, quote.is_some(), dialect)).collect()
            }
            None => name_of(path)?.into_iter().map(|part| fold_text(part, false, dialect)).collect(),
        };
        Some(AssetName::from_parts(&folded))
    }

    /// What a model becomes.
    #[must_use]
    pub fn kind(&self) -> AssetKind {
        let kind = self.property("kind").unwrap_or("VIEW");
        let word = kind.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "VIEW" if kind.to_ascii_lowercase().contains("materialized true") => AssetKind::MaterializedView,
            "VIEW" | "EMBEDDED" => AssetKind::View,
            "SEED" => AssetKind::Seed,
            "EXTERNAL" => AssetKind::Source,
            _ => AssetKind::Table,
        }
    }

    /// A model without a query, with the columns that its header gives.
    #[must_use]
    pub fn declared(&self, dialect: Dialect, file: &RepoPath) -> Option<DeclaredAsset> {
        let kind = self.kind();
        if !matches!(kind, AssetKind::Seed | AssetKind::Source) {
            return None;
        }
        let list =
            self.property("columns").and_then(|list| list.strip_prefix('(')?.strip_suffix(')')).unwrap_or_default();
        let column = |item: &str| {
            let (name, data_type) = item.trim().split_once(char::is_whitespace).unwrap_or((item.trim(), ""));
            let data_type = data_type.trim().to_uppercase();
            let is_quoted = name.starts_with(['"', '`']);
            let name = fold_text(name.trim_matches(['"', '`']), is_quoted, dialect);
            (ColumnName::new(&name), (!data_type.is_empty()).then_some(data_type))
        };
        let columns = top_level(list).into_iter().filter(|item| !item.trim().is_empty()).map(column).collect();
        Some(DeclaredAsset {
            name: self.name(file, dialect)?,
            kind,
            columns,
            complete: true,
            file: Some(file.clone()),
            line: 1,
        })
    }
}

/// Most parts of a name that a path gives: catalog, schema and model.
const MOST_PARTS: usize = 3;

/// What SQLMesh calls a model without a name: the last folders below the first that is called `models`, and the file.
fn name_of(path: &RepoPath) -> Option<Vec<&str>> {
    let mut folders = path.folder().split('/');
    folders.find(|folder| *folder == "models")?;
    let mut parts: Vec<&str> = folders.chain([path.stem()]).collect();
    Some(parts.split_off(parts.len().saturating_sub(MOST_PARTS)))
}

/// The items of a list, cut at the commas outside of parentheses.
fn top_level(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let cut = move |c: char| {
        match c {
            '(' | '<' => depth += 1,
            ')' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    list.split(cut).collect()
}
