//! Edits that change what a view means, and whom they reach.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Draw, Expr, Join, Kind, Query, Relation, Script, Select, TABLES};

/// What is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A column is gone.
    Drop(String),
    /// A column is computed in another way.
    Expression(String),
    /// A join is of another kind.
    Join,
    /// One more condition.
    Filter,
    /// Another table is read.
    Table,
    Distinct,
    Limit,
}

/// An edited script.
pub struct Edited {
    pub script: Script,
    /// The view that is edited.
    pub view: usize,
    pub what: Edit,
}

/// A number that is nowhere else in a script.
const NEW: u32 = 7_000_001;

/// Edits the outermost select of a view; `None` where what is drawn is not possible there.
pub fn edited(script: &Script, draw: &mut Draw<'_>) -> Option<Edited> {
    let mut script = script.clone();
    let view = draw.below(script.views.len());
    let Query { first, union, limit, .. } = &mut script.views[view].query;
    let what = match draw.below(7) {
        0 => drop_item(first, union.is_some(), draw)?,
        1 => {
            let grouped = first.grouped;
            let (value, name) = pick(&mut first.items, draw)?;
            // The key of a group may be another one only as a whole.
            let new = if grouped { Expr::Call("ABS", vec![value.clone()]) } else { plus(value.clone()) };
            *value = new;
            Edit::Expression(name.clone())
        }
        2 => {
            let joins = first.from.iter_mut().filter_map(|source| match &mut source.join {
                Join::Using(kind) | Join::On(kind, _) => Some(kind),
                Join::First | Join::Cross => None,
            });
            let mut joins: Vec<_> = joins.collect();
            let kind = pick(&mut joins, draw)?;
            **kind = if **kind == "JOIN" { "LEFT JOIN" } else { "JOIN" };
            Edit::Join
        }
        3 => {
            let source = &first.from[draw.below(first.from.len())];
            let column = Expr::Column(source.alias, draw.pick(&source.columns).clone());
            let condition = Expr::Binary(">", Box::new(column), Box::new(Expr::Number(NEW)));
            first.filter = Some(match first.filter.take() {
                None => condition,
                // Where subqueries are looked for, they stay.
                Some(Expr::Exists(_) | Expr::In(..)) => return None,
                Some(filter) => Expr::Binary("AND", Box::new(filter), Box::new(condition)),
            });
            Edit::Filter
        }
        4 => {
            let tables = first.from.iter_mut().filter_map(|source| match &mut source.relation {
                Relation::Table(number) => Some(number),
                _ => None,
            });
            let mut tables: Vec<_> = tables.collect();
            let table = pick(&mut tables, draw)?;
            **table = (**table + 1) % TABLES;
            Edit::Table
        }
        5 => {
            // A UNION keeps no row twice either way.
            if union.as_ref().is_some_and(|(all, _)| !all) {
                return None;
            }
            first.distinct = !first.distinct;
            Edit::Distinct
        }
        _ => {
            *limit = Some(NEW);
            Edit::Limit
        }
    };
    Some(Edited { script, view, what })
}

fn plus(value: Expr) -> Expr {
    Expr::Binary("+", Box::new(value), Box::new(Expr::Number(NEW)))
}

fn pick<'t, T>(list: &'t mut [T], draw: &mut Draw<'_>) -> Option<&'t mut T> {
    let index = draw.below(list.len());
    list.get_mut(index)
}

fn drop_item(select: &mut Select, is_union: bool, draw: &mut Draw<'_>) -> Option<Edit> {
    // The first item of a group is its key.
    if is_union || select.grouped || select.items.len() < 2 {
        return None;
    }
    let (_, name) = select.items.remove(draw.below(select.items.len()));
    Some(Edit::Drop(name))
}

/// Sources by their aliases.
fn relations(query: &Query) -> BTreeMap<usize, &Relation> {
    let mut relations = BTreeMap::new();
    query.visit(&mut |query| {
        let sources = query.selects().flat_map(|select| &select.from);
        relations.extend(sources.map(|source| (source.alias, &source.relation)));
    });
    relations
}

