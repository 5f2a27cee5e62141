//! Small graphs for tests, written the way a resolver would fill them.
//!
//! ```text
//! sketch().table("raw", "id INT; amount INT").view("v", "id = raw.id; total = sum(raw.amount)").view("w", "*v")
//! ```
//!
//! Each asset stands in a file `<name>.sql`, one column a line and FROM on the line after them. Upstream assets come
//! first; one that is not sketched is only read.

use std::collections::BTreeSet;
use std::fmt;

use super::model::{AffectedColumn, AssetChange, ColumnChange, Downstream, Impact, Reader};
use super::reach::ORIGINS_LIMIT;
use super::{Verdict, assess};
use crate::lineage::model::{
    Asset, AssetEdge, AssetKind, AssetName, Column, ColumnEdge, ColumnName, ColumnRef, LineageGraph, Read, Role,
    RowSet, Transformation,
};
use crate::path::RepoPath;
use crate::source::{ChangedFile, FileStatus};

const _: () = assert!(ORIGINS_LIMIT > 8, "the sketches count on lists that are not cut");

/// An empty graph.
pub(super) fn sketch() -> Sketch {
    Sketch::default()
}

#[derive(Default, Clone)]
pub(super) struct Sketch {
    graph: LineageGraph,
}

/// The definitions, which say all that was sketched.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.graph.assets.values().filter_map(|asset| asset.definition.as_deref())).finish()
    }
}

pub(super) fn asset(name: &str) -> AssetName {
    AssetName::from_dotted(name)
}

pub(super) fn column(dotted: &str) -> ColumnRef {
    let (asset_name, column) = dotted.rsplit_once('.').expect("asset.column");
    ColumnRef { asset: asset(asset_name), column: ColumnName::new(column) }
}

fn file(name: &str) -> RepoPath {
    RepoPath::new(&format!("{name}.sql")).expect("inside")
}

impl Sketch {
    /// Columns are separated by `;`: `name TYPE` is declared, `name [TYPE] = expression` computed, `*upstream` a star.
    pub(super) fn table(self, name: &str, columns: &str) -> Self {
        self.asset((AssetKind::Table, Role::Defined), name, columns)
    }

    pub(super) fn view(self, name: &str, columns: &str) -> Self {
        self.asset((AssetKind::View, Role::Defined), name, columns)
    }

    /// `INSERT INTO name (…) SELECT …` into a table that is created elsewhere.
    pub(super) fn insert(self, name: &str, columns: &str) -> Self {
        let mut sketch = self.asset((AssetKind::Table, Role::Written), name, columns);
        sketch.last(name).columns_complete = false;
        sketch.read(name, None, (Some(name), 1))
    }

    pub(super) fn asset(mut self, (kind, role): (AssetKind, Role), name: &str, columns: &str) -> Self {
        let mut made = Asset {
            name: asset(name),
            kind,
            role,
            file: Some(file(name)),
            line: 1,
            columns: Vec::new(),
            columns_complete: true,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            sql: None,
            definition: Some(format!("CREATE {} {name} ({columns})", kind.as_str()).into()),
        };
        let items: Vec<&str> = columns.split(';').map(str::trim).filter(|item| !item.is_empty()).collect();
        let mut upstream = BTreeSet::new();
        for (item, line) in items.iter().zip(1..) {
            if let Some(star) = item.strip_prefix('*') {
                upstream.insert(star.to_owned());
                self.star(&mut made, star);
                continue;
            }
            let (left, expression) = item.split_once(" = ").map_or((*item, None), |(left, right)| (left, Some(right)));
            let (column_name, data_type) = left.split_once(' ').map_or((left, None), |(name, kind)| (name, Some(kind)));
            let to = ColumnRef { asset: asset(name), column: ColumnName::new(column_name) };
            for source in sources(expression.unwrap_or_default()) {
                upstream.insert(source.asset.to_string());
                self = self.read(source.asset.as_str(), Some(source.column.as_str()), (Some(name), line));
                self.flow(&source, &to, Transformation::Transformation);
            }
            made.columns.push(Column {
                name: to.column,
                data_type: data_type.map(Into::into),
                expression: expression.map(Into::into),
                previous_names: Vec::new(),
            });
        }
        let from = u32::try_from(items.len()).expect("small") + 1;
        self.graph.assets.insert(asset(name), made);
        for upstream in upstream {
            self = self.from(&upstream, name, from);
        }
        self
    }

