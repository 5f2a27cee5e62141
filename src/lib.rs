//! SQL lineage for change requests: what moved, what breaks downstream, and what the catalog said.
//!
//! ```text
//! settings → changes → sql → lineage → impact → ingest → report → publish → exit
//! ```
//!
//! Data flows one way and each arrow is a value; `pipeline` reads like that line.

pub mod changes;
pub mod cli;
pub mod commands;
pub mod dbt;
pub mod demo;
pub mod diagnostic;
pub mod env;
pub mod error;
pub mod exit;
pub mod http;
pub mod impact;
pub mod ingest;
pub mod lineage;
pub mod path;
pub mod pipeline;
pub mod platform;
pub mod publish;
pub mod report;
pub mod revision;
pub mod secret;
pub mod settings;
pub mod source;
pub mod sql;
pub mod telemetry;
