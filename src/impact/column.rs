//! What happened to the columns of an asset that stands on both sides.
//!
//! A column that is missing on a side counts as absent only where that side's columns are all known, or where both
//! sides leave the same `*` open and the column cannot come through it. Otherwise nothing is said of it: absent
//! information is never a change.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::data_type;
use super::inputs::{Inputs, Side};
use super::model::{ColumnChange, ColumnChangeKind, Confidence};
use crate::lineage::model::{Asset, AssetName, Column, ColumnName, ColumnRef, Role, shown};
use crate::lineage::wording;

/// One asset on both sides, and what feeds it there.
pub(super) struct Columns<'c, 'g> {
    base: Table<'c, 'g>,
    head: Table<'c, 'g>,
}

/// A column under its two names.
struct Renamed<'g> {
    base: &'g Column,
    head: &'g Column,
    confidence: Confidence,
}

/// One side of it.
struct Table<'c, 'g> {
    asset: &'g Asset,
    side: Side<'c, 'g>,
    stars: BTreeSet<&'c AssetName>,
    by_name: BTreeMap<&'g ColumnName, &'g Column>,
}

impl<'c, 'g> Table<'c, 'g> {
    fn new(asset: &'g Asset, side: Side<'c, 'g>) -> Self {
        let by_name = asset.columns.iter().rev().map(|column| (&column.name, column)).collect();
        Self { asset, side, stars: side.stars(asset), by_name }
    }

    /// Columns in order; of several with one name (a bare SELECT may have them) the first.
    fn columns(&self) -> impl Iterator<Item = &'g Column> {
        let mut seen = BTreeSet::new();
        self.asset.columns.iter().filter(move |column| seen.insert(&column.name))
    }

    fn has(&self, name: &ColumnName) -> bool {
        self.by_name.contains_key(name)
    }

    fn sources(&self, column: &Column) -> BTreeSet<ColumnRef> {
        self.side.sources(self.asset, &column.name)
    }

    /// The sources under this side's own names.
    fn own_sources(&self, column: &Column) -> Vec<ColumnRef> {
        self.side.inputs.sources(&self.asset.name, &column.name).cloned().collect()
    }

    fn expression(&self, column: &'g Column) -> Option<Cow<'g, str>> {
        column.expression.as_deref().map(|text| self.side.text(text))
    }

    fn expression_as_if_inner(&self, column: &'g Column) -> Option<String> {
        column.expression_as_if_inner().map(|text| self.side.text(&text).into_owned())
    }

    /// Whether a column that `other` has is known not to be here.
    ///
    /// With an unresolved `*` here it is, when `other` leaves the same `*` open beside that column: an asset has no
    /// column twice, so the `*` does not bring it, unless the column is the star's own (`* EXCEPT (x), f(x) AS x`).
    fn surely_lacks(&self, column: &Column, other: &Table<'_, '_>) -> bool {
        if self.has(&column.name) {
            return false;
        }
        let through_same_star =
            || !other.asset.columns_complete && !self.stars.is_empty() && self.stars.is_subset(&other.stars);
        let from_star = || {
            let sources = other.sources(column);
            sources.iter().any(|source| source.column == column.name && self.stars.contains(&source.asset))
        };
        self.asset.columns_complete || (through_same_star() && !from_star())
    }

    fn reference(&self, column: &Column) -> ColumnRef {
        ColumnRef { asset: self.asset.name.clone(), column: column.name.clone() }
    }
}

impl<'c, 'g> Columns<'c, 'g> {
    /// Sets the two sides of an asset beside each other.
    pub(super) fn new(base: (&'g Asset, Side<'c, 'g>), head: (&'g Asset, Side<'c, 'g>)) -> Self {
        Self { base: Table::new(base.0, base.1), head: Table::new(head.0, head.1) }
    }

    /// Renamed columns, base first: gone and new, and either an ALTER TABLE says so, or they are one expression over the
    /// same sources and no third column fits.
    pub(super) fn renamed(&self) -> Vec<(ColumnRef, ColumnRef)> {
        let pairs = self.renamed_pairs();
        pairs.into_iter().map(|pair| (self.base.reference(pair.base), self.head.reference(pair.head))).collect()
    }

