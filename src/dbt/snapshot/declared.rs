//! Snapshots that only YAML declares: the relation whose rows they keep, and the query that dbt makes of that.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dbt::macros::Words;
use crate::dbt::model::Draft;
use crate::dbt::names::Names;
use crate::dbt::reference::Target;
use crate::dbt::session::{Home, Session, Setting};
use crate::dbt::snapshot::add_columns;
use crate::dbt::tokens::occurring;
use crate::dbt::world::{Node, World};
use crate::dbt::yaml::tree::Node as Yaml;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::Template;
use crate::path::RepoPath;
use crate::source::BlobId;
use crate::sql::dialect::Dialect;
use crate::sql::jinja::engine::render_text;
use crate::sql::jinja::hole::HOLE_PREFIX;
use crate::sql::template::{CatalogContent, FilePlace, LineMap, Prepared};

/// A snapshot as its property file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredSnapshot {
    /// Its name.
    pub name: String,
    /// The relation, as it is written: `ref('orders')`.
    pub relation: String,
    /// The file.
    pub file: RepoPath,
    /// The line of its name and that of its relation, from 1; 0 where one is not known.
    pub lines: (u32, u32),
}

/// The snapshots of a property file that say of which relation they are. Where the others are said, a SQL file says what
/// they are.
#[must_use]
pub fn read(file: &RepoPath, root: &Yaml) -> Vec<DeclaredSnapshot> {
    let one = |entry: &Yaml| {
        let ((key, name), relation) = (entry.entry("name")?, entry.get("relation")?);
        Some(DeclaredSnapshot {
            name: name.scalar()?,
            relation: relation.scalar()?,
            file: file.clone(),
            lines: (key.line, relation.line),
        })
    };
    root.entries("snapshots").filter_map(one).collect()
}

/// The query that dbt runs for such a snapshot. Its lines are those of the YAML.
#[must_use]
pub fn draft(
    world: &Arc<World>,
    (node, declared): (&Node, &DeclaredSnapshot),
    dialect: (Dialect, String),
    blob: &BlobId,
) -> Draft {
    let home = Home { project: node.project, node: Some(node.clone()), dialect: dialect.0, columns: Arc::default() };
    let setting = Arc::new(Setting::new(world, home, Words::default(), Vec::new()));
    let session = Session::new(&setting, false, BTreeMap::new());
    let relation = relation(&session, &declared.relation);
    let hole = format!("{HOLE_PREFIX}relation");
    let sql = format!("select *\nfrom {}", relation.as_deref().unwrap_or(&hole));
    let mut prepared = Prepared {
        path: declared.file.clone(),
        blob: blob.clone(),
        tokens: occurring(&sql, &session.captured().tokens),
        sql: sql.into(),
        line_map: LineMap::new(vec![declared.lines.0, declared.lines.1]),
        dialect: dialect.0,
        dialect_reason: dialect.1,
        template: Template::Dbt,
        asset: None,
        place: FilePlace::default(),
        holes: BTreeMap::new(),
        catalog: CatalogContent::Nothing("a snapshot in YAML".to_owned()),
        diagnostics: Vec::new(),
        partial: relation.is_none(),
    };
    if relation.is_none() {
        prepared.holes.insert(hole, declared.relation.clone());
        prepared.diagnostics.push(unknown(declared));
    }
    add_columns(&mut prepared, &node.config);
    Draft::of_node(prepared, node.clone(), true)
}

/// The token of a relation that is written out.
fn relation(session: &Arc<Session>, written: &str) -> Option<String> {
    let call = written.trim().trim_start_matches("{{").trim_end_matches("}}");
    match Target::parse(call)? {
        Target::Metric(_) => None,
        Target::Node { .. } | Target::Source { .. } => {
            render_text(&format!("{{{{ {call} }}}}"), Names(Arc::clone(session))).ok()
        }
    }
}

fn unknown(declared: &DeclaredSnapshot) -> Diagnostic {
    let message = format!("`{}`: not known of which relation the snapshot {} is", declared.relation, declared.name);
    Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, &declared.file, message)
        .at(declared.lines.1, 0)
        .hint("write it out: `ref('…')` or `source('…', '…')`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbt::yaml;

    #[test]
    fn only_those_with_a_relation_are_read() {
        let text = "snapshots:\n  - name: a\n    description: of a SQL file\n  - name: b\n    config: {schema: s}\n    relation: ref('x')\n";
        let file = RepoPath::new("snapshots/s.yml").expect("inside");
        let found = read(&file, &yaml::tree(text).expect("YAML"));
        let [one] = found.as_slice() else { panic!("one of {found:?}") };
        assert_eq!((one.name.as_str(), one.relation.as_str(), one.lines), ("b", "ref('x')", (4, 6)));
    }
}
