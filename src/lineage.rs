//! Lineage of one side: files in, [`model::LineageGraph`] out.

pub mod model;
