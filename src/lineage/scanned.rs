//! Scanned statements → effects: their tables, and nothing about columns.

use std::collections::BTreeSet;

use crate::dbt::tokens;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::effect::{Effect, Flow};
use crate::lineage::model::{AssetKind, AssetName};
use crate::lineage::resolver::Resolver;
use crate::lineage::statement::external_name;
use crate::sql::ident::fold_name;
use crate::sql::scan::{Deed, Scan, Spot, Target};
use crate::sql::template::Prepared;

impl Resolver<'_> {
    /// Takes over what the scan found; what the statement does is appended to `self.effects`.
    pub fn scanned(&mut self, scan: &Scan) {
        for spot in &scan.reads {
            let asset = match spot {
                Spot::Table(name) if self.is_dual(&fold_name(name, self.dialect)) => continue,
                Spot::Table(name) => {
                    let line = self.name_line(name);
                    let asset = self.asset_named(&fold_name(name, self.dialect), line);
                    self.note_read(&asset, None, line, self.catalog.contains(&asset));
                    asset
                }
                Spot::Outside(place) => external_name(place),
            };
            self.upstream.insert(asset);
        }
        let read = self.upstream.clone();
        for target in &scan.targets {
            self.scanned_target(target, scan, &read);
        }
        if scan.targets.is_empty() && self.only_reads {
            self.mentioned.append(&mut self.upstream);
        } else if scan.targets.is_empty() && !read.is_empty() {
            self.scanned_query(scan, &read);
        }
    }

    fn scanned_target(&mut self, target: &Target, scan: &Scan, read: &BTreeSet<AssetName>) {
        let kind = match target.deed {
            Deed::CreateView => AssetKind::View,
            Deed::CreateMaterializedView => AssetKind::MaterializedView,
            Deed::CreateTable | Deed::Fill | Deed::Alter | Deed::Drop => AssetKind::Table,
        };
        let effect = match (&target.spot, target.deed) {
            (Spot::Outside(place), _) => {
                let name = external_name(place);
                let flow = self.unknown_flow(scan, read, &name);
                define((name, AssetKind::External), flow)
            }
            (Spot::Table(name), Deed::CreateTable | Deed::CreateView | Deed::CreateMaterializedView) => {
                let name = self.new_name(name);
                let flow = self.unknown_flow(scan, read, &name);
                define((name, kind), flow)
            }
            (Spot::Table(name), Deed::Fill) => {
                let name = self.target(name);
                let flow = self.unknown_flow(scan, read, &name);
                Effect::Write { name, flow }
            }
            (Spot::Table(name), Deed::Alter) => Effect::Unsettle { asset: self.target(name) },
            (Spot::Table(name), Deed::Drop) => Effect::Drop { name: self.target(name) },
        };
        self.effects.push(effect);
    }

    /// A query that feeds nothing by itself: a model's body, or a query on its own.
    fn scanned_query(&mut self, scan: &Scan, read: &BTreeSet<AssetName>) {
        let (name, kind) = match &self.file.asset {
            Some(asset) => (asset.name.clone(), asset.kind),
            None if self.file.place.aside.is_some() => return,
            None => (AssetName::from_parts(&[self.query_name()]), AssetKind::Query),
        };
        let flow = self.unknown_flow(scan, read, &name);
        self.effects.push(define((name, kind), flow));
    }

    /// All columns of what is read may arrive, under names that are not known.
    fn unknown_flow(&self, scan: &Scan, read: &BTreeSet<AssetName>, target: &AssetName) -> Flow {
        let upstream: BTreeSet<AssetName> = read.iter().filter(|asset| *asset != target).cloned().collect();
        let text = |text: &str| tokens::substitute(text, &self.file.tokens, &|target| target.asset.to_string());
        Flow {
            open: upstream.iter().filter(|asset| !asset.is_external()).cloned().collect(),
            upstream,
            definition: text(&scan.normal).into(),
            sql: text(&scan.written).into(),
            ..Flow::default()
        }
    }
}

fn define((name, kind): (AssetName, AssetKind), flow: Flow) -> Effect {
    Effect::Define { name, kind, flow, complete: false, keep_existing: false }
}

/// The diagnostic of a scanned statement, at the place where the parser stopped.
pub(crate) fn scan_diagnostic(scan: &Scan, file: &Prepared) -> Diagnostic {
    let reason = &scan.refusal.message;
    let message = match scan.unnamed {
        0 => format!("{reason}; tables are followed here, columns are not"),
        _ => format!("{reason}; tables are followed here as far as they are named, columns are not"),
    };
    Diagnostic::new(DiagnosticCode::TableLevelOnly, DiagnosticSeverity::Error, &file.path, message)
        .at(file.line_map.original(scan.refusal.line), scan.refusal.column)
}
