//! Which asset a written name means: the same asset may be written with more or fewer qualifiers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lineage::catalog::spellings::{Longest, Spellings, is_tail};
use crate::lineage::model::AssetName;

/// Most candidates that are told of one ambiguous name.
const MOST_CANDIDATES: usize = 20;

/// Several assets could answer to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// The first of them in the order of their announcement.
    pub candidates: Vec<AssetName>,
    /// How many more there are.
    pub more: usize,
}

/// A name that may be in several places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Searched {
    /// As it is written: a temporary asset may be called so wherever the script is.
    pub plain: Vec<String>,
    /// In each of the places where it is looked for, in order.
    pub names: Vec<Vec<String>>,
}

/// The names that some file defines.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    /// Each with its place in the order of announcement.
    defined: BTreeMap<AssetName, usize>,
    /// The defined names that end with a shorter name, by that.
    longer: BTreeMap<AssetName, Vec<AssetName>>,
    spellings: Arc<Spellings>,
}

impl Names {
    /// No names yet, of files that spell names so.
    pub fn new(spellings: Arc<Spellings>) -> Self {
        Self { spellings, ..Self::default() }
    }

    /// How the files of both sides spell names.
    pub fn spellings(&self) -> &Arc<Spellings> {
        &self.spellings
    }

    /// The asset that a statement creates under this name: the most qualified spelling of it.
    pub fn created(&self, parts: &[String]) -> AssetName {
        self.spellings.shown(AssetName::from_parts(parts))
    }

    /// Adds a name, so that shorter and longer spellings lead to it.
    pub fn announce(&mut self, parts: &[String]) {
        let name = AssetName::from_parts(parts);
        if parts.is_empty() || self.defined.contains_key(&name) {
            return;
        }
        self.defined.insert(name.clone(), self.defined.len());
        for tail in tails(parts) {
            self.longer.entry(tail).or_default().push(name.clone());
        }
    }

    /// Of names that are looked for in order the first that some file defines, else the first of all.
    pub fn first_defined<'s>(&self, names: &'s [Vec<String>]) -> &'s [String] {
        let is_defined = |parts: &&Vec<String>| {
            let name = AssetName::from_parts(parts);
            self.defined.contains_key(&name) || self.longer.contains_key(&name)
        };
        let found = if names.len() > 1 { names.iter().find(is_defined) } else { None };
        found.or(names.first()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The asset that a written name means: the same spelling; else the only longer one that is defined; else the longest of
    /// those with fewer qualifiers; else, of names that nothing defines, the only longer spelling.
    ///
    /// # Errors
    /// [`Ambiguous`] when several fit.
    pub fn resolve(&self, parts: &[String]) -> Result<AssetName, Ambiguous> {
        let written = AssetName::from_parts(parts);
        if self.defined.contains_key(&written) {
            return Ok(self.spellings.shown(written));
        }
        let longer = self.longer.get(&written).map(Vec::as_slice).unwrap_or_default();
        let longer = if self.spellings.has_apart(&written) {
            let fits = longer.iter().filter(|longer| !self.spellings.are_apart(&written, longer));
            Cow::Owned(fits.cloned().collect())
        } else {
            Cow::Borrowed(longer)
        };
        let shorter: Vec<(AssetName, usize)> = tails(parts)
            .filter(|tail| !self.spellings.are_apart(tail, &written))
            .filter_map(|tail| self.defined.get_key_value(&tail))
            .map(|(name, at)| (name.clone(), *at))
            .collect();
        match (&*longer, shorter.as_slice()) {
            ([], []) => self.undefined(written),
            ([one], []) => Ok(self.spellings.shown(one.clone())),
            // Of several the longest, which is a spelling of the shorter ones or says more than they do.
            ([], [(one, _), ..]) => Ok(self.shorter(written, one)),
            _ => Err(self.ambiguous(longer.iter(), shorter)),
        }
    }

    /// A name that only a shorter created one fits: a spelling of that, unless other spellings of it contradict.
    fn shorter(&self, written: AssetName, created: &AssetName) -> AssetName {
        let shown = self.spellings.shown(created.clone());
        let contradicts = shown == *created && self.spellings.has_several(created);
        let agrees = shown == written || is_tail(&written, &shown) || is_tail(&shown, &written);
        if agrees && !contradicts { shown } else { written }
    }

    /// A name that nothing creates.
    fn undefined(&self, written: AssetName) -> Result<AssetName, Ambiguous> {
        match self.spellings.longest(&written, None) {
            Longest::None => Ok(written),
            Longest::One(longest) => Ok(longest.clone()),
            Longest::Several(longer) => Err(self.ambiguous(longer.iter(), Vec::new())),
        }
    }

    fn ambiguous<'n>(
        &self,
        longer: impl ExactSizeIterator<Item = &'n AssetName>,
        shorter: Vec<(AssetName, usize)>,
    ) -> Ambiguous {
        let count = longer.len() + shorter.len();
        let first = longer.take(MOST_CANDIDATES);
        let mut candidates: Vec<(AssetName, usize)> =
            first.map(|name| (name.clone(), self.defined.get(name).copied().unwrap_or(0))).chain(shorter).collect();
        candidates.sort_by_key(|(_, announced)| *announced);
        candidates.truncate(MOST_CANDIDATES);
        let candidates: Vec<AssetName> = candidates.into_iter().map(|(name, _)| name).collect();
        Ambiguous { more: count - candidates.len(), candidates }
    }
}

/// The name without one, two, … of its outermost qualifiers.
pub(super) fn tails(parts: &[String]) -> impl Iterator<Item = AssetName> + '_ {
    (1..parts.len()).filter_map(|start| parts.get(start..)).map(AssetName::from_parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str) -> Vec<String> {
        name.split('.').map(str::to_owned).collect()
    }

    fn meant(names: &Names, name: &str) -> String {
        match names.resolve(&parts(name)) {
            Ok(name) => name.to_string(),
            Err(Ambiguous { candidates, more }) => format!("{candidates:?} and {more} more"),
        }
    }

    #[test]
    fn longer_and_shorter_spellings_lead_to_the_only_name_that_fits() {
        let mut names = Names::default();
        for name in ["p.d.orders", "d.customers", "a.items", "b.items", "items", "q.a.goods", "a.goods", "goods"] {
            names.announce(&parts(name));
        }
        assert_eq!(meant(&names, "orders"), "p.d.orders");
        assert_eq!(meant(&names, "d.orders"), "p.d.orders");
        assert_eq!(meant(&names, "x.orders"), "x.orders");
        assert_eq!(meant(&names, "p.d.customers"), "d.customers");
        assert_eq!(meant(&names, "items"), "items");
        assert_eq!(meant(&names, "c.items"), "items");
        assert_eq!(meant(&names, "p.a.items"), "a.items");
        assert_eq!(meant(&names, "x.q.a.goods"), "q.a.goods");
    }

    #[test]
    fn of_very_many_candidates_the_first_are_told_and_the_others_counted() {
        let mut names = Names::default();
        for schema in 0..50 {
            names.announce(&parts(&format!("s{schema}.orders")));
        }
        let Err(Ambiguous { candidates, more }) = names.resolve(&parts("orders")) else { panic!("ambiguous") };
        assert_eq!((candidates.len(), more), (20, 30));
        assert_eq!(candidates[0].as_str(), "s0.orders");
    }
}
