//! What was sent before, remembered without a server of ours: in the comment's hidden line, or in a state file.
//!
//! A mark stands for a file's meaning under a path, a platform, an API and a token. It is keyed with the token, so that
//! nobody without it can make a mark that holds: lost, cut or tampered state costs requests, and keeps nothing back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use url::Url;

use crate::ingest::outcome::{FileBucket, IngestOutcome};
use crate::path::RepoPath;
use crate::secret::Secret;
use crate::sql::dialect::Dialect;
use crate::sql::split::Tokens;

/// Bytes of a mark: enough that no two files of a repository share one, few enough for a comment.
const MARK_BYTES: usize = 6;
/// Hexadecimal digits of a mark.
const MARK_DIGITS: usize = MARK_BYTES * 2;
/// Longest text of [`Memory::to_line`], in bytes: GitHub leaves about 5,000 besides the largest comment.
const LONGEST_LINE: usize = 4_400;
/// The version of the state file.
const VERSION: u32 = 1;

/// A file's meaning, or a path, as a short keyed hash in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(String);

impl Mark {
    fn parse(text: &str) -> Option<Self> {
        let is_mark = text.len() == MARK_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_mark.then(|| Self(text.to_owned()))
    }
}

/// Makes marks.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// The seal of a token for an API, with what is sent beside the SQL. `None` never happens: any token is a key.
    #[must_use]
    pub fn new(
        token: &Secret,
        endpoint: &Url,
        extra_config: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<Self> {
        let mut mac = Hmac::<Sha256>::new_from_slice(token.expose().as_bytes()).ok()?;
        let extra_config = serde_json::to_string(extra_config).unwrap_or_default();
        for part in ["ingest-action", endpoint.as_str(), &extra_config] {
            feed(&mut mac, part);
        }
        Some(Self(mac))
    }

    /// The mark of a file: the same for texts that differ in white space and comments alone.
    #[must_use]
    pub fn file(&self, path: &RepoPath, platform: Option<&str>, (content, dialect): (&str, Dialect)) -> Mark {
        let mut mac = self.0.clone();
        feed(&mut mac, "file");
        feed(&mut mac, path.as_str());
        feed(&mut mac, platform.unwrap_or_default());
        let mut tokens = Tokens::new(content, dialect);
        while !tokens.is_empty() {
            feed(&mut mac, tokens.next().text);
        }
        mark(mac)
    }

    fn deferred(&self, path: &RepoPath) -> Mark {
        let mut mac = self.0.clone();
        feed(&mut mac, "deferred");
        feed(&mut mac, path.as_str());
        mark(mac)
    }
}

/// Each part with its length, so that no two lists of parts are fed alike.
fn feed(mac: &mut Hmac<Sha256>, part: &str) {
    mac.update(&(part.len() as u64).to_le_bytes());
    mac.update(part.as_bytes());
}

fn mark(mac: Hmac<Sha256>) -> Mark {
    let bytes = mac.finalize().into_bytes();
    Mark(bytes.iter().take(MARK_BYTES).fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    }))
}

/// What earlier runs did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Files as they were sent.
    sent: BTreeSet<Mark>,
    /// Files that were left for later.
    deferred: BTreeSet<Mark>,
}

impl Memory {
    /// Whether the catalog has a file of this mark.
    #[must_use]
    pub fn has(&self, mark: &Mark) -> bool {
        self.sent.contains(mark)
    }

    /// Whether a file was left for later.
    #[must_use]
    pub fn was_deferred(&self, path: &RepoPath, seal: &Seal) -> bool {
        !self.deferred.is_empty() && self.deferred.contains(&seal.deferred(path))
    }

