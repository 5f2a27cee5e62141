//! Relations that a file of a project names in comments alone: `-- depends_on: {{ ref('orders') }}`.
//!
//! dbt renders them like any other and builds the named one first; without it the project does not compile. No value comes
//! from there, so that no column is at stake.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::occurring;
use crate::lineage::model::{AssetEdge, AssetName, LineageGraph, Read};
use crate::path::RepoPath;
use crate::sql::lexical::{Stretch, stretches};
use crate::sql::template::Prepared;

/// A relation that a comment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The asset whose file says so.
    reader: AssetName,
    /// What it names.
    upstream: AssetName,
    /// The file.
    file: RepoPath,
    /// The line, from 1.
    line: u32,
}

impl Named {
    /// The relations that only comments of a file name.
    #[must_use]
    pub fn in_comments(file: &Prepared) -> Vec<Self> {
        let Some(reader) = file.asset.as_ref().filter(|_| !file.tokens.is_empty()) else { return Vec::new() };
        let mut in_code: BTreeSet<AssetName> = BTreeSet::from([reader.name.clone()]);
        let mut in_comments: BTreeMap<AssetName, u32> = BTreeMap::new();
        let mut line = 1;
        for (stretch, range) in stretches(&file.sql) {
            let text = file.sql.get(range).unwrap_or_default();
            if stretch == Stretch::Comment {
                for (line, text) in (line..).zip(text.lines()) {
                    for target in occurring(text, &file.tokens).into_values() {
                        in_comments.entry(target.asset).or_insert(line);
                    }
                }
            } else {
                in_code.extend(occurring(text, &file.tokens).into_values().map(|target| target.asset));
            }
            line = line.saturating_add(u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX));
        }
        in_comments.retain(|asset, _| !in_code.contains(asset));
        let named = |(upstream, line)| {
            let (reader, file, line) = (reader.name.clone(), file.path.clone(), file.line_map.original(line));
            Self { reader, upstream, file, line }
        };
        in_comments.into_iter().map(named).collect()
    }

    /// Adds it to the graph of the same side: an edge between the assets, and nothing between columns.
    pub fn add_to(&self, graph: &mut LineageGraph) {
        graph.reads.insert(Read {
            asset: self.upstream.clone(),
            column: None,
            reader: Some(self.reader.clone()),
            mention: None,
            file: self.file.clone(),
            line: self.line,
            exists: true,
        });
        if graph.assets.contains_key(&self.upstream) {
            let (upstream, downstream) = (self.upstream.clone(), self.reader.clone());
            graph.asset_edges.insert(AssetEdge { upstream, downstream });
        }
    }
}
