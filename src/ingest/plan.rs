//! From the changed files to the requests that would carry them: pure, so that `ingest --dry-run` shows the truth.
//!
//! Up to the budget each file is one request, since the API answers for a request as a whole. Beyond it, files share
//! requests (`pack`). What is not sent is in the plan too, with the reason. Sending is [`super::send`]'s part.

mod pack;
mod show;

pub use show::PlanSummary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ingest::SendLimits;
use crate::ingest::order::{HasUpstream, upstream_first};
use crate::ingest::outcome::{FileBucket, FileOutcome, IngestOutcome, SkipReason, Totals};
use crate::ingest::secrets;
use crate::ingest::state::{Mark, Memory, Seal};
use crate::ingest::unit::{PlannedRequest, Unit};
use crate::path::RepoPath;
use crate::sql::dialect::Dialect;
use crate::sql::template::LineMap;

/// Largest body of a request, in bytes, where the user does not say otherwise.
pub const DEFAULT_MAX_REQUEST_BYTES: usize = 512 * 1024;

/// A changed file, ready to be sent or with the reason why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub path: RepoPath,
    /// The API's word for the file's kind of database; `None`: the API guesses.
    pub platform: Option<String>,
    /// The dialect that we read it with.
    pub dialect: Dialect,
    /// The SQL for the catalog, or why there is none.
    pub content: Result<Arc<str>, SkipReason>,
    /// From the content's lines to the file's.
    pub line_map: LineMap,
    /// Files that are to be sent before it, for it reads from what they make.
    pub upstream: BTreeSet<RepoPath>,
}

/// What holds for the whole plan.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The mode in force, for the outcome (`pull_request`, `merge`, `never`, `preview`).
    pub mode: String,
    /// The setting `platform`; it wins over each file's own.
    pub platform: Option<String>,
    /// How far sending may go: more files than the API takes requests in one window share requests.
    pub limits: SendLimits,
    /// Bytes of SQL, as JSON, that one request may carry.
    pub max_request_bytes: usize,
    /// Whether files with a private key or a cloud token in them are sent.
    pub allow_secrets: bool,
    /// What earlier runs did, and what makes its marks; without it every file counts as new.
    pub memory: Option<(Memory, Seal)>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            mode: String::new(),
            platform: None,
            limits: SendLimits::default(),
            max_request_bytes: DEFAULT_MAX_REQUEST_BYTES,
            allow_secrets: false,
            memory: None,
        }
    }
}

/// What would be sent, in order, and what would not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) mode: String,
    pub(super) requests: Vec<PlannedRequest>,
    /// Files that have their bucket without a request.
    pub(super) settled: Vec<FileOutcome>,
    pub(super) limits: SendLimits,
    pub(super) marks: BTreeMap<RepoPath, Mark>,
}

/// A file that is to be sent.
struct Sendable {
    platform: Option<String>,
    unit: Unit,
    upstream: BTreeSet<RepoPath>,
}

impl HasUpstream for Sendable {
    fn path(&self) -> &RepoPath {
        &self.unit.path
    }

    fn upstream(&self) -> &BTreeSet<RepoPath> {
        &self.upstream
    }
}

/// Plans the requests for the files, upstream first and else in the given order; what was deferred before goes first. Of
/// several candidates with one path the first counts.
#[must_use]
pub fn plan(candidates: Vec<Candidate>, options: &PlanOptions) -> Plan {
    let mut plan = Plan {
        mode: options.mode.clone(),
        requests: Vec::new(),
        settled: Vec::new(),
        limits: options.limits.clone(),
        marks: BTreeMap::new(),
    };
    let mut sendable = Vec::new();
    let mut seen = BTreeSet::new();
    for candidate in candidates {
        if !seen.insert(candidate.path.clone()) {
            continue;
        }
        match inspected(candidate, options) {
            Ok(file) if plan.is_unchanged(&file, options) => plan.settled.push(unchanged(file.unit.path)),
            Ok(file) => sendable.push(file),
            Err(row) => plan.settled.push(*row),
        }
    }
    let deferred = |file: &Sendable| {
        options.memory.as_ref().is_some_and(|(memory, seal)| memory.was_deferred(&file.unit.path, seal))
    };
    let first = sendable.iter().filter(|file| deferred(file)).map(|file| file.unit.path.clone()).collect();
    plan.requests = pack::pack(upstream_first(sendable, &first), options);
    plan
}

