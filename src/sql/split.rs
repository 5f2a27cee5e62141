//! Cutting a script into statements, so that one refusal costs one statement.
//!
//! Knows strings, quoted identifiers, comments, dollar quotes, the lines that clients (psql, sqlcmd, SQL*Plus, SnowSQL,
//! mysql) take for themselves, and procedural code: of a body, a block or a script, the statements inside are the pieces,
//! and control words are passed over. It does not parse: a piece may still be refused.
//!
//! T-SQL, which needs no semicolons, has a walker of its own (`tsql`); [`super::procedural`] walks all others.

mod cutter;
mod literal;
mod pieces;
mod tokens;
mod tsql;

pub use pieces::{Locals, Piece, Returned, Role};

pub(crate) use cutter::{Cutter, Inside, Scan};
pub(crate) use literal::is_string;
pub(crate) use pieces::Pieces;
pub(crate) use tokens::{Token, Tokens};

use crate::sql::dialect::Dialect;
use crate::sql::procedural;

/// Cuts a script into its statements. Pieces that hold only comments and blanks are left out.
#[must_use]
pub fn split(script: &str, dialect: Dialect) -> Vec<Piece<'_>> {
    let tokens = Tokens::new(script, dialect);
    walk(Cutter { tokens, out: Pieces::default(), nesting: 0, inside: Inside::Script, returned: None }).finish()
}

/// Walks over a text to its end.
fn walk(cutter: Cutter<'_>) -> Pieces<'_> {
    match cutter.dialect() {
        Dialect::Tsql => tsql::walk(cutter),
        _ => procedural::walk(cutter),
    }
}

#[cfg(test)]
pub(crate) mod tests;
