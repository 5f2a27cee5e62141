//! Renders a template within bounds and says which line of the file each rendered line comes from.
//!
//! A tag that fails does not fail the file: it is replaced by a hole (an expression), by `false` (a condition), by nothing
//! (a statement), and the file is rendered again. Only a file whose tags do not fit together, or one that runs out of
//! fuel, is a [`Failure`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, OutputSpan, OutputSpanKind, UndefinedBehavior, Value};

use super::hole::{Holes, UNDEFINED_MARK, hole_identifier, is_hole, shorten};
use super::library::{Library, failed};
use super::method::method;
use super::mutable::{MUTABLE, mutable};
use super::segment::{Segment, SegmentKind};
use super::source::{BuiltSource, MacroText, Origin, Replacements, UNPACK, assignment};
use crate::sql::stack::within;

/// Work that one rendering may do: about as many instructions, or 64 bytes of text for each (minijinja counts both).
const FUEL: u64 = 1_000_000;
/// The same for renderings after this many repairs, so that a file of slow tags that fail one by one ends soon.
const FUEL_AFTER_REPAIRS: (u64, usize) = (200_000, 4);
/// Depth of nested blocks and macro calls (a macro call counts 5).
const RECURSION: usize = 200;
/// Longest rendered text.
const LONGEST_OUTPUT: usize = 16 * 1024 * 1024;
/// How many failing tags of one file are replaced before the file is given up.
const MOST_REPAIRS: usize = 40;

/// Most names that one `set` is read with.
const MOST_NAMES: usize = 100;

/// Longest time of one rendering, the last resort: a value that holds another many times over costs time that no fuel is
/// charged for when it is printed or compared. What runs out of fuel does so in half a second; not where nothing is
/// optimised.
const LONGEST_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 8_000 } else { 1_500 });

/// One template to render.
#[derive(Debug)]
pub struct Job<'a> {
    /// The file's text.
    pub source: &'a str,
    /// Its segments.
    pub segments: &'a [Segment],
    /// Segments that stand as another text, by index.
    pub rewritten: Replacements,
    /// Macros to define.
    pub macros: &'a [MacroText],
    /// Where shared macros are.
    pub library: Option<&'a Arc<Library>>,
}

/// A tag or a macro that failed and was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The file's line; 0 for a macro.
    pub line: u32,
    /// The tag's words, in short; for a macro empty.
    pub expression: String,
    /// The hole that stands for it, where it was an expression or an assignment; else empty.
    pub identifier: String,
    /// What minijinja said.
    pub reason: String,
}

/// Why a template could not be rendered at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file's line; 0 where it is not known.
    pub line: u32,
    /// What minijinja said.
    pub reason: String,
}

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// For each rendered line (index 0 is line 1) the file's line. Exact for text; what an expression prints over several
    /// lines is given the line of the expression.
    pub lines: Vec<u32>,
    /// Expressions that were undefined, by the identifier of the hole that stands for them.
    pub undefined: BTreeMap<String, String>,
    /// Tags that failed.
    pub repairs: Vec<Repair>,
}

/// What the caller gives for one try: the root of names and the holes that it makes. Macros that failed in an earlier try
/// come with the reason; the root shall make holes of them.
pub type Names<'a> = dyn Fn(&BTreeMap<usize, String>) -> (Value, Arc<Holes>) + 'a;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);
static LATE_ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(late_environment);

/// What templates are rendered with.
pub(super) fn environment() -> Environment<'static> {
    with_fuel(FUEL)
}

/// The same for a file of which many tags have failed.
pub(super) fn late_environment() -> Environment<'static> {
    with_fuel(FUEL_AFTER_REPAIRS.0)
}

