//! The demo's warehouse: a web shop's raw tables, staging views and marts in plain PostgreSQL, before and after a
//! change, as files and as a git repository.
//!
//! The change does a bit of everything that a reviewer wants to be told of. It adds `sales_channel` and passes it on,
//! renames `stg_orders.ordered_at` and drops `dim_customers.country_code` while unchanged files still read both, adds a
//! view, removes one, changes a filter, a join and a type, and rewrites `repeat_customers` without changing its meaning.

use std::path::Path;
use std::process::Command;

use crate::demo::DemoError;
use crate::revision::CommitId;

/// The branch that holds the change; the base is the tip of `main`.
pub const BRANCH: &str = "sales-channel";

/// A file of the warehouse: its path in the repository and its text.
pub type File = (&'static str, &'static str);

/// One side of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before.
    Base,
    /// After.
    Head,
}

/// The commits of the demo's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commits {
    /// The tip of `main`.
    pub base: CommitId,
    /// The tip of [`BRANCH`], which is checked out.
    pub head: CommitId,
}

macro_rules! bundled {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("warehouse/", $folder, "/", $path)))),+]
    };
}

/// Files that the change does not touch.
const SHARED: &[File] = bundled!("shared":
    "jobs/snapshot_daily_revenue.sql",
    "migrations/0001_create_raw_tables.sql",
    "migrations/0002_add_coupons_and_refunds.sql",
    "views/marts/customer_retention.sql",
    "views/marts/open_orders.sql",
    "views/marts/revenue_by_country.sql",
    "views/staging/stg_customers.sql",
    "views/staging/stg_order_items.sql",
    "views/staging/stg_payments.sql",
);

const BASE: &[File] = bundled!("base":
    "views/marts/coupon_usage.sql",
    "views/marts/daily_revenue.sql",
    "views/marts/dim_customers.sql",
    "views/marts/fct_orders.sql",
    "views/marts/product_sales.sql",
    "views/marts/refund_rate.sql",
    "views/marts/repeat_customers.sql",
    "views/staging/stg_orders.sql",
);

const HEAD: &[File] = bundled!("head":
    "migrations/0003_add_sales_channel.sql",
    "views/marts/channel_performance.sql",
    "views/marts/daily_revenue.sql",
    "views/marts/dim_customers.sql",
    "views/marts/fct_orders.sql",
    "views/marts/product_sales.sql",
    "views/marts/refund_rate.sql",
    "views/marts/repeat_customers.sql",
    "views/staging/stg_orders.sql",
);

/// All files of one side, ordered by path.
#[must_use]
pub fn files(side: Side) -> Vec<File> {
    let own = match side {
        Side::Base => BASE,
        Side::Head => HEAD,
    };
    let mut files: Vec<File> = SHARED.iter().chain(own).copied().collect();
    files.sort_unstable();
    files
}

/// Makes a git repository of the warehouse in an empty folder: `main` with the base and [`BRANCH`] with the change on
/// top, checked out. The same commits on every machine.
///
/// # Errors
/// [`DemoError`] when a file cannot be written or git fails.
pub fn build(folder: &Path) -> Result<Commits, DemoError> {
    run_git(folder, &["init", "--quiet", "--template="])?;
    run_git(folder, &["symbolic-ref", "HEAD", "refs/heads/main"])?;
    write(folder, &files(Side::Base))?;
    let base = commit(folder, "Build the shop's warehouse")?;
    run_git(folder, &["checkout", "--quiet", "-b", BRANCH])?;
    let head_files = files(Side::Head);
    for (path, _) in files(Side::Base) {
        if head_files.iter().all(|(kept, _)| *kept != path) {
            let path = folder.join(path);
            std::fs::remove_file(&path).map_err(|source| DemoError::Write { path, source })?;
        }
    }
    write(folder, &head_files)?;
    let head = commit(folder, "Report sales by channel")?;
    Ok(Commits { base, head })
}

fn write(folder: &Path, files: &[File]) -> Result<(), DemoError> {
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|source| DemoError::Write { path: path.clone(), source })?;
    }
    Ok(())
}

