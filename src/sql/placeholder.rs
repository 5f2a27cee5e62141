//! Placeholders of other tools in plain SQL (`${var}`, `%(name)s`, `&var`, `<% … %>`, Go templates) become identifiers, on the
//! same lines, so that the SQL around them parses. Front matter becomes white space.
//!
//! Only what stands outside of strings, quoted names and comments is touched. Marks that are SQL in some dialect stay:
//! `@name`, `:param`, `?`.

use std::collections::BTreeMap;

use super::jinja::hole::{hole_identifier, shorten};
use super::jinja::neutral::line_ends;
use super::jinja::segment::{Segment, SegmentKind, newlines, split};
use super::lexical::{Stretch, stretches};

/// Longest placeholder that is looked for, in characters.
const LONGEST: usize = 2_000;

/// A placeholder that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Its line, from 1.
    pub line: u32,
    /// What the file writes, in short.
    pub written: String,
    /// The name that stands for it; empty where none does.
    pub identifier: String,
}

/// SQL with its placeholders replaced; `None` where it has none.
#[must_use]
pub fn neutralise(text: &str) -> Option<(String, Vec<Placeholder>)> {
    if !may_hold_placeholder(text) {
        return None;
    }
    let mut result = String::with_capacity(text.len());
    let mut found = Vec::new();
    let values = sqlcmd_values(text);
    let mut line = 1;
    for (stretch, range) in stretches(text) {
        let part = text.get(range.clone()).unwrap_or_default();
        if stretch == Stretch::Code {
            let before = text.get(..range.start).unwrap_or_default();
            let followed_by_quote = text.get(range.end..).is_some_and(|after| after.starts_with(['\'', '"']));
            code(
                part,
                before,
                &mut Sink { result: &mut result, found: &mut found, values: &values, line },
                followed_by_quote,
            );
        } else {
            result.push_str(part);
        }
        line += newlines(part);
    }
    (!found.is_empty() || !values.is_empty() && result != text).then_some((result, found))
}

/// What `:setvar name value` says in a script for sqlcmd, by the name in lower case, where it is the name of something.
fn sqlcmd_values(text: &str) -> BTreeMap<String, &str> {
    let mut values = BTreeMap::new();
    if !text.contains(":setvar") {
        return values;
    }
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some(":setvar"), Some(name), Some(value), None) =
            (words.next(), words.next(), words.next(), words.next())
        {
            let value = value.trim_matches('"');
            if leading_name(value) == value && !value.is_empty() {
                values.insert(name.to_lowercase(), value);
            }
        }
    }
    values
}

fn may_hold_placeholder(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'{' | b'%' | b'&'))
        || text.contains("sysname,")
        || text.contains("$(")
        || text.contains(":'")
}

struct Sink<'a> {
    result: &'a mut String,
    found: &'a mut Vec<Placeholder>,
    /// What sqlcmd's variables hold.
    values: &'a BTreeMap<String, &'a str>,
    line: u32,
}

impl Sink<'_> {
    fn placeholder(&mut self, written: &str, name: &str) {
        if let Some(value) = self.values.get(&name.to_lowercase()).filter(|_| written.starts_with("$(")) {
            return self.result.push_str(value);
        }
        let identifier = hole_identifier(name);
        self.result.push_str(&identifier);
        self.found.push(Placeholder { line: self.line, written: shorten(written), identifier });
        self.result.push_str(&line_ends(written));
        self.line += newlines(written);
    }
}

fn code(part: &str, before: &str, sink: &mut Sink<'_>, followed_by_quote: bool) {
    let mut rest = part;
    while let Some(at) = rest.find(['$', '#', '{', '%', '&', '<', ':', '\n']) {
        let (plain, from) = rest.split_at(at);
        sink.result.push_str(plain);
        let consumed = part.len() - from.len();
        let operand = || may_start_operand(part.get(..consumed).unwrap_or_default(), before);
        // `STRUCT<INT64, DATE, STRING>` is a type.
        let apart = !part.get(..consumed).is_some_and(|text| text.ends_with(|c: char| c.is_alphanumeric()));
        let template = || template_parameter(from).filter(|_| apart);
        rest = match placeholder_at(from, &operand).or_else(template) {
            Some((length, name)) => {
                let (written, after) = from.split_at_checked(length).unwrap_or((from, ""));
                sink.placeholder(written, name);
                after
            }
            None => {
                let (mark, after) = from.split_at_checked(1).unwrap_or((from, ""));
                sink.line += u32::from(mark == "\n");
                // psql's `:'name'` is a string literal once the colon is gone.
                if mark == ":" && after.is_empty() && followed_by_quote && operand() {
                    let written = ":'…'".to_owned();
                    sink.found.push(Placeholder { line: sink.line, written, identifier: String::new() });
                    sink.result.push(' ');
                } else {
                    sink.result.push_str(mark);
                }
                after
            }
        };
    }
    sink.result.push_str(rest);
}

