//! Assets that a second file defines: which of them are worth a word, and one note for each pair of files.
//!
//! A copy that says the same is no news. Neither is a table in a sequence of migrations and in the script that installs
//! what they lead to: the one is the history of the other.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::{State, StateColumn};
use crate::lineage::data_type::canonical;
use crate::lineage::effect::{Flow, Place};
use crate::lineage::model::{AssetKind, AssetName};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;

/// Assets that one note names.
const MOST_NAMED: usize = 3;

/// What files define that other files define as well.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    /// By the file that comes second and the one that came first.
    by_files: BTreeMap<(RepoPath, RepoPath), Vec<(u32, AssetName)>>,
}

impl Seconds {
    /// Notes that a file defines an asset anew, where that is worth a word.
    pub fn note(
        &mut self,
        (name, kind, flow): (&AssetName, AssetKind, &Flow),
        state: &State,
        (place, dialect): (&Place, Dialect),
    ) {
        let Some(first) = state.file.as_ref().filter(|_| state.is_defined_apart_from(&place.file)) else { return };
        let is_history = state.declared && flow.declared && is_history(first, &place.file);
        if !(is_history || state.kind == kind && says_the_same(state, flow, dialect)) {
            let files = (place.file.clone(), first.clone());
            self.by_files.entry(files).or_default().push((place.line, name.clone()));
        }
    }

    /// One note for each pair of files.
    pub fn into_diagnostics(self) -> impl Iterator<Item = Diagnostic> {
        self.by_files.into_iter().map(|((file, first), assets)| {
            let line = assets.iter().map(|(line, _)| *line).min().unwrap_or(0);
            let names: Vec<&str> = assets.iter().take(MOST_NAMED).map(|(_, name)| name.as_str()).collect();
            let more = assets.len() - names.len();
            let are = if assets.len() == 1 { "is" } else { "are" };
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message =
                format!("{}{more} {are} defined here and in {first}; both definitions count", names.join(", "));
            Diagnostic::new(DiagnosticCode::DuplicateDefinition, DiagnosticSeverity::Note, &file, message)
                .at(line, 0)
                .hint("leave one of them out with `exclude`")
        })
    }
}

/// Whether one of the files is a migration and the other none, or one of a sequence around or within.
fn is_history(one: &RepoPath, other: &RepoPath) -> bool {
    match (migration::sequence(one), migration::sequence(other)) {
        (None, None) => false,
        (Some(one), Some(other)) => one.starts_with(other) || other.starts_with(one),
        _ => true,
    }
}

/// Whether a definition says what an asset is already: the same columns of the same types, made in the same way.
fn says_the_same(state: &State, flow: &Flow, dialect: Dialect) -> bool {
    let data_type = |column: &StateColumn| column.data_type.as_deref().map(|text| canonical(text, dialect));
    let same = |(ours, theirs): (&StateColumn, &StateColumn)| {
        ours.name == theirs.name && (!flow.declared || data_type(ours) == data_type(theirs))
    };
    let same_columns =
        state.columns.iter().len() == flow.columns.len() && state.columns.iter().zip(&flow.columns).all(same);
    let same_query = flow.declared || state.definition.first().is_some_and(|text| *text == flow.definition);
    state.declared == flow.declared && same_columns && same_query
}
