//! Rows of the table of changes, and the sentence that stands for a single one.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::impact::{AssetChange, AssetChangeKind, ColumnChange, ColumnChangeKind, Reader};
use crate::lineage::model::{AssetName, ColumnRef};
use crate::report::facts::{Broken, Facts};
use crate::report::phrase::Phrase;
use crate::report::words;

/// Longer expressions are not shown in a sentence; the SQL below has them.
const SHORT_EXPRESSION: usize = 60;

/// What a row is about.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// The asset as a whole.
    Asset,
    /// One of its columns.
    Column(&'a ColumnChange),
}

/// A row of the table of changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRow<'a> {
    /// The changed asset.
    pub asset: &'a AssetChange,
    /// What of it.
    pub what: What<'a>,
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
    let whole = ChangeRow { asset, what: What::Asset };
    let columns = asset.columns.iter().map(|column| ChangeRow { asset, what: What::Column(column) });
    match asset.change {
        AssetChangeKind::Added | AssetChangeKind::Removed => vec![whole],
        AssetChangeKind::Renamed => std::iter::once(whole).chain(columns).collect(),
        AssetChangeKind::Modified if asset.columns.is_empty() && asset.row_set.is_empty() => vec![whole],
        AssetChangeKind::Modified => columns.collect(),
    }
}

/// Every name that is gone or retyped and still read.
pub fn broken(assets: &[AssetChange]) -> Vec<Broken<'_>> {
    rows(assets)
        .into_iter()
        .filter(|row| row.rank() == Rank::StillRead)
        .map(|row| Broken { what: row.what_happened(), gone: row.is_gone(), readers: row.readers() })
        .collect()
}

impl<'a> ChangeRow<'a> {
    fn rank(&self) -> Rank {
        let fatal = match self.what {
            What::Asset => matches!(self.asset.change, AssetChangeKind::Removed | AssetChangeKind::Renamed),
            What::Column(column) => is_fatal(column.change),
        };
        if fatal && !self.readers().is_empty() {
            return Rank::StillRead;
        }
        match self.what {
            _ if fatal => Rank::Gone,
            What::Asset if self.asset.change == AssetChangeKind::Added => Rank::Added,
            What::Asset => Rank::Definition,
            What::Column(column) if column.change == ColumnChangeKind::Added => Rank::Added,
            What::Column(_) => Rank::Values,
        }
    }

