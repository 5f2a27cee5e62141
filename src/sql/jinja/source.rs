//! The template text that minijinja gets: macros first, then the file's segments, some of them rewritten; and the way back
//! from an offset in that text to the file's line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::library;
use super::mutable::{MUTABLE, mutated_names};
use super::segment::{Segment, SegmentKind, newlines};

/// The function that hands a macro's value to the root of names: `{% do __register(index, macro) %}`.
pub const REGISTER: &str = "__register";

/// The same for a shared macro, by its own index.
pub const REGISTER_SHARED: &str = "__register_shared";

/// The function that makes a value fit for several names: `set a, b = __unpack((value), 2)`.
pub const UNPACK: &str = "__unpack";
/// A name that is set and never read.
const NOBODY: &str = "__nobody";

/// The name under which the macro of an index is defined inside the template.
#[must_use]
pub fn macro_variable(index: usize) -> String {
    format!("__macro_{index}")
}

/// A macro of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MacroText {
    /// A text that defines [`macro_variable`] of the macro's place in the job.
    Own(String),
    /// The one of an index in the job's library.
    Shared(usize),
}

/// Where a stretch of the built text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A macro of the job, by its index.
    Macro(usize),
    /// A segment of the file, by its index.
    Segment(usize),
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where it starts in the built text.
    start: usize,
    line: u32,
    verbatim: bool,
    origin: Origin,
}

/// A built template.
pub struct BuiltSource {
    /// The text for minijinja.
    pub text: String,
    pieces: Vec<Piece>,
}

impl BuiltSource {
    /// Puts a template together, with macros by their place in the job. Segments that `replaced` names stand as it says.
    #[must_use]
    pub fn build(source: &str, segments: &[Segment], macros: &[(usize, &MacroText)], replaced: &Replacements) -> Self {
        let mut built = Self { text: String::with_capacity(source.len() + 64), pieces: Vec::new() };
        for (index, text) in macros {
            let piece = Piece { start: 0, line: 0, verbatim: false, origin: Origin::Macro(*index) };
            match text {
                MacroText::Own(text) => {
                    let variable = macro_variable(*index);
                    built.push(text, piece);
                    built.push(&format!("{{% do {REGISTER}({index}, {variable}) %}}"), piece);
                }
                MacroText::Shared(index) => built.push(&library::tag(*index), piece),
            }
        }
        let mutated = mutated_names(source);
        for (index, segment) in segments.iter().enumerate() {
            let rewritten = Piece { start: 0, line: segment.line, verbatim: false, origin: Origin::Segment(index) };
            let verbatim = Piece { verbatim: true, ..rewritten };
            let text = segment.text(source);
            if let Some(replacement) = replaced.get(&index) {
                built.push(replacement, rewritten);
            } else if let Some(tag) = adapted_tag(segment, source, &mutated) {
                built.push(&tag, rewritten);
            } else if segment.kind == SegmentKind::Text && opens_a_tag(text) {
                // minijinja would take an opening delimiter that is never closed for a mistake.
                built.push(&format!("{{% raw %}}{text}{{% endraw %}}"), verbatim);
            } else {
                built.push(text, verbatim);
            }
        }
        built
    }

    fn push(&mut self, text: &str, from: Piece) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.text.len(), ..from });
            self.text.push_str(text);
        }
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.start <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }

    /// Where the text at an offset comes from.
    #[must_use]
    pub fn origin(&self, offset: usize) -> Option<Origin> {
        self.piece(offset).map(|piece| piece.origin)
    }

    /// The file's line of an offset; 0 inside of a macro.
    #[must_use]
    pub fn line(&self, offset: usize) -> u32 {
        match self.piece(offset) {
            Some(Piece { origin: Origin::Macro(_), .. }) | None => 0,
            Some(piece) if piece.verbatim => {
                let before = self.text.get(piece.start..offset).unwrap_or_default();
                piece.line.saturating_add(newlines(before))
            }
            Some(piece) => piece.line,
        }
    }

    /// A range of the text.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

/// Segments (by index) that stand as another text.
pub type Replacements = BTreeMap<usize, String>;

/// Whether a text segment holds an opening delimiter.
fn opens_a_tag(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}

