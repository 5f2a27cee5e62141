//! Reading blobs: one `git cat-file --batch` process for all of them.
//!
//! Partial clones lack blobs, damaged ones hold blobs that kill git. Each such blob costs itself and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use super::process::{checked, command, not_run, run_bounded};
use super::{FETCH_OPTIONS, GitError, Repository};
use crate::changes::decode::{Keep, START_BYTES, decode};
use crate::revision::CommitId;
use crate::source::{BlobId, Content, Unreadable};

/// Blobs to read, and how much of each.
pub(in crate::changes) type Wanted = BTreeMap<BlobId, Keep>;

/// What git says about an object before its content.
enum Answer {
    /// A blob of that many bytes.
    Blob(u64),
    /// Not in this clone.
    Missing,
    /// No blob, or git died on it.
    Broken,
}

impl Repository {
    /// Reads blobs. Each wanted id has an entry in the result. Nothing is fetched.
    pub(in crate::changes) fn read_blobs(
        &self,
        wanted: &Wanted,
        limit: u64,
    ) -> Result<BTreeMap<BlobId, Content>, GitError> {
        let mut contents = BTreeMap::new();
        let mut fitting = Vec::new();
        let ids: Vec<&BlobId> = wanted.keys().collect();
        self.ask("--batch-check", &ids, |id, answer, _| {
            match answer {
                Answer::Blob(bytes) if bytes <= limit => fitting.push(id),
                answer => drop(contents.insert(id.clone(), Err(unreadable(&answer, limit)))),
            }
            Ok(())
        })?;
        self.ask("--batch", &fitting, |id, answer, output| {
            let content = match answer {
                Answer::Blob(bytes) => read_content(output, bytes, wanted.get(id).copied())?,
                answer => Err(unreadable(&answer, limit)),
            };
            contents.insert(id.clone(), content);
            Ok(())
        })?;
        Ok(contents)
    }

    /// Whether this is a partial clone, which can be asked for single blobs.
    pub(in crate::changes) fn is_partial(&self) -> bool {
        self.run(&["config", "--type=bool", "--get", "remote.origin.promisor"])
            .is_ok_and(|value| value.starts_with(b"true"))
    }

    /// Objects of these commits that a partial clone lacks. Asked this way no version of git fetches them one by one.
    pub(in crate::changes) fn lacking(&self, commits: &[CommitId]) -> Result<BTreeSet<BlobId>, GitError> {
        let mut arguments = vec!["rev-list", "--objects", "--no-object-names", "--no-walk", "--missing=print"];
        arguments.extend(commits.iter().map(CommitId::as_str));
        let output = self.run(&arguments)?;
        let text = String::from_utf8_lossy(&output);
        Ok(text.lines().filter_map(|line| line.strip_prefix('?')).map(|id| BlobId(id.into())).collect())
    }

    /// Gets blobs that a partial clone lacks from `origin`, all in one request.
    pub(in crate::changes) fn fetch_blobs(&self, ids: &[&BlobId]) -> Result<(), GitError> {
        self.online()?;
        // As git's own promisor-remote.c asks; a blob needs no negotiation.
        let mut arguments = vec!["-c", "fetch.negotiationAlgorithm=noop", "fetch"];
        arguments.extend(FETCH_OPTIONS);
        arguments.extend(["--filter=blob:none", "origin", "--stdin"]);
        let mut list = tempfile::tempfile().map_err(|source| not_run("fetch", source))?;
        let written = write_ids(&mut list, ids).and_then(|()| io::Seek::rewind(&mut list));
        written.map_err(|source| not_run("fetch", source))?;
        let mut command = self.networked(&arguments);
        command.stdin(list);
        run_bounded(command, "fetch").map(drop)
    }

