//! Holes: what stands in a rendered text where a template names something that nobody here knows.
//!
//! A hole prints as an identifier that SQL takes wherever an expression or a name may stand. Its name comes from the
//! template's own words, so that it is the same on both sides of a change. Over a hole a loop runs no round, and in a
//! condition it counts as false, which is what dbt itself has for the result of a query that it did not run.

mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

/// Every hole's identifier starts like this.
pub const HOLE_PREFIX: &str = "__hole_";

/// What the formatter prints for an undefined value; renamed after the rendering, when the expression is known.
pub const UNDEFINED_MARK: &str = "__hole_\u{1}";

const LONGEST_NAME: usize = 40;
/// No identifier of a hole is longer: the prefix, the name, and a checksum.
const LONGEST_IDENTIFIER: usize = 60;
const LONGEST_EXPRESSION: usize = 80;

/// What is known of one hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoleRecord {
    /// The template's words for it, in short.
    pub expression: String,
    /// The function, where it is what a function gives for its arguments.
    pub function: Option<String>,
    /// Why it is one, where more can be said than that it is not known.
    pub reason: Option<String>,
    /// Whether the rendered text depends on it: it was printed, tested or looped over.
    pub used: bool,
}

/// The holes of one rendering.
#[derive(Debug, Default)]
pub struct Holes {
    records: Mutex<BTreeMap<String, HoleRecord>>,
}

impl Holes {
    /// A hole as a value for the template.
    #[must_use]
    pub fn value(self: &Arc<Self>, expression: &str, reason: Option<&str>) -> Value {
        self.hole((expression, None), reason)
    }

    /// What an unknown function gives for arguments, as a value for the template: with others it may give something else.
    #[must_use]
    pub fn result(self: &Arc<Self>, function: &str, arguments: &[Value], reason: Option<&str>) -> Value {
        if arguments.is_empty() {
            return self.value(function, reason);
        }
        self.hole((&format!("{function}({})", words::list(arguments)), Some(function)), reason)
    }

    fn hole(self: &Arc<Self>, (expression, function): (&str, Option<&str>), reason: Option<&str>) -> Value {
        let identifier = hole_identifier(expression);
        self.lock().entry(identifier.clone()).or_insert_with(|| HoleRecord {
            expression: shorten(expression),
            function: function.map(shorten),
            reason: reason.map(str::to_owned),
            used: false,
        });
        Value::from_object(Hole {
            expression: expression.into(),
            reason: reason.map(Arc::from),
            identifier: identifier.into(),
            holes: Arc::clone(self),
        })
    }

    /// Notes that the rendered text depends on something that is not known, without a value for it.
    pub fn note(&self, expression: &str, reason: &str) {
        let expression_in_short = shorten(expression);
        let reason = Some(reason.to_owned());
        let record = HoleRecord { expression: expression_in_short, function: None, reason, used: true };
        self.lock().insert(hole_identifier(expression), record);
    }

    /// All holes by their identifiers.
    #[must_use]
    pub fn records(&self) -> BTreeMap<String, HoleRecord> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, HoleRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark_used(&self, identifier: &str) {
        if let Some(record) = self.lock().get_mut(identifier) {
            record.used = true;
        }
    }
}

/// Whether a value is a hole.
#[must_use]
pub fn is_hole(value: &Value) -> bool {
    value.downcast_object_ref::<Hole>().is_some()
}

