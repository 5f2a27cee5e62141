//! Lines that a client program takes for itself: psql, sqlcmd, SQL*Plus, SnowSQL, mysql, BTEQ.

use super::{Lexer, line_length};
use crate::sql::dialect::Dialect;

/// SQL*Plus commands that stand where a statement could begin. `SET` and `EXEC` are looked at on their own.
const SQLPLUS: &[&str] = &[
    "acc",
    "accept",
    "archive",
    "btitle",
    "clear",
    "col",
    "column",
    "compute",
    "conn",
    "connect",
    "def",
    "define",
    "disconnect",
    "host",
    "pause",
    "print",
    "prompt",
    "rem",
    "remark",
    "repfooter",
    "repheader",
    "show",
    "spool",
    "start",
    "timing",
    "ttitle",
    "undef",
    "undefine",
    "var",
    "variable",
    "whenever",
];

/// sqlcmd commands behind a colon.
const SQLCMD: &[&str] = &[
    "connect",
    "ed",
    "error",
    "exit",
    "help",
    "list",
    "listvar",
    "on",
    "out",
    "perftrace",
    "quit",
    "r",
    "reset",
    "serverlist",
    "setvar",
    "xml",
];

impl Lexer<'_> {
    /// Length of a line that belongs to a client, without its newline, at the front of `rest`.
    pub(super) fn client_line(&self, rest: &str, first: char) -> Option<usize> {
        let psql = first == '\\' && matches!(self.dialect, Dialect::Postgres | Dialect::Redshift);
        if !self.line_start && !psql {
            return None;
        }
        // Most lines are told by their first character alone.
        let candidate = match first {
            '\\' | '!' | '/' | ':' | '.' | '@' | '%' | '-' => true,
            letter => letter.is_ascii_alphabetic(),
        };
        if !candidate {
            return None;
        }
        let line = rest.get(..line_length(rest)).unwrap_or(rest);
        if matches!(self.dialect, Dialect::Databricks | Dialect::Spark) {
            return self.notebook_cell(rest, line, first);
        }
        if !self.is_client_line(line, first) {
            return None;
        }
        // SnowSQL's PUT and GET go on to their semicolon.
        let is_transfer = self.dialect == Dialect::Snowflake && line.contains("file://");
        let statement = rest.find(';').and_then(|end| rest.get(..end));
        let statement = statement.filter(|text| is_transfer && !text.contains("\n\n"));
        Some(statement.map_or(line.len(), str::len).max(1))
    }

    /// What separates the cells of a Databricks notebook, and cells in other languages (`%python`) as a whole.
    fn notebook_cell(&self, rest: &str, line: &str, first: char) -> Option<usize> {
        const SEPARATOR: &str = "-- COMMAND ----------";
        match first {
            '-' => line.starts_with(SEPARATOR).then_some(line.len()),
            '%' if self.fresh && line.starts_with("%sql") => Some(line.len()),
            '%' if self.fresh
                && line.get(1..).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase())) =>
            {
                Some(rest.find(SEPARATOR).unwrap_or(rest.len()))
            }
            _ => None,
        }
    }

    /// Whether a line is mysql's `DELIMITER //`: that of COPY and UNLOAD (`DELIMITER ','`, `DELIMITER AS '|'`) is an option.
    fn sets_delimiter(&self, line: &str) -> bool {
        let has_it = !matches!(self.dialect, Dialect::Postgres | Dialect::Redshift);
        let terminator = line.split_ascii_whitespace().nth(1).filter(|_| has_it);
        terminator.is_some_and(|word| !word.starts_with(['\'', '"']) && !word.eq_ignore_ascii_case("as"))
    }

    fn is_client_line(&self, line: &str, first: char) -> bool {
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        match first {
            '\\' => {
                matches!(self.dialect, Dialect::Postgres | Dialect::Redshift | Dialect::Generic)
                    || (self.dialect == Dialect::MySql && self.fresh)
            }
            '!' => {
                (self.dialect == Dialect::Snowflake && self.fresh)
                    || (self.dialect == Dialect::Tsql && word.starts_with("!!"))
            }
            '/' => line.trim() == "/" && matches!(self.dialect, Dialect::Oracle | Dialect::Generic),
            ':' => {
                let command = word.trim_start_matches(':');
                self.dialect == Dialect::Tsql && SQLCMD.iter().any(|name| command.eq_ignore_ascii_case(name))
            }
            '.' => {
                self.fresh
                    && matches!(self.dialect, Dialect::Teradata | Dialect::Sqlite | Dialect::DuckDb)
                    && line.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            }
            '@' => self.dialect == Dialect::Oracle && self.fresh,
            'g' | 'G' if word.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("go")) => is_go(line),
            'd' | 'D' if word.eq_ignore_ascii_case("delimiter") => self.sets_delimiter(line),
            'p' | 'P' | 'g' | 'G' if self.dialect == Dialect::Snowflake && self.fresh => {
                (word.eq_ignore_ascii_case("put") || word.eq_ignore_ascii_case("get")) && line.contains("file://")
            }
            _ if self.dialect == Dialect::Oracle && self.fresh => is_sqlplus(line, word),
            _ => false,
        }
    }
}

/// `GO`, `GO 5`, `go;`, each with a comment behind it or without.
fn is_go(line: &str) -> bool {
    let Some(rest) = line.get(2..) else { return false };
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return false;
    }
    let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let rest = rest.trim_start_matches(';').trim();
    rest.is_empty() || rest.starts_with("--") || (rest.starts_with("/*") && rest.ends_with("*/"))
}

fn is_sqlplus(line: &str, word: &str) -> bool {
    let word = word.trim_end_matches(';');
    let second = line.split_ascii_whitespace().nth(1);
    if SQLPLUS.iter().any(|name| word.eq_ignore_ascii_case(name)) {
        // `col := 1;` assigns to a variable of that name.
        return second.is_none_or(|second| !second.starts_with(":="));
    }
    // `SET ROLE`, `SET TRANSACTION` and `SET CONSTRAINTS` are SQL.
    word.eq_ignore_ascii_case("set")
        && second.is_some_and(|option| {
            !["role", "transaction", "constraint", "constraints"].iter().any(|name| option.eq_ignore_ascii_case(name))
        })
}
