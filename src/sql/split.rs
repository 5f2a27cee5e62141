//! Cutting a script into statements, so that one refusal costs one statement.
//!
//! Knows strings, quoted identifiers, comments, dollar quotes, `BEGIN … END` bodies, and the lines that clients (psql,
//! sqlcmd, SQL*Plus, SnowSQL, mysql) take for themselves. It does not parse: a piece may still be refused.

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexeme, Lexer};

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its text, without the terminator.
    pub text: &'a str,
    /// Line of its first character in the script, from 1.
    pub line: u32,
    /// Column of its first character in that line, in characters, from 1.
    pub column: u32,
}

/// Cuts a script into its statements. Pieces that hold only comments and blanks are left out.
#[must_use]
pub fn split(script: &str, dialect: Dialect) -> Vec<Piece<'_>> {
    let mut splitter = Splitter { script, dialect, pieces: Vec::new(), open: None, block: Block::default() };
    let mut lexer = Lexer::new(script, dialect);
    while let Some(lexeme) = lexer.next_lexeme() {
        splitter.take(&lexeme, &mut lexer);
    }
    splitter.close(script.len());
    splitter.pieces
}

/// A statement that has begun: offset, line and column of its first significant character.
#[derive(Clone, Copy)]
struct Open {
    offset: usize,
    line: u32,
    column: u32,
}

/// Where we are inside of a procedural body.
#[derive(Default)]
struct Block {
    /// Upper-cased leading words of the statement (up to eight), which tell a body from a plain statement.
    head: Vec<String>,
    /// Depth of BEGIN, CASE, IF, LOOP … that wait for their END.
    depth: usize,
    /// The last word was END: the next word may say what it ends.
    after_end: bool,
}

struct Splitter<'a> {
    script: &'a str,
    dialect: Dialect,
    pieces: Vec<Piece<'a>>,
    open: Option<Open>,
    block: Block,
}

impl<'a> Splitter<'a> {
    fn take(&mut self, lexeme: &Lexeme<'a>, lexer: &mut Lexer<'a>) {
        match lexeme.kind {
            Kind::Space | Kind::Comment => {}
            Kind::ClientLine => self.close(lexeme.offset),
            Kind::Terminator if self.block.depth == 0 => {
                self.close(lexeme.offset);
                if self.copy_from_stdin() {
                    // Data lines follow, which are no SQL.
                    lexer.skip_copy_data();
                }
            }
            kind => {
                if self.open.is_none() {
                    self.open = Some(Open { offset: lexeme.offset, line: lexeme.line, column: lexeme.column });
                }
                if kind == Kind::Word {
                    self.word(lexeme.text);
                } else {
                    self.block.after_end = false;
                }
            }
        }
    }

    /// Whether the piece that was just closed is a psql `COPY … FROM stdin`.
    fn copy_from_stdin(&self) -> bool {
        self.pieces.last().is_some_and(|piece| {
            let head = piece.text.get(..5).unwrap_or_default();
            head.eq_ignore_ascii_case("copy ") && {
                let words: Vec<&str> = piece.text.split_ascii_whitespace().collect();
                words.windows(2).any(|pair| {
                    matches!(pair, [from, stdin]
                    if from.eq_ignore_ascii_case("from") && stdin.to_ascii_lowercase().starts_with("stdin"))
                })
            }
        })
    }

    fn close(&mut self, end: usize) {
        if let Some(open) = self.open.take() {
            let text = self.script.get(open.offset..end).unwrap_or_default().trim_end();
            if !text.is_empty() {
                self.pieces.push(Piece { text, line: open.line, column: open.column });
            }
        }
        self.block = Block::default();
    }

    /// Follows the nesting of procedural bodies, in which a semicolon ends an inner statement only.
    fn word(&mut self, word: &str) {
        let upper = word.to_ascii_uppercase();
        let after_end = std::mem::take(&mut self.block.after_end);
        if self.block.head.len() < 8 {
            self.block.head.push(upper.clone());
        }
        match upper.as_str() {
            "BEGIN" if self.begin_opens_block() => self.block.depth += 1,
            "CASE" if self.block.depth > 0 && !after_end => self.block.depth += 1,
            "IF" | "LOOP" | "WHILE" | "FOR" | "REPEAT" if after_end => {}
            "IF" | "LOOP" | "REPEAT" if self.opens_inner_block(&upper) => self.block.depth += 1,
            "END" if self.block.depth > 0 => {
                self.block.depth -= 1;
                self.block.after_end = true;
            }
            _ => {}
        }
    }