fn columns<'e>(value: &'e Expr, found: &mut Vec<(usize, &'e str)>) {
    match value {
        Expr::Column(alias, name) => found.push((*alias, name)),
        Expr::Number(_) | Expr::CountAll | Expr::Exists(_) => {}
        Expr::In(value, _) => columns(value, found),
        Expr::Binary(_, left, right) => [left, right].into_iter().for_each(|part| columns(part, found)),
        Expr::Call(_, parts) => parts.iter().for_each(|part| columns(part, found)),
        Expr::Case(parts) | Expr::Window(_, parts) => parts.iter().for_each(|part| columns(part, found)),
    }
}

fn columns_of(select: &Select) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let conditions = select.from.iter().filter_map(|source| match &source.join {
        Join::On(_, condition) => Some(condition),
        _ => None,
    });
    let all = select.items.iter().map(|(value, _)| value).chain(&select.filter).chain(conditions);
    all.for_each(|value| columns(value, &mut found));
    found
}

/// Whether a later view names a column of a view.
pub fn mentions(script: &Script, view: usize, column: &str) -> bool {
    script.views.iter().any(|later| {
        let (relations, mut found) = (relations(&later.query), false);
        later.query.visit(&mut |query| {
            let named = query.selects().flat_map(columns_of);
            found |= named.into_iter().any(|(alias, name)| {
                name == column && matches!(relations[&alias], Relation::View(number) if *number == view)
            });
        });
        found
    })
}

/// Whether something may read a column without its name at its place: a `*`, or USING.
pub fn may_read_otherwise(script: &Script, column: &str) -> bool {
    let mut may = false;
    for view in &script.views {
        view.query.visit(&mut |query| {
            may |= query.selects().any(|select| {
                let mut joins = select.from.iter().map(|source| &source.join);
                select.is_star() || (column == "k" && joins.any(|join| matches!(join, Join::Using(_))))
            });
        });
    }
    may
}

/// The views that an edit reaches without doubt.
pub fn readers(script: &Script, edit: &Edited) -> Vec<String> {
    match &edit.what {
        Edit::Drop(_) | Edit::Table => Vec::new(),
        Edit::Expression(column) => by_column(script, edit.view, column),
        Edit::Join | Edit::Filter | Edit::Distinct | Edit::Limit => by_rows(script, edit.view),
    }
}

/// The views of which an item names the column of the view.
fn by_column(script: &Script, view: usize, column: &str) -> Vec<String> {
    if script.views[view].query.union.is_some() || script.views[view].kind == Kind::Insert {
        return Vec::new();
    }
    let later = script.views.iter().enumerate().filter(|(_, later)| {
        let first = &later.query.first;
        let mut found = Vec::new();
        first.items.iter().for_each(|(value, _)| columns(value, &mut found));
        let is_of = |alias: usize| {
            let source = first.from.iter().find(|source| source.alias == alias);
            source.is_some_and(|source| matches!(source.relation, Relation::View(number) if number == view))
        };
        found.into_iter().any(|(alias, name)| name == column && is_of(alias))
    });
    later.map(|(index, _)| format!("v{index}")).collect()
}

/// The views whose rows come from the rows of the view.
fn by_rows(script: &Script, view: usize) -> Vec<String> {
    let mut reached = BTreeSet::from([view]);
    for (index, later) in script.views.iter().enumerate().skip(view + 1) {
        // What only a CTE reads that nothing reads is no part of the view.
        let is_fed = later.query.ctes.is_empty() && {
            let mut is_fed = false;
            later.query.visit(&mut |query| {
                let sources = query.selects().flat_map(|select| &select.from);
                is_fed |= sources
                    .into_iter()
                    .any(|source| matches!(source.relation, Relation::View(number) if reached.contains(&number)));
            });
            is_fed
        };
        if is_fed {
            reached.insert(index);
        }
    }
    reached.into_iter().filter(|index| *index != view).map(|index| format!("v{index}")).collect()
}
