//! `ref(…)`, `source(…)` and `metric(…)` as property files write them, with or without braces around.

/// What a property file points at, not yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A model, seed or snapshot.
    Node {
        /// The package, where it is named.
        package: Option<String>,
        /// The dbt name.
        name: String,
        /// The version, where it is named.
        version: Option<String>,
    },
    /// A table of a source.
    Source {
        /// The source.
        source: String,
        /// Its table.
        table: String,
    },
    /// A metric.
    Metric(String),
}

impl Target {
    /// A model, seed or snapshot of the same project.
    #[must_use]
    pub fn node(name: &str) -> Self {
        Self::Node { package: None, name: name.to_owned(), version: None }
    }

    /// Reads `ref('orders', v=2)`, `{{ source("raw", "orders") }}`, `metric('revenue')`. `None` for anything else, and
    /// where a name is not written out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
        let (call, rest) = text.split_once('(')?;
        let arguments: Vec<&str> = rest.trim_end().strip_suffix(')')?.split(',').map(str::trim).collect();
        let quoted = |argument: &str| {
            let mark = argument.chars().next().filter(|mark| matches!(mark, '\'' | '"'))?;
            let name = argument.strip_prefix(mark)?.strip_suffix(mark)?;
            (!name.contains(['\'', '"'])).then(|| name.to_owned())
        };
        let (named, plain): (Vec<&str>, Vec<&str>) = arguments.into_iter().partition(|argument| argument.contains('='));
        let names: Vec<String> = plain.into_iter().map(quoted).collect::<Option<_>>()?;
        match (call.trim(), names.as_slice()) {
            ("ref", [name]) => Some(Self::Node { package: None, name: name.clone(), version: version(&named) }),
            ("ref", [package, name]) => {
                Some(Self::Node { package: Some(package.clone()), name: name.clone(), version: version(&named) })
            }
            ("source", [source, table]) => Some(Self::Source { source: source.clone(), table: table.clone() }),
            ("metric", [name] | [_, name]) => Some(Self::Metric(name.clone())),
            _ => None,
        }
    }
}

fn version(named: &[&str]) -> Option<String> {
    named.iter().find_map(|argument| {
        let (key, value) = argument.split_once('=')?;
        matches!(key.trim(), "v" | "version").then(|| value.trim().trim_matches(['\'', '"']).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_in_every_spelling() {
        assert_eq!(Target::parse("ref('orders')"), Some(Target::node("orders")));
        let versioned = Target::Node { package: Some("shop".into()), name: "orders".into(), version: Some("2".into()) };
        assert_eq!(Target::parse("{{ ref(\"shop\", 'orders', v=2) }}"), Some(versioned));
        let source = Target::Source { source: "raw".into(), table: "orders".into() };
        assert_eq!(Target::parse("source('raw', 'orders')"), Some(source));
        assert_eq!(Target::parse("metric('revenue')"), Some(Target::Metric("revenue".into())));
    }

    #[test]
    fn what_names_nothing_is_no_reference() {
        for text in ["", "orders", "ref(x)", "ref()", "ref('a'", "ref('a', 'b', 'c')", "var('a')", "ref('a') or x", "("]
        {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
