//! What the parser takes for a column in the list of a CREATE TABLE: `LIKE other`, and the lists of virtual tables.

use sqlparser::ast::{ColumnDef, DataType, Ident, ObjectName, ObjectNamePart};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::sql::dialect::Dialect;
use crate::sql::repair::view::{Edit, View, apply, plain_name, word};

/// The type of a column that stands for all columns of the table that it is called like.
const COLUMNS_LIKE: &str = "COLUMNS_LIKE";

/// The tokens with such lists written as the parser reads them.
pub(super) fn read_right(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Vec<TokenWithSpan> {
    let mut significant = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let starts = significant.next().is_some_and(|token| is_keyword(token, Keyword::CREATE));
    let may_be = |token: &TokenWithSpan| is_keyword(token, Keyword::LIKE) || is_keyword(token, Keyword::VIRTUAL);
    if !starts || !significant.any(may_be) {
        return tokens;
    }
    let view = View::new(&tokens, dialect);
    let edits = if view.is(1, "VIRTUAL") { virtual_table(&view) } else { like(&view) };
    if edits.is_empty() { tokens } else { apply(&view, edits) }
}

/// The table whose columns a column of a list stands for.
#[must_use]
pub fn columns_like(column: &ColumnDef, dialect: Dialect) -> Option<ObjectName> {
    let DataType::Custom(name, _) = &column.data_type else { return None };
    let is_like =
        matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| ident.value == COLUMNS_LIKE));
    if !is_like {
        return None;
    }
    let grammar = dialect.grammar();
    let name = Parser::new(&*grammar).try_with_sql(&column.name.value).ok()?.parse_object_name(false).ok()?;
    let placed = name.0.into_iter().map(|part| match part.as_ident() {
        Some(ident) => ObjectNamePart::Identifier(Ident { span: column.name.span, ..ident.clone() }),
        None => part,
    });
    Some(ObjectName(placed.collect()))
}

fn is_keyword(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// `(LIKE t INCLUDING ALL)` is `LIKE t`; between columns, `LIKE t` is a column that stands for those of `t`.
fn like(view: &View<'_>) -> Vec<Edit> {
    let Some(table) = (1..6).find(|at| view.is(*at, "TABLE")) else { return Vec::new() };
    let mut name = table + 1;
    while view.any(name, &["IF", "NOT", "EXISTS"]) {
        name += 1;
    }
    let open = view.behind_name(name);
    let Some(close) = view.partner(open).filter(|_| open > name && view.is(open, "(")) else { return Vec::new() };
    let mut edits = Vec::new();
    let mut start = open + 1;
    while start < close {
        let end = view.find(start, &[","]).unwrap_or(close).min(close);
        let behind = view.behind_name(start + 1);
        if view.is(start, "LIKE") && behind > start + 1 {
            let like =
                Word { value: view.text(start + 1, behind), quote_style: Some('"'), keyword: Keyword::NoKeyword };
            edits.push(match start == open + 1 && end == close {
                true => {
                    let mut plain = vec![word("LIKE")];
                    plain.extend(view.copy(start + 1, behind));
                    Edit::replace(open, close + 1, plain)
                }
                false => Edit::replace(start, end, vec![Token::Word(like), plain_name(COLUMNS_LIKE)]),
            });
        }
        start = end + 1;
    }
    edits
}

/// `CREATE VIRTUAL TABLE t USING fts5(a, b UNINDEXED, tokenize = 'porter')` (SQLite): a table with the columns `a` and `b`.
/// What other modules are given is no list of columns.
fn virtual_table(view: &View<'_>) -> Vec<Edit> {
    let Some(using) = view.find(2, &["USING"]) else { return Vec::new() };
    let open = using + 2;
    let has_columns = ["fts3", "fts4", "fts5", "rtree", "rtree_i32"].iter().any(|module| view.is(using + 1, module));
    let close = view.partner(open).filter(|_| view.is(open, "("));
    let Some(close) = close.filter(|close| has_columns && close + 1 >= view.len().saturating_sub(1)) else {
        return Vec::new();
    };
    let mut edits = vec![Edit::drop(1, 2), Edit::drop(using, open)];
    let mut start = open + 1;
    let mut kept = false;
    while start < close {
        let end = view.find(start, &[","]).unwrap_or(close).min(close);
        let is_option = view.is(start + 1, "=") || !view.is_name(start);
        match (is_option, kept) {
            (true, true) => edits.push(Edit::drop(start - 1, end)),
            (true, false) => edits.push(Edit::drop(start, (end + 1).min(close))),
            (false, _) if end > start + 1 => edits.push(Edit::drop(start + 1, end)),
            (false, _) => {}
        }
        kept |= !is_option;
        start = end + 1;
    }
    if kept { edits } else { Vec::new() }
}
