//! Names inside normalised SQL text: finds dotted names and replaces some of them.
//!
//! Used to compare two texts "modulo a rename". What it is not sure about it leaves alone, so that two texts differ
//! rather than fall together: text in single quotes, and any text with a backslash, whose escape rules depend on the
//! dialect.

use std::borrow::Cow;

/// The text with every dotted name that `replacement` knows replaced. Of a name such as `db.orders.amount` the longest
/// known prefix counts; the rest stays.
pub(super) fn replace_names<'t, 'r>(text: &'t str, replacement: impl Fn(&str) -> Option<&'r str>) -> Cow<'t, str> {
    if text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut result = String::new();
    let mut copied = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let length = match first {
            '\'' => literal_length(rest),
            _ if starts_name(first) => {
                let length = name_length(rest);
                let name = rest.get(..length).unwrap_or_default();
                if let Some((prefix, new)) = longest_prefix(name, &replacement) {
                    result.push_str(text.get(copied..start).unwrap_or_default());
                    result.push_str(new);
                    copied = start + prefix;
                }
                length
            }
            _ => first.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(result)
}

/// Length of the longest known prefix that ends between two parts, and what replaces it.
fn longest_prefix<'r>(name: &str, replacement: &impl Fn(&str) -> Option<&'r str>) -> Option<(usize, &'r str)> {
    let mut quoted = false;
    let mut ends: Vec<usize> = Vec::new();
    for (offset, character) in name.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => ends.push(offset),
            _ => {}
        }
    }
    ends.push(name.len());
    ends.into_iter().rev().find_map(|end| Some((end, replacement(name.get(..end)?)?)))
}

/// Parameters and variables (`$a`, `@a`, `#a`) are names too, so that the `a` in them is not one.
fn starts_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '"' | '$' | '@' | '#')
}

/// Length of `'…'` with doubled quotes inside; of everything when it is not closed.
fn literal_length(text: &str) -> usize {
    // A doubled quote ends one literal and starts the next: the same characters are skipped either way.
    text.get(1..).and_then(|inner| inner.find('\'')).map_or(text.len(), |offset| offset + 2)
}

/// Length of a dotted name, quoted parts included. A hyphen belongs to the name between two of its characters
/// (`my-project.dataset.table`).
fn name_length(text: &str) -> usize {
    let mut quoted = false;
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let goes_on = match character {
            '"' => {
                quoted = !quoted;
                true
            }
            _ if quoted => true,
            '.' | '-' => characters.peek().is_some_and(|(_, next)| starts_name(*next)),
            _ => starts_name(character),
        };
        if !goes_on {
            return offset;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(text: &str) -> String {
        replace_names(text, |name| match name {
            "shop.orders" => Some("shop.sales"),
            "shop.orders.total" => Some("shop.sales.amount"),
            "a" => Some("b"),
            "\"odd.name\"" => Some("plain"),
            "my-project.d.t" => Some("p.d.u"),
            _ => None,
        })
        .into_owned()
    }

    #[test]
    fn whole_names_are_replaced_and_the_longest_one_wins() {
        assert_eq!(
            renamed("sum(shop.orders.total) + shop.orders.tax, shop.orders"),
            "sum(shop.sales.amount) + shop.sales.tax, shop.sales"
        );
        assert_eq!(renamed("a.x + a"), "b.x + b");
        assert_eq!(renamed("\"odd.name\".x = my-project.d.t.y"), "plain.x = p.d.u.y");
    }

    #[test]
    fn parts_of_other_names_and_literals_stay() {
        for text in [
            "aa.x",
            "x.a",
            "shop.orders_old.total",
            "'a'",
            "'it''s a' || 'a.x'",
            "$a",
            "@a",
            "a$b",
            "",
            "'unclosed a",
            "é.a",
        ] {
            assert_eq!(renamed(text), text);
        }
        assert_eq!(renamed("'a' || a.x"), "'a' || b.x");
    }

    #[test]
    fn text_with_a_backslash_is_left_alone() {
        assert_eq!(renamed(r"'it\'s' || a.x"), r"'it\'s' || a.x");
    }
}
