//! Patterns of paths that name assets: `sql/{project}/{dataset}/{table}/query.sql`.
//!
//! `{name}` takes one or more characters of one folder's or file's name, `*` takes any within one, and `**` takes any number
//! of folders. The asset is called as the captures say, in their order, joined by dots.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::path::RepoPath;
use crate::path::pattern::fold_extension;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPattern {
    text: Arc<str>,
    parts: Vec<Part>,
}

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// `**`.
    Folders,
    Name(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// `*`.
    Anything,
    Capture(String),
}

/// A part of a path that a pattern captured, and what it is called there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture<'p> {
    /// The name between the braces.
    pub name: &'p str,
    /// The text of the path.
    pub text: &'p str,
}

/// Why a text is no [`AssetPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; write for example asset-from-path: sql/{{project}}/{{dataset}}/{{table}}/query.sql")]
pub struct AssetPatternError {
    reason: String,
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, AssetPatternError> {
    Err(AssetPatternError { reason: reason.into() })
}

impl FromStr for AssetPattern {
    type Err = AssetPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let relative = text.strip_prefix("./").unwrap_or(text);
        if relative.starts_with('/') || relative.split('/').any(|part| part == "..") {
            return refuse("patterns start at the repository's root, without a leading `/` and without `..`");
        }
        if relative.split('/').any(str::is_empty) {
            return refuse("it has an empty part");
        }
        let folded = fold_extension(relative);
        let parts = folded.split('/').map(Part::read).collect::<Result<Vec<_>, _>>()?;
        let pattern = Self { text: text.into(), parts };
        let mut names: Vec<&str> = pattern.capture_names().collect();
        if names.is_empty() {
            return refuse("nothing in it names the asset: at least one `{name}` is needed");
        }
        names.sort_unstable();
        if let Some([twice, ..]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return refuse(format!("`{{{twice}}}` stands in it twice"));
        }
        Ok(pattern)
    }
}

impl Part {
    fn read(text: &str) -> Result<Self, AssetPatternError> {
        if text == "**" {
            return Ok(Self::Folders);
        }
        if text.contains("**") {
            return refuse("`**` stands for whole folders, alone between two slashes");
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', '*']) {
            let (literal, from) = rest.split_at(at);
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let (piece, after) = Piece::read(from)?;
            if literal.is_empty() && pieces.last().is_some_and(Piece::is_open) {
                return refuse("`{name}` and `*` must not follow each other without something between them");
            }
            pieces.push(piece);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self::Name(pieces))
    }
}

impl Piece {
    /// The piece at a `{`, `}` or `*`, and what comes after it.
    fn read(from: &str) -> Result<(Self, &str), AssetPatternError> {
        if let Some(after) = from.strip_prefix('*') {
            return Ok((Self::Anything, after));
        }
        let Some((name, after)) = from.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return refuse("a `{` or `}` has no partner");
        };
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain {
            return refuse(format!("`{{{name}}}` is no name of letters, digits and underscores"));
        }
        Ok((Self::Capture(name.to_owned()), after))
    }

    fn is_open(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}

impl AssetPattern {
    /// A pattern of a literal folder and the parts below it.
    pub(super) fn below(folder: &str, captures: &[&str], file: &str) -> Self {
        let literal = |part: &str| Part::Name(vec![Piece::Literal(part.to_owned())]);
        let folders = folder.split('/').filter(|part| !part.is_empty());
        let mut parts: Vec<Part> = folders.clone().map(literal).collect();
        parts.extend(captures.iter().map(|name| Part::Name(vec![Piece::Capture((*name).to_owned())])));
        parts.push(literal(file));
        let named = captures.iter().map(|name| format!("{{{name}}}"));
        let text: Vec<String> = folders.map(str::to_owned).chain(named).chain([file.to_owned()]).collect();
        Self { text: text.join("/").into(), parts }
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn capture_names(&self) -> impl Iterator<Item = &str> {
        let pieces = self.parts.iter().flat_map(|part| match part {
            Part::Folders => &[],
            Part::Name(pieces) => pieces.as_slice(),
        });
        pieces.filter_map(|piece| match piece {
            Piece::Capture(name) => Some(name.as_str()),
            Piece::Literal(_) | Piece::Anything => None,
        })
    }

    /// What the pattern captures of a path that it takes.
    #[must_use]
    pub fn captures<'p>(&'p self, path: &'p RepoPath) -> Option<Vec<Capture<'p>>> {
        let names: Vec<&str> = path.as_str().split('/').collect();
        // One `**` may have to take more folders; the last one that is met can make up for all before it.
        let (mut part, mut name) = (0, 0);
        let mut found: Vec<Capture<'p>> = Vec::new();
        let mut retry: Option<(usize, usize, usize)> = None;
        while name < names.len() {
            let is_last = name + 1 == names.len();
            match self.parts.get(part) {
                Some(Part::Folders) => {
                    retry = Some((part, name, found.len()));
                    part += 1;
                    continue;
                }
                Some(Part::Name(pieces)) => {
                    if let Some(captures) = names.get(name).and_then(|text| match_name(pieces, text, is_last)) {
                        found.extend(captures);
                        (part, name) = (part + 1, name + 1);
                        continue;
                    }
                }
                None => {}
            }
            let (folders, taken, captures) = retry.as_mut()?;
            *taken += 1;
            found.truncate(*captures);
            (part, name) = (*folders + 1, *taken);
        }
        (part == self.parts.len()).then_some(found)
    }
}

impl fmt::Display for AssetPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Matches one folder's or file's name; a capture takes as little as it can.
fn match_name<'p>(pieces: &'p [Piece], text: &'p str, is_file: bool) -> Option<Vec<Capture<'p>>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut pieces = pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        if let Piece::Literal(literal) = piece {
            rest = strip_literal(rest, literal, is_file && pieces.peek().is_none())?;
            continue;
        }
        let least = usize::from(matches!(piece, Piece::Capture(_)));
        let taken = match pieces.peek() {
            None => rest.len(),
            Some(Piece::Literal(literal)) => {
                let is_end = {
                    let mut after = pieces.clone();
                    after.next();
                    after.peek().is_none()
                };
                if is_end { end_of_literal(rest, literal, is_file)? } else { literal_after(rest, literal, least)? }
            }
            // Refused when the pattern was read.
            Some(_) => return None,
        };
        if taken < least {
            return None;
        }
        let (text, after) = rest.split_at_checked(taken)?;
        if let Piece::Capture(name) = piece {
            found.push(Capture { name, text });
        }
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// The text after a literal; the extension `.sql` at a file's end is met in any case.
fn strip_literal<'t>(text: &'t str, literal: &str, is_end: bool) -> Option<&'t str> {
    if is_end {
        return end_of_literal(text, literal, true).filter(|start| *start == 0).map(|_| "");
    }
    text.strip_prefix(literal)
}

