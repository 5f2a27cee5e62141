//! The JSON of an answer, read as far as it can be: trailing commas, missing fields and wrong types are all forgiven.

use serde_json::Value;

use super::Counts;

/// The fields of the contract, each as far as it is there.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) success: Option<bool>,
    pub(super) message: Option<String>,
    pub(super) error: Option<String>,
    pub(super) details: Option<String>,
    pub(super) code: Option<String>,
    field: Option<String>,
}

impl Body {
    /// `None` when the text is no JSON object, even without its trailing commas.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let value =
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_trailing_commas(text))).ok()?;
        let Value::Object(fields) = value else { return None };
        let field = |name: &str| fields.get(name).and_then(words);
        Some(Self {
            success: fields.get("success").and_then(truth),
            message: field("message"),
            error: field("error"),
            details: field("details"),
            code: field("code"),
            field: field("field"),
        })
    }

    /// With no word on success, the absence of an error is taken for it.
    pub(super) fn is_success(&self) -> bool {
        self.success.unwrap_or(self.error.is_none() && self.code.is_none())
    }

    /// The field of the request that the complaint is about: named as such, else the only one that the text mentions.
    pub(super) fn field(&self) -> Option<&'static str> {
        let known = |name: &str| FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name.trim()));
        if let Some(named) = self.field.as_deref() {
            return known(named);
        }
        let texts = [&self.error, &self.details, &self.message].into_iter().flatten();
        let mut mentioned: Vec<&str> =
            texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_')).filter_map(known).collect();
        mentioned.sort_unstable();
        mentioned.dedup();
        match mentioned.as_slice() {
            [only] => known(only),
            _ => None,
        }
    }

    /// The code, if it is one: other text in that field does not become a word of ours.
    pub(super) fn code(&self) -> Option<String> {
        let code = self.code.as_deref()?.trim().to_ascii_uppercase();
        let plain = (1..=40).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        plain.then_some(code)
    }
}

/// The fields of a request.
const FIELDS: [&str; 3] = ["content", "platform", "extra_config"];

/// A field's text; other types as JSON. Nothing for null, `false` and what is empty.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) if items.is_empty() => return None,
        Value::Object(fields) if fields.is_empty() => return None,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// JSON without the commas that stand before a closing bracket. Text in strings is left alone.
fn without_trailing_commas(json: &str) -> String {
    let mut cleaned = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for (at, c) in json.char_indices() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '"' {
            in_string = true;
        } else if c == ',' {
            let after = json.get(at + 1..).unwrap_or_default().trim_start();
            if after.starts_with(['}', ']']) {
                continue;
            }
        }
        cleaned.push(c);
    }
    cleaned
}

/// `1 added` and `2 modified` of "Successfully ingested 3 assets [1 added, 2 modified]".
pub(super) fn counts(message: &str) -> Counts {
    let mut counts = Counts::default();
    let mut number = None;
    for word in message.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "added" => counts.added = number.take(),
            "modified" => counts.modified = number.take(),
            other => number = other.parse().ok(),
        }
    }
    counts
}
