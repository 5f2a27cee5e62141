//! The assets of one side while its statements are replayed: schemas, sources, and who answers to a name.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lineage::model::{AssetKind, AssetName, ColumnName, ColumnRef, Role, RowSet, Transformation};
use crate::lineage::shape::{OutColumn, Sources};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;

/// One column of an asset, with everything that ever flowed into it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub kind: AssetKind,
    pub role: Role,
    pub file: Option<RepoPath>,
    pub line: u32,
    pub columns: Vec<StateColumn>,
    pub complete: bool,
    pub row_set: RowSet,
    pub indirect: Sources,
    pub upstream: BTreeSet<AssetName>,
    /// Assets whose unknown columns are all passed on.
    pub open: BTreeSet<AssetName>,
    /// Whether DDL says its columns (CREATE TABLE with columns, ALTER TABLE), so that they are part of its definition.
    pub declared: bool,
    /// Normalised texts of the queries that define and fill it.
    pub definition: Vec<String>,
    /// Readable texts of the same.
    pub sql: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct StateColumn {
    pub name: ColumnName,
    pub data_type: Option<Arc<str>>,
    pub expression: Option<Arc<str>>,
    pub sources: Sources,
    pub previous_names: Vec<ColumnName>,
}

impl StateColumn {
    pub fn declared(name: ColumnName, data_type: Option<Arc<str>>) -> Self {
        Self { name, data_type, expression: None, sources: Sources::new(), previous_names: Vec::new() }
    }
}

impl State {
    pub fn new(kind: AssetKind, role: Role) -> Self {
        Self {
            kind,
            role,
            file: None,
            line: 0,
            columns: Vec::new(),
            complete: false,
            row_set: RowSet::default(),
            indirect: Sources::new(),
            upstream: BTreeSet::new(),
            open: BTreeSet::new(),
            declared: false,
            definition: Vec::new(),
            sql: Vec::new(),
        }
    }

    /// Whether another file defines it that does not run before `file` in one sequence of migrations.
    pub fn is_defined_apart_from(&self, file: &RepoPath) -> bool {
        let Some(own) = self.file.as_ref().filter(|own| self.role == Role::Defined && *own != file) else {
            return false;
        };
        let sequence = migration::sequence(file);
        sequence.is_none() || sequence != migration::sequence(own)
    }

    pub fn column_mut(&mut self, name: &ColumnName) -> Option<&mut StateColumn> {
        self.columns.iter_mut().find(|column| column.name == *name)
    }
}

/// Several assets could answer to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    pub candidates: Vec<AssetName>,
}

/// The assets of one side.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    assets: BTreeMap<AssetName, State>,
    /// Names that some file of this side defines, by their last part.
    defined: BTreeMap<String, Vec<AssetName>>,
    /// Names that files of several dialects define, each for its own engine: what the name means in a file of a dialect.
    variants: BTreeMap<(AssetName, Dialect), AssetName>,
    /// Columns as relations see them, made on first use.
    seen: RefCell<BTreeMap<AssetName, Arc<[OutColumn]>>>,
}

impl Catalog {
    /// Announces that some file defines this name, so that shorter and longer spellings lead to it.
    pub fn announce(&mut self, parts: &[String]) {
        let name = AssetName::from_parts(parts);
        if let Some(last) = parts.last() {
            let names = self.defined.entry(last.clone()).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }

    /// Keeps the copies of an asset apart that files of several dialects define: the first dialect keeps the name, the
    /// others are called `name@dialect`.
    pub fn keep_apart(&mut self, name: &AssetName, dialects: impl Iterator<Item = Dialect>) {
        for dialect in dialects.skip(1) {
            let own = AssetName::from_dotted(&format!("{name}@{dialect}"));
            self.variants.insert((name.clone(), dialect), own);
        }
    }

    /// What a name means in a file of this dialect.
    pub fn in_dialect(&self, name: AssetName, dialect: Dialect) -> AssetName {
        if self.variants.is_empty() {
            return name;
        }
        self.variants.get(&(name.clone(), dialect)).cloned().unwrap_or(name)
    }

    /// The asset that a written name means: the same spelling; else the only defined one that fits.
    ///
    /// # Errors
    /// [`Ambiguous`] when several fit.
    pub fn resolve(&self, parts: &[String]) -> Result<AssetName, Ambiguous> {
        let written = AssetName::from_parts(parts);
        let Some(named) = parts.last().and_then(|last| self.defined.get(last)) else { return Ok(written) };
        if named.contains(&written) {
            return Ok(written);
        }
        let fits: Vec<&AssetName> = named
            .iter()
            .filter(|name| {
                let theirs: Vec<String> = name.parts().into_iter().map(str::to_owned).collect();
                theirs.ends_with(parts) || parts.ends_with(&theirs)
            })
            .collect();
        match fits.as_slice() {
            [] => Ok(written),
            [one] => Ok((*one).clone()),
            several => Err(Ambiguous { candidates: several.iter().map(|name| (*name).clone()).collect() }),
        }
    }

    pub fn get(&self, name: &AssetName) -> Option<&State> {
        self.assets.get(name)
    }

    pub fn contains(&self, name: &AssetName) -> bool {
        self.assets.contains_key(name)
    }

    /// The state of an asset for changing it; made when missing.
    pub fn entry(&mut self, name: &AssetName, kind: AssetKind, role: Role) -> &mut State {
        self.seen.get_mut().remove(name);
        self.assets.entry(name.clone()).or_insert_with(|| State::new(kind, role))
    }

    pub fn insert(&mut self, name: AssetName, state: State) {
        self.seen.get_mut().remove(&name);
        self.assets.insert(name, state);
    }

    pub fn remove(&mut self, name: &AssetName) -> Option<State> {
        self.seen.get_mut().remove(name);
        self.assets.remove(name)
    }

    /// Known columns of an asset as a relation shows them, and whether they are all.
    pub fn columns(&self, name: &AssetName) -> (Arc<[OutColumn]>, bool) {
        let Some(state) = self.assets.get(name) else { return (Arc::new([]), false) };
        if let Some(columns) = self.seen.borrow().get(name) {
            return (columns.clone(), state.complete);
        }
        let columns: Arc<[OutColumn]> = state
            .columns
            .iter()
            .map(|column| {
                let source = ColumnRef { asset: name.clone(), column: column.name.clone() };
                OutColumn {
                    name: column.name.clone(),
                    text: source.to_string().into(),
                    sources: Arc::new(Sources::from([(source, Transformation::Identity)])),
                    data_type: column.data_type.clone(),
                }
            })
            .collect();
        self.seen.borrow_mut().insert(name.clone(), columns.clone());
        (columns, state.complete)
    }

    pub fn into_assets(self) -> BTreeMap<AssetName, State> {
        self.assets
    }
}
