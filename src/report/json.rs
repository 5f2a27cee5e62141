//! The report as JSON: the contract of `preview --format json` and of the CI report file, version 1.
//!
//! Wire structs borrow from the [`Report`] and live here only. Changes are additive; renaming or removing a field is a
//! new version.

mod wire;

pub(super) use wire::{CoverageCounts, ExposureRow};

use crate::publish::Publication;
use crate::report::Report;

/// Version of the contract.
pub const SCHEMA_VERSION: u32 = 1;

/// The report as indented JSON with a final line end. The publication is known only after publishing.
///
/// # Errors
/// None in practice: every key is a string and every value a plain one. The serializer's signature has the error.
pub fn render(report: &Report, publication: Option<&Publication>) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&wire::Document::new(report, publication)).map(|json| json + "\n")
}
