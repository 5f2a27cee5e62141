//! `lineage`: the graph of files, folders or standard input.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::changes::{self, ChangesOptions};
use crate::cli::{LineageFormat, LineageSources};
use crate::commands::{audience, unreadable};
use crate::diagnostic::DiagnosticSeverity;
use crate::env::Environment;
use crate::exit::ExitStatus;
use crate::lineage::DeclaredAsset;
use crate::lineage::model::{AssetKind, AssetName, ColumnName, LineageGraph, Role};
use crate::path::RepoPath;
use crate::pipeline::sides::graph;
use crate::report::openlineage::{self, EventContext};
use crate::report::{graph_json, mermaid};
use crate::settings::Settings;
use crate::source::{BlobId, Head, SourceFile, SourceTree};
use crate::sql::stack::drop_aside;
use crate::telemetry::{Audience, Log};

/// What to read and how to print it.
pub(super) struct Request {
    pub sources: LineageSources,
    pub format: LineageFormat,
    pub schema: Option<PathBuf>,
}

/// What standard input is called where a file has a name.
const STDIN: &str = "stdin.sql";

pub(super) fn run(settings: &Settings, request: &Request, environment: &Environment) -> ExitStatus {
    let log = Log::new(audience(environment), &settings.secrets());
    let known = match request.schema.as_deref().map(|path| schema(path, settings)).transpose() {
        Ok(known) => known.unwrap_or_default(),
        Err(reason) => {
            log.error(&reason);
            return ExitStatus::Usage;
        }
    };
    let tree = match &request.sources {
        LineageSources::Paths(paths) => match changes::read_paths(paths, &ChangesOptions::from(settings)) {
            Ok(tree) => tree,
            Err(error) => return unreadable(&error, &log),
        },
        LineageSources::Stdin => match stdin() {
            Ok(tree) => tree,
            Err(reason) => {
                log.error(&reason);
                return ExitStatus::UnreadableChange;
            }
        },
    };
    let graph = graph(&tree, settings, &known);
    let status = print(&graph, request.format, (&log, environment));
    drop_aside(graph);
    status
}

fn print(graph: &LineageGraph, format: LineageFormat, (log, environment): (&Log, &Environment)) -> ExitStatus {
    let text = match format {
        LineageFormat::Json => graph_json::render(graph),
        LineageFormat::Mermaid => Ok(mermaid::graph(graph)),
        LineageFormat::OpenLineage => {
            let now = event_time(environment);
            openlineage::render(graph, EventContext { event_time: &now, namespace: "ingest-action" })
        }
    };
    match text {
        Ok(text) => log.data(&text),
        Err(error) => {
            log.error(&format!("the graph cannot be written: {error}"));
            return ExitStatus::Internal;
        }
    }
    // JSON holds the diagnostics; elsewhere they would be lost.
    if format != LineageFormat::Json && log.audience() != Audience::GitHubActions {
        for diagnostic in graph.diagnostics.iter().filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error)
        {
            log.warning(&diagnostic.to_string());
        }
    }
    ExitStatus::Done
}

/// The time of the events: now, or `SOURCE_DATE_EPOCH` (seconds) for output that can be reproduced.
fn event_time(environment: &Environment) -> String {
    let given = environment.var("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse::<u64>().ok());
    let since_epoch = given.unwrap_or_else(|| {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
    });
    rfc3339(since_epoch)
}

/// Seconds since 1970 as `2026-11-22T16:00:00Z` (proleptic Gregorian calendar, days counted from 0000-03-01).
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest % 3_600 / 60, rest % 60)
}

fn stdin() -> Result<SourceTree<Head>, String> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "standard input is not UTF-8".to_owned())?;
    let path = RepoPath::new(STDIN).map_err(|error| error.to_string())?;
    let mut tree = SourceTree::default();
    let file = SourceFile { path: path.clone(), blob: BlobId("stdin".into()), content: Ok(text.into()) };
    tree.sql.insert(path, file);
    Ok(tree)
}

/// Reads `--schema`: a JSON object of column lists, or DDL.
fn schema(path: &Path, settings: &Settings) -> Result<Vec<DeclaredAsset>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("--schema {} cannot be read: {error}", path.display()))?;
    if text.trim_start().starts_with('{') {
        return json_schema(&text).map_err(|error| format!("--schema {}: {error}", path.display()));
    }
    let name = RepoPath::new("schema.sql").map_err(|error| error.to_string())?;
    let mut tree: SourceTree<Head> = SourceTree::default();
    let file = SourceFile { path: name.clone(), blob: BlobId("schema".into()), content: Ok(text.into()) };
    tree.sql.insert(name, file);
    let graph = graph(&tree, settings, &[]);
    let defined = graph.assets.into_values().filter(|asset| asset.role == Role::Defined && !asset.columns.is_empty());
    let declared: Vec<DeclaredAsset> = defined
        .map(|asset| DeclaredAsset {
            name: asset.name,
            kind: AssetKind::Table,
            columns: asset
                .columns
                .into_iter()
                .map(|column| (column.name, column.data_type.map(|data_type| data_type.to_string())))
                .collect(),
            complete: asset.columns_complete,
            file: None,
            line: 0,
        })
        .collect();
    if declared.is_empty() {
        return Err(format!(
            "--schema {} defines no table: give DDL, or JSON like {{\"shop.orders\": [\"id\", \"total\"]}}",
            path.display()
        ));
    }
    Ok(declared)
}

fn json_schema(text: &str) -> Result<Vec<DeclaredAsset>, serde_json::Error> {
    let tables: std::collections::BTreeMap<String, Vec<String>> = serde_json::from_str(text)?;
    let declared = tables.into_iter().map(|(table, columns)| DeclaredAsset {
        name: AssetName::from_dotted(&table),
        kind: AssetKind::Table,
        columns: columns.iter().map(|column| (ColumnName::new(column), None)).collect(),
        complete: true,
        file: None,
        line: 0,
    });
    Ok(declared.collect())
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn seconds_become_a_date() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_795_366_800), "2026-11-22T17:00:00Z");
    }
}