    fn renamed_pairs(&self) -> Vec<Renamed<'g>> {
        type Key<'k> = (Cow<'k, str>, BTreeSet<ColumnRef>);
        let mut pairs = self.pairs_by_ddl();
        let (gone, new): (BTreeSet<&ColumnName>, BTreeSet<&ColumnName>) =
            pairs.iter().map(|pair| (&pair.base.name, &pair.head.name)).unzip();
        let mut groups: BTreeMap<Key<'_>, (Vec<&Column>, Vec<&Column>)> = BTreeMap::new();
        let base_columns = self.base.columns().filter(|column| !gone.contains(&column.name));
        for column in base_columns.filter(|column| self.head.surely_lacks(column, &self.base)) {
            if let Some(key) = meaning(column, &self.base) {
                groups.entry(key).or_default().0.push(column);
            }
        }
        let head_columns = self.head.columns().filter(|column| !new.contains(&column.name));
        for column in head_columns.filter(|column| self.base.surely_lacks(column, &self.head)) {
            if let Some(key) = meaning(column, &self.head) {
                groups.entry(key).or_default().1.push(column);
            }
        }
        pairs.extend(groups.into_iter().filter_map(|((_, sources), (removed, added))| {
            match (removed.as_slice(), added.as_slice()) {
                ([base], [head]) => {
                    // A count of rows may well be another one under another name.
                    let confidence = if sources.is_empty() { Confidence::Likely } else { Confidence::Certain };
                    Some(Renamed { base, head, confidence })
                }
                _ => None,
            }
        }));
        pairs
    }

    /// Columns that `ALTER TABLE … RENAME COLUMN` renamed between base and head, or that head renames no more.
    fn pairs_by_ddl(&self) -> Vec<Renamed<'g>> {
        let known = |names: &[ColumnName], table: &Table<'_, 'g>| -> Option<&'g Column> {
            names.iter().rev().find_map(|name| table.by_name.get(name)).copied()
        };
        let new = self.head.columns().filter(|head| !self.base.has(&head.name));
        let there = new.filter_map(|head| Some((known(&head.previous_names, &self.base)?, head)));
        let gone = self.base.columns().filter(|base| !self.head.has(&base.name));
        let back = gone.filter_map(|base| Some((base, known(&base.previous_names, &self.head)?)));
        let mut pairs: BTreeMap<&ColumnName, Renamed<'g>> = BTreeMap::new();
        for (base, head) in there.chain(back) {
            if !self.head.has(&base.name) && !self.base.has(&head.name) {
                pairs.entry(&head.name).or_insert(Renamed { base, head, confidence: Confidence::Certain });
            }
        }
        pairs.into_values().collect()
    }

    /// Changed columns in the order of head, removed ones last; readers are not yet known.
    pub(super) fn changes(&self) -> Vec<ColumnChange> {
        let renamed = self.renamed_pairs();
        let from: BTreeMap<&ColumnName, &Renamed<'_>> = renamed.iter().map(|pair| (&pair.head.name, pair)).collect();
        let gone: BTreeSet<&ColumnName> = renamed.iter().map(|pair| &pair.base.name).collect();
        let mut changes = Vec::new();
        for head in self.head.columns() {
            if let Some(Renamed { base, confidence, .. }) = from.get(&head.name) {
                let confidence = Some(*confidence);
                changes.push(ColumnChange { confidence, ..self.both(ColumnChangeKind::Renamed, base, head) });
            } else if let Some(base) = self.base.by_name.get(&head.name) {
                changes.extend(self.compare(base, head).map(|kind| self.both(kind, base, head)));
            } else if let Some(kind) = self.missing(head, (&self.head, &self.base), ColumnChangeKind::Added) {
                let mut change = ColumnChange::new(head.name.clone(), kind);
                show_head(&mut change, head, self.head.own_sources(head));
                changes.push(change);
            }
        }
        for base in self.base.columns().filter(|base| !gone.contains(&base.name) && !self.head.has(&base.name)) {
            if let Some(kind) = self.missing(base, (&self.base, &self.head), ColumnChangeKind::Removed) {
                let mut change = ColumnChange::new(base.name.clone(), kind);
                show_base(&mut change, base, self.base.own_sources(base));
                changes.push(change);
            }
        }
        changes
    }

    fn both(&self, kind: ColumnChangeKind, base: &Column, head: &Column) -> ColumnChange {
        let mut change = ColumnChange::new(head.name.clone(), kind);
        change.previous_name = (base.name != head.name).then(|| base.name.clone());
        show_base(&mut change, base, self.base.own_sources(base));
        show_head(&mut change, head, self.head.own_sources(head));
        if change.base_expression == change.head_expression && base.expression != head.expression {
            // Only our marks tell them apart.
            change.base_expression = base.expression.as_deref().map(str::to_owned);
            change.head_expression = head.expression.as_deref().map(str::to_owned);
        }
        change
    }

    /// What a column that only one side names means. A table that both sides only fill keeps its columns, whatever
    /// the statements name: there the column is filled on one side and not on the other.
    fn missing(
        &self,
        column: &Column,
        (present, absent): (&Table<'_, '_>, &Table<'_, '_>),
        kind: ColumnChangeKind,
    ) -> Option<ColumnChangeKind> {
        if absent.surely_lacks(column, present) {
            return Some(kind);
        }
        let only_filled = self.base.asset.role == Role::Written && self.head.asset.role == Role::Written;
        (only_filled && absent.stars.is_empty()).then_some(ColumnChangeKind::LineageChanged)
    }

    /// Whether the expressions are one but for an outer join that became another one: that is told once, of the rows, and
    /// not of every column behind the join.
    fn only_joins_differ(&self, base: &'g Column, head: &'g Column) -> bool {
        self.base.asset.row_set.joins != self.head.asset.row_set.joins
            && self.base.expression_as_if_inner(base) == self.head.expression_as_if_inner(head)
    }

    /// Whether a column only got or lost branches of a UNION, the others being the same: that is told once, of the rows.
    fn only_branches_differ(&self, base: &'g Column, head: &'g Column) -> bool {
        if self.base.asset.row_set.set_operations == self.head.asset.row_set.set_operations {
            return false;
        }
        let (Some(before), Some(after)) = (self.base.expression(base), self.head.expression(head)) else {
            return false;
        };
        wording::differ_in_branches_only(&before, &after)
    }

    /// How a column of both sides differs. Another type counts before another expression: it is the graver one, and
    /// the sources of both sides are told either way. An expression that only one side knows is no difference.
    fn compare(&self, base: &'g Column, head: &'g Column) -> Option<ColumnChangeKind> {
        if let (Some(before), Some(after)) = (&base.data_type, &head.data_type)
            && !data_type::same(before, after)
        {
            return Some(ColumnChangeKind::TypeChanged);
        }
        let expression_differs = match (self.base.expression(base), self.head.expression(head)) {
            (Some(before), Some(after)) => before != after && !self.only_joins_differ(base, head),
            _ => false,
        };
        let differs = expression_differs || self.base.sources(base) != self.head.sources(head);
        (differs && !self.only_branches_differ(base, head)).then_some(ColumnChangeKind::LineageChanged)
    }
}