    /// What is to be remembered of a change request after a run: nothing but its own files.
    #[must_use]
    pub fn after(outcome: &IngestOutcome, marks: &BTreeMap<RepoPath, Mark>, seal: &Seal) -> Self {
        let of = |bucket: &[FileBucket]| {
            let files = outcome.files.iter().filter(|file| bucket.contains(&file.bucket));
            files.map(|file| file.path.clone()).collect::<Vec<_>>()
        };
        let sent = of(&[FileBucket::Sent, FileBucket::Unchanged]);
        Self {
            sent: sent.iter().filter_map(|path| marks.get(path).cloned()).collect(),
            deferred: of(&[FileBucket::Deferred]).iter().map(|path| seal.deferred(path)).collect(),
        }
    }

    /// As a word of digits and dots for the hidden line of a comment; of more marks than fit, the first ones.
    #[must_use]
    pub fn to_line(&self) -> String {
        if self.sent.is_empty() && self.deferred.is_empty() {
            return String::new();
        }
        let room = LONGEST_LINE / MARK_DIGITS;
        let join = |marks: &BTreeSet<Mark>, room: usize| -> String {
            marks.iter().take(room).map(|mark| mark.0.as_str()).collect()
        };
        let deferred = join(&self.deferred, room / 2);
        let left = room - self.deferred.len().min(room / 2);
        format!("{}.{deferred}", join(&self.sent, left))
    }

    /// Reads [`Self::to_line`]; nothing where it is something else.
    #[must_use]
    pub fn of_line(line: &str) -> Self {
        let Some((sent, deferred)) = line.split_once('.') else { return Self::default() };
        Self { sent: marks(sent), deferred: marks(deferred) }
    }
}

/// Marks that stand without anything between them.
fn marks(text: &str) -> BTreeSet<Mark> {
    let mut rest = text;
    let mut found = BTreeSet::new();
    while let Some((mark, more)) = rest.split_at_checked(MARK_DIGITS) {
        found.extend(Mark::parse(mark));
        rest = more;
    }
    found
}

/// The state file: what each path was when it was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    version: u32,
    sent: BTreeMap<String, Mark>,
    deferred: BTreeMap<String, Mark>,
}

impl Default for StateFile {
    fn default() -> Self {
        Self { version: VERSION, sent: BTreeMap::new(), deferred: BTreeMap::new() }
    }
}

