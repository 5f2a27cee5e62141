//! The report as readers and programs get it: whole pages read by eye, and laws that hold for any report.
#![expect(clippy::string_slice, reason = "a test stops on a broken assumption about text that it made")]

mod arbitrary;
mod contract;
mod laws;
mod pages;
mod reading;
mod samples;
mod scenes;
