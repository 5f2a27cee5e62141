//! The walk over a statement's tokens: relations behind FROM, JOIN and USING. What it writes is in `targets`.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::ObjectName;

use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold_name, fold_text};
use crate::sql::scan::names::{Found, is_sign, relation};
use crate::sql::scan::tokens::{Kind, Token};
use crate::sql::scan::words;
use crate::sql::scan::{Deed, Spot, Target};

/// What is open at one depth of parentheses.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Opened behind a word: a function's arguments, unless a query's words follow.
    of_function: bool,
    /// A query's words stood here.
    pub has_query: bool,
    /// FROM stood here.
    pub has_from: bool,
    /// A relation must come next.
    pub expects: bool,
    /// A comma is followed by another relation.
    pub lists: bool,
    /// A relation was just read: a word here is its alias.
    pub after_relation: bool,
    /// A statement may start here: the level's begin, or behind a CTE.
    at_start: bool,
    /// The level as a whole is a relation of the one around it.
    is_relation: bool,
    /// The next parenthesis holds the arguments of a function that is a relation.
    calls: bool,
    /// The CTE whose body it is.
    body_of: Option<String>,
    /// Behind WITH: CTEs are listed.
    in_with: bool,
    /// The next word names a CTE.
    names_cte: bool,
    /// The CTE that was named; its body follows.
    named_cte: Option<String>,
    /// CTEs that hide tables until the level closes.
    ctes: Vec<String>,
}

/// Walks once over the tokens.
pub(super) struct Walker<'t> {
    tokens: &'t [Token<'t>],
    pub dialect: Dialect,
    levels: Vec<Level>,
    /// How many open levels hide a name.
    hidden: BTreeMap<String, usize>,
    /// What aliases stand for; `None` for those of subqueries and functions.
    aliases: BTreeMap<String, Option<ObjectName>>,
    pub last_relation: Option<ObjectName>,
    pub reads: Vec<Spot>,
    read_names: BTreeSet<String>,
    pub targets: Vec<Target>,
    pub unnamed: usize,
    /// In MERGE and DELETE: USING names a relation.
    pub using_relation: bool,
    /// INSERT ALL: every INTO names a target.
    pub many_targets: bool,
    /// `WITH RECURSIVE`: a CTE sees itself.
    recursive: bool,
}

