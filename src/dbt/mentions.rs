//! The places in property files that name columns: generic tests, contracts, unit tests, semantic models, metrics.
//!
//! What a contract would promise is read wherever columns have types, as dbt wants it for a contract: whether one is
//! enforced is not only for YAML to say.
//!
//! They are no lineage: no value flows there. Such a place breaks when what it names is gone. Of expressions in YAML those
//! of generic tests are handed on as they are, and of the others only plain names are read; of unit tests the rows that are
//! written as maps or CSV in the file itself.

mod semantics;
mod unit_tests;

use super::reference::Target;
use super::yaml::tree::{Key, Node, Tree};
use crate::lineage::model::{Mention, MentionKind};
use crate::path::RepoPath;

/// A place that names an asset, or a column of one; the asset's name is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMention {
    /// What it points at.
    pub target: Target,
    /// The column; `None` where it names the asset as such.
    pub column: Option<String>,
    /// SQL that names columns, where no column is written out.
    pub expression: Option<String>,
    /// What the place is.
    pub mention: Mention,
    /// The type that a contract promises.
    pub data_type: Option<String>,
    /// The file.
    pub file: RepoPath,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
}

/// Every such place in a property file.
#[must_use]
pub fn read(file: &RepoPath, root: &Node) -> Vec<RawMention> {
    let mut collector = Collector { file, found: Vec::new() };
    for section in ["models", "seeds", "snapshots"] {
        for entry in root.entries(section) {
            collector.node(entry);
        }
    }
    for source in root.entries("sources") {
        for table in source.entries("tables") {
            if let (Some(source), Some(name)) = (source.text("name"), table.text("name")) {
                let columns: Vec<&Node> = table.entries("columns").collect();
                collector.relation(&Target::Source { source, table: name }, (&tests(table), &columns), None);
            }
        }
    }
    for test in root.entries("unit_tests") {
        collector.unit_test(test);
    }
    for model in root.entries("semantic_models") {
        collector.semantic_model(model);
    }
    for metric in root.entries("metrics") {
        collector.metric(metric);
    }
    collector.found
}

/// Gathers the places of one file.
struct Collector<'f> {
    file: &'f RepoPath,
    found: Vec<RawMention>,
}

impl Collector<'_> {
    fn add(&mut self, target: &Target, column: Option<&str>, (mention, line): (&Mention, u32)) {
        let column = column.map(plain_column);
        if column != Some(None) {
            self.found.push(RawMention {
                target: target.clone(),
                column: column.flatten(),
                expression: None,
                mention: mention.clone(),
                data_type: None,
                file: self.file.clone(),
                line,
            });
        }
    }

    /// A model, seed or snapshot; a model with versions is one for each of them.
    fn node(&mut self, entry: &Node) {
        let Some(name) = entry.text("name") else { return };
        let columns: Vec<&Node> = entry.entries("columns").collect();
        let mut versions = entry.entries("versions").peekable();
        if versions.peek().is_none() {
            self.relation(&Target::node(&name), (&tests(entry), &columns), entry.get("name"));
        }
        for version in versions {
            let Some(number) = version.text("v") else { continue };
            let target = Target::Node { package: None, name: name.clone(), version: Some(number) };
            let own_tests = tests(version);
            let tests = if own_tests.is_empty() { tests(entry) } else { own_tests };
            self.relation(&target, (&tests, &columns_of(version, &columns)), version.get("v"));
        }
    }

    /// A relation with its tests and columns; `title` is what names it, where a contract may hold it to its columns.
    fn relation(&mut self, target: &Target, (tests_of_all, columns): (&[&Node], &[&Node]), title: Option<&Node>) {
        for test in tests_of_all {
            self.test(test, target, None);
        }
        if let Some(title) = title.filter(|_| columns.iter().any(|column| column.get("data_type").is_some())) {
            self.contract(target, columns, title.line);
        }
        for column in columns {
            let Some(name) = column.text("name") else { continue };
            for test in tests(column) {
                self.test(test, target, Some(&name));
            }
            if column.get("entity").or(column.get("dimension")).is_some() {
                let mention = Mention { kind: MentionKind::SemanticModel, name: "".into() };
                self.add(target, Some(&name), (&mention, column.line));
            }
        }
    }

    /// What a contract promises: each column, and, where every name can be read, that there are no others.
    fn contract(&mut self, target: &Target, columns: &[&Node], line: u32) {
        let contract = Mention { kind: MentionKind::Contract, name: "".into() };
        for column in columns {
            let Some(name) = column.text("name") else { continue };
            let already = self.found.len();
            self.add(target, Some(&name), (&contract, column.line));
            let added = self.found.get_mut(already..).into_iter().flatten();
            added.for_each(|promised| promised.data_type = column.text("data_type"));
        }
        if columns.iter().all(|column| column.text("name").as_deref().and_then(plain_column).is_some()) {
            self.add(target, None, (&contract, line));
        }
    }

    /// A generic test: its column, and the columns that its arguments name.
    fn test(&mut self, test: &Node, target: &Target, column: Option<&str>) {
        let Some((name, line, arguments)) = test_parts(test) else { return };
        if arguments.is_some_and(is_disabled) {
            return;
        }
        let mention = Mention { kind: MentionKind::Test, name: name.as_str().into() };
        if let Some(column) = column {
            self.add(target, Some(column), (&mention, line));
        }
        let Some(arguments) = arguments else { return };
        let inside = |key: &str| arguments.get(key).into_iter().flat_map(Node::map);
        let all: Vec<(&Key, &Node)> = arguments.map().chain(inside("arguments")).collect();
        for (key, value) in all.iter().copied().chain(inside("config").filter(|(key, _)| key.text == "where")) {
            if let Some(sql) = value.scalar().and_then(|text| expression(&name, &key.text, (column, &text))) {
                let column = None;
                let (target, mention, file) = (target.clone(), mention.clone(), self.file.clone());
                let (expression, data_type, line) = (Some(sql), None, value.line);
                self.found.push(RawMention { target, column, expression, mention, data_type, file, line });
            }
        }
        let to = all.iter().find(|(key, _)| key.text == "to").and_then(|(_, to)| Target::parse(&to.scalar()?));
        for (key, value) in all {
            if key.text == "field" {
                if let (Some(to), Some(field)) = (&to, value.scalar()) {
                    self.add(to, Some(&field), (&mention, value.line));
                }
            } else if names_columns(&key.text) && !name.contains("not_contain") {
                for value in std::iter::once(value).chain(value.list()) {
                    if let Some(named) = value.scalar() {
                        self.add(target, Some(&named), (&mention, value.line));
                    }
                }
            }
        }
    }
}

