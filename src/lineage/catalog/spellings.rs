//! How the files of both sides spell the names of assets. An asset that is written with more and with fewer qualifiers is
//! shown with the most of them, and is called the same on both sides, whatever a change adds to the spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::lineage::catalog::names::tails;
use crate::lineage::link::LinkedFile;
use crate::lineage::model::{AssetName, Template};
use crate::sql::dialect::Dialect;
use crate::sql::template::Prepared;

/// The names that both sides write.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Spellings {
    /// Names that a file of either side creates.
    defined: BTreeSet<AssetName>,
    /// Names that stay as they are: those of dbt's models and of paths.
    fixed: BTreeSet<AssetName>,
    /// The names that end with a shorter name, by that.
    longer: BTreeMap<AssetName, BTreeSet<AssetName>>,
    /// A shorter and a longer name that one statement writes: they cannot be the same asset.
    apart: BTreeSet<(AssetName, AssetName)>,
    /// The schema that a created name without one is in, where its dialect has such a schema.
    implied: BTreeMap<AssetName, &'static str>,
    /// What files write for the holes of their templates; of several, what the first writes. `None` without templates.
    holes: Option<BTreeMap<String, String>>,
}

impl Spellings {
    /// The spellings of these files.
    pub fn of<'f>(files: impl Iterator<Item = &'f LinkedFile<'f>>) -> Self {
        let mut spellings = Self::default();
        let files: Vec<&LinkedFile<'_>> = files.collect();
        for (file, script) in &files {
            if file.template != Template::None {
                let holes = spellings.holes.get_or_insert_default();
                for (identifier, written) in &file.holes {
                    holes.entry(identifier.clone()).or_insert_with(|| written.clone());
                }
            }
            let own: Option<Vec<String>> =
                file.asset.as_ref().map(|asset| asset.name.parts().into_iter().map(str::to_owned).collect());
            if let Some(parts) = own {
                spellings.fixed.insert(AssetName::from_parts(&parts));
                spellings.add(&parts);
            }
            for name in &script.defines {
                let parts = file.place.defaults.qualify(name.clone());
                spellings.add(&parts);
                let name = AssetName::from_parts(&parts);
                if let (1, Some(schema)) = (parts.len(), implied_schema(file.dialect)) {
                    spellings.implied.insert(name.clone(), schema);
                }
                spellings.defined.insert(name);
            }
            for name in script.mentions.iter().chain(&script.alters) {
                spellings.add(&file.place.defaults.qualify(name.clone()));
            }
            for (short, long) in &script.apart {
                let [short, long] = [short, long].map(|name| spelled(file, name));
                spellings.apart.insert((short, long));
            }
        }
        for (file, script) in &files {
            for searched in &script.searched {
                let names: Vec<Vec<String>> =
                    searched.iter().map(|name| file.place.defaults.qualify(name.clone())).collect();
                if let Some(meant) = names.iter().find(|name| spellings.creates(name)).or(names.first()) {
                    spellings.add(meant);
                }
            }
        }
        spellings
    }

    /// Whether a file creates the name, or one that ends with it.
    fn creates(&self, parts: &[String]) -> bool {
        let name = AssetName::from_parts(parts);
        self.defined.contains(&name)
            || self.longer.get(&name).is_some_and(|longer| longer.iter().any(|longer| self.defined.contains(longer)))
    }

    /// What stands for the holes of templates, where there are any.
    pub fn holes(&self) -> Option<&BTreeMap<String, String>> {
        self.holes.as_ref()
    }

    fn add(&mut self, parts: &[String]) {
        let is_metadata = |part: &String| matches!(part.as_str(), "information_schema" | "pg_catalog" | "sys");
        if parts.len() > 1 && !parts.iter().any(is_metadata) {
            let name = AssetName::from_parts(parts);
            for tail in tails(parts) {
                self.longer.entry(tail).or_default().insert(name.clone());
            }
        }
    }

    /// Whether one statement writes the name and a longer one as well.
    pub fn has_apart(&self, short: &AssetName) -> bool {
        let from = (short.clone(), AssetName::from_dotted(""));
        self.apart.range(from..).next().is_some_and(|(name, _)| name == short)
    }

    /// Whether one statement writes the one as well as the other, or a longer spelling of the other.
    pub fn are_apart(&self, short: &AssetName, long: &AssetName) -> bool {
        if !self.has_apart(short) {
            return false;
        }
        let parts: Vec<String> = long.parts().into_iter().map(str::to_owned).collect();
        std::iter::once(long.clone())
            .chain(tails(&parts))
            .chain(self.longer.get(long).into_iter().flatten().take(MOST_LONGER).cloned())
            .any(|long| self.apart.contains(&(short.clone(), long)))
    }

    /// The most qualified spelling of a created name.
    pub fn shown(&self, name: AssetName) -> AssetName {
        if self.fixed.contains(&name) {
            return name;
        }
        let implied = self.implied.get(&name).copied();
        match self.longest(&name, implied) {
            Longest::One(longest) => longest.clone(),
            Longest::None | Longest::Several(_) => name,
        }
    }

    /// The longest spelling of a name, where all longer ones are spellings of one another.
    pub fn longest(&self, name: &AssetName, implied: Option<&str>) -> Longest<'_> {
        let Some(longer) = self.longer.get(name) else { return Longest::None };
        let fits = longer.iter().filter(|longer| !self.are_apart(name, longer));
        let is_created = self.defined.contains(name);
        let mut longest: Option<&AssetName> = None;
        for candidate in fits {
            match longest {
                // Two files create both: they are two assets.
                _ if is_created && self.defined.contains(candidate) && !is_in(candidate, name, implied) => {
                    return Longest::None;
                }
                Some(other) if is_tail(candidate, other) => {}
                Some(other) if !is_tail(other, candidate) => return self.in_implied(name, implied, longer),
                _ => longest = Some(candidate),
            }
        }
        longest.map_or(Longest::None, Longest::One)
    }

    /// Whether the longer spellings of a name are several assets.
    pub fn has_several(&self, name: &AssetName) -> bool {
        matches!(self.longest(name, self.implied.get(name).copied()), Longest::Several(_))
    }

    /// Of several longer spellings the one with the schema that is meant where none is written.
    fn in_implied<'s>(
        &'s self,
        name: &AssetName,
        implied: Option<&str>,
        longer: &'s BTreeSet<AssetName>,
    ) -> Longest<'s> {
        let Some(schema) = implied else { return Longest::Several(longer) };
        let in_schema = AssetName::from_dotted(&format!("{schema}.{name}"));
        if self.are_apart(name, &in_schema) {
            return Longest::Several(longer);
        }
        match (self.longest(&in_schema, None), longer.get(&in_schema)) {
            (Longest::One(one), _) | (Longest::None, Some(one)) => Longest::One(one),
            _ => Longest::Several(longer),
        }
    }
}

