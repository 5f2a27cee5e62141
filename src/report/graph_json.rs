//! A lineage graph as JSON: the contract of `lineage --format json`, version 1.

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::lineage::model::{Asset, AssetEdge, Column, ColumnEdge, ColumnRef, LineageGraph, Transformation};
use crate::report::json::{CoverageCounts, ExposureRow, SCHEMA_VERSION};
use crate::report::redact::credentials;

/// The graph as indented JSON with a final line end. Credential literals in messages are hidden.
///
/// # Errors
/// None in practice: every key is a string and every value a plain one. The serializer's signature has the error.
pub fn render(graph: &LineageGraph) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document::from(graph)).map(|json| json + "\n")
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    assets: Vec<AssetRow<'a>>,
    asset_edges: Vec<AssetEdgeRow<'a>>,
    column_edges: Vec<ColumnEdgeRow<'a>>,
    diagnostics: Vec<Remark<'a>>,
    coverage: CoverageCounts,
}

impl<'a> From<&'a LineageGraph> for Document<'a> {
    fn from(graph: &'a LineageGraph) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            assets: graph.assets.values().map(|asset| AssetRow::of(asset, graph)).collect(),
            asset_edges: graph.asset_edges.iter().map(AssetEdgeRow::from).collect(),
            column_edges: graph.column_edges.iter().map(ColumnEdgeRow::from).collect(),
            diagnostics: graph.diagnostics.iter().map(Remark::from).collect(),
            coverage: graph.coverage.into(),
        }
    }
}

#[derive(Serialize)]
struct AssetRow<'a> {
    name: &'a str,
    kind: &'static str,
    role: &'static str,
    file: Option<&'a str>,
    line: u32,
    columns: Vec<ColumnRow<'a>>,
    exposure: Option<ExposureRow<'a>>,
}

impl<'a> AssetRow<'a> {
    fn of(asset: &'a Asset, graph: &'a LineageGraph) -> Self {
        Self {
            name: asset.name.as_str(),
            kind: asset.kind.as_str(),
            role: asset.role.as_str(),
            file: asset.file.as_ref().map(|path| path.as_str()),
            line: asset.line,
            columns: asset.columns.iter().map(ColumnRow::from).collect(),
            exposure: graph.exposures.get(&asset.name).map(ExposureRow::from),
        }
    }
}

#[derive(Serialize)]
struct ColumnRow<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    data_type: Option<&'a str>,
}

impl<'a> From<&'a Column> for ColumnRow<'a> {
    fn from(column: &'a Column) -> Self {
        Self { name: column.name.as_str(), data_type: column.data_type.as_deref() }
    }
}

#[derive(Serialize)]
struct AssetEdgeRow<'a> {
    upstream: &'a str,
    downstream: &'a str,
}

impl<'a> From<&'a AssetEdge> for AssetEdgeRow<'a> {
    fn from(edge: &'a AssetEdge) -> Self {
        Self { upstream: edge.upstream.as_str(), downstream: edge.downstream.as_str() }
    }
}

#[derive(Serialize)]
struct ColumnEdgeRow<'a> {
    upstream: End<'a>,
    downstream: End<'a>,
    transformation: TransformationRow,
}

impl<'a> From<&'a ColumnEdge> for ColumnEdgeRow<'a> {
    fn from(edge: &'a ColumnEdge) -> Self {
        Self {
            upstream: End::from(&edge.upstream),
            downstream: End::from(&edge.downstream),
            transformation: edge.transformation.into(),
        }
    }
}

#[derive(Serialize)]
struct End<'a> {
    asset: &'a str,
    column: &'a str,
}

impl<'a> From<&'a ColumnRef> for End<'a> {
    fn from(column: &'a ColumnRef) -> Self {
        Self { asset: column.asset.as_str(), column: column.column.as_str() }
    }
}

#[derive(Serialize)]
struct TransformationRow {
    kind: &'static str,
    subtype: &'static str,
}

impl From<Transformation> for TransformationRow {
    fn from(transformation: Transformation) -> Self {
        Self { kind: transformation.kind(), subtype: transformation.subtype() }
    }
}

#[derive(Serialize)]
struct Remark<'a> {
    code: &'static str,
    severity: &'static str,
    file: Option<&'a str>,
    line: u32,
    column: u32,
    message: String,
}

impl<'a> From<&'a Diagnostic> for Remark<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.as_str(),
            file: diagnostic.file.as_ref().map(|path| path.as_str()),
            line: diagnostic.line,
            column: diagnostic.column,
            message: credentials(&diagnostic.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lineage::model::{AssetKind, AssetName, ColumnName, Role, RowSet};
    use crate::path::RepoPath;

    #[test]
    fn the_document_is_the_one_of_the_contract() {
        let (source, view) = (AssetName::from_dotted("db.schema.s"), AssetName::from_dotted("db.schema.t"));
        let column = |asset: &AssetName| ColumnRef { asset: asset.clone(), column: ColumnName::new("c") };
        let asset = Asset {
            name: view.clone(),
            kind: AssetKind::View,
            role: Role::Defined,
            file: RepoPath::new("a.sql").ok(),
            line: 1,
            columns: vec![Column {
                name: ColumnName::new("c"),
                data_type: Some("INT".into()),
                expression: None,
                previous_names: Vec::new(),
            }],
            columns_complete: true,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            definition: None,
            sql: None,
        };
        let graph = LineageGraph {
            assets: [(view.clone(), asset)].into(),
            asset_edges: [AssetEdge { upstream: source.clone(), downstream: view.clone() }].into(),
            column_edges: [ColumnEdge {
                upstream: column(&source),
                downstream: column(&view),
                transformation: Transformation::GroupBy,
            }]
            .into(),
            ..LineageGraph::default()
        };
        let document: serde_json::Value = serde_json::from_str(&render(&graph).expect("renders")).expect("is JSON");
        assert_eq!(
            document,
            json!({
                "schema_version": 1,
                "assets": [{"name": "db.schema.t", "kind": "view", "role": "defined", "file": "a.sql", "line": 1,
                            "columns": [{"name": "c", "type": "INT"}], "exposure": null}],
                "asset_edges": [{"upstream": "db.schema.s", "downstream": "db.schema.t"}],
                "column_edges": [{"upstream": {"asset": "db.schema.s", "column": "c"},
                                  "downstream": {"asset": "db.schema.t", "column": "c"},
                                  "transformation": {"kind": "indirect", "subtype": "group_by"}}],
                "diagnostics": [],
                "coverage": {"files": 0, "parsed": 0, "partly": 0, "failed": 0, "statements": 0, "analyzed": 0,
                             "tables_only": 0, "without_data_flow": 0, "stars_unresolved": 0}
            })
        );
    }
}
