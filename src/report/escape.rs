//! One function per place that text is written to: Markdown text, Markdown code, code in a table cell, fenced block,
//! Mermaid label, HTML, terminal.
//!
//! Every text that comes from a repository or an API is hostile. After these functions it can neither form a link, an
//! image, a mention, a reference, a tag or a diagram directive, nor hide behind characters that nobody sees. They
//! escape; they do not hide secrets (`report::redact` does, before).

use std::collections::BTreeSet;

/// Renderers count the backticks that open code or a fence only so far (cmark: 80 and 255); a longer run would open
/// nothing, and what follows it would be read as markup.
const MOST_BACKTICKS: usize = 20;

/// Breaks a reference without being seen. An HTML entity, so that the source of the comment still shows it.
pub(in crate::report) const BREAK: &str = "&#8203;";

/// Cuts a text to so many characters, an ellipsis in its middle: the ends of a name say most.
#[must_use]
pub fn clip(text: &str, max: usize) -> String {
    let length = text.chars().count();
    if length <= max {
        return text.to_owned();
    }
    let tail = max / 3;
    let head = max.saturating_sub(tail + 1);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// Makes control characters, invisible characters and changes of writing direction visible, as `⟨U+202E⟩`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut previous = None;
    for character in text.chars() {
        if is_hidden(character, previous) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)));
        } else {
            shown.push(character);
        }
        previous = Some(character);
    }
    shown
}

/// Joiners and variation selectors belong to scripts and emoji; after ASCII they only make two names look alike.
fn is_hidden(character: char, previous: Option<char>) -> bool {
    match character {
        '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' => previous.is_none_or(|before| before.is_ascii()),
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{3164}' | '\u{FEFF}'
        | '\u{FFA0}' => true,
        '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' => true,
        other => other.is_control(),
    }
}

/// White space of every kind, line ends included, becomes one blank.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text that runs along in a Markdown sentence or table cell: shown letter by letter, on one line.
#[must_use]
pub fn markdown_text(text: &str) -> String {
    let characters: Vec<char> = visible(&on_one_line(text)).chars().collect();
    let breaks = hexadecimal_breaks(&characters);
    let mut escaped = String::with_capacity(text.len() + 16);
    for (index, &character) in characters.iter().enumerate() {
        push_markdown(&mut escaped, character, index == 0 || is_list_mark(&characters, index));
        let rest = characters.get(index + 1..).unwrap_or_default();
        let before = characters.get(..index).unwrap_or_default();
        if starts_reference(before, character, rest) || breaks.contains(&index) {
            escaped.push_str(BREAK);
        }
    }
    escaped
}

/// `1.` at the start of a text would begin a list.
fn is_list_mark(characters: &[char], index: usize) -> bool {
    index < 10 && characters.iter().take(index).all(char::is_ascii_digit)
}

fn push_markdown(escaped: &mut String, character: char, leads: bool) {
    match character {
        '&' => escaped.push_str("&amp;"),
        '<' => escaped.push_str("&lt;"),
        '>' => escaped.push_str("&gt;"),
        '|' => escaped.push_str("&#124;"),
        '$' => escaped.push_str("&#36;"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '~' => {
            escaped.push('\\');
            escaped.push(character);
        }
        _ => {
            if leads && character.is_ascii_punctuation() {
                escaped.push('\\');
            }
            escaped.push(character);
        }
    }
}

/// Whether `character` and what follows would be read as a reference: `@user`, `#1`, `!2`, `GH-3`, `ABC-4`, `://`,
/// `www.`, `:100:` (an emoji), and GitLab's `~label`, `%milestone`, `&epic`, `$snippet`, `^alert`, `[kind:5]`.
fn starts_reference(before: &[char], character: char, rest: &[char]) -> bool {
    let Some(&next) = rest.first() else { return false };
    match character {
        '@' => !next.is_whitespace(),
        '#' | '!' | '%' | '~' | '&' | '$' | '^' | '[' | '*' => next.is_alphanumeric() || matches!(next, '"' | '_'),
        '-' => next.is_ascii_digit() && before.last().is_some_and(char::is_ascii_alphanumeric),
        ':' => next == '/' || is_shortcode(rest),
        'w' | 'W' => next == '.' && before.iter().rev().take(2).filter(|c| c.eq_ignore_ascii_case(&'w')).count() == 2,
        _ => false,
    }
}

fn is_shortcode(rest: &[char]) -> bool {
    let name = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-')).count();
    name > 0 && rest.get(name) == Some(&':')
}

/// Positions after which a run of hexadecimal digits is broken, so that it cannot be taken for a commit.
fn hexadecimal_breaks(characters: &[char]) -> BTreeSet<usize> {
    let mut breaks = BTreeSet::new();
    let mut start = 0;
    for word in characters.split(|character| !character.is_ascii_alphanumeric()) {
        if word.len() >= 7 && word.iter().all(char::is_ascii_hexdigit) {
            breaks.extend((1..=word.len() / 6).map(|group| start + group * 6 - 1));
        }
        start += word.len() + 1;
    }
    breaks
}

/// A name as Markdown code, on one line.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let shown = shorten_ticks(&defuse_comment(&visible(text)));
    if shown.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&shown, '`') + 1);
    let stripped = shown.starts_with(' ') && shown.ends_with(' ');
    let pad = if shown.starts_with('`') || shown.ends_with('`') || stripped { " " } else { "" };
    format!("{ticks}{pad}{shown}{pad}{ticks}")
}

