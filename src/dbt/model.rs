//! One SQL file of a dbt project: rendered, named, and turned into what the catalog gets.
//!
//! Two steps, since a model's catalog text names the relations of other models, which their own files may rename:
//! [`draft`] renders a file, [`Relations`] gathers what the drafts say, and [`Relations::finish`] fills in the rest.

mod ephemeral;
mod relations;

pub use self::relations::Relations;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;

use super::column::KnownColumns;
use super::compiled::Compiled;
use super::config::NodeConfig;
use super::governance::Governance;
use super::macros::{Words, asks_warehouse, extract};
use super::names::Names;
use super::project::Role;
use super::session::{Captured, Home, Reached, Session, Setting};
use super::tokens::occurring;
use super::world::{Node, World};
use super::{python, snapshot, stand_in};
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::{AssetKind, AssetName, Template};
use crate::source::SourceFile;
use crate::sql::dialect::Dialect;
use crate::sql::jinja::engine::{Failure, Job, Rendered, render, render_text};
use crate::sql::jinja::findings::{failure, findings};
use crate::sql::jinja::hole::written_holes;
use crate::sql::jinja::hole::{HOLE_PREFIX, Holes};
use crate::sql::jinja::neutral::neutralise;
use crate::sql::jinja::segment::{Segment, has_marker, split};
use crate::sql::jinja::settle::{Lone, settle};
use crate::sql::jinja::source::{MacroText, Replacements};
use crate::sql::lexical::is_blank;
use crate::sql::template::{CatalogContent, FileAsset, FilePlace, LineMap, Prepared};

/// A file that belongs to a project.
#[derive(Debug)]
pub struct DbtFile<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// Its text.
    pub text: &'a Arc<str>,
    /// The index of its project.
    pub project: usize,
    /// What it is.
    pub role: Role,
    /// The project's dialect, and why.
    pub dialect: (Dialect, String),
}

/// A rendered file, without what the catalog gets.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The file; its catalog content is still to come where `build` says how.
    pub prepared: Prepared,
    /// How the warehouse builds it.
    build: Option<Build>,
    /// The relations whose columns its template asks for.
    pub asked: BTreeSet<AssetName>,
}

impl Draft {
    /// A file that needs nothing more.
    #[must_use]
    pub fn finished(prepared: Prepared) -> Self {
        Self { prepared, build: None, asked: BTreeSet::new() }
    }

    /// The file of a node; `whole` where it could be rendered.
    pub(super) fn of_node(prepared: Prepared, node: Node, whole: bool) -> Self {
        let Node { name, kind, asset, project, config, .. } = node;
        let build = Some(Build { project, name, kind, asset, config, whole });
        Self { prepared, build, asked: BTreeSet::new() }
    }

    /// The node that it is.
    #[must_use]
    pub fn asset(&self) -> Option<&AssetName> {
        self.build.as_ref().map(|build| &build.asset)
    }

    /// Who owns the node that it is, and who may name that, by all that is configured.
    #[must_use]
    pub fn governance(&self) -> Option<(AssetName, Governance)> {
        self.build.as_ref().map(|build| (build.asset.clone(), build.config.governance.clone()))
    }

    /// The file as the node that it is, without what the catalog gets.
    #[must_use]
    pub fn as_asset(&self) -> Prepared {
        let asset = self.build.as_ref().map(|build| FileAsset { name: build.asset.clone(), kind: build.kind });
        Prepared { asset, ..self.prepared.clone() }
    }

    /// Takes SQL that dbt compiled in place of what was rendered.
    pub fn take(&mut self, compiled: Compiled) {
        let Compiled { sql, tokens, line_map, .. } = compiled;
        let is_hole = |code| matches!(code, DiagnosticCode::TemplateHole | DiagnosticCode::TemplateError);
        self.prepared.diagnostics.retain(|diagnostic| !is_hole(diagnostic.code));
        self.prepared.holes.clear();
        self.prepared.partial = false;
        (self.prepared.sql, self.prepared.tokens, self.prepared.line_map) = (sql, tokens, line_map);
        if let Some(build) = &mut self.build {
            build.whole = true;
        }
    }
}

#[derive(Debug, Clone)]
struct Build {
    project: usize,
    name: String,
    kind: AssetKind,
    asset: AssetName,
    config: NodeConfig,
    whole: bool,
}

