//! What dbt has to build after the change: the changed models, seeds, snapshots and sources by their dbt names, with what
//! is downstream where that is reached. Of several projects in one repository each has its own line, since dbt runs in one
//! project at a time.

use std::collections::{BTreeMap, BTreeSet};

use crate::impact::{AssetChangeKind, Impact, Severity};
use crate::lineage::model::{AssetKind, AssetName, DbtSelector};

/// The arguments for `dbt build`: `stg_orders orders+ source:raw.events+`; in a repository with several projects a line
/// `--project-dir shop -s stg_orders orders+` for each of those that change. `None` where nothing changed that can be built.
pub fn selector(impact: &Impact, selectors: &BTreeMap<AssetName, DbtSelector>) -> Option<String> {
    let reached = impact.downstream.iter().filter(|reached| reached.severity > Severity::Info);
    let reached = reached.filter(|reached| reached.kind != AssetKind::Exposure);
    let passed: BTreeSet<&AssetName> = reached.filter_map(|reached| reached.via.first()).collect();
    let changed = impact.assets.iter().filter(|asset| asset.change != AssetChangeKind::Removed);
    let mut words = BTreeMap::<&str, BTreeSet<String>>::new();
    for asset in changed {
        let Some(selector) = selectors.get(&asset.name).filter(|selector| selector.is_plain()) else { continue };
        let goes_on = asset.kind == AssetKind::Source || passed.contains(&asset.name);
        let end = if goes_on { "+" } else { "" };
        words.entry(&selector.project).or_default().insert(format!("{}{end}", selector.name));
    }
    let projects: BTreeSet<&str> = selectors.values().map(|selector| selector.project.as_str()).collect();
    let line = |(project, words): (&str, BTreeSet<String>)| {
        let words = words.into_iter().collect::<Vec<_>>().join(" ");
        let folder = if project.is_empty() { "." } else { project };
        if projects.len() > 1 { format!("--project-dir {folder} -s {words}") } else { words }
    };
    let lines: Vec<String> = words.into_iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl DbtSelector {
    /// Whether a shell and dbt's selectors take name and folder for what they are. No others go into a command line.
    fn is_plain(&self) -> bool {
        let is_plain = |text: &str, signs: &[char]| {
            !text.starts_with('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(&c))
        };
        is_plain(&self.name, &['_', '-', '.', ':']) && is_plain(&self.project, &['_', '-', '.', '/'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(name: &str, project: &str) -> bool {
        DbtSelector { project: project.to_owned(), name: name.to_owned() }.is_plain()
    }

    #[test]
    fn only_plain_names_go_into_a_command_line() {
        assert!(is_plain("orders.v2", "") && is_plain("source:raw.orders", "dwh/shop-1"));
        for name in ["a b", "a;b", "$(a)", "a,b", "-a", "a*", "a+", "é"] {
            assert!(!is_plain(name, "dwh") && !is_plain("a", name), "{name}");
        }
    }
}
