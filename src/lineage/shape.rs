//! What a query yields, and what a FROM clause brings into scope.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlparser::ast::NamedWindowDefinition;

use crate::lineage::indirect::Indirect;
use crate::lineage::model::{AssetName, ColumnName, ColumnRef, RowSet, Transformation};
use crate::lineage::wording::{self, Binding, mark};

pub(crate) use crate::lineage::column_list::{ColumnList, OutColumn};
pub(crate) use crate::lineage::sources::Sources;

/// The transformation of a value that goes through `inner` first and `outer` then.
pub(crate) fn compose(outer: Transformation, inner: Transformation) -> Transformation {
    match (outer.is_direct(), inner.is_direct()) {
        (false, _) => outer,
        (true, false) => inner,
        (true, true) => outer.max(inner),
    }
}

/// `sources`, seen through `outer`.
pub(crate) fn seen_through(
    outer: Transformation,
    sources: &Sources,
) -> impl Iterator<Item = (ColumnRef, Transformation)> + '_ {
    sources.iter().map(move |(column, inner)| (column.clone(), compose(outer, *inner)))
}

/// The value of an expression.
#[derive(Debug, Clone, Default)]
pub(crate) struct Value {
    /// What it depends on.
    pub sources: Sources,
    /// Its normalised text: names resolved to assets, derived columns replaced by what they are.
    pub text: String,
    /// How tightly what was written last binds.
    pub binding: Binding,
    /// Its type, where a cast or a declaration says so.
    pub data_type: Option<Arc<str>>,
    /// Whether an aggregate of a condition is part of it.
    pub aggregated: bool,
}

/// What a query yields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    /// Known columns in order.
    pub columns: Vec<OutColumn>,
    /// Assets of which all columns are passed on, and whose columns are not (all) known.
    pub open: Vec<AssetName>,
    /// Whether each of `open` has the columns of the others: files that are read as one.
    pub alike: bool,
    /// Columns that are not known by name, and no asset's own: each of them depends on these.
    pub anything: Option<Arc<Sources>>,
    /// How many known columns stand before the first and before the last of those that are not known.
    pub unknown_at: Option<(usize, usize)>,
    /// Assets of which all columns are passed on by a star, known or not.
    pub passed: Vec<AssetName>,
    /// The assets whose rows it is made of.
    pub assets: BTreeSet<AssetName>,
    /// The normalised texts of the stars that pass on columns which are not known.
    pub stars: Vec<String>,
    /// What decides about its rows.
    pub indirect: Indirect,
    /// The normalised text of everything that decides about its rows.
    pub rows: String,
    /// The same, clause by clause, without its parts; see [`Shape::clauses`].
    pub row_set: RowSet,
    /// The normalised text of its own ORDER BY.
    pub order: String,
}

