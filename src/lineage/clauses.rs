//! What statements say beside their queries and assignments, as text: conflicts, partitions, limits, formats, defaults.
//!
//! Every field of a statement is named here or where it is resolved, so that a new one cannot be forgotten.

use sqlparser::ast::{
    ColumnDef, ColumnOption, CopySource, Delete, Expr, Ident, Insert, Merge, MergeAction, MergeClause, OrderByExpr,
    Statement, Update,
};

use crate::lineage::catalog::StateColumn;
use crate::lineage::data_type::data_type;
use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value, shorten};

impl Resolver<'_> {
    /// What kind of INSERT it is, and what becomes of rows that are there already.
    pub(super) fn insert_words(&mut self, insert: &Insert) -> String {
        let Insert {
            insert_token: _,
            optimizer_hints: _,
            or,
            ignore,
            into: _,
            table: _,
            table_alias: _,
            columns: _,
            overwrite,
            source: _,
            assignments: _,
            partitioned,
            after_columns: _,
            has_table_keyword: _,
            on,
            returning: _,
            output: _,
            replace_into,
            priority: _,
            insert_alias: _,
            settings: _,
            format_clause: _,
            multi_table_insert_type: _,
            multi_table_into_clauses: _,
            multi_table_when_clauses: _,
            multi_table_else_clause: _,
        } = insert;
        let mut words = vec![if *overwrite { "insert overwrite".to_owned() } else { "insert".to_owned() }];
        words.extend(or.iter().map(|or| or.to_string().to_lowercase()));
        words.extend(ignore.then(|| "ignore".to_owned()));
        words.extend(replace_into.then(|| "replace".to_owned()));
        if let Some(partition) = partitioned {
            let mut value = Value::default();
            let text = self.unordered(partition, &Scope::default(), Transformation::Filter, &mut value);
            words.push(format!("partition ({text})"));
        }
        words.extend(on.iter().map(|on| on.to_string().trim().to_owned()));
        words.push(String::new());
        words.join(" ")
    }

    /// A branch of a MERGE that fills no column still does something.
    pub(super) fn merge_clause_words(clause: &MergeClause) -> String {
        let what = match &clause.action {
            MergeAction::Insert(_) => "insert",
            MergeAction::Update(_) => "update",
            MergeAction::Delete { .. } => "delete",
            MergeAction::DoNothing { .. } => "nothing",
        };
        format!("{:?} {what}", clause.clause_kind)
    }

    /// A column of a CREATE TABLE or ALTER TABLE.
    pub(super) fn declared_column(&self, column: &ColumnDef) -> StateColumn {
        let declared = StateColumn::declared(self.column_name(&column.name), data_type(&column.data_type));
        let made: Vec<String> = column.options.iter().filter_map(|option| made_by(&option.option)).collect();
        let default = (!made.is_empty()).then(|| shorten(made.join(" ")).into());
        StateColumn { default, ..declared }
    }
}

/// What gives a column a value that no statement gives it. Constraints refuse rows, and change none.
fn made_by(option: &ColumnOption) -> Option<String> {
    match option {
        ColumnOption::Default(value) => Some(format!("DEFAULT {value}")),
        ColumnOption::Generated { .. }
        | ColumnOption::Identity(_)
        | ColumnOption::Materialized(_)
        | ColumnOption::Ephemeral(_)
        | ColumnOption::Alias(_)
        | ColumnOption::OnUpdate(_) => Some(option.to_string()),
        _ => None,
    }
}

/// `ORDER BY … LIMIT …` of an UPDATE or DELETE: which rows change.
fn first_rows(order_by: &[OrderByExpr], limit: Option<&Expr>) -> String {
    let keys: Vec<String> = order_by.iter().map(ToString::to_string).collect();
    let limit = limit.map(|limit| format!(" limit {limit} order by {}", keys.join(", ")));
    limit.unwrap_or_default()
}

pub(super) fn update_words(update: &Update) -> String {
    let Update {
        update_token: _,
        optimizer_hints: _,
        table: _,
        assignments: _,
        from: _,
        selection: _,
        returning: _,
        output: _,
        or,
        order_by,
        limit,
    } = update;
    let or = or.iter().map(|or| format!(" {or}").to_lowercase()).collect::<String>();
    or + &first_rows(order_by, limit.as_ref())
}

pub(super) fn delete_words(delete: &Delete) -> String {
    let Delete {
        delete_token: _,
        optimizer_hints: _,
        tables: _,
        from: _,
        using: _,
        selection: _,
        returning: _,
        output: _,
        order_by,
        limit,
    } = delete;
    first_rows(order_by, limit.as_ref())
}

pub(super) fn merge_words(merge: &Merge) -> &[MergeClause] {
    let Merge { merge_token: _, optimizer_hints: _, into: _, table: _, source: _, on: _, clauses, output: _ } = merge;
    clauses
}

/// `(a, b)`.
fn listed(columns: &[Ident]) -> Option<String> {
    let names: Vec<&str> = columns.iter().map(|column| column.value.as_str()).collect();
    (!names.is_empty()).then(|| format!("({})", names.join(", ")).to_lowercase())
}

/// How a COPY, LOAD or UNLOAD reads or writes its files: formats, patterns, partitions.
pub(super) fn transfer_words(statement: &Statement) -> String {
    let words: Vec<String> = match statement {
        Statement::Copy { source, to, target, options, legacy_options, values } => {
            let options = options.iter().map(ToString::to_string);
            let legacy = legacy_options.iter().map(ToString::to_string);
            let values = values.iter().map(|value| value.clone().unwrap_or_else(|| "\\N".to_owned()));
            let way = if *to { "to" } else { "from" };
            let columns = match source {
                CopySource::Table { columns, .. } => listed(columns),
                CopySource::Query(_) => None,
            };
            [format!("copy {way} {target}")]
                .into_iter()
                .chain(columns)
                .chain(options)
                .chain(legacy)
                .chain(values)
                .collect()
        }
        Statement::CopyIntoSnowflake {
            kind: _,
            into: _,
            into_columns,
            from_obj: _,
            from_obj_alias: _,
            stage_params,
            from_transformations: _,
            from_query: _,
            files,
            pattern,
            file_format,
            copy_options,
            validation_mode,
            partition,
        } => {
            let files = files.iter().flatten().cloned();
            let pattern = pattern.iter().map(|pattern| format!("pattern {pattern}"));
            let options = [stage_params.to_string(), file_format.to_string(), copy_options.to_string()];
            let validation = validation_mode.iter().map(|mode| format!("validation {mode}"));
            let partition = partition.iter().map(|partition| format!("partition by {partition}"));
            let files = listed(into_columns.as_deref().unwrap_or_default()).into_iter().chain(files);
            files.chain(pattern).chain(options).chain(validation).chain(partition).collect()
        }
        Statement::LoadData { local, inpath, overwrite, table_name: _, partitioned, table_format } => {
            let local = if *local { "local " } else { "" };
            let over = if *overwrite { "overwrite " } else { "" };
            let partitions = partitioned.iter().flatten().map(|partition| format!("partition {partition}"));
            let format = table_format.iter().map(|format| format!("{} {}", format.serde, format.input_format));
            [format!("load {local}{over}{inpath}")].into_iter().chain(partitions).chain(format).collect()
        }
        Statement::Unload { query: _, query_text: _, to: _, auth: _, with, options } => {
            with.iter().map(ToString::to_string).chain(options.iter().map(ToString::to_string)).collect()
        }
        Statement::ExportData(export) => export.options.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    shorten(words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}
