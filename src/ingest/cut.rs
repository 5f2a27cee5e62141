//! Where a script can be cut in two without a statement being torn: for files that are larger than a request may be.
//!
//! Careful rather than complete: bodies of procedures, blocks and control flow are never cut, and where their end is not
//! seen, nothing below them is until the next line of a client (`GO`, `/`). What cannot be cut is sent as it is.

use crate::sql::dialect::Dialect;
use crate::sql::split::{Token, Tokens};

/// Words among the first of a statement that announce a body with terminators of its own.
const ROUTINES: [&str; 8] = ["PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "PACKAGE", "EVENT", "TASK", "BODY"];
/// Words that open a block at the start of a statement of a script.
const BLOCKS: [&str; 8] = ["BEGIN", "DECLARE", "IF", "LOOP", "WHILE", "FOR", "REPEAT", "CASE"];
/// Words that open what an END closes, within a body.
const OPENING: [&str; 5] = ["BEGIN", "CASE", "IF", "LOOP", "REPEAT"];
/// So many words of a statement are looked at for one of [`ROUTINES`].
const HEAD_WORDS: usize = 8;

/// Byte offsets behind the terminators of a script's statements, ascending.
#[must_use]
pub fn boundaries(sql: &str, dialect: Dialect) -> Vec<usize> {
    let mut tokens = Tokens::new(sql, dialect);
    let mut found = Vec::new();
    let mut statement = Statement::default();
    while !tokens.is_empty() {
        let token = tokens.next();
        let ends = token.ends_batch() || (token.ends_statement() && statement.may_end());
        if !ends {
            let next_is_transaction = token.word() == "BEGIN" && begins_transaction(&tokens.peek(0));
            statement.follow(&token, next_is_transaction);
            continue;
        }
        if statement.copies_from_stdin {
            // Data lines follow, which belong to the statement: no cut between the two.
            tokens.skip_copy_data();
        } else {
            found.push(token.end());
        }
        statement = Statement::default();
    }
    found.retain(|offset| sql.is_char_boundary(*offset) && *offset < sql.len());
    found
}

/// Cuts a script into stretches of at most `limit` by `weigh`, each of whole statements. A statement that is larger stays
/// in one piece. The stretches joined are the script.
#[must_use]
pub fn stretches(sql: &str, dialect: Dialect, limit: usize, weigh: impl Fn(&str) -> usize) -> Vec<&str> {
    let mut stretches = Vec::new();
    let (mut start, mut end, mut weight) = (0, 0, 0);
    for next in boundaries(sql, dialect).into_iter().chain([sql.len()]) {
        let more = sql.get(end..next).map_or(0, &weigh);
        if weight + more > limit && end > start {
            stretches.extend(sql.get(start..end));
            (start, weight) = (end, 0);
        }
        (end, weight) = (next, weight + more);
    }
    stretches.extend(sql.get(start..));
    stretches
}

/// The script in two parts of whole statements, cut as near to its middle as can be; `None` where there is no place.
#[must_use]
pub fn halves(sql: &str, dialect: Dialect) -> Option<(&str, &str)> {
    let middle = sql.len() / 2;
    let boundaries = boundaries(sql, dialect);
    let has_statement = |at: &&usize| sql.get(**at..).is_some_and(super::plan::has_statement);
    let place = boundaries.iter().filter(has_statement).min_by_key(|at| at.abs_diff(middle))?;
    sql.split_at_checked(*place)
}

/// `BEGIN;`, `BEGIN TRANSACTION`: no block.
fn begins_transaction(next: &Token<'_>) -> bool {
    next.ends_statement() || matches!(next.word(), "TRANSACTION" | "TRAN" | "WORK" | "ISOLATION" | "READ")
}

/// A statement as far as it was read.
#[derive(Default)]
struct Statement {
    words: usize,
    creates: bool,
    /// It has a body, or is one.
    has_body: bool,
    /// BEGIN, CASE, IF … that wait for their END.
    depth: usize,
    /// A body was opened.
    opened: bool,
    after_end: bool,
    copies: bool,
    copies_from_stdin: bool,
}

impl Statement {
    fn may_end(&self) -> bool {
        !self.has_body || (self.opened && self.depth == 0)
    }

    fn follow(&mut self, token: &Token<'_>, is_transaction: bool) {
        let word = token.word();
        if self.words == 0 {
            self.creates = matches!(word, "CREATE" | "ALTER" | "REPLACE");
            self.copies = word == "COPY";
            self.has_body = BLOCKS.contains(&word) && !is_transaction;
        }
        if self.creates && self.words < HEAD_WORDS && ROUTINES.contains(&word) {
            self.has_body = true;
        }
        self.copies_from_stdin |= self.copies && word == "STDIN";
        if self.has_body {
            self.follow_body(token, word);
        }
        self.words += 1;
    }

    fn follow_body(&mut self, token: &Token<'_>, word: &str) {
        if token.text.starts_with('$') || (token.text.starts_with('\'') && self.depth == 0) {
            // The body is one text.
            self.opened = true;
        }
        let after_end = std::mem::replace(&mut self.after_end, word == "END");
        match word {
            "END" => self.depth = self.depth.saturating_sub(1),
            _ if OPENING.contains(&word) && !after_end => {
                self.depth += 1;
                self.opened = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(sql: &str, dialect: Dialect) -> Vec<&str> {
        stretches(sql, dialect, 1, str::len)
    }

    #[test]
    fn a_script_is_cut_behind_its_terminators_alone() {
        let sql = "CREATE TABLE t (a text DEFAULT ';');\n-- a; b\nINSERT INTO t VALUES ('x;y');\nSELECT 1";
        assert_eq!(
            parts(sql, Dialect::Postgres),
            ["CREATE TABLE t (a text DEFAULT ';');", "\n-- a; b\nINSERT INTO t VALUES ('x;y');", "\nSELECT 1",]
        );
        assert_eq!(parts("BEGIN; SELECT 1; COMMIT;", Dialect::Postgres), ["BEGIN;", " SELECT 1;", " COMMIT;"]);
    }

    #[test]
    fn a_body_is_not_torn() {
        let body = "CREATE FUNCTION f() RETURNS int AS $$ BEGIN a; b; END; $$ LANGUAGE plpgsql;";
        assert_eq!(parts(&format!("{body} SELECT 2"), Dialect::Postgres), [body, " SELECT 2"]);
        let block = "CREATE PROCEDURE p() BEGIN IF a THEN b; END IF; INSERT INTO t SELECT CASE WHEN x THEN y END; END;";
        assert_eq!(parts(&format!("{block} SELECT 2"), Dialect::Snowflake), [block, " SELECT 2"]);
        let unseen = "CREATE PROCEDURE p() IS x int; y int; BEGIN WHILE a LOOP b; END LOOP; END;";
        assert_eq!(parts(unseen, Dialect::Oracle), [unseen]);
        let batches = "CREATE PROC p AS\nSELECT 1;\nSELECT 2;\nGO\nSELECT 3";
        assert_eq!(parts(batches, Dialect::Tsql), ["CREATE PROC p AS\nSELECT 1;\nSELECT 2;\nGO", "\nSELECT 3"]);
    }

    #[test]
    fn inline_data_stays_with_its_statement() {
        let sql = "COPY t FROM stdin;\n1;2\n\\.\nSELECT 1;\nSELECT 2";
        assert_eq!(parts(sql, Dialect::Postgres), ["COPY t FROM stdin;\n1;2\n\\.\nSELECT 1;", "\nSELECT 2"]);
    }

    #[test]
    fn halves_are_cut_near_the_middle_and_hold_statements() {
        let sql = "SELECT 1; SELECT 2; SELECT 3; SELECT 4; -- end";
        assert_eq!(halves(sql, Dialect::Generic), Some(("SELECT 1; SELECT 2;", " SELECT 3; SELECT 4; -- end")));
        assert_eq!(halves("SELECT 1; -- end", Dialect::Generic), None);
        assert_eq!(halves("", Dialect::Generic), None);
    }

    proptest! {
        #[test]
        fn stretches_joined_are_the_script(sql in "([a-zé ]|;|'|\\$\\$|BEGIN |END|\n|--|CREATE FUNCTION ){0,60}", limit in 0usize..40) {
            let stretches = stretches(&sql, Dialect::Postgres, limit, str::len);
            prop_assert_eq!(stretches.concat(), sql);
        }
    }
}
