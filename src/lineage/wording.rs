//! The words of normalised text: how tightly a text binds, literals, names, and marks.
//!
//! Two texts that are equal mean the same, so whatever changes a value or a row must show in them; what means nothing
//! (parentheses, quotes, case) must not. Which clause gives which text is said where the clause is resolved.

use sqlparser::ast::{BinaryOperator, DuplicateTreatment, Expr, Value as Literal};
use std::borrow::Cow;

use crate::lineage::model::ColumnRef;
use crate::lineage::shape::Value;

mod branches;
mod closed;

pub(crate) use branches::{differ_in_branches_only, with_branch};
pub(crate) use closed::{closed, is_closed};

/// How tightly the outermost operator of a text binds. A text stands in parentheses where it binds less than its
/// neighbour asks for, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Binding {
    Or,
    Xor,
    And,
    Not,
    Comparison,
    /// `||`, `->`, `&`, …: their order differs between dialects, so that all but atoms get parentheses beside them.
    Other,
    Sum,
    Product,
    Unary,
    /// One piece: a name, a literal, a call, something in parentheses.
    #[default]
    Atom,
}

impl Binding {
    /// How an operator binds.
    pub fn of(operator: &BinaryOperator) -> Self {
        use BinaryOperator as Op;
        match operator {
            Op::Or => Self::Or,
            Op::Xor => Self::Xor,
            Op::And => Self::And,
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq | Op::Spaceship => Self::Comparison,
            Op::Plus | Op::Minus => Self::Sum,
            Op::Multiply | Op::Divide | Op::Modulo | Op::DuckIntegerDivide | Op::MyIntegerDivide => Self::Product,
            _ => Self::Other,
        }
    }

    /// Whether a chain goes on from the first operand of `outer` without parentheses.
    pub fn reads_on(self, outer: Self) -> bool {
        match (self, outer) {
            (Self::And | Self::Or, _) => false,
            (_, Self::Other) => self == Self::Other,
            _ => self >= outer,
        }
    }

    /// What the first operand must bind like, at least. A chain of one level reads from left to right.
    pub fn of_first_operand(self) -> Self {
        if self == Self::Other { Self::Atom } else { self }
    }

    /// What the second operand must bind like, at least.
    pub fn of_second_operand(self) -> Self {
        match self {
            Self::Or => Self::Xor,
            Self::Xor => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Comparison,
            Self::Comparison => Self::Other,
            Self::Sum => Self::Product,
            Self::Product => Self::Unary,
            Self::Other | Self::Unary | Self::Atom => Self::Atom,
        }
    }
}

/// Puts what was written since `start` in parentheses where it binds less than `least`.
pub(crate) fn enclose(out: &mut Value, start: usize, least: Binding) {
    if out.binding < least && out.text.is_char_boundary(start) {
        out.text.insert(start, '(');
        out.text.push(')');
        out.binding = Binding::Atom;
    }
}

/// A literal. The quotes around a string mean nothing, what stands in it does.
pub(crate) fn literal(value: &Literal) -> String {
    let string = match value {
        Literal::SingleQuotedString(text)
        | Literal::DoubleQuotedString(text)
        | Literal::TripleSingleQuotedString(text)
        | Literal::TripleDoubleQuotedString(text)
        | Literal::EscapedStringLiteral(text)
        | Literal::SingleQuotedRawStringLiteral(text)
        | Literal::DoubleQuotedRawStringLiteral(text)
        | Literal::TripleSingleQuotedRawStringLiteral(text)
        | Literal::TripleDoubleQuotedRawStringLiteral(text) => Some(text),
        Literal::DollarQuotedString(text) => Some(&text.value),
        _ => None,
    };
    // Whether a backslash is one depends on the kind of the literal.
    match (string, value) {
        (Some(text), _) if !text.contains('\\') => format!("'{}'", text.replace('\'', "''")),
        (None, Literal::Number(..) | Literal::Null) => value.to_string().to_lowercase(),
        _ => value.to_string(),
    }
}

/// What stands in a string literal.
pub(crate) fn string(expression: &Expr) -> Option<&str> {
    let Expr::Value(value) = expression else { return None };
    match &value.value {
        Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => Some(text),
        Literal::DollarQuotedString(text) => Some(&text.value),
        _ => None,
    }
}

/// A name within a text: one that could be taken for something else stands in double quotes.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$' | '@' | '#' | '*' | '-');
    if name.chars().all(plain) { Cow::Borrowed(name) } else { Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))) }
}

/// Tells relations apart whose columns have the same text. No SQL holds such a mark outside of quotes.
pub(crate) fn mark(number: usize) -> String {
    format!("‹{number}›")
}

/// Around what is computed before an outer join, which is not what is computed after it. No SQL holds such a mark outside
/// of quotes. The text keeps its parentheses, so that it reads on as it would without the mark.
const BEFORE_OUTER_JOIN: [char; 2] = ['⟦', '⟧'];

/// Says that a text is computed before an outer join.
pub(crate) fn before_outer_join(text: &str) -> String {
    let [open, close] = BEFORE_OUTER_JOIN;
    format!("{open}{text}{close}")
}

/// A text as it would be if no join in it were an outer one.
pub(crate) fn as_if_inner(text: &str) -> Cow<'_, str> {
    if !text.contains(BEFORE_OUTER_JOIN) {
        return Cow::Borrowed(text);
    }
    outside_of_strings(text, |character| !BEFORE_OUTER_JOIN.contains(&character))
}

/// A text for people, who tell what it names by other means.
pub(crate) fn without_marks(text: &str) -> Cow<'_, str> {
    let has = |marks: [char; 2]| text.contains(marks);
    if !has(BEFORE_OUTER_JOIN) && !has(branches::AROUND) && !has(closed::AROUND) && !is_marked(text) {
        return Cow::Borrowed(text);
    }
    let mut in_mark = false;
    let plain = outside_of_strings(text, |character| {
        let kept = !in_mark
            && character != '‹'
            && !BEFORE_OUTER_JOIN.contains(&character)
            && !branches::AROUND.contains(&character);
        in_mark = match character {
            '‹' => true,
            '›' => false,
            _ => in_mark,
        };
        kept
    });
    if has(closed::AROUND) { Cow::Owned(closed::opened(&plain)) } else { plain }
}

/// The text with only those characters outside of string literals that are wanted.
fn outside_of_strings(text: &str, mut is_wanted: impl FnMut(char) -> bool) -> Cow<'_, str> {
    let mut in_string = false;
    let kept = text.chars().filter(|character| {
        in_string ^= *character == '\'';
        in_string || is_wanted(*character)
    });
    Cow::Owned(kept.collect())
}

/// Whether a text holds a mark, which means something only in the query that made it.
pub(crate) fn is_marked(text: &str) -> bool {
    text.contains('‹')
}

/// `DISTINCT` within a call; `ALL` is what its absence means.
pub(crate) fn duplicates(treatment: Option<DuplicateTreatment>) -> &'static str {
    match treatment {
        Some(DuplicateTreatment::Distinct) => "distinct ",
        Some(DuplicateTreatment::All) | None => "",
    }
}

/// A column of an asset.
pub(crate) fn column(column: &ColumnRef) -> String {
    format!("{}.{}", column.asset, name(column.column.as_str()))
}
