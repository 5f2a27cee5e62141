//! dbt projects from the checkout alone: no Python, no adapter, no `dbt deps`, no compile.
//!
//! [`world::World`] is what a tree's projects declare (models, sources, macros, settings); [`model`] renders the files
//! of a project with it. `ref` and `source` render to tokens that no CTE can be called; see [`tokens`]. What is only known
//! when dbt runs is a named hole (`sql::jinja::hole`). Where both branches of `is_incremental()` differ, the one that reads
//! more relations is taken, and of two that read as many the longer one.

pub mod answers;
pub mod artifacts;
pub mod beside;
pub mod column;
pub mod columns;
pub mod compiled;
pub mod config;
pub mod exposures;
pub mod expressions;
pub mod governance;
pub mod macros;
pub mod mentions;
pub mod metrics;
pub mod model;
pub mod named;
pub mod names;
pub mod objects;
mod parameters;
pub mod project;
pub mod properties;
pub mod python;
pub mod reference;
pub mod relation;
pub mod session;
pub mod snapshot;
pub mod stand_in;
pub mod tokens;
pub mod world;
pub mod yaml;

#[cfg(test)]
mod tests;
