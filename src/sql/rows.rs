//! Long lists of plain rows, as dumps have them: `INSERT … VALUES (1, 'a'), (2, 'b'), …`, in one statement or in thousands.
//!
//! Of a row without a subquery nothing reaches a column but the value itself. The first rows are parsed like any SQL; of
//! the others a count and a digest are kept, so that a change of any row is still a change.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::sql::dialect::Dialect;
use crate::sql::lexer::{Kind, Lexeme, Lexer};

/// How many rows of one statement, or of statements in a row that differ in nothing else, are parsed.
const PARSED_ROWS: usize = 100;

/// Words that make a row more than plain.
const QUERIES: [&str; 5] = ["select", "with", "from", "table", "values"];

/// The rows that are not parsed.
#[derive(Debug, Clone, Default)]
pub struct MoreRows {
    /// How many there are.
    pub rows: usize,
    /// How many statements they fill that are not parsed at all.
    pub statements: usize,
    hash: Sha256,
}

impl MoreRows {
    /// Sixteen hexadecimal digits: the same for the same rows, whatever their layout.
    #[must_use]
    pub fn digest(&self) -> String {
        self.hash.clone().finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Adds the rows of a statement that goes on.
    pub fn add(&mut self, insert: &Insert<'_>) {
        self.rows += insert.rows;
        self.statements += 1;
        self.hash.update(insert.all.clone().finalize());
    }
}

/// An INSERT of rows, taken apart.
#[derive(Debug)]
pub struct Insert<'a> {
    /// Everything up to VALUES.
    pub head: &'a str,
    /// The number of its rows.
    pub rows: usize,
    /// Whether nothing stands behind the rows and none of them has a subquery.
    pub plain: bool,
    /// All rows, as a digest.
    all: Sha256,
    /// What to parse instead, and the rows that this leaves out.
    pub shortened: Option<(String, MoreRows)>,
}

impl<'a> Insert<'a> {
    /// Takes a statement apart; `None` where it is no INSERT of rows.
    #[must_use]
    pub fn read(text: &'a str, dialect: Dialect) -> Option<Self> {
        let mut lexemes = Lexemes { lexer: Lexer::new(text, dialect) };
        let first = lexemes.next()?;
        if !is_word(&first, &["insert", "replace"]) {
            return None;
        }
        let start = head_end(&mut lexemes)?;
        let head = text.get(..start)?;
        let mut reader = RowReader::default();
        let tail = reader.read(&mut lexemes)?;
        let tail = tail.and_then(|at| text.get(at..)).unwrap_or_default();
        let plain = tail.is_empty() && reader.queries == 0;
        let shortened = (!reader.left_out.is_empty()).then(|| (shortened(text, &reader.left_out), reader.more));
        Some(Self { head, rows: reader.rows, plain, all: reader.all, shortened })
    }
}

/// Statements in a row that insert plain rows in the same way.
#[derive(Debug, Default)]
pub struct Run<'a> {
    head: &'a str,
    rows: usize,
}

impl<'a> Run<'a> {
    /// Takes the next statement, with what it inserts if it is an INSERT of rows; whether it goes on as the one before
    /// and needs no parsing any more.
    pub fn goes_on(&mut self, insert: Option<&Insert<'a>>) -> bool {
        let Some(insert) = insert.filter(|insert| insert.plain) else {
            *self = Self::default();
            return false;
        };
        if insert.head != self.head {
            *self = Self { head: insert.head, rows: 0 };
        }
        self.rows += insert.rows;
        self.rows > PARSED_ROWS && self.rows > insert.rows
    }
}

/// The lexemes that are not space or comment.
struct Lexemes<'a> {
    lexer: Lexer<'a>,
}

impl<'a> Lexemes<'a> {
    fn next(&mut self) -> Option<Lexeme<'a>> {
        loop {
            let lexeme = self.lexer.next_lexeme()?;
            if !matches!(lexeme.kind, Kind::Space | Kind::Comment) {
                return Some(lexeme);
            }
        }
    }
}

fn is_word(lexeme: &Lexeme<'_>, words: &[&str]) -> bool {
    lexeme.kind == Kind::Word && words.iter().any(|word| lexeme.text.eq_ignore_ascii_case(word))
}

/// The end of VALUES, where no query stands before it.
fn head_end(lexemes: &mut Lexemes<'_>) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        let lexeme = lexemes.next()?;
        match lexeme.text {
            "(" => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            _ if is_word(&lexeme, &["values", "value"]) => return Some(lexeme.offset + lexeme.text.len()),
            _ if is_word(&lexeme, &QUERIES) => return None,
            _ => {}
        }
    }
}

#[derive(Default)]
struct RowReader {
    rows: usize,
    /// How many of them have a subquery.
    queries: usize,
    all: Sha256,
    more: MoreRows,
    /// The stretches of the text that need no parsing, each with the comma before it.
    left_out: Vec<Range<usize>>,
}

impl RowReader {
    /// Reads all rows; where something stands behind them, its offset. `None` where there are no rows as such.
    fn read(&mut self, lexemes: &mut Lexemes<'_>) -> Option<Option<usize>> {
        let mut end = None;
        loop {
            let open = lexemes.next()?;
            if open.text != "(" {
                return None;
            }
            let row = self.row(&open, lexemes)?;
            self.leave_out(end.unwrap_or(open.offset)..row.end, &row);
            end = Some(row.end);
            match lexemes.next() {
                None => return Some(None),
                Some(comma) if comma.text == "," => {}
                Some(tail) => return Some(Some(tail.offset)),
            }
        }
    }

