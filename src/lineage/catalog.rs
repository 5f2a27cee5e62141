//! The assets of one side while its statements are replayed: schemas, sources, and who answers to a name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lineage::model::{AssetKind, AssetName, ColumnRef, Role, RowSet, Transformation};
use crate::lineage::shape::{ColumnList, OutColumn, Sources};
use crate::lineage::wording::{self, Binding};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::migration;

mod assets;
mod columns;
mod lookups;
mod names;
mod spellings;

use assets::Assets;
pub(crate) use columns::{Columns, StateColumn};
pub(crate) use lookups::{Lookups, Seen};
pub(crate) use names::{Ambiguous, Names, Searched};
pub(crate) use spellings::Spellings;

/// An asset as the statements so far have left it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub kind: AssetKind,
    pub role: Role,
    pub file: Option<RepoPath>,
    pub line: u32,
    pub columns: Columns,
    pub complete: bool,
    pub row_set: RowSet,
    pub indirect: Sources,
    pub upstream: BTreeSet<AssetName>,
    /// Assets whose unknown columns are all passed on.
    pub open: BTreeSet<AssetName>,
    /// What other columns that are not known by name are made of.
    pub anything: Sources,
    /// Whether DDL says its columns (CREATE TABLE with columns, ALTER TABLE), so that they are part of its definition.
    pub declared: bool,
    /// Names that statements took from it, oldest first.
    pub previous_names: Vec<AssetName>,
    /// Normalised texts of the queries that define and fill it.
    pub definition: Vec<Arc<str>>,
    /// Readable texts of the same.
    pub sql: Vec<Arc<str>>,
}

impl State {
    pub fn new(kind: AssetKind, role: Role) -> Self {
        Self {
            kind,
            role,
            file: None,
            line: 0,
            columns: Columns::default(),
            complete: false,
            row_set: RowSet::default(),
            indirect: Sources::new(),
            upstream: BTreeSet::new(),
            open: BTreeSet::new(),
            anything: Sources::new(),
            declared: false,
            previous_names: Vec::new(),
            definition: Vec::new(),
            sql: Vec::new(),
        }
    }

    /// It takes the name of an asset from which it was filled: that one is gone, and the new one does not feed itself.
    pub fn forget_predecessor(&mut self, gone: &AssetName) {
        let keep = |sources: &Sources| -> Sources {
            sources.iter().filter(|(source, _)| source.asset != *gone).cloned().collect()
        };
        self.columns.replace_sources(|sources| Some(keep(sources)));
        self.indirect = keep(&self.indirect);
        self.upstream.remove(gone);
        self.open.remove(gone);
    }

    /// Whether another file defines it that does not run before `file` in one sequence of migrations.
    pub fn is_defined_apart_from(&self, file: &RepoPath) -> bool {
        let Some(own) = self.file.as_ref().filter(|own| self.role == Role::Defined && *own != file) else {
            return false;
        };
        let sequence = migration::sequence(file);
        sequence.is_none() || sequence != migration::sequence(own)
    }
}

/// What queries see of an asset: the columns that are known of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    pub columns: ColumnList,
    /// Whether these are all of its columns.
    pub complete: bool,
}

impl Schema {
    fn of(name: &AssetName, state: &State) -> Self {
        let columns = state.columns.seen.get_or_init(|| Self::columns(name, state)).clone();
        Self { columns, complete: state.complete }
    }

    fn columns(name: &AssetName, state: &State) -> ColumnList {
        let column = |column: &StateColumn| {
            let source = ColumnRef { asset: name.clone(), column: column.name.clone() };
            OutColumn {
                name: column.name.clone(),
                text: wording::column(&source).into(),
                binding: Binding::Atom,
                sources: Arc::new(Sources::from([(source, Transformation::Identity)])),
                data_type: column.data_type.clone(),
            }
        };
        state.columns.iter().map(column).collect()
    }

    /// Whether queries see the same here as there, where both are schemas of assets of one name.
    pub fn looks_like(&self, other: &Self) -> bool {
        let same =
            |(ours, theirs): (&OutColumn, &OutColumn)| ours.name == theirs.name && ours.data_type == theirs.data_type;
        self.complete == other.complete
            && (self.columns.is_same_list(&other.columns)
                || self.columns.len() == other.columns.len() && self.columns.iter().zip(other.columns.iter()).all(same))
    }
}

/// The assets of one side.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    assets: Assets,
    names: Arc<Names>,
    copies: Arc<Copies>,
    /// Temporary assets of the script that is replayed.
    temporary: BTreeSet<AssetName>,
}

