//! The plan for people and programs: which files, how many requests, how long at most.

use std::fmt::Write as _;
use std::time::Duration;

use super::Plan;
use crate::ingest::SendLimits;
use crate::ingest::outcome::FileBucket;
use crate::ingest::unit::{PlannedRequest, Unit};
use crate::report::escape;

/// The plan in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanSummary {
    /// Files to send.
    pub files: usize,
    /// Files that the catalog has already.
    pub unchanged: usize,
    /// Requests that carry them, when nothing goes wrong.
    pub requests: usize,
    /// Bytes of SQL.
    pub bytes: usize,
    /// Requests for which the limits leave no time.
    pub deferred: usize,
    /// After so long the stage is over, whatever happens.
    pub seconds_at_most: u64,
}

impl Plan {
    /// The plan in numbers.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let limits = &self.limits;
        let requests = self.requests.len();
        let contents = self.requests.iter().flat_map(|request| &request.units);
        PlanSummary {
            files: self.files_to_send().len(),
            unchanged: self.settled.iter().filter(|row| row.bucket == FileBucket::Unchanged).count(),
            requests,
            bytes: contents.map(|unit| unit.content.len()).sum(),
            deferred: requests.saturating_sub(limits.requests_in_time()),
            seconds_at_most: limits.longest(requests).as_secs(),
        }
    }

    /// The plan for people, as `ingest --dry-run` prints it: a line for each file, then what it takes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (number, request) in self.requests.iter().enumerate() {
            for unit in &request.units {
                text.push_str(&line(unit, request, number + 1));
            }
        }
        for row in &self.settled {
            let why = match &row.bucket {
                FileBucket::Skipped(reason) => format!("skip  {}  ({reason})", row.path),
                _ => format!("keep  {}  (sent before, and unchanged since)", row.path),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", escape::terminal(&why));
        }
        text.push_str(&self.in_short());
        text
    }

    /// What it takes: requests, bytes, files that stay, time.
    #[must_use]
    pub fn in_short(&self) -> String {
        self.summary().render(&self.limits, self.settled.len())
    }
}

fn line(unit: &Unit, request: &PlannedRequest, number: usize) -> String {
    let platform = request.platform.as_deref().unwrap_or("not stated");
    let size = size(unit.content.len());
    let part = if unit.first_line > 1 { format!(", from line {}", unit.file_line(1)) } else { String::new() };
    let shared = if request.is_shared() { format!(", in request {number}") } else { String::new() };
    let line = format!("send  {}  ({size}, platform {platform}{part}{shared})", unit.path);
    format!("{}\n", escape::terminal(&line))
}

impl PlanSummary {
    fn render(&self, limits: &SendLimits, settled: usize) -> String {
        let skipped = settled.saturating_sub(self.unchanged);
        let mut text = format!("{}, {} of SQL; ", requests(self.requests), size(self.bytes));
        // Writing to a String cannot fail.
        if self.unchanged > 0 {
            let _ = write!(text, "{} unchanged; ", self.unchanged);
        }
        let _ = write!(text, "{skipped} skipped");
        if self.requests > 0 {
            let _ = write!(text, "; at most {}", duration(Duration::from_secs(self.seconds_at_most)));
        }
        text.push('\n');
        if self.deferred > 0 {
            let _ = writeln!(
                text,
                "one run has time for {}: {} would be deferred",
                requests(limits.requests_in_time()),
                self.deferred
            );
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

/// A time as people read it.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}
