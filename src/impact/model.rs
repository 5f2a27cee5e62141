//! The words of an impact: what changed, what it reaches, and how much that matters.
//!
//! Values only; `impact::assess` makes them and the report shows them.

use super::data_type;
use crate::lineage::model::{AssetKind, AssetName, ColumnName, ColumnRef, Exposure, Mention};
use crate::path::RepoPath;

/// The one word that answers "do I have to worry?", from calm to alarm; `Incomplete` stands apart: something could not
/// be read, so that nothing calmer than it can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Lineage is the same on both sides.
    None,
    /// Only additions: new assets, new columns.
    Additive,
    /// Values or rows may differ; nothing is known to break.
    Review,
    /// Not everything of the change was understood, and what was understood does not break.
    Incomplete,
    /// A name that is still read was removed or changed its type.
    Breaking,
}

impl Verdict {
    /// The verdict as the JSON contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Additive => "additive",
            Self::Review => "review",
            Self::Incomplete => "incomplete",
            Self::Breaking => "breaking",
        }
    }
}

/// What happened to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetChangeKind {
    /// Only at head.
    Added,
    /// Only at base.
    Removed,
    /// On both sides, with another meaning.
    Modified,
    /// The same columns from the same sources under another name; see [`AssetChange::previous_name`].
    Renamed,
}

/// What happened to a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnChangeKind {
    /// Only at head.
    Added,
    /// Only at base.
    Removed,
    /// The same expression and sources under another name.
    Renamed,
    /// Another declared type.
    TypeChanged,
    /// Another expression or other sources.
    LineageChanged,
}

/// Which clause that decides about rows changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowSetChange {
    /// WHERE, HAVING, QUALIFY.
    Filter,
    /// JOIN.
    Join,
    /// GROUP BY.
    Grouping,
    /// DISTINCT.
    Distinct,
    /// LIMIT, TOP.
    Limit,
    /// UNION, INTERSECT, EXCEPT.
    SetOperation,
    /// Rows that an INSERT holds itself.
    LiteralRows,
    /// ORDER BY within the query.
    Order,
    /// ORDER BY of the result: no row comes or goes.
    ResultOrder,
}

impl RowSetChange {
    /// Whether other rows may come out.
    #[must_use]
    pub fn moves_rows(self) -> bool {
        self != Self::ResultOrder
    }
}

macro_rules! contract_words {
    ($type:ty { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            /// The word as the JSON contract writes it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

contract_words!(AssetChangeKind { Added => "added", Removed => "removed", Modified => "modified", Renamed => "renamed" });
contract_words!(ColumnChangeKind {
    Added => "added", Removed => "removed", Renamed => "renamed", TypeChanged => "type_changed",
    LineageChanged => "lineage_changed",
});
contract_words!(RowSetChange {
    Filter => "filter", Join => "join", Grouping => "grouping", Distinct => "distinct", Limit => "limit",
    SetOperation => "set_operation", LiteralRows => "literal_rows", Order => "order", ResultOrder => "result_order",
});
contract_words!(Confidence { Certain => "certain", Likely => "likely" });
contract_words!(Severity { Info => "info", Review => "review", Breaking => "breaking" });

/// How sure it is that two names mean one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A statement renames it; or what it is made of is the same to the letter, and nothing else is.
    Certain,
    /// What it is made of is mostly the same: the sources, but not every expression, or nothing but a count of rows.
    Likely,
}

/// How a change reaches a downstream asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Reads something that changed additively.
    Info,
    /// Its values or rows may differ.
    Review,
    /// Reads a name that is gone or has another type.
    Breaking,
}

/// A clause that decides about rows and is another one at head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseChange {
    /// Which one.
    pub clause: RowSetChange,
    /// Its parts that only base has, for people: conditions, joins, keys.
    pub base: Vec<String>,
    /// Its parts that only head has.
    pub head: Vec<String>,
}

/// One changed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnChange {
    /// Name at head; for a removed column, its name at base.
    pub name: ColumnName,
    /// What happened.
    pub change: ColumnChangeKind,
    /// Name at base where it differs.
    pub previous_name: Option<ColumnName>,
    /// How sure a rename is.
    pub confidence: Option<Confidence>,
    /// Type at base.
    pub base_type: Option<String>,
    /// Type at head.
    pub head_type: Option<String>,
    /// Direct sources at base, ordered.
    pub base_sources: Vec<ColumnRef>,
    /// Direct sources at head, ordered.
    pub head_sources: Vec<ColumnRef>,
    /// Normalised expression at base, where the column is computed.
    pub base_expression: Option<String>,
    /// Normalised expression at head, where the column is computed.
    pub head_expression: Option<String>,
    /// Places at head that still read the old name of a removed, renamed or retyped column, directly or under the name
    /// of an asset that passed it on by `*`; of an added column the contract that leaves it out.
    pub readers: Vec<Reader>,
}