/// Renders a file, with what is known of the columns of relations.
#[must_use]
pub fn draft(world: &Arc<World>, file: &DbtFile<'_>, columns: &Arc<KnownColumns>) -> Draft {
    let words = match file.role {
        Role::Macro => Some("a macro"),
        Role::Output => Some("written by dbt itself"),
        Role::Seed => Some("no model, and in a folder of seeds"),
        Role::Test if holds_only_macros(file.text) => Some("a generic test"),
        _ => None,
    };
    if let Some(words) = words {
        return Draft::finished(empty(file, words));
    }
    let node = world.node_of(&file.file.path).cloned();
    if file.file.path.as_str().ends_with(".py") {
        return python_draft(world, file, node);
    }
    let template = TemplateText::read(file);
    let words = Words::of(file.text, &template.segments);
    let home =
        Home { project: file.project, node: node.clone(), dialect: file.dialect.0, columns: Arc::clone(columns) };
    let setting = Arc::new(Setting::new(world, home, words, template.local.clone()));
    let outcome = if has_marker(file.text) { render_variants(&template, &setting, file.text) } else { Ok(None) };
    assemble(file, node, template, (&setting, outcome))
}

/// A model in Python: which relations it reads is known, and nothing of its columns.
fn python_draft(world: &Arc<World>, file: &DbtFile<'_>, node: Option<Node>) -> Draft {
    let mut prepared = empty(file, "a model in Python");
    let Some(node) = node else { return Draft::finished(prepared) };
    let home = Home { project: file.project, node: Some(node), dialect: file.dialect.0, columns: Arc::default() };
    let setting = Arc::new(Setting::new(world, home, Words::default(), Vec::new()));
    let session = Session::new(&setting, false, BTreeMap::new());
    let relations: Vec<(String, u32)> = python::calls(file.text)
        .into_iter()
        .filter_map(|call| Some((render_text(&call.template(), Names(Arc::clone(&session))).ok()?, call.line)))
        .collect();
    let (sql, lines) = python::sql(&relations);
    prepared.tokens = occurring(&sql, &session.captured().tokens);
    prepared.sql = sql.into();
    prepared.line_map = LineMap::new(lines);
    prepared.partial = true;
    prepared.diagnostics.push(python::diagnostic(&file.file.path));
    let Some(node) = setting.node.clone() else { return Draft::finished(prepared) };
    Draft::of_node(prepared, node, false)
}

fn holds_only_macros(text: &str) -> bool {
    let segments = split(text);
    let found = extract(text, &segments, 0);
    let covered: BTreeSet<usize> = found.iter().flat_map(|(_, range)| range.clone()).collect();
    let rest = segments.iter().zip(0_usize..).filter(|(_, index)| !covered.contains(index));
    let rest: String = rest.map(|(segment, _)| segment.text(text)).collect();
    !found.is_empty() && is_blank(&neutralise(&rest, &split(&rest), &|_| Some(String::new())))
}

fn empty(file: &DbtFile<'_>, words: &str) -> Prepared {
    Prepared {
        path: file.file.path.clone(),
        blob: file.file.blob.clone(),
        sql: Arc::from(""),
        line_map: LineMap::default(),
        dialect: file.dialect.0,
        dialect_reason: file.dialect.1.clone(),
        template: Template::Dbt,
        asset: None,
        place: FilePlace::default(),
        tokens: BTreeMap::new(),
        holes: BTreeMap::new(),
        catalog: CatalogContent::Nothing(words.to_owned()),
        diagnostics: Vec::new(),
        partial: false,
    }
}

/// A file's segments, with dbt's own blocks rewritten into Jinja that minijinja knows.
struct TemplateText<'a> {
    segments: Vec<Segment>,
    rewritten: Replacements,
    local: Vec<super::macros::MacroDefinition>,
    diagnostics: Vec<Diagnostic>,
    text: &'a str,
}

impl<'a> TemplateText<'a> {
    fn read(file: &'a DbtFile<'_>) -> Self {
        let text: &str = file.text;
        let segments = split(text);
        let mut template =
            Self { segments, rewritten: Replacements::new(), local: Vec::new(), diagnostics: Vec::new(), text };
        for (definition, range) in extract(text, &template.segments, file.project) {
            template.rewritten.extend(range.map(|index| (index, String::new())));
            template.local.push(definition);
        }
        template.take_snapshot(file);
        template
    }

