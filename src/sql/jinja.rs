//! Jinja in SQL files, for dbt and for everyone else: cut into tags, rendered within bounds, lines kept.
//!
//! What a name means is the caller's: it hands in the root of names ([`engine::Job`]). What nobody knows becomes a named
//! hole ([`hole`]), so that one unknown costs the expression that it stands in and not the file. Templates reach no file,
//! no environment and no network: there is no loader, and the caller's names are all that there is.

pub mod engine;
pub mod findings;
pub mod hole;
pub mod library;
pub mod loops;
mod method;
pub mod mutable;
pub mod neutral;
pub mod segment;
pub mod settle;
pub mod source;
