//! One line of the setting `dialects`: a pattern of paths and the dialect of the files that it takes.

use std::str::FromStr;

use super::Dialect;
use crate::path::RepoPath;
use crate::path::pattern::PathPattern;

/// Files that are read with a dialect, whatever else speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialectRule {
    patterns: Vec<PathPattern>,
    dialect: Dialect,
}

/// Why a text is no [`DialectRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Without `=`, or with nothing on one side of it.
    #[error(
        "a pattern and a dialect are needed, with `=` between them; write for example dialects: warehouse/**=bigquery"
    )]
    Form,
    /// The right side names no dialect.
    #[error("{0}; write for example dialects: {1}=postgres")]
    Dialect(super::UnknownDialect, String),
    /// The left side is no pattern.
    #[error("{0}; write for example dialects: warehouse/**={1}")]
    Pattern(String, Dialect),
}

impl FromStr for DialectRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pattern, dialect) = text.rsplit_once('=').ok_or(RuleError::Form)?;
        let (pattern, dialect) = (pattern.trim(), dialect.trim());
        if pattern.is_empty() || dialect.is_empty() {
            return Err(RuleError::Form);
        }
        let dialect = Dialect::from_str(dialect).map_err(|unknown| RuleError::Dialect(unknown, pattern.to_owned()))?;
        let patterns = PathPattern::at_or_below(pattern).map_err(|error| RuleError::Pattern(error.reason, dialect))?;
        Ok(Self { patterns, dialect })
    }
}

impl DialectRule {
    /// The dialect of a path by the last rule that takes it, as in CODEOWNERS and `.gitattributes`.
    #[must_use]
    pub fn last_of(rules: &[Self], path: &RepoPath) -> Option<Dialect> {
        let takes = |rule: &&Self| rule.patterns.iter().any(|pattern| pattern.matches(path));
        rules.iter().rev().find(takes).map(|rule| rule.dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<DialectRule> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn the_last_rule_that_takes_a_path_decides() {
        let rules = rules(&["**=postgres", "warehouse = bigquery", "warehouse/legacy/*.sql=tsql"]);
        let dialect = |path: &str| DialectRule::last_of(&rules, &RepoPath::new(path).expect("inside"));
        assert_eq!(dialect("app/a.sql"), Some(Dialect::Postgres));
        assert_eq!(dialect("warehouse/deep/a.sql"), Some(Dialect::BigQuery));
        assert_eq!(dialect("warehouse/legacy/a.SQL"), Some(Dialect::Tsql));
        assert_eq!(DialectRule::last_of(&[], &RepoPath::new("a.sql").expect("inside")), None);
    }

    #[test]
    fn a_slip_is_met_with_the_line_to_paste() {
        let error = |text: &str| text.parse::<DialectRule>().expect_err(text).to_string();
        assert!(error("warehouse/**").ends_with("dialects: warehouse/**=bigquery"));
        assert!(error("=bigquery").ends_with("dialects: warehouse/**=bigquery"));
        let unknown = error("bq/**=bigquerry");
        assert!(unknown.contains("\"bigquerry\"") && unknown.ends_with("dialects: bq/**=postgres"), "{unknown}");
        let absolute = error("/bq/**=bigquery");
        assert!(absolute.contains("root") && absolute.ends_with("dialects: warehouse/**=bigquery"), "{absolute}");
    }
}