fn with_fuel(fuel: u64) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_debug(false);
    environment.set_fuel(Some(fuel));
    environment.set_recursion_limit(RECURSION);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(method);
    environment.set_formatter(|output, state, value| {
        if value.is_undefined() {
            return Ok(output.write_str(UNDEFINED_MARK)?);
        }
        minijinja::escape_formatter(output, state, value)
    });
    environment.add_function(MUTABLE, mutable);
    environment.add_function(UNPACK, unpack);
    for name in ["as_bool", "as_native", "as_number", "as_text"] {
        environment.add_filter(name, |value: Value| value);
    }
    environment.remove_global("debug");
    environment
}

/// What several names are set to: a value that is not known gives each of them itself. A macro that would have returned them
/// after it asked the warehouse gives blank text.
fn unpack(value: Value, count: usize) -> Value {
    let count = count.min(MOST_NAMES);
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    match value {
        value if is_hole(&value) || value.is_undefined() => vec![value; count].into(),
        _ if is_blank => vec![Value::UNDEFINED; count].into(),
        value => value,
    }
}

/// Renders one text with a root of names, without repairs: for the short templates inside of YAML.
///
/// # Errors
/// What minijinja says.
pub fn render_text(source: &str, names: impl Object + 'static) -> Result<String, Error> {
    ENVIRONMENT.render_str(source, Value::from_object(names))
}

/// Renders a template.
///
/// # Errors
/// A [`Failure`] when the tags do not fit together, the bounds were passed, or too many tags failed.
pub fn render(job: &Job<'_>, names: &Names<'_>) -> Result<(Rendered, Arc<Holes>), Failure> {
    let mut attempt = Attempt {
        job,
        replaced: job.rewritten.clone(),
        failed: BTreeMap::new(),
        repairs: Vec::new(),
        repaired: BTreeSet::new(),
    };
    loop {
        let built = attempt.build();
        let (root, holes) = names(&attempt.failed);
        let is_late = attempt.repairs.len() > FUEL_AFTER_REPAIRS.1;
        match evaluate(job.library.cloned(), is_late, &built.text, root) {
            Ok((text, _)) if text.len() > LONGEST_OUTPUT => {
                return Err(Failure { line: 0, reason: format!("renders to more than {LONGEST_OUTPUT} bytes") });
            }
            Ok((text, spans)) => {
                let mut rendered = trace(&built, &text, &spans);
                rendered.repairs = attempt.repairs;
                return Ok((rendered, holes));
            }
            Err(error) => attempt.repair(&built, &error)?,
        }
    }
}

fn evaluate(
    library: Option<Arc<Library>>,
    is_late: bool,
    text: &str,
    root: Value,
) -> Result<(String, Vec<OutputSpan>), Error> {
    let text = text.to_owned();
    let rendering = move || {
        let environment: &Environment<'_> = match &library {
            Some(library) => library.environment(is_late),
            None if is_late => &LATE_ENVIRONMENT,
            None => &ENVIRONMENT,
        };
        environment.template_from_str(&text)?.render_with_spans(root)
    };
    within(LONGEST_TIME, rendering).unwrap_or_else(|| Err(Error::from(ErrorKind::OutOfFuel)))
}

struct Attempt<'a> {
    job: &'a Job<'a>,
    replaced: Replacements,
    failed: BTreeMap<usize, String>,
    repairs: Vec<Repair>,
    /// Segments that a repair replaced.
    repaired: BTreeSet<usize>,
}

