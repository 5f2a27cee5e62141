//! The identifiers that stand for relations in rendered SQL.
//!
//! `ref('orders')` becomes `__dbt_ref_orders`, `source('raw', 'orders')` becomes `__dbt_source_raw__orders`: lower case, one
//! for each target, and nothing that a person would call a CTE.

use std::collections::BTreeMap;

use crate::lineage::model::{AssetKind, AssetName};
use crate::sql::jinja::hole::checksum;
use crate::sql::template::TokenTarget;

/// Every token starts like this.
pub const TOKEN_PREFIX: &str = "__dbt_";

/// The token for an asset.
#[must_use]
pub fn token(asset: &AssetName, kind: AssetKind) -> String {
    let word = if kind == AssetKind::Source { "source" } else { "ref" };
    let parts = asset.parts();
    let name: Vec<String> = parts.iter().map(|part| plain(part)).collect();
    // Two assets whose names look alike once written plainly are told apart by a checksum.
    let ambiguous =
        parts.iter().zip(&name).any(|(part, plain)| part != plain || part.contains("__") && parts.len() > 1);
    let suffix = if ambiguous { format!("_{:04x}", checksum(asset.as_str()) & 0xffff) } else { String::new() };
    format!("{TOKEN_PREFIX}{word}_{}{suffix}", name.join("__"))
}

fn plain(part: &str) -> String {
    part.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// One occurrence of a token in a text.
#[derive(Debug, PartialEq, Eq)]
struct Occurrence<'a> {
    start: usize,
    /// The whole word, in the text's case.
    word: &'a str,
}

fn occurrences(text: &str) -> impl Iterator<Item = Occurrence<'_>> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut from = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        loop {
            let start = from + text.get(from..)?.find("__")?;
            from = start + 1;
            let candidate = bytes.get(start..start + TOKEN_PREFIX.len());
            if candidate.is_some_and(|word| word.eq_ignore_ascii_case(TOKEN_PREFIX.as_bytes())) {
                let rest = text.get(start..)?;
                let word = rest.get(..rest.find(|c| !in_word(c)).unwrap_or(rest.len()))?;
                from = start + word.len();
                return Some(Occurrence { start, word });
            }
        }
    })
}

/// The tokens that stand in a text, each with its target. Where a template writes more letters right behind a token
/// (`{{ source('raw', 'events') }}_2024`), the longer word is a token of its own, for the relation with the longer name.
#[must_use]
pub fn occurring(text: &str, known: &BTreeMap<String, TokenTarget>) -> BTreeMap<String, TokenTarget> {
    let mut found = BTreeMap::new();
    for occurrence in occurrences(text) {
        let word = occurrence.word.to_ascii_lowercase();
        let Some((token, rest)) = split(&word, known) else { continue };
        let Some(mut target) = known.get(token).cloned() else { continue };
        if !rest.is_empty() {
            target.asset = AssetName::from_dotted(&format!("{}{rest}", target.asset));
        }
        found.insert(word.clone(), target);
    }
    found
}

/// The text with each token as what `relation` says for its target, and letters behind the token kept.
#[must_use]
pub fn substitute(
    text: &str,
    known: &BTreeMap<String, TokenTarget>,
    relation: &dyn Fn(&TokenTarget) -> String,
) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for occurrence in occurrences(text) {
        let word = occurrence.word.to_ascii_lowercase();
        let Some((token, rest)) = split(&word, known) else { continue };
        let Some(target) = known.get(token) else { continue };
        result.push_str(text.get(done..occurrence.start).unwrap_or_default());
        result.push_str(&relation(target));
        result.push_str(rest);
        done = occurrence.start + occurrence.word.len();
    }
    result.push_str(text.get(done..).unwrap_or_default());
    result
}

/// The longest known token that a word starts with, and the rest of the word.
fn split<'a>(word: &'a str, known: &BTreeMap<String, TokenTarget>) -> Option<(&'a str, &'a str)> {
    (TOKEN_PREFIX.len()..=word.len()).rev().find_map(|end| {
        let (token, rest) = word.split_at_checked(end)?;
        known.contains_key(token).then_some((token, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> BTreeMap<String, TokenTarget> {
        let target = |name: &&str| {
            let asset = AssetName::from_dotted(name);
            let kind = if name.contains('.') { AssetKind::Source } else { AssetKind::Model };
            (token(&asset, kind), TokenTarget { asset, kind })
        };
        names.iter().map(target).collect()
    }

    #[test]
    fn each_target_has_its_own_token() {
        let names = ["orders", "Orders", "or-ders", "or_ders", "a__b.c", "a.b__c", "a.b"];
        let tokens = known(&names);
        assert_eq!(tokens.len(), names.len());
        assert!(tokens.contains_key("__dbt_ref_orders") && tokens.contains_key("__dbt_source_a__b"));
        assert!(
            tokens.keys().all(|token| token.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        );
    }

    #[test]
    fn letters_behind_a_token_make_another_relation() {
        let known = known(&["raw.events"]);
        let text = "select * from __dbt_source_raw__events_2024 join __DBT_SOURCE_RAW__EVENTS";
        let found = occurring(text, &known);
        assert_eq!(found["__dbt_source_raw__events_2024"].asset.as_str(), "raw.events_2024");
        assert_eq!(found["__dbt_source_raw__events"].asset.as_str(), "raw.events");
        let sql = substitute(text, &known, &|target| format!("db.{}", target.asset));
        assert_eq!(sql, "select * from db.raw.events_2024 join db.raw.events");
    }
}
