//! Rows of the table of changes; `sentence` tells a single one.

mod sentence;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::impact::{AssetChange, AssetChangeKind, ColumnChange, ColumnChangeKind, Confidence, Reader};
use crate::lineage::model::{AssetKind, AssetName, ColumnRef, EXPOSURE, MentionKind};
use crate::report::excerpt;
use crate::report::facts::row_sets::sort_orders;
use crate::report::facts::{Breaks, Broken, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;
use crate::sql::dialect::Dialect;

/// Of longer expressions only what differs is shown; the SQL below has them.
pub const SHORT_EXPRESSION: usize = 60;
/// A text that stands for a longer one ends with a digest behind this mark.
pub const DIGEST: &str = "…#";

/// What a row is about.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// The asset as a whole.
    Asset,
    /// That it is open to fewer readers, or names what is not open to it.
    Refused,
    /// One of its columns.
    Column(&'a ColumnChange),
}

/// A row of the table of changes.
#[derive(Debug, Clone)]
pub struct ChangeRow<'a> {
    /// The changed asset.
    pub asset: &'a AssetChange,
    /// What of it.
    pub what: What<'a>,
    /// The same asset in other dialects, of which the same is told.
    pub copies: Vec<(Dialect, &'a AssetChange)>,
}

/// How much a row matters, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Added,
    Definition,
    Values,
    Gone,
    StillRead,
}

/// All rows, the worst first; equal ones by asset and in the order of its columns.
pub fn rows(assets: &[AssetChange]) -> Vec<ChangeRow<'_>> {
    let mut rows: Vec<ChangeRow<'_>> = assets.iter().flat_map(rows_of).collect();
    rows.sort_by_cached_key(|row| Reverse(row.rank()));
    rows
}

/// New and removed assets are one row each; their columns would be a wall.
fn rows_of(asset: &AssetChange) -> Vec<ChangeRow<'_>> {
    let row = |what| ChangeRow { asset, what, copies: Vec::new() };
    let whole = row(What::Asset);
    let refused = (!asset.refused.is_empty()).then(|| row(What::Refused));
    let columns = asset.columns.iter().map(|column| row(What::Column(column)));
    let others: Vec<ChangeRow<'_>> = match asset.change {
        AssetChangeKind::Added | AssetChangeKind::Removed => vec![whole],
        AssetChangeKind::Renamed => std::iter::once(whole).chain(columns).collect(),
        AssetChangeKind::Modified => {
            let other_rows = asset.row_set.iter().any(|change| change.clause.moves_rows());
            let is_open_to_fewer = !asset.refused.is_empty() && has_same_sql(asset);
            let is_untold = asset.columns.is_empty() && !other_rows && !is_open_to_fewer;
            let is_told_whole = is_untold || !asset.read_by_position.is_empty() || !asset.readers.is_empty();
            is_told_whole.then_some(whole).into_iter().chain(columns).collect()
        }
    };
    refused.into_iter().chain(others).collect()
}

/// Every name that is gone or retyped and still read, or read by who may not, and every contract that is not kept.
pub fn broken(assets: &[AssetChange]) -> Vec<Broken<'_>> {
    rows(assets)
        .into_iter()
        .filter(|row| row.rank() == Rank::StillRead)
        .map(|row| Broken { what: row.what_happened(), breaks: row.breaks(), readers: row.readers() })
        .collect()
}

impl<'a> ChangeRow<'a> {
    fn rank(&self) -> Rank {
        let fatal = match self.what {
            What::Asset => self.is_gone(),
            What::Column(column) => is_fatal(column),
            What::Refused => true,
        };
        if (fatal || self.breaks() == Breaks::Contract) && !self.readers().is_empty() {
            return Rank::StillRead;
        }
        match self.what {
            _ if fatal => Rank::Gone,
            What::Asset if self.asset.change == AssetChangeKind::Added => Rank::Added,
            What::Asset | What::Refused => Rank::Definition,
            What::Column(column) if column.change == ColumnChangeKind::Added => Rank::Added,
            What::Column(_) => Rank::Values,
        }
    }

