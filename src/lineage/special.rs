//! Expressions with a syntax of their own (`EXTRACT`, `INTERVAL`, `TRIM`, `ARRAY[…]`, …): words and operands in turn.

use sqlparser::ast::{CeilFloorKind, Expr, Interval};

use crate::lineage::data_type;
use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value};
use crate::lineage::wording::{Binding, literal};

/// A part of such an expression.
enum Part<'e> {
    /// Words and signs, as they are.
    Word(String),
    /// An operand by itself.
    Of(&'e Expr),
    /// An operand beside words: in parentheses unless it is one piece.
    Beside(&'e Expr),
    /// Operands with commas between.
    List(Vec<&'e Expr>),
}

fn word<'e>(text: impl Into<String>) -> Part<'e> {
    Part::Word(text.into())
}

impl Resolver<'_> {
    /// Whether the expression was one of these.
    pub(super) fn special(
        &mut self,
        expression: &Expr,
        scope: &Scope<'_>,
        how: Transformation,
        out: &mut Value,
    ) -> bool {
        let Some(parts) = self.parts(expression) else { return false };
        for part in parts {
            match part {
                Part::Word(text) => out.text.push_str(&text),
                Part::Of(operand) => self.expression(operand, scope, how, out),
                Part::Beside(operand) => self.operand(operand, Binding::Atom, scope, (how, out)),
                Part::List(operands) => self.list(operands, scope, how, out),
            }
        }
        true
    }

    fn parts<'e>(&self, expression: &'e Expr) -> Option<Vec<Part<'e>>> {
        let parts = match expression {
            Expr::Extract { field, syntax: _, expr } => {
                vec![word(format!("extract({} from ", field.to_string().to_lowercase())), Part::Of(expr), word(")")]
            }
            Expr::Position { expr, r#in } => {
                vec![word("position("), Part::Of(expr), word(" in "), Part::Of(r#in), word(")")]
            }
            Expr::Ceil { expr, field } => rounded("ceil", expr, field),
            Expr::Floor { expr, field } => rounded("floor", expr, field),
            Expr::Interval(interval) => interval_parts(interval),
            Expr::AtTimeZone { timestamp, time_zone } => {
                vec![Part::Beside(timestamp), word(" at time zone "), Part::Beside(time_zone)]
            }
            Expr::Collate { expr, collation } => vec![Part::Beside(expr), word(format!(" collate {collation}"))],
            Expr::Named { expr, name } => vec![Part::Of(expr), word(format!(" as {}", name.value.to_lowercase()))],
            Expr::Tuple(items) => vec![word("("), Part::List(items.iter().collect()), word(")")],
            Expr::Array(array) => vec![word("array["), Part::List(array.elem.iter().collect()), word("]")],
            Expr::Prefixed { prefix, value } => {
                vec![word(format!("{} ", prefix.value.to_lowercase())), Part::Beside(value)]
            }
            Expr::OuterJoin(inner) => vec![Part::Beside(inner), word(" (+)")],
            Expr::Prior(inner) => vec![word("prior "), Part::Beside(inner)],
            Expr::InUnnest { expr, array_expr, negated } => {
                let words = if *negated { " not in unnest(" } else { " in unnest(" };
                vec![Part::Beside(expr), word(words), Part::Of(array_expr), word(")")]
            }
            Expr::AnyOp { left, compare_op, right, is_some: _ } => {
                vec![Part::Beside(left), word(format!(" {compare_op} any ")), Part::Beside(right)]
            }
            Expr::AllOp { left, compare_op, right } => {
                vec![Part::Beside(left), word(format!(" {compare_op} all ")), Part::Beside(right)]
            }
            Expr::TypedString(typed) => {
                let data_type = data_type::canonical(&typed.data_type.to_string(), self.dialect).to_lowercase();
                vec![word(format!("{data_type} {}", literal(&typed.value.value)))]
            }
            other => return self.longer_parts(other),
        };
        Some(parts)
    }

    fn longer_parts<'e>(&self, expression: &'e Expr) -> Option<Vec<Part<'e>>> {
        let parts = match expression {
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                // `SUBSTRING(a FROM b FOR c)` is `SUBSTRING(a, b, c)`.
                let start = match (substring_from, substring_for) {
                    (None, Some(_)) => vec![word(", 1")],
                    (from, _) => from.iter().flat_map(|from| [word(", "), Part::Of(from)]).collect(),
                };
                let length = substring_for.iter().flat_map(|length| [word(", "), Part::Of(length)]);
                [word("substring("), Part::Of(expr)].into_iter().chain(start).chain(length).chain([word(")")]).collect()
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let side = trim_where.map(|side| format!("{side} ").to_lowercase()).unwrap_or_default();
                let what = trim_what.iter().flat_map(|what| [Part::Of(what), word(" from ")]);
                let characters =
                    trim_characters.iter().flat_map(|list| [word(", "), Part::List(list.iter().collect())]);
                let parts = [word(format!("trim({side}"))].into_iter().chain(what).chain([Part::Of(expr)]);
                parts.chain(characters).chain([word(")")]).collect()
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let parts = [word("overlay("), Part::Of(expr), word(", "), Part::Of(overlay_what), word(", ")];
                let length = overlay_for.iter().flat_map(|length| [word(", "), Part::Of(length)]);
                parts.into_iter().chain([Part::Of(overlay_from)]).chain(length).chain([word(")")]).collect()
            }
            Expr::Struct { values, fields } => {
                let fields: Vec<String> = fields.iter().map(|field| field.to_string().to_lowercase()).collect();
                let fields = if fields.is_empty() { String::new() } else { format!("<{}>", fields.join(", ")) };
                vec![word(format!("struct{fields}(")), Part::List(values.iter().collect()), word(")")]
            }
            Expr::Map(map) => {
                let entry = |entry: &'e sqlparser::ast::MapEntry| {
                    [Part::Of(&entry.key), word(": "), Part::Of(&entry.value), word(", ")]
                };
                [word("map {")].into_iter().chain(map.entries.iter().flat_map(entry)).chain([word("}")]).collect()
            }
            Expr::Dictionary(fields) => {
                let entry = |field: &'e sqlparser::ast::DictionaryField| {
                    [word(format!("{}: ", field.key)), Part::Of(&field.value), word(", ")]
                };
                [word("{")].into_iter().chain(fields.iter().flat_map(entry)).chain([word("}")]).collect()
            }
            Expr::Convert { is_try, expr, data_type, charset, target_before_value: _, styles } => {
                let try_word = if *is_try { "try_" } else { "" };
                let to =
                    data_type.iter().map(|to| format!("{}, ", data_type::canonical(&to.to_string(), self.dialect)));
                let charset = charset.iter().map(|charset| format!("{charset}, "));
                let to: String = to.chain(charset).collect();
                let parts = [word(format!("{try_word}convert({}", to.to_lowercase())), Part::Of(expr)];
                let styles = styles.iter().flat_map(|style| [word(", "), Part::Of(style)]);
                parts.into_iter().chain(styles).chain([word(")")]).collect()
            }
            Expr::GroupingSets(sets) => key_sets("grouping sets", sets),
            Expr::Cube(sets) => key_sets("cube", sets),
            Expr::Rollup(sets) => key_sets("rollup", sets),
            _ => return None,
        };
        Some(parts)
    }
}

fn rounded<'e>(name: &str, operand: &'e Expr, to: &CeilFloorKind) -> Vec<Part<'e>> {
    let to = match to {
        CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime) => String::new(),
        CeilFloorKind::DateTimeField(field) => format!(" to {}", field.to_string().to_lowercase()),
        CeilFloorKind::Scale(scale) => format!(", {scale}"),
    };
    vec![word(format!("{name}(")), Part::Of(operand), word(format!("{to})"))]
}

fn interval_parts(interval: &Interval) -> Vec<Part<'_>> {
    let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
    let mut unit = leading_field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
    for precision in [leading_precision, fractional_seconds_precision].into_iter().flatten() {
        unit.push_str(&format!("({precision})"));
    }
    unit.extend(last_field.iter().map(|field| format!(" to {field}")));
    vec![word("interval "), Part::Beside(value), word(unit.to_lowercase())]
}

fn key_sets<'e>(name: &str, sets: &'e [Vec<Expr>]) -> Vec<Part<'e>> {
    let set = |set: &'e Vec<Expr>| [word("("), Part::List(set.iter().collect()), word(")")];
    [word(format!("{name} ("))].into_iter().chain(sets.iter().flat_map(set)).chain([word(")")]).collect()
}
