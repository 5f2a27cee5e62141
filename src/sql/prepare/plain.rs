//! One file outside of any dbt project: front matter, templates and placeholders, and the asset that its path names.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use super::{dataform, sqlmesh};
use crate::dbt::relation::quoted;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::{AssetKind, AssetName, Template};
use crate::source::SourceFile;
use crate::sql::dataform::{Names, is_sqlx};
use crate::sql::dialect::Dialect;
use crate::sql::ident::{Defaults, fold_text};
use crate::sql::jinja::engine::{Failure, Job, Rendered, render};
use crate::sql::jinja::findings::{failure, findings};
use crate::sql::jinja::hole::{HoleRecord, Holes, written_holes};
use crate::sql::jinja::loops::{EACH, each, once};
use crate::sql::jinja::neutral::neutralise as neutralise_jinja;
use crate::sql::jinja::segment::{Segment, SegmentKind, has_marker, split};
use crate::sql::jinja::settle::{Lone, settle};
use crate::sql::layout::{Aside, Layout, Place, is_below_templates};
use crate::sql::lexical::is_blank;
use crate::sql::placeholder::{Placeholder, is_go_template, neutralise, neutralise_go, without_front_matter};
use crate::sql::sql_render::{self, Unsettled};
use crate::sql::sqlmesh::header;
use crate::sql::template::{CatalogContent, FileAsset, FilePlace, LineMap, Prepared};

/// What a file outside of any dbt project is read with.
pub(super) struct Around<'a> {
    /// Paths that name assets.
    pub(super) layout: &'a Layout,
    /// What SQL means where it names no database or schema.
    pub(super) defaults: &'a Defaults,
    /// The names of Dataform's files.
    pub(super) names: &'a Names,
}

/// A file outside of any dbt project.
pub(super) fn plain(
    file: &SourceFile,
    text: &Arc<str>,
    (dialect, dialect_reason): (Dialect, String),
    around: &Around<'_>,
) -> Prepared {
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
        place: FilePlace::default(),
        tokens: BTreeMap::new(),
        holes: BTreeMap::new(),
        catalog: CatalogContent::Nothing("without SQL".to_owned()),
        diagnostics: Vec::new(),
        partial: false,
    };
    let segments = if has_marker(&text) { split(&text) } else { Vec::new() };
    if is_sqlx(&prepared.path) {
        dataform::read(&mut prepared, &text, around.names);
    } else if let Some(header) = header(&text) {
        sqlmesh::read(&mut prepared, &text, &header);
    } else if let Some((sql, unsettled)) = sql_render::render(&text, dialect) {
        take_branches(&mut prepared, sql, &unsettled);
    } else if is_go_template(&text, &segments) {
        let (sql, found) = neutralise_go(&text);
        take_placeholders(&mut prepared, sql, &found);
    } else if is_jinja(&text, &segments) {
        render_jinja(&mut prepared, &text, &segments);
    } else if let Some((sql, found)) = neutralise(&text) {
        take_placeholders(&mut prepared, sql, &found);
    }
    put(&mut prepared, around.layout, around.defaults);
    if !is_blank(&prepared.sql) {
        let rendered =
            matches!(prepared.template, Template::Jinja | Template::SqlRender | Template::SqlMesh | Template::Dataform);
        let sql = if rendered { Arc::clone(&prepared.sql) } else { text };
        prepared.catalog = content(&prepared, sql);
    }
    prepared
}

/// Notes what the file's place says of it.
fn put(prepared: &mut Prepared, layout: &Layout, defaults: &Defaults) {
    let mut defaults = defaults.clone();
    if let Some(database) = layout.database(&prepared.path) {
        defaults.database = Some(database.to_owned());
    }
    match layout.place(&prepared.path) {
        // A header says it itself.
        _ if matches!(prepared.template, Template::SqlMesh | Template::Dataform) => {}
        Place::Asset { pattern, captures } => {
            let parts: Vec<String> =
                captures.iter().map(|capture| fold_text(capture.text, false, prepared.dialect)).collect();
            prepared.asset = Some(FileAsset { name: AssetName::from_parts(&parts), kind: AssetKind::Table });
            prepared.place.pattern = Some(Arc::clone(pattern));
        }
        Place::Aside(aside) => prepared.place.aside = Some(aside),
        Place::Open => {}
    }
    if prepared.asset.is_none()
        && prepared.place.aside.is_none()
        && prepared.template != Template::None
        && is_below_templates(&prepared.path)
    {
        prepared.place.aside = Some(Aside::Template);
    }
    prepared.place.defaults = defaults.of_dialect(prepared.dialect);
}

