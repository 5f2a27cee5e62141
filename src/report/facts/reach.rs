//! The sentences about downstream assets.

use std::cmp::Reverse;

use crate::impact::Downstream;
use crate::lineage::model::{AssetKind, EXPOSURE};
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
        let name = if asset.exposure.is_some() { named(asset) } else { Phrase::default().name(&asset.name) };
        let name = name.words(format!(" ({}", words::severity(asset.severity)));
        let name = match &asset.owner {
            Some(owner) if asset.exposure.is_none() => name.words(", owner ").message(owner.as_str()),
            _ => name,
        };
        name.words(")")
    };
    let at_least = if facts.at_least { "Downstream, at least: " } else { "Downstream: " };
    Phrase::new(at_least).list(facts.downstream.iter().map(asset), most).words(".")
}

/// The worst `most` downstream assets: exposures, then the nearest first.
#[must_use]
pub fn nearest_first<'a>(facts: &Facts<'a>, most: usize) -> Vec<&'a Downstream> {
    let mut rows: Vec<&Downstream> = facts.downstream.iter().take(most).copied().collect();
    let is_exposure = |asset: &Downstream| asset.kind == AssetKind::Exposure;
    rows.sort_by_key(|asset| (!is_exposure(asset), asset.distance, Reverse(asset.severity), asset.name.clone()));
    rows
}

/// "exposure `Weekly KPIs` (dashboard, owner Ana)", "model `orders` (owner Bo)".
#[must_use]
pub fn named(asset: &Downstream) -> Phrase {
    let kind = Phrase::new(words::kind(asset.kind)).words(" ");
    let Some(exposure) = &asset.exposure else { return kind.then(owned(asset)) };
    let bare = asset.name.as_str().trim_start_matches(EXPOSURE);
    let mut phrase = kind.name(exposure.label.as_deref().unwrap_or(bare));
    let (mut link, end) = (" (", if exposure.category.is_some() || exposure.owner.is_some() { ")" } else { "" });
    if let Some(category) = &exposure.category {
        phrase = phrase.words(link).message(category.as_str());
        link = ", ";
    }
    if let Some(owner) = &exposure.owner {
        phrase = phrase.words(link).words("owner ").message(owner.as_str());
    }
    phrase.words(end)
}

/// "`orders` (owner Ana)".
#[must_use]
pub fn owned(asset: &Downstream) -> Phrase {
    let name = Phrase::default().name(&asset.name);
    match &asset.owner {
        Some(owner) => name.words(" (owner ").message(owner.as_str()).words(")"),
        None => name,
    }
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
