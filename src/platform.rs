//! Event payloads and CI variables → [`context::RunContext`]. Pure: text in, value out.

pub mod context;
