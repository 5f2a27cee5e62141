//! Syntax that the parser takes for something else without refusing it: read right before anything is parsed.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use crate::sql::dialect::Dialect;
use crate::sql::ident::{named_at_run_time, parts_in_string};
use crate::sql::repair::view::{Edit, View, apply, plain_name, string, word};
use crate::sql::repair::{duckdb, from_first, moved, phrases, select_words, table_list, tsql};

/// Words without which there is nothing to do.
const TRIGGERS: &[&str] = &[
    "IDENTIFIER",
    "STREAM",
    "ONLY",
    "LOW_PRIORITY",
    "QUICK",
    "IGNORE",
    "ATTACH",
    "XMLELEMENT",
    "XMLPI",
    "COPY_TABLE",
    "COPY_PARTITIONS_TO_TABLE",
    "MOVE_PARTITIONS_TO_TABLE",
    "SWAP_PARTITIONS_BETWEEN_TABLES",
];

/// The tokens with such syntax written plainly; as they are where there is none.
#[must_use]
pub fn read_right(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Vec<TokenWithSpan> {
    let tokens = table_list::read_right(from_behind_its_list(tokens, dialect), dialect);
    let triggers = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) if TRIGGERS.iter().any(|trigger| word.value.eq_ignore_ascii_case(trigger)) => true,
        Token::RArrow => true,
        Token::Char('_') => matches!(dialect, Dialect::Oracle | Dialect::Hive),
        Token::Word(word) if is_lakehouse(dialect) => {
            is_number(word, dialect) || dialect == Dialect::Hive && is_pattern(word)
        }
        token if dialect == Dialect::Teradata => phrases::may_be_misread(token),
        Token::Colon => dialect == Dialect::DuckDb,
        token => dialect == Dialect::Tsql && tsql::may_be_misread(token),
    };
    if !tokens.iter().any(triggers) && !select_words::may_be_there(&tokens, dialect) {
        return tokens;
    }
    let view = View::new(&tokens, dialect);
    let edits = (0..view.len()).filter_map(|at| edit(&view, at).or_else(|| select_words::edit(&view, at)));
    let mut edits: Vec<Edit> = edits.collect();
    if dialect == Dialect::DuckDb {
        edits.extend(duckdb::aliases_in_front(&view));
    }
    if edits.is_empty() {
        return tokens;
    }
    apply(&view, edits)
}

