//! What is called otherwise at head, and how that is proven for assets.
//!
//! A rename is never guessed. It takes one asset that is gone and one that is new, of one kind, that agree on their
//! definition or on their columns and sources, and no third asset that would fit as well.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::inputs::Side;
use super::model::Confidence;
use super::names::replace_names;
use super::pair::{Pair, Presence, presence};
use super::row_set;
use crate::lineage::model::{Asset, AssetKind, AssetName, ColumnRef};
use crate::path::RepoPath;
use crate::source::ChangedFile;

/// Stands for the asset's own name while two definitions are compared; no SQL text holds it.
const OWN_NAME: &str = "\u{0}";

/// Names at base → names at head.
#[derive(Debug, Default)]
pub(super) struct Renames {
    assets: BTreeMap<AssetName, AssetName>,
    columns: BTreeMap<ColumnRef, ColumnRef>,
    /// How sure the renames of assets are, by their names at head.
    confidence: BTreeMap<AssetName, Confidence>,
    /// The same pairs as dotted text, for expressions and definitions.
    texts: BTreeMap<String, String>,
}

impl Renames {
    /// Notes a renamed asset.
    pub(super) fn add_asset(&mut self, (base, head): (&AssetName, &AssetName), confidence: Confidence) {
        self.confidence.insert(head.clone(), confidence);
        self.assets.insert(base.clone(), head.clone());
        self.texts.insert(base.to_string(), head.to_string());
    }

    /// Notes a renamed column; `true` when it was not known yet.
    pub(super) fn add_column(&mut self, base: ColumnRef, head: ColumnRef) -> bool {
        self.texts.insert(base.to_string(), head.to_string());
        self.columns.insert(base, head).is_none()
    }

    /// How sure it is that the asset, by its name at head, was called otherwise.
    pub(super) fn confidence(&self, head: &AssetName) -> Option<Confidence> {
        self.confidence.get(head).copied()
    }

    /// The asset as head calls it.
    pub(super) fn asset<'a>(&'a self, name: &'a AssetName) -> &'a AssetName {
        self.assets.get(name).unwrap_or(name)
    }

    /// The column as head calls it.
    pub(super) fn column(&self, column: &ColumnRef) -> ColumnRef {
        match self.columns.get(column) {
            Some(renamed) => renamed.clone(),
            None => ColumnRef { asset: self.asset(&column.asset).clone(), column: column.column.clone() },
        }
    }

    /// Normalised SQL text of base as head would write it.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.texts.is_empty() {
            return Cow::Borrowed(text);
        }
        replace_names(text, |name| self.texts.get(name).map(String::as_str))
    }
}

/// What two names of one asset have in common, from the surest proof to the weakest.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// A statement renames it on one side.
    Statement,
    /// The file was renamed, and the definition is the same but for the name.
    FileAndDefinition,
    /// The definition is the same but for the name.
    Definition,
    /// The file was renamed; columns in order and their sources are the same.
    FileAndColumns,
    /// Columns in order, their sources, and what decides the rows are the same. Without the rows two opposite views
    /// (active customers, former customers) would pass for one.
    ColumnsAndRows,
}

impl Proof {
    fn confidence(self) -> Confidence {
        match self {
            Self::Statement | Self::FileAndDefinition | Self::Definition => Confidence::Certain,
            Self::FileAndColumns | Self::ColumnsAndRows => Confidence::Likely,
        }
    }
}

/// Joins pairs of one removed and one added asset that are one renamed asset. Returns the new names; the next round
/// may find more once these are known.
pub(super) fn join_renamed<'g>(
    pairs: &mut Vec<Pair<'g>>,
    (base, head): (Side<'_, 'g>, Side<'_, 'g>),
    changed: &[ChangedFile],
) -> Vec<((&'g AssetName, &'g AssetName), Confidence)> {
    let moved: BTreeMap<&RepoPath, &RepoPath> =
        changed.iter().filter_map(|file| Some((file.old_path.as_ref()?, &file.path))).collect();
    let moved_to: BTreeSet<&RepoPath> = moved.values().copied().collect();
    let mut found = Vec::new();
    let former = former_names(pairs);
    let proofs =
        [Proof::Statement, Proof::FileAndDefinition, Proof::Definition, Proof::FileAndColumns, Proof::ColumnsAndRows];
    for proof in proofs {
        let mut groups: BTreeMap<Vec<String>, (Vec<&'g Asset>, Vec<&'g Asset>)> = BTreeMap::new();
        for pair in pairs.iter() {
            let asset = pair.asset();
            let file = asset.file.as_ref();
            match pair {
                Pair::Removed { .. } => {
                    let file = file.and_then(|file| moved.get(file).copied());
                    key((proof, &former), asset, base, file).map(|key| groups.entry(key).or_default().0.push(asset))
                }
                Pair::Added { .. } => {
                    let file = file.filter(|file| moved_to.contains(file));
                    key((proof, &former), asset, head, file).map(|key| groups.entry(key).or_default().1.push(asset))
                }
                Pair::Both { .. } => None,
            };
        }
        let joined: Vec<(&Asset, &Asset)> = groups
            .into_values()
            .filter_map(|(removed, added)| match (removed.as_slice(), added.as_slice()) {
                ([base], [head]) => Some((*base, *head)),
                _ => None,
            })
            .collect();
        found.extend(joined.iter().map(|(base, head)| ((&base.name, &head.name), proof.confidence())));
        join(pairs, &joined);
    }
    found
}

