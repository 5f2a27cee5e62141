//! Scenes: reports that reviewers meet, each with the page that they should see in `tests/fixtures/report`.

use ingest_action::diagnostic::{Coverage, Diagnostic, DiagnosticCode, DiagnosticSeverity};
use ingest_action::impact::{
    AssetChange, AssetChangeKind, ClauseChange, ColumnChangeKind, Downstream, RowSetChange, Severity, Verdict,
};
use ingest_action::ingest::outcome::{FileBucket, IngestStatus, SkipReason};
use ingest_action::lineage::model::AssetKind;
use ingest_action::report::{Diagram, DiagramChange, Report};
use ingest_action::revision::HeadRevision;
use ingest_action::source::{FileStatus, ListedBy};
use ingest_action::sql::dialect::Dialect;

use super::samples::*;

/// Every scene by the name of its file.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("no-sql", nothing()),
        ("identical", identical()),
        ("one-change", one_change()),
        ("long-sources", long_sources()),
        ("one-new-view", one_new_view()),
        ("breaking", breaking()),
        ("additive", additive()),
        ("row-set-only", row_set_only()),
        ("parse-errors", parse_errors()),
        ("old-troubles", old_troubles()),
        ("ingest-rejected", ingest_rejected()),
        ("catalog-down", catalog_down()),
        ("fork-without-token", fork_without_token()),
        ("no-token", no_token()),
        ("nothing-to-send", nothing_to_send()),
        ("hostile-names", hostile_names()),
        ("many-changes", many_changes()),
        ("laptop", laptop()),
    ]
}

fn identical() -> Report {
    with_files(nothing(), &[("views/orders.sql", FileStatus::Modified), ("views/users.sql", FileStatus::Renamed)])
}

/// One column gets another source; two views read it.
pub fn one_change() -> Report {
    let mut report = with_files(nothing(), &[("views/orders.sql", FileStatus::Modified)]);
    let mut orders = asset_change("shop.orders", AssetChangeKind::Modified);
    let mut amount = column_change("amount", ColumnChangeKind::LineageChanged);
    amount.base_sources = columns(&["raw.orders.gross"]);
    amount.head_sources = columns(&["raw.orders.net", "raw.taxes.rate"]);
    orders.columns.push(amount);
    orders.base_definition =
        Some("CREATE VIEW shop.orders AS SELECT o.id, o.gross AS amount FROM raw.orders AS o".to_owned());
    orders.head_definition = Some(
        "CREATE VIEW shop.orders AS SELECT o.id, o.net * (1 + t.rate) AS amount FROM raw.orders AS o CROSS JOIN raw.taxes AS t"
            .to_owned(),
    );
    report.impact.assets.push(orders);
    let mut daily = downstream("marts.daily", 1, Severity::Review);
    daily.columns.push(affected("revenue", &["shop.orders.amount"]));
    let mut yearly = downstream("marts.yearly", 2, Severity::Review);
    yearly.via.push(asset("marts.daily"));
    yearly.columns.push(affected("revenue", &["shop.orders.amount"]));
    report.impact.downstream = vec![daily, yearly];
    report.impact.verdict = Verdict::Review;
    report.diagram = Diagram {
        nodes: vec![
            node("marts.daily", DiagramChange::Reached),
            node("marts.yearly", DiagramChange::Reached),
            node("raw.orders", DiagramChange::Unchanged),
            node("shop.orders", DiagramChange::Modified),
        ],
        edges: vec![
            edge("marts.daily", "marts.yearly"),
            edge("raw.orders", "shop.orders"),
            edge("shop.orders", "marts.daily"),
        ],
        omitted_edges: 0,
    };
    report
}

/// One of many sources is exchanged: the page names that one, not all of them twice.
fn long_sources() -> Report {
    let mut report = one_change();
    let amount = &mut report.impact.assets[0].columns[0];
    amount.base_sources = columns(&["raw.a.x", "raw.b.x", "raw.c.x", "raw.d.x", "raw.e.x"]);
    amount.head_sources = columns(&["raw.a.x", "raw.b.x", "raw.c.x", "raw.d.x", "raw.f.x"]);
    report
}

