//! Dataform's `.sqlx` files: `config { … }`, `js { … }`, `pre_operations { … }`, and `${…}` in the SQL.
//!
//! What `config` says is what the file is. `${ref("a")}` becomes the name of what it leads to; every other expression is a
//! hole that is named after it. No JavaScript is run.

mod names;
mod script;

pub use names::{Names, SETTINGS};
pub use script::{Kind, Script, read};

/// Whether a path is that of such a file.
#[must_use]
pub fn is_sqlx(path: &crate::path::RepoPath) -> bool {
    path.as_str().to_ascii_lowercase().ends_with(".sqlx")
}

#[cfg(test)]
mod tests;