    /// The edge to a downstream asset, with the place where its FROM names the upstream one.
    fn from(mut self, upstream: &str, downstream: &str, line: u32) -> Self {
        self.graph.assets.entry(asset(upstream)).or_insert_with(|| Asset {
            name: asset(upstream),
            kind: AssetKind::Table,
            role: Role::Referenced,
            file: Some(file(downstream)),
            line,
            columns: Vec::new(),
            columns_complete: false,
            row_set: RowSet::default(),
            previous_names: Vec::new(),
            definition: None,
            sql: None,
        });
        self.graph.asset_edges.insert(AssetEdge { upstream: asset(upstream), downstream: asset(downstream) });
        self.read(upstream, None, (Some(downstream), line))
    }

    /// A place that reads an asset or its column.
    pub(super) fn read(mut self, name: &str, column: Option<&str>, (reader, line): (Option<&str>, u32)) -> Self {
        let column = column.map(ColumnName::new);
        let known = self.graph.assets.get(&asset(name)).filter(|asset| asset.columns_complete);
        let exists = match (&column, known) {
            (Some(column), Some(known)) => known.column(column).is_some(),
            _ => true,
        };
        self.graph.reads.insert(Read {
            asset: asset(name),
            column,
            reader: reader.map(asset),
            mention: None,
            file: file(reader.unwrap_or("script")),
            line,
            exists,
        });
        self
    }

    fn star(&mut self, made: &mut Asset, upstream: &str) {
        let known = self.graph.assets.get(&asset(upstream)).cloned();
        for known in known.iter().flat_map(|known| &known.columns) {
            let from = ColumnRef { asset: asset(upstream), column: known.name.clone() };
            self.flow(
                &from,
                &ColumnRef { asset: made.name.clone(), column: known.name.clone() },
                Transformation::Identity,
            );
            let expression = Some(from.to_string().into());
            made.columns.push(Column {
                name: known.name.clone(),
                data_type: known.data_type.clone(),
                expression,
                previous_names: Vec::new(),
            });
        }
        if known.is_none_or(|known| !known.columns_complete) {
            made.columns_complete = false;
            let every = |asset: &AssetName| ColumnRef { asset: asset.clone(), column: ColumnName::new("*") };
            self.flow(&every(&asset(upstream)), &every(&made.name), Transformation::Identity);
        }
    }

    /// An edge between columns, unless the upstream one is known not to be there.
    fn flow(&mut self, from: &ColumnRef, to: &ColumnRef, transformation: Transformation) {
        let known = self.graph.assets.get(&from.asset).filter(|asset| asset.columns_complete);
        if from.column.is_star() || known.is_none_or(|known| known.column(&from.column).is_some()) {
            let edge = ColumnEdge { upstream: from.clone(), downstream: to.clone(), transformation };
            self.graph.column_edges.insert(edge);
        }
    }

    fn last(&mut self, name: &str) -> &mut Asset {
        self.graph.assets.get_mut(&asset(name)).expect("sketched before")
    }

    /// A WHERE clause of an asset that stands.
    pub(super) fn filter(mut self, name: &str, condition: &str) -> Self {
        let made = self.last(name);
        made.row_set.filters.insert(condition.to_owned());
        let definition = format!("{} WHERE {condition}", made.definition.as_deref().unwrap_or_default());
        made.definition = Some(definition.into());
        for source in sources(condition) {
            self.flow(&source, &column(&format!("{name}.*")), Transformation::Filter);
            self = self.read(source.asset.as_str(), Some(source.column.as_str()), (Some(name), 90));
            self = self.from(source.asset.as_str(), name, 89);
        }
        self
    }

