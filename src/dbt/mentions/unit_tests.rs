//! Unit tests: the rows that they give and expect name columns.

use std::collections::BTreeMap;

use super::Collector;
use crate::dbt::reference::Target;
use crate::dbt::yaml::tree::{Node, Tree};
use crate::lineage::model::{Mention, MentionKind};

impl Collector<'_> {
    pub(super) fn unit_test(&mut self, test: &Node) {
        let (Some(name), Some(model)) = (test.text("name"), test.text("model")) else { return };
        let model = Target::node(&model);
        let mention = Mention { kind: MentionKind::UnitTest, name: name.into() };
        self.add(&model, None, (&mention, test.get("model").map_or(test.line, |node| node.line)));
        for given in test.entries("given") {
            let Some(input) = given.text("input") else { continue };
            let is_itself = input.trim() == "this";
            let target = if is_itself { Some(model.clone()) } else { Target::parse(&input) };
            let Some(target) = target else { continue };
            self.add(&target, None, (&mention, given.get("input").map_or(given.line, |node| node.line)));
            self.rows(&target, given, &mention);
        }
        if let Some(expected) = test.get("expect") {
            self.rows(&model, expected, &mention);
        }
    }

    /// The columns of rows that stand in the file, each at its first place.
    fn rows(&mut self, target: &Target, fixture: &Node, mention: &Mention) {
        let Some(rows) = fixture.get("rows") else { return };
        let mut columns: BTreeMap<String, u32> = BTreeMap::new();
        match &rows.tree {
            Tree::List(list) => {
                for (key, _) in list.iter().flat_map(Node::map) {
                    columns.entry(key.text.clone()).or_insert(key.line);
                }
            }
            // A block of CSV begins on the line behind its key, where the header is.
            Tree::Scalar(_) if fixture.text("format").as_deref() == Some("csv") => {
                let text = rows.scalar().unwrap_or_default();
                let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                for name in header.split(',').map(|name| name.trim().trim_matches('"')) {
                    columns.entry(name.to_owned()).or_insert(rows.line);
                }
            }
            Tree::Scalar(_) | Tree::Map(_) => {}
        }
        for (column, line) in columns {
            self.add(target, Some(&column), (mention, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_of_mentions::told;

    #[test]
    fn given_and_expected_rows_name_columns() {
        let text = "unit_tests:
  - name: totals_add_up
    model: orders
    given:
      - input: ref('payments')
        rows:
          - {id: 1, amount: 2}
          - {id: 2, fee: 1}
      - input: this
        format: csv
        rows: |
          id,total
          1,2
      - input: ref('other')
        format: sql
        rows: select 1 as x
    expect:
      rows: []
";
        let expected = [
            "3: * (unit test totals_add_up)",
            "5: payments * (unit test totals_add_up)",
            "7: payments amount (unit test totals_add_up)",
            "8: payments fee (unit test totals_add_up)",
            "7: payments id (unit test totals_add_up)",
            "9: * (unit test totals_add_up)",
        ];
        assert_eq!(told(text)[..6], expected);
        assert!(told(text)[6].ends_with(": id (unit test totals_add_up)"));
        assert_eq!(told(text).last().map(String::as_str), Some("14: other * (unit test totals_add_up)"));
    }
}