    /// How many assets or columns it tells of.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.copies.len()
    }

    /// Whether a name is gone: removed or renamed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self.what {
            What::Asset => matches!(self.asset.change, AssetChangeKind::Removed | AssetChangeKind::Renamed),
            What::Column(column) => is_fatal(column) && column.change != ColumnChangeKind::TypeChanged,
            What::Refused => false,
        }
    }

    /// Whether it tells of places that may not name a model.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.what, What::Refused)
    }

    /// What is wrong with the places that may not name a model.
    fn refusal(&self) -> &'static str {
        let names_itself = self.asset.refused.iter().any(|place| place.name == self.asset.name.as_str());
        if names_itself { " is open to fewer readers" } else { " names a model that is not open to it" }
    }

    /// How it breaks who reads it.
    fn breaks(&self) -> Breaks {
        if self.is_refused() {
            return Breaks::Refused;
        }
        match self.readers().iter().any(|reader| left_out(reader).is_some()) {
            _ if self.is_gone() => Breaks::Gone,
            true => Breaks::Contract,
            false => Breaks::Retyped,
        }
    }

    /// Whether what was called so is called otherwise now.
    #[must_use]
    pub fn is_renamed(&self) -> bool {
        match self.what {
            What::Asset => self.asset.change == AssetChangeKind::Renamed,
            What::Column(column) => column.change == ColumnChangeKind::Renamed,
            What::Refused => false,
        }
    }

    /// Places at head that still read the old name, ordered, each once.
    #[must_use]
    pub fn readers(&self) -> Vec<&'a Reader> {
        let asset: &'a AssetChange = self.asset;
        let readers: BTreeSet<&Reader> = match self.what {
            What::Asset => asset.readers.iter().chain(self.removed_columns().flat_map(|c| &c.readers)).collect(),
            What::Column(column) => column.readers.iter().collect(),
            What::Refused => asset.refused.iter().collect(),
        };
        let mut readers: Vec<&Reader> = readers.into_iter().collect();
        readers.dedup_by_key(|reader| (&reader.file, reader.line, left_out(reader)));
        readers
    }

    /// Columns that went with their asset.
    fn removed_columns(&self) -> impl Iterator<Item = &'a ColumnChange> + use<'a> {
        let gone = self.asset.change == AssetChangeKind::Removed;
        self.asset.columns.iter().filter(move |_| gone)
    }

    /// "`a.b` was removed": the subject by its old name, and what happened to it.
    #[must_use]
    pub fn what_happened(&self) -> Phrase {
        let asset_before = self.asset.previous_name.as_ref().unwrap_or(&self.asset.name);
        match self.what {
            What::Refused => Phrase::default().name(&self.asset.name).words(self.refusal()),
            What::Asset => {
                let subject = Phrase::default().name(asset_before);
                match self.asset.change {
                    AssetChangeKind::Added => subject.words(" is new"),
                    AssetChangeKind::Removed => subject.words(" was removed"),
                    AssetChangeKind::Renamed => subject.words(" was renamed to ").name(&self.asset.name),
                    AssetChangeKind::Modified => subject.words(match self.asset.read_by_position.as_slice() {
                        [] if !self.asset.readers.is_empty() => " does not keep its contract",
                        [] if !self.asset.row_set.is_empty() => " is sorted otherwise, with the same rows",
                        [] if self.asset.kind == AssetKind::Source => " stands for another table",
                        [] if has_same_sql(self.asset) => " has another contract",
                        [] => " has another definition",
                        _ => " has other columns by position, and is read by position",
                    }),
                }
            }
            What::Column(column) => {
                let before = column.previous_name.as_ref().unwrap_or(&column.name);
                let subject = Phrase::default().name(format!("{}.{before}", self.asset.name));
                match column.change {
                    ColumnChangeKind::Added => subject.words(" is new"),
                    ColumnChangeKind::Removed => subject.words(" was removed"),
                    ColumnChangeKind::Renamed => subject.words(" was renamed to ").name(&column.name),
                    ColumnChangeKind::TypeChanged if column.is_widened() => {
                        subject.words(" got a wider type").then(types(column))
                    }
                    ColumnChangeKind::TypeChanged => subject.words(" changed its type").then(types(column)),
                    ColumnChangeKind::LineageChanged => subject.words(" is computed differently"),
                }
            }
        }
    }

    /// " and 2 more dialects: duckdb and postgres", where it is told of copies too.
    #[must_use]
    pub fn more_dialects(&self) -> String {
        if self.copies.is_empty() {
            return String::new();
        }
        let names: Vec<String> = self.copies.iter().map(|(dialect, _)| dialect.to_string()).collect();
        let count = words::count(names.len(), "more dialect", "more dialects");
        format!(" and {count}: {}", words::enumerate(&names))
    }

    /// The column of the table: `amount`, or how many columns come or go with the asset.
    #[must_use]
    pub fn column_cell(&self) -> Phrase {
        match self.what {
            What::Column(column) => Phrase::default().name(&column.name),
            What::Refused => Phrase::new("—"),
            What::Asset if self.asset.columns.is_empty() => Phrase::new("—"),
            What::Asset if self.asset.change == AssetChangeKind::Renamed => Phrase::new("—"),
            What::Asset => Phrase::new(words::count(self.asset.columns.len(), "column", "columns")),
        }
    }

    /// The change in few words.
    #[must_use]
    pub fn change_cell(&self) -> Phrase {
        match self.what {
            What::Refused => Phrase::new(self.refusal().trim_start_matches(" is").trim_start()),
            What::Asset => match (self.asset.change, &self.asset.previous_name) {
                (AssetChangeKind::Renamed, Some(before)) => renamed_from(self.asset.confidence).name(before),
                (AssetChangeKind::Modified, _) => Phrase::new(rewritten(self.asset)),
                (change, _) => Phrase::new(format!("{} {}", words::asset_change(change), words::kind(self.asset.kind))),
            },
            What::Column(column) => match (column.change, &column.previous_name) {
                (ColumnChangeKind::Renamed, Some(before)) => renamed_from(column.confidence).name(before),
                (ColumnChangeKind::TypeChanged, _) => type_cell(column),
                (change, _) => Phrase::new(words::column_change(change)),
            },
        }
    }

    /// Sources before → after; the expressions where the sources are the same.
    #[must_use]
    pub fn sources(&self, most: usize) -> Phrase {
        let (before, after) = match self.what {
            What::Refused => return Phrase::new("—"),
            What::Asset => (asset_names(&self.asset.upstream_removed), asset_names(&self.asset.upstream_added)),
            What::Column(column) => (column_names(&column.base_sources), column_names(&column.head_sources)),
        };
        let list = |names: Vec<Phrase>| {
            if names.is_empty() { Phrase::new("—") } else { Phrase::default().list(names, most) }
        };
        match self.what {
            What::Asset if self.asset.change == AssetChangeKind::Modified && !self.asset.row_set.is_empty() => {
                sort_orders(self.asset)
            }
            What::Column(column) if before == after && column.change == ColumnChangeKind::LineageChanged => {
                match expressions(column) {
                    Some((before, after)) => Phrase::default().name(before).words(" → ").name(after),
                    None if after.is_empty() => Phrase::new("another expression"),
                    None => list(after).words(" (another expression)"),
                }
            }
            _ if before == after => list(after),
            _ => difference(&before, &after, most).unwrap_or_else(|| list(before).words(" → ").then(list(after))),
        }
    }

    /// Who reads it: places that still name what is gone, else downstream assets.
    #[must_use]
    pub fn read_by(&self, facts: &Facts<'_>, most: usize) -> Phrase {
        let readers = self.readers();
        if !readers.is_empty() {
            return Phrase::default().list(places(&readers), most);
        }
        let What::Column(column) = self.what else {
            return match self.asset.read_by_position.as_slice() {
                [] => self.unread(),
                readers => Phrase::default().list(asset_names(readers), most),
            };
        };
        let mut names = BTreeSet::<&AssetName>::new();
        for asset in std::iter::once(self.asset).chain(self.copies.iter().map(|(_, copy)| *copy)) {
            for name in std::iter::once(&column.name).chain(&column.previous_name) {
                let reference = ColumnRef { asset: asset.name.clone(), column: name.clone() };
                names.extend(facts.readers_of(&reference));
            }
        }
        if names.is_empty() {
            return self.unread();
        }
        Phrase::default().list(names.into_iter().map(reader), most)
    }

    /// What is gone and not read was looked for; what stays may well be read where nothing changes.
    fn unread(&self) -> Phrase {
        Phrase::new(if self.is_gone() { "nothing here" } else { "—" })
    }
}

