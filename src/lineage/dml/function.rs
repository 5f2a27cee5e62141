//! INSERT into what a function names, as ClickHouse has it: a bucket, a file, a table of other servers.

use sqlparser::ast::{Function, FunctionArguments, Insert, Statement};

use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::effect::Effect;
use crate::lineage::from::in_call;
use crate::lineage::resolver::Resolver;

impl Resolver<'_> {
    /// `INSERT INTO FUNCTION s3('…') SELECT …` (ClickHouse) writes to the place that the function names.
    pub(super) fn insert_into_function(&mut self, function: &Function, insert: &Insert, statement: &Statement) {
        let shape = insert.source.as_ref().map(|source| self.query(source, None)).unwrap_or_default();
        let name = function.name.to_string().to_lowercase();
        let locations = match &function.args {
            FunctionArguments::List(list) => in_call(&name, &list.args),
            _ => Vec::new(),
        };
        let table = match &function.args {
            FunctionArguments::List(list) => self.table_argument(&name, &list.args),
            _ => None,
        };
        if let Some(table) = table {
            let asset = self.asset_named(&table, self.name_line(&function.name));
            let flow = self.flow(shape, &[], statement);
            self.effects.push(Effect::Write { name: asset, flow });
            return;
        }
        match locations.first() {
            Some(location) => self.write_external(location, shape, statement),
            // `null(…)` takes rows and keeps none.
            None if name == "null" => {}
            None => {
                let line = self.name_line(&function.name);
                let message = format!("what is written through the function {name} is not followed");
                let (code, severity) = (DiagnosticCode::TableLevelOnly, DiagnosticSeverity::Warning);
                self.diagnostics.push(Diagnostic::new(code, severity, &self.file.path, message).at(line, 0));
            }
        }
    }
}