impl ColumnChange {
    /// A change that shows neither side yet.
    #[must_use]
    pub fn new(name: ColumnName, change: ColumnChangeKind) -> Self {
        Self {
            name,
            change,
            previous_name: None,
            confidence: None,
            base_type: None,
            head_type: None,
            base_sources: Vec::new(),
            head_sources: Vec::new(),
            base_expression: None,
            head_expression: None,
            readers: Vec::new(),
        }
    }

    /// Whether only its type changed, to one that holds every value of the former one.
    #[must_use]
    pub fn is_widened(&self) -> bool {
        match (&self.base_type, &self.head_type) {
            (Some(before), Some(after)) => {
                self.change == ColumnChangeKind::TypeChanged && data_type::is_wider(before, after)
            }
            _ => false,
        }
    }
}

/// One changed asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetChange {
    /// Name at head; for a removed asset, its name at base.
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
    /// What happened.
    pub change: AssetChangeKind,
    /// Name at base where it differs.
    pub previous_name: Option<AssetName>,
    /// How sure a rename is.
    pub confidence: Option<Confidence>,
    /// The file that defines it (at head; for a removed asset, at base).
    pub file: Option<RepoPath>,
    /// Line in that file, from 1.
    pub line: u32,
    /// Changed columns in the order of the definition, removed ones last. Every column of an added or removed asset.
    pub columns: Vec<ColumnChange>,
    /// Changed row-set clauses, ordered, each once.
    pub row_set: Vec<ClauseChange>,
    /// Assets that feed it only at head.
    pub upstream_added: Vec<AssetName>,
    /// Assets that fed it only at base.
    pub upstream_removed: Vec<AssetName>,
    /// Places at head that still read the old name of a removed or renamed asset; of another one its contract, where that
    /// leaves out columns that are not new.
    pub readers: Vec<Reader>,
    /// Places at head that name a model which since the change is not open to them: this one, or, where they stand in
    /// this asset, another one.
    pub refused: Vec<Reader>,
    /// Whom to ask, where that is known.
    pub owner: Option<String>,
    /// Unchanged assets that take its columns by their places and so get other ones than before, ordered.
    pub read_by_position: Vec<AssetName>,
    /// Readable definition at base, for the SQL diff.
    pub base_definition: Option<String>,
    /// Readable definition at head, for the SQL diff.
    pub head_definition: Option<String>,
}

impl AssetChange {
    /// A change on line 1 of no file, of which nothing else is known yet.
    #[must_use]
    pub fn new(name: AssetName, kind: AssetKind, change: AssetChangeKind) -> Self {
        Self {
            name,
            kind,
            change,
            previous_name: None,
            confidence: None,
            file: None,
            line: 1,
            columns: Vec::new(),
            row_set: Vec::new(),
            upstream_added: Vec::new(),
            upstream_removed: Vec::new(),
            readers: Vec::new(),
            refused: Vec::new(),
            owner: None,
            read_by_position: Vec::new(),
            base_definition: None,
            head_definition: None,
        }
    }
}

/// A place at head that names something that is gone, or not open to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reader {
    /// The file.
    pub file: RepoPath,
    /// The line, from 1.
    pub line: u32,
    /// The name that it reads: a column, or an asset.
    pub name: String,
    /// The asset that the reading statement feeds, where it feeds one.
    pub reader: Option<AssetName>,
    /// What the place is, where it is no SQL: a test, a contract.
    pub mention: Option<Mention>,
}

/// A column of a downstream asset that the change reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AffectedColumn {
    /// The column; `*` for one that can only be behind an unresolved `*`.
    pub name: ColumnName,
    /// The changed columns that reach it, ordered: the nearest ones, of which there may be more than are listed (32).
    pub affected_by: Vec<ColumnRef>,
}

/// An unchanged asset that the change reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downstream {
    /// The asset.
    pub name: AssetName,
    /// What it is.
    pub kind: AssetKind,
    /// Edges between the nearest changed asset and this one, at least 1.
    pub distance: usize,
    /// How it is reached.
    pub severity: Severity,
    /// A shortest path: the changed asset first, then the assets between; this asset is not part of it.
    pub via: Vec<AssetName>,
    /// Columns that are reached, ordered; empty when only its rows are.
    pub columns: Vec<AffectedColumn>,
    /// Places in its definition that read a removed name.
    pub readers: Vec<Reader>,
    /// Whom to ask, where that is known; of an exposure that says so itself.
    pub owner: Option<String>,
    /// What people are told of it, where it is an exposure.
    pub exposure: Option<Exposure>,
}

/// Everything that the change does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// In one word.
    pub verdict: Verdict,
    /// Changed assets, ordered by name.
    pub assets: Vec<AssetChange>,
    /// Unchanged assets that are reached: exposures first, then most severe first, then by distance and name.
    pub downstream: Vec<Downstream>,
}