impl Shape {
    /// The texts of all of its columns.
    pub fn values(&self) -> String {
        let columns = self.columns.iter().map(|column| &*column.text);
        columns.chain(self.stars.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
    }

    /// The same, each once and in no order of theirs.
    pub fn value_set(&self) -> String {
        let columns = self.columns.iter().map(|column| &*column.text);
        let texts: BTreeSet<&str> = columns.chain(self.stars.iter().map(String::as_str)).collect();
        texts.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Takes over what decides about the rows of a part of this query.
    pub fn absorb_rows(&mut self, part: &Arc<Shape>) {
        self.assets.extend(part.assets.iter().cloned());
        self.indirect.add_part(part);
    }

    /// The same of a part that nothing else reads: it is not worth pointing at.
    pub fn take_rows(&mut self, part: &Self) {
        self.assets.extend(part.assets.iter().cloned());
        self.indirect.take_in(part.indirect.clone());
        merge_row_sets(&mut self.row_set, &part.row_set);
    }

    /// The clauses that decide about its rows, those of its parts as well.
    pub fn clauses(&self) -> RowSet {
        let mut all = self.row_set.clone();
        self.indirect.each_part(&mut |part| merge_row_sets(&mut all, &part.row_set));
        all
    }

    /// Notes that columns which are not known by name stand here.
    pub fn note_unknown(&mut self) {
        let here = self.columns.len();
        let first = self.unknown_at.map_or(here, |(first, _)| first);
        self.unknown_at = Some((first, here));
    }

    /// Adds columns that are not known by name and depend on these.
    pub fn add_anything(&mut self, sources: &Sources) {
        let all = Arc::make_mut(self.anything.get_or_insert_default());
        all.extend(sources.iter().cloned());
    }

    /// Adds the columns of a part of a SELECT list.
    pub fn append(&mut self, part: Shape) {
        let before = self.columns.len();
        if let Some((first, last)) = part.unknown_at {
            let first = self.unknown_at.map_or(before + first, |(first, _)| first);
            self.unknown_at = Some((first, before + last));
        }
        self.columns.extend(part.columns);
        self.stars.extend(part.stars);
        if !part.open.is_empty() {
            self.alike = part.alike && self.open.is_empty();
        }
        for (ours, theirs) in [(&mut self.open, part.open), (&mut self.passed, part.passed)] {
            for asset in theirs {
                if !ours.contains(&asset) {
                    ours.push(asset);
                }
            }
        }
        if let Some(sources) = part.anything {
            self.add_anything(&sources);
        }
    }

    /// Renames the columns by position, as `cte (a, b)` and `alias (a, b)` do.
    ///
    /// Where a star stands for columns that are not known, the names before it and behind it are certain; each of those
    /// between them stands for any of the columns there.
    pub fn rename(&mut self, names: &[ColumnName]) {
        let Some((first, last)) = self.unknown_at.filter(|_| !names.is_empty()) else {
            for (column, name) in self.columns.iter_mut().zip(names) {
                column.name = name.clone();
            }
            return;
        };
        let behind = self.columns.len().saturating_sub(last);
        let any = self.any_between(first, last);
        let all = self.stars.join(", ");
        let known = std::mem::take(&mut self.columns);
        for (index, name) in names.iter().enumerate() {
            let from_end = names.len() - index;
            let column = match index {
                _ if index < first => known.get(index),
                _ if from_end <= behind => known.get(known.len().saturating_sub(from_end)),
                _ => None,
            };
            self.columns.push(match column {
                Some(column) => OutColumn { name: name.clone(), ..column.clone() },
                None => OutColumn {
                    name: name.clone(),
                    sources: any.clone(),
                    text: format!("({all})[{}]", index + 1).into(),
                    binding: Binding::Atom,
                    data_type: None,
                },
            });
        }
        // Every column has its name now.
        (self.open, self.anything, self.unknown_at) = (Vec::new(), None, None);
        self.stars.clear();
    }

    /// What a column may be made of that is one of those which are not known, or stands between them.
    fn any_between(&self, first: usize, last: usize) -> Arc<Sources> {
        let between = self.columns.iter().take(last).skip(first).flat_map(|column| column.sources.iter().cloned());
        let star = |asset: &AssetName| {
            (ColumnRef { asset: asset.clone(), column: ColumnName::new("*") }, Transformation::Identity)
        };
        let anything = self.anything.iter().flat_map(|sources| sources.iter().cloned());
        let all: Sources = between.chain(self.open.iter().map(star)).chain(anything).collect();
        Arc::new(seen_through(Transformation::Transformation, &all).collect())
    }
}

/// Takes over what decides about the rows of a part. The order of its result is one within the query now.
pub(crate) fn merge_row_sets(into: &mut RowSet, from: &RowSet) {
    into.filters.extend(from.filters.iter().cloned());
    into.grouping.extend(from.grouping.iter().cloned());
    into.limit.extend(from.limit.iter().cloned());
    into.set_operations.extend(from.set_operations.iter().cloned());
    // A condition that holds twice holds once. What multiplies rows, or takes those away that are the same, does it anew.
    from.joins.iter().for_each(|text| add_numbered(&mut into.joins, text));
    from.distinct.iter().for_each(|text| add_numbered(&mut into.distinct, text));
    from.literal_rows.iter().for_each(|text| add_numbered(&mut into.literal_rows, text));
    into.order.extend(from.order.iter().chain(&from.result_order).cloned());
}

/// The same rows, inserted or joined once more, are more rows; beyond so many times nobody counts them.
const MOST_TIMES: usize = 100;

/// Adds a text that may be there already.
pub(crate) fn add_numbered(texts: &mut BTreeSet<String>, text: &str) {
    if !texts.contains(text) {
        texts.insert(text.to_owned());
        return;
    }
    let numbered = (2..MOST_TIMES).map(|number| format!("{text} ({number})")).find(|text| !texts.contains(text));
    texts.extend(numbered);
}

/// One entry of a FROM clause.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relation {
    /// The name that qualifies its columns, folded.
    pub alias: Option<String>,
    /// The folded parts of its written name, outermost first; they qualify columns too.
    pub path: Vec<String>,
    /// The asset, for a base relation.
    pub asset: Option<AssetName>,
    /// Known columns.
    pub columns: ColumnList,
    /// See [`Shape::open`].
    pub open: Vec<AssetName>,
    /// See [`Shape::alike`].
    pub alike: bool,
    /// See [`Shape::passed`].
    pub passed: Vec<AssetName>,
    /// Columns that are not known by name, and no asset's own: each of them depends on these.
    pub anything: Option<Arc<Sources>>,
    /// What the alias means as a value itself: `UNNEST(items) AS item` … `item`.
    pub value: Option<Arc<Sources>>,
    /// See [`Shape::stars`].
    pub stars: Vec<String>,
    /// The normalised text that stands for it in `rows`.
    pub rows: String,
    /// Not 0: tells it apart from a relation beside it, or around it, whose columns may have the same texts.
    pub mark: usize,
    /// Whether a query makes it: its columns are expressions.
    pub is_derived: bool,
    /// Whether an outer join may replace its values by NULL, after they are computed.
    pub is_nullable: bool,
    /// Whether there are other relations in sight.
    pub has_neighbours: bool,
    /// See [`Shape::assets`].
    pub assets: BTreeSet<AssetName>,
}

/// A column that USING or NATURAL made of two.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    pub column: OutColumn,
    /// Positions of the relations whose column it stands for: a star gives it once.
    pub relations: Vec<usize>,
    /// Position of the first relation of its join.
    pub before: usize,
}