impl StateFile {
    /// Reads a state file's text; `None` when it is none of this version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|state: &Self| state.version == VERSION)
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// What it tells.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory { sent: self.sent.values().cloned().collect(), deferred: self.deferred.values().cloned().collect() }
    }

    /// Takes note of what came of a file.
    pub fn note(&mut self, (path, bucket): (&RepoPath, &FileBucket), mark: Option<&Mark>, seal: &Seal) {
        let key = path.as_str().to_owned();
        match (bucket, mark) {
            (FileBucket::Sent | FileBucket::Unchanged, Some(mark)) => {
                self.deferred.remove(&key);
                self.sent.insert(key, mark.clone());
            }
            (FileBucket::Deferred, _) => drop(self.deferred.insert(key, seal.deferred(path))),
            // What the catalog has of a file that it refused in part is not known.
            _ => {
                self.deferred.remove(&key);
                self.sent.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::outcome::{FileOutcome, SkipReason, Totals};

    fn seal(token: &str) -> Seal {
        let endpoint = Url::parse("https://api.example.com/v1/ingest").expect("a URL");
        Seal::new(&Secret::new(token).expect("not empty"), &endpoint, &serde_json::Map::new()).expect("a seal")
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("inside")
    }

    fn mark_of(content: &str) -> Mark {
        seal("tok").file(&path("a.sql"), Some("postgres"), (content, Dialect::Postgres))
    }

    #[test]
    fn white_space_and_comments_do_not_make_a_file_another() {
        let mark = mark_of("CREATE VIEW v AS SELECT 1 AS a, 'x  y' AS b;");
        assert_eq!(mark_of("-- a view\nCREATE VIEW v\n  AS SELECT 1 AS a,\n 'x  y' /* b */ AS b ;\n"), mark);
        for other in ["CREATE VIEW v AS SELECT 1 AS a, 'x y' AS b;", "CREATE VIEW v AS SELECT 11 AS a, 'x  y' AS b;"] {
            assert_ne!(mark_of(other), mark, "{other}");
        }
        assert_ne!(mark_of("SELECT ab"), mark_of("SELECT a b"));
    }

    #[test]
    fn a_mark_holds_for_one_path_platform_api_and_token() {
        let content = ("SELECT 1", Dialect::Postgres);
        let mark = seal("tok").file(&path("a.sql"), Some("postgres"), content);
        assert_ne!(seal("other").file(&path("a.sql"), Some("postgres"), content), mark);
        assert_ne!(seal("tok").file(&path("b.sql"), Some("postgres"), content), mark);
        assert_ne!(seal("tok").file(&path("a.sql"), None, content), mark);
        assert_eq!(format!("{:?}", seal("tok")), "Seal");
    }

    fn outcome() -> (IngestOutcome, BTreeMap<RepoPath, Mark>) {
        let buckets = [
            FileBucket::Sent,
            FileBucket::Unchanged,
            FileBucket::Deferred,
            FileBucket::Rejected,
            FileBucket::Skipped(SkipReason::RemovedFile),
        ];
        let rows: Vec<FileOutcome> = buckets
            .into_iter()
            .enumerate()
            .map(|(at, bucket)| FileOutcome {
                path: path(&format!("{at}.sql")),
                bucket,
                code: None,
                line: None,
                message: None,
            })
            .collect();
        let changed = rows.iter().map(|row| row.path.clone()).collect();
        let marks = rows.iter().map(|row| (row.path.clone(), mark_of(row.path.as_str()))).collect();
        (IngestOutcome::account("merge".to_owned(), &changed, rows, Totals::default()), marks)
    }

    #[test]
    fn a_change_request_remembers_what_was_sent_and_what_was_left() {
        let (outcome, marks) = outcome();
        let memory = Memory::of_line(&Memory::after(&outcome, &marks, &seal("tok")).to_line());
        let sent: Vec<bool> = marks.values().map(|mark| memory.has(mark)).collect();
        assert_eq!(sent, [true, true, false, false, false]);
        assert!(memory.was_deferred(&path("2.sql"), &seal("tok")));
        assert!(!memory.was_deferred(&path("1.sql"), &seal("tok")));
        assert_eq!(Memory::default().to_line(), "");
    }

    #[test]
    fn a_state_file_remembers_the_last_word_on_each_path() {
        let (outcome, marks) = outcome();
        let mut state = StateFile::default();
        for row in &outcome.files {
            state.note((&row.path, &row.bucket), marks.get(&row.path), &seal("tok"));
        }
        let state_again = StateFile::parse(&state.to_text()).expect("a state");
        assert_eq!(state_again, state);
        assert!(state.memory().has(&marks[&path("0.sql")]) && !state.memory().has(&marks[&path("3.sql")]));
        state.note((&path("0.sql"), &FileBucket::Rejected), marks.get(&path("0.sql")), &seal("tok"));
        assert!(!state.memory().has(&marks[&path("0.sql")]));
        assert_eq!(StateFile::parse("{\"version\": 2, \"sent\": {}, \"deferred\": {}}"), None);
        assert_eq!(StateFile::parse("{"), None);
    }

    #[test]
    fn no_line_is_longer_than_a_comment_has_room_for() {
        let sent = (0..3000).map(|at| mark_of(&format!("SELECT {at}"))).collect();
        let memory = Memory { sent, deferred: BTreeSet::from([mark_of("x")]) };
        let line = memory.to_line();
        assert!(line.len() <= LONGEST_LINE + 1, "{}", line.len());
        assert!(Memory::of_line(&line).deferred.contains(&mark_of("x")));
    }

    proptest! {
        #[test]
        fn any_line_is_read_and_holds_no_file_that_was_not_sent(line in "[0-9a-f.é-]{0,80}") {
            let memory = Memory::of_line(&line);
            prop_assert!(!memory.has(&mark_of("SELECT 1")));
            prop_assert_eq!(Memory::of_line(&memory.to_line()), memory);
        }
    }
}
