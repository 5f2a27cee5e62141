//! One statement's text → its syntax tree, or a diagnostic with line, column and words.
//!
//! Statements without data flow (GRANT, COMMENT ON, CREATE INDEX, …) are recognised by their first words, whatever
//! their syntax: they never count as failures.

use std::ops::ControlFlow;

use sqlparser::ast::{Statement, visit_relations};
use sqlparser::dialect::{Dialect as Grammar, GenericDialect, SnowflakeDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold_name, is_never_a_name};
use crate::sql::lexer::Lexer;
use crate::sql::no_flow::{has_no_data_flow, runs_dynamic_sql};
use crate::sql::repair;
use crate::sql::scan::{Scan, scan, tables};
use crate::sql::split::{Piece, Role};
use crate::sql::table_function::table_function;

/// How deep expressions and queries may nest. Real SQL stays under 60; the parser grows its stack up to this depth.
const RECURSION_LIMIT: usize = 600;

/// For how many tokens room is made before they are counted: those of 130 kB.
const MOST_TOKENS_AT_FIRST: usize = 1 << 16;

/// Why a statement was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Line in the script, from 1.
    pub line: u32,
    /// Column in that line, from 1.
    pub column: u32,
    /// What stands there and what was expected.
    pub message: String,
    /// Whether it nests deeper than the tool follows.
    pub too_deep: bool,
}

/// What a piece of a script is.
#[derive(Debug, Clone)]
pub enum Parsed {
    /// Statements that may move data (nearly always one).
    Statements(Vec<Statement>),
    /// Statements that the parser reads after a repair, and the text that the repair left out although it decides about
    /// rows or values.
    Repaired(Vec<Statement>, String),
    /// A statement that moves no data, whatever its syntax.
    NoDataFlow,
    /// A statement that runs SQL which is put together at run time: what it reads and writes is not known.
    Dynamic,
    /// Refused by the parser; the tables that it reads and writes are known all the same.
    Scanned(Box<Scan>),
    /// Not understood.
    Refused(Refusal),
}

/// Parses one piece of a script; what is refused is scanned for its tables.
#[must_use]
pub fn read(piece: &Piece<'_>, dialect: Dialect) -> Parsed {
    match parse(piece, dialect) {
        Parsed::Refused(refusal) => match scan(piece, dialect, &refusal) {
            Some(scan) => Parsed::Scanned(Box::new(scan)),
            None => Parsed::Refused(refusal),
        },
        parsed => parsed,
    }
}

impl Parsed {
    /// The statements, where the parser reads them, and what a repair left out of them.
    #[must_use]
    pub fn statements(&self) -> Option<(&[Statement], &str)> {
        match self {
            Self::Statements(statements) => Some((statements, "")),
            Self::Repaired(statements, left_out) => Some((statements, left_out)),
            Self::NoDataFlow | Self::Dynamic | Self::Scanned(_) | Self::Refused(_) => None,
        }
    }
}

/// Parses one piece of a script, and scans nothing.
#[must_use]
pub fn parse(piece: &Piece<'_>, dialect: Dialect) -> Parsed {
    match piece.role {
        Role::Dynamic => return Parsed::Dynamic,
        Role::Control | Role::Session => return Parsed::NoDataFlow,
        Role::Statement if runs_dynamic_sql(&piece.text) => return Parsed::Dynamic,
        Role::Statement | Role::Reads | Role::Result(_) => {}
    }
    match attempt(&piece.text, dialect) {
        Ok((statements, left_out)) => {
            let statements = match &piece.role {
                Role::Result(returned) => table_function(statements, returned, dialect),
                _ => statements,
            };
            if left_out.is_empty() { Parsed::Statements(statements) } else { Parsed::Repaired(statements, left_out) }
        }
        Err(_) if has_no_data_flow(&piece.text) => Parsed::NoDataFlow,
        Err(error) => Parsed::Refused(refusal(&error, piece)),
    }
}

/// The statements of a text, and what repairs left out of it.
fn attempt(text: &str, dialect: Dialect) -> Result<(Vec<Statement>, String), ParserError> {
    let grammar = dialect.grammar();
    let tokens = tokens_of(text, &*grammar, dialect)?;
    if let Some(error) = keyword_for_a_table(&tokens) {
        return Err(error);
    }
    let error = match parse_tokens(tokens, &*grammar, dialect) {
        Ok(statements) => return Ok((statements, String::new())),
        Err(error) => error,
    };
    if matches!(error, ParserError::RecursionLimitExceeded) || has_no_data_flow(text) {
        return Err(error);
    }
    let tokens = tokens_of(text, &*grammar, dialect)?;
    // Queries that begin with FROM are in order here, and nowhere else.
    let in_order = matches!(dialect, Dialect::Hive | Dialect::Spark | Dialect::Databricks).then(|| written(&tokens));
    let Some((statements, left_out)) = repaired(tokens, &*grammar, dialect) else { return Err(error) };
    if loses_tables(in_order.as_deref().unwrap_or(text), &statements, dialect) {
        Err(error)
    } else {
        Ok((statements, left_out))
    }
}