/// The placeholder that starts here: its length and its name.
fn placeholder_at<'a>(from: &'a str, operand: &dyn Fn() -> bool) -> Option<(usize, &'a str)> {
    let enclosed = |open: &str, close: &str, lines: bool| {
        let inner = from.strip_prefix(open)?;
        let end = head(inner).find(close)?;
        let name = inner.get(..end)?;
        (lines || is_name(name) || open == "${" && is_name_in_a_namespace(name))
            .then(|| (open.len() + end + close.len(), name.trim_matches(['=', '-', ' '])))
    };
    match from.bytes().next()? {
        b'$' => enclosed("${", "}", false).or_else(|| enclosed("$(", ")", false)),
        b'#' => enclosed("#{", "}", false),
        b'{' => enclosed("{", "}", false),
        b'<' => enclosed("<%", "%>", true),
        b'%' => enclosed("%(", ")s", false).or_else(|| (is_percent_s(from) && operand()).then_some((2, "s"))),
        b'&' => {
            let doubled = usize::from(from.starts_with("&&"));
            let name = leading_name(from.get(1 + doubled..)?);
            let dotted = usize::from(from.get(1 + doubled + name.len()..)?.starts_with(".."));
            (!name.is_empty() && operand()).then_some((1 + doubled + name.len() + dotted, name))
        }
        _ => None,
    }
}

/// `<table_name, sysname, orders>`: a parameter of a template of SQL Server's tools, with its type and its default.
fn template_parameter(from: &str) -> Option<(usize, &str)> {
    const TYPES: &[&str] = &[
        "sysname",
        "int",
        "bigint",
        "smallint",
        "tinyint",
        "bit",
        "char",
        "varchar",
        "nchar",
        "nvarchar",
        "date",
        "datetime",
        "datetime2",
        "time",
        "decimal",
        "numeric",
        "float",
        "real",
        "money",
        "uniqueidentifier",
        "xml",
        "varbinary",
        "",
    ];
    let inner = from.strip_prefix('<')?;
    let inner = inner.get(..head(inner).find(['>', '\n'])?)?;
    let mut parts = inner.splitn(3, ',');
    let (name, data_type, _default) = (parts.next()?, parts.next()?.trim(), parts.next()?);
    let word = data_type.split('(').next().unwrap_or_default().trim();
    let is_template =
        is_name(name.trim_start_matches('@')) && TYPES.iter().any(|known| word.eq_ignore_ascii_case(known));
    let closes = from.get(1 + inner.len()..)?.starts_with('>');
    (is_template && closes).then(|| (inner.len() + 2, name.trim().trim_start_matches('@')))
}

/// The first [`LONGEST`] characters.
fn head(text: &str) -> &str {
    text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn is_percent_s(from: &str) -> bool {
    from.starts_with("%s")
        && !from.get(2..).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn is_name(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ' '))
        && !text.contains("  ")
        && (!text.contains(' ') || text.contains('.'))
}

/// Hive's `${hiveconf:day}` and `${hivevar:day}`.
fn is_name_in_a_namespace(text: &str) -> bool {
    text.split_once(':').is_some_and(|(namespace, name)| is_name(namespace) && is_name(name))
}

