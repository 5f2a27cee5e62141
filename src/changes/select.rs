//! Which files are SQL: the settings `files` and `exclude`.
//!
//! How a pattern matches is said in `path::pattern`. A pattern that ends in `/`, names a folder, or whose last part states no
//! extension takes the `.sql` files below; in `exclude` it takes everything below.

use crate::path::RepoPath;
pub use crate::path::pattern::PatternError;
use crate::path::pattern::{PathPattern, fold_extension};

/// What is selected where `files` is empty.
pub const DEFAULT_FILES: &str = "**/*.sql";

/// The compiled settings.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    is_default: bool,
    files: Vec<Include>,
    exclude: Vec<PathPattern>,
}

/// One pattern of `files`.
#[derive(Debug, Clone)]
struct Include {
    /// Takes a path whatever its extension; absent where the pattern leaves the extension open (`models/*`), since then
    /// the YAML beside the models is not meant.
    exact: Option<PathPattern>,
    /// Take `.sql` files only: the pattern itself, and everything below a folder of that name.
    below: Vec<PathPattern>,
}

impl Selection {
    /// Compiles the settings; no `files` at all means [`DEFAULT_FILES`].
    pub(super) fn new(files: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        let is_default = files.is_empty() || files == [DEFAULT_FILES];
        let default = [DEFAULT_FILES.to_owned()];
        let files = if files.is_empty() { &default } else { files };
        Ok(Self {
            is_default,
            files: files.iter().map(|pattern| Include::new(pattern)).collect::<Result<_, _>>()?,
            exclude: exclude
                .iter()
                .map(|pattern| PathPattern::at_or_below(pattern))
                .collect::<Result<Vec<_>, _>>()?
                .concat(),
        })
    }

    /// Whether nothing but the default is selected, to which files of other extensions may belong.
    pub(super) fn is_default(&self) -> bool {
        self.is_default
    }

    /// Whether the path is selected SQL.
    pub(super) fn takes(&self, path: &RepoPath) -> bool {
        let path = fold_extension(path.as_str());
        self.files.iter().any(|include| include.matches(&path)) && !self.leaves_out_folded(&path)
    }

    /// Whether `exclude` names the path.
    pub(super) fn leaves_out(&self, path: &RepoPath) -> bool {
        self.leaves_out_folded(&fold_extension(path.as_str()))
    }

    fn leaves_out_folded(&self, path: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches_folded(path))
    }
}

impl Include {
    fn new(text: &str) -> Result<Self, PatternError> {
        let literal = !text.ends_with('/') && !text.contains(['*', '?', '[']);
        let states_extension = text.trim().rsplit('/').next().is_some_and(|last| last.len() > 1 && last.contains('.'));
        let exact = (literal || states_extension).then(|| PathPattern::new(text)).transpose()?;
        Ok(Self { exact, below: PathPattern::at_or_below(text)? })
    }

    fn matches(&self, path: &str) -> bool {
        let matches = |pattern: &PathPattern| pattern.matches_folded(path);
        self.exact.as_ref().is_some_and(matches) || (path.ends_with(".sql") && self.below.iter().any(matches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(files: &[&str], exclude: &[&str], path: &str) -> bool {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&owned(files), &owned(exclude)).expect("good patterns");
        selection.takes(&RepoPath::new(path).expect("inside"))
    }

    #[test]
    fn by_default_every_sql_file_is_selected_in_either_case_of_its_extension() {
        for path in ["a.sql", "a/b/c d.sql", ".hidden/a.sql", "A.SQL", "dbo/Orders.Sql", "x.v2.sql"] {
            assert!(selected(&[], &[], path), "{path}");
        }
        for path in ["a.sqlx", "sql", "a.sql/readme.md", "schema.yml"] {
            assert!(!selected(&[], &[], path), "{path}");
        }
    }

    #[test]
    fn one_star_stays_in_its_folder_and_two_cross_folders() {
        assert!(selected(&["models/*.sql"], &[], "models/a.sql"));
        assert!(!selected(&["models/*.sql"], &[], "models/staging/a.sql"));
        assert!(selected(&["models/**/*.sql"], &[], "models/a.sql"));
        assert!(selected(&["models/**/*.sql"], &[], "models/x/y/a.sql"));
        assert!(selected(&["**/x.sql"], &[], "x.sql"));
        assert!(!selected(&["x.sql"], &[], "a/x.sql"));
        assert!(selected(&["./models/*.sql"], &[], "models/a.sql"));
    }

    #[test]
    fn case_matters_outside_of_the_extension() {
        assert!(!selected(&["Models/**"], &[], "models/a.sql"));
        assert!(selected(&["**/*.SQL"], &[], "models/a.sql"));
    }

    #[test]
    fn a_folder_means_the_sql_below_it() {
        for pattern in ["models", "models/", "models/**", "./models/", "mod*", "models/**/*"] {
            assert!(selected(&[pattern], &[], "models/a.sql"), "{pattern}");
            assert!(selected(&[pattern], &[], "models/staging/a.sql"), "{pattern}");
            assert!(!selected(&[pattern], &[], "models/schema.yml"), "{pattern}");
            assert!(!selected(&[pattern], &[], "other/models/a.sql"), "{pattern}");
        }
        assert!(selected(&["."], &[], "models/a.sql"));
        assert!(selected(&["release/1.2"], &[], "release/1.2/a.sql"));
    }

    #[test]
    fn other_extensions_are_selected_when_they_are_named() {
        assert!(selected(&["**/*.ddl"], &[], "a/b.ddl"));
        assert!(selected(&["db/BUILD"], &[], "db/BUILD"));
    }

    #[test]
    fn exclude_wins() {
        for exclude in ["legacy", "legacy/", "legacy/**", "**/*.sql", "legacy/old.sql"] {
            assert!(!selected(&[], &[exclude], "legacy/old.sql"), "{exclude}");
        }
        assert!(selected(&[], &["legacy"], "legacy_new/a.sql"));
    }

    #[test]
    fn a_bad_pattern_is_an_error_that_names_it() {
        for pattern in ["a[", "a**b", "***", "/abs/*.sql", "../x/*.sql", "!a.sql", "{a,b}.sql"] {
            let error = Selection::new(&[pattern.to_owned()], &[]).expect_err(pattern);
            assert!(error.to_string().contains(&format!("{pattern:?}")), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pattern_or_refused(pattern in ".{0,40}", path in "[a-z./ \n%é]{1,40}") {
            if let (Ok(selection), Ok(path)) = (Selection::new(&[pattern], &[]), RepoPath::new(&path)) {
                selection.takes(&path);
            }
        }
    }
}
