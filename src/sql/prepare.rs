//! All SQL files of one side → [`Prepared`] files: dialect chosen, templates rendered, placeholders taken out.
//!
//! Pure and parallel. Files without a template marker pass through without a copy.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;
use rayon::prelude::*;

use super::detect::{Majority, detect, from_path};
use super::dialect::Dialect;
use super::jinja::engine::{Job, render};
use super::jinja::findings::{failure, findings};
use super::jinja::hole::Holes;
use super::jinja::neutral::neutralise as neutralise_jinja;
use super::jinja::segment::{Segment, SegmentKind, has_marker, split};
use super::jinja::settle::{Lone, settle};
use super::jinja::source::Replacements;
use super::lexical::is_blank;
use super::placeholder::{Placeholder, is_go_template, neutralise, neutralise_go, without_front_matter};
use super::template::{CatalogContent, LineMap, Prepared};
use crate::dbt::columns::declared;
use crate::dbt::model::{DbtFile, Draft, Relations, draft};
use crate::dbt::world::World;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::DeclaredAsset;
use crate::lineage::model::Template;
use crate::path::RepoPath;
use crate::settings::DialectChoice;
use crate::source::{SourceFile, SourceTree};

/// What steers the preparation.
#[derive(Debug, Clone, Copy)]
pub struct PrepareOptions {
    /// The dialect setting.
    pub dialect: DialectChoice,
}

/// One side, ready for parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedSide {
    /// Every SQL file whose content could be had, by path.
    pub files: Vec<Prepared>,
    /// Every SQL file whose content could not, by path.
    pub unreadable: Vec<Diagnostic>,
    /// What could not be read of the dbt projects around them.
    pub diagnostics: Vec<Diagnostic>,
    /// Seeds and sources with the columns that are declared outside of SQL.
    pub declared: Vec<DeclaredAsset>,
}

/// Prepares every SQL file of a side.
#[must_use]
pub fn prepare<Side: Sync>(tree: &SourceTree<Side>, options: &PrepareOptions) -> PreparedSide {
    let world = Arc::new(World::read(tree));
    let mut readable = Vec::new();
    let mut unreadable = Vec::new();
    for file in tree.sql.values() {
        match &file.content {
            Ok(text) => readable.push((file, text)),
            Err(reason) => {
                let code = DiagnosticCode::UnreadableFile;
                unreadable.push(Diagnostic::new(code, DiagnosticSeverity::Error, &file.path, reason.to_string()));
            }
        }
    }
    let dialects = Dialects::choose(&world, &readable, options.dialect);
    let drafts: Vec<Draft> = readable
        .par_iter()
        .zip(&dialects.of_files)
        .map(|((file, text), dialect)| match world.projects.place(&file.path) {
            Some((project, role, _)) => draft(&world, &DbtFile { file, text, project, role, dialect: dialect.clone() }),
            None => Draft::finished(plain(file, text, dialect.clone())),
        })
        .collect();
    let relations = Relations::gather(&world, &drafts);
    let files = drafts.into_par_iter().map(|draft| relations.finish(draft)).collect();
    PreparedSide { files, unreadable, diagnostics: world.diagnostics.clone(), declared: declared(&world, tree) }
}

/// The dialect of each file, and why.
struct Dialects {
    of_files: Vec<(Dialect, String)>,
}

impl Dialects {
    fn choose(world: &World, files: &[(&SourceFile, &Arc<str>)], choice: DialectChoice) -> Self {
        if let DialectChoice::Fixed(dialect) = choice {
            return Self { of_files: vec![(dialect, "from the setting".to_owned()); files.len()] };
        }
        let adapter = |path: &RepoPath| {
            let (project, _, _) = world.projects.place(path)?;
            Some((project, world.adapters.get(project)?.as_ref()))
        };
        let found: Vec<_> = files
            .par_iter()
            .map(|(file, text)| match adapter(&file.path) {
                Some((_, Some(_))) => None,
                _ => detect(text),
            })
            .collect();
        let mut majority = Majority::default();
        for ((file, _), (dialect, _)) in files.iter().zip(&found).filter_map(|(file, found)| Some((file, (*found)?))) {
            majority.count(&file.path, dialect);
        }
        let silent = |path: &RepoPath| {
            let named = from_path(path).or_else(|| majority.dialect(path));
            named.unwrap_or_else(|| (Dialect::Generic, "nothing tells the dialect".to_owned()))
        };
        let of_file = |((file, _), found): (&(&SourceFile, &Arc<str>), &Option<(Dialect, &str)>)| {
            match (adapter(&file.path), found) {
                (Some((_, Some(adapter))), _) => adapter.clone(),
                // All files of a dbt project are for one warehouse.
                (Some((project, None)), _) => match world.projects.list.get(project) {
                    Some(project) => silent(&project.file),
                    None => silent(&file.path),
                },
                (None, Some((dialect, sign))) => (*dialect, format!("evidence: `{sign}`")),
                (None, None) => silent(&file.path),
            }
        };
        Self { of_files: files.iter().zip(&found).map(of_file).collect() }
    }
}

