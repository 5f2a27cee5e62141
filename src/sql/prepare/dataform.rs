//! One file of a Dataform project: what its `config` says, and its SQL with references resolved.

use std::sync::Arc;

use super::sqlmesh::note;
use crate::dbt::relation::quoted;
use crate::lineage::DeclaredAsset;
use crate::lineage::model::{AssetKind, AssetName, Template};
use crate::path::RepoPath;
use crate::sql::dataform::{Declared, Kind, Names, read as read_script};
use crate::sql::dialect::Dialect;
use crate::sql::ident::fold_text;
use crate::sql::jinja::settle::{Lone, settle};
use crate::sql::layout::Aside;
use crate::sql::template::{FileAsset, Prepared};

/// Reads a file.
pub(super) fn read(prepared: &mut Prepared, text: &str, names: &Names) {
    let script = read_script(text, &prepared.path, (names, prepared.dialect));
    prepared.template = Template::Dataform;
    prepared.sql = settle(script.sql, Lone::Nothing).into();
    prepared.holes = script.holes;
    note(prepared, &script.unknown);
    match script.kind {
        Kind::Asset(kind) => {
            let name = own_name(names, &prepared.path, prepared.dialect);
            prepared.asset = name.map(|name| FileAsset { name, kind });
        }
        Kind::Declaration => prepared.sql = Arc::from(""),
        Kind::Assertion => prepared.place.aside = Some(Aside::Check),
        Kind::Operations => {}
    }
}

fn own_name(names: &Names, path: &RepoPath, dialect: Dialect) -> Option<AssetName> {
    names.own(path).map(|parts| folded(&parts, dialect))
}

fn folded(parts: &[String], dialect: Dialect) -> AssetName {
    AssetName::from_parts(
        &parts.iter().map(|part| fold_text(part, quoted(part, dialect) != *part, dialect)).collect::<Vec<_>>(),
    )
}

fn source(name: AssetName, file: &RepoPath, line: u32) -> DeclaredAsset {
    let kind = AssetKind::Source;
    DeclaredAsset { name, kind, columns: Vec::new(), complete: false, file: Some(file.clone()), line }
}

/// The table that a file declares to be made elsewhere.
pub(super) fn declared(names: &Names, (path, text): (&RepoPath, &str), dialect: Dialect) -> Option<DeclaredAsset> {
    names.own(path)?;
    let is_declaration = read_script(text, path, (names, dialect)).kind == Kind::Declaration;
    own_name(names, path, dialect).filter(|_| is_declaration).map(|name| source(name, path, 1))
}

/// The tables that JavaScript declares to be made elsewhere.
pub(super) fn declared_in_javascript(names: &Names) -> Vec<DeclaredAsset> {
    let of = |found: &Declared| {
        let dialect = names.dialect(&found.file)?;
        Some(source(folded(&found.parts, dialect), &found.file, found.line))
    };
    names.declared().iter().filter_map(of).collect()
}