    /// Whether BEGIN starts a body here, and not a transaction.
    fn begin_opens_block(&self) -> bool {
        if self.block.depth > 0 {
            return true;
        }
        let head: Vec<&str> = self.block.head.iter().map(String::as_str).collect();
        match head.as_slice() {
            ["BEGIN"] => self.bare_begin_is_block(),
            ["DECLARE", ..] => true,
            ["CREATE" | "ALTER", rest @ ..] => rest.iter().any(|word| {
                matches!(*word, "PROCEDURE" | "PROC" | "FUNCTION" | "TRIGGER" | "PACKAGE" | "EVENT" | "TASK")
            }),
            ["REPLACE", "PROCEDURE" | "MACRO", ..] => true,
            _ => head.len() >= 8 && head.first() == Some(&"CREATE"),
        }
    }

    /// A script that starts a statement with BEGIN: a block where the next word is no word of transactions.
    fn bare_begin_is_block(&self) -> bool {
        let Some(open) = self.open else { return false };
        let rest = self.script.get(open.offset..).and_then(|text| text.get(5..)).unwrap_or_default().trim_start();
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let transaction = matches!(
            word.to_ascii_uppercase().as_str(),
            "" | "TRANSACTION"
                | "TRAN"
                | "WORK"
                | "ISOLATION"
                | "READ"
                | "DEFERRABLE"
                | "DEFERRED"
                | "IMMEDIATE"
                | "EXCLUSIVE"
        );
        let scripting = matches!(
            self.dialect,
            Dialect::BigQuery
                | Dialect::Snowflake
                | Dialect::Tsql
                | Dialect::Oracle
                | Dialect::Databricks
                | Dialect::Generic
        );
        !transaction && scripting
    }

    /// Inside of a body (and at the top of a BigQuery script) IF, LOOP and REPEAT wait for their END;
    /// as functions or clauses (`IF EXISTS`, `IF(`) they do not.
    fn opens_inner_block(&self, word: &str) -> bool {
        if self.block.depth == 0 || self.dialect == Dialect::Tsql {
            return false;
        }
        word != "IF" || self.block.head.first().is_some_and(|head| head != "DROP")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str, dialect: Dialect) -> Vec<String> {
        split(script, dialect)
            .into_iter()
            .map(|piece| format!("{}:{} {}", piece.line, piece.column, piece.text))
            .collect()
    }

    #[test]
    fn semicolons_in_strings_comments_and_dollar_quotes_do_not_end_a_statement() {
        let script = "select ';' as a -- ; no\n; /* ; */ select \"a;b\";\nselect $x$ ; $x$;";
        assert_eq!(
            texts(script, Dialect::Postgres),
            ["1:1 select ';' as a -- ; no", "2:11 select \"a;b\"", "3:1 select $x$ ; $x$"]
        );
    }

    #[test]
    fn client_lines_are_no_statements() {
        let script = "\\set x 1\nselect 1;\nCOPY t (a) FROM stdin;\n1;2\n\\.\nselect 2;";
        assert_eq!(texts(script, Dialect::Postgres), ["2:1 select 1", "3:1 COPY t (a) FROM stdin", "6:1 select 2"]);
        assert_eq!(texts("select 1\nGO\nselect 2\ngo 5\n", Dialect::Tsql), ["1:1 select 1", "3:1 select 2"]);
        assert_eq!(
            texts("DELIMITER $$\nselect 1; select 2$$\nDELIMITER ;\nselect 3;", Dialect::MySql),
            ["2:1 select 1; select 2", "4:1 select 3"]
        );
    }

    #[test]
    fn a_body_is_one_statement_and_a_transaction_is_not() {
        let script =
            "CREATE PROCEDURE p() BEGIN IF x THEN SET a = 1; END IF; SELECT CASE WHEN 1 THEN 2 END; END; SELECT 1;";
        assert_eq!(texts(script, Dialect::MySql).len(), 2);
        assert_eq!(texts("BEGIN; DELETE FROM t; COMMIT;", Dialect::Postgres).len(), 3);
        assert_eq!(texts("BEGIN TRANSACTION; DELETE FROM t; COMMIT;", Dialect::BigQuery).len(), 3);
        assert_eq!(texts("BEGIN INSERT INTO t SELECT 1; END; SELECT 1", Dialect::BigQuery).len(), 2);
    }

    #[test]
    fn an_unfinished_string_ends_with_the_script() {
        assert_eq!(texts("select 1; select 'abc", Dialect::Postgres), ["1:1 select 1", "1:11 select 'abc"]);
    }
}
