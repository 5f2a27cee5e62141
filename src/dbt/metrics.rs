//! Which models a metric rests on: its measures, and through them the semantic models that have these.

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Target;
use super::yaml::tree::Node;

/// Metrics and measures by name.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    measures: BTreeMap<String, Target>,
    metrics: BTreeMap<String, Inputs>,
}

/// What one metric is made of.
#[derive(Debug, Clone, Default)]
struct Inputs {
    model: Option<Target>,
    measures: Vec<String>,
    metrics: Vec<String>,
}

impl Metrics {
    /// Those of a property file.
    #[must_use]
    pub fn read(root: &Node) -> Self {
        let mut all = Self::default();
        for model in root.entries("semantic_models") {
            let Some(target) = model.text("model").and_then(|of| Target::parse(&of)) else { continue };
            for measure in model.entries("measures").filter_map(|measure| measure.text("name")) {
                all.measures.insert(measure, target.clone());
            }
        }
        for metric in root.entries("metrics") {
            if let Some(name) = metric.text("name") {
                all.metrics.insert(name, inputs(metric));
            }
        }
        all
    }

    /// Adds those of another file.
    pub fn extend(&mut self, other: Self) {
        self.measures.extend(other.measures);
        self.metrics.extend(other.metrics);
    }

    /// The models that a metric rests on, ordered by the names of the metrics between.
    #[must_use]
    pub fn models(&self, metric: &str) -> Vec<Target> {
        let (mut open, mut seen) = (vec![metric.to_owned()], BTreeSet::new());
        let mut models: Vec<Target> = Vec::new();
        while let Some(name) = open.pop() {
            let Some(inputs) = self.metrics.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
            let of_measures = inputs.measures.iter().filter_map(|measure| self.measures.get(measure));
            for target in of_measures.chain(&inputs.model) {
                if !models.contains(target) {
                    models.push(target.clone());
                }
            }
            open.extend(inputs.metrics.iter().cloned());
        }
        models
    }
}

fn inputs(metric: &Node) -> Inputs {
    let names = |key: &str| -> Vec<String> {
        let at_key = metric.get("type_params").and_then(|params| params.get(key));
        let each = at_key.into_iter().flat_map(|node| std::iter::once(node).chain(node.list()));
        each.filter_map(|node| node.scalar().or_else(|| node.text("name"))).collect()
    };
    Inputs {
        model: metric.text("model").and_then(|of| Target::parse(&of)),
        measures: [names("measure"), names("input_measures")].concat(),
        metrics: [names("numerator"), names("denominator"), names("metrics")].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbt::yaml;

    #[test]
    fn a_metric_rests_on_the_models_of_its_measures() {
        let text = "semantic_models:
  - name: sales
    model: ref('orders')
    measures: [{name: revenue}]
  - name: visits
    model: ref('sessions')
    measures: [{name: sessions}]
metrics:
  - {name: revenue, type_params: {measure: revenue}}
  - {name: sessions, type_params: {measure: {name: sessions}}}
  - {name: revenue_per_session, type_params: {numerator: revenue, denominator: {name: sessions}}}
  - {name: itself, type_params: {metrics: [itself]}}
";
        let metrics = Metrics::read(&yaml::tree(text).expect("YAML"));
        assert_eq!(metrics.models("revenue_per_session"), [Target::node("sessions"), Target::node("orders")]);
        assert!(metrics.models("itself").is_empty() && metrics.models("none").is_empty());
    }
}