    /// Keeps what stands inside of the first `{% snapshot %}` block, where there is one.
    fn take_snapshot(&mut self, file: &DbtFile<'_>) {
        let keyword = |index: usize| self.segments.get(index).map_or("", |segment| segment.keyword(self.text));
        let openings: Vec<usize> = (0..self.segments.len()).filter(|index| keyword(*index) == "snapshot").collect();
        let Some(first) = openings.first().copied() else { return };
        let end = (first..self.segments.len()).find(|index| keyword(*index) == "endsnapshot");
        let inside = first + 1..end.unwrap_or(self.segments.len());
        for index in (0..self.segments.len()).filter(|index| !inside.contains(index)) {
            let text = self.segments.get(index).map_or("", |segment| segment.text(self.text));
            self.rewritten.insert(index, crate::sql::jinja::neutral::line_ends(text));
        }
        let mut others = openings.iter().skip(1).filter_map(|index| self.segments.get(*index));
        if let Some(second) = others.next() {
            let message = format!("{} more snapshots stand in this file; only the first is read", others.count() + 1);
            let path = &file.file.path;
            let more = Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, path, message);
            self.diagnostics.push(more.at(second.line, 0).hint("give each snapshot a file of its own"));
        }
    }
}

/// A rendered variant with what it told.
struct Variant {
    rendered: Rendered,
    holes: Arc<Holes>,
    session: Arc<Session>,
}

type Outcome = Result<Option<Variant>, Failure>;

fn render_variants(template: &TemplateText<'_>, setting: &Arc<Setting>, text: &str) -> Outcome {
    let own = |(reached, index): (&Reached, usize)| match reached.shared {
        Some(shared) => MacroText::Shared(shared),
        None => MacroText::Own(reached.definition.text(index)),
    };
    let macros: Vec<MacroText> = setting.macros.iter().zip(0_usize..).map(own).collect();
    let library = Some(setting.world.library());
    let rewritten = template.rewritten.clone();
    let job = Job { source: text, segments: &template.segments, rewritten, macros: &macros, library };
    let first = render_variant(&job, setting, true)?;
    if !first.session.captured().asked_incremental {
        return Ok(Some(first));
    }
    // A variant that fails where the other does not is no loss.
    let Ok(second) = render_variant(&job, setting, false) else { return Ok(Some(first)) };
    // dbt answers yes for incremental models only.
    if materialization(setting, &second).is_some_and(|materialized| materialized != "incremental") {
        return Ok(Some(second));
    }
    let reach = |variant: &Variant| {
        let tokens = occurring(&variant.rendered.text, &variant.session.captured().tokens);
        // Reading its own earlier rows is no other relation.
        let own = setting.node.as_ref().map(|node| &node.asset);
        let others = tokens.values().filter(|target| Some(&target.asset) != own).count();
        (others, tokens.len(), variant.rendered.text.len())
    };
    Ok(Some(if reach(&second) > reach(&first) { second } else { first }))
}

/// How a model is built, where its file or its project says so in plain words.
fn materialization(setting: &Setting, variant: &Variant) -> Option<String> {
    let own = captured_config(&variant.session.captured()).materialized;
    let general = || setting.node.as_ref().and_then(|node| node.config.materialized.clone());
    own.or_else(general).filter(|materialized| !materialized.contains(['{', ' ']))
}

fn render_variant(job: &Job<'_>, setting: &Arc<Setting>, incremental: bool) -> Result<Variant, Failure> {
    let last: RefCell<Option<Arc<Session>>> = RefCell::default();
    let names = |failed: &BTreeMap<usize, String>| {
        let session = Session::new(setting, incremental, failed.clone());
        let root = (Value::from_object(Names(Arc::clone(&session))), Arc::clone(&session.holes));
        last.replace(Some(session));
        root
    };
    let (rendered, holes) = render(job, &names)?;
    let session = last.take().unwrap_or_else(|| Session::new(setting, incremental, BTreeMap::new()));
    Ok(Variant { rendered, holes, session })
}

