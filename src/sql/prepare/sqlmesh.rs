//! One file of SQLMesh's: what its header says, and its SQL without macros.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plain::render_jinja;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::model::Template;
use crate::sql::jinja::segment::split;
use crate::sql::jinja::settle::{Lone, settle};
use crate::sql::layout::Aside;
use crate::sql::sqlmesh::{Header, Noun, body, macros};
use crate::sql::template::{FileAsset, Prepared};

/// Most macros that are named one by one for a file.
const MOST_NAMED: usize = 20;

/// Reads a file with this header.
pub(super) fn read(prepared: &mut Prepared, text: &str, header: &Header) {
    let (body, is_jinja) = body(text, header);
    prepared.sql = Arc::from(&*body);
    if is_jinja {
        render_jinja(prepared, &body, &split(&body));
    }
    prepared.template = Template::SqlMesh;
    let name = header.name(&prepared.path, prepared.dialect);
    let found = macros(&prepared.sql, name.as_ref().map(|name| name.as_str()));
    note(prepared, &found.unknown);
    prepared.sql = settle(found.sql, Lone::Nothing).into();
    prepared.holes.extend(found.holes);
    match header.noun {
        Noun::Model => prepared.asset = name.map(|name| FileAsset { name, kind: header.kind() }),
        Noun::Audit => prepared.place.aside = Some(Aside::Check),
        Noun::Metric => prepared.sql = Arc::from(""),
    }
}

/// Tells of what stands at these lines and may hide something.
pub(super) fn note(prepared: &mut Prepared, unknown: &[(u32, String)]) {
    let lines: BTreeMap<&str, u32> = unknown.iter().map(|(line, written)| (written.as_str(), *line)).collect();
    prepared.partial |= !lines.is_empty();
    let rest = lines.len().saturating_sub(MOST_NAMED);
    let told = |message: String| {
        Diagnostic::new(DiagnosticCode::TemplateHole, DiagnosticSeverity::Warning, &prepared.path, message)
    };
    let named = lines.iter().take(MOST_NAMED).map(|(written, line)| {
        told(format!("`{written}`: not known from the repository")).at(prepared.line_map.original(*line), 0)
    });
    let mut all: Vec<Diagnostic> = named.collect();
    if rest > 0 {
        all.push(told(format!("{rest} more expressions are not known from the repository")));
    }
    prepared.diagnostics.extend(all);
}