fn one_new_view() -> Report {
    let mut report = with_files(nothing(), &[("views/refunds.sql", FileStatus::Added)]);
    let mut refunds = asset_change("shop.refunds", AssetChangeKind::Added);
    refunds.columns =
        ["id", "amount", "day"].map(|name| column_change(name, ColumnChangeKind::Added)).into_iter().collect();
    refunds.upstream_added = vec![asset("raw.refunds")];
    report.impact.assets.push(refunds);
    report.impact.verdict = Verdict::Additive;
    report.ingest.assets_added = Some(1);
    report.ingest.assets_modified = Some(0);
    report
}

/// A removed column is still read, another file does not parse, the rows of a view change.
pub fn breaking() -> Report {
    let mut report = with_files(
        nothing(),
        &[
            ("views/customers.sql", FileStatus::Modified),
            ("views/legacy.sql", FileStatus::Removed),
            ("views/orders.sql", FileStatus::Modified),
            ("views/refunds.sql", FileStatus::Added),
        ],
    );
    (report.coverage.parsed, report.coverage.partly) = (211, 3);
    (report.coverage.analyzed, report.coverage.stars_unresolved) = (526, 2);
    report.impact.verdict = Verdict::Breaking;
    report.impact.assets = vec![removed_legacy(), broken_orders(), new_refunds()];
    report.impact.downstream = broken_marts();
    report.diagnostics = vec![
        parse_error("views/customers.sql", 30, "expected `)`, found end of file")
            .hint("set `dialect: bigquery` when the file is not PostgreSQL"),
        old_star(),
    ];
    report.ingest.files[1].bucket = FileBucket::Skipped(SkipReason::RemovedFile);
    report.ingest.assets_added = Some(1);
    report.ingest.assets_modified = Some(2);
    report.diagram = Diagram {
        nodes: vec![
            node("marts.daily", DiagramChange::Broken),
            node("raw.refunds", DiagramChange::Unchanged),
            node("raw.taxes", DiagramChange::Unchanged),
            node("shop.orders", DiagramChange::Modified),
            node("shop.refunds", DiagramChange::Added),
        ],
        edges: vec![
            edge("raw.refunds", "shop.refunds"),
            edge("raw.taxes", "shop.orders"),
            edge("shop.orders", "marts.daily"),
            edge("shop.orders", "shop.refunds"),
        ],
        omitted_edges: 0,
    };
    report
}

fn clause(clause: RowSetChange, base: &[&str], head: &[&str]) -> ClauseChange {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ClauseChange { clause, base: texts(base), head: texts(head) }
}

fn broken_orders() -> AssetChange {
    let mut orders = asset_change("shop.orders", AssetChangeKind::Modified);
    let mut amount = column_change("amount", ColumnChangeKind::Removed);
    amount.base_sources = columns(&["raw.orders.gross"]);
    amount.readers = vec![reader("marts/daily.sql:12", "amount"), reader("marts/weekly.sql:9", "amount")];
    let mut total = column_change("total", ColumnChangeKind::Renamed);
    total.previous_name = Some(column("x.sum").column);
    total.base_sources = columns(&["raw.orders.net"]);
    total.head_sources = total.base_sources.clone();
    let mut id = column_change("id", ColumnChangeKind::TypeChanged);
    (id.base_type, id.head_type) = (Some("INT".to_owned()), Some("BIGINT".to_owned()));
    id.base_sources = columns(&["raw.orders.id"]);
    id.head_sources = id.base_sources.clone();
    orders.columns = vec![id, total, amount];
    orders.row_set = vec![
        clause(RowSetChange::Filter, &["where not raw.orders.deleted"], &["where not raw.orders.test"]),
        clause(RowSetChange::Join, &[], &["join raw.taxes using (id)"]),
    ];
    orders.upstream_added = vec![asset("raw.taxes")];
    orders.base_definition = Some(
        "CREATE VIEW shop.orders AS\nSELECT id, net AS sum, gross AS amount\nFROM raw.orders\nWHERE NOT deleted"
            .to_owned(),
    );
    orders.head_definition = Some(
        "CREATE VIEW shop.orders AS\nSELECT id, net AS total\nFROM raw.orders\nJOIN raw.taxes USING (id)\nWHERE NOT test"
            .to_owned(),
    );
    orders
}

fn removed_legacy() -> AssetChange {
    let mut legacy = asset_change("shop.legacy", AssetChangeKind::Removed);
    legacy.columns = vec![column_change("id", ColumnChangeKind::Removed)];
    legacy
}

