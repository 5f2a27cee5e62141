//! Names of assets and columns.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// An asset's name: every qualifier that the SQL wrote, folded by the dialect's rules, joined with dots.
/// A part that itself holds a dot or a double quote is kept in double quotes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AssetName(Arc<str>);

/// What the names of temporary assets start with while they live.
const TEMPORARY: &str = "temporary:";

impl AssetName {
    /// Joins already folded parts.
    #[must_use]
    pub fn from_parts<S: AsRef<str>>(parts: &[S]) -> Self {
        let quoted: Vec<String> = parts
            .iter()
            .map(|part| {
                let part = part.as_ref();
                if part.contains(['.', '"']) { format!("\"{}\"", part.replace('"', "\"\"")) } else { part.to_owned() }
            })
            .collect();
        Self(quoted.join(".").into())
    }

    /// Takes a text that is already a folded, dotted name.
    #[must_use]
    pub fn from_dotted(text: &str) -> Self {
        Self(text.into())
    }

    /// The name of an asset that lives for its script, where others of the same name may be.
    #[must_use]
    pub fn temporary<S: AsRef<str>>(parts: &[S]) -> Self {
        Self(format!("{TEMPORARY}{}", Self::from_parts(parts)).into())
    }

    /// Whether it is the name of an asset that lives for its script: a temporary table, `#t`, a table variable `@t`.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        let base = self.base_name();
        self.0.starts_with(TEMPORARY) || base.starts_with('@') || base.starts_with('#') && !base.starts_with("##")
    }

    /// The dotted text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts from the outermost qualifier to the name itself, as the text writes them (quotes kept).
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        let (mut start, mut quoted) = (0, false);
        for (offset, character) in self.0.char_indices() {
            match character {
                '"' => quoted = !quoted,
                '.' if !quoted => {
                    parts.extend(self.0.get(start..offset));
                    start = offset + 1;
                }
                _ => {}
            }
        }
        parts.extend(self.0.get(start..));
        parts
    }

    /// Whether it stands for data outside of the database: a file, a stage, a bucket, written `path:<location>`.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.0.starts_with("path:")
    }

    /// The last part.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.parts().last().copied().unwrap_or(&self.0)
    }
}

impl fmt::Display for AssetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AssetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A column's folded name. `*` stands for "all columns of a relation whose columns are not known".
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ColumnName(Arc<str>);

impl ColumnName {
    /// Takes a folded name.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the unresolved star.
    #[must_use]
    pub fn is_star(&self) -> bool {
        &*self.0 == "*"
    }
}

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Names are compared by the million, and mostly with a copy of the same.
fn compare(one: &Arc<str>, other: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(one, other) { Ordering::Equal } else { one.cmp(other) }
}

impl Ord for AssetName {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for AssetName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ColumnName {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for ColumnName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
