//! A lineage graph as OpenLineage: one `JobEvent` for each asset that the SQL makes or fills, one JSON object a line.
//!
//! Outputs carry the facets `schema` and `columnLineage`; influence on the whole row set (filters, joins) stands in the
//! facet's `dataset` list, as version 1-2-0 of the facet has it. "Dataset" and "field" are the wire's words for asset
//! and column. No clock: the event time is given.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lineage::model::{
    Asset, AssetKind, AssetName, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Role, Transformation,
};

const PRODUCER: &str = "https://github.com/datascale/ingest-action";
const EVENT_SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const SCHEMA_FACET: &str = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
const LINEAGE_FACET: &str =
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet";

/// What the graph itself does not know.
#[derive(Debug, Clone, Copy)]
pub struct EventContext<'a> {
    /// RFC 3339 time of the events.
    pub event_time: &'a str,
    /// Namespace of jobs and datasets (`postgres://host:5432`, or the repository's name).
    pub namespace: &'a str,
}

/// One event a line, ordered by asset; empty for a graph that makes nothing.
///
/// # Errors
/// None in practice: every key is a string and every value a plain one. The serializer's signature has the error.
pub fn render(graph: &LineageGraph, context: EventContext<'_>) -> serde_json::Result<String> {
    let mut inputs = BTreeMap::<&AssetName, Vec<&AssetName>>::new();
    for edge in &graph.asset_edges {
        inputs.entry(&edge.downstream).or_default().push(&edge.upstream);
    }
    let mut columns = BTreeMap::<&AssetName, Vec<&ColumnEdge>>::new();
    for edge in &graph.column_edges {
        columns.entry(&edge.downstream.asset).or_default().push(edge);
    }
    let mut lines = String::new();
    let is_made = |asset: &&Asset| asset.role != Role::Referenced && asset.kind != AssetKind::Exposure;
    for asset in graph.assets.values().filter(is_made) {
        let inputs = inputs.get(&asset.name).map_or(&[][..], Vec::as_slice);
        let edges = columns.get(&asset.name).map_or(&[][..], Vec::as_slice);
        let inputs = inputs.iter().map(|name| dataset(name, graph.assets.get(*name), context)).collect();
        let mut output = dataset(&asset.name, Some(asset), context);
        output.facets.column_lineage = column_lineage(edges, context);
        lines.push_str(&serde_json::to_string(&event(asset, inputs, output, context))?);
        lines.push('\n');
    }
    Ok(lines)
}

fn event<'a>(
    asset: &'a Asset,
    inputs: Vec<Dataset<'a>>,
    output: Dataset<'a>,
    context: EventContext<'a>,
) -> JobEvent<'a> {
    let name = match &asset.file {
        Some(file) => format!("{file}:{}", asset.name),
        None => asset.name.to_string(),
    };
    JobEvent {
        event_time: context.event_time,
        producer: PRODUCER,
        schema_url: EVENT_SCHEMA,
        job: Job { namespace: context.namespace, name },
        inputs,
        outputs: vec![output],
    }
}

fn dataset<'a>(name: &'a AssetName, asset: Option<&'a Asset>, context: EventContext<'a>) -> Dataset<'a> {
    let columns = asset.map_or(&[][..], |asset| asset.columns.as_slice());
    let fields: Vec<Field<'_>> = columns
        .iter()
        .filter(|column| !column.name.is_star())
        .map(|column| Field { name: column.name.as_str(), data_type: column.data_type.as_deref() })
        .collect();
    let schema = (!fields.is_empty()).then_some(SchemaFacet { producer: PRODUCER, schema_url: SCHEMA_FACET, fields });
    Dataset { namespace: context.namespace, name: name.as_str(), facets: Facets { schema, column_lineage: None } }
}

fn column_lineage<'a>(edges: &[&'a ColumnEdge], context: EventContext<'a>) -> Option<ColumnLineageFacet<'a>> {
    let mut by_field = BTreeMap::<&ColumnName, BTreeMap<&ColumnRef, Vec<Transformation>>>::new();
    for edge in edges {
        let sources = by_field.entry(&edge.downstream.column).or_default();
        sources.entry(&edge.upstream).or_default().push(edge.transformation);
    }
    if by_field.is_empty() {
        return None;
    }
    let mut fields = BTreeMap::new();
    let mut dataset = Vec::new();
    for (column, sources) in by_field {
        let inputs: Vec<InputField<'a>> =
            sources.into_iter().map(|(source, how)| input_field(source, &how, context)).collect();
        if column.is_star() {
            dataset = inputs;
        } else {
            fields.insert(column.as_str(), LineageField { input_fields: inputs });
        }
    }
    Some(ColumnLineageFacet { producer: PRODUCER, schema_url: LINEAGE_FACET, fields, dataset })
}