/// What the catalog gets: a query that only its path names is told with the name.
fn content(prepared: &Prepared, sql: Arc<str>) -> CatalogContent {
    match (&prepared.asset, prepared.place.aside) {
        (_, Some(aside @ (Aside::Check | Aside::Template))) => CatalogContent::Nothing(aside.words().to_owned()),
        (Some(asset), _) => {
            let parts = asset.name.parts().into_iter().map(|part| part.trim_matches('"').to_owned());
            let name = parts.map(|part| quoted(&part, prepared.dialect)).collect::<Vec<_>>().join(".");
            CatalogContent::Query { sql, name }
        }
        (None, _) => CatalogContent::Sql(sql),
    }
}

/// Takes over what SqlRender's conditions leave, and tells of those that are not known.
fn take_branches(prepared: &mut Prepared, sql: String, unsettled: &[Unsettled]) {
    prepared.template = Template::SqlRender;
    prepared.sql = sql.into();
    let told = |severity, message, line| {
        Diagnostic::new(DiagnosticCode::TemplateHole, severity, &prepared.path, message).at(line, 0)
    };
    let mut all = Vec::new();
    if let Some(first) = unsettled.first() {
        let others = match unsettled.len() {
            1 => String::new(),
            count => format!(" and {} more conditions", count - 1),
        };
        let message = format!("`{}`{others}: not known, the branch that reads more is taken", first.written);
        all.push(told(DiagnosticSeverity::Note, message, first.line));
    }
    for condition in unsettled.iter().filter(|condition| !condition.hidden.is_empty()) {
        let hidden = condition.hidden.join(", ");
        let message = format!("`{}`: not known; the branch that is not taken reads {hidden}", condition.written);
        all.push(told(DiagnosticSeverity::Warning, message, condition.line));
        prepared.partial = true;
    }
    prepared.diagnostics.extend(all);
}

fn take_placeholders(prepared: &mut Prepared, sql: String, found: &[Placeholder]) {
    prepared.template = Template::Placeholder;
    prepared.sql = sql.into();
    let named = found.iter().filter(|found| !found.identifier.is_empty());
    prepared.holes = named.map(|found| (found.identifier.clone(), found.written.clone())).collect();
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
        if name == EACH {
            return Some(each(Arc::clone(&self.0)));
        }
        Some(self.0.value(name, None))
    }
}

pub(super) fn render_jinja(prepared: &mut Prepared, text: &str, segments: &[Segment]) {
    prepared.template = Template::Jinja;
    match render_twice(text, segments) {
        Ok((rendered, records)) => {
            prepared.holes = written_holes(&records, &rendered.undefined);
            let found = findings(&prepared.path, text, (&rendered, &records), &|_| None);
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

/// What a rendering knows of its holes.
type Records = BTreeMap<String, HoleRecord>;

fn render_once(text: &str, segments: &[Segment]) -> Result<(Rendered, Records), Failure> {
    let job = Job { source: text, segments, rewritten: once(text, segments), macros: &[], library: None };
    let names = |_: &BTreeMap<usize, String>| {
        let holes: Arc<Holes> = Arc::default();
        (Value::from_object(Unknown(Arc::clone(&holes))), holes)
    };
    render(&job, &names).map(|(rendered, holes)| (rendered, holes.records()))
}

/// Renders, and renders what `{% raw %}` kept as a template as well: a generator writes templates.
fn render_twice(text: &str, segments: &[Segment]) -> Result<(Rendered, Records), Failure> {
    let (first, mut records) = render_once(text, segments)?;
    let keeps_tags = segments.iter().any(|segment| segment.kind == SegmentKind::Raw) && has_marker(&first.text);
    let kept = if keeps_tags { split(&first.text) } else { Vec::new() };
    if !is_jinja(&first.text, &kept) {
        return Ok((first, records));
    }
    let Ok((mut second, more)) = render_once(&first.text, &kept) else { return Ok((first, records)) };
    records.extend(more);
    let lines = LineMap::new(first.lines);
    second.lines.iter_mut().for_each(|line| *line = lines.original(*line));
    second.repairs.iter_mut().for_each(|repair| repair.line = lines.original(repair.line));
    second.repairs.extend(first.repairs);
    second.undefined.extend(first.undefined);
    Ok((second, records))
}
