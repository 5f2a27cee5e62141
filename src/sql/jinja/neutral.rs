//! The way out when a template cannot be rendered: tags become holes or white space, line for line.

use super::hole::hole_identifier;
use super::segment::{Segment, SegmentKind};

/// The template's text with each expression as a hole and each other tag as white space, on the same lines. `known` may give
/// a text for an expression that can be read without rendering.
#[must_use]
pub fn neutralise(source: &str, segments: &[Segment], known: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(source.len());
    for segment in segments {
        let written = segment.text(source);
        match segment.kind {
            SegmentKind::Text => text.push_str(written),
            SegmentKind::Raw => text.push_str(&unwrapped(written)),
            SegmentKind::Expression => {
                let content = segment.content(source);
                text.push_str(&known(content).unwrap_or_else(|| hole_identifier(content)));
                text.push_str(&line_ends(written));
            }
            SegmentKind::Block | SegmentKind::Comment => {
                text.push(' ');
                text.push_str(&line_ends(written));
            }
        }
    }
    text
}

/// As many line ends as the text holds.
#[must_use]
pub fn line_ends(text: &str) -> String {
    text.chars().filter(|character| *character == '\n').collect()
}

fn unwrapped(raw: &str) -> String {
    let inner = raw.split_once("%}").and_then(|(_, rest)| rest.rsplit_once("{%")).map_or("", |(inner, _)| inner);
    let missing = raw.matches('\n').count().saturating_sub(inner.matches('\n').count());
    format!("{inner}{}", "\n".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::super::segment::split;
    use super::*;

    #[test]
    fn every_tag_keeps_its_lines() {
        let source = "select {{\n a }}\n{% if x %}, b{# no #}{% endif %}\nfrom {{ t }} {% raw %}\n{{x}}{% endraw %}";
        let known = |content: &str| (content == "t").then(|| "orders".to_owned());
        let text = neutralise(source, &split(source), &known);
        assert_eq!(text, "select __hole_a\n\n , b  \nfrom orders \n{{x}}");
        assert_eq!(text.lines().count(), source.lines().count());
    }
}
