//! The parameters of a macro.
//!
//! In dbt a default may use the parameters in front of it. minijinja computes the last default first, so that such a default
//! is computed where the macro's body begins.

/// The parameters (`(a, b=a ~ 'x')`) for minijinja, and the tags with which the body has to begin.
pub(super) fn adapted(parameters: &str) -> (String, String) {
    let list = parameters.trim().trim_start_matches('(').trim_end();
    let list = list.strip_suffix(')').unwrap_or(list);
    let items: Vec<(&str, Option<&str>)> = items(list).into_iter().map(name_and_default).collect();
    let uses_another = |(name, default): &(&str, Option<&str>)| {
        let mut words = default.unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word != *name && items.iter().any(|(other, _)| word == *other))
    };
    let (mut kept, mut begin) = (Vec::new(), String::new());
    for item @ (name, default) in &items {
        match default {
            Some(default) if uses_another(item) => {
                kept.push((*name).to_owned());
                begin.push_str(&format!("{{% if {name} is undefined %}}{{% set {name} = {default} %}}{{% endif %}}"));
            }
            Some(default) => kept.push(format!("{name}={default}")),
            None => kept.push((*name).to_owned()),
        }
    }
    if begin.is_empty() { (parameters.to_owned(), begin) } else { (format!("({})", kept.join(", ")), begin) }
}

fn name_and_default(item: &str) -> (&str, Option<&str>) {
    match item.split_once('=') {
        Some((name, default)) => (name.trim(), Some(default.trim())),
        None => (item.trim(), None),
    }
}

/// The items of a list, cut at the commas that stand in no brackets and no string.
fn items(list: &str) -> Vec<&str> {
    let (mut quote, mut depth) = (None, 0_usize);
    let cut = move |c: char| {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0 && quote.is_none()
    };
    list.split(cut).filter(|item| !item.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_that_use_no_other_parameter_stay() {
        for parameters in ["()", "(a, b=none)", "(a=[1, 2], b='x, y'.split(','), c={'x': f(1, 2)})"] {
            assert_eq!(adapted(parameters), (parameters.to_owned(), String::new()));
        }
    }

    #[test]
    fn a_default_that_uses_another_parameter_is_computed_in_the_body() {
        let (kept, begin) = adapted("(chain, events = source('x_' + chain, 'e'), top=1)");
        assert_eq!(kept, "(chain, events, top=1)");
        assert_eq!(begin, "{% if events is undefined %}{% set events = source('x_' + chain, 'e') %}{% endif %}");
    }
}
