//! Which of the clauses that decide about rows changed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::model::RowSetChange;
use super::rename::Renames;
use crate::lineage::model::RowSet;

/// The clauses of a row set, each with the word for its change.
pub(super) fn clauses(rows: &RowSet) -> [(RowSetChange, &BTreeSet<String>); 7] {
    [
        (RowSetChange::Filter, &rows.filters),
        (RowSetChange::Join, &rows.joins),
        (RowSetChange::Grouping, &rows.grouping),
        (RowSetChange::Distinct, &rows.distinct),
        (RowSetChange::Limit, &rows.limit),
        (RowSetChange::SetOperation, &rows.set_operations),
        (RowSetChange::Order, &rows.order),
    ]
}

/// What differs, ordered, each once. A clause that only follows a rename is the same.
pub(super) fn changes(base: &RowSet, head: &RowSet, renames: &Renames) -> Vec<RowSetChange> {
    clauses(base)
        .into_iter()
        .zip(clauses(head))
        .filter(|((_, base), (_, head))| {
            let followed: BTreeSet<Cow<'_, str>> = base.iter().map(|text| renames.text(text)).collect();
            base != head && !followed.iter().map(Cow::as_ref).eq(head.iter().map(String::as_str))
        })
        .map(|((change, _), _)| change)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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
            order: set("a.x"),
        };
        let words: Vec<&str> =
            changes(&RowSet::default(), &head, &Renames::default()).into_iter().map(RowSetChange::as_str).collect();
        assert_eq!(words, ["filter", "join", "grouping", "distinct", "limit", "set_operation", "order"]);
        assert!(changes(&head, &head, &Renames::default()).is_empty());
    }

    #[test]
    fn a_clause_that_follows_a_rename_is_the_same() {
        let mut renames = Renames::default();
        renames.add_asset(&AssetName::from_dotted("a"), &AssetName::from_dotted("b"));
        let base = RowSet { filters: set("a.x > 1"), ..RowSet::default() };
        let head = RowSet { filters: set("b.x > 1"), ..RowSet::default() };
        assert!(changes(&base, &head, &renames).is_empty());
        assert_eq!(changes(&head, &base, &renames), [RowSetChange::Filter]);
    }
}
