//! Functions in FROM: FLATTEN, TABLE(…), JSON_TABLE, and whatever else yields rows. UNNEST is in `unnest`, LATERAL VIEW in
//! `lateral_view`, MATCH_RECOGNIZE in `match_recognize`; `outputs` knows the columns of well-known functions.

mod lateral_view;
mod match_recognize;
mod outputs;
mod unnest;

use std::sync::Arc;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JsonTableColumn, ObjectName, TableAlias, TableFactor,
    XmlTableColumnOption,
};

use crate::lineage::data_type::data_type;
use crate::lineage::from::in_call;
use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{OutColumn, Relation, Scope, Shape, Sources, Value, compose, shorten};
use crate::lineage::table_function::outputs::Outputs;
use crate::lineage::wording::{Binding, string};
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name, named_at_run_time};

pub(super) use unnest::Elements;

/// The columns of a table function by name, each with what it is made of.
type Columns = Vec<(String, Arc<Sources>)>;

/// A column that is taken out of a document: its name and its type.
type Extracted = (String, Option<Arc<str>>);

/// Whether the one argument is a variable, or put together of some: `:t`, `$t`, `'raw.' || :t`.
fn is_variable(arguments: &[FunctionArg]) -> bool {
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))] = arguments else { return false };
    match expression {
        Expr::Value(value) => matches!(value.value, sqlparser::ast::Value::Placeholder(_)),
        Expr::BinaryOp { .. } => true,
        _ => false,
    }
}

