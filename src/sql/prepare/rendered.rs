//! What one side's files rendered to, for those of the other side that are the same files in the same surroundings.

use std::collections::BTreeMap;

use crate::dbt::model::Draft;
use crate::path::RepoPath;
use crate::source::SourceFile;
use crate::sql::dialect::Dialect;

/// Which kinds of files read alike on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alike {
    /// Files outside of dbt projects.
    pub(super) plain: bool,
    /// Files of dbt projects.
    pub(super) dbt: bool,
}

/// What one side's files rendered to.
pub(super) struct Rendered<'d> {
    by_path: BTreeMap<&'d RepoPath, &'d Draft>,
    alike: Alike,
}

impl<'d> Rendered<'d> {
    pub(super) fn of(drafts: &'d [Draft], alike: Alike) -> Self {
        // What asks for columns of a relation hangs on the files of that relation as well.
        let lone = drafts.iter().filter(|draft| (alike.plain || alike.dbt) && draft.asked.is_empty());
        Self { by_path: lone.map(|draft| (&draft.prepared.path, draft)).collect(), alike }
    }

    /// What a file renders to, where it is the same on this side.
    pub(super) fn of_file(&self, file: &SourceFile, dialect: &(Dialect, String), is_dbt: bool) -> Option<&'d Draft> {
        let Alike { plain, dbt } = self.alike;
        if !(if is_dbt { dbt } else { plain }) {
            return None;
        }
        let draft = self.by_path.get(&file.path)?;
        let prepared = &draft.prepared;
        let same =
            prepared.blob == file.blob && (prepared.dialect, &prepared.dialect_reason) == (dialect.0, &dialect.1);
        same.then_some(*draft)
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::DialectChoice;
    use crate::source::SourceTree;
    use crate::sql::prepare::{PrepareOptions, prepare, prepare_both};

    use super::*;

    const FILES: [(&str, &str); 9] = [
        ("shop/dbt_project.yml", "name: shop\nvars: {cut: 3}\n"),
        ("shop/macros/money.sql", "{% macro cents(x) %}{{ x }} / 100{% endmacro %}"),
        ("shop/models/raw.yml", "sources:\n  - name: raw\n    schema: landing\n    tables: [{name: payments}]\n"),
        ("shop/models/a.sql", "select {{ cents('amount') }} as v from {{ source('raw', 'payments') }}"),
        ("shop/models/b.sql", "select v from {{ ref('a') }} where v > {{ var('cut') }}"),
        ("shop/models/c.sql", "select {{ lost('x') }} as w, {{ ref('b').schema }} as s from {{ ref('b') }}"),
        ("sql/p/d/t/query.sql", "select {{ x }} from p.d.u"),
        ("sql/p/d/u/query.sql", "create table p.d.u as select 1 as x"),
        ("top.sql", "select * from {{ params.t }}"),
    ];

    /// Whatever changes around a file, it reads on both sides together as it reads alone.
    #[test]
    fn a_side_reads_beside_the_other_as_it_reads_alone() {
        let edits: [&[(&str, &str)]; 12] = [
            &[],
            &[("shop/models/b.sql", "select v, 1 as one from {{ ref('a') }}")],
            &[("shop/macros/money.sql", "{% macro cents(x) %}{{ x }} / 1000{% endmacro %}")],
            &[("shop/macros/lost.sql", "{% macro lost(x) %}{{ x }}{% endmacro %}")],
            &[("shop/macros/money.sql", "{% macro cents(x) %}{{ x }} / {% endmacro")],
            &[("shop/models/raw.yml", "sources:\n  - name: raw\n    schema: inbox\n    tables: [{name: payments}]\n")],
            &[(
                "shop/models/raw.yml",
                "# moved\nsources:\n  - name: raw\n    schema: landing\n    tables: [{name: payments}]\n",
            )],
            &[("shop/dbt_project.yml", "name: shop\nvars: {cut: 4}\n")],
            &[("shop/dbt_project.yml", "name: shop\nvars: {cut: 3}\nmodels:\n  shop: {+schema: mart}\n")],
            &[("shop/models/schema.yml", "models:\n  - name: b\n    config: {schema: mart, alias: bb}\n")],
            &[("sql/p/d/u/query.sql", "create table elsewhere as select 1 as x"), ("sql/q.sql", "select 1")],
            &[("dbt_project.yml", "name: outer\nmodel-paths: [sql]\n")],
        ];
        let options = PrepareOptions { dialect: DialectChoice::Fixed(Dialect::BigQuery), ..PrepareOptions::AUTO };
        for edit in edits {
            let mut files: BTreeMap<&str, &str> = FILES.into_iter().collect();
            files.extend(edit.iter().copied());
            let files: Vec<(&str, &str)> = files.into_iter().collect();
            let sides = prepare_both(&SourceTree::of(&FILES), &SourceTree::of(&files), &options);
            assert!(sides.0 == prepare(&SourceTree::<()>::of(&FILES), &options), "the base, beside {edit:?}");
            assert!(sides.1 == prepare(&SourceTree::<()>::of(&files), &options), "the head, with {edit:?}");
        }
    }
}
