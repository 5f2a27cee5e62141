//! Where names live from a place of a script on: what USE, `SET search_path` and their like say there.
//!
//! Followed is what a script says at its top. A USE in a procedure, a block or a condition is not: whether it runs is not
//! known. What a statement leaves open (a variable, a hole of a template) makes the database or the schema unknown again.

use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold_text, is_named_at_run_time};
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::lexer::Kind;
use crate::sql::split::{Token, Tokens, is_string};

/// What SQL Server tells of a database under names without a schema.
const SYSTEM_TABLES: [&str; 14] = [
    "syscolumns",
    "syscomments",
    "sysconstraints",
    "sysdatabases",
    "sysdepends",
    "sysfiles",
    "sysforeignkeys",
    "sysindexes",
    "syslogins",
    "sysobjects",
    "sysprocesses",
    "sysreferences",
    "systypes",
    "sysusers",
];

/// The database and the schemas that a script has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    database: Option<String>,
    /// Where a name without a schema is looked for, in order; the first gets what is created. An empty one is the schema
    /// that the user has in the database.
    schemas: Vec<String>,
    dialect: Dialect,
}

impl Session {
    /// Nothing is chosen yet.
    #[must_use]
    pub const fn new(dialect: Dialect) -> Self {
        Self { database: None, schemas: Vec::new(), dialect }
    }

    /// The name of what a statement creates here.
    #[must_use]
    pub fn created(&self, parts: Vec<String>) -> Vec<String> {
        match self.schemas.first() {
            Some(schema) if self.completes(&parts) => self.within(schema, &parts),
            _ => self.in_database(parts),
        }
    }

    /// The names that a written one may mean here, in the order in which they are looked for; at least one.
    #[must_use]
    pub fn searched(&self, parts: &[String]) -> Vec<Vec<String>> {
        if self.schemas.len() < 2 || !self.completes(parts) {
            return vec![self.created(parts.to_vec())];
        }
        self.schemas.iter().map(|schema| self.within(schema, parts)).collect()
    }

    /// Whether a name takes its schema from here.
    fn completes(&self, parts: &[String]) -> bool {
        let [name] = parts else { return false };
        let is_catalog = match self.dialect {
            Dialect::Postgres | Dialect::Redshift => name.starts_with("pg_"),
            Dialect::Tsql => SYSTEM_TABLES.contains(&name.as_str()),
            _ => false,
        };
        let is_unknown = name.starts_with(HOLE_PREFIX) || is_named_at_run_time(name);
        !is_catalog && !is_unknown && !name.starts_with(['#', '@'])
    }

    fn within(&self, schema: &str, parts: &[String]) -> Vec<String> {
        let database = self.database.iter().map(String::as_str);
        let all = database.chain([schema]).chain(parts.iter().map(String::as_str));
        all.map(str::to_owned).collect()
    }

    /// A name with a schema takes the database. In DuckDB its first part may be a database itself.
    fn in_database(&self, parts: Vec<String>) -> Vec<String> {
        match &self.database {
            // What the engine says of itself is no table of a repository, in whichever database.
            Some(database)
                if parts.len() == 2
                    && self.dialect != Dialect::DuckDb
                    && !parts.iter().any(|part| matches!(part.as_str(), "sys" | "information_schema")) =>
            {
                std::iter::once(database.clone()).chain(parts).collect()
            }
            _ => parts,
        }
    }

    /// Takes over what a statement says.
    pub fn follow(&mut self, statement: &str) {
        let mut said = Said { tokens: Tokens::new(statement, self.dialect), dialect: self.dialect };
        match said.tokens.next().word() {
            "USE" => self.use_of(&mut said),
            "DATABASE" => self.schemas = said.schema(),
            "RESET" => self.schemas = Vec::new(),
            "SET" => self.set(&mut said),
            // `ALTER SESSION SET CURRENT_SCHEMA = x`
            "ALTER" if said.skip_to("CURRENT_SCHEMA") => {
                self.schemas = said.schema();
            }
            // `SELECT pg_catalog.set_config('search_path', 'a, b', false)`
            "SELECT" if said.skip_to("SET_CONFIG") && said.skip_over_comma() => {
                self.schemas = said.text_of_list();
            }
            _ => {}
        }
    }

    fn use_of(&mut self, said: &mut Said<'_>) {
        let level = said.level();
        let by_word = level.is_some();
        let level = level.unwrap_or(match self.dialect {
            Dialect::Tsql | Dialect::Snowflake => Level::Database,
            _ => Level::Schema,
        });
        match (level, said.name().as_deref()) {
            (Level::Other, _) => {}
            (Level::Database, Some([database])) => self.use_database(database),
            (Level::Schema, Some([schema])) => {
                // In DuckDB it may be a database as well.
                self.database = self.database.take().filter(|_| self.dialect != Dialect::DuckDb);
                self.schemas = vec![schema.clone()];
            }
            (Level::Schema, Some([database, schema])) => self.use_both(database, schema),
            (Level::Database, Some([database, schema])) if !by_word => self.use_both(database, schema),
            // What is used from here on is not known.
            (Level::Database, _) => *self = Self::new(self.dialect),
            (Level::Schema, _) => self.schemas = Vec::new(),
        }
    }

    fn use_both(&mut self, database: &str, schema: &str) {
        self.database = Some(database.to_owned());
        self.schemas = vec![schema.to_owned()];
    }