    /// `ALTER TABLE … RENAME COLUMN previous TO column`, already done.
    pub(super) fn previously(mut self, name: &str, column: &str, previous: &str) -> Self {
        let known = self.last(name).columns.iter_mut().find(|known| known.name.as_str() == column);
        known.expect("sketched before").previous_names.push(ColumnName::new(previous));
        self
    }

    /// Any other definition.
    pub(super) fn definition(mut self, name: &str, text: Option<&str>) -> Self {
        self.last(name).definition = text.map(Into::into);
        self
    }

    /// An edge of any kind, as it is.
    pub(super) fn edge(mut self, from: &str, to: &str, transformation: Transformation) -> Self {
        let edge = ColumnEdge { upstream: column(from), downstream: column(to), transformation };
        self.graph
            .asset_edges
            .insert(AssetEdge { upstream: edge.upstream.asset.clone(), downstream: edge.downstream.asset.clone() });
        self.graph.column_edges.insert(edge);
        self
    }

    pub(super) fn graph(self) -> LineageGraph {
        self.graph
    }

    /// The impact of coming here from `base`.
    pub(super) fn since(&self, base: &Self) -> Impact {
        assess(&base.graph, &self.graph, &[])
    }
}

/// Every `asset.column` in an expression.
fn sources(expression: &str) -> Vec<ColumnRef> {
    let words = expression.split(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | '.'));
    words.filter(|word| word.contains('.') && !word.starts_with(|c: char| c.is_ascii_digit())).map(column).collect()
}

/// A file that git calls renamed.
pub(super) fn renamed_file(old: &str, new: &str) -> ChangedFile {
    let path = |text| RepoPath::new(text).expect("inside");
    ChangedFile { path: path(new), old_path: Some(path(old)), status: FileStatus::Renamed }
}

/// An impact in a few lines, for tests to compare with: `verdict`, then a line for each changed asset, each changed
/// column, and each asset downstream.
pub(super) fn told(impact: &Impact) -> Vec<String> {
    let mut lines = vec![format!("verdict {}", impact.verdict.as_str())];
    for change in &impact.assets {
        lines.push(told_asset(change));
        lines.extend(change.columns.iter().map(told_column));
    }
    lines.extend(impact.downstream.iter().map(told_downstream));
    lines
}

fn told_asset(change: &AssetChange) -> String {
    let mut line = format!("{} {}", change.change.as_str(), change.name);
    if let Some(previous) = &change.previous_name {
        line.push_str(&format!(" was {previous}"));
    }
    for row_set in &change.row_set {
        line.push_str(&format!(" ~{}", row_set.clause.as_str()));
    }
    for upstream in &change.upstream_added {
        line.push_str(&format!(" +{upstream}"));
    }
    for upstream in &change.upstream_removed {
        line.push_str(&format!(" -{upstream}"));
    }
    line + &told_readers(&change.readers)
}

fn told_column(change: &ColumnChange) -> String {
    let mut line = format!("  {} {}", change.change.as_str(), change.name);
    if let Some(previous) = &change.previous_name {
        line.push_str(&format!(" was {previous}"));
    }
    line + &told_readers(&change.readers)
}

fn told_downstream(reached: &Downstream) -> String {
    let via: Vec<&str> = reached.via.iter().map(AssetName::as_str).collect();
    let mut line = format!("{} {} via {}", reached.severity.as_str(), reached.name, via.join(" "));
    for AffectedColumn { name, affected_by } in &reached.columns {
        let by: Vec<String> = affected_by.iter().map(ToString::to_string).collect();
        line.push_str(&format!(" {name}<{}", by.join(",")));
    }
    assert_eq!(reached.distance, reached.via.len());
    line + &told_readers(&reached.readers)
}

fn told_readers(readers: &[Reader]) -> String {
    readers.iter().map(|reader| format!(" !{}:{} {}", reader.file, reader.line, reader.name)).collect()
}

/// Asserts what is told.
#[track_caller]
pub(super) fn assert_told(impact: &Impact, expected: &[&str]) {
    let lines = told(impact);
    assert_eq!(lines, expected, "\n{}", lines.join("\n"));
    if impact.verdict == Verdict::None {
        assert!(impact.assets.is_empty() && impact.downstream.is_empty());
    }
}
