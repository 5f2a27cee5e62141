//! The diagnostics of head in the report's order, each marked as new or as known at base.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::LineageGraph;
use crate::path::RepoPath;
use crate::source::{ChangeSet, ChangedFile, Content, FileStatus, SourceFile};

/// What a diagnostic is about, wherever in the file it stands.
type Subject = (Option<RepoPath>, DiagnosticCode, String);

/// Diagnostics of head and of reading both sides: most severe first, changed files' before others', new before old,
/// then by place.
pub fn collect(changes: &ChangeSet, base: &LineageGraph, head: &LineageGraph) -> Vec<Diagnostic> {
    let changed: BTreeMap<&RepoPath, &ChangedFile> = changes.changed.iter().map(|file| (&file.path, file)).collect();
    let mut known = BTreeMap::<Subject, usize>::new();
    for diagnostic in &base.diagnostics {
        *known.entry(subject(diagnostic, diagnostic.file.as_ref())).or_default() += 1;
    }
    let mut found: Vec<Diagnostic> = in_file_order(head)
        .map(|diagnostic| {
            let at_base = diagnostic
                .file
                .as_ref()
                .map(|file| changed.get(file).and_then(|changed| changed.old_path.as_ref()).unwrap_or(file));
            let left = known.get_mut(&subject(diagnostic, at_base)).filter(|left| **left > 0);
            let preexisting = left.map(|left| *left -= 1).is_some();
            Diagnostic { preexisting, ..diagnostic.clone() }
        })
        .collect();
    for diagnostic in &changes.diagnostics {
        if !is_told(&found, diagnostic) {
            // The stage that read both sides knows whether it was so at base: a link that is new stands in no list of
            // changed files, and is new all the same.
            found.push(diagnostic.clone());
        }
    }
    for file in &changes.changed {
        for diagnostic in unreadable(file, changes).into_iter().chain(understood_only_now(file, base, head)) {
            if !is_told(&found, &diagnostic) {
                found.push(diagnostic);
            }
        }
    }
    let order = |diagnostic: &Diagnostic| {
        let elsewhere = diagnostic.file.as_ref().is_some_and(|file| !changed.contains_key(file));
        (diagnostic.severity, elsewhere, diagnostic.preexisting)
    };
    found.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| place(a).cmp(&place(b))).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

/// Whether something of what changed may have gone unseen: an error in a changed file whose text differs, or in
/// reading a side as such.
pub fn hide_a_change(diagnostics: &[Diagnostic], changes: &ChangeSet) -> bool {
    let rewritten: BTreeSet<&RepoPath> =
        changes.changed.iter().filter(|file| !is_pure_move(file, changes)).map(|file| &file.path).collect();
    diagnostics.iter().filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error).any(|diagnostic| {
        match &diagnostic.file {
            Some(file) => rewritten.contains(file),
            None => diagnostic.code == DiagnosticCode::IncompleteSide,
        }
    })
}

fn is_pure_move(file: &ChangedFile, changes: &ChangeSet) -> bool {
    let Some(old_path) = &file.old_path else { return false };
    let before = changes.base_tree.sql.get(old_path).map(|file| &file.blob);
    before.is_some() && before == changes.head_tree.sql.get(&file.path).map(|file| &file.blob)
}

fn in_file_order(graph: &LineageGraph) -> impl Iterator<Item = &Diagnostic> {
    let mut ordered: Vec<&Diagnostic> = graph.diagnostics.iter().collect();
    ordered.sort_by(|a, b| place(a).cmp(&place(b)));
    ordered.into_iter()
}

fn place(diagnostic: &Diagnostic) -> (&Option<RepoPath>, u32, u32) {
    (&diagnostic.file, diagnostic.line, diagnostic.column)
}

/// The parser ends some messages with the position: two equal messages at different lines are one subject.
fn subject(diagnostic: &Diagnostic, file: Option<&RepoPath>) -> Subject {
    let message = diagnostic.message.split(" at Line: ").next().unwrap_or_default();
    (file.cloned(), diagnostic.code, message.to_owned())
}

/// Whether the list already has this diagnostic, or one that says the same of the whole file.
fn is_told(found: &[Diagnostic], diagnostic: &Diagnostic) -> bool {
    let whole_file = matches!(
        diagnostic.code,
        DiagnosticCode::UnreadableFile | DiagnosticCode::RefusedPath | DiagnosticCode::IncompleteSide
    );
    found.iter().any(|other| {
        let same = other.file == diagnostic.file && other.code == diagnostic.code;
        same && (whole_file && diagnostic.file.is_some()
            || other.message == diagnostic.message && other.line == diagnostic.line)
    })
}

/// A changed file whose text could not be had on one side: named even if no earlier stage did.
fn unreadable(file: &ChangedFile, changes: &ChangeSet) -> Vec<Diagnostic> {
    let at_base = changes.base_tree.sql.get(file.old_path.as_ref().unwrap_or(&file.path));
    let at_head = changes.head_tree.sql.get(&file.path).filter(|_| file.status != FileStatus::Removed);
    let error = |code, message: String| Diagnostic::new(code, DiagnosticSeverity::Error, &file.path, message);
    let head = reason(at_head).map(|reason| error(DiagnosticCode::UnreadableFile, reason));
    let base = reason(at_base)
        .map(|reason| error(DiagnosticCode::IncompleteSide, format!("the version before this change: {reason}")));
    head.into_iter().chain(base).collect()
}

fn reason(file: Option<&SourceFile>) -> Option<String> {
    let content: &Content = &file?.content;
    content.as_ref().err().map(ToString::to_string)
}

/// What was broken at base and is understood at head shows up as new, although it may not be.
fn understood_only_now(file: &ChangedFile, base: &LineageGraph, head: &LineageGraph) -> Option<Diagnostic> {
    let before = base.files.get(file.old_path.as_ref().unwrap_or(&file.path))?;
    let now = head.files.get(&file.path)?;
    let missing = |statements: usize, analyzed: usize| statements.saturating_sub(analyzed);
    let (was, is) = (missing(before.statements, before.analyzed), missing(now.statements, now.analyzed));
    (was > is).then(|| {
        let message =
            "its version before this change was not wholly understood: what it already defined may show as new";
        Diagnostic::new(DiagnosticCode::IncompleteSide, DiagnosticSeverity::Note, &file.path, message)
    })
}
