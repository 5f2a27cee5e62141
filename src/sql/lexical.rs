//! Cuts SQL text into code, strings, quoted names and comments, without a grammar.
//!
//! For the stages before the parser (templates, dialect detection), which must not mistake text in a string for SQL.
//! It knows no dialect, so it takes the reading that fits all of them best; the parser has its own tokenizer.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a stretch of SQL text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// Keywords, names, operators, numbers, white space.
    Code,
    /// `'…'`.
    String,
    /// `"…"` or `` `…` ``.
    Quoted,
    /// `$$…$$` or `$tag$…$tag$`.
    Dollar,
    /// `-- …`, `/* … */`, or a line that starts with `# `.
    Comment,
}

/// Walks over the stretches of a text, in order and without gaps.
#[derive(Debug, Clone)]
pub struct Stretches<'a> {
    text: &'a str,
    at: usize,
}

/// The stretches of a text.
#[must_use]
pub fn stretches(text: &str) -> Stretches<'_> {
    Stretches { text, at: 0 }
}

impl Iterator for Stretches<'_> {
    type Item = (Stretch, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if start >= bytes.len() {
            return None;
        }
        let mut at = start;
        while at < bytes.len() {
            if let Some((stretch, end)) = opens(bytes, at) {
                if at == start {
                    self.at = end;
                    return Some((stretch, start..end));
                }
                break;
            }
            at += 1;
        }
        self.at = at;
        Some((Stretch::Code, start..at))
    }
}

/// The stretch that is not code and opens at `at`, with its end.
fn opens(bytes: &[u8], at: usize) -> Option<(Stretch, usize)> {
    let next = bytes.get(at + 1).copied();
    match bytes.get(at)? {
        b'\'' => Some((Stretch::String, end_of_quote(bytes, at, b'\''))),
        quote @ (b'"' | b'`') => Some((Stretch::Quoted, end_of_quote(bytes, at, *quote))),
        b'-' if next == Some(b'-') => Some((Stretch::Comment, end_of_line(bytes, at))),
        b'/' if next == Some(b'*') => Some((Stretch::Comment, end_of_block(bytes, at))),
        b'#' if starts_line(bytes, at) && !matches!(next, Some(b'{' | b'>' | b'-')) => {
            Some((Stretch::Comment, end_of_line(bytes, at)))
        }
        b'$' => end_of_dollar(bytes, at).map(|end| (Stretch::Dollar, end)),
        _ => None,
    }
}

fn starts_line(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes.get(at - 1) == Some(&b'\n')
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    position(bytes, at, b'\n').unwrap_or(bytes.len())
}

fn position(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| *byte == wanted).map(|offset| from + offset)
}

/// The end of a quoted stretch. A doubled quote stands for itself. A backslash hides the quote after it, but only where
/// the text goes on after that quote: `'\'` is a whole string in the standard, `'it\'s'` is one in MySQL and BigQuery.
fn end_of_quote(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut at = at + 1;
    while let Some(found) = position(bytes, at, quote) {
        let after = bytes.get(found + 1).copied();
        if after == Some(quote) {
            at = found + 2;
        } else if quote != b'`' && is_escaped(bytes, found) && after.is_some_and(goes_on) {
            at = found + 1;
        } else {
            return found + 1;
        }
    }
    bytes.len()
}

fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn goes_on(after: u8) -> bool {
    !after.is_ascii_whitespace() && !matches!(after, b',' | b')' | b';' | b':' | b'|' | b']')
}

/// The end of a block comment; comments nest.
fn end_of_block(bytes: &[u8], at: usize) -> usize {
    let (mut at, mut depth) = (at + 2, 1_usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"*/" if depth == 1 => return at + 2,
            b"*/" => (at, depth) = (at + 2, depth - 1),
            b"/*" => (at, depth) = (at + 2, depth + 1),
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a dollar-quoted text, where one opens here and closes somewhere.
fn end_of_dollar(bytes: &[u8], at: usize) -> Option<usize> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if at > 0 && bytes.get(at - 1).is_some_and(in_name) {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let length = rest.iter().take_while(|byte| in_name(byte)).count();
    if rest.get(length) != Some(&b'$') || rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let tag = bytes.get(at..at + length + 2)?;
    let body = at + tag.len();
    let mut from = body;
    while let Some(found) = position(bytes, from, b'$') {
        if bytes.get(found..found + tag.len()) == Some(tag) {
            return Some(found + tag.len());
        }
        from = found + 1;
    }
    Some(bytes.len())
}

/// Whether nothing stands in the text but white space, comments and semicolons.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    stretches(text).all(|(stretch, range)| match stretch {
        Stretch::Comment => true,
        Stretch::Code => text.get(range).is_none_or(|code| code.chars().all(|c| c.is_whitespace() || c == ';')),
        _ => false,
    })
}

/// Where each bracket of a kind that opens in code closes.
#[must_use]
pub fn pairs(text: &str, [opening, closing]: &[u8; 2]) -> BTreeMap<usize, usize> {
    let (mut open, mut pairs) = (Vec::new(), BTreeMap::new());
    for (_, range) in stretches(text).filter(|(stretch, _)| *stretch == Stretch::Code) {
        for (offset, byte) in text.get(range.clone()).unwrap_or_default().bytes().enumerate() {
            if byte == *opening {
                open.push(range.start + offset);
            } else if byte == *closing {
                pairs.extend(open.pop().map(|start| (start, range.start + offset)));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(Stretch, &str)> {
        stretches(text).map(|(stretch, range)| (stretch, text.get(range).expect("a boundary"))).collect()
    }

    #[test]
    fn strings_names_and_comments_are_told_from_code() {
        use Stretch::{Code, Comment, Dollar, Quoted, String};
        assert_eq!(
            parts("a 'b''c' \"d\" `e` -- f\n/* g /* h */ */$x$ ' $x$"),
            [
                (Code, "a "),
                (String, "'b''c'"),
                (Code, " "),
                (Quoted, "\"d\""),
                (Code, " "),
                (Quoted, "`e`"),
                (Code, " "),
                (Comment, "-- f"),
                (Code, "\n"),
                (Comment, "/* g /* h */ */"),
                (Dollar, "$x$ ' $x$"),
            ]
        );
    }

    #[test]
    fn a_backslash_hides_a_quote_only_where_the_text_goes_on() {
        assert_eq!(parts(r"'it\'s' x")[0].1, r"'it\'s'");
        assert_eq!(parts(r"'\' , x")[0].1, r"'\'");
    }

    #[test]
    fn open_ends_reach_to_the_end_of_the_text() {
        for text in ["'abc", "/* abc", "$$ abc", "-- abc", "`", "$"] {
            assert_eq!(parts(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn only_comments_are_blank() {
        assert!(is_blank(" -- a\n/* b */ ;\n"));
        assert!(!is_blank("-- a\nselect 1"));
    }
}