/// "view `a` (`a.sql:1`)".
pub fn named(asset: &AssetChange) -> Phrase {
    let phrase = Phrase::new(words::kind(asset.kind)).words(" ").name(&asset.name);
    match asset.file.as_ref().filter(|_| asset.change != AssetChangeKind::Removed) {
        Some(file) => phrase.words(" (").place(file, asset.line).words(")"),
        None => phrase,
    }
}

/// The column that a contract leaves out.
fn left_out(reader: &Reader) -> Option<&str> {
    let mention = reader.mention.as_ref().filter(|mention| mention.kind == MentionKind::ContractWithout)?;
    Some(&mention.name)
}

/// Whether whoever reads the name breaks.
fn is_fatal(column: &ColumnChange) -> bool {
    match column.change {
        ColumnChangeKind::Removed | ColumnChangeKind::Renamed => true,
        ColumnChangeKind::TypeChanged => !column.is_widened(),
        ColumnChangeKind::Added | ColumnChangeKind::LineageChanged => false,
    }
}

pub fn from(start: Phrase, link: &'static str, names: Vec<Phrase>, most: usize) -> Phrase {
    if names.is_empty() { start } else { start.words(link).list(names, most) }
}

/// Whether what changed is no SQL of the asset: only a contract is told so.
fn has_same_sql(asset: &AssetChange) -> bool {
    let is_model = matches!(asset.kind, AssetKind::Model | AssetKind::Snapshot | AssetKind::Seed);
    is_model && asset.base_definition.is_some() && asset.base_definition == asset.head_definition
}

