//! The only change of a report as a sentence.

use super::{ChangeRow, What, asset_names, column_names, from, has_same_sql, named, types};
use crate::impact::{AssetChangeKind, ColumnChangeKind};
use crate::lineage::model::AssetKind;
use crate::report::facts::row_sets::sort_orders;
use crate::report::phrase::Phrase;
use crate::report::words;

impl ChangeRow<'_> {
    /// The only change of a report as a sentence.
    #[must_use]
    pub fn sentence(&self, most: usize) -> Phrase {
        let asset = named(self.asset);
        match self.what {
            What::Asset => self.asset_sentence(asset, most),
            What::Refused => Phrase::new("The ").then(asset).words(self.refusal()),
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
                        let kind = if column.is_widened() { " has a wider type" } else { " has another type" };
                        start.name(&column.name).words(kind).then(types(column))
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
                let start = Phrase::new("The ").then(asset);
                let told = sort_orders(self.asset);
                match self.asset.read_by_position.as_slice() {
                    [] if !self.asset.readers.is_empty() => start.words(" does not keep its contract"),
                    [] if !told.is_empty() => {
                        start.words(" is sorted otherwise (").then(told).words("); no row comes or goes")
                    }
                    [] if self.asset.kind == AssetKind::Source => start.words(" stands for another table"),
                    [] if has_same_sql(self.asset) => start.words(" has another contract; its SQL is the same"),
                    [] => start.words(" has another definition; its columns and rows look the same"),
                    readers => start
                        .words(" has other columns by position, and by position it is read by ")
                        .list(asset_names(readers), most),
                }
            }
        }
    }
}
