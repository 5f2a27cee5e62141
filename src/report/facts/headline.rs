//! The verdict's one most important fact, the line of numbers, and the single line of a calm report.

use std::collections::BTreeMap;

use crate::diagnostic::DiagnosticSeverity;
use crate::impact::{AssetChangeKind, ColumnChange, ColumnChangeKind, Severity, Verdict};
use crate::ingest::outcome::IngestStatus;
use crate::lineage::model::{AssetKind, MentionKind};
use crate::path::RepoPath;
use crate::report::facts::{Breaks, Broken, ChangeRow, Facts, What, catalog};
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
    match facts.broken.as_slice() {
        [] => {
            let breaks = facts.downstream.iter().filter(|asset| asset.severity == Severity::Breaking);
            let kinds: Vec<AssetKind> = breaks.map(|asset| asset.kind).collect();
            if kinds.is_empty() {
                return Phrase::new("a name that others may read is gone");
            }
            let one = kinds.len() == 1;
            let what = match (broken_by_contract(facts), one) {
                (true, true) => "no longer keeps its contract",
                (true, false) => "no longer keep their contracts",
                (false, true) => "reads what is gone or has another type",
                (false, false) => "read what is gone or has another type",
            };
            Phrase::new(format!("{at_least}{} downstream {what}", words::assets(kinds)))
        }
        [Broken { what, breaks: Breaks::Contract, .. }] => what.clone().words(", which dbt refuses by its contract"),
        [Broken { what, breaks: Breaks::Refused, readers }] => {
            what.clone().words(format!("; dbt refuses the ref in {}", places(readers.len())))
        }
        [Broken { what, breaks, readers }] => {
            let still = if *breaks == Breaks::Gone { "still " } else { "" };
            what.clone().words(format!(" and is {still}read in {}", places(readers.len())))
        }
        several => {
            let of = |breaks| several.iter().filter(move |broken| broken.breaks == breaks).collect::<Vec<_>>();
            let (gone, retyped, refused) = (of(Breaks::Gone), of(Breaks::Retyped), of(Breaks::Refused));
            let left_out = of(Breaks::Contract);
            let read = |broken: &[&Broken<'_>]| places(broken.iter().map(|broken| broken.readers.len()).sum());
            let mut parts = Vec::new();
            if !gone.is_empty() {
                let names = words::count(gone.len(), "name is gone and is", "names are gone and are");
                parts.push(format!("{names} still read in {}", read(&gone)));
            }
            if !retyped.is_empty() {
                let names =
                    words::count(retyped.len(), "column has another type and is", "columns have another type and are");
                parts.push(format!("{names} read in {}", read(&retyped)));
            }
            if !refused.is_empty() {
                let models = words::count(refused.len(), "change", "changes");
                parts.push(format!("dbt refuses a ref after {models}, in {}", read(&refused)));
            }
            if !left_out.is_empty() {
                let columns: usize = left_out.iter().map(|broken| broken.readers.len()).sum();
                let columns = words::count(columns, "column", "columns");
                parts.push(format!("{at_least}{columns} in SQL that an enforced contract leaves out"));
            }
            Phrase::new(parts.join("; "))
        }
    }
}

/// Whether downstream breaks by enforced contracts alone.
fn broken_by_contract(facts: &Facts<'_>) -> bool {
    let mut readers = facts.downstream.iter().flat_map(|asset| &asset.readers);
    readers.all(|reader| {
        let kind = reader.mention.as_ref().map(|mention| mention.kind);
        matches!(kind, Some(MentionKind::Contract | MentionKind::ContractWithout))
    })
}

/// How much was not understood, whether that is new, and how much was.
fn incomplete(facts: &Facts<'_>) -> Phrase {
    // Each file that was not understood, and whether something of it was understood before.
    let mut files = BTreeMap::<&RepoPath, bool>::new();
    for diagnostic in &facts.report.diagnostics {
        if let Some(file) = diagnostic.file.as_ref().filter(|file| facts.is_changed(file))
            && diagnostic.severity == DiagnosticSeverity::Error
        {
            *files.entry(file).or_default() |= !diagnostic.preexisting;
        }
    }
    let missing = "so changes may be missing below";
    if files.is_empty() {
        return Phrase::new(format!("one side of the comparison could not be read in full, {missing}"));
    }
    let rows = &facts.report.files;
    let changed = words::count(rows.len(), "changed SQL file", "changed SQL files");
    let verb = if files.len() == 1 { "was" } else { "were" };
    let new = files.values().filter(|new| **new).count();
    let age = match new {
        0 => ", just as before this change",
        new if new == files.len() => "",
        1 => ", 1 of them only since this change",
        _ => ", some of them only since this change",
    };
    let statements: usize = rows.iter().map(|row| row.statements).sum();
    let analyzed: usize = rows.iter().map(|row| row.analyzed).sum();
    let understood = match statements {
        all if analyzed >= all => String::new(),
        all => format!(" ({} of {} were)", words::number(analyzed), words::count(all, "statement", "statements")),
    };
    let number = words::number(files.len());
    Phrase::new(format!("{number} of {changed} {verb} not fully understood{age}{understood}, {missing}"))
}

