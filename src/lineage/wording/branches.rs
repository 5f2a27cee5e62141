//! What the branches of a set operation give to one column, as one text, and whether two texts differ in nothing else.

/// Between two branches.
const BRANCH: char = '∪';

/// Around all of them. No SQL holds such a mark outside of quotes.
pub(super) const AROUND: [char; 2] = ['⟪', '⟫'];

/// A column's text with one more branch.
pub(crate) fn with_branch(text: &str, branch: &str) -> String {
    let [open, close] = AROUND;
    let is_group = group(text).is_some_and(|(_, behind)| behind.is_empty());
    match text.strip_suffix(close).filter(|_| is_group) {
        Some(others) => format!("{others} {BRANCH} {branch}{close}"),
        None => format!("{open}{text} {BRANCH} {branch}{close}"),
    }
}

/// Whether two texts are the same but for branches that only one of them has.
pub(crate) fn differ_in_branches_only(one: &str, other: &str) -> bool {
    has_branches_of(one, other) || has_branches_of(other, one)
}

/// Whether each branch in `fewer` is one in `more`, and all else is the same.
fn has_branches_of(fewer: &str, more: &str) -> bool {
    let (mut fewer, mut more) = (fewer, more);
    let mut in_string = false;
    loop {
        let groups = if in_string { (None, None) } else { (group(fewer), group(more)) };
        match groups {
            (Some((ours, behind_ours)), Some((theirs, behind_theirs))) => {
                if !ours.iter().all(|ours| theirs.iter().any(|theirs| has_branches_of(ours, theirs))) {
                    return false;
                }
                (fewer, more) = (behind_ours, behind_theirs);
            }
            (None, Some((theirs, behind_theirs))) => {
                let alone = theirs.iter().filter_map(|theirs| fewer.strip_prefix(theirs));
                let Some(behind_ours) = alone.min_by_key(|behind| behind.len()) else { return false };
                (fewer, more) = (behind_ours, behind_theirs);
            }
            (Some(_), None) => return false,
            (None, None) => {
                let (mut ours, mut theirs) = (fewer.chars(), more.chars());
                match (ours.next(), theirs.next()) {
                    (None, None) => return true,
                    (ours, theirs) if ours != theirs => return false,
                    (character, _) => in_string ^= character == Some('\''),
                }
                (fewer, more) = (ours.as_str(), theirs.as_str());
            }
        }
    }
}

/// The branches at the start of a text, and what stands behind them.
fn group(text: &str) -> Option<(Vec<&str>, &str)> {
    let [open, close] = AROUND;
    let text = text.strip_prefix(open)?;
    let (mut depth, mut in_string, mut start) = (0_usize, false, 0);
    let mut found = Vec::new();
    for (offset, character) in text.char_indices() {
        match character {
            '\'' => in_string = !in_string,
            _ if in_string => {}
            _ if character == open => depth += 1,
            _ if character == close && depth > 0 => depth -= 1,
            BRANCH if depth == 0 => {
                found.extend(text.get(start..offset).map(str::trim));
                start = offset + character.len_utf8();
            }
            _ if character == close => {
                found.extend(text.get(start..offset).map(str::trim));
                return Some((found, text.get(offset + character.len_utf8()..)?));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_joins_those_that_are_there() {
        assert_eq!(with_branch("a", "b"), "⟪a ∪ b⟫");
        assert_eq!(with_branch("⟪a ∪ b⟫", "c"), "⟪a ∪ b ∪ c⟫");
        assert_eq!(with_branch("⟪a ∪ ⟪b ∪ c⟫⟫", "d"), "⟪a ∪ ⟪b ∪ c⟫ ∪ d⟫");
        assert_eq!(with_branch("⟪a ∪ b⟫ + 1", "c"), "⟪⟪a ∪ b⟫ + 1 ∪ c⟫");
    }

    #[test]
    fn more_branches_are_told_from_other_expressions() {
        for (one, other) in [
            ("a", "⟪a ∪ b⟫"),
            ("⟪a ∪ b⟫", "⟪a ∪ b ∪ b⟫"),
            ("cast(⟪a ∪ b⟫ as text)", "cast(⟪a ∪ c ∪ b⟫ as text)"),
            ("cast(a as text)", "cast(⟪a ∪ b⟫ as text)"),
            ("⟪f(⟪a ∪ b⟫) ∪ c⟫", "⟪f(⟪a ∪ b ∪ d⟫) ∪ c ∪ e⟫"),
        ] {
            assert!(differ_in_branches_only(one, other) && differ_in_branches_only(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("⟪a ∪ b⟫", "⟪a ∪ c⟫"),
            ("cast(⟪a ∪ b⟫ as text)", "cast(⟪a ∪ b ∪ c⟫ as int)"),
            ("'⟪a ∪ b⟫'", "'⟪a ∪ b ∪ c⟫'"),
            ("a", "⟪b ∪ c⟫"),
        ] {
            assert!(!differ_in_branches_only(one, other) && !differ_in_branches_only(other, one), "{one} {other}");
        }
    }
}