/// A tag in words that minijinja knows; `None` where it knows them as they are.
fn adapted_tag(segment: &Segment, source: &str, mutated: &BTreeSet<&str>) -> Option<String> {
    if !matches!(segment.kind, SegmentKind::Expression | SegmentKind::Block) {
        return None;
    }
    let content = segment.content(source);
    let keyword = segment.keyword(source);
    let is_value = segment.kind == SegmentKind::Expression || keyword == "set";
    let completed = match keyword {
        "do" => as_assignment(content),
        _ if is_value => with_else(content),
        _ => None,
    };
    let completed = shifted(completed.as_deref().unwrap_or(content)).or(completed);
    let plain = in_plain_signs(completed.as_deref().unwrap_or(content)).or(completed);
    let content = plain.as_deref().unwrap_or(content);
    if let Some(unpacked) = if keyword == "set" { unpacked(content) } else { None } {
        return Some(segment.with_content(&unpacked));
    }
    let assigned = if keyword == "set" { assignment(content) } else { None };
    match assigned.filter(|(name, _)| mutated.contains(name)) {
        Some((name, value)) => Some(segment.with_content(&format!("set {name} = {MUTABLE}({value})"))),
        // Odd spaces at the ends are gone from the content already, and not from the tag.
        None if plain.is_some() || segment.text(source).contains(odd_space) => Some(segment.with_content(content)),
        None => None,
    }
}

/// The name and the value of `set name = value`; `None` for blocks (`set name`) and for several names.
#[must_use]
pub fn assignment(content: &str) -> Option<(&str, &str)> {
    let (name, value) = content.strip_prefix("set")?.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    (is_name && !value.starts_with('=')).then(|| (name, value.trim()))
}

/// `do x.append(y) if z`, which minijinja does not take, as the setting of a name that nobody reads.
fn as_assignment(content: &str) -> Option<String> {
    let done = content.strip_prefix("do")?.trim();
    with_else(done).map(|completed| format!("set {NOBODY} = {completed}"))
}

/// `set a, b = value` with a value of as many items also where it is a hole.
fn unpacked(content: &str) -> Option<String> {
    let (names, value) = content.strip_prefix("set")?.split_once('=')?;
    let is_names = names.contains(',')
        && names.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ',') || c.is_whitespace());
    let count = names.split(',').filter(|name| !name.trim().is_empty()).count();
    (is_names && !value.starts_with('=')).then(|| format!("set{names}= {UNPACK}(({}), {count})", value.trim()))
}

/// A moment less or more a time span, which minijinja does not compute, as a method of the moment.
fn shifted(content: &str) -> Option<String> {
    const SPAN: &str = "timedelta(";
    let mut result = String::with_capacity(content.len());
    let (mut done, mut changed) = (0, false);
    while let Some(found) = content.get(done..).and_then(|rest| rest.find(SPAN)) {
        let (start, open) = (done + found, done + found + SPAN.len());
        let before = content.get(done..start)?;
        let path = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let left = path.trim_end().strip_suffix(['-', '+']).map(str::trim_end);
        let end = closing(content.get(open..)?).map(|length| open + length);
        let (Some(left), Some(end)) = (left.filter(|left| ends_value(left)), end) else {
            result.push_str(content.get(done..open)?);
            done = open;
            continue;
        };
        let span = before.get(path.len()..)?;
        result.push_str(&format!("{left}.shift({span}{}", content.get(start..=end)?));
        result.push(')');
        (done, changed) = (end + 1, true);
    }
    result.push_str(content.get(done..)?);
    changed.then_some(result)
}

fn ends_value(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ')' | ']'))
}

/// The offset of the bracket that closes what is open before a text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(offset),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a character is a space beyond ASCII, which minijinja takes for none.
fn odd_space(character: char) -> bool {
    !character.is_ascii() && character.is_whitespace()
}

/// An expression without what Jinja takes and minijinja does not: plus signs before numbers, spaces beyond ASCII. `None` where
/// it has neither.
fn in_plain_signs(expression: &str) -> Option<String> {
    if !expression.contains('+') && !expression.contains(odd_space) {
        return None;
    }
    let mut result = String::with_capacity(expression.len());
    let (mut quote, mut before) = (None, '(');
    for character in expression.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None if character == '+' && matches!(before, '=' | '(' | ',' | '[') => continue,
            None if odd_space(character) => {
                result.push(' ');
                continue;
            }
            None => {}
        }
        if !character.is_whitespace() {
            before = character;
        }
        result.push(character);
    }
    (result != expression).then_some(result)
}

