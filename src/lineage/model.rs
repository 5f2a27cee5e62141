//! The graph: assets, columns, and the edges between them.
//!
//! Everything is ordered, so that equal graphs render to equal bytes. CTEs and derived tables never appear.

mod beside;
mod name;

pub use beside::{Exposure, Mention, MentionKind};
pub use name::{AssetName, ColumnName};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Coverage, Diagnostic};
use crate::lineage::wording;
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;

/// One column of one asset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnRef {
    /// The asset.
    pub asset: AssetName,
    /// Its column.
    pub column: ColumnName,
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.asset, self.column)
    }
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetKind {
    /// A table, or an asset that is only read and whose kind is not known.
    Table,
    /// A view.
    View,
    /// A materialized view, dynamic table, or the like.
    MaterializedView,
    /// A dbt model.
    Model,
    /// A dbt seed.
    Seed,
    /// A dbt snapshot.
    Snapshot,
    /// A dbt source.
    Source,
    /// Data outside of the database: a file, a stage, a bucket.
    External,
    /// A bare SELECT that feeds nothing, named after its file.
    Query,
    /// A dashboard or another use that a dbt project declares, named `exposure:<name>`.
    Exposure,
}

impl AssetKind {
    /// The kind as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
            Self::Model => "model",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Source => "source",
            Self::External => "external",
            Self::Query => "query",
            Self::Exposure => "exposure",
        }
    }
}

/// What the SQL of this side does with an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Only read.
    Referenced,
    /// Emptied, or rows deleted by nothing but what stands in it; nothing flows into it.
    Emptied,
    /// Written into, not created here.
    Written,
    /// Created here.
    Defined,
}

impl Role {
    /// The role as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Referenced | Self::Emptied => "referenced",
            Self::Written => "written",
            Self::Defined => "defined",
        }
    }
}

/// Whether a value flows, or only decides about rows. OpenLineage's words (spec facet ColumnLineageDatasetFacet 1-2-0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transformation {
    /// The value as it is.
    Identity,
    /// The value computed upon.
    Transformation,
    /// The value aggregated.
    Aggregation,
    /// Decides which rows join.
    Join,
    /// Decides which rows fall together.
    GroupBy,
    /// Decides which rows stay.
    Filter,
    /// Decides the order.
    Sort,
    /// Partitions or orders a window.
    Window,
    /// Decides which branch of a CASE or IF is taken.
    Conditional,
}

impl Transformation {
    /// `direct` or `indirect`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        if self.is_direct() { "direct" } else { "indirect" }
    }

    /// Whether the value itself flows.
    #[must_use]
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Identity | Self::Transformation | Self::Aggregation)
    }

    /// The subtype as the JSON contract writes it.
    #[must_use]
    pub fn subtype(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Transformation => "transformation",
            Self::Aggregation => "aggregation",
            Self::Join => "join",
            Self::GroupBy => "group_by",
            Self::Filter => "filter",
            Self::Sort => "sort",
            Self::Window => "window",
            Self::Conditional => "conditional",
        }
    }
}

/// One asset feeds another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetEdge {
    /// Where data comes from.
    pub upstream: AssetName,
    /// Where it goes.
    pub downstream: AssetName,
}

/// One column feeds (direct) or steers (indirect) another.
/// An indirect edge that holds for the whole row set has `*` as its downstream column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnEdge {
    /// Where the value comes from.
    pub upstream: ColumnRef,
    /// Where it goes.
    pub downstream: ColumnRef,
    /// How.
    pub transformation: Transformation,
}

/// One column of an asset's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: ColumnName,
    /// Its declared or cast type, upper case, as the SQL wrote it; `None` when not known.
    pub data_type: Option<Arc<str>>,
    /// The normalised text of the expression that makes it (identifiers folded and resolved to assets where known);
    /// `None` for a declared column. Equal texts mean equal expressions.
    pub expression: Option<Arc<str>>,
    /// Names that `ALTER TABLE … RENAME COLUMN` took from it, oldest first.
    pub previous_names: Vec<ColumnName>,
}

/// A normalised text for people: without the marks that tell equal texts apart.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    wording::without_marks(text)
}

impl Column {
    /// The text of its expression for sides whose joins differ: without a word on whether what it is made of comes through
    /// an outer join.
    #[must_use]
    pub fn expression_as_if_inner(&self) -> Option<Cow<'_, str>> {
        self.expression.as_deref().map(wording::as_if_inner)
    }
}

/// The clauses that decide which rows an asset has, each as normalised text. Equal texts mean equal clauses; CTE and
/// alias names, formatting and comments do not matter. Empty sets mean that the clause is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSet {
    /// WHERE, HAVING, QUALIFY conditions, term by term.
    pub filters: BTreeSet<String>,
    /// Joins: kind, relation, condition.
    pub joins: BTreeSet<String>,
    /// GROUP BY expressions.
    pub grouping: BTreeSet<String>,
    /// DISTINCT and DISTINCT ON.
    pub distinct: BTreeSet<String>,
    /// LIMIT, OFFSET, FETCH, TOP (with the ORDER BY that they depend on).
    pub limit: BTreeSet<String>,
    /// UNION, INTERSECT, EXCEPT with ALL or DISTINCT, and what each adds.
    pub set_operations: BTreeSet<String>,
    /// Rows that an INSERT holds itself.
    pub literal_rows: BTreeSet<String>,
    /// ORDER BY within the query, which decides about rows where something takes the first ones or numbers them.
    pub order: BTreeSet<String>,
    /// ORDER BY of the result itself, where nothing takes the first rows: it moves none.
    pub result_order: BTreeSet<String>,
}