    /// Reads one row up to its closing parenthesis.
    fn row(&mut self, open: &Lexeme<'_>, lexemes: &mut Lexemes<'_>) -> Option<Row> {
        let mut row = Row { end: open.offset, plain: true, hash: Sha256::new() };
        let mut depth = 1_usize;
        while depth > 0 {
            let lexeme = lexemes.next()?;
            match lexeme.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if lexeme.kind == Kind::Word {
                row.plain &= !is_word(&lexeme, &QUERIES);
                row.hash.update(lexeme.text.to_ascii_lowercase());
            } else {
                row.hash.update(lexeme.text);
            }
            row.hash.update([0]);
            row.end = lexeme.offset + lexeme.text.len();
        }
        Some(row)
    }

    fn leave_out(&mut self, stretch: Range<usize>, row: &Row) {
        self.rows += 1;
        self.queries += usize::from(!row.plain);
        let hash = row.hash.clone().finalize();
        self.all.update(hash);
        if self.rows <= PARSED_ROWS || !row.plain {
            return;
        }
        self.more.rows += 1;
        self.more.hash.update(hash);
        match self.left_out.last_mut().filter(|last| last.end == stretch.start) {
            Some(last) => last.end = stretch.end,
            None => self.left_out.push(stretch),
        }
    }
}

struct Row {
    end: usize,
    plain: bool,
    hash: Sha256,
}

/// The text without some stretches; line ends stay where more text follows, so that lines stay what they are.
fn shortened(text: &str, left_out: &[Range<usize>]) -> String {
    let mut short = String::new();
    let mut at = 0;
    for stretch in left_out {
        short.push_str(text.get(at..stretch.start).unwrap_or_default());
        at = stretch.end;
        if text.get(at..).is_some_and(|rest| !rest.trim().is_empty()) {
            let gone = text.get(stretch.clone()).unwrap_or_default();
            short.extend(gone.chars().filter(|character| *character == '\n'));
        }
    }
    short.push_str(text.get(at..).unwrap_or_default());
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(rows: usize, separator: &str) -> String {
        (0..rows)
            .map(|row| format!("({row}, 'a, (b) {row}', -1.5, NULL, DATE '2020-01-01')"))
            .collect::<Vec<_>>()
            .join(separator)
    }

    fn read(text: &str) -> Insert<'_> {
        Insert::read(text, Dialect::Postgres).expect("an INSERT of rows")
    }

    #[test]
    fn the_first_hundred_rows_stay_and_the_others_are_a_digest() {
        let text = format!("insert into t (a, b) values {}", dump(500, ",\n"));
        let insert = read(&text);
        assert_eq!((insert.rows, insert.plain, insert.head), (500, true, "insert into t (a, b) values"));
        let (short, more) = insert.shortened.expect("long");
        assert_eq!((read(&short).rows, more.rows), (100, 400));
        assert!(read("insert into t values (1), (2)").shortened.is_none());
    }

    #[test]
    fn the_digest_tells_values_and_not_layout() {
        let digest = |rows: &str| {
            let text = format!("INSERT INTO t VALUES {}, {rows}", dump(100, ","));
            read(&text).shortened.expect("long").1.digest()
        };
        assert_eq!(digest("(1, null), (2, 'x')"), digest("( 1,NULL ) ,\n -- two\n (2, 'x')"));
        assert_ne!(digest("(1, null), (2, 'x')"), digest("(1, null), (2, 'y')"));
        assert_ne!(digest("(1), (2)"), digest("(2), (1)"));
    }

    #[test]
    fn rows_with_subqueries_and_what_stands_behind_the_rows_are_parsed_at_their_lines() {
        let text = format!(
            "insert into t values {},\n((select max(a) from s)),\n(2)\non conflict do nothing",
            dump(200, ",\n")
        );
        let insert = read(&text);
        assert!(!insert.plain);
        let (short, more) = insert.shortened.expect("long");
        assert_eq!(more.rows, 101);
        assert_eq!(short.lines().position(|line| line.contains("max(a)")), Some(200));
        assert!(short.lines().last().is_some_and(|line| line == "on conflict do nothing"), "{short}");
    }

    #[test]
    fn statements_that_differ_in_their_rows_only_go_on_as_one() {
        let mut run = Run::default();
        let mut parsed = 0;
        let texts: Vec<String> = (0..300).map(|row| format!("INSERT INTO t (a) VALUES ({row})")).collect();
        for text in &texts {
            parsed += usize::from(!run.goes_on(Some(&read(text))));
        }
        assert_eq!(parsed, 100);
        assert!(!run.goes_on(Some(&read("INSERT INTO u (a) VALUES (1)"))));
        assert!(!run.goes_on(None));
        assert!(!run.goes_on(Some(&read("INSERT INTO t (a) VALUES (1)"))));
    }

    #[test]
    fn other_statements_are_no_inserts_of_rows() {
        for text in [
            "insert into t select 1",
            "insert into t default values",
            "with a as (values (1)) select 1",
            "insert into t values 1",
            "insert into t values (1",
        ] {
            assert!(Insert::read(text, Dialect::Postgres).is_none(), "{text}");
        }
    }
}
