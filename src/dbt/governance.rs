//! Who owns a node, which group it belongs to, and who may name it: texts as they are written, Jinja not rendered.

use serde_json::{Map, Value};

use super::yaml;

/// What is said of a node at one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Governance {
    /// The group that it belongs to.
    pub group: Option<String>,
    /// `private`, `protected` or `public`.
    pub access: Option<String>,
    /// Whom to ask, by its own `meta`.
    pub owner: Option<String>,
}

impl Governance {
    /// Reads `group`, `access` and `meta` by a function that gives what stands at a key.
    #[must_use]
    pub fn read(at: &dyn Fn(&str) -> Option<Value>) -> Self {
        let text = |key: &str| at(key).as_ref().and_then(yaml::scalar).filter(|text| !text.trim().is_empty());
        let meta = at("meta");
        let owner = meta.as_ref().and_then(|meta| owner(meta.get("owner")?));
        Self { group: text("group"), access: text("access"), owner }
    }

    /// What a property file says of a node: under `config`, else beside it.
    #[must_use]
    pub fn of_entry(entry: &Value) -> Self {
        let config = |key: &str| entry.get("config")?.get(key).cloned();
        Self::read(&config).over(Self::read(&|key| entry.get(key).cloned()))
    }

    /// This, with what a less specific place says where this says nothing.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        Self {
            group: self.group.or(general.group),
            access: self.access.or(general.access),
            owner: self.owner.or(general.owner),
        }
    }
}

/// The groups of a property file that say who owns them, each with its owner.
pub fn groups(root: &Value) -> impl Iterator<Item = (String, String)> {
    yaml::entries(root, "groups").filter_map(|group| Some((yaml::text(group, "name")?, owner(group.get("owner")?)?)))
}

/// An owner as a text, as several of them, or with a name or an address.
fn owner(value: &Value) -> Option<String> {
    let of_map =
        |map: &Map<String, Value>| ["name", "email"].iter().find_map(|key| map.get(*key).and_then(yaml::scalar));
    let told = match value {
        Value::Object(map) => of_map(map),
        Value::Array(list) => Some(list.iter().filter_map(yaml::scalar).collect::<Vec<_>>().join(", ")),
        one => yaml::scalar(one),
    };
    told.filter(|text| !text.trim().is_empty() && !text.contains("{{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> (Option<String>, Option<String>, Option<String>) {
        let Governance { group, access, owner } = Governance::of_entry(&yaml::parse(text).expect("YAML"));
        (group, access, owner)
    }

    #[test]
    fn what_stands_under_config_counts_before_what_stands_beside_it() {
        let text =
            "group: a\naccess: public\nmeta: {owner: Ana}\nconfig: {group: b, meta: {owner: {email: bo@x.org}}}\n";
        assert_eq!(said(text), (Some("b".into()), Some("public".into()), Some("bo@x.org".into())));
        assert_eq!(said("meta: {owner: [Ana, Bo]}").2, Some("Ana, Bo".into()));
        assert_eq!(said("meta: {owner: ''}\ngroup: ''"), (None, None, None));
    }

    #[test]
    fn groups_have_owners() {
        let root =
            yaml::parse("groups:\n  - {name: a, owner: {email: a@x.org, name: Ana}}\n  - name: b\n").expect("YAML");
        assert_eq!(groups(&root).collect::<Vec<_>>(), [("a".to_owned(), "Ana".to_owned())]);
    }
}