fn assemble(
    file: &DbtFile<'_>,
    node: Option<Node>,
    template: TemplateText<'_>,
    (setting, outcome): (&Arc<Setting>, Outcome),
) -> Draft {
    let mut prepared = empty(file, if file.role == Role::Test { "a test" } else { "an analysis" });
    prepared.diagnostics = template.diagnostics;
    prepared.partial = !prepared.diagnostics.is_empty();
    let mut config = NodeConfig::default();
    let mut whole = true;
    let mut asked = BTreeSet::new();
    match outcome {
        Ok(None) => prepared.sql = Arc::clone(file.text),
        Ok(Some(variant)) => {
            if asks_warehouse(&Words::of(file.text, &template.segments)) && !setting.execute {
                variant.holes.note("execute", "it asks the warehouse while dbt compiles");
            }
            let records = variant.holes.records();
            let found = findings(&file.file.path, file.text, (&variant.rendered, &records), &hint);
            prepared.partial |= !found.is_empty();
            prepared.diagnostics.extend(found);
            let mut captured = std::mem::take(&mut *variant.session.captured());
            asked = std::mem::take(&mut captured.asked);
            config = captured_config(&captured);
            if !disables_plainly(file.text, &template.segments) {
                config.enabled = None;
            }
            prepared.tokens = occurring(&variant.rendered.text, &captured.tokens);
            prepared.holes = written_holes(&records, &variant.rendered.undefined);
            prepared.line_map = LineMap::new(variant.rendered.lines);
            prepared.sql = settle(variant.rendered.text, Lone::Query).into();
        }
        Err(reason) => {
            let session = Session::new(setting, false, BTreeMap::new());
            let text = neutralise(file.text, &template.segments, &|expression| simple_relation(&session, expression));
            prepared.tokens = occurring(&text, &session.captured().tokens);
            prepared.sql = text.into();
            prepared.diagnostics.push(failure(&file.file.path, &reason));
            prepared.partial = true;
            whole = false;
        }
    }
    let Some(node) = node else { return Draft { prepared, build: None, asked } };
    let config = config.over(node.config);
    if node.kind == AssetKind::Snapshot && whole {
        snapshot::add_columns(&mut prepared, &config);
    }
    Draft { asked, ..Draft::of_node(prepared, Node { config, ..node }, whole) }
}

fn captured_config(captured: &Captured) -> NodeConfig {
    let known = |(name, value): (&String, &String)| {
        // Where a contract hangs on what is not known, it must not seem to hang on less specific places.
        let is_hole = value.starts_with(HOLE_PREFIX) && name != "contract";
        let is_known = !value.is_empty() && value != "None" && !is_hole;
        is_known.then(|| (name.clone(), serde_json::Value::from(value.as_str())))
    };
    NodeConfig::from_map(&captured.config.iter().filter_map(known).collect())
}

/// Whether `config(enabled=false)` is written out. Where a variable decides, the model counts as switched on: whoever runs
/// the project decides.
fn disables_plainly(text: &str, segments: &[Segment]) -> bool {
    segments.iter().any(|segment| {
        let words = Words::of(text, std::slice::from_ref(segment));
        let decided = ["var", "env_var", "target", "enabled_vars", "enabled_vars_one_true"]
            .iter()
            .any(|word| words.all.contains(*word));
        words.called.contains("config") && words.all.contains("enabled") && !decided
    })
}

/// What would fill a hole.
fn hint(expression: &str) -> Option<&'static str> {
    if expression.starts_with("var(") {
        return Some("give it a value under `vars:` in dbt_project.yml, or a default in `var(name, default)`");
    }
    if expression.starts_with("env_var(") {
        return Some("give it a default: `env_var(name, default)`");
    }
    let asks = ["adapter.", "run_query", "execute", "column.", "dbt_utils.get_", "dbt_utils.unpivot"];
    if asks.iter().any(|start| expression.starts_with(start)) {
        return Some("what the warehouse answers is only known to dbt; list the columns in the model to see them here");
    }
    if stand_in::PACKAGES.iter().any(|package| expression.split('.').next() == Some(*package)) {
        return Some("run `dbt deps` before this tool, or check in the package (`dbt_packages/`)");
    }
    Some("define the macro under `macro-paths`, or run `dbt deps` or check in its package (`dbt_packages/`)")
}

/// The token of `ref('…')` or `source('…', '…')` that is written out, for files that cannot be rendered.
fn simple_relation(session: &Arc<Session>, expression: &str) -> Option<String> {
    let is_call = expression.starts_with("ref(") || expression.starts_with("source(");
    if !is_call || expression.matches('(').count() != 1 {
        return None;
    }
    render_text(&format!("{{{{ {expression} }}}}"), Names(Arc::clone(session))).ok()
}