impl Resolver<'_> {
    pub(super) fn argument_value(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Value {
        let mut value = Value::default();
        let how = Transformation::Transformation;
        for (index, argument) in arguments.iter().enumerate() {
            value.text.push_str(if index > 0 { ", " } else { "" });
            match self.argument(argument, scope, how, &mut value) {
                FunctionArgExpr::Expr(Expr::Subquery(query)) => {
                    let shape = self.query(query, Some(scope));
                    let columns = shape.columns.iter().flat_map(|column| column.sources.iter());
                    value.sources.extend(columns.map(|(source, inner)| (source.clone(), compose(how, *inner))));
                    value.sources.extend(star_sources(&shape.open));
                    value.sources.extend(shape.indirect.all().iter().cloned());
                    value.text.push_str(&format!("({} of {})", shape.values(), shape.rows));
                }
                FunctionArgExpr::Expr(expression) => self.expression(expression, scope, how, &mut value),
                other => value.text.push_str(&other.to_string()),
            }
        }
        value
    }

    /// Whether a function that is called as a table is one that the repository defines.
    pub(super) fn is_table_function(&mut self, parts: &[String]) -> bool {
        self.meaning(parts).is_ok_and(|name| {
            let name = self.catalog.in_dialect(name, self.dialect);
            self.catalog.contains(&name)
        })
    }

    /// A call of a table function that the repository defines: its rows are those of its query, and what it is given
    /// decides which.
    pub(super) fn call_table_function(
        &mut self,
        (name, alias): (&ObjectName, Option<&TableAlias>),
        arguments: Value,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        outer.indirect.extend(arguments.sources.into_iter().map(|(source, _)| (source, Transformation::Filter)));
        let line = self.name_line(name);
        let parts = fold_name(name, self.dialect);
        let mut relation = self.base_relation(parts, alias.map(|alias| fold(&alias.name, self.dialect)), line);
        if let Some(alias) = alias {
            let unknown_at = (!relation.open.is_empty()).then_some((0, relation.columns.len()));
            self.rename_columns(&mut relation, alias, unknown_at);
        }
        let text = shorten(format!("{}({})", relation.rows, arguments.text));
        relation.rows.clone_from(&text);
        outer.assets.extend(relation.assets.iter().cloned());
        scope.add(relation);
        text
    }

    /// UNNEST, FLATTEN, JSON_TABLE, …: what they are given is what their columns are made of.
    pub(super) fn function_like(
        &mut self,
        factor: &TableFactor,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        match factor {
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => {
                let how = Transformation::Transformation;
                let arrays = array_exprs.iter().map(|array| self.value(array, scope, how)).collect();
                let alias = alias.as_ref();
                let elements = Elements { arrays, alias, ordinality: *with_ordinality, called: None };
                let offset = with_offset_alias.as_ref().map(|name| fold(name, self.dialect));
                let offset = offset.or_else(|| with_offset.then(|| "offset".to_owned()));
                self.elements_with_offset(elements, offset, scope)
            }
            TableFactor::TableFunction { expr, alias } => self.table_of(expr, alias.as_ref(), (scope, outer)),
            TableFactor::Function { lateral: _, name, args, with_ordinality, alias } => {
                self.called((name, alias.as_ref()), (args, *with_ordinality), (scope, outer))
            }
            TableFactor::SemanticView { name, alias, .. } => {
                let named = (fold_name(name, self.dialect), self.name_line(name));
                self.named_table(named, alias.as_ref(), (scope, outer))
            }
            other => self.extracted(other, scope),
        }
    }

    /// `FROM f(…)`.
    pub(super) fn called(
        &mut self,
        (name, alias): (&ObjectName, Option<&TableAlias>),
        (arguments, ordinality): (&[FunctionArg], bool),
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        let parts = fold_name(name, self.dialect);
        let function = parts.last().map(|last| last.to_lowercase()).unwrap_or_default();
        let locations = in_call(&function, arguments);
        if !locations.is_empty() {
            return self.read_locations(&locations, alias, (scope, outer));
        }
        if let Some(table) = self.table_argument(&function, arguments) {
            return self.named_table((table, self.name_line(name)), alias, (scope, outer));
        }
        if matches!(function.as_str(), "identifier" | "table") && parts.len() == 1 && is_variable(arguments) {
            let written: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            self.note_named_at_run_time(&[named_at_run_time(&written.join(", "))], self.name_line(name));
            return self.function_relation((&function, alias), (Vec::new(), false), Value::default(), scope);
        }
        if function == "unnest" {
            let how = Transformation::Transformation;
            let arrays = expressions(arguments).map(|array| self.value(array, scope, how)).collect();
            return self.elements(Elements { arrays, alias, ordinality, called: None }, scope);
        }
        let mut value = Value::default();
        self.method_owner(name, scope, Transformation::Transformation, &mut value);
        let arguments = self.argument_value(arguments, scope);
        value.sources.extend(arguments.sources);
        value.text.push_str(&arguments.text);
        if self.is_table_function(&parts) {
            return self.call_table_function((name, alias), value, (scope, outer));
        }
        let outputs = outputs::of(&function, self.dialect);
        let sources = Arc::new(value.sources.clone());
        let mut columns: Columns = outputs.names().iter().map(|name| ((*name).to_owned(), sources.clone())).collect();
        if outputs == Outputs::Single {
            let name = alias.map_or_else(|| function.clone(), |alias| fold(&alias.name, self.dialect));
            columns.push((name, sources.clone()));
        }
        if ordinality {
            columns.push(("ordinality".to_owned(), sources));
            value.text.push_str(" with ordinality");
        }
        let complete = matches!(outputs, Outputs::Known(_) | Outputs::Single);
        self.function_relation((&function, alias), (columns, complete), value, scope)
    }

    /// The table that a function is given by name: `IDENTIFIER('s.t')`, `TABLE('s.t')`, `stream(t)`.
    pub(super) fn table_argument(&self, function: &str, arguments: &[FunctionArg]) -> Option<Vec<String>> {
        let argument = expressions(arguments).next()?;
        match function {
            "cluster" | "clusterallreplicas" | "remote" | "remotesecure" => self.remote_table(arguments),
            "identifier" | "table" | "query_table" | "table_changes" => self.dotted_name(string(argument)?),
            "stream" => match argument {
                Expr::Identifier(ident) => Some(vec![fold(ident, self.dialect)]),
                Expr::CompoundIdentifier(idents) => {
                    Some(idents.iter().map(|ident| fold(ident, self.dialect)).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `remote('host', shop.orders)`, `cluster('main', 'shop', 'orders')`: a table of other servers.
    fn remote_table(&self, arguments: &[FunctionArg]) -> Option<Vec<String>> {
        let part = |argument: &Expr| match argument {
            Expr::Identifier(ident) => Some(vec![fold(ident, self.dialect)]),
            Expr::CompoundIdentifier(idents) => Some(idents.iter().map(|ident| fold(ident, self.dialect)).collect()),
            other => self.dotted_name(string(other)?),
        };
        let mut parts = expressions(arguments).skip(1).map(part);
        let first = parts.next()??;
        if first.len() > 1 {
            return Some(first);
        }
        let mut name = first;
        name.extend(parts.next()??);
        Some(name)
    }

    /// Whether all arguments are table hints, which old T-SQL writes without WITH: `FROM t (NOLOCK)`.
    pub(super) fn are_hints(&self, arguments: &[FunctionArg]) -> bool {
        const HINTS: [&str; 19] = [
            "forcescan",
            "forceseek",
            "holdlock",
            "noexpand",
            "nolock",
            "nowait",
            "paglock",
            "readcommitted",
            "readcommittedlock",
            "readpast",
            "readuncommitted",
            "repeatableread",
            "rowlock",
            "serializable",
            "snapshot",
            "tablock",
            "tablockx",
            "updlock",
            "xlock",
        ];
        let is_hint = |argument: &FunctionArg| {
            matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident)))
                if HINTS.contains(&ident.value.to_lowercase().as_str()))
        };
        self.dialect == Dialect::Tsql && !arguments.is_empty() && arguments.iter().all(is_hint)
    }

    /// A relation of a function: its columns, and whether these are all of them.
    pub(super) fn function_relation(
        &mut self,
        (function, alias): (&str, Option<&TableAlias>),
        (mut columns, mut complete): (Columns, bool),
        value: Value,
        scope: &mut Scope<'_>,
    ) -> String {
        let sources = Arc::new(value.sources);
        let rows = shorten(format!("{function}({})", value.text));
        let mut types = Vec::new();
        if let Some(alias) = alias.filter(|alias| !alias.columns.is_empty()) {
            for (index, named) in alias.columns.iter().enumerate() {
                let name = fold(&named.name, self.dialect);
                match columns.get_mut(index) {
                    Some(column) => column.0 = name,
                    None => columns.push((name, sources.clone())),
                }
                types.push(named.data_type.as_ref().map(|data_type| data_type.to_string().to_uppercase().into()));
            }
            complete = true;
        }
        if let Some(at) = alias.and_then(|alias| alias.at.as_ref()) {
            columns.push((fold(at, self.dialect), sources.clone()));
        }
        let columns = columns.into_iter().enumerate().map(|(index, (name, sources))| OutColumn {
            text: format!("{rows}[{}]", index + 1).into(),
            binding: Binding::Atom,
            name: ColumnName::new(&name),
            sources,
            data_type: types.get(index).cloned().flatten(),
        });
        scope.add(Relation {
            alias: alias.map(|alias| fold(&alias.name, self.dialect)),
            path: vec![function.to_owned()],
            columns: columns.collect(),
            anything: (!complete).then(|| sources.clone()),
            value: Some(sources),
            rows: rows.clone(),
            ..Relation::default()
        });
        rows
    }

    /// Those with a syntax of their own count as written, beside the names in them.
    fn extracted(&mut self, factor: &TableFactor, scope: &mut Scope<'_>) -> String {
        let how = Transformation::Transformation;
        let mut value = Value::default();
        let mut names: Vec<Extracted> = Vec::new();
        let (function, alias) = match factor {
            TableFactor::JsonTable { json_expr, columns, alias, .. } => {
                self.expression(json_expr, scope, how, &mut value);
                self.json_columns(columns, &mut names);
                ("json_table", alias.as_ref())
            }
            TableFactor::OpenJsonTable { json_expr, columns, alias, .. } => {
                self.expression(json_expr, scope, how, &mut value);
                let named = columns.iter().map(|column| (fold(&column.name, self.dialect), data_type(&column.r#type)));
                names.extend(named);
                if names.is_empty() {
                    names.extend(["key", "value", "type"].map(|name| (name.to_owned(), None)));
                }
                ("openjson", alias.as_ref())
            }
            TableFactor::XmlTable { row_expression, passing, columns, alias, .. } => {
                self.expression(row_expression, scope, how, &mut value);
                for argument in &passing.arguments {
                    self.expression(&argument.expr, scope, how, &mut value);
                }
                names.extend(columns.iter().map(|column| {
                    let kind = match &column.option {
                        XmlTableColumnOption::NamedInfo { r#type, .. } => data_type(r#type),
                        XmlTableColumnOption::ForOrdinality => None,
                    };
                    (fold(&column.name, self.dialect), kind)
                }));
                ("xmltable", alias.as_ref())
            }
            TableFactor::UnpivotExpr { expression, value_alias, attribute_alias } => {
                self.expression(expression, scope, how, &mut value);
                let aliases = std::iter::once(value_alias).chain(attribute_alias);
                names.extend(aliases.map(|name| (fold(name, self.dialect), None)));
                ("unpivot", None)
            }
            _ => ("relation", None),
        };
        value.text.push_str(&format!(" as {factor}"));
        let sources = Arc::new(value.sources.clone());
        let complete = !names.is_empty();
        let (names, types): (Vec<String>, Vec<Option<Arc<str>>>) = names.into_iter().unzip();
        let columns = names.into_iter().map(|name| (name, sources.clone())).collect();
        let rows = self.function_relation((function, alias), (columns, complete), value, scope);
        if let Some(relation) = scope.relations.last_mut() {
            let columns = relation.columns.iter().zip(types.into_iter().chain(std::iter::repeat(None)));
            let typed = columns
                .map(|(column, kind)| OutColumn { data_type: column.data_type.clone().or(kind), ..column.clone() });
            relation.columns = typed.collect();
        }
        rows
    }

    fn json_columns(&self, columns: &[JsonTableColumn], names: &mut Vec<Extracted>) {
        for column in columns {
            match column {
                JsonTableColumn::Named(named) => {
                    names.push((fold(&named.name, self.dialect), data_type(&named.r#type)));
                }
                JsonTableColumn::ForOrdinality(ident) => names.push((fold(ident, self.dialect), None)),
                JsonTableColumn::Nested(nested) => self.json_columns(&nested.columns, names),
            }
        }
    }

    /// `TABLE(…)` around a function, or a name in a string.
    fn table_of(
        &mut self,
        inner: &Expr,
        alias: Option<&TableAlias>,
        (scope, outer): (&mut Scope<'_>, &mut Shape),
    ) -> String {
        if let Expr::Function(function) = inner
            && let FunctionArguments::List(list) = &function.args
        {
            return self.called((&function.name, alias), (&list.args, false), (scope, outer));
        }
        if let Some(parts) = string(inner).and_then(|text| self.dotted_name(text)) {
            return self.named_table((parts, 0), alias, (scope, outer));
        }
        let value = self.value(inner, scope, Transformation::Transformation);
        self.function_relation(("table", alias), (Columns::new(), false), value, scope)
    }
}

/// The positional arguments.
fn expressions(arguments: &[FunctionArg]) -> impl Iterator<Item = &Expr> {
    arguments.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    })
}