/// A file outside of any dbt project.
fn plain(file: &SourceFile, text: &Arc<str>, (dialect, dialect_reason): (Dialect, String)) -> Prepared {
    let text = without_front_matter(text).map_or_else(|| Arc::clone(text), Arc::from);
    let mut prepared = Prepared {
        path: file.path.clone(),
        blob: file.blob.clone(),
        sql: Arc::clone(&text),
        line_map: LineMap::default(),
        dialect,
        dialect_reason,
        template: Template::None,
        asset: None,
        tokens: BTreeMap::new(),
        catalog: CatalogContent::Nothing("without SQL".to_owned()),
        diagnostics: Vec::new(),
        partial: false,
    };
    let segments = if has_marker(&text) { split(&text) } else { Vec::new() };
    if is_go_template(&text, &segments) {
        let (sql, found) = neutralise_go(&text);
        take_placeholders(&mut prepared, sql, &found);
    } else if is_jinja(&text, &segments) {
        render_jinja(&mut prepared, &text, &segments);
    } else if let Some((sql, found)) = neutralise(&text) {
        take_placeholders(&mut prepared, sql, &found);
    }
    if !is_blank(&prepared.sql) {
        let rendered = prepared.template == Template::Jinja;
        prepared.catalog = CatalogContent::Sql(if rendered { Arc::clone(&prepared.sql) } else { text });
    }
    prepared
}

fn take_placeholders(prepared: &mut Prepared, sql: String, found: &[Placeholder]) {
    prepared.template = Template::Placeholder;
    prepared.sql = sql.into();
    if let Some(first) = found.first() {
        let others = match found.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let message = format!("placeholder `{}`{others}: read as names of their own", first.written);
        let note = Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Note, &prepared.path, message);
        prepared.diagnostics.push(note.at(first.line, 0));
    }
}

/// Keywords of Jinja's blocks that can open a template.
const BLOCKS: [&str; 14] = [
    "if", "for", "set", "macro", "include", "import", "from", "extends", "block", "with", "raw", "do", "call", "filter",
];

/// Whether tags are Jinja's: `'{{1,2},{3,4}}'` is an array of PostgreSQL's, and `'%{%'` a pattern.
fn is_jinja(text: &str, segments: &[Segment]) -> bool {
    let environment = minijinja::Environment::empty();
    segments.iter().any(|segment| match segment.kind {
        SegmentKind::Raw => true,
        SegmentKind::Block => BLOCKS.contains(&segment.keyword(text)),
        SegmentKind::Expression => {
            let content = segment.content(text);
            let starts_well = content.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '\'' | '"'));
            starts_well && environment.compile_expression(content).is_ok()
        }
        SegmentKind::Text | SegmentKind::Comment => false,
    })
}

/// Names of a template of which nothing is known but Jinja itself: each is a hole.
#[derive(Debug)]
struct Unknown(Arc<Holes>);

/// Names that belong to Jinja and must not become holes.
const JINJA_NAMES: [&str; 10] =
    ["range", "namespace", "dict", "loop", "caller", "super", "self", "varargs", "kwargs", "__mutable"];

impl Object for Unknown {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str().filter(|name| !JINJA_NAMES.contains(name))?;
        Some(self.0.value(name, None))
    }
}

fn render_jinja(prepared: &mut Prepared, text: &str, segments: &[Segment]) {
    prepared.template = Template::Jinja;
    let job = Job { source: text, segments, rewritten: Replacements::new(), macros: &[] };
    let names = |_: &BTreeMap<usize, String>| {
        let holes: Arc<Holes> = Arc::default();
        (Value::from_object(Unknown(Arc::clone(&holes))), holes)
    };
    match render(&job, &names) {
        Ok((rendered, holes)) => {
            let found = findings(&prepared.path, text, (&rendered, &holes.records()), &|_| None);
            prepared.partial = !found.is_empty();
            prepared.diagnostics = found;
            prepared.line_map = LineMap::new(rendered.lines);
            prepared.sql = settle(rendered.text, Lone::Nothing).into();
        }
        Err(reason) => {
            prepared.diagnostics.push(failure(&prepared.path, &reason));
            prepared.partial = true;
            prepared.sql = neutralise_jinja(text, segments, &|_| None).into();
        }
    }
}
