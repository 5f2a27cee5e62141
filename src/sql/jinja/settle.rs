//! Holes where an identifier cannot stand: a macro that writes a whole query, a header, a part of a window.
//!
//! A hole in place of a query becomes `select * from <hole>`, whose columns nobody knows; one in place of a clause or of a
//! statement becomes white space. Lines stay.

use std::ops::Range;

use super::hole::HOLE_PREFIX;
use crate::sql::lexical::{Stretch, stretches};

/// What becomes of a hole that is a statement by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lone {
    /// A query: the file is one.
    Query,
    /// Nothing: the file is a script, and the template may print anything.
    Nothing,
}

/// The text with such holes settled.
#[must_use]
pub fn settle(text: String, lone: Lone) -> String {
    if !text.contains(HOLE_PREFIX) {
        return text;
    }
    let tokens = tokens(&text);
    let word = |index: usize| tokens.get(index).and_then(|range| text.get(range.clone())).unwrap_or(";");
    let mut settled = String::with_capacity(text.len() + 64);
    let mut done = 0;
    // Whether the hole just before went away as a statement: then another may follow without a semicolon.
    let mut after_statement = false;
    for (index, range) in tokens.iter().enumerate() {
        let hole = text.get(range.clone()).unwrap_or_default();
        if !hole.starts_with(HOLE_PREFIX) {
            after_statement = false;
            continue;
        }
        let before = if after_statement { ";" } else { index.checked_sub(1).map_or(";", word) };
        let earlier = index.checked_sub(2).map_or(";", word);
        let place = place(earlier, before, word(index + 1));
        after_statement = matches!(place, Place::Statement) && lone == Lone::Nothing;
        let replacement = match place {
            Place::Operand => continue,
            Place::Query => format!("select * from {hole}"),
            Place::Named => format!("{hole} as (select 1)"),
            Place::Statement if lone == Lone::Query => format!("select * from {hole}"),
            Place::Statement | Place::Aside => String::new(),
        };
        settled.push_str(text.get(done..range.start).unwrap_or_default());
        settled.push_str(&replacement);
        done = range.end;
    }
    settled.push_str(text.get(done..).unwrap_or_default());
    settled
}

enum Place {
    /// An identifier may stand here.
    Operand,
    /// A query stands here.
    Query,
    /// Queries with names stand here, behind WITH.
    Named,
    /// A whole statement stands here.
    Statement,
    /// Something that may be left out.
    Aside,
}

fn place(earlier: &str, before: &str, after: &str) -> Place {
    let is = |word: &str, words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    let set_words = ["union", "except", "intersect", "all", "distinct"];
    let ends = is(after, &[";", ")", "union", "except", "intersect"]);
    if before == "(" && is(earlier, &["over"]) {
        return Place::Aside;
    }
    let first = is(before, &["with", "recursive"]) && is(after, &[",", "select"]);
    if first && !is(earlier, &["rows"]) || before == "," && earlier == ")" && is(after, &["select"]) {
        return Place::Named;
    }
    let opens_query = before == "(" && is(earlier, &["as", "from", "join", "materialized"]);
    if ends && opens_query || ends && is(before, &set_words) && is(earlier, &["union", "except", "intersect", ")"]) {
        return Place::Query;
    }
    if before != ";" {
        let follows_operand = ends_operand(before) && !is(before, &OPENING_WORDS);
        return if follows_operand && (ends || is(after, &CLAUSE_WORDS)) { Place::Aside } else { Place::Operand };
    }
    match after {
        ";" => Place::Statement,
        _ if ends => Place::Query,
        _ if after.starts_with(HOLE_PREFIX) => Place::Statement,
        _ if is(
            after,
            &["select", "with", "create", "insert", "merge", "update", "delete", "drop", "alter", "declare", "assert"],
        ) =>
        {
            Place::Aside
        }
        _ => Place::Operand,
    }
}