    /// Asks one process about many objects. Git dying on an object is that object's answer, and the rest is asked again.
    fn ask<'a>(
        &self,
        mode: &str,
        ids: &[&'a BlobId],
        mut tell: impl FnMut(&'a BlobId, Answer, &mut dyn Read) -> io::Result<()>,
    ) -> Result<(), GitError> {
        let mut rest = ids;
        while !rest.is_empty() {
            let answered = self.ask_once(mode, rest, &mut tell)?;
            let Some(broken) = rest.get(answered) else { return Ok(()) };
            tell(broken, Answer::Broken, &mut io::empty()).map_err(|source| not_run("cat-file", source))?;
            rest = rest.get(answered.saturating_add(1)..).unwrap_or_default();
        }
        Ok(())
    }

    /// Asks until git ends; how many objects it answered for.
    fn ask_once<'a>(
        &self,
        mode: &str,
        ids: &[&'a BlobId],
        tell: &mut impl FnMut(&'a BlobId, Answer, &mut dyn Read) -> io::Result<()>,
    ) -> Result<usize, GitError> {
        let mut command = command(&self.root);
        command.args(["cat-file", mode, "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|source| not_run("cat-file", source))?;
        let answered = converse(&mut child, ids, tell);
        let status = child.wait().map_err(|source| not_run("cat-file", source))?;
        match answered {
            Ok(answered) if answered < ids.len() => Ok(answered),
            Ok(answered) => checked("cat-file", status, &[]).map(|()| answered),
            Err(source) => Err(not_run("cat-file", source)),
        }
    }
}

/// Writes all ids and reads the answers at the same time, or both sides would wait on full pipes.
fn converse<'a>(
    child: &mut Child,
    ids: &[&'a BlobId],
    tell: &mut impl FnMut(&'a BlobId, Answer, &mut dyn Read) -> io::Result<()>,
) -> io::Result<usize> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    std::thread::scope(|scope| {
        // When git dies this write fails; what was not answered tells the same.
        scope.spawn(move || drop(write_ids(&mut input, ids)));
        let mut output = BufReader::with_capacity(1 << 16, output);
        let mut answered = 0;
        for id in ids {
            let Some(answer) = read_answer(&mut output)? else { break };
            match tell(id, answer, &mut output) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                told => told?,
            }
            answered += 1;
        }
        Ok(answered)
    })
}

fn write_ids(input: &mut impl Write, ids: &[&BlobId]) -> io::Result<()> {
    let lines: String = ids.iter().flat_map(|id| [&*id.0, "\n"]).collect();
    input.write_all(lines.as_bytes())
}

/// One header line: `<id> blob <size>` or `<id> missing`; `None` at the end of the output.
fn read_answer(output: &mut impl BufRead) -> io::Result<Option<Answer>> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    let Some(line) = line.strip_suffix('\n') else { return Ok(None) };
    let mut words = line.split(' ').skip(1);
    Ok(Some(match (words.next(), words.next().map(str::parse)) {
        (Some("blob"), Some(Ok(size))) => Answer::Blob(size),
        (Some("missing"), None) => Answer::Missing,
        _ => Answer::Broken,
    }))
}

fn unreadable(answer: &Answer, limit: u64) -> Unreadable {
    match answer {
        Answer::Blob(bytes) => Unreadable::TooLarge { bytes: *bytes, limit },
        Answer::Missing => Unreadable::MissingObject,
        Answer::Broken => Unreadable::Failed { reason: "git cannot read this object".to_owned() },
    }
}

/// A blob's content and the line feed after it.
fn read_content(output: &mut dyn Read, size: u64, keep: Option<Keep>) -> io::Result<Content> {
    let keep = keep.unwrap_or(Keep::Whole);
    let kept = match keep {
        Keep::Whole => size,
        Keep::Start => size.min(START_BYTES as u64),
    };
    let mut bytes = Vec::new();
    output.take(kept).read_to_end(&mut bytes)?;
    let skipped = io::copy(&mut output.take(size.saturating_sub(kept).saturating_add(1)), &mut io::sink())?;
    if bytes.len() as u64 != kept || skipped != size.saturating_sub(kept).saturating_add(1) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(decode(&bytes, keep))
}
