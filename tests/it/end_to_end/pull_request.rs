//! A pull request of the repository itself: the comment, the catalog, the summary, the outputs, and the gate.

use serde_json::{Value, json};

use super::hosted::{Files, Hosted};
use super::job::Job;
use crate::fakes::ingest;

/// A table and views on it.
pub const BASE: Files<'_> = &[
    ("README.md", "# The shop's warehouse\n"),
    ("raw/orders.sql", "CREATE TABLE raw.orders (id integer, customer integer, amount numeric, discount numeric);\n"),
    (
        "views/revenue.sql",
        "CREATE VIEW shop.revenue AS\nSELECT o.customer, sum(o.amount) AS total\nFROM raw.orders AS o\nGROUP BY o.customer;\n",
    ),
    ("views/report.sql", "CREATE VIEW shop.report AS\nSELECT r.customer,\n  r.total\nFROM shop.revenue AS r;\n"),
    ("views/old.sql", "CREATE VIEW shop.old AS\nSELECT o.id\nFROM raw.orders AS o;\n"),
];

const NEW_REVENUE: &str = "CREATE VIEW shop.revenue AS\nSELECT o.customer, sum(o.amount - o.discount) AS total, count(*) AS orders\nFROM raw.orders AS o\nGROUP BY o.customer;\n";
const LARGE: &str = "CREATE VIEW shop.large AS\nSELECT o.id\nFROM raw.orders AS o\nWHERE o.amount > 100;\n";

/// A column that is computed differently, another one, a new view and one less.
pub const REVIEW: Files<'_> = &[("views/revenue.sql", NEW_REVENUE), ("views/large.sql", LARGE), ("views/old.sql", "")];

/// A column that is gone, and `views/report.sql` still reads it.
pub const BREAKING: Files<'_> = &[(
    "views/revenue.sql",
    "CREATE VIEW shop.revenue AS\nSELECT o.customer, max(o.id) AS last_order\nFROM raw.orders AS o\nGROUP BY o.customer;\n",
)];

#[test]
fn a_change_gets_one_comment_that_leads_with_the_verdict() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted).input("dialect", "postgres");
    let done = job.twice().expect_code(0);
    let comment = job.comment();
    let mut lines = comment.lines();
    let marker = lines.next().expect("a first line");
    assert!(marker.starts_with("<!-- ingest-action v=1 ") && marker.ends_with(" -->"), "{marker}");
    assert!(marker.contains(&format!(" head={} run=5000 attempt=1 ", hosted.topic)), "{marker}");
    assert_eq!(lines.next(), Some("### SQL lineage"));
    assert!(comment.contains("🔎 **Please review**"), "{comment}");
    let link = format!("https://github.com/shop/warehouse/blob/{}/views/revenue.sql#L1", hosted.topic);
    let row = format!(
        "| [`shop.revenue`](<{link}>) | `total` | computed differently | \
         `raw.orders.amount` → `raw.orders.amount`, `raw.orders.discount` | `shop.report` |"
    );
    assert!(comment.contains(&row), "{comment}");
    assert!(comment.contains("**Catalog**: 3 changed files: 2 sent and 1 not sent."), "{comment}");
    // The page of the run says the same.
    assert_eq!(done.summary.trim_end(), comment.split_once('\n').expect("lines").1.trim_end());
    assert_eq!(done.report["publication"]["status"], "created");
    assert_eq!(job.github.writes(), ["POST /repos/shop/warehouse/issues/7/comments"]);
}

#[test]
fn the_changed_files_are_sent_as_they_are_with_platform_and_extra_config() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted)
        .input("dialect", "postgres")
        .input("platform", "redshift")
        .input("extra-config", r#"{"z": [1, null], "a": {"b": "ü"}}"#);
    let done = job.run().expect_code(0);
    let body = |content: &str| json!({"content": content, "platform": "redshift", "extra_config": {"z": [1, null], "a": {"b": "ü"}}});
    // The fake takes the token, the method, the path and the content type into account.
    assert_eq!(job.catalog.bodies(), [body(LARGE), body(NEW_REVENUE)]);
    assert_eq!(done.buckets(), ["views/large.sql: sent", "views/old.sql: skipped", "views/revenue.sql: sent"]);
}