/// What a relation says about a column name.
pub(crate) enum Lookup<'r> {
    Known(&'r OutColumn),
    /// Not known by name; it can only come from this asset, whose columns are not all known.
    Through(&'r AssetName),
    /// One of those columns that are not known by name.
    Anything,
    /// In each of these files, which are read as one.
    Each(&'r [AssetName]),
    /// It may be there: several unknown assets pass their columns on.
    Maybe,
    Absent,
}

impl Relation {
    pub fn lookup(&self, name: &ColumnName) -> Lookup<'_> {
        if let Some(column) = self.columns.find(name) {
            return Lookup::Known(column);
        }
        match self.open.as_slice() {
            [] if self.anything.is_some() => Lookup::Anything,
            [] => Lookup::Absent,
            [asset] => Lookup::Through(asset),
            files if self.alike => Lookup::Each(files),
            _ => Lookup::Maybe,
        }
    }

    /// Whether `qualifier` (folded parts) names this relation: its alias, or the tail of its path.
    pub fn answers_to(&self, qualifier: &[String]) -> bool {
        if let Some(alias) = &self.alias
            && qualifier.len() == 1
            && qualifier.first() == Some(alias)
        {
            return true;
        }
        self.alias.is_none() && ends_with(&self.path, qualifier)
    }

    /// Whether `qualifier` is the relation's own name although an alias hides it (accepted by several engines).
    pub fn answers_to_hidden_name(&self, qualifier: &[String]) -> bool {
        self.alias.is_some() && ends_with(&self.path, qualifier)
    }
}

/// Whether `path` ends with `tail`; an empty tail never matches.
pub(crate) fn ends_with(path: &[String], tail: &[String]) -> bool {
    !tail.is_empty() && path.ends_with(tail)
}

/// The relations that an expression sees, and those around it.
#[derive(Default)]
pub(crate) struct Scope<'p> {
    pub relations: Vec<Relation>,
    /// The enclosing query's scope (correlated subqueries, LATERAL).
    pub parent: Option<&'p Scope<'p>>,
    /// Output columns of this query that later clauses, and in some dialects later columns, may name.
    pub aliases: Vec<OutColumn>,
    /// What wins where an output column and a column of a relation have one name.
    pub precedence: Precedence,
    /// Relations that are only addressed by their names: the variables of a row pattern.
    pub named: Vec<Relation>,
    /// Columns that USING and NATURAL merged.
    pub merged: Vec<Merged>,
    /// Windows that this query names.
    pub windows: Vec<NamedWindowDefinition>,
}

