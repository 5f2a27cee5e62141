//! Semantic models and metrics: which columns of a model they are made of.

use super::Collector;
use crate::dbt::reference::Target;
use crate::dbt::yaml::tree::Node;
use crate::lineage::model::{Mention, MentionKind};

impl Collector<'_> {
    /// Entities, dimensions and measures; each is the column of its name unless `expr` says otherwise.
    pub(super) fn semantic_model(&mut self, model: &Node) {
        let (Some(name), Some((_, of))) = (model.text("name"), model.entry("model")) else { return };
        let Some(target) = of.scalar().and_then(|of| Target::parse(&of)) else { return };
        let mention = Mention { kind: MentionKind::SemanticModel, name: name.into() };
        self.add(&target, None, (&mention, of.line));
        for part in ["entities", "dimensions", "measures"].iter().flat_map(|part| model.entries(part)) {
            let named = part.get("expr").or_else(|| part.get("name"));
            if let Some((line, column)) = named.and_then(|node| Some((node.line, node.scalar()?))) {
                self.add(&target, Some(&column), (&mention, line));
            }
        }
    }

    /// A metric that names its model itself, as metrics did before there were semantic models.
    pub(super) fn metric(&mut self, metric: &Node) {
        let (Some(name), Some(of)) = (metric.text("name"), metric.get("model")) else { return };
        let Some(target) = of.scalar().and_then(|of| Target::parse(&of)) else { return };
        let mention = Mention { kind: MentionKind::Metric, name: name.into() };
        self.add(&target, None, (&mention, of.line));
        let single = ["expression", "sql", "timestamp"].iter().filter_map(|key| metric.get(key));
        for node in single.chain(metric.entries("dimensions")) {
            if let Some(column) = node.scalar() {
                self.add(&target, Some(&column), (&mention, node.line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_of_mentions::told;

    #[test]
    fn what_a_semantic_model_is_made_of_are_columns() {
        let text = "semantic_models:
  - name: sales
    model: ref('orders')
    entities:
      - name: order
        expr: id
    dimensions:
      - {name: day, type: time}
    measures:
      - name: revenue
        expr: amount
      - {name: big, expr: case when amount > 9 then 1 end}
metrics:
  - name: old_revenue
    model: ref('orders')
    expression: amount
    timestamp: day
";
        let expected = [
            "3: * (semantic model sales)",
            "6: id (semantic model sales)",
            "8: day (semantic model sales)",
            "11: amount (semantic model sales)",
            "15: * (metric old_revenue)",
            "16: amount (metric old_revenue)",
            "17: day (metric old_revenue)",
        ];
        assert_eq!(told(text), expected);
    }
}