impl Attempt<'_> {
    fn build(&self) -> BuiltSource {
        let macros = self.job.macros.iter().enumerate();
        let macros: Vec<_> = macros.filter(|(index, _)| !self.failed.contains_key(index)).collect();
        BuiltSource::build(self.job.source, self.job.segments, &macros, &self.replaced)
    }

    /// Replaces what failed, or gives up.
    fn repair(&mut self, built: &BuiltSource, error: &Error) -> Result<(), Failure> {
        let shared = failed(error);
        let reason = reason_of(shared.map_or(error, |(_, error)| error));
        let offset = error.range().filter(|_| shared.is_none()).map(|range| range.start);
        let line = offset.map_or(0, |offset| built.line(offset));
        let give_up = || Failure { line, reason: reason.clone() };
        if error.kind() == ErrorKind::OutOfFuel || self.repairs.len() >= MOST_REPAIRS {
            return Err(give_up());
        }
        let of_shared = |(wanted, _)| {
            let found = |text: &MacroText| matches!(text, MacroText::Shared(index) if *index == wanted);
            self.job.macros.iter().position(found).map(Origin::Macro)
        };
        let origin = shared.map_or_else(|| built.origin(offset?), of_shared);
        let (expression, identifier) = match origin.ok_or_else(give_up)? {
            Origin::Macro(index) => {
                self.failed.insert(index, reason.clone());
                (String::new(), String::new())
            }
            Origin::Segment(index) => {
                let segment = self.job.segments.get(index).ok_or_else(give_up)?;
                if !self.repaired.insert(index) || segment.kind == SegmentKind::Text {
                    return Err(give_up());
                }
                let content = segment.content(self.job.source);
                let (text, identifier) = stand_in(segment, self.job.source);
                self.replaced.insert(index, text);
                (shorten(content), identifier)
            }
        };
        self.repairs.push(Repair { line, expression, identifier, reason });
        Ok(())
    }
}

fn reason_of(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it does more work than a template may".to_owned(),
        (kind, Some(detail)) => shorten(&format!("{kind}: {detail}")),
        (kind, None) => kind.to_string(),
    }
}

/// What stands in place of a tag that failed: the least that keeps the tags around it in order; and the hole in it.
fn stand_in(segment: &Segment, source: &str) -> (String, String) {
    let content = segment.content(source);
    if segment.kind == SegmentKind::Expression {
        let identifier = hole_identifier(content);
        return (segment.with_content(&format!("'{identifier}'")), identifier);
    }
    if let ("set", Some((name, value))) = (segment.keyword(source), assignment(content)) {
        let identifier = hole_identifier(value);
        return (segment.with_content(&format!("set {name} = '{identifier}'")), identifier);
    }
    let text = match segment.keyword(source) {
        "if" => segment.with_content("if false"),
        "elif" => segment.with_content("elif false"),
        "for" => segment.with_content("for __nothing in []"),
        "call" => segment.with_content("call __ignore()"),
        "filter" => segment.with_content("filter string"),
        "with" => segment.with_content("with __nothing = 0"),
        _ => segment.emptied(),
    };
    (text, String::new())
}

/// Follows the rendered text back to the file: lines, and the expressions that were undefined.
fn trace(built: &BuiltSource, text: &str, spans: &[OutputSpan]) -> Rendered {
    let mut tracer = Tracer { built, text: String::with_capacity(text.len()), lines: Vec::new(), open: None, last: 1 };
    let mut undefined = BTreeMap::new();
    for span in spans {
        let printed = text.get(span.output_range()).unwrap_or_default();
        let start = span.source_range().start;
        if span.kind() == OutputSpanKind::Raw {
            tracer.raw(printed, start);
            continue;
        }
        if printed.contains(UNDEFINED_MARK) {
            let expression = built.slice(span.source_range());
            let identifier = hole_identifier(expression);
            tracer.printed(&printed.replace(UNDEFINED_MARK, &identifier), start);
            undefined.insert(identifier, shorten(expression));
        } else {
            tracer.printed(printed, start);
        }
    }
    tracer.end_line();
    Rendered { text: tracer.text, lines: tracer.lines, undefined, repairs: Vec::new() }
}

struct Tracer<'a> {
    built: &'a BuiltSource,
    text: String,
    lines: Vec<u32>,
    /// The file's line for the rendered line that is being written, and whether anything but white space gave it.
    open: Option<(u32, bool)>,
    last: u32,
}

