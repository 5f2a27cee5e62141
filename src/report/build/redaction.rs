//! Applies `report::redact` to every text of a report that comes from outside.

use crate::impact::{AssetChange, ColumnChange, Downstream, Impact, Reader};
use crate::ingest::outcome::{FileBucket, IngestOutcome, SkipReason};
use crate::lineage::model::{AssetName, ColumnName, ColumnRef};
use crate::path::RepoPath;
use crate::report::{Diagram, Report, redact};
use crate::secret::Secret;

/// The report without secrets. Names and paths lose configured secrets; SQL and messages lose credential literals too.
pub fn apply(mut report: Report, secrets: &[&Secret]) -> Report {
    let redactor = Redactor { secrets };
    redactor.impact(&mut report.impact);
    redactor.ingest(&mut report.ingest);
    redactor.diagram(&mut report.diagram);
    for row in &mut report.files {
        redactor.path(&mut row.path);
        row.old_path.iter_mut().for_each(|path| redactor.path(path));
        redactor.text(&mut row.dialect_reason);
        redactor.texts([&mut row.asset_from_path]);
    }
    redactor.texts([&mut report.dbt_selector]);
    for diagnostic in &mut report.diagnostics {
        diagnostic.file.iter_mut().for_each(|path| redactor.path(path));
        redactor.text(&mut diagnostic.message);
        diagnostic.hint.iter_mut().for_each(|hint| redactor.text(hint));
    }
    report
}

struct Redactor<'a> {
    secrets: &'a [&'a Secret],
}

impl Redactor<'_> {
    fn text(&self, text: &mut String) {
        *text = redact::redact(text, self.secrets);
    }

    fn texts<'t>(&self, texts: impl IntoIterator<Item = &'t mut Option<String>>) {
        texts.into_iter().flatten().for_each(|text| self.text(text));
    }

    /// The text without configured secrets, where it holds one.
    fn changed(&self, text: &str) -> Option<String> {
        let shown = redact::exact(text, self.secrets);
        (shown != text).then_some(shown)
    }

    fn asset(&self, name: &mut AssetName) {
        if let Some(shown) = self.changed(name.as_str()) {
            *name = AssetName::from_dotted(&shown);
        }
    }

    fn column(&self, name: &mut ColumnName) {
        if let Some(shown) = self.changed(name.as_str()) {
            *name = ColumnName::new(&shown);
        }
    }

    fn reference(&self, reference: &mut ColumnRef) {
        self.asset(&mut reference.asset);
        self.column(&mut reference.column);
    }

    fn path(&self, path: &mut RepoPath) {
        if let Some(Ok(shown)) = self.changed(path.as_str()).map(|shown| RepoPath::new(&shown)) {
            *path = shown;
        }
    }

    fn readers(&self, readers: &mut [Reader]) {
        for reader in readers {
            self.path(&mut reader.file);
            reader.name = redact::exact(&reader.name, self.secrets);
            reader.reader.iter_mut().for_each(|name| self.asset(name));
            if let Some(mention) = &mut reader.mention {
                mention.name = redact::exact(&mention.name, self.secrets).into();
            }
        }
    }

    fn impact(&self, impact: &mut Impact) {
        impact.assets.iter_mut().for_each(|asset| self.asset_change(asset));
        impact.downstream.iter_mut().for_each(|asset| self.downstream(asset));
    }

    fn asset_change(&self, asset: &mut AssetChange) {
        self.asset(&mut asset.name);
        let names = asset.previous_name.iter_mut().chain(&mut asset.upstream_added).chain(&mut asset.upstream_removed);
        let names = names.chain(&mut asset.read_by_position);
        names.for_each(|name| self.asset(name));
        asset.file.iter_mut().for_each(|path| self.path(path));
        asset.columns.iter_mut().for_each(|column| self.column_change(column));
        self.readers(&mut asset.readers);
        self.readers(&mut asset.refused);
        self.texts([&mut asset.owner]);
        self.texts([&mut asset.base_definition, &mut asset.head_definition]);
        let clauses = asset.row_set.iter_mut();
        clauses.flat_map(|change| change.base.iter_mut().chain(&mut change.head)).for_each(|text| self.text(text));
    }

    fn column_change(&self, column: &mut ColumnChange) {
        self.column(&mut column.name);
        column.previous_name.iter_mut().for_each(|name| self.column(name));
        column.base_sources.iter_mut().chain(&mut column.head_sources).for_each(|source| self.reference(source));
        self.texts([&mut column.base_type, &mut column.head_type]);
        self.texts([&mut column.base_expression, &mut column.head_expression]);
        self.readers(&mut column.readers);
    }

    fn downstream(&self, asset: &mut Downstream) {
        self.asset(&mut asset.name);
        asset.via.iter_mut().for_each(|name| self.asset(name));
        for column in &mut asset.columns {
            self.column(&mut column.name);
            column.affected_by.iter_mut().for_each(|reference| self.reference(reference));
        }
        self.readers(&mut asset.readers);
        self.texts([&mut asset.owner]);
        if let Some(shown) = &mut asset.exposure {
            self.texts([&mut shown.label, &mut shown.category, &mut shown.owner, &mut shown.url]);
        }
    }

    fn ingest(&self, outcome: &mut IngestOutcome) {
        outcome.skipped.iter_mut().for_each(|reason| self.skip_reason(reason));
        for row in &mut outcome.files {
            self.path(&mut row.path);
            self.texts([&mut row.code, &mut row.message]);
            if let FileBucket::Skipped(reason) = &mut row.bucket {
                self.skip_reason(reason);
            }
        }
    }

    fn skip_reason(&self, reason: &mut SkipReason) {
        match reason {
            SkipReason::Mode { mode: text }
            | SkipReason::Unreadable { reason: text }
            | SkipReason::NothingToSend { what: text }
            | SkipReason::HoldsSecret { what: text }
            | SkipReason::Stopped { reason: text } => self.text(text),
            SkipReason::NoToken
            | SkipReason::ForkWithoutSecrets
            | SkipReason::NothingChanged
            | SkipReason::RemovedFile => {}
        }
    }

    fn diagram(&self, diagram: &mut Diagram) {
        diagram.nodes.iter_mut().for_each(|node| self.asset(&mut node.name));
        for edge in &mut diagram.edges {
            self.asset(&mut edge.upstream);
            self.asset(&mut edge.downstream);
        }
    }
}