/// What a column is, apart from its name: nothing for declared columns and for constants, of which an asset may have
/// any number (`NULL AS a`, `NULL AS b`).
fn meaning<'k>(column: &'k Column, table: &Table<'_, 'k>) -> Option<(Cow<'k, str>, BTreeSet<ColumnRef>)> {
    let expression = table.expression(column)?;
    let sources = table.sources(column);
    // Without sources only a call says anything: `count(*)`, `row_number()`; a cast of a constant is a constant.
    let calls = expression.contains('(') && !expression.trim_start_matches("TRY_").starts_with("CAST(");
    (calls || !sources.is_empty()).then_some((expression, sources))
}

fn show_base(change: &mut ColumnChange, column: &Column, sources: Vec<ColumnRef>) {
    change.base_type = column.data_type.as_deref().map(str::to_owned);
    change.base_expression = column.expression.as_deref().map(|text| shown(text).into_owned());
    change.base_sources = sources;
}

fn show_head(change: &mut ColumnChange, column: &Column, sources: Vec<ColumnRef>) {
    change.head_type = column.data_type.as_deref().map(str::to_owned);
    change.head_expression = column.expression.as_deref().map(|text| shown(text).into_owned());
    change.head_sources = sources;
}

/// The columns of an added asset.
pub(super) fn all_added(head: &Asset, inputs: &Inputs<'_>) -> Vec<ColumnChange> {
    let added = |column: &Column| {
        let mut change = ColumnChange::new(column.name.clone(), ColumnChangeKind::Added);
        show_head(&mut change, column, inputs.sources(&head.name, &column.name).cloned().collect());
        change
    };
    head.columns.iter().map(added).collect()
}

