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
use super::stack::on_large_stacks;
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
    on_large_stacks(|| prepare_here(tree, options))
}

fn prepare_here<Side: Sync>(tree: &SourceTree<Side>, options: &PrepareOptions) -> PreparedSide {
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
        let of_file = |path: &RepoPath, found: Option<(Dialect, &str)>| match (adapter(path), found) {
            (Some((_, Some(adapter))), _) => adapter.clone(),
            // All files of a dbt project are for one warehouse.
            (Some((project, None)), _) => {
                silent(world.projects.list.get(project).map_or(path, |project| &project.file))
            }
            (None, Some((dialect, sign))) => (dialect, format!("evidence: {}", quoted(sign))),
            (None, None) => silent(path),
        };
        Self { of_files: files.iter().zip(&found).map(|((file, _), found)| of_file(&file.path, *found)).collect() }
    }
}

/// A sign as code; one that is written with backticks already looks like it.
fn quoted(sign: &str) -> String {
    if sign.starts_with('`') { sign.to_owned() } else { format!("`{sign}`") }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{BlobId, Head, Unreadable};
    use proptest::prelude::*;

    fn tree(files: &[(&str, &str)]) -> SourceTree<Head> {
        let mut tree = SourceTree::default();
        for (path, text) in files {
            let path = RepoPath::new(path).expect("inside");
            let blob = BlobId(Arc::from(path.as_str()));
            let file = SourceFile { path: path.clone(), blob, content: Ok(Arc::from(*text)) };
            let part = if path.as_str().ends_with(".sql") { &mut tree.sql } else { &mut tree.support };
            part.insert(path, file);
        }
        tree
    }

    const AUTO: PrepareOptions = PrepareOptions { dialect: DialectChoice::Auto };

    fn one(text: &str) -> Prepared {
        prepare(&tree(&[("a.sql", text)]), &AUTO).files.remove(0)
    }

    #[test]
    fn plain_files_pass_through_without_a_copy() {
        let tree = tree(&[("a.sql", "select a from t\n"), ("b.sql", "-- nothing\n")]);
        let side = prepare(&tree, &AUTO);
        let text = tree.sql.values().next().and_then(|file| file.content.as_ref().ok()).expect("text");
        assert!(Arc::ptr_eq(&side.files[0].sql, text));
        assert_eq!(side.files[0].catalog, CatalogContent::Sql(Arc::clone(text)));
        assert_eq!(side.files[1].catalog, CatalogContent::Nothing("without SQL".to_owned()));
        assert_eq!(side.files[0].template, Template::None);
    }

    #[test]
    fn unreadable_files_are_named_and_not_lost() {
        let mut tree = tree(&[("a.sql", "select 1"), ("b.sql", "")]);
        let file = tree.sql.values_mut().nth(1).expect("two files");
        file.content = Err(Unreadable::LfsPointer);
        let side = prepare(&tree, &AUTO);
        assert_eq!((side.files.len(), side.unreadable.len()), (1, 1));
        assert!(side.unreadable[0].to_string().starts_with("b.sql: a Git LFS pointer"));
    }

    #[test]
    fn airflow_templates_render_with_holes_for_what_the_scheduler_knows() {
        let prepared = one(
            "{% set day = ds %}\nselect '{{ ds }}' as d, {{ params.column }}\nfrom {{ params.table }}\nwhere d = '{{ macros.ds_add(ds, -1) }}'",
        );
        assert_eq!(prepared.template, Template::Jinja);
        assert_eq!(
            prepared.sql.as_ref(),
            "\nselect '__hole_ds' as d, __hole_params_column\nfrom __hole_params_table\nwhere d = '__hole_macros_ds_add'"
        );
        let lines: Vec<_> = prepared.diagnostics.iter().map(|found| found.line).collect();
        assert_eq!(lines, [2, 3]);
        assert!(prepared.partial);
    }

    #[test]
    fn braces_of_sql_are_not_jinja() {
        for text in ["select '{{1,2},{3,4}}'::int[][]", "select * from t where a like '%{%'", "select '{# x #}'"] {
            let prepared = one(text);
            assert_eq!((prepared.sql.as_ref(), prepared.template), (text, Template::None));
        }
    }

    #[test]
    fn placeholders_are_noted_and_the_catalog_gets_the_text_as_written() {
        let prepared = one("---\nowner: me\n---\nselect a\nfrom ${schema}.t, ${other}.u");
        assert_eq!(prepared.sql.as_ref(), "\n\n\nselect a\nfrom __hole_schema.t, __hole_other.u");
        assert_eq!(prepared.template, Template::Placeholder);
        assert_eq!(
            prepared.diagnostics[0].to_string(),
            "a.sql:5: placeholder `${schema}` and 1 more: read as names of their own"
        );
        assert!(!prepared.partial);
        assert!(matches!(prepared.catalog, CatalogContent::Sql(sql) if sql.contains("${schema}")));
    }

    #[test]
    fn a_template_that_does_not_render_keeps_its_lines() {
        let prepared = one("select 1\n{% endfor %}{% if x %}\nfrom {{ t }}");
        assert_eq!(prepared.sql.as_ref(), "select 1\n  \nfrom __hole_t");
        assert_eq!(prepared.diagnostics[0].code, DiagnosticCode::TemplateError);
    }

    #[test]
    fn the_dialect_is_set_or_found_or_named_by_the_path_or_that_of_the_neighbours() {
        let files = [
            ("x/a.sql", "create table t (id bigserial, d jsonb)"),
            ("x/b.sql", "select 1"),
            ("snowflake/c.sql", "select 1"),
        ];
        let reasons = |options: &PrepareOptions| {
            let side = prepare(&tree(&files), options);
            side.files.iter().map(|file| format!("{}, {}", file.dialect, file.dialect_reason)).collect::<Vec<_>>()
        };
        assert_eq!(
            reasons(&AUTO),
            ["snowflake, folder `snowflake`", "postgres, evidence: `BIGSERIAL`", "postgres, like most SQL in `x`"]
        );
        let fixed = PrepareOptions { dialect: DialectChoice::Fixed(Dialect::Hive) };
        assert!(reasons(&fixed).iter().all(|reason| reason == "hive, from the setting"));
    }

    /// Text with more of what templates, strings and comments are made of than chance would give.
    fn hostile_text() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            Just("{{ ".to_owned()),
            Just(" }}".to_owned()),
            Just("{%- ".to_owned()),
            Just(" -%}".to_owned()),
            Just("{#".to_owned()),
            Just("#}".to_owned()),
            Just("if x".to_owned()),
            Just("endif".to_owned()),
            Just("for a in b".to_owned()),
            Just("endfor".to_owned()),
            Just("macro f(x)".to_owned()),
            Just("endmacro".to_owned()),
            Just("set x = []".to_owned()),
            Just("do x.append(x)".to_owned()),
            Just("snapshot s".to_owned()),
            Just("raw".to_owned()),
            Just("endraw".to_owned()),
            Just("f(x)".to_owned()),
            Just("ref('a')".to_owned()),
            Just("source('a', \"b\")".to_owned()),
            Just("config(alias='é')".to_owned()),
            Just("is_incremental()".to_owned()),
            Just("'".to_owned()),
            Just("\"".to_owned()),
            Just("`".to_owned()),
            Just("--".to_owned()),
            Just("/*".to_owned()),
            Just("$$".to_owned()),
            Just("${a}".to_owned()),
            Just("\n".to_owned()),
            Just("---\n".to_owned()),
            Just("(".to_owned()),
            Just(")".to_owned()),
            Just("__hole_a".to_owned()),
            Just("__dbt_ref_a".to_owned()),
            "\\PC{0,4}",
        ];
        proptest::collection::vec(parts, 0..24).prop_map(|parts| parts.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn no_text_stops_the_preparation(text in hostile_text(), project in hostile_text(), schema in hostile_text()) {
            let files = [
                ("dbt_project.yml", "name: p"), ("models/a.sql", text.as_str()), ("macros/m.sql", text.as_str()),
                ("snapshots/s.sql", text.as_str()), ("plain/b.sql", text.as_str()),
                ("q/dbt_project.yml", project.as_str()), ("models/schema.yml", schema.as_str()),
            ];
            let tree = tree(&files);
            let side = prepare(&tree, &AUTO);
            prop_assert_eq!(side.files.len(), tree.sql.len());
            for file in &side.files {
                let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
                for line in 1..=u32::try_from(file.sql.lines().count()).unwrap_or(0) {
                    prop_assert!(file.line_map.original(line) <= last + 1);
                }
            }
        }
    }
}