    /// A database brings the schema that one is in at first.
    fn use_database(&mut self, database: &str) {
        self.database = Some(database.to_owned());
        let schema = match self.dialect {
            Dialect::Tsql => Some(""),
            Dialect::Snowflake => Some("public"),
            Dialect::Databricks | Dialect::Spark => Some("default"),
            _ => None,
        };
        self.schemas = schema.into_iter().map(str::to_owned).collect();
    }

    fn set(&mut self, said: &mut Said<'_>) {
        if matches!(said.tokens.peek(0).word(), "SESSION" | "LOCAL" | "CURRENT" | "GLOBAL") {
            said.tokens.next();
        }
        match said.tokens.next().word() {
            "SEARCH_PATH" => self.schemas = said.path(),
            "SCHEMA" => self.schemas = said.schema(),
            "CATALOG" => match said.name().as_deref() {
                Some([database]) => self.use_database(database),
                _ => *self = Self::new(self.dialect),
            },
            _ => {}
        }
    }
}

/// Which part of a name is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Database,
    Schema,
    /// A role, a warehouse.
    Other,
}

/// The rest of a statement.
struct Said<'a> {
    tokens: Tokens<'a>,
    dialect: Dialect,
}

impl<'a> Said<'a> {
    /// The word behind USE that says what is named.
    fn level(&mut self) -> Option<Level> {
        let named = matches!(self.tokens.peek(1).kind, Kind::Word | Kind::Quoted);
        let level = match self.tokens.peek(0).word() {
            "CATALOG" => Level::Database,
            "SCHEMA" | "NAMESPACE" => Level::Schema,
            "DATABASE" if matches!(self.dialect, Dialect::Spark | Dialect::Databricks | Dialect::Hive) => Level::Schema,
            "DATABASE" => Level::Database,
            "ROLE" | "WAREHOUSE" | "SECONDARY" => Level::Other,
            _ => return None,
        };
        // `USE schema`: a database may be called so.
        named.then(|| {
            self.tokens.next();
            level
        })
    }

    fn skip_to(&mut self, word: &str) -> bool {
        while !self.tokens.is_empty() {
            if self.tokens.next().word() == word {
                return true;
            }
        }
        false
    }

    fn skip_over_comma(&mut self) -> bool {
        while !self.tokens.is_empty() {
            if self.tokens.next().is(',') {
                return true;
            }
        }
        false
    }

    /// The one schema that is named; none where it is not known.
    fn schema(&mut self) -> Vec<String> {
        self.skip_sign();
        match self.name().as_deref() {
            Some([schema]) => vec![schema.clone()],
            _ => Vec::new(),
        }
    }

    /// The schemas of a search path, without those that hold nothing of a repository.
    fn path(&mut self) -> Vec<String> {
        self.skip_sign();
        if self.dialect == Dialect::DuckDb && is_string(&self.tokens.peek(0), self.dialect) {
            return self.text_of_list();
        }
        let mut schemas = Vec::new();
        loop {
            let token = self.tokens.next();
            match self.text(&token) {
                Some(schema) => schemas.push(schema),
                None => return Vec::new(),
            }
            let next = self.tokens.next();
            if next.ends_statement() {
                break;
            }
            if !next.is(',') {
                return Vec::new();
            }
        }
        own_schemas(schemas)
    }

    /// A search path in a string.
    fn text_of_list(&mut self) -> Vec<String> {
        let token = self.tokens.next();
        if !is_string(&token, self.dialect) {
            return Vec::new();
        }
        let list = unquoted(token.text);
        let mut inner = Said { tokens: Tokens::new(&list, self.dialect), dialect: self.dialect };
        if inner.tokens.is_empty() { Vec::new() } else { inner.path() }
    }

    fn skip_sign(&mut self) {
        if self.tokens.peek(0).is('=') || self.tokens.is(0, "TO") {
            self.tokens.next();
        }
    }

    /// A name to the end of the statement; `None` for anything else.
    fn name(&mut self) -> Option<Vec<String>> {
        let mut parts = Vec::new();
        loop {
            let token = self.tokens.next();
            parts.push(self.text(&token)?);
            let next = self.tokens.next();
            if next.ends_statement() {
                return Some(parts);
            }
            if !next.is('.') {
                return None;
            }
        }
    }

    /// A name's part or a string, folded; `None` for what is filled in elsewhere.
    fn text(&self, token: &Token<'a>) -> Option<String> {
        let text = match token.kind {
            Kind::Word if token.word() == "DEFAULT" => return None,
            Kind::Word => fold_text(token.text, false, self.dialect),
            Kind::Quoted => fold_text(&unquoted(token.text), true, self.dialect),
            _ => return None,
        };
        let is_open = text.is_empty() || text.starts_with('@') || text.contains(['{', '}']) || text.contains("$(");
        (!is_open && !text.contains(HOLE_PREFIX)).then_some(text)
    }
}

/// The schemas of a path in which a repository's tables may be.
fn own_schemas(schemas: Vec<String>) -> Vec<String> {
    let is_own = |schema: &String| !matches!(schema.as_str(), "$user" | "pg_temp" | "pg_catalog");
    schemas.into_iter().filter(is_own).collect()
}

/// What stands between the quotes.
fn unquoted(text: &str) -> String {
    let mut characters = text.chars();
    let (Some(open), Some(close)) = (characters.next(), characters.next_back()) else { return String::new() };
    let doubled: String = if open == '[' { "]]".to_owned() } else { [open, open].iter().collect() };
    characters.as_str().replace(&doubled, &close.to_string())
}

#[cfg(test)]
mod tests;