fn leading_name(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Words after which an operand comes.
const OPENING_WORDS: [&str; 25] = [
    "from", "join", "where", "and", "or", "on", "in", "by", "select", "limit", "offset", "values", "into", "update",
    "table", "view", "schema", "set", "between", "like", "not", "when", "then", "else", "exists",
];

/// Whether an operand may stand after the text, so that `%` and `&` are no operators.
fn may_start_operand(part: &str, before: &str) -> bool {
    let text = part.trim_end();
    let text = if text.is_empty() { before.trim_end() } else { text };
    let Some(last) = text.chars().next_back() else { return true };
    if last.is_alphanumeric() || last == '_' {
        let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let word = text.get(start..).unwrap_or_default();
        return OPENING_WORDS.iter().any(|opening| word.eq_ignore_ascii_case(opening));
    }
    !matches!(last, ')' | ']' | '\'' | '"' | '`' | '}' | ':')
}

/// Whether `{{ … }}` in the text is a Go template and not Jinja: fields with a leading dot, or Go's keywords.
#[must_use]
pub fn is_go_template(text: &str, segments: &[Segment]) -> bool {
    let mut expressions = segments.iter().filter(|segment| segment.kind == SegmentKind::Expression).peekable();
    if expressions.peek().is_none() || segments.iter().any(|segment| segment.kind == SegmentKind::Block) {
        return false;
    }
    expressions.any(|segment| {
        let content = segment.content(text);
        content.starts_with(['.', '$']) || is_go_control(content) || content.contains(" .") || content.contains("/*")
    })
}

/// Whether a Go action steers the template and prints nothing.
fn is_go_control(content: &str) -> bool {
    let word = content.split_whitespace().next().unwrap_or_default();
    let controls = ["if", "else", "end", "range", "with", "define", "block", "break", "continue"];
    controls.contains(&word) || content.contains(":=") || content.starts_with("/*")
}

/// A Go template's text with its actions replaced, on the same lines.
#[must_use]
pub fn neutralise_go(text: &str) -> (String, Vec<Placeholder>) {
    let mut result = String::with_capacity(text.len());
    let mut found = Vec::new();
    for segment in split(text) {
        let (written, content) = (segment.text(text), segment.content(text));
        if segment.kind != SegmentKind::Expression {
            result.push_str(written);
            continue;
        }
        let mut identifier = String::new();
        if is_go_control(content) {
            result.push(' ');
        } else {
            identifier = hole_identifier(content.trim_start_matches(['.', '$']));
            result.push_str(&identifier);
        }
        found.push(Placeholder { line: segment.line, written: shorten(written), identifier });
        result.push_str(&line_ends(written));
    }
    (result, found)
}

/// The text with YAML front matter as empty lines; `None` where it has none.
#[must_use]
pub fn without_front_matter(text: &str) -> Option<String> {
    let body = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut length = text.len() - body.len();
    for line in body.split_inclusive('\n').take(200) {
        length += line.len();
        let word = line.trim_end();
        if word == "---" || word == "..." {
            let (matter, rest) = text.split_at_checked(length)?;
            return Some(format!("{}{rest}", line_ends(matter)));
        }
        let is_yaml = word.is_empty() || word.starts_with(['#', ' ', '-']) || word.contains(':');
        if !is_yaml {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        neutralise(text).map_or_else(|| text.to_owned(), |(text, _)| text)
    }

    #[test]
    fn placeholders_become_identifiers() {
        assert_eq!(plain("from ${schema}.t where d = $(day)"), "from __hole_schema.t where d = __hole_day");
        assert_eq!(
            plain("from {schema}.t where a = %(day)s and b = %s"),
            "from __hole_schema.t where a = __hole_day and b = __hole_s"
        );
        assert_eq!(neutralise("where d = ${hiveconf:day}").map(|(_, found)| found.len()), Some(1));
        assert_eq!(plain("from &owner..t where a = &&b"), "from __hole_owner.t where a = __hole_b");
        assert_eq!(plain("select <%= a\n%> from t"), "select __hole_a\n from t");
        assert_eq!(plain("where a = :'name' and b = 'x'::text"), "where a =  'name' and b = 'x'::text");
    }

    #[test]
    fn parameters_of_templates_become_identifiers_and_types_stay() {
        assert_eq!(
            plain("create table <schema_name, sysname, dbo>.<name,sysname,t> (a <@x, , int>)\n-- <a, sysname, b>"),
            "create table __hole_schema_name.__hole_name (a __hole_x)\n-- <a, sysname, b>"
        );
        for text in ["select struct<int64, date, string>(1), 'a, sysname, b'", "select a <b, c, d> e, ', sysname,'"] {
            assert_eq!(neutralise(text), None, "{text}");
        }
    }

    #[test]
    fn operators_strings_and_comments_stay() {
        for text in [
            "select a %s from t",
            "select a & b, c &d, {'a': 1}, x -> '$.{y}' from t -- ${z}",
            "select '%(a)s', \"${b}\", `{c}.d` from t",
            "select @a, :b, ?, $1, x::jsonb, {d '2020-01-01'}",
            "create function f() as $$ select ${a} $$",
        ] {
            assert_eq!(neutralise(text), None, "{text}");
        }
    }

    #[test]
    fn a_placeholder_knows_its_line() {
        let (_, found) = neutralise("select 1\n\n  , ${a}\nfrom 'x\n' {b}").expect("found");
        let lines: Vec<_> = found.iter().map(|found| (found.line, found.written.as_str())).collect();
        assert_eq!(lines, [(3, "${a}"), (5, "{b}")]);
    }

    #[test]
    fn go_templates_are_told_from_jinja() {
        let go = "{{ if .Enabled }}\nselect * from {{ .Schema }}.t\n{{ end }}";
        assert!(is_go_template(go, &split(go)));
        assert_eq!(neutralise_go(go).0, " \nselect * from __hole_schema.t\n ");
        let jinja = "select '{{ ds }}' from {{ params.x }}";
        assert!(!is_go_template(jinja, &split(jinja)));
    }

    #[test]
    fn front_matter_becomes_empty_lines() {
        assert_eq!(without_front_matter("---\ntitle: x\n---\nselect 1"), Some("\n\n\nselect 1".to_owned()));
        assert_eq!(without_front_matter("---\nselect 1"), None);
        assert_eq!(without_front_matter("--- a comment\nselect 1"), None);
    }
}
