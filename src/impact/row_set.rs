//! Which of the clauses that decide about rows changed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::model::{ClauseChange, RowSetChange};
use super::rename::Renames;
use crate::lineage::model::{RowSet, shown};
use crate::lineage::wording;

/// The clauses of a row set, each with the word for its change.
pub(super) fn clauses(rows: &RowSet) -> [(RowSetChange, &BTreeSet<String>); 9] {
    [
        (RowSetChange::Filter, &rows.filters),
        (RowSetChange::Join, &rows.joins),
        (RowSetChange::Grouping, &rows.grouping),
        (RowSetChange::Distinct, &rows.distinct),
        (RowSetChange::Limit, &rows.limit),
        (RowSetChange::SetOperation, &rows.set_operations),
        (RowSetChange::LiteralRows, &rows.literal_rows),
        (RowSetChange::Order, &rows.order),
        (RowSetChange::ResultOrder, &rows.result_order),
    ]
}

/// What differs, ordered, each once. A clause that only follows a rename is the same.
pub(super) fn changes(base: &RowSet, head: &RowSet, renames: &Renames) -> Vec<ClauseChange> {
    let sides = clauses(base).into_iter().zip(clauses(head));
    let branches_differ = base.set_operations != head.set_operations;
    sides.filter_map(|((clause, base), (_, head))| change(clause, (base, head), renames, branches_differ)).collect()
}

/// The texts but for those that have only other branches of a UNION than one of the others: that is told once.
fn but_for_branches(texts: &[String], others: &[String]) -> Vec<String> {
    let is_told =
        |text: &&String| others.iter().take(MOST_COMPARED).any(|other| wording::differ_in_branches_only(text, other));
    texts.iter().filter(|text| !is_told(text)).cloned().collect()
}

/// Parts of a clause that are compared with each other.
const MOST_COMPARED: usize = 64;

fn change(
    clause: RowSetChange,
    (base, head): (&BTreeSet<String>, &BTreeSet<String>),
    renames: &Renames,
    branches_differ: bool,
) -> Option<ClauseChange> {
    if base == head {
        return None;
    }
    let followed: BTreeSet<Cow<'_, str>> = base.iter().map(|text| renames.text(text)).collect();
    let head: BTreeSet<Cow<'_, str>> = head.iter().map(|text| Cow::Borrowed(text.as_str())).collect();
    let only = |these: &BTreeSet<Cow<'_, str>>, those: &BTreeSet<Cow<'_, str>>| -> Vec<String> {
        these.difference(those).map(ToString::to_string).collect()
    };
    if followed == head {
        return None;
    }
    let (mut base, mut head) = (only(&followed, &head), only(&head, &followed));
    if branches_differ {
        (base, head) = (but_for_branches(&base, &head), but_for_branches(&head, &base));
        if base.is_empty() && head.is_empty() {
            return None;
        }
    }
    let without_marks =
        |texts: &[String]| -> Vec<String> { texts.iter().map(|text| shown(text).into_owned()).collect() };
    let plain = (without_marks(&base), without_marks(&head));
    // Where only our marks tell them apart they stay.
    let (base, head) = if plain.0 == plain.1 { (base, head) } else { plain };
    Some(ClauseChange { clause, base, head })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impact::Confidence;
    use crate::lineage::model::AssetName;

    fn set(text: &str) -> BTreeSet<String> {
        BTreeSet::from([text.to_owned()])
    }

    #[test]
    fn each_clause_is_named_by_its_word() {
        let head = RowSet {
            filters: set("a.x > 1"),
            joins: set("INNER b ON a.x = b.x"),
            grouping: set("a.x"),
            distinct: set("DISTINCT"),
            limit: set("LIMIT 1"),
            set_operations: set("UNION ALL"),
            literal_rows: set("a = 1"),
            order: set("a.x"),
            result_order: set("a.y"),
        };
        let words: Vec<&str> = changes(&RowSet::default(), &head, &Renames::default())
            .into_iter()
            .map(|change| change.clause.as_str())
            .collect();
        assert_eq!(
            words,
            [
                "filter",
                "join",
                "grouping",
                "distinct",
                "limit",
                "set_operation",
                "literal_rows",
                "order",
                "result_order"
            ]
        );
        assert!(changes(&head, &head, &Renames::default()).is_empty());
    }

    #[test]
    fn a_clause_that_follows_a_rename_is_the_same() {
        let mut renames = Renames::default();
        let names = (&AssetName::from_dotted("a"), &AssetName::from_dotted("b"));
        renames.add_asset(names, Confidence::Certain);
        let base = RowSet { filters: set("a.x > 1"), ..RowSet::default() };
        let head = RowSet { filters: set("b.x > 1"), ..RowSet::default() };
        assert!(changes(&base, &head, &renames).is_empty());
        let back = ClauseChange {
            clause: RowSetChange::Filter,
            base: vec!["b.x > 1".to_owned()],
            head: vec!["a.x > 1".to_owned()],
        };
        assert_eq!(changes(&head, &base, &renames), [back]);
    }

    #[test]
    fn only_the_parts_that_differ_are_told_and_without_our_marks() {
        let base = RowSet {
            filters: BTreeSet::from(["a.x".to_owned(), "t‹2›.y = '‹1›'".to_owned()]),
            ..RowSet::default()
        };
        let head = RowSet { filters: set("a.x"), ..RowSet::default() };
        let told = changes(&base, &head, &Renames::default());
        assert_eq!(told.first().map(|change| change.base.as_slice()), Some(["t.y = '‹1›'".to_owned()].as_slice()));
        assert!(told.iter().all(|change| change.head.is_empty()));
    }
}
