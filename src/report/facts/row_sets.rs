//! Which clauses of an asset moved, from what to what.

use crate::impact::{AssetChange, ClauseChange};
use crate::report::excerpt;
use crate::report::facts::changes::{DIGEST, asset_names, from, named};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Characters of a clause on each side.
const LONGEST_CLAUSE: usize = 80;
/// Differences told of one clause; more are counted.
const MOST_DIFFERENCES: usize = 2;
/// Parts of a clause that are compared with each other to find out which became which.
const MOST_COMPARED: usize = 16;

/// "view `a`: its filter changed: `x = 1` → `x = 2`; it now also reads `b`", about an asset whose rows may differ.
#[must_use]
pub fn row_set(asset: &AssetChange, most: usize) -> Phrase {
    let mut phrase = named(asset).words(": ");
    let (told, bare): (Vec<&ClauseChange>, Vec<&ClauseChange>) = asset
        .row_set
        .iter()
        .filter(|change| change.clause.moves_rows())
        .partition(|change| !difference(change).is_empty());
    for (index, change) in told.iter().enumerate() {
        let link = if index > 0 { "; " } else { "" };
        phrase = phrase.words(format!("{link}its {} changed: ", words::row_set(change.clause)));
        phrase = phrase.then(difference(change));
    }
    if !bare.is_empty() {
        let link = if told.is_empty() { "" } else { "; " };
        let clauses: Vec<String> = bare.iter().map(|change| words::row_set(change.clause).to_owned()).collect();
        phrase = phrase.words(format!("{link}its {} changed", words::enumerate(&clauses)));
    }
    let phrase = from(phrase, "; it now also reads ", asset_names(&asset.upstream_added), most);
    from(phrase, "; it no longer reads ", asset_names(&asset.upstream_removed), most)
}

/// "`a` → `b`", of an asset that is only sorted otherwise.
pub fn sort_orders(asset: &AssetChange) -> Phrase {
    let orders = asset.row_set.iter().filter(|change| !change.clause.moves_rows());
    Phrase::default().list(orders.map(difference).filter(|phrase| !phrase.is_empty()), MOST_DIFFERENCES)
}

/// The only change of a report, about rows, as a sentence.
#[must_use]
pub fn row_set_sentence(asset: &AssetChange, most: usize) -> Phrase {
    Phrase::new("Other rows may come out of the ").then(row_set(asset, most)).words(".")
}

/// "`x = 1` → `x = 2`, now also `y > 0`"; nothing where the texts are too long to be known.
fn difference(change: &ClauseChange) -> Phrase {
    if change.base.iter().chain(&change.head).any(|text| text.contains(DIGEST)) {
        return Phrase::default();
    }
    let mut gone: Vec<&str> = change.base.iter().map(String::as_str).collect();
    let mut new: Vec<&str> = change.head.iter().map(String::as_str).collect();
    let mut parts = Vec::new();
    while let Some((before, after)) = closest(&gone, &new) {
        gone.retain(|text| *text != before);
        new.retain(|text| *text != after);
        if let Some((before, after)) = excerpt::difference(before, after, LONGEST_CLAUSE) {
            parts.push(Phrase::default().name(before).words(" → ").name(after));
        }
    }
    let alone = |word: &'static str, texts: Vec<&str>| -> Vec<Phrase> {
        texts.iter().map(|text| Phrase::new(word).name(excerpt::start(text, LONGEST_CLAUSE))).collect()
    };
    parts.extend(alone("now also ", new));
    parts.extend(alone("no longer ", gone));
    Phrase::default().list(parts, MOST_DIFFERENCES)
}

/// The two texts that have most in common at their ends; those that have next to nothing are no pair, unless they are
/// the only ones.
fn closest<'t>(gone: &[&'t str], new: &[&'t str]) -> Option<(&'t str, &'t str)> {
    if let ([before], [after]) = (gone, new) {
        return Some((before, after));
    }
    let pairs = gone
        .iter()
        .take(MOST_COMPARED)
        .flat_map(|before| new.iter().take(MOST_COMPARED).map(move |after| (*before, *after)));
    let scored = pairs.map(|(before, after)| (in_common(before, after), before, after));
    let enough = scored.filter(|(common, before, after)| common * 2 > before.len().min(after.len()));
    enough.max_by_key(|(common, ..)| *common).map(|(_, before, after)| (before, after))
}

/// Bytes that two texts share at their start and at their end.
fn in_common(left: &str, right: &str) -> usize {
    let same = |(left, right): &(u8, u8)| left == right;
    let start = left.bytes().zip(right.bytes()).take_while(same).count();
    let end = left.bytes().rev().zip(right.bytes().rev()).take_while(same).count();
    (start + end).min(left.len()).min(right.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impact::RowSetChange;
    use crate::report::phrase::Piece;

    fn told(base: &[&str], head: &[&str]) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let change = ClauseChange { clause: RowSetChange::Filter, base: texts(base), head: texts(head) };
        let piece = |piece: Piece| match piece {
            Piece::Words(words) => words.into_owned(),
            Piece::Name(name) => format!("`{name}`"),
            other => format!("{other:?}"),
        };
        difference(&change).0.into_iter().map(piece).collect()
    }

    #[test]
    fn a_clause_is_told_before_and_after() {
        assert_eq!(told(&["where a = 1"], &["where a in (1, 2)"]), "`where a = 1` → `where a in (1, 2)`");
        assert_eq!(told(&[], &["where a = 1"]), "now also `where a = 1`");
        assert_eq!(told(&["limit 5"], &[]), "no longer `limit 5`");
    }

    #[test]
    fn of_several_parts_those_that_look_alike_belong_together() {
        assert_eq!(
            told(&["where t.status = 'paid'", "where u.kind"], &["where t.status = 'sent'", "where x > 0"]),
            "`where t.status = 'paid'` → `where t.status = 'sent'`, `where u.kind` → `where x > 0`"
        );
        assert_eq!(
            told(&["where t.status = 'paid'"], &["where t.status = 'sent'", "where b", "where c"]),
            "`where t.status = 'paid'` → `where t.status = 'sent'`, now also `where b` and 1 more"
        );
    }

    #[test]
    fn what_is_known_by_its_digest_only_is_not_told() {
        assert_eq!(told(&["where a…#0123456789abcdef"], &["where a…#fedcba9876543210"]), "");
    }
}
