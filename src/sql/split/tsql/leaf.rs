//! One T-SQL statement: where it ends.

use super::Walker;
use crate::sql::lexer::{Kind, Spot};
use crate::sql::split::cutter::Scan;
use crate::sql::split::pieces::Role;
use crate::sql::split::tokens::Token;

/// What a statement does: which words go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// The condition of an IF or a WHILE, or the value of a RETURN.
    Condition,
    /// DECLARE and SET of variables.
    Assignment,
    Select,
    /// A WITH whose main statement is still to come.
    With,
    Insert,
    Update,
    Merge,
    Create,
    Alter,
    Drop,
    Grant,
    Other,
}

/// A statement while it is walked over.
pub(super) struct Leaf<'a> {
    verb: Verb,
    scan: Scan,
    /// The last token outside of parentheses, and the one before it.
    previous: Option<Token<'a>>,
    before: Option<Token<'a>>,
    /// INSERT: its rows have begun. UPDATE: its SET was seen. ALTER: what it does was seen. GRANT: TO was seen.
    is_past: bool,
    /// Where the query of a cursor begins, and where it ends if its `FOR UPDATE` was met.
    cursor: Option<(Spot, Option<usize>)>,
    /// INSERT: the EXEC that gives its rows.
    exec: Option<Token<'a>>,
}

impl<'a> Leaf<'a> {
    pub fn new(verb: Verb) -> Self {
        Self { verb, scan: Scan::default(), previous: None, before: None, is_past: false, cursor: None, exec: None }
    }

    pub fn is_outside(&self) -> bool {
        self.scan.is_outside()
    }

    /// The last token, or the one in front of an AS.
    pub fn before_as(&self) -> Option<Token<'a>> {
        if self.previous_word() == "AS" { self.before } else { self.previous }
    }

    fn previous_word(&self) -> &str {
        self.previous.as_ref().map_or("", Token::word)
    }

    /// Notes a token that was taken outside of parentheses.
    fn note(&mut self, token: Token<'a>, next: &Token<'a>) {
        let word = token.word();
        match self.verb {
            Verb::With => match word {
                "SELECT" => self.verb = Verb::Select,
                "INSERT" => self.verb = Verb::Insert,
                "UPDATE" => self.verb = Verb::Update,
                "DELETE" => self.verb = Verb::Other,
                "MERGE" => self.verb = Verb::Merge,
                _ => {}
            },
            Verb::Insert => {
                let opens_query = token.is('(') && matches!(next.word(), "SELECT" | "WITH");
                if !self.is_past && matches!(word, "EXEC" | "EXECUTE") {
                    self.exec = Some(token);
                }
                self.is_past |= opens_query || matches!(word, "SELECT" | "VALUES" | "EXEC" | "EXECUTE");
            }
            Verb::Update => self.is_past |= word == "SET",
            Verb::Alter => self.is_past |= self.previous.is_some() && is_action(word),
            Verb::Grant => self.is_past |= matches!(word, "TO" | "FROM"),
            _ => {}
        }
        if word == "WITH"
            && (matches!(self.previous_word(), "AS" | "FOR") || self.verb == Verb::Insert)
            && !next.is('(')
        {
            self.verb = Verb::With;
        }
        self.before = self.previous.replace(token);
    }
}

impl<'a> Walker<'a> {
    /// Takes a statement as a piece.
    pub(super) fn leaf(&mut self, role: Role) {
        let from = self.cut.peek(0).at;
        let mut leaf = Leaf::new(self.verb());
        self.pass_token(&mut leaf);
        while !self.ends_leaf(&leaf) {
            if let Some(exec) = leaf.exec {
                return self.insert_exec(from, exec);
            }
            self.pass_token(&mut leaf);
        }
        self.cut.out.push(&self.cut.tokens, (from, self.cut.tokens.taken), role);
    }

    /// Takes tokens up to the next statement; the queries on the way are read.
    pub(super) fn pass_leaf(&mut self, mut leaf: Leaf<'a>) {
        while !self.ends_leaf(&leaf) {
            self.pass_token(&mut leaf);
        }
        self.push_cursor(&leaf);
    }

    /// The query of the cursor that a statement declared.
    pub(super) fn push_cursor(&mut self, leaf: &Leaf<'a>) {
        if let Some((from, end)) = leaf.cursor {
            self.cut.out.push(&self.cut.tokens, (from, end.unwrap_or(self.cut.tokens.taken)), Role::Reads);
        }
    }

