//! What a change does: the difference of two lineage graphs, and whom it reaches.
//!
//! Pure: two graphs and the list of changed files in, an [`Impact`] out. Only facts of the graphs decide; formatting,
//! comments and CTE names are already gone from them.
//!
//! ```text
//! pair → rename → diff → position → refusals → reach → readers → severity
//! ```
//!
//! - `contract`: columns that an enforced contract leaves out.
//! - `folded`: before all that, ephemeral models become part of their readers.
//! - `pair`: which assets changed by their own definition.
//! - `rename`: which removed and added assets are one; what only follows a rename is no change elsewhere.
//! - `column`, `row_set`, `diff`: what changed in each (`inputs`, `names` and `data_type` say when two things are equal).
//! - `position`: who takes columns by their places and gets other ones.
//! - `refusals`: who names a model that is not open to it any more.
//! - `reach`: which columns and rows downstream of them are reached, column by column (over the edges in `routes`).
//! - `readers`: which places at head still name something that is gone or has another type.
//! - `severity`: how much each matters, and the verdict.

mod column;
mod contract;
mod data_type;
mod diff;
pub mod folded;
mod inputs;
mod merge;
pub mod model;
mod names;
mod pair;
mod position;
mod reach;
mod readers;
mod refusals;
mod rename;
mod routes;
mod row_set;
mod severity;

pub use model::{
    AffectedColumn, AssetChange, AssetChangeKind, ClauseChange, ColumnChange, ColumnChangeKind, Confidence, Downstream,
    Impact, Reader, RowSetChange, Severity, Verdict,
};

use crate::lineage::model::LineageGraph;
use crate::source::ChangedFile;

/// Compares the graphs of both sides.
///
/// `changed` only helps to tell whose definition changed and to prove renames of assets; what is not in it is
/// compared all the same, because a macro or a YAML file can change a model whose file did not.
/// The verdict is never [`Verdict::Incomplete`]: what could not be read is weighed where the report is made.
#[must_use]
pub fn assess(base: &LineageGraph, head: &LineageGraph, changed: &[ChangedFile]) -> Impact {
    let mut differences = diff::differences(base, head, changed);
    let shifted = position::shifted(base, head, &mut differences);
    refusals::note(base, head, &mut differences);
    let reached = reach::follow((base, head), &differences, &shifted);
    let mut readers = readers::find(head, &differences, &reached);
    refusals::add(base, head, &mut readers);
    readers.add_all(contract::left_out(base, head, &differences));
    severity::weigh((base, head), &differences, (&reached, &readers))
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod sketch;