/// The text of tokens, names in one piece.
fn written(tokens: &[TokenWithSpan]) -> String {
    let mut text = String::new();
    for token in tokens {
        if token.token != Token::Period && !text.ends_with('.') {
            text.push(' ');
        }
        text.push_str(&token.token.to_string());
    }
    text
}

fn tokens_of(text: &str, grammar: &dyn Grammar, dialect: Dialect) -> Result<Vec<TokenWithSpan>, ParserError> {
    // A token, blanks included, is some two characters; a vector of large tokens that grows is copied again and again.
    let mut tokens = Vec::with_capacity((text.len() / 2).min(MOST_TOKENS_AT_FIRST));
    // `a[0]._b`: the tokenizer takes the dot for the start of a number, unless a blank ends it.
    if let Err(error) = Tokenizer::new(grammar, text).tokenize_with_location_into_buf(&mut tokens) {
        tokens = Tokenizer::new(grammar, &apart(text, dialect).ok_or(error)?).tokenize_with_location()?;
    }
    Ok(repair::read_right(tokens, dialect))
}

/// A text with a blank behind each dot in front of a name that begins with `_`; `None` where there is none.
fn apart(text: &str, dialect: Dialect) -> Option<String> {
    let mut lexer = Lexer::new(text, dialect);
    let mut parted = String::with_capacity(text.len());
    let mut before = "";
    let mut found = false;
    while let Some(lexeme) = lexer.next_lexeme() {
        if before == "." && lexeme.text.starts_with('_') {
            parted.push(' ');
            found = true;
        }
        parted.push_str(lexeme.text);
        before = lexeme.text;
    }
    found.then_some(parted)
}

/// The refusal of a statement in which a clause goes on where a table is missing: a grammar without reserved words takes
/// the next keyword for the table.
fn keyword_for_a_table(tokens: &[TokenWithSpan]) -> Option<ParserError> {
    let mut words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).peekable();
    let mut at_start = true;
    while let Some(token) = words.next() {
        let takes_table = match &token.token {
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::FROM | Keyword::JOIN | Keyword::INTO => true,
                Keyword::UPDATE => at_start,
                _ => false,
            },
            _ => false,
        };
        at_start = false;
        let next = words.peek().filter(|_| takes_table);
        if let Some((Token::Word(word), at)) = next.map(|next| (&next.token, next.span.start))
            && word.quote_style.is_none()
            && is_never_a_name(&word.value)
            && !matches!(word.keyword, Keyword::SELECT | Keyword::FROM)
        {
            let found = &word.value;
            return Some(ParserError::ParserError(format!("Expected: the name of a table, found: {found}{at}")));
        }
    }
    None
}

/// Whether a repaired reading lacks a table that stands in the text, or takes a word for one: then the repair went too far.
fn loses_tables(text: &str, statements: &[Statement], dialect: Dialect) -> bool {
    let mut missing = tables(text, dialect);
    let mut misread = false;
    for statement in statements {
        if let Statement::CreateTable(table) = statement {
            for original in table.columns.iter().filter_map(|column| repair::columns_like(column, dialect)) {
                missing.remove(&fold_name(&original, dialect));
            }
        }
        let _ = visit_relations(statement, |name| {
            missing.remove(&fold_name(name, dialect));
            misread |= is_never_a_name(&name.to_string());
            ControlFlow::<()>::Continue(())
        });
    }
    if misread {
        return true;
    }
    if missing.is_empty() {
        return false;
    }
    // Some names of the tree are not visited (LIKE, CLONE, COPY): they stand in its text.
    let written: Vec<String> = statements.iter().map(ToString::to_string).collect();
    let written = tables(&written.join("; "), dialect);
    missing.iter().any(|name| !written.contains(name))
}

/// What a refused statement means after the rules of `repair` that apply; `None` when it is refused still.
fn repaired(
    mut tokens: Vec<TokenWithSpan>,
    grammar: &dyn Grammar,
    dialect: Dialect,
) -> Option<(Vec<Statement>, String)> {
    let original = tokens.clone();
    let mut left_out = String::new();
    let mut rules = repair::rules();
    while let Some(repaired) = repair::next_repair(&mut rules, &tokens, dialect) {
        left_out.push_str(&repaired.left_out);
        tokens = repaired.tokens;
        if let Ok(statements) = parse_tokens(tokens.clone(), grammar, dialect) {
            return Some((statements, left_out));
        }
    }
    // Only Snowflake's grammar has the INSERT of several tables, which is Oracle's.
    if dialect == Dialect::Oracle && repair::inserts_into_several(&original, dialect) {
        return parse_tokens(tokens, &SnowflakeDialect {}, dialect).ok().map(|statements| (statements, left_out));
    }
    // The widest grammar reads what the dialect's own has forgotten. T-SQL is apart: its statements need no semicolons.
    let widest = GenericDialect {};
    let foreign = !matches!(dialect, Dialect::Generic | Dialect::Trino | Dialect::Tsql);
    let statements = foreign.then(|| parse_tokens(original, &widest, dialect).ok()).flatten();
    match statements {
        Some(statements) => Some((statements, String::new())),
        None if foreign => parse_tokens(tokens, &widest, dialect).ok().map(|statements| (statements, left_out)),
        None => None,
    }
}