fn tests(entry: &Node) -> Vec<&Node> {
    entry.entries("tests").chain(entry.entries("data_tests")).collect()
}

/// The name of a test, its line, and its arguments: `unique`, `unique: {…}`, `{test_name: unique, …}`.
fn test_parts(test: &Node) -> Option<(String, u32, Option<&Node>)> {
    if let Tree::Scalar(_) = test.tree {
        return Some((test.scalar()?, test.line, None));
    }
    if let Some(name) = test.text("test_name") {
        return Some((name, test.line, Some(test)));
    }
    let (key, arguments) =
        test.map().find(|(key, _)| !matches!(key.text.as_str(), "name" | "config" | "description"))?;
    Some((key.text.clone(), key.line, Some(arguments)))
}

fn is_disabled(arguments: &Node) -> bool {
    let is_off = |node: &Node| node.text("enabled").is_some_and(|text| text.eq_ignore_ascii_case("false"));
    is_off(arguments) || arguments.get("config").is_some_and(is_off)
}

/// Whether an argument of that name holds columns of the tested relation, as those of the known packages do.
fn names_columns(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let of_others =
        ["exclude", "ignore", "compare", "to_", "other_", "parent_"].iter().any(|word| key.starts_with(word));
    let names =
        matches!(key.as_str(), "column_list" | "combination_of_columns" | "column_a" | "column_b" | "partition_by")
            || ["column", "columns", "column_name"]
                .iter()
                .any(|word| key == *word || key.ends_with(&format!("_{word}")));
    names && !of_others
}

/// The condition on rows of the tested relation that an argument of a test is. That which `expression_is_true` says of a
/// column goes on behind its name.
fn expression(test: &str, key: &str, (column, text): (Option<&str>, &str)) -> Option<String> {
    let is_true = test.rsplit('.').next() == Some("expression_is_true");
    match key {
        "where" | "row_condition" => Some(text.to_owned()),
        "condition" if is_true => Some(text.to_owned()),
        "expression" if is_true => Some(column.map_or_else(|| text.to_owned(), |column| format!("{column} {text}"))),
        _ => None,
    }
}

