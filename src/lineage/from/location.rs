//! Files, stages and buckets that a FROM clause reads in place.

use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, ObjectName, TableAlias};

use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Relation, Scope, Shape};
use crate::lineage::statement::external_name;
use crate::lineage::wording::string;
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold;

/// The location that a table's name is: `@stage/path`, `'data/*.parquet'`, ``parquet.`folder/` ``.
pub(super) fn in_name(name: &ObjectName, parts: &[String], dialect: Dialect) -> Option<String> {
    let written = name.to_string();
    let bare = written.trim_matches(['\'', '"']);
    if bare.starts_with('@') && matches!(dialect, Dialect::Snowflake | Dialect::Generic) {
        return Some(bare.to_owned());
    }
    match parts {
        [format, path] if path.contains('/') && FORMATS.contains(&format.to_lowercase().as_str()) => Some(path.clone()),
        [single] if written.starts_with('\'') || (dialect == Dialect::DuckDb && is_file_name(single)) => {
            Some(bare.to_owned())
        }
        _ => None,
    }
}

const FORMATS: [&str; 8] = ["parquet", "csv", "json", "orc", "avro", "delta", "text", "binaryfile"];

fn is_file_name(name: &str) -> bool {
    let endings = [".parquet", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx", ".csv.gz", ".json.gz"];
    let name = name.to_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The locations that a table function reads, by its name in lower case.
pub(in crate::lineage) fn in_call(function: &str, arguments: &[FunctionArg]) -> Vec<String> {
    const READERS: [&str; 24] = [
        "read_csv",
        "read_csv_auto",
        "read_parquet",
        "parquet_scan",
        "read_json",
        "read_json_auto",
        "read_ndjson",
        "read_text",
        "read_blob",
        "read_xlsx",
        "iceberg_scan",
        "delta_scan",
        "st_read",
        "read_files",
        "s3",
        "s3cluster",
        "gcs",
        "url",
        "urlcluster",
        "hdfs",
        "azureblobstorage",
        "iceberg",
        "deltalake",
        "file",
    ];
    if !READERS.contains(&function) {
        return Vec::new();
    }
    match arguments.first() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Array(array)))) => {
            array.elem.iter().filter_map(string).map(str::to_owned).collect()
        }
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))) => {
            string(expression).map(str::to_owned).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl Resolver<'_> {
    /// A relation that is read from outside of the database; its columns are not known.
    pub(in crate::lineage) fn read_locations(
        &mut self,
        locations: &[String],
        alias: Option<&TableAlias>,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let assets: Vec<_> = locations.iter().map(|location| external_name(location)).collect();
        self.upstream.extend(assets.iter().cloned());
        outer.assets.extend(assets.iter().cloned());
        let names: Vec<String> = assets.iter().map(ToString::to_string).collect();
        let rows = names.join(", ");
        let mut relation = Relation {
            alias: alias.map(|alias| fold(&alias.name, self.dialect)),
            assets: assets.iter().cloned().collect(),
            alike: assets.len() > 1,
            open: assets,
            rows: rows.clone(),
            ..Relation::default()
        };
        if let Some(alias) = alias {
            self.rename_columns(&mut relation, alias, Some((0, 0)));
        }
        scope.add(relation);
        rows
    }
}