/// The columns of a removed asset.
pub(super) fn all_removed(base: &Asset, inputs: &Inputs<'_>) -> Vec<ColumnChange> {
    let removed = |column: &Column| {
        let mut change = ColumnChange::new(column.name.clone(), ColumnChangeKind::Removed);
        show_base(&mut change, column, inputs.sources(&base.name, &column.name).cloned().collect());
        change
    };
    base.columns.iter().map(removed).collect()
}

/// Those of the columns that one side fills which the other side creates the table without.
pub(super) fn surely_missing(filled: Option<Vec<ColumnChange>>, created: &Asset) -> impl Iterator<Item = ColumnChange> {
    let filled = filled.filter(|_| created.columns_complete).into_iter().flatten();
    filled.filter(|change| created.column(&change.name).is_none())
}

#[cfg(test)]
mod tests {
    use crate::impact::sketch::{assert_told, column, sketch};
    use crate::impact::{ColumnChangeKind, Verdict};

    #[test]
    fn an_added_column_is_an_addition() {
        let base = sketch().table("a", "id INT");
        let head = sketch().table("a", "id INT; x INT");
        assert_told(&head.since(&base), &["verdict additive", "modified a", "  added x"]);
    }

    #[test]
    fn a_removed_column_stands_after_the_others() {
        let base = sketch().table("a", "gone INT; id INT");
        let head = sketch().table("a", "id INT; x INT; y INT");
        assert_told(&head.since(&base), &["verdict review", "modified a", "  added x", "  added y", "  removed gone"]);
    }

    #[test]
    fn another_type_is_told_with_both_types() {
        let base = sketch().table("a", "id INT");
        let head = sketch().table("a", "id BIGINT");
        let impact = head.since(&base);
        assert_told(&impact, &["verdict review", "modified a", "  type_changed id"]);
        let change = &impact.assets[0].columns[0];
        assert_eq!((change.base_type.as_deref(), change.head_type.as_deref()), (Some("INT"), Some("BIGINT")));
    }

    #[test]
    fn a_synonym_or_an_unknown_type_is_no_other_type() {
        let base = sketch().table("a", "id INTEGER; x = b.x");
        let head = sketch().table("a", "id INT; x TEXT = b.x");
        assert_told(&head.since(&base), &["verdict review", "modified a"]);
    }

    #[test]
    fn other_sources_are_told_before_and_after() {
        let base = sketch().view("v", "total = sum(a.x)");
        let head = sketch().view("v", "total = sum(a.y)");
        let impact = head.since(&base);
        assert_told(&impact, &["verdict review", "modified v", "  lineage_changed total"]);
        let change = &impact.assets[0].columns[0];
        assert_eq!(change.base_sources, [column("a.x")]);
        assert_eq!(change.head_sources, [column("a.y")]);
        assert_eq!(change.base_expression.as_deref(), Some("sum(a.x)"));
    }

    #[test]
    fn another_expression_over_the_same_sources_is_a_change_of_lineage() {
        let base = sketch().view("v", "total = sum(a.x); same = a.x");
        let head = sketch().view("v", "total = max(a.x); same = a.x");
        assert_told(&head.since(&base), &["verdict review", "modified v", "  lineage_changed total"]);
    }

    #[test]
    fn a_type_counts_before_a_change_of_lineage() {
        let base = sketch().view("v", "x INT = a.x");
        let head = sketch().view("v", "x TEXT = a.y");
        let impact = head.since(&base);
        assert_told(&impact, &["verdict review", "modified v", "  type_changed x"]);
        assert_eq!(impact.assets[0].columns[0].head_sources, [column("a.y")]);
    }

