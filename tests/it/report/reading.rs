//! A page as a strict reader of GitHub's and GitLab's Markdown sees it: every line is taken apart into code, our own
//! tags and links, and text. Whatever is none of these is markup that came from outside, and a panic says where.
//!
//! It knows only the little Markdown that our pages use, and allows nothing else.

/// Where links of the samples lead.
const OWN_LINK: &str = "](<https://github.com/acme/warehouse/blob/9f8e7d6/";
const OWN_TAGS: [&str; 7] = ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<br>"];
/// A line starts with one of these, or with text.
const OWN_STARTS: [&str; 5] = ["### ", "#### ", "- ", "| ", "**"];
/// Entities that our escapes write, and what the reader sees.
const ENTITIES: [(&str, char); 6] =
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&#124;", '|'), ("&#36;", '$'), ("&#8203;", '\u{200b}')];
/// cmark gives up counting after so many.
const MOST_TICKS: usize = 80;

/// A line, taken apart.
#[derive(Default)]
struct Line {
    /// The text as it is shown, without code: forges look here for mentions, references and addresses.
    seen: String,
    folds_opened: usize,
    folds_closed: usize,
    /// Bars that divide cells.
    bars: usize,
}

/// Reads a whole page; panics at the first thing on it that is not ours.
pub fn read(page: &str) {
    assert!(!page.contains("<!--"), "a comment in\n{page}");
    assert!(!page.contains('\r'), "a bare line end in\n{page}");
    let mut open_folds = 0;
    let mut cells = None;
    for line in outside_fences(page) {
        check_start(line);
        let read = read_line(line);
        check_seen(&read.seen, line);
        open_folds += read.folds_opened;
        assert!(read.folds_closed <= open_folds, "a fold is closed twice in\n{page}");
        open_folds -= read.folds_closed;
        if line.starts_with("| ") {
            assert_eq!(*cells.get_or_insert(read.bars), read.bars, "a torn row: {line}");
        } else {
            assert_eq!(read.bars, 0, "a bar outside of a table: {line}");
            cells = None;
        }
    }
    assert_eq!(open_folds, 0, "a fold is open at the end of\n{page}");
}

/// Lines outside of fenced blocks, after a check that every fence is closed.
fn outside_fences(page: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut fence: Option<usize> = None;
    for line in page.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let marks = line.trim_start_matches(' ').trim_end_matches([' ', '\t']);
        let ticks = marks.len() - marks.trim_start_matches('`').len();
        match fence {
            Some(open) if indent <= 3 && ticks >= open && marks.len() == ticks => fence = None,
            Some(_) => {}
            // An opening fence has no further backtick; else it is code in a line.
            None if ticks >= 3 && !marks[ticks..].contains('`') => {
                assert!(["mermaid", "diff"].contains(&&marks[ticks..]), "a fence that is not ours: {line}");
                assert!(ticks <= MOST_TICKS, "a fence that is too long: {line}");
                fence = Some(ticks);
            }
            None => lines.push(line),
        }
    }
    assert_eq!(fence, None, "a fence is open at the end of\n{page}");
    lines
}

/// No line begins a block that we never write: a quotation, another list, a heading, a rule, code by indentation.
fn check_start(line: &str) {
    let rest = OWN_STARTS.iter().find_map(|start| line.strip_prefix(start)).unwrap_or(line);
    let first = rest.chars().next();
    assert!(!first.is_some_and(|first| first.is_whitespace() || ">#+=~".contains(first)), "a block in {line}");
    let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    assert!(digits == 0 || !rest[digits..].starts_with(['.', ')']), "a list in {line}");
    let rule = !line.is_empty() && line.chars().all(|character| "-=*_ ".contains(character));
    assert!(!rule, "a rule, or a heading by underlining: {line}");
}