impl<'t> Walker<'t> {
    pub fn new(tokens: &'t [Token<'t>], dialect: Dialect) -> Self {
        Self {
            tokens,
            dialect,
            levels: vec![Level { at_start: true, ..Level::default() }],
            hidden: BTreeMap::new(),
            aliases: BTreeMap::new(),
            last_relation: None,
            reads: Vec::new(),
            read_names: BTreeSet::new(),
            targets: Vec::new(),
            unnamed: 0,
            using_relation: false,
            many_targets: false,
            recursive: false,
        }
    }

    /// Takes every token.
    pub fn walk(mut self) -> Self {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at).max(at + 1);
        }
        let targets = std::mem::take(&mut self.targets);
        self.targets = targets.into_iter().map(|target| self.without_alias(target)).collect();
        self
    }

    /// `UPDATE alias … FROM table alias` changes the table.
    fn without_alias(&self, target: Target) -> Target {
        if let Spot::Table(name) = &target.spot
            && target.deed == Deed::Fill
            && let [single] = fold_name(name, self.dialect).as_slice()
            && let Some(Some(table)) = self.aliases.get(single)
        {
            return Target { spot: Spot::Table(table.clone()), ..target };
        }
        target
    }

    pub fn token(&self, at: usize) -> Option<&'t Token<'t>> {
        self.tokens.get(at)
    }

    pub fn tokens(&self) -> &'t [Token<'t>] {
        self.tokens
    }

    pub fn is(&self, at: usize, text: &str) -> bool {
        self.token(at).is_some_and(|token| token.is(text))
    }

    pub fn is_any(&self, at: usize, texts: &[&str]) -> bool {
        self.token(at).is_some_and(|token| token.is_any(texts))
    }

    pub fn before_is(&self, at: usize, texts: &[&str]) -> bool {
        at.checked_sub(1).is_some_and(|before| self.is_any(before, texts))
    }

    /// Whether FROM stood in the innermost level.
    pub fn behind_from(&self) -> bool {
        self.levels.last().is_some_and(|level| level.has_from)
    }

    /// Whether no parenthesis is open.
    pub fn at_bottom(&self) -> bool {
        self.levels.len() == 1
    }

    /// Changes the innermost level.
    pub fn level(&mut self, change: impl FnOnce(&mut Level)) {
        if let Some(level) = self.levels.last_mut() {
            change(level);
        }
    }

    /// Takes the token at `at`; the index of the next one to take.
    fn step(&mut self, at: usize) -> usize {
        let (Some(token), Some(level)) = (self.tokens.get(at), self.levels.last_mut()) else { return at + 1 };
        if level.expects && !token.is("(") {
            return self.relation(at);
        }
        let at_start = std::mem::take(&mut level.at_start);
        if std::mem::take(&mut level.names_cte) && matches!(token.kind, Kind::Word | Kind::Name) {
            if token.is("RECURSIVE") {
                self.recursive = true;
                self.level(|level| level.names_cte = true);
            } else {
                let name = fold_text(&token.unquoted(), token.kind == Kind::Name, self.dialect);
                self.level(|level| level.named_cte = Some(name));
            }
            return at + 1;
        }
        match (token.kind, token.text) {
            (Kind::Sign, "(") => self.open(at),
            (Kind::Sign, ")") => self.close(),
            (Kind::Sign, ",") => {
                level.expects = level.lists;
                level.after_relation = false;
                level.names_cte = level.in_with;
            }
            // `|>`, BigQuery's pipe: its operators have lists of their own.
            (Kind::Sign, "|") if is_sign(self.tokens, at + 1, ">") => level.lists = false,
            (Kind::Word, _) => return self.word(at, at_start),
            (Kind::Name, _) => self.alias(at),
            _ => level.after_relation = false,
        }
        at + 1
    }

    fn open(&mut self, at: usize) {
        let before = at.checked_sub(1).and_then(|before| self.token(before));
        let behind_word = before.is_some_and(|before| {
            before.kind == Kind::Name || (before.kind == Kind::Word && !before.is_any(words::BEFORE_QUERY))
        });
        let query_follows = self.is_any(at + 1, words::QUERIES) || self.pivots(at + 1);
        let behind_as = self.before_is(at, &["AS", "MATERIALIZED"]);
        let Some(level) = self.levels.last_mut() else { return };
        let grouped = std::mem::take(&mut level.expects);
        let body_of = if behind_as { level.named_cte.take() } else { None };
        let opened = Level {
            of_function: behind_word && !grouped,
            // `FROM (a JOIN b …)`
            expects: grouped && !query_follows,
            lists: grouped && !query_follows,
            at_start: true,
            is_relation: grouped || std::mem::take(&mut level.calls),
            body_of: body_of.clone(),
            ..Level::default()
        };
        self.levels.push(opened);
        if let Some(name) = body_of.filter(|_| self.recursive) {
            self.hide(name);
        }
    }

    fn close(&mut self) {
        if self.at_bottom() {
            return;
        }
        let Some(closed) = self.levels.pop() else { return };
        for name in closed.ctes {
            if let Some(count) = self.hidden.get_mut(&name) {
                *count = count.saturating_sub(1);
            }
        }
        if closed.is_relation {
            self.last_relation = None;
        }
        let behind_cte = closed.body_of.is_some();
        self.level(|level| {
            level.after_relation = closed.is_relation;
            level.at_start = behind_cte;
        });
        if let Some(name) = closed.body_of {
            self.hide(name);
        }
    }

    /// From here to the end of the level the name means a CTE.
    fn hide(&mut self, name: String) {
        *self.hidden.entry(name.clone()).or_default() += 1;
        self.level(|level| level.ctes.push(name));
    }

    fn word(&mut self, at: usize, at_start: bool) -> usize {
        if let Some(next) = self.statement(at, at_start) {
            return next;
        }
        let Some(token) = self.token(at) else { return at + 1 };
        match token.text.to_ascii_uppercase().as_str() {
            "SELECT" | "SEL" => self.level(|level| {
                level.has_query = true;
                level.lists = false;
                level.in_with = false;
            }),
            "WITH" if self.with_lists_ctes(at) => self.level(|level| {
                level.in_with = true;
                level.names_cte = true;
            }),
            "FROM" if self.is_from_clause(at) => self.from(),
            _ if self.pivots(at) && (at_start || self.before_is(at, &["AS"])) => self.level(|level| {
                level.expects = true;
                level.has_from = true;
                level.in_with = false;
            }),
            // A hint lists kinds of joins: `OPTION (MERGE JOIN, HASH JOIN)`.
            "JOIN" | "STRAIGHT_JOIN"
                if !self.before_is(at, &["ARRAY", "SELECT"]) && !self.is(at + 1, ",") && !self.is(at + 1, ")") =>
            {
                self.level(|level| level.expects = true)
            }
            "APPLY" if self.before_is(at, &["CROSS", "OUTER"]) => self.level(|level| level.expects = true),
            "USING" if self.using_relation && self.levels.last().is_some_and(|level| !level.of_function) => {
                self.using_relation = false;
                self.from();
            }
            // `USING a, b` without parentheses: columns.
            "USING" if self.dialect == Dialect::ClickHouse && !self.is(at + 1, "(") => {
                self.level(|level| level.lists = false);
            }
            // The statement of a task, or of an event.
            "AS" | "DO" if self.targets.is_empty() && self.at_bottom() => {
                self.level(|level| level.at_start = true);
                self.alias(at);
            }
            // A table as the argument of a function: `f(input => TABLE(t))`.
            "TABLE" if self.is(at + 1, "(") && !self.at_bottom() => self.level(|level| level.expects = true),
            "TABLE" if at_start => self.from(),
            "LATERAL" if self.is(at + 1, "VIEW") => self.level(|level| level.lists = false),
            "FOR" if self.is_any(at + 1, &["UPDATE", "SHARE", "NO", "KEY", "XML", "JSON"]) => {
                self.level(|level| level.lists = false);
            }
            // A table that an operator works on (Teradata): `f (ON t AS a PARTITION BY b ON u USING …)`.
            "ON" if self.before_is(at, &["("]) || self.dialect == Dialect::Teradata && self.in_operator() => {
                self.level(|level| level.expects = true)
            }
            "ON" if self.is_any(at + 1, &["DUPLICATE", "CONFLICT"]) => self.level(|level| level.lists = false),
            _ if token.is_any(words::AFTER_FROM) => self.level(|level| {
                level.lists = false;
                level.after_relation = false;
            }),
            _ => self.alias(at),
        }
        at + 1
    }

    /// Whether the innermost parentheses are those of a function outside of a query of their own.
    fn in_operator(&self) -> bool {
        self.levels.last().is_some_and(|level| level.of_function && !level.has_query)
    }

    /// Whether PIVOT or UNPIVOT stands there as DuckDB's statement.
    fn pivots(&self, at: usize) -> bool {
        self.dialect == Dialect::DuckDb && self.is_any(at, words::PIVOTS) && !self.is(at + 1, ".")
    }

    pub fn from(&mut self) {
        self.level(|level| {
            level.expects = true;
            level.lists = true;
            level.has_query = true;
            level.has_from = true;
            level.after_relation = false;
        });
    }

    /// Whether WITH is followed by CTEs: it has other uses behind a relation and behind a table's columns.
    fn with_lists_ctes(&self, at: usize) -> bool {
        let begins = self.levels.last().is_some_and(|level| !level.has_query)
            || self.before_is(at, &["ALL", "UNION", "EXCEPT", "INTERSECT", "DISTINCT", "AS"]);
        begins && (!self.is(at + 1, "(") || self.is_any(at + 2, words::QUERIES))
    }

    /// Whether FROM lists relations: not in `EXTRACT(day FROM x)`, `IS DISTINCT FROM`, `FOR VALUES FROM (1) TO (2)`.
    fn is_from_clause(&self, at: usize) -> bool {
        let compares = self.before_is(at, &["DISTINCT"])
            && at.checked_sub(1).is_some_and(|before| self.before_is(before, &["IS", "NOT"]));
        let argument = self.levels.last().is_some_and(|level| level.of_function && !level.has_query);
        let bounds = self.before_is(at, &["VALUES", "FILL", "SYSTEM_TIME", "PORTION"])
            || at.checked_sub(3).is_some_and(|before| self.is(before, "PORTION"));
        !compares && !argument && !bounds
    }

    /// A word or name that may be the alias of the relation before it.
    fn alias(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let Some(level) = self.levels.last_mut().filter(|level| level.after_relation) else { return };
        if token.is("AS") {
            return;
        }
        level.after_relation = false;
        if !token.is_any(words::NO_ALIASES) {
            let alias = fold_text(&token.unquoted(), token.kind == Kind::Name, self.dialect);
            self.aliases.insert(alias, self.last_relation.clone());
        }
    }

    /// Reads a relation where one is expected.
    fn relation(&mut self, at: usize) -> usize {
        let Some(token) = self.token(at) else { return at + 1 };
        if token.is_any(words::BEFORE_RELATION) || (token.is("TABLE") && self.is(at + 1, "(")) {
            return at + 1;
        }
        self.level(|level| level.expects = false);
        // Redshift lists the fields of an object.
        if token.is("UNPIVOT") {
            return at + 2;
        }
        if token.is("ROWS") && self.is(at + 1, "FROM") {
            self.level(|level| level.calls = true);
            return at + 2;
        }
        if token.is_any(words::QUERIES) || token.is_any(words::AFTER_FROM) {
            // FROM without a relation; but a query may begin with FROM.
            self.unnamed += usize::from(!token.is_any(words::QUERIES));
            return self.word(at, false);
        }
        if token.is_any(words::NO_RELATIONS) {
            self.unnamed += 1;
            return at + 1;
        }
        match relation(self.tokens, at, self.dialect) {
            Found::Spot(Spot::Table(name), end) if self.is(end, "(") && !self.is_hint(end + 1) => {
                if self.is(at, "IDENTIFIER") && end == at + 1 {
                    self.unnamed += 1;
                }
                drop(name);
                self.level(|level| level.calls = true);
                end
            }
            // Snowflake's `model!FORECAST(…)`.
            Found::Spot(Spot::Table(_), end) if self.is(end, "!") && self.is(end + 2, "(") => {
                self.level(|level| level.calls = true);
                end + 2
            }
            Found::Spot(spot, end) => {
                self.read(spot);
                self.level(|level| level.after_relation = true);
                end
            }
            Found::Nothing => {
                self.unnamed += 1;
                at + 1
            }
        }
    }

    /// `FROM t (NOLOCK)`: no function.
    fn is_hint(&self, at: usize) -> bool {
        self.is_any(at, &["NOLOCK", "HOLDLOCK", "UPDLOCK", "READPAST", "TABLOCK", "TABLOCKX", "ROWLOCK", "INDEX"])
    }

    /// Notes a relation that is read, unless its name is that of a CTE, or leads through the alias of another one.
    pub fn read(&mut self, spot: Spot) {
        if let Spot::Table(name) = &spot {
            let parts = fold_name(name, self.dialect);
            let is_cte =
                matches!(parts.as_slice(), [single] if self.hidden.get(single).is_some_and(|count| *count > 0));
            let nested = matches!(self.dialect, Dialect::BigQuery | Dialect::Redshift);
            let is_field =
                nested && parts.len() > 1 && parts.first().is_some_and(|first| self.aliases.contains_key(first));
            self.last_relation = Some(name.clone()).filter(|_| !is_cte && !is_field);
            if let Some(last) = parts.last().filter(|_| nested) {
                self.aliases.entry(last.clone()).or_default();
            }
            if is_cte || is_field {
                return;
            }
        }
        let key = match &spot {
            Spot::Table(name) => name.to_string(),
            Spot::Outside(place) => format!("path:{place}"),
        };
        if self.read_names.insert(key) {
            self.reads.push(spot);
        }
    }
}