fn input_field<'a>(source: &'a ColumnRef, how: &[Transformation], context: EventContext<'a>) -> InputField<'a> {
    let transformation = |how: &Transformation| TransformationRow {
        kind: how.kind().to_ascii_uppercase(),
        subtype: how.subtype().to_ascii_uppercase(),
        description: "",
        masking: false,
    };
    InputField {
        namespace: context.namespace,
        name: source.asset.as_str(),
        field: source.column.as_str(),
        transformations: how.iter().map(transformation).collect(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobEvent<'a> {
    event_time: &'a str,
    producer: &'static str,
    #[serde(rename = "schemaURL")]
    schema_url: &'static str,
    job: Job<'a>,
    inputs: Vec<Dataset<'a>>,
    outputs: Vec<Dataset<'a>>,
}

#[derive(Serialize)]
struct Job<'a> {
    namespace: &'a str,
    name: String,
}

#[derive(Serialize)]
struct Dataset<'a> {
    namespace: &'a str,
    name: &'a str,
    facets: Facets<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facets<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<SchemaFacet<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column_lineage: Option<ColumnLineageFacet<'a>>,
}

#[derive(Serialize)]
struct SchemaFacet<'a> {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: &'static str,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    data_type: Option<&'a str>,
}

#[derive(Serialize)]
struct ColumnLineageFacet<'a> {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: &'static str,
    fields: BTreeMap<&'a str, LineageField<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset: Vec<InputField<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineageField<'a> {
    input_fields: Vec<InputField<'a>>,
}

#[derive(Serialize)]
struct InputField<'a> {
    namespace: &'a str,
    name: &'a str,
    field: &'a str,
    transformations: Vec<TransformationRow>,
}

#[derive(Serialize)]
struct TransformationRow {
    #[serde(rename = "type")]
    kind: String,
    subtype: String,
    description: &'static str,
    masking: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lineage::model::{AssetEdge, AssetKind, Column, RowSet};
    use crate::path::RepoPath;

    fn asset(name: &str, role: Role) -> (AssetName, Asset) {
        let name = AssetName::from_dotted(name);
        let asset = Asset {
            name: name.clone(),
            kind: AssetKind::View,
            role,
            file: RepoPath::new("a.sql").ok(),
            line: 1,
            columns: vec![Column {
                name: ColumnName::new("c"),
                data_type: None,
                expression: None,
                previous_names: Vec::new(),
            }],
            columns_complete: true,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            definition: None,
            sql: None,
        };
        (name, asset)
    }

    fn edge(column: &str, transformation: Transformation) -> ColumnEdge {
        let end = |asset: &str, column: &str| ColumnRef {
            asset: AssetName::from_dotted(asset),
            column: ColumnName::new(column),
        };
        ColumnEdge { upstream: end("s", "c"), downstream: end("t", column), transformation }
    }

    #[test]
    fn a_made_asset_is_one_job_and_row_influence_is_told_for_the_whole_dataset() {
        let upstream = AssetName::from_dotted("s");
        let graph = LineageGraph {
            assets: [asset("s", Role::Referenced), asset("t", Role::Defined)].into(),
            asset_edges: [AssetEdge { upstream, downstream: AssetName::from_dotted("t") }].into(),
            column_edges: [edge("c", Transformation::Identity), edge("*", Transformation::Filter)].into(),
            ..LineageGraph::default()
        };
        let context = EventContext { event_time: "2026-11-22T10:00:00Z", namespace: "repo" };
        let text = render(&graph, context).expect("renders");
        assert_eq!(text.lines().count(), 1);
        let event: Value = serde_json::from_str(&text).expect("is JSON");
        assert_eq!(event["eventTime"], "2026-11-22T10:00:00Z");
        assert_eq!(event["job"], json!({"namespace": "repo", "name": "a.sql:t"}));
        assert_eq!(event["inputs"][0]["name"], "s");
        let lineage = &event["outputs"][0]["facets"]["columnLineage"];
        assert_eq!(
            lineage["fields"]["c"]["inputFields"][0],
            json!({"namespace": "repo", "name": "s", "field": "c", "transformations":
                [{"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": false}]})
        );
        assert_eq!(lineage["dataset"][0]["transformations"][0]["subtype"], "FILTER");
        assert_eq!(event["outputs"][0]["facets"]["schema"]["fields"], json!([{"name": "c"}]));
    }
}
