//! The structural scan: what a statement reads and writes, for statements that no grammar reads.
//!
//! It looks at words, names, parentheses and commas only, in one pass, so that it never fails and never takes longer
//! than the text is long. It finds tables, never columns: what it says is true of tables only, and the parser's own
//! reason stays beside it. Statements whose first word it does not know are left refused.

mod instance;
mod names;
mod reads;
mod targets;
mod tokens;
mod words;

use std::collections::BTreeSet;

use sqlparser::ast::ObjectName;

use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_name;
use crate::sql::parse::Refusal;
use crate::sql::scan::reads::Walker;
use crate::sql::scan::tokens::{Kind, Token, tokens};
use crate::sql::split::Piece;

/// Where data comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A table, a view, or the like.
    Table(ObjectName),
    /// A file, a stage, a bucket: the text as written, without quotes.
    Outside(String),
}

/// What a statement does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Creates a table.
    CreateTable,
    /// Creates a view.
    CreateView,
    /// Creates a view that holds its rows.
    CreateMaterializedView,
    /// Fills or changes its rows.
    Fill,
    /// Changes its columns, in a way that is not understood.
    Alter,
    /// Removes it.
    Drop,
}

/// What a statement does, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The table or place.
    pub spot: Spot,
    /// What happens to it.
    pub deed: Deed,
}

/// A statement of which only tables are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Why the parser refused it.
    pub refusal: Refusal,
    /// What it writes; nothing for a bare query.
    pub targets: Vec<Target>,
    /// What it reads.
    pub reads: Vec<Spot>,
    /// Relations that stand there without a name (a variable, a parameter): what they are is not known.
    pub unnamed: usize,
    /// The statement without comments, blanks made even, unquoted words in lower case: equal text, equal meaning.
    pub normal: String,
    /// The statement as written.
    pub written: String,
}

/// Scans a refused statement; `None` where its first words are not those of a statement that moves data.
#[must_use]
pub fn scan(piece: &Piece<'_>, dialect: Dialect, refusal: &Refusal) -> Option<Scan> {
    let tokens = tokens(&piece.text, dialect);
    if !starts_statement(&tokens) {
        return None;
    }
    let Walker { targets, reads, unnamed, .. } = Walker::new(&tokens, dialect).walk();
    // A view reads something: where no table is found, it was not understood.
    let is_view = targets.iter().any(|target| target.deed == Deed::CreateView);
    if reads.is_empty() && (targets.is_empty() || unnamed > 0 || is_view) {
        return None;
    }
    Some(Scan {
        refusal: refusal.clone(),
        targets,
        reads,
        unnamed,
        normal: normal(&tokens),
        written: piece.text.to_string(),
    })
}

/// The folded names of all tables that a text reads or writes, as the scan finds them.
#[must_use]
pub fn tables(text: &str, dialect: Dialect) -> BTreeSet<Vec<String>> {
    let tokens = tokens(text, dialect);
    if !starts_statement(&tokens) {
        return BTreeSet::new();
    }
    let Walker { targets, reads, .. } = Walker::new(&tokens, dialect).walk();
    let spots = reads.iter().chain(targets.iter().map(|target| &target.spot));
    let names = spots.filter_map(|spot| match spot {
        Spot::Table(name) => Some(fold_name(name, dialect)),
        Spot::Outside(_) => None,
    });
    names.collect()
}

fn starts_statement(tokens: &[Token<'_>]) -> bool {
    let first = tokens.iter().find(|token| token.text != "(");
    first.is_some_and(|token| token.kind == Kind::Word && words::STATEMENTS.iter().any(|word| token.is(word)))
}

fn normal(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        match token.kind {
            Kind::Word => text.push_str(&token.text.to_lowercase()),
            _ => text.push_str(token.text),
        }
    }
    text
}

#[cfg(test)]
mod tests;