/// Commits everything in the folder.
fn commit(folder: &Path, message: &str) -> Result<CommitId, DemoError> {
    run_git(folder, &["add", "--all"])?;
    run_git(folder, &["commit", "--quiet", "--message", message])?;
    let id = run_git(folder, &["rev-parse", "HEAD"])?;
    CommitId::parse(&id)
        .map_err(|error| DemoError::Git { command: "rev-parse HEAD".to_owned(), message: error.to_string() })
}

/// Variables that would lead git to another repository or change what it does, as `git rev-parse --local-env-vars`
/// lists them, and the default hash.
const LEADING_ASTRAY: [&str; 16] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Runs git in the demo's folder, cut off from the user's configuration: no hooks, no signing, a fixed author and date.
#[expect(
    clippy::disallowed_methods,
    reason = "the demo builds a throw-away repository of its own; `changes` only reads"
)]
fn run_git(folder: &Path, arguments: &[&str]) -> Result<String, DemoError> {
    let mut git = Command::new("git");
    for name in LEADING_ASTRAY {
        git.env_remove(name);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Demo")
            .env(format!("GIT_{role}_EMAIL"), "demo@example.com")
            .env(format!("GIT_{role}_DATE"), "2026-01-05T09:00:00Z");
    }
    let output = git
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .args(["-c", "core.autocrlf=false", "-c", "gc.auto=0"])
        .args(arguments)
        .output()
        .map_err(DemoError::NoGit)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(DemoError::Git { command: arguments.join(" "), message })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_bundled_file_is_in_the_warehouse_and_parses() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/warehouse");
        let pattern = root.join("**/*.sql").display().to_string();
        let on_disk = glob::glob(&pattern).expect("a pattern").count();
        assert_eq!(on_disk, SHARED.len() + BASE.len() + HEAD.len());
        for (path, text) in files(Side::Base).into_iter().chain(files(Side::Head)) {
            let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::PostgreSqlDialect {}, text);
            assert!(parsed.is_ok_and(|statements| !statements.is_empty()), "{path}");
        }
    }

    #[test]
    fn the_change_adds_removes_and_modifies_but_leaves_broken_readers_alone() {
        let paths = |side| files(side).into_iter().map(|(path, _)| path).collect::<BTreeSet<_>>();
        let (base, head) = (paths(Side::Base), paths(Side::Head));
        let added: Vec<_> = head.difference(&base).copied().collect();
        assert_eq!(added, ["migrations/0003_add_sales_channel.sql", "views/marts/channel_performance.sql"]);
        assert_eq!(base.difference(&head).copied().collect::<Vec<_>>(), ["views/marts/coupon_usage.sql"]);
        for (path, before) in BASE {
            assert!(HEAD.iter().all(|(other, after)| other != path || before != after), "{path} does not change");
        }
        let unchanged = |path: &str| SHARED.iter().find(|(shared, _)| *shared == path).map_or("", |(_, text)| *text);
        assert!(unchanged("views/marts/customer_retention.sql").contains("o.ordered_at"));
        assert!(unchanged("views/marts/revenue_by_country.sql").contains("c.country_code"));
    }

    #[test]
    fn the_repository_has_the_same_two_commits_wherever_it_is_built() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let commits = folders.each_ref().map(|folder| build(folder.path()).expect("a repository"));
        assert_eq!(commits[0], commits[1]);
        let git = |arguments: &[&str]| run_git(folders[0].path(), arguments).expect("git");
        assert_eq!(git(&["rev-parse", "main", BRANCH]), format!("{}\n{}", commits[0].base, commits[0].head));
        assert_eq!(git(&["status", "--porcelain"]), "");
        assert_eq!(git(&["rev-parse", "--abbrev-ref", "HEAD"]), BRANCH);
        let changes = git(&["diff", "--name-status", "main", BRANCH]);
        let mut changes: Vec<_> = changes.lines().filter_map(|line| line.split('\t').next()).collect();
        changes.sort();
        assert_eq!(changes.concat(), "AADMMMMMMM");
    }

    #[test]
    fn git_that_refuses_is_an_error_that_names_the_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = run_git(folder.path(), &["rev-parse", "--verify", "nowhere"]).expect_err("no such commit");
        assert!(error.to_string().starts_with("git rev-parse --verify nowhere failed: fatal: "), "{error}");
    }
}
