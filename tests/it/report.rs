//! The report as readers and programs get it: whole pages read by eye, and laws that hold for any report.

mod arbitrary;
mod contract;
mod laws;
mod pages;
mod reading;
mod samples;
mod scenes;