/// The columns of one version: its own, and those of the model that it includes.
fn columns_of<'n>(version: &'n Node, of_model: &[&'n Node]) -> Vec<&'n Node> {
    let own: Vec<&Node> = version.entries("columns").collect();
    let Some(rule) = own.iter().find(|column| column.get("include").is_some()) else {
        return if own.is_empty() { of_model.to_vec() } else { own };
    };
    let listed = |key: &str, name: &str| rule.entries(key).any(|entry| entry.scalar().as_deref() == Some(name));
    let everything = rule.text("include").is_some_and(|text| matches!(text.as_str(), "all" | "*"));
    let named = |name: &str| own.iter().any(|column| column.text("name").as_deref() == Some(name));
    let included = of_model.iter().copied().filter(|column| {
        let name = column.text("name").unwrap_or_default();
        (everything || listed("include", &name)) && !listed("exclude", &name) && !named(&name)
    });
    included.chain(own.iter().copied()).collect()
}

/// A column's name without quotes, of a nested field the column that holds it; `None` for an expression or a template.
fn plain_column(text: &str) -> Option<String> {
    let text = text.trim();
    let quoted = ['"', '`'].into_iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark));
    if let Some(name) = quoted {
        return (!name.is_empty() && !name.contains(['"', '`', '{'])).then(|| name.to_owned());
    }
    let name = text.split('.').next().unwrap_or_default();
    let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
    let starts = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    (starts && is_plain(text)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests_of_mentions {
    use super::*;
    use crate::dbt::yaml;

    /// `line: column (what)`, with the target's name in front where it is another one than `orders`.
    pub(super) fn told(text: &str) -> Vec<String> {
        let file = RepoPath::new("models/schema.yml").expect("inside");
        let told = read(&file, &yaml::tree(text).expect("YAML"));
        let tell = |mention: RawMention| {
            let target = match &mention.target {
                Target::Node { name, version: None, .. } if name == "orders" => String::new(),
                Target::Node { name, version, .. } => format!("{name}{} ", version.as_deref().unwrap_or_default()),
                Target::Source { source, table } => format!("{source}.{table} "),
                Target::Metric(name) => format!("metric {name} "),
            };
            let column = mention.column.or(mention.expression);
            let column = column.as_deref().unwrap_or("*");
            format!("{}: {target}{column} ({})", mention.line, mention.mention)
        };
        told.into_iter().map(tell).collect()
    }

    #[test]
    fn tests_of_columns_and_of_the_model_name_columns() {
        let text = "models:
  - name: orders
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments:
            combination_of_columns:
              - id
              - \"day\"
      - shop.is_sorted: {column_name: day, exclude_columns: [x], by: amount}
      - not_null: {column_name: off, config: {enabled: false}}
    columns:
      - name: id
        tests:
          - unique
          - not_null:
              config: {severity: warn}
          - relationships:
              to: ref('customers')
              field: customer_id
          - test_name: accepted_values
            values: [1]
      - name: address.city
        tests: [unique]
      - name: \"lower(x)\"
        tests: [unique]
      - name: untested
";
        let expected = [
            "7: id (test dbt_utils.unique_combination_of_columns)",
            "8: day (test dbt_utils.unique_combination_of_columns)",
            "9: day (test shop.is_sorted)",
            "14: id (test unique)",
            "15: id (test not_null)",
            "17: id (test relationships)",
            "19: customers customer_id (test relationships)",
            "20: id (test accepted_values)",
            "23: address (test unique)",
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn conditions_of_tests_are_handed_on() {
        let text = "models:
  - name: orders
    tests:
      - dbt_utils.expression_is_true:
          arguments:
            expression: amount + fee > 0
          config:
            where: day > '2020-01-01'
      - shop.is_sorted: {expression: amount, row_condition: id > 0}
    columns:
      - name: id
        tests:
          - dbt_utils.expression_is_true:
              expression: \"> 0\"
          - unique: {where: day is not null}
";
        let expected = [
            "6: amount + fee > 0 (test dbt_utils.expression_is_true)",
            "8: day > '2020-01-01' (test dbt_utils.expression_is_true)",
            "9: id > 0 (test shop.is_sorted)",
            "13: id (test dbt_utils.expression_is_true)",
            "14: id > 0 (test dbt_utils.expression_is_true)",
            "15: id (test unique)",
            "15: day is not null (test unique)",
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn what_a_contract_would_promise_is_every_column_and_versions_have_their_own() {
        let text = "models:
  - name: orders
    columns:
      - name: id
        data_type: int
      - name: amount
  - name: trips
    columns:
      - name: id
        tests: [unique]
      - name: old
        tests: [unique]
    versions:
      - v: 1
      - v: 2
        columns:
          - include: all
            exclude: [old]
";
        let expected = [
            "4: id (contract)",
            "6: amount (contract)",
            "2: * (contract)",
            "10: trips1 id (test unique)",
            "12: trips1 old (test unique)",
        ];
        assert_eq!(told(text)[..5], expected);
        assert_eq!(told(text)[5..], ["10: trips2 id (test unique)"]);
    }

    #[test]
    fn tests_of_sources_name_the_source() {
        let text = "sources:\n  - name: raw\n    tables:\n      - name: t\n        columns:\n          - name: id\n            tests: [unique]\n";
        assert_eq!(told(text), ["7: raw.t id (test unique)"]);
    }
}