fn new_refunds() -> AssetChange {
    let mut refunds = asset_change("shop.refunds", AssetChangeKind::Added);
    refunds.columns = ["id", "amount"].map(|name| column_change(name, ColumnChangeKind::Added)).into_iter().collect();
    refunds.upstream_added = vec![asset("raw.refunds"), asset("shop.orders")];
    refunds
}

fn broken_marts() -> Vec<Downstream> {
    let mut daily = downstream("marts.daily", 1, Severity::Breaking);
    daily.columns = vec![affected("revenue", &["shop.orders.amount"])];
    daily.readers = vec![reader("marts/daily.sql:12", "amount")];
    let mut weekly = downstream("marts.weekly", 1, Severity::Breaking);
    weekly.columns = vec![affected("revenue", &["shop.orders.amount"])];
    let mut board = downstream("board.revenue", 2, Severity::Review);
    board.via = vec![asset("shop.orders"), asset("marts.daily")];
    vec![daily, weekly, board]
}

fn old_star() -> Diagnostic {
    let message = "the columns of raw.events are not known";
    let file = path("etl/load.sql");
    let star = Diagnostic::new(DiagnosticCode::UnresolvedStar, DiagnosticSeverity::Warning, &file, message);
    Diagnostic { preexisting: true, ..star.at(3, 8) }
}

fn additive() -> Report {
    let mut report =
        with_files(nothing(), &[("views/orders.sql", FileStatus::Modified), ("views/refunds.sql", FileStatus::Added)]);
    report.impact.verdict = Verdict::Additive;
    let mut orders = asset_change("shop.orders", AssetChangeKind::Modified);
    let mut day = column_change("day", ColumnChangeKind::Added);
    day.head_sources = columns(&["raw.orders.created_at"]);
    orders.columns = vec![day];
    let mut refunds = asset_change("shop.refunds", AssetChangeKind::Added);
    refunds.upstream_added = vec![asset("raw.refunds")];
    report.impact.assets = vec![orders, refunds];
    report
}

fn row_set_only() -> Report {
    let mut report = with_files(nothing(), &[("views/orders.sql", FileStatus::Modified)]);
    let mut orders = asset_change("shop.orders", AssetChangeKind::Modified);
    orders.row_set = vec![
        clause(RowSetChange::Filter, &["where raw.orders.deleted is null"], &[]),
        clause(RowSetChange::Distinct, &["distinct a…#0123456789abcdef"], &["distinct a…#fedcba9876543210"]),
    ];
    report.impact.assets.push(orders);
    report.impact.downstream =
        (1..=7).map(|number| downstream(&format!("marts.m{number}"), 1, Severity::Review)).collect();
    report.impact.verdict = Verdict::Review;
    report
}

/// A changed file is broken anew, another one as before; nothing else is seen to change.
pub fn parse_errors() -> Report {
    let mut report = with_files(
        nothing(),
        &[
            ("etl/load.sql", FileStatus::Modified),
            ("etl/new.sql", FileStatus::Added),
            ("etl/ok.sql", FileStatus::Modified),
        ],
    );
    report.impact.verdict = Verdict::Incomplete;
    report.coverage.parsed = 211;
    report.coverage.partly = 2;
    report.coverage.failed = 1;
    report.coverage.analyzed = 525;
    report.files[0].statements = 12;
    report.files[0].analyzed = 11;
    report.files[1].statements = 4;
    report.files[1].analyzed = 2;
    let old = parse_error("etl/load.sql", 14, "expected an expression, found `FROM`");
    report.diagnostics = vec![
        parse_error("etl/new.sql", 3, "expected end of statement, found `SELEC`"),
        parse_error("etl/new.sql", 9, "unclosed string literal"),
        Diagnostic { preexisting: true, ..old },
        Diagnostic { preexisting: true, ..parse_error("old/broken.sql", 1, "expected a statement, found `%`") },
    ];
    report
}

