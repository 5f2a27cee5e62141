//! The verdict's one most important fact, the line of numbers, the single line of a calm report, and the footer.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::DiagnosticSeverity;
use crate::impact::{AssetChangeKind, ColumnChange, ColumnChangeKind, Severity, Verdict};
use crate::ingest::outcome::IngestStatus;
use crate::lineage::model::AssetKind;
use crate::report::Report;
use crate::report::facts::{Broken, ChangeRow, Facts, What, catalog};
use crate::report::phrase::Phrase;
use crate::report::words;

/// The one most important fact.
#[must_use]
pub fn headline(facts: &Facts<'_>) -> Phrase {
    match facts.report.impact.verdict {
        Verdict::Breaking => breaking(facts),
        Verdict::Incomplete => incomplete(facts),
        Verdict::Review => review(facts),
        Verdict::Additive => additions(facts).words(format!("; what existed before stays as it is{}", bound(facts))),
        Verdict::None => Phrase::new(format!("tables, columns and rows come out the same{}", bound(facts))),
    }
}

/// Said where a calm statement rests on an incomplete reading.
fn bound(facts: &Facts<'_>) -> &'static str {
    if facts.at_least { ", as far as the SQL was understood" } else { "" }
}

fn breaking(facts: &Facts<'_>) -> Phrase {
    let at_least = if facts.at_least { "at least " } else { "" };
    let places = |count: usize| format!("{at_least}{}", words::count(count, "place", "places"));
    let readers: usize = facts.broken.iter().map(|broken| broken.readers.len()).sum();
    match facts.broken.as_slice() {
        [] => {
            let breaks = facts.downstream.iter().filter(|asset| asset.severity == Severity::Breaking);
            let kinds: Vec<AssetKind> = breaks.map(|asset| asset.kind).collect();
            if kinds.is_empty() {
                return Phrase::new("a name that others may read is gone");
            }
            let verb = if kinds.len() == 1 { "reads" } else { "read" };
            Phrase::new(format!(
                "{at_least}{} downstream {verb} what is gone or has another type",
                words::assets(kinds)
            ))
        }
        [Broken { what, gone: true, .. }] => what.clone().words(format!(" and is still read in {}", places(readers))),
        [Broken { what, .. }] => what.clone().words(format!(" and is read in {}", places(readers))),
        several => {
            let what =
                if several.iter().all(|broken| broken.gone) { "are gone" } else { "are gone or have another type" };
            Phrase::new(format!(
                "{} names {what} and are still read, in {}",
                words::number(several.len()),
                places(readers)
            ))
        }
    }
}

fn incomplete(facts: &Facts<'_>) -> Phrase {
    let errors = facts.report.diagnostics.iter().filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error);
    let files: BTreeSet<_> =
        errors.filter_map(|diagnostic| diagnostic.file.as_ref()).filter(|file| facts.is_changed(file)).collect();
    if files.is_empty() {
        return Phrase::new("one side of the comparison could not be read in full, so changes may be missing below");
    }
    let changed = words::count(facts.report.files.len(), "changed SQL file", "changed SQL files");
    let verb = if files.len() == 1 { "was" } else { "were" };
    Phrase::new(format!("{} of {changed} {verb} not fully understood, so changes may be missing below", files.len()))
}