    #[test]
    fn one_expression_under_another_name_is_a_rename() {
        let base = sketch().view("v", "id = a.id; n = count(*)").view("w", "total = v.n");
        let head = sketch().view("v", "id = a.id; orders = count(*)").view("w", "total = v.n");
        let impact = head.since(&base);
        assert_told(
            &impact,
            &[
                "verdict breaking",
                "modified v",
                "  renamed orders was n !w.sql:1 n",
                "breaking w via v total<v.orders !w.sql:1 n",
            ],
        );
    }

    #[test]
    fn two_columns_that_fit_are_no_rename() {
        let base = sketch().view("v", "x = a.x; y = a.x");
        let head = sketch().view("v", "z = a.x");
        assert_told(&head.since(&base), &["verdict review", "modified v", "  added z", "  removed x", "  removed y"]);
    }

    #[test]
    fn a_rename_that_ddl_states_is_a_rename() {
        let base = sketch().table("a", "x INT; z INT");
        let head = sketch().table("a", "y BIGINT; z INT").previously("a", "y", "x");
        assert_told(&head.since(&base), &["verdict review", "modified a", "  renamed y was x"]);
    }

    #[test]
    fn declared_columns_and_constants_are_never_guessed_to_be_renamed() {
        let base = sketch().table("a", "x INT").view("v", "id = ext.x; p = NULL").view("w", "p = CAST(NULL AS TEXT)");
        let head = sketch().table("a", "y INT").view("v", "id = ext.x; q = NULL").view("w", "q = CAST(NULL AS TEXT)");
        let impact = head.since(&base);
        let kinds: Vec<_> = impact.assets.iter().flat_map(|asset| &asset.columns).map(|change| change.change).collect();
        assert!(!kinds.contains(&ColumnChangeKind::Renamed), "{kinds:?}");
        assert_eq!(kinds.len(), 6);
    }

    #[test]
    fn a_rename_is_followed_through_the_assets_that_take_it_up() {
        let base = sketch().view("v", "x = ext.c").view("w", "x = lower(v.x); z = v.x").view("u", "k = w.x");
        let head = sketch().view("v", "y = ext.c").view("w", "y = lower(v.y); z = v.y").view("u", "k = w.y");
        assert_told(
            &head.since(&base),
            &["verdict review", "modified u", "modified v", "  renamed y was x", "modified w", "  renamed y was x"],
        );
    }

    #[test]
    fn nothing_is_said_of_columns_that_an_open_star_may_bring() {
        let base = sketch().view("v", "id = ext.id; x = ext.x");
        let head = sketch().view("v", "*ext");
        assert_told(&head.since(&base), &["verdict review", "modified v"]);
        assert_told(&base.since(&head), &["verdict review", "modified v"]);
    }

    #[test]
    fn a_column_beside_the_same_open_star_is_known_to_be_gone() {
        let base = sketch().view("v", "*ext; twice = ext.x + ext.x");
        let head = sketch().view("v", "*ext");
        assert_told(&head.since(&base), &["verdict review", "modified v", "  removed twice"]);
        let added = base.since(&head);
        assert_told(&added, &["verdict review", "modified v", "  added twice"]);
        assert_eq!(added.verdict, Verdict::Review, "the star is open: not proven to be only an addition");
    }

    #[test]
    fn a_column_that_replaces_one_of_the_star_is_not_gone_without_it() {
        let base = sketch().view("v", "*ext; x = upper(ext.x)");
        let head = sketch().view("v", "*ext");
        assert_told(&head.since(&base), &["verdict review", "modified v"]);
    }

    #[test]
    fn readers_of_a_column_gone_beside_an_open_star_break() {
        let base = sketch().view("v", "*ext; twice = ext.x + ext.x").view("w", "t = v.twice");
        let head = sketch().view("v", "*ext").view("w", "t = v.twice");
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified v",
                "  removed twice !w.sql:1 twice",
                "breaking w via v t<v.twice !w.sql:1 twice",
            ],
        );
    }

    #[test]
    fn a_table_that_is_only_filled_keeps_its_columns() {
        let base = sketch().insert("t", "id = a.id");
        let head = sketch().insert("t", "id = a.id; x = a.x");
        assert_told(&head.since(&base), &["verdict review", "modified t", "  lineage_changed x"]);
        assert_told(&base.since(&head), &["verdict review", "modified t", "  lineage_changed x"]);
    }
}