/// A file that was never wholly understood is changed, in a repository with many such files and two dialects.
fn old_troubles() -> Report {
    let files = ["views/bigquery/orders.sql", "views/bigquery/tax.sql", "views/orders.sql"];
    let mut report = with_files(one_change(), &files.map(|file| (file, FileStatus::Modified)));
    report.impact.verdict = Verdict::Incomplete;
    report.coverage =
        Coverage { parsed: 200, partly: 12, failed: 2, analyzed: 441, stars_unresolved: 60, ..report.coverage };
    (report.files[0].dialect, report.files[0].dialect_reason) = (Dialect::BigQuery, "evidence: `a.b.c`".to_owned());
    (report.files[1].dialect, report.files[1].dialect_reason) =
        (Dialect::BigQuery, "like most SQL in `views/bigquery`".to_owned());
    (report.files[2].statements, report.files[2].analyzed) = (9, 8);
    let star = |file: &str, line| {
        let message = "a `*` stands for columns that no file of the repository defines";
        Diagnostic::new(DiagnosticCode::UnresolvedStar, DiagnosticSeverity::Warning, &path(file), message)
            .at(line, 1)
            .hint("CREATE TABLE statements among the files that are read")
    };
    let mut found =
        vec![parse_error("views/orders.sql", 40, "found `$a$ BEGIN EXECUTE replace($b$…` where LANGUAGE was expected")];
    found.extend(
        (1..90).map(|number| {
            parse_error(&format!("old/{number}.sql"), number, "found `%` where a statement was expected")
        }),
    );
    found.extend([11, 15, 19, 23].map(|line| star("views/bigquery/orders.sql", line)));
    found.extend((1..61).map(|line| star("old/1.sql", line)));
    report.diagnostics = found.into_iter().map(|told| Diagnostic { preexisting: true, ..told }).collect();
    report
}

fn ingest_rejected() -> Report {
    let mut report = with_files(
        one_change(),
        &[
            ("views/gone.sql", FileStatus::Removed),
            ("views/late.sql", FileStatus::Modified),
            ("views/orders.sql", FileStatus::Modified),
            ("views/same.sql", FileStatus::Modified),
        ],
    );
    report.ingest.status = IngestStatus::Partial;
    report.ingest.assets_modified = None;
    report.ingest.files = vec![
        outcome("views/gone.sql", FileBucket::Skipped(SkipReason::RemovedFile)),
        outcome("views/late.sql", FileBucket::Deferred),
        outcome("views/orders.sql", FileBucket::Rejected),
        outcome("views/same.sql", FileBucket::Unchanged),
    ];
    report.ingest.files[1].message = Some("the catalog takes 100 requests in 5 minutes".to_owned());
    let orders = &mut report.ingest.files[2];
    orders.code = Some("PARSER_ERROR".to_owned());
    orders.line = Some(15);
    orders.message = Some("Error at line 15: Expected ';' but found ')'".to_owned());
    report
}

fn catalog_down() -> Report {
    let mut report = with_files(
        one_change(),
        &[("views/items.sql", FileStatus::Modified), ("views/orders.sql", FileStatus::Modified)],
    );
    report.ingest.status = IngestStatus::Failed;
    for file in &mut report.ingest.files {
        file.bucket = FileBucket::Rejected;
        file.code = Some("AUTHENTICATION_ERROR".to_owned());
        file.message = Some("Invalid or expired token".to_owned());
    }
    report.ingest.assets_added = None;
    report
}

fn fork_without_token() -> Report {
    let mut report = one_change();
    report.ingest = skipped(SkipReason::ForkWithoutSecrets);
    report.ingest.files = vec![outcome("views/orders.sql", FileBucket::Skipped(SkipReason::ForkWithoutSecrets))];
    report
}

fn no_token() -> Report {
    let mut report = one_change();
    report.ingest = skipped(SkipReason::NoToken);
    report.ingest.files = vec![outcome("views/orders.sql", FileBucket::Skipped(SkipReason::NoToken))];
    report
}

/// Two files go, and one that is left is for the way back only.
fn nothing_to_send() -> Report {
    let files = ["migrations/7/down.sql", "views/gone.sql", "views/old.sql"];
    let mut report = with_files(one_change(), &files.map(|file| (file, FileStatus::Removed)));
    report.files[0].status = FileStatus::Added;
    let down = SkipReason::NothingToSend { what: "a down migration".to_owned() };
    let reasons = [down, SkipReason::RemovedFile, SkipReason::RemovedFile];
    report.ingest = skipped(reasons[0].clone());
    let rows = files.iter().zip(reasons);
    report.ingest.files = rows.map(|(file, reason)| outcome(file, FileBucket::Skipped(reason))).collect();
    report
}

