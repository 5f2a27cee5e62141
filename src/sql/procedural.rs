//! Procedural code that the parser refuses as a whole: the statements inside of it that move data.
//!
//! A body (`CREATE PROCEDURE … BEGIN … END`, a block of a script) is cut at its semicolons; of each part, control words
//! in front (`IF … THEN`, `LOOP`, `EXCEPTION WHEN … THEN`) are passed over up to the word that starts a statement.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexer};
use crate::sql::split::{Piece, split};

/// What a refused statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside<'a> {
    /// It is no procedural code.
    NotProcedural,
    /// These statements, which may be refused in turn; none for pure control flow.
    Statements(Vec<Piece<'a>>),
}

/// Looks into a refused piece.
#[must_use]
pub fn inside<'a>(piece: &Piece<'a>, dialect: Dialect) -> Inside<'a> {
    let words = words(piece.text, dialect);
    let head: Vec<String> = words.iter().take(6).map(|word| word.text.to_ascii_uppercase()).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    match head.as_slice() {
        ["CREATE" | "ALTER", rest @ ..] if rest.iter().any(|word| matches!(*word, "PROCEDURE" | "PROC")) => {
            dollar_body(piece, dialect).unwrap_or_else(|| body(piece, dialect, &words))
        }
        ["DO", ..] => dollar_body(piece, dialect).unwrap_or(Inside::NotProcedural),
        ["BEGIN", ..] => body(piece, dialect, &words),
        [first, ..] if is_control(first) || piece.text.contains(":=") => part(piece, &words),
        _ => Inside::NotProcedural,
    }
}

/// A word and where it starts in the piece's text.
struct Word<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    column: u32,
    /// Inside of this many parentheses.
    depth: usize,
}

fn words(text: &str, dialect: Dialect) -> Vec<Word<'_>> {
    let mut lexer = Lexer::new(text, dialect);
    let mut words = Vec::new();
    let mut depth = 0_usize;
    while let Some(lexeme) = lexer.next_lexeme() {
        match (lexeme.kind, lexeme.text) {
            (Kind::Symbol, "(") => depth += 1,
            (Kind::Symbol, ")") => depth = depth.saturating_sub(1),
            (Kind::Word, text) => {
                words.push(Word { text, offset: lexeme.offset, line: lexeme.line, column: lexeme.column, depth });
            }
            _ => {}
        }
    }
    words
}

fn is_control(word: &str) -> bool {
    matches!(
        word,
        "IF" | "ELSE"
            | "ELSEIF"
            | "ELSIF"
            | "LOOP"
            | "WHILE"
            | "FOR"
            | "FOREACH"
            | "REPEAT"
            | "UNTIL"
            | "EXCEPTION"
            | "WHEN"
            | "END"
            | "LEAVE"
            | "BREAK"
            | "CONTINUE"
            | "ITERATE"
            | "DECLARE"
            | "RAISE"
            | "RETURN"
            | "EXIT"
            | "NULL"
            | "THEN"
            | "DO"
            | "SET"
            | "LET"
            | "SIGNAL"
            | "RESIGNAL"
            | "CALL"
            | "PERFORM"
            | "GET"
            | "OPEN"
            | "FETCH"
            | "CLOSE"
            | "COMMIT"
            | "ROLLBACK"
            | "PRINT"
    )
}

/// The statements of a body in dollar quotes (PostgreSQL, Snowflake); `None` where there is none.
fn dollar_body<'a>(piece: &Piece<'a>, dialect: Dialect) -> Option<Inside<'a>> {
    let mut lexer = Lexer::new(piece.text, dialect);
    while let Some(lexeme) = lexer.next_lexeme() {
        if lexeme.kind != Kind::Quoted || !lexeme.text.starts_with('$') {
            continue;
        }
        let tag = lexeme.text.get(..=lexeme.text.get(1..)?.find('$')? + 1)?;
        let inner = lexeme.text.strip_prefix(tag)?.strip_suffix(tag)?;
        let tag_length = u32::try_from(tag.chars().count()).unwrap_or(0);
        let (line, column) = shifted((lexeme.line, lexeme.column + tag_length), (piece.line, piece.column));
        let inner = Piece { text: inner, line, column };
        let words = words(inner.text, dialect);
        return Some(body(&inner, dialect, &words));
    }
    None
}

