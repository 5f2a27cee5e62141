//! The words that all renderers share: numbers with their nouns, names of kinds, changes and reasons.

use std::collections::BTreeMap;

use crate::diagnostic::DiagnosticCode;
use crate::impact::{AssetChangeKind, ColumnChangeKind, RowSetChange, Severity, Verdict};
use crate::ingest::outcome::{FileBucket, SkipReason};
use crate::lineage::model::AssetKind;
use crate::source::{FileStatus, ListedBy};

/// `12,345`.
#[must_use]
pub fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(value: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn enumerate(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A sign beside the verdict's word; its shape, not its colour, makes the difference.
#[must_use]
pub fn verdict_sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => "✅",
        Verdict::Additive => "➕",
        Verdict::Review => "🔎",
        Verdict::Incomplete => "⚠️",
        Verdict::Breaking => "⛔",
    }
}

/// The verdict for people.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => "No lineage change",
        Verdict::Additive => "Only additions",
        Verdict::Review => "Please review",
        Verdict::Incomplete => "Incomplete",
        Verdict::Breaking => "Breaking",
    }
}

/// One asset's kind.
#[must_use]
pub fn kind(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Table => "table",
        AssetKind::View => "view",
        AssetKind::MaterializedView => "materialized view",
        AssetKind::Model => "model",
        AssetKind::Seed => "seed",
        AssetKind::Snapshot => "snapshot",
        AssetKind::Source => "source",
        AssetKind::External => "external data set",
        AssetKind::Query => "query",
        AssetKind::Exposure => "exposure",
    }
}

/// Several assets of one kind.
fn kinds(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Table => "tables",
        AssetKind::View => "views",
        AssetKind::MaterializedView => "materialized views",
        AssetKind::Model => "models",
        AssetKind::Seed => "seeds",
        AssetKind::Snapshot => "snapshots",
        AssetKind::Source => "sources",
        AssetKind::External => "external data sets",
        AssetKind::Query => "queries",
        AssetKind::Exposure => "exposures",
    }
}

/// So many assets: `2 views`, `1 table and 3 views`; of more than two kinds `7 tables and views`. Exposures are neither.
#[must_use]
pub fn assets(of: impl IntoIterator<Item = AssetKind>) -> String {
    let mut counts = BTreeMap::<AssetKind, usize>::new();
    for kind in of {
        *counts.entry(kind).or_default() += 1;
    }
    let exposures = counts.remove(&AssetKind::Exposure);
    let told = |(of, number): (AssetKind, usize)| count(number, kind(of), kinds(of));
    let mut parts: Vec<String> = if counts.len() > 2 || (counts.is_empty() && exposures.is_none()) {
        vec![count(counts.values().sum(), "table or view", "tables and views")]
    } else {
        counts.into_iter().map(told).collect()
    };
    parts.extend(exposures.map(|number| told((AssetKind::Exposure, number))));
    enumerate(&parts)
}

/// What happened to an asset.
#[must_use]
pub fn asset_change(change: AssetChangeKind) -> &'static str {
    match change {
        AssetChangeKind::Added => "new",
        AssetChangeKind::Removed => "removed",
        AssetChangeKind::Modified => "modified",
        AssetChangeKind::Renamed => "renamed",
    }
}

/// What happened to a column.
#[must_use]
pub fn column_change(change: ColumnChangeKind) -> &'static str {
    match change {
        ColumnChangeKind::Added => "added",
        ColumnChangeKind::Removed => "removed",
        ColumnChangeKind::Renamed => "renamed",
        ColumnChangeKind::TypeChanged => "type changed",
        ColumnChangeKind::LineageChanged => "computed differently",
    }
}

/// The clause that changed.
#[must_use]
pub fn row_set(change: RowSetChange) -> &'static str {
    match change {
        RowSetChange::Filter => "filter",
        RowSetChange::Join => "joins",
        RowSetChange::Grouping => "grouping",
        RowSetChange::Distinct => "DISTINCT",
        RowSetChange::Limit => "row limit",
        RowSetChange::SetOperation => "UNION (or another set operation)",
        RowSetChange::LiteralRows => "inserted rows",
        RowSetChange::Order => "inner sort order",
        RowSetChange::ResultOrder => "sort order",
    }
}

/// What happens to a downstream asset.
#[must_use]
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Breaking => "breaks",
        Severity::Review => "may differ",
        Severity::Info => "sees additions only",
    }
}

/// What happened to a file.
#[must_use]
pub fn file_status(status: FileStatus) -> &'static str {
    match status {
        FileStatus::Added => "added",
        FileStatus::Modified => "modified",
        FileStatus::Removed => "removed",
        FileStatus::Renamed => "renamed",
    }
}

/// How the changed files were found.
#[must_use]
pub fn listed_by(listed_by: ListedBy) -> &'static str {
    match listed_by {
        ListedBy::MergeParent => "changes found by git, against the target branch as merged",
        ListedBy::GitDiff => "changes found by git",
        ListedBy::ForgeApi => "changes listed by the forge's API (git did not have the base)",
    }
}

/// The bucket of a file in the catalog line.
#[must_use]
pub fn bucket(bucket: &FileBucket) -> &'static str {
    match bucket {
        FileBucket::Sent => "sent",
        FileBucket::Rejected => "rejected",
        FileBucket::Deferred => "left for the next run",
        FileBucket::Unchanged => "already up to date",
        FileBucket::Skipped(_) => "not sent",
    }
}

