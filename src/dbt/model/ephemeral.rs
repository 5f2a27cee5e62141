//! Ephemeral models in what the catalog gets: the warehouse has no such relation, so each is a CTE of its reader, as dbt
//! writes it.
//!
//! All of it stands on the first line of the reader, so that the lines of the reader stay where they are. Text that cannot
//! stand on one line without another meaning is not put in: the relation is named then.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Relations};
use crate::dbt::tokens::{TOKEN_PREFIX, substitute, token};
use crate::lineage::model::{AssetKind, AssetName};
use crate::sql::lexical::{Stretch, stretches};
use crate::sql::template::{Prepared, TokenTarget};

/// More than these are not put into one model: each of a long chain would hold all that is before it.
const MOST: usize = 64;

/// An ephemeral model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ephemeral {
    /// What its readers call it.
    cte: String,
    /// Its SQL on one line; `None` where that is not possible.
    line: Option<String>,
    /// The relations that it reads.
    reads: Vec<AssetName>,
    /// Whether it could be rendered.
    whole: bool,
}

/// The ephemeral models of a tree.
pub(super) type Ephemerals = BTreeMap<AssetName, Ephemeral>;

impl Relations {
    /// Takes the ephemeral models among the drafts, which become part of their readers. Relations are known before.
    pub fn know_ephemeral(&mut self, drafts: &[Draft]) -> BTreeSet<AssetName> {
        let found = || drafts.iter().filter_map(|draft| Some((draft, self.ephemeral(draft)?)));
        let named = |(_, name): (&Draft, AssetName)| {
            let cte = cte_name(&token(&name, AssetKind::Model));
            (name, Ephemeral { cte, line: None, reads: Vec::new(), whole: false })
        };
        let empty: Ephemerals = found().map(named).collect();
        let drafts: Vec<(&Draft, AssetName)> = found().collect();
        self.ephemeral = empty;
        let filled = |(draft, name): (&Draft, AssetName)| {
            let build = draft.build.as_ref()?;
            let sql = self.substituted(build.project, &draft.prepared, true);
            let line = on_one_line(&sql).filter(|line| !line.is_empty());
            let reads = draft.prepared.tokens.values().map(|target| target.asset.clone()).collect();
            let cte = self.ephemeral.get(&name)?.cte.clone();
            Some((name, Ephemeral { cte, line, reads, whole: build.whole }))
        };
        self.ephemeral = drafts.into_iter().filter_map(filled).collect();
        self.ephemeral.keys().cloned().collect()
    }

    /// The SQL with names for its tokens; for ephemeral models those of CTEs, where these are put in.
    fn substituted(&self, project: usize, prepared: &Prepared, with_ctes: bool) -> String {
        let relation = |target: &TokenTarget| match self.ephemeral.get(&target.asset).filter(|_| with_ctes) {
            Some(model) => model.cte.clone(),
            None => self.relation_sql(project, target, prepared.dialect),
        };
        substitute(&prepared.sql, &prepared.tokens, &relation)
    }

    /// The query that builds a relation, ephemeral models put in; `None` where one of them could not be rendered.
    pub(super) fn query(&self, project: usize, prepared: &Prepared) -> Option<String> {
        let reads: Vec<AssetName> = prepared.tokens.values().map(|target| target.asset.clone()).collect();
        if !reads.iter().any(|name| self.ephemeral.contains_key(name)) {
            return Some(self.substituted(project, prepared, false));
        }
        match reached(&reads, &self.ephemeral) {
            Some(models) if models.iter().any(|model| !model.whole) => None,
            Some(models) => Some(with_ctes(&self.substituted(project, prepared, true), &models)),
            None => Some(self.substituted(project, prepared, false)),
        }
    }
}

/// What the CTE of a model is called; `token` is what stands for the model in rendered SQL.
fn cte_name(token: &str) -> String {
    let name = token.strip_prefix(TOKEN_PREFIX).and_then(|name| name.strip_prefix("ref_")).unwrap_or(token);
    format!("__dbt__cte__{name}")
}

/// The ephemeral models that some relations lead to, each once, what is read before what reads it. `None` where they
/// cannot be put in.
fn reached<'e>(from: &[AssetName], all: &'e Ephemerals) -> Option<Vec<&'e Ephemeral>> {
    let (mut order, mut seen, mut entered) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut open: Vec<(&AssetName, bool)> = from.iter().rev().map(|name| (name, false)).collect();
    while let Some((name, is_left)) = open.pop() {
        let Some(model) = all.get(name) else { continue };
        if is_left {
            entered.remove(name);
            order.push(model);
        } else if seen.insert(name.clone()) {
            entered.insert(name.clone());
            open.push((name, true));
            open.extend(model.reads.iter().rev().map(|name| (name, false)));
        } else if entered.contains(name) {
            // Who reads itself by way of others cannot be written.
            return None;
        }
    }
    let fits = order.len() <= MOST && order.iter().all(|model| model.line.is_some());
    fits.then_some(order)
}

