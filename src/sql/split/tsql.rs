//! T-SQL, whose statements need no semicolons: a statement ends where a word stands that can only start the next one.
//!
//! Blocks and branches only stand between statements, so BEGIN, END, ELSE and the conditions of IF and WHILE are passed
//! over. A procedure, function or trigger reaches to the end of its batch (`GO`).

mod exec;
mod leaf;
mod routine;

use std::borrow::Cow;
use std::sync::Arc;

use crate::sql::lexer::{Kind, Spot, after};
use crate::sql::no_flow::names_something;
use crate::sql::split::cutter::Cutter;
use crate::sql::split::pieces::{Pieces, Returned, Role};
use crate::sql::split::tokens::Token;
use crate::sql::split::tsql::leaf::{Leaf, Verb};

/// Cuts a text.
pub(super) fn walk(cut: Cutter<'_>) -> Pieces<'_> {
    let mut walker = Walker { cut, routine: None, starts_batch: true, depth: 0, is_guarded: false };
    while !walker.cut.tokens.is_empty() {
        walker.statement();
    }
    walker.end_batch();
    walker.cut.out
}

struct Walker<'a> {
    cut: Cutter<'a>,
    /// The procedure, function or trigger that the rest of the batch belongs to.
    routine: Option<Routine>,
    /// No statement of the batch has begun.
    starts_batch: bool,
    /// Depth of BEGIN … END.
    depth: usize,
    /// The next statement runs on a condition only.
    is_guarded: bool,
}

#[derive(Default)]
struct Routine {
    /// What it gives as a table function.
    returned: Option<Arc<Returned>>,
    /// The table variable that it gives (`RETURNS @rows TABLE (…)`), and where.
    variable: Option<(String, Spot)>,
}

impl<'a> Walker<'a> {
    fn statement(&mut self) {
        let token = self.cut.peek(0);
        if token.kind == Kind::ClientLine {
            self.cut.next();
            return self.end_batch();
        }
        if token.kind == Kind::Terminator {
            self.cut.next();
            return;
        }
        if self.is_label(0) {
            self.cut.next();
            self.cut.next();
            return;
        }
        self.word(&token);
        self.starts_batch = false;
        self.is_guarded = matches!(token.word(), "IF" | "WHILE" | "ELSE");
    }

    fn word(&mut self, token: &Token<'a>) {
        match token.word() {
            "BEGIN" => self.begin(),
            "END" if !self.cut.is(1, "CONVERSATION") => {
                self.cut.next();
                self.depth = self.depth.saturating_sub(1);
                if matches!(self.cut.peek(0).word(), "TRY" | "CATCH") {
                    self.cut.next();
                }
            }
            "ELSE" => drop(self.cut.next()),
            "IF" | "WHILE" => {
                self.cut.next();
                self.pass_leaf(Leaf::new(Verb::Condition));
            }
            "CREATE" | "ALTER" if self.starts_routine() => self.routine(),
            "DECLARE" => self.declare(),
            "SET" if self.cut.peek(1).text.starts_with('@') => {
                self.cut.next();
                self.pass_leaf(Leaf::new(Verb::Assignment));
                self.cut.out.push(&self.cut.tokens, (token.at, self.cut.tokens.taken), Role::Control);
            }
            "RETURN" => self.returning(),
            "EXEC" | "EXECUTE" => self.exec(),
            "USE" if self.is_at_top() => self.leaf(Role::Session),
            word if steers(word) => self.leaf(Role::Control),
            "UPDATE" if self.cut.is(1, "STATISTICS") => self.leaf(Role::Control),
            "ALTER" if self.alters_no_column() => self.leaf(Role::Control),
            "CREATE" if self.cut.is(1, "SYNONYM") => self.synonym(),
            "ALTER" if self.cut.is(1, "SCHEMA") => self.transfer(),
            "CREATE" | "ALTER" | "DROP" if self.names_no_data() => self.leaf(Role::Control),
            "SELECT" if self.fills_variables() => self.leaf(Role::Reads),
            // The first statement of a batch may call a procedure by its bare name.
            word if self.starts_batch && token.kind != Kind::Symbol && !is_verb(word) => self.leaf(Role::Control),
            _ => self.leaf(Role::Statement),
        }
    }

    /// Whether `name:` stands so many tokens ahead.
    fn is_label(&mut self, places: usize) -> bool {
        let token = self.cut.peek(places);
        token.kind == Kind::Word
            && !token.text.starts_with('@')
            && self.cut.peek(places + 1).is(':')
            && !self.cut.peek(places + 2).is(':')
    }