/// Puts one pair in place of each two.
fn join<'g>(pairs: &mut Vec<Pair<'g>>, joined: &[(&'g Asset, &'g Asset)]) {
    let gone: BTreeSet<&AssetName> = joined.iter().map(|(base, _)| &base.name).collect();
    let new: BTreeSet<&AssetName> = joined.iter().map(|(_, head)| &head.name).collect();
    pairs.retain(|pair| match pair {
        Pair::Removed { base, .. } => !gone.contains(&base.name),
        Pair::Added { head, .. } => !new.contains(&head.name),
        Pair::Both { .. } => true,
    });
    pairs.extend(joined.iter().map(|(base, head)| Pair::Both { base, head }));
}

/// Assets that a statement renames on one side only: each by both of its names → the same one of the two.
fn former_names<'g>(pairs: &[Pair<'g>]) -> BTreeMap<&'g AssetName, &'g AssetName> {
    let gone = pairs.iter().filter(|pair| matches!(pair, Pair::Removed { .. })).map(Pair::asset);
    let gone: BTreeMap<&AssetName, &'g Asset> = gone.map(|asset| (&asset.name, asset)).collect();
    let new = pairs.iter().filter(|pair| matches!(pair, Pair::Added { .. })).map(Pair::asset);
    let new: BTreeMap<&AssetName, &'g Asset> = new.map(|asset| (&asset.name, asset)).collect();
    let mut claims: BTreeSet<(&'g AssetName, &'g AssetName)> = BTreeSet::new();
    for (these, those) in [(&new, &gone), (&gone, &new)] {
        for asset in these.values() {
            if let Some(other) = asset.previous_names.iter().rev().find_map(|name| those.get(name)) {
                let (one, two) = (&asset.name, &other.name);
                claims.insert(if one < two { (one, two) } else { (two, one) });
            }
        }
    }
    // `ALTER TABLE t RENAME TO old; ALTER TABLE new RENAME TO t`, of which one side has only a part: where statements give an
    // asset two other names, they prove neither.
    let mut named: BTreeMap<&AssetName, usize> = BTreeMap::new();
    for name in claims.iter().flat_map(|(one, two)| [*one, *two]) {
        *named.entry(name).or_default() += 1;
    }
    let mut former = BTreeMap::new();
    for (one, two) in claims.into_iter().filter(|(one, two)| named.get(one) == Some(&1) && named.get(two) == Some(&1)) {
        former.insert(one, two);
        former.insert(two, two);
    }
    former
}

/// What must be equal for this proof, in the words of head; `None` where the asset has too little to prove anything.
fn key(
    (proof, former): (Proof, &BTreeMap<&AssetName, &AssetName>),
    asset: &Asset,
    side: Side<'_, '_>,
    renamed_file: Option<&RepoPath>,
) -> Option<Vec<String>> {
    if presence(Some(asset)) != Presence::Defined {
        return None;
    }
    let mut key = vec![family(asset.kind).to_owned()];
    if matches!(proof, Proof::FileAndDefinition | Proof::FileAndColumns) {
        key.push(renamed_file?.to_string());
    }
    match proof {
        Proof::Statement => key.push(former.get(&asset.name)?.to_string()),
        Proof::FileAndDefinition | Proof::Definition => key.push(without_own_name(asset, side)?),
        Proof::FileAndColumns => key.extend(columns(asset, side)?),
        Proof::ColumnsAndRows => {
            key.extend(columns(asset, side)?);
            for (change, clauses) in row_set::clauses(&asset.row_set) {
                key.push(change.as_str().to_owned());
                key.extend(clauses.iter().map(|clause| side.text(clause).into_owned()));
            }
        }
    }
    Some(key)
}

/// Kinds that one asset can move between under a rename.
fn family(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::View | AssetKind::MaterializedView => "view",
        other => other.as_str(),
    }
}

/// The definition with the asset's own name left out.
fn without_own_name(asset: &Asset, side: Side<'_, '_>) -> Option<String> {
    let text = side.text(asset.definition.as_deref()?);
    Some(replace_names(&text, |name| (name == asset.name.as_str()).then_some(OWN_NAME)).into_owned())
}

