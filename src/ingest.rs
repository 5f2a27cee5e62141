//! Sending the changed SQL to the catalog's HTTP API.

pub mod outcome;