/// What is said of an asset of which neither columns nor rows are told.
fn rewritten(asset: &AssetChange) -> &'static str {
    let reads_others = !asset.upstream_added.is_empty() || !asset.upstream_removed.is_empty();
    match asset.read_by_position.as_slice() {
        [] if !asset.readers.is_empty() => "contract not kept",
        [] if !asset.row_set.is_empty() => "sorted otherwise; the same rows",
        [] if asset.kind == AssetKind::Source => "stands for another table",
        [] if has_same_sql(asset) => "another contract",
        [] if reads_others => "rewritten; reads other tables",
        [] => "rewritten; columns and rows look the same",
        _ => "other columns by position",
    }
}

/// "renamed from ", and how sure that is where it is not certain.
fn renamed_from(confidence: Option<Confidence>) -> Phrase {
    Phrase::new(if confidence == Some(Confidence::Likely) { "likely renamed from " } else { "renamed from " })
}

/// " from `A` to `B`", as far as the types are known.
fn types(column: &ColumnChange) -> Phrase {
    let known = |words: &'static str, data_type: &Option<String>| match data_type {
        Some(data_type) => Phrase::new(words).name(data_type),
        None => Phrase::default(),
    };
    known(" from ", &column.base_type).then(known(" to ", &column.head_type))
}

/// "type `A` → `B`", as far as the types are known.
fn type_cell(column: &ColumnChange) -> Phrase {
    match (&column.base_type, &column.head_type) {
        (Some(before), Some(after)) => {
            let kind = if column.is_widened() { "wider type " } else { "type " };
            Phrase::new(kind).name(before).words(" → ").name(after)
        }
        _ => Phrase::new("another type").then(types(column)),
    }
}

/// "now also `a`; no longer `b`": said of long lists that have something in common, which would hide what differs.
fn difference(before: &[Phrase], after: &[Phrase], most: usize) -> Option<Phrase> {
    let only = |these: &[Phrase], those: &[Phrase]| -> Vec<Phrase> {
        these.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    let (gone, new) = (only(before, after), only(after, before));
    let common = after.len() - new.len();
    if common == 0 || before.len().max(after.len()) <= most {
        return None;
    }
    let link = if new.is_empty() { "no longer " } else { "; no longer " };
    Some(from(from(Phrase::default(), "now also ", new, most), link, gone, most))
}

/// What differs between the expressions, where they are known.
fn expressions(column: &ColumnChange) -> Option<(String, String)> {
    let (before, after) = (column.base_expression.as_deref()?, column.head_expression.as_deref()?);
    if before.contains(DIGEST) || after.contains(DIGEST) {
        return None;
    }
    excerpt::difference(before, after, SHORT_EXPRESSION)
}

fn column_names(columns: &[ColumnRef]) -> Vec<Phrase> {
    columns.iter().map(|column| Phrase::default().name(column)).collect()
}

/// "`orders`", "exposure `weekly`".
fn reader(name: &AssetName) -> Phrase {
    match name.as_str().strip_prefix(EXPOSURE) {
        Some(bare) => Phrase::new(words::kind(AssetKind::Exposure)).words(" ").name(bare),
        None => Phrase::default().name(name),
    }
}

pub fn asset_names(assets: &[AssetName]) -> Vec<Phrase> {
    assets.iter().map(|asset| Phrase::default().name(asset)).collect()
}

/// The places as links, with what they are where they are no SQL: "`schema.yml:4` (test `unique`)".
pub fn places(readers: &[&Reader]) -> Vec<Phrase> {
    let place = |reader: &&Reader| {
        let place = Phrase::default().place(&reader.file, reader.line);
        match &reader.mention {
            None => place,
            Some(mention) if mention.name.is_empty() => place.words(format!(" ({})", mention.kind.as_str())),
            Some(mention) => place.words(format!(" ({} ", mention.kind.as_str())).name(&mention.name).words(")"),
        }
    };
    readers.iter().map(place).collect()
}