#[test]
fn the_platform_follows_from_the_dialect() {
    let hosted = Hosted::new(BASE, BREAKING);
    let job = Job::pull_request(&hosted).input("dialect", "bigquery");
    job.run().expect_code(0);
    let platforms: Vec<Value> = job.catalog.bodies().iter().map(|body| body["platform"].clone()).collect();
    assert_eq!(platforms, ["bigquery"]);
}

#[test]
fn outputs_give_the_report_in_numbers() {
    let hosted = Hosted::new(BASE, REVIEW);
    let done = Job::pull_request(&hosted).run().expect_code(0);
    let expected = [
        ("verdict", "review"),
        ("changed-files", "3"),
        ("changed-assets", "3"),
        ("changed-columns", "4"),
        ("removed-columns", "1"),
        ("downstream-count", "1"),
        ("parse-errors", "0"),
        ("ingest-status", "sent"),
        ("comment-url", "https://github.com/shop/warehouse/pull/7#issuecomment-1001"),
    ];
    for (name, value) in expected {
        assert_eq!(done.outputs[name], value, "{name}");
    }
    let report: Value = serde_json::from_str(&done.outputs["report-json"]).expect("is JSON");
    assert_eq!(report, done.report);
    assert_eq!((&report["base"], &report["head"]), (&json!(hosted.main.as_str()), &json!(hosted.topic.as_str())));
}

#[test]
fn a_breaking_change_is_red_where_fail_on_asks_for_it_and_is_told_all_the_same() {
    let hosted = Hosted::new(BASE, BREAKING);
    let gated = Job::pull_request(&hosted).input("fail-on", "parse-error, breaking");
    let done = gated.twice().expect_code(10);
    assert!(gated.comment().contains("⛔ **Breaking**"), "{}", gated.comment());
    assert!(gated.comment().contains("`views/report.sql:3`"), "{}", gated.comment());
    let annotations = done.annotations();
    assert!(annotations.contains(&"::error::`fail-on` asks for it: breaking"), "{annotations:#?}");
    let at_the_reader =
        "::error file=views/report.sql,line=3,title=Breaks downstream::`shop.revenue.total` is still read";
    assert!(annotations.iter().any(|line| line.starts_with(at_the_reader)), "{annotations:#?}");
    assert_eq!(done.buckets(), ["views/revenue.sql: sent"]);
    let lenient = Job::pull_request(&hosted).input("fail-on", "never");
    lenient.twice().expect_code(0);
    assert!(lenient.comment().contains("⛔ **Breaking**"), "{}", lenient.comment());
}

#[test]
fn hostile_names_and_texts_of_a_change_command_nobody() {
    let path = "views/50%, a:b ##[add-path]\n::error::x.sql";
    let text = "CREATE VIEW shop.x AS SELECT 1 AS a;\nSELECT 'x' FROM\n::stop-commands::now @everyone <img src=x>\n";
    let hosted = Hosted::new(BASE, &[(path, text)]);
    let job = Job::pull_request(&hosted).input("fail-on", "parse-error");
    let done = job.twice().expect_code(10);
    let escaped = "file=views/50%25%2C a%3Ab ";
    let annotations = done.annotations();
    assert!(annotations.iter().any(|line| line.contains(escaped) && line.contains(",line=3,")), "{annotations:#?}");
    let comment = job.comment();
    assert!(comment.contains("**Incomplete**"), "{comment}");
    assert!(!comment.contains("<img"), "{comment}");
    assert!(
        done.ended.stdout.contains("ingest 1/1: views/50%, a:b ## [add-path] ::error::x.sql sent"),
        "{}",
        done.ended.stdout
    );
    assert!(!comment.lines().any(|line| line.starts_with("::error")), "{comment}");
}

