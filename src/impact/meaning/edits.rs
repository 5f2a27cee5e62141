//! Every single edit of a sample is told: each number, string, name and operator is changed, each word is left out.
//!
//! A sample is a dialect, a script of one line, and the edits of it that mean nothing, each looked at by eye.

use std::fs;

use sqlparser::ast::Statement;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::{files, impact};
use crate::impact::Verdict;
use crate::sql::dialect::Dialect;

#[test]
fn every_single_edit_of_a_sample_is_told_or_means_nothing() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for file in files("single") {
        let text = fs::read_to_string(&file).expect("readable");
        let mut lines = text.lines();
        let (dialect, sql) = (lines.next().expect("a dialect"), lines.next().expect("a script"));
        let dialect: Dialect = dialect.parse().unwrap_or_else(|error| panic!("{error}"));
        let nothing: Vec<&str> = lines.collect();
        let before = parsed(dialect, sql).unwrap_or_else(|| panic!("{dialect} does not know {sql}"));
        let mut untold: Vec<String> = Vec::new();
        for (what, text) in edits(dialect, sql) {
            let Some(after) = parsed(dialect, &text).filter(|after| *after != before) else { continue };
            tried += 1;
            if impact(dialect, sql, &text).verdict == Verdict::None {
                untold.push(what);
            }
            drop(after);
        }
        if untold != nothing {
            wrong.push(format!("{}\n{sql}\nnow\n{}", file.display(), untold.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 500, "{tried}");
}

/// The syntax, printed, so that places in the text do not count.
fn parsed(dialect: Dialect, sql: &str) -> Option<String> {
    let statements: Vec<Statement> = Parser::parse_sql(&*dialect.grammar(), sql).ok()?;
    Some(statements.iter().map(ToString::to_string).collect::<Vec<_>>().join(";"))
}

/// Edits in words, with the script after each.
fn edits(dialect: Dialect, sql: &str) -> Vec<(String, String)> {
    let grammar = dialect.grammar();
    let tokens = Tokenizer::new(&*grammar, sql).with_unescape(false).tokenize().expect("tokens");
    let mut edits = Vec::new();
    for (index, token) in tokens.iter().enumerate().filter(|(_, token)| !matches!(token, Token::Whitespace(_))) {
        let others = others(token).into_iter().map(Some).chain([None]);
        for other in others {
            let text: String = tokens
                .iter()
                .enumerate()
                .map(|(place, token)| match (place == index, &other) {
                    (true, Some(other)) => other.clone(),
                    (true, None) => String::new(),
                    (false, _) => token.to_string(),
                })
                .collect();
            let before = tokens.iter().take(index).rfind(|token| !matches!(token, Token::Whitespace(_)));
            let after = before.map(|token| format!("{token} ")).unwrap_or_default();
            edits.push((format!("{after}{token} → {}", other.as_deref().unwrap_or("nothing")), text));
        }
    }
    edits
}

/// What may stand in place of a token.
fn others(token: &Token) -> Vec<String> {
    match token {
        Token::Number(number, _) => vec![format!("{number}7")],
        Token::SingleQuotedString(text) => vec![format!("'{text}~'")],
        Token::Word(word) => {
            let swapped = match word.value.to_lowercase().as_str() {
                "and" => "or",
                "or" => "and",
                "desc" => "asc",
                "left" => "right",
                "inner" => "left",
                "all" => "distinct",
                "first" => "last",
                "last" => "first",
                "preceding" => "following",
                "rows" => "range",
                "max" => "min",
                "sum" => "avg",
                "except" => "intersect",
                "delete" => "select * ",
                _ => "",
            };
            let renamed = format!("{}_z", word.value);
            if swapped.is_empty() { vec![renamed] } else { vec![swapped.to_owned()] }
        }
        Token::Plus => vec!["-".to_owned()],
        Token::Minus => vec!["+".to_owned()],
        Token::Mul => vec!["/".to_owned()],
        Token::Eq => vec!["<>".to_owned()],
        Token::Lt => vec!["<=".to_owned()],
        Token::Gt => vec![">=".to_owned()],
        Token::LtEq | Token::GtEq => vec!["=".to_owned()],
        _ => Vec::new(),
    }
}