fn review(facts: &Facts<'_>) -> Phrase {
    if let [row] = facts.changes.as_slice()
        && facts.row_sets.is_empty()
    {
        return row.what_happened().then(readers(facts));
    }
    if let ([], [asset]) = (facts.changes.as_slice(), facts.row_sets.as_slice()) {
        return Phrase::new("the rows of ").name(&asset.name).words(" may differ").then(readers(facts));
    }
    let number = |wanted: fn(&ChangeRow<'_>) -> bool| facts.changes.iter().filter(|row| wanted(row)).count();
    let gone = number(|row| row.is_gone());
    let values =
        number(|row| matches!(row.what, What::Column(ColumnChange { change: ColumnChangeKind::LineageChanged, .. })));
    let types =
        number(|row| matches!(row.what, What::Column(ColumnChange { change: ColumnChangeKind::TypeChanged, .. })));
    let mut parts = Vec::new();
    let mut push = |count: usize, one: &str, many: &str| {
        if count > 0 {
            parts.push(words::count(count, one, many));
        }
    };
    push(gone, "name is gone", "names are gone");
    push(types, "column has another type", "columns have another type");
    push(values, "column is computed differently", "columns are computed differently");
    push(facts.row_sets.len(), "table or view may have other rows", "tables and views may have other rows");
    if parts.is_empty() {
        parts.push("values or rows may differ".to_owned());
    }
    Phrase::new(words::enumerate(&parts)).then(readers(facts))
}

/// Whom it reaches, in few words.
fn readers(facts: &Facts<'_>) -> Phrase {
    let kinds: Vec<AssetKind> = facts.downstream.iter().map(|asset| asset.kind).collect();
    let at_least = if facts.at_least { "at least " } else { "" };
    match kinds.len() {
        0 => Phrase::new(format!("; no other SQL here reads it{}", bound(facts))),
        1 => Phrase::new(format!("; {at_least}{} downstream is affected", words::assets(kinds))),
        _ => Phrase::new(format!("; {at_least}{} downstream are affected", words::assets(kinds))),
    }
}

fn additions(facts: &Facts<'_>) -> Phrase {
    if let [row] = facts.changes.as_slice() {
        return row.what_happened();
    }
    let assets = facts.changes.iter().filter(|row| matches!(row.what, What::Asset));
    let kinds: Vec<AssetKind> = assets.map(|row| row.asset.kind).collect();
    let columns = facts.changes.iter().filter(|row| matches!(row.what, What::Column(_))).count();
    let mut parts = Vec::new();
    if !kinds.is_empty() {
        parts.push(words::assets(kinds));
    }
    if columns > 0 {
        parts.push(words::count(columns, "column", "columns"));
    }
    match facts.changes.len() {
        0 => Phrase::new("something is new"),
        _ => Phrase::new(format!("{} are new", words::enumerate(&parts))),
    }
}

/// How much changed, in numbers.
#[must_use]
pub fn numbers(facts: &Facts<'_>) -> Phrase {
    let report = facts.report;
    let mut parts = vec![format!("{} changed", words::count(report.files.len(), "SQL file", "SQL files"))];
    let assets = &report.impact.assets;
    if !assets.is_empty() {
        let mut kinds = BTreeMap::<AssetChangeKind, usize>::new();
        for asset in assets {
            *kinds.entry(asset.change).or_default() += 1;
        }
        let detail = kinds.iter().map(|(change, count)| match kinds.len() {
            1 => words::asset_change(*change).to_owned(),
            _ => format!("{} {}", words::number(*count), words::asset_change(*change)),
        });
        let detail: Vec<String> = detail.collect();
        let all = words::assets(assets.iter().map(|asset| asset.kind));
        let colon = if kinds.len() == 1 { "" } else { ":" };
        parts.push(format!("{all}{colon} {}", detail.join(", ")));
    }
    let columns = facts.changes.iter().filter(|row| matches!(row.what, What::Column(_))).count();
    if columns > 0 {
        parts.push(format!("{} changed", words::count(columns, "column", "columns")));
    }
    if !facts.downstream.is_empty() {
        let at_least = if facts.at_least { "at least " } else { "" };
        let kinds = facts.downstream.iter().map(|asset| asset.kind);
        parts.push(format!("{at_least}{} downstream affected", words::assets(kinds)));
    }
    Phrase::new(parts.join(" · "))
}

/// All of a calm report.
#[must_use]
pub fn one_line(facts: &Facts<'_>) -> Phrase {
    let report = facts.report;
    if report.files.is_empty() {
        return Phrase::new("no SQL file changed, so there is nothing to compare.");
    }
    let files = words::count(report.files.len(), "SQL file", "SQL files");
    let line = Phrase::new(format!("{files} changed; ")).then(headline(facts)).words(".");
    if report.ingest.status == IngestStatus::Skipped {
        return line;
    }
    line.words(" Catalog: ").then(catalog(report))
}

/// What was compared, how, how much of it was understood, and by what.
#[must_use]
pub fn footer(facts: &Facts<'_>) -> Phrase {
    let report = facts.report;
    let coverage = report.coverage;
    let revisions = Phrase::default().name(report.base.0.short()).words("…").name(report.head.short());
    let files = words::count(coverage.files, "SQL file", "SQL files");
    let statements = words::count(coverage.statements, "statement", "statements");
    let mut parts = vec![words::listed_by(report.listed_by).to_owned()];
    if coverage.is_complete() {
        parts.push(format!("understood all of {files} ({statements})"));
    } else {
        let analyzed = words::number(coverage.analyzed);
        let whole = words::number(coverage.parsed);
        parts.push(format!("understood {whole} of {files} in full, {analyzed} of {statements}"));
    }
    if coverage.stars_unresolved > 0 {
        parts.push(format!("{} not expanded", words::count(coverage.stars_unresolved, "`*`", "`*`")));
    }
    parts.extend(dialects(report));
    parts.push(concat!("ingest-action ", env!("CARGO_PKG_VERSION")).to_owned());
    revisions.words(" · ").words(parts.join(" · "))
}

fn dialects(report: &Report) -> Option<String> {
    let dialects: BTreeSet<_> = report.files.iter().map(|row| row.dialect).collect();
    let names: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("dialect {one}")),
        _ => Some(format!("dialects {}", names.join(", "))),
    }
}