fn read_line(line: &str) -> Line {
    let mut read = Line::default();
    let mut strong = false;
    // The only signs of our own that no escape is needed for.
    let heading = line.strip_prefix("### ").or_else(|| line.strip_prefix("#### "));
    let mut rest = heading.unwrap_or(line);
    while let Some(first) = rest.chars().next() {
        if "`[<".contains(first) {
            // Another node begins: nothing is one word with what stands before it.
            read.seen.push('\n');
        }
        let taken = match first {
            '\\' => escaped(rest, &mut read),
            '`' => code(rest, line),
            '[' => link(rest, line),
            '<' => tag(rest, line, &mut read),
            '&' => entity(rest, line, &mut read),
            '*' => {
                assert!(rest.starts_with("**"), "emphasis in {line}");
                strong = !strong;
                2
            }
            '|' => {
                read.bars += 1;
                1
            }
            ']' | '_' | '~' | '$' | '{' | '}' | '>' => panic!("markup by {first:?} in {line}"),
            text => {
                assert!(!text.is_control(), "a control character in {line:?}");
                read.seen.push(text);
                text.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    assert!(!strong, "strong text is open at the end of {line}");
    read
}

/// A backslash makes the sign after it a letter like any other, and stands for itself before anything else.
fn escaped(rest: &str, read: &mut Line) -> usize {
    let next = rest[1..].chars().next().filter(char::is_ascii_punctuation);
    read.seen.push(next.unwrap_or('\\'));
    1 + next.map_or(0, char::len_utf8)
}

/// Code: a run of backticks up to the next run of that length.
fn code(rest: &str, line: &str) -> usize {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    assert!(ticks <= MOST_TICKS, "code that renderers do not see in {line}");
    let mut from = ticks;
    while let Some(offset) = rest[from..].find('`') {
        let start = from + offset;
        let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        from = start + run;
        if run == ticks {
            let inside = &rest[ticks..start];
            let bare = |(at, _): (usize, &str)| !inside[..at].ends_with('\\');
            assert!(!line.starts_with('|') || !inside.match_indices('|').any(bare), "a bar ends a cell in {line}");
            assert!(!line.starts_with('|') || !inside.contains("\\\\|"), "a bar that may end a cell in {line}");
            return from;
        }
    }
    panic!("code is open at the end of {line}");
}

/// A link of ours: code or `(empty)` as its text, a file at head as its target.
fn link(rest: &str, line: &str) -> usize {
    let text = &rest[1..];
    let label = if text.starts_with('`') { code(text, line) } else { "(empty)".len() };
    assert!(text.starts_with('`') || text.starts_with("(empty)"), "a link in {line}");
    let target = text[label..].strip_prefix(OWN_LINK).unwrap_or_else(|| panic!("a link in {line}"));
    let end = target.find(">)").unwrap_or_else(|| panic!("an open link in {line}"));
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~/%#".contains(character);
    assert!(target[..end].chars().all(plain), "an address with signs in {line}");
    1 + label + OWN_LINK.len() + end + ">)".len()
}

fn tag(rest: &str, line: &str, read: &mut Line) -> usize {
    let tag = OWN_TAGS.iter().find(|tag| rest.starts_with(**tag)).unwrap_or_else(|| panic!("a tag in {line}"));
    read.folds_opened += usize::from(*tag == "<details>");
    read.folds_closed += usize::from(*tag == "</details>");
    tag.len()
}

fn entity(rest: &str, line: &str, read: &mut Line) -> usize {
    let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
    let (entity, shown) = known.unwrap_or_else(|| panic!("an entity that is not ours in {line}"));
    read.seen.push(*shown);
    entity.len()
}

/// What a forge makes of text that is already rendered: addresses, mentions, references, commits, emoji.
fn check_seen(seen: &str, line: &str) {
    for sign in ["://", "www."] {
        assert!(!seen.to_lowercase().contains(sign), "an address in {line}");
    }
    let characters: Vec<char> = seen.chars().collect();
    for (at, pair) in characters.windows(2).enumerate() {
        let word_before = at > 0 && characters[at - 1].is_ascii_alphanumeric();
        let reference = match pair[0] {
            // A name starts with one of these; `@)` is no mention.
            '@' => pair[1].is_alphanumeric() || "_-.".contains(pair[1]),
            '#' | '!' | '$' | '%' | '~' | '&' | '^' => pair[1].is_alphanumeric(),
            '-' => word_before && pair[1].is_ascii_digit(),
            _ => false,
        };
        assert!(!reference, "a reference by {pair:?} in {line}");
    }
    let emoji = |name: &str| {
        let sign = |character: char| character.is_ascii_alphanumeric() || "_+-".contains(character);
        !name.is_empty() && name.chars().all(sign)
    };
    let parts: Vec<&str> = seen.split(':').collect();
    assert!(parts.len() < 3 || !parts[1..parts.len() - 1].iter().any(|name| emoji(name)), "an emoji in {line}");
    let commit = seen
        .split(|character: char| !character.is_alphanumeric())
        .find(|word| word.len() >= 7 && word.chars().all(|character| character.is_ascii_hexdigit()));
    assert_eq!(commit, None, "a commit in {line}");
}

/// The reader is worth something only if it stumbles.
#[test]
fn the_reader_stumbles_over_everything_that_is_not_ours() {
    let foreign = [
        "a <b>",
        "a <img src=x>",
        "[a](https://evil.example)",
        "[`a`](<https://evil.example>)",
        "[`a`](<https://github.com/acme/warehouse/blob/9f8e7d6/a b>)",
        "![`a`](<https://github.com/acme/other/blob/9f8e7d6/a>)",
        "[a]: https://evil.example",
        "https://evil.example",
        "www.evil.example",
        "ask @octocat",
        "a\\@octocat",
        "see #1",
        "see \\#1",
        "GH-2",
        "a :100: b",
        "at 9f8e7d6c5b",
        "*a*",
        "_a_",
        "~~a~~",
        "**a",
        "$a$",
        "&copy;",
        "> a",
        "1. a",
        "+ a",
        "- # a",
        "# a",
        "a\n===",
        "    a",
        "`a",
        "<details>",
        "</details>",
        "```sh\na\n```",
        "```diff\n+ a",
        "````diff\n ````\n<b>\n````",
        "| a | b |\n| a |",
        "| `a|b` |",
        "<!-- a -->",
    ];
    for page in foreign {
        let page = page.to_owned();
        let shown = page.clone();
        assert!(std::panic::catch_unwind(move || read(&page)).is_err(), "passed: {shown}");
    }
    let ticks = "`".repeat(81);
    assert!(std::panic::catch_unwind(move || read(&format!("{ticks}a{ticks}"))).is_err(), "code of 81 backticks");
    for own in [
        "### SQL lineage · `a`",
        "**Catalog**: 2 files sent.",
        "| [`a\\|b`](<https://github.com/acme/warehouse/blob/9f8e7d6/views/a%20b.sql#L2>) | [(empty)](<https://github.com/acme/warehouse/blob/9f8e7d6/a>) |",
        "- a\\_b \\*&#8203;c &lt;b&gt; @&#8203;octocat<br>What helps: x",
        "<details>\n<summary>a</summary>\n\n```diff\n <b> @x\n```\n\n</details>",
    ] {
        read(own);
    }
}
