//! Migrations: which files and parts undo, and in which order files run.

use std::cmp::Ordering;

use crate::path::RepoPath;

/// Whether a file undoes a migration: `down.sql`, `x.down.sql`, `x_down.sql`, a file below a folder `down`. Or takes down
/// what the scripts beside it set up: `DropTables.sql`, `uninstall.sql`, which run when all is over.
#[must_use]
pub fn is_down(path: &RepoPath) -> bool {
    let stem = path.stem().to_lowercase();
    if takes_all_down(&stem) {
        return true;
    }
    let folder_is_down = path.folder().split('/').any(|part| part.eq_ignore_ascii_case("down"));
    stem == "down" || stem.ends_with(".down") || stem.ends_with("_down") || folder_is_down
}

/// Whether a name says that all of a kind is dropped, and not a certain thing.
fn takes_all_down(stem: &str) -> bool {
    let stem: String = stem.chars().filter(|character| !matches!(character, '_' | '-' | ' ')).collect();
    let dropped = stem.strip_prefix("drop");
    let kinds = ["all", "everything", "database", "schema", "tables", "views", "functions", "procedures", "types"];
    matches!(stem.as_str(), "uninstall" | "teardown") || dropped.is_some_and(|kind| kinds.contains(&kind))
}

/// The text up to a `-- migrate:down` (dbmate), `-- +goose Down`, `-- +migrate Down` or `--//@UNDO` (MyBatis) line.
#[must_use]
pub fn up_part(text: &str) -> &str {
    if !text.contains("--") {
        return text;
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.trim_start().strip_prefix("--").map(|rest| rest.trim().to_lowercase());
        if comment.is_some_and(|words| {
            words.starts_with("migrate:down")
                || words.starts_with("+goose down")
                || words.starts_with("+migrate down")
                || words.starts_with("//@undo")
                || words.starts_with("@undo")
        }) {
            return text.get(..offset).unwrap_or(text);
        }
        offset += line.len();
    }
    text
}

/// The folder of the numbered sequence that a file belongs to: `migrations/` of `migrations/0001_init.sql` and of
/// `migrations/2020-01-02_x/up.sql`. Files of one sequence run in the order of their numbers, whatever they mention.
#[must_use]
pub fn sequence(path: &RepoPath) -> Option<&str> {
    let mut start = 0;
    for part in path.as_str().split('/') {
        let digits = part.strip_prefix(['V', 'v']).unwrap_or(part);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            return path.as_str().get(..start);
        }
        start += part.len() + 1;
    }
    None
}

/// The order in which files run: by path, numbers by their value (`V2` before `V10`).
#[must_use]
pub fn compare(left: &RepoPath, right: &RepoPath) -> Ordering {
    natural(left.as_str(), right.as_str()).then_with(|| left.cmp(right))
}

fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (digits_left, rest_left) = leading_digits(left);
                let (digits_right, rest_right) = leading_digits(right);
                let (a, b) = (digits_left.trim_start_matches('0'), digits_right.trim_start_matches('0'));
                let order = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (rest_left, rest_right);
            }
            (Some(a), Some(b)) => {
                // A folder's end sorts before every other character, so that a folder's files stay together.
                let rank = |c: char| if c == '/' { '\0' } else { c };
                let order = rank(a).cmp(&rank(b));
                if order != Ordering::Equal {
                    return order;
                }
                left = left.get(a.len_utf8()..).unwrap_or_default();
                right = right.get(b.len_utf8()..).unwrap_or_default();
            }
        }
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    #[test]
    fn down_migrations_are_recognised() {
        for name in ["migrations/2020_x/down.sql", "0001.down.sql", "0001_init_down.sql", "down/0001.sql"] {
            assert!(is_down(&path(name)), "{name}");
        }
        for name in ["sql/DropTables.sql", "drop_all.sql", "Uninstall.sql", "tear-down.sql"] {
            assert!(is_down(&path(name)), "{name}");
        }
        for name in ["migrations/2020_x/up.sql", "countdown.sql", "models/breakdown.sql", "downtime.sql"] {
            assert!(!is_down(&path(name)), "{name}");
        }
        for name in ["drop_old_orders.sql", "migrations/V3__drop_tables.sql", "uninstalls.sql"] {
            assert!(!is_down(&path(name)), "{name}");
        }
        assert_eq!(up_part("create table t (a int);\n-- migrate:down\ndrop table t;"), "create table t (a int);\n");
    }

    #[test]
    fn numbered_files_and_folders_are_a_sequence() {
        assert_eq!(sequence(&path("db/migrations/V2__x.sql")), Some("db/migrations/"));
        assert_eq!(sequence(&path("migrations/2020-01-02_x/up.sql")), Some("migrations/"));
        assert_eq!(sequence(&path("0001.sql")), Some(""));
        assert_eq!(sequence(&path("views/orders.sql")), None);
    }

    #[test]
    fn numbers_sort_by_value() {
        let mut paths = ["m/V10__x.sql", "m/V2__x.sql", "m/V2__a/b.sql", "m/V02_1.sql"].map(path);
        paths.sort_by(compare);
        let names: Vec<&str> = paths.iter().map(RepoPath::as_str).collect();
        assert_eq!(names, ["m/V02_1.sql", "m/V2__a/b.sql", "m/V2__x.sql", "m/V10__x.sql"]);
    }
}
