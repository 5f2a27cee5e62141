//! What stands beside SQL and names what SQL makes: exposures, tests, contracts, metrics.

use std::fmt;
use std::sync::Arc;

/// What people are told of an exposure. All of it is text from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Its name for people.
    pub label: Option<String>,
    /// `dashboard`, `notebook`, `analysis`, `ml`, `application`.
    pub category: Option<String>,
    /// Whom to tell: a name, else an address.
    pub owner: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
}

/// What a place outside of SQL is that names an asset or a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MentionKind {
    /// A generic test.
    Test,
    /// A unit test.
    UnitTest,
    /// The columns that a model promises to have.
    Contract,
    /// A contract that leaves out a column that the model gives.
    ContractWithout,
    /// A semantic model.
    SemanticModel,
    /// A metric.
    Metric,
    /// An exposure.
    Exposure,
}

impl MentionKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::UnitTest => "unit test",
            Self::Contract => "contract",
            Self::ContractWithout => "contract without",
            Self::SemanticModel => "semantic model",
            Self::Metric => "metric",
            Self::Exposure => "exposure",
        }
    }
}

/// A place outside of SQL that names an asset or a column: `test not_null`, `contract`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    /// What it is.
    pub kind: MentionKind,
    /// Its name; empty where it has none.
    pub name: Arc<str>,
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.name) }
    }
}