/// An expression `a if b` with an `else ''`, which is what Jinja prints; `None` where it is none. Without it the value would be
/// undefined, and stand for a hole.
fn with_else(expression: &str) -> Option<String> {
    if !expression.contains("if") {
        return None;
    }
    let (mut quote, mut depth, mut word) = (None, 0_usize, String::new());
    let (mut has_if, mut has_else) = (false, false);
    for character in expression.chars().chain([' ']) {
        let in_word = character.is_alphanumeric() || character == '_';
        let level = depth;
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if in_word => {
                word.push(character);
                continue;
            }
            None => match character {
                '\'' | '"' => quote = Some(character),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
        has_if |= level == 0 && word == "if";
        has_else |= level == 0 && word == "else";
        word.clear();
    }
    (has_if && !has_else).then(|| format!("{expression} else ''"))
}

/// A template's text with its tags in words that minijinja knows: lists that can be changed, plain signs.
#[must_use]
pub fn adapted(source: &str) -> String {
    let mutated = mutated_names(source);
    let is_plain = !["+", " if", ",", "timedelta("].iter().any(|sign| source.contains(sign));
    if mutated.is_empty() && is_plain && source.is_ascii() {
        return source.to_owned();
    }
    let segments = super::segment::split(source);
    let adapt =
        |segment: &Segment| adapted_tag(segment, source, &mutated).unwrap_or_else(|| segment.text(source).to_owned());
    segments.iter().map(adapt).collect()
}

#[cfg(test)]
mod tests {
    use super::super::segment::split;
    use super::*;

    #[test]
    fn offsets_lead_back_to_lines_of_the_file() {
        let source = "a\n{{ b }}\nc {% x";
        let own = MacroText::Own("{% macro __macro_3() %}\n\n{% endmacro %}".to_owned());
        let macros = [(3, &own)];
        let built = BuiltSource::build(source, &split(source), &macros, &Replacements::new());
        let at = |wanted: &str| built.text.rfind(wanted).expect("there");
        assert_eq!(built.line(at("{{ b }}")), 2);
        assert_eq!(built.line(at("c ")), 3);
        assert_eq!(built.line(0), 0);
        assert_eq!(built.origin(0), Some(Origin::Macro(3)));
        assert!(built.text.contains("{% do __register(3, __macro_3) %}"));
        assert!(built.text.ends_with("{% raw %}\nc {% x{% endraw %}"));
    }

    #[test]
    fn only_lists_that_are_changed_are_wrapped() {
        let source = "{%- set a = [] -%}{% set b = [] %}{% do a.append(1) %}{% set c %}x{% endset %}";
        let built = adapted(source);
        assert!(built.starts_with("{%- set a = __mutable([]) -%}{% set b = [] %}"));
        assert!(built.ends_with("{% set c %}x{% endset %}"));
    }

    #[test]
    fn signs_that_minijinja_does_not_take_go() {
        assert_eq!(in_plain_signs("f(a= +1, '(+', b + 1)").as_deref(), Some("f(a= 1, '(+', b + 1)"));
        assert_eq!(in_plain_signs("f(\u{a0}'\u{a0}')").as_deref(), Some("f( '\u{a0}')"));
        assert_eq!(in_plain_signs("a + b"), None);
    }

    #[test]
    fn odd_spaces_at_the_end_of_a_tag_go() {
        assert_eq!(adapted("{{ f(x)\u{a0} }}{% if a\u{a0}%}"), "{{ f(x) }}{% if a %}");
    }

    #[test]
    fn a_step_under_a_condition_sets_a_name_that_nobody_reads() {
        assert_eq!(adapted("{% do f(x) if y %}{% do f(x) %}"), "{% set __nobody = f(x) if y else '' %}{% do f(x) %}");
    }

    #[test]
    fn several_names_take_a_value_that_is_not_known() {
        assert_eq!(adapted("{% set a, b = f(x, y) %}"), "{% set a, b = __unpack((f(x, y)), 2) %}");
        assert_eq!(adapted("{% set a = f(x, y) %}"), "{% set a = f(x, y) %}");
    }

    #[test]
    fn time_spans_are_added_by_a_method() {
        let text = "{{ (m.now() - m.timedelta(days=f(1))).x + timedelta(1) }}";
        assert_eq!(
            shifted(text).as_deref(),
            Some("{{ (m.now().shift(m.timedelta(days=f(1)))).x.shift(timedelta(1)) }}")
        );
        assert_eq!(shifted("m.timedelta(days=1)"), None);
    }

    #[test]
    fn a_condition_without_else_gives_nothing() {
        assert_eq!(with_else("',' if not loop.last").as_deref(), Some("',' if not loop.last else ''"));
        assert_eq!(with_else("a if (b) else c"), None);
        assert_eq!(with_else("f('x if y', (a if b))"), None);
        assert_eq!(with_else("iff"), None);
    }

    #[test]
    fn an_assignment_has_one_name() {
        assert_eq!(assignment("set x = 1 == 2"), Some(("x", "1 == 2")));
        assert_eq!(assignment("set ns.x = 1"), Some(("ns.x", "1")));
        assert_eq!(assignment("set x"), None);
        assert_eq!(assignment("set a, b = f()"), None);
    }
}
