//! Conditions of SqlRender: `@x`, `!@x`, `@x == 'y'`, `@x != 'y'`, `@x IN ('y', 'z')`, joined by `&` and `|`.

use std::collections::BTreeMap;

/// How deep parentheses and negations may be nested.
const DEEPEST: usize = 32;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Whether a value is one of some.
    Is(String, Vec<String>),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// What is known of parameters.
#[derive(Debug, Default)]
pub(super) struct Known {
    values: BTreeMap<String, String>,
    /// Comparisons that were taken for true or false.
    assumed: BTreeMap<(String, Vec<String>), bool>,
}

impl Known {
    /// A parameter has a value.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(format!("@{name}"), unquoted(value));
    }

    /// A condition is taken for true or false.
    pub(super) fn assume(&mut self, condition: &Condition, holds: bool) {
        match condition {
            Condition::Is(operand, values) => {
                if let ([value], true) = (values.as_slice(), holds) {
                    self.values.insert(operand.clone(), value.clone());
                }
                self.assumed.insert((operand.clone(), values.clone()), holds);
            }
            Condition::Not(inner) => self.assume(inner, !holds),
            Condition::All(parts) if holds => parts.iter().for_each(|part| self.assume(part, true)),
            Condition::Any(parts) if !holds => parts.iter().for_each(|part| self.assume(part, false)),
            Condition::All(_) | Condition::Any(_) => {}
        }
    }
}

impl Condition {
    /// Reads one; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let condition = parser.any(0)?;
        (parser.at == tokens.len()).then_some(condition)
    }

    /// Whether it holds; `None` where that is not known.
    pub(super) fn holds(&self, known: &Known) -> Option<bool> {
        match self {
            Self::Is(operand, values) => {
                let value = if operand.starts_with('@') { known.values.get(operand) } else { Some(operand) };
                match value {
                    Some(value) => Some(values.iter().any(|other| other.eq_ignore_ascii_case(value))),
                    None => known.assumed.get(&(operand.clone(), values.clone())).copied(),
                }
            }
            Self::Not(inner) => inner.holds(known).map(|holds| !holds),
            Self::All(parts) => decided(parts, known, false),
            Self::Any(parts) => decided(parts, known, true),
        }
    }
}

/// `deciding` as soon as one part is so, its opposite if all are.
fn decided(parts: &[Condition], known: &Known, deciding: bool) -> Option<bool> {
    let all: Vec<Option<bool>> = parts.iter().map(|part| part.holds(known)).collect();
    if all.contains(&Some(deciding)) {
        return Some(deciding);
    }
    (!all.contains(&None)).then_some(!deciding)
}

struct Parser<'t> {
    tokens: &'t [String],
    at: usize,
}

impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let is = self.tokens.get(self.at).is_some_and(|token| token.eq_ignore_ascii_case(sign));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("|") {
            parts.push(self.all(depth)?);
        }
        if parts.len() > 1 { Some(Condition::Any(parts)) } else { parts.pop() }
    }

    fn all(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("&") {
            parts.push(self.one(depth)?);
        }
        if parts.len() > 1 { Some(Condition::All(parts)) } else { parts.pop() }
    }

    fn one(&mut self, depth: usize) -> Option<Condition> {
        if depth > DEEPEST {
            return None;
        }
        if self.takes("!") {
            return self.one(depth + 1).map(|inner| Condition::Not(Box::new(inner)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return self.takes(")").then_some(inner);
        }
        let operand = self.operand()?;
        if self.takes("==") || self.takes("=") {
            return Some(Condition::Is(operand, vec![self.operand()?]));
        }
        if self.takes("!=") || self.takes("<>") {
            return Some(Condition::Not(Box::new(Condition::Is(operand, vec![self.operand()?]))));
        }
        if self.takes("in") {
            let mut values = Vec::new();
            let mut goes_on = self.takes("(");
            while goes_on {
                values.push(self.operand()?);
                goes_on = self.takes(",");
            }
            return self.takes(")").then_some(Condition::Is(operand, values));
        }
        Some(Condition::Is(operand, vec!["true".to_owned()]))
    }

    /// A value without its quotes, or a parameter.
    fn operand(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        let is_value =
            token.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '\'' | '"' | '-' | '.'));
        self.at += 1;
        is_value.then(|| unquoted(token))
    }
}

fn unquoted(token: &str) -> String {
    let quote = token.chars().next().filter(|c| matches!(c, '\'' | '"'));
    quote.map_or(token, |quote| token.trim_matches(quote)).to_owned()
}

/// Values, words and signs; `None` where something else stands there.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => 2 + rest.get(1..)?.find(first)?,
            '=' | '!' | '<' if rest.starts_with("==") || rest.starts_with("!=") || rest.starts_with("<>") => 2,
            '=' | '!' | '&' | '|' | '(' | ')' | ',' => 1,
            _ => {
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '@' | '_' | '.' | '-'))).unwrap_or(rest.len())
            }
        };
        let (token, after) = rest.split_at_checked(length).filter(|(token, _)| !token.is_empty())?;
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    Some(tokens)
}