/// A query with CTEs in front of its own, on its first line.
fn with_ctes(query: &str, models: &[&Ephemeral]) -> String {
    let cte = |model: &&Ephemeral| Some(format!("{} AS ({})", model.cte, model.line.as_ref()?));
    let ctes: Vec<String> = models.iter().filter_map(cte).collect();
    if ctes.is_empty() {
        return query.to_owned();
    }
    let ctes = ctes.join(", ");
    match own_ctes(query) {
        Some((word, rest)) => {
            let (before, own) = query.split_at_checked(rest).unwrap_or((query, ""));
            // The comments in front of the query's own WITH stay behind the new one, on their lines.
            let comments = before.get(..before.len().saturating_sub(word.len())).unwrap_or_default();
            format!("{word} {ctes}, {comments}{own}")
        }
        None => format!("WITH {ctes} {query}"),
    }
}

/// The WITH that a query begins with, `RECURSIVE` included, and where it ends.
fn own_ctes(query: &str) -> Option<(&str, usize)> {
    let code = stretches(query).find(|(stretch, range)| {
        let is_blank = || query.get(range.clone()).is_none_or(|text| text.trim().is_empty());
        *stretch != Stretch::Comment && !is_blank()
    });
    let (_, range) = code.filter(|(stretch, _)| *stretch == Stretch::Code)?;
    let text = query.get(range.clone())?;
    let start = range.start + (text.len() - text.trim_start().len());
    let end = word_end(query, start, "with")?;
    let gap = query.get(end..)?;
    let next = end + (gap.len() - gap.trim_start().len());
    let same_line = gap.get(..next - end).is_some_and(|gap| !gap.contains('\n'));
    let end = word_end(query, next, "recursive").filter(|_| same_line).unwrap_or(end);
    Some((query.get(start..end)?, end))
}

/// Where a word ends that stands at a place.
fn word_end(text: &str, start: usize, word: &str) -> Option<usize> {
    let end = start + word.len();
    let is_it = text.get(start..end)?.eq_ignore_ascii_case(word);
    let goes_on = text.get(end..)?.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (is_it && !goes_on).then_some(end)
}

/// SQL on one line, without comments and the semicolon at its end.
fn on_one_line(sql: &str) -> Option<String> {
    let mut line = String::with_capacity(sql.len());
    for (stretch, range) in stretches(sql) {
        let text = sql.get(range)?;
        match stretch {
            Stretch::Comment => line.push(' '),
            // What begins with `#` is a comment to some and code to others.
            Stretch::Code if text.contains('#') => return None,
            Stretch::Code => line.push_str(&text.replace(['\n', '\r', '\t'], " ")),
            _ if text.contains(['\n', '\r']) => return None,
            _ => line.push_str(text),
        }
    }
    Some(line.trim().trim_end_matches(';').trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, line: Option<&str>, reads: &[&str]) -> (AssetName, Ephemeral) {
        let reads = reads.iter().map(|name| AssetName::from_dotted(name)).collect();
        let cte = cte_name(&format!("__dbt_ref_{name}"));
        (AssetName::from_dotted(name), Ephemeral { cte, line: line.map(str::to_owned), reads, whole: true })
    }

    #[test]
    fn a_text_comes_on_one_line_where_that_keeps_its_meaning() {
        let sql = "select a, -- one\n  'x -- y' as b /* two\nlines */\nfrom t;\n";
        assert_eq!(on_one_line(sql).as_deref(), Some("select a,     'x -- y' as b   from t"));
        assert_eq!(on_one_line("select 'a\nb'"), None);
        assert_eq!(on_one_line("select a #b\nfrom t"), None);
    }

    #[test]
    fn each_is_there_once_and_after_what_it_reads() {
        let all: Ephemerals = [
            model("a", Some("select 1"), &["t"]),
            model("b", Some("select 2"), &["a"]),
            model("c", Some("select 3"), &["a", "b"]),
            model("lost", None, &[]),
            model("round", Some("select 4"), &["trip"]),
            model("trip", Some("select 5"), &["round"]),
        ]
        .into();
        let reached = |names: &[&str]| {
            let names: Vec<AssetName> = names.iter().map(|name| AssetName::from_dotted(name)).collect();
            let order = reached(&names, &all)?;
            Some(order.iter().map(|model| model.cte.trim_start_matches("__dbt__cte__")).collect::<String>())
        };
        assert_eq!(reached(&["c", "b", "other"]).as_deref(), Some("abc"));
        assert_eq!(reached(&["other"]).as_deref(), Some(""));
        assert_eq!((reached(&["lost"]), reached(&["round"])), (None, None));
    }

    #[test]
    fn ctes_go_in_front_of_those_of_the_query_on_its_first_line() {
        let (_, model) = model("a", Some("select 1 as x"), &[]);
        let cases = [
            ("select x\nfrom __dbt__cte__a", "WITH __dbt__cte__a AS (select 1 as x) select x\nfrom __dbt__cte__a"),
            ("with b as (select 2)\nselect x", "with __dbt__cte__a AS (select 1 as x),  b as (select 2)\nselect x"),
            (
                "-- a note\nWITH recursive b as (select 2)\nselect x",
                "WITH recursive __dbt__cte__a AS (select 1 as x), -- a note\n b as (select 2)\nselect x",
            ),
            ("within", "WITH __dbt__cte__a AS (select 1 as x) within"),
        ];
        for (query, expected) in cases {
            assert_eq!(with_ctes(query, &[&model]), expected);
        }
        assert_eq!(with_ctes("select 1", &[]), "select 1");
    }
}
