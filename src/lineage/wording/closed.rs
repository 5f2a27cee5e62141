//! Brackets that close a text against the marks of other queries. No SQL holds them outside of quotes.

/// The brackets.
pub(super) const AROUND: [char; 2] = ['⟬', '⟭'];

/// A text whose marks mean nothing outside of it.
pub(crate) fn closed(text: &str) -> String {
    let [open, close] = AROUND;
    format!("{open}{text}{close}")
}

/// Whether a text stands in brackets as a whole.
pub(crate) fn is_closed(text: &str) -> bool {
    let [open, close] = AROUND;
    let (mut depth, mut in_string) = (0_usize, false);
    let mut characters = text.chars().peekable();
    if characters.peek() != Some(&open) {
        return false;
    }
    while let Some(character) = characters.next() {
        match character {
            '\'' => in_string = !in_string,
            _ if in_string => {}
            _ if character == open => depth += 1,
            _ if character == close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return characters.peek().is_none();
        }
    }
    false
}

/// A text for people: without the brackets, or with plain ones where it would read otherwise without.
pub(super) fn opened(text: &str) -> String {
    let [open, close] = AROUND;
    let mut text = text;
    while is_closed(text) {
        text = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)).unwrap_or_default();
    }
    let mut opened = String::with_capacity(text.len());
    let (mut starts, mut in_string) = (Vec::new(), false);
    for character in text.chars() {
        in_string ^= character == '\'';
        match character {
            _ if in_string => opened.push(character),
            _ if character == open => starts.push(opened.len()),
            _ if character == close => {
                let start = starts.pop().unwrap_or_default();
                if opened.get(start..).is_some_and(has_several_words) {
                    opened.insert(start, '(');
                    opened.push(')');
                }
            }
            _ => opened.push(character),
        }
    }
    opened
}

/// Whether a text is more than a name, a literal or a call.
fn has_several_words(text: &str) -> bool {
    let (mut depth, mut in_string) = (0_usize, false);
    text.chars().any(|character| {
        match character {
            '\'' => in_string = !in_string,
            _ if in_string => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ' ' && depth == 0 && !in_string
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_brackets_only_where_they_say_something() {
        for (text, seen) in [
            ("⟬coalesce(a, b)⟭", "coalesce(a, b)"),
            ("⟬⟬a + b⟭⟭", "a + b"),
            ("⟬a + b⟭ * ⟬f(a, 'x y')⟭", "(a + b) * f(a, 'x y')"),
            ("⟬⟬a + b⟭⟭ * 2", "(a + b) * 2"),
            ("f('⟬') + [1, 2]", "f('⟬') + [1, 2]"),
        ] {
            assert_eq!(opened(text), seen);
        }
    }
}
