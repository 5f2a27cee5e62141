//! Columns that a project declares without SQL: the headers of seeds, the columns of sources.

use rayon::prelude::*;

use super::world::World;
use crate::lineage::DeclaredAsset;
use crate::lineage::model::{AssetKind, AssetName, ColumnName};
use crate::source::SourceTree;

/// The seeds and sources of a tree's projects, ordered by name.
#[must_use]
pub fn declared<Side: Sync>(world: &World, tree: &SourceTree<Side>) -> Vec<DeclaredAsset> {
    let seeds: Vec<_> = world.nodes.iter().filter(|node| node.kind == AssetKind::Seed).collect();
    let mut assets: Vec<DeclaredAsset> = seeds
        .par_iter()
        .filter_map(|node| {
            let text = tree.support.get(&node.path)?.content.as_ref().ok()?;
            let columns = header(text).into_iter().map(|name| (ColumnName::new(&name), None)).collect();
            let (name, file) = (node.asset.clone(), node.path.clone());
            Some(DeclaredAsset { name, kind: AssetKind::Seed, columns, complete: true, file: Some(file), line: 1 })
        })
        .collect();
    for properties in &world.properties {
        for ((source, table), declared) in &properties.sources {
            let columns = declared.columns.iter();
            let columns = columns.map(|(name, kind)| (ColumnName::new(&name.to_lowercase()), kind.clone())).collect();
            assets.push(DeclaredAsset {
                name: AssetName::from_parts(&[source, table]),
                kind: AssetKind::Source,
                columns,
                complete: false,
                file: Some(declared.file.clone()),
                line: declared.line,
            });
        }
    }
    assets.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
    assets
}

/// The names in the first line of a CSV file, in lower case. The delimiter is the one of `,`, `;`, tab and `|` that occurs
/// most.
fn header(text: &str) -> Vec<String> {
    let line = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Ties go to the comma, which stands last.
    let delimiter = ['|', '\t', ';', ','].into_iter().max_by_key(|c| line.matches(*c).count()).unwrap_or(',');
    let mut names = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => names.push(String::new()),
            c => names.last_mut().into_iter().for_each(|name| name.push(c)),
        }
    }
    names.iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_with_their_quotes_and_delimiter() {
        assert_eq!(header("\u{feff}id,\"Name, full\",x\r\n1,2,3"), ["id", "name, full", "x"]);
        assert_eq!(header("a;b;c\n"), ["a", "b", "c"]);
        assert_eq!(header("one\n1"), ["one"]);
        assert!(header("").is_empty());
    }
}