/// Names that files of several dialects define, each for its own engine: what the name means in a file of a dialect.
pub(crate) type Copies = BTreeMap<(AssetName, Dialect), AssetName>;

impl Catalog {
    /// An empty catalog for files that spell names so.
    pub fn new(spellings: Arc<Spellings>) -> Self {
        Self { names: Arc::new(Names::new(spellings)), ..Self::default() }
    }

    /// The same catalog, to be changed without a change of this one. Cheap as long as it lives shorter than the next change
    /// of this one.
    pub fn fork(&self) -> Self {
        Self {
            assets: self.assets.fork(),
            names: Arc::clone(&self.names),
            copies: Arc::clone(&self.copies),
            temporary: self.temporary.clone(),
        }
    }

    /// How the files of both sides spell names.
    pub fn spellings(&self) -> Arc<Spellings> {
        Arc::clone(self.names.spellings())
    }

    /// The asset that a statement creates under this name.
    pub fn created(&self, parts: &[String]) -> AssetName {
        self.names.created(parts)
    }

    /// Announces that some file defines this name, so that shorter and longer spellings lead to it.
    pub fn announce(&mut self, parts: &[String]) {
        Arc::make_mut(&mut self.names).announce(parts);
    }

    /// Keeps the copies of an asset apart that files of several dialects define: the first dialect keeps the name, the
    /// others are called `name@dialect`.
    pub fn keep_apart(&mut self, name: &AssetName, dialects: impl Iterator<Item = Dialect>) {
        let copies = Arc::make_mut(&mut self.copies);
        for dialect in dialects.skip(1) {
            let own = AssetName::from_dotted(&format!("{name}@{dialect}"));
            copies.insert((name.clone(), dialect), own);
        }
    }

    /// What a name means in a file of this dialect.
    pub fn in_dialect(&self, name: AssetName, dialect: Dialect) -> AssetName {
        if self.copies.is_empty() {
            return name;
        }
        self.copies.get(&(name.clone(), dialect)).cloned().unwrap_or(name)
    }

    /// Every such meaning.
    pub fn copies(&self) -> &Copies {
        &self.copies
    }

    /// The asset that a written name means: the same spelling; else the only defined one that fits.
    ///
    /// # Errors
    /// [`Ambiguous`] when several fit.
    pub fn resolve(&self, parts: &[String]) -> Result<AssetName, Ambiguous> {
        if !self.temporary.is_empty() {
            let temporary = AssetName::temporary(parts);
            if self.temporary.contains(&temporary) {
                return Ok(temporary);
            }
        }
        self.names.resolve(parts)
    }

    /// The asset that a name means which is looked for in several places: a temporary one, else the first that a file
    /// defines, else the first.
    ///
    /// # Errors
    /// [`Ambiguous`] when several fit.
    pub fn resolve_searched(&self, searched: &Searched) -> Result<AssetName, Ambiguous> {
        if !self.temporary.is_empty() {
            let temporary = AssetName::temporary(&searched.plain);
            if self.temporary.contains(&temporary) {
                return Ok(temporary);
            }
        }
        self.resolve(self.names.first_defined(&searched.names))
    }

    /// From now on its plain name leads to this temporary asset.
    pub fn open_temporary(&mut self, name: &AssetName) {
        self.temporary.insert(name.clone());
    }

    /// From now on its plain name means something else.
    pub fn close_temporary(&mut self, name: &AssetName) {
        self.temporary.remove(name);
    }

    pub fn get(&self, name: &AssetName) -> Option<&State> {
        self.assets.get(name)
    }

    /// What queries see of an asset; `None` for one of which nothing is known.
    pub fn schema(&self, name: &AssetName) -> Option<Schema> {
        self.assets.get(name).map(|state| Schema::of(name, state))
    }

    /// The state of an asset for changing it; made when missing.
    pub fn entry(&mut self, name: &AssetName, kind: AssetKind, role: Role) -> &mut State {
        self.assets.entry(name, || State::new(kind, role))
    }

    pub fn insert(&mut self, name: AssetName, mut state: State) {
        // It may have had another name.
        state.columns.forget_seen();
        self.assets.insert(name, state);
    }

    pub fn remove(&mut self, name: &AssetName) -> Option<State> {
        self.assets.remove(name)
    }

    pub fn into_assets(self) -> BTreeMap<AssetName, State> {
        self.assets.into_states()
    }
}