/// The candidate where it may be sent, else its row.
fn inspected(candidate: Candidate, options: &PlanOptions) -> Result<Sendable, Box<FileOutcome>> {
    let Candidate { path, platform, dialect, content, line_map, upstream } = candidate;
    let skipped = |path, reason| Err(Box::new(FileOutcome::skipped(path, reason)));
    let content = match content {
        Ok(content) if has_statement(&content) => content,
        Ok(_) => {
            let what = "no statement, only comments or white space".to_owned();
            return skipped(path, SkipReason::NothingToSend { what });
        }
        Err(reason) => return skipped(path, reason),
    };
    if !options.allow_secrets
        && let Some(found) = secrets::find(&content)
    {
        let what = format!("{} in line {}", found.what, line_map.original(found.line));
        return skipped(path, SkipReason::HoldsSecret { what });
    }
    let platform = options.platform.clone().or(platform);
    Ok(Sendable { platform, unit: Unit { path, dialect, content, line_map, first_line: 1 }, upstream })
}

fn unchanged(path: RepoPath) -> FileOutcome {
    FileOutcome { path, bucket: FileBucket::Unchanged, code: None, line: None, message: None }
}

/// The outcome when the plan is not carried out: no token, a fork, a mode that forbids it, a preview. Files that would
/// not have been sent anyway keep their own reason.
#[must_use]
pub fn outcome_without_sending(plan: Plan, reason: &SkipReason, mode: &str) -> IngestOutcome {
    let (changed, summary) = (plan.paths(), plan.summary());
    let not_sent = plan.files_to_send().into_iter().map(|path| FileOutcome::skipped(path, reason.clone()));
    let rows = not_sent.chain(plan.settled).collect();
    IngestOutcome { plan: summary, ..IngestOutcome::account(mode.to_owned(), &changed, rows, Totals::default()) }
}

impl Plan {
    /// The requests in the order of sending.
    #[must_use]
    pub fn requests(&self) -> &[PlannedRequest] {
        &self.requests
    }

    /// The files that have their bucket without a request.
    #[must_use]
    pub fn settled(&self) -> &[FileOutcome] {
        &self.settled
    }

    /// The marks of the files that were to be sent, or are unchanged.
    #[must_use]
    pub fn marks(&self) -> &BTreeMap<RepoPath, Mark> {
        &self.marks
    }

    /// Notes a file's mark, and says whether it was sent like this before.
    fn is_unchanged(&mut self, file: &Sendable, options: &PlanOptions) -> bool {
        let Some((memory, seal)) = &options.memory else { return false };
        let Unit { path, content, dialect, .. } = &file.unit;
        let mark = seal.file(path, file.platform.as_deref(), (content, *dialect));
        let is_known = memory.has(&mark);
        self.marks.insert(path.clone(), mark);
        is_known
    }

    /// The files that the requests carry, each once.
    #[must_use]
    pub fn files_to_send(&self) -> BTreeSet<RepoPath> {
        self.requests.iter().flat_map(|request| &request.units).map(|unit| unit.path.clone()).collect()
    }

    /// Every changed file of the plan.
    pub(super) fn paths(&self) -> BTreeSet<RepoPath> {
        let mut paths = self.files_to_send();
        paths.extend(self.settled.iter().map(|row| row.path.clone()));
        paths
    }
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
pub(super) mod tests;