/// What the longer spellings of a name amount to.
pub(crate) enum Longest<'s> {
    None,
    One(&'s AssetName),
    /// Spellings of several assets.
    Several(&'s BTreeSet<AssetName>),
}

/// Longer spellings that are looked at one by one.
const MOST_LONGER: usize = 20;

/// The schema that an unqualified name is in unless a session says otherwise.
fn implied_schema(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Postgres | Dialect::Redshift => Some("public"),
        Dialect::Tsql => Some("dbo"),
        Dialect::DuckDb | Dialect::Sqlite => Some("main"),
        Dialect::Spark | Dialect::Databricks | Dialect::Hive | Dialect::ClickHouse => Some("default"),
        _ => None,
    }
}

fn spelled(file: &Prepared, name: &[String]) -> AssetName {
    AssetName::from_parts(&file.place.defaults.qualify(name.to_vec()))
}

/// Whether the one is the other without its outermost qualifiers.
pub(super) fn is_tail(short: &AssetName, long: &AssetName) -> bool {
    long.as_str().strip_suffix(short.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a longer spelling puts the name into the schema.
fn is_in(long: &AssetName, name: &AssetName, schema: Option<&str>) -> bool {
    let above = long.as_str().strip_suffix(name.as_str()).and_then(|rest| rest.strip_suffix('.'));
    schema.is_some_and(|schema| above.is_some_and(|above| above == schema || above.ends_with(&format!(".{schema}"))))
}