#[test]
fn a_token_that_was_committed_is_in_no_output() {
    let text = format!("CREATE VIEW shop.leak AS\nSELECT '{}' AS leak, nope FROM;\n", ingest::TOKEN);
    let hosted = Hosted::new(BASE, &[("views/leak.sql", &text), ("views/large.sql", LARGE)]);
    let job = Job::pull_request(&hosted);
    // That it is nowhere is checked for every run.
    job.twice().expect_code(0);
    assert!(job.comment().contains("views/leak.sql"), "{}", job.comment());
}

#[test]
fn a_change_without_sql_gets_no_comment() {
    let hosted = Hosted::new(BASE, &[("README.md", "# The warehouse\n")]);
    let job = Job::pull_request(&hosted);
    let done = job.twice().expect_code(0);
    assert_eq!((job.comments().len(), job.github.writes().len()), (0, 0));
    assert_eq!(job.catalog.bodies().len(), 0);
    assert_eq!((&*done.outputs["verdict"], &*done.outputs["comment-url"]), ("none", ""));
    assert_eq!(done.summary.trim_end().lines().count(), 1, "{}", done.summary);
}

#[test]
fn a_repository_without_any_sql_gets_no_comment() {
    let repository = Hosted::without_sql();
    let job = Job::pull_request(&repository);
    let done = job.twice().expect_code(0);
    assert_eq!((job.comments().len(), &*done.outputs["changed-files"]), (0, "0"));
}

#[test]
fn the_comment_follows_the_branch_and_becomes_one_line_when_no_sql_change_is_left() {
    let review = Hosted::new(BASE, REVIEW);
    let mut job = Job::pull_request(&review);
    job.run().expect_code(0);
    let breaking = Hosted::new(BASE, BREAKING);
    job.push(&breaking);
    assert_eq!(job.twice().expect_code(0).report["publication"]["status"], "updated");
    assert!(job.comment().contains("⛔ **Breaking**"), "{}", job.comment());
    let none = Hosted::new(BASE, &[("README.md", "# The warehouse\n")]);
    job.push(&none);
    assert_eq!(job.twice().expect_code(0).report["publication"]["status"], "updated");
    let comment = job.comment();
    assert_eq!(comment.trim_end().lines().count(), 2, "{comment}");
    assert!(comment.contains("✅ **No lineage change**"), "{comment}");
    let update = "PATCH /repos/shop/warehouse/issues/comments/1001";
    assert_eq!(job.github.writes(), ["POST /repos/shop/warehouse/issues/7/comments", update, update]);
}

#[test]
fn a_change_too_large_for_one_comment_and_one_run_says_what_is_left_out() {
    let name = |at: usize| format!("views/a_rather_long_name_for_a_view_with_the_number_{at:03}.sql");
    let select = "SELECT o.id, o.customer, o.amount AS amount_before_discount, o.discount FROM raw.orders AS o";
    let files: Vec<(String, String)> =
        (0..150).map(|at| (name(at), format!("CREATE VIEW shop.a_rather_long_name_{at:03} AS {select};\n"))).collect();
    let change: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let hosted = Hosted::new(BASE, &change);
    // No two of the files fit into one request.
    let job = Job::pull_request(&hosted).input("max-request-bytes", "300");
    let done = job.run().expect_code(0);
    let comment = job.comment();
    assert!(comment.len() <= 60_000, "{} bytes", comment.len());
    assert!(comment.contains("**Shortened.**"), "{comment}");
    let count = |bucket: &str| done.buckets().iter().filter(|line| line.ends_with(bucket)).count();
    assert_eq!((count(": sent"), count(": deferred"), done.buckets().len()), (90, 60, 150));
    assert!(comment.contains("90 sent") && comment.contains("60 left for the next run"), "{comment}");
}

#[test]
fn a_repository_below_the_workspace_is_found() {
    let hosted = Hosted::new(BASE, REVIEW);
    let job = Job::pull_request(&hosted);
    let checkout = job.checkout.path();
    let above = checkout.parent().expect("a folder").display().to_string();
    let name = checkout.file_name().expect("a name").display().to_string();
    let job = job.input("workspace", &name).variable("GITHUB_WORKSPACE", &above);
    job.twice().expect_code(0);
    assert!(job.comment().contains("🔎 **Please review**"), "{}", job.comment());
}