    fn verb(&mut self) -> Verb {
        match self.cut.peek(0).word() {
            "SELECT" => Verb::Select,
            "WITH" => Verb::With,
            "INSERT" => Verb::Insert,
            "UPDATE" if !self.cut.is(1, "STATISTICS") => Verb::Update,
            "MERGE" => Verb::Merge,
            "CREATE" => Verb::Create,
            "ALTER" => Verb::Alter,
            "DROP" => Verb::Drop,
            "GRANT" | "REVOKE" | "DENY" => Verb::Grant,
            _ => Verb::Other,
        }
    }

    pub(super) fn pass_token(&mut self, leaf: &mut Leaf<'a>) {
        let outside = leaf.is_outside();
        let reads = matches!(leaf.verb, Verb::Condition | Verb::Assignment) && leaf.cursor.is_none();
        if outside
            && self.cut.is(0, "FOR")
            && matches!(self.cut.peek(1).word(), "UPDATE" | "READ" | "READ_ONLY")
            && let Some((_, end)) = &mut leaf.cursor
        {
            *end = Some(self.cut.tokens.taken);
        }
        let token = if reads {
            self.cut.pass(&mut leaf.scan)
        } else {
            let token = self.cut.next();
            leaf.scan.follow(&token);
            token
        };
        if outside {
            let next = self.cut.peek(0);
            if leaf.verb == Verb::Assignment && token.word() == "FOR" && matches!(next.word(), "SELECT" | "WITH") {
                leaf.cursor = Some((next.at, None));
                leaf.verb = if next.word() == "WITH" { Verb::With } else { Verb::Select };
            }
            leaf.note(token, &next);
        }
    }

    /// Whether the next token belongs to the next statement.
    pub(super) fn ends_leaf(&mut self, leaf: &Leaf<'a>) -> bool {
        let token = self.cut.peek(0);
        if token.ends_statement() {
            return true;
        }
        if token.kind != Kind::Word || !leaf.is_outside() || leaf.previous.is_some_and(|previous| previous.is('.')) {
            return false;
        }
        let new_line = leaf.previous.is_some_and(|previous| previous.at.line < token.at.line);
        self.starts_next(&token, leaf) || (new_line && self.is_label(0))
    }

    fn starts_next(&mut self, token: &Token<'a>, leaf: &Leaf<'a>) -> bool {
        let previous = leaf.previous_word();
        let next = self.cut.peek(1);
        if leaf.verb == Verb::Grant && !leaf.is_past {
            return matches!(token.word(), "DECLARE" | "PRINT" | "BEGIN" | "IF");
        }
        match token.word() {
            "SELECT" => {
                !(matches!(previous, "UNION" | "ALL" | "EXCEPT" | "INTERSECT" | "AS" | "FOR" | "EXPLAIN")
                    || takes_rows(leaf))
            }
            "INSERT" => !matches!(previous, "THEN" | "BULK" | "AFTER" | "BEFORE") && leaf.verb != Verb::With,
            "UPDATE" => {
                !(next.is('(')
                    || matches!(previous, "FOR" | "ON" | "THEN" | "AFTER" | "BEFORE" | "START")
                    || leaf.verb == Verb::With)
            }
            "DELETE" => !matches!(previous, "ON" | "THEN" | "AFTER" | "BEFORE") && leaf.verb != Verb::With,
            "MERGE" => !matches!(next.word(), "JOIN" | "RANGE") && leaf.verb != Verb::With,
            "EXEC" | "EXECUTE" => !(takes_rows(leaf) || (next.word() == "AS" && matches!(previous, "WITH" | ","))),
            "SET" => {
                let of_statement = match leaf.verb {
                    Verb::Update => !leaf.is_past,
                    Verb::Alter => !leaf.is_past || next.is('('),
                    _ => false,
                };
                !(of_statement || matches!(previous, "UPDATE" | "DELETE"))
            }
            "WITH" => !matches!(previous, "AS" | "FOR") && !takes_rows(leaf) && self.starts_with_clause(),
            "IF" => !(matches!(leaf.verb, Verb::Drop | Verb::Alter | Verb::Create) && self.is_exists_clause()),
            "ALTER" => previous != "OR" && (leaf.verb != Verb::Alter || is_noun(next.word())),
            "DROP" => leaf.verb != Verb::Alter || is_noun(next.word()),
            "ROLLBACK" | "GRANT" => previous != "WITH",
            "FETCH" => !matches!(previous, "ROW" | "ROWS"),
            "TRUNCATE" => next.word() == "TABLE",
            "SAVE" => matches!(next.word(), "TRAN" | "TRANSACTION"),
            "BULK" => next.word() == "INSERT",
            "THROW" => next.ends_statement() || next.text.starts_with(|c: char| c.is_ascii_digit() || c == '@'),
            "ENABLE" | "DISABLE" => next.word() == "TRIGGER" && leaf.verb != Verb::Alter,
            word => always_starts(word),
        }
    }