fn review(facts: &Facts<'_>) -> Phrase {
    if let [row] = facts.changes.as_slice()
        && facts.row_sets.is_empty()
        && row.copies.is_empty()
    {
        return row.what_happened().then(readers(facts));
    }
    if let ([], [asset]) = (facts.changes.as_slice(), facts.row_sets.as_slice()) {
        return Phrase::new("the rows of ").name(&asset.name).words(" may differ").then(readers(facts));
    }
    let number = |wanted: fn(&ChangeRow<'_>) -> bool| -> usize {
        facts.changes.iter().filter(|row| wanted(row)).map(ChangeRow::count).sum()
    };
    let renamed = number(|row| row.is_renamed());
    let gone = number(|row| row.is_gone() && !row.is_renamed());
    let values =
        number(|row| matches!(row.what, What::Column(ColumnChange { change: ColumnChangeKind::LineageChanged, .. })));
    let retyped =
        number(|row| matches!(row.what, What::Column(ColumnChange { change: ColumnChangeKind::TypeChanged, .. })));
    let wider = number(|row| matches!(row.what, What::Column(column) if column.is_widened()));
    let mut parts = Vec::new();
    let mut push = |count: usize, one: &str, many: &str| {
        if count > 0 {
            parts.push(words::count(count, one, many));
        }
    };
    push(gone, "name is gone", "names are gone");
    push(renamed, "name changed", "names changed");
    push(retyped - wider, "column has another type", "columns have another type");
    push(wider, "column has a wider type", "columns have a wider type");
    push(values, "column is computed differently", "columns are computed differently");
    if !facts.row_sets.is_empty() {
        let assets = words::assets(facts.row_sets.iter().map(|asset| asset.kind));
        parts.push(format!("{assets} may have other rows"));
    }
    let moved: Vec<AssetKind> = changed_places(facts).collect();
    if !moved.is_empty() {
        let verb = if moved.len() == 1 { "is" } else { "are" };
        parts.push(format!("{} with other columns by position {verb} read by position", words::assets(moved)));
    }
    let rewritten = whole_assets(facts, AssetChangeKind::Modified);
    if parts.is_empty() && !rewritten.is_empty() {
        parts.push(format!("{} rewritten", words::assets(rewritten)));
    }
    // What is new may change what reads it: `SELECT *`, or a name that something else answered to.
    let start = if parts.is_empty() { additions(facts) } else { Phrase::new(words::enumerate(&parts)) };
    start.then(readers(facts))
}

/// The kinds of the assets whose columns changed places, and are taken by them.
fn changed_places<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = AssetKind> + 'a {
    let rows = facts.changes.iter().filter(|row| matches!(row.what, What::Asset));
    rows.filter(|row| !row.asset.read_by_position.is_empty()).map(|row| row.asset.kind)
}

/// Whom it reaches, in few words.
fn readers(facts: &Facts<'_>) -> Phrase {
    let kinds: Vec<AssetKind> = facts.downstream.iter().map(|asset| asset.kind).collect();
    let at_least = if facts.at_least { "at least " } else { "" };
    let changes: usize = facts.changes.iter().map(ChangeRow::count).sum();
    let what = if changes + facts.row_sets.len() == 1 { "it" } else { "what changed" };
    match kinds.len() {
        0 => Phrase::new(format!("; no other SQL here reads {what}{}", bound(facts))),
        1 => Phrase::new(format!("; {at_least}{} downstream is affected", words::assets(kinds))),
        _ => Phrase::new(format!("; {at_least}{} downstream are affected", words::assets(kinds))),
    }
}

fn additions(facts: &Facts<'_>) -> Phrase {
    if let [row] = facts.changes.as_slice()
        && row.copies.is_empty()
    {
        return row.what_happened();
    }
    let kinds = whole_assets(facts, AssetChangeKind::Added);
    let new =
        |row: &&ChangeRow<'_>| matches!(row.what, What::Column(column) if column.change == ColumnChangeKind::Added);
    let columns: usize = facts.changes.iter().filter(new).map(ChangeRow::count).sum();
    let mut parts = Vec::new();
    if !kinds.is_empty() {
        parts.push(words::assets(kinds));
    }
    if columns > 0 {
        parts.push(words::count(columns, "column", "columns"));
    }
    match parts.as_slice() {
        [] => Phrase::new("something is new"),
        _ => Phrase::new(format!("{} are new", words::enumerate(&parts))),
    }
}

/// The kinds of the assets to which this happened as a whole.
fn whole_assets(facts: &Facts<'_>, change: AssetChangeKind) -> Vec<AssetKind> {
    let rows = facts.changes.iter().filter(|row| matches!(row.what, What::Asset) && row.asset.change == change);
    rows.flat_map(|row| std::iter::once(row.asset).chain(row.copies.iter().map(|(_, copy)| *copy)))
        .map(|asset| asset.kind)
        .collect()
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
            1 if *change == AssetChangeKind::Added => "added".to_owned(),
            1 => words::asset_change(*change).to_owned(),
            _ => format!("{} {}", words::number(*count), words::asset_change(*change)),
        });
        let detail: Vec<String> = detail.collect();
        let all = words::assets(assets.iter().map(|asset| asset.kind));
        let colon = if kinds.len() == 1 { "" } else { ":" };
        parts.push(format!("{all}{colon} {}", detail.join(", ")));
    }
    let columns: usize =
        facts.changes.iter().filter(|row| matches!(row.what, What::Column(_))).map(ChangeRow::count).sum();
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