    /// `SELECT @a = b FROM t`: the rows fill variables.
    fn fills_variables(&mut self) -> bool {
        let mut at = 1;
        if self.cut.is(at, "DISTINCT") {
            at += 1;
        }
        if self.cut.is(at, "TOP") {
            at += 1;
            if self.cut.peek(at).is('(') {
                while at < 16 && !self.cut.peek(at).is(')') {
                    at += 1;
                }
            }
            at += 1;
        }
        let assigns = |token: &Token<'_>| token.is('=');
        self.cut.peek(at).text.starts_with('@')
            && (assigns(&self.cut.peek(at + 1))
                || (self.cut.peek(at + 1).kind == Kind::Symbol && assigns(&self.cut.peek(at + 2))))
    }

    /// `ALTER TABLE t WITH CHECK ADD CONSTRAINT …` and other changes of keys, checks, triggers and storage.
    fn alters_no_column(&mut self) -> bool {
        if !self.cut.is(1, "TABLE") {
            return false;
        }
        let mut at = 3;
        while self.cut.peek(at).is('.') {
            at += if self.cut.peek(at + 1).is('.') { 3 } else { 2 };
        }
        if self.cut.is(at, "WITH") && matches!(self.cut.peek(at + 1).word(), "CHECK" | "NOCHECK") {
            at += 2;
        }
        match self.cut.peek(at).word() {
            "CHECK" | "NOCHECK" | "ENABLE" | "DISABLE" | "REBUILD" | "SET" => true,
            "ADD" => matches!(
                self.cut.peek(at + 1).word(),
                "CONSTRAINT" | "PRIMARY" | "FOREIGN" | "UNIQUE" | "CHECK" | "DEFAULT" | "INDEX"
            ),
            "DROP" => self.cut.is(at + 1, "CONSTRAINT"),
            _ => false,
        }
    }

    /// `CREATE SYNONYM s FOR t` reads like a view of the table.
    fn synonym(&mut self) {
        let first = self.cut.next();
        self.cut.next();
        let name = self.cut.name().unwrap_or_default();
        self.cut.take("FOR");
        let of = self.cut.name().unwrap_or_default();
        self.pass_leaf(Leaf::new(Verb::Other));
        let text = format!("CREATE VIEW {name} AS SELECT * FROM {of}");
        self.cut.out.add(Cow::Owned(text), first.at, Role::Statement);
    }

    /// Whether a CREATE, ALTER or DROP is about something that holds no data: a login, a key, a policy.
    fn names_no_data(&mut self) -> bool {
        let at = if self.cut.is(1, "OR") { 3 } else { 1 };
        let noun = self.cut.peek(at);
        let external = noun.word() == "EXTERNAL" && !self.cut.is(at + 1, "TABLE");
        match noun.word() {
            "TABLE" | "VIEW" | "MATERIALIZED" | "SYNONYM" => false,
            "EXTERNAL" => external,
            "ASYMMETRIC" | "AUDIT" | "AVAILABILITY" | "COLUMN" | "CRYPTOGRAPHIC" | "FEDERATION" | "REMOTE" => true,
            // A noun that is no word of T-SQL is a mistake, and the parser says so.
            noun => names_something(noun),
        }
    }

