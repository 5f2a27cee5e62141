//! YAML with the line of every key and value, for those who point at places in a file.
//!
//! What an alias stands for has the line on which the alias is: there the file says it.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its line, from 1; 0 where it is not known.
    pub line: u32,
    /// What stands there.
    pub tree: Tree,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A text, a number, a truth value, or nothing.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// Keys with their lines, and their values.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its line, from 1; 0 where it is not known.
    pub line: u32,
    /// The key.
    pub text: String,
}

impl Node {
    /// What stands at a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, node)| node)
    }

    /// A key and what stands at it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&Key, &Self)> {
        self.map().find(|(known, _)| known.text == key)
    }

    /// Keys and values, in order; none where it is no map.
    pub fn map(&self) -> impl Iterator<Item = (&Key, &Self)> {
        let entries = if let Tree::Map(entries) = &self.tree { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, node)| (key, node))
    }

    /// The entries of a list; none where it is none.
    pub fn list(&self) -> impl Iterator<Item = &Self> {
        if let Tree::List(list) = &self.tree { list.as_slice() } else { &[] }.iter()
    }

    /// The entries of the list at a key; none where there is no list.
    pub fn entries(&self, key: &str) -> impl Iterator<Item = &Self> {
        self.get(key).into_iter().flat_map(Self::list)
    }

    /// A scalar as text.
    #[must_use]
    pub fn scalar(&self) -> Option<String> {
        if let Tree::Scalar(value) = &self.tree { super::scalar(value) } else { None }
    }

    /// The scalar at a key as text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.scalar()
    }

    /// Whether a truth value at a key is true.
    #[must_use]
    pub fn is_true(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The same without lines.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.tree {
            Tree::Scalar(value) => value.clone(),
            Tree::List(list) => Value::Array(list.iter().map(Self::value).collect()),
            Tree::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.text.clone(), node.value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self { line: u32::try_from(spanned.referenced.line()).unwrap_or(0), tree: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::from(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::from(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::from(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = sequence.next_element()? {
            list.push(node);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<Node, Node>()? {
            entries.push((Key { line: key.line, text: key.scalar().unwrap_or_default() }, node));
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use crate::dbt::yaml;

    #[test]
    fn keys_and_values_know_their_lines() {
        let text = "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests:\n          - unique\n          - relationships:\n              to: ref('x')\n  # all\n  - {name: b, 1: true}\n";
        let root = yaml::tree(text).expect("YAML");
        let models: Vec<_> = root.entries("models").collect();
        assert_eq!((models[0].line, models[0].text("name").as_deref()), (2, Some("orders")));
        let column = models[0].entries("columns").next().expect("a column");
        let tests: Vec<u32> = column.entries("data_tests").map(|test| test.line).collect();
        assert_eq!((column.line, tests), (4, vec![6, 7]));
        assert!(models[1].is_true("1"));
        assert_eq!(root.value(), yaml::parse(text).expect("YAML"));
    }

    #[test]
    fn what_an_alias_stands_for_is_where_the_alias_is() {
        let text = "x:\n  - &id\n    name: id\nmodels:\n  - columns:\n      - *id\n";
        let root = yaml::tree(text).expect("YAML");
        let model = root.entries("models").next().expect("a model");
        let column = model.entries("columns").next().expect("a column");
        assert_eq!((column.line, column.text("name").as_deref()), (6, Some("id")));
    }
}
