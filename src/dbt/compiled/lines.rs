//! Which lines of a template the lines of its compiled SQL are nearest to.
//!
//! Nobody wrote down where a compiled line comes from. Lines that stand once in either text, and in the same order, are the
//! same; those between them follow the one before.

use std::collections::BTreeMap;

/// For each line of the compiled SQL (index 0 is line 1) the nearest line of the template, from 1.
pub(super) fn nearest(template: &str, compiled: &str) -> Vec<u32> {
    let (in_template, in_compiled) = (only_lines(template), only_lines(compiled));
    let mut pairs: Vec<(u32, u32)> =
        in_compiled.iter().filter_map(|(line, number)| Some(((*number)?, (*in_template.get(line)?)?))).collect();
    pairs.sort_unstable();
    let mut anchors = rising(&pairs).into_iter().peekable();
    let last = u32::try_from(template.lines().count()).unwrap_or(u32::MAX).max(1);
    let mut before = (1, 1);
    let count = u32::try_from(compiled.lines().count()).unwrap_or(u32::MAX);
    let mut lines = Vec::new();
    for line in 1..=count {
        if let Some(anchor) = anchors.next_if(|(compiled, _)| *compiled == line) {
            before = anchor;
        }
        let limit = anchors.peek().map_or(last, |(_, template)| *template);
        lines.push(before.1.saturating_add(line - before.0).min(limit));
    }
    lines
}

/// The lines that are not blank, without white space around them, each with its number; `None` where it stands twice.
fn only_lines(text: &str) -> BTreeMap<&str, Option<u32>> {
    let mut lines = BTreeMap::new();
    for (line, number) in text.lines().map(str::trim).zip(1_u32..).filter(|(line, _)| !line.is_empty()) {
        lines.entry(line).and_modify(|known| *known = None).or_insert(Some(number));
    }
    lines
}

/// The longest part of the pairs, which are sorted by the first number, in which the second rises too.
fn rising(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs.get(*end).is_some_and(|(_, other)| other < second));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut at = ends.last().copied();
    let mut kept = Vec::with_capacity(ends.len());
    while let Some(index) = at {
        kept.extend(pairs.get(index));
        at = before.get(index).copied().flatten();
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_both_have_hold_those_between_them() {
        let template =
            "{{ config() }}\nselect\n  {% for x in y %}\n  {{ x }},\n  {% endfor %}\n  b\nfrom {{ ref('t') }}";
        let compiled = "\nselect\n  a1,\n  a2,\n  a3,\n  a4,\n  a5,\n  b\nfrom t\nwhere 1";
        assert_eq!(nearest(template, compiled), [1, 2, 3, 4, 5, 6, 6, 6, 7, 7]);
        assert_eq!(nearest("", "a\nb"), [1, 1]);
        assert_eq!(nearest("a", ""), Vec::<u32>::new());
    }

    #[test]
    fn lines_in_another_order_do_not_go_back() {
        assert_eq!(nearest("a\nb\nc\nd", "d\na\nb\nc"), [1, 1, 2, 3]);
    }
}
