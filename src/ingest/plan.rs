//! From the changed files to the requests that would carry them: pure, so that `ingest --dry-run` shows the truth.
//!
//! Each file is one request, since the API answers for a request as a whole and a broken file must not take others
//! with it. What cannot be sent is in the plan too, with the reason. Sending is [`super::send`]'s part.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::ingest::SendLimits;
use crate::ingest::outcome::{FileOutcome, IngestOutcome, SkipReason, Totals};
use crate::path::RepoPath;
use crate::sql::template::LineMap;

/// A changed file, ready to be sent or with the reason why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub path: RepoPath,
    /// The API's word for the file's kind of database; `None`: the API guesses.
    pub platform: Option<String>,
    /// The SQL for the catalog, or why there is none.
    pub content: Result<Arc<str>, SkipReason>,
    /// From the content's lines to the file's.
    pub line_map: LineMap,
}

/// What holds for the whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanOptions {
    /// The mode in force, for the outcome (`pull_request`, `merge`, `never`, `preview`).
    pub mode: String,
    /// The setting `platform`; it wins over each file's own.
    pub platform: Option<String>,
}

/// One request: one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRequest {
    /// The file.
    pub path: RepoPath,
    /// The API's word for the kind of database; `None`: left out of the body.
    pub platform: Option<String>,
    /// The SQL.
    pub content: Arc<str>,
    /// From the content's lines to the file's.
    pub line_map: LineMap,
}

/// What would be sent, in order, and what would not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) mode: String,
    pub(super) requests: Vec<PlannedRequest>,
    pub(super) skipped: Vec<FileOutcome>,
}

/// Plans one request for each file with SQL, in the given order. Of several candidates with one path the first counts.
#[must_use]
pub fn plan(candidates: Vec<Candidate>, options: &PlanOptions) -> Plan {
    let mut plan = Plan { mode: options.mode.clone(), requests: Vec::new(), skipped: Vec::new() };
    let mut seen = BTreeSet::new();
    for candidate in candidates {
        if !seen.insert(candidate.path.clone()) {
            continue;
        }
        let Candidate { path, platform, content, line_map } = candidate;
        match content {
            Ok(content) if has_statement(&content) => {
                let platform = options.platform.clone().or(platform);
                plan.requests.push(PlannedRequest { path, platform, content, line_map });
            }
            Ok(_) => {
                let what = "no statement, only comments or white space".to_owned();
                plan.skipped.push(FileOutcome::skipped(path, SkipReason::NothingToSend { what }));
            }
            Err(reason) => plan.skipped.push(FileOutcome::skipped(path, reason)),
        }
    }
    plan
}

/// The outcome when the plan is not carried out: no token, a fork, a mode that forbids it, a preview. Files that would
/// not have been sent anyway keep their own reason.
#[must_use]
pub fn outcome_without_sending(plan: Plan, reason: &SkipReason, mode: &str) -> IngestOutcome {
    let changed = plan.paths();
    let not_sent = plan.requests.into_iter().map(|request| FileOutcome::skipped(request.path, reason.clone()));
    let rows = plan.skipped.into_iter().chain(not_sent).collect();
    IngestOutcome::account(mode.to_owned(), &changed, rows, Totals::default())
}

impl Plan {
    /// The requests in the order of sending.
    #[must_use]
    pub fn requests(&self) -> &[PlannedRequest] {
        &self.requests
    }

    /// The files that are not sent, each [`FileBucket::Skipped`](super::outcome::FileBucket::Skipped).
    #[must_use]
    pub fn skipped(&self) -> &[FileOutcome] {
        &self.skipped
    }

    /// Every changed file of the plan.
    pub(super) fn paths(&self) -> BTreeSet<RepoPath> {
        let sent = self.requests.iter().map(|request| &request.path);
        sent.chain(self.skipped.iter().map(|row| &row.path)).cloned().collect()
    }

    /// The plan for people, as `ingest --dry-run` prints it: one line a file, then how many requests it takes.
    #[must_use]
    pub fn render(&self, limits: &SendLimits) -> String {
        let mut text = String::new();
        for request in &self.requests {
            let platform = request.platform.as_deref().map_or_else(|| "not stated".to_owned(), printable);
            let size = size(request.content.len());
            // Writing to a String cannot fail.
            let _ = writeln!(text, "send  {}  ({size}, platform {platform})", printable(request.path.as_str()));
        }
        for row in &self.skipped {
            if let super::outcome::FileBucket::Skipped(reason) = &row.bucket {
                let reason = printable(&reason.to_string());
                let _ = writeln!(text, "skip  {}  ({reason})", printable(row.path.as_str()));
            }
        }
        text.push_str(&self.summary(limits));
        text
    }

