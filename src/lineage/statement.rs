//! Statements → effects: CREATE, INSERT, UPDATE, MERGE, DELETE, ALTER, DROP, RENAME, COPY.

use std::sync::Arc;

use sqlparser::ast::{
    CopySource, CopyTarget, CreateTable, CreateTableLikeKind, CreateTableOptions, CreateView, Expr,
    HiveDistributionStyle, Ident, ObjectName, ObjectType, Query, RenameTable, SetExpr, SqlOption, Statement,
    TableFactor,
};

use crate::dbt::tokens;
use crate::diagnostic::{Diagnostic, DiagnosticCode, DiagnosticSeverity};
use crate::lineage::catalog::StateColumn;
use crate::lineage::clauses::transfer_words;
use crate::lineage::effect::{Effect, Flow};
use crate::lineage::external;
use crate::lineage::model::{AssetKind, AssetName, ColumnName};
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::Shape;
use crate::lineage::temporary;
use crate::sql::ident::{fold, fold_name, is_named_at_run_time};
use crate::sql::parse::{Parsed, parse};
use crate::sql::repair::{SYNONYM, columns_like};
use crate::sql::split::split;

impl Resolver<'_> {
    /// Resolves a statement; what it does is appended to `self.effects`.
    pub fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => self.bare_query(query, statement),
            Statement::CreateView(view) => self.create_view(view, statement),
            Statement::CreateTable(table) => self.create_table(table, statement),
            Statement::Cache { table_name, query: Some(query), .. } => {
                let asset = self.created_name(table_name, statement);
                let shape = self.query(query, None);
                self.define((asset, AssetKind::View), (shape, &[]), false, statement);
            }
            Statement::AlterView { name, query, columns, .. } => {
                let asset = self.target(name);
                let shape = self.query(query, None);
                let names: Vec<ColumnName> = columns.iter().map(|ident| self.column_name(ident)).collect();
                self.define((asset, AssetKind::View), (shape, &names), false, statement);
            }
            Statement::Insert(insert) => self.insert(insert, statement),
            Statement::Update(update) => self.update(update, statement),
            Statement::Merge(merge) => self.merge(merge, statement),
            Statement::Delete(delete) => self.delete(delete, statement),
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::Truncate(truncate) => {
                for table in &truncate.table_names {
                    let asset = self.target(&table.name);
                    self.effects.push(Effect::Truncate { asset });
                }
            }
            Statement::RenameTable(renames) => self.rename_tables(renames),
            Statement::Drop { object_type, names, .. } => self.drop_objects(*object_type, names),
            Statement::Copy { source, to, target, .. } => self.copy(source, *to, target, statement),
            Statement::CopyIntoSnowflake { .. } => self.copy_into(statement),
            Statement::LoadData { inpath, table_name, .. } => {
                let name = self.target(table_name);
                let upstream = std::iter::once(external_name(inpath)).collect();
                let definition = transfer_words(statement).into();
                let flow = Flow { upstream, definition, sql: self.readable(statement), ..Flow::default() };
                self.effects.push(Effect::Write { name, flow });
            }
            Statement::Directory { source, path, .. } => {
                let shape = self.query(source, None);
                self.write_external(path, shape, statement);
            }
            Statement::Unload { query: Some(query), to, .. } => {
                let shape = self.query(query, None);
                self.write_external(&to.value, shape, statement);
            }
            Statement::Unload { query: None, query_text: Some(text), to, .. } => {
                self.unload_text(text, &to.value, statement);
            }
            Statement::Execute { name: Some(name), parameters, .. } => self.execute(name, parameters),
            Statement::ExportData(export) => {
                let shape = self.query(&export.query, None);
                let target = export.options.iter().find_map(external::of_export).unwrap_or_else(|| "export".to_owned());
                self.write_external(&target, shape, statement);
            }
            // Everything else moves no data that a catalog follows.
            _ => {}
        }
    }

    fn rename_tables(&mut self, renames: &[RenameTable]) {
        for rename in renames {
            let (from, to) = (self.target(&rename.old_name), self.new_name(&rename.new_name));
            self.effects.push(Effect::Rename { from, to });
        }
    }

    /// A bare SELECT: a model's body, a `SELECT … INTO`, or a query that feeds nothing.
    fn bare_query(&mut self, query: &Query, statement: &Statement) {
        if has_dml_body(query) {
            self.query(query, None);
            return;
        }
        let shape = self.query(query, None);
        if self.only_reads {
            self.mentioned.append(&mut self.upstream);
            return;
        }
        if let Some(select) = first_select(&query.body)
            && let Some(into) = &select.into
        {
            for target in &into.targets {
                let name = match target {
                    Expr::Identifier(ident) => ObjectName::from(vec![ident.clone()]),
                    Expr::CompoundIdentifier(idents) => ObjectName::from(idents.clone()),
                    _ => continue,
                };
                let asset = self.created_name(&name, statement);
                self.define((asset, AssetKind::Table), (shape.clone(), &[]), false, statement);
            }
            return;
        }
        if let Some(asset) = self.file.asset.clone() {
            // `this` in an incremental model: what it reads of itself is no lineage.
            self.upstream.remove(&asset.name);
            self.define((asset.name, asset.kind), (shape, &[]), false, statement);
        } else if !self.upstream.is_empty() && self.file.place.aside.is_none() {
            let name = AssetName::from_parts(&[self.query_name()]);
            self.define((name, AssetKind::Query), (shape, &[]), false, statement);
        }
    }

    /// The name of a query asset: its file, without the extension; the second and later ones are numbered.
    pub(super) fn query_name(&self) -> String {
        let path = self.file.path.as_str();
        let stem = path.strip_suffix(".sql").or_else(|| path.strip_suffix(".sqlx")).unwrap_or(path);
        if self.queries_before == 0 { stem.to_owned() } else { format!("{stem}#{}", self.queries_before + 1) }
    }

    fn create_view(&mut self, view: &CreateView, statement: &Statement) {
        if is_synonym(view) && !self.stands_for_a_table(&view.name, &view.query) {
            return;
        }
        let asset = self.created_name(&view.name, statement);
        let shape = self.query(&view.query, None);
        let names: Vec<ColumnName> = view.columns.iter().map(|column| self.column_name(&column.name)).collect();
        if let Some(to) = &view.to {
            // ClickHouse: the view only feeds the table that it names.
            let target = self.target(to);
            let mut flow = self.flow(shape, &names, statement);
            flow.prefix("view to: ");
            self.effects.push(Effect::Write { name: target, flow });
            return;
        }
        let kind = if view.materialized { AssetKind::MaterializedView } else { AssetKind::View };
        self.define((asset, kind), (shape, &names), view.if_not_exists, statement);
    }

    /// Whether a synonym is another name of a table that is known: what else it may stand for (a package, a sequence) has
    /// no rows.
    fn stands_for_a_table(&self, synonym: &ObjectName, query: &Query) -> bool {
        let table = first_select(&query.body).and_then(|select| select.from.first());
        let Some(TableFactor::Table { name, .. }) = table.map(|table| &table.relation) else { return false };
        let parts = fold_name(name, self.dialect);
        // A public synonym may be called as its table is.
        if parts == fold_name(synonym, self.dialect) {
            return false;
        }
        self.catalog.resolve(&parts).is_ok_and(|asset| self.catalog.contains(&asset))
    }

    fn create_table(&mut self, table: &CreateTable, statement: &Statement) {
        let asset = self.created_name(&table.name, statement);
        let kind = match (table.dynamic, table.external) {
            (true, _) => AssetKind::MaterializedView,
            (_, true) => AssetKind::External,
            _ => AssetKind::Table,
        };
        if let Some(query) = &table.query {
            return self.create_from_query((asset, kind), (table, query), statement);
        }
        let like = match &table.like {
            Some(CreateTableLikeKind::Plain(like) | CreateTableLikeKind::Parenthesized(like)) => Some(&like.name),
            None => table.partition_of.as_ref(),
        };
        if let Some(original) = like {
            let places = external::of_table(table);
            // With a place of its own, its rows are those that lie there.
            let kind = if places.is_empty() { kind } else { AssetKind::External };
            self.upstream.extend(places.iter().map(|place| external_name(place)));
            return self.create_like((asset, kind), original, false, statement);
        }
        if let Some(original) = &table.clone {
            return self.create_like((asset, kind), original, true, statement);
        }
        let (mut columns, mut complete) = self.inherited(table);
        columns.extend(self.declared_columns(table, &mut complete));
        let complete = complete && !columns.is_empty();
        let mut upstream = std::mem::take(&mut self.upstream);
        upstream.extend(external::of_table(table).iter().map(|location| external_name(location)));
        let flow = Flow { columns, upstream, declared: true, ..Flow::default() };
        self.effects.push(Effect::Define { name: asset, kind, flow, complete, keep_existing: table.if_not_exists });
    }

    /// The columns of a table, those that only PARTITIONED BY names behind the others.
    fn declared_columns(&mut self, table: &CreateTable, complete: &mut bool) -> Vec<StateColumn> {
        let partitions = match &table.hive_distribution {
            HiveDistributionStyle::PARTITIONED { columns } => columns.as_slice(),
            _ => &[],
        };
        let mut columns: Vec<StateColumn> = Vec::new();
        for column in table.columns.iter().chain(partitions) {
            if let Some(original) = columns_like(column, self.dialect) {
                columns.extend(self.columns_of(&original, complete));
                continue;
            }
            let name = self.column_name(&column.name);
            if columns.iter().all(|known| known.name != name) || !partitions.contains(column) {
                columns.push(self.declared_column(column));
            }
        }
        columns
    }

    /// `LIKE` copies a schema, `CLONE` the data as well.
    fn create_like(
        &mut self,
        (asset, kind): (AssetName, AssetKind),
        original: &ObjectName,
        with_data: bool,
        statement: &Statement,
    ) {
        let parts = fold_name(original, self.dialect);
        let line = self.name_line(original);
        let relation = self.base_relation(parts, None, line);
        let mut shape = Shape { rows: relation.rows.clone(), ..Shape::default() };
        self.pass_on(&relation, &mut shape);
        let flow = self.flow(shape, &[], statement);
        let complete = flow.open.is_empty() && !flow.columns.is_empty();
        let flow = if with_data { flow } else { flow.without_data() };
        self.effects.push(Effect::Define { name: asset, kind, flow, complete, keep_existing: false });
    }

    /// Queues the definition of an asset by a query.
    pub(super) fn define(
        &mut self,
        (name, kind): (AssetName, AssetKind),
        (shape, columns): (Shape, &[ColumnName]),
        keep_existing: bool,
        statement: &Statement,
    ) {
        let flow = self.flow(shape, columns, statement);
        let complete = flow.open.is_empty() && flow.anything.is_empty() && !flow.columns.is_empty();
        self.effects.push(Effect::Define { name, kind, flow, complete, keep_existing });
    }

    /// The flow of a query's result, with the statement's text and everything read so far.
    pub(super) fn flow(&mut self, mut shape: Shape, columns: &[ColumnName], statement: &Statement) -> Flow {
        shape.rename(columns);
        let mut flow = Flow::of(shape);
        flow.upstream = std::mem::take(&mut self.upstream);
        flow.sql = self.readable(statement);
        flow
    }

    /// Redshift's `UNLOAD ('SELECT …') TO '…'`: the query is a text.
    fn unload_text(&mut self, text: &str, to: &str, statement: &Statement) {
        let parsed = split(text, self.dialect).first().map(|piece| parse(piece, self.dialect));
        let query = match &parsed {
            Some(Parsed::Statements(statements) | Parsed::Repaired(statements, _)) => match statements.as_slice() {
                [Statement::Query(query)] => Some(query),
                _ => None,
            },
            _ => None,
        };
        match query {
            Some(query) => {
                let shape = self.query(query, None);
                self.write_external(to, shape, statement);
            }
            None => {
                let message = "unloads a query that is not understood";
                let line = self.file.line_map.original(self.line_offset.saturating_add(1));
                self.diagnostics.push(
                    Diagnostic::new(DiagnosticCode::ParseError, DiagnosticSeverity::Error, &self.file.path, message)
                        .at(line, 0),
                );
            }
        }
    }

    pub(super) fn write_external(&mut self, target: &str, mut shape: Shape, statement: &Statement) {
        shape.rows.push_str(&transfer_words(statement));
        self.define((external_name(target), AssetKind::External), (shape, &[]), false, statement);
    }

    fn copy(&mut self, source: &CopySource, to: bool, target: &CopyTarget, statement: &Statement) {
        let external = match target {
            CopyTarget::File { filename } => Some(filename.as_str()),
            CopyTarget::Stdin | CopyTarget::Stdout | CopyTarget::Program { .. } => None,
        };
        match source {
            CopySource::Table { table_name, columns } if !to => {
                let asset = self.target(table_name);
                let columns =
                    columns.iter().map(|ident| StateColumn::declared(self.column_name(ident), None)).collect();
                let flow = Flow {
                    columns,
                    upstream: external.map(external_name).into_iter().collect(),
                    definition: transfer_words(statement).into(),
                    sql: self.readable(statement),
                    ..Flow::default()
                };
                self.effects.push(Effect::Write { name: asset, flow });
            }
            CopySource::Table { table_name, .. } => {
                let parts = fold_name(table_name, self.dialect);
                let relation = self.base_relation(parts, None, self.name_line(table_name));
                let mut shape = Shape { rows: relation.rows.clone(), ..Shape::default() };
                self.pass_on(&relation, &mut shape);
                if let Some(external) = external {
                    self.write_external(external, shape, statement);
                }
            }
            CopySource::Query(query) => {
                let shape = self.query(query, None);
                if let Some(external) = external {
                    self.write_external(external, shape, statement);
                }
            }
        }
    }

    fn copy_into(&mut self, statement: &Statement) {
        let Statement::CopyIntoSnowflake {
            kind, into, into_columns, from_obj, from_query, from_transformations, ..
        } = statement
        else {
            return;
        };
        let unload = matches!(kind, sqlparser::ast::CopyIntoSnowflakeKind::Location);
        let shape = match (from_query, from_obj) {
            (Some(query), _) => self.query(query, None),
            (None, Some(object)) => {
                if unload {
                    let relation = self.base_relation(fold_name(object, self.dialect), None, 0);
                    let mut shape = Shape { rows: relation.rows.clone(), ..Shape::default() };
                    self.pass_on(&relation, &mut shape);
                    shape
                } else {
                    let external = external_name(&object.to_string());
                    self.upstream.insert(external.clone());
                    self.staged(from_transformations.as_deref().unwrap_or_default(), &external)
                }
            }
            (None, None) => Shape::default(),
        };
        if unload {
            return self.write_external(&into.to_string(), shape, statement);
        }
        let asset = self.target(into);
        let listed: Vec<ColumnName> = into_columns.iter().flatten().map(|ident| self.column_name(ident)).collect();
        let columns = if listed.is_empty() { self.known_columns(&asset, &shape) } else { listed };
        let mut flow = self.flow(shape, &columns, statement);
        flow.prefix(&(transfer_words(statement) + " "));
        self.effects.push(Effect::Write { name: asset, flow });
    }

    fn drop_objects(&mut self, kind: ObjectType, names: &[ObjectName]) {
        if !matches!(kind, ObjectType::Table | ObjectType::View | ObjectType::MaterializedView) {
            return;
        }
        for name in names {
            let name = self.target(name);
            self.effects.push(Effect::Drop { name });
        }
    }

    /// A statement's text with the parser's own layout: what the SQL diff compares. A template's tokens are written as the
    /// assets that they stand for.
    fn readable(&self, statement: &Statement) -> Arc<str> {
        let text = format!("{statement:#}");
        if self.file.tokens.is_empty() {
            return text.into();
        }
        tokens::substitute(&text, &self.file.tokens, &|target| target.asset.to_string()).into()
    }

    /// The asset that a statement changes: an existing one, found by any spelling.
    pub(super) fn target(&mut self, name: &ObjectName) -> AssetName {
        let line = self.name_line(name);
        let parts = fold_name(name, self.dialect);
        self.tell_if_unknown(&parts, line);
        self.asset_named(&parts, line)
    }

    fn tell_if_unknown(&mut self, parts: &[String], line: u32) {
        if parts.last().is_some_and(|last| is_named_at_run_time(last)) {
            self.note_named_at_run_time(parts, line);
        }
    }

    /// The asset that a statement creates, which may live for its script only.
    fn created_name(&mut self, name: &ObjectName, statement: &Statement) -> AssetName {
        if !temporary::is_created_by(statement) {
            return self.new_name(name);
        }
        let parts = fold_name(name, self.dialect);
        AssetName::temporary(&match temporary::stands_apart(self.dialect) {
            true => self.file.place.defaults.qualify(parts),
            false => self.qualified(parts),
        })
    }

    /// The asset that a statement creates: the name as it is spelt here.
    pub(super) fn new_name(&mut self, name: &ObjectName) -> AssetName {
        let parts = fold_name(name, self.dialect);
        self.tell_if_unknown(&parts, self.name_line(name));
        if let [single] = parts.as_slice()
            && let Some(target) = self.file.tokens.get(single)
        {
            return target.asset.clone();
        }
        let parts = self.qualified(parts);
        self.catalog.in_dialect(self.catalog.created(&parts), self.dialect)
    }

    pub(super) fn name_line(&self, name: &ObjectName) -> u32 {
        name.0.last().and_then(|part| part.as_ident()).map_or(0, |ident| self.line_of(ident))
    }

    pub(super) fn column_name(&self, ident: &Ident) -> ColumnName {
        ColumnName::new(&fold(ident, self.dialect))
    }
}

/// Data outside of the database: a file, a stage, a bucket.
pub(super) fn external_name(location: &str) -> AssetName {
    AssetName::from_dotted(&format!("path:{}", location.trim_matches('\'')))
}

fn is_synonym(view: &CreateView) -> bool {
    let CreateTableOptions::With(options) = &view.options else { return false };
    options.iter().any(|option| matches!(option, SqlOption::KeyValue { key, .. } if key.value == SYNONYM))
}

/// The first SELECT of a set operation, which may hold the INTO.
pub(super) fn first_select(body: &SetExpr) -> Option<&sqlparser::ast::Select> {
    let mut body = body;
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(query) => body = &query.body,
            _ => return None,
        }
    }
}

/// Whether a query is a WITH around INSERT, UPDATE, DELETE or MERGE.
fn has_dml_body(query: &Query) -> bool {
    match &*query.body {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::Query(inner) => has_dml_body(inner),
        _ => false,
    }
}
