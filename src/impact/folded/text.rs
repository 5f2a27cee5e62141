//! The texts of folded models: their expressions, clauses and definitions become part of those of their readers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::impact::names::replace_names;
use crate::lineage::model::{Asset, AssetName, Column, shown};
use crate::lineage::{digest, merge_row_sets, wording};

/// A longer expression is told by a checksum: models that add to each other would double it each time.
const LONGEST_EXPRESSION: usize = 2_000;
/// So many edited models are shown with a reader.
const MOST_SHOWN: usize = 20;

/// What is kept of the texts of folded models.
#[derive(Default)]
pub(super) struct Texts {
    folded: BTreeMap<AssetName, Folded>,
}

struct Folded {
    asset: Asset,
    is_edited: bool,
    /// The folded models that it reads.
    above: Vec<AssetName>,
    /// Its columns, as texts write them, with what they are.
    columns: BTreeMap<String, String>,
}

impl Texts {
    /// Keeps a folded model, its own texts complete.
    pub(super) fn keep(&mut self, asset: Asset, is_edited: bool, above: &[AssetName]) {
        let column = |column: &Column| {
            let text = column.expression.as_deref()?;
            let name = format!("{}.{}", asset.name, wording::name(column.name.as_str()));
            Some((name, enclosed(text)))
        };
        let columns = asset.columns.iter().filter_map(column).collect();
        let above = above.to_vec();
        self.folded.insert(asset.name.clone(), Folded { columns, asset, is_edited, above });
    }

    /// Makes the texts of folded models part of an asset that reads them.
    pub(super) fn pour_into(&self, asset: &mut Asset, above: &[AssetName]) {
        let above: Vec<&Folded> = above.iter().filter_map(|name| self.folded.get(name)).collect();
        let known = |name: &str| above.iter().find_map(|folded| folded.columns.get(name)).map(String::as_str);
        for column in &mut asset.columns {
            let replaced = column.expression.as_deref().map(|text| bounded(&replace_names(text, known)));
            column.expression = replaced.map(|text| Arc::from(without_outer_parentheses(&text)));
        }
        let replaced = |texts: &mut BTreeSet<String>| {
            *texts = texts.iter().map(|text| bounded(&replace_names(text, known))).collect();
        };
        replaced(&mut asset.row_set.filters);
        replaced(&mut asset.row_set.grouping);
        for folded in &above {
            merge_row_sets(&mut asset.row_set, &folded.asset.row_set);
        }
        if let Some(definition) = &asset.definition {
            let of = |folded: &&Folded| {
                let definition = folded.asset.definition.as_deref().unwrap_or_default();
                format!("\n{} is {}", folded.asset.name, digest(definition))
            };
            let added: String = above.iter().map(of).collect();
            asset.definition = Some(format!("{definition}{added}").into());
        }
    }

    /// Shows the SQL of edited models above an asset with its own.
    pub(super) fn tell_edits(&self, asset: &mut Asset, above: &[AssetName]) {
        let (mut open, mut seen): (Vec<&AssetName>, BTreeSet<&AssetName>) = (above.iter().collect(), BTreeSet::new());
        while let Some(folded) = open.pop().filter(|_| seen.len() < self.folded.len()) {
            if seen.insert(folded) {
                open.extend(self.folded.get(folded).into_iter().flat_map(|folded| &folded.above));
            }
        }
        let edited = seen.into_iter().filter_map(|name| self.folded.get(name)).filter(|folded| folded.is_edited);
        let part = |folded: &Folded| {
            let sql = folded.asset.sql.as_deref().unwrap_or_default();
            format!("-- {}, ephemeral\n{sql};\n\n", folded.asset.name)
        };
        let told: String = edited.take(MOST_SHOWN).map(part).collect();
        if let (Some(sql), false) = (&asset.sql, told.is_empty()) {
            asset.sql = Some(format!("{told}-- {}\n{sql}", asset.name).into());
        }
    }
}

fn bounded(text: &str) -> String {
    if text.len() > LONGEST_EXPRESSION { format!("… ({})", digest(text)) } else { text.to_owned() }
}

/// An expression as part of another one. What only means something in its own query is told by a checksum.
fn enclosed(text: &str) -> String {
    if shown(text) != text {
        return format!("({} {})", shown(text), digest(text));
    }
    let is_one_piece = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '"'));
    if is_one_piece { text.to_owned() } else { format!("({text})") }
}

/// An expression that is nothing but another one in parentheses needs none.
fn without_outer_parentheses(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return text };
    let mut depth = 0_usize;
    let closes_early = inner.chars().any(|character| {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    });
    if closes_early || inner.contains('\'') { text } else { inner }
}
