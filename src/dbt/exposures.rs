//! Exposures: dashboards and other uses that a project declares, what they depend on, and whom to tell.

use super::reference::Target;
use super::yaml::tree::Node;
use crate::lineage::model::Exposure;
use crate::path::RepoPath;

/// An exposure as its file declares it; what it depends on is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawExposure {
    /// Its name.
    pub name: String,
    /// What it depends on, and where the file says so.
    pub depends_on: Vec<(Target, u32)>,
    /// What people are told of it.
    pub shown: Exposure,
    /// The file.
    pub file: RepoPath,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
}

/// The exposures of a property file.
#[must_use]
pub fn read(file: &RepoPath, root: &Node) -> Vec<RawExposure> {
    root.entries("exposures").filter_map(|exposure| one(file, exposure)).collect()
}

fn one(file: &RepoPath, exposure: &Node) -> Option<RawExposure> {
    let (_, name) = exposure.entry("name")?;
    let text = |node: &Node, key: &str| node.text(key).filter(|text| !text.trim().is_empty());
    let owner = exposure.get("owner").or_else(|| exposure.get("config")?.get("meta")?.get("owner"));
    let owner = owner.and_then(|owner| owner.scalar().or(text(owner, "name")).or(text(owner, "email")));
    let depends_on = exposure.entries("depends_on");
    let depends_on = depends_on.filter_map(|on| Some((Target::parse(&on.scalar()?)?, on.line)));
    Some(RawExposure {
        name: name.scalar()?,
        depends_on: depends_on.collect(),
        shown: Exposure {
            label: text(exposure, "label"),
            category: text(exposure, "type"),
            owner,
            url: text(exposure, "url"),
        },
        file: file.clone(),
        line: name.line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbt::yaml;

    #[test]
    fn an_exposure_has_an_owner_and_what_it_depends_on() {
        let text = "exposures:
  - name: weekly_kpis
    label: Weekly KPIs
    type: dashboard
    url: https://bi.example.com/1
    owner: {name: Ana, email: ana@example.com}
    depends_on:
      - ref('orders')
      - source('raw', 'events')
      - metric('revenue')
      - nonsense
  - name: bare
";
        let file = RepoPath::new("models/exposures.yml").expect("inside");
        let found = read(&file, &yaml::tree(text).expect("YAML"));
        let first = &found[0];
        assert_eq!((first.name.as_str(), first.line, first.depends_on.len()), ("weekly_kpis", 2, 3));
        assert_eq!((first.depends_on[0].1, first.shown.owner.as_deref()), (8, Some("Ana")));
        assert_eq!(
            (first.shown.label.as_deref(), first.shown.category.as_deref()),
            (Some("Weekly KPIs"), Some("dashboard"))
        );
        assert_eq!((found[1].name.as_str(), &found[1].shown), ("bare", &Exposure::default()));
    }
}