    /// Whether a name is gone: removed or renamed.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self.what {
            What::Asset => matches!(self.asset.change, AssetChangeKind::Removed | AssetChangeKind::Renamed),
            What::Column(column) => is_fatal(column.change) && column.change != ColumnChangeKind::TypeChanged,
        }
    }

    /// Whether what was called so is called otherwise now.
    #[must_use]
    pub fn is_renamed(&self) -> bool {
        match self.what {
            What::Asset => self.asset.change == AssetChangeKind::Renamed,
            What::Column(column) => column.change == ColumnChangeKind::Renamed,
        }
    }

    /// Places at head that still read the old name, ordered, each once.
    #[must_use]
    pub fn readers(&self) -> Vec<&'a Reader> {
        let asset: &'a AssetChange = self.asset;
        let readers: BTreeSet<&Reader> = match self.what {
            What::Asset => asset.readers.iter().chain(self.removed_columns().flat_map(|c| &c.readers)).collect(),
            What::Column(column) => column.readers.iter().collect(),
        };
        let mut readers: Vec<&Reader> = readers.into_iter().collect();
        readers.dedup_by_key(|reader| (&reader.file, reader.line));
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
            What::Asset => {
                let subject = Phrase::default().name(asset_before);
                match self.asset.change {
                    AssetChangeKind::Added => subject.words(" is new"),
                    AssetChangeKind::Removed => subject.words(" was removed"),
                    AssetChangeKind::Renamed => subject.words(" was renamed to ").name(&self.asset.name),
                    AssetChangeKind::Modified => subject.words(" has another definition"),
                }
            }
            What::Column(column) => {
                let before = column.previous_name.as_ref().unwrap_or(&column.name);
                let subject = Phrase::default().name(format!("{}.{before}", self.asset.name));
                match column.change {
                    ColumnChangeKind::Added => subject.words(" is new"),
                    ColumnChangeKind::Removed => subject.words(" was removed"),
                    ColumnChangeKind::Renamed => subject.words(" was renamed to ").name(&column.name),
                    ColumnChangeKind::TypeChanged => subject.words(" changed its type").then(types(column)),
                    ColumnChangeKind::LineageChanged => subject.words(" is computed differently"),
                }
            }
        }
    }

    /// The column of the table: `amount`, or how many columns come or go with the asset.
    #[must_use]
    pub fn column_cell(&self) -> Phrase {
        match self.what {
            What::Column(column) => Phrase::default().name(&column.name),
            What::Asset if self.asset.columns.is_empty() => Phrase::new("—"),
            What::Asset if self.asset.change == AssetChangeKind::Renamed => Phrase::new("—"),
            What::Asset => Phrase::new(words::count(self.asset.columns.len(), "column", "columns")),
        }
    }

    /// The change in few words.
    #[must_use]
    pub fn change_cell(&self) -> Phrase {
        match self.what {
            What::Asset => match (self.asset.change, &self.asset.previous_name) {
                (AssetChangeKind::Renamed, Some(before)) => Phrase::new("renamed from ").name(before),
                (AssetChangeKind::Modified, _) => Phrase::new("rewritten; columns and rows look the same"),
                (change, _) => Phrase::new(format!("{} {}", words::asset_change(change), words::kind(self.asset.kind))),
            },
            What::Column(column) => match (column.change, &column.previous_name) {
                (ColumnChangeKind::Renamed, Some(before)) => Phrase::new("renamed from ").name(before),
                (ColumnChangeKind::TypeChanged, _) => type_cell(column),
                (change, _) => Phrase::new(words::column_change(change)),
            },
        }
    }

    /// Sources before → after; the expressions where the sources are the same and the expressions short.
    #[must_use]
    pub fn sources(&self, most: usize) -> Phrase {
        let (before, after) = match self.what {
            What::Asset => (asset_names(&self.asset.upstream_removed), asset_names(&self.asset.upstream_added)),
            What::Column(column) => (column_names(&column.base_sources), column_names(&column.head_sources)),
        };
        let list = |names: Vec<Phrase>| {
            if names.is_empty() { Phrase::new("—") } else { Phrase::default().list(names, most) }
        };
        match self.what {
            What::Column(column) if before == after && column.change == ColumnChangeKind::LineageChanged => {
                match short_expressions(column) {
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
        let What::Column(column) = self.what else { return self.unread() };
        let mut names = BTreeSet::<&AssetName>::new();
        for name in std::iter::once(&column.name).chain(&column.previous_name) {
            let reference = ColumnRef { asset: self.asset.name.clone(), column: name.clone() };
            names.extend(facts.readers_of(&reference));
        }
        if names.is_empty() {
            return self.unread();
        }
        Phrase::default().list(names.into_iter().map(|name| Phrase::default().name(name)), most)
    }

    /// What is gone and not read was looked for; what stays may well be read where nothing changes.
    fn unread(&self) -> Phrase {
        Phrase::new(if self.is_gone() { "no SQL here" } else { "—" })
    }

    /// The only change of a report as a sentence.
    #[must_use]
    pub fn sentence(&self, most: usize) -> Phrase {
        let asset = named(self.asset);
        match self.what {
            What::Asset => self.asset_sentence(asset, most),
            What::Column(column) => {
                let start = Phrase::new("In ").then(asset).words(", the column ");
                match column.change {
                    ColumnChangeKind::Added => {
                        let start = start.name(&column.name).words(" is new");
                        from(start, ", computed from ", column_names(&column.head_sources), most)
                    }
                    ColumnChangeKind::Removed => {
                        let start = start.name(&column.name).words(" is gone");
                        from(start, "; it came from ", column_names(&column.base_sources), most)
                    }
                    ColumnChangeKind::Renamed => {
                        let before = column.previous_name.as_ref().unwrap_or(&column.name);
                        start.name(before).words(" is now called ").name(&column.name)
                    }
                    ColumnChangeKind::TypeChanged => {
                        start.name(&column.name).words(" has another type").then(types(column))
                    }
                    ColumnChangeKind::LineageChanged => {
                        start.name(&column.name).words(" is computed differently: ").then(self.sources(most))
                    }
                }
            }
        }
        .words(".")
    }

    fn asset_sentence(&self, asset: Phrase, most: usize) -> Phrase {
        let columns = words::count(self.asset.columns.len(), "column", "columns");
        match self.asset.change {
            AssetChangeKind::Added => {
                let start = Phrase::new("The ").then(asset).words(" is new");
                let start =
                    if self.asset.columns.is_empty() { start } else { start.words(format!(", with {columns}")) };
                from(start, ", and reads ", asset_names(&self.asset.upstream_added), most)
            }
            AssetChangeKind::Removed => {
                let start = Phrase::new("The ").then(asset).words(" is gone");
                if self.asset.columns.is_empty() { start } else { start.words(format!(", with its {columns}")) }
            }
            AssetChangeKind::Renamed => {
                let before = self.asset.previous_name.as_ref().unwrap_or(&self.asset.name);
                Phrase::new("The ").then(asset).words(" was called ").name(before).words(" before")
            }
            AssetChangeKind::Modified => {
                Phrase::new("The ").then(asset).words(" has another definition; its columns and rows look the same")
            }
        }
    }
}

/// "view `a`: its filter changed; it now also reads `b`", about an asset whose rows may differ.
#[must_use]
pub fn row_set(asset: &AssetChange, most: usize) -> Phrase {
    let clauses: Vec<String> = asset.row_set.iter().map(|change| words::row_set(*change).to_owned()).collect();
    let phrase = named(asset).words(format!(": its {} changed", words::enumerate(&clauses)));
    let phrase = from(phrase, "; it now also reads ", asset_names(&asset.upstream_added), most);
    from(phrase, "; it no longer reads ", asset_names(&asset.upstream_removed), most)
}

/// The only change of a report, about rows, as a sentence.
#[must_use]
pub fn row_set_sentence(asset: &AssetChange, most: usize) -> Phrase {
    Phrase::new("Other rows may come out of the ").then(row_set(asset, most)).words(".")
}

/// "view `a` (`a.sql:1`)".
fn named(asset: &AssetChange) -> Phrase {
    let phrase = Phrase::new(words::kind(asset.kind)).words(" ").name(&asset.name);
    match asset.file.as_ref().filter(|_| asset.change != AssetChangeKind::Removed) {
        Some(file) => phrase.words(" (").place(file, asset.line).words(")"),
        None => phrase,
    }
}

fn is_fatal(change: ColumnChangeKind) -> bool {
    matches!(change, ColumnChangeKind::Removed | ColumnChangeKind::Renamed | ColumnChangeKind::TypeChanged)
}

fn from(start: Phrase, link: &'static str, names: Vec<Phrase>, most: usize) -> Phrase {
    if names.is_empty() { start } else { start.words(link).list(names, most) }
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
        (Some(before), Some(after)) => Phrase::new("type ").name(before).words(" → ").name(after),
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

fn short_expressions(column: &ColumnChange) -> Option<(&str, &str)> {
    let (before, after) = (column.base_expression.as_deref()?, column.head_expression.as_deref()?);
    let short = |text: &str| text.chars().count() <= SHORT_EXPRESSION;
    (before != after && short(before) && short(after)).then_some((before, after))
}

fn column_names(columns: &[ColumnRef]) -> Vec<Phrase> {
    columns.iter().map(|column| Phrase::default().name(column)).collect()
}

fn asset_names(assets: &[AssetName]) -> Vec<Phrase> {
    assets.iter().map(|asset| Phrase::default().name(asset)).collect()
}

/// The places as links.
pub fn places(readers: &[&Reader]) -> Vec<Phrase> {
    readers.iter().map(|reader| Phrase::default().place(&reader.file, reader.line)).collect()
}