/// A table, view, model, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its name (also its key in [`LineageGraph::assets`]).
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
    /// What the SQL does with it.
    pub role: Role,
    /// The file that defines it (last, for several), else the first that writes or reads it.
    pub file: Option<RepoPath>,
    /// Line of that statement, from 1.
    pub line: u32,
    /// Its columns in order; only those that are known.
    pub columns: Vec<Column>,
    /// Whether `columns` is all of them. `false` for assets that are only read, and where a `*` is unresolved.
    pub columns_complete: bool,
    /// What decides its rows.
    pub row_set: RowSet,
    /// Names that statements took from it, oldest first.
    pub previous_names: Vec<AssetName>,
    /// The normalised text of the statements that define and fill it, in order. Equal text, equal meaning. For
    /// comparing, not for showing.
    pub definition: Option<Arc<str>>,
    /// The same statements in a readable layout (keywords, line breaks), names as written. For showing, not for comparing.
    pub sql: Option<Arc<str>>,
}

impl Asset {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &ColumnName) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }
}

/// A place that names an asset, or a column of one: in SQL, or in a file beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// The asset that is read.
    pub asset: AssetName,
    /// The column that is read; `None` where the asset as such is named (FROM, JOIN, INSERT INTO).
    pub column: Option<ColumnName>,
    /// The asset that the reading statement makes or fills; `None` when the statement feeds nothing.
    pub reader: Option<AssetName>,
    /// The reading file.
    pub file: RepoPath,
    /// What the place is, where it is no SQL.
    pub mention: Option<Mention>,
    /// Line of the name in that file, from 1.
    pub line: u32,
    /// Whether the column is known to exist in the asset on this side. `true` where the asset's columns are not known.
    pub exists: bool,
}

/// What was learnt of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The dialect that it was read with.
    pub dialect: Dialect,
    /// Why that dialect: `from the setting`, `` evidence: `::` ``, …
    pub dialect_reason: String,
    /// The pattern by which its path names the asset that it is; `None` where its SQL says it.
    pub asset_from_path: Option<Arc<str>>,
    /// The template language that was recognised.
    pub template: Template,
    /// Statements found.
    pub statements: usize,
    /// Statements understood.
    pub analyzed: usize,
    /// Statements of which the tables are known and the columns are not.
    pub tables_only: usize,
    /// Statements that move no data.
    pub without_data_flow: usize,
    /// Assets that it defines or writes.
    pub assets: BTreeSet<AssetName>,
}

/// Template languages that stand in SQL files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// Plain SQL.
    None,
    /// A dbt model, snapshot, test, analysis or macro file.
    Dbt,
    /// Jinja outside of a dbt project (Airflow and others).
    Jinja,
    /// `${var}`, `:param`, `@name`, `%(name)s` and other placeholders.
    Placeholder,
    /// OHDSI's SqlRender: `{@x == 'y'} ? {…} : {…}`.
    SqlRender,
    /// SQLMesh: a header and macros.
    SqlMesh,
    /// Dataform: `config { … }`, `${ref(…)}`.
    Dataform,
}

impl Template {
    /// The name as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dbt => "dbt",
            Self::Jinja => "jinja",
            Self::Placeholder => "placeholder",
            Self::SqlRender => "sqlrender",
            Self::SqlMesh => "sqlmesh",
            Self::Dataform => "dataform",
        }
    }
}

/// What the names of exposures start with.
pub const EXPOSURE: &str = "exposure:";

/// How dbt selects an asset on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbtSelector {
    /// The folder of the project that it belongs to; empty at the repository's root.
    pub project: String,
    /// `orders`, `orders.v2`, `source:raw.orders`.
    pub name: String,
}

/// The lineage of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineageGraph {
    /// Assets by name, as they are after every statement ran: dropped ones are gone.
    pub assets: BTreeMap<AssetName, Asset>,
    /// Which asset feeds which.
    pub asset_edges: BTreeSet<AssetEdge>,
    /// Which column feeds or steers which.
    pub column_edges: BTreeSet<ColumnEdge>,
    /// Every place that names an asset or a column of one, ordered.
    pub reads: BTreeSet<Read>,
    /// What people are told of exposures.
    pub exposures: BTreeMap<AssetName, Exposure>,
    /// What enforced contracts promise: columns with their types, one a line.
    pub contracts: BTreeMap<AssetName, String>,
    /// Whom to ask about an asset.
    pub owners: BTreeMap<AssetName, String>,
    /// Models that not everybody may name, each with a text that says who may: equal texts, equal readers.
    pub closed: BTreeMap<AssetName, String>,
    /// Places that name a model which is not open to them.
    pub refused: BTreeSet<Read>,
    /// How dbt selects an asset on its command line.
    pub selectors: BTreeMap<AssetName, DbtSelector>,
    /// What was learnt of each file.
    pub files: BTreeMap<RepoPath, FileSummary>,
    /// What was not understood, ordered by file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// How much was understood.
    pub coverage: Coverage,
}
