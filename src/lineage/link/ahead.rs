//! Resolving ahead: files that follow each other are resolved on all cores at once, each on the catalog as it stands before
//! the first of them. What an earlier one of them then changes shows when its turn comes: a statement that would get other
//! answers by then is resolved again.

use std::sync::Arc;

use rayon::prelude::*;

use crate::lineage::catalog::Catalog;
use crate::lineage::effect::Effect;
use crate::lineage::link::resolved::Resolved;
use crate::lineage::link::{LinkedFile, works};
use crate::lineage::model::AssetKind;
use crate::lineage::script::Script;
use crate::sql::template::Prepared;

/// How many files are resolved ahead at a time.
pub(super) const AT_ONCE: usize = 64;

/// Statements of longer scripts mostly build on those before them.
const MOST_STATEMENTS: usize = 8;

/// What each statement of a file led to: one [`Resolved`] for each tree that it holds.
pub(super) type Statements = Vec<Vec<Arc<Resolved>>>;

/// What the statements of these files lead to if none of the files changes what another one asks.
pub(super) fn resolve(files: &[&LinkedFile<'_>], catalog: &Catalog) -> Vec<Statements> {
    files.par_iter().with_max_len(1).map(|(file, script)| of_file(file, script, catalog)).collect()
}

fn of_file(file: &Prepared, script: &Script, catalog: &Catalog) -> Statements {
    if script.statements.len() > MOST_STATEMENTS {
        return Statements::new();
    }
    let is_query = |effect: &&Effect| matches!(effect, Effect::Define { kind: AssetKind::Query, .. });
    let (mut queries, mut statements) = (0, Statements::with_capacity(script.statements.len()));
    for statement in &script.statements {
        let parsed = statement.tree(file.dialect);
        let mut led_to = Vec::new();
        for work in works(&parsed) {
            let resolved = Resolved::of((work, statement), file, catalog, queries);
            queries += resolved.effects.iter().filter(is_query).count();
            led_to.push(Arc::new(resolved));
        }
        statements.push(led_to);
    }
    statements
}
