//! SQL text: dialects, templates, statement splitting, identifiers, positions.

pub mod dialect;
pub mod template;
