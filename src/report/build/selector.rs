//! What dbt has to build after the change: the changed models, seeds, snapshots and sources by their dbt names, with what
//! is downstream where that is reached.

use std::collections::{BTreeMap, BTreeSet};

use crate::impact::{AssetChangeKind, Impact, Severity};
use crate::lineage::model::{AssetKind, AssetName};

/// `stg_orders orders+ source:raw.events+`; `None` where nothing of a dbt project changed that can be built.
pub fn selector(impact: &Impact, selectors: &BTreeMap<AssetName, String>) -> Option<String> {
    let reached = impact.downstream.iter().filter(|reached| reached.severity > Severity::Info);
    let reached = reached.filter(|reached| reached.kind != AssetKind::Exposure);
    let passed: BTreeSet<&AssetName> = reached.filter_map(|reached| reached.via.first()).collect();
    let changed = impact.assets.iter().filter(|asset| asset.change != AssetChangeKind::Removed);
    let words: BTreeSet<String> = changed
        .filter_map(|asset| {
            let selector = selectors.get(&asset.name).filter(|selector| is_plain(selector))?;
            let is_source = asset.kind == AssetKind::Source;
            let goes_on = is_source || passed.contains(&asset.name);
            Some(if goes_on { format!("{selector}+") } else { selector.clone() })
        })
        .collect();
    (!words.is_empty()).then(|| words.into_iter().collect::<Vec<_>>().join(" "))
}

/// Whether a shell and dbt's selectors take the name for what it is. No other name goes into a command line.
fn is_plain(selector: &str) -> bool {
    !selector.starts_with('-')
        && selector.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_go_into_a_command_line() {
        assert!(is_plain("orders.v2") && is_plain("source:raw.orders"));
        for name in ["a b", "a;b", "$(a)", "a,b", "-a", "a*", "a+", "é"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
