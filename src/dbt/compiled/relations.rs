//! Relations in compiled SQL → the tokens of the assets that they are.

use std::collections::BTreeMap;

use crate::dbt::tokens::token;
use crate::sql::lexical::{Stretch, stretches};
use crate::sql::template::TokenTarget;

/// Parts of a name that are looked at: three of the relation, and no more than a column and a field behind them.
const MOST_PARTS: usize = 5;

/// The text with each known relation as its token, and the tokens that stand in it.
pub(super) fn with_tokens(
    sql: &str,
    relations: &BTreeMap<&str, TokenTarget>,
) -> (String, BTreeMap<String, TokenTarget>) {
    let mut tokens = BTreeMap::new();
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for start in starts(sql) {
        if start < done {
            continue;
        }
        let ends = ends_of_parts(sql, start);
        let known = ends.iter().rev().find_map(|end| Some((*end, relations.get(sql.get(start..*end)?)?)));
        if let Some((end, target)) = known {
            let word = token(&target.asset, target.kind);
            text.push_str(sql.get(done..start).unwrap_or_default());
            text.push_str(&word);
            tokens.insert(word, target.clone());
            done = end;
        }
    }
    text.push_str(sql.get(done..).unwrap_or_default());
    (text, tokens)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Where names begin: quoted ones and words, outside of strings and comments, and not behind a dot.
fn starts(sql: &str) -> Vec<usize> {
    let bytes = sql.as_bytes();
    let before = |at: usize| at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
    let mut starts = Vec::new();
    for (stretch, range) in stretches(sql) {
        match stretch {
            Stretch::Quoted if before(range.start) != b'.' => starts.push(range.start),
            Stretch::Code => {
                let begins = |at: &usize| {
                    let byte = bytes.get(*at).copied().unwrap_or_default();
                    let previous = before(*at);
                    is_word(byte) && !byte.is_ascii_digit() && !is_word(previous) && !matches!(previous, b'.' | b'$')
                };
                starts.extend(range.filter(begins));
            }
            _ => {}
        }
    }
    starts
}

/// Where the parts of a dotted name end, each with those before it.
fn ends_of_parts(sql: &str, start: usize) -> Vec<usize> {
    let bytes = sql.as_bytes();
    let mut ends = Vec::new();
    let mut at = start;
    while ends.len() < MOST_PARTS {
        let length = match bytes.get(at) {
            Some(quote @ (b'"' | b'`')) => {
                let inner = bytes.iter().skip(at + 1).take_while(|byte| *byte != quote).count();
                inner + 2
            }
            Some(_) => bytes.iter().skip(at).take_while(|byte| is_word(**byte) || **byte == b'$').count(),
            None => 0,
        };
        if length == 0 || at + length > bytes.len() {
            break;
        }
        at += length;
        ends.push(at);
        if bytes.get(at) != Some(&b'.') {
            break;
        }
        at += 1;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::model::{AssetKind, AssetName};

    fn read(sql: &str, names: &[(&str, &str)]) -> String {
        let target = |name: &str| TokenTarget { asset: AssetName::from_dotted(name), kind: AssetKind::Model };
        let relations = names.iter().map(|(written, name)| (*written, target(name))).collect();
        with_tokens(sql, &relations).0
    }

    #[test]
    fn relations_become_tokens_outside_of_strings_and_comments() {
        let names = [("\"db\".\"s\".\"a\"", "a"), ("db.s.b", "b"), ("`p-x`.`s`.`c`", "c")];
        assert_eq!(
            read("select 'db.s.b' from \"db\".\"s\".\"a\" -- db.s.b", &names),
            "select 'db.s.b' from __dbt_ref_a -- db.s.b"
        );
        assert_eq!(
            read("select db.s.b.x from db.s.b, `p-x`.`s`.`c`", &names),
            "select __dbt_ref_b.x from __dbt_ref_b, __dbt_ref_c"
        );
        for other in ["db.s.bb", "x.db.s.b", "xdb.s.b", "db.s", "db.s.\"b\"", "\"db\".\"s\".\"a", "é.db.s.b"] {
            assert_eq!(read(other, &names), other);
        }
    }
}