impl Tracer<'_> {
    fn raw(&mut self, printed: &str, start: usize) {
        for (line, part) in (self.built.line(start)..).zip(printed.split_inclusive('\n')) {
            self.write(part, line);
        }
    }

    fn printed(&mut self, printed: &str, start: usize) {
        let line = self.built.line(start);
        for part in printed.split_inclusive('\n') {
            self.write(part, line);
        }
    }

    fn write(&mut self, part: &str, line: u32) {
        let solid = !part.trim().is_empty();
        if self.open.is_none_or(|(_, settled)| solid && !settled) {
            self.open = Some((if line == 0 { self.last } else { line }, solid));
        }
        self.text.push_str(part);
        if part.ends_with('\n') {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.last = self.open.take().map_or(self.last, |(line, _)| line);
        self.lines.push(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::super::segment::split;
    use super::*;

    #[derive(Debug)]
    struct Nothing;
    impl Object for Nothing {}

    fn run(source: &str) -> Result<Rendered, Failure> {
        let job = Job { source, segments: &split(source), rewritten: Replacements::new(), macros: &[], library: None };
        render(&job, &|_| (Value::from_object(Nothing), Arc::default())).map(|(rendered, _)| rendered)
    }

    #[test]
    fn every_rendered_line_knows_its_line_in_the_file() {
        let source = "select\n{%- for c in ['a', 'b'] %}\n  {{ c }},\n{%- endfor %}\n  z\nfrom t";
        let rendered = run(source).expect("renders");
        assert_eq!(rendered.text, "select\n  a,\n  b,\n  z\nfrom t");
        assert_eq!(rendered.lines, [1, 3, 3, 5, 6]);
    }

    #[test]
    fn text_printed_over_several_lines_is_at_the_line_of_its_expression() {
        let rendered = run("{% set x %}a,\nb{% endset %}\nselect\n  {{ x }}\nfrom t").expect("renders");
        assert_eq!(rendered.text, "\nselect\n  a,\nb\nfrom t");
        assert_eq!(rendered.lines, [2, 3, 4, 4, 5]);
    }

    #[test]
    fn what_is_undefined_is_a_hole_named_after_its_expression() {
        let rendered = run("select {{ a.b }} from t").expect("renders");
        assert_eq!(rendered.text, "select __hole_a_b from t");
        assert_eq!(rendered.undefined.get("__hole_a_b").map(String::as_str), Some("a.b"));
    }

    #[test]
    fn a_tag_that_fails_costs_that_tag() {
        let source =
            "select {{ 1 / 0 }} as a,\n{% if 'x' < none.y() %}b{% endif %}{% frobnicate %}\n{{ nope('x') }} as c";
        let rendered = run(source).expect("renders");
        assert!(rendered.text.starts_with("select __hole_1_0_"), "{}", rendered.text);
        assert!(rendered.text.ends_with(" as c"));
        assert_eq!(rendered.repairs.iter().map(|repair| repair.line).collect::<Vec<_>>(), [2, 1, 2, 3]);
    }

    #[test]
    fn tags_that_do_not_fit_together_fail_the_file() {
        assert!(run("select 1 {% endif %}{% for x in y %}").is_err());
    }

    #[test]
    fn hostile_templates_end_within_bounds() {
        let bombs = [
            "{% for i in range(10**9) %}x{% endfor %}",
            "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
            "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
            "{{ 'x' * 10**9 }}",
            "{{ ('x' * 90000000) * 1000 }}",
            "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set x %}{{ 'a' * 1000 }}{% endset %}{{ x | replace('a', x) | replace('a', x) | replace('a', x) }}",
            "{% include '/etc/passwd' %}{% import '../../secret' as s %}{% extends 'x' %}",
            "{{ '%1000000000d' | format(1) }}",
            "{{ 'x' | indent(1000000000) }}",
            &"{% for i in range(99999) %}{{ i }}{% endfor %}{{ 1 / 0 }}".repeat(30),
            "{% set a = [1, 2] %}{% set b = [a, a] %}{% set c = [b, b] %}{{ [c, c] * 99999 }}",
        ];
        for bomb in bombs {
            match run(bomb) {
                Ok(rendered) => assert!(!rendered.repairs.is_empty() || rendered.text.len() < 1_000, "{bomb}"),
                Err(failure) => assert!(!failure.reason.is_empty(), "{bomb}"),
            }
        }
    }
}