/// Words after which an operand or a name comes.
const OPENING_WORDS: [&str; 58] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "by",
    "call",
    "case",
    "cast",
    "column",
    "cube",
    "database",
    "date",
    "delete",
    "describe",
    "distinct",
    "else",
    "except",
    "execute",
    "exists",
    "extract",
    "from",
    "function",
    "having",
    "if",
    "ilike",
    "in",
    "index",
    "insert",
    "interval",
    "into",
    "is",
    "join",
    "lateral",
    "like",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "overwrite",
    "qualify",
    "replace",
    "schema",
    "select",
    "set",
    "table",
    "then",
    "timestamp",
    "to",
    "top",
    "truncate",
    "update",
    "use",
    "using",
    "values",
    "view",
];
const MORE_OPENING_WORDS: [&str; 4] = ["when", "where", "with", "returns"];

/// What may follow a clause that a macro wrote.
const CLAUSE_WORDS: [&str; 17] = [
    ",", "order", "rows", "range", "group", "where", "having", "limit", "qualify", "from", "join", "left", "right",
    "inner", "full", "cross", "and",
];

/// Whether an operand ends with this token.
fn ends_operand(token: &str) -> bool {
    !MORE_OPENING_WORDS.iter().any(|word| token.eq_ignore_ascii_case(word))
        && token.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '\'' | '"' | '`'))
}

/// Words and single marks of the code; strings and quoted names are one token each.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens: Vec<Range<usize>> = Vec::new();
    for (stretch, range) in stretches(text) {
        match stretch {
            Stretch::Comment => continue,
            Stretch::Code => {}
            _ => {
                tokens.push(range);
                continue;
            }
        }
        let mut open: Option<usize> = None;
        for (offset, c) in text.get(range.clone()).unwrap_or_default().char_indices() {
            let at = range.start + offset;
            if in_word(c) {
                open.get_or_insert(at);
                continue;
            }
            tokens.extend(open.take().map(|start| start..at));
            if !c.is_whitespace() {
                tokens.push(at..at + c.len_utf8());
            }
        }
        tokens.extend(open.take().map(|start| start..range.end));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str) -> String {
        settle(text.to_owned(), Lone::Query)
    }

    #[test]
    fn a_hole_in_place_of_a_query_becomes_one() {
        assert_eq!(settled("-- x\n__hole_a\n"), "-- x\nselect * from __hole_a\n");
        assert_eq!(settled("with a as (\n __hole_a\n) select 1"), "with a as (\n select * from __hole_a\n) select 1");
        assert_eq!(settled("select 1 union all __hole_a"), "select 1 union all select * from __hole_a");
    }

    #[test]
    fn a_hole_beside_a_statement_or_in_a_window_goes_away() {
        assert_eq!(settled("__hole_header\nselect 1"), "\nselect 1");
        assert_eq!(settled("select sum(a) over (__hole_p order by b)"), "select sum(a) over ( order by b)");
        assert_eq!(settle("__hole_a\n__hole_b;select 1".to_owned(), Lone::Nothing), "\n;select 1");
    }

    #[test]
    fn a_hole_behind_an_operand_is_a_clause_and_no_alias() {
        assert_eq!(settled("select a __hole_b from t __hole_c where d"), "select a  from t  where d");
        assert_eq!(
            settled("sum(a) over (partition by b __hole_c order by d)"),
            "sum(a) over (partition by b  order by d)"
        );
    }

    #[test]
    fn a_hole_in_place_of_named_queries_is_one() {
        assert_eq!(
            settled("with __hole_a, b as (select 2) select 3"),
            "with __hole_a as (select 1), b as (select 2) select 3"
        );
        assert_eq!(settled("with b as (f(x)), __hole_a select 3"), "with b as (f(x)), __hole_a as (select 1) select 3");
        assert_eq!(settled("__hole_a\nassert (select 1)"), "\nassert (select 1)");
    }

    #[test]
    fn a_hole_in_place_of_an_operand_stays() {
        for text in [
            "select __hole_a, f(__hole_b) from __hole_c.t where __hole_d",
            "select (__hole_a)",
            "select count(distinct __hole_a)",
        ] {
            assert_eq!(settled(text), text);
        }
    }
}
