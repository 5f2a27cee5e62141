//! Macros that many templates share: each compiled once, when the first template wants it.

use std::fmt;
use std::sync::Arc;

use minijinja::{Environment, Error};

use super::engine::{environment, late_environment};
use super::source::{REGISTER_SHARED, macro_variable};

/// What the template of a shared macro is called, in front of its index.
const PREFIX: &str = "__macro/";

/// A macro's text by its index: a `{% macro … %}` block that defines [`macro_variable`] of the index.
pub type Text = dyn Fn(usize) -> Option<String> + Send + Sync;

/// The macros that templates share.
pub struct Library {
    first: Environment<'static>,
    late: Environment<'static>,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

impl Library {
    /// A library of texts.
    #[must_use]
    pub fn new(text: Arc<Text>) -> Self {
        let (mut first, mut late) = (environment(), late_environment());
        let again = Arc::clone(&text);
        first.set_loader(move |name| Ok(template(name, &*text)));
        late.set_loader(move |name| Ok(template(name, &*again)));
        Self { first, late }
    }

    /// The environment for a rendering, and for one after many repairs.
    pub(super) fn environment(&self, is_late: bool) -> &Environment<'static> {
        if is_late { &self.late } else { &self.first }
    }
}

fn template(name: &str, text: &Text) -> Option<String> {
    let index = index(name)?;
    Some(format!("{}{{% do {REGISTER_SHARED}({index}, {}) %}}", text(index)?, macro_variable(index)))
}

/// The tag that defines a shared macro in a template.
pub(super) fn tag(index: usize) -> String {
    format!("{{% include '{PREFIX}{index}' %}}")
}

fn index(name: &str) -> Option<usize> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// The shared macro in which a rendering failed, and what failed there.
pub(super) fn failed(error: &Error) -> Option<(usize, &Error)> {
    if let Some(index) = error.name().and_then(index) {
        return Some((index, error));
    }
    let inner = std::error::Error::source(error)?.downcast_ref::<Error>()?;
    failed(inner)
}