/// Columns in order with their sources. Only a complete list with at least one source says enough.
fn columns(asset: &Asset, side: Side<'_, '_>) -> Option<Vec<String>> {
    let mut known = false;
    let mut key = Vec::new();
    for column in &asset.columns {
        key.push(column.name.to_string());
        for source in side.sources(asset, &column.name) {
            known = true;
            let from_itself = source.asset == asset.name;
            key.push(if from_itself {
                format!("{OWN_NAME}.{}", source.column)
            } else {
                format!("{OWN_NAME}<{source}")
            });
        }
    }
    (known && asset.columns_complete).then_some(key)
}

#[cfg(test)]
mod tests {
    use crate::impact::assess;
    use crate::impact::sketch::{assert_told, renamed_file, sketch};

    #[test]
    fn one_definition_under_another_name_is_one_renamed_asset() {
        let base = sketch().table("a", "id INT").view("old", "id = a.id").view("w", "id = old.id");
        let head = sketch().table("a", "id INT").view("new", "id = a.id").view("w", "id = old.id");
        assert_told(
            &head.since(&base),
            &["verdict breaking", "renamed new was old !w.sql:2 old", "breaking w via new !w.sql:2 old"],
        );
    }

    #[test]
    fn readers_that_follow_the_rename_are_told_by_their_upstream_only() {
        let base =
            sketch().view("old", "id = ext.id").view("w", "id = old.id").filter("w", "old.id > 1").view("u", "*w");
        let head =
            sketch().view("new", "id = ext.id").view("w", "id = new.id").filter("w", "new.id > 1").view("u", "*w");
        assert_told(&head.since(&base), &["verdict review", "renamed new was old", "modified w +new -old"]);
    }

    #[test]
    fn a_rename_can_prove_a_rename_downstream() {
        let base = sketch().view("old", "id = ext.id").view("old_top", "id = old.id; n = count(*)");
        let head = sketch().view("new", "id = ext.id").view("new_top", "id = new.id; n = count(*)");
        assert_told(
            &head.since(&base),
            &["verdict review", "renamed new was old", "renamed new_top was old_top +new -old"],
        );
    }

    #[test]
    fn same_columns_sources_and_rows_are_enough_for_a_rename() {
        let base = sketch().view("old", "x = upper(ext.x); y = ext.y").filter("old", "ext.x > 1");
        let head = sketch().view("new", "x = lower(ext.x); y = ext.y").filter("new", "ext.x > 1");
        assert_told(&head.since(&base), &["verdict review", "renamed new was old", "  lineage_changed x"]);
    }

    #[test]
    fn opposite_views_of_one_table_are_not_one_asset() {
        let base = sketch().view("active", "x = ext.x").filter("active", "ext.y = 1");
        let head = sketch().view("former", "x = ext.x").filter("former", "ext.y = 0");
        assert_told(
            &head.since(&base),
            &["verdict review", "removed active -ext", "  removed x", "added former +ext", "  added x"],
        );
        // A renamed file tells that they are.
        let changed = [renamed_file("active.sql", "former.sql")];
        let impact = assess(&base.graph(), &head.graph(), &changed);
        assert_told(&impact, &["verdict review", "renamed former was active ~filter"]);
    }

    #[test]
    fn several_that_fit_are_not_renamed_unless_their_files_are() {
        let base = sketch().view("a", "x = ext.x").view("b", "x = ext.x");
        let head = sketch().view("c", "x = ext.x").view("d", "x = ext.x");
        let kinds = |changed: &[_]| -> Vec<&str> {
            let impact = assess(&base.clone().graph(), &head.clone().graph(), changed);
            impact.assets.iter().map(|change| change.change.as_str()).collect()
        };
        assert_eq!(kinds(&[]), ["removed", "removed", "added", "added"]);
        assert_eq!(kinds(&[renamed_file("a.sql", "d.sql")]), ["renamed", "renamed"]);
    }

    #[test]
    fn another_kind_of_asset_is_not_the_same_one() {
        let base = sketch().view("old", "x = ext.x");
        let head = sketch().table("new", "x = ext.x");
        assert_eq!(head.since(&base).assets.len(), 2);
    }

    #[test]
    fn a_reader_of_the_new_name_and_an_old_column_breaks() {
        let base = sketch().table("a", "id INT; x INT").view("old", "*a").view("w", "x = old.x");
        let head = sketch().table("a", "id INT").view("new", "*a").view("w", "x = new.x");
        assert_told(
            &head.since(&base),
            &[
                "verdict breaking",
                "modified a",
                "  removed x",
                "renamed new was old",
                "  removed x !w.sql:1 x",
                "modified w +new -old",
                "  lineage_changed x",
            ],
        );
    }
}
