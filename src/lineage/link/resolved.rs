//! What resolving one statement led to, and the answers of the catalog on which that rests.

use std::collections::BTreeSet;

use sqlparser::ast::Statement;

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::{Catalog, Lookups, Seen};
use crate::lineage::effect::Effect;
use crate::lineage::model::{AssetName, Read, Template};
use crate::lineage::resolver::Resolver;
use crate::lineage::script::ScriptStatement;
use crate::sql::ident::is_named_at_run_time;
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::layout::Aside;
use crate::sql::scan::Scan;
use crate::sql::template::Prepared;

/// A statement as far as it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work<'s> {
    /// Its tree, and what a repair left out of it.
    Parsed(&'s Statement, &'s str),
    /// Its tables.
    Scanned(&'s Scan),
}

/// A resolved statement.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// What it does.
    pub effects: Vec<Effect>,
    /// The places that it names assets and columns at, sorted.
    pub reads: Vec<Read>,
    pub diagnostics: Vec<Diagnostic>,
    pub stars_unresolved: usize,
    /// Assets that it reads without feeding another.
    pub mentioned: BTreeSet<AssetName>,
    /// What the catalog was asked, and how many query assets the file had made before.
    seen: Vec<Seen>,
    queries: usize,
}

impl Resolved {
    /// Resolves a part of a script's statement; `queries` counts the query assets that earlier statements of the file
    /// made.
    pub fn of(
        (work, statement): (Work<'_>, &ScriptStatement),
        file: &Prepared,
        catalog: &Catalog,
        queries: usize,
    ) -> Self {
        let mut resolver = Resolver::new(Lookups::new(catalog), file, statement.line.saturating_sub(1));
        resolver.queries_before = queries;
        resolver.only_reads = statement.only_reads;
        resolver.locals.clone_from(&statement.locals);
        resolver.session.clone_from(&statement.session);
        match work {
            Work::Parsed(part, left_out) => {
                resolver.statement(part);
                resolver.effects.iter_mut().for_each(|effect| effect.add_text(left_out));
            }
            Work::Scanned(scan) => resolver.scanned(scan),
        }
        let line = file.line_map.original(statement.line);
        resolver.report_ambiguous(line);
        resolver.report_unresolved(line);
        let Resolver { catalog, mut effects, mut reads, mut diagnostics, stars_unresolved, mentioned, .. } = resolver;
        if file.place.aside == Some(Aside::Template) {
            // What a generator fills in is not known here: the SQL that it makes names the asset.
            effects.retain(|effect| !effect.target().is_some_and(has_hole));
        }
        let mut mentioned = mentioned;
        for unknown in effects.extract_if(.., |effect| effect.changed().into_iter().any(is_known_at_run_time)) {
            if let Effect::Define { flow, .. } | Effect::Write { flow, .. } = unknown {
                mentioned.extend(flow.upstream);
            }
        }
        for effect in &mut effects {
            if let (Effect::Write { flow, .. }, Some(more)) = (effect, &statement.more) {
                flow.add_rows(more);
            }
        }
        if stars_unresolved > 0 {
            diagnostics.push(unresolved_star(file, line, stars_unresolved));
        }
        let reader = effects.iter().rev().find_map(Effect::target).cloned();
        for read in &mut reads {
            read.reader.clone_from(&reader);
        }
        reads.sort_unstable();
        reads.dedup();
        Self { effects, reads, diagnostics, stars_unresolved, mentioned, seen: catalog.into_seen(), queries }
    }

    /// Whether the same statement of the same file would lead to the same with this catalog.
    pub fn holds_in(&self, catalog: &Catalog, queries: usize) -> bool {
        self.queries == queries && self.seen.iter().all(|seen| seen.holds_in(catalog))
    }
}

/// Whether only the run knows which table is meant.
fn is_known_at_run_time(name: &AssetName) -> bool {
    name.parts().last().is_some_and(|part| is_named_at_run_time(part.trim_matches('"')))
}

/// Whether a part of a name is what a template leaves open.
fn has_hole(name: &AssetName) -> bool {
    [HOLE_PREFIX, "{"].iter().any(|mark| name.as_str().contains(mark))
}

fn unresolved_star(file: &Prepared, line: u32, stars: usize) -> Diagnostic {
    let what =
        if stars == 1 { "a `*` stands for columns".to_owned() } else { format!("{stars} `*` stand for columns") };
    Diagnostic::new(
        DiagnosticCode::UnresolvedStar,
        DiagnosticSeverity::Note,
        &file.path,
        format!("{what} that no file of the repository defines"),
    )
    .at(line, 0)
    .hint(if file.template == Template::Dbt {
        "the `target/catalog.json` that `dbt docs generate` writes"
    } else {
        "CREATE TABLE statements among the files that are read"
    })
}