/// Queries that begin with FROM, and the INSERTs that share one, which Hive's grammar takes for something else.
fn from_behind_its_list(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Vec<TokenWithSpan> {
    if !is_lakehouse(dialect) || !from_first::may_be_there(&tokens) {
        return tokens;
    }
    from_first::in_order(&View::new(&tokens, dialect)).unwrap_or(tokens)
}

fn edit(view: &View<'_>, at: usize) -> Option<Edit> {
    let lakehouse = matches!(view.dialect, Dialect::Databricks | Dialect::Spark | Dialect::Generic);
    match view.word(at).as_str() {
        // `IDENTIFIER('db.schema.t')` is the name in the string.
        "IDENTIFIER" if view.is(at + 1, "(") => {
            let close = view.partner(at + 1)?;
            match view.token(at + 2) {
                Token::SingleQuotedString(text) if close == at + 3 => Some(Edit::replace(at, at + 4, name_in(text)?)),
                _ if !may_hold_a_name(view, at) => None,
                _ => Some(Edit::replace(at, close + 1, vec![unknown_name(&view.text(at + 2, close))])),
            }
        }
        // `f(input => TABLE(t))` hands over the rows of `t`.
        "TABLE" if at > 0 && view.is(at - 1, "=>") && view.is(at + 1, "(") => {
            let end = view.behind_name(at + 2);
            let is_table = end > at + 2 && view.is(end, ")") && !view.any(at + 2, &["SELECT", "WITH"]);
            let mut query = vec![Token::LParen, word("SELECT"), Token::Mul, word("FROM")];
            query.extend(view.copy(at + 2, end));
            query.push(Token::RParen);
            is_table.then(|| Edit::replace(at + 2, end, query))
        }
        // `FROM STREAM(t)` reads the table `t`.
        "STREAM" if lakehouse && at > 0 && view.any(at - 1, &["FROM", "JOIN", ","]) && view.is(at + 1, "(") => {
            let end = view.behind_name(at + 2);
            let is_table = end > at + 2 && view.is(end, ")");
            is_table.then(|| Edit::replace(at, end + 1, view.copy(at + 2, end)))
        }
        // PostgreSQL: without the tables that inherit.
        "ONLY" if at > 0 && view.is_name(at + 1) && view.any(at - 1, &["FROM", "UPDATE", "JOIN"]) => {
            Some(Edit::drop(at, at + 1))
        }
        // MySQL.
        "LOW_PRIORITY" | "QUICK" | "IGNORE" if at < 4 && view.any(0, &["UPDATE", "DELETE"]) => {
            let stands_there = (1..=at).all(|at| view.any(at, &["LOW_PRIORITY", "QUICK", "IGNORE"]));
            let goes_on = view.is_name(at + 1) && !view.any(at + 1, &["SET", "WHERE", "AS"]);
            (stands_there && goes_on).then(|| Edit::drop(at, at + 1))
        }
        // The name of an element is no column.
        "XMLELEMENT" | "XMLPI" if view.is(at + 1, "(") => {
            let name = at + 2 + usize::from(view.is(at + 2, "NAME") && view.is_name(at + 3));
            let Token::Word(word) = view.token(name) else { return None };
            let ends = view.any(name + 1, &[",", ")"]);
            ends.then(|| Edit::replace(at + 2, name + 1, vec![string(&word.value)]))
        }
        "ATTACH" if at > 0 => moved::attach(view, at),
        _ if at == 1 && view.dialect == Dialect::Generic => moved::by_function(view, at),
        _ if view.dialect == Dialect::Teradata => phrases::misread(view, at),
        _ if view.dialect == Dialect::Tsql => tsql::misread(view, at),
        _ if *view.token(at) == Token::Char('_') => placeholder(view, at),
        _ if is_lakehouse(view.dialect) => match view.token(at) {
            Token::Word(word) if is_number(word, view.dialect) && at > 0 && !view.any(at - 1, &[".", "AS"]) => {
                let digits: String = word.value.chars().take_while(char::is_ascii_digit).collect();
                Some(Edit::replace(at, at + 1, vec![Token::Number(digits, false)]))
            }
            Token::Word(word) if view.dialect == Dialect::Hive && is_pattern(word) => {
                let pattern = string(&format!("^{}$", word.value));
                Some(Edit::replace(at, at + 1, vec![plain_name("columns"), Token::LParen, pattern, Token::RParen]))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a table's name may stand at `at`: a column's may as well, which is left to the parser.
fn may_hold_a_name(view: &View<'_>, at: usize) -> bool {
    at > 0 && view.any(at - 1, &["FROM", "JOIN", "INTO", "TABLE", "VIEW", "UPDATE", "EXISTS", "USING", "OVERWRITE"])
}

/// A name that says that only the run knows it.
fn unknown_name(words: &str) -> Token {
    let value = named_at_run_time(words);
    Token::Word(Word { value, quote_style: Some('"'), keyword: sqlparser::keywords::Keyword::NoKeyword })
}

fn is_lakehouse(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Hive | Dialect::Spark | Dialect::Databricks)
}

/// Whether a word is a number with its type (`10L`, `1BD`), which the grammars take for a name.
fn is_number(word: &Word, dialect: Dialect) -> bool {
    let kind = word.value.trim_start_matches(|c: char| c.is_ascii_digit());
    word.quote_style.is_none()
        && kind.len() < word.value.len()
        && (["L", "S", "Y", "BD"].iter().any(|known| kind.eq_ignore_ascii_case(known))
            // Hive takes these for names, and so may its columns be called.
            || dialect != Dialect::Hive && ["D", "F"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
}

/// Whether a name in backticks is a pattern, which stands for all columns that it matches (Hive).
fn is_pattern(word: &Word) -> bool {
    word.quote_style == Some('`') && word.value.contains(['?', '*', '+', '|', '['])
}

/// The name of a placeholder starts with underscores, which names do not for the grammars of Oracle and Hive.
fn placeholder(view: &View<'_>, at: usize) -> Option<Edit> {
    if at > 0 && *view.token(at - 1) == Token::Char('_') && view.touches(at - 1) {
        return None;
    }
    let end = (at..view.len()).find(|at| *view.token(*at) != Token::Char('_'))?;
    let Token::Word(word) = view.token(end) else { return None };
    let name = format!("{}{}", "_".repeat(end - at), word.value);
    Some(Edit::replace(at, end + 1, vec![plain_name(&name)]))
}

/// The tokens of a name in a string; `None` where it holds more than a name, as a variable does.
fn name_in(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for (value, quote_style) in parts_in_string(text)? {
        if !tokens.is_empty() {
            tokens.push(Token::Period);
        }
        tokens.push(match quote_style {
            Some(_) => Token::Word(Word { value, quote_style, keyword: sqlparser::keywords::Keyword::NoKeyword }),
            None => plain_name(&value),
        });
    }
    Some(tokens)
}