/// What a bare name means that an output column and a column of a relation may both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Precedence {
    /// The output column only where no relation can have the name.
    #[default]
    Relations,
    /// The relation's column where it is known to exist, else the output column.
    Known,
    /// The output column.
    Outputs,
}

impl<'p> Scope<'p> {
    pub fn within(parent: Option<&'p Scope<'p>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// Adds a relation, with a mark where its columns could be taken for those of another.
    pub fn add(&mut self, mut relation: Relation) {
        let mut level = Some(&*self);
        while let Some(scope) = level {
            for other in &scope.relations {
                if other.rows == relation.rows || !other.assets.is_disjoint(&relation.assets) {
                    relation.mark = relation.mark.max(other.mark.max(1) + 1);
                }
            }
            level = scope.parent;
        }
        self.relations.push(relation);
        let has_neighbours = self.relations.len() > 1 || self.parent.is_some();
        for relation in &mut self.relations {
            relation.has_neighbours = has_neighbours;
        }
    }

    /// The column that USING or NATURAL made of several by this name.
    pub fn merged_column(&self, name: &ColumnName) -> Option<&OutColumn> {
        self.merged.iter().map(|merged| &merged.column).find(|column| column.name == *name)
    }

    /// Whether relations are told apart by marks.
    pub fn is_marked(&self) -> bool {
        self.relations.iter().any(|relation| relation.mark > 0)
    }
}

impl Relation {
    /// The text of all of its columns that are not known by name.
    pub fn star_text(&self) -> String {
        let all = match self.stars.as_slice() {
            [] => format!("{}.*", self.rows),
            stars => stars.join(", "),
        };
        let all = if self.is_derived && self.has_neighbours { wording::closed(&all) } else { all };
        if self.mark > 0 { all + &mark(self.mark) } else { all }
    }

    /// The text of a column that can only come from the one asset whose columns it passes on.
    pub fn open_column_text(&self, column: &ColumnRef) -> String {
        // `* RENAME (a AS b)` may have made it from another one.
        let is_passed_as_it_is = self.stars.iter().all(|star| *star == format!("{}.*", column.asset));
        let text = if is_passed_as_it_is {
            wording::column(column)
        } else {
            format!("{}.{}", self.star_text(), wording::name(column.column.as_str()))
        };
        if self.mark > 0 { text + &mark(self.mark) } else { text }
    }

    /// The text of a column of it among its neighbours, and how that binds.
    pub fn column_text<'c>(&self, column: &'c OutColumn) -> (Cow<'c, str>, Binding) {
        let (mut text, mut binding) = (Cow::Borrowed(&*column.text), column.binding);
        if self.is_derived && self.has_neighbours && !column.is_plain() {
            if column.sources.is_empty() {
                // Nothing in the text says whose it is.
                (text, binding) = (wording::closed(&format!("{text} of {}", self.rows)).into(), Binding::Atom);
            } else if self.is_nullable {
                text = wording::before_outer_join(&text).into();
            }
        }
        if self.is_derived && self.has_neighbours && wording::is_marked(&text) {
            // A mark of this query must not be taken for one of that.
            (text, binding) = (wording::closed(&text).into(), Binding::Atom);
        }
        if self.mark > 0 {
            let (open, close) = if binding < Binding::Atom { ("(", ")") } else { ("", "") };
            (text, binding) = (format!("{open}{text}{close}{}", mark(self.mark)).into(), Binding::Atom);
        }
        (text, binding)
    }
}

/// Longest normalised text that is kept as it is; longer ones are replaced by a digest, so that chains of CTEs that
/// use a column many times do not grow without bound.
const LONGEST_TEXT: usize = 2_000;

/// `text`, or a digest of it when it is long.
pub(crate) fn shorten(text: String) -> String {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let head: String = text.chars().take(60).collect();
    format!("{head}…#{}", digest(&text))
}

/// Sixteen hexadecimal digits of SHA-256.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::with_capacity(16), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
