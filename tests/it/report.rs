//! The report as readers and programs get it: whole pages read by eye, and laws that hold for any report.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "helpers of tests stop on a broken assumption"
)]

mod arbitrary;
mod contract;
mod laws;
mod pages;
mod samples;
mod scenes;
