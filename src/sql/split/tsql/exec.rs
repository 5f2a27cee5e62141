//! EXEC: of a text, where that is one string read at its place, else not known; of a procedure, a call.

use super::Walker;
use super::leaf::{Leaf, Verb};
use crate::sql::lexer::Spot;
use crate::sql::split::cutter::Inside;
use crate::sql::split::literal::is_string;
use crate::sql::split::pieces::Role;
use crate::sql::split::tokens::Token;

impl<'a> Walker<'a> {
    pub(super) fn exec(&mut self) {
        let first = self.cut.next();
        if self.cut.peek(0).is('(') {
            self.cut.next();
            return self.run_text(first.at, ")");
        }
        let is_variable = self.cut.peek(0).text.starts_with('@');
        if is_variable && self.cut.peek(1).is('=') {
            self.cut.next();
            self.cut.next();
        } else if is_variable {
            // The procedure's name is put together.
            return self.rest(first.at, Role::Dynamic);
        }
        let name = self.cut.name().unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default().trim_matches(['[', ']', '"']).to_ascii_lowercase();
        match last.as_str() {
            "sp_executesql" => {
                if self.cut.peek(0).text.starts_with('@') && self.cut.peek(1).is('=') {
                    self.cut.next();
                    self.cut.next();
                }
                self.run_text(first.at, ",");
            }
            "sp_msforeachdb" | "sp_msforeachtable" | "sp_ineachdb" => self.rest(first.at, Role::Dynamic),
            // It renames a table or a column.
            "sp_rename" => self.rest(first.at, Role::Statement),
            _ => self.rest(first.at, Role::Control),
        }
    }

    /// A text that is one string, up to one of these signs or the end of the statement, is read.
    fn run_text(&mut self, from: Spot, behind: &str) {
        let prefix = usize::from(self.cut.peek(0).text.eq_ignore_ascii_case("n"));
        let literal = self.cut.peek(prefix);
        let sign = self.cut.peek(prefix + 1);
        let mut is_literal = is_string(&literal, self.cut.dialect())
            && (sign.text == behind || (behind == "," && self.ends_behind(prefix + 1)));
        if behind == ")" {
            // `EXEC ('…') AT server` speaks the server's language.
            is_literal &= !self.cut.is(prefix + 2, "AT");
        }
        if !is_literal {
            return self.rest(from, Role::Dynamic);
        }
        self.pass_leaf(Leaf::new(Verb::Other));
        if !self.cut.open_quotes(&literal, Inside::Script) {
            self.cut.out.push(&self.cut.tokens, (from, self.cut.tokens.taken), Role::Dynamic);
        }
    }

    /// Whether no operator joins the token with what is before it.
    fn ends_behind(&mut self, places: usize) -> bool {
        let token: Token<'a> = self.cut.peek(places);
        token.ends_statement() || token.kind == crate::sql::lexer::Kind::Word
    }

    /// The rest of the statement, as one piece from a place on.
    fn rest(&mut self, from: Spot, role: Role) {
        let mut leaf = Leaf::new(Verb::Other);
        while !self.ends_leaf(&leaf) {
            self.pass_token(&mut leaf);
        }
        self.cut.out.push(&self.cut.tokens, (from, self.cut.tokens.taken), role);
    }
}
