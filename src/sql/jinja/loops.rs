//! Loops over what is not known: their body runs once, with holes in place of the loop's variables.
//!
//! A template of a generator is mostly such loops. What they print for one round has the tables and columns of all of
//! them, as far as these are known at all. That a loop ran over a hole is noted with the hole.

use std::sync::Arc;

use minijinja::Value;

use super::hole::{Holes, is_hole};
use super::segment::{Segment, SegmentKind};
use super::source::Replacements;

/// The function that [`once`] puts around what a loop runs over.
pub const EACH: &str = "__each";

/// The loops of a template, with [`EACH`] around what they run over.
#[must_use]
pub fn once(source: &str, segments: &[Segment]) -> Replacements {
    let loops = segments.iter().enumerate().filter(|(_, segment)| segment.kind == SegmentKind::Block);
    let rewritten = loops.filter_map(|(index, segment)| {
        let (variables, rest) = segment.content(source).strip_prefix("for ")?.split_once(" in ")?;
        let over = end_of_iterated(rest);
        let (over, behind) = rest.split_at_checked(over)?;
        let names: Vec<&str> = names(variables);
        let is_plain =
            names.iter().all(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty());
        let content = format!("for {variables} in {EACH}('{}', {}) {behind}", names.join(","), over.trim());
        is_plain.then(|| (index, segment.with_content(content.trim_end())))
    });
    rewritten.collect()
}

/// What [`EACH`] stands for: a hole is one round of holes that are named like the loop's variables.
#[must_use]
pub fn each(holes: Arc<Holes>) -> Value {
    Value::from_function(move |variables: &str, over: Value| {
        if !is_hole(&over) && !over.is_undefined() {
            return over;
        }
        // Walked over, the hole is noted as used.
        drop(over.try_iter());
        let mut round: Vec<Value> = variables.split(',').map(|name| holes.value(name, None)).collect();
        match (round.len(), round.pop()) {
            (1, Some(single)) => Value::from(vec![single]),
            (_, last) => {
                round.extend(last);
                Value::from(vec![Value::from(round)])
            }
        }
    })
}

fn names(variables: &str) -> Vec<&str> {
    variables.trim().trim_start_matches('(').trim_end_matches(')').split(',').map(str::trim).collect()
}

/// Where what a loop runs over ends: in front of its condition and of `recursive`.
fn end_of_iterated(rest: &str) -> usize {
    let (mut quote, mut depth) = (None, 0_usize);
    for (at, character) in rest.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '\'' | '"' => quote = Some(character),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ if depth == 0 && character.is_whitespace() => {
                    let behind = rest.get(at + character.len_utf8()..).unwrap_or_default();
                    let word = behind.split(char::is_whitespace).next();
                    if matches!(word, Some("if" | "recursive")) {
                        return at;
                    }
                }
                _ => {}
            },
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::super::segment::split;
    use super::*;

    fn rewritten(source: &str) -> String {
        let segments = split(source);
        once(source, &segments).into_values().collect()
    }

    #[test]
    fn what_a_loop_runs_over_is_put_into_a_call() {
        assert_eq!(rewritten("{%- for a in b.c -%}"), "{%- for a in __each('a', b.c) -%}");
        assert_eq!(
            rewritten("{% for (a, b) in c[' if '].items() if a recursive %}"),
            "{% for (a, b) in __each('a,b', c[' if '].items())  if a recursive %}"
        );
        assert_eq!(rewritten("{% for a' in b %}{% if a in b %}{{ for a in b }}"), "");
    }
}
