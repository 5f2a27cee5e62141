//! What the tool could not understand, as data: never an early return, never printed where it arises.

use std::fmt;

use crate::path::RepoPath;

/// How much a diagnostic matters to a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticSeverity {
    /// Something was not understood; the report is incomplete without it.
    Error,
    /// Understood in part, or understood with a doubt that is named.
    Warning,
    /// Worth knowing.
    Note,
}

/// What kind of thing happened. Codes are part of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticCode {
    /// A statement that the parser refused.
    ParseError,
    /// A statement nested deeper than the tool follows.
    TooDeep,
    /// A file whose text could not be had; see [`crate::source::Unreadable`].
    UnreadableFile,
    /// A path that was refused (leaves the workspace, submodule, symbolic link).
    RefusedPath,
    /// A template expression whose value is not known without running the warehouse or missing code.
    TemplateHole,
    /// A template that could not be rendered.
    TemplateError,
    /// `*` over a relation whose columns are not known.
    UnresolvedStar,
    /// A column that could come from several relations.
    AmbiguousColumn,
    /// A column of something that the statement does not name.
    UnresolvedColumn,
    /// A name that several assets could answer to.
    AmbiguousAsset,
    /// One asset defined more than once on one side.
    DuplicateDefinition,
    /// SQL built at run time; what it reads and writes is not known.
    DynamicSql,
    /// A statement kind that is known to move data and is not resolved to columns.
    TableLevelOnly,
    /// SQL that dbt compiled, and whether it is used.
    DbtArtifact,
    /// The base or head side is not complete.
    IncompleteSide,
}

impl DiagnosticCode {
    /// The code as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParseError => "parse-error",
            Self::TooDeep => "too-deep",
            Self::UnreadableFile => "unreadable-file",
            Self::RefusedPath => "refused-path",
            Self::TemplateHole => "template-hole",
            Self::TemplateError => "template-error",
            Self::UnresolvedStar => "unresolved-star",
            Self::AmbiguousColumn => "ambiguous-column",
            Self::UnresolvedColumn => "unresolved-column",
            Self::AmbiguousAsset => "ambiguous-asset",
            Self::DuplicateDefinition => "duplicate-definition",
            Self::DynamicSql => "dynamic-sql",
            Self::TableLevelOnly => "table-level-only",
            Self::DbtArtifact => "dbt-artifact",
            Self::IncompleteSide => "incomplete-side",
        }
    }
}

impl DiagnosticSeverity {
    /// The severity as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was not understood, where, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// What kind of thing.
    pub code: DiagnosticCode,
    /// How much it matters.
    pub severity: DiagnosticSeverity,
    /// The file, where there is one.
    pub file: Option<RepoPath>,
    /// Line in the file, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// Column in that line in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// A lower-case fragment that names the object. Holds text from the repository: escape it at the sink.
    pub message: String,
    /// The setting or line that would help, where there is one.
    pub hint: Option<String>,
    /// Whether the base side had the same diagnostic for the same file.
    pub preexisting: bool,
}

impl Diagnostic {
    /// A diagnostic for a whole file (line and column 0, no hint, not known at base).
    #[must_use]
    pub fn new(
        code: DiagnosticCode,
        severity: DiagnosticSeverity,
        file: &RepoPath,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            file: Some(file.clone()),
            line: 0,
            column: 0,
            message: message.into(),
            hint: None,
            preexisting: false,
        }
    }

    /// The same diagnostic at a position (both from 1).
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = line;
        self.column = column;
        self
    }

    /// The same diagnostic with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if self.line > 0 {
                write!(f, "{}:", self.line)?;
            }
            if self.column > 0 {
                write!(f, "{}:", self.column)?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

/// How much of the SQL was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Files looked at.
    pub files: usize,
    /// Files of which every statement was understood.
    pub parsed: usize,
    /// Files of which some statements were not.
    pub partly: usize,
    /// Files of which nothing was.
    pub failed: usize,
    /// Statements found.
    pub statements: usize,
    /// Statements understood.
    pub analyzed: usize,
    /// Statements of which the tables are known and the columns are not; not counted as understood.
    pub tables_only: usize,
    /// Statements that move no data, whatever they do else; counted as understood.
    pub without_data_flow: usize,
    /// `*` whose columns are not known.
    pub stars_unresolved: usize,
}

impl Coverage {
    /// Whether every file was understood as a whole.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.partly == 0 && self.failed == 0
    }
}