    /// `WITH name AS (`, `WITH name (a, b) AS (`, `WITH XMLNAMESPACES (…)`: no hint and no option.
    fn starts_with_clause(&mut self) -> bool {
        let name = self.cut.peek(1);
        if !matches!(name.kind, Kind::Word | Kind::Quoted) {
            return false;
        }
        if name.word() == "XMLNAMESPACES" || (self.cut.is(2, "AS") && self.cut.peek(3).is('(')) {
            return true;
        }
        if !self.cut.peek(2).is('(') {
            return false;
        }
        let close = (3..200).find(|places| self.cut.peek(*places).is(')'));
        close.is_some_and(|close| self.cut.is(close + 1, "AS") && self.cut.peek(close + 2).is('('))
    }

    /// `IF EXISTS name` of a DROP, which is no condition.
    fn is_exists_clause(&mut self) -> bool {
        let at = if self.cut.is(1, "NOT") { 2 } else { 1 };
        self.cut.is(at, "EXISTS") && !self.cut.peek(at + 1).is('(')
    }
}

/// Whether the statement still waits for the rows or the statement that it is about.
fn takes_rows(leaf: &Leaf<'_>) -> bool {
    match leaf.verb {
        Verb::Insert => !leaf.is_past,
        Verb::With => true,
        _ => false,
    }
}

fn is_action(word: &str) -> bool {
    matches!(
        word,
        "ADD"
            | "ALTER"
            | "DROP"
            | "SET"
            | "MODIFY"
            | "ENABLE"
            | "DISABLE"
            | "SWITCH"
            | "REBUILD"
            | "MERGE"
            | "SPLIT"
            | "WITH"
    )
}

/// What ALTER and DROP name when they start a statement, and are no part of an ALTER TABLE.
fn is_noun(word: &str) -> bool {
    matches!(
        word,
        "APPLICATION"
            | "ASSEMBLY"
            | "AUTHORIZATION"
            | "AVAILABILITY"
            | "CERTIFICATE"
            | "CREDENTIAL"
            | "DATABASE"
            | "ENDPOINT"
            | "EVENT"
            | "EXTERNAL"
            | "FULLTEXT"
            | "FUNCTION"
            | "INDEX"
            | "LOGIN"
            | "MASTER"
            | "PARTITION"
            | "PROC"
            | "PROCEDURE"
            | "QUEUE"
            | "ROLE"
            | "SCHEMA"
            | "SECURITY"
            | "SEQUENCE"
            | "SERVER"
            | "SERVICE"
            | "STATISTICS"
            | "SYMMETRIC"
            | "SYNONYM"
            | "TABLE"
            | "TRIGGER"
            | "TYPE"
            | "USER"
            | "VIEW"
            | "XML"
    )
}

/// Reserved words that nothing but a statement starts with.
fn always_starts(word: &str) -> bool {
    matches!(
        word,
        "BACKUP"
            | "BEGIN"
            | "BREAK"
            | "CHECKPOINT"
            | "CLOSE"
            | "COMMIT"
            | "CONTINUE"
            | "CREATE"
            | "DBCC"
            | "DEALLOCATE"
            | "DECLARE"
            | "DENY"
            | "ELSE"
            | "END"
            | "GOTO"
            | "KILL"
            | "OPEN"
            | "PRINT"
            | "RAISERROR"
            | "RECONFIGURE"
            | "RESTORE"
            | "RETURN"
            | "REVERT"
            | "REVOKE"
            | "SHUTDOWN"
            | "USE"
            | "WAITFOR"
            | "WHILE"
    )
}
