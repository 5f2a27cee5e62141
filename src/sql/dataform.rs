//! Dataform's `.sqlx` files: `config { … }`, `js { … }`, `pre_operations { … }`, and `${…}` in the SQL.
//!
//! What `config` says is what the file is. `${ref("a")}` becomes the name of what it leads to; every other expression is a
//! hole that is named after it. No JavaScript is run; of files of JavaScript the tables are known that they declare in plain
//! texts.

mod names;
mod script;

pub use names::{Declared, Names, SETTINGS};
pub use script::{Kind, Script, read};

/// Whether a path is that of such a file.
#[must_use]
pub fn is_sqlx(path: &crate::path::RepoPath) -> bool {
    path.as_str().to_ascii_lowercase().ends_with(".sqlx")
}

/// Whether a path is that of JavaScript in which a project declares tables.
#[must_use]
pub fn is_javascript(path: &crate::path::RepoPath) -> bool {
    let is_below = path.folder().split('/').any(|folder| folder == "definitions");
    is_below && path.as_str().to_ascii_lowercase().ends_with(".js")
}

#[cfg(test)]
mod tests;
