//! Cuts a Jinja template into text and tags, so that tags can be rewritten before minijinja sees them.

use std::ops::Range;

/// Tags longer than this are taken for text: no person writes them, and hostile files do.
const LONGEST_TAG: usize = 256 * 1024;

/// What a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// Text between tags.
    Text,
    /// `{{ … }}`.
    Expression,
    /// `{% … %}`.
    Block,
    /// `{# … #}`.
    Comment,
    /// `{% raw %}…{% endraw %}` with all that stands between.
    Raw,
}

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// Where it is in the template, in bytes, delimiters included.
    pub range: Range<usize>,
    /// What stands between the delimiters and the white space marks; for text the same as `range`.
    pub inner: Range<usize>,
    /// Its first line in the template, from 1.
    pub line: u32,
    /// Whether the tag eats the white space before it (`{%-`).
    pub trims_before: bool,
    /// Whether the tag eats the white space after it (`-%}`).
    pub trims_after: bool,
}

impl Segment {
    /// The segment as the template writes it.
    #[must_use]
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.range.clone()).unwrap_or_default()
    }

    /// What stands between the delimiters, trimmed.
    #[must_use]
    pub fn content<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.inner.clone()).unwrap_or_default().trim()
    }

    /// The first word of a block tag (`if` of `{% if x %}`); empty for everything else.
    #[must_use]
    pub fn keyword<'a>(&self, source: &'a str) -> &'a str {
        if self.kind != SegmentKind::Block {
            return "";
        }
        let content = self.content(source);
        let end = content.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(content.len());
        content.get(..end).unwrap_or_default()
    }

    /// A tag of the same kind and white space marks around other content.
    #[must_use]
    pub fn with_content(&self, content: &str) -> String {
        let (open, close) = match self.kind {
            SegmentKind::Expression => ("{{", "}}"),
            SegmentKind::Comment => ("{#", "#}"),
            _ => ("{%", "%}"),
        };
        let before = if self.trims_before { "-" } else { "" };
        let after = if self.trims_after { "-" } else { "" };
        format!("{open}{before} {content} {after}{close}")
    }

    /// A tag that does nothing but eat the white space that this one eats.
    #[must_use]
    pub fn emptied(&self) -> String {
        Self { kind: SegmentKind::Comment, ..self.clone() }.with_content("")
    }
}

/// Whether the text could hold a tag at all. Cheap; for deciding not to render.
#[must_use]
pub fn has_marker(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || (text.contains("{#") && text.contains("#}"))
}

/// Cuts a template. Tags that are never closed are text.
#[must_use]
pub fn split(source: &str) -> Vec<Segment> {
    let scan_budget = source.len().saturating_mul(8);
    Splitter { source, segments: Vec::new(), text_start: 0, line: 1, raw_closed_out: false, scan_budget }.run()
}

struct Splitter<'a> {
    source: &'a str,
    segments: Vec<Segment>,
    text_start: usize,
    line: u32,
    raw_closed_out: bool,
    /// Bytes that may still be looked at in search of closing delimiters beyond the nearest one.
    scan_budget: usize,
}