/// The text between the first BEGIN and the last END, cut into statements.
fn body<'a>(piece: &Piece<'a>, dialect: Dialect, words: &[Word<'a>]) -> Inside<'a> {
    let begin = words.iter().find(|word| word.text.eq_ignore_ascii_case("BEGIN"));
    let end = words.iter().rev().find(|word| word.text.eq_ignore_ascii_case("END"));
    let (Some(begin), Some(end)) = (begin, end) else { return Inside::NotProcedural };
    let start = begin.offset + begin.text.len();
    let Some(text) = piece.text.get(start..end.offset) else { return Inside::NotProcedural };
    let mut statements = Vec::new();
    for inner in split(text, dialect) {
        let (line, column) = shifted((inner.line, inner.column), (begin.line, begin.column + 5));
        let inner = Piece { text: inner.text, line, column };
        let inner_words = self::words(inner.text, dialect);
        let control = inner_words.first().is_some_and(|word| is_control(&word.text.to_ascii_uppercase()));
        let found = if control || inner.text.contains(":=") {
            part(&inner, &inner_words)
        } else {
            Inside::Statements(vec![inner])
        };
        if let Inside::Statements(found) = found {
            statements.extend(found.into_iter().map(|found| {
                let (line, column) = shifted((found.line, found.column), (piece.line, piece.column));
                Piece { text: found.text, line, column }
            }));
        }
    }
    Inside::Statements(statements)
}

/// A part of a body that starts with control words: the statement behind them, if there is one.
fn part<'a>(piece: &Piece<'a>, words: &[Word<'a>]) -> Inside<'a> {
    // The query of `FOR row IN SELECT … LOOP` is no statement of its own: the loop's body is behind LOOP or DO.
    let is = |word: &Word<'_>, text: &str| word.text.eq_ignore_ascii_case(text);
    let loops = words.first().is_some_and(|word| is(word, "FOR") || is(word, "FOREACH") || is(word, "WHILE"));
    let header = words.iter().position(|word| word.depth == 0 && (is(word, "LOOP") || is(word, "DO")));
    let skipped = header.filter(|_| loops).map_or(0, |at| at + 1);
    let start = words.iter().skip(skipped).find(|word| word.depth == 0 && starts_statement(word.text));
    let Some(start) = start else { return Inside::Statements(Vec::new()) };
    let Some(text) = piece.text.get(start.offset..) else { return Inside::NotProcedural };
    let (line, column) = shifted((start.line, start.column), (piece.line, piece.column));
    Inside::Statements(vec![Piece { text, line, column }])
}

fn starts_statement(word: &str) -> bool {
    ["INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "TRUNCATE", "WITH", "SELECT", "ALTER", "DROP"]
        .iter()
        .any(|start| word.eq_ignore_ascii_case(start))
}

/// A position inside of a text that itself starts at `outer`.
fn shifted((line, column): (u32, u32), outer: (u32, u32)) -> (u32, u32) {
    let column = if line == 1 { outer.1.saturating_add(column).saturating_sub(1) } else { column };
    (outer.0.saturating_add(line).saturating_sub(1), column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str, dialect: Dialect) -> Vec<String> {
        let pieces = split(script, dialect);
        match inside(&pieces[0], dialect) {
            Inside::Statements(statements) => {
                statements.iter().map(|piece| format!("{}:{} {}", piece.line, piece.column, piece.text)).collect()
            }
            Inside::NotProcedural => vec!["not procedural".to_owned()],
        }
    }

    #[test]
    fn statements_of_a_procedure_are_found_behind_their_control_words() {
        let script = "CREATE PROCEDURE p(a INT64)\nBEGIN\n  DECLARE x INT64 DEFAULT 0;\n  IF a IS NULL THEN\n    INSERT INTO t SELECT 1;\n  END IF;\n  LOOP SET x = x + 1; UPDATE t SET c = 2; END LOOP;\nEND;";
        assert_eq!(found(script, Dialect::BigQuery), ["5:5 INSERT INTO t SELECT 1", "7:23 UPDATE t SET c = 2"]);
    }

    #[test]
    fn a_body_in_dollar_quotes_is_looked_into() {
        let script = "DO $do$\nBEGIN\n  IF EXISTS (SELECT 1) THEN\n    UPDATE t SET a = 1;\n  END IF;\nEND\n$do$";
        assert_eq!(found(script, Dialect::Postgres), ["4:5 UPDATE t SET a = 1"]);
        let script = "DO $$ BEGIN FOR r IN SELECT id FROM c LOOP INSERT INTO d SELECT r.id; END LOOP; END $$";
        assert_eq!(found(script, Dialect::Postgres), ["1:44 INSERT INTO d SELECT r.id"]);
        let script = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a SELECT x FROM b; END $$";
        assert_eq!(found(script, Dialect::Postgres), ["1:51 INSERT INTO a SELECT x FROM b"]);
    }

    #[test]
    fn plain_sql_is_not_procedural() {
        assert_eq!(found("select a b c", Dialect::BigQuery), ["not procedural"]);
    }
}
