//! `preview` on a laptop: the report of what is on disk, without any network.

use serde_json::Value;

use super::contract;
use super::hosted::Hosted;
use super::job::Job;
use super::pull_request::{BASE, BREAKING, REVIEW};
use crate::fakes::http::{Reply, Server};
use crate::harness::{Ended, Tool};
use crate::repository::Repository;

/// Calls `preview` where every way out leads to a server that nobody may ask.
fn preview(repository: &Repository, arguments: &[&str]) -> Ended {
    let trap = Server::start(|_| Reply::empty(200));
    let mut tool = Tool::new(["preview"].iter().chain(arguments)).current_folder(repository.path());
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        tool = tool.variable(proxy, trap.url());
    }
    let tool = tool.variable("DATASCALE_API_URL", trap.url()).secret("DATASCALE_TOKEN", "dsk_live_laptop_77");
    let ended = tool.run();
    assert_eq!(trap.requests().len(), 0, "a preview uses no network");
    ended
}

/// A clone with work that is not committed: an edited file and one that git does not know yet.
fn with_uncommitted_work() -> Repository {
    let repository = Repository::new();
    for (path, text) in BASE {
        repository.write(path, text);
    }
    repository.commit("start");
    repository.write(BREAKING[0].0, BREAKING[0].1);
    repository.write("views/untracked.sql", "CREATE VIEW shop.untracked AS\nSELECT o.amount\nFROM raw.orders AS o;\n");
    repository
}

#[test]
fn the_terminal_shows_uncommitted_and_untracked_sql() {
    let repository = with_uncommitted_work();
    let ended = preview(&repository, &[]).expect_code(0);
    assert!(ended.stdout.starts_with("⛔ Breaking"), "{}", ended.stdout);
    for part in ["shop.untracked", "shop.revenue.total", "views/report.sql:3", "a preview sends nothing"] {
        assert!(ended.stdout.contains(part), "{part} is not in\n{}", ended.stdout);
    }
    // No colour where there is no terminal, and no markup.
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stdout.contains("**"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
}

#[test]
fn files_that_cannot_be_understood_are_each_named_and_the_rest_is_reported() {
    let repository = with_uncommitted_work();
    let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n";
    for (path, content) in [
        ("bad/latin.sql", b"CREATE VIEW l AS SELECT '\xe9' AS x;".as_slice()),
        ("bad/deep.sql", deep.as_bytes()),
        ("bad/lfs.sql", lfs.as_bytes()),
        ("bad/broken.sql", b"CREATE VIEW b AS SELEC a FROM t;"),
        ("bad/a b %0A ##[x]|`.sql", b"CREATE VIEW odd AS SELECT a FROM t;"),
    ] {
        repository.write(path, content);
    }
    std::os::unix::fs::symlink("/etc/hostname", repository.path().join("bad/link.sql")).expect("is linked");
    let arguments = ["--max-file-bytes", "30000"];
    repository.write("bad/big.sql", "-- a long dump\n".repeat(3_000));
    let ended = preview(&repository, &arguments).expect_code(0);
    for part in [
        "bad/big.sql could not be read: 45000 bytes, over the limit of 30000 (max-file-bytes)",
        "bad/broken.sql:1 was understood for tables, not for columns: found `SELEC`",
        "bad/deep.sql:1 was not understood: nested deeper than 600 levels",
        "bad/latin.sql could not be read: not UTF-8",
        "bad/lfs.sql could not be read: a Git LFS pointer",
        "bad/link.sql was refused: a symbolic link, which is never followed",
        "shop.revenue.total",
        "odd",
    ] {
        assert!(ended.stdout.contains(part), "{part} is not in\n{}", ended.stdout);
    }
}

#[test]
fn a_second_preview_prints_the_same_bytes_and_leaves_no_trace() {
    let repository = with_uncommitted_work();
    for format in ["terminal", "markdown", "json"] {
        let before = repository.git(&["status", "--porcelain"]);
        let first = preview(&repository, &["--format", format]).expect_code(0);
        let second = preview(&repository, &["--format", format]).expect_code(0);
        assert_eq!(first.stdout, second.stdout);
        assert_eq!(repository.git(&["status", "--porcelain"]), before);
    }
}

#[test]
fn json_is_the_report_of_the_contract() {
    let repository = with_uncommitted_work();
    let ended = preview(&repository, &["--format", "json"]).expect_code(0);
    let report: Value = serde_json::from_str(&ended.stdout).expect("is JSON");
    contract::assert_is_report(&report);
    assert_eq!((report["head"].as_str(), report["verdict"].as_str()), (Some("worktree"), Some("breaking")));
    assert_eq!(report["base"], repository.head().as_str());
    let paths: Vec<&str> =
        report["files"].as_array().expect("a list").iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["views/revenue.sql", "views/untracked.sql"]);
    assert_eq!(report["publication"]["status"], "skipped");
}

#[test]
fn a_gate_on_a_laptop_ends_with_its_code_after_the_report() {
    let repository = with_uncommitted_work();
    let ended = preview(&repository, &["--fail-on", "breaking"]).expect_code(10);
    assert!(ended.stdout.starts_with("⛔ Breaking"), "{}", ended.stdout);
    preview(&repository, &["--fail-on", "parse-error"]).expect_code(0);
}

#[test]
fn a_preview_outside_of_a_repository_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = Tool::new(["preview"]).current_folder(folder.path()).run().expect_code(3);
    assert!(ended.stderr.contains("start the command inside of a git repository"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_preview_with_an_unknown_base_says_so() {
    let repository = with_uncommitted_work();
    let ended = preview(&repository, &["--base", "nowhere"]).expect_code(3);
    assert!(
        ended.stderr.contains("\"nowhere\" names no commit") && ended.stderr.contains("--base"),
        "{}",
        ended.stderr
    );
}

/// The comment as it is documented in `--help`: that of CI but for links to files and the words about the catalog.
#[test]
fn the_markdown_is_the_comment_of_ci_without_links_and_catalog() {
    for change in [REVIEW, BREAKING] {
        let hosted = Hosted::new(BASE, change);
        let job = Job::pull_request(&hosted);
        job.run().expect_code(0);
        let comment = job.comment();
        let (_marker, comment) = comment.split_once('\n').expect("lines");
        let arguments = ["--base", hosted.main.as_str(), "--head", hosted.merge.as_str(), "--forge", "github"];
        let ended = preview(&hosted.repository, &arguments).expect_code(0);
        assert_eq!(common(comment), common(&ended.stdout));
    }
}

/// A page without the targets of its links, its catalog section and its last line, which says how the change was found.
fn common(page: &str) -> String {
    let mut plain = String::new();
    for (index, part) in page.split("](<").enumerate() {
        let part = if index > 0 { part.split_once(">)").expect("the link ends").1 } else { part };
        plain.push_str(part);
    }
    let plain = plain.replace("[`", "`");
    let blocks: Vec<&str> = plain.split("\n\n").collect();
    let catalog = |block: &str| block.starts_with("**Catalog**") || block.starts_with("| File | Result |");
    let last = |block: &str| block.starts_with("<sub>");
    let kept: Vec<&str> = blocks.into_iter().filter(|block| !catalog(block) && !last(block)).collect();
    kept.join("\n\n")
}