/// Where a literal starts that ends the text.
fn end_of_literal(text: &str, literal: &str, is_file: bool) -> Option<usize> {
    let start = text.len().checked_sub(literal.len())?;
    let end = text.get(start..)?;
    let same = if is_file { fold_extension(end) == literal } else { end == literal };
    same.then_some(start)
}

fn literal_after(text: &str, literal: &str, least: usize) -> Option<usize> {
    let skip = text.chars().next().filter(|_| least > 0).map_or(0, char::len_utf8);
    Some(skip + text.get(skip..)?.find(literal)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pattern: &str, path: &str) -> Option<String> {
        let pattern: AssetPattern = pattern.parse().expect(pattern);
        let path = RepoPath::new(path).expect("inside");
        let captures = pattern.captures(&path)?;
        Some(captures.iter().map(|capture| capture.text).collect::<Vec<_>>().join("."))
    }

    #[test]
    fn captures_name_the_asset_in_their_order() {
        let layout = "sql/{project}/{dataset}/{table}/query.sql";
        assert_eq!(name(layout, "sql/my-prod/shop/orders_v1/query.sql").as_deref(), Some("my-prod.shop.orders_v1"));
        assert_eq!(name(layout, "sql/my-prod/shop/orders_v1/QUERY.sql"), None);
        assert_eq!(name(layout, "sql/shop/orders_v1/query.sql"), None);
        assert_eq!(name(layout, "etl/sql/my-prod/shop/orders_v1/query.sql"), None);
        assert_eq!(name("{schema}/{table}.sql", "dbo/Orders.SQL").as_deref(), Some("dbo.Orders"));
    }

    #[test]
    fn stars_stand_for_names_and_folders_that_do_not_matter() {
        assert_eq!(name("**/{schema}/{view}.sql", "a/b/shop/orders.sql").as_deref(), Some("shop.orders"));
        assert_eq!(name("**/{schema}/{view}.sql", "shop/orders.sql").as_deref(), Some("shop.orders"));
        assert_eq!(name("**/views/**/{view}.sql", "x/views/views/y/z/a.sql").as_deref(), Some("a"));
        assert_eq!(name("views/*/{view}.v*.sql", "views/eu/orders.v12.sql").as_deref(), Some("orders"));
        assert_eq!(name("views/*_{schema}__{view}.sql", "views/10_shop__orders.sql").as_deref(), Some("shop.orders"));
        assert_eq!(name("{a}/**", "x/y/z.sql").as_deref(), Some("x"));
    }

    #[test]
    fn a_capture_is_never_empty_and_never_crosses_a_folder() {
        assert_eq!(name("views/{view}.sql", "views/.sql"), None);
        assert_eq!(name("views/{view}.sql", "views/a/b.sql"), None);
        assert_eq!(name("v_{view}.sql", "v_.sql"), None);
    }

    #[test]
    fn a_slip_is_met_with_a_line_to_paste() {
        for (pattern, reason) in [
            ("sql/orders.sql", "at least one `{name}`"),
            ("sql/{table.sql", "has no partner"),
            ("sql/table}.sql", "has no partner"),
            ("sql/{}.sql", "is no name"),
            ("sql/{my table}.sql", "is no name"),
            ("sql/{a}{b}.sql", "something between"),
            ("sql/{a}*.sql", "something between"),
            ("sql/{a}/{a}.sql", "twice"),
            ("/sql/{a}.sql", "root"),
            ("sql//{a}.sql", "empty part"),
            ("", "empty part"),
            ("sql/a**/{a}.sql", "whole folders"),
        ] {
            let error = pattern.parse::<AssetPattern>().expect_err(pattern).to_string();
            assert!(error.contains(reason), "{pattern}: {error}");
            assert!(error.ends_with("write for example asset-from-path: sql/{project}/{dataset}/{table}/query.sql"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pattern_or_refused(pattern in "[a-z{}*/.é]{0,30}", path in "[a-z/.é]{1,30}") {
            if let (Ok(pattern), Ok(path)) = (pattern.parse::<AssetPattern>(), RepoPath::new(&path)) {
                let captures = pattern.captures(&path).unwrap_or_default();
                proptest::prop_assert!(captures.iter().all(|capture| !capture.text.is_empty()));
            }
        }
    }
}
