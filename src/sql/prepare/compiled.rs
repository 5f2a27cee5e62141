//! Where the SQL that dbt compiled is taken in place of our own rendering.
//!
//! Only where that leaves something open: what is rendered whole has exact lines and both branches of `is_incremental()`.
//! And only where both sides have it, or are the same, since a file that is read in two ways would differ by that
//! alone.

use std::collections::BTreeMap;

use crate::dbt::compiled::{Compiled, Told};
use crate::dbt::model::Draft;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::path::RepoPath;

/// The drafts of a side, and what artifacts say of those that leave something open.
type SideDrafts<'s> = (&'s [Draft], &'s BTreeMap<RepoPath, Told>);

/// What becomes of drafts, by their index.
#[derive(Debug, Default)]
pub(super) struct Decided(Vec<(usize, Decision)>);

#[derive(Debug)]
enum Decision {
    Take(Compiled),
    /// The compiled SQL is not taken: the other side has none.
    Lone,
    /// It is that of another text.
    Stale,
}

/// Decides about the drafts of one side; `other` is the other one.
pub(super) fn decide((drafts, told): SideDrafts<'_>, other: Option<SideDrafts<'_>>) -> Decided {
    let others: BTreeMap<&RepoPath, &Draft> =
        other.iter().flat_map(|(drafts, _)| drafts.iter()).map(|draft| (&draft.prepared.path, draft)).collect();
    let open = drafts.iter().enumerate().filter(|(_, draft)| draft.prepared.partial);
    let decision = |draft: &Draft| {
        let path = &draft.prepared.path;
        let there = others.get(path);
        let is_same = there.is_some_and(|there| is_same(draft, there));
        let told_there = other.and_then(|(_, told)| told.get(path));
        match (told.get(path), told_there) {
            (Some(Told::Compiled(own)), Some(Told::Compiled(_))) => Some(Decision::Take(own.clone())),
            (Some(Told::Compiled(own)), _) if is_same || there.is_none_or(|there| !there.prepared.partial) => {
                Some(Decision::Take(own.clone()))
            }
            (Some(Told::Compiled(_)), _) => Some(Decision::Lone),
            (_, Some(Told::Compiled(there))) if is_same => Some(Decision::Take(there.clone())),
            (Some(Told::Stale), _) => Some(Decision::Stale),
            // Said of both, so that it is nothing new.
            (None, Some(Told::Stale)) if is_same => Some(Decision::Stale),
            (None, _) => None,
        }
    };
    Decided(open.filter_map(|(index, draft)| Some((index, decision(draft)?))).collect())
}

/// Whether nothing that is known here tells two drafts of a path apart. Not the rendering alone: what dbt makes of two texts
/// may differ where ours has the same hole.
fn is_same(one: &Draft, other: &Draft) -> bool {
    let (one, other) = (&one.prepared, &other.prepared);
    one.blob == other.blob && one.sql == other.sql && one.tokens == other.tokens && one.holes == other.holes
}

impl Decided {
    /// Does so, and says so.
    pub(super) fn take_into(self, drafts: &mut [Draft]) {
        for (index, decision) in self.0 {
            let Some(draft) = drafts.get_mut(index) else { continue };
            let (message, hint) = match decision {
                Decision::Take(compiled) => {
                    draft.take(compiled);
                    ("read so, since parts are only known to dbt; its lines are the nearest ones", None)
                }
                Decision::Lone => (
                    "not used, for the other side has none to compare it with",
                    Some("compile the base too, and name its manifest by `base-manifest`"),
                ),
                Decision::Stale => (
                    "not used, for it is that of another text of this file",
                    Some("run `dbt compile` before this step"),
                ),
            };
            let code = DiagnosticCode::DbtArtifact;
            let note = Diagnostic::new(code, DiagnosticSeverity::Note, &draft.prepared.path, message);
            draft.prepared.diagnostics.push(match hint {
                Some(hint) => note.hint(hint),
                None => note,
            });
        }
    }
}