/// A name as Markdown code inside a table, where a bar ends the cell even within code.
#[must_use]
pub fn markdown_code_cell(text: &str) -> String {
    // `\\|` is read differently by different renderers: a bar after a backslash becomes a broken bar.
    markdown_code(&text.replace("\\|", "\\¦")).replace('|', "\\|")
}

/// A fenced block: the fence is longer than any run of backticks inside. Lines keep their ends.
#[must_use]
pub fn markdown_fence(language: &str, text: &str) -> String {
    let line = |line: &str| shorten_ticks(&defuse_comment(&visible(&line.replace('\t', "    "))));
    let shown: Vec<String> = text.lines().map(line).collect();
    let shown = shown.join("\n");
    let ticks = "`".repeat(longest_run(&shown, '`').max(2) + 1);
    format!("{ticks}{language}\n{shown}\n{ticks}\n")
}

/// Code may show `<!--`; but a comment's marker is searched as text, so that nothing from outside may look like one.
fn defuse_comment(text: &str) -> String {
    text.replace("<!--", "‹!--")
}

/// Long runs of backticks as their number: `⟨U+0060 × 90⟩`.
fn shorten_ticks(text: &str) -> String {
    if longest_run(text, '`') <= MOST_BACKTICKS {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let (before, from) = rest.split_at(start);
        let after = from.trim_start_matches('`');
        let run = from.len() - after.len();
        shown.push_str(before);
        shown.push_str(&if run > MOST_BACKTICKS { format!("⟨U+0060 × {run}⟩") } else { "`".repeat(run) });
        rest = after;
    }
    shown + rest
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|character| character != wanted).map(str::len).max().unwrap_or(0)
}

/// A label between double quotes in a Mermaid diagram: anything but letters, digits and a few signs becomes `#code;`.
#[must_use]
pub fn mermaid_label(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for character in visible(text).chars() {
        if character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '/' | ' ' | '(' | ')' | ',' | '…') {
            label.push(character);
        } else {
            label.push_str(&format!("#{};", u32::from(character)));
        }
    }
    label
}

/// Text in HTML, and in double-quoted attributes.
#[must_use]
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text on a terminal, on one line: escape sequences are shown, not obeyed.
#[must_use]
pub fn terminal(text: &str) -> String {
    visible(&text.replace(['\n', '\r', '\t'], " "))
}