    fn summary(&self, limits: &SendLimits) -> String {
        let planned = self.requests.len();
        let bytes = self.requests.iter().map(|request| request.content.len()).sum();
        let mut text = format!("{}, {} of SQL; {} skipped\n", requests(planned), size(bytes), self.skipped.len());
        let later = planned.saturating_sub(limits.max_requests);
        if later > 0 {
            let _ =
                writeln!(text, "one run makes at most {}: {later} would be deferred", requests(limits.max_requests));
        }
        text
    }
}

fn requests(count: usize) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

/// Sizes as people read them; SQL files are small, so kilobytes are enough.
fn size(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1000 => format!("{bytes} bytes"),
        _ => format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100),
    }
}

/// File names are hostile text: control characters (line ends, escape sequences) and marks that reorder text are
/// written out instead of reaching a terminal.
fn printable(text: &str) -> String {
    let reorders =
        |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || reorders(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether there is anything besides white space, comments and semicolons. When in doubt there is: then the API decides.
pub(super) fn has_statement(sql: &str) -> bool {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == '\u{feff}');
        let comment_end = if rest.is_empty() {
            return false;
        } else if rest.starts_with("--") || rest.starts_with('#') {
            rest.find('\n').map(|at| at + 1)
        } else if rest.starts_with("/*") && !rest.starts_with("/*!") {
            // MySQL runs what stands in `/*! … */`.
            rest.match_indices("*/").map(|(at, end)| at + end.len()).find(|end| *end >= 4)
        } else {
            return true;
        };
        // A comment that nobody closes reaches to the end.
        rest = comment_end.and_then(|end| rest.get(end..)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::outcome::{FileBucket, IngestStatus};

    fn candidate(path: &str, content: Result<&str, SkipReason>) -> Candidate {
        Candidate {
            path: RepoPath::new(path).expect("inside"),
            platform: Some("postgres".to_owned()),
            content: content.map(Arc::from),
            line_map: LineMap::default(),
        }
    }

    fn planned(candidates: Vec<Candidate>) -> Plan {
        plan(candidates, &PlanOptions { mode: "pull_request".to_owned(), platform: None })
    }

    #[test]
    fn a_dry_run_shows_files_sizes_platforms_and_requests() {
        let statement = format!("SELECT '{}'", "x".repeat(1240));
        let mut guessed = candidate("views/b.sql", Ok(&statement));
        guessed.platform = None;
        let plan = planned(vec![
            guessed,
            candidate("views/a\n\u{1b}[31m.sql", Ok("DROP VIEW v")),
            candidate("gone.sql", Err(SkipReason::RemovedFile)),
        ]);
        assert_eq!(
            plan.render(&SendLimits { max_requests: 1, ..SendLimits::default() }),
            "send  views/b.sql  (1.2 kB, platform not stated)\n\
             send  views/a\\n\\u{1b}[31m.sql  (11 bytes, platform postgres)\n\
             skip  gone.sql  (the file was removed, and the API has no route to delete)\n\
             2 requests, 1.2 kB of SQL; 1 skipped\n\
             one run makes at most 1 request: 1 would be deferred\n"
        );
    }

    #[test]
    fn files_without_a_statement_are_not_sent() {
        for empty in
            ["", " \n;\n", "-- only words", "/* a */ -- b\n# c\n;", "/*/ still a comment */", "/* never closed"]
        {
            assert!(!has_statement(empty), "{empty:?}");
        }
        for sql in ["SELECT 1", "-- a\nSELECT 1", "/* a */SELECT 1", "/*! SELECT 1 */", "/**/ x", "--é\né"] {
            assert!(has_statement(sql), "{sql:?}");
        }
        let plan = planned(vec![candidate("a.sql", Ok("-- moved to b.sql\n"))]);
        assert_eq!(plan.requests(), []);
        assert_eq!(plan.skipped().len(), 1);
    }

    #[test]
    fn the_platform_setting_wins_over_the_file() {
        let options = PlanOptions { mode: String::new(), platform: Some("redshift".to_owned()) };
        let plan = plan(vec![candidate("a.sql", Ok("SELECT 1"))], &options);
        assert_eq!(plan.requests()[0].platform.as_deref(), Some("redshift"));
    }

    #[test]
    fn without_sending_every_file_is_skipped_for_a_reason() {
        let plan = planned(vec![
            candidate("b.sql", Ok("SELECT 1")),
            candidate("a.sql", Err(SkipReason::RemovedFile)),
            candidate("b.sql", Ok("SELECT 2")),
        ]);
        let outcome = outcome_without_sending(plan, &SkipReason::NoToken, "merge");
        let buckets: Vec<_> = outcome.files.iter().map(|file| (file.path.as_str(), file.bucket.clone())).collect();
        assert_eq!(
            buckets,
            [
                ("a.sql", FileBucket::Skipped(SkipReason::RemovedFile)),
                ("b.sql", FileBucket::Skipped(SkipReason::NoToken)),
            ]
        );
        assert_eq!((outcome.status, outcome.mode.as_str()), (IngestStatus::Skipped, "merge"));
        assert_eq!(outcome.skipped, Some(SkipReason::NoToken));
    }
}
