//! One file: its configuration, and its SQL with expressions resolved.

mod braces;
mod object;

use std::collections::BTreeMap;

use self::braces::{close, items, literal};
pub(super) use self::object::{Given, declarations};
use self::object::{bare, given};
use super::names::Names;
use crate::lineage::model::AssetKind;
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::jinja::hole::{hole_identifier, shorten};
use crate::sql::jinja::neutral::line_ends;
use crate::sql::jinja::segment::newlines;

/// How deep `when(…)` may be nested.
const DEEPEST: usize = 8;

/// Blocks of a file, and whether they hold SQL.
const BLOCKS: [(&str, bool); 4] =
    [("config", false), ("js", false), ("pre_operations", true), ("post_operations", true)];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An asset that its query makes.
    Asset(AssetKind),
    /// A table that is made elsewhere.
    Declaration,
    /// A check of data.
    Assertion,
    /// Statements as they stand there.
    Operations,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it is.
    pub kind: Kind,
    /// Its SQL, on the same lines.
    pub sql: String,
    /// What is written for each hole.
    pub holes: BTreeMap<String, String>,
    /// The holes, each where it stands first: its line and what is written.
    pub unknown: Vec<(u32, String)>,
}

/// Reads a file.
#[must_use]
pub fn read(text: &str, path: &RepoPath, (names, dialect): (&Names, Dialect)) -> Script {
    let (sql, config) = without_blocks(text);
    let mut filler = Filler { names, path, dialect, holes: BTreeMap::new(), unknown: Vec::new() };
    let sql = filler.fill(&sql, 1, 0);
    Script { kind: kind(&config), sql, holes: filler.holes, unknown: filler.unknown }
}

/// What a file's `config` block says, by key.
pub(super) fn config(text: &str) -> BTreeMap<String, String> {
    without_blocks(text).1
}

fn kind(config: &BTreeMap<String, String>) -> Kind {
    match config.get("type").map_or("operations", String::as_str) {
        "table" | "incremental" => Kind::Asset(AssetKind::Table),
        "view" if config.get("materialized").is_some_and(|value| value == "true") => {
            Kind::Asset(AssetKind::MaterializedView)
        }
        "view" | "inline" => Kind::Asset(AssetKind::View),
        "declaration" => Kind::Declaration,
        "assertion" => Kind::Assertion,
        _ => Kind::Operations,
    }
}

/// The text with blocks as empty lines, or as statements of their own where they hold some; and the configuration.
fn without_blocks(text: &str) -> (String, BTreeMap<String, String>) {
    let (mut sql, mut config) = (String::with_capacity(text.len()), BTreeMap::new());
    let (mut at, mut is_open) = (0, false);
    while let Some(line) = text.get(at..).and_then(|rest| rest.split_inclusive('\n').next()) {
        let block = BLOCKS.iter().find_map(|(word, is_sql)| {
            let rest = line.trim_start().strip_prefix(word)?.trim_start();
            (!is_open && rest.starts_with('{')).then(|| (*word, *is_sql, at + line.len() - rest.len()))
        });
        let closed = block.and_then(|(word, is_sql, open)| Some((word, is_sql, open, close(text, open, is_sql)?)));
        let Some((word, is_sql, open, end)) = closed else {
            // What is open to the end of the text is not looked for again.
            is_open |= block.is_some();
            // Three hyphens stand between statements.
            let is_between = line.trim() == "---";
            sql.push_str(if is_between { ";\n" } else { line });
            at += line.len();
            continue;
        };
        let inner = text.get(open + 1..end).unwrap_or_default();
        if word == "config" {
            config.extend(items(inner).into_iter().filter_map(|item| {
                let (key, value) = item.split_once(':')?;
                Some((bare(key).to_owned(), literal(value).unwrap_or_else(|| value.trim().to_owned())))
            }));
        }
        if is_sql {
            sql.push(';');
            sql.push_str(
                &inner
                    .split('\n')
                    .map(|line| if line.trim() == "---" { ";" } else { line })
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
            sql.push(';');
        } else {
            sql.push_str(&line_ends(inner));
        }
        at = end + 1;
    }
    (sql, config)
}

struct Filler<'n> {
    names: &'n Names,
    path: &'n RepoPath,
    dialect: Dialect,
    holes: BTreeMap<String, String>,
    unknown: Vec<(u32, String)>,
}

impl Filler<'_> {
    /// The text, which starts at a line, with its expressions resolved.
    fn fill(&mut self, text: &str, line: u32, depth: usize) -> String {
        let mut filled = String::with_capacity(text.len());
        let (mut at, mut line) = (0, line);
        while let Some(open) = text.get(at..).and_then(|rest| rest.find("${")).map(|offset| at + offset) {
            let Some(end) = close(text, open + 1, false) else { break };
            let before = text.get(at..open).unwrap_or_default();
            let written = text.get(open..end + 1).unwrap_or_default();
            filled.push_str(before);
            line += newlines(before);
            let value = self.value(written, line, depth);
            let missing = newlines(written).saturating_sub(newlines(&value));
            filled.push_str(&value);
            filled.push_str(&"\n".repeat(usize::try_from(missing).unwrap_or_default()));
            line += newlines(written);
            at = end + 1;
        }
        filled.push_str(text.get(at..).unwrap_or_default());
        filled
    }

    fn value(&mut self, written: &str, line: u32, depth: usize) -> String {
        let expression = written.trim_start_matches("${").trim_end_matches('}').trim();
        if let Some(value) = self.known(expression, line, depth) {
            return value;
        }
        let identifier = hole_identifier(expression);
        if self.holes.insert(identifier.clone(), shorten(written)).is_none() {
            self.unknown.push((line, shorten(written)));
        }
        identifier
    }

    fn known(&mut self, expression: &str, line: u32, depth: usize) -> Option<String> {
        let (function, rest) = expression.split_once('(')?;
        let arguments = items(rest.strip_suffix(')')?);
        match function.trim() {
            "ref" | "resolve" => self.names.reference(&given(&arguments)?, self.path).map(|name| self.shown(&name)),
            "self" => self.names.own(self.path).map(|name| self.shown(&name)),
            "when" if depth < DEEPEST => {
                let branches = arguments.get(1..)?.iter().map(|branch| literal(branch)).collect::<Option<Vec<_>>>()?;
                let longest = branches.into_iter().max_by_key(String::len)?;
                Some(self.fill(&longest, line, depth + 1))
            }
            _ => None,
        }
    }

    fn shown(&self, parts: &[String]) -> String {
        parts.iter().map(|part| crate::dbt::relation::quoted(part, self.dialect)).collect::<Vec<_>>().join(".")
    }
}
