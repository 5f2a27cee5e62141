//! The process environment as a value. `std::env` is read once, in `main`; everything else gets an [`Environment`].

use std::collections::BTreeMap;

/// Environment variables by name. An empty value counts as absent: runners pass every declared input, possibly empty.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Takes all variables; names and values that are not UTF-8 are left out.
    #[must_use]
    pub fn from_os(variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>) -> Self {
        Self(
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect(),
        )
    }

    /// The value of a variable; `None` when unset or empty after trimming.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a variable is `true` or `1`.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.var(name), Some("true" | "1"))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_absent() {
        let environment = Environment::from([("INPUT_API-URL", " "), ("INPUT_TOKEN", " x\n")]);
        assert_eq!(environment.var("INPUT_API-URL"), None);
        assert_eq!(environment.var("INPUT_TOKEN"), Some("x"));
        assert_eq!(environment.var("HOME"), None);
    }
}
