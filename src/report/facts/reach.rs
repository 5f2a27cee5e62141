//! The sentences about downstream assets.

use std::cmp::Reverse;

use crate::impact::Downstream;
use crate::report::facts::Facts;
use crate::report::phrase::Phrase;
use crate::report::words;

/// "Downstream: `a` (breaks), `b` (may differ)."; nothing when there is none.
#[must_use]
pub fn reached(facts: &Facts<'_>, most: usize) -> Phrase {
    if facts.downstream.is_empty() {
        return Phrase::default();
    }
    let asset = |asset: &&Downstream| {
        Phrase::default().name(&asset.name).words(format!(" ({})", words::severity(asset.severity)))
    };
    let at_least = if facts.at_least { "Downstream, at least: " } else { "Downstream: " };
    Phrase::new(at_least).list(facts.downstream.iter().map(asset), most).words(".")
}

/// The worst `most` downstream assets, the nearest first.
#[must_use]
pub fn nearest_first<'a>(facts: &Facts<'a>, most: usize) -> Vec<&'a Downstream> {
    let mut rows: Vec<&Downstream> = facts.downstream.iter().take(most).copied().collect();
    rows.sort_by_key(|asset| (asset.distance, Reverse(asset.severity), asset.name.clone()));
    rows
}

/// The way from the changed asset, without the asset itself: `a` → `b`.
#[must_use]
pub fn through(asset: &Downstream, most: usize) -> Phrase {
    let mut phrase = Phrase::default();
    let hidden = asset.via.len().saturating_sub(most.max(2));
    for (index, name) in asset.via.iter().enumerate() {
        // The first is where the change is, the last is what this asset reads: those in between give way.
        if hidden > 0 && index == 1 {
            phrase = phrase.words(" → …");
        }
        if index >= 1 && index <= hidden {
            continue;
        }
        if index > 0 {
            phrase = phrase.words(" → ");
        }
        phrase = phrase.name(name);
    }
    if phrase.is_empty() { Phrase::new("—") } else { phrase }
}
