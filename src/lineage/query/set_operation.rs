//! UNION, INTERSECT, EXCEPT: branches put together by position, or by name.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use crate::lineage::model::{AssetName, Transformation};
use crate::lineage::query::query_words;
use crate::lineage::query::recursive::Recursion;
use crate::lineage::resolver::{Resolver, star_sources};
use crate::lineage::shape::{OutColumn, Scope, Shape, Sources, seen_through, shorten};
use crate::lineage::wording::{self, Binding};

impl Resolver<'_> {
    /// A chain of set operations leans to the left and may be long: it is walked in a loop.
    /// In a recursive CTE, the branches behind the first one see its name.
    pub(super) fn set_operation(
        &mut self,
        body: &SetExpr,
        parent: Option<&Scope<'_>>,
        recursion: Option<&Recursion>,
    ) -> Shape {
        let mut branches = Vec::new();
        let mut current = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = without_parentheses(current) {
            branches.push((*op, *set_quantifier, &**right));
            current = left;
        }
        let mut shape = self.set_expression(current, None, parent);
        if let Some(recursion) = recursion {
            self.ctes.push((recursion.name.clone(), Arc::new(recursion.itself(&shape))));
        }
        let mut rows = std::mem::take(&mut shape.rows);
        for (op, quantifier, right) in branches.into_iter().rev() {
            let branch = self.set_expression(right, None, parent);
            let word = set_word(op, quantifier);
            // All but UNION ALL compare rows, hence all columns.
            if word != "union all" {
                let _ = write!(rows, " of {}", shape.values());
            }
            let _ = write!(rows, " {word} {}", branch.rows);
            if word != "union all" {
                let _ = write!(rows, " of {}", branch.values());
            }
            note_branch(&word, &branch, &mut shape);
            let by_name =
                matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName);
            merge_branch(&mut shape, branch, (op, by_name));
        }
        shape.rows = format!("({})", shorten(rows));
        // What orders a branch does not order the whole.
        shape.order.clear();
        let of_branch = std::mem::take(&mut shape.row_set.result_order);
        shape.row_set.order.extend(of_branch);
        shape
    }
}

/// The body of a query that only stands in parentheses.
pub(super) fn without_parentheses(mut body: &SetExpr) -> &SetExpr {
    while let SetExpr::Query(query) = body {
        let is_bare = query.with.is_none()
            && query.order_by.is_none()
            && query.limit_clause.is_none()
            && query.fetch.is_none()
            && query.pipe_operators.is_empty()
            && query_words(query).is_empty();
        if !is_bare {
            break;
        }
        body = &query.body;
    }
    body
}

/// `UNION` is `UNION DISTINCT`.
fn set_word(operator: SetOperator, quantifier: SetQuantifier) -> String {
    let operator = match operator {
        SetOperator::Minus => SetOperator::Except,
        other => other,
    };
    let quantifier = match quantifier {
        SetQuantifier::Distinct => SetQuantifier::None,
        SetQuantifier::DistinctByName => SetQuantifier::ByName,
        other => other,
    };
    format!("{operator} {quantifier}").trim().to_lowercase()
}

/// A branch by its word and what it reads; its own clauses are told apart.
fn note_branch(word: &str, branch: &Shape, shape: &mut Shape) {
    let assets: Vec<&str> = branch.assets.iter().map(AssetName::as_str).collect();
    let text = format!("{word} {}", if assets.is_empty() { "values".to_owned() } else { assets.join(", ") });
    let mut number = 1;
    let mut numbered = text.clone();
    while !shape.row_set.set_operations.insert(numbered) {
        number += 1;
        numbered = format!("{text} ({number})");
    }
}

/// Adds a branch of a set operation: by position, or by name.
pub(super) fn merge_branch(shape: &mut Shape, branch: Shape, (op, by_name): (SetOperator, bool)) {
    shape.take_rows(&branch);
    shape.passed.extend(branch.passed.iter().cloned());
    if op != SetOperator::Union && op != SetOperator::Intersect {
        // EXCEPT takes rows away: its right side decides about rows and gives no value.
        let values = branch.columns.iter().flat_map(|column| column.sources.iter().cloned());
        let sources: Sources = values.chain(star_sources(&branch.open)).collect();
        shape.indirect.extend(sources.into_iter().map(|(source, _)| (source, Transformation::Filter)));
        return;
    }
    if by_name {
        return merge_by_name(shape, branch);
    }
    match (shape.unknown_at, branch.unknown_at) {
        (None, None) => {
            for (ours, theirs) in shape.columns.iter_mut().zip(&branch.columns) {
                add_sources(ours, &theirs.sources, &theirs.text);
            }
        }
        // We know the names: any of theirs may be what stands at our position.
        (None, Some(_)) => {
            let any = anything_of(&branch);
            let all = branch.stars.join(", ");
            for ours in &mut shape.columns {
                match branch.columns.iter().find(|theirs| theirs.name == ours.name) {
                    Some(theirs) => add_sources(ours, &theirs.sources, &theirs.text),
                    None => add_sources(ours, &any, &all),
                }
            }
        }
        (Some(_), _) => merge_unknown(shape, branch),
    }
}

fn merge_by_name(shape: &mut Shape, branch: Shape) {
    for theirs in &branch.columns {
        match shape.columns.iter_mut().find(|column| column.name == theirs.name) {
            Some(ours) => add_sources(ours, &theirs.sources, &theirs.text),
            None => shape.columns.push(theirs.clone()),
        }
    }
    if branch.unknown_at.is_some() {
        shape.note_unknown();
    }
    shape.stars.extend(branch.stars);
    add_open(shape, &branch.open);
    if let Some(sources) = &branch.anything {
        shape.add_anything(sources);
    }
}

/// Our columns are not all known: theirs arrive, but where is only known for those of the same name.
fn merge_unknown(shape: &mut Shape, branch: Shape) {
    for theirs in &branch.columns {
        match shape.columns.iter_mut().find(|column| column.name == theirs.name) {
            Some(ours) => add_sources(ours, &theirs.sources, &theirs.text),
            None => shape.add_anything(&theirs.sources),
        }
    }
    shape.stars.extend(branch.stars);
    add_open(shape, &branch.open);
    if let Some(sources) = &branch.anything {
        shape.add_anything(sources);
    }
}

fn add_open(shape: &mut Shape, open: &[AssetName]) {
    for asset in open {
        if !shape.open.contains(asset) {
            shape.open.push(asset.clone());
        }
    }
}

/// What any column of a branch may be made of that is not known by name.
fn anything_of(branch: &Shape) -> Sources {
    let open = star_sources(&branch.open);
    let named = branch.columns.iter().flat_map(|column| column.sources.iter().cloned());
    let all: Sources =
        named.chain(open).chain(branch.anything.iter().flat_map(|sources| sources.iter().cloned())).collect();
    seen_through(Transformation::Transformation, &all).collect()
}

fn add_sources(ours: &mut OutColumn, theirs: &Sources, text: &str) {
    Arc::make_mut(&mut ours.sources).extend(theirs.iter().cloned());
    ours.text = shorten(wording::with_branch(&ours.text, text)).into();
    ours.binding = Binding::Or;
}
