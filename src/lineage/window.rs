//! Windows and sort keys: what partitions, orders and frames a window, by name or in place.

use std::fmt::Write as _;

use sqlparser::ast::{
    NamedWindowExpr, OrderByExpr, OrderByOptions, OrderBySort, WindowFrame, WindowFrameBound, WindowSpec, WindowType,
};

use crate::lineage::model::Transformation;
use crate::lineage::resolver::Resolver;
use crate::lineage::shape::{Scope, Value};
use crate::sql::ident::fold;

/// Windows that are defined by each other are followed for this many steps.
const MOST_NAMES: usize = 32;

impl Resolver<'_> {
    /// The keys of an ORDER BY.
    pub fn ordering(&mut self, keys: &[OrderByExpr], scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                out.text.push_str(", ");
            }
            self.expression(&key.expr, scope, how, out);
            out.text.push_str(&sort_words(key));
        }
    }

    pub(super) fn window(&mut self, window: &WindowType, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        out.text.push_str(" over (");
        match window {
            WindowType::NamedWindow(name) => {
                self.named_window(&fold(name, self.dialect), scope, how, (out, MOST_NAMES));
            }
            WindowType::WindowSpec(specification) => {
                self.window_specification(specification, scope, how, (out, MOST_NAMES));
            }
        }
        out.text.push(')');
    }

    /// What a window's name stands for; the name itself means nothing.
    fn named_window(&mut self, name: &str, scope: &Scope<'_>, how: Transformation, (out, left): (&mut Value, usize)) {
        let named = scope.windows.iter().find(|window| fold(&window.0, self.dialect) == name);
        match (named.map(|window| &window.1), left.checked_sub(1)) {
            (Some(NamedWindowExpr::WindowSpec(specification)), Some(left)) => {
                self.window_specification(specification, scope, how, (out, left));
            }
            (Some(NamedWindowExpr::NamedWindow(other)), Some(left)) => {
                self.named_window(&fold(other, self.dialect), scope, how, (out, left));
            }
            _ => out.text.push_str(name),
        }
    }

    fn window_specification(
        &mut self,
        specification: &WindowSpec,
        scope: &Scope<'_>,
        how: Transformation,
        (out, left): (&mut Value, usize),
    ) {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = specification;
        let mut gap = "";
        if let Some(name) = window_name {
            self.named_window(&fold(name, self.dialect), scope, how, (out, left));
            gap = " ";
        }
        if !partition_by.is_empty() {
            let keys = self.unordered(partition_by, scope, how, out);
            let _ = write!(out.text, "{gap}partition by {keys}");
            gap = " ";
        }
        if !order_by.is_empty() {
            let _ = write!(out.text, "{gap}order by ");
            self.ordering(order_by, scope, how, out);
            gap = " ";
        }
        if let Some(frame) = window_frame {
            out.text.push_str(gap);
            self.frame(frame, scope, how, out);
        }
    }

    fn frame(&mut self, frame: &WindowFrame, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let WindowFrame { units, start_bound, end_bound } = frame;
        let _ = write!(out.text, "{} between ", units.to_string().to_lowercase());
        self.frame_bound(start_bound, scope, how, out);
        out.text.push_str(" and ");
        // A frame without an end ends at the current row.
        self.frame_bound(end_bound.as_ref().unwrap_or(&WindowFrameBound::CurrentRow), scope, how, out);
    }

    fn frame_bound(&mut self, bound: &WindowFrameBound, scope: &Scope<'_>, how: Transformation, out: &mut Value) {
        let (distance, word) = match bound {
            WindowFrameBound::CurrentRow => return out.text.push_str("current row"),
            WindowFrameBound::Preceding(distance) => (distance, " preceding"),
            WindowFrameBound::Following(distance) => (distance, " following"),
        };
        match distance {
            Some(distance) => self.expression(distance, scope, how, out),
            None => out.text.push_str("unbounded"),
        }
        out.text.push_str(word);
    }
}

/// What stands behind a sort key. Ascending is what says nothing.
pub(super) fn sort_words(key: &OrderByExpr) -> String {
    let OrderByExpr { expr: _, options: OrderByOptions { sort, nulls_first }, with_fill } = key;
    let mut words = String::new();
    match sort {
        None | Some(OrderBySort::Asc) => {}
        Some(OrderBySort::Desc) => words.push_str(" desc"),
        Some(OrderBySort::Using(operator)) => words.push_str(&format!(" using {operator}")),
    }
    match nulls_first {
        Some(true) => words.push_str(" nulls first"),
        Some(false) => words.push_str(" nulls last"),
        None => {}
    }
    if let Some(fill) = with_fill {
        words.push_str(&format!(" {fill}"));
    }
    words
}