fn parse_tokens(
    tokens: Vec<TokenWithSpan>,
    grammar: &dyn Grammar,
    dialect: Dialect,
) -> Result<Vec<Statement>, ParserError> {
    let trailing_commas = matches!(
        dialect,
        Dialect::BigQuery | Dialect::Snowflake | Dialect::DuckDb | Dialect::Databricks | Dialect::ClickHouse
    );
    // T-SQL needs no semicolon between statements.
    let semicolons = dialect != Dialect::Tsql;
    let options = ParserOptions { trailing_commas, unescape: true, require_semicolon_stmt_delimiter: semicolons };
    let mut parser = Parser::new(grammar)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_options(options)
        .with_tokens_with_locations(tokens);
    let statements = parser.parse_statements()?;
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(statements),
        other => {
            Err(ParserError::ParserError(format!("Expected: end of statement, found: {other}{}", next.span.start)))
        }
    }
}

/// Turns the parser's message into ours, at the script's own position.
fn refusal(error: &ParserError, piece: &Piece<'_>) -> Refusal {
    let (text, too_deep) = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => (text.as_str(), false),
        ParserError::RecursionLimitExceeded => ("", true),
    };
    let (message, position) = match text.rsplit_once(" at Line: ") {
        Some((message, position)) => (message, read_position(position)),
        None => (text, None),
    };
    let (line, column) = match position {
        Some((1, column)) => (piece.line, piece.column.saturating_add(column).saturating_sub(1)),
        Some((line, column)) => (piece.line.saturating_add(line).saturating_sub(1), column),
        None => (piece.line, piece.column),
    };
    let message = if too_deep { format!("nested deeper than {RECURSION_LIMIT} levels") } else { sentence(message) };
    Refusal { line, column, message, too_deep }
}

/// `12, Column: 3` → (12, 3).
fn read_position(text: &str) -> Option<(u32, u32)> {
    let (line, column) = text.split_once(", Column: ")?;
    let column: String = column.chars().take_while(char::is_ascii_digit).collect();
    Some((line.trim().parse().ok()?, column.parse().ok()?))
}

/// Characters of a message, and of the word within it at which the parser stopped: that may be a whole function body.
const LONGEST_MESSAGE: usize = 200;
const LONGEST_WORD: usize = 40;

/// `Expected: X, found: Y` → `found Y where X was expected`, cut to a readable length.
fn sentence(message: &str) -> String {
    match message.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) {
        Some((expected, "EOF")) => {
            format!("the statement ends where {} was expected", short(expected, LONGEST_MESSAGE))
        }
        Some((expected, found)) => {
            let (found, expected) = (short(found, LONGEST_WORD), short(expected, LONGEST_MESSAGE));
            format!("found `{found}` where {expected} was expected")
        }
        None => short(message, LONGEST_MESSAGE),
    }
}

/// A text on one line, cut after so many characters.
fn short(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split::split;

    fn only(script: &str, dialect: Dialect) -> Parsed {
        let pieces = split(script, dialect);
        parse(&pieces[0], dialect)
    }

    #[test]
    fn a_refusal_says_line_column_and_what_was_expected() {
        let script = "\n\n  select a\n  b c from t";
        let Parsed::Refused(refusal) = only(script, Dialect::Postgres) else { panic!("understood") };
        assert_eq!((refusal.line, refusal.column), (4, 5));
        assert!(refusal.message.contains("found `c`"), "{}", refusal.message);
    }

    #[test]
    fn a_function_body_where_the_parser_stopped_is_not_told_in_full() {
        let told = sentence(&format!("Expected: LANGUAGE, found: $$ BEGIN\n{}\nEND $$", "  PERFORM x;\n".repeat(50)));
        assert_eq!(told, "found `$$ BEGIN PERFORM x; PERFORM x; PERFORM x…` where LANGUAGE was expected");
    }

    #[test]
    fn statements_without_data_flow_are_no_failures() {
        for text in [
            "GRANT SELECT ON ALL TABLES IN SCHEMA x TO GROUP y WITH odd syntax",
            "ALTER TABLE t ALTER CONSTRAINT t_fk NOT DEFERRABLE",
            "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ begin return 1; end $$ LANGUAGE plpgsql COST 1 PARALLEL",
            "CREATE UNIQUE CLUSTERED INDEX i ON t (a) WITH (FILLFACTOR = 80)",
            "ALTER SESSION SET x = 1 2 3",
            "comment on table t is something odd",
        ] {
            assert!(!matches!(only(text, Dialect::Generic), Parsed::Refused(_)), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_a_refusal_and_no_crash() {
        let script = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        let Parsed::Refused(refusal) = only(&script, Dialect::Postgres) else { panic!("understood") };
        assert!(refusal.too_deep);
    }
}