/// Names, paths and messages that try to be more than text.
pub fn hostile_names() -> Report {
    let name = "shop.\"<img src=x onerror=alert(1)>|@octocat `code` ](https://evil.example) #1\u{202e}\"";
    let mut report = with_files(
        nothing(),
        &[("views/a|b `c` [x](y) @octocat #2.sql", FileStatus::Modified), ("views/über größe.sql", FileStatus::Added)],
    );
    report.comment_id = "<!-- ingest-action --> *x*".to_owned();
    let mut hostile = asset_change(name, AssetChangeKind::Modified);
    hostile.file = Some(path("views/a|b `c` [x](y) @octocat #2.sql"));
    let mut gone = column_change("a\n\n## heading\n</details>\u{1b}[31m", ColumnChangeKind::Removed);
    gone.readers = vec![reader("views/über größe.sql:3", "x")];
    gone.base_sources = vec![column("raw.`t`.c|d\\")];
    let mut added = column_change("👨\u{200d}👩\u{200d}👧_total", ColumnChangeKind::Added);
    added.head_sources = vec![column("原料.売上.金額")];
    hostile.columns = vec![added, gone];
    hostile.base_definition = Some("SELECT '```\n</details><!-- ingest-action -->@octocat' AS a FROM t".to_owned());
    hostile.head_definition = Some("SELECT '````\n</details>' AS a FROM t".to_owned());
    report.impact.assets = vec![hostile];
    report.impact.verdict = Verdict::Breaking;
    report.impact.downstream = vec![downstream("%%{init: {}}%%\"] --> x[\"", 1, Severity::Breaking)];
    report.diagnostics = vec![parse_error(
        "views/über größe.sql",
        3,
        "see https://evil.example and www.evil.example, ask @octocat or a@b.example in #1, owner/repo#2, GH-3, !4, \
         9f8e7d6c5b9f8e7d6c5b9f8e7d6c5b9f8e7d6c5b, ![i](u) <b>bold</b> :100: $x$ [[wiki]]\n# heading",
    )];
    report.diagram = Diagram {
        nodes: vec![node("%%{init: {}}%%\"] --> x[\"", DiagramChange::Broken), node(name, DiagramChange::Modified)],
        edges: vec![edge(name, "%%{init: {}}%%\"] --> x[\"")],
        omitted_edges: 0,
    };
    report
}

/// A rewrite of a whole warehouse.
pub fn many_changes() -> Report {
    let files: Vec<String> = (0..64).map(|number| format!("views/area{}/v{number:02}.sql", number % 12)).collect();
    let rows: Vec<(&str, FileStatus)> = files.iter().map(|file| (file.as_str(), FileStatus::Modified)).collect();
    let mut report = with_files(nothing(), &rows);
    report.impact.verdict = Verdict::Breaking;
    for (number, file) in files.iter().enumerate() {
        let mut view = asset_change(&format!("shop.v{number:02}"), AssetChangeKind::Modified);
        view.file = Some(path(file));
        for index in 0..8 {
            let change = match (number, index) {
                (0..4, 0) => ColumnChangeKind::Removed,
                (_, 1) => ColumnChangeKind::LineageChanged,
                _ => ColumnChangeKind::Added,
            };
            let mut changed = column_change(&format!("c{index}"), change);
            if change == ColumnChangeKind::Removed {
                changed.readers = vec![reader(&format!("marts/m{number}.sql:5"), "c0")];
            }
            view.columns.push(changed);
        }
        view.base_definition = Some(format!("SELECT {number} AS a"));
        view.head_definition = Some(format!("SELECT {number} AS b"));
        report.impact.assets.push(view);
    }
    report.impact.downstream = (0..40)
        .map(|number| {
            let severity = if number < 4 { Severity::Breaking } else { Severity::Review };
            downstream(&format!("marts.m{number}"), 1 + number % 3, severity)
        })
        .collect();
    report.impact.downstream[5].kind = AssetKind::Table;
    report
}

/// What `preview` sees of uncommitted work: no links, nothing sent.
pub fn laptop() -> Report {
    let mut report = breaking();
    report.head = HeadRevision::Worktree;
    report.blob_url = None;
    report.run_url = None;
    report.listed_by = ListedBy::GitDiff;
    report.ingest = skipped(SkipReason::Mode { mode: "preview".to_owned() });
    report.ingest.mode = "preview".to_owned();
    report
}
