//! Stars: `*`, `t.*`, and what EXCEPT, EXCLUDE, REPLACE, RENAME, ILIKE make of them.

use std::collections::BTreeSet;

use sqlparser::ast::{ExcludeSelectItem, RenameSelectItem, WildcardAdditionalOptions};

use crate::lineage::model::{ColumnName, Transformation};
use crate::lineage::resolver::Resolver;
use crate::lineage::select::pattern::like;
use crate::lineage::select::rows::star_words;
use crate::lineage::shape::{OutColumn, Relation, Scope, Shape, Value};
use crate::sql::dialect::Dialect;
use crate::sql::ident::{fold, fold_name};

impl Resolver<'_> {
    /// The columns of `*`, or of `qualifier.*`, in the engine's order. Columns that are not known are counted.
    pub(super) fn star(&mut self, qualifier: Option<&[String]>, scope: &Scope<'_>) -> Shape {
        let shape = match qualifier {
            None => self.everything(scope),
            Some(name) => {
                let mut shape = Shape::default();
                let chosen = self.relations_named(name, scope);
                if chosen.is_empty() {
                    self.stars_unresolved += 1;
                }
                for relation in chosen {
                    self.pass_on(relation, &mut shape);
                }
                shape
            }
        };
        if shape.unknown_at.is_some() {
            self.stars_unresolved += 1;
        }
        shape
    }

    /// Every column of every relation; those that USING merged once.
    pub(in crate::lineage) fn everything(&mut self, scope: &Scope<'_>) -> Shape {
        // Elsewhere the merged columns come first.
        let in_place = matches!(self.dialect, Dialect::DuckDb | Dialect::Sqlite | Dialect::ClickHouse);
        let mut shape = Shape::default();
        for (index, relation) in scope.relations.iter().enumerate() {
            if !in_place {
                let first = scope.merged.iter().filter(|merged| merged.before == index);
                shape.columns.extend(first.map(|merged| merged.column.clone()));
            }
            let mut own = Shape::default();
            self.pass_on(relation, &mut own);
            if !scope.merged.is_empty() {
                let columns = std::mem::take(&mut own.columns);
                own.columns.extend(columns.into_iter().filter_map(|column| {
                    let merged = scope
                        .merged
                        .iter()
                        .find(|merged| merged.column.name == column.name && merged.relations.contains(&index));
                    match merged {
                        None => Some(column),
                        Some(merged) if in_place && merged.relations.first() == Some(&index) => {
                            Some(merged.column.clone())
                        }
                        Some(_) => None,
                    }
                }));
            }
            shape.append(own);
        }
        shape
    }

    pub(super) fn names_a_relation(&self, name: &[String], scope: &Scope<'_>) -> bool {
        !self.relations_named(name, scope).is_empty() || scope.relations.is_empty()
    }

    fn relations_named<'s>(&self, name: &[String], scope: &'s Scope<'_>) -> Vec<&'s Relation> {
        let token = name.first().and_then(|first| self.file.tokens.get(first)).map(|token| &token.asset);
        let named = scope.relations.iter().filter(|relation| match token {
            Some(asset) => relation.asset.as_ref() == Some(asset),
            None => relation.answers_to(name),
        });
        let named: Vec<&Relation> = named.collect();
        if named.is_empty() {
            scope.relations.iter().find(|relation| relation.answers_to_hidden_name(name)).into_iter().collect()
        } else {
            named
        }
    }

    /// EXCEPT, EXCLUDE, REPLACE, RENAME, ILIKE behind a star.
    pub(in crate::lineage) fn star_options(
        &mut self,
        options: &WildcardAdditionalOptions,
        scope: &Scope<'_>,
        star: &mut Shape,
    ) {
        let changes = options.opt_except.is_some()
            || options.opt_exclude.is_some()
            || options.opt_ilike.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some();
        if let Some(except) = &options.opt_except {
            let names = std::iter::once(&except.first_element).chain(&except.additional_elements);
            let names: BTreeSet<ColumnName> = names.map(|ident| ColumnName::new(&fold(ident, self.dialect))).collect();
            star.columns.retain(|column| !names.contains(&column.name));
        }
        if let Some(exclude) = &options.opt_exclude {
            self.exclude(exclude, &mut star.columns);
        }
        if let Some(pattern) = &options.opt_ilike {
            let pattern = pattern.pattern.to_lowercase();
            star.columns.retain(|column| like(&column.name.as_str().to_lowercase(), &pattern));
        }
        if let Some(replace) = &options.opt_replace {
            for item in &replace.items {
                let name = ColumnName::new(&fold(&item.column_name, self.dialect));
                let value = self.value(&item.expr, scope, Transformation::Identity);
                let replaced = OutColumn::new(name.clone(), value);
                match star.columns.iter_mut().find(|column| column.name == name) {
                    Some(column) => *column = replaced,
                    None => star.columns.push(replaced),
                }
            }
        }
        let renamed = match &options.opt_rename {
            Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
            Some(RenameSelectItem::Multiple(items)) => items.as_slice(),
            None => &[],
        };
        for item in renamed {
            let old = ColumnName::new(&fold(&item.ident, self.dialect));
            let new = ColumnName::new(&fold(&item.alias, self.dialect));
            match star.columns.iter_mut().find(|column| column.name == old) {
                Some(column) => column.name = new,
                None if star.unknown_at.is_some() => {
                    let mut value = Value::default();
                    self.bare_column(&item.ident, scope, Transformation::Identity, &mut value);
                    star.columns.push(OutColumn::new(new, value));
                }
                None => {}
            }
        }
        let words = star_words(options);
        star.stars.iter_mut().filter(|_| !words.is_empty()).for_each(|star| star.push_str(&words));
        if changes {
            star.unknown_at = star.unknown_at.map(|_| (0, star.columns.len()));
        }
    }

    pub(super) fn exclude(&self, exclude: &ExcludeSelectItem, columns: &mut Vec<OutColumn>) {
        let names = match exclude {
            ExcludeSelectItem::Single(name) => std::slice::from_ref(name),
            ExcludeSelectItem::Multiple(names) => names.as_slice(),
        };
        let names: BTreeSet<ColumnName> = names
            .iter()
            .filter_map(|name| fold_name(name, self.dialect).last().map(|last| ColumnName::new(last)))
            .collect();
        columns.retain(|column| !names.contains(&column.name));
    }
}
