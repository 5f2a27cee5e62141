//! One rendering of one file: what its names mean, and what the rendering tells on the way (settings, relations).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;

use super::column::KnownColumns;
use super::macros::{MacroDefinition, Questions, Words};
use super::tokens::token;
use super::world::{Node, World};
use crate::lineage::model::{AssetKind, AssetName};
use crate::sql::dialect::Dialect;
use crate::sql::jinja::hole::Holes;
use crate::sql::template::TokenTarget;

/// Most macros that one file is rendered with; nobody reaches more on purpose.
const MOST_MACROS: usize = 600;

/// What does not change between the tries and variants of rendering one file.
#[derive(Debug)]
pub struct Setting {
    /// All projects.
    pub world: Arc<World>,
    /// The file's project.
    pub project: usize,
    /// The node that the file is; `None` for tests, analyses and property files.
    pub node: Option<Node>,
    /// The adapter's dialect.
    pub dialect: Dialect,
    /// The macros that the file can reach; their indices are those of `jinja::engine::Job::macros`.
    pub macros: Vec<Reached>,
    /// The words in the tags of the file.
    words: Words,
    /// What `execute` is. It is true only where nothing but columns of relations is asked for: what is known of those
    /// answers it, and the rest is a hole.
    pub execute: bool,
    /// The columns that are known of relations.
    pub columns: Arc<KnownColumns>,
}

impl Setting {
    /// The setting for a template: finds the macros that it can reach by its words. `local` are macros of the file itself.
    #[must_use]
    pub fn new(world: &Arc<World>, home: Home, words: Words, local: Vec<MacroDefinition>) -> Self {
        let mut questions = Questions::default();
        questions.add(&words);
        let mut macros = Vec::new();
        for definition in local {
            macros.push(Reached { definition: Arc::new(definition), shared: None });
        }
        let mut reach = Reach { world, dialect: home.dialect, seen: BTreeSet::new(), words: BTreeSet::new() };
        reach.follow(&words, &mut macros);
        let mut at = 0;
        while let Some(Reached { definition, .. }) = macros.get(at).cloned() {
            questions.add(&definition.words);
            reach.follow(&definition.words, &mut macros);
            at += 1;
        }
        Self {
            world: Arc::clone(world),
            project: home.project,
            node: home.node,
            dialect: home.dialect,
            macros,
            words,
            execute: questions.are_for_columns_only(),
            columns: home.columns,
        }
    }

    /// Whether a name is called in the tags of the file or of its macros.
    #[must_use]
    pub fn calls(&self, name: &str) -> bool {
        self.all_words().any(|words| words.called.contains(name))
    }

    /// Whether something is taken of a name in the tags of the file or of its macros.
    #[must_use]
    pub fn qualifies_by(&self, name: &str) -> bool {
        self.all_words().any(|words| words.qualifying.contains(name))
    }

    fn all_words(&self) -> impl Iterator<Item = &Words> {
        std::iter::once(&self.words).chain(self.macros.iter().map(|reached| &reached.definition.words))
    }

    /// The index of the macro that a name means, in the named package or as seen from the file's project.
    #[must_use]
    pub fn macro_index(&self, package: Option<&str>, name: &str) -> Option<usize> {
        let macros = self.macros.iter().map(|reached| &reached.definition).enumerate();
        let named = macros.filter(|(_, definition)| definition.name == name);
        let in_package = |project| package.is_none_or(|package| self.world.project_name(project) == package);
        let candidates = named.filter(|(_, definition)| in_package(definition.project));
        let best = candidates.min_by_key(|(_, definition)| definition.project != self.project)?;
        let (index, definition) = best;
        let reachable = package.is_some()
            || definition.project == self.project
            || self.world.is_inside(definition.project, self.project);
        reachable.then_some(index)
    }

    /// The index of the macro that `adapter.dispatch(name)` means: the adapter's own, else the default one.
    #[must_use]
    pub fn dispatched(&self, package: Option<&str>, name: &str) -> Option<usize> {
        let own = format!("{}__{name}", adapter_name(self.dialect));
        let default = format!("default__{name}");
        let found = |name: &str| self.macro_index(None, name).or_else(|| self.macro_index(package, name));
        found(&own).or_else(|| found(&default))
    }
}

/// A macro that a file can reach.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The macro.
    pub definition: Arc<MacroDefinition>,
    /// Its index in the world; `None` for one that stands in the file itself.
    pub shared: Option<usize>,
}