/// A skip reason as our words and, after them, words from elsewhere.
#[must_use]
pub fn skip_reason(reason: &SkipReason) -> (&'static str, Option<&str>) {
    match reason {
        SkipReason::NoToken => ("no token is configured", None),
        SkipReason::ForkWithoutSecrets => {
            ("this change comes from a fork or from Dependabot, where secrets are not available", None)
        }
        SkipReason::Mode { mode } if mode == "preview" => ("a preview sends nothing", None),
        SkipReason::Mode { mode } => ("the setting `ingest` does not send on this kind of run:", Some(mode)),
        SkipReason::NothingChanged => ("no selected SQL file changed", None),
        SkipReason::RemovedFile => {
            ("the file is removed; the catalog has no way to take that, so its entries stay there", None)
        }
        SkipReason::Unreadable { reason } => ("it could not be read:", Some(reason)),
        SkipReason::NothingToSend { what } => ("it holds nothing that a catalog keeps:", Some(what)),
        SkipReason::HoldsSecret { what } => {
            ("a secret stands in it, and the setting `allow-secrets` is not true:", Some(what))
        }
        SkipReason::Stopped { reason } => ("sending stopped before it:", Some(reason)),
    }
}

/// What kind of trouble a diagnostic is, as the beginning of a sentence about a place.
#[must_use]
pub fn trouble(code: DiagnosticCode) -> &'static str {
    match code {
        DiagnosticCode::ParseError | DiagnosticCode::TooDeep => "was not understood",
        DiagnosticCode::UnreadableFile => "could not be read",
        DiagnosticCode::RefusedPath => "was refused",
        DiagnosticCode::TemplateHole | DiagnosticCode::TemplateError => "has a template that was not resolved",
        DiagnosticCode::UnresolvedStar => "has a `*` whose columns are not known",
        DiagnosticCode::AmbiguousColumn | DiagnosticCode::AmbiguousAsset => "has a name that could mean several things",
        DiagnosticCode::UnresolvedColumn => "names a column of nothing in it",
        DiagnosticCode::DuplicateDefinition => "defines something twice",
        DiagnosticCode::DynamicSql => "builds SQL at run time",
        DiagnosticCode::TableLevelOnly => "was understood for tables, not for columns",
        DiagnosticCode::DbtArtifact => "has SQL that dbt compiled",
        DiagnosticCode::IncompleteSide => "is not complete",
    }
}

/// So many troubles of one kind.
#[must_use]
pub fn troubles(code: DiagnosticCode, number: usize) -> String {
    let (one, many) = match code {
        DiagnosticCode::ParseError | DiagnosticCode::TooDeep => ("place not understood", "places not understood"),
        DiagnosticCode::UnreadableFile => ("file that could not be read", "files that could not be read"),
        DiagnosticCode::RefusedPath => ("path refused", "paths refused"),
        DiagnosticCode::TemplateHole | DiagnosticCode::TemplateError => {
            ("template not resolved", "templates not resolved")
        }
        DiagnosticCode::UnresolvedStar => ("`*` without known columns", "`*` without known columns"),
        DiagnosticCode::AmbiguousColumn => ("ambiguous column name", "ambiguous column names"),
        DiagnosticCode::UnresolvedColumn => {
            ("column of nothing in its statement", "columns of nothing in their statements")
        }
        DiagnosticCode::AmbiguousAsset => ("ambiguous table name", "ambiguous table names"),
        DiagnosticCode::DuplicateDefinition => ("thing defined twice", "things defined twice"),
        DiagnosticCode::DynamicSql => ("place that builds SQL at run time", "places that build SQL at run time"),
        DiagnosticCode::TableLevelOnly => ("place understood for tables only", "places understood for tables only"),
        DiagnosticCode::DbtArtifact => ("file with SQL that dbt compiled", "files with SQL that dbt compiled"),
        DiagnosticCode::IncompleteSide => ("incomplete reading", "incomplete readings"),
    };
    count(number, one, many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(0, "file", "files"), "0 files");
        assert_eq!(count(1_234_567, "file", "files"), "1,234,567 files");
    }

    #[test]
    fn assets_are_called_by_their_kind_where_they_share_one() {
        assert_eq!(assets([AssetKind::View, AssetKind::View]), "2 views");
        assert_eq!(assets([AssetKind::Query, AssetKind::Query]), "2 queries");
        assert_eq!(assets([AssetKind::View, AssetKind::Table, AssetKind::View]), "1 table and 2 views");
        assert_eq!(assets([AssetKind::View, AssetKind::Model, AssetKind::Seed]), "3 tables and views");
        assert_eq!(assets([]), "0 tables and views");
        let mixed = [AssetKind::View, AssetKind::Model, AssetKind::Seed, AssetKind::Exposure];
        assert_eq!(assets(mixed), "3 tables and views and 1 exposure");
        assert_eq!(assets([AssetKind::Table, AssetKind::View, AssetKind::Exposure]), "1 table, 1 view and 1 exposure");
        assert_eq!(assets([AssetKind::Exposure]), "1 exposure");
    }
}
