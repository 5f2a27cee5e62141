//! Queries that begin with FROM (Hive, Spark): written in the order in which the parser reads them, one INSERT after the
//! other.
//!
//! Tokens keep their places in the file. What several INSERTs read is copied for each of them, within bounds.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::sql::repair::view::{View, word};

/// How many tokens all copies of what is read may have, and how deep such queries may nest.
const MOST_COPIED: usize = 200_000;
const DEEPEST: usize = 40;

/// Words that end the list of a SELECT.
const CLAUSES: &[&str] =
    &["WHERE", "GROUP", "HAVING", "CLUSTER", "DISTRIBUTE", "SORT", "ORDER", "LIMIT", "WINDOW", "LATERAL", "QUALIFY"];

/// `[WITH …] FROM s INSERT INTO a SELECT x WHERE y INSERT INTO b …` → `INSERT INTO a [WITH …] SELECT x FROM s WHERE y;
/// INSERT INTO b …`, and `FROM s SELECT x` → `SELECT x FROM s`; `None` where no query begins with FROM.
pub(super) fn in_order(view: &View<'_>) -> Option<Vec<TokenWithSpan>> {
    let mut writer = Writer { view, out: Vec::new(), moved: false, depth: 0 };
    let from = match view.word(0).as_str() {
        "FROM" => Some(0),
        "WITH" => view.find(1, &["FROM", "SELECT", "INSERT"]).filter(|at| view.is(*at, "FROM")),
        _ => None,
    };
    match from.and_then(|from| Some((from, view.find(from, &["INSERT"])?))) {
        Some((from, insert)) => writer.inserts(from, insert)?,
        None => writer.part(0, view.len(), from),
    }
    writer.moved.then_some(writer.out)
}

/// Whether tokens may hold a query that begins with FROM.
pub(super) fn may_be_there(tokens: &[TokenWithSpan]) -> bool {
    let mut before: Option<&Token> = None;
    let mut starts_with = false;
    for token in tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_))) {
        let is =
            |token: &Token, text: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(text));
        let begins = match before {
            None => {
                starts_with = is(token, "WITH");
                true
            }
            Some(Token::LParen) => true,
            Some(Token::RParen) => starts_with,
            Some(other) => is(other, "AS"),
        };
        if begins && is(token, "FROM") {
            return true;
        }
        before = Some(token);
    }
    false
}

struct Writer<'v, 't> {
    view: &'v View<'t>,
    out: Vec<TokenWithSpan>,
    moved: bool,
    depth: usize,
}

impl Writer<'_, '_> {
    /// Every INSERT behind one FROM as a statement of its own.
    fn inserts(&mut self, from: usize, first: usize) -> Option<()> {
        let view = self.view;
        let mut start = first;
        while start < view.len() {
            let select = view.find(start, &["SELECT", "MAP", "REDUCE"])?;
            let end = view.find(select, &["INSERT"]).unwrap_or(view.len());
            if self.out.len() > MOST_COPIED {
                return None;
            }
            if start > first {
                self.sign(start, Token::SemiColon);
            }
            self.part(start, select, None);
            self.part(0, from, None);
            self.select((from, first), select, end);
            start = end;
        }
        Some(())
    }

    /// The tokens from `start` up to `end`, queries within them put in order; one begins at `from`, if there.
    fn part(&mut self, start: usize, end: usize, from: Option<usize>) {
        let mut at = start;
        while at < end {
            match self.leading_from(at, end, from) {
                Some((select, query_end)) => {
                    self.depth += 1;
                    self.select((at, select), select, query_end);
                    self.depth -= 1;
                    at = query_end;
                }
                None => {
                    self.out.extend(self.view.spanned(at));
                    at += 1;
                }
            }
        }
    }

    /// Where the SELECT of a query stands that begins with the FROM at `at`, and where the query ends.
    fn leading_from(&self, at: usize, end: usize, from: Option<usize>) -> Option<(usize, usize)> {
        let in_brackets = at > 0 && self.view.is(at - 1, "(");
        let begins = Some(at) == from || in_brackets || at > 0 && self.view.is(at - 1, "AS");
        if !begins || !self.view.is(at, "FROM") || self.depth >= DEEPEST {
            return None;
        }
        let select = self.view.find(at + 1, &["SELECT", "MAP", "REDUCE"]).filter(|select| *select < end)?;
        // What goes on with pipes is in order.
        if (at..select).any(|at| *self.view.token(at) == Token::VerticalBarRightAngleBracket) {
            return None;
        }
        let close = self.view.partner(at.saturating_sub(1)).filter(|_| in_brackets).unwrap_or(end).min(end);
        let next = self.view.find(select, &["UNION", "INTERSECT", "EXCEPT", "MINUS"]).unwrap_or(close);
        Some((select, next.min(close)))
    }

    /// A SELECT with the FROM that stands in front of it behind its list.
    fn select(&mut self, (from, from_end): (usize, usize), select: usize, end: usize) {
        self.moved = true;
        let list_end = self.view.find(select + 1, CLAUSES).unwrap_or(end).min(end);
        let script = self.view.find(select, &["USING"]).filter(|_| !self.view.is(select, "SELECT"));
        match script {
            // `MAP a, b USING '…'` is `SELECT TRANSFORM (a, b) USING '…'`.
            Some(script) => {
                self.sign(select, word("SELECT"));
                self.sign(select, word("TRANSFORM"));
                self.sign(select, Token::LParen);
                self.part(select + 1, script, None);
                self.sign(script, Token::RParen);
                self.part(script, list_end, None);
            }
            None => self.part(select, list_end, None),
        }
        // A SELECT may have a FROM of its own.
        if self.view.find(select, &["FROM"]).is_none_or(|own| own >= list_end) {
            self.part(from, from_end, None);
        }
        self.part(list_end, end, None);
    }

    /// A token that does not stand in the file, at the place of one that does.
    fn sign(&mut self, at: usize, token: Token) {
        self.out.extend(self.view.spanned(at).map(|there| TokenWithSpan { token, span: there.span }));
    }
}