/// The identifier for a hole: the expression's letters and digits in lower case, and a checksum where that lost something
/// that tells two expressions apart.
#[must_use]
pub fn hole_identifier(expression: &str) -> String {
    let mut name = String::new();
    let expression = expression.trim();
    for character in expression.chars().take(LONGEST_EXPRESSION) {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let mut name = name.trim_end_matches('_').to_owned();
    let simple = expression.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    if name.len() > LONGEST_NAME || !simple {
        name.truncate(LONGEST_NAME);
        name = format!("{name}_{:04x}", checksum(expression) & 0xffff);
    }
    format!("{HOLE_PREFIX}{name}")
}

/// What a template writes for each hole, from the records of those that it names and of what was not defined.
#[must_use]
pub fn written_holes(
    records: &BTreeMap<String, HoleRecord>,
    undefined: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let written = |expression: &String| format!("{{{{ {expression} }}}}");
    let undefined = undefined.iter().map(|(identifier, expression)| (identifier.clone(), written(expression)));
    let named = records.iter().map(|(identifier, record)| (identifier.clone(), written(&record.expression)));
    undefined.chain(named).collect()
}

/// The text with each hole as the file writes it, where there is one. Of a hole that is not among `holes` its own words
/// are shown.
#[must_use]
pub fn as_written(text: &str, holes: &BTreeMap<String, String>) -> Option<String> {
    // Nearly no text has one. Types are written in upper case.
    if !text.contains("__") || (!text.contains(HOLE_PREFIX) && !text.contains("__HOLE_")) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut starts = lower.match_indices(HOLE_PREFIX).map(|(start, _)| start).peekable();
    starts.peek()?;
    let (mut result, mut done) = (String::with_capacity(text.len()), 0);
    for start in starts {
        let Some(rest) = lower.get(start..).filter(|_| start >= done) else { continue };
        let in_word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let longest = rest.chars().take(LONGEST_IDENTIFIER).take_while(in_word).count();
        let known =
            (HOLE_PREFIX.len()..=longest).rev().find_map(|end| Some((end, holes.get(rest.get(..end)?)?.clone())));
        let (length, written) = known.unwrap_or_else(|| {
            let word = rest.chars().take_while(in_word).count();
            let words = rest.get(HOLE_PREFIX.len()..word).unwrap_or_default();
            (word, format!("{{{{ {words} }}}}"))
        });
        result.push_str(text.get(done..start).unwrap_or_default());
        result.push_str(&written);
        done = start + length;
    }
    result.push_str(text.get(done..).unwrap_or_default());
    Some(result)
}

/// A small checksum (FNV-1a), the same on every machine.
#[must_use]
pub fn checksum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A template's words on one line, cut to a length that fits a message.
#[must_use]
pub fn shorten(expression: &str) -> String {
    let words: Vec<&str> = expression.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_EXPRESSION) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The value of something unknown. Its attributes and methods are holes of their own, its items and results the same hole.
#[derive(Debug)]
struct Hole {
    expression: Arc<str>,
    reason: Option<Arc<str>>,
    identifier: Arc<str>,
    holes: Arc<Holes>,
}

impl Hole {
    fn again(self: &Arc<Self>) -> Value {
        Value::from_dyn_object(self.clone())
    }

    fn result(&self, function: &str, arguments: &[Value]) -> Value {
        self.holes.result(function, arguments, self.reason.as_deref())
    }

    fn member(self: &Arc<Self>, name: &str) -> Value {
        if self.expression.len() + name.len() > LONGEST_EXPRESSION {
            return self.again();
        }
        self.holes.value(&format!("{}.{name}", self.expression), self.reason.as_deref())
    }
}

impl Object for Hole {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(key.as_str().map_or_else(|| self.again(), |name| self.member(name)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.holes.mark_used(&self.identifier);
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.holes.mark_used(&self.identifier);
        false
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        Ok(if args.is_empty() { self.again() } else { self.result(&self.expression, args) })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        Ok(if args.is_empty() {
            self.member(method)
        } else {
            self.result(&format!("{}.{method}", self.expression), args)
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.holes.mark_used(&self.identifier);
        f.write_str(&self.identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holes_name_comes_from_the_templates_words_and_is_stable() {
        assert_eq!(hole_identifier("params.schema"), "__hole_params_schema");
        assert_eq!(hole_identifier("ds"), "__hole_ds");
        assert_ne!(hole_identifier("f('a')"), hole_identifier("f(\"a\")"));
        assert!(hole_identifier(&"x".repeat(500)).len() < 60);
    }

    #[test]
    fn what_an_unknown_function_gives_hangs_on_its_arguments() {
        let holes: Arc<Holes> = Arc::default();
        let written = |arguments: &[Value]| holes.result("money", arguments, None).to_string();
        let of = |value: &str| written(&[Value::from(value)]);
        assert_eq!(written(&[]), "__hole_money");
        assert_ne!(of("a"), of("b"));
        assert_eq!(of("a"), of("a"));
        assert_ne!(written(&[Value::from(1), Value::from(2)]), written(&[Value::from(12)]));
        let long = |end: &str| of(&format!("{}{end}", "x".repeat(100_000)));
        assert_ne!(long("y"), long("z"));
        assert!(long("y").len() <= LONGEST_IDENTIFIER);
        let list = Value::from(vec![Value::from("a"), holes.value("params.b", None)]);
        written(&[list]);
        let records = holes.records();
        let listed = records.values().find(|record| record.expression == "money(['a', params.b])");
        assert_eq!(listed.and_then(|record| record.function.as_deref()), Some("money"));
    }

    #[test]
    fn holes_are_written_back_also_where_they_touch_and_where_they_are_not_known() {
        let holes =
            [("__hole_a", "${a}"), ("__hole_a_b", "$(a.b)")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let holes = BTreeMap::from(holes);
        let written = |text: &str| as_written(text, &holes);
        assert_eq!(written("x.orders"), None);
        assert_eq!(written("__hole_a.t__hole_a_b_2").as_deref(), Some("${a}.t$(a.b)_2"));
        assert_eq!(written("VARCHAR(__HOLE_A)").as_deref(), Some("VARCHAR(${a})"));
        assert_eq!(written("__hole_other + 1").as_deref(), Some("{{ other }} + 1"));
        assert_eq!(written(&"__hole_a".repeat(50_000)).map(|text| text.len()), Some(200_000));
    }

    #[test]
    fn long_expressions_are_shortened_to_one_line() {
        assert_eq!(shorten("a\n   b"), "a b");
        assert!(shorten(&"é".repeat(200)).ends_with('…'));
    }
}