/// The way from words to the macros that they may mean.
struct Reach<'w> {
    world: &'w World,
    dialect: Dialect,
    seen: BTreeSet<usize>,
    words: BTreeSet<String>,
}

impl Reach<'_> {
    /// Adds the macros that words may mean and that are not there yet.
    fn follow(&mut self, words: &Words, macros: &mut Vec<Reached>) {
        for word in &words.all {
            if self.words.contains(word) {
                continue;
            }
            for (index, definition) in self.world.macro_family(word) {
                let fits = !is_of_other_adapter(&definition.name, self.dialect);
                if fits && macros.len() < MOST_MACROS && self.seen.insert(index) {
                    macros.push(Reached { definition: Arc::clone(definition), shared: Some(index) });
                }
            }
            self.words.insert(word.clone());
        }
    }
}

/// Where a template stands.
#[derive(Debug)]
pub struct Home {
    /// The index of its project.
    pub project: usize,
    /// The node that it is, where it is one.
    pub node: Option<Node>,
    /// The adapter's dialect.
    pub dialect: Dialect,
    /// The columns that are known of relations.
    pub columns: Arc<KnownColumns>,
}

/// Whether a macro is the variant of an adapter that is not the dialect's.
fn is_of_other_adapter(name: &str, dialect: Dialect) -> bool {
    let prefix = name.split_once("__").map(|(prefix, _)| prefix);
    let others = Dialect::ALL.into_iter().filter(|other| *other != dialect);
    prefix.is_some_and(|prefix| others.map(adapter_name).any(|other| other == prefix))
}

/// The adapter's name, which is the dialect's except for Athena's and SQL Server's kin.
#[must_use]
pub fn adapter_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Tsql => "sqlserver",
        other => other.name(),
    }
}

/// What a rendering told.
#[derive(Debug, Default)]
pub struct Captured {
    /// Settings given by `config(…)`, as text; lists and maps are left out.
    pub config: BTreeMap<String, String>,
    /// Tokens that were made, and their targets.
    pub tokens: BTreeMap<String, TokenTarget>,
    /// Whether `is_incremental()` was asked.
    pub asked_incremental: bool,
    /// The values of the file's own macros.
    pub macros: BTreeMap<usize, Value>,
    /// The values of shared macros, by their index in the world.
    pub shared: BTreeMap<usize, Value>,
    /// Relations whose columns were asked for.
    pub asked: BTreeSet<AssetName>,
    /// What `return(…)` gave, until the macro call around it takes it.
    pub returned: Option<Value>,
}

impl Captured {
    /// The value of a macro: of a shared one by its index in the world, else by its index in the file.
    #[must_use]
    pub fn macro_value(&self, index: usize, shared: Option<usize>) -> Option<Value> {
        shared.map_or_else(|| self.macros.get(&index), |shared| self.shared.get(&shared)).cloned()
    }
}

/// One try at rendering.
pub struct Session {
    /// What stays the same.
    pub setting: Arc<Setting>,
    /// What `is_incremental()` answers.
    pub incremental: bool,
    /// What is not known.
    pub holes: Arc<Holes>,
    /// Macros that failed in an earlier try, and why.
    pub failed: BTreeMap<usize, String>,
    /// Whether this renders the value of a variable, which may not ask for variables in turn.
    pub inside_variable: bool,
    captured: Mutex<Captured>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("project", &self.setting.project).finish_non_exhaustive()
    }
}

impl Session {
    /// A fresh try.
    #[must_use]
    pub fn new(setting: &Arc<Setting>, incremental: bool, failed: BTreeMap<usize, String>) -> Arc<Self> {
        Arc::new(Self {
            setting: Arc::clone(setting),
            incremental,
            holes: Arc::default(),
            failed,
            inside_variable: false,
            captured: Mutex::default(),
        })
    }

    /// A session of the same file for the value of a variable.
    #[must_use]
    pub fn inside_variable(&self) -> Arc<Self> {
        Arc::new(Self {
            setting: Arc::clone(&self.setting),
            incremental: self.incremental,
            holes: Arc::clone(&self.holes),
            failed: BTreeMap::new(),
            inside_variable: true,
            captured: Mutex::default(),
        })
    }

    /// What was told so far.
    pub fn captured(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token for a relation; remembers its target.
    #[must_use]
    pub fn token(&self, asset: AssetName, kind: AssetKind) -> String {
        let token = token(&asset, kind);
        self.captured().tokens.insert(token.clone(), TokenTarget { asset, kind });
        token
    }
}
