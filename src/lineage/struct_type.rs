//! What the text of a type says of fields: `STRUCT<A INT64, B STRING>`, `STRUCT(A INT, B VARCHAR)`, arrays of these.
//!
//! Types are kept as upper-case text; the dialects that have such types do not tell upper from lower case in names.

use std::sync::Arc;

/// The fields of a struct type in order, each with its type; `None` for any other type.
pub(crate) fn fields(data_type: &str) -> Option<Vec<(String, Arc<str>)>> {
    let inner = inside(data_type.trim(), &["STRUCT", "ROW", "RECORD"])?;
    let fields: Option<Vec<(String, Arc<str>)>> = split(inner).into_iter().map(named).collect();
    fields.filter(|fields| !fields.is_empty())
}

/// The type of an array's elements; `None` for any other type.
pub(crate) fn element(data_type: &str) -> Option<&str> {
    let text = data_type.trim();
    inside(text, &["ARRAY"]).or_else(|| text.strip_suffix("[]")).map(str::trim)
}

/// The type of a field of a struct.
pub(crate) fn field(data_type: &str, name: &str) -> Option<Arc<str>> {
    fields(data_type)?.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, data_type)| data_type)
}

/// What stands between the brackets behind one of these words.
fn inside<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    let rest = words.iter().find_map(|word| text.strip_prefix(word))?.trim_start();
    rest.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .or_else(|| rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
}

/// Splits at the commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (offset, character) in text.char_indices() {
        match character {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(text.get(start..offset));
                start = offset + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

/// `A INT64`, `A: INT`, `` `A` STRING ``: a field's name in lower case, and its type.
fn named(text: &str) -> Option<(String, Arc<str>)> {
    let text = text.trim();
    let end = text.find([' ', ':'])?;
    let name = text.get(..end)?.trim_matches(['`', '"']).to_lowercase();
    let data_type = text.get(end..)?.trim_start_matches([' ', ':']).trim();
    (!name.is_empty() && !data_type.is_empty()).then(|| (name, data_type.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_structs_are_found_in_each_spelling() {
        for text in ["STRUCT<A INT64, B ARRAY<STRUCT<C STRING, D INT64>>>", "STRUCT(A INT, B STRUCT(C INT, D INT)[])"] {
            let names: Vec<String> = fields(text).expect("a struct").into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["a", "b"], "{text}");
            let inner = field(text, "B").expect("a field");
            assert_eq!(fields(element(&inner).expect("an array")).expect("a struct").len(), 2, "{text}");
        }
        assert_eq!(field("STRUCT<X: INT>", "x").as_deref(), Some("INT"));
    }

    #[test]
    fn what_is_no_struct_has_no_fields() {
        for text in ["", "INT64", "ARRAY<INT64>", "STRUCT<INT64>", "STRUCT<", "NUMERIC(10,2)", "STRUCT<>"] {
            assert!(fields(text).is_none(), "{text}");
        }
        assert!(element("STRUCT<A INT64>").is_none());
    }
}