impl Splitter<'_> {
    fn run(mut self) -> Vec<Segment> {
        let mut at = 0;
        // A delimiter that does not occur any more is not searched again.
        let mut closed_out = [false; 3];
        while let Some(open) = self.next_open(at) {
            let (kind, closer, slot) = match self.source.as_bytes().get(open + 1) {
                Some(b'{') => (SegmentKind::Expression, "}}", 0),
                Some(b'%') => (SegmentKind::Block, "%}", 1),
                _ => (SegmentKind::Comment, "#}", 2),
            };
            let seen = closed_out.get(slot).copied().unwrap_or(true);
            let nearest = if seen { None } else { self.find(closer, open + 2) };
            if let (None, Some(flag)) = (nearest, closed_out.get_mut(slot)) {
                *flag = true;
            }
            at = match nearest.filter(|close| close - open <= LONGEST_TAG) {
                Some(nearest) => self.tag(kind, open, (nearest, closer)),
                None => open + 2,
            };
        }
        self.push_text(self.source.len());
        self.segments
    }

    fn next_open(&self, from: usize) -> Option<usize> {
        let bytes = self.source.as_bytes();
        let mut at = from;
        loop {
            at += bytes.get(at..)?.iter().position(|byte| *byte == b'{')?;
            if matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')) {
                return Some(at);
            }
            at += 1;
        }
    }

    fn find(&self, wanted: &str, from: usize) -> Option<usize> {
        self.source.get(from..)?.find(wanted).map(|offset| from + offset)
    }

    /// Takes the tag that opens at `open`; gives the offset after it.
    fn tag(&mut self, kind: SegmentKind, open: usize, (nearest, closer): (usize, &str)) -> usize {
        let close = if kind == SegmentKind::Comment { nearest } else { self.close_of(open + 2, closer, nearest) };
        let mut segment = self.segment(kind, open..close + 2, open + 2..close);
        let is_raw = segment.keyword(self.source) == "raw";
        if let Some(end) = if is_raw { self.end_of_raw(segment.range.end) } else { None } {
            segment = self.segment(SegmentKind::Raw, open..end, open..end);
        }
        let end = segment.range.end;
        self.push_text(open);
        segment.line = self.line;
        self.line = self.line.saturating_add(newlines(segment.text(self.source)));
        self.segments.push(segment);
        self.text_start = end;
        end
    }

    fn segment(&self, kind: SegmentKind, range: Range<usize>, inner: Range<usize>) -> Segment {
        let bytes = self.source.as_bytes();
        let mut segment =
            Segment { kind, range, inner: inner.clone(), line: self.line, trims_before: false, trims_after: false };
        if kind != SegmentKind::Raw {
            segment.trims_before = bytes.get(inner.start) == Some(&b'-');
            let marked = segment.trims_before || bytes.get(inner.start) == Some(&b'+');
            segment.inner.start += usize::from(marked && inner.start < inner.end);
            if segment.inner.start < inner.end {
                segment.trims_after = bytes.get(inner.end - 1) == Some(&b'-');
                let marked = segment.trims_after || bytes.get(inner.end - 1) == Some(&b'+');
                segment.inner.end -= usize::from(marked);
            }
        }
        segment
    }

    /// The closing delimiter outside of strings and brackets; the nearest one where there is no such.
    fn close_of(&mut self, from: usize, closer: &str, nearest: usize) -> usize {
        let bytes = self.source.as_bytes();
        let (mut at, mut depth, mut quote) = (from, 0_usize, None::<u8>);
        let last = bytes.len().min(from.saturating_add(LONGEST_TAG)).min(from.saturating_add(self.scan_budget));
        while at < last {
            let byte = bytes.get(at).copied().unwrap_or_default();
            match quote {
                Some(_) if byte == b'\\' => at += 1,
                Some(open) if byte == open => quote = None,
                Some(_) => {}
                None if depth == 0 && bytes.get(at..at + 2) == Some(closer.as_bytes()) => return self.spend(from, at),
                None => match byte {
                    b'\'' | b'"' => quote = Some(byte),
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                },
            }
            at += 1;
        }
        self.spend(from, last);
        nearest
    }

    fn spend(&mut self, from: usize, to: usize) -> usize {
        self.scan_budget = self.scan_budget.saturating_sub(to.saturating_sub(from));
        to
    }

    /// The end of the `{% endraw %}` after `from`. Once there is none, there never will be.
    fn end_of_raw(&mut self, from: usize) -> Option<usize> {
        if self.raw_closed_out {
            return None;
        }
        let mut at = from;
        while let Some(word) = self.find("endraw", at) {
            let before = self.source.get(from..word)?.trim_end_matches(['-', '+', ' ', '\t', '\n', '\r']);
            let after = self.source.get(word + "endraw".len()..)?;
            let rest = after.trim_start_matches(['-', '+', ' ', '\t', '\n', '\r']);
            if before.ends_with("{%") && rest.starts_with("%}") {
                return Some(self.source.len() - rest.len() + 2);
            }
            at = word + "endraw".len();
        }
        self.raw_closed_out = true;
        None
    }

    fn push_text(&mut self, end: usize) {
        if self.text_start < end {
            let range = self.text_start..end;
            let line = self.line;
            let segment = Segment {
                kind: SegmentKind::Text,
                inner: range.clone(),
                range,
                line,
                trims_before: false,
                trims_after: false,
            };
            self.line = self.line.saturating_add(newlines(segment.text(self.source)));
            self.segments.push(segment);
        }
        self.text_start = end;
    }
}

/// How many line ends a text holds.
#[must_use]
pub fn newlines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<(SegmentKind, &str, u32)> {
        split(source).iter().map(|segment| (segment.kind, segment.text(source), segment.line)).collect()
    }

    #[test]
    fn text_and_tags_alternate_with_their_lines() {
        use SegmentKind::{Block, Comment, Expression, Raw, Text};
        assert_eq!(
            cut("a\n{{ b }}{% if '%}' %}\n{# c\n #}{% raw %}{{ x }}{% endraw %}z"),
            [
                (Text, "a\n", 1),
                (Expression, "{{ b }}", 2),
                (Block, "{% if '%}' %}", 2),
                (Text, "\n", 2),
                (Comment, "{# c\n #}", 3),
                (Raw, "{% raw %}{{ x }}{% endraw %}", 4),
                (Text, "z", 4),
            ]
        );
    }

    #[test]
    fn braces_inside_an_expression_do_not_close_it() {
        let source = "{{ f({'a': {'b': 1}}) }}!";
        assert_eq!(cut(source)[0].1, "{{ f({'a': {'b': 1}}) }}");
    }

    #[test]
    fn white_space_marks_belong_to_the_tag() {
        let source = "{%- set x = 1 -%}{{- y }}";
        let segments = split(source);
        assert_eq!(segments[0].content(source), "set x = 1");
        assert!(segments[0].trims_before && segments[0].trims_after);
        assert!(segments[1].trims_before && !segments[1].trims_after);
        assert_eq!(segments[0].with_content("do x"), "{%- do x -%}");
        assert_eq!(split("{{-}}")[0].content("{{-}}"), "");
    }

    #[test]
    fn a_tag_that_is_never_closed_is_text() {
        assert_eq!(cut("like '%{%' or {{ x").len(), 1);
        assert_eq!(cut("{{ ' }} z")[0].1, "{{ ' }}");
    }

    #[test]
    fn a_megabyte_of_open_brackets_is_cut_in_no_time() {
        for unit in ["{{(}}", "{{ ", "{% raw %}", "{{'}}\""] {
            let source = unit.repeat(200_000);
            let total: usize = split(&source).iter().map(|segment| segment.range.len()).sum();
            assert_eq!(total, source.len());
        }
    }
}