    /// `ALTER SCHEMA s TRANSFER t` moves a table: `ALTER TABLE t RENAME TO s.t`.
    fn transfer(&mut self) {
        let first = self.cut.next();
        self.cut.next();
        let schema = self.cut.name().unwrap_or_default();
        let is_object = self.cut.take("TRANSFER") && !self.cut.is(0, "TYPE") && !self.cut.is(0, "XML");
        if self.cut.take("OBJECT") {
            self.cut.next();
            self.cut.next();
        }
        let name = self.cut.name().unwrap_or_default();
        let last = last_of_name(name);
        self.pass_leaf(Leaf::new(Verb::Other));
        if is_object && !name.is_empty() {
            let text = format!("ALTER TABLE {name} RENAME TO {schema}.{last}");
            self.cut.out.add(Cow::Owned(text), first.at, Role::Statement);
        } else {
            self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), Role::Control);
        }
    }

    /// Whether what comes next runs whenever the script does.
    fn is_at_top(&self) -> bool {
        self.routine.is_none() && self.depth == 0 && !self.is_guarded && self.cut.nesting == 0
    }

    fn begin(&mut self) {
        let next = self.cut.peek(1);
        if matches!(next.word(), "TRAN" | "TRANSACTION" | "DISTRIBUTED" | "DIALOG" | "CONVERSATION") {
            return self.leaf(Role::Control);
        }
        self.depth += 1;
        match next.word() {
            "TRY" | "CATCH" => {
                self.cut.next();
                self.cut.next();
            }
            "ATOMIC" => {
                self.cut.next();
                self.cut.next();
                self.cut.take("WITH");
                self.cut.parentheses();
            }
            _ => drop(self.cut.next()),
        }
    }

    fn end_batch(&mut self) {
        self.starts_batch = true;
        self.depth = 0;
        let Some(routine) = self.routine.take() else { return };
        if let (Some(returned), Some((variable, at))) = (routine.returned, routine.variable) {
            self.cut.out.add(Cow::Owned(format!("SELECT * FROM {variable}")), at, Role::Result(returned));
        }
        self.cut.out.close_scope();
    }

    /// `DECLARE @x int = …, @t TABLE (…)`, `DECLARE c CURSOR FOR SELECT …`
    fn declare(&mut self) {
        let first = self.cut.next();
        if !self.cut.peek(0).text.starts_with('@') {
            let name = self.cut.peek(0).text;
            self.cut.out.declare(name);
        }
        let mut leaf = Leaf::new(Verb::Assignment);
        while !self.ends_leaf(&leaf) {
            if leaf.is_outside() && self.cut.is(0, "TABLE") && self.cut.peek(1).is('(') {
                self.table_variable((&first, leaf.before_as()));
                continue;
            }
            self.pass_token(&mut leaf);
        }
        self.push_cursor(&leaf);
        self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), Role::Control);
    }

    /// A table variable is a table of its own: `CREATE TABLE @t (…)`.
    fn table_variable(&mut self, (first, name): (&Token<'a>, Option<Token<'a>>)) {
        self.cut.next();
        let open = self.cut.peek(0).at;
        self.cut.parentheses();
        let Some(name) = name.filter(|name| name.text.starts_with('@')) else { return };
        let columns = self.cut.tokens.script.get(open.offset..self.cut.tokens.taken).unwrap_or_default();
        // The words in front of the columns take the place of DECLARE, or of the name.
        let at = if first.at.line == name.at.line { first.at } else { name.at };
        let head = format!("CREATE TABLE {}", name.text);
        self.cut.out.add(Cow::Owned(placed((at, &head), open, columns)), at, Role::Statement);
    }

    /// `RETURN`, `RETURN 1`, `RETURN (SELECT …)`
    fn returning(&mut self) {
        let first = self.cut.next();
        let returned = self.routine.as_ref().filter(|routine| routine.variable.is_none());
        let Some(returned) = returned.and_then(|routine| routine.returned.clone()) else {
            self.pass_leaf(Leaf::new(Verb::Condition));
            return self.cut.out.push(&self.cut.tokens, (first.at, self.cut.tokens.taken), Role::Control);
        };
        if let Some(part) = self.cut.parentheses() {
            return self.cut.out.push(&self.cut.tokens, part, Role::Result(returned));
        }
        self.leaf(Role::Result(returned));
    }
}

/// The last part of a qualified name, as it is written.
fn last_of_name(name: &str) -> &str {
    let mut start = 0;
    let mut quoted = false;
    for (at, character) in name.char_indices() {
        match character {
            '[' => quoted = true,
            ']' => quoted = false,
            '"' => quoted = !quoted,
            '.' if !quoted => start = at + 1,
            _ => {}
        }
    }
    name.get(start..).unwrap_or_default()
}

/// A text whose head is ours and whose rest stands at its own place in the script.
fn placed((at, head): (Spot, &str), rest_at: Spot, rest: &str) -> String {
    let behind = after(at, head);
    let lines = rest_at.line.saturating_sub(behind.line);
    let blanks =
        if lines > 0 { rest_at.column.saturating_sub(1) } else { rest_at.column.saturating_sub(behind.column).max(1) };
    let (lines, blanks) = (usize::try_from(lines).unwrap_or(0), usize::try_from(blanks).unwrap_or(0));
    format!("{head}{}{}{rest}", "\n".repeat(lines), " ".repeat(blanks))
}

/// Words that start a statement without data flow.
fn steers(word: &str) -> bool {
    matches!(
        word,
        "BACKUP"
            | "BREAK"
            | "CHECKPOINT"
            | "CLOSE"
            | "COMMIT"
            | "CONTINUE"
            | "DBCC"
            | "DEALLOCATE"
            | "DENY"
            | "DISABLE"
            | "ENABLE"
            | "END"
            | "FETCH"
            | "GOTO"
            | "GRANT"
            | "KILL"
            | "OPEN"
            | "PRINT"
            | "RAISERROR"
            | "RECONFIGURE"
            | "RESTORE"
            | "REVERT"
            | "REVOKE"
            | "ROLLBACK"
            | "SAVE"
            | "SEND"
            | "SET"
            | "SHUTDOWN"
            | "THROW"
            | "USE"
            | "WAITFOR"
    )
}

/// Words that start any other statement.
fn is_verb(word: &str) -> bool {
    matches!(
        word,
        "ADD"
            | "ALTER"
            | "BULK"
            | "COPY"
            | "CREATE"
            | "DELETE"
            | "DROP"
            | "EXPLAIN"
            | "INSERT"
            | "MERGE"
            | "RENAME"
            | "SELECT"
            | "TRUNCATE"
            | "UPDATE"
            | "WITH"
    )
}

#[cfg(test)]
mod tests;