/// A path as the path of a URL: every byte but unreserved ones and `/` percent-encoded.
#[must_use]
pub fn url_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// An address as the target of a Markdown link: the characters that would end it, or a table cell, percent-encoded.
#[must_use]
pub fn markdown_url(url: &str) -> String {
    let mut target = String::with_capacity(url.len());
    for character in url.chars() {
        if matches!(character, '(' | ')' | '<' | '>' | '|' | '\\' | '`' | '"' | '\'' | '[' | ']' | ' ')
            || character.is_control()
        {
            target.push_str(&url_path(&character.to_string()));
        } else {
            target.push(character);
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_in_prose_are_broken_and_stay_readable() {
        for (text, broken) in [
            ("ask @octocat", "ask @&#8203;octocat"),
            ("a@b.example", "a@&#8203;b.example"),
            ("see #1 and GH-2", "see #&#8203;1 and GH-&#8203;2"),
            ("owner/repo#3", "owner/repo#&#8203;3"),
            ("merge !4 or ABC-5", "merge !&#8203;4 or ABC-&#8203;5"),
            ("http://x.example", "http:&#8203;//x.example"),
            ("WWW.x.example", "WWW&#8203;.x.example"),
            ("a.sql:100:5", "a.sql:&#8203;100:5"),
            ("at deadbeef1", "at deadbe&#8203;ef1"),
        ] {
            assert_eq!(markdown_text(text), broken, "{text}");
        }
        assert_eq!(markdown_text("Expected: end, found: x at 3:9"), "Expected: end, found: x at 3:9");
    }

    #[test]
    fn a_whole_commit_id_leaves_no_run_of_seven_digits() {
        let shown = markdown_text("0123456789abcdef0123456789abcdef01234567 and x0123456789");
        assert!(shown.replace("&#8203;", " ").split(' ').take(7).all(|run| run.len() < 7), "{shown}");
    }

    #[test]
    fn markup_in_prose_is_shown_as_text() {
        assert_eq!(markdown_text("[a](b) ![c](d)"), "\\[&#8203;a\\](b) !\\[&#8203;c\\](d)");
        assert_eq!(markdown_text("<b> & `x` | *y*"), "&lt;b&gt; &amp; \\`x\\` &#124; \\*&#8203;y\\*");
        assert_eq!(markdown_text("# title"), "\\# title");
        assert_eq!(markdown_text("12. item"), "12\\. item");
        assert_eq!(markdown_text("two\n\n- lines\r\n"), "two - lines");
    }

    #[test]
    fn a_text_that_is_read_backwards_or_not_at_all_is_made_visible() {
        assert_eq!(markdown_text("a\u{202E}b"), "a⟨U+202E⟩b");
        assert_eq!(markdown_code("a\nb\u{0}"), "`a⟨U+000A⟩b⟨U+0000⟩`");
        assert_eq!(terminal("\u{1b}[31mred\u{7}"), "⟨U+001B⟩[31mred⟨U+0007⟩");
        assert_eq!(visible("a\u{200D}b"), "a⟨U+200D⟩b");
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(visible(family), family);
    }

    #[test]
    fn code_outlasts_the_backticks_within() {
        assert_eq!(markdown_code("a`b"), "``a`b``");
        assert_eq!(markdown_code("``a"), "``` ``a ```");
        assert_eq!(markdown_code(" a "), "`  a  `");
        assert_eq!(markdown_code(""), "(empty)");
        assert_eq!(markdown_fence("diff", "+ ````\n+ b"), "`````diff\n+ ````\n+ b\n`````\n");
        assert_eq!(markdown_code("<!-- marker -->"), "`‹!-- marker -->`");
    }

    #[test]
    fn more_backticks_than_a_renderer_counts_are_told_by_their_number() {
        let many = "`".repeat(90);
        assert_eq!(markdown_code(&format!("`a{many}<b>")), "`` `a⟨U+0060 × 90⟩<b> ``");
        assert_eq!(markdown_fence("diff", &many), "```diff\n⟨U+0060 × 90⟩\n```\n");
    }

    #[test]
    fn a_bar_never_ends_a_table_cell() {
        assert_eq!(markdown_code_cell("a|b"), "`a\\|b`");
        assert_eq!(markdown_code_cell("a\\|b"), "`a\\¦b`");
    }

    #[test]
    fn a_label_cannot_leave_its_quotes_or_give_directives() {
        assert_eq!(mermaid_label("a\"]; b"), "a#34;#93;#59; b");
        assert_eq!(mermaid_label("%%{init}%%"), "#37;#37;#123;init#125;#37;#37;");
        assert_eq!(mermaid_label("übung.größe"), "übung.größe");
    }

    #[test]
    fn html_text_and_attributes_hold_no_tag() {
        assert_eq!(html("<a href=\"x\" b='y'>&\u{202E}"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;⟨U+202E⟩");
    }

    #[test]
    fn paths_in_links_are_encoded_byte_by_byte() {
        assert_eq!(url_path("a b/ü(1)#?.sql"), "a%20b/%C3%BC%281%29%23%3F.sql");
        assert_eq!(markdown_url("https://h/a(b)|c"), "https://h/a%28b%29%7Cc");
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(clip("abcdefghij", 7), "abcd…ij");
        assert_eq!(clip("abc", 3), "abc");
    }
}
