//! The line that an answer complains about. The API counts lines of the SQL that it got: which line of which file that is
//! says [`super::unit::PlannedRequest::locate`].

/// The line number that a text mentions (`Error at line 15: …`, `at Line: 3, Column: 9`); `None` when it mentions none.
#[must_use]
pub fn mentioned_line(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some((before, after)) = rest.split_once("line") {
        let inside_a_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let number = after.trim_start_matches([' ', ':', '#', '=']);
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let line = number.get(..end).and_then(|digits| digits.parse().ok()).filter(|line| *line > 0);
        if line.is_some() && !inside_a_word {
            return line;
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_however_it_is_written() {
        let cases = [
            ("Error at line 15: Expected ';' but found ')'", Some(15)),
            ("Expected: FROM, found: x at Line: 3, Column: 9", Some(3)),
            ("deadline 7 passed; syntax error (line #2)", Some(2)),
            ("line before line 4", Some(4)),
            ("Error at line 0", None),
            ("Error at line 99999999999", None),
            ("in pipeline 7, outline 8", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(mentioned_line(text), expected, "{text:?}");
        }
    }
}
